//! Random faults, many seeds: no claim may break that the entry promises to keep.
//!
//! Each entry ships `swarm.lamp`: the settings, loads and expectations a random run starts from; with
//! several `run` lines the seed chooses one. To these come faults of every kind the entry tolerates, each
//! at least once. A failure prints the scenario that reproduces it.
//!
//! `SEEDS=2000 cargo test --release -p lamplight-engine --test swarm` for a longer look.

mod house;

use std::fs;
use std::io::Write;

use engine::card::{ClaimKind, Fault};
use engine::num::{Stream, below};
use engine::protocols::Bill;
use engine::run::Run;
use engine::scenario::ast::Out;
use house::*;

/// Virtual time of a run: twenty of the longest usual timeouts.
const LENGTH_MS: u64 = 6_000;

/// Figures are told even where the test passes: past what the runner keeps to itself.
fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

struct Dice(Stream, u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(Stream::new(seed, "swarm"), 0)
    }
    fn roll(&mut self, n: u64) -> u64 {
        self.1 += 1;
        below(self.0.draw(self.1), n)
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len() as u64) as usize]
    }
}

/// What a random run starts from.
struct Base {
    runs: Vec<String>,
    rest: Vec<String>,
}

fn base(bill: &Bill) -> Base {
    let path = folder(bill).join("swarm.lamp");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#') && !l.starts_with("lamplight"));
    let (runs, rest): (Vec<&str>, Vec<&str>) = lines.partition(|l| l.starts_with("run "));
    let own = |v: Vec<&str>| v.into_iter().map(str::to_string).collect();
    Base { runs: own(runs), rest: own(rest) }
}

/// The text of one random run.
fn text(bill: &Bill, base: &Base, seed: u64, bug: Option<&str>) -> String {
    let mut d = Dice::new(seed);
    let run = d.pick(&base.runs).clone();
    let settings = base.rest.iter().filter(|l| !l.starts_with("expect"));
    let expects = base.rest.iter().filter(|l| l.starts_with("expect"));
    let cast = cast_of(&run);
    let mut out = format!("lamplight 1\n{run} seed={seed}\n");
    settings.for_each(|l| out += &format!("{l}\n"));
    if let Some(bug) = bug {
        out += &format!("bug {bug}\n");
    }
    let mut steps = vec![];
    let servers = fallible(bill, &cast);
    // One node may lie, in whatever ways: who bears more says so by a parameter.
    let lies = bill.entry().tolerates.contains(&Fault::Lies);
    let liar = if lies { d.pick(&servers).clone() } else { String::new() };
    let mut order: Vec<Fault> = bill.entry().tolerates.to_vec();
    // Every tolerated fault once, and a few again.
    for _ in 0..3 {
        order.push(*d.pick(bill.entry().tolerates));
    }
    for fault in order {
        if fault == Fault::Lies {
            steps.push(turn(bill, &mut d, &liar));
            continue;
        }
        out += &add(fault, &mut d, &servers, &cast, &mut steps);
    }
    steps.sort();
    steps.iter().for_each(|(at, line)| out += &format!("at {at}ms {line}\n"));
    expects.for_each(|l| out += &format!("{l}\n"));
    out + &format!("until {LENGTH_MS}ms\n")
}

fn cast_of(run: &str) -> Vec<(String, u8)> {
    let s =
        read(&format!("lamplight 1\n{run}\nuntil 1ms\n")).unwrap_or_else(|e| panic!("{run}\n{e}"));
    let run = engine::protocols::open(s).unwrap_or_else(|r| panic!("{}", r.message));
    run.cast().members.iter().map(|m| (m.id.clone(), m.role)).collect()
}

/// Nodes that may fail: clients are the witnesses.
fn fallible(bill: &Bill, cast: &[(String, u8)]) -> Vec<String> {
    let top = bill.entry().roles.iter().map(|r| r.tier).min().unwrap_or(0);
    let flat = bill.entry().roles.iter().all(|r| r.tier == top);
    cast.iter()
        .filter(|(_, r)| flat || bill.entry().roles[*r as usize].tier > top)
        .map(|(n, _)| n.clone())
        .collect()
}

/// One fault: lines for the head of the text, and steps with their times.
fn add(
    fault: Fault,
    d: &mut Dice,
    nodes: &[String],
    cast: &[(String, u8)],
    steps: &mut Vec<(u64, String)>,
) -> String {
    let start = 200 + d.roll(LENGTH_MS - 1_500);
    let end = start + 50 + d.roll(900);
    let n = d.pick(nodes).clone();
    let mut span = |a: String, b: String| {
        steps.push((start, a));
        steps.push((end, b));
        String::new()
    };
    match fault {
        Fault::Crash => span(format!("crash {n}"), format!("restart {n}")),
        Fault::Amnesia => span(format!("crash {n}"), format!("restart {n} amnesia")),
        Fault::Pause => span(format!("pause {n}"), format!("resume {n}")),
        Fault::Loss => span(format!("set net loss={}%", 5 + d.roll(25)), "set net loss=0%".into()),
        Fault::Duplication => {
            span(format!("set net duplicate={}%", 10 + d.roll(40)), "set net duplicate=0%".into())
        }
        Fault::Reordering => span(
            format!("set net latency=1ms..{}ms", 20 + d.roll(60)),
            "set net latency=10ms".into(),
        ),
        Fault::SlowDisk => span(
            format!("set node {n} disk={}ms", 1 + d.roll(60)),
            format!("set node {n} disk=1ms"),
        ),
        Fault::ClockError => {
            span(format!("drift {n} to {}ppm", d.roll(400_000)), format!("drift {n} to 0ppm"))
        }
        Fault::Partition => span(partition(d, cast), "heal".into()),
        Fault::Lies => String::new(),
    }
}

/// From some time on a node lies: as any world lets it, or as its protocol knows how to.
fn turn(bill: &Bill, d: &mut Dice, liar: &str) -> (u64, String) {
    let mut lies = vec!["silent", "late", "replay"];
    lies.extend(bill.entry().lies.iter().map(|l| l.slug));
    let start = d.roll(LENGTH_MS - 1_500);
    (start, format!("turn {liar} {}", d.pick(&lies)))
}

fn partition(d: &mut Dice, cast: &[(String, u8)]) -> String {
    let (mut left, mut right) = (vec![], vec![]);
    for (name, _) in cast {
        if d.roll(2) == 0 { left.push(name.as_str()) } else { right.push(name.as_str()) }
    }
    if left.is_empty() || right.is_empty() {
        return format!("isolate {}", cast[d.roll(cast.len() as u64) as usize].0);
    }
    format!("partition {} | {}", left.join(" "), right.join(" "))
}

struct Seen {
    /// What failed, if anything did.
    wrong: Option<String>,
    asked: usize,
    answered: usize,
}

fn try_one(text: &str) -> Seen {
    let scenario = read(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
    let run: Run = finished(scenario);
    let v = verdicts(&run);
    let claims = v.claims.iter().filter(|c| !c.broken.is_empty()).map(|c| c.name.to_string());
    let expects = v.expects.iter().filter(|e| !e.ok).map(|e| e.got.clone());
    let wrong: Vec<String> = claims.chain(expects).collect();
    let ok = |o: &&engine::trace::OpRec| matches!(o.ret, Some((_, Out::Ok, _)));
    Seen {
        wrong: (!wrong.is_empty()).then(|| wrong.join(", ")),
        asked: run.trace().ops.len(),
        answered: run.trace().ops.iter().filter(ok).count(),
    }
}

fn seeds(default: u64) -> u64 {
    std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(default)
}

#[test]
fn random_faults_break_nothing() {
    for bill in bills() {
        let base = base(bill);
        let (mut asked, mut answered) = (0, 0);
        for seed in 1..=seeds(200) {
            let text = text(bill, &base, seed, None);
            let seen = try_one(&text);
            assert!(
                seen.wrong.is_none(),
                "{}: {}\n{text}",
                bill.entry().id,
                seen.wrong.unwrap_or_default()
            );
            asked += seen.asked;
            answered += seen.answered;
        }
        let share = answered * 100 / asked.max(1);
        let per_run = asked as u64 / seeds(200);
        tell(&format!(
            "{}: {} seeds, {per_run} operations a run, {share} % answered",
            bill.entry().id,
            seeds(200)
        ));
        assert!(
            per_run >= 50 && share >= 30,
            "{}: {per_run} operations a run, {share} % answered",
            bill.entry().id
        );
    }
}

/// The swarm alone, knowing no choreography, finds most safety mistakes.
#[test]
fn random_faults_find_most_mistakes() {
    let (mut found, mut all, mut lines) = (0, 0, vec![]);
    for bill in bills() {
        let base = base(bill);
        let safety = |name: &str| {
            name == "history"
                || bill.entry().claims.iter().any(|c| c.name == name && c.kind == ClaimKind::Safety)
        };
        for bug in bill.entry().bugs.iter().filter(|b| b.breaks.first().is_some_and(|n| safety(n)))
        {
            let at = (1..=seeds(2_000))
                .find(|&seed| try_one(&text(bill, &base, seed, Some(bug.slug))).wrong.is_some());
            all += 1;
            found += usize::from(at.is_some());
            let when = at.map_or("not found".into(), |s| format!("seed {s}"));
            lines.push(format!("{} {}: {when}", bill.entry().id, bug.slug));
        }
    }
    tell(&format!("{}\nfound {found} of {all} safety mistakes", lines.join("\n")));
    assert!(found * 100 >= all * 80, "{}\nfound {found} of {all}", lines.join("\n"));
}
