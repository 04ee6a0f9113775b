//! The entry `ntp` beyond what every entry owes: the contract's example word for word, the numbers of its
//! card that no scenario can say, and the filter against the mean over many windows.

mod house;

use engine::check::measure;
use engine::ids::EventId;
use engine::run::Run;
use engine::scenario::ast::Window;
use engine::scene::clocks::Clocks;
use engine::scene::exhibit;
use engine::show::Exhibit;
use engine::trace::What;
use engine::tree::Tree;
use house::*;

fn text_of(slug: &str) -> String {
    let s = shipped().into_iter().find(|s| s.name() == format!("ntp/{slug}"));
    s.unwrap_or_else(|| panic!("{slug} is not shipped")).text
}

fn values(run: &Run, name: &str) -> Vec<i64> {
    measure::values(run, name, Window::Whole).into_iter().map(|(.., v)| v).collect()
}

#[test]
fn the_example_of_the_contract_runs_as_written() {
    let run = run_text(
        "lamplight 1\ntitle  The road back is faster than the road out\nrow    2.1\nshows  fails\n\
         run    ntp servers=1 clients=1 poll=1s filter=1 discipline=off seed=1\n\
         link   c1 -> s1 latency=80ms\nlink   s1 -> c1 latency=20ms\nnode   c1 offset=-50ms drift=0ppm\n\
         expect sometimes c1 sampled offset=80ms delay=100ms\n\
         expect measure last estimate-error c1 at 10s = 30ms tol 1ms\n\
         expect always WithinHalfDelay\npace   200ms\nuntil  12s\n",
    );
    assert!(verdicts(&run).ok());
}

/// An answer taken for that to a later request: θ = −1027.5 ms, δ = 195 ms.
#[test]
fn a_stale_answer_believed_is_off_by_more_than_a_second() {
    let run = run_text(&with_bug(&text_of("stale-reply"), "accept-any"));
    let time = |t: &Tree, field: &str| match t.get(field) {
        Some(Tree::Time(us)) => *us,
        other => panic!("{field}: {other:?}"),
    };
    let sampled = run.trace().events().find_map(|e| match e.what {
        What::Why { why, .. } if e.at == 2_200_000 => Some(run.reason(why)),
        _ => None,
    });
    let sampled = sampled.expect("the stale answer is believed");
    assert_eq!((time(&sampled, "offset"), time(&sampled, "delay")), (-1_027_500, 195_000));
    assert!(values(&run, "estimate-error").contains(&-1_077_500));
}

#[test]
fn a_round_of_berkeley_costs_three_messages_a_node() {
    for n in 2..=9 {
        let run = run_text(&format!(
            "lamplight 1\nrun ntp algorithm=berkeley servers=1 clients={} poll=2s seed=1\nuntil 3s\n",
            n - 1
        ));
        assert_eq!(values(&run, "messages").len(), 3 * (n - 1), "n={n}");
    }
}

/// With queues both ways one window proves nothing; over two thousand the filter is nearer the truth.
#[test]
fn the_filter_beats_the_mean_over_many_windows() {
    let text = "lamplight 1\nrun ntp poll=100ms discipline=off seed=5\nnet latency=5ms+exp(20ms)\nuntil 200s\n";
    let square_mean = |text: &str| {
        let errors = values(&run_text(text), "estimate-error");
        assert!(errors.len() > 1_800);
        errors.iter().map(|e| e * e).sum::<i64>() / errors.len() as i64
    };
    let (filter, mean) = (square_mean(text), square_mean(&with_bug(text, "mean-filter")));
    assert!(filter * 3 < mean * 2, "{filter} against {mean}");
}

/// The stretches as a viewer sees them at the end: the band, the true value, and who is not believed.
fn intervals(slug: &str) -> (Option<(i64, i64)>, Option<i64>, Vec<&'static str>) {
    let run = run_text(&text_of(slug));
    let mut stacks = exhibit::offered(&run);
    let stack = stacks.iter_mut().find(|s| s.key == "intervals").expect("it is offered");
    let end = run.peek(EventId(run.trace().len() as u32 - 1)).now();
    exhibit::reveal(stack, &Clocks::new(&run), end);
    let Some((_, Exhibit::Spans(s))) = stack.items.first() else { panic!("they are stretches") };
    (s.band, s.truth, s.rows.iter().map(|r| if r.out { "out" } else { r.word }).collect())
}

#[test]
fn the_intervals_are_shown_as_they_were_compared_with_what_nobody_can_see() {
    let t = "truechimer";
    assert_eq!(intervals("falseticker"), (Some((-8_000, 7_000)), Some(0), vec![t, t, t, "out"]));
    // A small lie: all are believed, and the truth is outside.
    assert_eq!(intervals("partial-liar"), (Some((4_000, 16_000)), Some(0), vec![t; 3]));
    // Its clock is 30 ms fast, so true time is 30 ms behind it.
    assert_eq!(intervals("two-liars"), (None, Some(-30_000), vec!["out"; 4]));
    // A clock that is turned after the comparison does not move what was compared.
    let (band, truth, _) = intervals("slew");
    let ((low, high), truth) = (band.unwrap(), truth.unwrap());
    assert!(low <= truth && truth <= high, "{low} {truth} {high}");
}

/// A clock that was set to before its epoch reads 0 and stands; what is measured of it meanwhile is nobody's claim.
#[test]
fn a_clock_from_before_the_epoch_breaks_no_bound() {
    holds(
        "lamplight 1
run ntp servers=1 clients=1 poll=250ms
net latency=10ms
at 100ms skew s1 by -400ms
expect always WithinHalfDelay
until 2s
",
    );
}

/// The filter is compared with the mean of what was measured of the clocks as they are.
#[test]
fn a_server_whose_clock_is_set_does_not_break_the_filter() {
    let filter = text_of("filter");
    let text = filter.replace("at 60s", "at 30s skew s1 by 56ms\nat 60s");
    let run = run_text(&text);
    let claim = verdicts(&run).claims.iter().find(|c| c.name == "FilterBeatsMean");
    assert!(claim.is_some_and(|c| c.broken.is_empty() && c.checked > 50), "{claim:?}");
}

/// A clock that was set forth and back while it was asked told what it never tells otherwise.
#[test]
fn a_clock_set_forth_and_back_meanwhile_breaks_no_bound() {
    holds(
        "lamplight 1
run ntp servers=1 clients=1 poll=250ms
net latency=10ms
at 255ms skew s1 by 390ms
at 265ms skew s1 by -390ms
expect always WithinHalfDelay
until 2s
",
    );
}
