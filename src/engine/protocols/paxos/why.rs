//! Why proposers, acceptors and learners did what they did, in their own numbers.

use serde::Serialize;

use super::msg::Ballot;
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    /// A proposer is back from its disk.
    Returned {
        round: u64,
    },
    Prepared {
        ballot: Ballot,
        round: u64,
        value: Option<Value>,
        tries: u32,
        after: Span,
    },
    /// A majority has promised and reports nothing.
    Unbound {
        ballot: Ballot,
        value: Value,
        on: u16,
        of: u16,
    },
    /// What it must propose, of the highest ballot reported.
    Bound {
        ballot: Ballot,
        value: Value,
        acceptor: NodeId,
        accepted: Ballot,
    },
    Preempted {
        ballot: Ballot,
        acceptor: NodeId,
        promised: Ballot,
    },
    /// Asked for a value when the decision is known.
    Known {
        value: Value,
    },
    /// An acceptor is back from its disk.
    Recovered {
        promised: Ballot,
        accepted: Option<Ballot>,
        value: Option<Value>,
    },
    Promised {
        ballot: Ballot,
        proposer: NodeId,
        was: Ballot,
        accepted: Option<Ballot>,
        value: Option<Value>,
    },
    Refused {
        ballot: Ballot,
        promised: Ballot,
        proposer: NodeId,
        asked: Asked,
    },
    Repeated {
        ballot: Ballot,
        proposer: NodeId,
    },
    Accepted {
        ballot: Ballot,
        value: Value,
        proposer: NodeId,
    },
    /// An acceptance too few.
    Counted {
        ballot: Ballot,
        value: Value,
        on: u64,
        needed: u64,
    },
    /// Enough acceptors for the value, in different ballots.
    Differ {
        value: Value,
        by: Vec<NodeId>,
    },
    Decided {
        ballot: Ballot,
        value: Value,
        by: Vec<NodeId>,
        of: u16,
    },
    Learned {
        value: Value,
        from: NodeId,
    },
    Asked {
        silent: Span,
    },
}

named!(Why {
    Returned,
    Prepared,
    Unbound,
    Bound,
    Preempted,
    Known,
    Recovered,
    Promised,
    Refused,
    Repeated,
    Accepted,
    Counted,
    Differ,
    Decided,
    Learned,
    Asked,
});

/// What an acceptor turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    Prepare,
    Accept,
}

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        let num = |n: &u64| n.to_string();
        match self {
            Why::Returned { round: 0 } => {
                [me, " is back, and its disk knows of no round: it begins anew."].concat()
            }
            Why::Returned { round } => [
                me,
                " is back. Its disk kept round ",
                &num(round),
                ", so its next ballot will be a new one; what it was proposing is forgotten.",
            ]
            .concat(),
            Why::Prepared { ballot, value, tries: 0 | 1, .. } => {
                let wants = said(value);
                [
                    me,
                    " wants ",
                    &wants,
                    " and asks every acceptor for a promise in ballot ",
                    &num(ballot),
                    ".",
                ]
                .concat()
            }
            Why::Prepared { ballot, round, after, .. } => {
                let after = t.time(after.0.max(0) as u64);
                [
                    me,
                    " has no decision after ",
                    &after,
                    ": round ",
                    &num(round),
                    ", ballot ",
                    &num(ballot),
                    ", higher than its last.",
                ]
                .concat()
            }
            Why::Unbound { ballot, value, on, of } => [
                &num(&u64::from(*on)),
                " of ",
                &num(&u64::from(*of)),
                " acceptors promise ballot ",
                &num(ballot),
                " and none of them has accepted anything: ",
                me,
                " is free to propose its own ",
                &value.print(),
                ".",
            ]
            .concat(),
            Why::Bound { ballot, value, acceptor, accepted } => [
                t.name(*acceptor),
                " promises ballot ",
                &num(ballot),
                " and reports it accepted ",
                &value.print(),
                " in ballot ",
                &num(accepted),
                ", the highest reported: ",
                &value.print(),
                " may be chosen already, so ",
                me,
                " is bound to it.",
            ]
            .concat(),
            Why::Preempted { ballot, acceptor, promised } => [
                me,
                " hears that ",
                t.name(*acceptor),
                " has promised ballot ",
                &num(promised),
                ", above its own ",
                &num(ballot),
                ": its next will be higher still.",
            ]
            .concat(),
            Why::Known { value } => {
                [me, " knows already that ", &value.print(), " is chosen, and says so."].concat()
            }
            Why::Recovered { promised, accepted, value } => {
                let kept = match (accepted, value) {
                    (Some(b), Some(v)) => {
                        [", and ", &v.print(), " accepted in ballot ", &num(b)].concat()
                    }
                    _ => ", and nothing accepted".into(),
                };
                [me, " is back with what its disk kept: ", &promise(*promised), &kept, "."].concat()
            }
            Why::Promised { ballot, accepted: Some(b), value: Some(v), .. } => [
                me,
                " promises ballot ",
                &num(ballot),
                " and reports it accepted ",
                &v.print(),
                " in ballot ",
                &num(b),
                ".",
            ]
            .concat(),
            Why::Promised { ballot, .. } => [
                me,
                " promises ballot ",
                &num(ballot),
                ": it will accept nothing below. It reports that it has accepted nothing yet.",
            ]
            .concat(),
            Why::Refused { ballot, promised, asked, .. } => {
                let what = match asked {
                    Asked::Prepare => "turns down ballot ",
                    Asked::Accept => "will not accept in ballot ",
                };
                [me, " already promised ballot ", &num(promised), " and ", what, &num(ballot), "."]
                    .concat()
            }
            Why::Repeated { ballot, proposer } => [
                me,
                " has promised ballot ",
                &num(ballot),
                " before: it tells ",
                t.name(*proposer),
                " again.",
            ]
            .concat(),
            Why::Accepted { ballot, value, .. } => [
                me,
                " accepts ",
                &value.print(),
                " in ballot ",
                &num(ballot),
                " and writes it to disk first.",
            ]
            .concat(),
            Why::Counted { ballot, value, on, needed } => [
                me,
                " has heard of ",
                &num(on),
                " for ",
                &value.print(),
                " in ballot ",
                &num(ballot),
                ", and needs ",
                &num(needed),
                ".",
            ]
            .concat(),
            Why::Differ { value, by } => [
                &t.list(by.iter().copied()),
                " have all accepted ",
                &value.print(),
                ", but not in the same ballot: ",
                me,
                " may not call it chosen.",
            ]
            .concat(),
            Why::Decided { ballot, value, by, of } => [
                &value.print(),
                " is chosen: ",
                &t.list(by.iter().copied()),
                ", ",
                &num(&(by.len() as u64)),
                " of ",
                &num(&u64::from(*of)),
                ", accepted it in ballot ",
                &num(ballot),
                ", and ",
                me,
                " knows.",
            ]
            .concat(),
            Why::Learned { value, from } => {
                [me, " is told by ", t.name(*from), " that ", &value.print(), " is chosen."]
                    .concat()
            }
            Why::Asked { silent } => {
                let silent = t.time(silent.0.max(0) as u64);
                [me, " has heard of no decision, and of nothing else for ", &silent, ": it asks."]
                    .concat()
            }
        }
    }

    /// The tenth attempt is no news.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Prepared { tries: 4.., .. } => Some(Weight::Quiet),
            _ => None,
        }
    }
}

fn said(v: &Option<Value>) -> String {
    v.as_ref().map_or_else(|| "a decision".into(), Value::print)
}

fn promise(b: Ballot) -> String {
    match b {
        0 => "no promise".into(),
        b => ["its promise of ballot ", &b.to_string()].concat(),
    }
}
