//! What the checker says, and how it says it.

use super::circle::{Because, Before};
use super::problem::Act;
use super::session::Guarantee;
use super::{HistOp, History};
use crate::few;
use crate::ids::NodeId;

/// The answer to: does the history satisfy the model?
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// An order that explains every answer, as indices into the history's operations; empty for models
    /// that do not ask for one order.
    Yes { order: Vec<usize> },
    /// A few operations that already contradict the model, by index, in order of invocation. Without
    /// any one of them the rest is allowed. `circle` says what must come before what, and why: round and
    /// round, or for a linearizable register what had ended before what began.
    No { ops: Vec<usize>, why: Why, circle: Vec<Before> },
    /// The question was not settled.
    Inconclusive { why: String },
}

/// Why a history is not allowed. Operations are indices into the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A read returned what nobody wrote.
    ThinAir { read: usize },
    /// A read ended before the write of its value began.
    ReadBeforeWrite { read: usize, write: usize },
    /// Two values must each have come before the other: `ended` before `began`, and the other way round
    /// by `also`, or because the value of `began` was there first.
    BothFirst { ended: usize, began: usize, also: Option<(usize, usize)> },
    /// No points inside the operations explain every answer.
    NoPoints,
    /// No order that keeps each session's own explains every answer.
    NoSessionOrder,
    /// Something causally precedes itself.
    CausalCycle,
    /// A read returned what this write, in its causal past, had replaced.
    Overwritten { read: usize, write: usize },
    /// Readers' losses and causes leave no one order of the writes.
    NoWriteOrder,
    /// No order of the writes that keeps causes, or else sessions, explains this reader's reads.
    NoView { reader: usize, causal: bool },
    /// A read that should have seen this write, or a newer one, if the guarantee was kept.
    Missed { read: usize, write: usize, which: Guarantee },
    /// Two clients' last reads, after everything had been written, returned different values.
    Diverged { one: usize, other: usize },
}

impl Verdict {
    pub(super) fn no(acts: &[Act], why: Why) -> Verdict {
        let mut acts = acts.to_vec();
        few::sort_by_key(&mut acts, |a| a.invoke);
        let ops = acts.iter().map(|a| a.op).collect();
        Verdict::No { ops, why, circle: why.times() }
    }

    /// With the circle that proves it.
    pub(super) fn with(self, circle: Vec<Before>) -> Verdict {
        match self {
            Verdict::No { ops, why, .. } => Verdict::No { ops, why, circle },
            other => other,
        }
    }

    /// Yes or no, if it is known.
    pub fn holds(&self) -> Option<bool> {
        match self {
            Verdict::Yes { .. } => Some(true),
            Verdict::No { .. } => Some(false),
            Verdict::Inconclusive { .. } => None,
        }
    }

    /// One sentence for the reader, in operations and names of nodes.
    pub fn sentence(&self, h: &History, name: &dyn Fn(NodeId) -> String) -> String {
        match self {
            Verdict::Yes { order } if order.is_empty() => "Every answer is explained.".into(),
            Verdict::Yes { order } => format!("One order explains all {} operations.", order.len()),
            Verdict::Inconclusive { why } => why.clone(),
            Verdict::No { ops, why, circle } => {
                let mut says = why.sentence(&h.ops, ops.len(), name);
                if !why.says_times() {
                    round(circle, &h.ops, name, &mut says);
                }
                says
            }
        }
    }
}

/// `In a circle: a, before b (not seen), before c (the same client), before a (its value was read).`
fn round(circle: &[Before], ops: &[HistOp], name: &dyn Fn(NodeId) -> String, says: &mut String) {
    let Some(first) = circle.first() else { return };
    *says += " In a circle: ";
    *says += &ops[first.from].print(name);
    for b in circle {
        *says += ", before ";
        *says += &ops[b.to].print(name);
        *says += " (";
        *says += &match b.because {
            Because::Session => "the same client".into(),
            Because::RealTime => "the one had ended".into(),
            Because::Read => "its value was read".into(),
            Because::Replaced { read } => [&ops[read].print(name), " knew of both"].concat(),
            Because::Unseen => String::from("its answer is older"),
        };
        *says += ")";
    }
    *says += ".";
}

impl Why {
    /// What ended before what, where that is all there is to it.
    fn times(self) -> Vec<Before> {
        let time = |from, to| Before { from, to, because: Because::RealTime };
        match self {
            Why::ReadBeforeWrite { read, write } => vec![time(read, write)],
            Why::BothFirst { ended, began, also: None } => vec![time(ended, began)],
            Why::BothFirst { ended, began, also: Some((e, b)) } => {
                vec![time(ended, began), time(e, b)]
            }
            _ => Vec::new(),
        }
    }

    /// Whether the sentence itself says what ended before what.
    fn says_times(self) -> bool {
        matches!(self, Why::ReadBeforeWrite { .. } | Why::BothFirst { .. })
    }

    fn sentence(self, ops: &[HistOp], n: usize, name: &dyn Fn(NodeId) -> String) -> String {
        let op = |i: usize| ops[i].print(name);
        let after =
            |began: usize, ended: usize| format!("{} begins after {} ended", op(began), op(ended));
        match self {
            Why::ThinAir { read } => format!("{} returned what nobody wrote.", op(read)),
            Why::ReadBeforeWrite { read, write } => {
                format!("{}: the value came later.", after(write, read))
            }
            Why::BothFirst { ended, began, also } => {
                let also = match also {
                    Some((ended, began)) => after(began, ended),
                    None => format!("{} was there first", ops[began].value()),
                };
                format!(
                    "{}, and {also}: no order of these {n} operations that keeps real time explains both.",
                    after(began, ended)
                )
            }
            Why::NoPoints => format!("No points inside these {n} operations explain every answer."),
            Why::CausalCycle => format!("Each of these {n} operations would be a cause of itself."),
            Why::Overwritten { read, write } => {
                format!("{} knew of {}, and returned what that had replaced.", op(read), op(write))
            }
            Why::NoWriteOrder => {
                format!("No one order of the writes agrees with all {n} operations.")
            }
            Why::NoView { reader, causal } => {
                let keeps = if causal { "causes" } else { "each client's order" };
                format!(
                    "No order of the writes that keeps {keeps} explains what {} read.",
                    name(ops[reader].node)
                )
            }
            Why::Missed { read, write, which } => {
                let own = ops[read].session == ops[write].session;
                let (read, write) = (op(read), op(write));
                match which {
                    Guarantee::ReadYourWrites => {
                        format!("{read} misses {write}, its own earlier write.")
                    }
                    Guarantee::MonotonicReads => {
                        format!("{read} is older than {write}, which that client had read before.")
                    }
                    Guarantee::MonotonicWrites => format!(
                        "{read} misses {write}, though that client had read what was written after it."
                    ),
                    Guarantee::WritesFollowReads if own => format!(
                        "{read} misses {write}, which its client wrote knowing of the older value."
                    ),
                    Guarantee::WritesFollowReads => format!(
                        "{read} misses {write}: its client knew of that, and of its place, by what others had read before they wrote."
                    ),
                }
            }
            Why::Diverged { one, other } => format!("{}, but {}.", op(one), op(other)),
            Why::NoSessionOrder => {
                format!(
                    "No single order of these {n} operations that keeps each client's own explains every answer."
                )
            }
        }
    }
}

pub(super) fn out_of_budget(what: &str, budget: u64) -> Verdict {
    Verdict::Inconclusive {
        why: format!("Gave up on {what} after {budget} configurations: more may settle it."),
    }
}

/// One order of all keys from an order of each. An operation's point is the latest invocation among
/// those up to it: inside the operation, for nothing before it in its order began after it ended.
pub(super) fn merge(orders: &[Vec<Act>]) -> Vec<usize> {
    let mut all = Vec::new();
    for order in orders {
        let mut point = 0;
        for act in order {
            point = act.invoke.max(point);
            all.push((point, act.op));
        }
    }
    // Stable, so that a key's operations at one point stay in order.
    few::sort_by_key(&mut all, |(point, _)| *point);
    all.into_iter().map(|(_, op)| op).collect()
}

/// Linearization points for a witness order: each operation with the event just after which it took
/// effect.
pub fn points(h: &History, order: &[usize]) -> Vec<(usize, u64)> {
    let mut point = 0;
    let at = |op: &usize| {
        point = h.ops[*op].invoke.max(point);
        (*op, point)
    };
    order.iter().map(at).collect()
}
