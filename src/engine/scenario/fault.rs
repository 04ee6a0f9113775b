//! What is wrong with a text: where, why, and what to write instead.
//!
//! Reading never stops at the first mistake. A line that cannot be read further gives one fault and the
//! next line is tried; a word that is merely unknown gives a fault and its line goes on.

use std::fmt;

use super::ast::Place;

/// One mistake in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub place: Place,
    /// Stable, for tests and for the page; one of [`CODES`].
    pub code: &'static str,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.place.line, self.place.col, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " {hint}"))
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// What only the protocol knows to be wrong.
    pub fn refused(place: Place, message: String) -> Fault {
        Fault { place, code: "refused", message, hint: None }
    }
}

/// A mistake that does not know its place yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
}

impl Bad {
    pub fn new(code: &'static str, message: String) -> Bad {
        Bad { code, message, hint: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Bad {
        Bad { hint: Some(hint.into()), ..self }
    }

    pub fn at(self, place: Place) -> Fault {
        Fault { place, code: self.code, message: self.message, hint: self.hint }
    }
}

/// Every code a fault may have, with what it stands for.
pub const CODES: &[(&str, &str)] = &[
    ("version", "the first line is not `lamplight 1`"),
    ("newer", "the text is of a later version of the language"),
    ("too-large", "the text, a number, a time or a label is beyond its limit"),
    ("control", "a control character stands in the text"),
    ("quote", "a quotation mark is open, or stands inside a word"),
    ("no-run", "no line says which protocol runs"),
    ("unknown-word", "a line begins with a word that begins no line"),
    ("unknown-act", "neither a verb nor a node stands where an act begins"),
    ("unknown-entry", "no such protocol"),
    ("unknown-key", "no such key on this line"),
    ("unknown-node", "no such node, label, role or state"),
    ("unknown-op", "no such operation, or not one of this node"),
    ("unknown-kind", "no such kind of message"),
    ("unknown-reason", "no such fact or reason"),
    ("unknown-field", "no such field"),
    ("unknown-state", "no such state"),
    ("unknown-claim", "no such claim"),
    ("unknown-bug", "no such bug"),
    ("unknown-lie", "no such lie"),
    ("unknown-timer", "no such timer"),
    ("unknown-measure", "no such measure"),
    ("unknown-model", "no such consistency model"),
    ("unknown-expect", "no such expectation"),
    ("unknown-run", "no run of this text is called so"),
    ("unlike", "a line for every run that means another thing in each"),
    ("missing", "the line ends too early"),
    ("unexpected", "a word stands where none, or another, belongs"),
    ("bad-time", "not a time"),
    ("bad-number", "not a number of the kind that belongs here"),
    ("bad-value", "not a value of the kind that belongs here"),
    ("out-of-range", "a value outside the bounds its key declares"),
    ("twice", "said twice, and it can be said once"),
    ("arity", "too few or too many arguments for this operation"),
    ("alone", "`then` without a step above it"),
    ("no-it", "`it` on a line whose fact speaks of no message"),
    ("refused", "a parameter or a `given` that the protocol itself does not take"),
];

/// The word among `among` that `word` was most likely meant to be.
pub(super) fn nearest<'a>(word: &str, among: &[&'a str]) -> Option<&'a str> {
    let (len, allowed) = (word.chars().count(), word.chars().count() / 3 + 1);
    if len > 40 {
        return None;
    }
    let close = among.iter().filter(|w| w.chars().count().abs_diff(len) <= allowed);
    let near = close.map(|w| (distance(word, w), *w)).min_by_key(|(d, _)| *d);
    near.filter(|(d, w)| *d <= allowed && *d < len.max(w.chars().count())).map(|(_, w)| w)
}

/// Edits that lead from `a` to `b`: a letter put in, left out or replaced, or two neighbours exchanged.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca);
            let of = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut least = of(&above, j) + usize::from(ca != cb);
            least = least.min(of(&above, j + 1) + 1).min(of(&row, j) + 1);
            if swapped {
                least = least.min(of(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

/// `Did you mean x?`, or the whole list where it is short.
pub(super) fn suggest(word: &str, among: &[&str]) -> Option<String> {
    match nearest(word, among) {
        Some(near) => Some(format!("Did you mean `{near}`?")),
        None if among.is_empty() || among.len() > 16 => None,
        None => Some(format!("Known here: {}.", among.join(", "))),
    }
}
