//! Run a scenario without a browser.
//!
//! ```text
//! cargo run --release -p lamplight-engine --example trace -- FILE.lamp [--json] [--golden] [--until TIME] [--seed N]
//! ```
//!
//! Prints the trace, then a line per consistency model if clients read and wrote, a line per claim and per
//! expectation, then the verdict: of a comparison each run under its name and then all together, of a
//! sweep a table below. Exits 0 when all of the text's
//! expectations hold, 1 when one does not, 2 when the text is malformed or asserts nothing.

use std::io::{Read, Write};
use std::process::ExitCode;

use engine::protocols::CATALOGUE;
use engine::scenario::ast::Until;
use engine::sweep::{self, Row};
use engine::together::Together;
use engine::trace::{json, text};
use engine::{protocols, scenario};

#[derive(Default)]
struct Asked {
    file: String,
    json: bool,
    golden: bool,
    until: Option<String>,
    seed: Option<u64>,
}

fn main() -> ExitCode {
    match read_args().and_then(|asked| run(&asked).map(|(all, rows)| show(&asked, &all, &rows))) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn read_args() -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = |what: &str| args.next().ok_or(format!("{arg} wants {what} after it"));
        match arg.as_str() {
            "--json" => asked.json = true,
            "--golden" => asked.golden = true,
            "--until" => asked.until = Some(value("a time such as 3s")?),
            "--seed" => {
                asked.seed =
                    Some(value("a number")?.parse().map_err(|_| "--seed wants a whole number")?)
            }
            _ if arg.starts_with("--") => {
                return Err(format!(
                    "{arg}: there are --json, --golden, --until TIME and --seed N"
                ));
            }
            _ if asked.file.is_empty() => asked.file = arg,
            _ => return Err(format!("{arg}: one file at a time")),
        }
    }
    if asked.file.is_empty() {
        return Err("which scenario? give a .lamp file, or - for standard input".into());
    }
    Ok(asked)
}

fn read(file: &str) -> Result<String, String> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| format!("standard input: {e}"))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))
}

fn run(asked: &Asked) -> Result<(Together, Vec<Row>), String> {
    let text = read(&asked.file)?;
    let faults = |faults: Vec<scenario::Fault>| {
        let line = |f: &scenario::Fault| {
            let hint = f.hint.as_ref().map_or_else(String::new, |h| format!(" ({h})"));
            format!("{}:{}:{}: {}{hint}", asked.file, f.place.line, f.place.col, f.message)
        };
        faults.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let mut s = scenario::parse(&text, &protocols::entries()).map_err(faults)?;
    if s.expects.is_empty() {
        return Err(format!(
            "{}: asserts nothing: say what must come of it with `expect`",
            asked.file
        ));
    }
    let seed = asked.seed.unwrap_or(s.run.seed);
    std::iter::once(&mut s.run).chain(&mut s.beside).for_each(|run| run.seed = seed);
    if let Some(until) = &asked.until {
        let t = scenario::time(until).map_err(|e| format!("--until {until}: {e}"))?;
        s.until = Until::Time(t);
    }
    let refused = |r: engine::protocol::Refusal| match r.faults.is_empty() {
        true => format!("{}: {}", asked.file, r.message),
        false => faults(r.faults),
    };
    let mut all = protocols::open_all(s).map_err(refused)?;
    all.finish();
    let rows = sweep::rows(CATALOGUE, all.scenario()).map_err(refused)?;
    Ok((all, rows))
}

fn show(asked: &Asked, all: &Together, rows: &[Row]) -> ExitCode {
    let out = match (asked.json, asked.golden) {
        (true, _) => as_json(all, rows),
        (_, true) => text::golden_all(all, rows),
        _ => as_text(all, rows),
    };
    // A reader that closes the pipe early is no error.
    let _ = std::io::stdout().write_all(out.as_bytes());
    let runs = all.verdicts().is_some_and(|all| all.iter().all(|v| v.ok()));
    if runs && rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn as_text(all: &Together, rows: &[Row]) -> String {
    let mut out = String::new();
    for (i, run) in all.runs().iter().enumerate() {
        let Some(v) = run.verdicts() else { continue };
        out += &text::head(all, i);
        out += &format!("{}---\n{}{}", text::print(run, v.events), models(run), text::verdicts(v));
    }
    out + &text::tail(all, rows)
}

/// What every consistency model says, if there is anything to judge.
fn models(run: &engine::run::Run) -> String {
    match engine::check::history_of(run).ops.is_empty() {
        true => String::new(),
        false => engine::check::report(run),
    }
}

fn as_json(all: &Together, rows: &[Row]) -> String {
    let block = |run: &engine::run::Run| run.verdicts().map(|v| json::block(run, v));
    all.runs()
        .iter()
        .filter_map(block)
        .chain(rows.iter().map(|row| json::point(all, row)))
        .collect()
}
