//! Multi-master replication beyond what a scenario can say: its traffic by size, and agreement whatever the
//! order of arrival.

mod house;

use engine::check::{history_of, judge_history, strongest};
use engine::scenario::ast::Out;
use house::*;

/// One write reaches everybody with one message each, whoever tells whom; with cycles, every link that does
/// not lead back is used once: from the hub n−1 spokes, and the n−2 links of the ring between leaves.
#[test]
fn a_write_costs_what_the_topology_says() {
    for n in 2..=8 {
        for (topology, updates) in
            [("mesh", n - 1), ("ring", n - 1), ("star", n - 1), ("star-ring", 2 * n - 3)]
        {
            holds(&format!(
                "lamplight 1\nrun multi-master nodes={n} clients=1 topology={topology} seed=1\n\
                 at 0ms c1 put x 1\n\
                 expect count sent Update = {updates}\nexpect count sent Ack = {updates}\n\
                 expect sometimes applied times {}\nuntil 1900ms\n",
                n - 1
            ));
        }
    }
}

/// Every resolver comes to one answer, in whatever order the updates came.
#[test]
fn the_order_of_arrival_does_not_matter() {
    for resolver in ["siblings", "lww", "union", "tombstones", "priority"] {
        for seed in 1..=20 {
            holds(&format!(
                "lamplight 1\n\
                 run multi-master nodes=3 clients=3 resolver={resolver} sync=300ms seed={seed}\n\
                 net latency=1ms..200ms\n\
                 load c1 put x rate=5/s to=2s\nload c2 put x rate=5/s to=2s\n\
                 load c3 put x rate=5/s to=2s\nload c3 delete x rate=1/s to=2s\n\
                 expect always Convergence\nexpect always SpreadsInTime\nuntil 5s\n"
            ));
        }
    }
}

/// Models judge reads that give what one write wrote: merged values, and keys that were deleted, they cannot.
#[test]
fn what_is_merged_is_no_history_of_a_register() {
    let text = |resolver: &str, more: &str| {
        format!(
            "lamplight 1\nrun multi-master nodes=2 clients=1 resolver={resolver} seed=1\n\
             at 0ms c1 put x 1\n{more}at 1s c1 get x\nuntil 2s\n"
        )
    };
    let delete = "at 500ms c1 delete x\n";
    for resolver in ["siblings", "lww", "priority"] {
        assert!(strongest(&run_text(&text(resolver, ""))).is_some(), "{resolver}");
        assert_eq!(strongest(&run_text(&text(resolver, delete))), None, "{resolver}");
    }
    for resolver in ["union", "tombstones", "sum"] {
        assert_eq!(strongest(&run_text(&text(resolver, ""))), None, "{resolver}");
    }
    let merged = run_text(&text("union", ""));
    let verdict = judge_history(&history_of(&merged), "linearizable").expect("a model");
    let says = verdict.sentence(&history_of(&merged), &|n| merged.name(n).to_string());
    assert!(verdict.holds().is_none() && says.contains("several writes"), "{says}");
}

/// A creation that was refused is not made up for by its copy, when the name is free again; nor after a crash.
#[test]
fn what_was_refused_is_never_done() {
    let mut refused = 0;
    for seed in 1..=60 {
        let crash = if seed % 2 == 0 { "at 860ms crash n1\nat 865ms restart n1\n" } else { "" };
        let text = format!(
            "lamplight 1\nrun multi-master nodes=2 clients=3 timeout=2s seed={seed}\n\
             net latency=1ms..300ms duplicate=100%\nat 0ms c1 create x A\n\
             at 700ms c1 delete x\nat 700ms c3 create x B\n{crash}at 2s c1 get x\nuntil 4s\n"
        );
        let r = run_text(&text);
        let ends: Vec<_> = r.trace().ops.iter().map(|o| o.ret.as_ref()).collect();
        if ends[2].is_some_and(|(_, out, _)| *out == Out::Failed) {
            refused += 1;
            let read = ends[3].and_then(|(.., value)| value.as_ref()).map(|v| v.print());
            assert_ne!(read.as_deref(), Some("B"), "{text}");
        }
    }
    assert!(refused > 20, "only {refused} were refused");
}
