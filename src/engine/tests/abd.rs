//! ABD beyond what a scenario can say: its claims against an independent judge, its counts by size, and a
//! crash at every moment of a write.

mod house;

use engine::check::{history_of, judge_history};
use engine::run::Run;
use house::*;

fn broke(run: &Run, claim: &str) -> bool {
    verdicts(run).claims.iter().any(|c| c.name == claim && !c.broken.is_empty())
}

/// The claim judges as it goes, by values alone; the checker searches the finished history for an order.
/// They never disagree, with and without mistakes.
#[test]
fn the_claim_and_the_checker_agree() {
    let mut broken = 0;
    for bug in ["", "no-writeback", "no-query", "quorum-half", "tag-reuse", "no-tiebreak"] {
        for seed in 1..=30 {
            let line = if bug.is_empty() { String::new() } else { format!("bug {bug}\n") };
            let text = format!(
                "lamplight 1\nrun abd nodes=4 clients=4 timeout=150ms seed={seed}\n{line}\
                 net latency=2ms..30ms\n\
                 load c1 put x rate=6/s to=2s\nload c2 put x rate=6/s to=2s\n\
                 load c3 get x rate=15/s to=2s\nload c4 get x rate=15/s to=2s\n\
                 at 500ms partition n1 n2 c1 c3 | n3 n4 c2 c4\nat 1s heal\n\
                 at 1.2s crash n2\nat 1.5s restart n2\nuntil 3s\n"
            );
            let run = run_text(&text);
            let verdict = judge_history(&history_of(&run), "linearizable").unwrap();
            let says = broke(&run, "Linearizable");
            assert_eq!(verdict.holds(), Some(!says), "{text}");
            assert!(!says || !bug.is_empty(), "{text}");
            broken += usize::from(says);
        }
    }
    assert!(broken > 40, "only {broken} of the runs with a mistake showed it");
}

/// Messages of one operation, by the number of replicas: 2n for a lone writer, else 4n.
#[test]
fn an_operation_costs_what_the_card_says() {
    let counted = |setting: &str, n: u64, verb: &str| {
        // The first put is over long before.
        let text = format!(
            "lamplight 1\nrun abd nodes={n} clients=1 {setting} seed=1\nnet latency=10ms\n\
             at 0ms c1 put x 1\nat 1s c1 {verb}\nuntil 2s\n"
        );
        let run = run_text(&text);
        run.trace().msgs.iter().filter(|m| m.sent_at >= 1_000_000).count() as u64
    };
    for n in [3, 4, 5, 7] {
        assert_eq!(counted("", n, "put x 2"), 4 * n);
        assert_eq!(counted("", n, "get x"), 4 * n);
        assert_eq!(counted("fast-path=on", n, "get x"), 2 * n);
        assert_eq!(counted("writers=one", n, "put x 2"), 2 * n);
        assert_eq!(counted("writers=one", n, "get x"), 4 * n);
    }
}

/// A writer that crashes before, between and after its messages, disk writes included, leaves a write that
/// settles once; and what it writes when it is back is a write of its own.
#[test]
fn a_writer_may_crash_at_any_moment() {
    // A slow disk, too: asking again must not overtake the writer's own save.
    for (seed, disk, step) in [(1, 3, 1), (2, 3, 1), (3, 3, 1), (4, 3, 1), (5, 60, 4), (6, 60, 4)] {
        for ms in (0..=50).map(|i| i * step) {
            let text = format!(
                "lamplight 1\nrun abd nodes=3 clients=3 seed={seed}\nnet latency=5ms..15ms disk={disk}ms\n\
                 at 0ms c1 put x 1\nat {ms}ms crash c1\nat 210ms restart c1\nat 220ms c1 put x 2\n\
                 at 20ms every 15ms x 20 c2 get x\nat 25ms every 15ms x 20 c3 get x\n\
                 expect history linearizable\nuntil 1s\n"
            );
            let run = run_text(&text);
            let v = verdicts(&run);
            assert!(v.ok(), "{text}");
        }
    }
}

/// Quorums of any sizes that meet do, with the fast path too; those that need not meet do not.
#[test]
fn quorums_must_meet() {
    let broken = |read: u64, write: u64, fast: &str| {
        let runs = (1..=40).map(|seed| {
            run_text(&format!(
                "lamplight 1\nrun abd nodes=4 clients=4 read-quorum={read} write-quorum={write} \
                 fast-path={fast} seed={seed}\nnet latency=2ms..40ms\n\
                 load c1 put x rate=8/s to=1s\nload c2 put x rate=8/s to=1s\n\
                 load c3 get x rate=20/s to=1s\nload c4 get x rate=20/s to=1s\nuntil 2s\n"
            ))
        });
        runs.filter(|r| broke(r, "Linearizable")).count()
    };
    for fast in ["off", "on"] {
        for (read, write) in [(1, 4), (2, 3), (3, 2), (4, 1)] {
            assert_eq!(broken(read, write, fast), 0, "{read} {write} fast-path={fast}");
        }
        assert!(broken(1, 1, fast) > 0, "1 and 1 of 4 need not meet");
    }
}
