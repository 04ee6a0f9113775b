//! Marks on the scrubber: what was done to the run, what it told, and what broke.

use super::Pick;
use super::index::Index;
use super::list;
use crate::card::Weight;
use crate::few;
use crate::ids::{EventId, Us};
use crate::run::Run;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    Key,
    Bookmark,
    Fault,
    Broken,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: Us,
    pub event: EventId,
    pub sort: Sort,
    pub pick: Pick,
}

/// All marks in order of time; ask [`name`] for the words of those that are shown.
pub fn marks(index: &Index) -> Vec<Mark> {
    let mark = |at, event, sort| Mark { at, event, sort, pick: Pick::Event(event) };
    let keys = index.tales.iter().filter(|t| t.weight == Weight::Key);
    let mut out: Vec<Mark> = keys.map(|t| mark(t.at, t.event, Sort::Key)).collect();
    out.extend(index.bookmarks.iter().map(|(at, e)| mark(*at, *e, Sort::Bookmark)));
    out.extend(index.broken.iter().map(|(at, e)| mark(*at, *e, Sort::Broken)));
    out.extend(
        index
            .faults
            .iter()
            .map(|a| Mark { pick: Pick::Fault(a.line), ..mark(a.at, a.event, Sort::Fault) }),
    );
    few::sort_by_key(&mut out, |m| (m.at, m.event));
    out
}

pub fn name(run: &Run, mark: &Mark) -> String {
    list::name(run, mark.event)
}
