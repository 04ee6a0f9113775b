//! A toy of two roles, for what the kernel promises whatever the protocol.
//!
//! A server keeps one register on its disk and answers when the write is durable; a client asks again
//! until it is answered or its time is up.
#![allow(dead_code)]

use std::collections::BTreeMap;

use engine::card::*;
use engine::ids::*;
use engine::protocol::*;
use engine::protocols::Bill;
use engine::run::Run;
use engine::scenario;
use engine::show::{Exhibit, Showcase};
use engine::value::Value;
use engine::{named, trace};
use serde::Serialize;

pub struct Toy;

#[derive(Clone)]
pub struct Knobs {
    pub retry: std::ops::RangeInclusive<Us>,
    pub give_up: Us,
    pub tick: Us,
}

impl Params for Knobs {
    fn read(p: &ParamSet) -> Result<Self, Refusal> {
        Ok(Knobs { retry: p.range("retry"), give_up: p.time("give-up"), tick: p.time("tick") })
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Server { x: i64, version: u64, ticks: u64, echoes: u64 },
    Client { open: BTreeMap<u32, Ask> },
}

#[derive(Clone, Serialize)]
pub struct Ask {
    pub put: Option<i64>,
    pub tries: u64,
}

#[derive(Clone, Serialize)]
pub enum Msg {
    Write { op: u32, x: i64 },
    Read { op: u32 },
    Answer { op: u32, x: i64 },
    Echo,
}
named!(Msg { Write, Read, Answer, Echo });
impl Message for Msg {}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    Retry(OpId),
    GiveUp(OpId),
    Tick,
}
named!(Timer { Retry, GiveUp, Tick });

#[derive(Clone, Serialize)]
pub enum Record {
    X(i64),
}
named!(Record { X });

#[derive(Clone, Serialize)]
pub enum Why {
    Stored { x: i64 },
    AskedAgain { tries: u64 },
}
named!(Why { Stored, AskedAgain });
impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        match self {
            Why::Stored { x } => format!("{} stores {x}.", t.me()),
            Why::AskedAgain { tries } => format!("{} asks again, for the {tries}. time.", t.me()),
        }
    }
}

const ENTRY: Entry = Entry {
    id: "toy",
    title: "A register and its clients",
    says: "A server keeps one number.",
    rows: &["5.1"],
    sources: &[],
    roles: &[
        Role {
            name: "client",
            prefix: "c",
            first: 1,
            count: Count::Param("clients"),
            tier: 0,
            states: &["asking", "idle"],
        },
        Role {
            name: "server",
            prefix: "s",
            first: 1,
            count: Count::Param("servers"),
            tier: 1,
            states: &["serving"],
        },
    ],
    params: &[
        param("servers", Unit::Count { min: 1, max: 5 }, "1", "servers"),
        param("clients", Unit::Count { min: 1, max: 5 }, "1", "clients"),
        param("retry", Unit::TimeRange, "50ms..80ms", "ask again after"),
        param("give-up", Unit::Time { min: 1, max: 60 * SEC }, "500ms", "give up after"),
        param("tick", Unit::Time { min: 0, max: 60 * SEC }, "0ms", "server tick; 0 is none"),
    ],
    givens: &[("x", "the register")],
    ops: &[
        OpCard { verb: Verb::Put, role: "client", args: &["key", "value"], says: "write" },
        OpCard { verb: Verb::Get, role: "client", args: &["key"], says: "read" },
        OpCard { verb: Verb::Call("slew"), role: "client", args: &["by"], says: "at 10 %" },
    ],
    kinds: &[
        KindCard { name: "Write", fields: &["op", "x"], says: "" },
        KindCard { name: "Read", fields: &["op"], says: "" },
        KindCard { name: "Answer", fields: &["op", "x"], says: "" },
        KindCard { name: "Echo", fields: &[], says: "" },
    ],
    timers: &["retry", "give-up", "tick"],
    reasons: &[
        ReasonCard { slug: "stored", weight: Weight::Key, fields: &["x"] },
        ReasonCard { slug: "asked-again", weight: Weight::Aside, fields: &["tries"] },
    ],
    claims: &[
        ClaimCard {
            name: "DiskFirst",
            kind: ClaimKind::Safety,
            says: "What a server answers is on its disk.",
        },
        ClaimCard {
            name: "AllAnswered",
            kind: ClaimKind::AtRest,
            says: "At rest no client waits.",
        },
    ],
    bugs: &[BugCard {
        slug: "no-disk",
        says: "answers before the disk",
        breaks: &["DiskFirst"],
        shown_by: "put",
    }],
    lies: &[],
    meters: &[
        MeterCard { name: "tries", unit: "", says: "tries of an operation", bounds: None },
        MeterCard {
            name: "ahead",
            unit: "us",
            says: "how far a client's clock is ahead at a call",
            bounds: None,
        },
    ],
    tolerates: &[],
    epoch: "",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[],
    disk: 0,
    left_out: "",
    first: "put",
    stirs: &[],
};

impl Protocol for Toy {
    type Params = Knobs;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = i64;
    type Why = Why;
    type Ghost = ();
    const ENTRY: &'static Entry = &ENTRY;

    fn boot(cx: &Cx<Self>, disk: &i64) -> Node {
        match cx.cast.role(cx.me) {
            0 => Node::Client { open: BTreeMap::new() },
            _ => Node::Server { x: *disk, version: 0, ticks: 0, echoes: 0 },
        }
    }

    fn given(
        _: &Cx<Self>,
        node: &mut Node,
        disk: &mut i64,
        _: &str,
        v: &Value,
    ) -> Result<(), Refusal> {
        let Node::Server { x, .. } = node else { return Err(Refusal::new("only a server has x")) };
        *x = v.as_int().ok_or_else(|| Refusal::new("x is a number"))?;
        *disk = *x;
        Ok(())
    }

    fn step(cx: &Cx<Self>, node: &mut Node, input: Input<'_, Self>, fx: &mut Fx<'_, Self>) {
        let server = cx.cast.of_role(1).next().unwrap();
        match (node, input) {
            (Node::Server { .. }, Input::Start) if cx.params.tick > 0 => {
                fx.arm(Timer::Tick, cx.params.tick..=cx.params.tick)
            }
            (Node::Server { ticks, .. }, Input::Timeout(Timer::Tick)) => {
                *ticks += 1;
                fx.send(cx.me, Msg::Echo);
                fx.arm(Timer::Tick, cx.params.tick..=cx.params.tick);
            }
            (Node::Server { echoes, .. }, Input::Deliver { msg: Msg::Echo, .. }) => *echoes += 1,
            (Node::Server { x, version, .. }, Input::Deliver { from, msg }) => match msg {
                Msg::Write { op, x: new } => {
                    (*x, *version) = (*new, *version + 1);
                    fx.save(Record::X(*new));
                    fx.explain(Why::Stored { x: *new });
                    let answer = Msg::Answer { op: *op, x: *new };
                    if cx.bug("no-disk") {
                        fx.send(from, answer)
                    } else {
                        fx.once_saved(|fx| fx.send(from, answer))
                    }
                }
                // What is read may not be on the disk yet either.
                Msg::Read { op } => {
                    fx.once_saved(|fx| fx.send(from, Msg::Answer { op: *op, x: *x }))
                }
                _ => {}
            },
            (Node::Client { .. }, Input::Request { op, call }) if call.verb == "slew" => {
                let Some(Value::Time(by)) = call.arg(0) else { return };
                fx.adjust(Adjust::Slew { by: *by, ppm: 100_000 });
                fx.reply(op, Outcome::ok(None));
            }
            (Node::Client { open }, Input::Request { op, call }) => {
                let put = call.arg(1).and_then(Value::as_int);
                open.insert(op.0, Ask { put, tries: 1 });
                ask(fx, server, op, put);
                fx.arm(Timer::Retry(op), cx.params.retry.clone());
                fx.arm(Timer::GiveUp(op), cx.params.give_up..=cx.params.give_up);
            }
            (Node::Client { open }, Input::Timeout(Timer::Retry(op))) => {
                let Some(a) = open.get_mut(&op.0) else { return };
                a.tries += 1;
                fx.explain(Why::AskedAgain { tries: a.tries });
                ask(fx, server, *op, a.put);
                fx.arm(Timer::Retry(*op), cx.params.retry.clone());
            }
            (Node::Client { open }, Input::Timeout(Timer::GiveUp(op))) => {
                open.remove(&op.0);
                fx.disarm(&Timer::Retry(*op));
                fx.reply(*op, Outcome::unknown());
            }
            (Node::Client { open }, Input::Deliver { msg: Msg::Answer { op, x }, .. }) => {
                let Some(a) = open.remove(op) else { return };
                fx.meter("tries", a.tries as i64);
                fx.disarm(&Timer::Retry(OpId(*op)));
                fx.disarm(&Timer::GiveUp(OpId(*op)));
                fx.reply(OpId(*op), Outcome::ok(a.put.is_none().then_some(Value::Int(*x))));
            }
            _ => {}
        }
    }

    fn write(disk: &mut i64, r: &Record) {
        let Record::X(x) = r;
        *disk = *x;
    }

    fn face(n: &Node) -> Face {
        let state = match n {
            Node::Server { .. } => "serving",
            Node::Client { open } if open.is_empty() => "idle",
            Node::Client { .. } => "asking",
        };
        Face { state, ..Face::default() }
    }

    fn line(n: &Node) -> String {
        match n {
            Node::Server { x, .. } => format!("x = {x}"),
            Node::Client { open } => format!("{} open", open.len()),
        }
    }

    fn exhibit(_: &Cx<Self>, n: &Node, to: &mut Showcase) {
        to.add("line", Exhibit::Text(Self::line(n)));
    }

    fn judge(_: &mut (), s: &Step<'_, Self>, court: &mut Court) {
        if let Happened::Request { .. } = s.happened {
            court.meter("ahead", (s.clock)(s.node).0);
        }
        for m in s.sent() {
            if let (Msg::Answer { x, .. }, Node::Server { x: now, .. }) = (m.msg, s.me())
                && x == now
            {
                let disk = s.disks[s.node.index()];
                court.hold("DiskFirst", disk == *x, || {
                    Witness::new([s.node], format!("answered {x}, the disk has {disk}"))
                });
            }
        }
        if s.at_rest {
            let idle =
                s.nodes.iter().all(|n| !matches!(n, Node::Client { open } if !open.is_empty()));
            court.hold("AllAnswered", idle, || Witness::new([], "a client waits"));
        }
    }
}

fn ask(fx: &mut Fx<'_, Toy>, server: NodeId, op: OpId, put: Option<i64>) {
    match put {
        Some(x) => fx.send(server, Msg::Write { op: op.0, x }),
        None => fx.send(server, Msg::Read { op: op.0 }),
    }
}

pub const TOY: Bill = Bill::of::<Toy>();

/// Read and open a toy scenario; the first line is added.
pub fn open(text: &str) -> Run {
    Run::open(TOY, parse(text)).unwrap_or_else(|r| panic!("{}", r.message))
}

pub fn parse(text: &str) -> scenario::Scenario {
    let text = format!("lamplight 1\n{text}");
    scenario::parse(&text, &[&ENTRY])
        .unwrap_or_else(|f| panic!("{}", f.iter().map(|f| format!("{f}\n")).collect::<String>()))
}

/// Open, run to its end, demand that all it promises holds.
pub fn run(text: &str) -> Run {
    let mut run = open(text);
    let v = run.finish().clone();
    assert!(v.ok(), "{}{}", trace::text::print(&run, v.events), trace::text::verdicts(&v));
    run
}

/// The trace as text, for looking at what a failing test saw.
pub fn text(run: &Run) -> String {
    trace::text::print(run, run.trace().len())
}
