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

use super::circle::{Because, Before, Drawn};
use super::problem::Act;
use super::relation::Relation;
use super::verdict::Why;
use crate::few;

/// What breaks a model, and what must come before what.
pub struct Fault {
    pub why: Why,
    drawn: Drawn,
}

impl Fault {
    /// The shortest circle, in operations of the history.
    pub fn circle(&self, acts: &[Act]) -> Vec<Before> {
        circle(&self.drawn, acts)
    }
}

pub fn circle(drawn: &Drawn, acts: &[Act]) -> Vec<Before> {
    let because = |b: Because| match b {
        Because::Replaced { read } => Because::Replaced { read: acts[read].op },
        other => other,
    };
    let op = |b: Before| Before {
        from: acts[b.from].op,
        to: acts[b.to].op,
        because: because(b.because),
    };
    drawn.circle(acts.len()).into_iter().map(op).collect()
}

/// Operations, and for each read the write it came from.
pub struct Causes<'a> {
    acts: &'a [Act],
    writes: Vec<usize>,
    /// Reads with their write; none is the value that was there first.
    pub reads: Vec<(usize, Option<usize>)>,
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
    pub fn order(&self, counts: &dyn Fn(usize) -> bool) -> Drawn {
        let mut co = Drawn::new(self.acts.len());
        let mut last: Vec<Option<usize>> = Vec::new();
        for i in (0..self.acts.len()).filter(|i| counts(*i)) {
            let session = self.acts[i].session as usize;
            last.resize(last.len().max(session + 1), None);
            if let Some(before) = last[session].replace(i) {
                co.add(before, i, Because::Session);
            }
        }
        for (r, w) in self.reads.iter().filter(|(r, _)| counts(*r)) {
            w.iter().for_each(|w| _ = co.add(*w, *r, Because::Read));
        }
        co
    }

    /// Writes of the read's key other than its own.
    pub fn rivals(&self, r: usize, w: Option<usize>) -> impl Iterator<Item = usize> {
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

    /// Draws the losses the reads know of until there are no more, or so many times: a rival before the
    /// read comes before the read's own write. Stops at a circle.
    fn settle(&self, before: &mut Drawn, knows: &dyn Fn(usize) -> bool, passes: u32) {
        let reads: Vec<_> = self.reads.iter().filter(|(r, _)| knows(*r)).collect();
        for _ in 0..passes {
            if before.closed.cycle().is_some() {
                return;
            }
            let known = before.closed.clone();
            let mut more = false;
            for (r, w) in &reads {
                let Some(own) = *w else { continue };
                for rival in self.rivals(*r, *w) {
                    more |= known.has(rival, *r)
                        && before.add(rival, own, Because::Replaced { read: *r });
                }
            }
            if !more {
                return;
            }
        }
    }

    fn blames(&self, (r, w): (usize, usize)) -> Why {
        Why::Overwritten { read: self.acts[r].op, write: self.acts[w].op }
    }
}

/// What breaks weak causal consistency.
pub fn weak(acts: &[Act]) -> Option<Fault> {
    let causes = Causes::of(acts);
    let mut drawn = causes.order(&|_| true);
    if drawn.closed.cycle().is_some() {
        return Some(Fault { why: Why::CausalCycle, drawn });
    }
    let (r, w) = causes.overwritten(&drawn.closed)?;
    drawn.add(r, w, Because::Unseen);
    Some(Fault { why: causes.blames((r, w)), drawn })
}

/// What breaks causal convergence.
pub fn convergent(acts: &[Act]) -> Option<Fault> {
    if let Some(fault) = weak(acts) {
        return Some(fault);
    }
    let causes = Causes::of(acts);
    let mut all = causes.order(&|_| true);
    let co = all.closed.clone();
    for (r, w) in &causes.reads {
        let Some(own) = *w else { continue };
        let known = causes.rivals(*r, *w).filter(|o| co.has(*o, *r));
        known.for_each(|o| _ = all.add(o, own, Because::Replaced { read: *r }));
    }
    let broken = all.closed.cycle().is_some();
    broken.then_some(Fault { why: Why::NoWriteOrder, drawn: all })
}

/// All passes of the fixpoint that are needed.
pub const ALL: u32 = u32::MAX;

/// What breaks causal memory.
pub fn memory(acts: &[Act]) -> Option<Fault> {
    memory_in(acts, ALL)
}

/// The same with so many passes of the fixpoint: one is not enough.
pub fn memory_in(acts: &[Act], passes: u32) -> Option<Fault> {
    weak(acts).or_else(|| no_view(acts, true, passes))
}

/// What breaks PRAM.
pub fn pram(acts: &[Act]) -> Option<Fault> {
    no_view(acts, false, ALL)
}

/// A session whose reads no order of the writes explains.
fn no_view(acts: &[Act], causal: bool, passes: u32) -> Option<Fault> {
    let causes = Causes::of(acts);
    let co = causes.order(&|_| causal);
    let sessions = acts.iter().map(|a| a.session + 1).max().unwrap_or(0);
    (0..sessions).find_map(|s| {
        let own = |i: usize| acts[i].session == s;
        let reader = (0..acts.len()).rfind(|i| own(*i) && acts[*i].is_read())?;
        let counts = |i: usize| own(i) || !acts[i].is_read();
        let mut view = if causal { co.clone() } else { causes.order(&counts) };
        causes.settle(&mut view, &own, passes);
        if view.closed.cycle().is_none() {
            let firsts = causes.reads.iter().filter(|(r, w)| w.is_none() && own(*r));
            let missed = |r: usize| causes.rivals(r, None).find(|o| view.closed.has(*o, r));
            let (r, o) = firsts.filter_map(|(r, _)| missed(*r).map(|o| (*r, o))).next()?;
            view.add(r, o, Because::Unseen);
        }
        Some(Fault { why: Why::NoView { reader: acts[reader].op, causal }, drawn: view })
    })
}

/// What must come before what in every order that keeps sessions and explains every answer: a rival
/// before the read loses to the read's write, and one after that write comes after the read. A circle
/// means there is no such order; no circle means nothing yet, but guides the search.
pub fn forced(acts: &[Act]) -> Drawn {
    let causes = Causes::of(acts);
    let mut before = causes.order(&|_| true);
    let mut more = true;
    while more && before.closed.cycle().is_none() {
        more = false;
        for (r, w) in &causes.reads {
            for rival in causes.rivals(*r, *w) {
                let lost = w.is_some_and(|w| {
                    before.closed.has(rival, *r)
                        && before.add(rival, w, Because::Replaced { read: *r })
                });
                let later = w.is_none_or(|w| before.closed.has(w, rival))
                    && before.add(*r, rival, Because::Unseen);
                more |= lost || later;
            }
        }
    }
    before
}
