//! Consistency models: what a history of reads and writes may look like, and a checker that says.
//!
//! **Promise.** A verdict for every model, each with its evidence: an order that explains every answer, or a
//! few operations that already contradict the model. Where the search runs out of budget the verdict is
//! "inconclusive", never a guess.
//!
//! ```text
//!   linearizable ──▶ sequential ─┬─▶ causal ─────────────┬─▶ pram
//!                                │                       ├─▶ weak-causal ═══ the four session
//!                                └─▶ causal-convergence ─┘                   guarantees together
//!                                            (eventual speaks of the end alone, and follows from none)
//! ```
//!
//! The scenario *is* the history. Each session is told what to do, for how long, and with what result; it
//! tells the checker when it began and when it ended, by its own clock. When nothing has been heard for a
//! while, the checker orders what it was told and judges it.
//!
//! ```text
//!   at 0ms   A put x 1 10ms            w(x,1) from 0 to 10 ms
//!   at 20ms  B get x 0 10ms            r(x)=0 from 20 to 30 ms
//!   at 40ms  B put x 2 500ms unknown   a write that times out: it may have happened, or may yet
//! ```
//!
//! `ok` may be left away; a `failed` operation surely did not happen; one that is `open` never ends. A `get`
//! without a value reads the session's own copy, and with `copies` on, sessions tell each other what they
//! write: then the answers are nobody's script.
//!
//! **From.** Herlihy & Wing 1990; Lamport 1979; Ahamad et al. 1995; Lipton & Sandberg 1988; Terry et al. 1994;
//! Wing & Gong 1993 and Lowe 2017 for the search; Gibbons & Korach 1997 for the test by values; Bouajjani et
//! al. 2017 for the patterns. The checkers themselves are the engine's (`check::history`): `expect history`
//! asks the same of every entry. The claims here judge the checker by definition, with orders tried one by
//! one, from what was really done and when.
//!
//! | file | holds |
//! |---|---|
//! | `session` | doing what the text says, and telling the checker |
//! | `checker` | collecting, judging, and the mistakes a checker can make |
//! | `claims` | the judge of the judge |
//!
//! **Where it departs from the card.** Initial values are 0; a scenario that needs others writes them first.
//! Session guarantees are judged by what a history proves (see `check::history`): which writes each server
//! had is not in a history. Eventual compares the last reads of the clients, there being no replicas whose
//! states could be compared. One mistake is not the card's: `failed-happened`.
//!
//! **Left out, and what it costs.** Compare-and-set, counters and lists, which the engine's checker knows, have
//! no operation here. The checker's messages are neither repeated nor saved: it must not crash, and a lost
//! message is a hole in its history.

mod card;
mod checker;
mod claims;
mod exhibit;
mod session;
mod why;

use serde::Serialize;

use crate::card::Entry as Card;
use crate::check::history::Status;
use crate::ids::{OpId, Span, Us};
use crate::named;
use crate::protocol::{
    Court, Cx, Face, Fx, Input, Message, Nothing, ParamSet, Params as ReadParams, Protocol,
    Refusal, Step,
};
use crate::show::Showcase;
use crate::value::Value;

use checker::Checker;
use session::Session;
use why::Why;

pub struct Consistency;

type Know<'a> = Cx<'a, Consistency>;
type Do<'a> = Fx<'a, Consistency>;

/// What a session does with what another has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Nobody tells anybody.
    Off,
    /// What comes last stays.
    Arrival,
    /// What was written last, by the writer's clock, stays.
    Newest,
}

#[derive(Clone, Debug)]
pub struct Params {
    copies: Copies,
    takes: (Us, Us),
    unsure: u64,
    refuse: u64,
    patience: Us,
    /// Linearizability by the bare search.
    bare: bool,
    budget: u64,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        let takes = from.range("takes");
        Ok(Params {
            copies: match from.word("copies") {
                "arrival" => Copies::Arrival,
                "newest" => Copies::Newest,
                _ => Copies::Off,
            },
            takes: (*takes.start(), *takes.end()),
            unsure: share(from, "unsure"),
            refuse: share(from, "refuse"),
            patience: from.time("patience").max(1),
            bare: from.word("search") == "bare",
            budget: from.count("budget").into(),
        })
    }
}

fn share(from: &ParamSet, name: &str) -> u64 {
    from.get(name).and_then(Value::units).unwrap_or(0).max(0) as u64
}

#[derive(Clone, Serialize)]
pub enum Node {
    Session(Box<Session>),
    Checker(Box<Checker>),
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    /// To the checker: an operation begins. A write has its value already.
    Began {
        op: OpId,
        lane: u32,
        key: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        put: Option<Value>,
        at: Span,
    },
    /// To the checker: it has ended. A read has its value now.
    Ended {
        op: OpId,
        status: End,
        #[serde(skip_serializing_if = "Option::is_none")]
        got: Option<Value>,
        at: Span,
    },
    /// To the other sessions' copies.
    Wrote { key: Value, value: Value, at: Span },
}

named!(Msg { Began, Ended, Wrote });

impl Message for Msg {}

/// How an operation ended, or is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    Ok,
    Failed,
    Unknown,
    /// Never.
    Open,
}

impl End {
    fn status(self) -> Status {
        match self {
            End::Ok => Status::Ok,
            End::Failed => Status::Failed,
            End::Unknown | End::Open => Status::Unknown,
        }
    }

    fn word(self) -> &'static str {
        match self {
            End::Ok => "ok",
            End::Failed => "failed",
            End::Unknown => "unknown",
            End::Open => "open",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// An operation comes to its end.
    Return(OpId),
    /// Nothing has been heard for a while.
    Judge,
}

named!(Timer { Return, Judge });

impl Protocol for Consistency {
    type Params = Params;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Nothing;
    type Disk = ();
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Card = &card::ENTRY;

    fn boot(cx: &Know<'_>, _: &()) -> Node {
        match cx.cast.role(cx.me) {
            card::CHECKER => Node::Checker(Box::default()),
            _ => Node::Session(Box::default()),
        }
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, Consistency>, fx: &mut Do<'_>) {
        match node {
            Node::Session(s) => s.step(cx, input, fx),
            Node::Checker(c) => c.step(cx, input, fx),
        }
    }

    fn face(node: &Node) -> Face {
        let state = match node {
            Node::Session(s) if s.busy() => "busy",
            Node::Session(_) => "idle",
            Node::Checker(c) if c.listening => "listening",
            Node::Checker(_) => "done",
        };
        Face { state, ..Face::default() }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Session(s) => s.line(),
            Node::Checker(c) => c.line(),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Session(s) => exhibit::session(s, to),
            Node::Checker(c) => exhibit::checker(cx, c, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Consistency>, court: &mut Court) {
        ghost.judge(step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Session(s) => !s.busy(),
            Node::Checker(c) => !c.listening,
        }
    }
}
