//! A node's time: the timers it has armed, and the clock by which they run out.

use std::cmp::Reverse;

use crate::ids::{EventId, NodeId, TimerId, Us};
use crate::protocol::Adjust;
use crate::stage::Open;
use crate::trace::What;

use super::World;
use super::limit::{Limit, MAX_TIMERS};
use super::queue::{Due, Entry};

/// An armed timer. Its place in the queue is found lazily: arming again moves `due` and `seq`, and the
/// entry that is already queued walks on to them when it comes up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Armed {
    pub timer: TimerId,
    pub armed_at: Us,
    pub deadline_mono: Us,
    pub due: Us,
    pub seq: u64,
    /// The sequence number of the entry that will look at this timer.
    pub queued: (Us, u64),
    pub by: EventId,
}

impl World {
    pub(super) fn arm(&mut self, node: NodeId, timer: TimerId, after: Us, by: EventId) {
        self.seq += 1;
        let (seq, now) = (self.seq, self.now);
        let n = &mut self.nodes[node.index()];
        let deadline_mono = n.clock.mono(now) + after;
        let due = n.clock.when_mono(deadline_mono, now);
        let mut armed =
            Armed { timer, armed_at: now, deadline_mono, due, seq, queued: (due, seq), by };
        let full = n.timers.len() >= MAX_TIMERS;
        let old = n.timers.iter_mut().find(|t| t.timer == timer);
        match old {
            // The entry in the queue comes up no later than this: it will walk on.
            Some(slot) if slot.queued.0 <= due => {
                armed.queued = slot.queued;
                *slot = armed;
                return;
            }
            Some(slot) => *slot = armed,
            None if full => {
                self.limit = Some(Limit::Timers);
                return;
            }
            None => n.timers.push(armed),
        }
        self.queue.push(Reverse(Entry { at: due, seq, due: Due::Timer { node, timer } }));
    }

    /// A change of drift moves the moments at which the monotonic clock reads the deadlines.
    pub(super) fn retime(&mut self, node: NodeId) {
        let now = self.now;
        let n = &mut self.nodes[node.index()];
        for t in &mut n.timers {
            t.due = n.clock.when_mono(t.deadline_mono, now);
            if t.due < t.queued.0 {
                t.queued = (t.due, t.seq);
                self.queue.push(Reverse(Entry {
                    at: t.due,
                    seq: t.seq,
                    due: Due::Timer { node, timer: t.timer },
                }));
            }
        }
    }

    pub(super) fn expire(&mut self, node: NodeId, timer: TimerId, cause: EventId) {
        let timers = &mut self.nodes[node.index()].timers;
        let Some(at) = timers.iter().position(|t| t.timer == timer) else { return };
        let armed = timers.remove(at);
        let cause = cause.some().unwrap_or(armed.by);
        let event = self.emit(Some(node), cause, What::Fire { timer });
        self.run(node, Open::Timeout { timer }, event);
    }

    pub(super) fn adjust(&mut self, node: NodeId, a: Adjust, event: EventId) {
        let now = self.now;
        let n = &mut self.nodes[node.index()];
        match a {
            Adjust::Step(by) => n.clock.step(by),
            Adjust::Slew { by, ppm } => {
                let ends = now + n.clock.start_slew(now, by, ppm);
                n.slew_ends = Some(ends);
                self.push(ends, Due::SlewEnd { node });
            }
        }
        self.emit_clock(node, event);
    }

    pub(super) fn end_slew(&mut self, node: NodeId, cause: EventId) {
        let now = self.now;
        let n = &mut self.nodes[node.index()];
        n.slew_ends = None;
        n.clock.end_slew(now);
        self.emit_clock(node, cause);
    }

    pub(super) fn emit_clock(&mut self, node: NodeId, cause: EventId) {
        let c = &self.nodes[node.index()].clock;
        let (offset, ppm) = (c.error(self.now), c.ppm() as i32);
        self.emit(Some(node), cause, What::Clock { offset, ppm });
    }
}
