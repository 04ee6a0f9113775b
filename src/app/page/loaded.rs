//! A text that runs, and how far its runs are known.
//!
//! A run is worked out ahead of the playhead, never behind it. A long one is known only in part for a while: then the
//! playhead stands where the known part ends, and goes on from there between the frames.

use std::cell::RefCell;
use std::rc::Rc;

use engine::ids::*;
use engine::run::Run;
use engine::scenario::link::Address;
use engine::scene::Index;

use crate::app::head::Head;
use crate::app::sides::Side;

/// A scenario that is running, and where it came from.
#[derive(Clone)]
pub struct Loaded {
    /// The run in view and its index: one of the sides.
    pub run: Rc<RefCell<Run>>,
    pub index: Rc<RefCell<Index>>,
    /// The runs of the text, in its order; most texts have one.
    pub sides: Rc<[Side]>,
    /// Which of them is in view.
    pub at: usize,
    pub text: Rc<str>,
    /// The shipped scenario it is, unchanged; none after the first edit.
    pub home: Option<Rc<Address>>,
    /// The entry and slug it began as, for the catalogue and the way back.
    pub origin: Option<(String, String)>,
}

impl Loaded {
    /// Look into another of its runs.
    pub(super) fn looking_at(&self, at: usize) -> Loaded {
        let at = at.min(self.sides.len() - 1);
        let side = &self.sides[at];
        Loaded { run: side.run.clone(), index: side.index.clone(), at, ..self.clone() }
    }

    /// The name of the run in view, where there are several.
    pub(super) fn within(&self) -> Option<&str> {
        (self.sides.len() > 1).then(|| &*self.sides[self.at].name)
    }
}

/// Let the run be ahead of the playhead.
pub(super) fn catch_up(loaded: &Loaded, head: Head) {
    loaded.sides.iter().for_each(|s| s.reach(head.at));
}

/// As far on the way as the runs are known, and where the way goes on to; nowhere, where a limit has ended it.
pub(super) fn known_part(sides: &[Side], head: Head) -> (Head, Option<Head>) {
    let limit = |s: &Side| {
        let run = s.run.borrow();
        run.world().limit().map(|_| run.world().now())
    };
    if let Some(last) = sides.iter().filter_map(limit).min() {
        return (if last < head.at { Head::after(last) } else { head }, None);
    }
    match sides.iter().map(|s| s.run.borrow().known_until()).min() {
        Some(known) if known < head.at => (Head::after(known), Some(head)),
        _ => (head, None),
    }
}

/// Where the scenario ends: when it was settled, or at its horizon.
pub fn end_of(run: &Run) -> Us {
    let last = run.trace().len().checked_sub(1).map_or(0, |i| run.trace().at(i));
    match run.ended() {
        Some(at) => at.max(1),
        None if run.world().next_at().is_none() => last,
        None => run.horizon(),
    }
}
