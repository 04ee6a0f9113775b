//! The entry `lamport-clocks` beyond what every entry owes: the cost of a multicast for every size, and an
//! oracle that knows nothing but the trace: reachability over all pairs of events.

mod house;

use std::collections::{BTreeMap, BTreeSet};

use engine::check::measure;
use engine::ids::{EventId, NodeId};
use engine::run::Run;
use engine::scenario::ast::{Agg, Window};
use engine::trace::What;
use engine::tree::Tree;
use house::*;

#[test]
fn a_multicast_costs_n_times_n_minus_1() {
    for n in 2..=9 {
        let run = run_text(&format!(
            "lamplight 1\nrun lamport-clocks nodes={n} seed=1\nat 0ms n1 deposit 1\nuntil quiet by 1s\n"
        ));
        let sent = measure::one(&run, Some(Agg::Sum), "messages", &[], Window::Whole);
        assert_eq!(sent, Some(n * (n - 1)), "n={n}");
        assert!(verdicts(&run).ok());
    }
}

/// An event as the trace tells it: its node, its number, and the events just before it.
struct Vertex {
    node: NodeId,
    c: i64,
    after: Vec<usize>,
}

fn int(tree: &Tree, field: &str) -> i64 {
    if let Some(Tree::Int(i)) = tree.get(field) { *i } else { -1 }
}

fn graph(run: &Run) -> Vec<Vertex> {
    let mut all: Vec<Vertex> = vec![];
    let mut newest: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut named: BTreeMap<(NodeId, i64), usize> = BTreeMap::new();
    for e in run.trace().events() {
        let (What::Why { why, .. }, Some(node)) = (e.what, e.node) else { continue };
        let tree = run.reason(why);
        let Tree::Variant(kind, _) = &tree else { continue };
        let counted = ["Stamped", "Received", "Proposed", "Acknowledged"].contains(kind);
        let aloud = *kind == "Phoned" && int(&tree, "aloud") >= 0;
        if !counted && !aloud {
            continue;
        }
        let c = int(&tree, if aloud { "aloud" } else { "c" });
        let mut after: Vec<usize> = newest.get(&node).copied().into_iter().collect();
        if *kind == "Received" {
            let Some(Tree::Node(from)) = tree.get("from") else { panic!("{tree:?}") };
            after.push(named[&(*from, int(&tree, "ts"))]);
        }
        newest.insert(node, all.len());
        assert!(named.insert((node, c), all.len()).is_none(), "two events ({c},{node:?})");
        all.push(Vertex { node, c, after });
    }
    all
}

#[test]
fn numbers_agree_with_reachability_over_all_pairs() {
    for seed in 1..=20 {
        let run = run_text(&format!(
            "lamplight 1\nrun lamport-clocks nodes=4 aloud=on seed={seed}\n\
             net latency=1ms..90ms loss=5% duplicate=10%\n\
             load n1 chat rate=8/s to=2s\nload n2 chat rate=8/s to=2s\nload n3 shout rate=3/s to=2s\n\
             load n4 phone n1 rate=3/s to=2s\nload n4 deposit 5 rate=2/s to=2s\nload n1 interest 1 rate=2/s to=2s\n\
             until 3s\n"
        ));
        assert!(run.trace().event(EventId(0)).is_some());
        let all = graph(&run);
        let mut past: Vec<BTreeSet<usize>> = vec![];
        let (mut ordered, mut unrelated) = (0, 0);
        for (i, v) in all.iter().enumerate() {
            let mut mine = BTreeSet::new();
            for &a in &v.after {
                mine.insert(a);
                mine.extend(past[a].iter().copied());
            }
            for (a, u) in all.iter().enumerate().take(i) {
                if mine.contains(&a) {
                    assert!(
                        u.c < v.c,
                        "seed {seed}: {} of {:?} led to {} of {:?}",
                        u.c,
                        u.node,
                        v.c,
                        v.node
                    );
                    ordered += 1;
                } else if u.c != v.c {
                    unrelated += 1;
                }
            }
            past.push(mine);
        }
        // The converse fails all the time: pairs in an order that nothing connects.
        assert!(ordered > 1_000 && unrelated > 100, "seed {seed}: {ordered}, {unrelated}");
    }
}
