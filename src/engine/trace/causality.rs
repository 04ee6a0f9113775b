//! What could have influenced what: Lamport's happened-before as folds over a trace.
//!
//! An event's direct predecessors are the event before it on its node's lane and, where it is a receipt,
//! the send. The past of an event is a prefix of every lane, so a cone is one number a lane: how far up it
//! the past reaches ([`Causality::past`]), or from where on the future begins ([`Causality::future`]).
//!
//! ```text
//!   n1 ──●───●─────────○──        the past of ◉ is n1 up to 2, n2 up to 2:  [2, 2]
//!            ╲                    and its clock counts the *steps* in there (a handler's run:
//!   n2 ────●──◉──○──────          its opening event and all it sends are one step)
//! ```
//!
//! The scenario's own acts stand outside: who crashes a node "when n3 is elected" sent it no message. So
//! do the network's doings, except that a copy carries its original's past.
//!
//! Lamport, *Time, clocks, and the ordering of events*, 1978; Fidge and Mattern, 1988. Stamps are kept (four
//! bytes an event); vector clocks are not, but for one every [`EVERY`] events of a lane, and are walked
//! from there.

use crate::ids::{EventId, MsgId, NodeId};
use crate::trace::{Event, Trace, What};

/// Events of a lane between kept clocks.
pub const EVERY: usize = 256;

/// A node's events in order.
#[derive(Clone, Debug, Default)]
struct Lane {
    events: Vec<u32>,
    /// Steps up to and including each event.
    steps: Vec<u32>,
    /// The past of every `EVERY`-th event, by lane.
    kept: Vec<Box<[u32]>>,
}

#[derive(Clone, Debug, Default)]
pub struct Causality {
    lanes: Vec<Lane>,
    /// Place of each event on its lane; `NOWHERE` for those of no node.
    place: Vec<u32>,
    node: Vec<u16>,
    lamport: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;
const NOBODY: u16 = u16::MAX;

/// Whether an event begins a handler's run.
pub fn opens(what: What) -> bool {
    matches!(
        what,
        What::Start { .. }
            | What::Restart { .. }
            | What::Deliver { .. }
            | What::Fire { .. }
            | What::Saved { .. }
            | What::Invoke { .. }
    )
}

impl Causality {
    pub fn new(nodes: usize) -> Causality {
        Causality { lanes: vec![Lane::default(); nodes], ..Causality::default() }
    }

    /// What was known after the first so many events.
    pub fn prefix(&self, events: usize) -> Causality {
        let lane = |l: &Lane| {
            let n = l.events.partition_point(|e| (*e as usize) < events);
            let kept = l.kept[..(n / EVERY).min(l.kept.len())].to_vec();
            Lane { events: l.events[..n].to_vec(), steps: l.steps[..n].to_vec(), kept }
        };
        Causality {
            lanes: self.lanes.iter().map(lane).collect(),
            place: self.place[..events].to_vec(),
            node: self.node[..events].to_vec(),
            lamport: self.lamport[..events].to_vec(),
        }
    }

    /// Take in what the trace has gained.
    pub fn catch_up(&mut self, trace: &Trace) {
        for i in self.place.len()..trace.len() {
            self.add(trace, EventId(i as u32));
        }
    }

    fn add(&mut self, trace: &Trace, id: EventId) {
        let Some(e) = trace.event(id) else { return };
        let Some(lane) = e.node.and_then(|n| self.lanes.get_mut(n.index())) else {
            self.place.push(NOWHERE);
            self.node.push(NOBODY);
            return self.lamport.push(0);
        };
        let tick = u32::from(opens(e.what));
        let before = lane.events.last().copied();
        lane.steps.push(lane.steps.last().copied().unwrap_or(0) + tick);
        lane.events.push(id.0);
        self.place.push(lane.events.len() as u32 - 1);
        self.node.push(e.node.map_or(NOBODY, |n| n.0));
        let mine = before.map_or(0, |b| self.lamport[b as usize]);
        let theirs = self.sender(trace, id).map_or(0, |c| self.lamport[c.index()]);
        self.lamport.push(mine.max(theirs) + tick);
        self.keep(trace, id);
    }

    /// Keep the clock of every `EVERY`-th event of a lane.
    fn keep(&mut self, trace: &Trace, id: EventId) {
        let (n, at) = (self.node[id.index()] as usize, self.place[id.index()] as usize);
        if (at + 1).is_multiple_of(EVERY) {
            let past = self.past(trace, id);
            self.lanes[n].kept.push(past.into_boxed_slice());
        }
    }

    /// The event on another lane that this one received from.
    pub fn sender(&self, trace: &Trace, e: EventId) -> Option<EventId> {
        let What::Deliver { m } = trace.event(e)?.what else { return None };
        let mut m: MsgId = m;
        while let Some(of) = trace.msg(m)?.of {
            m = of;
        }
        trace.msg(m)?.sent.some()
    }

    /// The event that opened the step this one belongs to; itself where it opens one or belongs to none.
    ///
    /// A handler's run is not divided: whoever hears of a part of it hears of a state after all that came
    /// before it. Where steps are compared, each is spoken for by its opening.
    pub fn opening(&self, trace: &Trace, e: EventId) -> EventId {
        let mut at = e;
        while let Some(event) = trace.event(at).filter(|e| !opens(e.what) && e.node.is_some()) {
            let opener = event.cause.and_then(|c| trace.event(c));
            let step = |o: &Event| (o.node, o.at, o.k) == (event.node, event.at, event.k);
            match opener.filter(step) {
                Some(o) => at = o.id,
                None => break,
            }
        }
        at
    }

    /// Where an event of no node belongs: at the sending of the message it is about. None for the
    /// scenario's own acts.
    pub fn root(&self, trace: &Trace, e: EventId) -> Option<EventId> {
        self.rooted(trace, e).and_then(|(lane, at)| self.at(lane, at))
    }

    /// The event before this one on its lane.
    pub fn before(&self, e: EventId) -> Option<EventId> {
        let (lane, at) = self.place_of(e)?;
        self.at(lane, at.checked_sub(1)?)
    }

    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }
    /// Lane of an event, and its place on it.
    pub fn place_of(&self, e: EventId) -> Option<(NodeId, u32)> {
        let at = *self.place.get(e.index())?;
        (at != NOWHERE).then(|| (NodeId(self.node[e.index()]), at))
    }
    /// The event at a place of a lane.
    pub fn at(&self, lane: NodeId, at: u32) -> Option<EventId> {
        self.lanes.get(lane.index())?.events.get(at as usize).map(|e| EventId(*e))
    }
    /// A lane's events, as indices into the trace.
    pub fn lane(&self, n: NodeId) -> &[u32] {
        self.lanes.get(n.index()).map_or(&[], |l| &l.events)
    }
    /// Lamport's stamp, counted in steps; 0 for what happened on no node.
    pub fn lamport(&self, e: EventId) -> u32 {
        self.lamport.get(e.index()).copied().unwrap_or(0)
    }

    // ---------------------------------------------------------------- cones

    /// The past of an event, itself included: how many events of each lane are in it.
    pub fn past(&self, trace: &Trace, e: EventId) -> Vec<u32> {
        let mut past = vec![0; self.lanes.len()];
        let Some(root) = self.rooted(trace, e) else { return past };
        let mut todo = vec![root];
        while let Some((lane, at)) = todo.pop() {
            self.climb(trace, lane, at, &mut past, &mut todo);
        }
        past
    }

    /// Where an event stands; one of no node stands where the message it is about was sent.
    fn rooted(&self, trace: &Trace, e: EventId) -> Option<(NodeId, u32)> {
        self.place_of(e).or_else(|| {
            let m = match trace.event(e)?.what {
                What::Copy { m, .. }
                | What::Lose { m, .. }
                | What::Hold { m }
                | What::Release { m } => m,
                _ => return None,
            };
            let mut rec = trace.msg(m)?;
            while let Some(of) = rec.of {
                rec = trace.msg(of)?;
            }
            self.place_of(rec.sent)
        })
    }

    /// Take a lane into the past up to a place, from the nearest clock kept below it.
    fn climb(
        &self,
        trace: &Trace,
        lane: NodeId,
        at: u32,
        past: &mut [u32],
        todo: &mut Vec<(NodeId, u32)>,
    ) {
        let l = lane.index();
        let full = ((at as usize + 1) / EVERY).min(self.lanes[l].kept.len());
        if let Some(kept) = full.checked_sub(1).and_then(|k| self.lanes[l].kept.get(k))
            && kept[l] > past[l]
        {
            past.iter_mut().zip(kept).for_each(|(p, k)| *p = (*p).max(*k));
        }
        let from = past[l];
        past[l] = from.max(at + 1);
        for i in from..=at {
            let e = EventId(self.lanes[l].events[i as usize]);
            if let Some(sent) = self.sender(trace, e).and_then(|s| self.place_of(s))
                && past[sent.0.index()] <= sent.1
            {
                todo.push(sent);
            }
        }
    }

    /// The future of an event, itself included: the place on each lane from which on everything is in it
    /// (the lane's length where nothing is). Only what is known by now.
    pub fn future(&self, trace: &Trace, e: EventId) -> Vec<u32> {
        let mut first: Vec<u32> = self.lanes.iter().map(|l| l.events.len() as u32).collect();
        let Some((lane, at)) = self.place_of(e) else { return first };
        first[lane.index()] = at;
        // Events stand in an order in which nobody comes before what it depends on: one pass is enough.
        for i in e.index() + 1..self.place.len() {
            let Some((lane, at)) = self.place_of(EventId(i as u32)) else { continue };
            let reached = |s: (NodeId, u32)| first[s.0.index()] <= s.1;
            let by = self.sender(trace, EventId(i as u32)).and_then(|s| self.place_of(s));
            if at < first[lane.index()] && by.is_some_and(reached) {
                first[lane.index()] = at;
            }
        }
        first
    }

    /// Whether one event could have influenced another (an event does not precede itself).
    pub fn precedes(&self, trace: &Trace, a: EventId, b: EventId) -> bool {
        let Some((lane, at)) = self.place_of(a) else { return false };
        a != b && self.past(trace, b)[lane.index()] > at
    }

    /// The vector clock of an event: steps of each lane in its past.
    pub fn clock(&self, trace: &Trace, e: EventId) -> Vec<u32> {
        let past = self.past(trace, e);
        past.iter().zip(&self.lanes).map(|(p, lane)| lane.count(*p)).collect()
    }

    // ---------------------------------------------------------------- cuts

    /// Whether everything received in a cut (so many events of each lane) was sent in it.
    pub fn is_consistent(&self, trace: &Trace, cut: &[u32]) -> bool {
        self.close(trace, cut) == cut
    }

    /// The smallest consistent cut that holds this one.
    pub fn close(&self, trace: &Trace, cut: &[u32]) -> Vec<u32> {
        let mut closed = vec![0; self.lanes.len()];
        for (l, &n) in cut.iter().enumerate().take(self.lanes.len()) {
            let n = n.min(self.lanes[l].events.len() as u32);
            let Some(e) = n.checked_sub(1).and_then(|at| self.at(NodeId(l as u16), at)) else {
                continue;
            };
            let past = self.past(trace, e);
            closed.iter_mut().zip(&past).for_each(|(c, p): (&mut u32, _)| *c = (*c).max(*p));
        }
        closed
    }

    // ---------------------------------------------------------------- chains

    /// Why it happened: the chain of causes, from the event back to one nobody caused. This is also its
    /// critical path: at each link it is the last thing waited for.
    pub fn chain(&self, trace: &Trace, e: EventId) -> Vec<EventId> {
        let step = |e: &EventId| trace.event(*e)?.cause;
        std::iter::successors(Some(e), step).collect()
    }

    /// A chain with the fewest messages by which `a` could have influenced `b`, from `a` to `b`.
    pub fn shortest(&self, trace: &Trace, a: EventId, b: EventId) -> Option<Vec<EventId>> {
        if a != b && !self.precedes(trace, a, b) {
            return None;
        }
        let floor = a.index();
        let mut next: Vec<u32> = vec![NOWHERE; b.index() + 1 - floor];
        let mut seen = vec![false; next.len()];
        let mut todo = std::collections::VecDeque::from([(b, NOWHERE)]);
        // Along a lane costs nothing, a message one: backwards, breadth first.
        while let Some((e, from)) = todo.pop_front() {
            if e.index() < floor || std::mem::replace(&mut seen[e.index() - floor], true) {
                continue;
            }
            next[e.index() - floor] = from;
            if e == a {
                return Some(unwind(&next, floor, a));
            }
            self.before(e).into_iter().for_each(|p| todo.push_front((p, e.0)));
            self.sender(trace, e).into_iter().for_each(|s| todo.push_back((s, e.0)));
        }
        None
    }
}

fn unwind(next: &[u32], floor: usize, a: EventId) -> Vec<EventId> {
    let step = |e: &EventId| {
        let n = *next.get(e.index() - floor)?;
        (n != NOWHERE).then_some(EventId(n))
    };
    std::iter::successors(Some(a), step).collect()
}

impl Lane {
    /// Steps among its first `n` events.
    fn count(&self, n: u32) -> u32 {
        n.checked_sub(1).and_then(|i| self.steps.get(i as usize)).copied().unwrap_or(0)
    }
}

/// Messages by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub sent: u32,
    pub delivered: u32,
    pub lost: u32,
}

/// How many messages of each kind were sent, delivered and lost in a stretch of events.
pub fn tally(trace: &Trace, kinds: usize, from: usize, to: usize) -> Vec<Tally> {
    let mut all = vec![Tally::default(); kinds];
    for e in trace.range(from, to) {
        let (m, count): (MsgId, fn(&mut Tally) -> &mut u32) = match e.what {
            What::Send { m } => (m, |t| &mut t.sent),
            What::Deliver { m } => (m, |t| &mut t.delivered),
            What::Lose { m, .. } => (m, |t| &mut t.lost),
            _ => continue,
        };
        if let Some(t) = trace.msg(m).and_then(|r| all.get_mut(r.kind as usize)) {
            *count(t) += 1;
        }
    }
    all
}
