//! The scenario language: what is read, what is refused and where, and that printing is the inverse.

mod fakes;

use engine::scenario::ast::*;
use engine::scenario::{Fault, Scenario, canonical, parse, skim};
use fakes::{ALL, ten};

/// A text that runs Raft, with these lines.
fn raft(lines: &str) -> String {
    format!("lamplight 1\nrun raft nodes=5 clients=1 seed=7\n{lines}\n")
}

fn read(text: &str) -> Scenario {
    parse(text, ALL).unwrap_or_else(|faults| panic!("{text}\n{}", listed(&faults)))
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|f| format!("{} {f}\n", f.code)).collect()
}

/// Faults as `line:col+len code`.
fn faults(text: &str) -> Vec<String> {
    let short = |f: Fault| format!("{}:{}+{} {}", f.place.line, f.place.col, f.place.len, f.code);
    parse(text, ALL).err().unwrap_or_default().into_iter().map(short).collect()
}

#[test]
fn ten_scenarios_are_read() {
    let compared = |text: &str| text.contains("\nbeside");
    for text in ten() {
        let strange = parse(&text, ALL).err().unwrap_or_default();
        let strange: Vec<Fault> = strange.into_iter().filter(|f| f.code != "later").collect();
        assert!(strange.is_empty(), "{text}\n{}", listed(&strange));
        assert_eq!(parse(&text, ALL).is_ok(), !compared(&text));
        assert_eq!(skim(&text).is_ok(), !compared(&text));
    }
    assert_eq!(ten().iter().filter(|t| compared(t)).count(), 2);
}

#[test]
fn ten_scenarios_mean_the_same_when_printed() {
    for text in ten() {
        let Ok(s) = parse(&text, ALL) else { continue };
        let printed = canonical(&s);
        assert_eq!(read(&printed).meaning(), s.meaning(), "{printed}");
        assert_eq!(canonical(&read(&printed)), printed);
    }
}

#[test]
fn canonical_says_seed_latency_and_disk_and_no_other_default() {
    let text =
        "lamplight 1\nexpect always AC1 # why\nrun 2pc participants=3\ntitle  A  b \nuntil 10s";
    let want =
        "lamplight 1\ntitle A  b\nrun 2pc seed=1\nnet latency=10ms disk=5ms\nexpect always AC1\n";
    assert_eq!(canonical(&read(text)), want);
}

#[test]
fn a_label_is_a_node() {
    let s = read(&raft("at 1s crash A\nnode n2 as A\nat 2s A transfer"));
    let want = Act::Crash(vec![Who::Node("n2".into())]);
    assert_eq!(s.steps.first().map(|s| &s.act), Some(&want));
}

#[test]
fn a_misspelt_word_gets_the_nearest() {
    let all = parse(&raft("at 1s crsh n1\nat 2s crash n7\nwhen n1 elekted heal"), ALL);
    let hints: Vec<_> = all.unwrap_err().into_iter().filter_map(|f| f.hint).collect();
    let want = [
        "Did you mean `crash`?",
        "Did you mean `n1`? The nodes of this run are c1, n1 to n5.",
        "Did you mean `elected`?",
    ];
    assert_eq!(hints, want);
    assert_eq!(faults(&raft("")), [""; 0]);
}
