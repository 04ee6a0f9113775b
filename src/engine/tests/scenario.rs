//! The scenario language: what is read, what is refused and where, and that printing is the inverse.

mod fakes;

use engine::card::Entry;
use engine::protocols;
use engine::scenario::ast::*;
use engine::scenario::fault::CODES;
use engine::scenario::link::{self, Address, LinkFault, Param, Sel, Source};
use engine::scenario::reference::{chapters, forms};
use engine::scenario::{
    Fault, Scenario, canonical, card_faults, edit, parse, reference, skim, tidy,
};
use engine::together::Together;
use fakes::links::{judge, mutate_link, written};
use fakes::mutate::{Dice, mutate, vocabulary, vocabulary_of};
use fakes::slowest::Slowest;
use fakes::{ALL, shipped, ten};
use proptest::prelude::*;

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
    for text in ten() {
        let strange = parse(&text, ALL).err().unwrap_or_default();
        assert!(strange.is_empty(), "{text}\n{}", listed(&strange));
        assert!(skim(&text).is_ok(), "{text}");
    }
    let compared = |text: &&String| !read(text).beside.is_empty();
    assert_eq!(ten().iter().filter(compared).count(), 2);
}

#[test]
fn ten_scenarios_mean_the_same_when_printed() {
    for text in ten() {
        let s = read(&text);
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
}

/// Lines below a Raft run (line 3 on), and every fault in them.
#[rustfmt::skip]
const MISTAKES: &[(&str, &[&str])] = &[
    ("at 99h heal", &["3:4+3 too-large"]),
    ("at 1s say \"a\u{1}\"", &["3:13+1 control"]),
    ("title \u{1}", &["3:7+1 control"]),
    ("at 1s say \"a", &["3:11+1 quote"]),
    ("at 1s c1 put a\"b 1", &["3:15+1 quote"]),
    ("at 1s c1 put a\"b\" 1", &["3:14+4 quote"]),
    ("nott latency=1ms", &["3:1+4 unknown-word"]),
    ("at 1s crsh n1", &["3:7+4 unknown-act"]),
    ("net latencey=1ms", &["3:5+8 unknown-key"]),
    ("link n1 -> n2 disk=1ms", &["3:15+4 unknown-key"]),
    ("node n1 offzet=1ms", &["3:9+6 unknown-key"]),
    ("load c1 get x rate=1/s speed=1", &["3:24+5 unknown-key"]),
    ("at 1s crash n9", &["3:13+2 unknown-node"]),
    ("at 1s cut n9 -> n8", &["3:11+2 unknown-node", "3:17+2 unknown-node"]),
    ("expect state n9.term = 1", &["3:14+2 unknown-node"]),
    ("at 1s c1 putt x 1", &["3:10+4 unknown-op"]),
    ("at 1s n1 put x 1", &["3:10+3 unknown-op"]),
    ("at 1s drop Append n1 -> n2 #1", &["3:12+6 unknown-kind"]),
    ("when n1 elect  heal", &["3:9+5 unknown-reason"]),
    ("when n1 elected trem=1  heal", &["3:17+4 unknown-field"]),
    ("when sent RequestVote trem=1  heal", &["3:23+4 unknown-field"]),
    ("given n1 logg=1", &["3:10+4 unknown-field"]),
    ("when n1 is lead  heal", &["3:12+4 unknown-state"]),
    ("expect always Safety", &["3:15+6 unknown-claim"]),
    ("bug no-vote", &["3:5+7 unknown-bug"]),
    ("at 1s turn n1 nasty", &["3:15+5 unknown-lie"]),
    ("at 1s turn n1 silent foo=1", &["3:22+3 unknown-field"]),
    ("at 1s turn n1 selective to=n2,n9", &["3:28+5 unknown-node"]),
    ("at 1s turn n1 late by=soon", &["3:23+4 bad-time"]),
    ("at 1s fire n1 elections", &["3:15+9 unknown-timer"]),
    ("expect measure mean speed = 1", &["3:21+5 unknown-measure"]),
    ("expect history linear", &["3:16+6 unknown-model"]),
    ("expect often quiet", &["3:8+5 unknown-expect"]),
    ("at 1s", &["3:6+0 missing"]),
    ("at 1s delay AppendEntries n1 -> n2 #1", &["3:38+0 missing"]),
    ("load c1 get x", &["3:14+0 missing"]),
    ("load c1 get x from=1s", &["3:1+21 missing"]),
    ("expect state n1 = 1", &["3:14+2 missing"]),
    ("at 1s heal n1 -> n2 n3", &["3:21+2 unexpected"]),
    ("at 1s partition n1 n2", &["3:22+0 missing"]),
    ("at 1s cut n1 to n2", &["3:14+2 unexpected"]),
    ("at 1s drop AppendEntries n1 -> n2 7", &["3:35+1 unexpected"]),
    ("net latency = 1ms", &["3:5+7 unexpected"]),
    ("at 1s set nett latency=1ms", &["3:11+4 unexpected"]),
    ("expect measure messages ~ 3", &["3:28+0 missing"]),
    ("expect answer c1 #1 fine", &["3:21+4 unexpected"]),
    ("expect count seen RequestVote = 1", &["3:14+4 unexpected"]),
    ("at 5 heal", &["3:4+1 bad-time"]),
    ("when quiet +-1ms  heal", &["3:12+5 bad-time"]),
    ("pace fast", &["3:6+4 bad-time"]),
    ("at 1ms.x heal", &["3:4+5 bad-number"]),
    ("at 0.1us heal", &["3:4+5 bad-number"]),
    ("at 1s every 1s x 0 heal", &["3:18+1 bad-number"]),
    ("net loss=much", &["3:10+4 bad-value"]),
    ("net latency=2ms..1ms", &["3:13+8 bad-value"]),
    ("net bandwidth=0B/s", &["3:15+4 bad-value"]),
    ("net profile=moon", &["3:13+4 bad-value"]),
    ("row three", &["3:5+5 bad-value"]),
    ("shows happily", &["3:7+7 bad-value"]),
    ("load c1 get x rate=1/s from=2s to=1s", &["3:1+36 bad-value"]),
    ("expect measure messages from 2s to 1s < 3", &["3:36+2 bad-value"]),
    ("expect measure messages = 3 tol 1ms", &["3:33+3 bad-value"]),
    ("net loss=101%", &["3:10+4 out-of-range"]),
    ("at 1s every 0ms heal", &["3:13+3 out-of-range"]),
    ("pace 0ms", &["3:6+3 out-of-range"]),
    ("at 1s drift n1 to 600000ppm", &["3:19+9 out-of-range"]),
    ("title a\ntitle b", &["4:1+5 twice"]),
    ("run raft", &["3:1+3 twice"]),
    ("net loss=1% loss=2%", &["3:13+7 twice"]),
    ("net loss=1%\nnet loss=2%", &["4:1+3 twice"]),
    ("bug no-votedfor\nbug no-votedfor", &["4:1+3 twice"]),
    ("node n1 absent\nnode n1 drift=1ppm", &["4:1+4 twice"]),
    ("node n1 as A\nnode n2 as A", &["4:12+1 twice"]),
    ("node n1 as n2", &["3:12+2 twice"]),
    ("node n1 as leader", &["3:12+6 twice"]),
    ("at 1s crash n1 n1", &["3:16+2 twice"]),
    ("at 1s partition n1 n2 | n2 n3", &["3:1+2 twice"]),
    ("lamplight 1", &["3:1+9 twice"]),
    ("at 1s c1 put x", &["3:10+3 arity"]),
    ("at 1s c1 get x y", &["3:10+3 arity"]),
    ("then heal", &["3:1+4 alone"]),
    ("at 1s drop it", &["3:1+13 no-it"]),
    ("when n1 crashed  drop it", &["3:1+24 no-it"]),
    ("beside", &["3:7+0 missing"]),
    ("beside raft", &["3:1+6 twice"]),
    ("beside rafft", &["3:8+5 unknown-entry"]),
    ("beside raft as B", &["3:16+1 bad-value"]),
    ("beside raft as b seed=8", &["3:23+1 bad-value"]),
    ("beside raft as b seed=7 noodles=3", &["3:25+7 unknown-key"]),
    ("beside raft as b\nbeside raft as b", &["4:1+6 twice"]),
    ("beside raft as a\nbeside raft as b\nbeside raft as c\nbeside raft as d", &["6:1+16 too-large"]),
    ("beside raft as b nodes=3\nat 1s crash n5\nthen restart n5", &["4:13+2 unknown-node", "5:14+2 unknown-node"]),
    ("beside raft as b nodes=3\nin raft at 1s crash n5\nthen restart n5\nat 2s crash n3", &[]),
    ("beside raft as b nodes=3\nin b at 1s crash n5\nexpect always Safety\nthen restart n5", &["4:18+2 unknown-node", "5:15+6 unknown-claim", "6:14+2 unknown-node"]),
    ("beside raft as b nodes=3\nexpect in raft state n5.term = 1\nexpect in b state n5.term = 1\nexpect state n5.term = 1", &["5:19+2 unknown-node", "6:14+2 unknown-node"]),
    ("beside raft as b nodes=3\nbeside raft as c nodes=4\nat 1s cut n9 -> n4", &["5:11+2 unknown-node", "5:17+2 unknown-node"]),
    ("beside raft as b nodes=3\nnode n4 absent\nnode n1 drift=1ppm\nnode n1 drift=2ppm", &["4:6+2 unknown-node", "6:1+4 twice"]),
    ("beside twin\nat 1s crash candidate", &["4:1+21 unlike"]),
    ("beside twin\nat 1s drop RequestVote n1 -> n2 #1", &["4:12+11 unknown-kind", "4:24+2 unknown-node", "4:30+2 unknown-node"]),
    ("beside raft as b\nthen heal\nbug no-votedfor\nbug no-votedfor", &["4:1+4 alone", "6:1+3 twice"]),
    ("in a at 1s heal\nthen heal", &["3:4+1 unknown-run"]),
    ("in raft", &["3:8+0 missing"]),
    ("in raft heal", &["3:9+4 unexpected"]),
    ("at 1s heal\nin raft then heal", &["4:9+4 unexpected"]),
    ("expect in a history linearizable", &["3:11+1 unknown-run"]),
    ("expect in raft in raft quiet", &["3:1+6 unexpected"]),
    ("sweep", &["3:6+0 missing"]),
    ("sweep nodes", &["3:12+0 missing"]),
    ("sweep nodes=3..9", &["3:17+0 missing"]),
    ("sweep nodes = 3..9 by 2", &[]),
    ("sweep nodes=3..9 by 2 3", &["3:23+1 unexpected"]),
    ("sweep nodes=3..9 by 2\nsweep nodes=3..9 by 2", &["4:1+5 twice"]),
    ("sweep nodez=3..9 by 2", &["3:7+5 unknown-key"]),
    ("sweep noop=on..off by 1", &["3:7+4 bad-value"]),
    ("sweep nodes=3 by 1", &["3:13+1 bad-value"]),
    ("sweep nodes=9..3 by 1", &["3:13+4 bad-value"]),
    ("sweep nodes=3..10 by 1", &["3:13+5 out-of-range"]),
    ("sweep nodes=3..9 by 0", &["3:21+1 out-of-range"]),
    ("sweep lost=1%..2% by 0%", &["3:12+6 bad-value"]),
    ("sweep heartbeat=10ms..50ms by 2", &["3:31+1 bad-time"]),
    ("sweep clients=0..300 by 1", &["3:15+6 too-large"]),
    ("sweep clients=0..200 by 100", &["3:1+27 too-large"]),
    ("sweep nodes=3..9 by 2\nat 1s crash n4", &["4:13+2 unknown-node"]),
    ("sweep nodes=3..9 by 2\nat 1s crash n3", &[]),
    ("beside twin\nsweep clients=1..3 by 1\nat 1s crash c1", &[]),
    ("beside twin\nsweep nodes=3..5 by 1", &["4:7+5 unknown-key"]),
    ("expect history not pram", &[]),
    ("expect history not fifo", &["3:20+4 unknown-model"]),
];

/// Whole texts and their faults.
#[rustfmt::skip]
const WHOLE: &[(&str, &[&str])] = &[
    ("", &["1:1+0 version", "1:1+0 no-run"]),
    ("title x\nrun raft", &["1:1+7 version"]),
    ("lamplight 2\nrunn raft", &["1:1+11 newer"]),
    ("lamplight one\nrun raft", &["1:1+13 version"]),
    ("lamplight 1\ntitle x", &["1:1+0 no-run"]),
    ("lamplight 1\nrun rafft\nat 1s drop it", &["2:5+5 unknown-entry", "3:1+13 no-it"]),
    ("lamplight 1\nrun raft nodez=3", &["2:10+5 unknown-key"]),
    ("lamplight 1\nrun raft nodes=10", &["2:16+2 out-of-range"]),
    ("lamplight 1\nrun raft nodes=3 at=1", &["2:18+2 unknown-key"]),
    ("lamplight 1\nrun raft nodes=3 nodes=3", &["2:18+7 twice"]),
    ("lamplight 1\nrun raft nodes=3 sloppy", &["2:18+6 unexpected"]),
    ("lamplight 1\nrun raft seed=-1", &["2:15+2 bad-number"]),
    ("lamplight 1\nrun raft seed=18446744073709551616", &["2:15+20 too-large"]),
    ("lamplight 1\nrun raft clients=120", &[]),
    ("lamplight 1\nrun raft clients=124", &["2:1+20 too-large"]),
    ("lamplight 1\nrun raft clients=100000", &["2:1+23 too-large"]),
    ("lamplight 1\nrun raft noop=maybe reads=5 lost=2 rate=2", &["2:15+5 bad-value", "2:27+1 bad-value", "2:34+1 bad-value", "2:41+1 bad-value"]),
    ("lamplight 1\nrun raft heartbeat=1h election=2ms..1ms names=", &["2:20+2 out-of-range", "2:32+8 bad-value", "2:47+0 bad-value"]),
    ("lamplight 1\nrun raft\nat 1s partition n1 n2 | n3 n4 n5 c2\nexpect sometimes n9 elekted by 5", &["3:34+2 unknown-node", "4:18+2 unknown-node", "4:21+7 unknown-reason"]),
];

#[test]
fn every_mistake_has_its_place_and_code() {
    for (lines, want) in MISTAKES {
        assert_eq!(faults(&raft(lines)), *want, "{lines}");
    }
    for (text, want) in WHOLE {
        assert_eq!(faults(text), *want, "{text}");
    }
}

#[test]
fn every_code_is_tested() {
    let all = MISTAKES.iter().chain(WHOLE).flat_map(|(_, want)| want.iter());
    let tested: Vec<&str> = all.filter_map(|w| w.split(' ').nth(1)).collect();
    // What only the protocol refuses is told when the run is opened: tests/world.rs.
    for (code, _) in CODES.iter().filter(|(code, _)| *code != "refused") {
        assert!(tested.contains(code), "{code}");
    }
    assert!(tested.iter().all(|t| CODES.iter().any(|(code, _)| code == t)));
}

#[test]
fn limits_are_faults() {
    let long = "x".repeat(201);
    assert_eq!(faults(&raft(&format!("title {long}"))), ["3:7+201 too-large"]);
    assert_eq!(faults(&raft(&format!("at 1s say \"{long}\""))), ["3:11+203 too-large"]);
    assert_eq!(faults(&raft(&"\n".repeat(998))), [""; 0]);
    assert_eq!(faults(&raft(&format!("{}heal", "\n".repeat(998)))), ["1001:1+0 too-large"]);
    let parts = |n| format!("when n1 crashed{} heal", " and n2 crashed".repeat(n));
    assert_eq!(faults(&raft(&parts(31))), [""; 0]);
    assert_eq!(faults(&raft(&parts(32))), ["3:482+3 too-large"]);
    assert_eq!(faults(&"#".repeat(65_537)), ["1:1+0 too-large"]);
}

#[test]
fn who_asks_for_a_fact_that_is_none_is_told_what_there_is() {
    let hint = |fact: &str| {
        let all = parse(&raft(&format!("when {fact} heal")), ALL).unwrap_err();
        (all[0].message.clone(), all[0].hint.clone().unwrap_or_default())
    };
    let (message, told) = hint("wedded");
    assert_eq!(message, "`wedded` is nothing this protocol tells.");
    assert!(told.contains("elected") && told.contains("`crashed`"), "{told}");
    assert!(told.contains("AppendEntries"), "{told}");
    // What stands before a fact is somebody's name.
    assert_eq!(hint("n9 crashed").0, "`n9` is not a node, a role or a state.");
    assert_eq!(hint("n9 elected").0, "`n9` is not a node, a role or a state.");
}

#[test]
fn a_line_that_is_not_for_every_run_says_whose_it_is() {
    let text = raft(
        "beside raft as small nodes=3\nat 1s crash n5\nexpect state n4.term = 1\ngiven n5 term=1",
    );
    let all = parse(&text, ALL).unwrap_err();
    let said: Vec<_> =
        all.iter().map(|f| (f.message.as_str(), f.hint.as_deref().unwrap_or(""))).collect();
    let cast = "Did you mean `n1`? The nodes of this run are c1, n1 to n3. ";
    let hint = |way: &str| [cast, way].concat();
    let want = [
        (
            "In small: `n5` is not a node, a role or a state.",
            hint("For one run alone, begin the line with `in raft`."),
        ),
        ("In small: `n4` is not a node.", hint("For one run alone: `expect in raft …`.")),
        ("In small: `n5` is not a node.", hint("A setting holds in every run.")),
    ];
    assert_eq!(said, want.each_ref().map(|(m, h)| (*m, h.as_str())));
}

/// Lines of a comparison, besides a run of five servers.
const COMPARED: &str = "about two and a half
beside  raft as three nodes=3 noop=off seed=7
beside twin lost=1%
net profile=teach
node c1 as A drift=1ppm
sweep clients = 1..9 by 3
at 1s.2  pause A
then +1ms resume A
in raft at 20ms every 1s x 2  c1 put x 1
then when n5 elected +5ms  crash n5
in three when delivered AppendEntries term=1 n1 -> n2  duplicate it by 1ms
then  heal
in twin at 1s crash candidate
when A crashed  say \"three\"
expect in three sometimes n3 elected by 3s times 2
expect measure availability A >= 0%
expect in raft count sent RequestVote <= 9
until quiet by 9s";

#[test]
fn a_comparison_means_the_same_when_printed() {
    let s = read(&raft(COMPARED));
    let printed = canonical(&s);
    assert_eq!(read(&printed).meaning(), s.meaning(), "{printed}");
    assert_eq!(canonical(&read(&printed)), printed);
    assert_eq!(read(&tidy(&raft(COMPARED))).meaning(), s.meaning());
    let runs = "\nrun raft seed=7\nbeside raft as three nodes=3 noop=off\nbeside twin lost=1%\n";
    assert!(printed.contains(runs), "{printed}");
    assert!(printed.contains("\nsweep clients=1..9 by 3\n"));
    assert!(printed.contains(
        "\nin raft at 20ms every 1s x 2 c1 put x 1\nthen when n5 elected +5ms crash n5\n"
    ));
    assert!(printed.contains("\nexpect in three sometimes n3 elected by 3s times 2\n"));
    // The cards' disks differ and the text gives none, so each run has its own.
    assert!(printed.contains("\nnet latency=10ms\n"), "{printed}");
}

#[test]
fn a_runs_own_part_is_a_text() {
    let s = read(&raft(COMPARED));
    let acts = |i: usize| {
        s.only(i).steps.iter().map(|s| engine::scenario::act(&s.act)).collect::<Vec<_>>()
    };
    let (first, last) = (["pause c1", "resume c1"], ["say \"three\""]);
    let own = [
        vec!["c1 put x 1", "crash n5"],
        vec!["duplicate it by 1ms", "heal"],
        vec!["crash candidate"],
    ];
    for (i, own) in own.iter().enumerate() {
        assert_eq!(acts(i), [&first[..], own, &last[..]].concat());
    }
    assert_eq!([0, 1, 2].map(|i| s.only(i).expects.len()), [2, 2, 1]);
    assert_eq!([0, 1, 2].map(|i| s.only(i).run.seed), [7; 3]);
    let printed = canonical(&s.only(1));
    assert_eq!(canonical(&read(&printed).only(0)).replace(" disk=0ms", ""), printed);
    assert_eq!(read(&canonical(&s.only(2))).net, read("lamplight 1\nrun twin\n").net);
}

#[test]
fn a_sweep_goes_through_its_values() {
    let values = |line: &str| {
        let sweep = read(&raft(line)).sweep.unwrap();
        sweep.values().iter().map(|v| v.print()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(values("sweep nodes=3..9 by 2"), "3 5 7 9");
    assert_eq!(values("sweep nodes=3..8 by 2"), "3 5 7");
    assert_eq!(values("sweep nodes=3..3 by 9"), "3");
    assert_eq!(values("sweep heartbeat=10ms..1s by 450ms"), "10ms 460ms 910ms");
    assert_eq!(values("sweep lost=0%..1% by 0.5%"), "0% 0.5% 1%");
    assert_eq!(values("sweep rate=1/s..2/s by 0.5/s"), "1/s 1.5/s 2/s");
    let s = read(&raft("beside raft as b\nsweep nodes=3..9 by 2"));
    let at = s.at(&s.sweep.as_ref().unwrap().values()[1]);
    let text = canonical(&at);
    assert!(text.contains("run raft nodes=5 seed=7\nbeside raft as b nodes=5\n"), "{text}");
    assert!(at.sweep.is_none() && at.runs().all(|r| r.params == read(&text).run.params));
}

#[test]
fn an_edit_of_a_comparison_keeps_to_its_run() {
    let text =
        raft("beside raft as b nodes=3 seed=7 # small\nin b at 1s heal\nthen heal\nat 4s heal");
    let line = |text: &str, n: usize| text.lines().nth(n).unwrap_or_default().to_string();
    assert_eq!(edit::run_names(&text), ["raft", "b"]);
    let noop = edit::set_param_in(&text, "b", "noop", Some("off"));
    assert_eq!(line(&noop, 2), "beside raft as b nodes=3 seed=7 noop=off # small");
    assert_eq!(line(&noop, 1), line(&text, 1));
    assert_eq!(line(&edit::set_param(&text, "noop", Some("off")), 2), line(&text, 2));
    let seed = edit::set_seed(&text, 9);
    assert_eq!(line(&seed, 1), "run raft nodes=5 clients=1 seed=9");
    assert_eq!(line(&seed, 2), "beside raft as b nodes=3 # small");
    assert_eq!(read(&seed).runs().map(|r| r.seed).collect::<Vec<_>>(), [9, 9]);
    let put = |t: &str| heads(&edit::insert_step_in(&text, Some("b"), at(t), "crash n2"));
    let place =
        |t: &str| put(t).iter().position(|l| l.starts_with("in b at") && l.ends_with("crash n2"));
    assert_eq!([place("500ms"), place("1s"), place("5s")], [Some(1), Some(3), Some(4)]);
    assert_eq!(heads(&edit::remove_step(&text, 0))[1..], ["at 4s heal"]);
}

#[test]
fn a_link_to_a_comparison_overrides_one_run_or_all() {
    let text = raft("beside raft as b nodes=3");
    let run = |link: &str| link::apply(&link::parse_fragment(link).unwrap(), &text);
    let nodes = |link: &str| {
        let s = read(&run(link).unwrap());
        s.runs().map(|r| r.params[0].1.print()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(nodes("raft/x&in=b"), "5 3");
    assert_eq!(nodes("raft/x&b.nodes=7"), "5 7");
    assert_eq!(nodes("raft/x&raft.nodes=7&in=b"), "7 3");
    assert_eq!(nodes("raft/x&nodes=7"), "7 7");
    assert_eq!(run("raft/x&c.nodes=7"), Err(LinkFault::UnknownKey { key: "c.nodes".into() }));
    let seeds = read(&run("raft/x&seed=12").unwrap());
    assert!(seeds.runs().all(|r| r.seed == 12));
}

#[test]
fn every_example_of_the_reference_is_read() {
    let about = "link n1 -> n2 latency=1ms";
    let all = || chapters().into_iter().chain(forms());
    for t in all().flat_map(|c| c.terms) {
        let example = t.example.replace("heal", "say \"x\"");
        let head = example.split(' ').next().unwrap_or_default();
        let whole = match head {
            "run" => format!("lamplight 1\n{example}\n"),
            "expect" => format!("lamplight 1\nrun raft\n{example}\n"),
            "then" => format!("lamplight 1\nrun raft\nat 1s mark \"x\"\n{example}\n"),
            "cut" => format!("lamplight 1\nrun raft\nat 1s {example}\n"),
            _ if t.form.is_empty() && !example.contains(' ') => {
                format!("lamplight 1\n{about}\nrun raft\npace {example}")
            }
            _ => format!("lamplight 1\nrun raft\n{example}\n"),
        };
        let faults = skim(&whole).err().unwrap_or_default();
        assert!(faults.is_empty(), "{whole}\n{}", listed(&faults));
    }
    assert!(reference().contains("| `crash` | `WHO …` |"));
    for chapter in all() {
        assert!(reference().contains(&format!("\n## {}\n", chapter.title)), "{}", chapter.title);
    }
    // Whatever a form speaks of is said somewhere: a chapter's row or its sentence.
    let terms = all().flat_map(|c| c.terms).flat_map(|t| [t.word, t.says]);
    let said: Vec<&str> = all().map(|c| c.says).chain(terms).collect();
    for part in [
        "MESSAGE",
        "PATH",
        "WINDOW",
        "VALUE",
        "TIME",
        "SIGNED TIME",
        "SHARE",
        "RATE",
        "BYTES",
        "DIST",
        "ARROW",
        "CMP",
        "AGG",
        "WHO",
    ] {
        assert!(said.iter().any(|s| s.contains(part)), "{part} is explained nowhere");
    }
}

#[test]
fn a_profile_gives_latency_and_disk() {
    let net = |lines: &str| {
        let printed = canonical(&read(&raft(lines)));
        printed.lines().find(|l| l.starts_with("net")).map(String::from).unwrap_or_default()
    };
    assert_eq!(net("net profile=lan"), "net latency=200us..500us disk=1ms");
    assert_eq!(net("net disk=3ms profile=wan"), "net latency=80ms..120ms disk=3ms");
    assert_eq!(net("net profile=teach fifo=on loss=0%"), "net latency=10ms fifo=on disk=0ms");
}

#[test]
fn cards_that_do_not_fit_the_language_are_named() {
    let faults: Vec<String> = ALL.iter().flat_map(|e| card_faults(e)).collect();
    assert_eq!(faults, [""; 0]);
    let want = [
        "Odd: is not a word: `Odd`",
        "Odd: may not name a parameter: `t`",
        "Odd: has a default that cannot be read: `t`",
        "Odd: may not name nodes: `heal`",
        "Odd: has a role without a number: `part`",
        "Odd: may not name a state: `ok`",
        "Odd: may not name a reason: `crashed`",
        "Odd: may not name a field: `a.b`",
        "Odd: may not name a kind: `note`",
        "Odd: has an argument that may be left away before one that may not: `join`",
        "Odd: is nobody's: `join`",
        "Odd: breaks a claim that is not there: `b`",
    ];
    assert_eq!(card_faults(&fakes::ODD), want);
}

#[test]
fn the_cards_of_the_catalogue_fit_the_language() {
    let faults: Vec<String> =
        engine::protocols::entries().into_iter().flat_map(card_faults).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn shipped_scenarios_are_read_and_assert_something() {
    let entries = engine::protocols::entries();
    for (name, text) in shipped() {
        let s =
            parse(&text, &entries).unwrap_or_else(|faults| panic!("{name}\n{}", listed(&faults)));
        assert!(
            s.asserts() && !s.title.is_empty() && !s.rows.is_empty() && s.shows.is_some(),
            "{name}"
        );
        let printed = canonical(&s);
        assert_eq!(parse(&printed, &entries).map(|s| s.meaning()), Ok(s.meaning()), "{printed}");
        assert_eq!(parse(&tidy(&text), &entries).map(|s| s.meaning()), Ok(s.meaning()), "{name}");
    }
}

// Printing.

/// Lines that try what the ten scenarios do not.
const RARE: &str = r##"title "A # in the middle"
about "quoted"
about 5" disks
net loss=0.0001% copy=5ms+exp(10ms) bandwidth=10kB/s inflight=deliver fifo=on duplicate=1%
link A <-> n2 latency=pareto(1ms,1.5) loss=0%
node n1 as A drift=-5ppm
node n3 as "the third" absent disk=1.5ms
given n1 log="1" term=1,2 leader="a \"b\" \\"
load c1 put "and" "#7" rate=0.5/s to=1min
bug no-votedfor
bug commit-old-term
at 1s.3 every 500ms x 3   crash leader follower
then when c1 ok put x 1   c1 get "a=b"
when c1 ok transact a b +0ms   c1 get +5
when elected   c1 put "crash" "5"
when n1 is candidate term=3 and broken ElectionSafety and quiet +5ms   isolate A
when lost AppendEntries term=2 * <-> leader #2   duplicate it by 1ms
at 2s  turn n1 equivocate to=n3
at 2s  set net latency=1ms loss=0%
at 2s  set link n1 -> leader fifo=off bandwidth=none
at 2s  set node A offset=-1h
at 2s  skew n1 by -50ms
at 2s  drift n1 to -7ppm
at 2s  partition n1 | n2 | "the third" c1
at 2s  heal n1 <-> n2
at 2s  restart n1 n2 amnesia
at 2s  pass every AppendEntries
at 2s  delay AppendEntries entries=1 n1 -> * #3 by 7ms
at 2s  say "a \"b\" # \\ c"
at 2s  n1 transfer
expect broken ElectionSafety by 1s.2
expect sometimes c1 failed get x #2 by 1s times 3
expect count delivered RequestVote n1 -> * from 0ms to 1s <= 3
expect measure p99 latency A at 1s < 1.5ms
expect measure log-length "at" = 1.5 tol 1
expect state A.log.3.term at 1s >= 2
expect answer c1 #1 unknown "x y"
expect history not sequential
until n1 elected and quiet +1ms by 23h"##;

#[test]
fn rare_forms_mean_the_same_when_printed() {
    let s = read(&raft(RARE));
    let printed = canonical(&s);
    assert_eq!(read(&printed).meaning(), s.meaning(), "{printed}");
    assert_eq!(canonical(&read(&printed)), printed);
    assert_eq!(read(&tidy(&raft(RARE))).meaning(), s.meaning());
}

#[test]
fn a_step_has_the_same_ordinal_in_text_and_canonical() {
    let text =
        raft("at 2s heal\n# why\n\nat 1s crash n1\nexpect always ElectionSafety\nthen restart n1");
    let s = read(&text);
    let printed = read(&canonical(&s));
    assert_eq!([3, 6, 8].map(|line| s.step_ordinal(line)), [Some(0), Some(1), Some(2)]);
    assert_eq!(s.step_ordinal(7), None);
    assert_eq!(
        printed.steps.iter().map(|s| s.act.clone()).collect::<Vec<_>>(),
        s.steps.iter().map(|s| s.act.clone()).collect::<Vec<_>>()
    );
}

#[test]
fn tidy_sets_columns_and_keeps_lines() {
    let text = "lamplight 1 # raft\n\n# stage\n title  A  b\nrun   raft  nodes=5\nat 0ms crash n1 # first\n\
                # then\nwhen n5 elected term=3  drop every AppendEntries n5 -> *\nthen say \"a  b\"\n\n\
                at 1s heal\nexpect   always  ElectionSafety\nuntil 2s\nat 5s crash \"x\n\n";
    let want = "lamplight 1  # raft\n\n# stage\ntitle  A  b\nrun    raft nodes=5\n\
                at 0ms                  crash n1  # first\n# then\n\
                when n5 elected term=3  drop every AppendEntries n5 -> *\n\
                then                    say \"a  b\"\n\nat 1s  heal\nexpect always ElectionSafety\n\
                until  2s\nat 5s crash \"x\n";
    assert_eq!(tidy(text), want);
    assert_eq!(tidy(want), want);
}

#[test]
fn tidy_leaves_the_ten_as_long_and_as_meant() {
    for text in ten() {
        let tidied = tidy(&text);
        assert_eq!(tidied.lines().count(), text.lines().count());
        assert_eq!(tidy(&tidied), tidied);
        assert_eq!(
            parse(&tidied, ALL).ok().map(|s| s.meaning()),
            parse(&text, ALL).ok().map(|s| s.meaning())
        );
    }
}

// Edits.

fn at(raw: &str) -> Instant {
    let text = raft(&format!("at {raw} heal"));
    match read(&text).steps.first().map(|s| s.trigger.clone()) {
        Some(Trigger::At { at, .. }) => at,
        _ => Instant::default(),
    }
}

fn heads(text: &str) -> Vec<String> {
    text.lines().skip(2).map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_step_goes_in_by_time_and_below_chains() {
    let text = raft(
        "at 1s crash n1\nthen +5s restart n1\n# the cut\nat 3s heal\nexpect always ElectionSafety\nuntil 9s",
    );
    let put = |t: &str| heads(&edit::insert_step(&text, at(t), "crash n2"));
    let place = |t: &str| put(t).iter().position(|l| l.ends_with("crash n2"));
    assert_eq!(
        [place("500ms"), place("1s"), place("2s.4"), place("3s"), place("8s")],
        [Some(0), Some(2), Some(2), Some(4), Some(4)]
    );
    assert_eq!(put("2s.4").get(2).map(String::as_str), Some("at 2s.4 crash n2"));
    let bare = raft("# c\nexpect always ElectionSafety\nuntil 9s");
    let first = heads(&edit::insert_step(&bare, at("1s"), "crash n2\nrun evil"));
    assert_eq!(first.get(1).map(String::as_str), Some("at 1s crash n2 run evil"));
}

#[test]
fn a_step_goes_with_its_chain() {
    let text = raft("at 1s crash n1 # a\nthen restart n1\n# c\nthen heal\nat 2s heal # b");
    assert_eq!(heads(&edit::remove_step(&text, 0)), ["# c", "at 2s heal # b"]);
    assert_eq!(
        heads(&edit::remove_step(&text, 2)),
        ["at 1s crash n1 # a", "then restart n1", "# c", "at 2s heal # b"]
    );
    assert_eq!(
        heads(&edit::replace_step(&text, 3, "at 4s isolate n2")).last().map(String::as_str),
        Some("at 4s isolate n2 # b")
    );
    assert_eq!(edit::remove_step(&text, 9), text);
}

#[test]
fn a_length_of_time_in_a_step_is_changed_where_it_stands() {
    let text = "lamplight 1\nrun consistency sessions=1 seed=1\nat 10ms  p1 put x 1 10ms  # slow\n";
    let changed = |old, new| edit::change_time(text, 0, old, new);
    let want = "lamplight 1\nrun consistency sessions=1 seed=1\nat 10ms p1 put x 1 25ms # slow\n";
    assert_eq!(
        changed(10_000, 25_000).map(|t| heads(&t)[..].join("|")),
        Some(heads(want).join("|"))
    );
    // The time at which it acts is not it.
    assert_eq!(edit::change_time(&text.replace("1 10ms", "1 9ms"), 0, 10_000, 5_000), None);
    assert_eq!(edit::change_time(text, 1, 10_000, 25_000), None);
}

#[test]
fn a_step_is_moved_in_time_and_nothing_else_of_it() {
    let text = raft(
        "at 1s.3 every 1s x 2 crash n1 # a\nthen +1s restart n1\nwhen n1 elected crash n2\nat 4s heal # b",
    );
    let moved = |i: usize, t: &str| edit::move_step(&text, i, at(t)).map(|t| heads(&t));
    let first = moved(0, "2.5s").unwrap_or_default();
    assert_eq!(first[0], "at 2.5s every 1s x 2 crash n1 # a");
    assert_eq!(first[1..], heads(&text)[1..]);
    assert_eq!(moved(3, "0ms").unwrap_or_default()[3], "at 0ms heal # b");
    assert_eq!(moved(3, "2s.7").unwrap_or_default()[3], "at 2s.7 heal # b");
    assert_eq!((moved(1, "2s"), moved(2, "2s"), moved(9, "2s")), (None, None, None));
    let two = "lamplight 1\nrun raft as a seed=1\nbeside raft as b\nin b at 4s crash n1\n";
    let two = edit::move_step(two, 0, at("3s")).unwrap_or_default();
    assert!(two.contains("in b at 3s  crash n1"), "{two}");
}

#[test]
fn a_step_is_found_and_read() {
    let text = raft("at 1s   crash n1 # a\nthen restart n1\n# c\nthen heal\nat 2s say \"a  b\"");
    assert_eq!(edit::step_line(&text, 0).as_deref(), Some("at 1s crash n1"));
    assert_eq!(edit::step_line(&text, 3).as_deref(), Some("at 2s say \"a  b\""));
    assert_eq!(edit::step_line(&text, 4), None);
    assert_eq!((edit::hangs_on(&text, 0), edit::hangs_on(&text, 3)), (2, 0));
    assert_eq!((edit::step_at(&text, 3), edit::step_at(&text, 6)), (Some(0), Some(2)));
    assert_eq!((edit::step_at(&text, 5), edit::step_at(&text, 0)), (None, None));
}

#[test]
fn settings_are_set_in_their_line() {
    let text = raft("title old # keep\nat 1s heal");
    let line = |text: String, n: usize| text.lines().nth(n).unwrap_or_default().to_string();
    assert_eq!(
        line(edit::set_param(&text, "nodes", Some("3")), 1),
        "run raft nodes=3 clients=1 seed=7"
    );
    assert_eq!(line(edit::set_param(&text, "nodes", None), 1), "run raft clients=1 seed=7");
    assert_eq!(line(edit::set_param(&text, "seed", None), 1), "run raft nodes=5 clients=1");
    assert_eq!(
        line(edit::set_param(&text, "names", Some("a\nb")), 1),
        "run raft nodes=5 clients=1 seed=7 names=\"a b\""
    );
    assert_eq!(line(edit::set_seed(&text, 9), 1), "run raft nodes=5 clients=1 seed=9");
    assert_eq!(line(edit::set_title(&text, "new"), 2), "title  new");
    assert_eq!(line(edit::set_title(&text, ""), 2), "at 1s heal");
    assert_eq!(line(edit::set_title(&edit::set_title(&text, ""), "x"), 1), "title  x");
    let bug = edit::set_bug(&text, "no-votedfor", true);
    assert_eq!(read(&bug).bugs, ["no-votedfor"]);
    assert_eq!(edit::set_bug(&bug, "no-votedfor", true), bug);
    assert_eq!(edit::set_bug(&bug, "no-votedfor", false), text);
}

// Links.

fn shared() -> Address {
    let param = |run: Option<&str>, name: &str, value: &str| Param {
        run: run.map(String::from),
        name: name.into(),
        value: value.into(),
    };
    Address {
        seed: Some(71),
        bugs: vec!["no-votedfor".into()],
        params: vec![
            param(None, "nodes", "15"),
            param(Some("cp"), "names", "a&check=00000000 %é)"),
        ],
        within: Some("cp".into()),
        sel: Some(Sel::Node("n1".into())),
        at: Some(at("1.2s.34")),
        check: Some(0x0a1b_2c3d),
        ..Address::shipped("raft", "leader-crash")
    }
}

/// What an address runs.
fn run_of(a: &Address) -> (Source, Option<u64>, Vec<String>, Vec<Param>) {
    (a.source.clone(), a.seed, a.bugs.clone(), a.params.clone())
}

/// Every cut is an error, or the same run at the same moment or at the start.
fn assert_cuts(link: &str, whole: &Address) {
    for end in (0..link.len()).filter(|i| link.is_char_boundary(*i)) {
        let cut = &link[..end];
        if let Ok(a) = link::parse_fragment(cut) {
            assert_eq!(run_of(&a), run_of(whole), "{cut}");
        }
    }
}

#[test]
fn links_by_hand_need_no_check() {
    let a = link::parse_fragment("#raft/leader-crash&seed=7&t=1.2s.3").unwrap();
    assert_eq!((a.seed, a.at, a.check), (Some(7), Some(at("1.2s.3")), None));
    assert_eq!(
        link::parse_fragment("raft/leader-crash"),
        Ok(Address::shipped("raft", "leader-crash"))
    );
    assert_eq!(link::write(&a).as_deref(), Ok("raft/leader-crash&seed=7&t=1.2s.3"));
}

#[test]
fn a_shared_link_cut_anywhere_says_so() {
    let link = link::write(&shared()).unwrap();
    assert_eq!(
        link,
        "s1.raft/leader-crash&seed=71&nodes=15&cp.names=a%26check%3D00000000%20%25%C3%A9%29\
                      &bug=no-votedfor&in=cp&sel=n:n1&t=1.2s.34&check=0a1b2c3d"
    );
    assert_eq!(link::parse_fragment(&link), Ok(shared()));
    for end in 0..link.len() {
        let fault = link::parse_fragment(&link[..end]).unwrap_err();
        let chars = link[..end].trim_end_matches([':', '.']).chars().count();
        let odd = matches!(fault, LinkFault::UnknownScenario { .. });
        assert!(odd || fault == LinkFault::CutOff { at: chars }, "{} {fault:?}", &link[..end]);
    }
}

#[test]
fn a_name_may_be_in_codes_while_the_rest_is_not() {
    let plain = link::parse_fragment("raft/leader-crash&t=1s").unwrap();
    assert_eq!(link::parse_fragment("raft%2Fleader-crash&t=1s"), Ok(plain.clone()));
    assert_eq!(link::parse_fragment("raft%2Fleader%2Dcrash%26t%3D1s"), Ok(plain));
}

#[test]
fn a_text_travels_whole_or_not_at_all() {
    for text in ten().into_iter().chain(["x".into(), String::new(), raft(RARE)]) {
        let a = Address { at: Some(at("1.2s.34")), check: Some(7), ..Address::text(&text) };
        let link = link::write(&a).unwrap();
        assert_eq!(link::parse_fragment(&link).as_ref(), Ok(&a));
        assert_cuts(&link, &a);
        let body = link.split('&').next().unwrap_or_default();
        for end in 0..body.len() {
            assert_eq!(
                link::parse_fragment(&body[..end]).unwrap_err().code(),
                "cut-off",
                "{}",
                &body[..end]
            );
        }
    }
}

#[test]
fn a_damaged_text_is_noticed() {
    for text in [raft("at 1s heal"), raft(RARE)] {
        let link = link::write(&Address::text(&text)).unwrap();
        for i in 3..link.len() {
            let other = if link.as_bytes()[i] == b'A' { "B" } else { "A" };
            let bad = format!("{}{other}{}", &link[..i], &link[i + 1..]);
            let same =
                link::parse_fragment(&bad).is_ok_and(|a| a.source == Source::Text(text.clone()));
            assert!(link::parse_fragment(&bad).is_err() || same, "{bad}");
        }
    }
}

#[test]
fn overrides_are_put_into_a_text() {
    let a = Address {
        seed: Some(9),
        bugs: vec!["no-votedfor".into()],
        check: Some(1),
        ..Address::text(&raft("at 1s heal"))
    };
    let back = link::parse_fragment(&link::write(&a).unwrap()).unwrap();
    let Source::Text(text) = &back.source else { panic!() };
    assert_eq!(
        (read(text).run.seed, read(text).bugs, back.overrides()),
        (9, vec!["no-votedfor".to_string()], false)
    );
    let body = link::write(&Address::text("x")).unwrap();
    assert_eq!(link::parse_fragment(&format!("{body}&seed=1")).unwrap_err().code(), "cut-off");
    assert!(link::parse_fragment(&format!("{body}&seed=1&check=00000000")).is_ok());
}

#[test]
fn an_override_that_does_not_fit_is_a_fault_at_its_line() {
    let text = raft("at 1s partition n1 n2 | n3 n4 n5");
    let a = link::parse_fragment("raft/cut&nodes=3").unwrap();
    assert_eq!(
        faults(&link::apply(&a, &text).unwrap()),
        ["3:28+2 unknown-node", "3:31+2 unknown-node"]
    );
    let a = link::parse_fragment("raft/cut&noodles=3&raft.nodes=5").unwrap();
    assert_eq!(faults(&link::apply(&a, &text).unwrap()), ["2:35+7 unknown-key"]);
    let a = link::parse_fragment("raft/cut&ap.nodes=3").unwrap();
    assert_eq!(link::apply(&a, &text), Err(LinkFault::UnknownKey { key: "ap.nodes".into() }));
}

#[test]
fn what_chat_programs_do_to_links_is_undone() {
    let link = link::write(&shared()).unwrap();
    let encoded: String = link
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b == b'.' {
                char::from(b).to_string()
            } else {
                format!("%{b:02x}")
            }
        })
        .collect();
    for text in [
        format!("#{link}"),
        format!("{link})."),
        format!("{link},"),
        format!("{link}>"),
        format!(" {encoded}\n"),
        format!("{encoded}%29"),
    ] {
        let read = link::parse_fragment(&text);
        if !text.ends_with("%29") {
            assert_eq!(read, Ok(shared()), "{text}");
        }
    }
}

#[test]
fn every_link_fault_has_its_words() {
    let code = |f: &str| link::parse_fragment(f).err().map(|f| f.code());
    assert_eq!(code("z2.AAAA"), Some("newer"));
    assert_eq!(code("z1.!!!a"), Some("damaged"));
    assert_eq!(code(&"a".repeat(40_000)), Some("too-large"));
    assert_eq!(code("raft/x&N=1"), Some("unknown-key"));
    assert_eq!(code("raft/x&n="), Some("unknown-key"));
    assert_eq!(code("raft/x&seed=x"), Some("bad-value"));
    assert_eq!(code("raft/x&t=25h"), Some("bad-value"));
    assert_eq!(code("raft/x&check=123"), Some("bad-value"));
    assert_eq!(code("raft/x&t=1s&t=2s"), Some("bad-value"));
    assert_eq!(code("raft/x&nodes=3&seed=1&nodes=5"), Some("bad-value"));
    assert_eq!(code("raft/x&bug=a&bug=b"), None);
    let keys = |n| (0..n).map(|i| format!("&p{i}=1")).collect::<String>();
    assert_eq!(code(&format!("raft/x{}", keys(128))), None);
    assert_eq!(code(&format!("raft/x{}", keys(129))), Some("too-large"));
    assert_eq!(code("raft/x&sel=q:1"), Some("bad-value"));
    assert_eq!(code("raft/x&nodes=%0a"), Some("bad-value"));
    assert_eq!(
        [code("raft"), code(""), code("raft/"), code("raft/x&"), code("raft/x&seed")],
        [Some("cut-off"); 5]
    );
    assert_eq!(code("Raft/X"), Some("unknown-scenario"));
    let a = link::parse_fragment("raft/leader-crsh").unwrap();
    let near = link::known(&a, &["raft/leader-crash", "raft/figure8"]).unwrap_err();
    assert_eq!(
        near.to_string(),
        "There is no scenario `raft/leader-crsh`. Did you mean `raft/leader-crash`?"
    );
    let big = "y z ".repeat(16_385);
    assert_eq!(link::write(&Address::text(&big)).unwrap_err().code(), "too-large");
}

#[test]
fn a_bomb_is_not_unfolded() {
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'a'; 20_000_000], 9);
    let link = format!("z1.{}", data_encoding::BASE64URL_NOPAD.encode(&bomb));
    assert_eq!(link::parse_fragment(&link).unwrap_err().code(), "too-large");
}

// Properties.

/// Everything a text may go through; nothing of it may panic, and what it promises must hold.
fn exercise(text: &str, cards: &[&'static Entry]) {
    let tidied = tidy(text);
    assert_eq!(tidy(&tidied), tidied);
    let read_here = parse(text, cards);
    let _ = skim(text);
    let _ = (edit::insert_step(text, Instant::default(), "heal"), edit::remove_step(text, 1));
    let _ = (edit::set_param(text, "nodes", Some("3")), edit::set_title(text, "x"));
    let _ = (edit::set_param_in(text, "three", "nodes", None), edit::set_seed(text, 3));
    let _ = edit::insert_step_in(text, Some("raft"), Instant::default(), "heal");
    let read = |text: &str| {
        parse(text, cards).unwrap_or_else(|faults| panic!("{text}\n{}", listed(&faults)))
    };
    match read_here {
        Ok(s) => {
            let printed = canonical(&s);
            let again = read(&printed);
            assert_eq!(again.meaning(), s.meaning(), "{text}\n---\n{printed}");
            assert_eq!(canonical(&again), printed);
            assert_eq!(read(&tidied).meaning(), s.meaning(), "{tidied}");
            parts(&s, cards);
            within_limits(text, &s);
        }
        Err(faults) => assert!(
            faults.iter().all(|f| CODES.iter().any(|(c, _)| *c == f.code)) && !faults.is_empty()
        ),
    }
}

/// Each run's own part, and each value of a sweep, is a text that can be read and means just that.
fn parts(s: &Scenario, cards: &[&'static Entry]) {
    let disk = s.net.iter().any(|(k, _)| k == "disk");
    for i in (0..s.runs().count()).filter(|_| !s.is_single() && disk) {
        let own = s.only(i);
        let again = parse(&canonical(&own), cards).map(|s| s.meaning());
        assert_eq!(again, Ok(own.meaning()), "{}", canonical(s));
    }
    for value in s.sweep.iter().flat_map(|sweep| sweep.values()).take(3) {
        let at = canonical(&s.at(&value));
        assert!(parse(&at, cards).is_ok(), "{at}");
    }
}

/// What is read is no larger than a page is ready for.
fn within_limits(text: &str, s: &Scenario) {
    assert!(text.len() <= 64 * 1024 && text.lines().count() <= 1_000, "{} bytes", text.len());
    assert!(s.title.chars().count() <= 200 && s.runs().count() <= 4, "{text}");
    let day = 24 * 3_600 * engine::ids::SEC;
    let late = |t: &Trigger| matches!(t, Trigger::At { at, .. } if at.at > day);
    assert!(!s.steps.iter().any(|s| late(&s.trigger)), "{text}");
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vocabulary())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        exercise(&text, ALL);
        exercise(&raft(&text), ALL);
        let _ = link::parse_fragment(&text);
    }

    #[test]
    fn mutated_scenarios_are_read_or_refused(which in 0usize..12, seed: u64) {
        let texts: Vec<String> = ten().into_iter().chain([raft(RARE), raft(COMPARED)]).collect();
        exercise(&mutate(&texts[which], &vocabulary(), &mut Dice(seed)), ALL);
    }

    #[test]
    fn lines_of_the_languages_words_are_read_or_refused(lines in prop::collection::vec(prop::collection::vec(words(), 1..9), 1..9)) {
        let lines: Vec<String> = lines.iter().map(|l| l.join(" ")).collect();
        exercise(&raft(&lines.join("\n")), ALL);
    }

    #[test]
    fn values_survive_printing(key in "[ -~]{1,12}", value in "\\PC{0,12}", title in "\\PC{1,30}") {
        let q = |s: &str| format!("\"{}\"", s.replace('\\', "\\\\").replace('"', "\\\""));
        exercise(&raft(&format!("title {}\nat 1s c1 put {} {}", q(&title), q(&key), q(&value))), ALL);
        exercise(&raft(&format!("title {title}\nat 1s c1 put {key} {value}\nwhen n1 elected term={value}  heal")), ALL);
    }

    #[test]
    fn a_text_comes_back_from_its_link(text in "\\PC{0,200}", seed: Option<u64>, check: Option<u32>, at in 0u64..86_400_000_000, k in 0u32..100) {
        let a = Address { at: Some(Instant { at, k }), check, ..Address::text(&text) };
        let link = link::write(&a).unwrap();
        prop_assert_eq!(link::parse_fragment(&link), Ok(a.clone()));
        assert_cuts(&link, &a);
        let a = Address { seed, at: a.at, check, ..Address::shipped("raft", "x1") };
        prop_assert_eq!(link::parse_fragment(&link::write(&a).unwrap()), Ok(a));
    }

    #[test]
    fn a_shared_link_is_whole_or_refused(seed: u64, check: u32, value in "\\PC{1,20}", nodes in 0u32..1000) {
        let params = [("nodes", nodes.to_string()), ("names", value)];
        let params = params.map(|(name, value)| Param { run: None, name: name.into(), value });
        let a = Address { seed: Some(seed), check: Some(check), params: params.to_vec(), ..Address::shipped("raft", "leader-crash") };
        let link = link::write(&a).unwrap();
        prop_assert_eq!(link::parse_fragment(&link), Ok(a.clone()));
        assert_cuts(&link, &a);
    }

    #[test]
    fn mutated_links_are_read_or_refused(which in 0usize..10, seed: u64) {
        let link = link::write(&Address { check: Some(1), ..Address::text(&ten()[which]) }).unwrap();
        let mut dice = Dice(seed);
        let mut bytes = if dice.below(2) == 0 { link.into_bytes() } else { link::write(&shared()).unwrap().into_bytes() };
        for _ in 0..=dice.below(4) {
            let i = dice.below(bytes.len());
            bytes[i] = dice.roll() as u8;
        }
        let _ = link::parse_fragment(&String::from_utf8_lossy(&bytes));
    }
}

// Shipped texts and the links to them.

/// Mutated cases in a test; the bench has a million.
const CASES: u64 = 4_000;

#[test]
fn mutated_shipped_scenarios_are_read_or_refused() {
    let (texts, cards) = (shipped(), protocols::entries());
    let words = vocabulary_of(texts.iter().map(|(_, text)| text.as_str()));
    let mut slowest = Slowest::default();
    for seed in 0..CASES {
        let mut dice = Dice(seed);
        let (_, text) = dice.one(&texts);
        slowest.time(mutate(text, &words, &mut dice), |text| exercise(text, &cards));
    }
    slowest.tell("mutated shipped scenarios, all that a text goes through");
}

/// Texts that are written into links.
fn texts_in(links: &[String]) -> Vec<String> {
    let source = |l: &String| link::parse_fragment(l).map(|a| a.source);
    let text = |s| if let Source::Text(text) = s { Some(text) } else { None };
    links.iter().filter_map(|l| source(l).ok().and_then(text)).collect()
}

#[test]
fn written_links_say_what_was_written_and_cut_ones_that_they_were_cut() {
    let links = written(&shipped(), &protocols::entries());
    let texts = texts_in(&links);
    for link in &links {
        let whole = judge(link, &texts).unwrap_or_else(|| panic!("{link}"));
        assert_eq!(link::write(&whole).as_ref(), Ok(link));
        let of_text = matches!(whole.source, Source::Text(_));
        for end in 0..link.len() {
            let cut = &link[..end];
            match link::parse_fragment(cut) {
                Ok(a) => assert!(of_text && run_of(&a) == run_of(&whole), "{cut}"),
                Err(fault) => assert_eq!(fault.code(), "cut-off", "{cut}"),
            }
        }
    }
}

#[test]
fn mutated_links_open_what_they_say_or_nothing() {
    let links = written(&shipped(), &protocols::entries());
    let texts = texts_in(&links);
    let mut slowest = Slowest::default();
    for seed in 0..5 * CASES {
        let mut dice = Dice(seed);
        let (i, j) = (dice.below(links.len()), dice.below(links.len()));
        let (link, other) = (&links[i], &links[j]);
        slowest.time(mutate_link(link, other, &mut dice), |link| drop(judge(link, &texts)));
    }
    slowest.tell("mutated links, read twice and written again");
}

/// A link of which one can know what its check should be: run up to its moment.
fn opened(a: &Address, texts: &[(String, String)]) -> Option<Together> {
    let text = match &a.source {
        Source::Shipped { entry, slug } => {
            let name = format!("{entry}/{slug}");
            texts.iter().find(|(n, _)| *n == name)?.1.clone()
        }
        Source::Text(text) => text.clone(),
    };
    let s = protocols::parse(&link::apply(a, &text).ok()?).ok()?;
    let mut all = protocols::open_all(s).ok()?;
    let until = a.at.unwrap_or_default().at;
    if until > engine::ids::SEC {
        return None;
    }
    all.advance(until, 100_000);
    (all.known_until() >= until).then_some(all)
}

fn check_of(a: &Address, all: &Together) -> u32 {
    all.check_at(a.at.unwrap_or_default().at)
}

/// What has happened in a run up to a moment, and in which run.
fn behaviour(a: &Address, all: &Together) -> Vec<u64> {
    let until = a.at.unwrap_or_default().at;
    let hash =
        |run: &engine::run::Run| engine::trace::json::hash(run, run.trace().count_until(until));
    all.runs().iter().map(hash).collect()
}

/// Links to the first scenario of each entry, in its own and in another seed, and to a fork of it: half a second in,
/// with the check of the run they were made from.
fn shared_links(texts: &[(String, String)]) -> Vec<Address> {
    let at = Some(at("500ms"));
    let mut all = vec![];
    for bill in protocols::CATALOGUE {
        let shipped = Address { at, ..Address::shipped(bill.id, bill.first) };
        let name = format!("{}/{}", bill.id, bill.first);
        let text = &texts.iter().find(|(n, _)| *n == name).expect("the first is there").1;
        let fork = edit::insert_step(text, Instant { at: 100_000, k: 0 }, "mark \"here\"");
        let fork = Address { at, ..Address::text(&canonical(&protocols::parse(&fork).unwrap())) };
        all.extend([Address { seed: Some(12), ..shipped.clone() }, shipped, fork]);
    }
    for a in &mut all {
        let run = opened(a, texts).unwrap_or_else(|| panic!("{a:?}"));
        a.check = Some(check_of(a, &run));
    }
    all
}

#[test]
fn a_mutated_link_that_opens_another_run_has_a_check_that_does_not_fit() {
    let texts = shipped();
    let shared = shared_links(&texts);
    let links: Vec<String> = shared.iter().map(|a| link::write(a).unwrap()).collect();
    let known: Vec<Vec<u64>> =
        shared.iter().map(|a| behaviour(a, &opened(a, &texts).unwrap())).collect();
    let (mut same, mut other, mut unchecked) = (0, 0, 0);
    for seed in 0..CASES {
        let mut dice = Dice(seed);
        let i = dice.below(links.len());
        let donor = &links[dice.below(links.len())];
        let link = mutate_link(&links[i], donor, &mut dice);
        let Ok(a) = link::parse_fragment(&link) else { continue };
        let Some(run) = opened(&a, &texts) else { continue };
        match a.check {
            None => unchecked += 1,
            // It fits: then it is what one of these links was made from, up to its moment.
            Some(check) if check == check_of(&a, &run) => {
                assert!(known.contains(&behaviour(&a, &run)), "{link}");
                same += 1;
            }
            Some(_) => other += 1,
        }
    }
    assert!(same > 0 && other > 0, "{same} {other}");
    eprintln!(
        "opened: {same} fit their check, {other} do not and are told so, {unchecked} have none"
    );
}
