//! The entry `vector-clocks` beyond what every entry owes: its vectors, and two oracles.
//!
//! The first oracle is reachability in the event graph, by brute force over all pairs. The second is a
//! vector clock nobody here wrote: stateright's.

mod house;

use std::collections::BTreeMap;

use engine::ids::{EventId, MsgId, NodeId};
use engine::num::{Stream, below};
use engine::protocols::vector_clocks::{Relation, relation};
use engine::run::Run;
use engine::trace::What;
use engine::tree::Tree;
use house::*;
use stateright::util::VectorClock;

fn text_of(slug: &str) -> String {
    let s = shipped().into_iter().find(|s| s.name() == format!("vector-clocks/{slug}"));
    s.unwrap_or_else(|| panic!("{slug} is not shipped")).text
}

fn ship(slug: &str) -> Run {
    run_text(&text_of(slug))
}

fn numbers(tree: Option<&Tree>) -> Vec<u64> {
    let Some(Tree::List(items)) = tree else { return vec![] };
    let int = |t: &Tree| if let Tree::Int(i) = t { *i as u64 } else { 0 };
    items.iter().map(int).collect()
}

/// What each message carries, in the order of sending.
fn carried(run: &Run) -> Vec<Vec<u64>> {
    let all = 0..run.trace().msgs.len() as u32;
    all.map(|m| numbers(run.message(MsgId(m)).get("v"))).collect()
}

#[test]
fn three_messages_around_a_triangle() {
    assert_eq!(carried(&ship("triangle")), [[1, 0, 0], [1, 1, 0], [1, 1, 1]]);
    assert_eq!(carried(&ship("triangle-both")), [[1, 0, 0], [1, 2, 0], [1, 2, 2]]);
}

/// A broadcast is one event: the same vector on every copy.
#[test]
fn a_shout_is_one_event() {
    let text =
        "lamplight 1\nrun vector-clocks nodes=5 seed=1\nat 0ms n1 shout\nuntil quiet by 1s\n";
    assert_eq!(carried(&run_text(text)), vec![vec![1, 0, 0, 0, 0]; 4]);
}

// -------------------------------------------------------------------- the event graph

/// A step of a node, as the trace tells it.
struct Vertex {
    node: NodeId,
    /// The vector the protocol gave it.
    v: Vec<u64>,
    /// Counted by the rule of the run.
    counts: bool,
    /// The step whose message this one received.
    from: Option<usize>,
    /// A crash took it before it was written down.
    undone: bool,
}

/// The graph of a run: steps in order, with who received from whom, from the trace alone.
fn graph(run: &Run) -> Vec<Vertex> {
    let both = run.plan().params.word("count") != "sends";
    let (mut all, mut of_step, mut of_mark) = (vec![], BTreeMap::new(), BTreeMap::new());
    for e in run.trace().events() {
        match (e.what, e.cause, e.node) {
            (What::Why { why, .. }, Some(step), Some(node)) => {
                let tree = run.reason(why);
                let Tree::Variant(kind @ ("Stamped" | "Wrote" | "Merged"), _) = &tree else {
                    continue;
                };
                let receipt = *kind == "Merged";
                let from = if receipt { sender(run, step, &of_step) } else { None };
                of_step.insert(step, all.len());
                let (v, counts) = (numbers(tree.get("v")), both || !receipt);
                all.push(Vertex { node, v, counts, from, undone: false });
            }
            (What::Save { mark, .. }, Some(step), _) => {
                if let Some(&at) = of_step.get(&step) {
                    of_mark.insert(mark, at);
                }
            }
            (What::Unsaved { mark, .. }, ..) => {
                if let Some(&at) = of_mark.get(&mark) {
                    let step: &mut Vertex = &mut all[at];
                    step.undone = true;
                }
            }
            _ => {}
        }
    }
    all
}

/// The step that sent what this one received: copy → message → write that let it go → step.
fn sender(run: &Run, step: EventId, of_step: &BTreeMap<EventId, usize>) -> Option<usize> {
    let What::Deliver { m } = run.trace().event(step)?.what else { return None };
    let mut rec = run.trace().msg(m)?;
    while let Some(of) = rec.of {
        rec = run.trace().msg(of)?;
    }
    let mut at = rec.sent;
    loop {
        if let Some(&vertex) = of_step.get(&at) {
            return Some(vertex);
        }
        at = run.trace().event(at)?.cause?;
    }
}

/// Of every vertex, the vertices before it; and the clock stateright keeps for it.
fn pasts(all: &[Vertex]) -> (Vec<Vec<bool>>, Vec<VectorClock>) {
    let (mut pasts, mut clocks): (Vec<Vec<bool>>, Vec<VectorClock>) = (vec![], vec![]);
    for (i, x) in all.iter().enumerate() {
        let lane = (0..i).rev().find(|&j| all[j].node == x.node && !all[j].undone);
        let (mut past, mut clock) = (vec![false; all.len()], VectorClock::new());
        for before in [lane, x.from].into_iter().flatten() {
            past.iter_mut().zip(&pasts[before]).for_each(|(p, q)| *p |= q);
            past[before] = true;
            clock = VectorClock::merge_max(&clock, &clocks[before]);
        }
        clocks.push(if x.counts { clock.incremented(x.node.index()) } else { clock });
        pasts.push(past);
    }
    (pasts, clocks)
}

fn truth(pasts: &[Vec<bool>], a: usize, b: usize) -> Relation {
    match (a == b, pasts[b][a], pasts[a][b]) {
        (true, ..) => Relation::Equal,
        (_, true, _) => Relation::Before,
        (_, _, true) => Relation::After,
        _ => Relation::Concurrent,
    }
}

/// All pairs of counted events; how many there are, and in how many the vectors tell something else.
fn all_pairs(run: &Run) -> (usize, usize) {
    let all = graph(run);
    let (pasts, _) = pasts(&all);
    let counted: Vec<usize> = (0..all.len()).filter(|&i| all[i].counts && !all[i].undone).collect();
    let pairs = || counted.iter().flat_map(|&a| counted.iter().map(move |&b| (a, b)));
    let differ = |&(a, b): &(usize, usize)| relation(&all[a].v, &all[b].v) != truth(&pasts, a, b);
    (pairs().count(), pairs().filter(differ).count())
}

/// A random run, with faults if wanted.
fn random(seed: u64, faults: bool, knobs: &str) -> String {
    let (stream, mut k) = (Stream::new(seed, "vector-clocks"), 0);
    let mut roll = |n: u64| {
        k += 1;
        below(stream.draw(k), n)
    };
    let nodes = 2 + roll(4);
    let mut out = format!("lamplight 1\nrun vector-clocks nodes={nodes} seed={seed} {knobs}\n");
    let (slow, disk) = (1 + roll(40), roll(4));
    out += &format!("net latency=1ms..{slow}ms disk={disk}ms loss=5% duplicate=10%\n");
    for n in 1..=nodes {
        out += &format!("load n{n} chat rate={}/s to=1s\n", 3 + roll(20));
    }
    out += &format!("load n1 local rate={}/s to=1s\nload n2 shout rate=2/s to=1s\n", 1 + roll(9));
    out += "load n1 put x rate=2/s to=1s\nload n2 sync n1 rate=2/s to=1s\n";
    if faults {
        let (n, at) = (1 + roll(nodes), 100 + roll(600));
        out += &format!("at {at}ms crash n{n}\nat {}ms restart n{n}\n", at + 1 + roll(200));
    }
    out + "until quiet by 3s\n"
}

#[test]
fn vectors_tell_reachability_and_agree_with_a_clock_nobody_here_wrote() {
    let (mut pairs, mut undone) = (0, 0);
    for seed in 0..60 {
        let knobs = ["count=both", "count=sends", "lamport=on"][seed as usize % 3];
        let text = random(seed, true, knobs);
        let run = run_text(&text);
        let all = graph(&run);
        let (_, clocks) = pasts(&all);
        for (x, clock) in all.iter().zip(&clocks) {
            let v: Vec<u32> = x.v.iter().map(|i| *i as u32).collect();
            assert_eq!(VectorClock::from(v), *clock, "{text}");
        }
        let (n, wrong) = all_pairs(&run);
        assert_eq!(wrong, 0, "{text}");
        (pairs, undone) = (pairs + n, undone + all.iter().filter(|x| x.undone).count());
    }
    println!("{pairs} pairs in 60 runs, {undone} events undone by a crash");
    assert!(pairs > 100_000 && undone > 0);
}

#[test]
fn comparing_agrees_with_a_clock_nobody_here_wrote() {
    use std::cmp::Ordering::*;
    let stream = Stream::new(1, "compare");
    for k in 0..20_000 {
        let entry = |i: u64| below(stream.draw(k * 8 + i), 3);
        let (a, b): (Vec<u64>, Vec<u64>) =
            ((0..4).map(entry).collect(), (4..8).map(entry).collect());
        let theirs = |v: &[u64]| VectorClock::from(v.iter().map(|x| *x as u32).collect::<Vec<_>>());
        let want = match theirs(&a).partial_cmp(&theirs(&b)) {
            Some(Less) => Relation::Before,
            Some(Greater) => Relation::After,
            Some(Equal) => Relation::Equal,
            None => Relation::Concurrent,
        };
        assert_eq!(relation(&a, &b), want, "{a:?} {b:?}");
    }
}

/// The claim looks at three pairs a node and event. It must find what looking at all of them finds.
#[test]
fn the_claim_finds_exactly_what_all_pairs_find() {
    let (mut broken, mut held) = (0, 0);
    for seed in 0..25 {
        for (knobs, bug) in
            [("", ""), ("", "no-merge"), ("", "merge-no-inc"), ("", "inc-all"), ("prune=2", "")]
        {
            let text = random(seed, false, knobs);
            let text = if bug.is_empty() { text } else { with_bug(&text, bug) };
            let run = run_text(&text);
            let claims = &verdicts(&run).claims;
            let claim = claims.iter().find(|c| c.name == "ClockCondition").expect("on the card");
            let wrong = all_pairs(&run).1;
            assert_eq!(wrong > 0, !claim.broken.is_empty(), "{bug} {knobs}\n{text}");
            if wrong > 0 { broken += 1 } else { held += 1 }
        }
    }
    println!("{broken} runs with a pair told wrong, {held} without");
    assert!(broken >= 75 && held >= 25);
}

/// A bug's own scenario holds without it, and nothing but the bug makes the difference.
#[test]
fn every_claim_a_card_names_breaks_in_the_scenario_it_names() {
    let bill = engine::protocols::CATALOGUE.iter().find(|b| b.entry().id == "vector-clocks");
    for bug in bill.expect("in the catalogue").entry().bugs {
        let text = text_of(bug.shown_by);
        assert!(verdicts(&run_text(&text)).ok(), "{} without {}", bug.shown_by, bug.slug);
        let run = run_text(&with_bug(&text, bug.slug));
        let claims = &verdicts(&run).claims;
        for name in bug.breaks {
            let broke = claims.iter().any(|c| c.name == *name && !c.broken.is_empty());
            assert!(broke, "{} does not break {name} in {}", bug.slug, bug.shown_by);
        }
    }
}

#[test]
fn what_a_crash_may_take_back_is_shown_to_nobody() {
    holds(
        "lamplight 1\nrun vector-clocks nodes=3 seed=1\nnet latency=10ms disk=5ms\nat 0ms n1 put x 1\n\
         at 2ms n1 get x\nat 3ms crash n1\nexpect answer n1 #2 unknown\nuntil 20ms\n",
    );
}
