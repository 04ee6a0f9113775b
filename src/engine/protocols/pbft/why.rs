//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use super::msg::{Digest, SeqNo, View};
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller, prose_time};
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
        let me = t.me();
        let name = |d: &Digest| match d {
            Some((c, ts)) => ["request ", &num(*ts), " of ", t.name(*c)].concat(),
            None => "the null request".into(),
        };
        let list = |nodes: &[NodeId]| t.list(nodes.iter().copied());
        match self {
            Why::Forwarded { c, t: ts, primary, wait } => tell(
                "@ passes @ on to the primary @, and gives it @.",
                &[me, &name(&Some((*c, *ts))), t.name(*primary), &time(wait)],
            ),
            Why::Proposed { v, n, d } => tell(
                "@, primary of view @, gives @ the number @ and asks everybody to prepare it.",
                &[me, &num(*v), &name(d), &num(*n)],
            ),
            Why::PrePrepared { v, n, d } => tell(
                "@ accepts @ as number @ of view @, and will accept no other there.",
                &[me, &name(d), &num(*n), &num(*v)],
            ),
            Why::Conflicting { v, n, d, had } => tell(
                "@ has accepted @ at (view @, number @) and refuses @ there: one request for each number.",
                &[me, &name(had), &num(*v), &num(*n), &name(d)],
            ),
            Why::Outside { n, low, high } => tell(
                "@ takes numbers above @ and up to @: it ignores number @, and the primary cannot use the numbers up.",
                &[me, &num(*low), &num(*high), &num(*n)],
            ),
            Why::Prepared { v, n, prepares, alike, liars: Some(liars), .. } => tell(
                "@ holds the pre-prepare and @: unless @, no other request can prepare at (view @, number @).",
                &[me, &some(*prepares, *alike, "prepare"), &lie(*liars), &num(*v), &num(*n)],
            ),
            Why::Prepared { v, n, prepares, alike, .. } => tell(
                "@ holds the pre-prepare and @, and takes that for enough at (view @, number @).",
                &[me, &some(*prepares, *alike, "prepare"), &num(*v), &num(*n)],
            ),
            Why::Executed { n, d, commits, alike } => tell(
                "@ holds @ and has executed all below number @: it executes @.",
                &[me, &some(*commits, *alike, "commit"), &num(*n), &name(d)],
            ),
            Why::Tentative { n, d, .. } => tell(
                "@ has prepared number @ and executed all below: it executes @ without waiting for commits, and says so.",
                &[me, &num(*n), &name(d)],
            ),
            Why::Undone { n, d, v: Some(v) } => tell(
                "View @ does not ask for @ as number @: @ takes back what it executed too early.",
                &[&num(*v), &name(d), &num(*n), me],
            ),
            Why::Undone { n, d, v: None } => tell(
                "Number @ is not @ after all: @ takes back what it executed too early.",
                &[&num(*n), &name(d), me],
            ),
            Why::Skipped { n } => {
                tell("Number @ is the null request: @ goes on to the next.", &[&num(*n), me])
            }
            Why::CaughtUp { n, d, by } => tell(
                "@ say they have executed @ as number @; unless @, one of them is honest: @ does the same.",
                &[&list(by), &name(d), &num(*n), &lie(by.len() as u64), me],
            ),
            Why::Checkpointed { n } => {
                tell("@ has executed @ requests and signs what its state is now.", &[me, &num(*n)])
            }
            Why::Stable { n, by } => tell(
                "@ matching digests at number @: everything up to @ can be forgotten at @.",
                &[&num(by.len() as u64), &num(*n), &num(*n), me],
            ),
            Why::Behind { n, last } => tell(
                "@ learns that number @ is stable and has executed only @: it asks for the state.",
                &[me, &num(*n), &num(*last)],
            ),
            Why::Transferred { n, from } => tell(
                "@ takes the state at number @ from @: its digest is the one that a quorum has signed.",
                &[me, &num(*n), t.name(*from)],
            ),
            Why::ViewChanged { v, waited, led: true, .. } => tell(
                "@, the primary, has waited @ for a request to be executed: it gives its view up and asks for view @.",
                &[me, &time(waited), &num(*v)],
            ),
            Why::ViewChanged { v, waited, began: true, .. } => tell(
                "@ has waited @ for a request to be executed: it stops listening to the primary and asks for view @.",
                &[me, &time(waited), &num(*v)],
            ),
            Why::ViewChanged { v, waited, .. } => tell(
                "@ has waited @ for the new view to begin: it asks for view @.",
                &[me, &time(waited), &num(*v)],
            ),
            Why::Joined { v, by } => tell(
                "@ want a later view; unless @, one of them is honest: @ joins them in view @ without waiting.",
                &[&list(by), &lie(by.len() as u64), me, &num(*v)],
            ),
            Why::NewView { v, of, low, kept: 0 } => tell(
                "@ holds view changes of @: none of them shows anything prepared above number @, and @ begins view @.",
                &[me, &list(of), &num(*low), me, &num(*v)],
            ),
            Why::NewView { v, of, low, kept } => tell(
                "@ holds view changes of @ and begins view @: what they show settles every number up to @.",
                &[me, &list(of), &num(*v), &num(low + kept)],
            ),
            Why::Kept { v, n, d, from, highest: true } => tell(
                "@ is shown as prepared as number @ in view @, the highest anybody shows: view @ must keep it.",
                &[&name(d), &num(*n), &num(*from), &num(*v)],
            ),
            Why::Kept { v, n, d, from, .. } => tell(
                "@ is shown as prepared as number @ in view @, and view @ asks for it again.",
                &[&name(d), &num(*n), &num(*from), &num(*v)],
            ),
            Why::NullFilled { v, n } => tell(
                "Sequence @: none of these view changes shows a prepared request; view @ fills it with a null request.",
                &[&num(*n), &num(*v)],
            ),
            Why::Entered { v, primary } => tell(
                "@ computes from the same view changes what @ must ask for, finds it so, and enters view @.",
                &[me, t.name(*primary), &num(*v)],
            ),
            Why::Rejected { v, primary } => tell(
                "@ computes what view @ must begin with, and @ says something else: it asks for the next view.",
                &[me, &num(*v), t.name(*primary)],
            ),
            Why::Fetched { d } => tell("@ lacks @ and asks the others for it.", &[me, &name(d)]),
            Why::Asked { v, last } => tell(
                "@ is in view @, has executed up to number @ and asks what it has missed.",
                &[me, &num(*v), &num(*last)],
            ),
            Why::Recovered { v, last } => tell(
                "@ is back with its log: view @, executed up to number @.",
                &[me, &num(*v), &num(*last)],
            ),
            Why::Equivocated { n, d, to, other, others } => tell(
                "@ lies: to @ it says that number @ is @, and to @ that it is @.",
                &[me, &list(to), &num(*n), &name(d), &list(others), &name(other)],
            ),
            Why::Misnumbered { n, d, how } => {
                tell("@ lies: it gives @ the number @, @.", &[me, &name(d), &num(*n), how])
            }
            Why::Colluded { v, n, d } => tell(
                "@ lies: it prepares and commits @ at (view @, number @), as it would anything.",
                &[me, &name(d), &num(*v), &num(*n)],
            ),
            Why::Altered { how } => tell("@ lies: it @.", &[me, how]),
            Why::Forged { c, value, .. } => tell(
                "@ lies: it answers @ to @, and has not executed the request.",
                &[me, &value.print(), t.name(*c)],
            ),
            Why::Broadcast { t: ts, waited, .. } => tell(
                "@ has no answer to its request @ after @ and sends it to every replica.",
                &[me, &num(*ts), &time(waited)],
            ),
            Why::Counted { from, value, matching, needed } => tell(
                "@ says @: that makes @ of the @ that @ needs.",
                &[t.name(*from), &value.print(), &num(*matching), &num(*needed), me],
            ),
            Why::Accepted { matching, value, tentative: true, f, .. } => tell(
                "@ replicas say that they have prepared it, and returned @: unless @, whatever view comes next will keep it, so @ accepts.",
                &[&quorum(*matching, *f), &value.print(), &lie(f + 1), me],
            ),
            Why::Accepted { matching, value, quorum: true, f, .. } => tell(
                "@ replicas returned @: unless @, whoever asks as many from now on meets an honest one of them, so @ accepts.",
                &[&quorum(*matching, *f), &value.print(), &lie(f + 1), me],
            ),
            Why::Accepted { matching: 1, value, .. } => {
                tell("One replica returned @, and @ believes it.", &[&value.print(), me])
            }
            Why::Accepted { matching, value, .. } => tell(
                "f+1=@ replicas returned @; unless @, at least one is honest, so @ accepts.",
                &[&num(*matching), &value.print(), &lie(*matching), me],
            ),
            Why::ReadAtOnce { matching, value, f, .. } => tell(
                "@ replicas answer @, and a read needs no number: @ accepts.",
                &[&quorum(*matching, *f), &value.print(), me],
            ),
            Why::NotAlike { waited, needed, .. } => tell(
                "@ has waited @ and has no @ equal answers to its read: it asks again, by a request that gets a number.",
                &[me, &time(waited), &num(*needed)],
            ),
            Why::GaveUp { t: ts, waited } => tell(
                "@ has waited @ for its request @ and does not know what became of it.",
                &[me, &time(waited), &num(*ts)],
            ),
        }
    }
}

/// The sentence with a word in the place of each `@`.
fn tell(sentence: &str, words: &[&str]) -> String {
    let (mut out, mut words) = (String::new(), words.iter());
    for c in sentence.chars() {
        match c {
            '@' => out += words.next().copied().unwrap_or("?"),
            c => out.push(c),
        }
    }
    // A sentence may begin with a name that begins small.
    for (small, large) in [("request ", "Request "), ("the null ", "The null ")] {
        if let Some(rest) = out.strip_prefix(small) {
            return [large, rest].concat();
        }
    }
    out
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

fn time(span: &Span) -> String {
    prose_time(span.0.max(0) as u64)
}
