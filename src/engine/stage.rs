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
    pub longest_way: Us,
    pub longest_write: Us,
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
    fn merges(&self) -> bool;
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

/// So a world that is copied shares what the run has said.
impl Clone for Box<dyn Stage> {
    fn clone(&self) -> Self {
        self.share()
    }
}

/// Everything a run has said. Grows only.
struct Arena<P: Protocol> {
    msgs: Roll<P::Msg>,
    whys: Roll<P::Why>,
    timers: Roll<P::Timer>,
    records: Roll<P::Record>,
}

/// What is said in the same words in every run.
#[derive(Default)]
struct Said {
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
fn place<T>(list: &mut Roll<T>, used: &mut usize, item: T) -> u32 {
    let at = *used;
    if at == list.len() {
        list.push(item);
    }
    *used += 1;
    at as u32
}

/// The same for all of a step: a replay finds all of them, or none.
fn place_all<T>(list: &mut Roll<T>, used: &mut usize, items: &mut Vec<T>) {
    let new = *used == list.len();
    *used += items.len();
    if new { list.append(items) } else { items.clear() }
}

/// What never changes in a run.
struct Script {
    cast: Rc<Cast>,
    seed: u64,
    bugs: u64,
    /// Streams of the timers, by node and timer name.
    timer_streams: Vec<Vec<Stream>>,
}

/// What a stage needs whatever the protocol: compiled once.
#[derive(Clone)]
pub(crate) struct Common {
    script: Rc<Script>,
    said: Rc<RefCell<Said>>,
    used: Used,
    /// Counters of the streams of timers, by node and timer name.
    draws: Vec<Vec<u64>>,
    /// Those of the `pick` streams, by node and purpose.
    picks: Vec<Vec<(&'static str, u64)>>,
    lies: Vec<Option<Rc<str>>>,
}

impl Common {
    fn new(cast: Rc<Cast>, seed: u64, bugs: u64, timers: &[&str]) -> Common {
        let n = cast.len();
        let stream = |node: &str, timer: &str| {
            Stream::new(seed, &format!("node/{node}/timer/{}", crate::tree::kebab(timer)))
        };
        let of = |m: &Member| timers.iter().map(|t| stream(&m.id, t)).collect();
        let timer_streams = cast.members.iter().map(of).collect();
        Common {
            script: Rc::new(Script { cast, seed, bugs, timer_streams }),
            said: Rc::default(),
            used: Used::default(),
            draws: vec![vec![0; timers.len()]; n],
            picks: vec![vec![]; n],
            lies: vec![None; n],
        }
    }

    /// At the same moment, but what is said from here on is said to nobody else.
    fn fork(&self) -> Common {
        let said = self.said.borrow();
        let said = Said {
            replies: said.replies.prefix(self.used.replies),
            calls: said.calls.prefix(self.used.calls),
        };
        Common { said: Rc::new(RefCell::new(said)), ..self.clone() }
    }

    pub fn next_mark(&mut self) -> Mark {
        self.used.marks += 1;
        Mark(self.used.marks - 1)
    }

    /// A number below `below` from a node's stream for `purpose`.
    pub fn pick(&mut self, node: NodeId, purpose: &'static str, below: u64) -> u64 {
        let name = format!("node/{}/pick/{purpose}", self.script.cast.members[node.index()].id);
        let picks = &mut self.picks[node.index()];
        let at = picks.iter().position(|(p, _)| *p == purpose).unwrap_or_else(|| {
            picks.push((purpose, 0));
            picks.len() - 1
        });
        let k = picks[at].1;
        picks[at].1 += 1;
        num::below(Stream::new(self.script.seed, &name).draw(k), below)
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

    /// What a step asked for, in the kernel's words: its values have got the numbers from `next` on, its timers those in
    /// `timers`. Gives the messages it has sent to itself.
    fn translate(
        &mut self,
        node: NodeId,
        asks: &mut Vec<(Ask, Option<Mark>)>,
        (mut next, timers): (Used, &mut Vec<Option<TimerId>>),
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) -> Vec<u32> {
        let mut to_self = vec![];
        let mut mark = Mark(self.used.marks - (self.used.records - next.records) as u32);
        let mut timers = timers.drain(..);
        let count = |at: &mut usize| {
            *at += 1;
            (*at - 1) as u32
        };
        for (ask, gate) in asks.drain(..) {
            let effect = match ask {
                Ask::Send { to, kind, quiet, epoch, bytes } => {
                    let payload = count(&mut next.msgs);
                    match (to == node, gate) {
                        (true, None) => {
                            to_self.push(payload);
                            continue;
                        }
                        (true, Some(_)) => Effect::Self_ { payload },
                        _ => Effect::Send { to, payload, kind, quiet, epoch, bytes },
                    }
                }
                Ask::Reply { op, reply } => {
                    let replies = &mut self.said.borrow_mut().replies;
                    Effect::Reply { op, reply: place(replies, &mut self.used.replies, reply) }
                }
                Ask::Arm { name, lo, hi } => {
                    let after = self.draw(node, name, lo, hi);
                    let Some(timer) = timers.next().flatten() else { continue };
                    Effect::Arm { timer, after }
                }
                Ask::Disarm => {
                    let Some(timer) = timers.next().flatten() else { continue };
                    Effect::Disarm { timer }
                }
                Ask::Save { lazy } => {
                    let save = Effect::Save { mark, record: count(&mut next.records), lazy };
                    mark.0 += 1;
                    save
                }
                Ask::Why { slug } => Effect::Why { why: count(&mut next.whys), slug },
                Ask::Meter { name, v } => Effect::Meter { name, v },
                Ask::Adjust(a) => Effect::Adjust(a),
            };
            out.push((effect, gate));
        }
        to_self
    }

    /// The answers given in a step.
    fn replied(&self, bench: &Bench<'_>) -> Vec<(OpId, Outcome)> {
        let said = self.said.borrow();
        bench.replied.iter().map(|&(op, r)| (op, said.replies[r as usize].clone())).collect()
    }
}

/// The timer of this name, by its place among the names.
fn ordinal(names: &[&str], name: &str) -> Option<u8> {
    names.iter().position(|n| crate::tree::kebab(n) == name).map(|at| at as u8)
}

pub struct Play<P: Protocol> {
    common: Common,
    params: Rc<P::Params>,
    arena: Rc<RefCell<Arena<P>>>,
    nodes: Vec<P::Node>,
    disks: Vec<P::Disk>,
    ghost: P::Ghost,
    live: Vec<Vec<(P::Timer, TimerId)>>,
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
        let params = Rc::new(P::Params::read(params)?);
        let n = cast.len();
        let common = Common::new(cast, seed, bugs, P::Timer::NAMES);
        let mut nodes = Vec::with_capacity(n);
        let disk = P::Disk::default();
        for i in 0..n {
            nodes.push(P::boot(
                &cx(&common.script, &params, NodeId(i as u16), Senses::default()),
                &disk,
            ));
        }
        Ok(Box::new(Play::<P> {
            common,
            params,
            arena: Rc::new(RefCell::new(Arena::empty())),
            nodes,
            disks: vec![disk; n],
            ghost: Default::default(),
            live: vec![vec![]; n],
            bag: None,
        }))
    }

    fn copy(&self, common: Common, arena: Rc<RefCell<Arena<P>>>) -> Box<dyn Stage> {
        Box::new(Play {
            common,
            params: self.params.clone(),
            arena,
            nodes: self.nodes.clone(),
            disks: self.disks.clone(),
            ghost: self.ghost.clone(),
            live: self.live.clone(),
            bag: None,
        })
    }

    /// Run the handler on one input.
    fn act(&mut self, node: NodeId, input: Input<'_, P>, senses: Senses, bag: &mut Bag<P>) {
        let i = node.index();
        let (script, params) = (self.common.script.clone(), self.params.clone());
        let cx = cx(&script, &params, node, senses);
        let lie = self.common.lies[i].clone();
        let mut fx =
            Fx { me: node, common: &mut self.common, bag, unsaved: senses.unsaved, gate: None };
        let lied = match lie {
            Some(lie) => P::lie(&cx, &lie, &mut self.nodes[i], &input, &mut fx),
            None => Lied::Honest,
        };
        if lied == Lied::Honest {
            P::step(&cx, &mut self.nodes[i], input, &mut fx);
        }
    }

    /// Give the values a step asked for their numbers, and move what it asked for into kernel words.
    fn finish(
        &mut self,
        node: NodeId,
        mut bag: Box<Bag<P>>,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        let next = self.common.used;
        {
            let (used, arena) = (&mut self.common.used, &mut *self.arena.borrow_mut());
            place_all(&mut arena.msgs, &mut used.msgs, &mut bag.msgs);
            place_all(&mut arena.records, &mut used.records, &mut bag.records);
            place_all(&mut arena.whys, &mut used.whys, &mut bag.whys);
            let live = &mut self.live[node.index()];
            for (timer, arm) in bag.timers.drain(..) {
                let at = live.iter().position(|(t, _)| *t == timer);
                bag.ids.push(match (at, arm) {
                    (Some(at), true) => Some(live[at].1),
                    (Some(at), false) => Some(live.swap_remove(at).1),
                    (None, true) => {
                        let id = place(&mut arena.timers, &mut used.timers, timer.clone());
                        live.push((timer, TimerId(id)));
                        Some(TimerId(id))
                    }
                    (None, false) => None,
                });
            }
        }
        let Bag { asks, ids, .. } = &mut *bag;
        let to_self = self.common.translate(node, asks, (next, ids), out);
        self.bag = Some(bag);
        for payload in to_self {
            self.open_with(node, Open::Deliver { id: MsgId(0), from: node, payload }, senses, out);
        }
    }

    /// A step is opened; bodies are read where they lie.
    fn open_with(
        &mut self,
        node: NodeId,
        open: Open,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        let (arena, said) = (self.arena.clone(), self.common.said.clone());
        let mut bag = self.bag.take().unwrap_or_default();
        {
            let (arena, said) = (arena.borrow(), said.borrow());
            let input = match open {
                Open::Start { .. } => Some(Input::Start),
                Open::Saved { mark } => Some(Input::Saved(mark)),
                Open::Deliver { from, payload, .. } => {
                    arena.msgs.get(payload as usize).map(|msg| Input::Deliver { from, msg })
                }
                Open::Request { op, call } => {
                    said.calls.get(call as usize).map(|call| Input::Request { op, call })
                }
                Open::Timeout { timer } => {
                    self.live[node.index()].retain(|(_, id)| *id != timer);
                    arena.timers.get(timer.index()).map(Input::Timeout)
                }
                Open::Crash | Open::Other => None,
            };
            if let Some(input) = input {
                self.act(node, input, senses, &mut bag);
            }
        }
        self.finish(node, bag, senses, out);
    }
}

fn cx<'a, P: Protocol>(
    script: &'a Script,
    params: &'a Rc<P::Params>,
    me: NodeId,
    senses: Senses,
) -> Cx<'a, P> {
    Cx {
        me,
        params,
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
        }
    }
    fn cut(&self, used: &Used) -> Self {
        Arena {
            msgs: self.msgs.prefix(used.msgs),
            whys: self.whys.prefix(used.whys),
            timers: self.timers.prefix(used.timers),
            records: self.records.prefix(used.records),
        }
    }
}

impl<P: Protocol> Stage for Play<P> {
    fn entry(&self) -> &'static Entry {
        P::ENTRY
    }
    fn cast(&self) -> &Rc<Cast> {
        &self.common.script.cast
    }
    fn share(&self) -> Box<dyn Stage> {
        self.copy(self.common.clone(), self.arena.clone())
    }
    fn fork(&self) -> Box<dyn Stage> {
        let cut = self.arena.borrow().cut(&self.common.used);
        self.copy(self.common.fork(), Rc::new(RefCell::new(cut)))
    }

    fn boot(&mut self, node: NodeId, senses: Senses, amnesia: bool) {
        let i = node.index();
        if amnesia {
            self.disks[i] = P::Disk::default();
        }
        self.nodes[i] =
            P::boot(&cx(&self.common.script, &self.params, node, senses), &self.disks[i]);
        self.live[i].clear();
    }

    fn given(&mut self, node: NodeId, field: &str, value: &Value) -> Result<(), Refusal> {
        let i = node.index();
        let cx = cx(&self.common.script, &self.params, node, Senses::default());
        P::given(&cx, &mut self.nodes[i], &mut self.disks[i], field, value)
    }

    fn near(&self, from: NodeId, to: NodeId) -> Option<Us> {
        P::near(&self.params, &self.common.script.cast, from, to)
    }
    fn merges(&self) -> bool {
        P::merges(&self.params)
    }

    fn step(
        &mut self,
        node: NodeId,
        open: Open,
        senses: Senses,
        out: &mut Vec<(Effect, Option<Mark>)>,
    ) {
        self.open_with(node, open, senses, out);
    }

    fn write(&mut self, node: NodeId, record: u32) {
        if let Some(record) = self.arena.borrow().records.get(record as usize) {
            P::write(&mut self.disks[node.index()], record);
        }
    }

    fn judge(&mut self, node: NodeId, open: Open, bench: &Bench<'_>, court: &mut Court) {
        let (arena, said) = (self.arena.borrow(), self.common.said.borrow());
        let happened = match open {
            Open::Start { amnesia } => Happened::Start { amnesia },
            Open::Request { op, call } => {
                Happened::Request { op, call: &said.calls[call as usize] }
            }
            Open::Deliver { id, from, payload } => {
                Happened::Deliver { id, from, msg: &arena.msgs[payload as usize] }
            }
            Open::Timeout { timer } => Happened::Timeout(&arena.timers[timer.index()]),
            Open::Saved { mark } => Happened::Saved(mark),
            Open::Crash => Happened::Crash,
            Open::Other => Happened::Other,
        };
        let replied = self.common.replied(bench);
        let step = Step {
            params: &*self.params,
            cast: &self.common.script.cast,
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
            longest_way: bench.longest_way,
            longest_write: bench.longest_write,
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
        let wanted = ordinal(P::Timer::NAMES, name);
        let mut out = vec![];
        for (timer, id) in &self.live[node.index()] {
            if Some(timer.ordinal()) == wanted {
                out.push(*id);
            }
        }
        out
    }

    fn set_lie(&mut self, node: NodeId, lie: Option<String>) {
        self.common.lies[node.index()] = lie.map(Rc::from);
    }

    fn keep_call(&mut self, call: Op) -> u32 {
        place(&mut self.common.said.borrow_mut().calls, &mut self.common.used.calls, call)
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
        let cx = cx(&self.common.script, &self.params, node, senses);
        P::exhibit(&cx, &self.nodes[node.index()], &mut show);
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
        let teller = Teller { me: node, cast: &self.common.script.cast };
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
        let said = self.common.said.borrow();
        said.replies.get(reply as usize).map_or((Out::Unknown, None), |o| (o.out, o.value.clone()))
    }
}
