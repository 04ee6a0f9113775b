//! The entry `vector-clocks`: its scenarios, its mistakes, and two oracles nobody here wrote.

use std::path::Path;

use engine::protocols::{CATALOGUE, entries};
use engine::run::Run;
use engine::scenario::parse;

fn open(text: &str) -> Run {
    let scenario = parse(text, &entries()).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"));
    let bill = CATALOGUE.iter().find(|b| b.entry.id == "vector-clocks").expect("in the catalogue");
    Run::open(*bill, scenario).unwrap_or_else(|r| panic!("{}", r.message))
}

/// Every shipped scenario: slug and text.
fn shipped() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols/vector_clocks/scenarios");
    let files = std::fs::read_dir(dir).expect("the folder");
    let lamp = files
        .map(|f| f.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "lamp"));
    let mut all: Vec<_> = lamp
        .map(|p| {
            let slug = p.file_stem().and_then(|s| s.to_str()).expect("a name").to_string();
            (slug, std::fs::read_to_string(&p).expect("a text"))
        })
        .collect();
    all.sort();
    all
}

fn report(run: &mut Run) -> String {
    let v = run.finish().clone();
    let mut out = format!("{}\n", v.line());
    for c in &v.claims {
        let broken: Vec<_> = c.broken.iter().map(|e| format!("{e:?}")).collect();
        out += &format!("  {} checked {} broken {broken:?}\n", c.name, c.checked);
    }
    for w in &run.trace().witnesses {
        out += &format!("  witness: {}\n", w.says);
    }
    for e in &v.expects {
        out += &format!("  line {}: {} {}\n", e.line, if e.ok { "ok" } else { "NOT" }, e.got);
    }
    for (line, why) in &v.voids {
        out += &format!("  void {line}: {why}\n");
    }
    for e in run.trace().events() {
        if let Some(s) = run.sentence(e.id) {
            out += &format!("  {:>7} {s}\n", e.at);
        }
    }
    out
}

#[test]
fn every_shipped_scenario_does_what_it_says() {
    let only = std::env::var("LAMP").unwrap_or_default();
    let mut wrong = vec![];
    for (slug, text) in shipped().into_iter().filter(|(s, _)| s.contains(&only)) {
        let mut run = open(&text);
        if !run.finish().ok() || !only.is_empty() {
            println!("== {slug}\n{}", report(&mut run));
        }
        if !run.finish().ok() {
            wrong.push(slug);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
