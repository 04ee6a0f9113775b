//! Physical clocks: three ways to set a clock by another one over a network that takes its time.
//!
//! No two clocks run alike, and a message that says "it is twelve" is late when it arrives, nobody knows by
//! how much. All three algorithms ask, measure the round trip, and bound what they cannot know.
//!
//! ```text
//!             T2    T3                  offset θ = ½[(T2 − T1) + (T3 − T4)]   server minus client
//!   s1 ───────●─────●────────▶          delay  δ = (T4 − T1) − (T3 − T2)
//!            ╱       ╲
//!   c1 ─────●─────────●──────▶          θ is wrong by half of (way out − way back), and so by at most δ/2
//!          T1         T4
//! ```
//!
//! - **Cristian** takes the server's time plus half the round trip: off by at most half the round trip less
//!   the shortest a message can take. A round trip too long is thrown away, and the client asks again.
//! - **NTP** has four timestamps, so that the time the server took is not counted; keeps of the last eight
//!   samples the one with the shortest delay; intersects what several servers say, so that a minority of
//!   false ones is outvoted; and turns the clock gently (slew), or after long doubt sets it (step).
//! - **Berkeley** has no true time at all: a master asks everybody, averages those that agree, and tells
//!   each how far to go. Negative corrections are slewed, so that no clock goes back.
//!
//! **From.** F. Cristian, Probabilistic clock synchronization, Distributed Computing 3, 1989. RFC 5905:
//! §8 on-wire protocol, §9.2 dispersion, §10 clock filter, §11.2.1 selection, §11.2.2 cluster, §11.2.3
//! combine, §11.3 discipline. K. Marzullo and S. Owicki, Maintaining the time in a distributed system, 1983.
//! R. Gusella and S. Zatti, The accuracy of the clock synchronization achieved by TEMPO in Berkeley UNIX
//! 4.3BSD, 1989.
//!
//! **Samples and corrections.** A sample is kept against the monotonic clock, which no correction moves: so
//! an older one with a shorter delay is still right after the wall clock has been turned. Selection runs
//! once all the servers asked have answered, or when the next round begins.
//!
//! **Left out.** NTP's loop that learns the drift (a clock is turned by the whole offset found, so the error
//! is a saw-tooth that learning would flatten); changing the poll interval by itself; the dispersion of
//! 16 s that stands for samples not taken yet (a first sample counts at once); setting the clock at once at
//! the start, whatever the step-out; leap seconds, refid, authentication and the other modes of the packet.
//! An election of Berkeley's master: when it dies its flock drifts apart.

mod card;
mod claims;
mod client;
mod master;
mod select;
mod sentences;
mod server;
mod steer;
mod why;

use serde::Serialize;

pub use select::{Interval, hull, intersect};
pub use why::Why;

use crate::card::Entry;
use crate::ids::{NodeId, Span, Us};
use crate::named;
use crate::protocol::*;
use crate::show::{Exhibit, Showcase, Spans, Stretch, Table};
use client::Client;
use server::Server;

pub struct Ntp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Ntp,
    Cristian,
    Berkeley,
}

#[derive(Clone, Debug)]
pub struct Knobs {
    pub algorithm: Algorithm,
    pub poll: Us,
    /// How many samples the clock filter holds.
    pub filter: usize,
    pub discipline: bool,
    /// Offsets from here on are not slewed.
    pub step: i64,
    pub stepout: Us,
    pub panic: i64,
    /// How fast a clock is turned, in ppm.
    pub slew: u32,
    /// How long a server takes to answer.
    pub hold: Us,
    pub precision: i64,
    /// Cristian's longest round trip; 0 takes any.
    pub accept: i64,
    /// The shortest a message can take.
    pub min: i64,
    /// Berkeley: how far apart clocks may be and still be averaged.
    pub gamma: i64,
    pub timeout: Us,
}

impl Params for Knobs {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Knobs {
            algorithm: match from.word("algorithm") {
                "cristian" => Algorithm::Cristian,
                "berkeley" => Algorithm::Berkeley,
                _ => Algorithm::Ntp,
            },
            poll: from.time("poll"),
            filter: from.count("filter") as usize,
            discipline: from.flag("discipline"),
            step: from.int("step"),
            stepout: from.time("stepout"),
            panic: from.int("panic"),
            slew: from.count("slew"),
            hold: from.time("hold"),
            precision: from.int("precision"),
            accept: from.int("accept"),
            min: from.int("min"),
            gamma: from.int("gamma"),
            timeout: from.time("timeout"),
        })
    }
}

/// RFC 5905: how far a clock may drift, in ppm, as its dispersion assumes.
const PHI: i64 = 15;
/// RFC 5905: a server whose root distance is larger is no candidate.
const MAXDIST: i64 = 1_000_000;

/// How much a doubt grows in this time.
fn aged(us: i64) -> i64 {
    us * PHI / 1_000_000
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Node {
    Client(Box<Client>),
    Server(Box<Server>),
}

/// What a node just learned of another's clock; it stands for one step, for the claims.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    pub of: NodeId,
    /// The other minus this one.
    pub offset: i64,
    pub delay: i64,
    /// How far the offset may be from the truth, as the node claims.
    pub bound: i64,
    /// What it holds true of the other after its filter.
    pub believed: i64,
}

/// A server's answer, with T1 to T3 of the exchange.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Response {
    pub stratum: u8,
    pub precision: Span,
    pub root_delay: Span,
    pub root_disp: Span,
    pub org: Span,
    pub rec: Span,
    pub xmt: Span,
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    /// NTP, mode 3: a client asks at T1.
    Request {
        poll: Span,
        xmt: Span,
    },
    /// NTP, mode 4.
    Response(Response),
    TimeReq {
        seq: u64,
    },
    TimeResp {
        seq: u64,
        t_server: Span,
    },
    Poll {
        round: u64,
        master_time: Span,
    },
    Reply {
        round: u64,
        diff: Span,
    },
    Adjust {
        round: u64,
        delta: Span,
    },
}

named!(Msg { Request, Response, TimeReq, TimeResp, Poll, Reply, Adjust });

impl Message for Msg {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    Poll,
    /// A server has read a request and will answer it.
    Hold(u64),
    /// An answer is overdue.
    Overdue,
}

named!(Timer { Poll, Hold, Overdue });

type Know<'a> = Cx<'a, Ntp>;
type Do<'a, 'b> = &'a mut Fx<'b, Ntp>;

impl Protocol for Ntp {
    type Params = Knobs;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Nothing;
    type Disk = ();
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Entry = &card::ENTRY;

    fn boot(cx: &Know, _: &()) -> Node {
        match cx.cast.role(cx.me) {
            card::CLIENTS => Node::Client(Box::new(Client::boot(cx))),
            _ => Node::Server(Box::default()),
        }
    }

    fn step(cx: &Know, node: &mut Node, input: Input<'_, Self>, fx: Do) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Server(s) => s.step(cx, input, fx),
        }
    }

    fn face(node: &Node) -> Face {
        let state = match node {
            Node::Client(c) => c.state(),
            Node::Server(_) => "",
        };
        Face { state, ..Face::default() }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Client(c) => c.line(),
            Node::Server(s) => s.line(),
        }
    }

    fn exhibit(cx: &Know, node: &Node, to: &mut Showcase) {
        match node {
            Node::Client(c) => c.exhibit(cx, to),
            Node::Server(s) => s.exhibit(cx, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Self>, court: &mut Court) {
        ghost.judge(step, court);
    }

    /// `shift by=500ms`: from now on it adds so much to every time it tells.
    fn lie(_: &Know, lie: &str, node: &mut Node, _: &Input<'_, Self>, _: Do) -> Lied {
        if let (Node::Server(s), Some(by)) = (node, lie.strip_prefix("shift by=")) {
            s.shift = length(by);
        }
        Lied::Honest
    }
}

fn servers<'a>(cx: &Know<'a>) -> impl Iterator<Item = NodeId> + use<'a> {
    cx.cast.of_role(card::SERVERS)
}

fn clients<'a>(cx: &Know<'a>) -> impl Iterator<Item = NodeId> + use<'a> {
    cx.cast.of_role(card::CLIENTS)
}

/// A length of time as a value prints it; whole numbers only.
fn length(text: &str) -> i64 {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        _ => 0,
    };
    digits.parse::<i64>().unwrap_or(0) * unit
}

fn half(us: i64) -> i64 {
    us.div_euclid(2)
}

fn shown(us: i64) -> String {
    crate::value::print_time(us)
}

/// How times that are compared are written: in one unit, which stands in their heading, and all with as many decimals as
/// one of them needs.
struct Scale {
    unit: &'static str,
    size: u64,
    decimals: usize,
}

impl Scale {
    fn of(times: &[i64]) -> Scale {
        let (unit, size) = match times.iter().map(|t| t.unsigned_abs()).max() {
            Some(10_000_000..) => ("s", 1_000_000),
            Some(1_000..) => ("ms", 1_000),
            _ => ("µs", 1),
        };
        // A 1 before the decimals keeps their zeros.
        let needed =
            |t: &i64| (size + t.unsigned_abs() % size).to_string().trim_end_matches('0').len();
        Scale { unit, size, decimals: times.iter().map(needed).max().unwrap_or(1) - 1 }
    }

    /// `offset, ms`
    fn head(&self, word: &str) -> String {
        [word, ", ", self.unit].concat()
    }

    fn show(&self, us: i64) -> String {
        let n = us.unsigned_abs();
        let (whole, rest) = ((n / self.size).to_string(), (self.size + n % self.size).to_string());
        let sign = if us < 0 { "−" } else { "" };
        let point = if self.decimals > 0 { "." } else { "" };
        [sign, &whole, point, &rest[1..=self.decimals]].concat()
    }

    fn signed(&self, us: i64) -> String {
        [if us > 0 { "+" } else { "" }, &self.show(us)].concat()
    }
}
