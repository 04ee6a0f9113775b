//! Constraints with their reasons, and the shortest circle among them.
//!
//! Every model of orders says of some operations that one must come before the other. Where that closes a
//! circle, no order is left, and the circle is the proof: short enough to be drawn on the history.

use super::relation::Relation;

/// Why one operation must come before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// One client did the one, then the other.
    Session,
    /// It ended before the other began.
    RealTime,
    /// The other read what it wrote.
    Read,
    /// A reader that knew of it returned the other: it was replaced.
    Replaced { read: usize },
    /// A read that did not see this write.
    Unseen,
}

/// `from` must come before `to`. In a verdict all of them are indices into the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    pub from: usize,
    pub to: usize,
    pub because: Because,
}

/// A closed relation that remembers what it was drawn from.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub closed: Relation,
    drawn: Vec<Before>,
}

impl Drawn {
    pub fn new(n: usize) -> Drawn {
        Drawn { closed: Relation::new(n), drawn: Vec::new() }
    }

    /// Says whether that was new.
    pub fn add(&mut self, from: usize, to: usize, because: Because) -> bool {
        let new = self.closed.add(from, to);
        if new {
            self.drawn.push(Before { from, to, because });
        }
        new
    }

    /// The shortest way round, if there is one. Searches from every place: for a few operations.
    pub fn circle(&self, n: usize) -> Vec<Before> {
        let mut best: Vec<Before> = Vec::new();
        for start in (0..n).filter(|a| self.closed.has(*a, *a)) {
            let way = self.way_back(start, n);
            if best.is_empty() || (!way.is_empty() && way.len() < best.len()) {
                best = way;
            }
        }
        best
    }

    /// Breadth first from a thing to itself.
    fn way_back(&self, start: usize, n: usize) -> Vec<Before> {
        let mut by: Vec<Option<Before>> = vec![None; n];
        let mut queue = vec![start];
        let mut at = 0;
        while at < queue.len() && by[start].is_none() {
            let here = queue[at];
            for b in self.drawn.iter().filter(|b| b.from == here) {
                if by[b.to].is_none() {
                    by[b.to] = Some(*b);
                    queue.push(b.to);
                }
            }
            at += 1;
        }
        let mut way = Vec::new();
        let mut place = start;
        while let Some(b) = by[place] {
            way.push(b);
            place = b.from;
            if place == start {
                break;
            }
        }
        way.reverse();
        way
    }
}
