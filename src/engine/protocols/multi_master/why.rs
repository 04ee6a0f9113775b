//! Why clients and masters did what they did, in their own numbers.

use serde::Serialize;

use super::msg::Vector;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller, prose_time};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Wrote {
        key: Value,
        value: Value,
        version: Vector,
        over: u64,
        #[serde(skip)]
        ground: Ground,
    },
    Resolved {
        key: Value,
        value: Value,
        version: Vector,
        over: u64,
        /// Whoever wrote was shown them all, and not what they come to.
        #[serde(skip)]
        asked: bool,
        #[serde(skip)]
        ground: Ground,
    },
    /// One of those that are added up.
    Part {
        key: Value,
        value: Value,
        version: Vector,
        sum: Value,
    },
    Taken {
        key: Value,
        value: Value,
    },
    Applied {
        from: NodeId,
        key: Value,
        value: Value,
        version: Vector,
        over: u64,
        #[serde(skip)]
        ground: Ground,
    },
    Stale {
        key: Value,
        value: Value,
        version: Vector,
        by: Vector,
        /// Whoever wrote what is here had been shown it.
        #[serde(skip)]
        knew: bool,
    },
    Conflict {
        key: Value,
        held: Vector,
        came: Vector,
        siblings: u64,
        shown: Value,
        /// Everything that is held is shown.
        all: bool,
        kind: &'static str,
    },
    Discarded {
        lost: Value,
        lost_version: Vector,
        lost_ts: u64,
        by: NodeId,
        kept: Value,
        kept_version: Vector,
        kept_ts: u64,
        /// Whoever wrote the one that is lost had seen the one that is kept.
        knew: bool,
        /// Stamps and names speak for the one that is lost: the other was here first.
        #[serde(skip)]
        first: bool,
    },
    Repeated {
        origin: NodeId,
        seq: u64,
    },
    Gap {
        origin: NodeId,
        seq: u64,
        next: u64,
    },
    Retried {
        to: Vec<NodeId>,
    },
    Synced {
        to: NodeId,
        updates: u64,
    },
    Recovered {
        updates: u64,
    },
    GaveUp {
        waited: Span,
    },
}

/// Why a write takes the place of what a master holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Whoever wrote it had been shown that.
    Shown,
    Stamp,
    /// A mistake's: the greater sum of entries.
    Sum,
    /// The master added to it.
    Added,
    /// All of it is deleted.
    Created,
}

named!(Why {
    Wrote,
    Resolved,
    Part,
    Taken,
    Applied,
    Stale,
    Conflict,
    Discarded,
    Repeated,
    Gap,
    Retried,
    Synced,
    Recovered,
    GaveUp,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Wrote { key, value, version, over, ground } => {
                let end = match (over, ground) {
                    (0, _) => " and answers at once; nobody else knows yet.",
                    (_, Ground::Shown) => ": its writer had seen the one before.",
                    (_, Ground::Stamp) => ", with the greater stamp.",
                    (_, Ground::Sum) => ", which has the greater sum.",
                    (_, Ground::Added) => ": it adds to what it has.",
                    (_, Ground::Created) => ": the one before was deleted.",
                };
                [me, " takes ", &pair(key, value), " as version ", &vector(version), end].concat()
            }
            Why::Resolved { key, value, version, over, asked, ground } => {
                let (pair, version) = (pair(key, value), vector(version));
                let all = [both(*over).as_str(), " siblings"].concat();
                let start = match asked {
                    _ if *ground != Ground::Shown => [me, " had ", &all, ": "].concat(),
                    true => ["The writer had been shown ", &all, ": "].concat(),
                    false => ["The writer had been shown what ", &all, " come to: "].concat(),
                };
                [&start, &pair, " is version ", &version, " and replaces them."].concat()
            }
            Why::Part { key, value, version, sum } => {
                let part = [me, " adds ", &value.print(), ", version ", &vector(version)].concat();
                [&part, ", to ", &key.print(), ", which is ", &sum.print(), " now."].concat()
            }
            Why::Taken { key, value } => {
                [me, " refuses: ", &key.print(), " is taken, by ", &value.print(), "."].concat()
            }
            Why::Applied { from, key, value, version, over, ground } => {
                let end = match over {
                    0 => ".".into(),
                    over if *ground == Ground::Sum => {
                        [" in place of ", &n(*over), ", for the greater sum."].concat()
                    }
                    over => [" in place of ", &count(*over, "older version"), "."].concat(),
                };
                let what = [&pair(key, value), " from ", t.name(*from)].concat();
                [me, " applies ", &what, ", version ", &vector(version), &end].concat()
            }
            Why::Stale { key, value, version, by, knew } => {
                let what = [" drops ", &pair(key, value), ", version ", &vector(version)].concat();
                if *knew {
                    return [me, &what, ": the writer of ", &vector(by), " had seen it."].concat();
                }
                [me, &what, ": ", &vector(by), " has the greater sum."].concat()
            }
            Why::Conflict { held, came, siblings, shown, all, kind, .. } => {
                let end = if *all {
                    [" keeps ", &both(*siblings), " as siblings."].concat()
                } else {
                    [" keeps ", &both(*siblings), " and answers ", &shown.print(), "."].concat()
                };
                let what = match *kind {
                    "update-delete" => "one writes, the other deletes, and ",
                    _ => "",
                };
                [&concurrent(held, came), what, me, &end].concat()
            }
            Why::Discarded {
                lost,
                lost_version,
                lost_ts,
                by,
                kept,
                kept_version,
                kept_ts,
                knew,
                first,
            } => {
                let (lost, kept) = (lost.print(), kept.print());
                if *knew {
                    let stamps = [&n(*lost_ts), " against ", &n(*kept_ts), ", and "].concat();
                    let end = ["is discarded by ", me, ", though its writer had seen "].concat();
                    let start = [&lost, " carries the older stamp, "].concat();
                    return [&start, &stamps, &end, &kept, "."].concat();
                }
                let because = if *first {
                    "it was here first.".into()
                } else if kept_ts > lost_ts {
                    ["stamp ", &n(*kept_ts), " against ", &n(*lost_ts), "."].concat()
                } else {
                    [
                        "both stamps are ",
                        &n(*kept_ts),
                        ", and ",
                        t.name(*by),
                        " is the higher name.",
                    ]
                    .concat()
                };
                let keeps = [me, " keeps ", &kept, " and drops ", &lost].concat();
                let start = concurrent(lost_version, kept_version);
                [&start, &keeps, ", which was acknowledged: ", &because].concat()
            }
            Why::Repeated { origin, seq } => {
                let what = [" has update ", &n(*seq), " of ", t.name(*origin)].concat();
                [me, &what, " already: it goes no further."].concat()
            }
            Why::Gap { origin, seq, next } => {
                let what = [" lets update ", &n(*seq), " of ", t.name(*origin)].concat();
                [me, &what, " go by: number ", &n(*next), " is missing before it."].concat()
            }
            Why::Retried { to } => {
                let to = t.list(to.iter().copied());
                [me, " has no acknowledgement from ", &to, ", and sends again."].concat()
            }
            Why::Synced { to, updates } => {
                let lacks = count(*updates, "update");
                [t.name(*to), " lacks ", &lacks, ", which ", me, " has and sends."].concat()
            }
            Why::Recovered { updates } => {
                let log = count(*updates, "update");
                [me, " is back with ", &log, " in its log, and asks what it has missed."].concat()
            }
            Why::GaveUp { waited } => {
                let waited = prose_time(waited.0 as u64);
                [me, " has waited ", &waited, " and does not know what became of it."].concat()
            }
        }
    }
}

fn n(number: u64) -> String {
    number.to_string()
}

fn count(number: u64, word: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    [n(number).as_str(), " ", word, end].concat()
}

fn both(siblings: u64) -> String {
    if siblings == 2 { "both".into() } else { ["all ", &n(siblings)].concat() }
}

fn pair(key: &Value, value: &Value) -> String {
    [&key.print(), "=", &value.print()].concat()
}

/// With two writers at one master the later vector counts on from the other all the same.
fn concurrent(a: &Vector, b: &Vector) -> String {
    if a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a <= b) {
        let had = ["Version ", &vector(b), " only counts on from ", &vector(a)].concat();
        return [&had, ", and its context does not hold that: "].concat();
    }
    ["Versions ", &vector(a), " and ", &vector(b), " are concurrent: "].concat()
}

/// `[2,0,1]`
pub fn vector(v: &Vector) -> String {
    let entries: Vec<String> = v.iter().map(u64::to_string).collect();
    ["[", &entries.join(","), "]"].concat()
}
