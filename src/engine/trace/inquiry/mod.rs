//! Questions put to a run that has happened: who knew of whom, by which messages, and what a moment is.
//!
//! ```text
//!   relation   two events: before, after or concurrent, and the clock's entry that proves it
//!   chain      the shortest way one could have influenced the other; or "why did this happen?"
//!   cut        a position on every lane: consistent, or which message makes it not
//!   filter     nodes and messages left out, causality kept through what is hidden
//!   find       events by text, kind, node or field
//! ```
//!
//! Everything is asked of steps, not of single events: a handler's run is atomic, so a node that received
//! the first of its messages comes after all of it. On steps a vector clock is a proof. Write `V(a)` for
//! the clock of `a`, and `i` for the node it happened on:
//!
//! ```text
//!   a → b   exactly if   V(a)[i] ≤ V(b)[i]      (Mattern, theorem 10: one entry decides)
//! ```
//!
//! Lamport, *Time, clocks, and the ordering of events in a distributed system*, 1978 (→); Mattern,
//! *Virtual time and global states of distributed systems*, 1989 (clocks, cuts); Chandy and Lamport,
//! *Distributed snapshots*, 1985 (what a cut must hold, and the state of its channels). Filters and threads
//! are after ShiViz (Beschastnikh et al., 2016).
//!
//! Left out: weak causes. Happened-before says what *could* have influenced what, not what did; only
//! [`default_cause`] follows what did.

mod chain;
mod cut;
mod filter;
mod find;
mod tell;

pub use chain::{Chain, Link, Via, chain, default_cause};
pub use cut::{Break, Cut, Judgment, judge};
pub use filter::{Filter, Fold, Sieve, Thread};
pub use find::{Found, LENGTH, Nonsense, Query, find};
pub use tell::{Told, meanwhile, sentences};

use crate::ids::{EventId, NodeId};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::trace::causality::Causality;

/// How one event stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same step: nothing comes between its events.
    Same,
    Before,
    After,
    Concurrent,
    /// One of them is an act of the scenario: it sent nobody a message.
    Outside,
}

/// Two events compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub order: Order,
    /// Steps of each node in the past of either: their vector clocks.
    pub a: Vec<u32>,
    pub b: Vec<u32>,
    /// The nodes whose entries prove it: one where there is an order, two where there is none. Empty where
    /// clocks cannot tell: faults are no steps, and nobody counts them.
    pub proof: Vec<NodeId>,
    pub says: String,
}

impl Relation {
    /// The clocks entry by entry: node, the first's, the second's, and how they compare.
    pub fn entries(&self) -> impl Iterator<Item = (NodeId, u32, u32, std::cmp::Ordering)> + '_ {
        let pairs = self.a.iter().zip(&self.b).enumerate();
        pairs.map(|(n, (a, b))| (NodeId(n as u16), *a, *b, a.cmp(b)))
    }
}

/// Whether the step of `a` could have influenced that of `b`; not itself.
pub fn precedes(run: &Run, c: &Causality, a: EventId, b: EventId) -> bool {
    let trace = run.trace();
    let (from, to) = (c.opening(trace, a), c.opening(trace, b));
    from != to && c.precedes(trace, from, to)
}

/// How `a` stands to `b`.
pub fn relation(run: &Run, c: &Causality, a: EventId, b: EventId) -> Relation {
    let order = order(run, c, a, b);
    let (va, vb) = (c.clock(run.trace(), a), c.clock(run.trace(), b));
    let mut relation = Relation { order, a: va, b: vb, proof: vec![], says: String::new() };
    relation.proof = proof(run, c, (a, b), &relation);
    relation.says = says(run, c, (a, b), &relation);
    relation
}

fn order(run: &Run, c: &Causality, a: EventId, b: EventId) -> Order {
    let trace = run.trace();
    let known = |e| c.root(trace, e).is_some();
    match () {
        _ if a == b || c.opening(trace, a) == c.opening(trace, b) => Order::Same,
        _ if !known(a) || !known(b) => Order::Outside,
        _ if precedes(run, c, a, b) => Order::Before,
        _ if precedes(run, c, b, a) => Order::After,
        _ => Order::Concurrent,
    }
}

/// The lane of an event, or of the sending it is about.
fn lane(run: &Run, c: &Causality, e: EventId) -> Option<NodeId> {
    c.root(run.trace(), e).and_then(|e| c.place_of(e)).map(|p| p.0)
}

fn proof(run: &Run, c: &Causality, (a, b): (EventId, EventId), r: &Relation) -> Vec<NodeId> {
    let (Some(i), Some(j)) = (lane(run, c, a), lane(run, c, b)) else { return vec![] };
    let step =
        |e| crate::trace::causality::opens(run.trace().what(c.opening(run.trace(), e).index()));
    let (x, y) = (i.index(), j.index());
    match r.order {
        Order::Before if step(a) => vec![i],
        Order::After if step(b) => vec![j],
        Order::Concurrent if r.b[x] < r.a[x] && r.a[y] < r.b[y] => vec![i, j],
        _ => vec![],
    }
}

/// `n1 at 150 ms`
fn place(run: &Run, c: &Causality, e: EventId) -> String {
    let at = prose_time(run.trace().event(e).map_or(0, |e| e.at));
    let name = lane(run, c, e).map_or("the scenario", |n| run.name(n));
    [name, " at ", &at].concat()
}

fn says(run: &Run, c: &Causality, (a, b): (EventId, EventId), r: &Relation) -> String {
    let (pa, pb) = (place(run, c, a), place(run, c, b));
    let lanes = (lane(run, c, a), lane(run, c, b));
    match (r.order, lanes, r.proof.len()) {
        (Order::Same, ..) => [&pa, " is one step: nothing comes between its events."].concat(),
        (Order::Before, (Some(i), Some(j)), 1) => {
            [&pa, " comes before ", &pb, &knows(run, (j, &r.b), (i, &r.a)), "."].concat()
        }
        (Order::Before, ..) => [&pa, " comes before ", &pb, "."].concat(),
        (Order::After, (Some(i), Some(j)), 1) => {
            [&pa, " comes after ", &pb, &knows(run, (i, &r.a), (j, &r.b)), "."].concat()
        }
        (Order::After, ..) => [&pa, " comes after ", &pb, "."].concat(),
        (Order::Concurrent, (Some(i), Some(j)), 2) => {
            let (one, other) = (knows(run, (j, &r.b), (i, &r.a)), knows(run, (i, &r.a), (j, &r.b)));
            [&pa, " and ", &pb, " are concurrent", &one, ";", other.trim_start_matches(':'), "."]
                .concat()
        }
        (Order::Concurrent, ..) => [
            &pa,
            " and ",
            &pb,
            " are concurrent: no chain of messages leads from one to the other.",
        ]
        .concat(),
        (Order::Outside, ..) => "The scenario acts from outside: it sends nobody a message.".into(),
    }
}

/// `: n2 knows n1 up to step 3, and n1 was at step 2`: the entry that decides, in both clocks.
fn knows(run: &Run, (who, v): (NodeId, &[u32]), (of, w): (NodeId, &[u32])) -> String {
    let (known, at, name) = (v[of.index()], w[of.index()], run.name(of));
    match known {
        _ if who == of && known == at => ", on the same node".into(),
        _ if who == of => format!(", on the same node: step {at}, and then step {known}"),
        0 => format!(": {} knows no step of {name}, and {name} was at step {at}", run.name(who)),
        _ => format!(
            ": {} knows {name} up to step {known}, and {name} was at step {at}",
            run.name(who)
        ),
    }
}
