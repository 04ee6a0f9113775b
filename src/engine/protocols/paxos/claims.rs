//! What must hold, whatever goes wrong: P2 and what it rests on, and the promises of an implementation.
//!
//! Judged by what was really done: disks, messages, announcements. The ghost remembers what nobody in the
//! run can know at once: who has *ever* accepted which value in which ballot. A value is chosen in a ballot
//! when a quorum of all acceptors is in that set, whatever quorum the running code believes in; later
//! ballots do not erase it.

use super::card::*;
use super::msg::{Ballot, Msg};
use super::{Paxos, Timer};
use crate::few::{Few, Nodes};
use crate::ids::{NodeId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::seq::Map;
use crate::value::Value;

type See<'a> = Step<'a, Paxos>;

#[derive(Clone, Default)]
pub struct Ghost {
    /// Values asked for, each once.
    wanted: Vec<Value>,
    ballots: Map<Ballot, Past>,
    /// The lowest ballot each acceptor has ever accepted in.
    lowest: Few<NodeId, Ballot>,
    chosen: Vec<(Ballot, Value)>,
    announced: Option<Value>,
    first_known: Us,
    /// The highest ballot each acceptor has told anybody it promised, restarts included.
    spoken: Few<NodeId, Ballot>,
    /// Who knows the decision.
    knows: Nodes,
    /// Since when each proposer has been trying.
    trying: Few<NodeId, Us>,
    unsteady: Us,
}

/// What has ever been done in a ballot.
#[derive(Clone, Default)]
struct Past {
    /// The value its Accept has carried.
    offered: Option<Value>,
    /// Values accepted in it, and the acceptors that have. A second one takes a mistake.
    accepted: Vec<(Value, Nodes)>,
}

impl Past {
    fn by(&self, value: &Value) -> Option<&Nodes> {
        self.accepted.iter().find(|(v, _)| v == value).map(|(_, by)| by)
    }

    /// How many have accepted the value, now that this one has too.
    fn add(&mut self, value: &Value, node: NodeId) -> usize {
        let known = self.accepted.iter().position(|(v, _)| v == value);
        let at = known.unwrap_or(self.accepted.len());
        if known.is_none() {
            self.accepted.push((value.clone(), Nodes::default()));
        }
        self.accepted[at].1.add(node);
        self.accepted[at].1.len()
    }
}

impl Ghost {
    fn has_accepted(&self, node: NodeId, ballot: Ballot, value: &Value) -> bool {
        let by = self.ballots.get(&ballot).and_then(|past| past.by(value));
        by.is_some_and(|by| by.has(node))
    }
}

pub fn judge(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if s.at_rest {
        return;
    }
    if !s.steady {
        g.unsteady = s.now;
    }
    match s.happened {
        Happened::Request { call, .. } => {
            let new = call.arg(0).filter(|v| !g.wanted.contains(v));
            g.wanted.extend(new.cloned());
        }
        Happened::Start { .. } => came_back(g, s, court),
        Happened::Crash => {
            g.knows.drop(s.node);
            g.trying.take(s.node);
        }
        _ => {}
    }
    // Only what is on a disk has happened.
    if let Some((b, v)) = s.disks.get(s.node.index()).and_then(|d| d.accepted.as_ref()) {
        accepted(g, s, *b, v, court);
    }
    sent(g, s, court);
    announced(g, s, court);
    all_learn(g, s, court);
    decides_in_time(g, s, court);
}

// -------------------------------------------------------------------- acceptors

fn came_back(g: &Ghost, s: &See<'_>, court: &mut Court) {
    if let Some(spoken) = g.spoken.get(s.node) {
        promise_kept(s, *spoken, court);
    }
}

/// What it has said before still holds.
fn promise_kept(s: &See<'_>, spoken: Ballot, court: &mut Court) {
    let Some(a) = &s.me().acceptor else { return };
    let below = a.accepted.as_ref().is_none_or(|(b, _)| *b <= a.promised);
    court.hold(PROMISE_NEVER_SINKS, a.promised >= spoken && below, || {
        let now = a.promised.to_string();
        let says = [
            s.name(),
            " has promised ballot ",
            &spoken.to_string(),
            ", and knows only of ",
            &now,
            ".",
        ];
        Witness::new([s.node], says.concat())
    });
}

/// An acceptance that is not known yet.
fn accepted(g: &mut Ghost, s: &See<'_>, ballot: Ballot, value: &Value, court: &mut Court) {
    if g.has_accepted(s.node, ballot, value) {
        return;
    }
    let just_now = g.ballots.slot(ballot).add(value, s.node) == s.params.q2;
    let lowest = g.lowest.slot_or(s.node, || ballot);
    *lowest = ballot.min(*lowest);
    let spoken = g.spoken.get(s.node).copied().unwrap_or(0);
    court.hold(PROMISE_BINDS, ballot >= spoken, || {
        let (b, p) = (ballot.to_string(), spoken.to_string());
        Witness::new(
            [s.node],
            [s.name(), " accepted in ballot ", &b, " after promising ", &p, "."].concat(),
        )
    });
    g.spoken.put(s.node, ballot.max(spoken));
    promise_kept(s, ballot.max(spoken), court);
    if just_now {
        chosen(g, s, ballot, value, court);
    }
}

fn chosen(g: &mut Ghost, s: &See<'_>, ballot: Ballot, value: &Value, court: &mut Court) {
    let other = g.chosen.iter().find(|(_, v)| v != value);
    court.hold(CHOSEN_UNIQUE, other.is_none(), || two_values(s, value, other));
    court.hold(VALIDITY, g.wanted.contains(value), || {
        Witness::new([s.node], ["Nobody asked for ", &value.print(), "."].concat())
    });
    let above = ballot + 1;
    let mut later = g.ballots.tail(&above).filter_map(|(b, p)| Some((*b, p.offered.clone()?)));
    let later = later.find(|(_, v)| v != value);
    court.hold(CHOSEN_STAYS, later.is_none(), || two_values(s, value, later.as_ref()));
    g.chosen.push((ballot, value.clone()));
}

fn two_values(s: &See<'_>, value: &Value, other: Option<&(Ballot, Value)>) -> Witness {
    let (b, v) = other.map_or_else(Default::default, |(b, v)| (b.to_string(), v.print()));
    let says = [&value.print(), " now, and ", &v, " in ballot ", &b, "."];
    Witness::new([s.node], says.concat())
}

// -------------------------------------------------------------------- what is sent

fn sent(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let mut offered = 0;
    for m in s.sent() {
        match m.msg {
            Msg::Prepare { b } => saved_first(s, s.params.round(*b) <= disk_round(s), court),
            Msg::Promise { b, .. } => spoke(g, s, *b, court),
            Msg::Accept { b, v } if *b != offered => {
                offered = *b;
                offer(g, s, *b, v, court);
            }
            Msg::Accepted { b, v } => saved_first(s, g.has_accepted(s.node, *b, v), court),
            _ => {}
        }
    }
}

fn disk_round(s: &See<'_>) -> u64 {
    s.disks.get(s.node.index()).map_or(0, |d| d.round)
}

fn spoke(g: &mut Ghost, s: &See<'_>, b: Ballot, court: &mut Court) {
    let on_disk = s.disks.get(s.node.index()).map_or(0, |d| d.promised);
    saved_first(s, on_disk >= b, court);
    let spoken = g.spoken.slot(s.node);
    *spoken = b.max(*spoken);
    promise_kept(s, *spoken, court);
}

fn saved_first(s: &See<'_>, ok: bool, court: &mut Court) {
    court.hold(SAVED_FIRST, ok, || {
        Witness::new(
            [s.node],
            [s.name(), " said what its disk does not know, and a crash would undo."].concat(),
        )
    });
}

/// Accept(b, v) leaves its proposer.
fn offer(g: &mut Ghost, s: &See<'_>, b: Ballot, v: &Value, court: &mut Court) {
    let offered = g.ballots.get(&b).and_then(|past| past.offered.as_ref());
    let before = offered.filter(|was| *was != v);
    court.hold(ONE_VALUE, before.is_none(), || {
        let was = before.map_or_else(String::new, Value::print);
        let says =
            ["Ballot ", &b.to_string(), " has carried ", &was, ", and now ", &v.print(), "."];
        Witness::new([s.node], says.concat())
    });
    court.hold(SAFE_AT, safe_at(g, s, b, v), || {
        let says = [
            "A value below ballot ",
            &b.to_string(),
            " may be chosen, and is not ",
            &v.print(),
            ".",
        ];
        Witness::new([s.node], says.concat())
    });
    if let Some(first) = g.chosen.iter().find(|(c, _)| *c < b) {
        court.hold(CHOSEN_STAYS, first.1 == *v, || two_values(s, v, Some(first)));
    }
    if offered.is_none() {
        g.ballots.slot(b).offered = Some(v.clone());
    }
}

/// P2c: there is a quorum none of which has accepted below b, or v is the value of the highest ballot below
/// b accepted in it.
fn safe_at(g: &Ghost, s: &See<'_>, b: Ballot, v: &Value) -> bool {
    let (acceptors, q1) = (s.params.all_acceptors().count(), s.params.q1);
    let free = |a: &NodeId| g.lowest.get(*a).is_none_or(|lowest| *lowest >= b);
    if s.params.all_acceptors().filter(free).count() >= q1 {
        return true;
    }
    // Downwards from b: those met before have accepted in a higher ballot, and without them it must be a quorum.
    let mut met = Nodes::default();
    for (_, past) in g.ballots.iter().rev().skip_while(|(ballot, _)| **ballot >= b) {
        if met.len() + q1 > acceptors {
            return false;
        }
        if past.by(v).is_some_and(|by| by.list().iter().any(|a| !met.has(*a))) {
            return true;
        }
        past.accepted.iter().flat_map(|(_, by)| by.list()).for_each(|a| {
            met.add(*a);
        });
    }
    false
}

// -------------------------------------------------------------------- learning

fn announced(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let Some(v) = s.me().learner.as_ref().and_then(|l| l.chosen.as_ref()) else { return };
    if !g.knows.add(s.node) {
        return;
    }
    let same = g.announced.as_ref().is_none_or(|first| first == v);
    let true_ = g.chosen.iter().any(|(_, c)| c == v);
    court.hold(LEARNED_UNIQUE, same && true_, || {
        let first = g.announced.as_ref().filter(|f| *f != v);
        let first =
            first.map_or_else(|| "is not chosen".into(), |f| ["came after ", &f.print()].concat());
        Witness::new(
            [s.node],
            [s.name(), "'s announcement of ", &v.print(), " ", &first, "."].concat(),
        )
    });
    if g.announced.is_none() {
        (g.announced, g.first_known) = (Some(v.clone()), s.now);
    }
}

/// Somebody knows, and a learner has heard that there is something to know: ten requests must do.
fn all_learn(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let Some(l) = s.me().learner.as_ref().filter(|_| s.params.learn_request > 0) else { return };
    let since = s.calm_since.max(g.unsteady).max(g.first_known);
    let late = s.now > since + 10 * s.params.learn_request;
    let asks = matches!(s.happened, Happened::Timeout(Timer::Learn)) && l.chosen.is_none();
    let told = matches!(s.happened, Happened::Deliver { .. }) && l.chosen.is_some();
    let can_be_told = || g.knows.list().iter().any(|n| s.alive.get(n.index()) == Some(&true));
    if told && s.before.state != "decided" || asks && late && s.steady && can_be_told() {
        court.hold(ALL_LEARN, told, || {
            Witness::new(
                [s.node],
                [s.name(), " asks and asks, somebody knows, and it is not told."].concat(),
            )
        });
    }
}

// -------------------------------------------------------------------- progress

/// Five of the longest waits between two tries, in calm and with enough acceptors.
fn decides_in_time(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let Some(p) = s.me().proposer.as_ref().filter(|_| s.params.retry > 0) else { return };
    if p.phase == super::proposer::Phase::Idle {
        if g.trying.take(s.node).is_some() && g.knows.has(s.node) && s.steady {
            court.hold(DECIDES_IN_TIME, true, Witness::default);
        }
        return;
    }
    if !g.trying.has(s.node) {
        g.trying.put(s.node, s.now);
    }
    let since = g.trying.get(s.node).copied().unwrap_or(s.now);
    let late = s.now > since.max(s.calm_since).max(g.unsteady) + 5 * s.params.longest_wait();
    if late && matches!(s.happened, Happened::Timeout(Timer::Retry)) && enough_are_up(s) {
        court.hold(DECIDES_IN_TIME, false, || {
            Witness::new(
                [s.node],
                ["All is calm, ", s.name(), " tries and tries, and nothing is decided."].concat(),
            )
        });
    }
}

fn enough_are_up(s: &See<'_>) -> bool {
    let up = s.params.all_acceptors().filter(|a| s.alive.get(a.index()) == Some(&true)).count();
    up >= s.params.q1.max(s.params.q2)
}
