//! Why servers and clients did what they did, in their own numbers.

use serde::Serialize;

use super::msg::{Index, Term};
use super::sentences as say;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Why {
    /// Back from its disk.
    Recovered {
        term: Term,
        voted_for: Option<NodeId>,
        last: Index,
        /// Where the snapshot ends.
        #[serde(skip)]
        base: Index,
    },
    TimedOut {
        term: Term,
        silent: Span,
    },
    PreAsked {
        term: Term,
        silent: Span,
        /// With the mistake that it moves terms.
        #[serde(skip)]
        moves: bool,
    },
    PreRefused {
        candidate: NodeId,
        term: Term,
        because: Because,
        /// None: it leads itself, or heard nobody.
        ago: Option<Span>,
    },
    Voted {
        term: Term,
        candidate: NodeId,
        /// The disk has term and vote before the candidate hears of it.
        kept: bool,
    },
    Refused {
        term: Term,
        candidate: NodeId,
        because: Because,
        mine: Last,
        theirs: Last,
        voted_for: Option<NodeId>,
    },
    /// A RequestVote not even looked at (`sticky`).
    Ignored {
        candidate: NodeId,
        term: Term,
        because: Because,
        /// None: it leads itself.
        ago: Option<Span>,
    },
    Split {
        term: Term,
        votes: u64,
        needed: u64,
    },
    Elected {
        term: Term,
        votes: Vec<NodeId>,
        of: u64,
    },
    SteppedDown {
        term: Term,
        /// The term it led; 0 where it only wanted to.
        led: Term,
        because: Because,
        by: NodeId,
        heard: u64,
        needed: u64,
    },
    Appended {
        index: Index,
        from: Index,
        term: Term,
    },
    Conflict {
        index: Index,
        term: Term,
        have: Option<Term>,
        hint: Index,
    },
    BackedUp {
        follower: NodeId,
        next: Index,
        index: Index,
    },
    Truncated {
        index: Index,
        last: Index,
        /// The first entry's term, and the last one's.
        term: Term,
        last_term: Term,
        /// How far it knew its log to be committed.
        commit: Index,
    },
    /// On a majority, and yet not to be counted (§5.4.2).
    Waits {
        index: Index,
        of_term: Term,
        term: Term,
        on: u64,
        of: u64,
    },
    Committed {
        index: Index,
        from: Index,
        /// The entry's term, and the leader's.
        term: Term,
        leads: Term,
        on: u64,
        of: u64,
    },
    Learned {
        index: Index,
        from: Index,
    },
    Applied {
        index: Index,
    },
    Compacted {
        index: Index,
        dropped: u64,
    },
    SentSnapshot {
        follower: NodeId,
        index: Index,
        next: Index,
    },
    Gathered {
        index: Index,
        held: u64,
    },
    /// A piece whose place is behind rows that are not here.
    Gap {
        index: Index,
        held: u64,
        offset: u64,
    },
    Installed {
        index: Index,
        kept: u64,
    },
    /// A snapshot of the past.
    Outdated {
        index: Index,
        commit: Index,
    },
    ReadHeld {
        client: NodeId,
        term: Term,
    },
    ReadConfirmed {
        client: NodeId,
        read_index: Index,
        heard: u64,
        of: u64,
        applied: Index,
        /// With the mistake that answers to earlier rounds count.
        #[serde(skip)]
        any: bool,
    },
    /// A read of the leader's own, while nobody else can have been elected.
    LeaseRead {
        client: NodeId,
        /// By its own clock.
        left: Span,
        applied: Index,
    },
    Redirected {
        client: NodeId,
        leader: Option<NodeId>,
    },
    Repeated {
        client: NodeId,
        request: u64,
        answer: Option<Value>,
        #[serde(skip)]
        answers: bool,
    },
    Retried {
        server: NodeId,
        request: u64,
        silent: Span,
    },
    GaveUp {
        request: u64,
        waited: Span,
        /// Only a session was asked for.
        #[serde(skip)]
        unsent: bool,
    },
}

named!(Why {
    Recovered,
    TimedOut,
    PreAsked,
    PreRefused,
    Voted,
    Refused,
    Ignored,
    Split,
    Elected,
    SteppedDown,
    Appended,
    Conflict,
    BackedUp,
    Truncated,
    Waits,
    Committed,
    Learned,
    Applied,
    Compacted,
    SentSnapshot,
    Gathered,
    Gap,
    Installed,
    Outdated,
    ReadHeld,
    ReadConfirmed,
    LeaseRead,
    Redirected,
    Repeated,
    Retried,
    GaveUp,
});

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The other's term is newer, or older, than its own.
    Term,
    /// Somebody leads this very term, or was heard leading just now.
    Leader,
    /// Its own log is newer.
    Log,
    /// Its vote of this term is given.
    Voted,
    /// It has just come back, and does not know whom it had answered.
    Woken,
    /// Too few answered in time (CheckQuorum).
    Quorum,
}

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Last {
    pub index: Index,
    pub term: Term,
}

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        match self {
            Why::Recovered { term, voted_for, last, base } => {
                say::recovered(t, *term, *voted_for, *last, *base)
            }
            // Fired by the scenario, not by patience at its end.
            Why::TimedOut { term, silent } if silent.0 == 0 => say::fired(t, *term),
            Why::TimedOut { term, silent } => say::timed_out(t, *term, *silent),
            Why::PreAsked { term, silent, moves } => say::pre_asked(t, *term, *silent, *moves),
            Why::PreRefused { candidate, because, ago, term } => {
                say::pre_refused(t, *candidate, *because, *ago, *term)
            }
            Why::Voted { term, candidate, kept } => say::voted(t, *term, *candidate, *kept),
            Why::Refused { term, candidate, because, mine, theirs, voted_for } => {
                say::refused(t, *term, *candidate, *because, *mine, *theirs, *voted_for)
            }
            Why::Ignored { candidate, term, because, ago } => {
                say::ignored(t, *candidate, *term, *because, *ago)
            }
            Why::Split { term, votes, needed } => say::split(t, *term, *votes, *needed),
            Why::Elected { term, votes, of } => say::elected(t, *term, votes, *of),
            Why::SteppedDown { term, led, because, by, heard, needed } => {
                say::stepped_down(t, *term, *led, *because, *by, (*heard, *needed))
            }
            Why::Appended { index, from, term } => say::appended(t, *index, *from, *term),
            Why::Conflict { index, term, have, hint } => {
                say::conflict(t, *index, *term, *have, *hint)
            }
            Why::BackedUp { follower, next, index } => say::backed_up(t, *follower, *next, *index),
            Why::Truncated { index, last, term, last_term, commit } => {
                say::truncated(t, (*index, *last), (*term, *last_term), *commit)
            }
            Why::Waits { index, of_term, term, on, of } => {
                say::waits(t, *index, *of_term, *term, (*on, *of))
            }
            Why::Committed { index, term, leads, on, of, .. } if term != leads => {
                say::committed_of_older_term(t, *index, *term, *leads, (*on, *of))
            }
            Why::Committed { index, from, on, of, .. } if from == index => {
                say::committed_one(*index, (*on, *of))
            }
            Why::Committed { index, from, on, of, .. } => {
                say::committed_with_others(*index, *from, (*on, *of))
            }
            Why::Learned { index, from } => say::learned(t, *index, *from),
            Why::Applied { index } => say::applied(t, *index),
            Why::Compacted { index, dropped } => say::compacted(t, *index, *dropped),
            Why::SentSnapshot { follower, index, next } => {
                say::sent_snapshot(t, *follower, *index, *next)
            }
            Why::Gathered { index, held } => say::gathered(t, *index, *held),
            Why::Gap { index, held, offset } => say::gap(t, *index, *held, *offset),
            Why::Installed { index, kept: 0 } => say::installed_anew(t, *index),
            Why::Installed { index, kept } => say::installed(t, *index, *kept),
            Why::Outdated { index, commit } => say::outdated(t, *index, *commit),
            Why::ReadHeld { client, term } => say::read_held(t, *client, *term),
            Why::ReadConfirmed { client, read_index, heard, of, applied, any } => {
                say::read_confirmed(t, *client, *read_index, (*heard, *of), *applied, *any)
            }
            Why::LeaseRead { client, left, applied } => {
                say::lease_read(t, *client, *left, *applied)
            }
            Why::Redirected { client, leader } => say::redirected(t, *client, *leader),
            Why::Repeated { client, request, answer, answers } => {
                say::repeated(t, *client, *request, answer, *answers)
            }
            Why::Retried { server, request, silent } => say::retried(t, *server, *request, *silent),
            Why::GaveUp { request, waited, unsent } => say::gave_up(t, *request, *waited, *unsent),
        }
    }
}
