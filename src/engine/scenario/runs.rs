//! The runs of a text. Most texts have one; with `beside` a text has up to four, and each of them is the
//! text of a run of its own: what is said without `in`, and what is said of it by name.
//!
//! ```text
//!   run raft as old                        run raft as old      run raft as new prevote=on
//!   beside raft as new prevote=on   ──▶    at 1s isolate n5     at 1s isolate n5
//!   at 1s isolate n5                                            at 3s fire n5 election
//!   in new at 3s fire n5 election
//! ```

use super::ast::{RunLine, Scenario, Sweep};
use super::fault::Fault;
use crate::protocol::Refusal;
use crate::value::Value;

impl RunLine {
    /// What the protocol says of the parameters, where they stand in the text.
    pub(crate) fn refused(&self, r: Refusal) -> Refusal {
        let said = self.places.iter().find(|(param, _)| *param == r.of).map(|(_, at)| *at);
        Refusal::at(vec![Fault::refused(said.unwrap_or(self.place), [&r.message, "."].concat())])
    }

    /// What `in` calls it: its own name, or its protocol's.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.entry)
    }

    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&Value> {
        self.params.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }

    pub(super) fn set(&mut self, param: &str, value: &Value) {
        if let Some(slot) = self.params.iter_mut().find(|(k, _)| k == param) {
            slot.1 = value.clone();
        }
        if !self.given.iter().any(|k| k == param) {
            self.given.push(param.to_string());
        }
    }
}

impl Scenario {
    /// The runs, in the order of the text.
    pub fn runs(&self) -> impl Iterator<Item = &RunLine> {
        std::iter::once(&self.run).chain(&self.beside)
    }

    /// Whether there is nothing in it that only one of its runs does.
    pub fn is_single(&self) -> bool {
        self.beside.is_empty() && self.sweep.is_none()
    }

    /// One run's part of the text, a text of its own: run alone it does the same as beside the others.
    pub fn only(&self, place: usize) -> Scenario {
        let mut own = self.clone();
        if let Some(run) = self.runs().nth(place) {
            own.run = run.clone();
        }
        (own.beside, own.sweep) = (vec![], None);
        let mine = |within: &Option<String>| within.as_ref().is_none_or(|n| n == own.run.called());
        own.steps.retain(|s| mine(&s.within));
        own.expects.retain(|e| mine(&e.within));
        own.steps.iter_mut().for_each(|s| s.within = None);
        own.expects.iter_mut().for_each(|e| e.within = None);
        own
    }

    /// The text at one value of its sweep.
    pub fn at(&self, value: &Value) -> Scenario {
        let mut point = self.clone();
        let Some(sweep) = point.sweep.take() else { return point };
        for run in std::iter::once(&mut point.run).chain(&mut point.beside) {
            run.set(&sweep.param, value);
        }
        point
    }
}

impl Sweep {
    /// The values, first to last.
    pub fn values(&self) -> Vec<Value> {
        let (Some(from), Some(to), Some(by)) =
            (self.from.units(), self.to.units(), self.by.units().filter(|by| *by > 0))
        else {
            return vec![];
        };
        let of = |n: i64| self.from.with_units(n);
        (from..=to).step_by(usize::try_from(by).unwrap_or(usize::MAX)).map(of).collect()
    }
}
