//! Models that ask only for causes: weak causal, causal convergence, causal memory and PRAM.
//!
//! With writes that all differ, what a read saw names the write it came from. So *causal order* is known,
//! not searched: co = (session order ∪ read-from)⁺. Each model then forbids a few patterns (Bouajjani,
//! Enea, Guerraoui & Hamza, POPL 2017), and all are decided in polynomial time:
//!
//! ```text
//!   weak causal   no cycle in co; no read of a value that a causally later write, itself
//!                 causally before the read, had replaced
//!   convergent    … and one order of writes for all: a write that a read knew of and did not
//!                 return lost to the one it returned; that and co make no cycle
//!   memory        … instead one order per session: the same losses, but seen by this session
//!                 only, and drawn to a fixpoint (Ahamad et al., Distributed Computing 9, 1995)
//!   PRAM          the same with session order for causes: others' reads do not count
//!                 (Lipton & Sandberg 1988)
//! ```
//!
//! The fixpoint matters: a loss found late may be the reason for another, and one pass misses it.

use super::problem::Act;
use super::relation::Relation;
use super::verdict::Why;
use crate::few;

/// Operations, and for each read the write it came from.
pub struct Causes<'a> {
    acts: &'a [Act],
    writes: Vec<usize>,
    /// Reads with their write; none is the value that was there first.
    reads: Vec<(usize, Option<usize>)>,
}

impl<'a> Causes<'a> {
    pub fn of(acts: &'a [Act]) -> Causes<'a> {
        let writes: Vec<usize> = (0..acts.len()).filter(|i| !acts[*i].is_read()).collect();
        let mut by_value: Vec<(Option<u32>, usize)> =
            writes.iter().map(|w| (acts[*w].writes(), *w)).collect();
        few::sort(&mut by_value);
        let from = |r: usize| {
            let at = by_value.binary_search_by_key(&acts[r].sees, |(v, _)| *v);
            (r, at.ok().map(|at| by_value[at].1))
        };
        let reads = (0..acts.len()).filter(|i| acts[*i].is_read()).map(from).collect();
        Causes { acts, writes, reads }
    }

    /// Session order and read-from, of the operations and reads that count.
    fn order(&self, counts: &dyn Fn(usize) -> bool) -> Relation {
        let mut co = Relation::new(self.acts.len());
        let mut last: Vec<Option<usize>> = Vec::new();
        for i in (0..self.acts.len()).filter(|i| counts(*i)) {
            let session = self.acts[i].session as usize;
            last.resize(last.len().max(session + 1), None);
            if let Some(before) = last[session].replace(i) {
                co.add(before, i);
            }
        }
        for (r, w) in self.reads.iter().filter(|(r, _)| counts(*r)) {
            w.iter().for_each(|w| _ = co.add(*w, *r));
        }
        co
    }

    /// Writes of the read's key other than its own.
    fn rivals(&self, r: usize, w: Option<usize>) -> impl Iterator<Item = usize> {
        let key = self.acts[r].key;
        self.writes.iter().copied().filter(move |o| self.acts[*o].key == key && Some(*o) != w)
    }

    /// A read of a value replaced in its causal past.
    fn overwritten(&self, co: &Relation) -> Option<(usize, usize)> {
        let replaced = |r: usize, w: Option<usize>| {
            self.rivals(r, w).find(|o| co.has(*o, r) && w.is_none_or(|w| co.has(w, *o)))
        };
        self.reads.iter().find_map(|(r, w)| replaced(*r, *w).map(|o| (*r, o)))
    }

    /// Draws the losses the reads know of until there are no more: a rival before the read comes before
    /// the read's own write. Stops at a cycle.
    fn settle(&self, before: &mut Relation, knows: &dyn Fn(usize) -> bool) {
        let reads: Vec<_> = self.reads.iter().filter(|(r, _)| knows(*r)).collect();
        let mut more = true;
        while more && before.cycle().is_none() {
            more = false;
            for (r, w) in &reads {
                let Some(own) = *w else { continue };
                for rival in self.rivals(*r, *w) {
                    more |= before.has(rival, *r) && before.add(rival, own);
                }
            }
        }
    }

    fn blames(&self, (r, w): (usize, usize)) -> Why {
        Why::Overwritten { read: self.acts[r].op, write: self.acts[w].op }
    }
}

/// What breaks weak causal consistency.
pub fn weak(acts: &[Act]) -> Option<Why> {
    let causes = Causes::of(acts);
    let co = causes.order(&|_| true);
    match co.cycle() {
        Some(_) => Some(Why::CausalCycle),
        None => causes.overwritten(&co).map(|pair| causes.blames(pair)),
    }
}

/// What breaks causal convergence.
pub fn convergent(acts: &[Act]) -> Option<Why> {
    if let Some(why) = weak(acts) {
        return Some(why);
    }
    let causes = Causes::of(acts);
    let co = causes.order(&|_| true);
    let mut all = co.clone();
    for (r, w) in &causes.reads {
        let Some(own) = *w else { continue };
        causes.rivals(*r, *w).filter(|o| co.has(*o, *r)).for_each(|o| _ = all.add(o, own));
    }
    all.cycle().map(|_| Why::NoWriteOrder)
}

/// What breaks causal memory.
pub fn memory(acts: &[Act]) -> Option<Why> {
    weak(acts).or_else(|| no_view(acts, true))
}

/// What breaks PRAM.
pub fn pram(acts: &[Act]) -> Option<Why> {
    no_view(acts, false)
}

/// A session whose reads no order of the writes explains.
fn no_view(acts: &[Act], causal: bool) -> Option<Why> {
    let causes = Causes::of(acts);
    let co = causes.order(&|_| causal);
    let sessions = acts.iter().map(|a| a.session + 1).max().unwrap_or(0);
    (0..sessions).find_map(|s| {
        let own = |i: usize| acts[i].session == s;
        let reader = (0..acts.len()).rfind(|i| own(*i) && acts[*i].is_read())?;
        let counts = |i: usize| own(i) || !acts[i].is_read();
        let mut view = if causal { co.clone() } else { causes.order(&counts) };
        causes.settle(&mut view, &own);
        let wrong = view.cycle().is_some()
            || causes.reads.iter().any(|(r, w)| {
                w.is_none() && own(*r) && causes.rivals(*r, None).any(|o| view.has(o, *r))
            });
        wrong.then_some(Why::NoView { reader: acts[reader].op, causal })
    })
}

/// What must come before what in every order that keeps sessions and explains every answer: a rival
/// before the read loses to the read's write, and one after that write comes after the read. A cycle
/// means there is no such order; no cycle means nothing yet, but guides the search.
pub fn forced(acts: &[Act]) -> Relation {
    let causes = Causes::of(acts);
    let mut before = causes.order(&|_| true);
    let mut more = true;
    while more && before.cycle().is_none() {
        more = false;
        for (r, w) in &causes.reads {
            for rival in causes.rivals(*r, *w) {
                let lost = w.is_some_and(|w| before.has(rival, *r) && before.add(rival, w));
                let later = w.is_none_or(|w| before.has(w, rival)) && before.add(*r, rival);
                more |= lost || later;
            }
        }
    }
    before
}
