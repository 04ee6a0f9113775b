//! What sessions and the checker say of what they do.

use serde::Serialize;

use super::checker::Judged;
use crate::card::Weight;
use crate::check::history::Model;
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Wrote {
        key: Value,
        value: Value,
    },
    Read {
        key: Value,
        value: Value,
    },
    /// Surely not executed.
    TurnedDown {
        key: Value,
    },
    /// Timed out; a write may have happened.
    GaveUp {
        key: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
    },
    Accepted {
        model: &'static str,
        #[serde(skip)]
        says: String,
    },
    Refused {
        model: &'static str,
        /// How many operations contradict it.
        few: u64,
        #[serde(skip)]
        says: String,
    },
    Unsettled {
        model: &'static str,
        #[serde(skip)]
        says: String,
    },
    /// All in one: the strongest models that hold, and the weakest that does not.
    Judged {
        ops: u64,
        /// How many stand in the order that explains all; none where none was found.
        #[serde(skip)]
        ordered: u64,
        holds: Vec<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        not: Option<&'static str>,
        /// The strongest that was not settled.
        #[serde(skip)]
        unsure: Option<&'static str>,
        #[serde(skip)]
        says: String,
    },
}

named!(Why { Wrote, Read, TurnedDown, GaveUp, Accepted, Refused, Unsettled, Judged });

impl Why {
    pub fn of(judged: &Judged) -> Why {
        let (model, says) = (judged.model, judged.says.clone());
        match judged.holds {
            Some(true) => Why::Accepted { model, says },
            Some(false) => Why::Refused { model, few: judged.witness.len() as u64, says },
            None => Why::Unsettled { model, says },
        }
    }
}

impl Reason for Why {
    /// What is allowed is told at the end, all together; eventual stands apart.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Accepted { model, .. } if *model != Model::Eventual.word() => Some(Weight::Quiet),
            _ => None,
        }
    }

    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Wrote { key, value } => {
                [me, " has written ", &key.print(), "=", &value.print(), "."].concat()
            }
            Why::Read { key, value } => {
                [me, " has read ", &key.print(), "=", &value.print(), "."].concat()
            }
            Why::TurnedDown { key } => {
                [me, " is turned down at ", &key.print(), ": surely nothing has happened."].concat()
            }
            Why::GaveUp { key, value: Some(value) } => [
                me,
                " gives up on writing ",
                &key.print(),
                "=",
                &value.print(),
                ": it may have happened, or may yet, or never.",
            ]
            .concat(),
            Why::GaveUp { key, value: None } => {
                [me, " gives up on reading ", &key.print(), "."].concat()
            }
            Why::Accepted { model, says } => [&begun(model), ": yes. ", says].concat(),
            Why::Refused { model, says, .. } => [&begun(model), ": no. ", says].concat(),
            Why::Unsettled { model, says } => [&begun(model), ": inconclusive. ", says].concat(),
            Why::Judged { ordered, holds, not, unsure, says, .. } => {
                in_short(*ordered, holds, *not, unsure.unwrap_or(""), says)
            }
        }
    }
}

/// A model's word at the beginning of a sentence.
fn begun(model: &str) -> String {
    let (first, rest) = model.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// `Sequential, but not linearizable: r(x)=0 by C begins 10 ms after …`
fn in_short(ordered: u64, holds: &[&str], not: Option<&str>, unsure: &str, says: &str) -> String {
    let best = if holds.is_empty() { "Nothing holds".into() } else { begun(&holds.join(", ")) };
    match (not, says.is_empty()) {
        (Some(not), _) => [&best, ", but not ", not, ": ", says].concat(),
        (None, false) => [&best, "; ", unsure, " is inconclusive. ", says].concat(),
        (None, true) => match ordered {
            0 => [&best, ": every answer is explained."].concat(),
            1 => [&best, ": one operation is always in order."].concat(),
            n => [&best, ": one order explains all ", &n.to_string(), " operations."].concat(),
        },
    }
}
