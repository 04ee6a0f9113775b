//! The causal store beyond what a scenario can say: what each mistake does to each model, verdicts over many
//! orders of arrival, and how far clients are.

mod house;

use engine::check::{history_of, judge_history};
use engine::protocols::CATALOGUE;
use engine::run::Run;
use house::*;

fn scenario(slug: &str) -> String {
    let bill = CATALOGUE.iter().find(|b| b.entry().id == "causal-store").unwrap();
    of_entry(bill).into_iter().find(|s| s.slug == slug).unwrap().text
}

fn fits(run: &Run, model: &str) -> Option<bool> {
    judge_history(&history_of(run), model).unwrap().holds()
}

/// What c3 reads at 30 and 40 ms: the reply and not its post, which is L7. Who tracks its own writes alone
/// still keeps each session's order.
#[test]
fn without_the_wait_the_reply_is_seen_without_its_post() {
    for bug in ["no-buffer", "deps-own-only"] {
        let r = run_text(&with_bug(&scenario("reply-before-post"), bug));
        let ops = &r.trace().ops;
        let got: Vec<String> = ops
            .iter()
            .filter(|o| r.name(o.node) == "c3")
            .map(|o| o.ret.as_ref().unwrap().2.as_ref().unwrap().print())
            .collect();
        assert_eq!(got[..2], ["nice", "0"], "{bug}");
        assert_eq!(fits(&r, "weak-causal"), Some(false), "{bug}");
        assert_eq!(fits(&r, "pram"), Some(true), "{bug}");
    }
}

/// One message stays buffered at n1, none at n2, one at n3.
#[test]
fn who_counts_what_it_applies_waits_for_ever() {
    let text = scenario("happy");
    let settings: Vec<&str> = text.lines().filter(|l| !l.starts_with("expect")).collect();
    let r = with_bug(&(settings.join("\n") + "\n"), "vc-inc-on-apply")
        + "expect broken BuffersDrain\nexpect broken HeldForAReason\n\
           expect sometimes n1 held-back times 1\nexpect never n2 held-back\n\
           expect sometimes n3 held-back times 1\nexpect never released\n";
    holds(&r);
}

/// With or without the tie-break, whatever order messages come in, and wherever clients go.
#[test]
fn verdicts_hold_in_every_order_of_arrival() {
    for seed in 1..=40 {
        let base = |set: &str, moves: &str| {
            format!(
                "lamplight 1\nrun causal-store nodes=3 clients=3 {set} seed={seed}\n\
                 net latency=1ms..150ms\n\
                 load c1 put x rate=6/s to=2s\nload c1 get y rate=6/s to=2s\n\
                 load c2 put y rate=6/s to=2s\nload c2 get x rate=6/s to=2s\n\
                 load c3 put x rate=3/s to=2s\nload c3 get x rate=6/s to=2s\n\
                 load c3 get y rate=6/s to=2s\n{moves}\
                 expect history weak-causal\nexpect always CausalOrder\nexpect always HeldForAReason\n"
            )
        };
        let moves = "at 700ms c3 move n1\nat 1s c1 move n2\nat 1400ms c3 move n2\n";
        holds(&(base("tie-break=off", "") + "expect history causal\nuntil 4s\n"));
        holds(&(base("tie-break=on", "") + "expect history causal-convergence\nuntil 4s\n"));
        holds(&(base("tie-break=off", moves) + "until 4s\n"));
        holds(&(base("tie-break=on", moves) + "expect history causal-convergence\nuntil 4s\n"));
    }
}

/// n−1 messages a write, each with a counter for every replica.
#[test]
fn a_write_costs_one_message_for_each_other_replica() {
    for n in 2..=9 {
        let zeros = vec!["0"; n - 1].join(",");
        holds(&format!(
            "lamplight 1\nrun causal-store nodes={n} clients=1 seed=1\nat 0ms c1 put x 1\n\
             expect count sent Write vc=1,{zeros} = {0}\nexpect count sent Ack = {0}\nuntil 1s\n",
            n - 1
        ));
    }
}

/// A client is as far from every replica as `client-link` says, whatever the net is; a link's own line wins.
#[test]
fn clients_are_as_far_as_the_run_says() {
    for (set, link, latency) in [
        ("", "", "0ms"),
        ("client-link=7ms", "", "14ms"),
        ("client-link=7ms", "link c1 <-> n1 latency=3ms\n", "6ms"),
    ] {
        holds(&format!(
            "lamplight 1\nrun causal-store nodes=2 clients=1 {set} seed=1\nnet latency=40ms\n{link}\
             at 0ms c1 put x 1\nexpect measure max latency = {latency}\n\
             expect sometimes n2 applied by 60ms\nuntil 1s\n"
        ));
    }
}

/// A write that is not on its origin's disk yet is not told to anybody, however long that takes.
#[test]
fn nothing_leaves_before_it_is_saved() {
    holds(
        "lamplight 1\nrun causal-store nodes=3 clients=1 retransmit=100ms seed=1\n\
         net latency=10ms disk=450ms\nat 0ms c1 put x 1\nat 400ms crash n1\nat 500ms restart n1\n\
         expect count sent Write = 0\nuntil 3s\n",
    );
}

/// What a crash has taken back nobody waits for, and the judge does not either.
#[test]
fn a_write_that_is_gone_excuses_no_buffer() {
    holds(
        "lamplight 1\nrun causal-store nodes=3 clients=3 seed=1\nbug vc-inc-on-apply\n\
         net latency=10ms disk=100ms\nat 0ms c1 put x 1\nat 50ms crash n1\nat 60ms restart n1\n\
         at 1s c2 put y 1\nat 2s c3 put z 1\nexpect broken BuffersDrain\n\
         expect broken HeldForAReason\nexpect broken SpreadsInTime\nuntil 4s\n",
    );
}
