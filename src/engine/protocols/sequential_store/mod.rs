//! A sequentially consistent store: every process has a copy, writes come in one order, reads ask nobody.
//!
//! **Promise.** There is one sequence of all operations that explains every answer, and in which each client's
//! own operations stand in the order it made them (Lamport 1979). Not promised: that this sequence follows
//! real time. A read may return what was overwritten long ago, as long as nobody can tell by what it has seen.
//!
//! ```text
//!            w(x,1): n3 ──▶ n1 numbers it ──▶ n2, n3       2 delays until it is back at n3, and done
//!   c3  ╾────w(x,1)────╼
//!   c2            ╾r(x)=0       r(x)=1╼                     0 ms each: what n2 has, wherever it stands
//!   sequence:     r(x)=0 · w(x,1) · r(x)=1                  explains all three; real time would not
//! ```
//!
//! **From.** Attiya and Welch, *Sequential Consistency versus Linearizability*, ACM TOCS 12(2) 1994: the
//! local-read algorithm, and its dual with fast writes. Lipton and Sandberg, *PRAM*, 1988: read time and write
//! time together are at least the delay d, so one can be moved to the other and not saved.
//!
//! | file | holds |
//! |---|---|
//! | `replica` | answering clients: local reads, or fast writes |
//! | `order` | the total order: a sequencer, numbers, gaps, repeats |
//! | `epoch` | a sequencer that can be replaced |
//! | `claims` | the one sequence, as it is built |
//!
//! **How it is built.** The card's fixed sequencer. An origin keeps its own writes on its disk until they have
//! come back, so that one that was answered at once is not lost in a crash; what is read was on the disk
//! before. With `orders=2` keys are divided between two sequences with a sequencer each (x and z go to one, y
//! to the other): each is a sequentially consistent store, both together are not. A client that moves says how
//! far it has seen, and its new replica lets it wait until it has delivered as much: else the sequence could
//! not hold its operations in order. Replicas ask the sequencer now and then (`sync`) whether there is more:
//! without acknowledgements the loss of a last number would go unnoticed.
//!
//! **Where it goes beyond the card.** `replicated=on` is "epoch and replicated sequencer": viewstamped
//! replication in its shortest form. A write then waits for a majority: from another replica 4 delays, not 2.
//!
//! **Left out, and what it costs.** Logs are never cut short, and a new sequencer sends all of its log. A replica
//! that was cut off for long has gone through many epochs by itself; when it is back it makes all the others
//! change once more. Raft (see `raft`) or Lamport's clocks (see `lamport-clocks`) under the total order would
//! do as well, and are not choices here.

mod card;
mod claims;
mod client;
mod epoch;
mod exhibit;
mod msg;
mod order;
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
use msg::{Msg, Write};
use replica::Replica;
use why::Why;

pub struct SequentialStore;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, SequentialStore>;
type Do<'a> = Fx<'a, SequentialStore>;

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    fast_write: bool,
    /// Place of the first sequencer among the replicas.
    sequencer: usize,
    orders: usize,
    replicated: bool,
    retransmit: Us,
    sync: Us,
    heartbeat: Us,
    suspect: Us,
    timeout: Us,
    client_link: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        let nodes = from.count("nodes").max(1) as usize;
        let sequencer = from.count("sequencer").max(1) as usize - 1;
        if sequencer >= nodes {
            return Err(Refusal::of("sequencer", "the sequencer is one of the replicas"));
        }
        Ok(Params {
            nodes,
            fast_write: from.word("variant") == "fast-write",
            sequencer,
            orders: from.count("orders").max(1) as usize,
            replicated: from.flag("replicated"),
            retransmit: from.time("retransmit").max(1),
            sync: from.time("sync").max(1),
            heartbeat: from.time("heartbeat").max(1),
            suspect: from.time("suspect").max(1),
            timeout: from.time("timeout").max(1),
            client_link: from.time("client-link"),
        })
    }
}

impl Params {
    fn majority(&self) -> usize {
        self.nodes / 2 + 1
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Client(Client),
    Replica(Replica),
}

/// All but a client's are of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Ask again for what is missing.
    Retransmit(u8),
    /// Ask whether there is more.
    Sync(u8),
    /// A replicated sequencer says that it is there.
    Heartbeat(u8),
    /// It has been silent for too long.
    Suspect(u8),
    /// A client waits no longer.
    Timeout(OpId),
}

named!(Timer { Retransmit, Sync, Heartbeat, Suspect, Timeout });

impl Timer {
    fn order(&self) -> u8 {
        match self {
            Timer::Retransmit(o) | Timer::Sync(o) | Timer::Heartbeat(o) | Timer::Suspect(o) => *o,
            Timer::Timeout(_) => 0,
        }
    }
}

/// One write to the disk.
#[derive(Clone, Serialize)]
pub enum Record {
    /// A write of a client of this replica.
    Own { order: u8, write: Write },
    /// A write in its place.
    Ordered { order: u8, write: Write },
    /// Replicated: up to here a majority has it.
    Delivered { order: u8, upto: u64 },
    /// No earlier epoch is listened to.
    Epoch { order: u8, epoch: u64 },
    /// The log of a new epoch.
    Settled { order: u8, epoch: u64, log: Seq<Write> },
}

named!(Record { Own, Ordered, Delivered, Epoch, Settled });

/// What a restart finds of one sequence.
#[derive(Clone, Default, Serialize)]
pub struct Kept {
    pub log: Seq<Write>,
    pub own: Seq<Write>,
    pub delivered: u64,
    pub epoch: u64,
    pub settled: u64,
}

#[derive(Clone, Default, Serialize)]
pub struct Disk {
    pub orders: Vec<Kept>,
}

impl Disk {
    fn order(&mut self, nr: u8) -> &mut Kept {
        let at = nr as usize;
        if self.orders.len() <= at {
            self.orders.resize_with(at + 1, Kept::default);
        }
        &mut self.orders[at]
    }
}

impl Protocol for SequentialStore {
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
            card::REPLICAS => Node::Replica(Replica::boot(cx, disk)),
            _ => Node::Client(Client::boot(cx)),
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

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, SequentialStore>, fx: &mut Do<'_>) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Replica(r) => r.step(cx, input, fx),
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Own { order, write } => disk.order(*order).own.push(write.clone()),
            Record::Ordered { order, write } => disk.order(*order).log.push(write.clone()),
            Record::Delivered { order, upto } => disk.order(*order).delivered = *upto,
            Record::Epoch { order, epoch } => disk.order(*order).epoch = *epoch,
            Record::Settled { order, epoch, log } => {
                let kept = disk.order(*order);
                (kept.epoch, kept.settled, kept.log) = (*epoch, *epoch, log.clone());
            }
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
            Node::Client(_) => String::new(),
            Node::Replica(r) => r.line(),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Client(c) => exhibit::client(cx, c, to),
            Node::Replica(r) => exhibit::replica(cx, r, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, SequentialStore>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.open.is_empty(),
            Node::Replica(r) => r.at_rest(),
        }
    }
}

/// The replicas: the end of the cast.
fn replicas(params: &Params, cast: &Cast) -> impl Iterator<Item = NodeId> + Clone + use<> {
    let end = cast.len();
    (end.saturating_sub(params.nodes) as u16..end as u16).map(NodeId)
}

/// In which sequence a key is written: its first letter decides.
fn order_of(params: &Params, key: &Value) -> u8 {
    let letter = key.print().bytes().next().unwrap_or(0);
    letter % params.orders as u8
}

/// Whom this replica takes for the sequencer of an epoch.
fn sequencer_of(cx: &Know<'_>, order: u8, epoch: u64) -> NodeId {
    let mut all = replicas(cx.params, cx.cast);
    if cx.bug("two-sequencers") && all.clone().last() == Some(cx.me) {
        return cx.me;
    }
    let at = cx.params.sequencer as u64 + order as u64 + epoch - 1;
    all.nth((at % cx.params.nodes as u64) as usize).unwrap_or_default()
}
