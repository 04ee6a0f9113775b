//! What others may ask of a world: all of it is looking, nothing moves.

use std::rc::Rc;

use crate::ids::{NodeId, TimerId, Us};
use crate::protocol::{Cast, Face};
use crate::stage::{Senses, Stage};
use crate::trace::Counts;

use super::World;
use super::flight::Flight;
use super::limit::Limit;
use super::net::Net;
use super::node::Life;
use super::plan::Plan;
use super::watch::WatchState;

impl World {
    pub fn now(&self) -> Us {
        self.now
    }
    pub fn k(&self) -> u32 {
        self.k
    }
    pub fn steps(&self) -> u64 {
        self.steps
    }
    /// Steps of the queue and turns of the scenario: how much there is to do over to come here again.
    pub fn work(&self) -> u64 {
        self.steps + self.turns
    }
    pub fn limit(&self) -> Option<Limit> {
        self.limit
    }
    pub fn counts(&self) -> Counts {
        self.counts
    }
    pub fn stage(&self) -> &dyn Stage {
        &*self.stage
    }
    pub fn plan(&self) -> &Rc<Plan> {
        &self.plan
    }
    /// The cast of a plan, for whoever holds only a world.
    pub fn cast(&self) -> &Rc<Cast> {
        &self.plan.cast
    }
    pub fn net(&self) -> &Net {
        &self.net
    }
    pub fn life(&self, node: NodeId) -> Life {
        self.nodes[node.index()].life
    }
    pub fn lies_now(&self, node: NodeId) -> bool {
        self.turned[node.index()]
    }
    pub fn face(&self, node: NodeId) -> Face {
        self.faces[node.index()]
    }
    /// Questions asked of each claim so far.
    pub fn asked(&self) -> &[u64] {
        &self.court.asked
    }
    pub fn watch(&self, i: usize) -> &WatchState {
        &self.watches[i]
    }
    pub fn held(&self) -> &[Flight] {
        &self.held
    }
    pub fn clock(&self, node: NodeId) -> (Us, Us, i64, i64) {
        self.clock_at(node, self.now)
    }
    /// The same at a later time, if nothing happens until then.
    pub fn clock_at(&self, node: NodeId, now: Us) -> (Us, Us, i64, i64) {
        let c = &self.nodes[node.index()].clock;
        (c.mono(now), c.wall(now), c.error(now), c.ppm())
    }
    /// How long a write to its disk takes.
    pub fn disk(&self, node: NodeId) -> Us {
        self.nodes[node.index()].disk
    }
    /// Armed timers: which, since when, until when.
    pub fn timers(&self, node: NodeId) -> Vec<(TimerId, Us, Us)> {
        self.nodes[node.index()].timers.iter().map(|t| (t.timer, t.armed_at, t.due)).collect()
    }
    pub fn senses(&self, node: NodeId) -> Senses {
        self.senses_at(node, self.now)
    }

    /// The same at a later time, if nothing happens until then.
    pub fn senses_at(&self, node: NodeId, now: Us) -> Senses {
        let n = &self.nodes[node.index()];
        Senses {
            mono: n.clock.mono(now),
            wall: n.clock.wall(now),
            incarnation: n.inc,
            unsaved: n.writes.back().map(|w| w.mark),
        }
    }
    /// When the next thing happens, if anything does.
    pub fn next_at(&self) -> Option<Us> {
        if self.limit.is_some() {
            return None;
        }
        let queue = self.queue.peek().map(|e| e.0.at);
        let agenda = self.agenda.first().map(|(k, _)| k.0);
        match (queue, agenda) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Lines whose rules have met no message.
    pub fn unmet(&self) -> impl Iterator<Item = u32> + '_ {
        self.met.iter().filter(|(_, met)| !**met).map(|(line, _)| *line)
    }
}
