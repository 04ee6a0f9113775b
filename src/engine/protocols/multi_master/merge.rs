//! Versions of one key: which are kept, and what a reader is shown of them.
//!
//! Which are kept depends on the versions alone and not on the order they came in; so does what is shown.
//! That, and nothing else, makes masters agree that have never talked about a conflict.

use serde::Serialize;

use super::msg::*;
use super::{Know, Resolver};
use crate::value::Value;

/// One key as a master has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    pub key: Value,
    /// In the order of their dots: equal sets look equal.
    pub versions: Vec<Update>,
    /// What a reader is answered.
    pub shown: Vec<Value>,
}

/// What a version did to those that were there, or they to it.
#[derive(Default)]
pub struct Change {
    pub over: Vec<Update>,
    pub beaten: Option<Update>,
}

impl Cell {
    pub fn merge(&mut self, cx: &Know<'_>, new: &Update) -> Change {
        let mut change = Change::default();
        if self.versions.iter().any(|v| v.dot() == new.dot()) {
            return change;
        }
        change.beaten = self.versions.iter().find(|held| beats(cx, held, new, true)).cloned();
        if change.beaten.is_some() {
            return change;
        }
        let mut kept = vec![];
        for held in self.versions.drain(..) {
            let loses = beats(cx, new, &held, false);
            if loses { change.over.push(held) } else { kept.push(held) }
        }
        let at = kept.partition_point(|v| v.dot() < new.dot());
        kept.insert(at, new.clone());
        self.shown = shown(cx, &kept);
        self.versions = kept;
        change
    }

    /// All that a reader has seen who is shown this.
    pub fn context(&self) -> Vector {
        let mut context = vec![];
        for v in &self.versions {
            join(&mut context, &v.version());
        }
        context
    }

    pub fn gone(&self) -> Vec<Value> {
        let mut gone = vec![];
        self.versions.iter().for_each(|v| add_all(&mut gone, &v.gone));
        gone
    }
}

/// Whether a version takes the other's place.
fn beats(cx: &Know<'_>, a: &Update, b: &Update, a_was_here: bool) -> bool {
    if cx.params.resolver == Resolver::LastWriter {
        let apart = !a.covers(b) && !b.covers(a);
        if apart && cx.bug("nondeterministic-resolver") {
            return a_was_here;
        }
        return (a.ts, a.origin, a.seq) > (b.ts, b.origin, b.seq);
    }
    if cx.bug("sum-compare") {
        return sum(a) > sum(b);
    }
    a.covers(b)
}

fn sum(u: &Update) -> u64 {
    u.version().iter().sum()
}

/// The resolver: one answer from all versions.
fn shown(cx: &Know<'_>, versions: &[Update]) -> Vec<Value> {
    let mut values = vec![];
    match cx.params.resolver {
        // Within a site the latest.
        Resolver::Priority => {
            let first = versions.first().map(|v| v.origin);
            let best = versions.iter().rfind(|v| Some(v.origin) == first);
            values.extend(best.map(|v| v.val.clone()));
        }
        Resolver::Sum => {
            let numbers = versions.iter().filter_map(|v| v.val.as_int());
            let sum = numbers.fold(0, i64::saturating_add);
            let deleted = versions.iter().all(Update::deletes);
            values.extend((!deleted).then_some(Value::Int(sum)));
        }
        Resolver::Union | Resolver::Tombstones => {
            for v in versions.iter().filter(|v| !v.deletes()) {
                add_all(&mut values, items(&v.val));
            }
            if cx.params.resolver == Resolver::Tombstones {
                values.retain(|item| !versions.iter().any(|v| v.gone.contains(item)));
            }
        }
        Resolver::Siblings | Resolver::LastWriter => {
            let mixed = versions.iter().any(|v| v.deletes() != versions[0].deletes());
            for v in versions {
                if !mixed || cx.params.deletes.is_none_or(|wins| wins == v.deletes()) {
                    values.push(v.val.clone());
                }
            }
        }
    }
    if values.is_empty() {
        values.push(Value::word(DELETED));
    }
    values
}

/// A set's items, in order.
pub fn add_all(set: &mut Vec<Value>, more: &[Value]) {
    for item in more {
        let at = set.partition_point(|i| i < item);
        if set.get(at) != Some(item) {
            set.insert(at, item.clone());
        }
    }
}

pub fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        one => std::slice::from_ref(one),
    }
}
