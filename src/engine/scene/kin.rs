//! How what is drawn stands to the selected event: in its past, in its future, or neither. The same answer
//! for every view, from the cones the [`Index`] keeps.
//!
//! Shapes carry it as a class and, since colour is never alone, as a sign: `≺` before, `≻` after, `∥`
//! concurrent (Mattern's).

use std::rc::Rc;

use super::Shape;
use super::index::{Cones, Index};
use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::trace::OpRec;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kin {
    /// The step that is selected.
    Itself,
    Past,
    Future,
    Concurrent,
    /// It happened on no node and is about no message.
    Outside,
}

impl Kin {
    /// How an event stands to the selected one.
    pub fn of(run: &Run, index: &Index, selected: EventId, e: EventId) -> Kin {
        kin(run, index, &index.cones(run.trace(), selected), selected, e)
    }

    /// How a message does: past if its receipt is, future if its sending is.
    pub fn of_message(run: &Run, index: &Index, selected: EventId, m: MsgId) -> Kin {
        let Some(rec) = run.trace().msg(m) else { return Kin::Outside };
        let (sent, end) = (Kin::of(run, index, selected, rec.sent), rec.end.some());
        let received = end.map(|e| Kin::of(run, index, selected, e));
        match (sent, received) {
            (Kin::Outside, _) => Kin::Outside,
            (_, Some(Kin::Past)) | (Kin::Past, Some(Kin::Itself)) => Kin::Past,
            (Kin::Future | Kin::Itself, _) => Kin::Future,
            _ => Kin::Concurrent,
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            Kin::Itself => "itself",
            Kin::Past => "past",
            Kin::Future => "future",
            Kin::Concurrent => "concurrent",
            Kin::Outside => "",
        }
    }
    pub fn sign(self) -> &'static str {
        match self {
            Kin::Past => "≺",
            Kin::Future => "≻",
            Kin::Concurrent => "∥",
            Kin::Itself | Kin::Outside => "",
        }
    }
    /// `before the selected event`
    pub fn words(self) -> &'static str {
        match self {
            Kin::Itself => "the selected step",
            Kin::Past => "before the selected event",
            Kin::Future => "after the selected event",
            Kin::Concurrent => "concurrent with the selected event",
            Kin::Outside => "outside the system",
        }
    }

    /// A shade under what stands so: its ground, and an outline for those who do not see the ground.
    pub fn shade(self, x: f32, y: f32, w: f32, h: f32) -> Option<Shape> {
        let role = match self {
            Kin::Itself => "kin-shade itself",
            Kin::Past => "kin-shade past",
            Kin::Future => "kin-shade future",
            Kin::Concurrent => "kin-shade concurrent",
            Kin::Outside => return None,
        };
        Some(Shape::round(role, x, y, w, h, 5.0))
    }
    /// A name with how what it names stands: `n1, before the selected event`.
    pub fn named(self, name: &str) -> String {
        if self == Kin::Outside { name.into() } else { [name, ", ", self.words()].concat() }
    }
}

/// The event against which everything else is held, with its cones.
pub struct Beside<'a> {
    run: &'a Run,
    index: &'a Index,
    event: EventId,
    cones: Rc<Cones>,
}

impl<'a> Beside<'a> {
    pub fn new(run: &'a Run, index: &'a Index, event: EventId) -> Beside<'a> {
        Beside { run, index, event, cones: index.cones(run.trace(), event) }
    }

    pub fn of(&self, e: EventId) -> Kin {
        kin(self.run, self.index, &self.cones, self.event, e)
    }

    /// How a node stands as the first so many events of the run have left it. Nothing is known of one that has done
    /// nothing yet.
    pub fn node(&self, n: NodeId, count: usize) -> Kin {
        let lane = self.index.causality.lane(n);
        let done = lane.partition_point(|e| (*e as usize) < count);
        let last = done.checked_sub(1).and_then(|i| lane.get(i));
        last.map_or(Kin::Outside, |e| self.of(EventId(*e)))
    }

    /// Up to when the life of a node is in the past, and from when on in the future.
    pub fn bounds(&self, n: NodeId) -> (Option<Us>, Option<Us>) {
        let (lane, l) = (self.index.causality.lane(n), n.index());
        if self.of(self.event) == Kin::Outside {
            return (None, None);
        }
        let at = |i: u32| lane.get(i as usize).map(|e| self.run.trace().at(*e as usize));
        let past = self.cones.past.get(l).and_then(|p| at(p.checked_sub(1)?));
        (past, self.cones.future.get(l).and_then(|f| at(*f)))
    }

    /// `, up to 1.2 s before the selected event, from 1.4 s on after it`
    pub fn life_words(&self, n: NodeId) -> String {
        let before = |t| [", up to ", &prose_time(t), " before the selected event"].concat();
        let after = |t| [", from ", &prose_time(t), " on after "].concat();
        match self.bounds(n) {
            (Some(p), Some(f)) => [before(p), after(f), "it".into()].concat(),
            (Some(p), None) => before(p),
            (None, Some(f)) => [after(f), "the selected event".into()].concat(),
            (None, None) if self.of(self.event) == Kin::Outside => String::new(),
            (None, None) => [", ", Kin::Concurrent.words()].concat(),
        }
    }

    /// How an operation stands. Of one that is still open at `until`, only what is known by then.
    pub fn op(&self, op: &OpRec, until: Us) -> Lasting {
        let at = |e: EventId| self.run.trace().at(e.index());
        let ret = op.ret.as_ref().map(|r| r.0);
        let (a, b) = (at(op.invoke), ret.map_or(until, at));
        let (begins, ends) = (self.of(op.invoke), ret.map(|e| self.of(e)));
        let (past, future) = self.bounds(op.node);
        let whole = match (begins, ends) {
            (Kin::Outside, _) => Kin::Outside,
            (Kin::Past, Some(Kin::Past | Kin::Itself)) => Kin::Past,
            (Kin::Future | Kin::Itself, _) => Kin::Future,
            _ => Kin::Concurrent,
        };
        let begun = past.filter(|_| begins == Kin::Past).map(|p| (a, p.clamp(a, b.max(a))));
        let ended = match ends {
            None => future.filter(|f| *f < b),
            Some(ends) => future.filter(|_| ends == Kin::Future),
        };
        let (past, future) = match whole {
            Kin::Outside => (None, None),
            Kin::Past => (Some((a, b)), None),
            Kin::Future => (None, Some((a, b))),
            _ => (begun, ended.map(|f| (f.clamp(a, b.max(a)), b))),
        };
        let words = match (whole, begins, ends) {
            (Kin::Outside, ..) => String::new(),
            (Kin::Past | Kin::Future, ..) => whole.words().into(),
            (_, one, Some(other)) if one == other => one.words().into(),
            (_, one, Some(other)) => ["begins ", one.words(), ", ends ", other.words()].concat(),
            (_, one, None) => ["begins ", one.words()].concat(),
        };
        let apart = whole == Kin::Concurrent && past.is_none() && future.is_none();
        Lasting { past, future, apart, words }
    }
}

/// How something that lasts stands: the parts of its time in the past and in the future.
#[derive(Clone, Debug, PartialEq)]
pub struct Lasting {
    pub past: Option<(Us, Us)>,
    pub future: Option<(Us, Us)>,
    /// No part of it is in either.
    pub apart: bool,
    /// Empty where nothing is known.
    pub words: String,
}

fn kin(run: &Run, index: &Index, cones: &Cones, selected: EventId, e: EventId) -> Kin {
    let (trace, c) = (run.trace(), &index.causality);
    // What the scenario itself did is neither before nor after anything.
    if c.root(trace, selected).is_none() {
        return Kin::Outside;
    }
    let Some(root) = c.root(trace, e) else { return Kin::Outside };
    let opening = c.opening(trace, root);
    let Some((lane, at)) = c.place_of(opening) else { return Kin::Outside };
    match lane.index() {
        _ if opening == c.opening(trace, selected) => Kin::Itself,
        l if at < cones.past[l] => Kin::Past,
        l if at >= cones.future[l] => Kin::Future,
        _ => Kin::Concurrent,
    }
}
