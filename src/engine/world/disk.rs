//! A node's disk: a record takes its time to it, and holds back what was to wait until it is there.

use crate::ids::{EventId, Mark, NodeId, Us};
use crate::stage::Open;
use crate::trace::What;

use super::World;
use super::queue::Due;

#[derive(Clone, Debug)]
pub(super) struct Write {
    pub mark: Mark,
    pub record: u32,
    pub event: EventId,
    pub due: Us,
    /// Lazy records that ride along.
    pub with: Vec<(Mark, u32, EventId)>,
}

impl World {
    pub(super) fn save(
        &mut self,
        node: NodeId,
        mark: Mark,
        record: u32,
        lazy: bool,
        event: EventId,
    ) {
        let save = self.emit(Some(node), event, What::Save { mark: mark.0, record });
        let now = self.now;
        let n = &mut self.nodes[node.index()];
        if lazy {
            return n.lazy.push((mark, record, save));
        }
        // Writes are pipelined: each takes the disk's time from its own call, and none overtakes another.
        let due = (now + n.disk).max(n.writes.back().map_or(0, |w| w.due));
        let with = std::mem::take(&mut n.lazy);
        n.writes.push_back(Write { mark, record, event: save, due, with });
        n.longest_write = n.longest_write.max(due - now);
        let inc = n.inc;
        self.busy_writes += 1;
        self.push(due, Due::Saved { node, mark, inc });
    }

    pub(super) fn saved(&mut self, node: NodeId, mark: Mark) {
        let n = &mut self.nodes[node.index()];
        if n.writes.front().is_none_or(|w| w.mark != mark) {
            return;
        }
        let Some(write) = n.writes.pop_front() else { return };
        self.busy_writes -= 1;
        for &(mark, record, event) in
            write.with.iter().chain([&(write.mark, write.record, write.event)])
        {
            self.stage.write(node, record);
            self.emit(Some(node), event, What::Saved { mark: mark.0, record });
        }
        let event = EventId(self.counts.events - 1);
        self.release_gated(node, mark, event);
        self.run(node, Open::Saved { mark }, event);
    }

    pub(super) fn is_durable(&self, node: NodeId, mark: Mark) -> bool {
        self.nodes[node.index()].writes.back().is_none_or(|w| w.mark < mark)
    }

    /// Let go the effects that waited for this mark.
    fn release_gated(&mut self, node: NodeId, mark: Mark, event: EventId) {
        let gated = std::mem::take(&mut self.nodes[node.index()].gated);
        let (now, later): (Vec<_>, Vec<_>) = gated.into_iter().partition(|(m, _)| *m <= mark);
        self.nodes[node.index()].gated = later;
        if now.is_empty() {
            return;
        }
        self.step.sent.clear();
        self.step.replied.clear();
        let (before, wall) = (self.faces[node.index()], self.senses(node).wall);
        for (_, effect) in now {
            self.effect(node, effect, event);
        }
        self.judge(node, Open::Other, before, wall, false);
        self.show_face(node, event);
    }
}
