//! What the world knows of a node whatever it runs: its life, its clock, its timers, its disk, what waits for it.

use std::collections::VecDeque;

use crate::ids::{EventId, Mark, NodeId, Us};
use crate::scenario::ast::NetValue;
use crate::stage::Effect;

use super::acts::Lie;
use super::clock::Clock;
use super::disk::Write;
use super::plan::Plan;
use super::queue::Entry;
use super::timers::Armed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Declared `absent` and not started yet.
    Absent,
    Up,
    Paused,
    Down,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub life: Life,
    pub inc: u32,
    pub clock: Clock,
    pub slew_ends: Option<Us>,
    pub disk: Us,
    pub timers: Vec<Armed>,
    pub writes: VecDeque<Write>,
    /// The longest any record was to take to the disk, with its wait for those before it.
    pub longest_write: Us,
    pub lazy: Vec<(Mark, u32, EventId)>,
    /// Effects that wait for a mark to be durable.
    pub gated: Vec<(Mark, Effect)>,
    /// What came while paused, in the order of its due time.
    pub backlog: Vec<Entry>,
    pub lie: Option<Lie>,
}

pub(super) fn fresh_node(plan: &Plan, id: NodeId) -> Node {
    let name = &plan.cast.members[id.index()].id;
    let mut clock = (0, 0);
    let mut disk = plan.entry.disk;
    for (k, v) in &plan.scenario.net {
        if let ("disk", NetValue::Law(l)) = (k.as_str(), v) {
            disk = l.median();
        }
    }
    for line in plan.scenario.nodes.iter().filter(|n| n.node == *name) {
        clock.0 = line.set.offset.unwrap_or(clock.0);
        clock.1 = line.set.drift.unwrap_or(clock.1);
        disk = line.set.disk.unwrap_or(disk);
    }
    Node {
        life: Life::Absent,
        inc: 0,
        clock: Clock::new(clock.0, clock.1),
        slew_ends: None,
        disk,
        timers: vec![],
        writes: VecDeque::new(),
        longest_write: 0,
        lazy: vec![],
        gated: vec![],
        backlog: vec![],
        lie: None,
    }
}
