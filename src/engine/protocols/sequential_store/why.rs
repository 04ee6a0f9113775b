//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller, tell};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Read {
        key: Value,
        value: Value,
        gseq: u64,
    },
    Broadcast {
        key: Value,
        value: Value,
        seq: u64,
        to: NodeId,
        fast: bool,
        /// Its client waits until it has come back.
        #[serde(skip)]
        waits: bool,
        /// Who is to give the numbers does not give any yet.
        #[serde(skip)]
        not_yet: bool,
    },
    WaitsForOwn {
        key: Value,
        pending: u64,
    },
    Behind {
        client: NodeId,
        key: Value,
        seen: u64,
        delivered: u64,
    },
    Numbered {
        gseq: u64,
        key: Value,
        value: Value,
        origin: NodeId,
        seq: u64,
    },
    HeldBack {
        origin: NodeId,
        seq: u64,
        next: u64,
    },
    Repeated {
        origin: NodeId,
        seq: u64,
        gseq: u64,
    },
    Applied {
        gseq: u64,
        key: Value,
        value: Value,
        own: bool,
        answers: bool,
    },
    Gap {
        gseq: u64,
        missing: u64,
    },
    Asked {
        to: NodeId,
        gseq: u64,
    },
    SentAgain {
        to: NodeId,
        first: u64,
        last: u64,
    },
    Resent {
        to: NodeId,
        seq: u64,
        writes: u64,
    },
    Moved {
        from: NodeId,
        to: NodeId,
        gseq: u64,
    },
    GaveUp {
        home: NodeId,
        waited: Span,
    },
    Recovered {
        delivered: u64,
        pending: u64,
    },
    // A sequencer that can be replaced.
    Safe {
        upto: u64,
        have: u64,
        of: u64,
    },
    Suspects {
        sequencer: NodeId,
        silent: Span,
        epoch: u64,
        next: NodeId,
    },
    Joined {
        epoch: u64,
        from: NodeId,
    },
    TookOver {
        epoch: u64,
        by: Vec<NodeId>,
        writes: u64,
    },
    Follows {
        sequencer: NodeId,
        epoch: u64,
        writes: u64,
        gone: u64,
    },
}

named!(Why {
    Read,
    Broadcast,
    WaitsForOwn,
    Behind,
    Numbered,
    HeldBack,
    Repeated,
    Applied,
    Gap,
    Asked,
    SentAgain,
    Resent,
    Moved,
    GaveUp,
    Recovered,
    Safe,
    Suspects,
    Joined,
    TookOver,
    Follows,
});

impl Reason for Why {
    /// Each `@` of a sentence is the next of its words.
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Read { key, value, gseq } => tell(
                "@ reads @ locally, after @: it asks nobody.",
                &[me, &is(key, value), &writes(*gseq)],
            ),
            Why::Broadcast { key, value, to, not_yet: true, .. } if *to == t.me => tell(
                "@ is to give the numbers and has not begun to: @ gets its own then.",
                &[me, &is(key, value)],
            ),
            Why::Broadcast { key, value, to, .. } if *to == t.me => tell(
                "@ is the sequencer itself: @ needs no message to get its number.",
                &[me, &is(key, value)],
            ),
            Why::Broadcast { key, value, seq, to, fast: false, waits: false, .. } => tell(
                "@ sends @ to @ for a number, its write @, and answers without waiting for it.",
                &[me, &is(key, value), t.name(*to), &n(*seq)],
            ),
            Why::Broadcast { key, value, seq, to, fast: false, .. } => tell(
                "@ sends @ to @ for a number, its write @, and waits until it comes back in its place.",
                &[me, &is(key, value), t.name(*to), &n(*seq)],
            ),
            Why::Broadcast { key, value, seq, to, .. } => tell(
                "@ answers the write @ at once and sends it to @, its write @: whoever reads here now must wait until it has come back.",
                &[me, &is(key, value), t.name(*to), &n(*seq)],
            ),
            Why::WaitsForOwn { key, pending } => tell(
                "The read of @ waits: @ of @'s own have not come back.",
                &[&key.print(), &writes(*pending), me],
            ),
            Why::Behind { client, key, seen, delivered } => tell(
                "@ has seen number @ elsewhere or has written there, @ has delivered @: @ waits until it is as far.",
                &[t.name(*client), &n(*seen), me, &n(*delivered), &key.print()],
            ),
            Why::Numbered { gseq, key, value, origin, seq } => tell(
                "@ gives @, write @ of @, number @.",
                &[me, &is(key, value), &n(*seq), t.name(*origin), &n(*gseq)],
            ),
            Why::HeldBack { origin, seq, next } => tell(
                "@ holds write @ of @ back: write @ has not come yet.",
                &[me, &n(*seq), t.name(*origin), &n(*next)],
            ),
            Why::Repeated { origin, seq, gseq } => tell(
                "Write @ of @ has a number already: @ says again that it is @.",
                &[&n(*seq), t.name(*origin), me, &n(*gseq)],
            ),
            Why::Applied { gseq, key, value, own: false, .. } => {
                tell("@ applies number @: @.", &[me, &n(*gseq), &is(key, value)])
            }
            Why::Applied { gseq, key, value, answers, .. } => tell(
                if *answers {
                    "@ comes back to @ as number @: this write is done."
                } else {
                    "@ comes back to @ as number @: nobody need wait for it any more."
                },
                &[&is(key, value), me, &n(*gseq)],
            ),
            Why::Gap { gseq, missing } => tell(
                "@ has number @ and not @: it delivers nothing until that has come.",
                &[me, &n(*gseq), &n(*missing)],
            ),
            Why::Asked { to, gseq } => {
                tell("@ asks @ for number @.", &[me, t.name(*to), &n(*gseq)])
            }
            Why::SentAgain { to, first, last } if first == last => {
                tell("@ lacks number @: @ sends it again.", &[t.name(*to), &n(*first), me])
            }
            Why::SentAgain { to, first, last } => tell(
                "@ lacks numbers @ to @: @ sends them again.",
                &[t.name(*to), &n(*first), &n(*last), me],
            ),
            Why::Resent { to, seq, writes: many } => tell(
                "@ has not come back, write @ the first: @ sends to @ again.",
                &[&writes(*many), &n(*seq), me, t.name(*to)],
            ),
            Why::Moved { from, to, gseq } => tell(
                "@ moves from @ to @, and has seen number @.",
                &[me, t.name(*from), t.name(*to), &n(*gseq)],
            ),
            Why::GaveUp { home, waited } => tell(
                "@ has had no answer from @ for @ and gives up: nobody can say what became of it.",
                &[me, t.name(*home), &t.time(waited.0 as u64)],
            ),
            Why::Recovered { delivered, pending } => tell(
                "@ is back with what its disk kept: @ delivered, and @ of its own that have not come back.",
                &[me, &writes(*delivered), &n(*pending)],
            ),
            Why::Safe { upto, have, of } => tell(
                "@ of @ replicas have everything up to number @: it cannot be lost any more, and counts.",
                &[&n(*have), &n(*of), &n(*upto)],
            ),
            Why::Suspects { sequencer, silent, epoch, .. } if *sequencer == t.me => tell(
                "No majority has come to @ within @: it calls for epoch @.",
                &[me, &t.time(silent.0 as u64), &n(*epoch)],
            ),
            Why::Suspects { sequencer, silent, epoch, next } => tell(
                "@ has heard nothing from @ for @ and calls for epoch @, in which @ is to give the numbers.",
                &[me, t.name(*sequencer), &t.time(silent.0 as u64), &n(*epoch), t.name(*next)],
            ),
            Why::Joined { epoch, from } => tell(
                "@ calls for epoch @: @ listens to no earlier one any more.",
                &[t.name(*from), &n(*epoch), me],
            ),
            Why::TookOver { epoch, by, writes: many } => tell(
                "@ have come: @ takes over the longest log, @, and gives the numbers of epoch @.",
                &[&t.list(by.iter().copied()), me, &writes(*many), &n(*epoch)],
            ),
            Why::Follows { sequencer, epoch, writes: many, gone: 0 } => tell(
                "@ follows @ in epoch @, with @.",
                &[me, t.name(*sequencer), &n(*epoch), &writes(*many)],
            ),
            Why::Follows { sequencer, epoch, gone, .. } => tell(
                "@ follows @ in epoch @ and drops @ that had a number and never counted.",
                &[me, t.name(*sequencer), &n(*epoch), &writes(*gone)],
            ),
        }
    }

    /// What comes back to its own writer is news.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Applied { own: false, .. } => Some(Weight::Quiet),
            _ => None,
        }
    }
}

fn n(number: u64) -> String {
    number.to_string()
}

fn writes(number: u64) -> String {
    [n(number).as_str(), if number == 1 { " write" } else { " writes" }].concat()
}

fn is(key: &Value, value: &Value) -> String {
    [&key.print(), "=", &value.print()].concat()
}
