//! One step of a node: its handler runs, what it asks for is done, and the claims are judged.

use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::protocol::Face;
use crate::stage::{Bench, Effect, Open, Senses};
use crate::trace::What;

use super::World;
use super::flight::Parcel;

impl World {
    /// Run a node's handler, do what it asks, and judge.
    pub(super) fn run(&mut self, node: NodeId, open: Open, event: EventId) {
        self.step.sent.clear();
        self.step.replied.clear();
        let before = self.faces[node.index()];
        let senses = self.senses(node);
        self.run_handler(node, open, senses, event);
        self.judge(node, open, before, senses.wall, false);
    }

    fn run_handler(&mut self, node: NodeId, open: Open, senses: Senses, event: EventId) {
        let mut effects = std::mem::take(&mut self.step.effects);
        effects.clear();
        self.stage.step(node, open, senses, &mut effects);
        self.show_face(node, event);
        for (effect, gate) in effects.drain(..) {
            match gate.filter(|g| !self.is_durable(node, *g)) {
                Some(gate) => self.nodes[node.index()].gated.push((gate, effect)),
                None => self.effect(node, effect, event),
            }
        }
        self.step.effects = effects;
    }

    pub(super) fn effect(&mut self, node: NodeId, effect: Effect, event: EventId) {
        match effect {
            Effect::Send { to, payload, kind, quiet, epoch, bytes } => {
                self.send(node, to, Parcel { payload, kind, quiet, epoch, bytes }, event);
            }
            Effect::Self_ { payload } => {
                let open = Open::Deliver { id: MsgId(u32::MAX), from: node, payload };
                self.run_handler(node, open, self.senses(node), event);
            }
            Effect::Reply { op, reply } => self.reply(node, op, reply, event),
            Effect::Arm { timer, after } => self.arm(node, timer, after, event),
            Effect::Disarm { timer } => {
                self.nodes[node.index()].timers.retain(|t| t.timer != timer)
            }
            Effect::Save { mark, record, lazy } => self.save(node, mark, record, lazy, event),
            Effect::Why { why, slug } => {
                self.emit(Some(node), event, What::Why { why, slug });
            }
            Effect::Meter { name, v } => {
                self.emit(Some(node), event, What::Meter { name, v });
            }
            Effect::Adjust(a) => self.adjust(node, a, event),
        }
    }

    pub(super) fn show_face(&mut self, node: NodeId, event: EventId) {
        let face = self.stage.face(node);
        if face != self.faces[node.index()] {
            self.faces[node.index()] = face;
            let role = self.plan.cast.role(node);
            let states = self.plan.entry.roles[role as usize].states;
            let state = states.iter().position(|s| *s == face.state).unwrap_or(255) as u8;
            self.emit(
                Some(node),
                event,
                What::Role { state, leads: face.leads, epoch: face.epoch },
            );
        }
    }

    pub(super) fn judge(
        &mut self,
        node: NodeId,
        open: Open,
        before: Face,
        wall: Us,
        at_rest: bool,
    ) {
        let (nodes, now) = (&self.nodes, self.now);
        let clock = |n: NodeId| {
            let c = &nodes[n.index()].clock;
            (c.error(now), c.ppm())
        };
        let bench = Bench {
            before,
            alive: &self.alive,
            lying: &self.lying,
            sent: &self.step.sent,
            replied: &self.step.replied,
            at_rest,
            now,
            wall,
            clock: &clock,
            calm_since: self.calm_since,
            longest_way: self.longest_way,
            longest_write: nodes[node.index()].longest_write,
            steady: !self.disturbed && self.rules.is_empty() && self.held.is_empty(),
        };
        self.stage.judge(node, open, &bench, &mut self.court);
        for (name, v) in std::mem::take(&mut self.court.measured) {
            let cause = EventId(self.counts.events.saturating_sub(1));
            self.emit(Some(node), cause, What::Meter { name, v });
        }
        for (claim, witness) in std::mem::take(&mut self.court.broken) {
            let at = self.counts.witnesses;
            self.counts.witnesses += 1;
            self.step.fresh.witnesses.push(witness);
            let cause = EventId(self.counts.events.saturating_sub(1));
            self.emit(Some(node), cause, What::Broke { claim, witness: at });
        }
    }
}
