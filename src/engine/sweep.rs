//! A sweep: the whole text once for each value of a parameter, and a table of what came of it. The columns
//! are the text's expectations, so what is to be seen in the table is asked for with `expect`; they must hold
//! at every value.

use crate::check::measure;
use crate::check::verdict::Verdicts;
use crate::ids::Us;
use crate::protocol::Refusal;
use crate::protocols::Bill;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::scenario::ast::{Agg, Expect, Until, What, Window};
use crate::scenario::{expectation, sweep_line};
use crate::together::Together;
use crate::trace::compare::{Counters, Parting, Tally};
use crate::value::Value;

/// One value: what became of each run there.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub value: Value,
    pub hash: u64,
    pub verdicts: Vec<Verdicts>,
}

impl Row {
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(Verdicts::ok)
    }
}

/// Run the text at one of its sweep's values.
pub fn row(bills: &[Bill], scenario: &Scenario, value: Value) -> Result<Row, Refusal> {
    let mut all = open(bills, scenario, &value)?;
    all.finish();
    let verdicts = all.runs().iter().filter_map(|run| run.verdicts().cloned()).collect();
    Ok(Row { value, hash: all.hash(), verdicts })
}

fn open(bills: &[Bill], scenario: &Scenario, value: &Value) -> Result<Together, Refusal> {
    Together::open(bills, scenario.at(value))
        .map_err(|r| Refusal { message: format!("At {}: {}", value.print(), r.message), ..r })
}

/// The runs at one value on their way: for a page, which goes on with them a little every frame. What a
/// frame has added is counted, and compared with the value before, in that frame.
pub struct Point {
    pub value: Value,
    all: Together,
    tallies: Vec<Tally>,
    partings: Vec<Parting>,
}

/// What one run came to at one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    pub counters: Counters,
    /// What the text measures, in its order, then what a closed form says of it.
    pub numbers: Vec<Number>,
    /// Expectations that hold, of all, and names of the claims that are broken.
    pub held: (usize, usize),
    pub broken: Vec<&'static str>,
    pub ok: bool,
    /// Up to when it did what it did at the value before; none where it did the same, or where there is none.
    pub parts: Option<Us>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    pub name: String,
    pub unit: &'static str,
    pub value: Option<i64>,
    /// What the closed form expects, where the protocol declares one.
    pub theory: Option<i64>,
}

impl Point {
    pub fn open(bills: &[Bill], scenario: &Scenario, value: Value) -> Result<Point, Refusal> {
        let all = open(bills, scenario, &value)?;
        let n = all.runs().len();
        Ok(Point {
            value,
            all,
            tallies: vec![Tally::default(); n],
            partings: vec![Parting::default(); n],
        })
    }

    /// Go on by about so many steps beside the value before. Whether it is over.
    pub fn go_on(&mut self, before: Option<&Point>, budget: u32) -> bool {
        let over = self.all.go_on(budget);
        for (i, run) in self.all.runs().iter().enumerate() {
            self.tallies[i].catch_up(run);
            if let Some(old) = before.and_then(|b| b.all.runs().get(i)) {
                self.partings[i].catch_up(old, run);
            }
        }
        over
    }

    /// What it has come to in each run of the text.
    pub fn sums(&self) -> Vec<Sum> {
        let one = |(i, run): (usize, &Run)| {
            let verdicts = run.verdicts();
            let expects = verdicts.map_or(&[][..], |v| &v.expects);
            let claims = verdicts.map_or(&[][..], |v| &v.claims);
            let end = verdicts.map_or(Us::MAX, |v| v.at);
            Sum {
                counters: self.tallies[i].at(run.trace(), end),
                numbers: numbers(run),
                held: (expects.iter().filter(|e| e.ok).count(), expects.len()),
                broken: claims.iter().filter(|c| !c.broken.is_empty()).map(|c| c.name).collect(),
                ok: verdicts.is_some_and(Verdicts::ok),
                parts: self.partings[i].found().map(|d| d.at),
            }
        };
        self.all.runs().iter().enumerate().map(one).collect()
    }
}

/// What a run's text measures and counts, each once, and the slow end of what its clients waited.
fn numbers(run: &Run) -> Vec<Number> {
    let theory = theory(run);
    let slow = measure::one(run, Some(Agg::P95), "latency", &[], Window::Whole);
    let slow = slow.map(|v| Number { name: SLOW.into(), unit: "us", value: Some(v), theory: None });
    let mut out: Vec<Number> = slow.into_iter().collect();
    let found = run.verdicts().map_or(&[][..], |v| &v.expects);
    for (i, expect) in run.scenario().expects.iter().enumerate() {
        let (unit, value, of) = match &expect.what {
            What::Measure { agg, name, args, window, .. } => {
                (measure::unit(run, name), measure::one(run, *agg, name, args, *window), Some(name))
            }
            What::Count { .. } => ("", found.get(i).and_then(|e| e.got.parse().ok()), None),
            _ => continue,
        };
        let name = left_side(&expectation(&expect.what));
        let theory = theory.iter().find(|t| of.is_some_and(|n| n == t.0)).map(|t| t.1);
        if out.iter().all(|n| n.name != name) {
            out.push(Number { name, unit, value, theory });
        }
    }
    out
}

/// `measure max commit-latency = 20ms` is about `max commit-latency`.
fn left_side(expectation: &str) -> String {
    let words = expectation.split(' ').skip(1);
    let left: Vec<&str> = words.take_while(|w| !["=", "<", "<=", ">", ">="].contains(w)).collect();
    left.join(" ")
}

/// What 95 of 100 operations waited at most.
pub const SLOW: &str = "p95 latency";

/// What the nodes at the end of a run say that a meter should be.
fn theory(run: &Run) -> Vec<(&'static str, i64)> {
    let world = run.world();
    run.cast().all().flat_map(|n| world.stage().exhibit(n, world.senses(n)).theory).collect()
}

/// Every row; none where the text has no sweep.
pub fn rows(bills: &[Bill], scenario: &Scenario) -> Result<Vec<Row>, Refusal> {
    let values = scenario.sweep.iter().flat_map(|s| s.values());
    values.map(|value| row(bills, scenario, value)).collect()
}

/// What the columns of one run's table are: its expectations, as the text says them.
pub fn columns(scenario: &Scenario, run: usize) -> Vec<String> {
    let ends = !matches!(scenario.until, Until::Time(_));
    let own = scenario.only(run).expects;
    own.iter().map(|e: &Expect| expectation(&e.what)).chain(ends.then(|| "until".into())).collect()
}

/// The tables as text, one for each run: a line a value, a column an expectation, failures marked.
pub fn print(scenario: &Scenario, rows: &[Row]) -> String {
    let Some(sweep) = &scenario.sweep else { return String::new() };
    let mut out = sweep_line(sweep) + "\n";
    for (place, run) in scenario.runs().enumerate() {
        if !scenario.beside.is_empty() {
            out += &format!("== {}\n", run.called());
        }
        let columns = columns(scenario, place);
        for (i, says) in columns.iter().enumerate() {
            out += &format!("[{}] {says}\n", i + 1);
        }
        let mut cells = vec![vec![sweep.param.clone()]];
        cells[0].extend((1..=columns.len()).map(|i| format!("[{i}]")));
        cells[0].extend(["broken".into(), "hash".into()]);
        cells.extend(rows.iter().filter_map(|row| Some(line(row, row.verdicts.get(place)?))));
        out += &aligned(&cells);
    }
    let holding = rows.iter().filter(|row| row.holds()).count();
    out + &format!("holds at {holding} of {} values\n", rows.len())
}

fn line(row: &Row, v: &Verdicts) -> Vec<String> {
    let broken: Vec<&str> =
        v.claims.iter().filter(|c| !c.broken.is_empty()).map(|c| c.name).collect();
    let got = v.expects.iter().map(|e| if e.ok { e.got.clone() } else { format!("✗ {}", e.got) });
    let broken = if broken.is_empty() { "none".into() } else { broken.join(" ") };
    let hash = format!("{:016x}", row.hash);
    std::iter::once(row.value.print()).chain(got).chain([broken, hash]).collect()
}

fn aligned(cells: &[Vec<String>]) -> String {
    let wide =
        |i: usize| cells.iter().filter_map(|row| row.get(i)).map(|c| c.chars().count()).max();
    let mut out = String::new();
    for row in cells {
        for (i, cell) in row.iter().enumerate() {
            let width = wide(i).filter(|_| i + 1 < row.len()).map_or(0, |w| w + 2);
            out += &format!("{cell:width$}");
        }
        out.push('\n');
    }
    out
}
