//! The world: virtual time, a queue, nodes, a network, and what the scenario does to them.
//!
//! ```text
//!   agenda ──┐                                   ┌─▶ stage (the protocol's handlers)
//!   (at, then)├─▶ one step at (time, sequence) ──┼─▶ judge (claims)
//!   queue  ──┘                                   ├─▶ fresh (events for the trace)
//!   (messages, timers, disks)                    └─▶ watches (when, expect)
//! ```
//!
//! Compiled once, whatever the protocols. A world can be cloned at any step boundary; run on from there it
//! does the same again, which is how a reader steps back and how an edit in the past becomes a branch.
//! `tests/world.rs` shows its promises one by one, on a toy.
//!
//! Here stands what a world is and how it takes a step. Its parts have a file each:
//!
//! - a run begins in `open`, from a `plan`; `replan` goes on by an edited text; `snapshot` copies; `quiet` and `limit` know
//!   when it is over, and `look` is what others may ask
//! - what moves it: `agenda` (the scenario by the clock), `watch` (the scenario by facts), `queue` (all that is under way)
//! - what a line of the scenario does: `acts`; what a step of a node does: `effects`
//! - what it is made of: `node`, with its `clock`, `timers` and `disk`; the `net` and what is in `flight`; `ops`

pub mod acts;
mod agenda;
pub mod clock;
mod disk;
mod effects;
mod flight;
mod limit;
mod look;
pub mod net;
mod node;
mod open;
mod ops;
pub mod plan;
mod queue;
mod quiet;
mod replan;
mod snapshot;
mod timers;
pub mod watch;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use crate::ids::{EventId, NodeId, OpId, Us};
use crate::protocol::{Court, Face, Op};
use crate::seq::Map;
use crate::stage::Stage;
use crate::trace::{Counts, Emit, Fresh, What};
use agenda::Todo;
use net::Net;
use node::Node;
use plan::Plan;
use queue::Entry;
use snapshot::Scratch;
use watch::WatchState;

pub use flight::Flight;
pub use limit::{Limit, MAX_STEPS, MAX_TIME, MAX_TURNS};
pub use node::Life;

/// A step boundary of a run. Its clone runs on by itself over the same arena.
#[derive(Clone)]
pub struct World {
    plan: Rc<Plan>,
    stage: Box<dyn Stage>,
    court: Court,
    now: Us,
    k: u32,
    seq: u64,
    steps: u64,
    /// What the scenario itself has done: lines that fired by the clock, and operations that loads asked for or would have.
    turns: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    nodes: Vec<Node>,
    alive: Vec<bool>,
    /// Who has lied at some time, which nobody takes back, and who lies now.
    lying: Vec<bool>,
    turned: Vec<bool>,
    faces: Vec<Face>,
    net: Net,
    rules: Vec<acts::Rule>,
    /// Lines that made a rule, and whether a message has come that one of theirs speaks of.
    met: Map<u32, bool>,
    held: Vec<Flight>,
    /// Keyed by (time, steps at that instant, line): a line has one place a time.
    agenda: Map<(Us, u32, u32), Todo>,
    watches: Vec<WatchState>,
    open_ops: Map<OpId, (NodeId, Op)>,
    load_values: i64,
    /// Messages under way that are not background noise.
    busy_msgs: u32,
    busy_writes: u32,
    was_quiet: bool,
    calm_since: Us,
    /// The longest any message was to be on its way, from its sending to its arrival.
    longest_way: Us,
    /// A cut, a loss, a pause or a lie is in force.
    disturbed: bool,
    limit: Option<Limit>,
    counts: Counts,
    step: Scratch,
}

impl World {
    /// Do one thing: a line of the scenario or a step of the queue. False when there is nothing to do.
    pub fn advance(&mut self) -> bool {
        self.begin();
        if self.limit.is_some() {
            return false;
        }
        if self.agenda_is_due() {
            self.do_agenda();
        } else if !self.do_queue() {
            return false;
        }
        self.after_step();
        true
    }

    fn begin(&mut self) {
        self.step.fresh.clear();
        self.step.flights.clear();
        self.step.answers.clear();
        self.step.tried = 0;
    }

    fn go_to(&mut self, at: Us) {
        if at > self.now {
            (self.now, self.k) = (at, 0);
        }
        if at > MAX_TIME {
            self.limit = Some(Limit::Time);
        }
    }

    /// After everything a step did: facts, rest, and the limit on lines that feed each other.
    fn after_step(&mut self) {
        self.try_watches();
        self.judge_rest();
        self.drop_stale();
    }

    /// What the last step added: the owner of the trace takes it.
    pub fn fresh(&mut self) -> &mut Fresh {
        &mut self.step.fresh
    }

    /// Nothing more is to happen.
    pub fn stop(&mut self, limit: Limit) {
        self.limit = Some(limit);
    }

    fn emit(&mut self, node: Option<NodeId>, cause: EventId, what: What) -> EventId {
        let id = EventId(self.counts.events);
        self.counts.events += 1;
        self.step.fresh.events.push(Emit { at: self.now, k: self.k, node, cause, what });
        id
    }

    fn text(&mut self, text: String) -> u32 {
        self.step.fresh.texts.push(text);
        self.counts.texts += 1;
        self.counts.texts - 1
    }
}
