//! A run: a scenario, the world it opens, and everything that has happened so far.
//!
//! The world is always at the frontier. Looking back is the nearest snapshot before, run on quietly for at
//! most [`SNAP_EVERY`] steps and turns of the scenario; acting in the past is another text and another run that shares what stays
//! the same. A run has no fixed end: `until` settles the verdicts, and time goes on for whoever watches.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::card::{Entry, Weight};
use crate::check::verdict::Verdicts;
use crate::ids::*;
use crate::protocol::{Cast, Face, Refusal};
use crate::protocols::Bill;
use crate::scenario::act_named;
use crate::scenario::ast::{Scenario, Step, Trigger, Until};
use crate::show::{Showcase, TimerFace};
use crate::trace::{MsgRec, Trace, What};
use crate::tree::Tree;
use crate::world::plan::Plan;
use crate::world::{Life, Limit, World};

/// Steps, and turns of the scenario, between snapshots: looking back costs at most this many.
pub const SNAP_EVERY: u64 = 512;
const MAX_BYTES: usize = if cfg!(test) { 4 << 20 } else { 256 << 20 };

/// How far an advance came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything up to the wanted time has happened.
    Reached,
    /// The budget of steps was used up first.
    Budget,
    /// Nothing is left that could ever happen.
    Quiet,
    Limit(Limit),
}

struct Snap {
    events: u32,
    at: Us,
    world: Rc<World>,
}

/// The world that was looked at last: right after the step that made the events from `first` on.
struct Seen {
    first: u32,
    world: Rc<World>,
}

impl Seen {
    fn shows(&self, event: u32) -> bool {
        self.first <= event && event < self.world.counts().events
    }
}

pub struct Run {
    bill: Bill,
    world: World,
    trace: Trace,
    snaps: Vec<Snap>,
    next_snap: u64,
    /// When the scenario ended, if it has.
    ended: Option<Us>,
    /// What became of it by then: worked out when it is asked for, or before the world goes on.
    settled: OnceCell<Verdicts>,
    last_peek: RefCell<Option<Seen>>,
}

impl Run {
    /// Open a scenario that has been read. Of a comparison this is the first run; see
    /// [`Together`](crate::together::Together).
    pub fn open(bill: Bill, scenario: Scenario) -> Result<Run, Refusal> {
        let scenario = alone(scenario);
        let plan = Rc::new(Plan::new(bill.entry(), scenario));
        let stage = bill.open(&plan.params, plan.cast.clone(), plan.seed, plan.bugs);
        let stage = stage.map_err(|r| plan.scenario.run.refused(r))?;
        let mut world = World::open(plan, stage)?;
        let mut trace = Trace::default();
        trace.append(world.fresh());
        let first = Snap { events: world.counts().events, at: 0, world: Rc::new(world.snapshot()) };
        Ok(Run {
            bill,
            world,
            trace,
            snaps: vec![first],
            next_snap: SNAP_EVERY,
            ended: None,
            settled: OnceCell::new(),
            last_peek: RefCell::new(None),
        })
    }

    // ---------------------------------------------------------------- going on

    /// Let everything up to and including `until` happen, in at most `budget` steps.
    pub fn advance(&mut self, until: Us, budget: u32) -> Progress {
        for _ in 0..budget {
            match self.world.next_at() {
                None => {
                    self.settle_if(true);
                    return self.world.limit().map_or(Progress::Quiet, Progress::Limit);
                }
                Some(at) if at > until => {
                    self.settle_if(at > self.horizon());
                    return Progress::Reached;
                }
                Some(at) => self.settle_if(at > self.horizon()),
            }
            if let Some(limit) = self.step() {
                self.settle_if(true);
                return Progress::Limit(limit);
            }
        }
        Progress::Budget
    }

    /// Go on to the end the scenario gives itself, and settle the verdicts.
    pub fn finish(&mut self) -> &Verdicts {
        while self.ended.is_none() {
            self.advance(self.horizon(), u32::MAX);
            self.settle_if(self.world.next_at().is_none_or(|t| t > self.horizon()));
        }
        self.verdicts().unwrap_or_else(|| unreachable!("the loop ends only when it has ended"))
    }

    fn step(&mut self) -> Option<Limit> {
        let _ = self.verdicts();
        if !self.world.advance() {
            return self.world.limit();
        }
        self.trace.append(self.world.fresh());
        if self.world.work() >= self.next_snap {
            self.next_snap = self.world.work() + SNAP_EVERY;
            self.snaps.push(Snap {
                events: self.world.counts().events,
                at: self.world.now(),
                world: Rc::new(self.world.snapshot()),
            });
            if self.trace.bytes() > MAX_BYTES {
                self.world.stop(Limit::Bytes);
            }
        }
        self.settle_early();
        self.world.limit()
    }

    /// `until quiet` and `until FACT` end a run before its horizon.
    fn settle_early(&mut self) {
        let plan = self.world.plan();
        let over = match plan.scenario.until {
            Until::Time(_) => false,
            Until::Quiet { .. } => self.ended.is_none() && self.world.is_quiet(),
            Until::Fact { delay, .. } => {
                let first = plan.watch_of_until.and_then(|w| self.world.watch(w).first);
                first.is_some_and(|(at, ..)| self.world.next_at().is_none_or(|t| t > at + delay))
            }
        };
        self.settle_if(over);
    }

    fn settle_if(&mut self, over: bool) {
        if over && self.ended.is_none() {
            self.ended = Some(self.world.now());
        }
    }

    // ---------------------------------------------------------------- looking

    pub fn trace(&self) -> &Trace {
        &self.trace
    }
    pub fn scenario(&self) -> &Scenario {
        &self.world.plan().scenario
    }
    pub fn plan(&self) -> &Rc<Plan> {
        self.world.plan()
    }
    pub fn entry(&self) -> &'static Entry {
        self.bill.entry()
    }
    pub fn cast(&self) -> &Rc<Cast> {
        self.world.cast()
    }
    /// The world at the frontier.
    pub fn world(&self) -> &World {
        &self.world
    }
    /// When the scenario ends at the latest.
    pub fn horizon(&self) -> Us {
        self.world.plan().horizon()
    }
    /// When the scenario ended, if it has.
    pub fn ended(&self) -> Option<Us> {
        self.ended
    }
    /// What became of it, once it has ended.
    pub fn verdicts(&self) -> Option<&Verdicts> {
        self.ended?;
        Some(self.settled.get_or_init(|| Verdicts::of(self)))
    }
    /// Everything up to this time is in the trace.
    pub fn known_until(&self) -> Us {
        self.world.next_at().map_or(Us::MAX, |t| t.saturating_sub(1))
    }
    pub fn name(&self, n: NodeId) -> &str {
        self.cast().name(n)
    }

    /// A line of the scenario, by the names that the run shows; empty if there is no such line.
    pub fn act(&self, line: u32) -> String {
        let step = self.scenario().steps.get(line as usize);
        step.map_or_else(String::new, |s| act_named(&s.act, &|id| self.shown(id)))
    }

    /// The words of an act, by the names that the run shows.
    pub fn named(&self, act: &str) -> String {
        act.split(' ').map(|word| self.shown(word)).collect::<Vec<_>>().join(" ")
    }

    /// `put x 1`: what a client asked for; empty for nothing.
    pub fn call(&self, op: OpId) -> String {
        let Some(rec) = self.trace.op(op) else { return String::new() };
        let mut out = rec.verb.to_string();
        for arg in &rec.args {
            out.push(' ');
            out.push_str(&arg.renamed(&|id| self.shown(id)).print());
        }
        out
    }

    /// A node by the name it is shown under; any other word as it is.
    fn shown(&self, id: &str) -> String {
        self.cast().find(id).map_or(id, |n| self.name(n)).to_string()
    }

    /// What a message said: its kind with its fields.
    pub fn message(&self, m: MsgId) -> Tree {
        self.trace.msg(m).map_or(Tree::None, |rec| self.world.stage().msg(rec.payload))
    }

    /// What to write on a message's arrow, where that is not its kind.
    pub fn label(&self, rec: &MsgRec) -> Option<String> {
        self.world.stage().msg_label(rec.payload)
    }

    /// The sentence of a reason, or of a scenario's own `say`.
    pub fn sentence(&self, e: EventId) -> Option<String> {
        let event = self.trace.event(e)?;
        match event.what {
            What::Why { why, .. } => Some(self.world.stage().sentence(why, event.node?)),
            What::Mark { text, .. } => self.trace.texts.get(text as usize).cloned(),
            _ => None,
        }
    }

    pub fn weight(&self, e: EventId) -> Weight {
        match self.trace.event(e).map(|e| e.what) {
            Some(What::Why { why, .. }) => self.world.stage().why_weight(why),
            Some(What::Mark { say: true, .. }) => Weight::Key,
            _ => Weight::Quiet,
        }
    }

    /// The fields of a reason.
    pub fn reason(&self, why: u32) -> Tree {
        self.world.stage().why(why)
    }

    /// The world right after the step an event belongs to.
    pub fn peek(&self, after: EventId) -> Peek {
        let want = after.0.min(self.world.counts().events.saturating_sub(1));
        let at = self.snaps.partition_point(|s| s.events <= want).saturating_sub(1);
        let snap = &self.snaps[at];
        if snap.events > want {
            return Peek::of(snap.world.clone());
        }
        let mut last = self.last_peek.borrow_mut();
        if let Some(seen) = last.as_ref().filter(|s| s.shows(want)) {
            return Peek::of(seen.world.clone());
        }
        let mut seen = match last.take() {
            Some(s) if (snap.events + 1..=want).contains(&s.world.counts().events) => s,
            _ => Seen { first: snap.events, world: Rc::new(snap.world.snapshot()) },
        };
        if Rc::get_mut(&mut seen.world).is_none() {
            seen.world = Rc::new(seen.world.snapshot());
        }
        if let Some(w) = Rc::get_mut(&mut seen.world) {
            while w.counts().events <= want {
                seen.first = w.counts().events;
                if !w.advance() {
                    break;
                }
            }
        }
        let world = seen.world.clone();
        *last = Some(seen);
        Peek::of(world)
    }

    /// The world as it is at a time, everything at that time included; before the first event, at its start.
    pub fn peek_at(&self, t: Us) -> Peek {
        self.peek(EventId(self.trace.count_until(t).saturating_sub(1) as u32))
    }

    // ---------------------------------------------------------------- another future

    /// The run of an edited scenario. What comes before the first changed line's instant is shared.
    pub fn edit(&self, scenario: Scenario) -> Result<Run, Refusal> {
        let scenario = alone(scenario);
        let Some(change) = Change::between(self.scenario(), &scenario) else {
            return Run::open(self.bill, scenario);
        };
        let at = self.snaps.partition_point(|s| s.at < change.at);
        let Some(base) =
            at.checked_sub(1).and_then(|i| self.snaps.get(i)).filter(|s| s.at < change.at)
        else {
            return Run::open(self.bill, scenario);
        };
        let plan = Rc::new(Plan::new(self.bill.entry(), scenario));
        let mut world = base.world.fork();
        world.replan(plan, &|line| change.map(line));
        let counts = world.counts();
        let mut trace = self.trace.prefix(counts.events as usize, &counts);
        trace.renumber(&|line| change.map(line as usize).unwrap_or(0) as u32);
        let mut snaps: Vec<Snap> = self.snaps[..at - 1]
            .iter()
            .map(|s| Snap { events: s.events, at: s.at, world: s.world.clone() })
            .collect();
        snaps.push(Snap { events: counts.events, at: base.at, world: Rc::new(world.snapshot()) });
        let next_snap = world.work() + SNAP_EVERY;
        let mut run = Run {
            bill: self.bill,
            world,
            trace,
            snaps,
            next_snap,
            ended: None,
            settled: OnceCell::new(),
            last_peek: RefCell::new(None),
        };
        run.settle_early();
        Ok(run)
    }

    /// How much of this run's trace an edited run shares with it: the events before the change.
    pub fn shared_with(&self, other: &Run) -> Us {
        Change::between(self.scenario(), other.scenario()).map_or(0, |c| c.at)
    }
}

fn alone(scenario: Scenario) -> Scenario {
    if scenario.is_single() { scenario } else { scenario.only(0) }
}

/// The stretch of steps in which two scenarios differ, and when the first of them acts.
struct Change {
    /// Steps before this are the same.
    from: usize,
    /// In the old text the changed stretch ends here, and in the new text there.
    old_to: usize,
    new_to: usize,
    at: Us,
}

impl Change {
    /// None when the two differ in something that holds from the beginning.
    fn between(old: &Scenario, new: &Scenario) -> Option<Change> {
        if !same_beginning(old, new) {
            return None;
        }
        let same = |a: &Step, b: &Step| a.trigger == b.trigger && a.act == b.act;
        let from = old.steps.iter().zip(&new.steps).take_while(|(a, b)| same(a, b)).count();
        let left = old.steps.len().min(new.steps.len()) - from;
        let back = old
            .steps
            .iter()
            .rev()
            .zip(new.steps.iter().rev())
            .take(left)
            .take_while(|(a, b)| same(a, b))
            .count();
        let (old_to, new_to) = (old.steps.len() - back, new.steps.len() - back);
        let at = earliest(old, from, old_to)?.min(earliest(new, from, new_to)?);
        // A chain below the change hangs on another line now.
        let hangs = |s: &Scenario, i: usize| {
            matches!(s.steps.get(i).map(|s| &s.trigger), Some(Trigger::Then { .. }))
        };
        if hangs(old, old_to) || hangs(new, new_to) {
            return None;
        }
        Some(Change { from, old_to, new_to, at })
    }

    /// Where a line of the old text stands in the new one.
    fn map(&self, line: usize) -> Option<usize> {
        match line {
            l if l < self.from => Some(l),
            l if l >= self.old_to => Some(l - self.old_to + self.new_to),
            _ => None,
        }
    }
}

fn same_beginning(old: &Scenario, new: &Scenario) -> bool {
    let expects = |s: &Scenario| s.expects.iter().map(|e| e.what.clone()).collect::<Vec<_>>();
    let run = |s: &Scenario| (s.run.entry.clone(), s.run.seed, s.run.params.clone());
    run(old) == run(new)
        && old.net == new.net
        && old
            .links
            .iter()
            .map(|l| (&l.from, &l.to, l.both, &l.set))
            .eq(new.links.iter().map(|l| (&l.from, &l.to, l.both, &l.set)))
        && old
            .nodes
            .iter()
            .map(|n| (&n.node, &n.label, n.absent, &n.set))
            .eq(new.nodes.iter().map(|n| (&n.node, &n.label, n.absent, &n.set)))
        && old
            .givens
            .iter()
            .map(|g| (&g.node, &g.fields))
            .eq(new.givens.iter().map(|g| (&g.node, &g.fields)))
        && old.bugs == new.bugs
        && old
            .loads
            .iter()
            .map(|l| (&l.node, &l.call, l.rate_milli, l.even, l.from, l.to))
            .eq(new.loads.iter().map(|l| (&l.node, &l.call, l.rate_milli, l.even, l.from, l.to)))
        && old.until == new.until
        && expects(old) == expects(new)
}

/// When the first of these steps may act; None when that is not known from the text.
fn earliest(s: &Scenario, from: usize, to: usize) -> Option<Us> {
    let mut first = Us::MAX;
    for i in from..to {
        match head(s, i) {
            Some(at) => first = first.min(at),
            None => return None,
        }
    }
    Some(first)
}

/// The time of the `at` line a step hangs on.
fn head(s: &Scenario, i: usize) -> Option<Us> {
    (0..=i).rev().find_map(|j| match &s.steps[j].trigger {
        Trigger::Then { .. } => None,
        Trigger::At { at, .. } => Some(Some(at.at)),
        Trigger::When { .. } => Some(None),
    })?
}

/// A look at the inside of a moment.
#[derive(Clone)]
pub struct Peek {
    world: Rc<World>,
    now: Us,
}

impl Peek {
    fn of(world: Rc<World>) -> Peek {
        let now = world.now();
        Peek { world, now }
    }

    /// The same later, before anything else happens: clocks go on and timers run down.
    pub fn at(self, t: Us) -> Peek {
        Peek { now: self.now.max(t), ..self }
    }

    pub fn world(&self) -> &World {
        &self.world
    }
    pub fn now(&self) -> Us {
        self.now
    }
    pub fn face(&self, n: NodeId) -> Face {
        self.world.face(n)
    }
    pub fn life(&self, n: NodeId) -> Life {
        self.world.life(n)
    }
    /// One line of what matters, for under a node's name.
    pub fn line(&self, n: NodeId) -> String {
        self.world.stage().line(n)
    }
    /// Every field of a node's volatile state.
    pub fn state(&self, n: NodeId) -> Tree {
        self.world.stage().state(n)
    }
    /// What is on its disk.
    pub fn disk(&self, n: NodeId) -> Tree {
        self.world.stage().disk(n)
    }
    pub fn exhibits(&self, n: NodeId) -> Showcase {
        self.world.stage().exhibit(n, self.world.senses_at(n, self.now))
    }
    pub fn timers(&self, n: NodeId) -> Vec<TimerFace> {
        let face = |(timer, armed_at, due)| TimerFace {
            name: self.world.stage().timer_name(timer),
            armed_at,
            due,
        };
        self.world.timers(n).into_iter().map(face).collect()
    }
    /// Monotonic reading, wall reading, error of the wall clock, rate in ppm.
    pub fn clock(&self, n: NodeId) -> (Us, Us, i64, i64) {
        self.world.clock_at(n, self.now)
    }
    /// Sides of the partition, while there is one.
    pub fn groups(&self) -> Option<&[u8]> {
        self.world.net().groups()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::{self, CATALOGUE};

    #[test]
    fn a_trace_that_grows_too_long_ends_the_run_and_says_so() {
        let scenario = protocols::parse("lamplight 1\nrun raft nodes=3\nuntil 24h\n").unwrap();
        let bill = protocols::bill(CATALOGUE, &scenario.run.entry).unwrap();
        let mut run = Run::open(bill, scenario).unwrap();
        assert!(run.finish().limit.is_some_and(|l| l.contains("256 MiB")));
        let (at, events) = (run.world().now(), run.trace().len());
        assert!(at < run.horizon() && run.known_until() == Us::MAX);
        assert_eq!(run.advance(Us::MAX, 1_000), Progress::Limit(Limit::Bytes));
        assert_eq!((run.world().now(), run.trace().len()), (at, events));
    }

    #[test]
    fn between_two_events_the_clocks_go_on() {
        let text = "lamplight 1\nrun ntp seed=1\nuntil 10min\n";
        let mut run = protocols::open(protocols::parse(text).unwrap()).unwrap();
        run.finish();
        let n = run.cast().find("c1").unwrap();
        let peek = run.peek_at(100_000_001);
        let (now, later) = (peek.now(), peek.clone().at(100_000_001));
        assert!(now < later.now());
        let shown = |p: &Peek| format!("{:?}", p.exhibits(n).items);
        assert_ne!(shown(&peek), shown(&later));
        assert_eq!(later.clock(n).0 - peek.clock(n).0, later.now() - peek.now());
        assert_eq!(later.at(0).now(), 100_000_001);
    }

    #[test]
    fn a_text_that_speaks_without_end_ends_the_run_and_says_so() {
        let text = "lamplight 1\nrun raft nodes=3\nat 0ms every 1us mark \"x\"\nuntil 24h\n";
        let mut run = protocols::open(protocols::parse(text).unwrap()).unwrap();
        assert!(run.finish().limit.is_some_and(|l| l.contains("256 MiB")));
        // Looking back does over no more than between two snapshots.
        assert!(run.snaps.len() as u64 > run.world().work() / (2 * SNAP_EVERY));
    }

    #[test]
    fn a_load_on_a_node_that_is_not_there_ends_the_run_and_says_so() {
        let text = "lamplight 1\nrun raft nodes=3 clients=1\nnode c1 absent\n\
            load c1 put x rate=1000000/s\nuntil 24h\n";
        let mut run = protocols::open(protocols::parse(text).unwrap()).unwrap();
        assert!(run.finish().limit.is_some_and(|l| l.contains("2,000,000 turns")));
    }

    #[test]
    fn rules_that_wait_are_counted() {
        let text = "lamplight 1\nrun raft nodes=3\nat 0ms every 1us drop next InstallSnapshot\nuntil 2ms\n";
        let mut run = protocols::open(protocols::parse(text).unwrap()).unwrap();
        run.finish();
        let texts = &run.trace().texts;
        assert_eq!(texts.iter().filter(|t| t.contains("wait for messages already")).count(), 1_001);
    }

    #[test]
    fn a_client_asked_a_million_times_a_second_ends_the_run_and_says_so() {
        let text = "lamplight 1\nrun raft nodes=5 clients=1 seed=7\nnet latency=1ms\n\
            at 10ms every 1us c1 put x 1\nuntil 1h\n";
        let mut run = protocols::open(protocols::parse(text).unwrap()).unwrap();
        assert!(run.finish().limit.is_some_and(|l| l.contains("10,000 timers")));
        assert!(run.world().now() < 100_000);
    }
}
