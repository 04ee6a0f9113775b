//! Lamport clocks: a number for every event, so that a cause never has the larger one.
//!
//! A node keeps a counter. It adds one for each event of its own, writes the count on what it sends, and
//! on a receipt jumps past the number it was sent. So if *a* could have caused *b*, C(a) < C(b): the clock
//! condition. The converse is not true. Two events that nothing connects have numbers too.
//!
//! ```text
//!   n1 ──●1──────────────────────●4──▶      (1,n1) ⇒ (1,n2) ⇒ (2,n2) ⇒ (3,n2) ⇒ (4,n1):
//!         ╲                     ╱            one order of everything, the node's
//!   n2 ──●1──●2────────────●3──────▶         name deciding between equal numbers
//! ```
//!
//! Pairs (number, node) are a total order that every node can work out alone. `deposit` and `interest` use
//! it: a totally ordered multicast. A command is stamped and sent to all, everybody acknowledges it to
//! everybody, and a node applies the smallest command it has as soon as it has heard something later from
//! every other node: nothing smaller can still come. Two copies of a bank account stay equal.
//!
//! **From.** L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, CACM 21(7),
//! 1978: rules IR1 and IR2, the order ⇒, and the phone call of its section "Anomalous Behavior". The
//! multicast with acknowledgements is the paper's algorithm for the resource, with any command for a
//! request; it is usually told this way since Tanenbaum's book.
//!
//! **Links and crashes.** The paper's messages are never lost and arrive in the order of sending, "with
//! message numbers and acknowledgment protocols" where the network does neither; its processes do not
//! fail. Here commands and acknowledgements are numbered by their sender, taken in that order, and sent
//! again to whoever is found to lack them (`Sync`). A step is on the disk before any message of it leaves,
//! so a node comes back with its counter. All that is what the paper assumes; what remains true is that
//! one node that does not answer stops all the others.
//!
//! **Left out.** The paper's mutual exclusion in its own messages (3(n−1) for one entry into the critical
//! section): the queue here is the same, but nothing is released. Its physical clocks: see the entry on
//! those. Old commands are never thrown away.

mod card;
mod claims;
mod clock;
mod order;
mod why;

use serde::Serialize;

pub use why::Why;

use crate::card::Entry;
use crate::few::Nodes;
use crate::ids::{NodeId, OpId, Us};
use crate::named;
use crate::protocol::*;
use crate::seq::Seq;
use crate::show::{Cell, Exhibit, Log, Showcase};
use crate::value::Value;

pub struct LamportClocks;

#[derive(Clone, Debug)]
pub struct Knobs {
    /// Commands wait for their place in the total order; else they are applied as they come.
    pub total: bool,
    /// Take a smaller number for a cause.
    pub infer: bool,
    /// Numbers are read out over the phone.
    pub aloud: bool,
    /// How long a node waits for the others before it asks again.
    pub patience: Us,
    pub balance: i64,
}

impl Params for Knobs {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Knobs {
            total: from.word("order") != "arrival",
            infer: from.flag("infer"),
            aloud: from.flag("aloud"),
            patience: from.time("patience"),
            balance: from.int("balance"),
        })
    }
}

/// An event in the total order: its number, then its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stamp {
    pub c: u64,
    pub node: NodeId,
}

/// What is done to the account. Deposit and interest do not commute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Command {
    Deposit(i64),
    /// In percent, the fraction of a unit dropped.
    Interest(i64),
}

impl Command {
    fn read(op: &Op) -> Option<Command> {
        let n = op.arg(0)?.as_int()?;
        match op.verb {
            "deposit" => Some(Command::Deposit(n)),
            "interest" => Some(Command::Interest(n)),
            _ => None,
        }
    }

    fn apply(self, balance: i64) -> i64 {
        match self {
            Command::Deposit(n) => balance.saturating_add(n),
            Command::Interest(n) => balance.saturating_mul(100i64.saturating_add(n)) / 100,
        }
    }

    /// As a sentence has it.
    pub fn prose(self) -> String {
        match self {
            Command::Deposit(n) => ["a deposit of ", &n.to_string()].concat(),
            Command::Interest(n) => ["interest of ", &n.to_string(), " %"].concat(),
        }
    }

    pub fn words(self) -> String {
        match self {
            Command::Deposit(n) => ["+", &n.to_string()].concat(),
            Command::Interest(n) => ["+", &n.to_string(), " %"].concat(),
        }
    }
}

/// A command in its place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Entered {
    pub at: Stamp,
    pub command: Command,
}

/// One numbered broadcast of a node: a command, or the acknowledgement of one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Letter {
    pub ts: u64,
    pub nth: u64,
    pub says: Says,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub enum Says {
    Do(Command),
    Have(Stamp),
}

/// All of it is on the disk, but for what lasts one step or belongs to one life.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// The counter, C in the paper.
    pub c: u64,
    pub balance: i64,
    /// Commands not applied yet, in the total order.
    pub queue: Vec<Entered>,
    pub applied: Seq<Entered>,
    /// By node: the largest number heard of it, in its order of sending.
    pub seen: Vec<u64>,
    /// By node: how many of its letters have been taken.
    pub taken: Vec<u64>,
    /// Letters that overtook others.
    pub early: Vec<(NodeId, Letter)>,
    /// Own commands, and who has not acknowledged them.
    pub owed: Vec<(u64, Nodes)>,
    /// Own letters, in case somebody lacks them.
    pub out: Seq<Letter>,
    /// The newest events this node knows of, in the total order.
    pub tape: Vec<Stamp>,
    /// Numbers given in this step.
    #[serde(skip)]
    pub fresh: Vec<u64>,
    /// In this step the node took its newest event for a cause of what it received.
    #[serde(skip)]
    pub inferred: bool,
    /// Who asked for which own command.
    #[serde(skip)]
    pub asked: Vec<(u64, OpId)>,
    /// Who is to be told of what this step applied, and what the account stood at then.
    #[serde(skip)]
    pub done: Vec<(OpId, i64)>,
    #[serde(skip)]
    pub watching: bool,
    /// The head of the queue, and since when by the steady clock it has been that.
    #[serde(skip)]
    pub head: Option<(Stamp, Us)>,
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Note {
        ts: u64,
    },
    Command {
        ts: u64,
        nth: u64,
        command: Command,
    },
    Ack {
        ts: u64,
        nth: u64,
        of: u64,
        by: NodeId,
    },
    /// No event: how many letters of yours I have, and how many I have written.
    Sync {
        have: u64,
        sent: u64,
    },
    /// Outside the system, unless the number is read out.
    Phone {
        #[serde(skip_serializing_if = "Option::is_none")]
        ts: Option<u64>,
    },
}

named!(Msg { Note, Command, Ack, Sync, Phone });

impl Message for Msg {}

impl Msg {
    /// The number of the event it was sent by.
    pub fn ts(&self) -> Option<u64> {
        match self {
            Msg::Note { ts } | Msg::Command { ts, .. } | Msg::Ack { ts, .. } => Some(*ts),
            Msg::Phone { ts } => *ts,
            Msg::Sync { .. } => None,
        }
    }

    fn letter(&self) -> Option<Letter> {
        Some(match *self {
            Msg::Command { ts, nth, command } => Letter { ts, nth, says: Says::Do(command) },
            Msg::Ack { ts, nth, of, by } => {
                Letter { ts, nth, says: Says::Have(Stamp { c: of, node: by }) }
            }
            _ => return None,
        })
    }
}

impl From<Letter> for Msg {
    fn from(l: Letter) -> Msg {
        match l.says {
            Says::Do(command) => Msg::Command { ts: l.ts, nth: l.nth, command },
            Says::Have(of) => Msg::Ack { ts: l.ts, nth: l.nth, of: of.c, by: of.node },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Somebody has been waited for long enough.
    Again,
}

named!(Timer { Again });

/// A step, as the disk takes it: the node as it stands after.
#[derive(Clone, Debug, Serialize)]
pub enum Record {
    Step(Box<Node>),
}

named!(Record { Step });

type Know<'a> = Cx<'a, LamportClocks>;
type Do<'a, 'b> = &'a mut Fx<'b, LamportClocks>;

impl Protocol for LamportClocks {
    type Params = Knobs;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Option<Box<Node>>;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Entry = &card::ENTRY;

    fn boot(cx: &Know, disk: &Self::Disk) -> Node {
        let Some(node) = disk else { return Node::fresh(cx) };
        let mut node = Node { asked: vec![], watching: false, head: None, ..(**node).clone() };
        if cx.bug("amnesia") {
            node.c = 0;
        }
        node
    }

    fn step(cx: &Know, n: &mut Node, input: Input<'_, Self>, fx: Do) {
        n.fresh.clear();
        n.inferred = false;
        match input {
            Input::Start => n.wake(cx, fx),
            Input::Request { op, call } => n.asked_for(cx, op, call, fx),
            Input::Deliver { from, msg } => n.receive(cx, from, msg, fx),
            Input::Timeout(Timer::Again) => n.ask_again(cx, fx),
            Input::Saved(_) => {}
        }
    }

    fn write(disk: &mut Self::Disk, record: &Record) {
        let Record::Step(node) = record;
        *disk = Some(node.clone());
    }

    fn face(_: &Node) -> Face {
        Face::default()
    }

    fn line(n: &Node) -> String {
        let c = n.c.to_string();
        if n.applied.is_empty() {
            return c;
        }
        [&c, " · account ", &n.balance.to_string()].concat()
    }

    fn exhibit(cx: &Know, n: &Node, to: &mut Showcase) {
        to.add("clock", Exhibit::Clock { entries: vec![(cx.me, n.c)], beside: None });
        let show = |s: &Stamp| show(*s, cx.cast);
        to.add("order", Exhibit::Queue(n.tape.iter().map(show).collect()));
        if n.queue.is_empty() && n.applied.is_empty() {
            return;
        }
        let waits = |e: &Entered| [&show(&e.at), " ", &e.command.words()].concat();
        to.add("waiting", Exhibit::Queue(n.queue.iter().map(waits).collect()));
        // What the head of the queue waits for: something larger from everybody.
        let heard = others(cx).map(|o| show(&Stamp { c: n.seen[o.index()], node: o }));
        to.add("heard", Exhibit::Set(heard.collect()));
        to.add("applied", Exhibit::Log(n.log(cx.cast)));
        to.add("account", Exhibit::Text(n.balance.to_string()));
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Self>, court: &mut Court) {
        ghost.judge(step, court);
    }

    fn at_rest(n: &Node) -> bool {
        n.queue.is_empty()
    }
}

impl Node {
    fn fresh(cx: &Know) -> Node {
        let n = cx.cast.len();
        Node {
            c: 0,
            balance: cx.params.balance,
            queue: vec![],
            applied: Seq::default(),
            seen: vec![0; n],
            taken: vec![0; n],
            early: vec![],
            owed: vec![],
            out: Seq::default(),
            tape: vec![],
            fresh: vec![],
            inferred: false,
            asked: vec![],
            done: vec![],
            watching: false,
            head: None,
        }
    }

    /// The step goes to the disk; what it sends and answers waits for that.
    fn keep(&self, fx: Do) {
        fx.save(Record::Step(Box::new(self.clone())));
    }

    fn log(&self, cast: &Cast) -> Log {
        let cell = |e: &Entered| Cell::of_owner(e.command.words(), show(e.at, cast), e.at.node);
        let len = self.applied.len() as u64;
        let cells = self.applied.iter().map(cell).collect();
        Log { first: 1, before: 0, cells, committed: len, applied: len, durable: len }
    }
}

fn others<'a>(cx: &Know<'a>) -> impl Iterator<Item = NodeId> + use<'a> {
    let me = cx.me;
    cx.cast.all().filter(move |n| *n != me)
}

/// `(4,n1)`
fn show(s: Stamp, cast: &Cast) -> String {
    ["(", &s.c.to_string(), ",", cast.name(s.node), ")"].concat()
}

fn number(n: i64) -> Outcome {
    Outcome::ok(Some(Value::Int(n)))
}
