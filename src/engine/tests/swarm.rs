//! Random faults, many seeds: no claim may break that the entry promises to keep.
//!
//! Each entry ships `swarm.lamp`: the settings, loads and expectations a random run starts from; with
//! several `run` lines the seed chooses one. To these come faults of every kind the entry tolerates; what
//! they did is counted from the trace, and one that found nothing to disturb is drawn again. A failure
//! prints the scenario that reproduces it.
//!
//! Two things the file says in its comments, above all runs or behind one:
//!
//! - `# timeout: PARAM` is the parameter (of a range the longest) by which the entry, or its clients, take
//!   something for lost: the one that makes it act, not an operator's patience. A run lasts twenty of it. Where
//!   nothing in the protocol waits, a time stands in its place.
//! - `# clocks: PPM` is by how much a clock may run too fast or too slow, where a promise rests on it.
//!
//! `SEEDS=2000 cargo test --release -p lamplight-engine --test swarm` for a longer look.

mod faults;
mod house;

use std::fs;
use std::io::Write;

use engine::card::{ClaimKind, Fault};
use engine::ids::{MS, Us};
use engine::num::{Stream, below};
use engine::protocols::Bill;
use engine::run::Run;
use engine::scenario::ast::Out;
use faults::{Effects, SLOW_MS};
use house::*;

/// How long a run is: so many of its timeouts.
const TIMEOUTS: Us = 20;
/// And at least so long: with a short timeout too, faults need time to meet.
const LEAST_MS: u64 = 6_000;
/// How wrong a clock may run where the file says nothing.
const CLOCKS_PPM: u64 = 400_000;
/// In one run: operations asked for, and how many percent of them come to a good end.
const ASKED: usize = 50;
const ANSWERED: usize = 30;
/// For so many seeds that mix is promised, and that every fault took effect. A longer look is one for what breaks: of
/// thousands of seeds a few stop a majority for most of their time, or part a network that has nothing more to say.
const SURE: u64 = 200;
/// How many percent of its safety mistakes the swarm finds in each entry.
const FOUND: usize = 80;
/// How often faults without effect are drawn again.
const AGAIN: usize = 16;

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

/// What the random runs of an entry start from.
struct Base {
    starts: Vec<Start>,
    settings: Vec<String>,
    expects: Vec<String>,
    disk: String,
}

/// A `run` line, and what is known of it.
struct Start {
    line: String,
    cast: Vec<(String, u8)>,
    timeout: Us,
    clocks: u64,
}

impl Start {
    fn length_ms(&self) -> u64 {
        (TIMEOUTS * self.timeout / MS).max(LEAST_MS)
    }
}

fn base(bill: &Bill) -> Base {
    let path = folder(bill).join("swarm.lamp");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("lamplight"));
    let (notes, lines): (Vec<&str>, Vec<&str>) = lines.partition(|l| l.starts_with('#'));
    let (runs, rest): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|l| l.starts_with("run "));
    let (expects, settings): (Vec<&str>, Vec<&str>) =
        rest.into_iter().partition(|l| l.starts_with("expect"));
    let own = |v: Vec<&str>| v.into_iter().map(str::to_string).collect();
    let starts = runs.iter().map(|line| start(line, &notes.join(" "))).collect();
    let disk = format!("{}ms", bill.entry().disk / MS);
    Base { starts, settings: own(settings), expects: own(expects), disk }
}

/// `notes` are of all runs; what stands behind a `run` line is of that run alone.
fn start(line: &str, notes: &str) -> Start {
    let (line, own) = line.split_once(" # ").unwrap_or((line, ""));
    let note = |word: &str| told(own, word).or_else(|| told(notes, word));
    let s = read(&format!("lamplight 1\n{line}\nuntil 1ms\n"))
        .unwrap_or_else(|e| panic!("{line}\n{e}"));
    let run = engine::protocols::open(s).unwrap_or_else(|r| panic!("{line}\n{}", r.message));
    let name = note("timeout:").unwrap_or_else(|| panic!("{line}: no timeout is told"));
    let timeout = *run.plan().params.range(name).end();
    let timeout = name.strip_suffix("ms").map_or(timeout, |n| n.parse().unwrap_or(0) * MS);
    assert!(timeout > 0, "{line}: `{name}` is no time");
    let clocks = note("clocks:").and_then(|c| c.strip_suffix("ppm")?.parse().ok());
    let cast = run.cast().members.iter().map(|m| (m.id.clone(), m.role)).collect();
    Start { line: line.trim().into(), cast, timeout, clocks: clocks.unwrap_or(CLOCKS_PPM) }
}

/// The word behind a word.
fn told<'a>(notes: &'a str, word: &str) -> Option<&'a str> {
    notes.split_whitespace().skip_while(|w| *w != word).nth(1)
}

impl Base {
    /// What a key of the `net` line is when nothing is wrong. (A fault of loss or of copies leaves none behind.)
    fn usual<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        let nets = self.settings.iter().filter(|l| l.starts_with("net "));
        let mut words = nets.flat_map(|l| l.split_whitespace());
        words.find_map(|w| w.strip_prefix(key)?.strip_prefix('=')).unwrap_or(default)
    }
}

/// A random run that is being written.
struct Draft<'a> {
    bill: &'a Bill,
    base: &'a Base,
    start: &'a Start,
    dice: Dice,
    /// Nodes that may fail.
    nodes: Vec<String>,
    liar: String,
    spans: Vec<Span>,
    /// How often the fault that is being drawn has been drawn in vain: every other time it begins early, where
    /// there is more to disturb; and on the network it lasts longer and reaches further.
    vain: u64,
}

/// A fault and its end, if it ends, with their times in ms.
struct Span {
    begins: (u64, String),
    ends: Option<(u64, String)>,
}

/// The text of one random run. Each of the lists in `again` is drawn after all before it.
fn text(bill: &Bill, base: &Base, seed: u64, bug: Option<&str>, again: &[Vec<Fault>]) -> String {
    let mut dice = Dice::new(seed);
    let start = dice.pick(&base.starts);
    let nodes = fallible(bill, &start.cast);
    // One node may lie, in whatever ways: who bears more says so by a parameter.
    let lies = bill.entry().tolerates.contains(&Fault::Lies);
    let liar = if lies { dice.pick(&nodes).clone() } else { String::new() };
    let mut draft = Draft { bill, base, start, dice, nodes, liar, spans: vec![], vain: 0 };
    bill.entry().tolerates.iter().for_each(|f| draft.add(*f));
    for _ in 0..start.length_ms() / 2_000 {
        let fault = *draft.dice.pick(bill.entry().tolerates);
        draft.add(fault);
    }
    for faults in again {
        draft.vain += 1;
        faults.iter().for_each(|f| draft.add(*f));
    }
    draft.print(seed, bug)
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

impl Draft<'_> {
    fn print(self, seed: u64, bug: Option<&str>) -> String {
        let mut steps: Vec<&(u64, String)> = self.spans.iter().map(|s| &s.begins).collect();
        steps
            .extend(self.spans.iter().filter_map(|s| s.ends.as_ref()).filter(|e| !self.goes_on(e)));
        steps.sort();
        let head = [format!("lamplight 1\n{} seed={seed}", self.start.line)];
        let bug = bug.map(|b| format!("bug {b}"));
        let steps = steps.into_iter().map(|(at, line)| format!("at {at}ms {line}"));
        let until = [format!("until {}ms", self.start.length_ms())];
        let (settings, expects) =
            (self.base.settings.iter().cloned(), self.base.expects.iter().cloned());
        let lines =
            head.into_iter().chain(settings).chain(bug).chain(steps).chain(expects).chain(until);
        lines.map(|l| l + "\n").collect()
    }

    /// Whether another fault of the network that ends in the same way is under way then.
    fn goes_on(&self, (at, end): &(u64, String)) -> bool {
        let same = |s: &&Span| s.ends.as_ref().is_some_and(|(until, e)| e == end && until > at);
        end.starts_with("set net") && self.spans.iter().filter(same).any(|s| s.begins.0 <= *at)
    }

    /// From some time to some other.
    fn span(&mut self, begins: String, ends: String) {
        let mut times = self.times(&begins);
        // What was drawn in vain does not meet its like at the same node again.
        for _ in 0..20 {
            if self.vain == 0 || !self.meets(times, &begins) {
                break;
            }
            times = self.times(&begins);
        }
        let (begins, ends) = ((times.0, begins), Some((times.1, ends)));
        self.spans.push(Span { begins, ends });
    }

    fn times(&mut self, begins: &str) -> (u64, u64) {
        let last = self.start.length_ms() - 350;
        let (first, room) = (200, last - 1_150);
        let (first, room) = if self.vain % 2 == 1 { (50, room / 16) } else { (first, room) };
        let start = first + self.dice.roll(room);
        let longer = if begins.starts_with("set net") { 400 * self.vain } else { 0 };
        (start, last.min(start + 50 + self.dice.roll(900) + longer))
    }

    /// Whether the node is down or paused at that time already.
    fn meets(&self, (start, end): (u64, u64), begins: &str) -> bool {
        let stopped = |line: &str| {
            line.strip_prefix("crash ").or(line.strip_prefix("pause ")).map(str::to_string)
        };
        let node = stopped(begins);
        let same = |s: &&Span| node.is_some() && stopped(&s.begins.1) == node;
        let until = |s: &Span| s.ends.as_ref().map_or(u64::MAX, |e| e.0);
        self.spans.iter().filter(same).any(|s| s.begins.0 <= end && until(s) >= start)
    }

    /// The network gets worse for a while.
    fn net(&mut self, key: &str, value: String, after: &str) {
        self.span(format!("set net {key}={value}"), format!("set net {key}={after}"));
    }

    /// One fault, and its end.
    fn add(&mut self, fault: Fault) {
        let n = self.dice.pick(&self.nodes).clone();
        match fault {
            Fault::Crash => self.span(format!("crash {n}"), format!("restart {n}")),
            Fault::Amnesia => self.span(format!("crash {n}"), format!("restart {n} amnesia")),
            Fault::Pause => self.span(format!("pause {n}"), format!("resume {n}")),
            Fault::Loss => {
                let share = 5 + self.dice.roll(25) + 10 * self.vain.min(6);
                self.net("loss", format!("{share}%"), "0%");
            }
            Fault::Duplication => {
                let share = 10 + self.dice.roll(40) + 5 * self.vain.min(6);
                self.net("duplicate", format!("{share}%"), "0%");
            }
            Fault::Reordering => {
                let most = (20 + self.dice.roll(60)) << self.vain.min(6);
                let usual = self.base.usual("latency", "10ms");
                self.net("latency", format!("1ms..{most}ms"), usual);
            }
            Fault::SlowDisk if self.vain > 0 => {
                let takes = SLOW_MS + self.dice.roll(60);
                let usual = self.base.usual("disk", &self.base.disk);
                self.net("disk", format!("{takes}ms"), usual);
            }
            Fault::SlowDisk => {
                let (takes, usual) =
                    (SLOW_MS + self.dice.roll(60), self.base.usual("disk", &self.base.disk));
                let usual = format!("set node {n} disk={usual}");
                self.span(format!("set node {n} disk={takes}ms"), usual);
            }
            Fault::ClockError => self.clock(&n),
            Fault::Partition => {
                let sides = self.partition();
                self.span(sides, "heal".into());
            }
            Fault::Lies => self.turn(),
        }
    }

    /// A clock that is fast, slow, or wrong; a wrong one is not always put right.
    fn clock(&mut self, n: &str) {
        let (fast, ppm) = (self.dice.roll(2) == 0, 1 + self.dice.roll(self.start.clocks));
        let sign = if fast { "" } else { "-" };
        if self.dice.roll(3) > 0 {
            return self.span(format!("drift {n} to {sign}{ppm}ppm"), format!("drift {n} to 0ppm"));
        }
        let (by, back) = (1 + self.dice.roll(500), if fast { "-" } else { "" });
        self.span(format!("skew {n} by {sign}{by}ms"), format!("skew {n} by {back}{by}ms"));
        let back = self.dice.roll(2) == 0;
        if let Some(last) = self.spans.last_mut().filter(|_| !back) {
            last.ends = None;
        }
    }

    /// From some time on a node lies: as any world lets it, or as its protocol knows how to.
    fn turn(&mut self) {
        let mut lies = vec!["silent", "late", "replay", "selective"];
        lies.extend(self.bill.entry().lies.iter().map(|l| l.slug));
        let start = self.dice.roll(self.start.length_ms() - 1_500);
        let mut lie = self.dice.pick(&lies).to_string();
        if lie == "selective" {
            lie += &format!(" to={}", self.some_nodes().join(","));
        }
        let begins = (start, format!("turn {} {lie}", self.liar));
        self.spans.push(Span { begins, ends: None });
    }

    /// Half of the cast, more or less, and at least one.
    fn some_nodes(&mut self) -> Vec<&str> {
        let mut some: Vec<&str> = vec![];
        for (name, _) in &self.start.cast {
            if self.dice.roll(2) == 0 {
                some.push(name);
            }
        }
        if some.is_empty() {
            some.push(&self.dice.pick(&self.start.cast).0);
        }
        some
    }

    fn partition(&mut self) -> String {
        let left: Vec<String> = self.some_nodes().into_iter().map(String::from).collect();
        let cast = self.start.cast.iter().map(|(name, _)| name);
        let right: Vec<&str> = cast.filter(|n| !left.contains(n)).map(String::as_str).collect();
        if left.len() == 1 || right.is_empty() {
            return format!("isolate {}", left[0]);
        }
        format!("partition {} | {}", left.join(" "), right.join(" "))
    }
}

struct Seen {
    /// What failed, if anything did.
    wrong: Option<String>,
    asked: usize,
    answered: usize,
    effects: Effects,
}

impl Seen {
    fn share(&self) -> usize {
        self.answered * 100 / self.asked.max(1)
    }
}

fn run_of(text: &str) -> Run {
    let scenario = read(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
    finished(scenario)
}

fn wrong_in(run: &Run) -> Option<String> {
    let v = verdicts(run);
    let claims = v.claims.iter().filter(|c| !c.broken.is_empty()).map(|c| c.name.to_string());
    let expects = v.expects.iter().filter(|e| !e.ok).map(|e| e.got.clone());
    let limit = v.limit.map(str::to_string);
    let wrong: Vec<String> = claims.chain(expects).chain(limit).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

fn try_one(text: &str) -> Seen {
    let run = run_of(text);
    let ok = |o: &&engine::trace::OpRec| matches!(o.ret, Some((_, Out::Ok, _)));
    Seen {
        wrong: wrong_in(&run),
        asked: run.trace().ops.len(),
        answered: run.trace().ops.iter().filter(ok).count(),
        effects: Effects::of(&run),
    }
}

fn seeds(default: u64) -> u64 {
    std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(default)
}

/// A clean run of a seed in which every fault took effect, and how often faults were drawn again for it.
fn clean(bill: &Bill, base: &Base, seed: u64) -> (Seen, usize) {
    let mut again: Vec<Vec<Fault>> = vec![];
    loop {
        let text = text(bill, base, seed, None, &again);
        let seen = try_one(&text);
        let wrong = seen.wrong.as_deref().unwrap_or_default();
        assert!(wrong.is_empty(), "{}: {wrong}\n{text}", bill.entry().id);
        let idle = |f: &&Fault| seen.effects.count(**f) == Some(0);
        let idle: Vec<Fault> = bill.entry().tolerates.iter().filter(idle).copied().collect();
        if idle.is_empty() || again.len() == AGAIN {
            let (asked, share) = (seen.asked, seen.share());
            let enough = asked >= ASKED && share >= ANSWERED && idle.is_empty();
            let says = format!("{asked} operations, {share} % answered, no effect: {idle:?}");
            assert!(enough || seed > SURE, "{}: {says}\n{text}", bill.entry().id);
            return (seen, again.len());
        }
        again.push(idle);
    }
}

#[test]
fn random_faults_break_nothing() {
    for bill in bills() {
        let base = base(bill);
        let all: Vec<(Seen, usize)> =
            (1..=seeds(200)).map(|seed| clean(bill, &base, seed)).collect();
        tell(&mix(bill, &base, &all));
    }
}

/// What the clean runs of an entry were made of.
fn mix(bill: &Bill, base: &Base, all: &[(Seen, usize)]) -> String {
    let (asked, answered) = all.iter().fold((0, 0), |(a, b), (s, _)| (a + s.asked, b + s.answered));
    let least = |of: &dyn Fn(&Seen) -> usize| all.iter().map(|(s, _)| of(s)).min().unwrap_or(0);
    let lengths = base.starts.iter().map(|s| s.length_ms());
    let effects = bill.entry().tolerates.iter().map(|f| effect(*f, all)).collect::<Vec<_>>();
    format!(
        "{}: {} seeds of {} to {} ms, {} of them drew faults again; {} operations (least {}), {} % answered (least {} %)\n    {}",
        bill.entry().id,
        all.len(),
        lengths.clone().min().unwrap_or(0),
        lengths.max().unwrap_or(0),
        all.iter().filter(|(_, tries)| *tries > 0).count(),
        asked / all.len(),
        least(&|s| s.asked),
        answered * 100 / asked.max(1),
        least(&Seen::share),
        effects.join(", ")
    )
}

/// How often a fault took effect in a run, and in how many runs there was nothing it could touch.
fn effect(fault: Fault, all: &[(Seen, usize)]) -> String {
    let counts: Vec<usize> = all.iter().filter_map(|(s, _)| s.effects.count(fault)).collect();
    let mean = counts.iter().sum::<usize>() / counts.len().max(1);
    let least = counts.iter().min().copied().unwrap_or(0);
    let without = match all.len() - counts.len() {
        0 => String::new(),
        n => format!(" ({n} runs write nothing)"),
    };
    format!("{fault:?} {mean} (least {least}){without}")
}

/// The swarm alone, knowing no choreography, finds most safety mistakes of every entry.
#[test]
fn random_faults_find_most_mistakes() {
    let (mut found, mut all, mut short) = (0, 0, vec![]);
    for bill in bills() {
        let (of_entry, lines) = hunt(bill);
        let rate =
            format!("{}: found {of_entry} of {} safety mistakes", bill.entry().id, lines.len());
        tell(&format!("{rate}\n    {}", lines.join(", ")));
        if of_entry < lines.len() * FOUND / 100 {
            short.push(rate);
        }
        (found, all) = (found + of_entry, all + lines.len());
    }
    tell(&format!("found {found} of {all} safety mistakes, {} %", found * 100 / all.max(1)));
    assert!(short.is_empty(), "less than {FOUND} %: {}", short.join("; "));
}

/// How many of an entry's safety mistakes are found, and by which seed each.
fn hunt(bill: &Bill) -> (usize, Vec<String>) {
    let base = base(bill);
    let safety = |name: &str| {
        name == "history"
            || bill.entry().claims.iter().any(|c| c.name == name && c.kind == ClaimKind::Safety)
    };
    let bugs = bill.entry().bugs.iter().filter(|b| b.breaks.first().is_some_and(|n| safety(n)));
    let first = |bug: &str| {
        (1..=seeds(2_000))
            .find(|&seed| wrong_in(&run_of(&text(bill, &base, seed, Some(bug), &[]))).is_some())
    };
    let seeds: Vec<(&str, Option<u64>)> = bugs.map(|b| (b.slug, first(b.slug))).collect();
    let found = seeds.iter().filter(|(_, at)| at.is_some()).count();
    let when = |at: Option<u64>| at.map_or("not found".into(), |s| format!("seed {s}"));
    (found, seeds.into_iter().map(|(bug, at)| format!("{bug} {}", when(at))).collect())
}
