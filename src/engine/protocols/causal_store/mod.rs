//! A causal store: answered here and now, and never an answer before its question.
//!
//! **Promise.** A replica answers from its own copy, whomever it can reach. A write takes effect at a replica
//! only after all that its writer had seen: whoever sees an effect can see its cause. Not promised: that a
//! read is fresh, and that two writes which nothing connects are seen in one order.
//!
//! ```text
//!   n1  post [1,0,0] ──╮───────────────────────── slow ─────────────────────╮
//!   n2                 ╰▶ read ─ reply [1,1,0] ──╮                          │
//!   n3   V = [0,0,0]                             ╰▶ held back: 1 of n1 is   ╰▶ post, then reply
//!                                                   missing
//! ```
//!
//! A write is the `seq`-th of its origin and carries a vector `vc`: of each replica, how many of its writes
//! its origin had applied. A replica with vector `V` applies it when it is the next of its origin and no other
//! entry is beyond `V`. What cannot be applied waits in the buffer.
//!
//! Two writes of one key that do not know of each other: with the tie-break the one with the greater stamp
//! stays, (Lamport's clock, origin), so that replicas converge (causal+, CCv); without it whatever comes last
//! stays, and each replica keeps its own order (causal memory, CM). Neither includes the other.
//!
//! A client that moves takes its context along, what it has seen and written; the new replica waits until it
//! has all of that. A client that stays never waits.
//!
//! **From.** Ahamad et al., *Causal Memory*, Distributed Computing 9(1) 1995, section 3: the owner's vector, and
//! when to apply. Lloyd et al., COPS, SOSP 2011, section 3: causal+, and the context of a client. Birman et al.,
//! TOCS 1991, section 5.1, for the same rule in a broadcast. Terry et al., PDIS 1994: what a session is owed.
//!
//! | file | holds |
//! |---|---|
//! | `replica` | the rule; sending until it is acknowledged; waiting for a context |
//! | `client` | the context |
//! | `claims` | what came after what, known without any vector |
//!
//! **How it is built.** A replica saves every write it hears of before it acknowledges it; its state is made
//! from that list. An acknowledgement says how many of an origin's writes have come without a gap, held back
//! or applied. The context holds what was *read*, with all that came before it, not all that its replica had
//! applied: a client that moves waits for no more than it could notice.
//!
//! **Left out, and what it costs.** COPS's shards: one replica has all keys here, so nobody asks (`DepCheck`)
//! whether a dependency is there; the price is a counter for every replica on every message, where COPS names
//! the nearest dependencies alone. Session guarantees one by one: a client has all four or none. Writes are
//! never collected, and a disk that is lost is not made good: who forgets must not keep its name.

mod card;
mod claims;
mod client;
mod exhibit;
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
use msg::{Msg, Write};
use replica::Replica;
use why::Why;

pub struct CausalStore;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, CausalStore>;
type Do<'a> = Fx<'a, CausalStore>;

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    tie_break: bool,
    context: bool,
    /// 0 is never.
    retransmit: Us,
    timeout: Us,
    client_link: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Params {
            nodes: from.count("nodes").max(1) as usize,
            tie_break: from.flag("tie-break"),
            context: from.flag("context"),
            retransmit: from.time("retransmit"),
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
    /// Not everybody has acknowledged this write.
    Resend(u64),
    /// A client waits no longer.
    Patience(OpId),
}

named!(Timer { Resend, Patience });

#[derive(Clone, Serialize)]
pub enum Record {
    Heard { write: Write },
}

named!(Record { Heard });

impl Protocol for CausalStore {
    type Params = Params;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Seq<Write>;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Card = &card::ENTRY;

    fn boot(cx: &Know<'_>, heard: &Seq<Write>) -> Node {
        match cx.cast.role(cx.me) {
            card::REPLICAS => Node::Replica(Box::new(Replica::boot(cx, heard))),
            _ => Node::Client(Box::new(Client::boot(cx))),
        }
    }

    fn given(
        cx: &Know<'_>,
        node: &mut Node,
        _heard: &mut Seq<Write>,
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

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, CausalStore>, fx: &mut Do<'_>) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Replica(r) => r.step(cx, input, fx),
        }
    }

    fn write(heard: &mut Seq<Write>, record: &Record) {
        let Record::Heard { write } = record;
        heard.push(write.clone());
    }

    fn face(node: &Node) -> Face {
        let state = match node {
            Node::Client(c) if c.open.is_empty() => "idle",
            Node::Client(_) => "waiting",
            Node::Replica(r) if r.buffer.is_empty() => "replica",
            Node::Replica(_) => "holding",
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

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, CausalStore>, court: &mut Court) {
        ghost.judge(step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.open.is_empty(),
            Node::Replica(r) => r.buffer.is_empty() && r.waiting.is_empty(),
        }
    }
}
