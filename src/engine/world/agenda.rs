//! What the scenario does by the clock: lines with a time, and the operations of its loads.

use std::cmp::Reverse;

use crate::ids::{EventId, Us};
use crate::num::Stream;
use crate::scenario::ast::{Call, Law, Trigger};
use crate::value::Value;

use super::World;
use super::flight::Flight;
use super::limit::{Limit, MAX_TURNS};
use super::node::Life;

/// Something the scenario will do.
#[derive(Clone, Debug)]
pub(super) enum Todo {
    Line { line: usize, rep: u32, cause: EventId, it: Option<Flight> },
    Load { load: usize, k: u64 },
}

/// Loads stand after the lines of the text at the same instant.
const LOADS: u32 = 1 << 20;

impl World {
    pub(super) fn fill_agenda(&mut self) {
        let plan = self.plan.clone();
        for (line, step) in plan.scenario.steps.iter().enumerate() {
            if let Trigger::At { at, .. } = &step.trigger {
                let todo = Todo::Line { line, rep: 0, cause: EventId::NONE, it: None };
                self.agenda.insert((at.at, at.k, line as u32), todo);
            }
        }
        for load in 0..plan.scenario.loads.len() {
            self.schedule_load(load, 0, plan.scenario.loads[load].from, true);
        }
    }

    pub(super) fn agenda_is_due(&self) -> bool {
        let Some(&((at, k, _), _)) = self.agenda.first() else { return false };
        let Some(Reverse(next)) = self.queue.peek() else { return true };
        at < next.at || (at == next.at && (k == 0 || (self.now == at && self.k >= k)))
    }

    pub(super) fn do_agenda(&mut self) {
        let Some(((at, _, _), todo)) = self.agenda.pop_first() else { return };
        self.go_to(at);
        self.turns += 1;
        if self.turns >= MAX_TURNS {
            self.limit = Some(Limit::Turns);
        }
        match todo {
            Todo::Line { line, rep, cause, it } => self.do_line(line, rep, cause, it),
            Todo::Load { load, k } => self.do_load(load, k),
        }
    }

    fn do_load(&mut self, load: usize, k: u64) {
        let plan = self.plan.clone();
        let l = &plan.scenario.loads[load];
        if let Some(node) = plan.cast.find(&l.node)
            && self.nodes[node.index()].life == Life::Up
        {
            let args = self.load_args(&l.call);
            self.invoke(node, &l.call.op, args, EventId::NONE);
        }
        self.schedule_load(load, k + 1, self.now, false);
    }

    /// A load writes a new value every time, so that a checker can tell the writes apart.
    fn load_args(&mut self, call: &Call) -> Vec<Value> {
        let mut args = call.args.clone();
        let card = self.plan.entry.ops.iter().find(|o| o.verb.word() == call.op);
        let wanted = card.map_or(0, |c| c.args.iter().filter(|a| !a.ends_with(['?', '*'])).count());
        while args.len() < wanted {
            self.load_values += 1;
            args.push(Value::Int(self.load_values));
        }
        args
    }

    /// The next operation of a load: evenly spaced, or after an exponentially distributed gap.
    fn schedule_load(&mut self, load: usize, k: u64, after: Us, first: bool) {
        let plan = self.plan.clone();
        let l = &plan.scenario.loads[load];
        let gap = 1_000_000_000 / l.rate_milli.max(1);
        let at = if l.even {
            l.from + (k as u128 * 1_000_000_000 / l.rate_milli.max(1) as u128) as Us
        } else if first {
            after + self.gap(load, gap, 0)
        } else {
            after + self.gap(load, gap, k)
        };
        if at < l.to.unwrap_or(plan.horizon()) {
            self.agenda.insert((at, 0, LOADS + load as u32), Todo::Load { load, k });
        }
    }

    fn gap(&self, load: usize, mean: Us, k: u64) -> Us {
        let l = &self.plan.scenario.loads[load];
        let stream = Stream::new(self.plan.seed, &format!("load/{}/{}", l.node, l.call.op));
        Law::Exp { base: 0, mean }.draw(stream.draw(k))
    }
}
