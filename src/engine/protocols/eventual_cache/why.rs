//! Why a node did what it did, in its own numbers.

use serde::Serialize;

use super::msg::Version;
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    // What a client asked.
    Put {
        key: Value,
        value: Value,
        counter: u64,
        peers: u64,
        durable: bool,
    },
    Deleted {
        key: Value,
        counter: u64,
        peers: u64,
        /// By a clock.
        #[serde(skip)]
        clock: bool,
        /// No tombstone is left.
        #[serde(skip)]
        removes: bool,
    },
    Incremented {
        key: Value,
        by: i64,
        sum: i64,
        peers: u64,
    },
    Coalesced {
        key: Value,
        peers: u64,
    },
    Outrun {
        key: Value,
        value: Option<Value>,
        counter: u64,
        kept: u64,
        by: NodeId,
    },
    Hit {
        key: Value,
        value: Value,
        counter: u64,
        /// By a clock.
        #[serde(skip)]
        clock: bool,
    },
    Missed {
        key: Value,
        deleted: bool,
    },
    Expired {
        key: Value,
        ago: Span,
    },
    NotYet {
        key: Value,
        from: NodeId,
    },
    Full {
        key: Value,
        peer: NodeId,
        queued: u64,
    },
    // The queues.
    Flushed {
        entries: u64,
        batches: u64,
    },
    Resent {
        to: NodeId,
        seq: u64,
        entries: u64,
        after: Span,
    },
    Acknowledged {
        by: NodeId,
        seq: u64,
        left: u64,
    },
    OldAck {
        by: NodeId,
        seq: u64,
        boot: u32,
    },
    // What others said.
    Applied {
        key: Value,
        value: Option<Value>,
        from: NodeId,
        theirs: Version,
        mine: Option<Version>,
        /// By a clock.
        #[serde(skip)]
        clock: bool,
        /// What is taken is greater than what was there.
        #[serde(skip)]
        greater: bool,
    },
    Kept {
        key: Value,
        from: NodeId,
        theirs: Version,
        mine: Version,
        /// By a clock.
        #[serde(skip)]
        clock: bool,
        /// What is kept is greater than what came.
        #[serde(skip)]
        greater: bool,
    },
    Again {
        key: Value,
        from: NodeId,
    },
    Counted {
        key: Value,
        by: i64,
        origin: NodeId,
        seq: u64,
        sum: i64,
    },
    Compared {
        with: NodeId,
        gives: u64,
        wants: u64,
    },
    Collected {
        key: Value,
        tombstone: bool,
        grace: Span,
    },
    // After a crash.
    Forgot {
        boot: u32,
        from: NodeId,
    },
    AskedAnother {
        silent: NodeId,
        next: NodeId,
    },
    CaughtUp {
        from: NodeId,
        keys: u64,
        counter: u64,
        /// By a clock.
        #[serde(skip)]
        clock: bool,
    },
    Recovered {
        keys: u64,
        queued: u64,
    },
}

named!(Why {
    Put,
    Deleted,
    Incremented,
    Coalesced,
    Outrun,
    Hit,
    Missed,
    Expired,
    NotYet,
    Full,
    Flushed,
    Resent,
    Acknowledged,
    OldAck,
    Applied,
    Kept,
    Again,
    Counted,
    Compared,
    Collected,
    Forgot,
    AskedAnother,
    CaughtUp,
    Recovered,
});

impl Reason for Why {
    /// Each `@` of a sentence is the next of its words.
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Put { key, value, peers, durable: false, .. } => tell(
                "@ acknowledged put(@)=@ with @ still unaware; if it dies now the value is gone.",
                &[me, &key.print(), &value.print(), &count(*peers, "peer")],
            ),
            Why::Put { key, value, peers, .. } => tell(
                "@ takes put(@)=@ and writes it to its disk before it answers; @ still unaware.",
                &[me, &key.print(), &value.print(), &count(*peers, "peer")],
            ),
            Why::Deleted { key, removes: true, .. } => {
                tell("@ removes @: it keeps no tombstone, and nobody is told.", &[me, &key.print()])
            }
            Why::Deleted { key, counter, peers, clock, .. } => tell(
                "@ deletes @: it keeps a tombstone with @, of which @ must still hear.",
                &[me, &key.print(), &counted(*clock, *counter), &count(*peers, "peer")],
            ),
            Why::Incremented { key, by, sum, peers } => tell(
                "@ adds @ to @ and has @; @ still to be told of this one.",
                &[me, &by.to_string(), &key.print(), &sum.to_string(), &count(*peers, "peer")],
            ),
            Why::Coalesced { key, peers } => tell(
                "An older @ was still unsent for @: it never will be, the newest is enough.",
                &[&key.print(), &count(*peers, "peer")],
            ),
            Why::Outrun { key, value, counter, kept, by } => tell(
                "@ acknowledged @ and does not keep it: its clock says @, and what it has was stamped @ by @.",
                &[me, &content(key, value), &t.time(*counter), &t.time(*kept), t.name(*by)],
            ),
            Why::Hit { key, value, counter, clock } => tell(
                "@ answers @=@ from its store, @; it asks nobody whether there is anything newer.",
                &[me, &key.print(), &value.print(), &counted(*clock, *counter)],
            ),
            Why::Missed { key, deleted: false } => {
                tell("@ has nothing of @: a miss.", &[me, &key.print()])
            }
            Why::Missed { key, .. } => {
                tell("@ has a tombstone for @: a miss.", &[me, &key.print()])
            }
            Why::Expired { key, ago } => tell(
                "By @'s clock @ expired @ ago: a miss.",
                &[me, &key.print(), &t.time(ago.0 as u64)],
            ),
            Why::NotYet { key, from } => tell(
                "@ refuses to write @: it has not heard from @ yet what it wrote before it forgot.",
                &[me, &key.print(), t.name(*from)],
            ),
            Why::Full { key, peer, queued } => tell(
                "@ refuses to write @: @ has not acknowledged @, and the queue is full.",
                &[me, &key.print(), t.name(*peer), &count(*queued, "entry")],
            ),
            Why::Flushed { entries, batches } => tell(
                "@ sends what has waited for its peers: @ for each, in @.",
                &[me, &count(*entries, "entry"), &count(*batches, "message")],
            ),
            Why::Resent { to, seq, entries, after } => tell(
                "@ has not acknowledged batch @ for @: @ sends it again, @.",
                &[t.name(*to), &num(*seq), &t.time(after.0 as u64), me, &count(*entries, "entry")],
            ),
            Why::Acknowledged { by, seq, left } => tell(
                "@ has batch @: @ takes it off its queue, @ left.",
                &[t.name(*by), &num(*seq), me, &num(*left)],
            ),
            Why::OldAck { by, seq, boot } => tell(
                "@'s acknowledgement of batch @ is for an earlier life of @, number @: it says nothing of the batch @ it sent in this one.",
                &[t.name(*by), &num(*seq), me, &boot.to_string(), &num(*seq)],
            ),
            Why::Applied { key, value, from, theirs, mine, clock, greater } => tell(
                "@ takes @ from @: @ @.",
                &[
                    me,
                    &content(key, value),
                    t.name(*from),
                    &stamp(t, *theirs, *clock),
                    &mine.map_or_else(
                        || "where it had nothing".into(),
                        |mine| {
                            let how = if *greater { "is greater than" } else { "comes after" };
                            let end = if *greater { "" } else { ", which is not less" };
                            [how, " its ", &stamp(t, mine, *clock), end].concat()
                        },
                    ),
                ],
            ),
            Why::Kept { key, from, theirs, mine, clock, greater } => tell(
                match theirs.counter == mine.counter {
                    true if !greater => "@ keeps its @, @, though @'s @ is greater.",
                    true if *clock => {
                        "@ keeps its @: @ and @'s @ have one time, and the node decides."
                    }
                    true => "@ keeps its @: @ and @'s @ have one counter, and the node decides.",
                    false => "@ keeps its @: @ is greater than @'s @, whichever came first.",
                },
                &[
                    me,
                    &key.print(),
                    &stamp(t, *mine, *clock),
                    t.name(*from),
                    &stamp(t, *theirs, *clock),
                ],
            ),
            Why::Again { key, from } => tell(
                "@ has what @ sends of @ already: nothing changes.",
                &[me, t.name(*from), &key.print()],
            ),
            Why::Counted { key, by, origin, seq, sum } => tell(
                "@ counts @'s increment @ of @, by @: @.",
                &[me, t.name(*origin), &num(*seq), &key.print(), &by.to_string(), &sum.to_string()],
            ),
            Why::Compared { with, gives, wants } => tell(
                "@ compares @'s digest with its store: it sends @ that @ lacks, and asks for @.",
                &[me, t.name(*with), &count(*gives, "entry"), t.name(*with), &num(*wants)],
            ),
            Why::Collected { key, tombstone, grace } => tell(
                "@ drops the @ of @: by its clock the grace of @ is over, and from now on it knows nothing of @.",
                &[
                    me,
                    if *tombstone { "tombstone" } else { "expired value" },
                    &key.print(),
                    &t.time(grace.0 as u64),
                    &key.print(),
                ],
            ),
            Why::Forgot { boot, from } => tell(
                "@ is back, life @, and has nothing: it asks @ for all there is before it takes a write.",
                &[me, &boot.to_string(), t.name(*from)],
            ),
            Why::AskedAnother { silent, next } => {
                tell("@ does not answer: @ asks @.", &[t.name(*silent), me, t.name(*next)])
            }
            Why::CaughtUp { from, keys, counter, clock } => tell(
                "@ has answered, and @ has @ and @: it takes writes again.",
                &[t.name(*from), me, &count(*keys, "key"), &counted(*clock, *counter)],
            ),
            Why::Recovered { keys, queued } => tell(
                "@ is back with what its disk kept: @, and @ still to be told.",
                &[me, &count(*keys, "key"), &count(*queued, "entry")],
            ),
        }
    }

    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Kept { theirs, mine, .. } if theirs.counter != mine.counter => Some(Weight::Quiet),
            _ => None,
        }
    }
}

fn tell(sentence: &str, words: &[&str]) -> String {
    let (mut out, mut words) = (String::new(), words.iter());
    for c in sentence.chars() {
        match c {
            '@' => out += words.next().copied().unwrap_or("?"),
            c => out.push(c),
        }
    }
    out
}

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
