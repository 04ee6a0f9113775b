//! The CAP register beyond what a scenario can say: its claims against an independent judge, its lease
//! against every clock it promises to bear, its counts by size.

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
    let modes = [
        ("cp-quorum", ""),
        ("cp-quorum", "bug cp-local-read\n"),
        ("cp-quorum", "bug quorum-half\n"),
        ("cp-lease", ""),
        ("ca-block", "bug ca-one-phase\n"),
    ];
    let mut broken = 0;
    for (mode, bug) in modes {
        for seed in 1..=40 {
            let text = format!(
                "lamplight 1\n\
                 run cap-register mode={mode} nodes=5 clients=5 client-link=0ms seed={seed}\n{bug}\
                 net latency=2ms..20ms\n\
                 load c1 put x rate=8/s to=2s\nload c5 put x rate=8/s to=2s\n\
                 load c2 get x rate=15/s to=2s\nload c4 get x rate=15/s to=2s\n\
                 at 500ms partition n1 n2 n3 c1 c2 c3 | n4 n5 c4 c5\nat 1.2s heal\nuntil 4s\n"
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

/// Whatever the clocks do within ρ, an old primary never answers once there is a new one; beyond it, it does.
#[test]
fn the_lease_holds_as_long_as_clocks_are_within_rho() {
    let text = |slow: i64, fast: i64, cut: u64| {
        let others: String = (2..=5).map(|n| format!("node n{n} drift={fast}ppm\n")).collect();
        format!(
            "lamplight 1\n\
             run cap-register mode=cp-lease nodes=5 clients=2 client-link=0ms rho=5% seed=1\n\
             net latency=10ms\nlink c1 <-> n1 latency=0ms\nlink c2 <-> n2 latency=0ms\n\
             given c2 home=n2\nnode n1 drift={slow}ppm\n{others}\
             at 200ms c1 put x 1\nat {cut}ms partition n1 c1 | n2 n3 n4 n5 c2\n\
             when n2 serving c2 put x 2\nthen when c2 ok put x 2 c1 get x\nuntil 2s\n"
        )
    };
    for cut in (900..1100).step_by(7) {
        for (slow, fast) in [(0, 0), (-50_000, 0), (0, 50_000), (-50_000, 50_000)] {
            assert!(
                !broke(&run_text(&text(slow, fast, cut)), "Linearizable"),
                "{slow} {fast} {cut}"
            );
        }
    }
    let beyond =
        (900..1100).step_by(7).filter(|c| broke(&run_text(&text(-300_000, 0, *c)), "Linearizable"));
    assert!(beyond.count() > 0, "a clock 30 % slow was borne");
}

/// Messages between replicas for one put and one get, by the number of replicas.
#[test]
fn an_operation_costs_what_the_card_says() {
    let counted = |mode: &str, n: u64, verb: &str, kinds: &[&str]| -> u64 {
        // A first put settles whatever a first operation needs.
        let text = format!(
            "lamplight 1\nrun cap-register mode={mode} nodes={n} clients=1 seed=1\nnet latency=10ms\n\
             at 100ms c1 put x 1\nat 1050ms {verb}\nuntil 1.5s\n"
        );
        let run = run_text(&text);
        let names = run.entry().kinds;
        let mine = |m: &engine::trace::MsgRec| kinds.contains(&names[m.kind as usize].name);
        let since = |m: &engine::trace::MsgRec| m.sent_at > 1_000_000;
        run.trace().msgs.iter().filter(|m| mine(m) && since(m)).count() as u64
    };
    for n in [3, 4, 5, 7] {
        let peers = n - 1;
        let phases = ["ReadQuery", "ReadReply", "Update", "Ack"];
        assert_eq!(counted("cp-quorum", n, "c1 get x", &phases), 4 * peers);
        assert_eq!(counted("cp-quorum", n, "c1 put x 2", &phases), 4 * peers);
        assert_eq!(counted("cp-lease", n, "c1 put x 2", &["Replicate", "Stored"]), 2 * peers);
        assert_eq!(counted("cp-lease", n, "c1 get x", &["Replicate", "Stored", "Forward"]), 0);
        assert_eq!(counted("ap-lww", n, "c1 put x 2", &["Flush", "Repair"]), peers);
        assert_eq!(counted("ap-siblings", n, "c1 get x", &["Flush", "Repair"]), 0);
        let writes = ["Inv", "InvAck", "Val"];
        assert_eq!(counted("ca-block", n, "c1 put x 2", &writes), 3 * peers);
        assert_eq!(counted("ca-assume-dead", n, "c1 get x", &writes), 0);
    }
}
