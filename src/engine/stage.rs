//! Where one protocol meets the kernel: typed on this side, numbers on the other.
//!
//! The kernel is compiled once and knows nodes, messages, timers and records by number. A `Stage<P>` owns
//! what the numbers stand for. What a run has said (bodies, reasons, timers, records) lies in an arena
//! that only grows; a replay gives the same numbers again and finds the same bodies there, so looking back
//! costs a snapshot's nodes and nothing else.

use std::cell::RefCell;
use std::rc::Rc;

use crate::card::{Entry, Weight};
use crate::ids::{Mark, MsgId, NodeId, OpId, TimerId, Us};
use crate::num::{self, Stream};
use crate::protocol::*;
use crate::scenario::ast::Out;
use crate::seq::Roll;
use crate::show::Showcase;
use crate::tree::Tree;
use crate::value::Value;

/// An effect in the kernel's words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    Send {
        to: NodeId,
        payload: u32,
        kind: u8,
        quiet: bool,
        epoch: u64,
        bytes: u32,
    },
    /// A message to itself that was held for the disk.
    Self_ {
        payload: u32,
    },
    Reply {
        op: OpId,
        reply: u32,
    },
    Arm {
        timer: TimerId,
        after: Us,
    },
    Disarm {
        timer: TimerId,
    },
    Save {
        mark: Mark,
        record: u32,
        lazy: bool,
    },
    Why {
        why: u32,
        slug: u8,
    },
    Meter {
        name: u8,
        v: i64,
    },
    Adjust(Adjust),
}

/// What opens a step, in the kernel's words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Open {
    Start { amnesia: bool },
    Request { op: OpId, call: u32 },
    Deliver { id: MsgId, from: NodeId, payload: u32 },
    Timeout { timer: TimerId },
    Saved { mark: Mark },
    Crash,
    Other,
}

/// What a handler may know of its node, from the world.
#[derive(Clone, Copy, Debug, Default)]
pub struct Senses {
    pub mono: Us,
    pub wall: Us,
    pub incarnation: u32,
    /// The newest record not yet on the disk.
    pub unsaved: Option<Mark>,
}

/// What a judge may know of the world.
pub struct Bench<'a> {
    pub before: Face,
    pub alive: &'a [bool],
    pub lying: &'a [bool],
    pub sent: &'a [(MsgId, NodeId, u32)],
    pub replied: &'a [(OpId, u32)],
    pub at_rest: bool,
    pub now: Us,
    pub wall: Us,
    pub clock: &'a dyn Fn(NodeId) -> (i64, i64),
    pub calm_since: Us,
    pub steady: bool,
}

/// One protocol, without its type.
pub trait Stage {
    fn entry(&self) -> &'static Entry;
    fn cast(&self) -> &Rc<Cast>;
    /// A stage at the same moment over the same arena.
    fn share(&self) -> Box<dyn Stage>;
    /// A stage at the same moment with an arena of its own, cut off here.
    fn fork(&self) -> Box<dyn Stage>;

    fn boot(&mut self, node: NodeId, senses: Senses, amnesia: bool);
    fn given(&mut self, node: NodeId, field: &str, value: &Value) -> Result<(), Refusal>;
    fn near(&self, from: NodeId, to: NodeId) -> Option<Us>;
    fn step(
        &mut self,
        node: NodeId,
        open: Open,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    );
    fn write(&mut self, node: NodeId, record: u32);
    fn judge(&mut self, node: NodeId, open: Open, bench: &Bench<'_>, court: &mut Court);
    fn forget_timers(&mut self, node: NodeId);
    /// The armed timers of this name.
    fn timers_named(&self, node: NodeId, name: &str) -> Vec<TimerId>;
    fn set_lie(&mut self, node: NodeId, lie: Option<String>);
    fn keep_call(&mut self, call: Op) -> u32;

    fn face(&self, node: NodeId) -> Face;
    fn at_rest(&self, node: NodeId) -> bool;
    fn line(&self, node: NodeId) -> String;
    fn state(&self, node: NodeId) -> Tree;
    fn disk(&self, node: NodeId) -> Tree;
    fn exhibit(&self, node: NodeId, senses: Senses) -> Showcase;

    fn msg(&self, payload: u32) -> Tree;
    fn msg_label(&self, payload: u32) -> Option<String>;
    fn why(&self, why: u32) -> Tree;
    fn why_weight(&self, why: u32) -> Weight;
    fn sentence(&self, why: u32, node: NodeId) -> String;
    fn timer(&self, timer: TimerId) -> Tree;
    fn timer_name(&self, timer: TimerId) -> String;
    fn record_kind(&self, record: u32) -> String;
    fn outcome(&self, reply: u32) -> (Out, Option<Value>);
}

/// Everything a run has said. Grows only.
struct Arena<P: Protocol> {
    msgs: Roll<P::Msg>,
    whys: Roll<P::Why>,
    timers: Roll<P::Timer>,
    records: Roll<P::Record>,
    replies: Roll<Outcome>,
    calls: Roll<Op>,
}

/// How much of the arena a moment has used.
#[derive(Clone, Copy, Default)]
struct Used {
    msgs: usize,
    whys: usize,
    timers: usize,
    records: usize,
    replies: usize,
    calls: usize,
    marks: u32,
}

/// Put an item at its number: a replay finds it there already.
fn place<T: Clone>(list: &mut Roll<T>, used: &mut usize, item: T) -> u32 {
    let at = *used;
    if at == list.len() {
        list.push(item);
    }
    *used += 1;
    at as u32
}

/// What never changes in a run.
struct Script<P: Protocol> {
    params: P::Params,
    cast: Rc<Cast>,
    seed: u64,
    bugs: u64,
    /// Streams of the timers, by node and timer name.
    timer_streams: Vec<Vec<Stream>>,
}

fn timer_streams<T: Named>(seed: u64, cast: &Cast) -> Vec<Vec<Stream>> {
    let stream = |node: &str, timer: &str| {
        Stream::new(seed, &format!("node/{node}/timer/{}", crate::tree::kebab(timer)))
    };
    cast.members.iter().map(|m| T::NAMES.iter().map(|t| stream(&m.id, t)).collect()).collect()
}

pub struct Play<P: Protocol> {
    script: Rc<Script<P>>,
    arena: Rc<RefCell<Arena<P>>>,
    used: Used,
    nodes: Vec<P::Node>,
    disks: Vec<P::Disk>,
    ghost: P::Ghost,
    live: Vec<Vec<(P::Timer, TimerId)>>,
    /// Counters of the streams of timers, by node and timer name.
    draws: Vec<Vec<u64>>,
    picks: Vec<Vec<(&'static str, u64)>>,
    lies: Vec<Option<Rc<str>>>,
    /// What a handler asks for; away while one runs.
    bag: Option<Box<Bag<P>>>,
}

impl<P: Protocol> Play<P> {
    pub fn open(
        params: &ParamSet,
        cast: Rc<Cast>,
        seed: u64,
        bugs: u64,
    ) -> Result<Box<dyn Stage>, Refusal> {
        let n = cast.len();
        let timer_streams = timer_streams::<P::Timer>(seed, &cast);
        let params = P::Params::read(params)?;
        let script = Rc::new(Script { params, cast, seed, bugs, timer_streams });
        let disks: Vec<P::Disk> = vec![Default::default(); n];
        let nodes = (0..n)
            .map(|i| P::boot(&cx(&script, NodeId(i as u16), Senses::default()), &disks[i]))
            .collect();
        Ok(Box::new(Play {
            arena: Rc::new(RefCell::new(Arena::empty())),
            used: Used::default(),
            nodes,
            disks,
            ghost: Default::default(),
            live: (0..n).map(|_| vec![]).collect(),
            draws: vec![vec![0; P::Timer::NAMES.len()]; n],
            picks: vec![vec![]; n],
            lies: vec![None; n],
            bag: None,
            script,
        }))
    }

    fn copy(&self, arena: Rc<RefCell<Arena<P>>>) -> Play<P> {
        Play {
            script: self.script.clone(),
            arena,
            used: self.used,
            nodes: self.nodes.clone(),
            disks: self.disks.clone(),
            ghost: self.ghost.clone(),
            live: self.live.clone(),
            draws: self.draws.clone(),
            picks: self.picks.clone(),
            lies: self.lies.clone(),
            bag: None,
        }
    }

    /// Run the handler on one input and move what it asked for into kernel words.
    fn handle(
        &mut self,
        node: NodeId,
        input: Input<'_, P>,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        let mut bag = self.bag.take().unwrap_or_default();
        self.act(node, input, senses, &mut bag);
        self.translate(node, &mut bag, senses, out);
        self.bag = Some(bag);
    }

    fn act(&mut self, node: NodeId, input: Input<'_, P>, senses: Senses, bag: &mut Bag<P>) {
        let i = node.index();
        let script = self.script.clone();
        let cx = cx(&script, node, senses);
        bag.clear();
        let loan = Loan {
            picks: &mut self.picks[i],
            seed: script.seed,
            node_name: &script.cast.members[i].id,
            next_mark: &mut self.used.marks,
            unsaved: senses.unsaved,
        };
        let mut fx = Fx::new(node, loan, bag);
        let lied = match self.lies[i].clone() {
            Some(lie) => P::lie(&cx, &lie, &mut self.nodes[i], &input, &mut fx),
            None => Lied::Honest,
        };
        if lied == Lied::Honest {
            P::step(&cx, &mut self.nodes[i], input, &mut fx);
        }
    }

    fn translate(
        &mut self,
        node: NodeId,
        bag: &mut Bag<P>,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        let mut to_self = vec![];
        {
            let arena = self.arena.clone();
            let mut arena = arena.borrow_mut();
            let mut mark = Mark(self.used.marks - bag.records.len() as u32);
            bag.turn();
            while let Some((ask, gate)) = bag.asks.pop() {
                // Values were put in their bags in the order of asking.
                let effect = match ask {
                    Ask::Send { to } => {
                        let Some(msg) = bag.msgs.pop() else { continue };
                        let (kind, quiet, epoch, bytes) =
                            (msg.ordinal(), msg.quiet(), msg.epoch(), msg.bytes());
                        let payload = place(&mut arena.msgs, &mut self.used.msgs, msg);
                        match (to == node, gate) {
                            (true, None) => {
                                to_self.push(payload);
                                continue;
                            }
                            (true, Some(_)) => Effect::Self_ { payload },
                            _ => Effect::Send { to, payload, kind, quiet, epoch, bytes },
                        }
                    }
                    Ask::Reply { op } => {
                        let Some(reply) = bag.replies.pop() else { continue };
                        Effect::Reply {
                            op,
                            reply: place(&mut arena.replies, &mut self.used.replies, reply),
                        }
                    }
                    Ask::Arm { lo, hi } => {
                        let Some(timer) = bag.timers.pop() else { continue };
                        let after = self.draw(node, timer.ordinal(), lo, hi);
                        Effect::Arm { timer: self.timer_id(&mut arena, node, timer), after }
                    }
                    Ask::Disarm => {
                        let Some(timer) = bag.timers.pop() else { continue };
                        let live = &mut self.live[node.index()];
                        let Some(at) = live.iter().position(|(t, _)| *t == timer) else { continue };
                        Effect::Disarm { timer: live.swap_remove(at).1 }
                    }
                    Ask::Save | Ask::Note => {
                        let Some(record) = bag.records.pop() else { continue };
                        let lazy = matches!(ask, Ask::Note);
                        let record = place(&mut arena.records, &mut self.used.records, record);
                        let save = Effect::Save { mark, record, lazy };
                        mark.0 += 1;
                        save
                    }
                    Ask::Why => {
                        let Some(why) = bag.whys.pop() else { continue };
                        let slug = why.ordinal();
                        Effect::Why { why: place(&mut arena.whys, &mut self.used.whys, why), slug }
                    }
                    Ask::Meter { name, v } => Effect::Meter { name, v },
                    Ask::Adjust(a) => Effect::Adjust(a),
                };
                out.push((effect, gate));
            }
        }
        for payload in to_self {
            self.deliver(node, node, payload, senses, out);
        }
    }

    fn deliver(
        &mut self,
        node: NodeId,
        from: NodeId,
        payload: u32,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        // The body is read where it lies: what the handler asks for waits in the bag meanwhile.
        let arena = self.arena.clone();
        let mut bag = self.bag.take().unwrap_or_default();
        if let Some(msg) = arena.borrow().msgs.get(payload as usize) {
            self.act(node, Input::Deliver { from, msg }, senses, &mut bag);
        }
        self.translate(node, &mut bag, senses, out);
        self.bag = Some(bag);
    }

    fn draw(&mut self, node: NodeId, name: u8, lo: Us, hi: Us) -> Us {
        let k = &mut self.draws[node.index()][name as usize];
        *k += 1;
        if lo >= hi {
            return lo;
        }
        let stream = self.script.timer_streams[node.index()][name as usize];
        num::within(stream.draw(*k - 1), lo, hi)
    }

    fn timer_id(&mut self, arena: &mut Arena<P>, node: NodeId, timer: P::Timer) -> TimerId {
        let live = &mut self.live[node.index()];
        if let Some((_, id)) = live.iter().find(|(t, _)| *t == timer) {
            return *id;
        }
        let id = TimerId(place(&mut arena.timers, &mut self.used.timers, timer.clone()));
        live.push((timer, id));
        id
    }
}

fn cx<P: Protocol>(script: &Script<P>, me: NodeId, senses: Senses) -> Cx<'_, P> {
    Cx {
        me,
        params: &script.params,
        cast: &script.cast,
        mono: senses.mono,
        wall: senses.wall,
        incarnation: senses.incarnation,
        bugs: script.bugs,
    }
}

impl<P: Protocol> Arena<P> {
    fn empty() -> Self {
        Arena {
            msgs: Roll::default(),
            whys: Roll::default(),
            timers: Roll::default(),
            records: Roll::default(),
            replies: Roll::default(),
            calls: Roll::default(),
        }
    }
    fn cut(&self, used: &Used) -> Self {
        Arena {
            msgs: self.msgs.prefix(used.msgs),
            whys: self.whys.prefix(used.whys),
            timers: self.timers.prefix(used.timers),
            records: self.records.prefix(used.records),
            replies: self.replies.prefix(used.replies),
            calls: self.calls.prefix(used.calls),
        }
    }
}

impl<P: Protocol> Stage for Play<P> {
    fn entry(&self) -> &'static Entry {
        P::ENTRY
    }
    fn cast(&self) -> &Rc<Cast> {
        &self.script.cast
    }
    fn share(&self) -> Box<dyn Stage> {
        Box::new(self.copy(self.arena.clone()))
    }
    fn fork(&self) -> Box<dyn Stage> {
        let cut = self.arena.borrow().cut(&self.used);
        Box::new(self.copy(Rc::new(RefCell::new(cut))))
    }

    fn boot(&mut self, node: NodeId, senses: Senses, amnesia: bool) {
        let i = node.index();
        if amnesia {
            self.disks[i] = P::Disk::default();
        }
        self.nodes[i] = P::boot(&cx(&self.script, node, senses), &self.disks[i]);
        self.live[i].clear();
    }

    fn given(&mut self, node: NodeId, field: &str, value: &Value) -> Result<(), Refusal> {
        let i = node.index();
        let cx = cx(&self.script, node, Senses::default());
        P::given(&cx, &mut self.nodes[i], &mut self.disks[i], field, value)
    }

    fn near(&self, from: NodeId, to: NodeId) -> Option<Us> {
        P::near(&self.script.params, &self.script.cast, from, to)
    }

    fn step(
        &mut self,
        node: NodeId,
        open: Open,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        match open {
            Open::Start { .. } => self.handle(node, Input::Start, senses, out),
            Open::Deliver { from, payload, .. } => self.deliver(node, from, payload, senses, out),
            Open::Saved { mark } => self.handle(node, Input::Saved(mark), senses, out),
            Open::Request { op, call } => {
                let Some(call) = self.arena.borrow().calls.get(call as usize).cloned() else {
                    return;
                };
                self.handle(node, Input::Request { op, call: &call }, senses, out);
            }
            Open::Timeout { timer } => {
                self.live[node.index()].retain(|(_, id)| *id != timer);
                let Some(timer) = self.arena.borrow().timers.get(timer.index()).cloned() else {
                    return;
                };
                self.handle(node, Input::Timeout(&timer), senses, out);
            }
            Open::Crash | Open::Other => {}
        }
    }

    fn write(&mut self, node: NodeId, record: u32) {
        if let Some(record) = self.arena.borrow().records.get(record as usize) {
            P::write(&mut self.disks[node.index()], record);
        }
    }

    fn judge(&mut self, node: NodeId, open: Open, bench: &Bench<'_>, court: &mut Court) {
        let arena = self.arena.borrow();
        let happened = match open {
            Open::Start { amnesia } => Happened::Start { amnesia },
            Open::Request { op, call } => {
                Happened::Request { op, call: &arena.calls[call as usize] }
            }
            Open::Deliver { id, from, payload } => {
                Happened::Deliver { id, from, msg: &arena.msgs[payload as usize] }
            }
            Open::Timeout { timer } => Happened::Timeout(&arena.timers[timer.index()]),
            Open::Saved { mark } => Happened::Saved(mark),
            Open::Crash => Happened::Crash,
            Open::Other => Happened::Other,
        };
        let replied: Vec<(OpId, Outcome)> =
            bench.replied.iter().map(|&(op, r)| (op, arena.replies[r as usize].clone())).collect();
        let step = Step {
            params: &self.script.params,
            cast: &self.script.cast,
            node,
            happened,
            before: bench.before,
            nodes: &self.nodes,
            disks: &self.disks,
            alive: bench.alive,
            lying: bench.lying,
            replied: &replied,
            at_rest: bench.at_rest,
            now: bench.now,
            wall: bench.wall,
            clock: bench.clock,
            calm_since: bench.calm_since,
            steady: bench.steady,
            sent: bench.sent,
            arena: &arena.msgs,
        };
        P::judge(&mut self.ghost, &step, court);
    }

    fn forget_timers(&mut self, node: NodeId) {
        self.live[node.index()].clear();
    }

    fn timers_named(&self, node: NodeId, name: &str) -> Vec<TimerId> {
        let named =
            |t: &P::Timer| crate::tree::kebab(P::Timer::NAMES[t.ordinal() as usize]) == name;
        self.live[node.index()].iter().filter(|(t, _)| named(t)).map(|(_, id)| *id).collect()
    }

    fn set_lie(&mut self, node: NodeId, lie: Option<String>) {
        self.lies[node.index()] = lie.map(Rc::from);
    }

    fn keep_call(&mut self, call: Op) -> u32 {
        place(&mut self.arena.borrow_mut().calls, &mut self.used.calls, call)
    }

    fn face(&self, node: NodeId) -> Face {
        P::face(&self.nodes[node.index()])
    }
    fn at_rest(&self, node: NodeId) -> bool {
        P::at_rest(&self.nodes[node.index()])
    }
    fn line(&self, node: NodeId) -> String {
        P::line(&self.nodes[node.index()])
    }
    fn state(&self, node: NodeId) -> Tree {
        Tree::of(&self.nodes[node.index()])
    }
    fn disk(&self, node: NodeId) -> Tree {
        Tree::of(&self.disks[node.index()])
    }
    fn exhibit(&self, node: NodeId, senses: Senses) -> Showcase {
        let mut show = Showcase::default();
        P::exhibit(&cx(&self.script, node, senses), &self.nodes[node.index()], &mut show);
        show
    }

    fn msg(&self, payload: u32) -> Tree {
        self.arena.borrow().msgs.get(payload as usize).map_or(Tree::None, Tree::of)
    }
    fn msg_label(&self, payload: u32) -> Option<String> {
        self.arena.borrow().msgs.get(payload as usize).and_then(|m| m.label())
    }
    fn why(&self, why: u32) -> Tree {
        self.arena.borrow().whys.get(why as usize).map_or(Tree::None, Tree::of)
    }
    fn why_weight(&self, why: u32) -> Weight {
        let arena = self.arena.borrow();
        let Some(why) = arena.whys.get(why as usize) else { return Weight::Quiet };
        let card = P::ENTRY.reasons.get(why.ordinal() as usize).map_or(Weight::Aside, |c| c.weight);
        why.weight().unwrap_or(card)
    }
    fn sentence(&self, why: u32, node: NodeId) -> String {
        let arena = self.arena.borrow();
        let teller = Teller { me: node, cast: &self.script.cast };
        arena.whys.get(why as usize).map_or_else(String::new, |w| w.sentence(&teller))
    }
    fn timer(&self, timer: TimerId) -> Tree {
        self.arena.borrow().timers.get(timer.index()).map_or(Tree::None, Tree::of)
    }
    fn timer_name(&self, timer: TimerId) -> String {
        let arena = self.arena.borrow();
        arena
            .timers
            .get(timer.index())
            .map_or_else(String::new, |t| crate::tree::kebab(P::Timer::NAMES[t.ordinal() as usize]))
    }
    fn record_kind(&self, record: u32) -> String {
        let arena = self.arena.borrow();
        arena
            .records
            .get(record as usize)
            .map_or_else(String::new, |r| P::Record::NAMES[r.ordinal() as usize].to_string())
    }
    fn outcome(&self, reply: u32) -> (Out, Option<Value>) {
        let arena = self.arena.borrow();
        arena.replies.get(reply as usize).map_or((Out::Unknown, None), |o| (o.out, o.value.clone()))
    }
}
