//! A world at time 0: what the text says of links, clocks and states, and every present node started.

use std::collections::BinaryHeap;
use std::rc::Rc;

use crate::ids::EventId;
use crate::protocol::{Court, Face, Refusal};
use crate::scenario::Fault;
use crate::scenario::ast::{Law, NetValue};
use crate::seq::Map;
use crate::stage::Stage;
use crate::trace::Counts;

use super::World;
use super::net::Net;
use super::node::{Life, fresh_node};
use super::plan::Plan;
use super::snapshot::Scratch;
use super::watch::WatchState;

impl World {
    /// A world at time 0 with every present node started.
    pub fn open(plan: Rc<Plan>, stage: Box<dyn Stage>) -> Result<World, Refusal> {
        let mut w = World::blank(plan, stage);
        w.set_near_links();
        w.set_links();
        w.disturbed = w.is_disturbed();
        w.apply_givens()?;
        w.fill_agenda();
        w.arm_watches();
        for id in w.plan.cast.clone().all() {
            if w.nodes[id.index()].life == Life::Absent && !w.plan.cast.members[id.index()].absent {
                w.start(id, EventId::NONE);
            }
        }
        w.after_step();
        Ok(w)
    }

    /// Before anything is set or started.
    fn blank(plan: Rc<Plan>, stage: Box<dyn Stage>) -> World {
        let n = plan.cast.len();
        let mut net = Net::new(plan.cast.clone(), plan.entry.kinds.len().max(1), plan.seed);
        net.set_all(&plan.scenario.net);
        let nodes = plan.cast.all().map(|id| fresh_node(&plan, id)).collect();
        World {
            stage,
            court: Court::new(plan.entry),
            now: 0,
            k: 0,
            seq: 0,
            steps: 0,
            turns: 0,
            queue: BinaryHeap::new(),
            nodes,
            alive: vec![false; n],
            lying: vec![false; n],
            turned: vec![false; n],
            faces: vec![Face::default(); n],
            net,
            rules: vec![],
            met: Map::default(),
            held: vec![],
            agenda: Map::default(),
            watches: plan.watches.iter().map(|w| WatchState::new(w.parts.len())).collect(),
            open_ops: Map::default(),
            load_values: 0,
            busy_msgs: 0,
            busy_writes: 0,
            was_quiet: false,
            calm_since: 0,
            longest_way: 0,
            disturbed: false,
            limit: None,
            counts: Counts::default(),
            step: Scratch::default(),
            plan,
        }
    }

    /// Links between nodes that sit together: what the text says of a link comes after, and wins.
    fn set_near_links(&mut self) {
        let mut near = vec![];
        for a in self.plan.cast.all() {
            for b in self.plan.cast.all().filter(|b| *b != a) {
                if let Some(t) = self.stage.near(a, b) {
                    near.push((a, b, NetValue::Law(Law::Constant(t))));
                }
            }
        }
        self.net.set_links(near.into_iter().map(|(a, b, law)| (a, b, ("latency".into(), law))));
    }

    fn set_links(&mut self) {
        let plan = self.plan.clone();
        for l in &plan.scenario.links {
            let (Some(a), Some(b)) = (plan.cast.find(&l.from), plan.cast.find(&l.to)) else {
                continue;
            };
            self.net.set_link(a, b, &l.set);
            if l.both {
                self.net.set_link(b, a, &l.set);
            }
        }
    }

    fn apply_givens(&mut self) -> Result<(), Refusal> {
        let (plan, mut faults) = (self.plan.clone(), vec![]);
        for g in &plan.scenario.givens {
            let Some(node) = plan.cast.find(&g.node) else { continue };
            for (i, (field, value)) in g.fields.iter().enumerate() {
                if let Err(r) = self.stage.given(node, field, value) {
                    let says = ["given ", &g.node, " ", field, ": ", &r.message, "."].concat();
                    let place = g.places.get(i).copied().unwrap_or(g.place);
                    faults.push(Fault::refused(place, says));
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Refusal::at(faults)) }
    }
}
