//! Two runs side by side: where they first do different things, and what each has come to by a moment.
//!
//! Both are asked for in every frame while runs are still growing, so both are folded once and kept up:
//! [`Parting`] walks the two traces together and stops at the first difference for good; [`Tally`] keeps
//! its counters every 256 events and adds the rest up.

use super::json::{Lines, is_behaviour, word};
use super::text::Legend;
use super::{Event, Trace, What};
use crate::ids::*;
use crate::run::Run;
use crate::scenario::act;

use crate::scenario::ast::{Act, Out};
use crate::tree::Tree;

/// Where two runs part.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Up to here they did the same.
    pub at: Us,
    pub sides: [Did; 2],
}

/// What one of them did there.
#[derive(Clone, Debug, PartialEq)]
pub struct Did {
    /// Its first event that the other does not share, and when; none where nothing more happens in it.
    pub event: Option<(EventId, Us)>,
    /// A sentence.
    pub says: String,
}

/// Looks for the first difference as far as both traces reach.
#[derive(Clone, Debug, Default)]
pub struct Parting {
    seen: [usize; 2],
    found: Option<Difference>,
}

impl Parting {
    pub fn found(&self) -> Option<&Difference> {
        self.found.as_ref()
    }

    /// Go on where the last look ended. Two other runs need another `Parting`.
    pub fn catch_up(&mut self, a: &Run, b: &Run) -> Option<&Difference> {
        while self.found.is_none() {
            let next = [next(a, &mut self.seen[0]), next(b, &mut self.seen[1])];
            match &next {
                [Some(x), Some(y)] if same(a, x, b, y) => self.seen = self.seen.map(|i| i + 1),
                [None, None] => break,
                // The other may still do the same.
                [Some(e), None] if b.known_until() < e.at => break,
                [None, Some(e)] if a.known_until() < e.at => break,
                _ => self.found = Some(difference([a, b], next)),
            }
        }
        self.found()
    }
}

/// Where two runs first do different things, as far as both are known.
pub fn first_difference(a: &Run, b: &Run) -> Option<Difference> {
    let mut parting = Parting::default();
    parting.catch_up(a, b);
    parting.found
}

/// The next event of behaviour; what a protocol says of itself is no difference, nor what the scenario says and marks.
fn next(run: &Run, seen: &mut usize) -> Option<Event> {
    let is_told = |e: &Event| match e.what {
        What::Act { line } => run
            .scenario()
            .steps
            .get(line as usize)
            .is_some_and(|s| matches!(s.act, Act::Say(_) | Act::Mark(_))),
        _ => false,
    };
    let mut rest = run.trace().range(*seen, run.trace().len());
    let e = rest.find(|e| is_behaviour(e.what) && !is_told(e))?;
    *seen = e.id.index();
    Some(e)
}

/// As the hash compares them, but for the step within the instant and for the line of an act, which has
/// another number where lines are of one run alone. Numbers of messages are the same as long as all that
/// was sent is.
fn same(a: &Run, x: &Event, b: &Run, y: &Event) -> bool {
    if x.at != y.at || word(x.what) != word(y.what) || member(a, x) != member(b, y) {
        return false;
    }
    let line = |run: &Run, e: &Event| Lines::new(run).event(&Event { k: 0, ..*e }, false);
    match x.what {
        What::Act { .. } => done(a, x) == done(b, y),
        What::Send { .. }
        | What::Fire { .. }
        | What::Save { .. }
        | What::Saved { .. }
        | What::Unsaved { .. }
        | What::Invoke { .. }
        | What::Return { .. } => line(a, x) == line(b, y),
        _ => x.what == y.what,
    }
}

fn member<'a>(run: &'a Run, e: &Event) -> Option<&'a str> {
    e.node.and_then(|n| run.cast().members.get(n.index())).map(|m| m.id.as_str())
}

fn difference(runs: [&Run; 2], events: [Option<Event>; 2]) -> Difference {
    let at = events.iter().flatten().map(|e| e.at).min().unwrap_or(0);
    let [x, y] = &events;
    let side = |run: &Run, own: &Option<Event>, other: Option<(&Run, &Event)>| Did {
        event: own.map(|e| (e.id, e.at)),
        says: own.map_or_else(|| "Nothing more happens.".into(), |e| sentence(run, &e, other)),
    };
    let sides = [
        side(runs[0], x, y.as_ref().map(|e| (runs[1], e))),
        side(runs[1], y, x.as_ref().map(|e| (runs[0], e))),
    ];
    Difference { at, sides }
}

fn done(run: &Run, e: &Event) -> String {
    let What::Act { line } = e.what else { return String::new() };
    run.scenario().steps.get(line as usize).map_or_else(String::new, |s| act(&s.act))
}

fn told(run: &Run, e: &Event) -> String {
    let What::Act { line } = e.what else { return String::new() };
    run.act(line)
}

/// What happened, in a sentence. Of a message like the other's, what it says otherwise.
fn sentence(run: &Run, e: &Event, other: Option<(&Run, &Event)>) -> String {
    let ends =
        |m: MsgId| run.trace().msg(m).map_or(("", ""), |r| (run.name(r.from), run.name(r.to)));
    let says = match e.what {
        What::Send { m } => {
            let (from, to) = ends(m);
            let fields = other.map_or_else(String::new, |o| otherwise(run, m, o));
            [from, " sends ", to, " ", &kind(run, m), &fields].concat()
        }
        What::Deliver { m } => {
            [ends(m).1, " receives ", &kind(run, m), " from ", ends(m).0].concat()
        }
        What::Lose { m, .. } => {
            [&kind(run, m), " from ", ends(m).0, " to ", ends(m).1, " is lost"].concat()
        }
        What::Fire { timer } => {
            let node = e.node.map_or("", |n| run.name(n));
            [node, "'s timer ", &run.world().stage().timer_name(timer), " runs out"].concat()
        }
        What::Act { .. } => ["The scenario: ", &told(run, e)].concat(),
        _ => Legend::new(run).tell(e),
    };
    says + "."
}

fn kind(run: &Run, m: MsgId) -> String {
    let of = |trace: &Trace| trace.msg(m).map(|r| (r.kind, r.nth));
    let Some((kind, nth)) = of(run.trace()) else { return String::new() };
    format!("{} #{nth}", run.entry().kinds.get(kind as usize).map_or("", |k| k.name))
}

/// The fields of a message that another of the same kind has otherwise.
fn otherwise(run: &Run, m: MsgId, (theirs, e): (&Run, &Event)) -> String {
    let What::Send { m: n } = e.what else { return String::new() };
    let (own, other) = (run.message(m), theirs.message(n));
    let (Tree::Variant(a, _), Tree::Variant(b, _)) = (&own, &other) else { return String::new() };
    if a != b {
        return String::new();
    }
    let name = |n: NodeId| run.name(n).to_string();
    let differs = own.fields().iter().filter(|(k, v)| other.get(k) != Some(v));
    let said: Vec<String> = differs.map(|(k, v)| [k, "=", &v.plain(&name)].concat()).collect();
    if said.is_empty() { String::new() } else { [" with ", &said.join(" ")].concat() }
}

/// What a run has come to by a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages, without the copies a network makes.
    pub sent: u32,
    /// Deliveries, of copies too.
    pub delivered: u32,
    pub lost: u32,
    /// Operations clients have asked for, and those that came back so far, each way.
    pub asked: u32,
    pub ok: u32,
    pub failed: u32,
    pub unknown: u32,
    /// From call to answer, of those that came back ok: half of them took no longer.
    pub median: Option<Us>,
    /// A bit for each claim of the entry that has been broken.
    pub broken: u64,
}

impl Counters {
    /// Share of the operations asked for that are answered ok, in parts per million.
    pub fn availability(&self) -> Option<u32> {
        let share = u64::from(self.ok) * 1_000_000;
        share.checked_div(self.asked.into()).and_then(|share| share.try_into().ok())
    }
    /// How many claims are broken.
    pub fn claims_broken(&self) -> u32 {
        self.broken.count_ones()
    }

    fn add(&mut self, trace: &Trace, what: What) {
        match what {
            What::Send { .. } => self.sent += 1,
            What::Deliver { .. } => self.delivered += 1,
            What::Lose { .. } => self.lost += 1,
            What::Invoke { .. } => self.asked += 1,
            What::Return { op } => match trace.op(op).and_then(|o| o.ret.as_ref()).map(|r| r.1) {
                Some(Out::Ok) => self.ok += 1,
                Some(Out::Failed) => self.failed += 1,
                _ => self.unknown += 1,
            },
            What::Broke { claim, .. } => self.broken |= 1 << (claim & 63),
            _ => {}
        }
    }
}

/// Events between two counts that are kept.
const KEEP_EVERY: usize = 256;

/// A run's counters at any moment of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    seen: usize,
    now: Counters,
    /// Before event 0, 256, 512, …
    kept: Vec<Counters>,
    /// What the answers ok so far took, shortest first.
    took: Vec<Us>,
    /// The median after each of them.
    medians: Vec<Us>,
}

impl Tally {
    /// Take in what has happened since. Another run needs another tally.
    pub fn catch_up(&mut self, run: &Run) {
        let trace = run.trace();
        for i in self.seen..trace.len() {
            if i.is_multiple_of(KEEP_EVERY) {
                self.kept.push(self.now);
            }
            let ok = self.now.ok;
            self.now.add(trace, trace.what(i));
            if let (What::Return { op }, true) = (trace.what(i), self.now.ok > ok) {
                let since = trace.op(op).map_or(0, |o| trace.at(o.invoke.index()));
                self.answered(trace.at(i) - since);
            }
        }
        self.seen = trace.len();
    }

    fn answered(&mut self, took: Us) {
        let at = self.took.partition_point(|t| *t <= took);
        self.took.insert(at, took);
        self.medians.push(self.took[(self.took.len() - 1) / 2]);
    }

    /// Everything up to and including this time. Looks at no more than 256 events.
    pub fn at(&self, trace: &Trace, t: Us) -> Counters {
        let events = trace.count_until(t).min(self.seen);
        let Some(from) = events.checked_sub(1).map(|last| last / KEEP_EVERY) else {
            return Counters::default();
        };
        let mut sum = self.kept.get(from).copied().unwrap_or_default();
        (from * KEEP_EVERY..events).for_each(|i| sum.add(trace, trace.what(i)));
        sum.median = (sum.ok as usize).checked_sub(1).and_then(|i| self.medians.get(i).copied());
        sum
    }
}
