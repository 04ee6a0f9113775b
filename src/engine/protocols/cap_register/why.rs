//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use super::sentences as say;
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    // Majorities.
    Stamped {
        key: Value,
        value: Value,
        highest: u64,
        ts: u64,
        heard: u64,
        of: u64,
    },
    Found {
        key: Value,
        value: Value,
        ts: u64,
        node: NodeId,
        differ: bool,
        heard: u64,
        of: u64,
    },
    Done {
        key: Value,
        value: Value,
        write: bool,
        heard: u64,
        of: u64,
    },
    Refused {
        key: Value,
        heard: u64,
        needed: u64,
        of: u64,
        again: bool,
        #[serde(skip)]
        put: bool,
    },
    LeftOpen {
        key: Value,
        heard: u64,
        needed: u64,
        of: u64,
        forwarded: bool,
        again: bool,
    },
    // Leases.
    Claimed {
        term: u64,
        was: Option<NodeId>,
        waited: Span,
    },
    Declined {
        claimant: NodeId,
        term: u64,
        holder: Option<NodeId>,
        left: Span,
        /// It asks for the lease itself.
        #[serde(skip)]
        claims: bool,
        /// It is the primary.
        #[serde(skip)]
        leads: bool,
    },
    Granted {
        term: u64,
        votes: Vec<NodeId>,
        of: u64,
        keys: u64,
    },
    Serving {
        term: u64,
    },
    Raised {
        term: u64,
    },
    ReadUnderLease {
        key: Value,
        value: Value,
        left: Span,
        /// More than half of it is over.
        #[serde(skip)]
        late: bool,
    },
    Expired {
        key: Value,
        ago: Span,
    },
    NoPrimary {
        key: Value,
        term: u64,
        again: bool,
        /// It knew one, and has sent the read on.
        #[serde(skip)]
        forwarded: bool,
    },
    SteppedDown {
        term: u64,
    },
    // Answering from what is here.
    Wrote {
        key: Value,
        value: Value,
        ts: u64,
        peers: u64,
    },
    Resolved {
        key: Value,
        value: Value,
        over: u64,
    },
    ReadHere {
        key: Value,
        values: Vec<Value>,
        /// It knows of no write.
        #[serde(skip)]
        blank: bool,
    },
    Flushed {
        keys: u64,
        peers: u64,
    },
    Repaired {
        to: NodeId,
        key: Value,
        keys: u64,
    },
    Conflict {
        key: Value,
        from: NodeId,
        values: Vec<Value>,
    },
    Discarded {
        key: Value,
        from: NodeId,
        kept: Value,
        ts: u64,
        lost: Vec<Value>,
        own: bool,
    },
    // Writing everywhere.
    WroteAll {
        key: Value,
        value: Value,
        of: u64,
        /// Some are taken for dead.
        #[serde(skip)]
        fewer: bool,
    },
    ReadSure {
        key: Value,
        value: Value,
        left: u64,
        reads: u64,
        #[serde(skip)]
        sure: Sure,
    },
    Unsure {
        key: Value,
        value: Value,
        by: NodeId,
        again: bool,
    },
    GaveUpOn {
        nodes: Vec<NodeId>,
        left: Vec<NodeId>,
        silent: Span,
    },
    Replayed {
        key: Value,
        value: Value,
        by: NodeId,
    },
    Ignored {
        from: NodeId,
    },
    // All.
    Recovered {
        keys: u64,
    },
    GaveUp {
        home: NodeId,
        waited: Span,
    },
}

named!(Why {
    Stamped,
    Found,
    Done,
    Refused,
    LeftOpen,
    Claimed,
    Declined,
    Granted,
    Serving,
    Raised,
    ReadUnderLease,
    Expired,
    NoPrimary,
    SteppedDown,
    Wrote,
    Resolved,
    ReadHere,
    Flushed,
    Repaired,
    Conflict,
    Discarded,
    WroteAll,
    ReadSure,
    Unsure,
    GaveUpOn,
    Replayed,
    Ignored,
    Recovered,
    GaveUp,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        match self {
            Why::Stamped { key, value, highest, ts, heard, of } => {
                say::stamped(t, (key, value), *highest, *ts, (*heard, *of))
            }
            Why::Found { key, value, ts, node, differ, heard, of } => {
                say::found(t, (key, value), (*ts, *node), *differ, (*heard, *of))
            }
            Why::Done { key, value, write, heard, of } => {
                say::done(t, (key, value), *write, (*heard, *of))
            }
            Why::Refused { key, heard, needed, of, put, .. } => {
                say::refused(t, key, (*heard, *of), *needed, *put)
            }
            Why::LeftOpen { key, forwarded: true, .. } => say::left_with_primary(t, key),
            Why::LeftOpen { key, heard, needed, of, .. } => {
                say::left_open(t, key, (*heard, *of), *needed)
            }
            Why::Claimed { term, was, waited } => say::claimed(t, *term, *was, *waited),
            Why::Declined { claimant, term, claims: true, .. } => {
                say::declined_as_claimant(t, *claimant, *term)
            }
            Why::Declined { claimant, term, holder, left, leads, .. } => {
                say::declined(t, (*claimant, *term), *holder, *left, *leads)
            }
            Why::Granted { term, votes, of, keys } => say::granted(t, *term, votes, *of, *keys),
            Why::Serving { term } => say::serving(t, *term),
            Why::Raised { term } => say::raised(t, *term),
            Why::ReadUnderLease { key, value, left, .. } => {
                say::read_under_lease(t, key, value, *left)
            }
            Why::Expired { key, ago } => say::expired(t, key, *ago),
            Why::NoPrimary { key, forwarded: true, .. } => say::primary_silent(t, key),
            Why::NoPrimary { key, .. } => say::no_primary(t, key),
            Why::SteppedDown { term } => say::stepped_down(t, *term),
            Why::Wrote { key, value, ts, peers } => say::wrote(t, key, value, *ts, *peers),
            Why::Resolved { key, value, over } => say::resolved(key, value, *over),
            Why::ReadHere { key, values, blank: true } => say::read_blank(t, key, values),
            Why::ReadHere { key, values, .. } => say::read_here(t, key, values),
            Why::Flushed { peers, .. } => say::flushed(t, *peers),
            Why::Repaired { to, key, keys } => say::repaired(t, *to, key, *keys),
            Why::Conflict { key, from, values } => say::conflict(t, key, *from, values),
            Why::Discarded { key, from, kept, lost, own, .. } => {
                say::discarded(t, key, *from, (kept, lost), *own)
            }
            Why::WroteAll { key, value, of, fewer } => say::wrote_all(t, key, value, *of, *fewer),
            Why::ReadSure { key, value, left, reads, sure } => {
                say::read_sure(t, key, value, *left, *reads, *sure)
            }
            Why::Unsure { key, value, by, .. } => say::unsure(t, key, value, *by),
            Why::GaveUpOn { nodes, left, silent } => say::gave_up_on(t, nodes, left, *silent),
            Why::Replayed { key, value, by } => say::replayed(t, key, value, *by),
            Why::Ignored { from } => say::ignored(t, *from),
            Why::Recovered { keys } => say::recovered(t, *keys),
            Why::GaveUp { home, waited } => say::gave_up(t, *home, *waited),
        }
    }

    /// The first refusal is news, the next ones are not. So is an answer under a lease that is running out.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Refused { again: true, .. } | Why::NoPrimary { again: true, .. } => {
                Some(Weight::Quiet)
            }
            Why::LeftOpen { again: true, .. } | Why::Unsure { again: true, .. } => {
                Some(Weight::Quiet)
            }
            Why::ReadUnderLease { late: true, .. } => Some(Weight::Key),
            Why::Discarded { own: false, .. } | Why::Claimed { was: None, .. } => {
                Some(Weight::Aside)
            }
            _ => None,
        }
    }
}

/// How a write-all comes to answer a read.
#[derive(Clone, Copy, Debug)]
pub enum Sure {
    All,
    /// Whom the others take for dead it does not know.
    Told,
    /// Nobody has told it of a write.
    Blank,
    /// It takes every value for sure.
    Rash,
}
