//! The entry `consistent-hashing` beyond what every entry owes: what no shipped scenario shows.

mod house;

use std::fs;

use engine::protocols::{Bill, CATALOGUE};
use house::*;

fn bill() -> &'static Bill {
    CATALOGUE.iter().find(|b| b.entry().id == "consistent-hashing").expect("in the catalogue")
}

/// Of this entry every scenario is told of in the lesson.
#[test]
fn the_lesson_leads_to_every_scenario() {
    let lesson = fs::read_to_string(folder(bill()).join("lesson.md")).expect("a lesson");
    for s in of_entry(bill()) {
        let link = format!("](#{})", s.name());
        assert!(lesson.contains(&link), "{} is not in the lesson", s.name());
    }
}

/// The newcomer asks again while the map is still being written: a crash takes that map back.
#[test]
fn no_map_leaves_before_it_is_on_the_disk() {
    let text = |crash: &str| {
        format!(
            "lamplight 1\nrun consistent-hashing nodes=4 seed=1\nnode n4 absent\nnode map disk=450ms\n\
             at 100ms start n4\nthen n4 join\n{crash}\nuntil 1250ms"
        )
    };
    holds(&text(
        "when map committed epoch=2 +300ms crash map\nexpect sometimes map committed epoch=2\n\
         expect count sent Join n4 -> map from 600ms to 1s >= 1\nexpect count sent View epoch=2 = 0",
    ));
    holds(&text("expect count sent View epoch=2 >= 1"));
}

/// n4's copy for n2 is late; meanwhile n2 has written above it, and both were answered.
#[test]
fn a_write_that_was_answered_is_not_written_again() {
    holds(
        "lamplight 1\n\
         run consistent-hashing nodes=5 routers=2 clients=2 replicas=3 patience=2s seed=1\n\
         at 0ms delay next ReplicaPut n4 -> n2 by 1s\nat 0ms cut r2 -> n4\n\
         at 10ms c1 put user:1 one\nat 110ms c2 put user:1 two\nat 3500ms heal\nat 3600ms c1 get user:1\n\
         expect sometimes c1 ok put user:1 one\nexpect sometimes c2 ok put user:1 two\n\
         expect never n4 outvoted\nexpect answer c1 #2 ok two\nuntil quiet by 10s",
    );
}

#[test]
fn a_replicated_read_has_as_long_as_its_router_waits() {
    holds(
        "lamplight 1\n\
         run consistent-hashing nodes=5 replicas=3 patience=50ms timeout=400ms seed=1\nnet latency=40ms\n\
         at 10ms c1 put user:1 one\nat 2s c1 get user:1\n\
         expect answer c1 #2 ok one\nexpect never r1 suspected\nuntil quiet by 10s",
    );
}

/// Writes that came before their node knew the map are judged when they are taken on, and a copy of one, which does
/// nothing, is no second write.
#[test]
fn a_write_that_waited_for_the_map_is_judged_once() {
    let puts: String = (1..=7).map(|i| format!("at 400ms c1 put user:{i} 1\n")).collect();
    let text = format!(
        "lamplight 1
run consistent-hashing nodes=4 routers=1 clients=1 replicas=3 vnodes=32 seed=1
net latency=10ms disk=1ms
node n4 absent
at 100ms start n4
at 150ms n4 join
at 151ms hold every View map -> n1
when sent Put r1 -> n1  duplicate it by 30ms
{puts}at 440ms release every View map -> n1
expect always DistinctHomes
until 1s
"
    );
    let run = run_text(&text);
    let claim = verdicts(&run).claims.iter().find(|c| c.name == "DistinctHomes");
    assert_eq!(claim.map(|c| (c.checked, c.broken.len())), Some((7, 0)), "{text}");
}
