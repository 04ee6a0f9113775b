//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use super::msg::Tag;
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller, tell};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Stamped {
        key: Value,
        value: Value,
        tag: Tag,
        highest: u64,
        own: u64,
        heard: u64,
        of: u64,
    },
    WritesBack {
        key: Value,
        value: Value,
        tag: Tag,
        from: NodeId,
        differ: bool,
        heard: u64,
        of: u64,
    },
    Agreed {
        key: Value,
        value: Value,
        tag: Tag,
        heard: u64,
    },
    Stored {
        key: Value,
        value: Value,
        tag: Tag,
        write: bool,
        heard: u64,
        of: u64,
    },
    Adopted {
        key: Value,
        value: Value,
        tag: Tag,
        was: Tag,
    },
    Kept {
        key: Value,
        value: Value,
        tag: Tag,
        mine: Tag,
    },
    Retransmitted {
        to: Vec<NodeId>,
    },
    GaveUp {
        write: bool,
        /// Its second phase had begun.
        told: bool,
        heard: u64,
        needed: u64,
        of: u64,
        waited: Span,
        again: bool,
    },
    NotTheWriter {
        writer: NodeId,
    },
    Moved {
        to: Value,
    },
    Remembered {
        issued: u64,
    },
    Recovered {
        keys: u64,
    },
}

named!(Why {
    Stamped,
    WritesBack,
    Agreed,
    Stored,
    Adopted,
    Kept,
    Retransmitted,
    GaveUp,
    NotTheWriter,
    Moved,
    Remembered,
    Recovered,
});

impl Reason for Why {
    /// Each `@` of a sentence is the next of its words.
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Stamped { key, value, tag, heard: 0, .. } => tell(
                "@ asks nobody for the highest ts, it counts on from its own: @ gets tag @.",
                &[me, &is(key, value), &name(t, tag)],
            ),
            Why::Stamped { key, value, tag, highest, own, heard, of } if own > highest => tell(
                "The highest ts of @ of @ replicas is @, but @ has issued @ itself, for another key or for a write that may be on another replica: @ gets tag @.",
                &[&n(*heard), &n(*of), &n(*highest), me, &n(*own), &is(key, value), &name(t, tag)],
            ),
            Why::Stamped { key, value, tag, highest, heard, of, .. } => tell(
                "The highest ts of @ of @ replicas is @: @ writes @ with tag @, greater than all of theirs.",
                &[&n(*heard), &n(*of), &n(*highest), me, &is(key, value), &name(t, tag)],
            ),
            Why::WritesBack { tag: Tag { ts: 0, .. }, key, heard, of, .. } => tell(
                "@ of @ replicas have nothing of @: @ has that confirmed before it returns 0.",
                &[&n(*heard), &n(*of), &key.print(), me],
            ),
            Why::WritesBack { key, value, tag, from, differ, .. } => tell(
                if *differ {
                    "@'s reply carries tag @, the highest of the quorum; @ writes @ back before returning, for a later read must not go backwards."
                } else {
                    "@'s reply carries tag @, as do all of the quorum; @ writes @ back all the same before returning."
                },
                &[t.name(*from), &name(t, tag), me, &is(key, value)],
            ),
            Why::Agreed { key, value, tag, heard } => tell(
                "All @ replies carry tag @: a quorum has it already, and @ returns @ without a second round.",
                &[&n(*heard), &name(t, tag), me, &is(key, value)],
            ),
            Why::Stored { key, value, write, heard, of, tag } => tell(
                if *write {
                    "@ of @ replicas have @, tag @, or newer: @'s write is done."
                } else {
                    "@ of @ replicas have @, tag @, or newer: @ may return it."
                },
                &[&n(*heard), &n(*of), &is(key, value), &name(t, tag), me],
            ),
            Why::Adopted { key, value, tag, was } => tell(
                "@ adopts @: tag @ is greater than @.",
                &[me, &is(key, value), &name(t, tag), &name(t, was)],
            ),
            Why::Kept { key, value, tag, mine } => tell(
                "@ does not take @: tag @ is less than its @. It acknowledges all the same.",
                &[me, &is(key, value), &name(t, tag), &name(t, mine)],
            ),
            Why::Retransmitted { to } => {
                let to = t.list(to.iter().copied());
                tell("@ has no answer from @, and sends again.", &[me, &to])
            }
            Why::GaveUp { write, told, heard, needed, of, waited, .. } => {
                let end = match (*write, *told) {
                    (true, true) => "nobody knows whether its write will be found.",
                    (true, false) => "its write has no tag yet, and will not be found.",
                    _ => "it has nothing it may return.",
                };
                tell(
                    "@ has waited @ and heard @ of @ replicas where @ are needed: @",
                    &[me, &t.time(waited.0 as u64), &n(*heard), &n(*of), &n(*needed), end],
                )
            }
            Why::NotTheWriter { writer } => tell(
                "@ refuses: @ alone writes here, and that is why it need not ask for the highest ts.",
                &[me, t.name(*writer)],
            ),
            Why::Moved { to } => tell(
                "@ asks all replicas itself and belongs to none: to move to @ changes nothing.",
                &[me, &to.print()],
            ),
            Why::Remembered { issued } => tell(
                "@ is back. Its operations are over, and its disk says that it has issued ts @.",
                &[me, &n(*issued)],
            ),
            Why::Recovered { keys: 0 } => tell(
                "@ is back with an empty disk: it will say that nobody has ever written.",
                &[me],
            ),
            Why::Recovered { keys } => {
                let end = if *keys == 1 { " register" } else { " registers" };
                tell("@ is back with what its disk kept: @.", &[me, &[&n(*keys), end].concat()])
            }
        }
    }

    /// The first that is given up is news, the next ones are not.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::GaveUp { again: true, .. } => Some(Weight::Quiet),
            Why::WritesBack { differ: false, .. } => Some(Weight::Aside),
            _ => None,
        }
    }
}

fn n(number: u64) -> String {
    number.to_string()
}

fn is(key: &Value, value: &Value) -> String {
    [&key.print(), "=", &value.print()].concat()
}

/// `(4,c1)`
fn name(t: &Teller, tag: &Tag) -> String {
    let writer = tag.writer.map_or("nobody", |w| t.name(w));
    ["(", &n(tag.ts), ",", writer, ")"].concat()
}
