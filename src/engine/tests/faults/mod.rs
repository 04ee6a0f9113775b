//! What became of the faults of a run, counted from its trace: a fault that stands in the text may have found
//! nothing to disturb.

use std::collections::{BTreeMap, BTreeSet};

use engine::card::Fault;
use engine::ids::{EventId, MS, MsgId, NodeId, Us};
use engine::run::Run;
use engine::scenario::ast::{Act, Who};
use engine::trace::{Event, Loss, MsgRec, What};

/// A write that took so long was slowed: no swarm's disk is as slow by itself.
pub const SLOW_MS: u64 = 5;

type Link = (NodeId, NodeId);

/// How often each fault took effect.
#[derive(Default)]
pub struct Effects {
    counts: BTreeMap<usize, usize>,
    /// Whether anything was ever written: a slow disk needs a write.
    wrote: bool,
    /// Nodes that are paused, and since when those run again that were.
    paused: BTreeSet<NodeId>,
    woken: BTreeMap<NodeId, Us>,
    /// Links that lost something to a cut, and have carried nothing since.
    parted: BTreeSet<Link>,
    /// The newest message that arrived on a link.
    newest: BTreeMap<Link, EventId>,
    writes: BTreeMap<(NodeId, u32), Us>,
    /// Nodes whose clock was put wrong and that have not run since.
    wrong: BTreeSet<NodeId>,
    liars: BTreeSet<NodeId>,
}

impl Effects {
    pub fn of(run: &Run) -> Effects {
        let mut all = Effects::default();
        run.trace().events().for_each(|e| all.take(run, e));
        all
    }

    /// How often it took effect; none where there was nothing it could have touched.
    pub fn count(&self, fault: Fault) -> Option<usize> {
        let applies = fault != Fault::SlowDisk || self.wrote;
        applies.then(|| self.counts.get(&(fault as usize)).copied().unwrap_or(0))
    }

    fn add(&mut self, fault: Fault) {
        *self.counts.entry(fault as usize).or_default() += 1;
    }

    fn take(&mut self, run: &Run, e: Event) {
        match (e.what, e.node) {
            (What::Act { line }, _) => self.turned(run, line),
            (What::Lose { why: Loss::Loss, .. }, _) => self.add(Fault::Loss),
            (What::Lose { m, why: Loss::Cut }, _) => {
                self.parted.extend(run.trace().msg(m).map(|rec| (rec.from, rec.to)));
            }
            (what, Some(n)) => self.take_of_node(run, e, n, what),
            _ => {}
        }
    }

    fn take_of_node(&mut self, run: &Run, e: Event, n: NodeId, what: What) {
        match what {
            What::Crash => self.crashed(n),
            // Nobody restarts who was not down.
            What::Restart { amnesia: false, .. } => self.add(Fault::Crash),
            What::Restart { amnesia: true, .. } => self.add(Fault::Amnesia),
            What::Pause => drop(self.paused.insert(n)),
            What::Resume if self.paused.remove(&n) => drop(self.woken.insert(n, e.at)),
            What::Clock { .. } if is_put_wrong(run, e) => drop(self.wrong.insert(n)),
            What::Save { mark, .. } => {
                self.wrote = true;
                self.writes.insert((n, mark), e.at);
            }
            What::Deliver { m } => self.arrived(run, m),
            What::Saved { mark, .. } => self.saved(n, mark, e.at),
            _ => {}
        }
        let runs = |what| {
            matches!(
                what,
                What::Deliver { .. } | What::Fire { .. } | What::Invoke { .. } | What::Saved { .. }
            )
        };
        if runs(what) {
            self.ran(n, e.at);
        }
    }

    fn crashed(&mut self, n: NodeId) {
        self.paused.remove(&n);
        self.writes.retain(|(node, _), _| *node != n);
    }

    fn saved(&mut self, n: NodeId, mark: u32, at: Us) {
        if self.writes.remove(&(n, mark)).is_some_and(|since| at - since >= SLOW_MS * MS) {
            self.add(Fault::SlowDisk);
        }
    }

    fn arrived(&mut self, run: &Run, m: MsgId) {
        let Some(rec) = run.trace().msg(m) else { return };
        let link = (rec.from, rec.to);
        // It was cut, and healed.
        if self.parted.remove(&link) {
            self.add(Fault::Partition);
        }
        match rec.of {
            Some(first) if run.trace().msg(first).is_some_and(|f| arrives(run, f)) => {
                self.add(Fault::Duplication);
            }
            Some(_) => {}
            None => self.in_order(link, rec.sent),
        }
    }

    fn in_order(&mut self, link: Link, sent: EventId) {
        if self.newest.get(&link).is_some_and(|newest| *newest > sent) {
            self.add(Fault::Reordering);
        } else {
            self.newest.insert(link, sent);
        }
    }

    /// A node runs a step.
    fn ran(&mut self, n: NodeId, at: Us) {
        // What had waited for it runs at the instant it goes on.
        if self.woken.remove(&n) == Some(at) {
            self.add(Fault::Pause);
        }
        if self.wrong.remove(&n) {
            self.add(Fault::ClockError);
        }
        if self.liars.contains(&n) {
            self.add(Fault::Lies);
        }
    }

    fn turned(&mut self, run: &Run, line: u32) {
        let act = run.scenario().steps.get(line as usize).map(|s| &s.act);
        if let Some(Act::Turn { who: Who::Node(name), .. }) = act {
            self.liars.extend(run.cast().find(name));
        }
    }
}

fn arrives(run: &Run, m: &MsgRec) -> bool {
    run.trace().event(m.end).is_some_and(|e| matches!(e.what, What::Deliver { .. }))
}

/// Whether the scenario did it, and did not put it right: a protocol sets clocks too.
fn is_put_wrong(run: &Run, e: Event) -> bool {
    let cause = e.cause.and_then(|c| run.trace().event(c)).map(|c| c.what);
    let Some(What::Act { line }) = cause else { return false };
    let act = run.scenario().steps.get(line as usize).map(|s| &s.act);
    matches!(act, Some(Act::Drift { ppm, .. }) if *ppm != 0)
        || matches!(act, Some(Act::Skew { .. }))
}
