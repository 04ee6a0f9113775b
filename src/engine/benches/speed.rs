//! How fast the engine goes, as ratios in one run: `make bench`.
//!
//! - messages delivered per second: Raft with five nodes and ten client operations a second, with the whole
//!   trace and all claims on, beside a bare queue of the same length that is only pushed to and popped from;
//! - the same of every entry, in the settings of its random runs without their faults, beside Raft's in this run;
//! - a look at a random point of a run of 100,000 events, exhibits included.
//!
//! `ENTRY=paxos` asks for one entry alone, over one, two and four times the turns: where the pace sinks, something
//! costs the more the longer a run is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
#[allow(clippy::disallowed_types)] // a bench is the one place that asks what time it is
use std::time::Instant;

use engine::ids::*;
use engine::num::{Stream, below};
use engine::run::{Progress, Run};
use engine::trace::What;
use engine::{protocols, scenario};

const SCENARIO: &str = "lamplight 1\nrun raft nodes=5 clients=1 seed=1\nnet latency=10ms\n\
                        load c1 put x rate=10/s arrivals=even from=1s\nuntil 1h\n";

fn open() -> Run {
    let s = scenario::parse(SCENARIO, &protocols::entries()).unwrap_or_else(|f| panic!("{f:?}"));
    protocols::open(s).unwrap_or_else(|r| panic!("{}", r.message))
}

#[allow(clippy::disallowed_types)]
fn seconds(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}

/// Push and pop as many entries as the run had steps, with as many waiting as the run has.
fn bare_queue(steps: u64) -> f64 {
    let mut queue = BinaryHeap::new();
    let dice = Stream::new(1, "bare");
    (0..32u64).for_each(|i| queue.push(Reverse((i, i, [0u64; 4]))));
    let mut sum = 0;
    let took = seconds(|| {
        for seq in 0..steps {
            let Reverse((at, _, _)) = queue.pop().unwrap();
            sum ^= at;
            queue.push(Reverse((at + below(dice.draw(seq), 10_000), seq + 32, [seq; 4])));
        }
    });
    std::hint::black_box(sum);
    took
}

fn deliveries() {
    let mut rates = vec![];
    let mut ratios = vec![];
    for _ in 0..5 {
        let mut run = open();
        let took = seconds(|| {
            run.advance(1_200 * SEC, u32::MAX);
        });
        let steps = run.world().steps();
        let delivered =
            run.trace().events().filter(|e| matches!(e.what, What::Deliver { .. })).count();
        let bare = bare_queue(steps);
        rates.push(delivered as f64 / took);
        ratios.push(took / bare);
    }
    println!("deliveries per second, trace and claims on: {:.0} (median of 5)", median(rates));
    println!("times the bare queue: {:.1} (median of 5)", median(ratios));
}

/// An entry in the first of the settings its random runs begin with.
fn usual(bill: &protocols::Bill) -> Run {
    let folder = bill.id.replace('-', "_");
    let path = format!("{}/protocols/{folder}/swarm.lamp", env!("CARGO_MANIFEST_DIR"));
    let swarm = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let keep = |l: &&str| {
        !l.starts_with("lamplight") && !l.starts_with("run ") && !l.starts_with("expect")
    };
    let run = swarm.lines().find(|l| l.starts_with("run ")).unwrap_or_default();
    let rest: Vec<&str> = swarm.lines().map(str::trim).filter(keep).collect();
    let text = format!("lamplight 1\n{run} seed=1\n{}\nuntil 1h\n", rest.join("\n"));
    let s = protocols::parse(&text).unwrap_or_else(|f| panic!("{}: {f:?}", bill.id));
    protocols::open(s).unwrap_or_else(|r| panic!("{}: {}", bill.id, r.message))
}

/// How many turns of the world an entry is timed over.
const TURNS: u32 = 20_000;

struct Pace {
    /// A second.
    turns: f64,
    deliveries: f64,
    /// Of how many turns one is a delivery, in percent.
    share: usize,
}

/// Medians of five. A turn is whatever the world does at once, a client's operation included: an entry that answers
/// without asking anybody, or whose loads end early, has few deliveries among its turns or few turns, and how fast
/// it goes is told by its turns.
fn pace_of(bill: &protocols::Bill, budget: u32) -> Pace {
    let mut share = 0;
    let mut once = |_| {
        let (mut run, mut turns) = (usual(bill), 0);
        let took = seconds(|| {
            while turns < budget && run.advance(3_600 * SEC, 1) == Progress::Budget {
                turns += 1;
            }
        });
        let is = |e: &engine::trace::Event| matches!(e.what, What::Deliver { .. });
        let delivered = run.trace().events().filter(is).count();
        share = 100 * delivered / turns.max(1) as usize;
        (f64::from(turns) / took, delivered as f64 / took)
    };
    let all: Vec<(f64, f64)> = (0..5).map(&mut once).collect();
    let of = |f: fn(&(f64, f64)) -> f64| median(all.iter().map(f).collect());
    Pace { turns: of(|p| p.0), deliveries: of(|p| p.1), share }
}

fn entries() {
    let raft = protocols::CATALOGUE.iter().find(|b| b.id == "raft").map(|b| pace_of(b, TURNS));
    let raft = raft.map_or((1.0, 1.0), |p| (p.turns, p.deliveries));
    for bill in protocols::CATALOGUE {
        let p = pace_of(bill, TURNS);
        println!(
            "{:>20}: {:>9.0} turns ({:.2} of Raft's) and {:>9.0} deliveries ({:.2}) a second, {:>2} % of its turns",
            bill.id,
            p.turns,
            p.turns / raft.0,
            p.deliveries,
            p.deliveries / raft.1,
            p.share
        );
    }
}

fn one(entry: &str) {
    for bill in protocols::CATALOGUE.iter().filter(|b| b.id == entry) {
        for budget in [TURNS, 2 * TURNS, 4 * TURNS] {
            let p = pace_of(bill, budget);
            println!(
                "{entry}: {budget} turns, {:.0} turns and {:.0} deliveries a second, {} % of its turns",
                p.turns, p.deliveries, p.share
            );
        }
    }
}

fn seeks() {
    let mut run = open();
    while run.trace().len() < 100_000 {
        let to = run.world().now() + SEC;
        run.advance(to, u32::MAX);
    }
    let dice = Stream::new(1, "seek");
    let mut took = vec![];
    for k in 0..1_000 {
        let event = EventId(below(dice.draw(k), run.trace().len() as u64) as u32);
        took.push(seconds(|| {
            let peek = run.peek(event);
            for n in run.cast().all() {
                std::hint::black_box((peek.exhibits(n), peek.line(n), peek.timers(n)));
            }
        }));
    }
    took.sort_by(f64::total_cmp);
    println!(
        "seek in {} events with exhibits: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
        run.trace().len(),
        took[500] * 1e3,
        took[990] * 1e3,
        took[999] * 1e3
    );
}

fn main() {
    // `cargo test --benches` only asks whether this starts.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    if let Ok(entry) = std::env::var("ENTRY") {
        return one(&entry);
    }
    deliveries();
    entries();
    seeks();
}
