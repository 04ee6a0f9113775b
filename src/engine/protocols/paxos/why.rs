//! Why proposers, acceptors and learners did what they did, in their own numbers.

use serde::Serialize;

use super::msg::Ballot;
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller, tell};
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
        on: u64,
        of: u64,
        /// There was a report, and it does not heed it.
        #[serde(skip)]
        ignores: bool,
    },
    /// What it must propose, of the highest ballot reported.
    Bound {
        ballot: Ballot,
        value: Value,
        acceptor: NodeId,
        accepted: Ballot,
        /// It came first, and a higher one was reported too.
        #[serde(skip)]
        ignores: bool,
        /// Those who report the value and those not heard would be enough to choose it.
        #[serde(skip)]
        may: bool,
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
        #[serde(skip)]
        written: bool,
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
        of: u64,
        /// They are no quorum in one ballot.
        #[serde(skip)]
        forced: bool,
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
        match self {
            Why::Returned { round: 0 } => {
                tell("@ is back, and its disk knows of no round: it begins anew.", &[me])
            }
            Why::Returned { round } => tell(
                "@ is back. Its disk kept round @, so its next ballot will be a new one; what it was proposing is forgotten.",
                &[me, &num(*round)],
            ),
            Why::Prepared { ballot, value, tries: 0 | 1, .. } => tell(
                "@ wants @ and asks every acceptor for a promise in ballot @.",
                &[me, &word(value), &num(*ballot)],
            ),
            Why::Prepared { ballot, round, after, .. } => tell(
                "@ has no decision after @: round @, ballot @, higher than its last.",
                &[me, &time(t, *after), &num(*round), &num(*ballot)],
            ),
            Why::Unbound { ballot, value, on, of, ignores: true } => tell(
                "@ of @ acceptors promise ballot @. What has been accepted, and reported, @ does not heed: it proposes its own @.",
                &[&num(*on), &num(*of), &num(*ballot), me, &value.print()],
            ),
            Why::Unbound { ballot, value, on, of, .. } => tell(
                "@ of @ acceptors promise ballot @ and none of them has accepted anything: @ is free to propose its own @.",
                &[&num(*on), &num(*of), &num(*ballot), me, &value.print()],
            ),
            Why::Bound { ballot, value, acceptor, accepted, ignores, may } => {
                let (from, v) = (t.name(*acceptor), &value.print());
                if *ignores {
                    return tell(
                        "@ promises ballot @ and reports it accepted @ in ballot @. A higher ballot is reported too, but this came first: @ takes @.",
                        &[from, &num(*ballot), v, &num(*accepted), me, v],
                    );
                }
                if !may {
                    return tell(
                        "@ promises ballot @ and reports it accepted @ in ballot @, the highest reported. By these reports too few have it for it to be chosen, but the rule does not ask: @ takes @.",
                        &[from, &num(*ballot), v, &num(*accepted), me, v],
                    );
                }
                tell(
                    "@ promises ballot @ and reports it accepted @ in ballot @, the highest reported: @ may be chosen already, so @ is bound to it.",
                    &[from, &num(*ballot), v, &num(*accepted), v, me],
                )
            }
            Why::Preempted { ballot, acceptor, promised } => tell(
                "@ hears that @ has promised ballot @, above its own @: its next will be higher still.",
                &[me, t.name(*acceptor), &num(*promised), &num(*ballot)],
            ),
            Why::Known { value } => {
                tell("@ knows already that @ is chosen, and says so.", &[me, &value.print()])
            }
            Why::Recovered { promised, accepted: Some(b), value } => tell(
                "@ is back with what its disk kept: its promise of ballot @, and @ accepted in ballot @.",
                &[me, &num(*promised), &word(value), &num(*b)],
            ),
            Why::Recovered { promised: 0, .. } => {
                tell("@ is back, and its disk knows of no promise.", &[me])
            }
            Why::Recovered { promised, .. } => tell(
                "@ is back with what its disk kept: its promise of ballot @, and nothing accepted.",
                &[me, &num(*promised)],
            ),
            Why::Promised { ballot, accepted: Some(b), value, .. } => tell(
                "@ promises ballot @ and reports it accepted @ in ballot @.",
                &[me, &num(*ballot), &word(value), &num(*b)],
            ),
            Why::Promised { ballot, written: false, .. } => tell(
                "@ promises ballot @ and does not write that down. So far it has accepted nothing.",
                &[me, &num(*ballot)],
            ),
            Why::Promised { ballot, .. } => tell(
                "@ promises ballot @ and has written that to disk first: it will accept nothing below. So far it has accepted nothing.",
                &[me, &num(*ballot)],
            ),
            Why::Refused { ballot, promised, asked: Asked::Prepare, .. } => tell(
                "@ already promised ballot @ and turns down ballot @.",
                &[me, &num(*promised), &num(*ballot)],
            ),
            Why::Refused { ballot, promised, .. } => tell(
                "@ already promised ballot @ and will not accept in ballot @.",
                &[me, &num(*promised), &num(*ballot)],
            ),
            Why::Repeated { ballot, proposer } => tell(
                "@ has promised ballot @ before: it tells @ again.",
                &[me, &num(*ballot), t.name(*proposer)],
            ),
            Why::Accepted { ballot, value, .. } => tell(
                "@ accepts @ in ballot @, and has written it to disk first.",
                &[me, &value.print(), &num(*ballot)],
            ),
            Why::Counted { ballot, value, on, needed } => tell(
                "@ has heard that @ accepted @ in ballot @, and needs @.",
                &[me, &num(*on), &value.print(), &num(*ballot), &num(*needed)],
            ),
            Why::Differ { value, by } => tell(
                "@ has heard that @ accepted @, but not in the same ballot: it may not call that chosen.",
                &[me, &t.list(by.iter().copied()), &value.print()],
            ),
            Why::Decided { value, by, forced: true, .. } => tell(
                "@ counts @ for @ and calls it chosen, though they are not a quorum of acceptors in one ballot.",
                &[me, &t.list(by.iter().copied()), &value.print()],
            ),
            Why::Decided { ballot, value, by, of, .. } => {
                let (who, on) = (t.list(by.iter().copied()), num(by.len() as u64));
                tell(
                    "@ is chosen: @, @ of @, accepted it in ballot @, and @ knows.",
                    &[&value.print(), &who, &on, &num(*of), &num(*ballot), me],
                )
            }
            Why::Learned { value, from } => {
                tell("@ is told by @ that @ is chosen.", &[me, t.name(*from), &value.print()])
            }
            Why::Asked { silent } => tell(
                "@ has heard of no decision, and of nothing else for @: it asks.",
                &[me, &time(t, *silent)],
            ),
        }
    }

    /// The fourth attempt is no news.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Prepared { tries: 4.., .. } => Some(Weight::Quiet),
            _ => None,
        }
    }
}

fn num(n: u64) -> String {
    n.to_string()
}

fn time(t: &Teller, span: Span) -> String {
    t.time(span.0.max(0) as u64)
}

fn word(v: &Option<Value>) -> String {
    v.as_ref().map_or_else(|| "a decision".into(), Value::print)
}
