//! The sentences of [`Why`](super::why::Why): one function each, in the order of the reasons.

use super::msg::{Index, Term};
use super::why::{Because, Last};
use crate::ids::{NodeId, Span};
use crate::protocol::Teller;
use crate::value::Value;

pub(super) fn recovered(
    t: &Teller,
    term: Term,
    voted_for: Option<NodeId>,
    last: Index,
    base: Index,
) -> String {
    let me = t.me();
    let vote = match voted_for {
        Some(n) => format!("its vote for {}", t.name(n)),
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

pub(super) fn fired(t: &Teller, term: Term) -> String {
    let me = t.me();
    format!("{me} stands for election: it becomes a candidate in term {term} and asks for votes.")
}

pub(super) fn timed_out(t: &Teller, term: Term, silent: Span) -> String {
    let me = t.me();
    format!(
        "{me} has heard no leader for {}: it becomes a candidate in term {term} and asks for votes.",
        ms(t, silent)
    )
}

pub(super) fn pre_asked(t: &Teller, term: Term, silent: Span, moves: bool) -> String {
    let me = t.me();
    let and = if moves { "though its own has moved already" } else { "and changes nothing yet" };
    let asks = format!("asks whether it could win term {term}, {and}.");
    // Fired by the scenario, not by patience at its end.
    match silent.0 {
        0 => format!("{me} {asks}"),
        _ => format!("{me} has heard no leader for {}: it {asks}", ms(t, silent)),
    }
}

pub(super) fn pre_refused(
    t: &Teller,
    candidate: NodeId,
    because: Because,
    ago: Option<Span>,
    term: Term,
) -> String {
    let me = t.me();
    let who = t.name(candidate);
    match because {
        Because::Leader => {
            let why = match ago {
                None => "for it leads itself".into(),
                Some(ago) => format!("because it heard a leader {} ago", ms(t, ago)),
            };
            format!("{who} learns nothing new: {me} refuses its PreVote, {why}.")
        }
        Because::Log => format!("{me} refuses {who}'s PreVote: its own log is newer."),
        _ => format!("{me} refuses {who}'s PreVote for term {term}: it is there already."),
    }
}

pub(super) fn voted(t: &Teller, term: Term, candidate: NodeId, kept: bool) -> String {
    let me = t.me();
    let first = if kept { " and writes that vote to disk first" } else { "" };
    format!("{me} votes for {} in term {term}{first}.", t.name(candidate))
}

pub(super) fn refused(
    t: &Teller,
    term: Term,
    candidate: NodeId,
    because: Because,
    mine: Last,
    theirs: Last,
    voted_for: Option<NodeId>,
) -> String {
    let me = t.me();
    let who = t.name(candidate);
    match (because, voted_for) {
        (Because::Log, _) => format!(
            "{me} refuses {who}'s vote: its last entry (index {}, term {}) is newer than {who}'s (index {}, term {}).",
            mine.index, mine.term, theirs.index, theirs.term
        ),
        (Because::Voted, Some(other)) => format!(
            "{me} does not vote for {who}: it has given its vote of term {term} to {}.",
            t.name(other)
        ),
        _ => format!("{me} refuses {who}'s vote: it is already in term {term}."),
    }
}

pub(super) fn ignored(
    t: &Teller,
    candidate: NodeId,
    term: Term,
    because: Because,
    ago: Option<Span>,
) -> String {
    let me = t.me();
    let why = match ago {
        None => "leads".into(),
        Some(ago) if because == Because::Woken => {
            format!("came back {} ago, may have answered a leader just before,", ms(t, ago))
        }
        Some(ago) => format!("heard its leader {} ago", ms(t, ago)),
    };
    let who = t.name(candidate);
    format!("{me} {why} and does not listen to {who}'s RequestVote of term {term}.")
}

pub(super) fn split(t: &Teller, term: Term, votes: u64, needed: u64) -> String {
    let me = t.me();
    format!(
        "Term {term} ends for {me} with {}, where {needed} are needed.",
        count(votes, "vote", "votes")
    )
}

pub(super) fn elected(t: &Teller, term: Term, votes: &[NodeId], of: u64) -> String {
    let me = t.me();
    format!(
        "{me} leads term {term}: it has the votes of {}, {} of {of}.",
        t.list(votes.iter().copied()),
        votes.len()
    )
}

pub(super) fn stepped_down(
    t: &Teller,
    term: Term,
    led: Term,
    because: Because,
    by: NodeId,
    (heard, needed): (u64, u64),
) -> String {
    let me = t.me();
    match because {
        Because::Quorum => format!(
            "{me} stops leading term {led}: only {heard} of the {needed} servers it needs were heard lately."
        ),
        Because::Leader => {
            format!("{me} gives way: {} leads term {term}.", t.name(by))
        }
        _ => format!(
            "{me} hears of term {term} from {}, newer than its own {led}, and becomes a follower.",
            t.name(by)
        ),
    }
}

pub(super) fn appended(t: &Teller, index: Index, from: Index, term: Term) -> String {
    let me = t.me();
    format!("{me} writes {} of term {term} into its log.", span(from, index))
}

pub(super) fn conflict(
    t: &Teller,
    index: Index,
    term: Term,
    have: Option<Term>,
    hint: Index,
) -> String {
    let me = t.me();
    match have {
        Some(have) => format!(
            "{me} has term {have} at index {index}, not {term}: it refuses, and names index {hint}."
        ),
        None => format!(
            "{me} has no entry {index} to put new ones behind: it refuses, and names index {hint}."
        ),
    }
}

pub(super) fn backed_up(t: &Teller, follower: NodeId, next: Index, index: Index) -> String {
    let me = t.me();
    format!(
        "{me} tries {} again from entry {next}: at {index} their logs differ.",
        t.name(follower)
    )
}

pub(super) fn truncated(
    t: &Teller,
    (index, last): (Index, Index),
    (term, last_term): (Term, Term),
    commit: Index,
) -> String {
    let me = t.me();
    let what = span(index, last);
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

pub(super) fn waits(
    t: &Teller,
    index: Index,
    of_term: Term,
    term: Term,
    (on, of): (u64, u64),
) -> String {
    let me = t.me();
    format!(
        "Entry {index} of term {of_term} is on {on} of {of} servers, but {me} leads term {term} and may not count it: it waits for an entry of its own term."
    )
}

pub(super) fn committed_of_older_term(
    t: &Teller,
    index: Index,
    term: Term,
    leads: Term,
    (on, of): (u64, u64),
) -> String {
    let me = t.me();
    format!(
        "Entry {index} of term {term} is on {on} of {of} servers, and {me}, which leads term {leads}, calls it committed."
    )
}

pub(super) fn committed_one(index: Index, (on, of): (u64, u64)) -> String {
    format!("Entry {index} is on {on} of {of} servers and of the leader's term: committed.")
}

pub(super) fn committed_with_others(index: Index, from: Index, (on, of): (u64, u64)) -> String {
    format!(
        "Entry {index} is on {on} of {of} servers and of the leader's term: committed, and with it {} before.",
        span(from, index - 1)
    )
}

pub(super) fn learned(t: &Teller, index: Index, from: Index) -> String {
    let me = t.me();
    format!("{me} learns that {} committed.", are(from, index))
}

pub(super) fn applied(t: &Teller, index: Index) -> String {
    let me = t.me();
    format!("{me} applies the log up to entry {index}.")
}

pub(super) fn compacted(t: &Teller, index: Index, dropped: u64) -> String {
    let me = t.me();
    format!(
        "{me} keeps the state after entry {index} as a snapshot and lets {} go.",
        count(dropped, "entry", "entries")
    )
}

pub(super) fn sent_snapshot(t: &Teller, follower: NodeId, index: Index, next: Index) -> String {
    let me = t.me();
    format!(
        "As far as {me} knows, {} lacks entry {next}, and {me} no longer has it: it sends the snapshot of entry {index}.",
        t.name(follower)
    )
}

pub(super) fn gathered(t: &Teller, index: Index, held: u64) -> String {
    let me = t.me();
    format!(
        "{me} holds {} of the state after entry {index} and waits for the rest.",
        count(held, "row", "rows")
    )
}

pub(super) fn gap(t: &Teller, index: Index, held: u64, offset: u64) -> String {
    let me = t.me();
    format!(
        "{me} holds {} of the state after entry {index}: a piece that goes behind {} is of no use, and it says so.",
        count(held, "row", "rows"),
        count(offset, "row", "rows")
    )
}

pub(super) fn installed_anew(t: &Teller, index: Index) -> String {
    let me = t.me();
    format!("{me} takes over the state after entry {index}; its log begins anew.")
}

pub(super) fn installed(t: &Teller, index: Index, kept: u64) -> String {
    let me = t.me();
    format!(
        "{me} takes over the state after entry {index} and keeps {} behind it.",
        count(kept, "entry", "entries")
    )
}

pub(super) fn outdated(t: &Teller, index: Index, commit: Index) -> String {
    let me = t.me();
    format!(
        "{me} has committed up to {commit} itself: the snapshot of entry {index} is of the past and is put aside."
    )
}

pub(super) fn read_held(t: &Teller, client: NodeId, term: Term) -> String {
    let me = t.me();
    format!(
        "{me} has committed nothing of term {term} yet and cannot know what is: {}'s read waits.",
        t.name(client)
    )
}

pub(super) fn read_confirmed(
    t: &Teller,
    client: NodeId,
    read_index: Index,
    (heard, of): (u64, u64),
    applied: Index,
    any: bool,
) -> String {
    let me = t.me();
    format!(
        "readIndex={read_index}, leadership {}confirmed by {heard} of {of}, applied={applied}: {me} answers {}.",
        if any { "taken as " } else { "" },
        t.name(client)
    )
}

pub(super) fn lease_read(t: &Teller, client: NodeId, left: Span, applied: Index) -> String {
    let me = t.me();
    format!(
        "{me}'s lease runs for another {} by its own clock: it answers {} from entry {applied} and asks nobody.",
        ms(t, left),
        t.name(client)
    )
}

pub(super) fn redirected(t: &Teller, client: NodeId, leader: Option<NodeId>) -> String {
    let me = t.me();
    match leader {
        Some(l) => format!("{me} does not lead and sends {} on to {}.", t.name(client), t.name(l)),
        None => format!(
            "{me} does not lead and knows nobody who does: {} must ask again.",
            t.name(client)
        ),
    }
}

pub(super) fn repeated(
    t: &Teller,
    client: NodeId,
    request: u64,
    answer: &Option<Value>,
    answers: bool,
) -> String {
    let me = t.me();
    let with = answer.as_ref().map_or(String::new(), |v| format!(" with {}", v.print()));
    let said = if answers { format!("answers{with} and ") } else { String::new() };
    format!(
        "{me} has executed request {request} of {} before: it {said}changes nothing.",
        t.name(client)
    )
}

pub(super) fn retried(t: &Teller, server: NodeId, request: u64, silent: Span) -> String {
    let me = t.me();
    format!(
        "{me} has no answer to request {request} after {}: it asks {}.",
        ms(t, silent),
        t.name(server)
    )
}

pub(super) fn gave_up(t: &Teller, request: u64, waited: Span, unsent: bool) -> String {
    let me = t.me();
    format!(
        "{me} gives up on request {request} after {}: {}.",
        ms(t, waited),
        match unsent {
            true => "nobody opened a session for it, so it was never sent",
            false => "it may have been executed, or may yet be",
        }
    )
}

// ---------------------------------------------------------------- words

fn ms(t: &Teller, span: Span) -> String {
    t.time(span.0.max(0) as u64)
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
