//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use super::msg::Vector;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Wrote {
        key: Value,
        value: Value,
        vc: Vector,
        peers: Vec<NodeId>,
    },
    Read {
        key: Value,
        value: Value,
    },
    Applied {
        from: NodeId,
        key: Value,
        value: Value,
        vc: Vector,
        /// Before something it came after.
        early: bool,
    },
    HeldBack {
        from: NodeId,
        key: Value,
        value: Value,
        vc: Vector,
        of: NodeId,
        seq: u64,
    },
    Released {
        from: NodeId,
        key: Value,
        value: Value,
        /// None: since before the restart.
        waited: Option<Span>,
    },
    Concurrent {
        key: Value,
        came: Value,
        came_vc: Vector,
        held: Value,
        held_vc: Vector,
        kept: Value,
        /// Decided by stamps, not by who comes last.
        stamps: bool,
    },
    Repeated {
        origin: NodeId,
        seq: u64,
    },
    Resent {
        to: Vec<NodeId>,
        seq: u64,
    },
    Moved {
        from: NodeId,
        to: NodeId,
        context: Vector,
    },
    Waits {
        client: NodeId,
        of: NodeId,
        seq: u64,
    },
    CaughtUp {
        client: NodeId,
        waited: Span,
    },
    Recovered {
        writes: u64,
        held: u64,
    },
    GaveUp {
        home: NodeId,
        waited: Span,
    },
}

named!(Why {
    Wrote,
    Read,
    Applied,
    HeldBack,
    Released,
    Concurrent,
    Repeated,
    Resent,
    Moved,
    Waits,
    CaughtUp,
    Recovered,
    GaveUp,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Wrote { key, value, vc, peers } => {
                let told = match peers.len() {
                    0 => " and answers at once.".into(),
                    1 => [" and answers at once; ", &t.list(peers.iter().copied()), " is told."]
                        .concat(),
                    _ => [" and answers at once; ", &t.list(peers.iter().copied()), " are told."]
                        .concat(),
                };
                say(&[me, " writes ", &pair(key, value), " as ", &vector(vc), &told])
            }
            Why::Read { key, value } => {
                say(&[me, " answers ", &pair(key, value), " from its own copy."])
            }
            Why::Applied { from, key, value, vc, early } => say(&[
                me,
                " applies ",
                &pair(key, value),
                " ",
                &vector(vc),
                " from ",
                t.name(*from),
                if *early {
                    ", though not all that it came after is here."
                } else {
                    ": all that it came after is here."
                },
            ]),
            Why::HeldBack { from, key, value, vc, of, seq } => say(&[
                me,
                " holds back ",
                &pair(key, value),
                " from ",
                t.name(*from),
                ", ",
                &vector(vc),
                ", until ",
                &nth(*seq, t.name(*of)),
                " is applied, which it came after.",
            ]),
            Why::Released { from, key, value, waited } => say(&[
                "What ",
                &pair(key, value),
                " from ",
                t.name(*from),
                " came after is here: ",
                me,
                &waited.map_or_else(
                    || " applies it, and has had it since before its restart.".into(),
                    |waited| {
                        [" applies it, ", &t.time(waited.0 as u64), " after it arrived."].concat()
                    },
                ),
            ]),
            Why::Concurrent { came, came_vc, held, held_vc, kept, stamps, .. } => {
                let by = if *stamps { ", the greater stamp." } else { ", because it came last." };
                let (came, held) = (came.print(), held.print());
                say(&[
                    &held,
                    " ",
                    &vector(held_vc),
                    " and ",
                    &came,
                    " ",
                    &vector(came_vc),
                    " do not know of each other: ",
                    me,
                    " shows ",
                    &kept.print(),
                    by,
                ])
            }
            Why::Repeated { origin, seq } => {
                say(&[me, " has ", &nth(*seq, t.name(*origin)), " already."])
            }
            Why::Resent { to, seq } => say(&[
                &t.list(to.iter().copied()),
                if to.len() == 1 { " has" } else { " have" },
                " not acknowledged write ",
                &seq.to_string(),
                ": ",
                me,
                " sends it again.",
            ]),
            Why::Moved { from, to, context } => {
                let with = if context.is_empty() {
                    ", and says nothing of what it has seen.".into()
                } else {
                    [", and takes along what it has seen, ", &vector(context), "."].concat()
                };
                say(&[me, " goes from ", t.name(*from), " to ", t.name(*to), &with])
            }
            Why::Waits { client, of, seq } => say(&[
                t.name(*client),
                " has seen ",
                &nth(*seq, t.name(*of)),
                ", and ",
                me,
                " has not: it waits for it before it answers.",
            ]),
            Why::CaughtUp { client, waited } => say(&[
                me,
                " now has all that ",
                t.name(*client),
                " has seen, and answers after ",
                &t.time(waited.0 as u64),
                ".",
            ]),
            Why::Recovered { writes, held } => say(&[
                me,
                " is back, hears again what is on its disk, in the order it came: it applies ",
                &writes.to_string(),
                " and holds back ",
                &held.to_string(),
                ".",
            ]),
            Why::GaveUp { home, waited } => say(&[
                me,
                " has waited ",
                &t.time(waited.0 as u64),
                " for ",
                t.name(*home),
                " and gives up.",
            ]),
        }
    }
}

fn say(parts: &[&str]) -> String {
    parts.concat()
}

fn pair(key: &Value, value: &Value) -> String {
    [&key.print(), "=", &value.print()].concat()
}

fn nth(seq: u64, of: &str) -> String {
    ["write ", &seq.to_string(), " of ", of].concat()
}

/// `[2,0,1]`
pub fn vector(v: &Vector) -> String {
    let entries: Vec<String> = v.iter().map(u64::to_string).collect();
    ["[", &entries.join(","), "]"].concat()
}
