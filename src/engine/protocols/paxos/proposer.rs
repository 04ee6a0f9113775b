//! A proposer: first it asks for promises, then it proposes what they leave it free to propose.
//!
//! Only `round` is on its disk. A proposer that begins again takes a higher round, so that no ballot ever
//! carries two values.

use serde::Serialize;

use super::msg::{Ballot, Msg};
use super::why::Why;
use super::{Disk, Do, Know, Node, Record, Timer};
use crate::few::Nodes;
use crate::ids::{NodeId, OpId, Span, Us};
use crate::protocol::{Op, Outcome};
use crate::value::Value;

/// How often the random wait is doubled at most.
pub const DOUBLINGS: u32 = 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    #[default]
    Idle,
    Preparing,
    Accepting,
}

impl Phase {
    pub fn word(self) -> &'static str {
        match self {
            Phase::Idle => "idle",
            Phase::Preparing => "preparing",
            Phase::Accepting => "accepting",
        }
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Proposer {
    /// On disk before any Prepare of the round leaves.
    pub round: u64,
    pub ballot: Ballot,
    pub phase: Phase,
    /// The value it was asked to propose.
    pub wants: Option<Value>,
    /// The value it proposes in this ballot.
    pub value: Option<Value>,
    /// By acceptor, each once, in the order they came.
    pub promises: Vec<Report>,
    /// The highest ballot an acceptor has refused it for.
    pub seen: Ballot,
    #[serde(skip)]
    tries: u32,
    #[serde(skip)]
    asked: Vec<OpId>,
    #[serde(skip)]
    since: Us,
}

/// A promise, with what the acceptor had accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub acceptor: NodeId,
    pub accepted: Option<(Ballot, Value)>,
}

impl Proposer {
    pub fn boot(disk: &Disk) -> Proposer {
        Proposer { round: disk.round, ..Proposer::default() }
    }

    /// A round whose ballot is above everything it knows of.
    fn next_round(&self, cx: &Know<'_>) -> u64 {
        let round = (self.round + 1).max(cx.params.round(self.seen));
        let enough = cx.params.ballot(round, cx.me) > self.seen;
        if enough { round } else { round + 1 }
    }

    /// Phase 1.
    fn prepare(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let round = self.next_round(cx);
        let b = cx.params.ballot(round, cx.me);
        (self.round, self.ballot, self.phase, self.value) = (round, b, Phase::Preparing, None);
        self.promises.clear();
        self.tries += 1;
        let after = Span(cx.mono.saturating_sub(self.since) as i64);
        let value = self.wants.clone();
        fx.explain(Why::Prepared { ballot: b, round, value, tries: self.tries, after });
        fx.meter("round", round as i64);
        if !cx.bug("reuse-ballot") {
            fx.save(Record::Round { round });
        }
        fx.once_saved(|fx| cx.params.all_acceptors().for_each(|a| fx.send(a, Msg::Prepare { b })));
        self.wait(cx, fx);
    }

    /// Try again after `retry` and a random while, longer each time: rivals get out of step.
    fn wait(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let p = cx.params;
        if p.retry > 0 {
            let doubled = if p.exponential { (self.tries - 1).min(DOUBLINGS) } else { 0 };
            fx.arm(Timer::Retry, p.retry..=p.retry + (p.backoff << doubled));
        }
    }

    /// Phase 2: a majority has promised, and what it reports decides what may be proposed.
    fn propose(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let b = self.ballot;
        let bound = self.binding(cx);
        let Some(v) = bound.as_ref().map(|(_, _, v)| v).or(self.wants.as_ref()).cloned() else {
            return;
        };
        let (value, of) = (v.clone(), cx.params.acceptors.into());
        let each: Nodes = self.promises.iter().map(|r| r.acceptor).collect();
        let on = each.len() as u64;
        let taken = bound.as_ref().map_or(0, |(_, accepted, _)| *accepted);
        let ignores = self.promises.iter().filter_map(|r| r.accepted.as_ref()).any(|a| a.0 > taken);
        fx.explain(match bound {
            Some((acceptor, accepted, _)) => {
                let may = self.may_be_chosen(cx, &value, each.len());
                Why::Bound { ballot: b, value, acceptor, accepted, ignores, may }
            }
            None => Why::Unbound { ballot: b, value, on, of, ignores },
        });
        (self.phase, self.value) = (Phase::Accepting, Some(v.clone()));
        cx.params.all_acceptors().for_each(|a| fx.send(a, Msg::Accept { b, v: v.clone() }));
    }

    /// Whether those who report a value and those not heard could have chosen it: who has accepted a chosen
    /// value reports it from then on.
    fn may_be_chosen(&self, cx: &Know<'_>, v: &Value, heard: usize) -> bool {
        let has = |r: &&Report| r.accepted.as_ref().is_some_and(|(_, w)| w == v);
        let by: Nodes = self.promises.iter().filter(has).map(|r| r.acceptor).collect();
        by.len() + cx.params.acceptors as usize - heard >= needed_to_choose(cx)
    }

    /// The value of the highest ballot reported, if any: who reported it, and the ballot.
    fn binding(&self, cx: &Know<'_>) -> Option<(NodeId, Ballot, Value)> {
        let mut best: Option<(NodeId, Ballot, &Value)> = None;
        for r in &self.promises {
            let Some((b, v)) = &r.accepted else { continue };
            let newer = best.is_none_or(|(_, than, _)| *b > than && !cx.bug("first-value"));
            if newer && !cx.bug("own-value") {
                best = Some((r.acceptor, *b, v));
            }
        }
        best.map(|(n, b, v)| (n, b, v.clone()))
    }

    /// There is a decision: nothing is left to try, and whoever asked has an answer.
    pub fn settle(&mut self, cx: &Know<'_>, v: &Value, fx: &mut Do<'_>) {
        if self.phase != Phase::Idle {
            fx.meter("decide-latency", cx.mono.saturating_sub(self.since) as i64);
        }
        self.phase = Phase::Idle;
        fx.disarm(&Timer::Retry);
        for op in std::mem::take(&mut self.asked) {
            fx.reply(op, Outcome::ok(Some(v.clone())));
        }
    }
}

impl Node {
    /// Somebody asks for a value to be chosen, and will hear which one is.
    pub fn propose(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let known = self.learner.as_ref().and_then(|l| l.chosen.clone());
        let Some(p) = &mut self.proposer else { return };
        if let Some(value) = known {
            fx.explain(Why::Known { value: value.clone() });
            return fx.reply(op, Outcome::ok(Some(value)));
        }
        p.asked.push(op);
        // One ballot at a time: its outcome answers everybody. Where nothing is retried, this is the retry.
        if p.phase == Phase::Idle || cx.params.retry == 0 {
            (p.wants, p.since, p.tries) = (call.arg(0).cloned(), cx.mono, 0);
            p.prepare(cx, fx);
        }
    }

    pub fn retry(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if let Some(p) = self.proposer.as_mut().filter(|p| p.phase != Phase::Idle) {
            p.prepare(cx, fx);
        }
    }

    /// A promise for the ballot under way; older ones are of no use any more.
    pub fn promised(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        b: Ballot,
        ab: Option<Ballot>,
        av: &Option<Value>,
        fx: &mut Do<'_>,
    ) {
        let Some(p) = &mut self.proposer else { return };
        if b != p.ballot || p.phase != Phase::Preparing {
            return;
        }
        if cx.bug("count-dups") || !p.promises.iter().any(|r| r.acceptor == from) {
            p.promises.push(Report { acceptor: from, accepted: ab.zip(av.clone()) });
        }
        if p.promises.len() >= needed_to_promise(cx) {
            p.propose(cx, fx);
        }
    }

    /// The ballot may still succeed elsewhere; the next one will be high enough.
    pub fn nacked(&mut self, from: NodeId, b: Ballot, promised: Ballot, fx: &mut Do<'_>) {
        let Some(p) = self.proposer.as_mut().filter(|p| p.phase != Phase::Idle) else { return };
        if b == p.ballot && promised > p.seen {
            p.seen = promised;
            fx.explain(Why::Preempted { ballot: b, acceptor: from, promised });
        }
    }
}

fn needed_to_promise(cx: &Know<'_>) -> usize {
    let (n, p) = (cx.params.acceptors as usize, cx.params);
    if cx.bug("flexible-bad") {
        return p.q1.min(n.saturating_sub(p.q2));
    }
    if cx.bug("minority-quorum") { p.q1.min(n.div_ceil(2)) } else { p.q1 }
}

/// Acceptances of one value in one ballot that make it chosen.
pub fn needed_to_choose(cx: &Know<'_>) -> usize {
    let (n, q2) = (cx.params.acceptors as usize, cx.params.q2);
    if cx.bug("minority-quorum") { q2.min(n.div_ceil(2)) } else { q2 }
}
