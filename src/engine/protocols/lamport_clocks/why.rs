//! What a node says of what it does: one variant a reason, one sentence a variant.

use serde::Serialize;

use super::{Command, Stamp, show};
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    /// An event of its own: local, or a send.
    Stamped {
        c: u64,
        act: &'static str,
        to: Vec<NodeId>,
    },
    Received {
        from: NodeId,
        ts: u64,
        was: u64,
        c: u64,
        #[serde(skip)]
        quiet: bool,
    },
    /// The smaller number taken for a cause.
    Inferred {
        from: NodeId,
        theirs: u64,
        mine: u64,
    },
    Proposed {
        c: u64,
        command: Command,
    },
    Acknowledged {
        c: u64,
        of: u64,
        by: NodeId,
    },
    /// A command takes effect here.
    Applied {
        c: u64,
        by: NodeId,
        command: Command,
        place: u64,
        /// What the account stood at before.
        #[serde(skip)]
        was: i64,
        balance: i64,
    },
    Stuck {
        c: u64,
        by: NodeId,
        waits: Vec<NodeId>,
        silent: Span,
    },
    Resent {
        to: NodeId,
        first: u64,
        last: u64,
    },
    /// A letter overtook another.
    HeldBack {
        from: NodeId,
        nth: u64,
        next: u64,
    },
    Repeated {
        from: NodeId,
        nth: u64,
    },
    Phoned {
        to: NodeId,
        aloud: Option<u64>,
    },
    /// A call without a number.
    Rang {
        from: NodeId,
        c: u64,
    },
    Recovered {
        c: u64,
    },
    Refused {
        op: &'static str,
    },
}

named!(Why {
    Stamped,
    Received,
    Inferred,
    Proposed,
    Acknowledged,
    Applied,
    Stuck,
    Resent,
    HeldBack,
    Repeated,
    Phoned,
    Rang,
    Recovered,
    Refused,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Stamped { c, to, .. } if to.is_empty() => {
                format!("{me} counts a local event: {c}.")
            }
            Why::Stamped { c, to, .. } => {
                format!("{me} counts one send, to {}, and writes {c} on it.", names(t, to))
            }
            Why::Received { from, ts, was, c, .. } => received(t, *from, [*ts, *was, *c]),
            Why::Inferred { from, theirs, mine } => format!(
                "{me} has reached {mine}, {}'s message is {theirs}: whoever takes the smaller number for a cause \
                 says that {me}'s event led to it.",
                t.name(*from)
            ),
            Why::Proposed { c, command } => format!(
                "{me} stamps {} with {} and sends it to everybody.",
                command.prose(),
                at(t, *c, t.me)
            ),
            Why::Acknowledged { c, of, by } => format!(
                "{me} tells everybody that it has {}: nothing it sends from now on is below {c}.",
                at(t, *of, *by)
            ),
            Why::Applied { c, by, command, place, was, balance } => format!(
                "{me} books {}, {}, as number {place}: its account goes from {was} to {balance}.",
                at(t, *c, *by),
                command.prose()
            ),
            Why::Stuck { c, by, waits, silent } => format!(
                "{me} cannot book {}: it has waited {} and heard nothing later from {}, who might still send something \
                 smaller. It asks again.",
                at(t, *c, *by),
                t.time(silent.0 as u64),
                names(t, waits)
            ),
            Why::Resent { to, first, last } => {
                format!("{} lacks {me}'s {}: sent again.", t.name(*to), letters(*first, *last))
            }
            Why::HeldBack { from, nth, next } => format!(
                "{}'s letter {nth} has overtaken letter {next}: {me} keeps it back until that comes.",
                t.name(*from)
            ),
            Why::Repeated { from, nth } => {
                format!("{me} has {}'s letter {nth} already.", t.name(*from))
            }
            Why::Phoned { to, aloud: None } => {
                format!("Somebody at {me} phones {}: the clocks know nothing of it.", t.name(*to))
            }
            Why::Phoned { to, aloud: Some(c) } => {
                format!("Somebody at {me} phones {} and reads out {c}.", t.name(*to))
            }
            Why::Rang { from, c } => {
                format!(
                    "{me} is phoned from {}. No number comes with it: it stays at {c}.",
                    t.name(*from)
                )
            }
            Why::Recovered { c } => format!("{me} is back, and counts on from {c}."),
            Why::Refused { op } => {
                format!("{me} turns `{op}` down: it names nobody else to reach, or no amount.")
            }
        }
    }

    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Received { quiet: true, .. } => Some(Weight::Quiet),
            _ => None,
        }
    }
}

fn received(t: &Teller, from: NodeId, [ts, was, c]: [u64; 3]) -> String {
    let how = match c.saturating_sub(was) {
        0 => "stays at",
        1 => "counts on to",
        _ => "jumps to",
    };
    format!(
        "{}'s clock stands at {was} when {ts} comes from {}: it {how} {c}.",
        t.me(),
        t.name(from)
    )
}

fn names(t: &Teller, nodes: &[NodeId]) -> String {
    t.list(nodes.iter().copied())
}

fn at(t: &Teller, c: u64, node: NodeId) -> String {
    show(Stamp { c, node }, t.cast)
}

fn letters(first: u64, last: u64) -> String {
    if first == last { format!("letter {last}") } else { format!("letters {first}–{last}") }
}
