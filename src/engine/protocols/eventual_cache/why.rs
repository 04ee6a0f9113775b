//! Why a node did what it did, in its own numbers.

use serde::Serialize;

use super::msg::Version;
use super::sentences as say;
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
    fn sentence(&self, t: &Teller) -> String {
        match self {
            Why::Put { key, value, peers, durable: false, .. } => {
                say::put_in_memory(t, key, value, *peers)
            }
            Why::Put { key, value, peers, .. } => say::put_on_disk(t, key, value, *peers),
            Why::Deleted { key, removes: true, .. } => say::removed(t, key),
            Why::Deleted { key, counter, peers, clock, .. } => {
                say::deleted(t, key, *counter, *peers, *clock)
            }
            Why::Incremented { key, by, sum, peers } => say::incremented(t, key, *by, *sum, *peers),
            Why::Coalesced { key, peers } => say::coalesced(key, *peers),
            Why::Outrun { key, value, counter, kept, by } => {
                say::outrun(t, key, value, *counter, *kept, *by)
            }
            Why::Hit { key, value, counter, clock } => say::hit(t, key, value, *counter, *clock),
            Why::Missed { key, deleted: false } => say::missed(t, key),
            Why::Missed { key, .. } => say::missed_deleted(t, key),
            Why::Expired { key, ago } => say::expired(t, key, *ago),
            Why::NotYet { key, from } => say::not_yet(t, key, *from),
            Why::Full { key, peer, queued } => say::full(t, key, *peer, *queued),
            Why::Flushed { entries, batches } => say::flushed(t, *entries, *batches),
            Why::Resent { to, seq, entries, after } => say::resent(t, *to, *seq, *entries, *after),
            Why::Acknowledged { by, seq, left } => say::acknowledged(t, *by, *seq, *left),
            Why::OldAck { by, seq, boot } => say::old_ack(t, *by, *seq, *boot),
            Why::Applied { key, value, from, theirs, mine, clock, greater } => {
                say::applied(t, (key, value), *from, (*theirs, *mine), (*clock, *greater))
            }
            Why::Kept { key, from, theirs, mine, clock, greater } => {
                say::kept(t, key, *from, (*theirs, *mine), (*clock, *greater))
            }
            Why::Again { key, from } => say::again(t, key, *from),
            Why::Counted { key, by, origin, seq, sum } => {
                say::increment_counted(t, key, *by, *origin, *seq, *sum)
            }
            Why::Compared { with, gives, wants } => say::compared(t, *with, *gives, *wants),
            Why::Collected { key, tombstone, grace } => say::collected(t, key, *tombstone, *grace),
            Why::Forgot { boot, from } => say::forgot(t, *boot, *from),
            Why::AskedAnother { silent, next } => say::asked_another(t, *silent, *next),
            Why::CaughtUp { from, keys, counter, clock } => {
                say::caught_up(t, *from, *keys, *counter, *clock)
            }
            Why::Recovered { keys, queued } => say::recovered(t, *keys, *queued),
        }
    }

    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Kept { theirs, mine, .. } if theirs.counter != mine.counter => Some(Weight::Quiet),
            _ => None,
        }
    }
}
