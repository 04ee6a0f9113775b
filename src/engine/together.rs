//! The runs of one text under one clock.
//!
//! ```text
//!   text ──┬─ only(0) ──▶ Run "cp" ──┐
//!          ├─ only(1) ──▶ Run "ap" ──┼─▶ advance, finish, verdict, check: of all at once
//!          └─ …                      ┘
//! ```
//!
//! Each run is that of its own part of the text and knows nothing of the others: beside them it does what
//! it does alone. What makes them comparable is the seed. Chance comes in named streams, so the k-th message
//! from n1 to n2 is as slow in each of them, whatever else happened. A text without `beside` is one run here,
//! with the verdict and the hash it has by itself.

use xxhash_rust::xxh64::xxh64;

use crate::check::verdict::Verdicts;
use crate::ids::Us;
use crate::protocol::Refusal;
use crate::protocols::{Bill, bill};
use crate::run::{Progress, Run};
use crate::scenario::{Fault, Scenario};
use crate::trace::json;

pub struct Together {
    scenario: Scenario,
    runs: Vec<Run>,
}

impl Together {
    /// Open every run of a text.
    pub fn open(bills: &[Bill], scenario: Scenario) -> Result<Together, Refusal> {
        let open = |(i, line): (usize, &crate::scenario::ast::RunLine)| {
            bill(bills, &line.entry).and_then(|bill| Run::open(bill, scenario.only(i)))
        };
        let runs = all(&scenario, scenario.runs().enumerate().map(open))?;
        Ok(Together { scenario, runs })
    }

    /// The runs of an edited text; each shares with its forerunner what comes before the change.
    pub fn edit(&self, bills: &[Bill], scenario: Scenario) -> Result<Together, Refusal> {
        if !scenario.runs().map(|r| &r.entry).eq(self.scenario.runs().map(|r| &r.entry)) {
            return Together::open(bills, scenario);
        }
        let edit = |(i, run): (usize, &Run)| run.edit(scenario.only(i));
        let runs = all(&scenario, self.runs.iter().enumerate().map(edit))?;
        Ok(Together { scenario, runs })
    }

    /// Let everything up to and including `until` happen in all runs, in at most about `budget` steps.
    pub fn advance(&mut self, until: Us, budget: u32) -> Progress {
        let share = budget.div_ceil(self.runs.len().max(1) as u32);
        let came = self.runs.iter_mut().map(|run| run.advance(until, share));
        came.fold(Progress::Quiet, less)
    }

    /// Go on to the end of the text in every run, and settle the verdicts; whether all hold.
    pub fn finish(&mut self) -> bool {
        for run in &mut self.runs {
            run.finish();
        }
        self.verdicts().is_some_and(|all| all.iter().all(|v| v.ok()))
    }

    /// Go on towards the end of the text in every run, in at most about `budget` steps; whether all are settled.
    pub fn go_on(&mut self, budget: u32) -> bool {
        let share = budget.div_ceil(self.runs.len().max(1) as u32);
        for run in self.runs.iter_mut().filter(|run| run.ended().is_none()) {
            run.advance(run.horizon(), share);
        }
        self.runs.iter().all(|run| run.ended().is_some())
    }

    // ---------------------------------------------------------------- looking

    /// The whole text; each run's own part is its `scenario()`.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// In the order of the text; there is at least one.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }
    /// The runs by themselves, for whoever goes on with one of them.
    pub fn into_runs(self) -> Vec<Run> {
        self.runs
    }
    pub fn name(&self, run: usize) -> &str {
        self.scenario.runs().nth(run).map_or("", |r| r.called())
    }
    /// The place of a run by its name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.scenario.runs().position(|r| r.called() == name)
    }
    /// When the text ends at the latest.
    pub fn horizon(&self) -> Us {
        self.runs.iter().map(Run::horizon).max().unwrap_or(0)
    }
    /// Everything up to this time is in every trace.
    pub fn known_until(&self) -> Us {
        self.runs.iter().map(Run::known_until).min().unwrap_or(0)
    }

    /// The ordinal in the whole text of a step that has another in its run's part: for edits.
    pub fn step_in_text(&self, run: usize, line: usize) -> Option<usize> {
        let step = self.runs.get(run)?.scenario().steps.get(line)?;
        self.scenario.steps.iter().position(|s| s.place == step.place)
    }

    /// What became of each run; none until all are settled.
    pub fn verdicts(&self) -> Option<Vec<&Verdicts>> {
        self.runs.iter().map(Run::verdicts).collect()
    }

    /// `cp holds, ap does not hold`
    pub fn line(&self) -> String {
        let says = |v: Option<&Verdicts>| match v.map(Verdicts::ok) {
            Some(true) => "holds",
            Some(false) => "does not hold",
            None => "goes on",
        };
        let each = self.runs.iter().enumerate();
        let each: Vec<String> =
            each.map(|(i, run)| [self.name(i), says(run.verdicts())].join(" ")).collect();
        each.join(", ")
    }

    // ---------------------------------------------------------------- identity

    /// The text's identity where its verdicts are settled.
    pub fn hash(&self) -> u64 {
        chain(self.runs.iter(), &|run| run.verdicts().map_or(run.trace().len(), |v| v.events))
    }

    /// What a link carries as `check`: of one run its own, of several the low half of their chain.
    pub fn check_at(&self, t: Us) -> u32 {
        check_at(self.runs.iter(), t)
    }
}

/// The same of runs that somebody else holds, in the order of their text.
pub fn check_at<'a>(runs: impl Iterator<Item = &'a Run>, t: Us) -> u32 {
    chain(runs, &|run| run.trace().count_until(t)) as u32
}

/// The runs' hashes in their order: the first as it is, each next over the one before.
fn chain<'a>(runs: impl Iterator<Item = &'a Run>, events: &dyn Fn(&Run) -> usize) -> u64 {
    let hashes = runs.map(|run| json::hash(run, events(run)));
    hashes.reduce(|chain, hash| xxh64(&hash.to_be_bytes(), chain)).unwrap_or(0)
}

/// All runs of a text, or what is refused in any of them; of several it says in which.
pub fn all<T>(
    scenario: &Scenario,
    runs: impl Iterator<Item = Result<T, Refusal>>,
) -> Result<Vec<T>, Refusal> {
    let (mut made, mut faults) = (vec![], vec![]);
    for (run, line) in runs.zip(scenario.runs()) {
        match run {
            Ok(run) => made.push(run),
            Err(r) if r.faults.is_empty() => return Err(r),
            Err(r) => {
                faults.extend(r.faults.into_iter().map(|f| named(scenario, line.called(), f)))
            }
        }
    }
    if faults.is_empty() { Ok(made) } else { Err(Refusal::at(faults)) }
}

fn named(scenario: &Scenario, run: &str, mut fault: Fault) -> Fault {
    if !scenario.beside.is_empty() {
        fault.message = ["In ", run, ": ", &fault.message].concat();
    }
    fault
}

/// What can be said of two runs: whatever is left to do in one of them is left to do.
fn less(a: Progress, b: Progress) -> Progress {
    let rank = |p: Progress| match p {
        Progress::Budget => 0,
        Progress::Reached => 1,
        Progress::Limit(_) => 2,
        Progress::Quiet => 3,
    };
    if rank(b) < rank(a) { b } else { a }
}
