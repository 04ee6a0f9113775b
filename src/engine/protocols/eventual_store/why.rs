//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use super::msg::Tick;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Wrote {
        key: Value,
        value: Value,
        ts: Tick,
    },
    Deleted {
        key: Value,
        ts: Tick,
        grace: Span,
    },
    /// A client's write loses to what was here when it was made.
    Outrun {
        key: Value,
        value: Option<Value>,
        ts: Tick,
        kept: Option<Value>,
        kept_ts: Tick,
        by: NodeId,
    },
    Read {
        key: Value,
        value: Value,
    },
    Flushed {
        entries: u64,
        peers: u64,
    },
    Resent {
        to: NodeId,
        entries: u64,
    },
    Applied {
        key: Value,
        value: Option<Value>,
        ts: Tick,
        node: NodeId,
        from: NodeId,
        over: Option<Value>,
        over_ts: Option<Tick>,
    },
    Discarded {
        key: Value,
        value: Option<Value>,
        ts: Tick,
        node: NodeId,
        kept: Option<Value>,
        kept_ts: Tick,
        by: NodeId,
    },
    Again {
        key: Value,
        from: NodeId,
    },
    FromTheFuture {
        key: Value,
        value: Option<Value>,
        from: NodeId,
        ahead: Span,
    },
    Compared {
        with: NodeId,
        gives: u64,
        wants: u64,
    },
    Collected {
        key: Value,
        grace: Span,
    },
    Recovered {
        keys: u64,
        own: u64,
    },
    Moved {
        from: NodeId,
        to: NodeId,
    },
    GaveUp {
        home: NodeId,
        waited: Span,
    },
}

named!(Why {
    Wrote,
    Deleted,
    Outrun,
    Read,
    Flushed,
    Resent,
    Applied,
    Discarded,
    Again,
    FromTheFuture,
    Compared,
    Collected,
    Recovered,
    Moved,
    GaveUp,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Wrote { key, value, ts } => say(&[
                me,
                " takes ",
                &pair(key, Some(value)),
                " with stamp ",
                &stamp(t, *ts, t.me),
                " and answers at once; the others hear of it later.",
            ]),
            Why::Deleted { key, ts, grace } => say(&[
                me,
                " deletes ",
                &key.print(),
                " with stamp ",
                &stamp(t, *ts, t.me),
                ": a tombstone stands in its place for ",
                &time(t, *grace),
                ".",
            ]),
            Why::Outrun { key, value, ts, kept, kept_ts, by } => say(&[
                me,
                "'s newer write ",
                &pair(key, value.as_ref()),
                " carries the older stamp, ",
                &ts.print(),
                " against ",
                &kept_ts.print(),
                " of ",
                t.name(*by),
                "'s ",
                &word(kept.as_ref()),
                ": it is acknowledged, and gone.",
            ]),
            Why::Read { key, value } => {
                say(&[me, " answers ", &pair(key, Some(value)), " from its own copy."])
            }
            Why::Flushed { entries, peers } => say(&[
                me,
                " sends what has waited, ",
                &count(*entries, "key"),
                ", to ",
                &count(*peers, "peer"),
                ".",
            ]),
            Why::Resent { to, entries } => say(&[
                t.name(*to),
                " has not acknowledged ",
                &count(*entries, "key"),
                ": ",
                me,
                " sends what it holds of them now.",
            ]),
            Why::Applied { key, value, ts, node, over, over_ts, .. } => {
                let place = over_ts.map_or_else(String::new, |old| {
                    [" in place of ", &word(over.as_ref()), ", ", &old.print()].concat()
                });
                let what = pair(key, value.as_ref());
                say(&[me, " takes ", &what, ", stamp ", &stamp(t, *ts, *node), &place, "."])
            }
            Why::Discarded { key, value, ts, node, kept, kept_ts, by } => say(&[
                me,
                " discards ",
                &pair(key, value.as_ref()),
                ": stamp ",
                &stamp(t, *ts, *node),
                " against ",
                &stamp(t, *kept_ts, *by),
                " of ",
                &word(kept.as_ref()),
                ".",
            ]),
            Why::Again { key, from } => {
                say(&[me, " has what ", t.name(*from), " sends of ", &key.print(), " already."])
            }
            Why::FromTheFuture { key, value, from, ahead } => say(&[
                me,
                " refuses ",
                &pair(key, value.as_ref()),
                " from ",
                t.name(*from),
                ": its stamp is ",
                &time(t, *ahead),
                " ahead of the clock here.",
            ]),
            Why::Compared { with, gives, wants } => say(&[
                me,
                " compares with ",
                t.name(*with),
                ": it gives ",
                &count(*gives, "key"),
                " and wants ",
                &wants.to_string(),
                ".",
            ]),
            Why::Collected { key, grace } => say(&[
                me,
                " throws the tombstone of ",
                &key.print(),
                " away, by its clock the grace of ",
                &time(t, *grace),
                " is over: nothing here says any more that it was ever deleted.",
            ]),
            Why::Recovered { keys, own } => say(&[
                me,
                " is back with ",
                &count(*keys, "key"),
                " on its disk, and tells the others again of the ",
                &own.to_string(),
                " it wrote itself.",
            ]),
            Why::Moved { from, to } => {
                say(&[me, " goes from ", t.name(*from), " to ", t.name(*to), "."])
            }
            Why::GaveUp { home, waited } => say(&[
                me,
                " has heard nothing from ",
                t.name(*home),
                " for ",
                &time(t, *waited),
                " and gives up.",
            ]),
        }
    }
}

fn say(parts: &[&str]) -> String {
    parts.concat()
}

fn time(t: &Teller, span: Span) -> String {
    t.time(span.0 as u64)
}

fn count(number: u64, word: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    [number.to_string().as_str(), " ", word, end].concat()
}

fn pair(key: &Value, value: Option<&Value>) -> String {
    [&key.print(), "=", &word(value)].concat()
}

fn word(value: Option<&Value>) -> String {
    value.map_or_else(|| "✗".into(), Value::print)
}

/// `(1000,n2)`
pub fn stamp(t: &Teller, ts: Tick, node: NodeId) -> String {
    ["(", &ts.print(), ",", t.name(node), ")"].concat()
}
