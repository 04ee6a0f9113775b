//! How what is drawn stands to the selected event: in its past, in its future, or neither. The same answer
//! for every view, from the cones the [`Index`] keeps.
//!
//! Shapes carry it as a class and, since colour is never alone, as a sign: `≺` before, `≻` after, `∥`
//! concurrent (Mattern's).

use super::index::{Cones, Index};
use crate::ids::{EventId, MsgId};
use crate::run::Run;

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
}

fn kin(run: &Run, index: &Index, cones: &Cones, selected: EventId, e: EventId) -> Kin {
    let (trace, c) = (run.trace(), &index.causality);
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
