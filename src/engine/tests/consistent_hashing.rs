//! The entry `consistent-hashing` beyond what every entry owes: the numbers of its lesson.

mod house;

use std::fs;

use engine::check::measure;
use engine::check::verdict::thousands;
use engine::protocols::{Bill, CATALOGUE};
use engine::run::Run;
use engine::scenario::ast::{Agg, Window};
use engine::value::Value;
use house::*;

fn bill() -> &'static Bill {
    CATALOGUE.iter().find(|b| b.entry().id == "consistent-hashing").expect("in the catalogue")
}

fn ship(slug: &str) -> Run {
    let s = of_entry(bill()).into_iter().find(|s| s.slug == slug);
    s.unwrap_or_else(|| panic!("{slug} is not shipped")).run()
}

fn lesson() -> String {
    fs::read_to_string(folder(bill()).join("lesson.md")).expect("a lesson")
}

/// A measure's last value, of a node where one is named, or its largest.
fn last(run: &Run, name: &str, node: &str) -> i64 {
    one(run, Agg::Last, name, node, Window::Whole)
}

fn one(run: &Run, agg: Agg, name: &str, node: &str, window: Window) -> i64 {
    let args: Vec<Value> = if node.is_empty() { vec![] } else { vec![Value::word(node)] };
    measure::one(run, Some(agg), name, &args, window).expect("it is measured")
}

fn keys(slug: &str, node: &str) -> String {
    let meter = if node.is_empty() { "moved-keys" } else { "keys" };
    thousands(last(&ship(slug), meter, node) as u64)
}

fn tenths(ppm: i64) -> String {
    let tenths = (ppm + 500) / 1000;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn whole(ppm: i64) -> String {
    format!("{} %", ppm / 10_000)
}

fn milliseconds(us: i64) -> String {
    format!("{} ms", us / 1000)
}

/// Every sentence of the lesson that has a number a run gives, with that number.
fn figures() -> Vec<String> {
    let (hot, fallen, rolled) = (ship("hot-arc"), ship("leave-one-token"), ship("cascade"));
    let variation = |slug| tenths(last(&ship(slug), "variation", ""));
    let maps = ship("two-maps");
    let latency = |node| milliseconds(one(&maps, Agg::Max, "latency", node, Window::Whole));
    let first = tenths(one(&fallen, Agg::Last, "share", "n5", Window::FromTo(0, 50_000)));
    let tipped = one(&rolled, Agg::Last, "load", "n5", Window::FromTo(0, 170_000));
    let calm = one(&ship("no-cascade"), Agg::Max, "load", "", Window::Whole);
    vec![
        format!("10,000 keys {} move", keys("join", "")),
        format!("other numbers, {} here", keys("default-ring", "")),
        format!("its {} keys go to whoever is next", keys("leave", "")),
        format!("the largest arc is {} of the ring", tenths(last(&hot, "share", "n9"))),
        format!("the shares vary by {};", variation("many-tokens")),
        format!("with ten from [{}]", last(&ship("several-donors"), "donors", "")),
        format!("n5 goes from {first} of the ring to {};", tenths(last(&fallen, "share", "n5"))),
        format!("loads of {} and more", whole(tipped + 5_000)),
        format!("brings nobody above {}", whole(calm + 10_000)),
        format!("a join moves {} keys", keys("libketama-weights", "")),
        format!("where {} would do", keys("weights", "")),
        format!("shares varying by {};", variation("bad-hash")),
        format!("by {}.", variation("mixed-hash")),
        format!("a detour, {} instead of {}.", latency("c2"), latency("c1")),
        format!("though {} of 10,000 keys", keys("replica-down", "n2")),
        format!("{} instead of a sixth of 10,000", keys("join-copies", "")),
    ]
}

/// Numbers of the theory and of the settings, and names.
const GIVEN: &[&str] = &[
    "75 % of all keys",
    "its 160 tokens",
    "a quarter, 2,500",
    "29.3 % is what theory expects",
    "160 tokens each",
    "√((N−1)/(NV+1)), 7.5 %",
    "With 160 tokens",
    "FNV-1a",
];

#[test]
fn every_number_of_the_lesson_comes_from_a_run() {
    let mut lesson = lesson();
    assert!(lesson.len() <= 6 * 1024, "{} bytes", lesson.len());
    for figure in figures() {
        assert!(lesson.contains(&figure), "the lesson does not say: {figure}");
        lesson = lesson.replace(&figure, "");
    }
    for given in GIVEN {
        lesson = lesson.replace(given, "");
    }
    let digit = |l: &&str| l.contains(|c: char| c.is_ascii_digit());
    let left: Vec<&str> = lesson.lines().filter(digit).collect();
    assert!(left.is_empty(), "numbers no run gives: {left:#?}");
}

/// Links of the lesson lead to scenarios that are shipped, and to every one of them.
#[test]
fn the_lesson_leads_to_every_scenario() {
    let lesson = lesson();
    let links: Vec<&str> =
        lesson.split("](#").skip(1).filter_map(|l| l.split(')').next()).collect();
    let shipped = of_entry(bill());
    for link in &links {
        assert!(shipped.iter().any(|s| s.name() == *link), "{link}");
    }
    for s in shipped {
        assert!(links.contains(&s.name().as_str()), "{} is not in the lesson", s.name());
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
