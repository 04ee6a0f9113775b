//! Why servers and clients did what they did, in their own numbers.

use serde::Serialize;

use super::msg::{Index, Term};
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
        let me = t.me();
        let ms = |s: &Span| t.time(s.0.max(0) as u64);
        match self {
            Why::Recovered { term, voted_for, last, base } => {
                let vote = match voted_for {
                    Some(n) => format!("its vote for {}", t.name(*n)),
                    None => "no vote".into(),
                };
                let entries = count(last - base, "entry", "entries");
                match base {
                    0 => format!(
                        "{me} is back with what its disk kept: term {term}, {vote}, {entries}. What was committed it must learn again."
                    ),
                    _ => format!(
                        "{me} is back with what its disk kept: term {term}, {vote}, the state after entry {base} and {entries} behind it. What else was committed it must learn again."
                    ),
                }
            }
            // Fired by the scenario, not by patience at its end.
            Why::TimedOut { term, silent } if silent.0 == 0 => format!(
                "{me} stands for election: it becomes a candidate in term {term} and asks for votes."
            ),
            Why::TimedOut { term, silent } => format!(
                "{me} has heard no leader for {}: it becomes a candidate in term {term} and asks for votes.",
                ms(silent)
            ),
            Why::PreAsked { term, silent, moves } => {
                let and = if *moves {
                    "though its own has moved already"
                } else {
                    "and changes nothing yet"
                };
                let asks = format!("asks whether it could win term {term}, {and}.");
                // Fired by the scenario, not by patience at its end.
                match silent.0 {
                    0 => format!("{me} {asks}"),
                    _ => format!("{me} has heard no leader for {}: it {asks}", ms(silent)),
                }
            }
            Why::PreRefused { candidate, because, ago, term } => {
                let who = t.name(*candidate);
                match because {
                    Because::Leader => {
                        let why = match ago {
                            None => "for it leads itself".into(),
                            Some(ago) => format!("because it heard a leader {} ago", ms(ago)),
                        };
                        format!("{who} learns nothing new: {me} refuses its PreVote, {why}.")
                    }
                    Because::Log => format!("{me} refuses {who}'s PreVote: its own log is newer."),
                    _ => format!(
                        "{me} refuses {who}'s PreVote for term {term}: it is there already."
                    ),
                }
            }
            Why::Voted { term, candidate, kept } => {
                let first = if *kept { " and writes that vote to disk first" } else { "" };
                format!("{me} votes for {} in term {term}{first}.", t.name(*candidate))
            }
            Why::Refused { term, candidate, because, mine, theirs, voted_for } => {
                let who = t.name(*candidate);
                match (because, voted_for) {
                    (Because::Log, _) => format!(
                        "{me} refuses {who}'s vote: its last entry (index {}, term {}) is newer than {who}'s (index {}, term {}).",
                        mine.index, mine.term, theirs.index, theirs.term
                    ),
                    (Because::Voted, Some(other)) => format!(
                        "{me} does not vote for {who}: it has given its vote of term {term} to {}.",
                        t.name(*other)
                    ),
                    _ => format!("{me} refuses {who}'s vote: it is already in term {term}."),
                }
            }
            Why::Ignored { candidate, term, because, ago } => {
                let why = match ago {
                    None => "leads".into(),
                    Some(ago) if *because == Because::Woken => format!(
                        "came back {} ago, may have answered a leader just before,",
                        ms(ago)
                    ),
                    Some(ago) => format!("heard its leader {} ago", ms(ago)),
                };
                let who = t.name(*candidate);
                format!("{me} {why} and does not listen to {who}'s RequestVote of term {term}.")
            }
            Why::Split { term, votes, needed } => format!(
                "Term {term} ends for {me} with {}, where {needed} are needed.",
                count(*votes, "vote", "votes")
            ),
            Why::Elected { term, votes, of } => format!(
                "{me} leads term {term}: it has the votes of {}, {} of {of}.",
                t.list(votes.iter().copied()),
                votes.len()
            ),
            Why::SteppedDown { term, led, because, by, heard, needed } => match because {
                Because::Quorum => format!(
                    "{me} stops leading term {led}: only {heard} of the {needed} servers it needs were heard lately."
                ),
                Because::Leader => {
                    format!("{me} gives way: {} leads term {term}.", t.name(*by))
                }
                _ => format!(
                    "{me} hears of term {term} from {}, newer than its own {led}, and becomes a follower.",
                    t.name(*by)
                ),
            },
            Why::Appended { index, from, term } => {
                format!("{me} writes {} of term {term} into its log.", span(*from, *index))
            }
            Why::Conflict { index, term, have, hint } => match have {
                Some(have) => format!(
                    "{me} has term {have} at index {index}, not {term}: it refuses, and names index {hint}."
                ),
                None => format!(
                    "{me} has no entry {index} to put new ones behind: it refuses, and names index {hint}."
                ),
            },
            Why::BackedUp { follower, next, index } => format!(
                "{me} tries {} again from entry {next}: at {index} their logs differ.",
                t.name(*follower)
            ),
            Why::Truncated { index, last, term, last_term, commit } => {
                let what = span(*index, *last);
                let terms = match term == last_term {
                    true => format!("term {term}"),
                    false => format!("terms {term} to {last_term}"),
                };
                let known = match index <= commit {
                    true if index == last => "though it knew it to be committed",
                    true => "though it knew them to be committed",
                    false if index == last => "which it never heard was committed",
                    false => "which it never heard were committed",
                };
                format!("{me} discards its {what} of {terms}, {known}.")
            }
            Why::Waits { index, of_term, term, on, of } => format!(
                "Entry {index} of term {of_term} is on {on} of {of} servers, but {me} leads term {term} and may not count it: it waits for an entry of its own term."
            ),
            Why::Committed { index, term, leads, on, of, .. } if term != leads => format!(
                "Entry {index} of term {term} is on {on} of {of} servers, and {me}, which leads term {leads}, calls it committed."
            ),
            Why::Committed { index, from, on, of, .. } if from == index => format!(
                "Entry {index} is on {on} of {of} servers and of the leader's term: committed."
            ),
            Why::Committed { index, from, on, of, .. } => format!(
                "Entry {index} is on {on} of {of} servers and of the leader's term: committed, and with it {} before.",
                span(*from, index - 1)
            ),
            Why::Learned { index, from } => {
                format!("{me} learns that {} committed.", are(*from, *index))
            }
            Why::Applied { index } => format!("{me} applies the log up to entry {index}."),
            Why::Compacted { index, dropped } => format!(
                "{me} keeps the state after entry {index} as a snapshot and lets {} go.",
                count(*dropped, "entry", "entries")
            ),
            Why::SentSnapshot { follower, index, next } => format!(
                "As far as {me} knows, {} lacks entry {next}, and {me} no longer has it: it sends the snapshot of entry {index}.",
                t.name(*follower)
            ),
            Why::Gathered { index, held } => format!(
                "{me} holds {} of the state after entry {index} and waits for the rest.",
                count(*held, "row", "rows")
            ),
            Why::Gap { index, held, offset } => format!(
                "{me} holds {} of the state after entry {index}: a piece that goes behind {} is of no use, and it says so.",
                count(*held, "row", "rows"),
                count(*offset, "row", "rows")
            ),
            Why::Installed { index, kept: 0 } => {
                format!("{me} takes over the state after entry {index}; its log begins anew.")
            }
            Why::Installed { index, kept } => format!(
                "{me} takes over the state after entry {index} and keeps {} behind it.",
                count(*kept, "entry", "entries")
            ),
            Why::Outdated { index, commit } => format!(
                "{me} has committed up to {commit} itself: the snapshot of entry {index} is of the past and is put aside."
            ),
            Why::ReadHeld { client, term } => format!(
                "{me} has committed nothing of term {term} yet and cannot know what is: {}'s read waits.",
                t.name(*client)
            ),
            Why::ReadConfirmed { client, read_index, heard, of, applied, any } => format!(
                "readIndex={read_index}, leadership {}confirmed by {heard} of {of}, applied={applied}: {me} answers {}.",
                if *any { "taken as " } else { "" },
                t.name(*client)
            ),
            Why::LeaseRead { client, left, applied } => format!(
                "{me}'s lease runs for another {} by its own clock: it answers {} from entry {applied} and asks nobody.",
                ms(left),
                t.name(*client)
            ),
            Why::Redirected { client, leader } => match leader {
                Some(l) => format!(
                    "{me} does not lead and sends {} on to {}.",
                    t.name(*client),
                    t.name(*l)
                ),
                None => format!(
                    "{me} does not lead and knows nobody who does: {} must ask again.",
                    t.name(*client)
                ),
            },
            Why::Repeated { client, request, answer, answers } => {
                let with =
                    answer.as_ref().map_or(String::new(), |v| format!(" with {}", v.print()));
                let said = if *answers { format!("answers{with} and ") } else { String::new() };
                format!(
                    "{me} has executed request {request} of {} before: it {said}changes nothing.",
                    t.name(*client)
                )
            }
            Why::Retried { server, request, silent } => format!(
                "{me} has no answer to request {request} after {}: it asks {}.",
                ms(silent),
                t.name(*server)
            ),
            Why::GaveUp { request, waited, unsent } => format!(
                "{me} gives up on request {request} after {}: {}.",
                ms(waited),
                match unsent {
                    true => "nobody opened a session for it, so it was never sent",
                    false => "it may have been executed, or may yet be",
                }
            ),
        }
    }
}

fn count(n: u64, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

fn span(from: Index, to: Index) -> String {
    if from >= to { format!("entry {to}") } else { format!("entries {from}–{to}") }
}

fn are(from: Index, to: Index) -> String {
    let verb = if from >= to { "is" } else { "are" };
    format!("{} {verb}", span(from, to))
}
