//! The entry `consistency` beyond what every entry owes: its checker, told by sessions, against the
//! engine's, which sees the trace; and whether a litmus history survives a link.

mod house;

use engine::check::history::{BUDGET, Model, Status};
use engine::check::{history_of, report};
use engine::protocols::{Bill, CATALOGUE};
use engine::run::Run;
use engine::scenario::link::{self, Address, Source};
use engine::trace::What;
use house::*;

fn bill() -> &'static Bill {
    CATALOGUE.iter().find(|b| b.entry().id == "consistency").expect("the entry")
}

/// The last word of the run's checker about a model.
fn last_word(run: &Run, model: Model) -> Option<bool> {
    let mut word = None;
    for e in run.trace().events() {
        let What::Why { slug, why, .. } = e.what else { continue };
        let slug = run.entry().reasons[slug as usize].slug;
        let says = run.world().stage().sentence(why, e.node.expect("a node"));
        let begin = format!("{}:", model.word());
        if says.get(..begin.len()).is_some_and(|s| s.eq_ignore_ascii_case(&begin)) {
            word = match slug {
                "accepted" => Some(true),
                "refused" => Some(false),
                "unsettled" => None,
                // All in one.
                _ => word,
            };
        }
    }
    word
}

fn agree(run: &Run, what: &str) {
    let h = history_of(run);
    for model in Model::ALL {
        assert_eq!(last_word(run, model), model.judge(&h, BUDGET).holds(), "{what}: {model:?}");
    }
}

#[test]
fn what_sessions_report_is_judged_like_the_trace() {
    let mut seen = 0;
    for s in of_entry(bill()) {
        let (all, _) = s.all();
        for run in all.runs() {
            // Of the others one believes a clock and one may not look at values.
            if s.slug != "wrong-clock" && s.slug != "budget" {
                agree(run, &s.slug);
                seen += 1;
            }
        }
    }
    assert!(seen > 25, "{seen}");
}

/// Histories nobody wrote: whatever the copies answer.
#[test]
fn random_histories_are_judged_like_the_trace() {
    let (mut wrong, mut open) = (0, 0);
    for seed in 1..=60 {
        let copies = ["arrival", "newest"][seed % 2];
        let text = format!(
            "lamplight 1\n\
             run consistency sessions=3 copies={copies} takes=5ms..40ms unsure=15% refuse=10% \
             patience=200ms seed={seed}\n\
             net latency=1ms..80ms\n\
             load p1 put x rate=5/s to=1s\nload p2 put x rate=4/s to=1s\n\
             load p1 get x rate=4/s to=1s\nload p2 get x rate=4/s to=1s\nload p3 get x rate=6/s to=1s\n\
             until quiet by 5s\n"
        );
        let run = run_text(&text);
        agree(&run, &text);
        let h = history_of(&run);
        wrong += usize::from(last_word(&run, Model::Linearizable) == Some(false));
        open += h.ops.iter().filter(|op| op.status == Status::Unknown).count();
    }
    assert!(wrong > 10 && open > 20, "{wrong} {open}");
}

#[test]
fn a_litmus_history_has_a_link_and_a_verdict_for_every_model() {
    for s in of_entry(bill()) {
        let scenario = s.read();
        if !scenario.beside.is_empty() {
            continue;
        }
        let text = engine::scenario::canonical(&scenario);
        let link = link::write(&Address::text(&text)).expect("a link");
        assert!(link.len() < 2_000, "{}: {}", s.slug, link.len());
        let Ok(Address { source: Source::Text(text), .. }) = link::parse_fragment(&link) else {
            panic!("{}: {link}", s.slug)
        };
        let again = run_text(&text);
        assert_eq!(report(&again), report(&run_text(&s.text)), "{}", s.slug);
        assert_eq!(report(&again).lines().count(), 1 + Model::ALL.len());
    }
}

/// The lesson's 10,485,762 for twenty writes: n·2^(n−1) + 2, counted here where the search still ends.
#[test]
fn writes_at_once_cost_as_many_configurations_as_the_lesson_says() {
    for n in 3..=10u64 {
        let writes: String = (1..=n).map(|i| format!("at 0ms p{i} put x {i}\n")).collect();
        let text = |budget: u64, word: &str| {
            format!(
                "lamplight 1\nrun consistency sessions={} search=bare budget={budget} seed=1\nnet latency=10ms\n\
                 {writes}at 20ms p{} get x 1\nat 40ms p{} get x 2\n\
                 expect sometimes checker {word} model=linearizable\nuntil quiet by 2s\n",
                n + 2,
                n + 1,
                n + 2
            )
        };
        let all = n * (1 << (n - 1)) + 2;
        holds(&text(all, "refused"));
        holds(&text(all - 1, "unsettled"));
    }
    assert_eq!(20 * (1 << 19) + 2, 10_485_762);
}
