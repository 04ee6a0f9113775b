//! Paxos for a single decree: some processes agree on one value, once, and it never changes.
//!
//! **Promise.** Only a value that somebody proposed is chosen, only one is, and nobody hears of a value as
//! chosen that is not. That holds however messages are lost, delayed, doubled or overtaken and whoever
//! crashes, as long as disks keep what was forced to them. That *something* is chosen needs more: a majority
//! of acceptors in touch, and proposers that do not interrupt each other for ever.
//!
//! ```text
//!   proposer ──Prepare(b)──▶ acceptors          "accept nothing below b any more!"
//!            ◀──Promise(b, ab, av)──            a majority: their newest av binds the proposer
//!            ──Accept(b, v)──▶ acceptors        refused by whoever has promised more
//!            ◀──Accepted(b, v)── ──▶ learners   a majority in the same ballot: v is chosen
//! ```
//!
//! **Why a promise binds.** A majority that has promised b and reports a value of ballot ab can do nothing
//! below b any more. If some v was chosen below b, a member of that majority accepted it or a later value,
//! and by the same rule every later value is v. So the newest value reported is v whenever there is a v to
//! be lost, and the proposer must take it.
//!
//! **From.** Lamport, *The Part-Time Parliament*, TOCS 16(2), 1998; *Paxos Made Simple*, 2001, §2.2
//! (choosing), §2.3 (learning), §2.4 (progress). Quorum sizes apart from majorities (`q1`, `q2`): Howard,
//! Malkhi, Spiegelman, *Flexible Paxos*, 2016.
//!
//! | here | there |
//! |---|---|
//! | `proposer`, `acceptor` | §2.2, and §2.5 for what must be on the disk |
//! | `learner` | §2.3 |
//! | `claims` | P2a to P2c of §2.2, and what an implementation may still get wrong |
//!
//! **Ballots.** A ballot is a pair (round, proposer), compared in that order. It is kept as one number, from
//! a set of its own for each proposer as §2.5 asks: with p proposers the i-th uses i, i + p, i + 2p, …, which
//! is the order of the pairs. So the first ballots of p1, p2, p3 are 1, 2, 3.
//!
//! **Placement.** Proposers, acceptors and learners are nodes of their own, or `peers` play all three parts
//! (both may stand in one cast). An acceptor answers the proposer and tells every learner. Among peers the
//! proposer that has a decision sends `Learn` to the others, or with `learning=all` every `Accepted` goes to
//! everybody. Where a card counts 2a + a + a·l messages for roles apart, its l learners include the proposer.
//!
//! **Beyond the card.** An acceptor that is asked by `LearnReq` sends its `Accepted` again (§2.3), for where
//! roles are apart nobody else may know. Of a proposer that knows the decision one asks no new ballot. A
//! proposer counts answers to its earlier ballots too: whatever a majority accepted is chosen.
//!
//! **Where the card errs.** Of two rivals 15 ms apart it says that they block each other for ever with any
//! period from 20 to 40 ms. But p2's Accept lands at 45 ms, so p1's next Prepare must be there before: the
//! period must be below 35 ms. And who reports what (`promised`) is told by the acceptor; that the proposer
//! is bound by it (`bound`) only the proposer can say, for it alone has heard the others.
//!
//! **Left out, and what it costs.** A log of many decrees (Multi-Paxos): each value pays both phases. A
//! distinguished proposer with a lease (§2.4): rivals are kept apart only by random waits, so a decision has
//! no bound in time. Sending again within a ballot: what the network loses costs a new ballot.

mod acceptor;
mod card;
mod claims;
mod exhibit;
mod learner;
mod msg;
mod proposer;
mod why;

use serde::Serialize;

use crate::card::Entry;
use crate::ids::{NodeId, Us};
use crate::named;
use crate::protocol::{
    Court, Cx, Face, Fx, Input, ParamSet, Params as ReadParams, Protocol, Refusal, Step,
};
use crate::show::Showcase;
use crate::value::Value;

use acceptor::Acceptor;
use learner::Learner;
use msg::{Ballot, Msg};
use proposer::Proposer;
use why::Why;

pub struct Paxos;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, Paxos>;
type Do<'a> = Fx<'a, Paxos>;

#[derive(Clone, Debug)]
pub struct Params {
    /// Nodes that propose, peers included: the beginning of the cast.
    proposers: u16,
    /// Nodes that only propose.
    apart: u16,
    /// Nodes that accept, peers included: those behind the ones that only propose.
    acceptors: u16,
    /// Promises a ballot needs, and acceptances that choose.
    q1: usize,
    q2: usize,
    /// A proposer begins a new ballot after so long, and up to `backoff` more. 0 is never.
    retry: Us,
    backoff: Us,
    exponential: bool,
    nack: bool,
    learn_all: bool,
    /// 0 is never.
    learn_request: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        let count = |name| from.count(name) as u16;
        let (apart, peers) = (count("proposers"), count("peers"));
        let acceptors = peers + count("acceptors");
        let size = |q: u32| if q == 0 { acceptors as usize / 2 + 1 } else { q as usize };
        let (q1, q2) = (size(from.count("q1")), size(from.count("q2")));
        if q1 + q2 <= acceptors as usize {
            return Err(Refusal::of(
                "q2",
                "q1 and q2 together must be more than the acceptors, or the two quorums may miss each other (that is the mistake flexible-bad)",
            ));
        }
        Ok(Params {
            proposers: apart + peers,
            apart,
            acceptors,
            q1,
            q2,
            retry: from.time("retry"),
            backoff: from.time("backoff"),
            exponential: from.flag("exponential"),
            nack: from.flag("nack"),
            learn_all: from.word("learning") == "all",
            learn_request: from.time("learn-request"),
        })
    }
}

impl Params {
    fn proposes(&self, n: NodeId) -> bool {
        n.0 < self.proposers
    }
    fn accepts(&self, n: NodeId) -> bool {
        (self.apart..self.apart + self.acceptors).contains(&n.0)
    }
    /// A peer plays every part.
    fn is_peer(&self, n: NodeId) -> bool {
        self.proposes(n) && self.accepts(n)
    }
    fn all_acceptors(&self) -> impl Iterator<Item = NodeId> + use<> {
        (self.apart..self.apart + self.acceptors).map(NodeId)
    }
    /// Whose ballot it is.
    fn owner(&self, b: Ballot) -> NodeId {
        NodeId((b.saturating_sub(1) % u64::from(self.proposers.max(1))) as u16)
    }
    fn round(&self, b: Ballot) -> u64 {
        b.div_ceil(u64::from(self.proposers.max(1)))
    }
    fn ballot(&self, round: u64, n: NodeId) -> Ballot {
        (round - 1) * u64::from(self.proposers) + u64::from(n.0) + 1
    }
    /// The longest a proposer waits between two ballots.
    fn longest_wait(&self) -> Us {
        self.retry + (self.backoff << if self.exponential { proposer::DOUBLINGS } else { 0 })
    }
}

/// A node has the parts it plays.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposer: Option<Proposer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptor: Option<Acceptor>,
    /// Whoever proposes learns too: from the answers to its own ballots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learner: Option<Learner>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// No decision yet: the next ballot.
    Retry,
    /// No decision heard of for so long: ask.
    Learn,
}

named!(Timer { Retry, Learn });

/// One write to the disk.
#[derive(Clone, Debug, Serialize)]
pub enum Record {
    Round { round: u64 },
    Promise { b: Ballot },
    Accept { b: Ballot, v: Value },
}

named!(Record { Round, Promise, Accept });

/// What a restart finds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Disk {
    pub round: u64,
    pub promised: Ballot,
    pub accepted: Option<(Ballot, Value)>,
}

impl Protocol for Paxos {
    type Params = Params;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Disk;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Entry = &card::ENTRY;

    fn boot(cx: &Know<'_>, disk: &Disk) -> Node {
        let (me, params) = (cx.me, cx.params);
        Node {
            proposer: params.proposes(me).then(|| Proposer::boot(disk)),
            acceptor: params.accepts(me).then(|| Acceptor::boot(disk)),
            learner: (params.proposes(me) || !params.accepts(me)).then(Learner::default),
        }
    }

    fn given(
        _: &Know<'_>,
        node: &mut Node,
        disk: &mut Disk,
        field: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        let round = value.as_int().filter(|r| (0..1 << 32).contains(r));
        match (&mut node.proposer, field, round) {
            (Some(p), "round", Some(round)) => {
                (disk.round, p.round) = (round as u64, round as u64);
                Ok(())
            }
            _ => Err(Refusal::new("whoever proposes has a round: a number from 0 on")),
        }
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, Paxos>, fx: &mut Do<'_>) {
        match input {
            Input::Start => node.start(cx, fx),
            Input::Request { op, call } => node.propose(cx, op, call, fx),
            Input::Deliver { from, msg } => node.receive(cx, from, msg, fx),
            Input::Timeout(Timer::Retry) => node.retry(cx, fx),
            Input::Timeout(Timer::Learn) => node.ask(cx, fx),
            Input::Saved(_) => {}
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Round { round } => disk.round = *round,
            Record::Promise { b } => disk.promised = *b,
            Record::Accept { b, v } => {
                disk.promised = disk.promised.max(*b);
                disk.accepted = Some((*b, v.clone()));
            }
        }
    }

    fn face(node: &Node) -> Face {
        node.face()
    }

    fn line(node: &Node) -> String {
        exhibit::line(node)
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        exhibit::node(cx, node, to);
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Paxos>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    /// A proposer still tries, or a learner still waits to hear.
    fn at_rest(node: &Node) -> bool {
        let tries = node.proposer.as_ref().is_some_and(|p| p.phase != proposer::Phase::Idle);
        !tries && node.learner.as_ref().is_none_or(|l| l.stirred.is_none() || l.chosen.is_some())
    }
}

impl Node {
    /// Back from its disk: promises are kept, proposals under way are forgotten.
    fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation == 0 {
            return;
        }
        if let Some(p) = &self.proposer {
            fx.explain(Why::Returned { round: p.round });
        }
        if let Some(a) = &self.acceptor {
            a.explain_recovery(fx);
        }
        self.stir(cx, fx);
    }

    fn receive(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        match msg {
            Msg::Prepare { b } => self.prepared(cx, from, *b, fx),
            Msg::Promise { b, ab, av } => self.promised(cx, from, *b, *ab, av, fx),
            Msg::Accept { b, v } => self.accept(cx, from, *b, v, fx),
            Msg::Accepted { b, v } => self.accepted(cx, from, *b, v, fx),
            Msg::Nack { b, promised } => self.nacked(from, *b, *promised, fx),
            Msg::Learn { v } => self.learn(cx, from, v, fx),
            Msg::LearnReq => self.asked(from, fx),
        }
        if !matches!(msg, Msg::LearnReq) {
            self.stir(cx, fx);
        }
    }

    /// Whoever proposes shows that; an acceptor its promise; a learner what it knows.
    fn face(&self) -> Face {
        let promised = self.acceptor.as_ref().map_or(0, |a| a.promised);
        let (state, epoch) = match (&self.proposer, &self.acceptor, &self.learner) {
            (_, _, Some(l)) if l.chosen.is_some() => ("decided", promised.max(l.ballot)),
            (Some(p), ..) => (p.phase.word(), promised.max(p.ballot)),
            (_, Some(a), _) if a.accepted.is_some() => ("accepted", promised),
            (_, Some(_), _) => (if promised > 0 { "promised" } else { "free" }, promised),
            _ => ("listening", 0),
        };
        Face { state, leads: false, epoch }
    }
}
