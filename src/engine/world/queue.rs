//! What is under way, in the order of `(time, sequence)`: messages, timers, disks.

use std::cmp::Reverse;

use crate::ids::{EventId, Mark, NodeId, TimerId, Us};

use super::World;
use super::flight::Flight;
use super::limit::{Limit, MAX_STEPS};
use super::node::Life;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Due {
    Deliver(Flight),
    Timer { node: NodeId, timer: TimerId },
    Saved { node: NodeId, mark: Mark, inc: u32 },
    SlewEnd { node: NodeId },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub at: Us,
    pub seq: u64,
    pub due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

impl World {
    pub(super) fn push(&mut self, at: Us, due: Due) {
        self.seq += 1;
        self.queue.push(Reverse(Entry { at, seq: self.seq, due }));
    }

    pub(super) fn do_queue(&mut self) -> bool {
        let Some(Reverse(entry)) = self.queue.pop() else { return false };
        self.go_to(entry.at);
        self.k += 1;
        self.steps += 1;
        if self.steps >= MAX_STEPS {
            self.limit = Some(Limit::Steps);
        }
        self.take(entry);
        true
    }

    /// The head of the queue always means something: whoever asks what comes next is told the truth.
    pub(super) fn drop_stale(&mut self) {
        while let Some(Reverse(entry)) = self.queue.peek().copied()
            && self.is_stale(&entry)
        {
            // A timer that walks on has been pushed behind this entry.
            self.queue.pop();
        }
    }

    /// Whether an entry no longer means anything; a timer armed again since then walks on to its new due.
    fn is_stale(&mut self, entry: &Entry) -> bool {
        match entry.due {
            Due::Deliver(_) => false,
            Due::Saved { node, inc, .. } => self.nodes[node.index()].inc != inc,
            // Stopped by a crash, or replaced by another.
            Due::SlewEnd { node } => self.nodes[node.index()].slew_ends != Some(entry.at),
            Due::Timer { node, timer } => {
                let armed = self.nodes[node.index()].timers.iter_mut().find(|t| t.timer == timer);
                let Some(armed) = armed.filter(|a| a.queued == (entry.at, entry.seq)) else {
                    return true;
                };
                if (armed.due, armed.seq) == (entry.at, entry.seq) {
                    return false;
                }
                armed.queued = (armed.due, armed.seq);
                let next = Entry { at: armed.due, seq: armed.seq, due: entry.due };
                self.queue.push(Reverse(next));
                true
            }
        }
    }

    fn take(&mut self, entry: Entry) {
        let node = match entry.due {
            Due::Deliver(f) => f.to,
            Due::Timer { node, .. } | Due::Saved { node, .. } | Due::SlewEnd { node } => node,
        };
        // A clock runs on while its node is paused.
        let waits = !matches!(entry.due, Due::SlewEnd { .. });
        if waits && self.nodes[node.index()].life == Life::Paused {
            return self.nodes[node.index()].backlog.push(entry);
        }
        match entry.due {
            Due::Deliver(f) => self.arrive(f),
            Due::Timer { node, timer } => self.expire(node, timer, EventId::NONE),
            Due::Saved { node, mark, .. } => self.saved(node, mark),
            Due::SlewEnd { node } => self.end_slew(node, EventId::NONE),
        }
    }
}
