//! A sweep: the whole text once for each value of a parameter, and a table of what came of it. The columns
//! are the text's expectations, so what is to be seen in the table is asked for with `expect`; they must hold
//! at every value.

use crate::check::verdict::Verdicts;
use crate::protocol::Refusal;
use crate::protocols::Bill;
use crate::scenario::Scenario;
use crate::scenario::ast::{Expect, Until};
use crate::scenario::{expectation, sweep_line};
use crate::together::Together;
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

/// Run the text at one of its sweep's values. A page asks for one row after another.
pub fn row(bills: &[Bill], scenario: &Scenario, value: Value) -> Result<Row, Refusal> {
    let mut all = Together::open(bills, scenario.at(&value))
        .map_err(|r| Refusal::new(format!("At {}: {}", value.print(), r.message)))?;
    all.finish();
    let verdicts = all.runs().iter().filter_map(|run| run.verdicts().cloned()).collect();
    Ok(Row { value, hash: all.hash(), verdicts })
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
