//! ABD: a linearizable register on replicas, without a leader.
//!
//! **Promise.** Each read and write seems to happen at one instant between its call and its answer, as if
//! there were one copy. As long as a majority of the replicas is up and can be reached, every operation ends
//! after two round trips; nobody waits for a leader, an election or a timeout.
//!
//! ```text
//!   c1 writes 7              n1   (3,c2)=5  ──┐ query: the highest ts here is 3
//!     ReadQuery ─▶ all       n2   (3,c2)=5  ──┘
//!     Update (4,c1)=7 ─▶     n3   (2,c1)=4          two of three have (4,c1)=7: the write is done
//!
//!   c2 reads                 n2   (3,c2)=5  ──┐ query: any two of three meet the two that have it
//!     ReadQuery ─▶ all       n3   (4,c1)=7  ──┘
//!     WriteBack (4,c1)=7 ─▶                         two of three have it: 7 may be returned
//! ```
//!
//! A *tag* is a timestamp and its writer's name: no two writes share one, and the greater wins. A writer
//! first asks a majority, so that its tag is greater than that of every write that has ended. A reader writes
//! back what it found, because that may be on one replica alone: without it a later reader could ask two
//! others and find less.
//!
//! **From.** Attiya, Bar-Noy, Dolev, *Sharing Memory Robustly in Message-Passing Systems*, JACM 42(1) 1995,
//! for one writer (`writers=one`: it skips the query); Lynch and Shvartsman, FTCS 1997, for several.
//!
//! | file | holds |
//! |---|---|
//! | `client` | both rounds: the algorithm |
//! | `replica` | adopt what is greater, acknowledge always |
//! | `claims` | what must hold, judged by values, tags and disks |
//!
//! **How it is built.** Clients are not on the replicas' machines; they ask all replicas themselves, so
//! `move` and `home` mean nothing here. What the card calls WriteBack (= Update) has two names: `Update` from a
//! writer and `WriteBack` from a reader, one handler. An operation's number is its nonce. A writer saves the
//! ts it gives before it uses it: a write that timed out and the next one would else share a tag. One counter
//! serves all keys of a writer, so a key's timestamps may jump. Every key is a register of its own.
//!
//! **Left out, and what it costs.** Replicas do not change: one whose disk is lost cannot be replaced, and a
//! majority of such loses what was acknowledged (scenario `amnesia`). Timestamps grow without bound, as in the
//! paper's unbounded version. An operation that times out is given up as `unknown` even where only its query
//! was under way, as the card has it.

mod card;
mod claims;
mod client;
mod exhibit;
mod msg;
mod replica;
mod why;

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::card::Entry as Card;
use crate::ids::{NodeId, OpId, Us};
use crate::named;
use crate::protocol::{
    Cast, Court, Cx, Face, Fx, Input, ParamSet, Params as ReadParams, Protocol, Refusal, Step,
};
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use msg::{Cell, Msg, Store};
use replica::Replica;
use why::Why;

pub struct Abd;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, Abd>;
type Do<'a> = Fx<'a, Abd>;

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    /// The first client alone writes.
    one_writer: bool,
    read_quorum: usize,
    write_quorum: usize,
    fast_path: bool,
    timeout: Us,
    retransmit: RangeInclusive<Us>,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        let nodes = from.count("nodes").max(1) as usize;
        let quorum = |name: &str| match from.count(name) as usize {
            0 => nodes / 2 + 1,
            n => n.min(nodes),
        };
        Ok(Params {
            nodes,
            one_writer: from.word("writers") == "one",
            read_quorum: quorum("read-quorum"),
            write_quorum: quorum("write-quorum"),
            fast_path: from.flag("fast-path"),
            timeout: from.time("timeout").max(1),
            retransmit: from.range("retransmit"),
        })
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Client(Box<Client>),
    Replica(Replica),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Ask again those who have not answered.
    Retransmit(OpId),
    /// The client waits no longer.
    Timeout(OpId),
}

named!(Timer { Retransmit, Timeout });

/// One write to the disk.
#[derive(Clone, Serialize)]
pub enum Record {
    /// A replica's.
    Adopted { cell: Cell },
    /// A client's.
    Issued { ts: u64 },
}

named!(Record { Adopted, Issued });

/// What a restart finds.
#[derive(Clone, Default, Serialize)]
pub struct Disk {
    pub store: Store,
    pub issued: u64,
}

impl Protocol for Abd {
    type Params = Params;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Disk;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Card = &card::ENTRY;

    fn boot(cx: &Know<'_>, disk: &Disk) -> Node {
        match cx.cast.role(cx.me) {
            card::REPLICAS => Node::Replica(Replica::boot(disk)),
            _ => Node::Client(Box::new(Client::boot(disk))),
        }
    }

    fn given(
        cx: &Know<'_>,
        node: &mut Node,
        _disk: &mut Disk,
        field: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        match (node, field, cx.cast.named(value, card::REPLICAS)) {
            (Node::Client(_), "home", Some(_)) => Ok(()),
            _ => Err(Refusal::new("a client has a home, and that is a replica")),
        }
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, Abd>, fx: &mut Do<'_>) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Replica(r) => r.step(cx, input, fx),
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Adopted { cell } => disk.store.put(cell),
            Record::Issued { ts } => disk.issued = disk.issued.max(*ts),
        }
    }

    fn face(node: &Node) -> Face {
        match node {
            Node::Client(c) => c.face(),
            Node::Replica(r) => r.face(),
        }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Client(c) => c.line(),
            Node::Replica(r) => r.line(),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Client(c) => exhibit::client(cx, c, to),
            Node::Replica(r) => exhibit::replica(cx, r, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Abd>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.open.is_empty(),
            Node::Replica(_) => true,
        }
    }
}

/// The replicas: the end of the cast.
fn replicas(params: &Params, cast: &Cast) -> impl Iterator<Item = NodeId> + Clone + use<> {
    let end = cast.len();
    (end.saturating_sub(params.nodes) as u16..end as u16).map(NodeId)
}
