//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use super::msg::{Digest, SeqNo, View};
use super::sentences as say;
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Forwarded {
        c: NodeId,
        t: u64,
        primary: NodeId,
        wait: Span,
    },
    Proposed {
        v: View,
        n: SeqNo,
        d: Digest,
    },
    PrePrepared {
        v: View,
        n: SeqNo,
        d: Digest,
    },
    /// Another request has that number already.
    Conflicting {
        v: View,
        n: SeqNo,
        d: Digest,
        had: Digest,
    },
    /// Not between the watermarks.
    Outside {
        n: SeqNo,
        low: SeqNo,
        high: SeqNo,
    },
    Prepared {
        v: View,
        n: SeqNo,
        d: Digest,
        prepares: u64,
        /// They are all for this request.
        #[serde(skip)]
        alike: bool,
        /// With so many liars it proves nothing; none where so few prepares never do.
        #[serde(skip)]
        liars: Option<u64>,
    },
    Executed {
        n: SeqNo,
        d: Digest,
        commits: u64,
        /// They are all for this request.
        #[serde(skip)]
        alike: bool,
    },
    /// Before it is committed.
    Tentative {
        v: View,
        n: SeqNo,
        d: Digest,
    },
    Undone {
        n: SeqNo,
        d: Digest,
        /// The view that does not ask for it; none where another request has got the number.
        #[serde(skip)]
        v: Option<View>,
    },
    /// The null request.
    Skipped {
        n: SeqNo,
    },
    CaughtUp {
        n: SeqNo,
        d: Digest,
        by: Vec<NodeId>,
    },
    Checkpointed {
        n: SeqNo,
    },
    Stable {
        n: SeqNo,
        by: Vec<NodeId>,
    },
    Behind {
        n: SeqNo,
        last: SeqNo,
    },
    Transferred {
        n: SeqNo,
        from: NodeId,
    },
    ViewChanged {
        v: View,
        waited: Span,
        began: bool,
        waiting: u64,
        /// It is the primary of the view it leaves.
        #[serde(skip)]
        led: bool,
    },
    Joined {
        v: View,
        by: Vec<NodeId>,
    },
    NewView {
        v: View,
        of: Vec<NodeId>,
        low: SeqNo,
        kept: u64,
    },
    Kept {
        v: View,
        n: SeqNo,
        d: Digest,
        from: View,
        /// No view change shows another, of a later view.
        #[serde(skip)]
        highest: bool,
    },
    NullFilled {
        v: View,
        n: SeqNo,
    },
    Entered {
        v: View,
        primary: NodeId,
    },
    Rejected {
        v: View,
        primary: NodeId,
    },
    Fetched {
        d: Digest,
    },
    Asked {
        v: View,
        last: SeqNo,
    },
    Recovered {
        v: View,
        last: SeqNo,
    },
    // What liars do.
    Equivocated {
        n: SeqNo,
        d: Digest,
        to: Vec<NodeId>,
        other: Digest,
        others: Vec<NodeId>,
    },
    Misnumbered {
        n: SeqNo,
        d: Digest,
        how: &'static str,
    },
    Colluded {
        v: View,
        n: SeqNo,
        d: Digest,
    },
    Altered {
        how: &'static str,
    },
    Forged {
        c: NodeId,
        t: u64,
        value: Value,
    },
    // What clients do.
    Broadcast {
        t: u64,
        waited: Span,
        /// Not for the first time.
        #[serde(skip)]
        again: bool,
    },
    Counted {
        from: NodeId,
        value: Value,
        matching: u64,
        needed: u64,
    },
    Accepted {
        matching: u64,
        value: Value,
        t: u64,
        tentative: bool,
        /// So many that no others can be as many without one of them.
        #[serde(skip)]
        quorum: bool,
        #[serde(skip)]
        f: u64,
    },
    ReadAtOnce {
        matching: u64,
        value: Value,
        t: u64,
        #[serde(skip)]
        f: u64,
    },
    /// The read gets a number after all.
    NotAlike {
        t: u64,
        waited: Span,
        needed: u64,
    },
    GaveUp {
        t: u64,
        waited: Span,
    },
}

named!(Why {
    Forwarded,
    Proposed,
    PrePrepared,
    Conflicting,
    Outside,
    Prepared,
    Executed,
    Tentative,
    Undone,
    Skipped,
    CaughtUp,
    Checkpointed,
    Stable,
    Behind,
    Transferred,
    ViewChanged,
    Joined,
    NewView,
    Kept,
    NullFilled,
    Entered,
    Rejected,
    Fetched,
    Asked,
    Recovered,
    Equivocated,
    Misnumbered,
    Colluded,
    Altered,
    Forged,
    Broadcast,
    Counted,
    Accepted,
    ReadAtOnce,
    NotAlike,
    GaveUp,
});

impl Reason for Why {
    /// A client that goes on asking says nothing new.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Broadcast { again: true, .. } => Some(Weight::Quiet),
            _ => None,
        }
    }

    fn sentence(&self, t: &Teller) -> String {
        say::begun_large(self.told(t))
    }
}

impl Why {
    /// The sentence, as small as it begins.
    fn told(&self, t: &Teller) -> String {
        match self {
            Why::Forwarded { c, t: ts, primary, wait } => {
                say::forwarded(t, *c, *ts, *primary, *wait)
            }
            Why::Proposed { v, n, d } => say::proposed(t, *v, *n, *d),
            Why::PrePrepared { v, n, d } => say::pre_prepared(t, *v, *n, *d),
            Why::Conflicting { v, n, d, had } => say::conflicting(t, *v, *n, *d, *had),
            Why::Outside { n, low, high } => say::outside(t, *n, *low, *high),
            Why::Prepared { v, n, prepares, alike, liars: Some(liars), .. } => {
                say::prepared(t, *v, *n, *prepares, *alike, *liars)
            }
            Why::Prepared { v, n, prepares, alike, .. } => {
                say::prepared_on_few(t, *v, *n, *prepares, *alike)
            }
            Why::Executed { n, d, commits, alike } => say::executed(t, *n, *d, *commits, *alike),
            Why::Tentative { n, d, .. } => say::tentative(t, *n, *d),
            Why::Undone { n, d, v: Some(v) } => say::undone_by_view(t, *n, *d, *v),
            Why::Undone { n, d, v: None } => say::undone(t, *n, *d),
            Why::Skipped { n } => say::skipped(t, *n),
            Why::CaughtUp { n, d, by } => say::caught_up(t, *n, *d, by),
            Why::Checkpointed { n } => say::checkpointed(t, *n),
            Why::Stable { n, by } => say::stable(t, *n, by),
            Why::Behind { n, last } => say::behind(t, *n, *last),
            Why::Transferred { n, from } => say::transferred(t, *n, *from),
            Why::ViewChanged { v, waited, led: true, .. } => say::primary_gave_up(t, *v, *waited),
            Why::ViewChanged { v, waited, began: true, .. } => say::view_changed(t, *v, *waited),
            Why::ViewChanged { v, waited, .. } => say::view_asked_again(t, *v, *waited),
            Why::Joined { v, by } => say::joined(t, *v, by),
            Why::NewView { v, of, low, kept: 0 } => say::new_view_empty(t, *v, of, *low),
            Why::NewView { v, of, low, kept } => say::new_view(t, *v, of, *low, *kept),
            Why::Kept { v, n, d, from, highest: true } => say::kept_highest(t, *v, *n, *d, *from),
            Why::Kept { v, n, d, from, .. } => say::kept(t, *v, *n, *d, *from),
            Why::NullFilled { v, n } => say::null_filled(*v, *n),
            Why::Entered { v, primary } => say::entered(t, *v, *primary),
            Why::Rejected { v, primary } => say::rejected(t, *v, *primary),
            Why::Fetched { d } => say::fetched(t, *d),
            Why::Asked { v, last } => say::asked(t, *v, *last),
            Why::Recovered { v, last } => say::recovered(t, *v, *last),
            Why::Equivocated { n, d, to, other, others } => {
                say::equivocated(t, *n, *d, to, *other, others)
            }
            Why::Misnumbered { n, d, how } => say::misnumbered(t, *n, *d, how),
            Why::Colluded { v, n, d } => say::colluded(t, *v, *n, *d),
            Why::Altered { how } => say::altered(t, how),
            Why::Forged { c, value, .. } => say::forged(t, *c, value),
            Why::Broadcast { t: ts, waited, .. } => say::broadcast(t, *ts, *waited),
            Why::Counted { from, value, matching, needed } => {
                say::counted(t, *from, value, *matching, *needed)
            }
            Why::Accepted { matching, value, tentative: true, f, .. } => {
                say::accepted_early(t, *matching, value, *f)
            }
            Why::Accepted { matching, value, quorum: true, f, .. } => {
                say::accepted_by_quorum(t, *matching, value, *f)
            }
            Why::Accepted { matching: 1, value, .. } => say::believed_one(t, value),
            Why::Accepted { matching, value, .. } => say::accepted(t, *matching, value),
            Why::ReadAtOnce { matching, value, f, .. } => {
                say::read_at_once(t, *matching, value, *f)
            }
            Why::NotAlike { waited, needed, .. } => say::not_alike(t, *waited, *needed),
            Why::GaveUp { t: ts, waited } => say::gave_up(t, *ts, *waited),
        }
    }
}
