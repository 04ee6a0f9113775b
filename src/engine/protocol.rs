//! The seam between a protocol and the world: what a handler is given, and what it may ask for.
//!
//! A node is a plain value. A handler is a function of (configuration, state, input); it changes its own
//! state and asks for effects through [`Fx`]. It sees its node's two clocks and nothing else of the world:
//! no simulated time, no dice, no other node. That is why a node can be replayed, judged and believed.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::card::{Entry, Weight};
use crate::ids::{Mark, MsgId, NodeId, OpId, TimerId, Us};
use crate::scenario::Fault;
use crate::scenario::ast::Out;
use crate::seq::Roll;
use crate::show::Showcase;
use crate::stage::Common;
use crate::tree::Tree;
use crate::value::Value;

/// One protocol. See `CONTRACTS` section 3 for the reasons behind each part.
pub trait Protocol: Sized + 'static {
    type Params: Params;
    /// A node's whole volatile state: an enum over the cast's roles.
    type Node: Clone + Serialize;
    type Msg: Clone + Serialize + Message;
    type Timer: Clone + Ord + Serialize + Named;
    /// One write to the disk.
    type Record: Clone + Serialize + Named;
    /// A fold of records; all that a restart sees.
    type Disk: Clone + Default + Serialize;
    type Why: Reason;
    /// The claims' own memory: part of every snapshot.
    type Ghost: Clone + Default;

    const ENTRY: &'static Entry;

    /// A node as its disk alone makes it.
    fn boot(cx: &Cx<Self>, disk: &Self::Disk) -> Self::Node;

    /// Set a field before the run begins (`given n1 term=2`).
    fn given(
        cx: &Cx<Self>,
        _node: &mut Self::Node,
        _disk: &mut Self::Disk,
        field: &str,
        _value: &Value,
    ) -> Result<(), Refusal> {
        Err(Refusal::new(format!("{} takes no `given {field}`", cx.cast.name(cx.me))))
    }

    fn step(cx: &Cx<Self>, node: &mut Self::Node, input: Input<'_, Self>, fx: &mut Fx<'_, Self>);

    fn write(_disk: &mut Self::Disk, _record: &Self::Record) {}

    /// How long a message takes between two nodes that sit together, until the text says otherwise of their
    /// link; None is what it takes everywhere.
    fn near(_params: &Self::Params, _cast: &Cast, _from: NodeId, _to: NodeId) -> Option<Us> {
        None
    }

    /// Whether what is read may be made of several writes: then no model of reads and writes can judge what clients saw.
    fn merges(_params: &Self::Params) -> bool {
        false
    }

    /// What the node believes itself to be.
    fn face(node: &Self::Node) -> Face;

    /// One line of what matters, for under the node's name.
    fn line(node: &Self::Node) -> String;

    fn exhibit(cx: &Cx<Self>, node: &Self::Node, to: &mut Showcase);

    /// Judge a step by what was really done: the new state, what was sent, saved and answered.
    fn judge(ghost: &mut Self::Ghost, step: &Step<'_, Self>, court: &mut Court);

    /// Behave as the lie says; `Lied::Honest` runs the honest handler after all.
    fn lie(
        _cx: &Cx<Self>,
        _lie: &str,
        _node: &mut Self::Node,
        _input: &Input<'_, Self>,
        _fx: &mut Fx<'_, Self>,
    ) -> Lied {
        Lied::Honest
    }

    /// Whether a node has nothing left to do; `quiet` waits for it.
    fn at_rest(_node: &Self::Node) -> bool {
        true
    }
}

/// Why a `given` or a parameter cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    /// The parameter it speaks of, if it is of one.
    pub of: &'static str,
    /// The same where it stands in the text, once that is known; then all there are.
    pub faults: Vec<Fault>,
}

impl Refusal {
    pub fn new(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), of: "", faults: vec![] }
    }

    /// Of a parameter's value.
    pub fn of(param: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { of: param, ..Refusal::new(message) }
    }

    /// All at once, a line each.
    pub fn at(faults: Vec<Fault>) -> Refusal {
        let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
        Refusal { faults, ..Refusal::new(lines.join("\n")) }
    }
}

/// Parameters of a run, read from values already checked against their cards.
pub trait Params: Clone {
    fn read(from: &ParamSet) -> Result<Self, Refusal>;
}

/// The values of a run's parameters, defaults included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParamSet(pub Vec<(String, Value)>);

impl ParamSet {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }
    pub fn count(&self, name: &str) -> u32 {
        self.int(name).clamp(0, u32::MAX as i64) as u32
    }
    pub fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Value::Int(i) | Value::Ppm(i) | Value::Rate(i) | Value::Time(i)) => *i,
            _ => 0,
        }
    }
    pub fn time(&self, name: &str) -> Us {
        self.int(name).max(0) as Us
    }
    pub fn range(&self, name: &str) -> RangeInclusive<Us> {
        match self.get(name) {
            Some(Value::TimeRange(a, b)) => (*a).max(0) as Us..=(*b).max(0) as Us,
            Some(Value::Time(t)) => (*t).max(0) as Us..=(*t).max(0) as Us,
            _ => 0..=0,
        }
    }
    pub fn flag(&self, name: &str) -> bool {
        self.word(name) == "on"
    }
    pub fn word(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_word).unwrap_or("")
    }
}

/// Names of an enum's variants, as declared: give it with [`named!`](crate::named).
pub trait Named {
    const NAMES: &'static [&'static str];
    fn ordinal(&self) -> u8;
}

/// Declares [`Named`] for an enum, listing every variant in order; forgetting one does not compile.
#[macro_export]
macro_rules! named {
    ($type:ident { $($variant:ident),* $(,)? }) => {
        impl $crate::protocol::Named for $type {
            const NAMES: &'static [&'static str] = &[$(stringify!($variant)),*];
            fn ordinal(&self) -> u8 {
                #[allow(non_camel_case_types, dead_code, clippy::upper_case_acronyms)]
                #[derive(Clone, Copy)]
                enum Ordinal { $($variant),* }
                match self { $(Self::$variant { .. } => Ordinal::$variant as u8),* }
            }
        }
    };
}

/// No message, timer, record or reason of this sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Nothing {}

impl Named for Nothing {
    const NAMES: &'static [&'static str] = &[];
    fn ordinal(&self) -> u8 {
        match *self {}
    }
}

pub trait Message: Named {
    /// The term, ballot, view or version it belongs to: its colour. 0 is none.
    fn epoch(&self) -> u64 {
        0
    }
    /// Background noise, such as a heartbeat: does not keep a run from being quiet.
    fn quiet(&self) -> bool {
        false
    }
    /// Size on the wire, for bandwidth.
    fn bytes(&self) -> u32 {
        64
    }
    /// A few letters for its arrow, where what it carries says more than its kind.
    fn label(&self) -> Option<String> {
        None
    }
}

/// A handler's own account of what it did and why. Its slug and weight stand on the entry's card, at the
/// place of the variant.
pub trait Reason: Clone + Serialize + Named {
    /// One sentence with the run's real numbers.
    fn sentence(&self, teller: &Teller) -> String;
    /// Only to make one less loud than its card: `None` keeps the card's weight.
    fn weight(&self) -> Option<Weight> {
        None
    }
}

/// Knows the names of things while a sentence is told.
pub struct Teller<'a> {
    pub me: NodeId,
    pub cast: &'a Cast,
}

impl Teller<'_> {
    pub fn me(&self) -> &str {
        self.cast.name(self.me)
    }
    pub fn name(&self, n: NodeId) -> &str {
        self.cast.name(n)
    }
    /// `n1`, `n1 and n2`, `n1, n2 and n3`.
    pub fn list(&self, nodes: impl IntoIterator<Item = NodeId>) -> String {
        let names: Vec<&str> = nodes.into_iter().map(|n| self.cast.name(n)).collect();
        match names.split_last() {
            None => "nobody".into(),
            Some((last, [])) => (*last).into(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }
    /// A length of time as prose: `217 ms`, `1.2 s`.
    pub fn time(&self, us: Us) -> String {
        prose_time(us)
    }
}

/// The sentence with a word in the place of each `@`.
pub fn tell(sentence: &str, words: &[&str]) -> String {
    let (mut out, mut words) = (String::new(), words.iter());
    for c in sentence.chars() {
        match c {
            '@' => out += words.next().copied().unwrap_or("?"),
            c => out.push(c),
        }
    }
    out
}

/// A length of time as prose, with at most three digits that matter.
pub fn prose_time(us: Us) -> String {
    match us {
        0 => "0 ms".into(),
        1..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{} ms", trim(us / 10, 100)),
        10_000..1_000_000 => format!("{} ms", (us + 500) / 1_000),
        1_000_000..60_000_000 => format!("{} s", trim((us + 5_000) / 10_000, 100)),
        _ => format!("{} min", trim((us + 300_000) / 600_000, 100)),
    }
}

fn trim(n: u64, unit: u64) -> String {
    let (whole, rest) = (n / unit, n % unit);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:02}").trim_end_matches('0'))
}

/// A node's belief about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Face {
    /// A word of its role's `states`.
    pub state: &'static str,
    pub leads: bool,
    /// Term, ballot, view: 0 is none.
    pub epoch: u64,
}

/// The members of a run, in lane order.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast {
    pub members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// As the scenario names it.
    pub id: String,
    /// As the page shows it; the same unless `node … as …` says otherwise.
    pub label: String,
    /// Place in the entry's roles.
    pub role: u8,
    /// Number within its role, from 0.
    pub place: u16,
    pub absent: bool,
}

impl Cast {
    pub fn len(&self) -> usize {
        self.members.len()
    }
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
    pub fn name(&self, n: NodeId) -> &str {
        self.members.get(n.index()).map_or("?", |m| &m.label)
    }
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let at = self.members.iter().position(|m| m.id == name || m.label == name)?;
        Some(NodeId(at as u16))
    }
    /// The nodes of the role at this place in the entry's roles.
    pub fn of_role(&self, role: u8) -> impl DoubleEndedIterator<Item = NodeId> + Clone + '_ {
        (0..self.members.len())
            .filter(move |&i| self.members[i].role == role)
            .map(|i| NodeId(i as u16))
    }
    pub fn all(&self) -> impl DoubleEndedIterator<Item = NodeId> + Clone {
        (0..self.members.len() as u16).map(NodeId)
    }
    pub fn role(&self, n: NodeId) -> u8 {
        self.members.get(n.index()).map_or(0, |m| m.role)
    }
    /// The node of this role that a word names.
    pub fn named(&self, word: &Value, role: u8) -> Option<NodeId> {
        self.find(word.as_word()?).filter(|n| self.role(*n) == role)
    }
    /// The node of a role that this one belongs to, when its kind is spread over them: the first at the first, the last
    /// at the last.
    pub fn home(&self, me: NodeId, role: u8) -> NodeId {
        let place = self.members.get(me.index()).map_or(0, |m| m.place as usize);
        let (mine, homes) = (self.of_role(self.role(me)).count(), self.of_role(role).count());
        let at = place * homes.saturating_sub(1) / (mine.max(2) - 1);
        self.of_role(role).nth(at).unwrap_or_default()
    }
}

/// What a handler knows besides its state and its input.
pub struct Cx<'a, P: Protocol> {
    pub me: NodeId,
    pub params: &'a P::Params,
    pub cast: &'a Cast,
    /// Its monotonic clock: drifts, never jumps.
    pub mono: Us,
    /// Its wall clock: drifts, is stepped and slewed.
    pub wall: Us,
    /// How often it has been started again.
    pub incarnation: u32,
    pub(crate) bugs: u64,
}

impl<P: Protocol> Cx<'_, P> {
    /// Whether a deliberate mistake is on. Claims have no such question to ask.
    pub fn bug(&self, slug: &str) -> bool {
        self.bugs != 0 && P::ENTRY.bug_bit(slug).is_some_and(|bit| self.bugs & bit != 0)
    }
}

/// A client operation as asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Op {
    /// `put`, `get`, or a protocol's own word.
    pub verb: &'static str,
    pub args: Vec<Value>,
}

impl Op {
    pub fn key(&self) -> Option<&Value> {
        self.args.first()
    }
    pub fn arg(&self, i: usize) -> Option<&Value> {
        self.args.get(i)
    }
}

/// How an operation came back, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub out: Out,
    pub value: Option<Value>,
}

impl Outcome {
    pub fn ok(value: Option<Value>) -> Outcome {
        Outcome { out: Out::Ok, value }
    }
    /// Surely not executed.
    pub fn failed() -> Outcome {
        Outcome { out: Out::Failed, value: None }
    }
    /// Nobody knows: it may have been executed, or may yet be.
    pub fn unknown() -> Outcome {
        Outcome { out: Out::Unknown, value: None }
    }
}

pub enum Input<'a, P: Protocol> {
    /// The node begins, or begins again with what `boot` made of its disk.
    Start,
    Request {
        op: OpId,
        call: &'a Op,
    },
    Deliver {
        from: NodeId,
        msg: &'a P::Msg,
    },
    Timeout(&'a P::Timer),
    /// Everything saved up to this mark is on the disk.
    Saved(Mark),
}

/// A correction of a node's own wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjust {
    Step(i64),
    /// Run this much faster (or slower) until `by` has been gained (or lost).
    Slew {
        by: i64,
        ppm: u32,
    },
}

/// A body with its signer. Nobody but the node itself can make one: forging does not compile.
/// It is described as its body, which says as in the papers whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signed<T> {
    signer: NodeId,
    body: T,
}

impl<T: Serialize> Serialize for Signed<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(s)
    }
}

impl<T> Signed<T> {
    pub fn signer(&self) -> NodeId {
        self.signer
    }
    pub fn body(&self) -> &T {
        &self.body
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lied {
    /// The honest handler is to run.
    Honest,
    Done,
}

/// What a handler asks for. The typed values stand in the bag, in the order of asking.
pub(crate) enum Ask {
    Send { to: NodeId, kind: u8, quiet: bool, epoch: u64, bytes: u32 },
    Reply { op: OpId, reply: Outcome },
    Arm { name: u8, lo: Us, hi: Us },
    Disarm,
    Save { lazy: bool },
    Why { slug: u8 },
    Meter { name: u8, v: i64 },
    Adjust(Adjust),
}

/// Effects, as values. A handler's only way out.
pub struct Fx<'a, P: Protocol> {
    pub(crate) me: NodeId,
    pub(crate) common: &'a mut Common,
    pub(crate) bag: &'a mut Bag<P>,
    /// The newest mark not yet durable, if any.
    pub(crate) unsaved: Option<Mark>,
    pub(crate) gate: Option<Mark>,
}

/// What one step asked for.
pub(crate) struct Bag<P: Protocol> {
    pub asks: Vec<(Ask, Option<Mark>)>,
    pub msgs: Vec<P::Msg>,
    /// Those to be armed, and those to be disarmed.
    pub timers: Vec<(P::Timer, bool)>,
    /// The numbers those have got.
    pub ids: Vec<Option<TimerId>>,
    pub records: Vec<P::Record>,
    pub whys: Vec<P::Why>,
}

impl<P: Protocol> Default for Bag<P> {
    fn default() -> Self {
        Bag {
            asks: vec![],
            msgs: vec![],
            timers: vec![],
            ids: vec![],
            records: vec![],
            whys: vec![],
        }
    }
}

impl<P: Protocol> Fx<'_, P> {
    fn ask(&mut self, ask: Ask) {
        self.bag.asks.push((ask, self.gate));
    }

    /// Send a message. To itself it costs nothing and is handled before this step ends.
    pub fn send(&mut self, to: NodeId, msg: P::Msg) {
        self.ask(Ask::Send {
            to,
            kind: msg.ordinal(),
            quiet: msg.quiet(),
            epoch: msg.epoch(),
            bytes: msg.bytes(),
        });
        self.bag.msgs.push(msg);
    }

    /// Answer a client operation of this node.
    pub fn reply(&mut self, op: OpId, reply: Outcome) {
        self.ask(Ask::Reply { op, reply });
    }

    /// Start (or start again) a timer; the world draws from the range.
    pub fn arm(&mut self, timer: P::Timer, after: RangeInclusive<Us>) {
        self.ask(Ask::Arm { name: timer.ordinal(), lo: *after.start(), hi: *after.end() });
        self.bag.timers.push((timer, true));
    }

    pub fn disarm(&mut self, timer: &P::Timer) {
        self.bag.timers.push((timer.clone(), false));
        self.ask(Ask::Disarm);
    }

    /// A forced write: durable after the disk's delay, then `Input::Saved(mark)`.
    pub fn save(&mut self, record: P::Record) -> Mark {
        let mark = self.write(record, false);
        self.unsaved = Some(mark);
        mark
    }

    /// A lazy write: rides on the next forced one, lost by a crash before it.
    pub fn note(&mut self, record: P::Record) -> Mark {
        self.write(record, true)
    }

    fn write(&mut self, record: P::Record, lazy: bool) -> Mark {
        self.bag.records.push(record);
        self.ask(Ask::Save { lazy });
        self.common.next_mark()
    }

    /// Hold the effects asked for in `f` until everything saved so far is durable.
    pub fn once_saved(&mut self, f: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.gate, self.unsaved);
        f(self);
        self.gate = outer;
    }

    /// Say why, with the real numbers: the caption of the page, a line of a golden.
    pub fn explain(&mut self, why: P::Why) {
        self.ask(Ask::Why { slug: why.ordinal() });
        self.bag.whys.push(why);
    }

    /// Record a number under one of the entry's meters.
    pub fn meter(&mut self, name: &'static str, v: i64) {
        if let Some(at) = P::ENTRY.meters.iter().position(|m| m.name == name) {
            self.ask(Ask::Meter { name: at as u8, v });
        }
    }

    /// Correct this node's wall clock.
    pub fn adjust(&mut self, a: Adjust) {
        self.ask(Ask::Adjust(a));
    }

    /// A number below `below` from this node's stream for `purpose`.
    pub fn pick(&mut self, purpose: &'static str, below: u64) -> u64 {
        self.common.pick(self.me, purpose, below)
    }

    pub fn sign<T>(&self, body: T) -> Signed<T> {
        Signed { signer: self.me, body }
    }
}

/// What opened a step, as a judge sees it.
pub enum Happened<'a, P: Protocol> {
    Start {
        amnesia: bool,
    },
    Request {
        op: OpId,
        call: &'a Op,
    },
    Deliver {
        /// As it was sent: copies made by the network share it.
        id: MsgId,
        from: NodeId,
        msg: &'a P::Msg,
    },
    Timeout(&'a P::Timer),
    Saved(Mark),
    Crash,
    /// Effects held back for the disk are now let go; or the run has come to rest.
    Other,
}

/// One message that really left a node in this step.
pub struct SentMsg<'a, P: Protocol> {
    pub id: MsgId,
    pub to: NodeId,
    pub msg: &'a P::Msg,
}

/// A step, as the claims see it: what was done, not what was said of it.
pub struct Step<'a, P: Protocol> {
    pub params: &'a P::Params,
    pub cast: &'a Cast,
    /// The node that stepped.
    pub node: NodeId,
    pub happened: Happened<'a, P>,
    /// Its face before the step.
    pub before: Face,
    pub nodes: &'a [P::Node],
    pub disks: &'a [P::Disk],
    pub alive: &'a [bool],
    pub lying: &'a [bool],
    pub replied: &'a [(OpId, Outcome)],
    /// Nothing is under way: claims about rest may be judged.
    pub at_rest: bool,
    /// Simulated time: a judge may look at the wall of the court.
    pub now: Us,
    /// What the node's wall clock said when the step began, before any correction it asked for.
    pub wall: Us,
    /// How far a node's wall clock is ahead of simulated time, and how many ppm too fast it runs.
    pub clock: &'a dyn Fn(NodeId) -> (i64, i64),
    /// When the last fault or scripted act happened.
    pub calm_since: Us,
    /// The longest any message was to be on its way so far: what a claim about time may take for a trip.
    pub longest_way: Us,
    /// The longest any record of this node was to take to its disk so far, with its wait for those before it.
    pub longest_write: Us,
    /// No link is cut, no message held back or lost by the scenario, nobody paused or turned.
    pub steady: bool,
    pub(crate) sent: &'a [(MsgId, NodeId, u32)],
    pub(crate) arena: &'a Roll<P::Msg>,
}

impl<'a, P: Protocol> Step<'a, P> {
    /// The node that stepped, after the step.
    pub fn me(&self) -> &'a P::Node {
        &self.nodes[self.node.index()]
    }
    /// Its name: the sentence of a broken claim stands alone, and says who.
    pub fn name(&self) -> &'a str {
        self.cast.name(self.node)
    }
    pub fn sent(&self) -> impl Iterator<Item = SentMsg<'a, P>> + '_ {
        let arena = self.arena;
        self.sent.iter().map(move |&(id, to, at)| SentMsg { id, to, msg: &arena[at as usize] })
    }
}

/// Who and what proves that a claim is broken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Witness {
    pub nodes: Vec<NodeId>,
    pub says: String,
}

impl Witness {
    pub fn new(nodes: impl IntoIterator<Item = NodeId>, says: impl Into<String>) -> Witness {
        Witness { nodes: nodes.into_iter().collect(), says: says.into() }
    }
}

/// Counts every question and keeps every no.
pub struct Court {
    pub(crate) entry: &'static Entry,
    /// Questions asked, by the claim's place on the card.
    pub(crate) asked: Vec<u64>,
    /// Claims broken since last looked at.
    pub(crate) broken: Vec<(u8, Witness)>,
    /// Numbers measured since last looked at, by the meter's place on the card.
    pub(crate) measured: Vec<(u8, i64)>,
    /// Claims that are already known to be broken: only the first break is an event.
    pub(crate) known: u64,
}

impl Clone for Court {
    fn clone(&self) -> Self {
        Court {
            entry: self.entry,
            asked: self.asked.clone(),
            broken: vec![],
            measured: vec![],
            known: self.known,
        }
    }
}

impl Court {
    pub(crate) fn new(entry: &'static Entry) -> Court {
        Court {
            entry,
            asked: vec![0; entry.claims.len()],
            broken: vec![],
            measured: vec![],
            known: 0,
        }
    }

    fn place(&self, claim: &'static str) -> Option<usize> {
        let claims = self.entry.claims;
        let same = |c: &crate::card::ClaimCard| std::ptr::eq(c.name, claim);
        claims.iter().position(same).or_else(|| claims.iter().position(|c| c.name == claim))
    }

    /// Record a number of the node that stepped that no handler can know, such as its distance from truth.
    pub fn meter(&mut self, name: &'static str, v: i64) {
        if let Some(at) = self.entry.meters.iter().position(|m| m.name == name) {
            self.measured.push((at as u8, v));
        }
    }

    /// Judge a claim. Call it only where the premise is true: every call is counted as an exercise.
    pub fn hold(&mut self, claim: &'static str, ok: bool, witness: impl FnOnce() -> Witness) {
        self.hold_each(claim, 1, ok, witness);
    }

    /// The same question of so many things at once, with one answer for all.
    pub fn hold_each(
        &mut self,
        claim: &'static str,
        times: u64,
        ok: bool,
        witness: impl FnOnce() -> Witness,
    ) {
        if let Some(at) = self.doubt(claim, times, ok) {
            self.broken.push((at, witness()));
        }
    }

    /// Count questions; if the answer is a no, and the first one, the claim it breaks.
    #[inline(never)]
    fn doubt(&mut self, claim: &'static str, times: u64, ok: bool) -> Option<u8> {
        let at = self.place(claim)?;
        self.asked[at] += times;
        if ok || self.known & (1 << at) != 0 {
            return None;
        }
        self.known |= 1 << at;
        Some(at as u8)
    }
}

/// A description of a value with nodes by name, for tests and lists.
pub fn plain(cast: &Cast, tree: &Tree) -> String {
    tree.plain(&|n| cast.name(n).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_described_as_what_it_says() {
        let signed = Signed { signer: NodeId(2), body: ("x", 7) };
        assert_eq!(Tree::of(&signed), Tree::of(&("x", 7)));
    }
}
