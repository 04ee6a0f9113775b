//! Less to look at, and nothing untrue: nodes, kinds of message, heartbeats and local events left out,
//! happened-before kept.
//!
//! ```text
//!   n1 ──●─────────────        n2 hidden:        n1 ──●──────────────
//!         ╲                                            ╲·
//!   n2 ────●──●────────          ───▶                    · ·          a thread
//!              ╲                                             ╲·
//!   n3 ─────────●──────                          n3 ─────────●──────
//! ```
//!
//! What could have influenced what does not change because somebody looks away. Where one visible event
//! comes before another only through what is hidden, a [`Thread`] joins them; there is none where a chain
//! of visible messages says the same, so that a thousand hidden heartbeats between two visible events are
//! one thread, or none. (ShiViz calls them transitive edges.)
//!
//! A [`Sieve`] is a filter folded over a trace and kept up with it: visible clocks are carried along lanes
//! and messages, and compared at each visible event with what visible lines alone would have told it.

use std::rc::Rc;

use crate::card::Weight;
use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::run::Run;
use crate::trace::causality::{Causality, opens};
use crate::trace::{Event, MsgRec, Trace, What};

/// What is left out. A set is a bit a place: at most 128 nodes, and the first 64 kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub nodes: u128,
    pub kinds: u64,
    /// Heartbeats and the like: what the protocol itself calls quiet.
    pub quiet: bool,
    /// Steps that neither receive nor say anything are folded together.
    pub local: bool,
}

impl Filter {
    /// Whether it leaves nothing out.
    pub fn is_open(&self) -> bool {
        *self == Filter::default()
    }
    pub fn node(mut self, n: NodeId, hidden: bool) -> Filter {
        let bit = 1u128.checked_shl(n.0.into()).unwrap_or(0);
        self.nodes = if hidden { self.nodes | bit } else { self.nodes & !bit };
        self
    }
    pub fn kind(mut self, kind: u8, hidden: bool) -> Filter {
        let bit = 1u64.checked_shl(kind.into()).unwrap_or(0);
        self.kinds = if hidden { self.kinds | bit } else { self.kinds & !bit };
        self
    }
    pub fn shows_node(&self, n: NodeId) -> bool {
        self.nodes.checked_shr(n.0.into()).unwrap_or(0) & 1 == 0
    }
    pub fn shows_kind(&self, kind: u8) -> bool {
        self.kinds.checked_shr(kind.into()).unwrap_or(0) & 1 == 0
    }
    /// Whether a message is to be seen: of a visible kind, and both its ends are there.
    pub fn shows(&self, rec: &MsgRec) -> bool {
        let ends = self.shows_node(rec.from) && self.shows_node(rec.to);
        ends && self.shows_kind(rec.kind) && !(self.quiet && rec.quiet)
    }
}

/// One visible event before another through what is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    pub from: EventId,
    pub to: EventId,
}

/// Steps of a lane folded into one mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    pub first: EventId,
    pub last: EventId,
    pub steps: u32,
}

/// Threads between two looks at the earliest of their beginnings.
const BLOCK: usize = 64;
/// Clocks kept of a lane: older ones are asked of the trace.
const RECENT: usize = 64;

/// A filter folded over a trace.
#[derive(Clone, Debug)]
pub struct Sieve {
    filter: Filter,
    shown: Vec<bool>,
    /// In the order of their ends.
    threads: Vec<Thread>,
    /// When the earliest of each block of threads begins.
    begins: Vec<Us>,
    folds: Vec<Vec<Fold>>,
    /// Whether the last fold of each lane may still grow.
    folding: Vec<bool>,
    lanes: Vec<Lane>,
    /// What the sender of each message under way knew.
    sent: Vec<Option<Rc<[u32]>>>,
}

/// Clocks here count visible events.
#[derive(Clone, Debug)]
struct Lane {
    shown: Vec<EventId>,
    /// The past of where the lane is now, through everything.
    now: Vec<u32>,
    /// The same at its last visible event: what visible lines have told it.
    told: Vec<u32>,
    /// `told` as it was at its last [`RECENT`] visible events, one behind the other, round and round.
    recent: Vec<u32>,
}

/// What a filter makes of an event.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Shown,
    Hidden,
    Folded,
}

impl Sieve {
    pub fn new(run: &Run, c: &Causality, filter: Filter) -> Sieve {
        let n = c.lanes();
        let lane =
            Lane { shown: vec![], now: vec![0; n], told: vec![0; n], recent: vec![0; n * RECENT] };
        let mut sieve = Sieve {
            filter,
            shown: vec![],
            threads: vec![],
            begins: vec![],
            folds: vec![vec![]; n],
            folding: vec![false; n],
            lanes: vec![lane; n],
            sent: vec![],
        };
        sieve.catch_up(run, c);
        sieve
    }

    /// Take in what the trace has gained.
    pub fn catch_up(&mut self, run: &Run, c: &Causality) {
        self.sent.resize(run.trace().msgs.len(), None);
        let from = self.shown.len();
        for e in run.trace().range(from, run.trace().len()) {
            let fate = fate(run, &self.filter, &e);
            self.shown.push(fate == Fate::Shown);
            self.weave(run.trace(), c, &e, fate == Fate::Shown);
            self.fold(&e, fate);
        }
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }
    /// Whether an event is to be seen. One of no node is, if the message it is about is.
    pub fn shows(&self, e: EventId) -> bool {
        self.shown.get(e.index()).copied().unwrap_or(true)
    }
    pub fn threads(&self) -> &[Thread] {
        &self.threads
    }
    /// What is folded together on a lane, in order.
    pub fn folds(&self, n: NodeId) -> &[Fold] {
        self.folds.get(n.index()).map_or(&[], |f| f)
    }
    /// The folds of a lane that reach into a stretch of time.
    pub fn folds_in(&self, trace: &Trace, n: NodeId, from: Us, to: Us) -> &[Fold] {
        let all = self.folds(n);
        let a = all.partition_point(|f| trace.at(f.last.index()) < from);
        let b = all.partition_point(|f| trace.at(f.first.index()) <= to);
        &all[a..b.max(a)]
    }

    /// The threads that are to be seen at some time of a stretch.
    pub fn in_sight(&self, trace: &Trace, from: Us, to: Us, each: &mut dyn FnMut(Thread)) {
        let first = self.threads.partition_point(|t| trace.at(t.to.index()) < from);
        for block in first / BLOCK..self.begins.len() {
            if self.begins[block] > to {
                continue;
            }
            let end = ((block + 1) * BLOCK).min(self.threads.len());
            for t in &self.threads[first.max(block * BLOCK)..end] {
                if trace.at(t.from.index()) <= to {
                    each(*t);
                }
            }
        }
    }

    // ---------------------------------------------------------------- folding the trace

    fn fold(&mut self, e: &Event, fate: Fate) {
        let Some(l) = e.node.map(NodeId::index) else { return };
        match fate {
            Fate::Shown => self.folding[l] = false,
            Fate::Hidden => {}
            Fate::Folded => {
                let open = std::mem::replace(&mut self.folding[l], true);
                match self.folds[l].last_mut().filter(|_| open) {
                    Some(f) => (f.last, f.steps) = (e.id, f.steps + 1),
                    None => self.folds[l].push(Fold { first: e.id, last: e.id, steps: 1 }),
                }
            }
        }
    }

    fn weave(&mut self, trace: &Trace, c: &Causality, e: &Event, shown: bool) {
        let brought = self.mail(e.what);
        let Some(l) = e.node.map(NodeId::index) else { return };
        if let Some(clock) = &brought {
            raise(&mut self.lanes[l].now, clock);
        }
        if shown {
            self.bind(trace, c, e, brought.as_deref());
            let lane = &mut self.lanes[l];
            lane.now[l] += 1;
            lane.shown.push(e.id);
            lane.told.clone_from(&lane.now);
            let slot = (lane.shown.len() - 1) % RECENT * lane.told.len();
            lane.recent[slot..slot + lane.told.len()].copy_from_slice(&lane.told);
        }
        if let What::Send { m } = e.what {
            self.sent[m.index()] = Some(self.lanes[l].now[..].into());
        }
    }

    /// What an event of the network does to the clocks under way; the clock that a receipt brings.
    fn mail(&mut self, what: What) -> Option<Rc<[u32]>> {
        match what {
            What::Copy { m, of } => self.sent[m.index()] = self.sent[of.index()].clone(),
            What::Lose { m, .. } => self.sent[m.index()] = None,
            What::Deliver { m } => return self.sent[m.index()].take(),
            _ => {}
        }
        None
    }

    /// Join a visible event to those before it that visible lines have not told it of.
    fn bind(&mut self, trace: &Trace, c: &Causality, e: &Event, brought: Option<&[u32]>) {
        let Some(l) = e.node.map(NodeId::index) else { return };
        let by_message =
            |j: usize| brought.filter(|_| self.is_open_message(trace, e.what)).map_or(0, |b| b[j]);
        let lane = &self.lanes[l];
        let missing = |j: &usize| *j != l && lane.now[*j] > lane.told[*j].max(by_message(*j));
        let heads: Vec<Head> = (0..self.lanes.len())
            .filter(missing)
            .map(|j| Head { lane: j, count: lane.now[j] })
            .collect();
        for from in self.latest(trace, c, &heads) {
            let begin = trace.at(from.index());
            if self.threads.len().is_multiple_of(BLOCK) {
                self.begins.push(begin);
            }
            self.begins.last_mut().into_iter().for_each(|b| *b = (*b).min(begin));
            self.threads.push(Thread { from, to: e.id });
        }
    }

    /// Those of some events of different lanes that come before no other of them.
    fn latest(&self, trace: &Trace, c: &Causality, heads: &[Head]) -> Vec<EventId> {
        let event = |h: &Head| self.lanes[h.lane].shown.get(h.count as usize - 1).copied();
        if heads.len() < 2 {
            return heads.iter().filter_map(event).collect();
        }
        let clocks: Vec<Vec<u32>> = heads.iter().map(|h| self.clock(trace, c, *h)).collect();
        let before = |h: &Head, k: usize| clocks[k][h.lane] >= h.count;
        let is_last =
            |h: &&Head| (0..heads.len()).all(|k| heads[k].lane == h.lane || !before(h, k));
        heads.iter().filter(is_last).filter_map(event).collect()
    }

    /// The clock of a visible event, counted in visible events.
    fn clock(&self, trace: &Trace, c: &Causality, head: Head) -> Vec<u32> {
        let (lane, n) = (&self.lanes[head.lane], self.lanes.len());
        let at = head.count as usize - 1;
        if at + RECENT >= lane.shown.len() {
            return lane.recent[at % RECENT * n..][..n].to_vec();
        }
        let past = c.past(trace, lane.shown[at]);
        let inside = |l: usize, e: &EventId| c.place_of(*e).is_some_and(|p| p.1 < past[l]);
        let count = |l: usize| self.lanes[l].shown.partition_point(|e| inside(l, e)) as u32;
        (0..n).map(count).collect()
    }

    fn is_open_message(&self, trace: &Trace, what: What) -> bool {
        matches!(what, What::Deliver { m } if trace.msg(m).is_some_and(|r| self.filter.shows(r)))
    }
}

/// A visible event by its lane and its number among the visible ones there, from 1.
#[derive(Clone, Copy)]
struct Head {
    lane: usize,
    count: u32,
}

fn raise(clock: &mut [u32], by: &[u32]) {
    clock.iter_mut().zip(by).for_each(|(a, b)| *a = (*a).max(*b));
}

// -------------------------------------------------------------------- judging events

fn fate(run: &Run, filter: &Filter, e: &Event) -> Fate {
    let open = |m: MsgId| run.trace().msg(m).is_none_or(|r| filter.shows(r));
    let message = match e.what {
        What::Send { m } | What::Deliver { m } | What::Lose { m, .. } => open(m),
        What::Copy { m, .. } | What::Hold { m } | What::Release { m } => open(m),
        _ => true,
    };
    if !message || e.node.is_some_and(|n| !filter.shows_node(n)) {
        return Fate::Hidden;
    }
    match filter.local && is_local(run, e) && !speaks(run, filter, e) {
        true if opens(e.what) => Fate::Folded,
        true => Fate::Hidden,
        false => Fate::Shown,
    }
}

/// What a node does by itself: timers, writes, bookkeeping.
fn is_local(run: &Run, e: &Event) -> bool {
    match e.what {
        What::Fire { .. } | What::Meter { .. } | What::Clock { .. } => true,
        What::Save { .. } | What::Saved { .. } | What::Unsaved { .. } => true,
        What::Why { .. } => run.weight(e.id) == Weight::Quiet,
        _ => false,
    }
}

/// Whether an event opens a step in which something is to be seen.
fn speaks(run: &Run, filter: &Filter, e: &Event) -> bool {
    let same = |o: &Event| (o.at, o.k) == (e.at, e.k);
    let mut step = run.trace().range(e.id.index() + 1, run.trace().len()).take_while(same);
    opens(e.what)
        && step.any(|o| {
            o.cause == Some(e.id) && !is_local(run, &o) && fate(run, filter, &o) == Fate::Shown
        })
}
