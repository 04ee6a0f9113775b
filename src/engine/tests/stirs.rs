//! What makes a run interesting does what its card says, whenever it can be done at all.

mod house;

use engine::ids::*;
use engine::protocols::{self, CATALOGUE};
use engine::run::Run;
use engine::scenario::ast::Instant;
use engine::scenario::edit::insert_chain;
use engine::trace::{Event, What};
use house::*;

/// The text with a stir done at a moment, or why it cannot be.
fn stirred(text: &str, name: &str, at: Us) -> Result<String, String> {
    let scenario = read(text).unwrap_or_else(|e| panic!("{e}"));
    let bill = protocols::bill(CATALOGUE, &scenario.run.entry).unwrap();
    let mut run = Run::open(bill, scenario).unwrap();
    run.advance(at, u32::MAX);
    let card = run.entry().stirs.iter().find(|s| s.name == name).unwrap();
    let last = run.trace().count_until(at).saturating_sub(1);
    let lines = engine::stir::lines(&run, &run.peek(EventId(last as u32)), card)?;
    let now = Instant { at, k: 0 };
    Ok(lines.iter().fold(text.to_string(), |text, (act, then)| insert_chain(&text, now, act, then)))
}

fn run_of(text: &str) -> Run {
    finished(read(text).unwrap_or_else(|e| panic!("{e}\n{text}")))
}

fn told(run: &Run, says: &str) -> usize {
    run.trace().events().filter(|e| run.sentence(e.id).is_some_and(|s| s.contains(says))).count()
}

#[test]
fn every_stir_can_be_done_in_some_shipped_run_and_leaves_no_void() {
    for bill in CATALOGUE {
        let entry = bill.entry();
        for card in entry.stirs {
            let mut done = 0;
            // What is done by name fits one run.
            for scenario in of_entry(bill)
                .into_iter()
                .filter(|s| !s.text.contains("\nbeside ") && !s.text.contains("\nsweep "))
            {
                for at in [5 * MS, 300 * MS] {
                    let Ok(text) = stirred(&scenario.text, card.name, at) else { continue };
                    let run = run_of(&text);
                    let void = |e: &Event| e.at == at && matches!(e.what, What::Void { .. });
                    let void = run.trace().events().find(void);
                    assert!(void.is_none(), "{} {} at {at}: {text}", entry.id, card.name);
                    done += 1;
                }
            }
            assert!(done > 0, "{}: {}", entry.id, card.name);
        }
    }
}

const RAFT: &str = "lamplight 1\nrun raft nodes=5 clients=1 seed=3\nnet latency=10ms\nuntil 1s\n";

#[test]
fn a_split_vote_elects_nobody_in_its_term() {
    let run = run_of(&stirred(RAFT, "split the vote", 500 * MS).unwrap());
    let text: Vec<String> = run
        .trace()
        .events()
        .filter(|e| e.at >= 500 * MS)
        .filter_map(|e| run.sentence(e.id))
        .collect();
    let stands = |s: &&String| s.contains("term 2");
    assert!(text.iter().filter(stands).count() >= 4, "{text:#?}");
    assert!(!text.iter().any(|s| s.contains("leads term 2")), "{text:#?}");
    assert!(text.iter().any(|s| s.contains("leads term 3")), "{text:#?}");
}

#[test]
fn with_spread_timers_one_server_stands_alone_and_wins() {
    let run = run_of(&stirred(RAFT, "spread the timers", 500 * MS).unwrap());
    assert_eq!(told(&run, "leads term 2"), 1);
}

#[test]
fn in_a_duel_the_first_accept_comes_too_late() {
    let text = "lamplight 1\nrun paxos proposers=2 acceptors=3 learners=1 seed=1\nnet latency=10ms\nuntil quiet by 5s\n";
    let run = run_of(&stirred(text, "start a duel", 100 * MS).unwrap());
    assert!(told(&run, "has promised") > 0 || told(&run, "refuse") > 0, "an acceptor refuses");
}

#[test]
fn who_is_missing_is_named() {
    let text = "lamplight 1\nrun paxos proposers=1 acceptors=3 learners=1 seed=1\nnet latency=10ms\nuntil quiet by 5s\n";
    assert_eq!(
        stirred(text, "start a duel", MS),
        Err("there is no other proposer or peer now".into())
    );
}
