//! A text that was edited: the run goes on by another one that is the same up to now.

use std::rc::Rc;

use crate::ids::EventId;
use crate::scenario::ast::Trigger;

use super::World;
use super::agenda::Todo;
use super::plan::{Plan, WatchOf};
use super::watch::WatchState;

impl World {
    /// Go on by another text that is the same up to now. `map` gives a line's place in it, if it is kept.
    pub fn replan(&mut self, plan: Rc<Plan>, map: &dyn Fn(usize) -> Option<usize>) {
        let old = std::mem::replace(&mut self.plan, plan.clone());
        let states = std::mem::take(&mut self.watches);
        self.watches = plan.watches.iter().map(|w| WatchState::new(w.parts.len())).collect();
        self.arm_watches();
        for (watch, state) in old.watches.iter().zip(states) {
            let at = match watch.of {
                WatchOf::Step(s) => map(s).and_then(|s| plan.watch_of_step[s]),
                WatchOf::Expect(e) => plan.watch_of_expect[e],
                WatchOf::Until => plan.watch_of_until,
            };
            if let Some(at) = at {
                self.watches[at] = state;
            }
        }
        self.remap_agenda(old.scenario.steps.len(), &plan, map);
        let line = |l: u32| map(l as usize).map(|l| l as u32);
        self.met = self.met.iter().filter_map(|(l, met)| Some((line(*l)?, *met))).collect();
        self.rules.iter_mut().for_each(|r| r.moved(line));
    }

    fn remap_agenda(&mut self, old: usize, plan: &Plan, map: &dyn Fn(usize) -> Option<usize>) {
        let mut kept = vec![false; plan.scenario.steps.len()];
        (0..old).filter_map(map).for_each(|l| kept[l] = true);
        let mut before = std::mem::take(&mut self.agenda);
        while let Some(((at, k, order), todo)) = before.pop_first() {
            match todo {
                Todo::Line { line, rep, cause, it } => {
                    if let Some(line) = map(line) {
                        self.agenda
                            .insert((at, k, line as u32), Todo::Line { line, rep, cause, it });
                    }
                }
                load => {
                    self.agenda.insert((at, k, order), load);
                }
            }
        }
        for (line, step) in plan.scenario.steps.iter().enumerate().filter(|(l, _)| !kept[*l]) {
            if let Trigger::At { at, .. } = &step.trigger {
                let todo = Todo::Line { line, rep: 0, cause: EventId::NONE, it: None };
                self.agenda.insert((at.at, at.k, line as u32), todo);
            }
        }
    }
}
