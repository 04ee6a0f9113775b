//! The entry `paxos` beyond what every entry owes: the card's counts and instants, also with each mistake
//! on, and an oracle that decides from `Accepted` messages alone what has been chosen.

mod house;

use std::collections::{BTreeMap, BTreeSet};

use engine::check::verdict::Verdicts;
use engine::ids::{MsgId, NodeId};
use engine::num::{Stream, below};
use engine::protocol::plain;
use engine::protocols::{Bill, CATALOGUE};
use engine::run::Run;
use engine::scenario::ast::Out;
use engine::trace::What;
use engine::tree::Tree;
use house::*;

fn bill() -> &'static Bill {
    CATALOGUE.iter().find(|b| b.entry().id == "paxos").expect("in the catalogue")
}

fn text_of(slug: &str) -> String {
    let s = of_entry(bill()).into_iter().find(|s| s.slug == slug);
    s.unwrap_or_else(|| panic!("{slug} is not shipped")).text
}

fn ship(slug: &str) -> Run {
    run_text(&text_of(slug))
}

/// Instants, in ms, at which a reason with these field values was given, and by whom.
fn said(run: &Run, slug: &str, want: &[(&str, &str)]) -> Vec<(u64, String)> {
    let mut out = vec![];
    for e in run.trace().events() {
        let What::Why { why, slug: s } = e.what else { continue };
        let tree = run.reason(why);
        let is = |(k, v): &(&str, &str)| tree.get(k).is_some_and(|t| plain(run.cast(), t) == *v);
        if run.entry().reasons[s as usize].slug == slug && want.iter().all(is) {
            out.push((e.at / 1_000, run.cast().name(e.node.expect("a node")).to_string()));
        }
    }
    out
}

/// The first sentence with these words.
fn sentence(run: &Run, words: &str) -> Option<String> {
    run.trace().events().find_map(|e| {
        let What::Why { why, .. } = e.what else { return None };
        let says = run.world().stage().sentence(why, e.node?);
        says.contains(words).then_some(says)
    })
}

/// Of four acceptors one has accepted, and two others say that they have not: three are needed.
#[test]
fn a_value_that_too_few_can_have_is_taken_and_not_called_chosen() {
    let drops = |n: u64| -> String {
        (2..=n).map(|a| format!("at 0ms drop every Accept p1 -> a{a} for 60ms\n")).collect()
    };
    let text = |acceptors: u64| {
        format!(
            "lamplight 1\nrun paxos proposers=2 acceptors={acceptors} seed=1\nnet latency=10ms\n{}\
             at 0ms p1 propose X\nat 50ms crash p1\nat 100ms p2 propose Y\nuntil 1s\n",
            drops(acceptors)
        )
    };
    let says = |acceptors| sentence(&run_text(&text(acceptors)), "the highest reported");
    let four = says(4).expect("a1 reports");
    assert!(
        four.ends_with("for it to be chosen, but the rule does not ask: p2 takes X."),
        "{four}"
    );
    let three = says(3).expect("a1 reports");
    assert!(three.ends_with("X may be chosen already, so p2 is bound to it."), "{three}");
}

/// When a claim broke, in ms.
fn broke(run: &Run, claim: &str) -> Option<u64> {
    let at = run.entry().claims.iter().position(|c| c.name == claim).expect("a claim") as u8;
    let is = |w: &What| matches!(w, What::Broke { claim, .. } if *claim == at);
    run.trace().events().find(|e| is(&e.what)).map(|e| e.at / 1_000)
}

fn sent(run: &Run) -> BTreeMap<&'static str, usize> {
    let mut all = BTreeMap::new();
    for m in run.trace().msgs.iter() {
        *all.entry(run.entry().kinds[m.kind as usize].name).or_default() += 1;
    }
    all
}

fn peers(n: usize, more: &str) -> String {
    format!(
        "lamplight 1\nrun paxos peers={n} proposers=0 acceptors=0 learners=0 {more} seed=1\n\
         net latency=10ms\nat 0ms n1 propose X\nuntil 200ms\n"
    )
}

// -------------------------------------------------------------------- counts and instants

/// Canon, appendix A: 5(n-1) messages, 40 ms at the proposer, and everybody at 50 ms.
#[test]
fn a_decision_among_peers_costs_five_times_the_others() {
    for n in [2, 3, 5, 8, 15] {
        let run = run_text(&peers(n, ""));
        let all = sent(&run);
        for kind in ["Prepare", "Promise", "Accept", "Accepted", "Learn"] {
            assert_eq!(all[kind], n - 1, "{kind} of {n}");
        }
        assert_eq!(run.trace().msgs.len(), 5 * (n - 1));
        assert_eq!(said(&run, "decided", &[]), [(40, "n1".into())]);
        let learned = said(&run, "learned", &[("value", "X"), ("from", "n1")]);
        assert_eq!((learned.len(), learned[0].0), (n - 1, 50));
    }
}

/// Canon, appendix A: 32 messages for five, and everybody at 40 ms.
#[test]
fn telling_everybody_costs_more_and_saves_a_step() {
    for n in [2, 3, 5, 8] {
        let run = run_text(&peers(n, "learning=all"));
        assert_eq!(run.trace().msgs.len(), (n - 1) * (n + 3));
        let decided = said(&run, "decided", &[("value", "X")]);
        let by_forty = decided.iter().filter(|(at, _)| *at <= 40).count();
        assert_eq!((decided.len(), by_forty), (n, n));
    }
}

/// 2a + a + a·l, where the proposer is one of the l that hear what was accepted.
#[test]
fn roles_apart_cost_three_times_the_acceptors_and_once_more_for_each_learner() {
    for (a, l) in [(3, 1), (5, 1), (4, 3)] {
        let text = format!(
            "lamplight 1\nrun paxos proposers=1 acceptors={a} learners={l} seed=1\n\
             net latency=10ms\nat 0ms p1 propose X\nuntil 200ms\n"
        );
        assert_eq!(run_text(&text).trace().msgs.len(), 2 * a + a + a * (l + 1));
    }
}

/// Chosen at 30 ms, when the second of three disks has it; no node can know before 40 ms.
#[test]
fn chosen_comes_before_anybody_knows() {
    let run = ship("happy");
    let accepted = said(&run, "accepted", &[("ballot", "1"), ("value", "X")]);
    assert_eq!(accepted.iter().map(|a| a.0).collect::<Vec<_>>(), [20, 30, 30]);
    assert_eq!(said(&run, "decided", &[])[0].0, 40);
}

/// What the card says of each mistake: which claim breaks, and at which instant.
#[test]
fn mistakes_break_their_claims_at_the_instants_of_the_card() {
    let cases: &[(&str, &str, u64)] = &[
        ("forget-promise", "PromiseNeverSinks", 70),
        ("forget-promise", "ChosenUnique", 120),
        ("own-value", "SafeAt", 120),
        ("own-value", "ChosenUnique", 130),
        ("first-value", "SafeAt", 130),
        ("first-value", "ChosenUnique", 140),
        ("accept-any", "ChosenUnique", 120),
        ("minority-quorum", "LearnedUnique", 40),
        ("count-by-value", "LearnedUnique", 140),
        ("count-dups", "LearnedUnique", 42),
        ("reuse-ballot", "OneValuePerBallot", 60),
        ("reuse-ballot", "ChosenUnique", 120),
        ("flexible-bad", "ChosenUnique", 130),
    ];
    for (bug, claim, at) in cases {
        let card = bill().entry().bugs.iter().find(|b| b.slug == *bug).expect("a bug");
        let run = run_text(&with_bug(&text_of(card.shown_by), bug));
        assert_eq!(broke(&run, claim), Some(*at), "{bug} {claim}");
    }
    let both = run_text(&with_bug(&text_of("even-split"), "minority-quorum"));
    let announced = said(&both, "decided", &[]);
    assert!(announced.contains(&(40, "p1".into())) && announced.contains(&(40, "p2".into())));
    let twice = run_text(&with_bug(&text_of("dup-votes"), "count-dups"));
    assert_eq!(said(&twice, "decided", &[("value", "X")]), [(42, "p1".into())]);
    assert_eq!(said(&twice, "decided", &[("value", "Y")])[0].0, 140);
}

/// The catalogue's test asks for the first claim a mistake names; here for all of them.
#[test]
fn every_mistake_breaks_every_claim_it_names_and_nothing_without_it() {
    for bug in bill().entry().bugs {
        let text = text_of(bug.shown_by);
        let run = run_text(&with_bug(&text, bug.slug));
        for name in bug.breaks {
            assert!(broke(&run, name).is_some(), "{} does not break {name}", bug.slug);
        }
        let clean = run_text(&text);
        let v: &Verdicts = verdicts(&clean);
        assert!(v.claims.iter().all(|c| c.broken.is_empty()), "{}", bug.shown_by);
    }
}

// -------------------------------------------------------------------- progress

fn duel(period: u64, second: u64) -> Run {
    run_text(&format!(
        "lamplight 1\nrun paxos retry={period}ms backoff=0ms nack=off seed=1\nnet latency=10ms\n\
         at 0ms p1 propose X\nat {second}ms p2 propose Y\nuntil 3010ms\n"
    ))
}

/// With p2 15 ms behind, p1's next Prepare must land before p2's Accept does, at 45 ms: the period lies
/// below 35 ms. From there on p2 is through before p1 comes again.
#[test]
fn the_duel_needs_its_rhythm() {
    for period in [21, 25, 30, 34] {
        assert_eq!(said(&duel(period, 15), "decided", &[]).len(), 0, "{period}");
    }
    for period in [36, 40, 45] {
        assert!(!said(&duel(period, 15), "decided", &[]).is_empty(), "{period}");
    }
    let rounds = said(&duel(30, 15), "prepared", &[("round", "101")]);
    assert_eq!(rounds[0], (3_000, "p1".into()));
}

/// With the card's waits a pair of rivals decides soon, whatever the dice say.
#[test]
fn random_waits_end_every_duel() {
    for seed in 1..=200 {
        let text = format!(
            "lamplight 1\nrun paxos exponential=off seed={seed}\nnet latency=10ms\n\
             at 0ms p1 propose X\nat 0ms p2 propose Y\nuntil 10s\n"
        );
        let run = run_text(&text);
        let at = said(&run, "decided", &[])[0].0;
        assert!(at <= 2_000, "seed {seed}: {at} ms");
    }
}

/// Canon S3.0: sixty seconds against a network that always delays the message about to decide; then it
/// becomes fair, and there is a decision within 600 ms.
#[test]
fn a_hostile_network_holds_up_everything_and_breaks_nothing() {
    for seed in 1..=20 {
        let text = format!(
            "lamplight 1\nrun paxos exponential=off nack=off seed={seed}\nnet latency=10ms\n\
             at 0ms delay every Accept * -> * by 300ms\nat 0ms p1 propose X\nat 15ms p2 propose Y\n\
             at 60s pass every Accept * -> *\nuntil 61s\n"
        );
        let run = run_text(&text);
        let at = said(&run, "decided", &[])[0].0;
        assert!((60_000..=60_600).contains(&at), "seed {seed}: {at} ms");
        assert!(verdicts(&run).claims.iter().all(|c| c.broken.is_empty()));
    }
}

/// Every mixture of parts, and quorums of every legal size, decides.
#[test]
fn every_size_decides() {
    for (peers, apart, acceptors, learners) in
        [(1, 0, 0, 0), (2, 0, 0, 1), (0, 1, 1, 0), (0, 3, 4, 2), (4, 2, 3, 1), (15, 0, 0, 0)]
    {
        let n = peers + acceptors;
        for q2 in 1..=n {
            let first = if apart > 0 { "p1" } else { "n1" };
            let run = run_text(&format!(
                "lamplight 1\nrun paxos peers={peers} proposers={apart} acceptors={acceptors} \
                 learners={learners} q1={} q2={q2} seed=1\nnet latency=10ms disk=1ms\n\
                 at 0ms {first} propose X\nuntil quiet by 3s\n",
                n + 1 - q2
            ));
            let op = &run.trace().ops[0];
            assert!(matches!(op.ret, Some((_, Out::Ok, _))), "{n} {q2}");
            assert!(verdicts(&run).ok(), "{n} {q2}: {:?}", verdicts(&run));
        }
    }
    let bad = read("lamplight 1\nrun paxos acceptors=5 q1=3 q2=2\nuntil 1s\n").expect("a text");
    assert!(engine::protocols::open(bad).is_err());
}

// -------------------------------------------------------------------- an oracle

/// Values a majority said they accepted in one ballot, from messages alone.
fn chosen_by_messages(run: &Run) -> BTreeSet<String> {
    let accepts = run.cast().of_role(1).count() + run.cast().of_role(2).count();
    let mut by: BTreeMap<(String, String), BTreeSet<NodeId>> = BTreeMap::new();
    for (i, m) in run.trace().msgs.iter().enumerate() {
        if run.entry().kinds[m.kind as usize].name == "Accepted" {
            let tree = run.message(MsgId(i as u32));
            let field = |k| plain(run.cast(), tree.get(k).unwrap_or(&Tree::None));
            by.entry((field("b"), field("v"))).or_default().insert(m.from);
        }
    }
    let majority = by.into_iter().filter(|(_, who)| who.len() > accepts / 2);
    majority.map(|((_, v), _)| v).collect()
}

fn answers(run: &Run) -> BTreeSet<String> {
    let ok = |o: &engine::trace::OpRec| match &o.ret {
        Some((_, Out::Ok, v)) => v.as_ref().map(|v| v.print()),
        _ => None,
    };
    run.trace().ops.iter().filter_map(ok).collect()
}

/// A quarrel that lasts: four proposers, a very bad network, and somebody crashes every 150 ms.
fn quarrel(seed: u64, bug: &str) -> Run {
    let stream = Stream::new(seed, "quarrel");
    let n = 3 + below(stream.draw(0), 3);
    let mut text = format!(
        "lamplight 1\nrun paxos peers={n} proposers=2 acceptors=0 learners=1 seed={seed}\n{bug}\
         net latency=2ms..80ms loss=55% duplicate=30% disk=4ms\n"
    );
    let (everybody, loss) = (n + 2, "set net loss=0%");
    for i in 0..20 {
        let (who, at) = (below(stream.draw(2 * i + 1), everybody), i * 150);
        let down = 5 + below(stream.draw(2 * i + 2), 140);
        let name = if who < 2 { format!("p{}", who + 1) } else { format!("n{}", who - 1) };
        text += &format!("at {at}ms crash {name}\nat {}ms restart {name}\n", at + down);
        for (k, p) in ["p1", "p2", "n1", "n2"].iter().enumerate() {
            if *p != name {
                text += &format!("at {}ms {p} propose V{k}\n", at + 1);
            }
        }
    }
    run_text(&(text + &format!("at 3s {loss}\nat 3s p1 propose last\nuntil 8s\n")))
}

#[test]
fn one_value_is_chosen_whatever_crashes_while_they_quarrel() {
    let mut late = 0;
    for seed in 1..=300 {
        let run = quarrel(seed, "");
        assert!(verdicts(&run).ok(), "seed {seed}: {:?}", verdicts(&run));
        let (chosen, told) = (chosen_by_messages(&run), answers(&run));
        assert!(chosen.len() == 1 && chosen == told, "seed {seed}: {chosen:?} {told:?}");
        late += usize::from(said(&run, "decided", &[])[0].0 >= 300);
    }
    assert!(late >= 100, "only {late} quarrels last");
}

/// Claims and oracle see the same: two values where a mistake chose two.
#[test]
fn the_oracle_can_say_no() {
    for slug in ["forget-promise", "own-value", "first-value", "accept-any", "reuse-ballot"] {
        let card = bill().entry().bugs.iter().find(|b| b.slug == slug).expect("a bug");
        let run = run_text(&with_bug(&text_of(card.shown_by), slug));
        assert_eq!(chosen_by_messages(&run).len(), 2, "{slug}");
    }
    for bug in ["own-value", "accept-any"] {
        let mut two = 0;
        for seed in 1..=200 {
            let run = quarrel(seed, &format!("bug {bug}\n"));
            let seen = chosen_by_messages(&run).len() > 1;
            // A crash may come between the disk and the message, so the oracle may miss what a claim sees.
            assert!(!seen || broke(&run, "ChosenUnique").is_some(), "{bug} {seed}");
            two += usize::from(seen);
        }
        assert!(two > 0, "{bug}: never two values");
    }
}
