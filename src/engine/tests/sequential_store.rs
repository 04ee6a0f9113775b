//! The sequential store beyond what a scenario can say: its claims against an independent judge, each key of
//! two sequences by itself, its counts by size, and a crash of the sequencer at every moment of a write.

mod house;

use engine::check::{history_of, judge_history};
use engine::run::Run;
use house::*;

fn any_broken(run: &Run) -> bool {
    verdicts(run).claims.iter().any(|c| !c.broken.is_empty())
}

fn sequential(run: &Run) -> Option<bool> {
    judge_history(&history_of(run), "sequential").unwrap().holds()
}

/// The claims build the sequence that explains every answer; the checker searches for any. Where the claims
/// hold the checker finds one.
#[test]
fn where_the_claims_hold_the_checker_finds_an_order() {
    let (mut broken, mut unlike) = (0, 0);
    let bugs = ["", "ack-before-deliver", "no-gseq-gap-check", "two-sequencers", "no-origin-fifo"];
    for bug in bugs {
        for seed in 1..=24 {
            let line = if bug.is_empty() { String::new() } else { format!("bug {bug}\n") };
            let variant = if seed % 2 == 0 { "fast-write" } else { "local-read" };
            let text = format!(
                "lamplight 1\nrun sequential-store nodes=3 clients=3 variant={variant} seed={seed}\n{line}\
                 net latency=2ms..30ms\n\
                 load c1 put x rate=8/s to=1s\nload c2 put x rate=8/s to=1s\n\
                 load c3 put y rate=8/s to=1s\nload c3 get x rate=10/s to=1s\n\
                 load c1 get y rate=10/s to=1s\nload c2 get x rate=10/s to=1s\n\
                 at 400ms crash n3\nat 600ms restart n3\nuntil 4s\n"
            );
            let run = run_text(&text);
            let claims = any_broken(&run);
            assert!(!claims || !bug.is_empty(), "{text}");
            assert!(claims || sequential(&run) != Some(false), "{text}");
            broken += usize::from(claims);
            unlike += usize::from(sequential(&run) == Some(false));
        }
    }
    assert!(broken > 60, "only {broken} of the runs with a mistake showed it");
    assert!(unlike > 20, "only {unlike} of them to a client");
}

/// Each key by itself fits one order; both together do not.
#[test]
fn two_sequences_do_not_compose() {
    let run = run_text(
        "lamplight 1\nrun sequential-store orders=2 nodes=2 clients=2 seed=1\n\
         net latency=50ms\nat 0ms c1 put x 1\nat 0ms c2 put y 1\n\
         at 1ms c1 get y\nat 1ms c2 get x\nuntil 1s\n",
    );
    assert_eq!(sequential(&run), Some(false));
    for key in ["x", "y"] {
        let mut alone = history_of(&run);
        alone.ops.retain(|op| op.key == key);
        assert_eq!(alone.ops.len(), 2);
        assert_eq!(judge_history(&alone, "sequential").unwrap().holds(), Some(true), "{key}");
    }
}

/// Messages of one write: one to the sequencer, n − 1 from it.
#[test]
fn a_write_costs_what_the_card_says() {
    for n in 2..=7 {
        for (home, first) in [(1, 0), (n, 1)] {
            let run = run_text(&format!(
                "lamplight 1\nrun sequential-store nodes={n} clients=1 seed=1\nnet latency=10ms\n\
                 given c1 home=n{home}\nat 0ms c1 put x 1\nuntil 500ms\n"
            ));
            let names = run.entry().kinds;
            let count = |kind: &str| {
                let mine = |m: &&engine::trace::MsgRec| names[m.kind as usize].name == kind;
                run.trace().msgs.iter().filter(mine).count() as u64
            };
            assert_eq!((count("ToBcast"), count("Order")), (first, n - 1), "n={n} home={home}");
        }
    }
}

/// Whatever a message takes, a write and the read after it take two of them together, in either variant.
#[test]
fn the_cost_is_moved_and_not_saved() {
    for delay in [1, 10, 35, 100] {
        for variant in ["local-read", "fast-write"] {
            let run = run_text(&format!(
                "lamplight 1\nrun sequential-store variant={variant} nodes=3 clients=3 seed=1\n\
                 net latency={delay}ms\nat 0ms c3 put x 1\nwhen c3 ok put x 1 c3 get x\n\
                 expect measure sum latency c3 = {}ms\nexpect answer c3 #2 ok 1\nuntil 1s\n",
                2 * delay
            ));
            assert!(verdicts(&run).ok(), "{variant} {delay}");
        }
    }
}

/// A replicated sequencer may crash before, between and after its messages, disk writes included, and come
/// back or not: there is one sequence, and writes go on.
#[test]
fn a_replicated_sequencer_may_crash_at_any_moment() {
    for back in [false, true] {
        for ms in 0..=60 {
            let restart = if back { "at 150ms restart n1\n" } else { "" };
            let text = format!(
                "lamplight 1\nrun sequential-store replicated=on nodes=3 clients=3 seed={ms}\n\
                 given c1 home=n2\nnet latency=5ms..15ms disk=3ms\n\
                 at 0ms c2 put x 1\nat 5ms c3 put x 2\nat {ms}ms crash n1\n{restart}\
                 at 20ms every 20ms x 30 c1 get x\nat 1s c2 put x 3\nat 1.2s c3 put x 4\n\
                 at 1.5s c1 get x\nat 1.5s c3 get x\n\
                 expect sometimes c3 ok put x 4\nexpect answer c1 #31 ok 4\n\
                 expect history sequential\nuntil 4s\n"
            );
            let run = run_text(&text);
            assert!(verdicts(&run).ok(), "{text}");
        }
    }
}

/// A promise that comes while the new sequencer still saves its log is answered when that is done: a log that
/// a crash takes back, nobody has been given.
#[test]
fn a_log_is_given_to_nobody_before_it_is_saved() {
    let run = run_text(
        "lamplight 1\nrun sequential-store replicated=on nodes=5 clients=1 seed=1\n\
         net latency=10ms disk=100ms\nat 0ms c1 put x 1\nat 500ms crash n1\n\
         when n2 took-over +50ms crash n2\nexpect sometimes n2 took-over\nuntil 3s\n",
    );
    assert!(verdicts(&run).ok());
    let starts =
        run.trace().msgs.iter().filter(|m| {
            run.entry().kinds[m.kind as usize].name == "Start" && run.name(m.from) == "n2"
        });
    assert_eq!(starts.count(), 0);
}
