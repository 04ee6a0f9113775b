//! Facts: when a line of the scenario is to fire, and how often an expectation came true.

use crate::ids::{EventId, NodeId, Us};
use crate::scenario::ast::{Fate, Life, Trigger};
use crate::trace::What;
use crate::tree::Tree;
use crate::value::Value;

use super::agenda::Todo;
use super::plan::{Part, Sel, WatchOf};
use super::{Flight, Life as NodeLife, World};

/// How far a fact has come.
#[derive(Clone, Debug)]
pub struct WatchState {
    armed: bool,
    /// Parts that have been true since it was armed.
    have: u32,
    counts: Vec<u32>,
    /// Whether it was true when last looked at: a state counts once each time it becomes true.
    was: bool,
    pub hits: u32,
    /// When it first came true: time, steps at that instant, event.
    pub first: Option<(Us, u32, EventId)>,
    it: Option<Flight>,
}

impl WatchState {
    pub fn new(parts: usize) -> WatchState {
        WatchState {
            armed: false,
            have: 0,
            counts: vec![0; parts],
            was: false,
            hits: 0,
            first: None,
            it: None,
        }
    }
}

impl World {
    pub(super) fn arm_watches(&mut self) {
        let plan = self.plan.clone();
        for (i, watch) in plan.watches.iter().enumerate() {
            self.watches[i].armed = match watch.of {
                WatchOf::Step(s) => matches!(plan.scenario.steps[s].trigger, Trigger::When { .. }),
                WatchOf::Expect(_) | WatchOf::Until => true,
            };
        }
    }

    /// A line has fired, its first event being `since` of this step: what stands below it with `then` waits now, or is
    /// to fire at once, and is given.
    pub(super) fn arm_next(
        &mut self,
        line: usize,
        since: usize,
        cause: EventId,
        it: Option<Flight>,
    ) -> Option<usize> {
        let plan = self.plan.clone();
        let Trigger::Then { fact, delay } = &plan.scenario.steps.get(line + 1)?.trigger else {
            return None;
        };
        if fact.is_none() {
            return self.fire_after(line + 1, *delay, cause, it);
        }
        if let Some(w) = plan.watch_of_step[line + 1] {
            let parts = self.watches[w].counts.len();
            self.watches[w] = WatchState { armed: true, it, ..WatchState::new(parts) };
            // What the line above did counts, and so does what comes.
            self.step.armed_at_event.push((w, since));
        }
        None
    }

    /// The line again if it is to fire now; else its time is kept.
    fn fire_after(
        &mut self,
        line: usize,
        delay: Us,
        cause: EventId,
        it: Option<Flight>,
    ) -> Option<usize> {
        if delay == 0 {
            return Some(line);
        }
        let todo = Todo::Line { line, rep: 0, cause, it };
        self.agenda.insert((self.now + delay, 0, line as u32), todo);
        None
    }

    /// Try every armed watch on what has happened since the last try; acts they fire are tried in turn.
    pub(super) fn try_watches(&mut self) {
        if self.watches.is_empty() {
            return;
        }
        loop {
            let (from, to) = (self.step.tried, self.step.fresh.events.len());
            self.step.tried = to;
            for e in from..to {
                self.see_event(e);
            }
            self.see_state();
            if self.step.fresh.events.len() == to {
                break;
            }
        }
        self.step.armed_at_event.clear();
    }

    fn see_event(&mut self, e: usize) {
        let plan = self.plan.clone();
        for (w, watch) in plan.watches.iter().enumerate() {
            if !self.watches[w].armed
                || self.step.armed_at_event.iter().any(|&(a, seen)| a == w && e < seen)
            {
                continue;
            }
            let mut hit = None;
            for (p, part) in watch.parts.iter().enumerate() {
                if let Some(it) = self.event_is(e, part) {
                    hit = Some(it.or(hit.flatten()));
                    self.note_part(w, p, part);
                }
            }
            if let Some(it) = hit {
                self.watches[w].it = it.or(self.watches[w].it);
                self.settle(w, e);
            }
        }
    }

    /// An event made a part true; a part with an ordinal waits for its turn.
    fn note_part(&mut self, w: usize, p: usize, part: &Part) {
        let state = &mut self.watches[w];
        state.counts[p] += 1;
        let wanted = match part {
            Part::Why { ord, .. } | Part::Life { ord, .. } | Part::Answer { ord, .. } => *ord,
            // A message's ordinal is its own number and was compared already.
            _ => None,
        };
        match wanted {
            Some(n) if state.counts[p] != n => state.have &= !(1 << p),
            _ => state.have |= 1 << p,
        }
    }

    fn settle(&mut self, w: usize, e: usize) {
        let plan = self.plan.clone();
        let whole =
            plan.watches[w].parts.iter().enumerate().all(|(p, part)| self.part_holds(w, p, part));
        if whole {
            let id = EventId(self.counts.events - (self.step.fresh.events.len() - e) as u32);
            self.came_true(w, id);
        }
    }

    fn part_holds(&self, w: usize, p: usize, part: &Part) -> bool {
        match part {
            Part::Is { .. } | Part::Quiet => self.state_is(part),
            _ => self.watches[w].have & (1 << p) != 0,
        }
    }

    /// Facts about what is so, rather than what happens, are looked at after every step.
    fn see_state(&mut self) {
        let plan = self.plan.clone();
        for (w, watch) in plan.watches.iter().enumerate() {
            let stateful = watch.parts.iter().any(|p| matches!(p, Part::Is { .. } | Part::Quiet));
            if !self.watches[w].armed || !stateful {
                continue;
            }
            let whole = watch.parts.iter().enumerate().all(|(p, part)| self.part_holds(w, p, part));
            let was = std::mem::replace(&mut self.watches[w].was, whole);
            let only_state = watch.parts.iter().all(|p| matches!(p, Part::Is { .. } | Part::Quiet));
            if whole && !was && (only_state || self.watches[w].have != 0) {
                self.came_true(w, EventId(self.counts.events.saturating_sub(1)));
            }
        }
    }

    fn came_true(&mut self, w: usize, event: EventId) {
        let plan = self.plan.clone();
        let watch = &plan.watches[w];
        let state = &mut self.watches[w];
        state.hits += 1;
        state.first = state.first.or(Some((self.now, self.k, event)));
        state.have = 0;
        if let WatchOf::Step(line) = watch.of {
            state.armed = false;
            let it = state.it;
            let (Trigger::When { delay, .. } | Trigger::Then { delay, .. }) =
                plan.scenario.steps[line].trigger
            else {
                return;
            };
            if let Some(line) = self.fire_after(line, delay, event, it) {
                self.do_line(line, 0, event, it);
            }
        }
    }

    fn state_is(&self, part: &Part) -> bool {
        match part {
            Part::Quiet => self.is_quiet(),
            Part::Is { who, state, fields } => self.resolve(who).is_some_and(|n| {
                self.is_in_state(n, state) && self.has_fields(fields, || self.stage.state(n))
            }),
            _ => false,
        }
    }

    fn is_in_state(&self, n: NodeId, state: &str) -> bool {
        let face = self.faces[n.index()];
        let life = self.nodes[n.index()].life;
        let up = matches!(life, NodeLife::Up | NodeLife::Paused);
        match state {
            "leader" | "primary" | "coordinator" if face.leads => up,
            state => up && face.state == state,
        }
    }

    /// Whether an event makes a part true; with the message it is about, if any.
    fn event_is(&self, e: usize, part: &Part) -> Option<Option<Flight>> {
        let event = self.step.fresh.events[e];
        let by = |who: &Sel| event.node.is_some() && self.resolve(who) == event.node;
        let flight =
            || self.step.flights.iter().find(|(i, _)| self.index(*i) == Some(e)).map(|(_, f)| *f);
        match (part, event.what) {
            (Part::Why { who, slug, fields, .. }, What::Why { why, slug: s }) if s == *slug => {
                let ok =
                    who.as_ref().is_none_or(by) && self.has_fields(fields, || self.stage.why(why));
                ok.then_some(None)
            }
            (Part::Message { fate: Fate::Sent, kind, path, ord }, What::Send { .. })
            | (Part::Message { fate: Fate::Delivered, kind, path, ord }, What::Deliver { .. })
            | (Part::Message { fate: Fate::Lost, kind, path, ord }, What::Lose { .. }) => {
                let f = flight()?;
                (ord.is_none_or(|o| o == f.nth) && self.fits(&f, kind, path)).then_some(Some(f))
            }
            (Part::Life { who, change, .. }, what) if life_of(what) == Some(*change) => {
                by(who).then_some(None)
            }
            (Part::Answer { who, out, call, .. }, What::Return { .. }) => {
                let (_, _, asked, o) =
                    self.step.answers.iter().find(|(i, ..)| self.index(*i) == Some(e))?;
                let same = asked.verb == call.op && asked.args.starts_with(&call.args);
                (by(who) && o == out && same).then_some(None)
            }
            (Part::Broken(claim), What::Broke { claim: c, .. }) if c == *claim => Some(None),
            _ => None,
        }
    }

    /// Place of an event of this step among the fresh ones.
    fn index(&self, id: u32) -> Option<usize> {
        let first = self.counts.events - self.step.fresh.events.len() as u32;
        id.checked_sub(first).map(|i| i as usize)
    }

    pub(super) fn has_fields(&self, want: &[(String, Value)], have: impl FnOnce() -> Tree) -> bool {
        if want.is_empty() {
            return true;
        }
        let (have, name) = (have(), |n: NodeId| self.plan.cast.members[n.index()].id.clone());
        want.iter().all(|(k, v)| have.get(k).is_some_and(|field| v.matches(field, &name)))
    }
}

fn life_of(what: What) -> Option<Life> {
    match what {
        What::Crash => Some(Life::Crashed),
        What::Restart { .. } => Some(Life::Restarted),
        What::Pause => Some(Life::Paused),
        What::Resume => Some(Life::Resumed),
        _ => None,
    }
}
