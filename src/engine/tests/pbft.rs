//! The entry `pbft` beyond what every entry owes: the card's counts for every f, each mistake at the card's
//! instant, and what f liars of every kind can do to seven replicas.

mod house;

use engine::protocols::{Bill, CATALOGUE};
use engine::run::Run;
use engine::trace::What;
use house::*;

fn bill() -> &'static Bill {
    CATALOGUE.iter().find(|b| b.entry().id == "pbft").expect("in the catalogue")
}

fn text_of(slug: &str) -> String {
    let s = of_entry(bill()).into_iter().find(|s| s.slug == slug);
    s.unwrap_or_else(|| panic!("{slug} is not shipped")).text
}

/// When a claim broke, in ms.
fn broke(run: &Run, claim: &str) -> Option<u64> {
    let at = run.entry().claims.iter().position(|c| c.name == claim).expect("a claim") as u8;
    let is = |w: &What| matches!(w, What::Broke { claim, .. } if *claim == at);
    run.trace().events().find(|e| is(&e.what)).map(|e| e.at / 1_000)
}

/// 2n² − n + 1 messages and five steps: 29, 92 and 191 for one, two and three liars.
#[test]
fn a_request_costs_what_the_card_says() {
    for (f, messages) in [(1, 29), (2, 92), (3, 191)] {
        let n = 3 * f + 1;
        assert_eq!(messages, 2 * n * n - n + 1);
        holds(&format!(
            "lamplight 1\nrun pbft nodes={n} f={f} seed=1\nat 0ms c1 put x 7\n\
             expect count sent PrePrepare = {}\nexpect count sent Prepare = {}\n\
             expect count sent Commit = {}\nexpect count sent Reply = {n}\n\
             expect measure messages = {messages}\nexpect measure max latency c1 = 50ms\n\
             expect sometimes c1 accepted matching={}\nuntil quiet by 1s\n",
            n - 1,
            (n - 1) * (n - 1),
            n * (n - 1),
            f + 1
        ));
    }
}

/// Each mistake does its harm at the instant that the rules lead to.
#[test]
fn mistakes_break_what_they_name_when_the_card_says() {
    for (slug, bug, claim, at) in [
        ("equivocate", "quorum-2f", "Agreement", 30),
        ("equivocate", "no-digest-check", "Agreement", 40),
        ("hold-prepares", "execute-on-prepared", "Agreement", 350),
        ("commit-then-viewchange", "vc-no-certs", "Agreement", 360),
        ("two-view-changes", "o-lowest-view", "Agreement", 990),
        ("double-preprepare", "accept-second-preprepare", "PreparedUnique", 50),
        ("lying-reply", "client-one-reply", "TrueResult", 20),
        ("unstable-gc", "gc-without-stable", "Agreement", 660),
        ("high-n", "no-watermark", "LogBound", 20),
        ("two-know", "no-join-rule", "Answered", 5000),
        ("slow-links", "no-timer-doubling", "Answered", 5000),
    ] {
        let run = run_text(&with_bug(&text_of(slug), bug));
        assert_eq!(broke(&run, claim), Some(at), "{slug} with {bug}");
    }
}

/// A liar may begin a view that leaves out what was committed: it is those who enter it that are judged.
#[test]
fn a_view_begun_by_a_liar_is_judged_where_it_is_entered() {
    let text = with_bug(&text_of("commit-then-viewchange"), "vc-no-certs");
    let run =
        run_text(&text.replace("at 45ms  crash r0", "at 0ms turn r1 forget\nat 45ms  crash r0"));
    assert!(broke(&run, "NewViewKeeps").is_some());
}

/// Two liars of seven, each in every way it knows, and nothing wrong is executed or believed. Requests that
/// only a liar has heard of wait until their client asks everybody.
#[test]
fn two_of_seven_may_lie_in_any_way() {
    any_two_of_seven_lie("ordered");
}

/// Nor is anything missed by reads without a number, where writes have waited for 2f + 1 answers.
#[test]
fn reads_at_once_miss_nothing_that_enough_have_answered() {
    any_two_of_seven_lie("at-once");
}

fn any_two_of_seven_lie(reads: &str) {
    let lies = ["equivocate", "reuse", "jump", "collude", "false-reply", "wrong-digest", "forget"];
    for (i, first) in lies.iter().enumerate() {
        for second in &lies[i..] {
            holds(&format!(
                "lamplight 1\n\
                 run pbft nodes=7 f=2 clients=3 checkpoint=3 timer=100ms seed={}\n\
                 net latency=5ms..15ms\n\
                 given c1 reads={reads}\ngiven c2 reads={reads}\ngiven c3 reads={reads}\n\
                 load c1 add x rate=5/s to=2s\nload c2 add x rate=5/s to=2s\n\
                 load c3 get x rate=5/s to=2s\n\
                 at 0ms turn r0 {first}\nat 0ms turn r1 {second}\n\
                 expect measure availability = 100%\nexpect history linearizable\nuntil 9s\n",
                i + 1
            ));
        }
    }
}
