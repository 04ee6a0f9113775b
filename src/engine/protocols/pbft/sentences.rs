//! The sentences of [`Why`](super::why::Why): one function each, in the order of the reasons. Each `@` of a sentence is the
//! next of its words.

use super::msg::{Digest, SeqNo, View};
use crate::ids::{NodeId, Span};
use crate::protocol::{Teller, prose_time, tell};
use crate::value::Value;

pub(super) fn forwarded(t: &Teller, c: NodeId, ts: u64, primary: NodeId, wait: Span) -> String {
    tell(
        "@ passes @ on to the primary @, and gives it @.",
        &[t.me(), &name(t, Some((c, ts))), t.name(primary), &time(wait)],
    )
}

pub(super) fn proposed(t: &Teller, v: View, n: SeqNo, d: Digest) -> String {
    tell(
        "@, primary of view @, gives @ the number @ and asks everybody to prepare it.",
        &[t.me(), &num(v), &name(t, d), &num(n)],
    )
}

pub(super) fn pre_prepared(t: &Teller, v: View, n: SeqNo, d: Digest) -> String {
    tell(
        "@ accepts @ as number @ of view @, and will accept no other there.",
        &[t.me(), &name(t, d), &num(n), &num(v)],
    )
}

pub(super) fn conflicting(t: &Teller, v: View, n: SeqNo, d: Digest, had: Digest) -> String {
    tell(
        "@ has accepted @ at (view @, number @) and refuses @ there: one request for each number.",
        &[t.me(), &name(t, had), &num(v), &num(n), &name(t, d)],
    )
}

pub(super) fn outside(t: &Teller, n: SeqNo, low: SeqNo, high: SeqNo) -> String {
    tell(
        "@ takes numbers above @ and up to @: it ignores number @, and the primary cannot use the numbers up.",
        &[t.me(), &num(low), &num(high), &num(n)],
    )
}

pub(super) fn prepared(
    t: &Teller,
    v: View,
    n: SeqNo,
    prepares: u64,
    alike: bool,
    liars: u64,
) -> String {
    tell(
        "@ holds the pre-prepare and @: unless @, no other request can prepare at (view @, number @).",
        &[t.me(), &some(prepares, alike, "prepare"), &lie(liars), &num(v), &num(n)],
    )
}

pub(super) fn prepared_on_few(t: &Teller, v: View, n: SeqNo, prepares: u64, alike: bool) -> String {
    tell(
        "@ holds the pre-prepare and @, and takes that for enough at (view @, number @).",
        &[t.me(), &some(prepares, alike, "prepare"), &num(v), &num(n)],
    )
}

pub(super) fn executed(t: &Teller, n: SeqNo, d: Digest, commits: u64, alike: bool) -> String {
    tell(
        "@ holds @ and has executed all below number @: it executes @.",
        &[t.me(), &some(commits, alike, "commit"), &num(n), &name(t, d)],
    )
}

pub(super) fn tentative(t: &Teller, n: SeqNo, d: Digest) -> String {
    tell(
        "@ has prepared number @ and executed all below: it executes @ without waiting for commits, and says so.",
        &[t.me(), &num(n), &name(t, d)],
    )
}

pub(super) fn undone_by_view(t: &Teller, n: SeqNo, d: Digest, v: View) -> String {
    tell(
        "View @ does not ask for @ as number @: @ takes back what it executed too early.",
        &[&num(v), &name(t, d), &num(n), t.me()],
    )
}

pub(super) fn undone(t: &Teller, n: SeqNo, d: Digest) -> String {
    tell(
        "Number @ is not @ after all: @ takes back what it executed too early.",
        &[&num(n), &name(t, d), t.me()],
    )
}

pub(super) fn skipped(t: &Teller, n: SeqNo) -> String {
    tell("Number @ is the null request: @ goes on to the next.", &[&num(n), t.me()])
}

pub(super) fn caught_up(t: &Teller, n: SeqNo, d: Digest, by: &[NodeId]) -> String {
    tell(
        "@ say they have executed @ as number @; unless @, one of them is honest: @ does the same.",
        &[&list(t, by), &name(t, d), &num(n), &lie(by.len() as u64), t.me()],
    )
}

pub(super) fn checkpointed(t: &Teller, n: SeqNo) -> String {
    tell("@ has executed @ requests and signs what its state is now.", &[t.me(), &num(n)])
}

pub(super) fn stable(t: &Teller, n: SeqNo, by: &[NodeId]) -> String {
    tell(
        "@ matching digests at number @: everything up to @ can be forgotten at @.",
        &[&num(by.len() as u64), &num(n), &num(n), t.me()],
    )
}

pub(super) fn behind(t: &Teller, n: SeqNo, last: SeqNo) -> String {
    tell(
        "@ learns that number @ is stable and has executed only @: it asks for the state.",
        &[t.me(), &num(n), &num(last)],
    )
}

pub(super) fn transferred(t: &Teller, n: SeqNo, from: NodeId) -> String {
    tell(
        "@ takes the state at number @ from @: its digest is the one that a quorum has signed.",
        &[t.me(), &num(n), t.name(from)],
    )
}

pub(super) fn primary_gave_up(t: &Teller, v: View, waited: Span) -> String {
    tell(
        "@, the primary, has waited @ for a request to be executed: it gives its view up and asks for view @.",
        &[t.me(), &time(waited), &num(v)],
    )
}

pub(super) fn view_changed(t: &Teller, v: View, waited: Span) -> String {
    tell(
        "@ has waited @ for a request to be executed: it stops listening to the primary and asks for view @.",
        &[t.me(), &time(waited), &num(v)],
    )
}

pub(super) fn view_asked_again(t: &Teller, v: View, waited: Span) -> String {
    tell(
        "@ has waited @ for the new view to begin: it asks for view @.",
        &[t.me(), &time(waited), &num(v)],
    )
}

pub(super) fn joined(t: &Teller, v: View, by: &[NodeId]) -> String {
    tell(
        "@ want a later view; unless @, one of them is honest: @ joins them in view @ without waiting.",
        &[&list(t, by), &lie(by.len() as u64), t.me(), &num(v)],
    )
}

pub(super) fn new_view_empty(t: &Teller, v: View, of: &[NodeId], low: SeqNo) -> String {
    tell(
        "@ holds view changes of @: none of them shows anything prepared above number @, and @ begins view @.",
        &[t.me(), &list(t, of), &num(low), t.me(), &num(v)],
    )
}

pub(super) fn new_view(t: &Teller, v: View, of: &[NodeId], low: SeqNo, kept: u64) -> String {
    tell(
        "@ holds view changes of @ and begins view @: what they show settles every number up to @.",
        &[t.me(), &list(t, of), &num(v), &num(low + kept)],
    )
}

pub(super) fn kept_highest(t: &Teller, v: View, n: SeqNo, d: Digest, from: View) -> String {
    tell(
        "@ is shown as prepared as number @ in view @, the highest anybody shows: view @ must keep it.",
        &[&name(t, d), &num(n), &num(from), &num(v)],
    )
}

pub(super) fn kept(t: &Teller, v: View, n: SeqNo, d: Digest, from: View) -> String {
    tell(
        "@ is shown as prepared as number @ in view @, and view @ asks for it again.",
        &[&name(t, d), &num(n), &num(from), &num(v)],
    )
}

pub(super) fn null_filled(v: View, n: SeqNo) -> String {
    tell(
        "Sequence @: none of these view changes shows a prepared request; view @ fills it with a null request.",
        &[&num(n), &num(v)],
    )
}

pub(super) fn entered(t: &Teller, v: View, primary: NodeId) -> String {
    tell(
        "@ computes from the same view changes what @ must ask for, finds it so, and enters view @.",
        &[t.me(), t.name(primary), &num(v)],
    )
}

pub(super) fn rejected(t: &Teller, v: View, primary: NodeId) -> String {
    tell(
        "@ computes what view @ must begin with, and @ says something else: it asks for the next view.",
        &[t.me(), &num(v), t.name(primary)],
    )
}

pub(super) fn fetched(t: &Teller, d: Digest) -> String {
    tell("@ lacks @ and asks the others for it.", &[t.me(), &name(t, d)])
}

pub(super) fn asked(t: &Teller, v: View, last: SeqNo) -> String {
    tell(
        "@ is in view @, has executed up to number @ and asks what it has missed.",
        &[t.me(), &num(v), &num(last)],
    )
}

pub(super) fn recovered(t: &Teller, v: View, last: SeqNo) -> String {
    tell("@ is back with its log: view @, executed up to number @.", &[t.me(), &num(v), &num(last)])
}

// ---------------------------------------------------------------- what liars do

pub(super) fn equivocated(
    t: &Teller,
    n: SeqNo,
    d: Digest,
    to: &[NodeId],
    other: Digest,
    others: &[NodeId],
) -> String {
    tell(
        "@ lies: to @ it says that number @ is @, and to @ that it is @.",
        &[t.me(), &list(t, to), &num(n), &name(t, d), &list(t, others), &name(t, other)],
    )
}

pub(super) fn misnumbered(t: &Teller, n: SeqNo, d: Digest, how: &str) -> String {
    tell("@ lies: it gives @ the number @, @.", &[t.me(), &name(t, d), &num(n), how])
}

pub(super) fn colluded(t: &Teller, v: View, n: SeqNo, d: Digest) -> String {
    tell(
        "@ lies: it prepares and commits @ at (view @, number @), as it would anything.",
        &[t.me(), &name(t, d), &num(v), &num(n)],
    )
}

pub(super) fn altered(t: &Teller, how: &str) -> String {
    tell("@ lies: it @.", &[t.me(), how])
}

pub(super) fn forged(t: &Teller, c: NodeId, value: &Value) -> String {
    tell(
        "@ lies: it answers @ to @, and has not executed the request.",
        &[t.me(), &value.print(), t.name(c)],
    )
}

// ---------------------------------------------------------------- what clients do

pub(super) fn broadcast(t: &Teller, ts: u64, waited: Span) -> String {
    tell(
        "@ has no answer to its request @ after @ and sends it to every replica.",
        &[t.me(), &num(ts), &time(waited)],
    )
}

pub(super) fn counted(
    t: &Teller,
    from: NodeId,
    value: &Value,
    matching: u64,
    needed: u64,
) -> String {
    tell(
        "@ says @: that makes @ of the @ that @ needs.",
        &[t.name(from), &value.print(), &num(matching), &num(needed), t.me()],
    )
}

pub(super) fn accepted_early(t: &Teller, matching: u64, value: &Value, f: u64) -> String {
    tell(
        "@ replicas say that they have prepared it, and returned @: unless @, whatever view comes next will keep it, so @ accepts.",
        &[&quorum(matching, f), &value.print(), &lie(f + 1), t.me()],
    )
}

pub(super) fn accepted_by_quorum(t: &Teller, matching: u64, value: &Value, f: u64) -> String {
    tell(
        "@ replicas returned @: unless @, whoever asks as many from now on meets an honest one of them, so @ accepts.",
        &[&quorum(matching, f), &value.print(), &lie(f + 1), t.me()],
    )
}

pub(super) fn believed_one(t: &Teller, value: &Value) -> String {
    tell("One replica returned @, and @ believes it.", &[&value.print(), t.me()])
}

pub(super) fn accepted(t: &Teller, matching: u64, value: &Value) -> String {
    tell(
        "f+1=@ replicas returned @; unless @, at least one is honest, so @ accepts.",
        &[&num(matching), &value.print(), &lie(matching), t.me()],
    )
}

pub(super) fn read_at_once(t: &Teller, matching: u64, value: &Value, f: u64) -> String {
    tell(
        "@ replicas answer @, and a read needs no number: @ accepts.",
        &[&quorum(matching, f), &value.print(), t.me()],
    )
}

pub(super) fn not_alike(t: &Teller, waited: Span, needed: u64) -> String {
    tell(
        "@ has waited @ and has no @ equal answers to its read: it asks again, by a request that gets a number.",
        &[t.me(), &time(waited), &num(needed)],
    )
}

pub(super) fn gave_up(t: &Teller, ts: u64, waited: Span) -> String {
    tell(
        "@ has waited @ for its request @ and does not know what became of it.",
        &[t.me(), &time(waited), &num(ts)],
    )
}

// ---------------------------------------------------------------- words

/// A sentence may begin with a name that begins small.
pub(super) fn begun_large(sentence: String) -> String {
    for (small, large) in [("request ", "Request "), ("the null ", "The null ")] {
        if let Some(rest) = sentence.strip_prefix(small) {
            return [large, rest].concat();
        }
    }
    sentence
}

/// `request 3 of c1`
fn name(t: &Teller, d: Digest) -> String {
    match d {
        Some((c, ts)) => ["request ", &num(ts), " of ", t.name(c)].concat(),
        None => "the null request".into(),
    }
}

fn list(t: &Teller, nodes: &[NodeId]) -> String {
    t.list(nodes.iter().copied())
}

/// `2 lie`
fn lie(n: u64) -> String {
    [num(n).as_str(), if n == 1 { " lies" } else { " lie" }].concat()
}

/// `2 matching prepares`, or those for other requests among them.
fn some(votes: u64, alike: bool, what: &str) -> String {
    let how = if alike { " matching " } else { " " };
    let end = if votes == 1 { "" } else { "s" };
    [num(votes).as_str(), how, what, end].concat()
}

fn quorum(matching: u64, f: u64) -> String {
    [if matching == 2 * f + 1 { "2f+1=" } else { "A quorum of " }, &num(matching)].concat()
}

fn num(n: u64) -> String {
    n.to_string()
}

fn time(span: Span) -> String {
    prose_time(span.0.max(0) as u64)
}
