//! The sentences of [`Why`](super::why::Why): one function each, in the order of the reasons. Each `@` of a sentence is the
//! next of its words.

use super::msg::Version;
use crate::ids::{NodeId, Span};
use crate::protocol::{Teller, tell};
use crate::value::Value;

// ---------------------------------------------------------------- what a client asked

pub(super) fn put_in_memory(t: &Teller, key: &Value, value: &Value, peers: u64) -> String {
    tell(
        "@ acknowledged put(@)=@ with @ still unaware; if it dies now the value is gone.",
        &[t.me(), &key.print(), &value.print(), &count(peers, "peer")],
    )
}

pub(super) fn put_on_disk(t: &Teller, key: &Value, value: &Value, peers: u64) -> String {
    tell(
        "@ takes put(@)=@ and writes it to its disk before it answers; @ still unaware.",
        &[t.me(), &key.print(), &value.print(), &count(peers, "peer")],
    )
}

pub(super) fn removed(t: &Teller, key: &Value) -> String {
    tell("@ removes @: it keeps no tombstone, and nobody is told.", &[t.me(), &key.print()])
}

pub(super) fn deleted(t: &Teller, key: &Value, counter: u64, peers: u64, clock: bool) -> String {
    tell(
        "@ deletes @: it keeps a tombstone with @, of which @ must still hear.",
        &[t.me(), &key.print(), &counted(clock, counter), &count(peers, "peer")],
    )
}

pub(super) fn incremented(t: &Teller, key: &Value, by: i64, sum: i64, peers: u64) -> String {
    tell(
        "@ adds @ to @ and has @; @ still to be told of this one.",
        &[t.me(), &by.to_string(), &key.print(), &sum.to_string(), &count(peers, "peer")],
    )
}

pub(super) fn coalesced(key: &Value, peers: u64) -> String {
    tell(
        "An older @ was still unsent for @: it never will be, the newest is enough.",
        &[&key.print(), &count(peers, "peer")],
    )
}

pub(super) fn outrun(
    t: &Teller,
    key: &Value,
    value: &Option<Value>,
    counter: u64,
    kept: u64,
    by: NodeId,
) -> String {
    tell(
        "@ acknowledged @ and does not keep it: its clock says @, and what it has was stamped @ by @.",
        &[t.me(), &content(key, value), &t.time(counter), &t.time(kept), t.name(by)],
    )
}

pub(super) fn hit(t: &Teller, key: &Value, value: &Value, counter: u64, clock: bool) -> String {
    tell(
        "@ answers @=@ from its store, @; it asks nobody whether there is anything newer.",
        &[t.me(), &key.print(), &value.print(), &counted(clock, counter)],
    )
}

pub(super) fn missed(t: &Teller, key: &Value) -> String {
    tell("@ has nothing of @: a miss.", &[t.me(), &key.print()])
}

pub(super) fn missed_deleted(t: &Teller, key: &Value) -> String {
    tell("@ has a tombstone for @: a miss.", &[t.me(), &key.print()])
}

pub(super) fn expired(t: &Teller, key: &Value, ago: Span) -> String {
    tell("By @'s clock @ expired @ ago: a miss.", &[t.me(), &key.print(), &t.time(ago.0 as u64)])
}

pub(super) fn not_yet(t: &Teller, key: &Value, from: NodeId) -> String {
    tell(
        "@ refuses to write @: it has not heard from @ yet what it wrote before it forgot.",
        &[t.me(), &key.print(), t.name(from)],
    )
}

pub(super) fn full(t: &Teller, key: &Value, peer: NodeId, queued: u64) -> String {
    tell(
        "@ refuses to write @: @ has not acknowledged @, and the queue is full.",
        &[t.me(), &key.print(), t.name(peer), &count(queued, "entry")],
    )
}

// ---------------------------------------------------------------- the queues

pub(super) fn flushed(t: &Teller, entries: u64, batches: u64) -> String {
    tell(
        "@ sends what has waited for its peers: @ for each, in @.",
        &[t.me(), &count(entries, "entry"), &count(batches, "message")],
    )
}

pub(super) fn resent(t: &Teller, to: NodeId, seq: u64, entries: u64, after: Span) -> String {
    tell(
        "@ has not acknowledged batch @ for @: @ sends it again, @.",
        &[t.name(to), &num(seq), &t.time(after.0 as u64), t.me(), &count(entries, "entry")],
    )
}

pub(super) fn acknowledged(t: &Teller, by: NodeId, seq: u64, left: u64) -> String {
    tell(
        "@ has batch @: @ takes it off its queue, @ left.",
        &[t.name(by), &num(seq), t.me(), &num(left)],
    )
}

pub(super) fn old_ack(t: &Teller, by: NodeId, seq: u64, boot: u32) -> String {
    tell(
        "@'s acknowledgement of batch @ is for an earlier life of @, number @: it says nothing of the batch @ it sent in this one.",
        &[t.name(by), &num(seq), t.me(), &boot.to_string(), &num(seq)],
    )
}

// ---------------------------------------------------------------- what others said

pub(super) fn applied(
    t: &Teller,
    (key, value): (&Value, &Option<Value>),
    from: NodeId,
    (theirs, mine): (Version, Option<Version>),
    (clock, greater): (bool, bool),
) -> String {
    tell(
        "@ takes @ from @: @ @.",
        &[
            t.me(),
            &content(key, value),
            t.name(from),
            &stamp(t, theirs, clock),
            &mine.map_or_else(
                || "where it had nothing".into(),
                |mine| {
                    let how = if greater { "is greater than" } else { "comes after" };
                    let end = if greater { "" } else { ", which is not less" };
                    [how, " its ", &stamp(t, mine, clock), end].concat()
                },
            ),
        ],
    )
}

pub(super) fn kept(
    t: &Teller,
    key: &Value,
    from: NodeId,
    (theirs, mine): (Version, Version),
    (clock, greater): (bool, bool),
) -> String {
    tell(
        match theirs.counter == mine.counter {
            true if !greater => "@ keeps its @, @, though @'s @ is greater.",
            true if clock => "@ keeps its @: @ and @'s @ have one time, and the node decides.",
            true => "@ keeps its @: @ and @'s @ have one counter, and the node decides.",
            false => "@ keeps its @: @ is greater than @'s @, whichever came first.",
        },
        &[t.me(), &key.print(), &stamp(t, mine, clock), t.name(from), &stamp(t, theirs, clock)],
    )
}

pub(super) fn again(t: &Teller, key: &Value, from: NodeId) -> String {
    tell("@ has what @ sends of @ already: nothing changes.", &[t.me(), t.name(from), &key.print()])
}

pub(super) fn increment_counted(
    t: &Teller,
    key: &Value,
    by: i64,
    origin: NodeId,
    seq: u64,
    sum: i64,
) -> String {
    tell(
        "@ counts @'s increment @ of @, by @: @.",
        &[t.me(), t.name(origin), &num(seq), &key.print(), &by.to_string(), &sum.to_string()],
    )
}

pub(super) fn compared(t: &Teller, with: NodeId, gives: u64, wants: u64) -> String {
    tell(
        "@ compares @'s digest with its store: it sends @ that @ lacks, and asks for @.",
        &[t.me(), t.name(with), &count(gives, "entry"), t.name(with), &num(wants)],
    )
}

pub(super) fn collected(t: &Teller, key: &Value, tombstone: bool, grace: Span) -> String {
    tell(
        "@ drops the @ of @: by its clock the grace of @ is over, and from now on it knows nothing of @.",
        &[
            t.me(),
            if tombstone { "tombstone" } else { "expired value" },
            &key.print(),
            &t.time(grace.0 as u64),
            &key.print(),
        ],
    )
}

// ---------------------------------------------------------------- after a crash

pub(super) fn forgot(t: &Teller, boot: u32, from: NodeId) -> String {
    tell(
        "@ is back, life @, and has nothing: it asks @ for all there is before it takes a write.",
        &[t.me(), &boot.to_string(), t.name(from)],
    )
}

pub(super) fn asked_another(t: &Teller, silent: NodeId, next: NodeId) -> String {
    tell("@ does not answer: @ asks @.", &[t.name(silent), t.me(), t.name(next)])
}

pub(super) fn caught_up(t: &Teller, from: NodeId, keys: u64, counter: u64, clock: bool) -> String {
    tell(
        "@ has answered, and @ has @ and @: it takes writes again.",
        &[t.name(from), t.me(), &count(keys, "key"), &counted(clock, counter)],
    )
}

pub(super) fn recovered(t: &Teller, keys: u64, queued: u64) -> String {
    tell(
        "@ is back with what its disk kept: @, and @ still to be told.",
        &[t.me(), &count(keys, "key"), &count(queued, "entry")],
    )
}

// ---------------------------------------------------------------- words

fn num(n: u64) -> String {
    n.to_string()
}

/// `1 entry`, `3 entries`.
fn count(n: u64, thing: &str) -> String {
    let n_words = [&n.to_string(), " ", thing].concat();
    match thing.strip_suffix('y').filter(|_| n != 1 && thing != "key") {
        Some(stem) => [&n.to_string(), " ", stem, "ies"].concat(),
        None if n == 1 => n_words,
        None => [&n_words, "s"].concat(),
    }
}

fn content(key: &Value, value: &Option<Value>) -> String {
    match value {
        Some(value) => [&key.print(), "=", &value.print()].concat(),
        None => ["the delete of ", &key.print()].concat(),
    }
}

/// `(3,n2)`, and the life if it is not the first.
fn stamp(t: &Teller, v: Version, clock: bool) -> String {
    let life = if v.boot == 0 { String::new() } else { [",", &v.boot.to_string()].concat() };
    ["(", &reading(clock, v.counter), ",", t.name(v.node), &life, ")"].concat()
}

/// `counter 3`, or `stamp 6.5 s`.
fn counted(clock: bool, counter: u64) -> String {
    [if clock { "stamp " } else { "counter " }, &reading(clock, counter)].concat()
}

/// A clock's reading in full, for its last digit may decide: `6.5 s`, `6.000001 s`.
pub fn reading(clock: bool, counter: u64) -> String {
    if !clock {
        return num(counter);
    }
    let (whole, rest) = (counter / 1_000_000, num(counter % 1_000_000 + 1_000_000));
    let rest = rest[1..].trim_end_matches('0');
    [&*num(whole), if rest.is_empty() { "" } else { "." }, rest, " s"].concat()
}
