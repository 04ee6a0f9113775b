//! The log: entries from 1 on, of which a snapshot may stand for the first ones.
//!
//! ```text
//!      1 2 3 4 5 | 6 7 8          base = 5: the snapshot ends there
//!      (snapshot)  ▲ first  ▲ last
//! ```

use serde::{Serialize, Serializer};

use super::msg::{Entries, Entry, Index, Term};
use crate::seq::Seq;

#[derive(Clone, Debug, Default)]
pub struct Log {
    base: Index,
    base_term: Term,
    entries: Seq<Entry>,
    /// Moves with every change, so that whoever watches need not compare.
    changes: u64,
    /// The lowest index changed in this step.
    touched: Index,
}

impl Log {
    pub fn base(&self) -> Index {
        self.base
    }
    pub fn base_term(&self) -> Term {
        self.base_term
    }
    pub fn changes(&self) -> u64 {
        self.changes
    }
    /// Where this step's changes begin, if it made any.
    pub fn touched(&self) -> Index {
        self.touched
    }
    pub fn begin_step(&mut self) {
        self.touched = Index::MAX;
    }
    fn touch(&mut self, index: Index) {
        self.changes += 1;
        self.touched = self.touched.min(index);
    }
    pub fn last_index(&self) -> Index {
        self.base + self.entries.len() as Index
    }
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base_term, |e| e.term)
    }
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn get(&self, index: Index) -> Option<&Entry> {
        self.entries.get(index.checked_sub(self.base + 1)? as usize)
    }

    /// The term at an index; None where there is no entry, or none any more.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base {
            return Some(self.base_term);
        }
        self.get(index).map(|e| e.term)
    }

    /// Whether it holds this entry, in a cell or in what the snapshot stands for.
    pub fn holds(&self, index: Index, term: Term) -> bool {
        index < self.base || self.term_at(index) == Some(term)
    }

    /// At least as up to date as a log that ends so (§5.4.1).
    pub fn is_newer_than(&self, index: Index, term: Term) -> bool {
        (self.last_term(), self.last_index()) > (term, index)
    }

    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.touch(self.last_index());
    }

    /// Delete the entry at `from` and all that follow.
    pub fn truncate_from(&mut self, from: Index) {
        self.entries.truncate(from.saturating_sub(self.base + 1) as usize);
        self.touch(from);
    }

    /// At most `most` entries from an index on.
    pub fn slice(&self, from: Index, most: usize) -> Entries {
        let start = from.saturating_sub(self.base + 1) as usize;
        if start >= self.entries.len() {
            return Entries::default();
        }
        Entries::of(self.entries.tail(start).take(most).cloned().collect())
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + Clone {
        self.entries.iter()
    }

    /// First index of the run of equal terms that ends at `index`.
    pub fn first_of_term(&self, index: Index) -> Index {
        let Some(term) = self.term_at(index) else { return index };
        let mut first = index;
        while first > self.base + 1 && self.term_at(first - 1) == Some(term) {
            first -= 1;
        }
        first
    }

    /// Last index at or before `from` with this term. Terms never fall along a log.
    pub fn last_of_term(&self, term: Term, from: Index) -> Option<Index> {
        let mut i = from.min(self.last_index());
        while i > self.base && self.term_at(i).is_some_and(|t| t > term) {
            i -= 1;
        }
        (i > self.base && self.term_at(i) == Some(term)).then_some(i)
    }

    /// A snapshot stands for everything up to here: keep what follows.
    pub fn compact(&mut self, index: Index, term: Term) {
        let keep = index.saturating_sub(self.base) as usize;
        self.entries = self.entries.tail(keep).cloned().collect();
        (self.base, self.base_term) = (index, term);
        self.changes += 1;
    }

    /// A snapshot stands for everything there is.
    pub fn restart_at(&mut self, index: Index, term: Term) {
        (self.base, self.base_term, self.entries) = (index, term, Seq::default());
        self.touch(index + 1);
    }
}

impl Serialize for Log {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(s)
    }
}
