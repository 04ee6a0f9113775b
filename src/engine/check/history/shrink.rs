//! From a history that is not allowed to a few of its operations that are not allowed either.
//!
//! What is left must be a fair witness: an order of the whole would, restricted to it, be an order of
//! it. So a read may always go, and a write only when nobody left saw its value or could have noticed
//! it. Otherwise a read would be called wrong for a write that was there.

use super::problem::{Act, Problem};
use super::search::Found;
use crate::few;

/// Judges some of the operations within a budget of configurations; says how many it used.
pub type Judge<'a> = dyn FnMut(&mut Problem, &[Act], u64) -> (Found, u64) + 'a;

/// What judging without a search costs, in configurations: n³/64 steps, at a few hundred
/// for one configuration.
pub fn cost(acts: &[Act]) -> u64 {
    let n = acts.len() as u64;
    n * n * n / 64 / 500 + 1
}

/// Fewer operations that still have no order: whole values first, in halves, then one by one.
pub fn shrink(p: &mut Problem, acts: &[Act], budget: u64, judge: &mut Judge) -> Vec<Act> {
    let mut left = budget.saturating_mul(4);
    let mut bad = |some: &[Act]| {
        let (found, used) = judge(p, some, budget.min(left));
        left = left.saturating_sub(used + some.len() as u64);
        matches!(found, Found::Nothing)
    };
    let few = drop_values(acts, &mut bad);
    drop_singles(&few, &mut bad)
}

fn drop_values(acts: &[Act], bad: &mut dyn FnMut(&[Act]) -> bool) -> Vec<Act> {
    let mut acts = acts.to_vec();
    let mut chunk = values_of(&acts).len().div_ceil(2);
    while chunk > 0 {
        for gone in values_of(&acts).chunks(chunk) {
            let rest: Vec<Act> = acts.iter().filter(|a| !touches(a, gone)).copied().collect();
            if rest.len() < acts.len() && fair(&acts, &rest) && bad(&rest) {
                acts = rest;
            }
        }
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
    }
    acts
}

/// Drops operations one at a time for as long as the rest has no order.
pub fn drop_singles(acts: &[Act], bad: &mut dyn FnMut(&[Act]) -> bool) -> Vec<Act> {
    let mut acts = acts.to_vec();
    let mut i = 0;
    while i < acts.len() {
        let mut rest = acts.clone();
        rest.remove(i);
        if fair(&acts, &rest) && bad(&rest) {
            acts = rest;
            // A write passed over before may have lost its last reader.
            i = 0;
        } else {
            i += 1;
        }
    }
    acts
}

fn values_of(acts: &[Act]) -> Vec<u32> {
    let mut values: Vec<u32> = acts.iter().filter_map(|a| a.writes().or(a.sees)).collect();
    few::sort(&mut values);
    values.dedup();
    values
}

fn touches(act: &Act, sorted: &[u32]) -> bool {
    let among = |v: u32| sorted.binary_search(&v).is_ok();
    act.sees.is_some_and(among) || act.writes().is_some_and(among)
}

/// Whether an order of `all` would still be one when restricted to `rest`, a subsequence of it.
fn fair(all: &[Act], rest: &[Act]) -> bool {
    let mut kept = rest.iter().map(|a| a.op).peekable();
    let gone = all.iter().filter(|a| kept.next_if_eq(&a.op).is_none());
    let unseen = |w: &Act| rest.iter().all(|r| r.key != w.key || !could_notice(r, w));
    gone.filter(|a| !a.is_read()).all(unseen)
}

fn could_notice(r: &Act, w: &Act) -> bool {
    let saw = r.sees.is_some() && (w.computes() || r.sees == w.writes());
    saw || r.dodges.is_some() || r.computes()
}
