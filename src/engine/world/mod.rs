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

pub mod acts;
pub mod clock;
pub mod net;
pub mod plan;
pub mod watch;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;

use crate::few;
use crate::ids::*;
use crate::num::Stream;
use crate::protocol::{Adjust, Cast, Court, Face, Op, Refusal};
use crate::scenario::Fault;
use crate::scenario::ast::{Law, NetValue, Out, Trigger};
use crate::seq::Map;
use crate::stage::{Bench, Effect, Open, Senses, Stage};
use crate::trace::{Counts, Emit, Fresh, Loss, MsgRec, OpRec, What};
use crate::value::Value;
use clock::Clock;
use net::Net;
use plan::Plan;
use watch::WatchState;

pub const MAX_STEPS: u64 = 2_000_000;
pub const MAX_TIME: Us = 24 * 3600 * SEC;
/// How often lines and loads of the scenario have their turn.
pub const MAX_TURNS: u64 = 2_000_000;
/// Timers a node may have armed at once: each is looked for among them, and one for every request that waits is enough.
const MAX_TIMERS: usize = 10_000;
/// Rules that may wait for messages at once: each message is held against all of them.
const MAX_RULES: usize = 1_000;

/// Why a run went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Steps,
    Time,
    Bytes,
    Turns,
    Timers,
}

impl Limit {
    pub const ALL: [Limit; 5] =
        [Limit::Steps, Limit::Time, Limit::Bytes, Limit::Turns, Limit::Timers];

    pub fn says(self) -> &'static str {
        match self {
            Limit::Steps => {
                "the run reached 2,000,000 steps, its limit: end it sooner with `until`, or lower a rate"
            }
            Limit::Time => "the run reached 24 h of its own time, its limit",
            Limit::Bytes => {
                "the trace reached 256 MiB, its limit: end the run sooner with `until`, or lower a rate"
            }
            Limit::Turns => {
                "lines and loads of the scenario had 2,000,000 turns, their limit: end it sooner with `until`, or lower a rate"
            }
            Limit::Timers => {
                "more than 10,000 timers wait at one node, its limit: ask for less at once, or lower a rate"
            }
        }
    }
}

/// A message on its way: all the world needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    pub m: MsgId,
    /// The message as it was sent: a copy made by the network shares it with the first.
    pub origin: MsgId,
    pub from: NodeId,
    pub to: NodeId,
    pub kind: u8,
    pub quiet: bool,
    pub nth: u32,
    pub payload: u32,
    pub epoch: u64,
    pub sent: EventId,
    pub due: Us,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Due {
    Deliver(Flight),
    Timer { node: NodeId, timer: TimerId },
    Saved { node: NodeId, mark: Mark, inc: u32 },
    SlewEnd { node: NodeId },
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Us,
    seq: u64,
    due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Declared `absent` and not started yet.
    Absent,
    Up,
    Paused,
    Down,
}

/// An armed timer. Its place in the queue is found lazily: arming again moves `due` and `seq`, and the
/// entry that is already queued walks on to them when it comes up.
#[derive(Clone, Copy, Debug)]
struct Armed {
    timer: TimerId,
    armed_at: Us,
    deadline_mono: Us,
    due: Us,
    seq: u64,
    /// The sequence number of the entry that will look at this timer.
    queued: (Us, u64),
    by: EventId,
}

#[derive(Clone, Debug)]
struct Write {
    mark: Mark,
    record: u32,
    event: EventId,
    due: Us,
    /// Lazy records that ride along.
    with: Vec<(Mark, u32, EventId)>,
}

#[derive(Clone, Debug)]
struct Node {
    life: Life,
    inc: u32,
    clock: Clock,
    slew_ends: Option<Us>,
    disk: Us,
    timers: Vec<Armed>,
    writes: VecDeque<Write>,
    /// The longest any record was to take to the disk, with its wait for those before it.
    longest_write: Us,
    lazy: Vec<(Mark, u32, EventId)>,
    /// Effects that wait for a mark to be durable.
    gated: Vec<(Mark, Effect)>,
    /// What came while paused, in the order of its due time.
    backlog: Vec<Entry>,
    lie: Option<acts::Lie>,
}

/// Something the scenario will do.
#[derive(Clone, Debug)]
enum Todo {
    Line { line: usize, rep: u32, cause: EventId, it: Option<Flight> },
    Load { load: usize, k: u64 },
}

/// A step boundary of a run.
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
    /// What the last step added; the owner of the trace takes it.
    pub fresh: Fresh,
    flights: Vec<(u32, Flight)>,
    answers: Vec<(u32, NodeId, Op, Out)>,
    tried: usize,
    armed_at_event: Vec<(usize, usize)>,
    effects: Vec<(Effect, Option<Mark>)>,
    sent: Vec<(MsgId, NodeId, u32)>,
    replied: Vec<(OpId, u32)>,
}

impl World {
    /// Whether something the scenario has done goes on doing harm. Changes by acts alone.
    fn is_disturbed(&self) -> bool {
        self.net.broken()
            || self.net.loses()
            || self.turned.contains(&true)
            || self.nodes.iter().any(|n| n.life == Life::Paused)
    }

    /// A world at time 0 with every present node started.
    pub fn open(plan: Rc<Plan>, stage: Box<dyn Stage>) -> Result<World, Refusal> {
        let n = plan.cast.len();
        let mut net = Net::new(plan.cast.clone(), plan.entry.kinds.len().max(1), plan.seed);
        let s = &plan.scenario;
        net.set_all(&s.net);
        let nodes = plan.cast.all().map(|id| fresh_node(&plan, id)).collect();
        let mut w = World {
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
            fresh: Fresh::default(),
            flights: vec![],
            answers: vec![],
            tried: 0,
            armed_at_event: vec![],
            effects: vec![],
            sent: vec![],
            replied: vec![],
            plan,
        };
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

    fn fill_agenda(&mut self) {
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
        crate::scenario::ast::Law::Exp { base: 0, mean }.draw(stream.draw(k))
    }

    // ---------------------------------------------------------------- looking

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

    // ---------------------------------------------------------------- moving

    /// Nothing more is to happen.
    pub fn stop(&mut self, limit: Limit) {
        self.limit = Some(limit);
    }

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
        self.fresh.clear();
        self.flights.clear();
        self.answers.clear();
        self.tried = 0;
    }

    fn agenda_is_due(&self) -> bool {
        let Some(&((at, k, _), _)) = self.agenda.first() else { return false };
        let Some(Reverse(next)) = self.queue.peek() else { return true };
        at < next.at || (at == next.at && (k == 0 || (self.now == at && self.k >= k)))
    }

    fn go_to(&mut self, at: Us) {
        if at > self.now {
            (self.now, self.k) = (at, 0);
        }
        if at > MAX_TIME {
            self.limit = Some(Limit::Time);
        }
    }

    fn do_agenda(&mut self) {
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
    fn load_args(&mut self, call: &crate::scenario::ast::Call) -> Vec<Value> {
        let mut args = call.args.clone();
        let card = self.plan.entry.ops.iter().find(|o| o.verb.word() == call.op);
        let wanted = card.map_or(0, |c| c.args.iter().filter(|a| !a.ends_with(['?', '*'])).count());
        while args.len() < wanted {
            self.load_values += 1;
            args.push(Value::Int(self.load_values));
        }
        args
    }

    fn do_queue(&mut self) -> bool {
        let Some(Reverse(entry)) = self.queue.pop() else { return false };
        self.go_to(entry.at);
        self.k += 1;
        self.steps += 1;
        if self.steps >= MAX_STEPS {
            self.limit = Some(Limit::Steps);
        }
        self.take(entry);
        true
    }

    /// The head of the queue always means something: whoever asks what comes next is told the truth.
    fn drop_stale(&mut self) {
        while let Some(Reverse(entry)) = self.queue.peek().copied()
            && self.is_stale(&entry)
        {
            // A timer that walks on has been pushed behind this entry.
            self.queue.pop();
        }
    }

    /// Whether an entry no longer means anything; a timer armed again since then walks on to its new due.
    fn is_stale(&mut self, entry: &Entry) -> bool {
        match entry.due {
            Due::Deliver(_) => false,
            Due::Saved { node, inc, .. } => self.nodes[node.index()].inc != inc,
            // Stopped by a crash, or replaced by another.
            Due::SlewEnd { node } => self.nodes[node.index()].slew_ends != Some(entry.at),
            Due::Timer { node, timer } => {
                let armed = self.nodes[node.index()].timers.iter_mut().find(|t| t.timer == timer);
                let Some(armed) = armed.filter(|a| a.queued == (entry.at, entry.seq)) else {
                    return true;
                };
                if (armed.due, armed.seq) == (entry.at, entry.seq) {
                    return false;
                }
                armed.queued = (armed.due, armed.seq);
                let next = Entry { at: armed.due, seq: armed.seq, due: entry.due };
                self.queue.push(Reverse(next));
                true
            }
        }
    }

    fn take(&mut self, entry: Entry) {
        let node = match entry.due {
            Due::Deliver(f) => f.to,
            Due::Timer { node, .. } | Due::Saved { node, .. } | Due::SlewEnd { node } => node,
        };
        // A clock runs on while its node is paused.
        let waits = !matches!(entry.due, Due::SlewEnd { .. });
        if waits && self.nodes[node.index()].life == Life::Paused {
            return self.nodes[node.index()].backlog.push(entry);
        }
        match entry.due {
            Due::Deliver(f) => self.arrive(f),
            Due::Timer { node, timer } => self.expire(node, timer, EventId::NONE),
            Due::Saved { node, mark, .. } => self.saved(node, mark),
            Due::SlewEnd { node } => self.end_slew(node, EventId::NONE),
        }
    }

    fn arrive(&mut self, f: Flight) {
        self.landed(&f);
        if self.nodes[f.to.index()].life != Life::Up {
            return self.lose(f, Loss::Down);
        }
        let event = self.emit(Some(f.to), f.sent, What::Deliver { m: f.m });
        self.flights.push((event.0, f));
        self.run(f.to, Open::Deliver { id: f.origin, from: f.from, payload: f.payload }, event);
    }

    fn expire(&mut self, node: NodeId, timer: TimerId, cause: EventId) {
        let timers = &mut self.nodes[node.index()].timers;
        let Some(at) = timers.iter().position(|t| t.timer == timer) else { return };
        let armed = timers.remove(at);
        let cause = cause.some().unwrap_or(armed.by);
        let event = self.emit(Some(node), cause, What::Fire { timer });
        self.run(node, Open::Timeout { timer }, event);
    }

    fn saved(&mut self, node: NodeId, mark: Mark) {
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

    /// Let go the effects that waited for this mark.
    fn release_gated(&mut self, node: NodeId, mark: Mark, event: EventId) {
        let gated = std::mem::take(&mut self.nodes[node.index()].gated);
        let (now, later): (Vec<_>, Vec<_>) = gated.into_iter().partition(|(m, _)| *m <= mark);
        self.nodes[node.index()].gated = later;
        if now.is_empty() {
            return;
        }
        self.sent.clear();
        self.replied.clear();
        let (before, wall) = (self.faces[node.index()], self.senses(node).wall);
        for (_, effect) in now {
            self.effect(node, effect, event);
        }
        self.judge(node, Open::Other, before, wall, false);
        self.show_face(node, event);
    }

    fn end_slew(&mut self, node: NodeId, cause: EventId) {
        let now = self.now;
        let n = &mut self.nodes[node.index()];
        n.slew_ends = None;
        n.clock.end_slew(now);
        self.emit_clock(node, cause);
    }

    /// Run a node's handler, do what it asks, and judge.
    fn run(&mut self, node: NodeId, open: Open, event: EventId) {
        self.sent.clear();
        self.replied.clear();
        let before = self.faces[node.index()];
        let wall = self.senses(node).wall;
        self.run_handler(node, open, event);
        self.judge(node, open, before, wall, false);
    }

    fn run_handler(&mut self, node: NodeId, open: Open, event: EventId) {
        let senses = self.senses(node);
        let mut effects = std::mem::take(&mut self.effects);
        effects.clear();
        self.stage.step(node, open, senses, &mut effects);
        self.show_face(node, event);
        for (effect, gate) in effects.drain(..) {
            match gate.filter(|g| !self.is_durable(node, *g)) {
                Some(gate) => self.nodes[node.index()].gated.push((gate, effect)),
                None => self.effect(node, effect, event),
            }
        }
        self.effects = effects;
    }

    fn is_durable(&self, node: NodeId, mark: Mark) -> bool {
        self.nodes[node.index()].writes.back().is_none_or(|w| w.mark < mark)
    }

    fn show_face(&mut self, node: NodeId, event: EventId) {
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

    fn judge(&mut self, node: NodeId, open: Open, before: Face, wall: Us, at_rest: bool) {
        let (nodes, now) = (&self.nodes, self.now);
        let clock = |n: NodeId| {
            let c = &nodes[n.index()].clock;
            (c.error(now), c.ppm())
        };
        let bench = Bench {
            before,
            alive: &self.alive,
            lying: &self.lying,
            sent: &self.sent,
            replied: &self.replied,
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
            self.fresh.witnesses.push(witness);
            let cause = EventId(self.counts.events.saturating_sub(1));
            self.emit(Some(node), cause, What::Broke { claim, witness: at });
        }
    }

    fn effect(&mut self, node: NodeId, effect: Effect, event: EventId) {
        match effect {
            Effect::Send { to, payload, kind, quiet, epoch, bytes } => {
                self.send(node, to, Parcel { payload, kind, quiet, epoch, bytes }, event);
            }
            Effect::Self_ { payload } => {
                let open = Open::Deliver { id: MsgId(u32::MAX), from: node, payload };
                self.run_handler(node, open, event);
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

    fn arm(&mut self, node: NodeId, timer: TimerId, after: Us, by: EventId) {
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
    fn retime(&mut self, node: NodeId) {
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

    fn save(&mut self, node: NodeId, mark: Mark, record: u32, lazy: bool, event: EventId) {
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

    fn adjust(&mut self, node: NodeId, a: Adjust, event: EventId) {
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

    fn emit_clock(&mut self, node: NodeId, cause: EventId) {
        let c = &self.nodes[node.index()].clock;
        let (offset, ppm) = (c.error(self.now), c.ppm() as i32);
        self.emit(Some(node), cause, What::Clock { offset, ppm });
    }

    fn reply(&mut self, node: NodeId, op: OpId, reply: u32, event: EventId) {
        let Some((owner, _)) = self.open_ops.get(&op) else { return };
        if *owner != node {
            return;
        }
        let (out, value) = self.stage.outcome(reply);
        self.replied.push((op, reply));
        self.close_op(op, out, value, event);
    }

    fn close_op(&mut self, op: OpId, out: Out, value: Option<Value>, cause: EventId) {
        let Some((node, asked)) = self.open_ops.remove(&op) else { return };
        let event = self.emit(Some(node), cause, What::Return { op });
        self.fresh.returns.push((op, event, out, value));
        self.answers.push((event.0, node, asked, out));
    }

    // ---------------------------------------------------------------- the network

    fn send(&mut self, from: NodeId, to: NodeId, p: Parcel, cause: EventId) {
        if let Some(lie) = self.nodes[from.index()].lie.clone() {
            return self.send_lying(lie, from, to, p, cause);
        }
        self.launch(from, to, p, 0, cause);
    }

    fn launch(&mut self, from: NodeId, to: NodeId, p: Parcel, late: Us, cause: EventId) {
        let fare = self.net.send(from, to, p.kind, p.bytes, self.now);
        let m = MsgId(self.counts.msgs);
        let sent = self.emit(Some(from), cause, What::Send { m });
        let due = fare.due + late;
        let mut f = Flight {
            m,
            origin: m,
            from,
            to,
            kind: p.kind,
            quiet: p.quiet,
            nth: fare.nth,
            payload: p.payload,
            epoch: p.epoch,
            sent,
            due,
        };
        self.record(&f, None);
        self.flights.push((sent.0, f));
        self.sent.push((m, to, p.payload));
        let ruling = self.rule_on(&f);
        f.due += ruling.delay;
        self.longest_way = self.longest_way.max(f.due - self.now);
        if let Some(rec) = self.fresh.msgs.last_mut() {
            rec.due = f.due;
        }
        if !self.net.open(from, to) {
            return self.lose(f, Loss::Cut);
        }
        if ruling.drop || fare.lost {
            return self.lose(f, if ruling.drop { Loss::Drop } else { Loss::Loss });
        }
        if ruling.hold {
            self.hold(f);
        } else {
            self.fly(f);
        }
        for due in fare.copy_due.into_iter().chain(ruling.copies.iter().map(|by| f.due + by)) {
            self.copy(&f, due);
        }
    }

    fn record(&mut self, f: &Flight, of: Option<MsgId>) {
        self.counts.msgs += 1;
        self.fresh.msgs.push(MsgRec {
            from: f.from,
            to: f.to,
            kind: f.kind,
            quiet: f.quiet,
            epoch: f.epoch,
            nth: f.nth,
            payload: f.payload,
            sent: f.sent,
            sent_at: self.now,
            due: f.due,
            end: EventId::NONE,
            end_at: Us::MAX,
            of,
        });
    }

    fn copy(&mut self, f: &Flight, due: Us) {
        let m = MsgId(self.counts.msgs);
        let event = self.emit(None, f.sent, What::Copy { m, of: f.m });
        let copy = Flight { m, due, sent: event, ..*f };
        self.record(&copy, Some(f.m));
        self.fly(copy);
    }

    fn fly(&mut self, f: Flight) {
        if !f.quiet {
            self.busy_msgs += 1;
        }
        self.push(f.due, Due::Deliver(f));
    }

    fn landed(&mut self, f: &Flight) {
        if !f.quiet {
            self.busy_msgs -= 1;
        }
    }

    fn lose(&mut self, f: Flight, why: Loss) {
        let event = self.emit(None, f.sent, What::Lose { m: f.m, why });
        self.flights.push((event.0, f));
    }

    fn hold(&mut self, f: Flight) {
        self.emit(None, f.sent, What::Hold { m: f.m });
        self.held.push(f);
    }

    /// Take the messages in flight that fit out of the queue.
    fn take_from_flight(&mut self, fits: impl Fn(&Flight) -> bool) -> Vec<Flight> {
        let mut taken = vec![];
        self.queue.retain(|Reverse(e)| match e.due {
            Due::Deliver(f) if fits(&f) => {
                taken.push((e.at, e.seq, f));
                false
            }
            _ => true,
        });
        few::sort_by_key(&mut taken, |t| (t.0, t.1));
        let taken: Vec<Flight> = taken.into_iter().map(|t| t.2).collect();
        taken.iter().for_each(|f| self.landed(f));
        taken
    }

    // ---------------------------------------------------------------- bookkeeping

    fn push(&mut self, at: Us, due: Due) {
        self.seq += 1;
        self.queue.push(Reverse(Entry { at, seq: self.seq, due }));
    }

    fn emit(&mut self, node: Option<NodeId>, cause: EventId, what: What) -> EventId {
        let id = EventId(self.counts.events);
        self.counts.events += 1;
        self.fresh.events.push(Emit { at: self.now, k: self.k, node, cause, what });
        id
    }

    fn text(&mut self, text: String) -> u32 {
        self.fresh.texts.push(text);
        self.counts.texts += 1;
        self.counts.texts - 1
    }

    fn invoke(&mut self, node: NodeId, verb: &str, args: Vec<Value>, cause: EventId) {
        let Some(card) = self.plan.entry.ops.iter().find(|o| o.verb.word() == verb) else { return };
        let verb = card.verb.word();
        let op = OpId(self.counts.ops);
        self.counts.ops += 1;
        let asked = Op { verb, args };
        let call = self.stage.keep_call(asked.clone());
        let event = self.emit(Some(node), cause, What::Invoke { op });
        self.fresh.ops.push(OpRec {
            node,
            verb,
            args: asked.args.clone(),
            invoke: event,
            ret: None,
        });
        self.open_ops.insert(op, (node, asked));
        self.run(node, Open::Request { op, call }, event);
    }

    /// After everything a step did: facts, rest, and the limit on lines that feed each other.
    fn after_step(&mut self) {
        self.try_watches();
        self.judge_rest();
        self.drop_stale();
    }

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

    fn judge_rest(&mut self) {
        let quiet = self.is_quiet();
        if quiet && !self.was_quiet {
            self.sent.clear();
            self.replied.clear();
            if let Some(node) = self.plan.cast.clone().all().next() {
                let wall = self.senses(node).wall;
                self.judge(node, Open::Other, self.faces[node.index()], wall, true);
            }
            self.was_quiet = true;
            self.try_watches();
        }
        self.was_quiet = quiet;
    }

    /// Go on by another text that is the same up to now. `map` gives a line's place in it, if it is kept.
    pub fn replan(&mut self, plan: Rc<Plan>, map: &dyn Fn(usize) -> Option<usize>) {
        let old = std::mem::replace(&mut self.plan, plan.clone());
        let states = std::mem::take(&mut self.watches);
        self.watches = plan.watches.iter().map(|w| WatchState::new(w.parts.len())).collect();
        self.arm_watches();
        for (watch, state) in old.watches.iter().zip(states) {
            let at = match watch.of {
                plan::WatchOf::Step(s) => map(s).and_then(|s| plan.watch_of_step[s]),
                plan::WatchOf::Expect(e) => plan.watch_of_expect[e],
                plan::WatchOf::Until => plan.watch_of_until,
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

    /// Lines whose rules have met no message.
    pub fn unmet(&self) -> impl Iterator<Item = u32> + '_ {
        self.met.iter().filter(|(_, met)| !**met).map(|(line, _)| *line)
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

    /// A copy that runs on by itself: the same arena, the same numbers.
    pub fn snapshot(&self) -> World {
        self.copy_over(self.stage.share())
    }

    /// A copy with an arena of its own, for another future.
    pub fn fork(&self) -> World {
        self.copy_over(self.stage.fork())
    }

    fn copy_over(&self, stage: Box<dyn Stage>) -> World {
        World {
            plan: self.plan.clone(),
            stage,
            court: self.court.clone(),
            now: self.now,
            k: self.k,
            seq: self.seq,
            steps: self.steps,
            turns: self.turns,
            queue: self.queue.clone(),
            nodes: self.nodes.clone(),
            alive: self.alive.clone(),
            lying: self.lying.clone(),
            turned: self.turned.clone(),
            faces: self.faces.clone(),
            net: self.net.clone(),
            rules: self.rules.clone(),
            met: self.met.clone(),
            held: self.held.clone(),
            agenda: self.agenda.clone(),
            watches: self.watches.clone(),
            open_ops: self.open_ops.clone(),
            load_values: self.load_values,
            busy_msgs: self.busy_msgs,
            busy_writes: self.busy_writes,
            was_quiet: self.was_quiet,
            calm_since: self.calm_since,
            longest_way: self.longest_way,
            disturbed: self.disturbed,
            limit: self.limit,
            counts: self.counts,
            fresh: Fresh::default(),
            flights: vec![],
            answers: vec![],
            tried: 0,
            armed_at_event: vec![],
            effects: vec![],
            sent: vec![],
            replied: vec![],
        }
    }
}

/// Loads stand after the lines of the text at the same instant.
const LOADS: u32 = 1 << 20;

/// A message as its sender gave it.
#[derive(Clone, Copy, Debug)]
struct Parcel {
    payload: u32,
    kind: u8,
    quiet: bool,
    epoch: u64,
    bytes: u32,
}

fn fresh_node(plan: &Plan, id: NodeId) -> Node {
    let name = &plan.cast.members[id.index()].id;
    let mut clock = (0, 0);
    let mut disk = plan.entry.disk;
    for (k, v) in &plan.scenario.net {
        if let ("disk", crate::scenario::ast::NetValue::Law(l)) = (k.as_str(), v) {
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

/// The cast of a plan, for whoever holds only a world.
impl World {
    pub fn cast(&self) -> &Rc<Cast> {
        &self.plan.cast
    }
}
