//! Rest: whether anything is under way, and whether something goes on doing harm.

use crate::stage::Open;

use super::World;
use super::node::Life;

impl World {
    /// Nothing is under way but background noise and timers.
    pub fn is_quiet(&self) -> bool {
        self.busy_msgs == 0
            && self.busy_writes == 0
            && self.open_ops.is_empty()
            && self.held.is_empty()
            && self.agenda.is_empty()
            && self
                .plan
                .cast
                .all()
                .all(|n| self.nodes[n.index()].life != Life::Up || self.stage.at_rest(n))
    }

    pub(super) fn judge_rest(&mut self) {
        let quiet = self.is_quiet();
        if quiet && !self.was_quiet {
            self.step.sent.clear();
            self.step.replied.clear();
            if let Some(node) = self.plan.cast.clone().all().next() {
                let wall = self.senses(node).wall;
                self.judge(node, Open::Other, self.faces[node.index()], wall, true);
            }
            self.was_quiet = true;
            self.try_watches();
        }
        self.was_quiet = quiet;
    }

    /// Whether something the scenario has done goes on doing harm. Changes by acts alone.
    pub(super) fn is_disturbed(&self) -> bool {
        self.net.broken()
            || self.net.loses()
            || self.turned.contains(&true)
            || self.nodes.iter().any(|n| n.life == Life::Paused)
    }
}
