//! Session guarantees, as far as a history proves them broken (Terry et al., PDIS 1994).
//!
//! The guarantees speak of servers: which writes were there when a read was answered, and in which order.
//! A history shows no servers. It proves this much: when a client reads, certain writes must have been
//! where it read, and one of them certainly replaced what it was given.
//!
//! ```text
//!                                           it must have been there       so this answer is too old
//!   read your writes       its own write                                  w(x,1) r(x)=0
//!   monotonic reads        what it had read of the key                    r(x)=2 r(x)=1, and 1 was written
//!                                                                         before 2 by one client
//!   monotonic writes       what the writer of something it had read       w(x,1) w(y,1) | r(y)=1 r(x)=0
//!                          wrote before that
//!   writes follow reads    … or had read before that; and what it had     w(x,1) | r(x)=1 w(x,2) |
//!                          read is older than what it then wrote          r(x)=2 r(x)=1
//! ```
//!
//! The chain of the last row may be long. All four together hold exactly if the history is weakly causal:
//! a test says so. One read that two rows explain counts for the first that does not need the last.
//! Whether a run kept the guarantees at its servers is for its own claims, which see the servers.

use super::causal::Causes;
use super::problem::Act;
use super::relation::Relation;
use super::verdict::Why;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
}

/// What breaks a guarantee.
pub fn fault(acts: &[Act], which: Guarantee) -> Option<Why> {
    let past = Past::of(acts);
    match which {
        // Somebody read what depends on that read.
        Guarantee::WritesFollowReads if past.co.cycle().is_some() => Some(Why::CausalCycle),
        _ => past.find(which),
    }
}

struct Past<'a> {
    acts: &'a [Act],
    causes: Causes<'a>,
    /// Session order and read-from, closed.
    co: Relation,
    /// For each read its write; none for a write, and for a read of what was there first.
    from: Vec<Option<usize>>,
}

impl<'a> Past<'a> {
    fn of(acts: &'a [Act]) -> Past<'a> {
        let causes = Causes::of(acts);
        let co = causes.order(&|_| true).closed;
        let mut from = vec![None; acts.len()];
        causes.reads.iter().for_each(|(r, w)| from[*r] = *w);
        Past { acts, causes, co, from }
    }

    /// One client did a, then b; operations stand in the order of their invocation.
    fn then(&self, a: usize, b: usize) -> bool {
        a < b && self.acts[a].session == self.acts[b].session
    }

    fn find(&self, which: Guarantee) -> Option<Why> {
        self.causes.reads.iter().find_map(|(r, w)| {
            let mut rivals = self.causes.rivals(*r, *w);
            let write = rivals.find(|rival| self.proves(*r, *w, *rival, which))?;
            Some(Why::Missed { read: self.acts[*r].op, write: self.acts[write].op, which })
        })
    }

    /// Whether this write must have been where r read, and is newer than what r returned.
    fn proves(&self, r: usize, w: Option<usize>, rival: usize, which: Guarantee) -> bool {
        let plainly_newer = w.is_none_or(|w| self.then(w, rival));
        let own = self.then(rival, r);
        let read = || self.seen(r).any(|seen| seen == rival);
        let along = || self.seen(r).any(|seen| self.then(rival, seen));
        match which {
            Guarantee::ReadYourWrites => plainly_newer && own,
            Guarantee::MonotonicReads => plainly_newer && !own && read(),
            Guarantee::MonotonicWrites => plainly_newer && !own && !read() && along(),
            Guarantee::WritesFollowReads => {
                let newer = w.is_none_or(|w| self.co.has(w, rival));
                newer && self.co.has(rival, r) && !(plainly_newer && (own || read() || along()))
            }
        }
    }

    /// What r's client had read before r.
    fn seen(&self, r: usize) -> impl Iterator<Item = usize> {
        (0..r).filter(move |i| self.then(*i, r)).filter_map(|i| self.from[i])
    }
}
