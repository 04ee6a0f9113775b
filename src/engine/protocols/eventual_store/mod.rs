//! An eventually consistent store: answered here and now, and the last writer wins.
//!
//! **Promise.** A replica takes every write and answers every read at once, whomever it can reach. Once writes
//! stop and messages come through, all replicas hold the same. Not promised: that a read is fresh, that a
//! client that moves finds its own write, and that an acknowledged write is ever seen by anybody.
//!
//! ```text
//!   c1 ─▶ n1   x = a  (100,n1) ───╮          merge: of two writes of a key the greater stamp stays,
//!   ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┼╌╌        whatever comes first, however often. Commutative,
//!   c2 ─▶ n2   x = b  (100,n2) ───┴▶ x = b   associative, idempotent: that is all it takes to agree.
//! ```
//!
//! A stamp is (tick, node). Where the tick comes from is the whole difference: the wall clock (the last *by the
//! clock* wins), Lamport's clock (nobody loses to what he had seen), or a hybrid of both (the same, and it
//! still looks like the time). None of them knows that two writes were made at once; one is dropped, and
//! nobody is told.
//!
//! **From.** Vogels, *Eventually Consistent*, CACM 2009; Johnson and Thomas, RFC 677, 1975: a time stamp and a
//! site on every entry, the greater wins, and a deleted entry is kept until all have heard of it. Terry et al.,
//! Bayou, SOSP 1995; DeCandia et al., Dynamo, SOSP 2007, section 4.4, on what stamps lose. Demers et al., PODC
//! 1987: direct mail, anti-entropy, death certificates. Kulkarni et al. 2014 for the hybrid clock.
//!
//! | file | holds |
//! |---|---|
//! | `merge` | which of two writes stays, and its laws |
//! | `replica` | stamps, queues, anti-entropy, tombstones: the protocol of `eventual-cache`, for clients that can move |
//! | `client` | the highest tick it has seen |
//!
//! **How it is built.** A write is merged like any other: with a wrong clock it may lose at once, and then it
//! is never sent. What waits for a peer is a key, read from the store when it is sent. A client carries the
//! highest tick it has seen, as Lamport's rule asks of every message; wall clocks ignore it. The store is on
//! the disk before anybody is answered; the queues are not, so that who comes back tells again of what it wrote
//! itself. A tombstone carries the time of its end, by the clock of whoever deleted, so that all throw it away
//! together and nobody takes it up again.
//!
//! **Where it differs from the card.** The first tick of a wall clock is 1, not 0: the card's "own last + 1".
//! "Gossip bound" is one flush, one retransmission, one period of anti-entropy (2⌈log₂ n⌉ + 4 of them where one
//! peer is drawn by lot) and 100 ms for the ways.
//!
//! **Left out, and what it costs.** Loss of a disk: who forgets must not keep its name (`eventual-cache` shows a
//! node that asks for everything first). Forwarding what one was told: a write whose origin dies half way waits
//! for anti-entropy. Times to live and increments, which that entry has. Where the guard against the future
//! refuses a write, its origin goes on holding it until the clocks catch up.

mod card;
mod claims;
mod client;
mod exhibit;
mod merge;
mod msg;
mod replica;
mod why;

use serde::Serialize;

use crate::card::Entry as Card;
use crate::ids::{NodeId, OpId, Us};
use crate::named;
use crate::protocol::{
    Cast, Court, Cx, Face, Fx, Input, ParamSet, Params as ReadParams, Protocol, Refusal, Step,
};
use crate::seq::Seq;
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use merge::Store;
use msg::{Item, Msg, Tick};
use replica::Replica;
use why::Why;

pub struct EventualStore;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, EventualStore>;
type Do<'a> = Fx<'a, EventualStore>;

/// Where ticks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamps {
    Wall,
    Lamport,
    Hybrid,
}

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    stamps: Stamps,
    /// Between equal ticks the lower node wins.
    low: bool,
    flush: Us,
    /// 0 is never.
    retransmit: Us,
    /// 0 is never.
    anti_entropy: Us,
    /// Anti-entropy goes to every peer, not to one drawn by lot.
    every_peer: bool,
    grace: Us,
    /// 0 takes everything; a count is no time, so Lamport's stamps are not judged.
    max_offset: Us,
    timeout: Us,
    client_link: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        let stamps = match from.word("stamps") {
            "wall" => Stamps::Wall,
            "lamport" => Stamps::Lamport,
            _ => Stamps::Hybrid,
        };
        Ok(Params {
            nodes: from.count("nodes").max(1) as usize,
            stamps,
            low: from.word("tie") == "low",
            flush: from.time("flush"),
            retransmit: from.time("retransmit"),
            anti_entropy: from.time("anti-entropy"),
            every_peer: from.word("spread") != "one",
            grace: from.time("grace"),
            max_offset: if stamps == Stamps::Lamport { 0 } else { from.time("max-offset") },
            timeout: from.time("timeout").max(1),
            client_link: from.time("client-link"),
        })
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Client(Box<Client>),
    Replica(Box<Replica>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Send what is queued.
    Flush,
    /// Nobody has acknowledged this batch.
    Retransmit(NodeId, u64),
    AntiEntropy,
    /// A tombstone has been kept long enough.
    Grace,
    /// A client waits no longer.
    Patience(OpId),
}

named!(Timer { Flush, Retransmit, AntiEntropy, Grace, Patience });

#[derive(Clone, Serialize)]
pub enum Record {
    Held {
        item: Item,
    },
    /// A client's write was taken up under this tick, whatever became of it.
    Issued {
        op: OpId,
        tick: Tick,
    },
    Dropped {
        key: Value,
    },
}

named!(Record { Held, Issued, Dropped });

#[derive(Clone, Default, Serialize)]
pub struct Disk {
    store: Store,
    last: Tick,
    top: Tick,
    ops: Seq<OpId>,
}

impl Protocol for EventualStore {
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
            card::REPLICAS => Node::Replica(Box::new(Replica::boot(cx, disk))),
            _ => Node::Client(Box::new(Client::boot(cx))),
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
            (Node::Client(c), "home", Some(home)) => c.home = home,
            _ => return Err(Refusal::new("a client has a home, and that is a replica")),
        }
        Ok(())
    }

    fn near(params: &Params, cast: &Cast, from: NodeId, to: NodeId) -> Option<Us> {
        (cast.role(from) != cast.role(to)).then_some(params.client_link)
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, EventualStore>, fx: &mut Do<'_>) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Replica(r) => r.step(cx, input, fx),
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Held { item } => {
                disk.top = disk.top.max(item.stamp.ts);
                merge::hold(&mut disk.store, item.clone());
            }
            Record::Issued { op, tick } => {
                disk.ops.push(*op);
                disk.last = *tick;
                disk.top = disk.top.max(*tick);
            }
            Record::Dropped { key } => disk.store.retain(|i| i.key != *key),
        }
    }

    fn face(node: &Node) -> Face {
        let state = match node {
            Node::Client(c) if c.open.is_empty() => "idle",
            Node::Client(_) => "waiting",
            Node::Replica(_) => "replica",
        };
        Face { state, leads: false, epoch: 0 }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Client(_) => String::new(),
            Node::Replica(r) => exhibit::line(r),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Client(c) => exhibit::client(cx, c, to),
            Node::Replica(r) => exhibit::replica(cx, r, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, EventualStore>, court: &mut Court) {
        ghost.judge(step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.open.is_empty(),
            Node::Replica(r) => r.queued() == 0,
        }
    }
}
