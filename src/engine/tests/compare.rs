//! Several runs of one text: that each is the run it would be alone, that they are comparable, and that
//! what is said of two of them is true.

mod house;

use engine::check::measure;
use engine::ids::*;
use engine::protocols::{self, CATALOGUE};
use engine::run::{Progress, Run};
use engine::scenario::ast::{Agg, Out, Window};
use engine::scenario::{canonical, sweep_line};
use engine::sweep;
use engine::together::Together;
use engine::trace::compare::{Counters, Parting, Tally, first_difference};
use engine::trace::json::{self, Lines, is_behaviour};
use engine::trace::{What, text};
use engine::value::Value;
use house::*;

/// A comparison on a network where no two messages are equally slow.
const PREVOTE: &str = "run raft as plain nodes=5 clients=2 seed=4
beside raft as prevote nodes=5 clients=2 prevote=on
net latency=5ms..40ms
load c1 put x rate=20/s from=300ms to=3s
load c2 get x rate=20/s from=300ms to=3s
at 0ms fire n1 election
at 1s isolate n5
at 2s heal
in prevote at 2500ms crash n1
then +500ms restart n1
";

fn text_of(lines: &str) -> engine::scenario::Scenario {
    read(&format!("lamplight 1\n{lines}")).unwrap_or_else(|e| panic!("{lines}\n{e}"))
}

fn all(lines: &str) -> Together {
    together(text_of(lines))
}

fn comparisons() -> Vec<Shipped> {
    shipped().into_iter().filter(|s| !s.read().beside.is_empty()).collect()
}

fn hash(run: &Run) -> u64 {
    json::hash(run, verdicts(run).events)
}

#[test]
fn a_run_beside_others_is_the_run_it_is_alone() {
    let shipped = comparisons();
    assert!(shipped.len() >= 3);
    for scenario in shipped.iter().map(Shipped::read).chain([text_of(PREVOTE)]) {
        let runs = together(scenario.clone());
        for (i, run) in runs.runs().iter().enumerate() {
            let own = canonical(&scenario.only(i));
            let alone = finished(read(&own).unwrap_or_else(|e| panic!("{own}\n{e}")));
            assert_eq!(hash(run), hash(&alone), "{own}");
        }
        // Opened as one run it is the first.
        assert_eq!(hash(&finished(scenario)), hash(&runs.runs()[0]));
    }
}

/// How long each message takes, by link, in the order of sending; none for those lost at once.
fn delays(run: &Run) -> Vec<Vec<Option<Us>>> {
    let n = run.cast().len();
    let mut links = vec![vec![]; n * n];
    for m in run.trace().msgs.iter().filter(|m| m.of.is_none()) {
        let due = Some(m.due).filter(|due| *due < Us::MAX);
        links[m.from.index() * n + m.to.index()].push(due.map(|due| due - m.sent_at));
    }
    links
}

/// Messages of which both runs know the delay, and how many of them were equally slow.
fn alike(a: &Run, b: &Run) -> (usize, usize) {
    let (mut both, mut same) = (0, 0);
    for (a, b) in delays(a).iter().zip(&delays(b)) {
        for (a, b) in a.iter().zip(b).filter_map(|(a, b)| Some(((*a)?, (*b)?))) {
            (both, same) = (both + 1, same + usize::from(a == b));
        }
    }
    (both, same)
}

#[test]
fn the_kth_message_of_a_link_is_as_slow_in_every_run() {
    let runs = all(PREVOTE);
    let [plain, prevote] = runs.runs() else { panic!() };
    assert!(first_difference(plain, prevote).is_some());
    let (both, same) = alike(plain, prevote);
    assert!(both > 1_000 && same == both, "{same} of {both}");
    // Another seed would be another network.
    let other = all(&PREVOTE.replace("seed=4", "seed=5"));
    let (both, same) = alike(plain, &other.runs()[1]);
    assert!(both > 1_000 && same < both / 100, "{same} of {both}");
}

#[test]
fn an_expectation_is_judged_in_its_run() {
    let lines = "run raft as three nodes=3 seed=1\nbeside raft as five\nat 0ms fire n1 election\n\
        expect in three count sent RequestVote = 2\nexpect in five count sent RequestVote = 4\n\
        expect sometimes n1 elected\nuntil 100ms\n";
    let ok = |lines: &str| {
        let runs = all(lines);
        let each = runs.verdicts().unwrap();
        let oks = |i: usize| each[i].expects.iter().map(|e| (e.line, e.ok)).collect::<Vec<_>>();
        (oks(0), oks(1), runs.line())
    };
    let (three, five, line) = ok(lines);
    assert_eq!((three, five), (vec![(5, true), (7, true)], vec![(6, true), (7, true)]));
    assert_eq!(line, "three holds, five holds");
    let (three, five, line) = ok(&lines.replace("expect in five", "expect"));
    assert_eq!(three, [(5, true), (6, false), (7, true)]);
    assert_eq!(five, [(6, true), (7, true)]);
    assert_eq!(line, "three does not hold, five holds");
    let mut runs = protocols::open_all(text_of(&lines.replace("= 4", "= 5"))).unwrap();
    assert_eq!(
        (runs.verdicts().is_none(), runs.line().as_str()),
        (true, "three goes on, five goes on")
    );
    assert!(!runs.finish());
}

#[test]
fn one_clock_for_all_runs() {
    let whole = all(PREVOTE);
    let mut slow = protocols::open_all(text_of(PREVOTE)).unwrap();
    let mut last = Progress::Budget;
    for t in (0..=11_000_000).step_by(370_000) {
        let mut rounds = 0;
        loop {
            last = slow.advance(t, 50);
            rounds += 1;
            assert!(rounds < 10_000);
            match last {
                Progress::Budget => continue,
                Progress::Reached | Progress::Quiet => break,
                Progress::Limit(l) => panic!("{}", l.says()),
            }
        }
        assert!(slow.known_until() >= t, "{t}");
    }
    assert_eq!((last, slow.horizon()), (Progress::Reached, 10_000_000));
    assert_eq!(slow.verdicts(), whole.verdicts());
    assert_eq!(slow.hash(), whole.hash());
}

#[test]
fn a_comparison_has_one_identity() {
    let hash = |lines: &str| all(lines).hash();
    let whole = hash(PREVOTE);
    assert_eq!(hash(PREVOTE), whole);
    // What the runs are called is no behaviour; what they do, and in which order they stand, is.
    assert_eq!(hash(&PREVOTE.replace("plain", "p")), whole);
    assert_ne!(hash(&PREVOTE.replace("in prevote at 2500ms", "in prevote at 2501ms")), whole);
    let swapped =
        PREVOTE.replace(" prevote=on", "").replace("clients=2 seed", "clients=2 prevote=on seed");
    let swapped = swapped.replace("in prevote", "in plain");
    assert_ne!(hash(&swapped), whole);
    let one = PREVOTE.replace("in prevote ", "").replace("beside", "# beside");
    let one = all(&one);
    assert_eq!(one.hash(), self::hash(&one.runs()[0]));
    for t in [0, 20_000, 1_234_567, 99_000_000] {
        assert_eq!(one.check_at(t), json::check_at(&one.runs()[0], t));
    }
    let runs = all(PREVOTE);
    assert_ne!(runs.check_at(1_000_000), json::check_at(&runs.runs()[0], 1_000_000));
    assert_ne!(runs.check_at(1_000_000), runs.check_at(1_100_000));
}

#[test]
fn an_edit_shares_what_comes_before_it_in_every_run() {
    let old = all(PREVOTE);
    let next = text_of(&format!("{PREVOTE}at 3200ms crash n2\n"));
    let mut edited = old.edit(CATALOGUE, next.clone()).unwrap();
    edited.finish();
    assert_eq!(edited.hash(), together(next).hash());
    for (new, old) in edited.runs().iter().zip(old.runs()) {
        assert_eq!(new.shared_with(old), 3_200_000);
    }
    let other = text_of("run vector-clocks seed=1\nbeside vector-clocks as b\nat 0ms n1 tell n2\n");
    let mut other = old.edit(CATALOGUE, other).unwrap();
    other.finish();
    assert_eq!(other.runs()[1].entry().id, "vector-clocks");
}

#[test]
fn a_step_of_a_run_is_found_in_the_text() {
    let runs = all(PREVOTE);
    let acts = |i: usize| runs.runs()[i].scenario().steps.len();
    let places = |i: usize| (0..acts(i)).map(|l| runs.step_in_text(i, l)).collect::<Vec<_>>();
    assert_eq!(places(0), [0, 1, 2].map(Some));
    assert_eq!(places(1), [0, 1, 2, 3, 4].map(Some));
    let first = all(&PREVOTE.replace("in prevote at 2500ms", "in plain at 2500ms"));
    assert_eq!(first.step_in_text(0, 4), Some(4));
    assert_eq!(first.step_in_text(1, 3), None);
    assert_eq!((runs.find("prevote"), runs.find("raft"), runs.name(0)), (Some(1), None, "plain"));
}

// The first difference.

/// Lines of behaviour with their event, without step and line of an act; what the scenario only says or marks is none.
fn lines(run: &Run) -> Vec<(EventId, String)> {
    let told = Lines::new(run);
    let is_word = |line: u32| {
        let act = canonical_act(run, line);
        act.starts_with("say ") || act.starts_with("mark ")
    };
    let is_told = |what: What| matches!(what, What::Act { line } if is_word(line));
    let behaviour = run.trace().events().filter(|e| is_behaviour(e.what) && !is_told(e.what));
    let line = |e: engine::trace::Event| match e.what {
        What::Act { line } => (e.id, canonical_act(run, line)),
        _ => (e.id, told.event(&engine::trace::Event { k: 0, ..e }, false)),
    };
    behaviour.map(line).collect()
}

fn canonical_act(run: &Run, line: u32) -> String {
    engine::scenario::act(&run.scenario().steps[line as usize].act)
}

#[test]
fn the_first_difference_is_the_first() {
    for scenario in comparisons().iter().map(Shipped::read).chain([text_of(PREVOTE)]) {
        let runs = together(scenario);
        let [a, b, ..] = runs.runs() else { panic!() };
        let found = first_difference(a, b).expect("they differ");
        let (x, y) = (lines(a), lines(b));
        let at = x.iter().zip(&y).take_while(|(x, y)| x.1 == y.1).count();
        let ids = [&x, &y].map(|all| all.get(at).map(|(id, _)| *id));
        assert_eq!(found.sides.each_ref().map(|s| s.event.map(|e| e.0)), ids);
        let back = first_difference(b, a).unwrap();
        assert_eq!((&back.sides[0], &back.sides[1]), (&found.sides[1], &found.sides[0]));
        assert!(found.sides.iter().all(|s| s.event.is_none_or(|(_, at)| at >= found.at)));
    }
}

#[test]
fn a_difference_is_told() {
    let says = |lines: &str| {
        let runs = all(lines);
        let found = first_difference(&runs.runs()[0], &runs.runs()[1]);
        found.map(|d| (d.at, d.sides.map(|s| s.says)))
    };
    let told = |lines: &str, at: Us, a: &str, b: &str| {
        assert_eq!(says(lines), Some((at, [a.to_string(), b.to_string()])));
    };
    let same = "run raft seed=3\nbeside raft as b\nuntil 1s\n";
    assert_eq!(says(same), None);
    let fire = "at 0ms fire n1 election\n";
    told(
        &format!("{}{fire}", same.replace("as b", "as b prevote=on")),
        0,
        "n1 writes Vote.",
        "n1 sends n2 PreVote #1.",
    );
    told(
        "run vector-clocks seed=1 count=sends\nbeside vector-clocks as b\nat 0ms n1 tell n2\nthen when delivered Note n1 -> n2  n2 tell n3\n",
        10_000,
        "n2 sends n3 Note #1 with v=1,1,0.",
        "n2 sends n3 Note #1 with v=1,2,0.",
    );
    told(
        "run vector-clocks seed=1\nbeside vector-clocks as b\nin b at 1s n1 tell n2\n",
        1_000_000,
        "Nothing more happens.",
        "The scenario: n1 tell n2.",
    );
    // An act that only moves down the text is none.
    told(
        "run vector-clocks seed=1\nbeside vector-clocks as b\nin b at 2s n1 local\nat 1s n1 tell n2\n",
        2_000_000,
        "Nothing more happens.",
        "The scenario: n1 local.",
    );
}

#[test]
fn a_growing_difference_is_the_same() {
    let whole = all(PREVOTE);
    let want = first_difference(&whole.runs()[0], &whole.runs()[1]);
    let mut runs = protocols::open_all(text_of(PREVOTE)).unwrap();
    let mut parting = Parting::default();
    for t in (0..3_000_000).step_by(7_000) {
        runs.advance(t, 40);
        let [a, b] = runs.runs() else { panic!() };
        if let Some(found) = parting.catch_up(a, b) {
            assert_eq!(Some(found), want.as_ref());
        }
    }
    assert!(parting.found().is_some());
}

// Counters.

/// The counters by looking at everything.
fn counted(run: &Run, t: Us) -> Counters {
    let past = |e: EventId| run.trace().event(e).is_some_and(|e| e.at <= t);
    let number = |f: &dyn Fn(What) -> bool| {
        run.trace().events().filter(|e| e.at <= t && f(e.what)).count() as u32
    };
    let back = |out: Out| {
        let is = move |r: &(EventId, Out, _)| past(r.0) && r.1 == out;
        run.trace().ops.iter().filter(|o| o.ret.as_ref().is_some_and(&is)).count() as u32
    };
    let at = |e: EventId| run.trace().event(e).unwrap().at;
    let ops = run.trace().ops.iter();
    let took = ops.filter_map(|o| {
        o.ret.as_ref().filter(|r| r.1 == Out::Ok && past(r.0)).map(|r| at(r.0) - at(o.invoke))
    });
    let mut took: Vec<Us> = took.collect();
    took.sort();
    let broke =
        |c: usize| number(&|w| matches!(w, What::Broke { claim, .. } if claim as usize == c)) > 0;
    Counters {
        sent: number(&|w| matches!(w, What::Send { .. })),
        delivered: number(&|w| matches!(w, What::Deliver { .. })),
        lost: number(&|w| matches!(w, What::Lose { .. })),
        asked: number(&|w| matches!(w, What::Invoke { .. })),
        ok: back(Out::Ok),
        failed: back(Out::Failed),
        unknown: back(Out::Unknown),
        median: took.get((took.len().max(1) - 1) / 2).copied(),
        broken: (0..run.entry().claims.len()).filter(|c| broke(*c)).fold(0, |all, c| all | 1 << c),
    }
}

#[test]
fn counters_are_what_happened() {
    let bug = format!(
        "{PREVOTE}bug no-votedfor\nload c1 cas y 0 1 rate=30/s from=1s to=2s\nnet loss=2% duplicate=2%\n"
    );
    let mut seen = Counters::default();
    for lines in [PREVOTE, &bug.replace("net latency=5ms..40ms\n", "")] {
        let runs = all(lines);
        for run in runs.runs() {
            let mut tally = Tally::default();
            tally.catch_up(run);
            assert_eq!(Tally::default().at(run.trace(), 5), Counters::default());
            for t in (0..11_000_000).step_by(173_021).chain([0, 1_000_000, Us::MAX]) {
                let now = tally.at(run.trace(), t);
                assert_eq!(now, counted(run, t), "{t}");
                seen = Counters {
                    broken: seen.broken | now.broken,
                    failed: seen.failed.max(now.failed),
                    lost: seen.lost.max(now.lost),
                    unknown: seen.unknown.max(now.unknown),
                    ..now
                };
            }
            let end = tally.at(run.trace(), Us::MAX);
            let of = |agg, name| measure::one(run, agg, name, &[], Window::Whole);
            assert_eq!(end.median.map(|t| t as i64), of(Some(Agg::P50), "latency"));
            assert_eq!(end.availability().map(i64::from), of(None, "availability"));
            assert_eq!(Some(i64::from(end.sent)), of(None, "messages"));
            assert!(end.ok > 20, "{end:?}");
        }
    }
    assert!(seen.lost > 0 && seen.failed + seen.unknown > 0, "{seen:?}");
    let mut broken = Counters { broken: 0b101, ..seen };
    assert_eq!(broken.claims_broken(), 2);
    broken.asked = 0;
    assert_eq!(broken.availability(), None);
}

#[test]
fn a_tally_kept_up_is_the_tally_made_at_the_end() {
    let mut runs = protocols::open_all(text_of(PREVOTE)).unwrap();
    let mut tally = Tally::default();
    for t in (0..=5_000_000).step_by(31_000) {
        runs.advance(t, u32::MAX);
        tally.catch_up(&runs.runs()[1]);
    }
    let mut late = Tally::default();
    late.catch_up(&runs.runs()[1]);
    let trace = runs.runs()[1].trace();
    for t in (0..5_000_000).step_by(99_991) {
        assert_eq!(tally.at(trace, t), late.at(trace, t));
    }
}

// Sweeps.

#[test]
fn a_row_of_a_sweep_is_the_run_with_that_value() {
    let lines = "run raft as a nodes=5 seed=1\nbeside raft as b noop=off\nsweep nodes=1..5 by 2\n\
        at 0ms fire n1 election\nexpect sometimes n1 elected\n\
        expect in b count sent RequestVote <= 3\nuntil 100ms\n";
    let scenario = text_of(lines);
    let rows = sweep::rows(CATALOGUE, &scenario).unwrap();
    assert_eq!(rows.iter().map(|r| r.value.print()).collect::<Vec<_>>(), ["1", "3", "5"]);
    for row in &rows {
        let nodes = row.value.print();
        let plain = lines.replace("sweep nodes=1..5 by 2\n", "# sweep\n");
        let plain = plain.replace("nodes=5", &format!("nodes={nodes}"));
        let one = all(&plain.replace("noop=off", &format!("noop=off nodes={nodes}")));
        assert_eq!(row.hash, one.hash(), "{nodes}");
        assert_eq!(row.verdicts.iter().collect::<Vec<_>>(), one.verdicts().unwrap());
    }
    assert_eq!(rows.iter().map(|r| r.holds()).collect::<Vec<_>>(), [true, true, false]);
    let table = sweep::print(&scenario, &rows);
    let line = |n: usize| table.lines().nth(n).unwrap_or_default().to_string();
    assert_eq!(line(0), "sweep nodes=1..5 by 2");
    assert_eq!((line(1).as_str(), line(2).as_str()), ("== a", "[1] sometimes n1 elected"));
    assert_eq!(line(3).split("  ").next(), Some("nodes"));
    let failed: Vec<&str> = table.lines().filter(|l| l.contains('✗')).collect();
    assert!(matches!(failed[..], [l] if l.starts_with("5 ") && l.contains("✗ 4")), "{table}");
    assert!(table.ends_with("\nholds at 2 of 3 values\n"), "{table}");
    assert_eq!(sweep::columns(&scenario, 1).len(), 2);
    assert_eq!(sweep_line(scenario.sweep.as_ref().unwrap()), "sweep nodes=1..5 by 2");
}

/// A sweep run a little at a time comes to what it comes to at once.
#[test]
fn a_sweep_in_small_pieces_comes_to_the_same() {
    let lines = "run raft nodes=5 clients=1 seed=3\nnet latency=10ms\nsweep nodes=1..5 by 2\n\
        at 0ms fire n1 election\nat 400ms every 100ms x 3 c1 add x 1\n\
        expect measure max commit-latency <= 20ms\nexpect count sent RequestVote <= 3\nuntil 1s\n";
    let scenario = text_of(lines);
    let rows = sweep::rows(CATALOGUE, &scenario).unwrap();
    let mut before = None;
    for row in &rows {
        let mut point = sweep::Point::open(CATALOGUE, &scenario, row.value.clone()).unwrap();
        let mut pieces = 0;
        while !point.go_on(before.as_ref(), 16) {
            pieces += 1;
        }
        let nodes: usize = row.value.print().parse().unwrap();
        let sums = point.sums();
        let [sum] = &sums[..] else { panic!("one run, one sum") };
        assert!(nodes == 1 || pieces > 4, "{pieces}");
        assert_eq!(sum.ok, row.holds());
        assert_eq!(sum.held, (2 - usize::from(nodes == 5), 2));
        assert_eq!(sum.counters.asked, 3);
        assert_eq!(sum.parts.is_some(), before.is_some());
        let number = |name: &str| sum.numbers.iter().find(|n| n.name == name).and_then(|n| n.value);
        assert_eq!(number("sent RequestVote"), Some(nodes as i64 - 1));
        assert_eq!(number("max commit-latency"), Some(if nodes == 1 { 0 } else { 20_000 }));
        assert!(number(sweep::SLOW) >= Some(20_000));
        before = Some(point);
    }
}

#[test]
fn a_closed_form_stands_beside_what_was_measured() {
    let lines = "run consistent-hashing nodes=9 vnodes=41 seed=1\nsweep vnodes=1..41 by 40\n\
        expect measure variation < 200%\nuntil 100ms\n";
    let mut point = sweep::Point::open(CATALOGUE, &text_of(lines), Value::Int(1)).unwrap();
    while !point.go_on(None, 1_000) {}
    let variation = point.sums()[0].numbers[0].clone();
    assert_eq!((variation.name.as_str(), variation.unit), ("variation", "ppm"));
    // √((9−1)/(9·1+1))
    assert_eq!(variation.theory, Some(894_427));
}

#[test]
fn what_a_protocol_refuses_says_where() {
    let lines =
        "run consistent-hashing as a nodes=4 seed=1\nbeside consistent-hashing as b weights=1,2\n";
    let refused = protocols::open_all(text_of(lines)).err().map(|r| r.message).unwrap_or_default();
    assert!(refused.starts_with("line 3, column 40: In b: weights: "), "{refused}");
    let lines = "run consistent-hashing nodes=2 weights=1,2 seed=1\nsweep nodes=2..3 by 1\n";
    let refused =
        sweep::rows(CATALOGUE, &text_of(lines)).err().map(|r| r.message).unwrap_or_default();
    assert!(refused.starts_with("At 3: line 2, column 40: weights: "), "{refused}");
}

#[test]
fn a_golden_has_a_block_for_each_run() {
    let runs = all(PREVOTE);
    let golden = text::golden_all(&runs, &[]);
    let heads: Vec<&str> = golden.lines().filter(|l| l.starts_with("=== ")).collect();
    assert_eq!(heads, ["=== plain", "=== prevote", "=== plain holds, prevote holds"]);
    assert!(golden.ends_with(&format!("hash {:016x}\n", runs.hash())));
    let block = |i: usize| text::golden(&runs.runs()[i], verdicts(&runs.runs()[i]));
    assert!(golden.contains(&block(0)) && golden.contains(&block(1)));
}

#[test]
fn what_the_scenario_says_is_no_difference() {
    let text = "run vector-clocks seed=1\nbeside vector-clocks as b\nin b at 5ms say \"only here\"\n\
        in b at 1s n1 tell n2\nuntil 2s\n";
    let runs = all(text);
    assert_eq!(first_difference(&runs.runs()[0], &runs.runs()[1]).map(|d| d.at), Some(1_000_000));
}

/// A reader is told what was done by the names that the run shows; the text and the trace keep their own.
#[test]
fn what_was_done_is_told_by_the_names_that_are_shown() {
    let lines = "run vector-clocks nodes=3 seed=1\nnode n1 as A\nnode n2 as B\n\
                 at 0ms n1 tell n2\nat 5ms cut n1 -> n2\nat 6ms hold next Note n2 -> n3\n\
                 at 9ms partition n1 | n2 n3\nuntil 50ms\n";
    let both = all(lines);
    let run = &both.runs()[0];
    let said: Vec<String> = (0..5).map(|line| run.act(line)).collect();
    let told = ["A tell B", "cut A -> B", "hold next Note B -> n3", "partition A | B n3", ""];
    assert_eq!(said, told);
    assert_eq!(engine::scenario::act(&run.scenario().steps[1].act), "cut n1 -> n2");
}
