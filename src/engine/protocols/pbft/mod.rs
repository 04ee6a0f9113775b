//! PBFT: replicas that agree though some of them lie.
//!
//! **Promise.** Of n = 3f + 1 replicas up to f may do anything at all: be silent, answer wrongly, tell each
//! peer something else. The honest ones execute the same requests in the same order, however slow the
//! network is; and once messages arrive faster than the timers grow, every request is executed. What nobody
//! can do is forge a signature. With f + 1 liars nothing holds any more, and that can be seen too.
//!
//! ```text
//!   client ──Request──▶ primary ──PrePrepare(v,n,d)──▶ backups       "this one is n-th in view v"
//!                       backups ──Prepare(v,n,d)─────▶ everybody     2f that match: prepared, no other can be
//!                       all     ──Commit(v,n,d)──────▶ everybody     2f+1: it stays n-th in every view to come
//!   client ◀──Reply(r)── all    f+1 that match: one of them is honest
//! ```
//!
//! **Why three rounds.** Two sets of 2f + 1 among 3f + 1 share f + 1 replicas, so an honest one. That is why
//! two requests cannot both be prepared at (v, n). But that something is prepared is known to its own replica
//! only; a new primary could overlook it. The third round makes sure that f + 1 honest replicas know, and
//! any 2f + 1 view changes then hold one of theirs.
//!
//! **From.** Castro, Liskov, *Practical Byzantine Fault Tolerance*, OSDI 1999, with signatures: §4.1 the
//! client, §4.2 the normal case, §4.3 checkpoints, §4.4 view changes, §4.5 why it works.
//!
//! | here | there |
//! |---|---|
//! | `replica`, `log` | §4.2: three phases, and the predicates that count in the log |
//! | `checkpoint` | §4.3: checkpoints and watermarks |
//! | `view` | §4.4: view changes and new views |
//! | `again` | §4.6 of the journal's version: status messages; transfer of state |
//! | `client` | §4.1 |
//! | `lies` | what a Byzantine replica may do: alter what its honest self would have sent |
//! | `claims` | §4.5 |
//!
//! **Choices.** A digest is the name of a request, client and timestamp: a client signs one request under
//! each, so it is as good as a hash and can be read. The digest of a state is a hash of it. Signatures are by
//! type: only a node can make its own. The log counts as stable: what a replica has sent anything about is on
//! its disk first, and a restarted replica goes on from there. The paper has no recovery; whoever restarts
//! with an empty disk is one of the f. A quorum is ⌊(n + f) / 2⌋ + 1, which is 2f + 1 where n = 3f + 1, and
//! lets other n be looked at. A primary runs a
//! timer only for the requests it finds waiting when its view begins, as the card asks of every replica.
//!
//! A read is a request like any other, unless its client has `reads=at-once` (§5.1): then it asks all what they
//! hold, and takes what 2f + 1 say alike. Such a client waits for 2f + 1 answers to its writes, too: f + 1
//! could be one honest replica and a liar, and the other honest ones, with the liar, make 2f + 1 for the old
//! value (`fast-read-missed`).
//!
//! **Where the card errs or is silent.** Links of 400 ms (`slow-links`): the card has the answer at 2700 ms,
//! which is view 1 going through (six messages of 400 ms and one timer of 300). But by its own rules X is
//! 600 ms in view 1 and the commits come 800 ms after the new view: it is given up, as is the primary of
//! view 2 by itself, and the answer comes at 4100 ms. Its `next n = min-s + 1 when O is empty` is read as
//! max(h, max-s) + 1. To join others and to begin a view take view changes of others only as they come: V is
//! the first 2f + 1.
//!
//! **Left out, and what it costs.** Batches: each request pays three rounds of its own. Authenticators in
//! place of signatures, and with them view-change acknowledgements: nothing that can be seen here but
//! computing time. Clients that lie.

mod again;
mod app;
mod card;
mod checkpoint;
mod claims;
mod client;
mod exhibit;
mod lies;
mod log;
mod msg;
mod replica;
mod sentences;
mod view;
mod why;

use std::rc::Rc;

use serde::Serialize;

use crate::card::Entry;
use crate::ids::{NodeId, OpId, Us};
use crate::named;
use crate::protocol::{
    Court, Cx, Face, Fx, Input, Lied, ParamSet, Params as ReadParams, Protocol, Refusal, Signed,
    Step,
};
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use msg::{Msg, View};
use replica::Replica;
use why::Why;

pub struct Pbft;

type Know<'a> = Cx<'a, Pbft>;
type Do<'a> = Fx<'a, Pbft>;

#[derive(Clone, Debug)]
pub struct Params {
    /// Replicas come first in the cast.
    pub nodes: u16,
    pub f: usize,
    /// A checkpoint every so many requests.
    pub k: u64,
    /// How far numbers may be ahead of the stable checkpoint.
    pub window: u64,
    /// Execute what is prepared, before it is committed.
    pub tentative: bool,
    pub timer: Us,
    pub resend: Us,
    pub retry: Us,
    pub patience: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        let k = u64::from(from.count("checkpoint"));
        let window = u64::from(from.count("window"));
        let params = Params {
            nodes: from.count("nodes") as u16,
            f: from.count("f") as usize,
            k,
            window: if window == 0 { 2 * k } else { window },
            tentative: from.flag("tentative"),
            timer: from.time("timer").max(1),
            resend: from.time("resend").max(1),
            retry: from.time("retry").max(1),
            patience: from.time("patience").max(1),
        };
        if params.quorum() > params.nodes.into() {
            return Err(Refusal::of("f", "a quorum would be more than all nodes: f is too high"));
        }
        Ok(params)
    }
}

impl Params {
    fn primary(&self, v: View) -> NodeId {
        NodeId((v % u64::from(self.nodes)) as u16)
    }
    fn is_replica(&self, n: NodeId) -> bool {
        n.0 < self.nodes
    }
    fn is_backup(&self, v: View, n: NodeId) -> bool {
        self.is_replica(n) && n != self.primary(v)
    }
    fn replicas(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes).map(NodeId)
    }
    /// Any two quorums share more than f replicas: 2f + 1 of 3f + 1.
    fn quorum(&self) -> usize {
        (usize::from(self.nodes) + self.f) / 2 + 1
    }
}

/// What a replica holds while it works: what it knows, its way out, and what it is about to send, which must
/// not leave before its state is on the disk.
pub struct Hand<'a, 'b, 'c> {
    pub cx: &'a Know<'b>,
    pub fx: &'a mut Do<'c>,
    pub out: Vec<(NodeId, Msg)>,
}

impl Hand<'_, '_, '_> {
    fn send(&mut self, to: NodeId, msg: Msg) {
        self.out.push((to, msg));
    }
    /// To all other replicas.
    fn all(&mut self, msg: Msg) {
        for to in self.cx.params.replicas().filter(|n| *n != self.cx.me) {
            self.out.push((to, msg.clone()));
        }
    }
    fn sign<T>(&self, body: T) -> Signed<T> {
        self.fx.sign(body)
    }
    fn arm(&mut self, timer: Timer, after: Us) {
        self.fx.arm(timer, after..=after);
    }
    fn explain(&mut self, why: Why) {
        self.fx.explain(why);
    }
    fn bug(&self, slug: &str) -> bool {
        self.cx.bug(slug)
    }
    fn primary(&self, v: View) -> NodeId {
        self.cx.params.primary(v)
    }
    fn quorum(&self) -> usize {
        self.cx.params.quorum() - usize::from(self.bug("quorum-2f"))
    }

    /// What it has told nobody it may forget: to others that is as if the message had been lost.
    fn flush(self, replica: &Replica) {
        if self.out.is_empty() {
            return;
        }
        self.fx.save(Record::Log(Rc::new(replica.clone())));
        self.fx.once_saved(|fx| {
            for (to, msg) in self.out {
                fx.send(to, msg);
            }
        });
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Replica(Box<Replica>),
    Client(Box<Client>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// A request is not executed, or a view does not begin: the next view.
    ViewChange,
    /// Something is late: ask the others.
    Status,
    /// A client asks everybody.
    Retry,
    /// A client waits no longer.
    Patience(OpId),
}

named!(Timer { ViewChange, Status, Retry, Patience });

#[derive(Clone, Serialize)]
pub enum Record {
    Log(Rc<Replica>),
}

named!(Record { Log });

/// What a restart finds: the replica as it was when it last sent anything.
#[derive(Clone, Default, Serialize)]
pub struct Disk {
    log: Option<Rc<Replica>>,
}

impl Protocol for Pbft {
    type Params = Params;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Disk;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Entry = &card::ENTRY;

    fn boot(cx: &Know, disk: &Disk) -> Node {
        if !cx.params.is_replica(cx.me) {
            return Node::Client(Box::new(Client::boot(cx)));
        }
        let new = || Replica { me: cx.me, nodes: cx.params.nodes, ..Replica::default() };
        Node::Replica(Box::new(disk.log.as_deref().cloned().unwrap_or_else(new)))
    }

    fn given(
        _: &Know,
        node: &mut Node,
        _: &mut Disk,
        field: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        match (node, field, value.as_word()) {
            (Node::Client(c), "broadcast", Some(word @ ("on" | "off"))) => {
                c.broadcast = word == "on";
            }
            (Node::Client(c), "reads", Some(word @ ("at-once" | "ordered"))) => {
                c.at_once = word == "at-once";
            }
            _ => {
                return Err(Refusal::new(
                    "a client has broadcast: on or off, and reads: at-once or ordered",
                ));
            }
        }
        Ok(())
    }

    fn step(cx: &Know, node: &mut Node, input: Input<'_, Pbft>, fx: &mut Do) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Replica(r) => {
                let mut hand = Hand { cx, fx, out: vec![] };
                r.step(&mut hand, &input);
                hand.flush(r);
            }
        }
    }

    fn write(disk: &mut Disk, Record::Log(replica): &Record) {
        disk.log = Some(replica.clone());
    }

    fn face(node: &Node) -> Face {
        match node {
            Node::Client(c) => c.face(),
            Node::Replica(r) => r.face(),
        }
    }

    fn line(node: &Node) -> String {
        exhibit::line(node)
    }

    fn exhibit(cx: &Know, node: &Node, to: &mut Showcase) {
        exhibit::node(cx, node, to);
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Pbft>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    fn lie(cx: &Know, lie: &str, node: &mut Node, input: &Input<'_, Pbft>, fx: &mut Do) -> Lied {
        let Node::Replica(r) = node else { return Lied::Honest };
        let mut hand = Hand { cx, fx, out: vec![] };
        lies::step(lie, r, &mut hand, input);
        hand.flush(r);
        Lied::Done
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.at_rest(),
            Node::Replica(r) => r.waiting.is_empty() && !r.in_view_change,
        }
    }
}
