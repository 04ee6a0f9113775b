//! How long a verdict takes: 1,000 operations of 10 clients, by every model. `make bench`.
//!
//! Four histories that really ran on one copy, with every answer true: a register, eight registers,
//! compare-and-set on one object with repeated values, counters. Then the same with one stale read, which
//! costs the search for a small witness too.

#[allow(clippy::disallowed_types)] // a bench is the one place that asks what time it is
use std::time::Instant;

use engine::check::history::*;
use engine::ids::NodeId;
use engine::num::{Stream, below};
use engine::value::Value;

const CLIENTS: u64 = 10;
const EACH: u64 = 100;

struct Dice(Stream, u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.1 += 1;
        below(self.0.draw(self.1), n)
    }
}

/// When an operation took effect, whose it is, and when it was invoked and returned.
type Plan = (u64, u32, u64, u64);

fn plans(dice: &mut Dice) -> Vec<Plan> {
    let mut plans: Vec<Plan> = vec![];
    for session in 0..CLIENTS as u32 {
        let mut at = dice.roll(10);
        for _ in 0..EACH {
            let ret = at + 5 + dice.roll(30);
            plans.push((at + dice.roll(ret - at), session, at, ret));
            at = ret + 1 + dice.roll(10);
        }
    }
    plans.sort();
    plans
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Register,
    Cas,
    Counter,
}

/// What the objects answered, one operation after the other.
fn ran(sort: Sort, keys: u64) -> History {
    let mut dice = Dice(Stream::new(1, "history"), 0);
    let mut state = vec![0; keys as usize];
    let mut next = 0;
    let mut op = |dice: &mut Dice, (_, session, invoke, ret): Plan| {
        let key = dice.roll(keys) as usize;
        next += 1;
        let now = state[key];
        let new = if sort == Sort::Cas { dice.roll(5) as i64 } else { next };
        let kind = match (sort, dice.roll(3)) {
            (_, 0) => Kind::Read(Value::Int(now)),
            (Sort::Cas, 1) => Kind::Cas { from: Value::Int(now), to: Value::Int(new) },
            (Sort::Counter, _) => Kind::Add(1),
            _ => Kind::Write(Value::Int(new)),
        };
        state[key] = match kind {
            Kind::Read(_) => now,
            Kind::Add(by) => now + by,
            _ => new,
        };
        let key = format!("k{key}");
        let node = NodeId(session as u16);
        HistOp { session, node, key, kind, invoke, ret: Some(ret), status: Status::Ok }
    };
    let plans = plans(&mut dice);
    History::from_instants(plans.into_iter().map(|plan| op(&mut dice, plan)).collect())
}

/// A late read returns what an early one of its key did.
fn stale(h: &History) -> History {
    let mut h = h.clone();
    let reads: Vec<usize> =
        (0..h.ops.len()).filter(|i| matches!(h.ops[*i].kind, Kind::Read(_))).collect();
    let late = reads[reads.len() * 9 / 10];
    let early = reads.iter().find(|r| h.ops[**r].key == h.ops[late].key);
    h.ops[late].kind = h.ops[*early.expect("its key was read before")].kind.clone();
    h
}

/// Milliseconds, the median of several.
#[allow(clippy::disallowed_types)]
fn time(model: Model, h: &History) -> (f64, Verdict) {
    let mut took = vec![];
    let mut verdict = model.judge(h, BUDGET);
    for _ in 0..5 {
        let start = Instant::now();
        verdict = model.judge(h, BUDGET);
        took.push(start.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    (took[2], verdict)
}

fn main() {
    // `cargo test --benches` only asks whether this starts.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let histories = [
        ("register", ran(Sort::Register, 1)),
        ("8 registers", ran(Sort::Register, 8)),
        ("compare-and-set", ran(Sort::Cas, 1)),
        ("counters", ran(Sort::Counter, 4)),
    ];
    for (what, h) in histories {
        for (how, h) in [("true", h.clone()), ("one stale read", stale(&h))] {
            for model in Model::ALL {
                let (ms, verdict) = time(model, &h);
                let holds = match verdict.holds() {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "inconclusive",
                };
                println!("{what}, {how}: {} {holds} in {ms:.2} ms", model.word());
            }
        }
    }
}
