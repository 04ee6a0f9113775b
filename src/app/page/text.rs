//! From a text to its runs at their beginning, or to what is wrong with it.
//!
//! There are two ways to be wrong: the text cannot be read, or it is read and its protocol refuses it. Where the refusal
//! knows its place in the text it is a fault like any other, and the editor can show it.

use std::rc::Rc;

use engine::protocol::Refusal;
use engine::protocols;
#[cfg(test)]
use engine::run::Run;
use engine::scenario::{self, Fault};

#[cfg(test)]
use super::Loaded;
use crate::app::sides::{self, Side};
use crate::app::words;

/// Why a link or a text could not be opened: what is wrong, and what to do.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    pub title: String,
    pub says: String,
    pub todo: String,
    /// The link as it came, so that nothing is lost.
    pub link: String,
    /// A text that was read, with what is wrong in it.
    pub text: Option<Rc<str>>,
    pub faults: Vec<Fault>,
    /// A scenario near to what was asked for.
    pub near: Option<String>,
}

/// Why a text does not run.
pub enum Wrong {
    Faults(Vec<Fault>),
    Refused(Refusal),
}

impl Wrong {
    /// What a protocol refuses is a fault like any other where its place is known.
    pub(super) fn of(r: Refusal) -> Wrong {
        if r.faults.is_empty() { Wrong::Refused(r) } else { Wrong::Faults(r.faults) }
    }

    pub(super) fn line(&self) -> String {
        match self {
            Wrong::Faults(f) => f.first().map_or("The scenario cannot be read.".into(), |f| {
                let hint = f.hint.as_deref().unwrap_or_default();
                format!("{} {hint}", f.message).trim_end().to_string()
            }),
            Wrong::Refused(r) => r.message.clone(),
        }
    }

    pub(super) fn problem(self, text: &str, came_as: &str) -> Problem {
        let newer = matches!(&self, Wrong::Faults(f) if f.iter().any(|f| f.code == "newer"));
        let says = match &self {
            Wrong::Faults(f) if newer || f.iter().any(|f| f.code == "refused") => {
                f.first().map(|f| f.message.clone()).unwrap_or_default()
            }
            Wrong::Faults(f) => {
                let n = f.len();
                format!(
                    "Its text was read whole; {n} {} in it cannot be understood.",
                    words::plural(n, "place")
                )
            }
            Wrong::Refused(r) => r.message.clone(),
        };
        Problem {
            title: match newer {
                true => "This scenario is from a newer Lamplight".into(),
                false => "This scenario does not run".into(),
            },
            says,
            todo: match newer {
                true => "Open it on a newer page, or open something else. Nothing is lost: its text is below.".into(),
                false => "Mend the text below, or open something else. Nothing is lost: the link is kept.".into(),
            },
            link: came_as.into(),
            text: Some(text.into()),
            faults: if let Wrong::Faults(f) = self { f } else { vec![] },
            near: None,
        }
    }
}

pub(super) fn parse_one(text: &str) -> Result<scenario::Scenario, Wrong> {
    protocols::parse(text).map_err(Wrong::Faults)
}

/// A text in the form that links carry.
pub(super) fn canonical(text: &str) -> String {
    parse_one(text).map_or_else(|_| text.to_string(), |s| scenario::canonical(&s))
}

/// The runs of a text, at their beginning.
pub(super) fn open_sides(text: &str) -> Result<Vec<Side>, Wrong> {
    sides::open(parse_one(text)?).map_err(Wrong::of)
}

/// A text as the page holds it, without the page.
#[cfg(test)]
pub fn load_for_tests(text: &str) -> Loaded {
    let Ok(sides) = open_sides(text) else { panic!("it does not run: {text}") };
    let sides: Rc<[Side]> = sides.into();
    let (run, index) = (sides[0].run.clone(), sides[0].index.clone());
    Loaded { run, index, sides, at: 0, text: text.into(), home: None, origin: None }
}

/// The first run of a text, at its beginning.
#[cfg(test)]
pub fn read(text: &str) -> Result<Run, Wrong> {
    protocols::open(parse_one(text)?).map_err(Wrong::of)
}
