//! What the clients asked for and got, as bars from call to return, and whether one order explains it: by the model the
//! reader chooses, with the few operations that contradict it and what must come before what. It is told of the whole
//! run as far as it is known, with a line at the playhead.

use crate::app::lay::{Kept, Perhaps, Rows, effect};
use engine::check::history::{History, Model, Verdict};
use engine::check::{history_of, judge_history};
use engine::ids::*;
use engine::run::Run;
use engine::scenario::ast::What;
use engine::scene::exhibit::Picture;
use engine::scene::{Form, Shape, history, pace};
use leptos::prelude::*;

use super::plate::Plate;
use crate::app::page::{Page, end_of};

/// Operations whose bars can be told apart in one view; of more only what lies around the playhead is drawn.
const WHOLE: usize = 60;
/// Room above and below the bars, in pixels.
const EDGE: f32 = 4.0;
/// Seconds of the screen that are drawn then.
const SPAN: Us = 6;

/// Whether clients have asked for more than one thing that a history is made of.
pub fn has_any(run: &Run) -> bool {
    run.trace().ops.len() > 1 && history_of(run).ops.len() > 1
}

/// The model to begin with: the first that the scenario itself speaks of, and where it speaks of none the strongest.
fn first_model(run: &Run) -> &'static str {
    let asked = run.scenario().expects.iter().find_map(|e| match &e.what {
        What::History { model, .. } => Model::of_word(model),
        _ => None,
    });
    asked.unwrap_or(Model::Linearizable).word()
}

/// The stretch of time to draw.
fn stretch(run: &Run, now: Us) -> (Us, Us) {
    let end = end_of(run).max(1);
    if run.trace().ops.len() <= WHOLE {
        return (0, end);
    }
    let span = (pace(run) * SPAN).min(end);
    let from = now.saturating_sub(span * 3 / 4).min(end - span);
    (from, from + span)
}

#[component]
pub fn Operations() -> impl IntoView {
    let page = expect_context::<Page>();
    let plate = Plate::new();
    let chosen = RwSignal::new(None::<&'static str>);
    let model = Kept::new(move || {
        chosen.get().unwrap_or_else(|| page.with_run(first_model).unwrap_or("linearizable"))
    });
    // A verdict takes long where there are many operations: it is found once for each state of the run.
    let verdict = RwSignal::new_local(None::<(History, Verdict)>);
    effect(move || {
        page.known.track();
        let model = model.get();
        let found = page.with_run(|run| {
            let h = history_of(run);
            judge_history(&h, model).map(|v| (h, v))
        });
        verdict.set(found.flatten());
    });
    effect(move || {
        let Some((w, _)) = plate.room() else { return };
        let (pick, now) = (page.pick.get(), page.head.get().at);
        let picture = page.with_run(|run| {
            let (from, to) = stretch(run, now);
            verdict.with(|v| {
                let judged = v.as_ref().map(|(h, v)| (h, v));
                let mut p = history::history(run, judged, (from, to), w, pick);
                let x = history::x_at(run, (from, to), w, now.clamp(from, to));
                p.shapes.push(Shape::line("now", x, 0.0, x, p.h));
                // Outlines are drawn half outside of their bars.
                let bars = Form::Group { x: 0.0, y: EDGE, kids: p.shapes };
                Picture { shapes: vec![Shape::new("", bars)], w: p.w, h: p.h + 2.0 * EDGE }
            })
        });
        plate.paint(picture.unwrap_or_default());
    });
    let says = move || {
        let model = model.get();
        verdict.with(|v| {
            let (h, v) = v.as_ref()?;
            let word = match v.holds() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not settled",
            };
            let name = |n: NodeId| page.with_run_now(|run| run.name(n).to_string());
            let why = v.sentence(h, &|n| name(n).unwrap_or_default());
            Some(format!("{model}: {word}. {why}"))
        })
    };
    // The first of the operations that contradict the model.
    let guilty = move || {
        verdict.with(|v| match v.as_ref()? {
            (h, Verdict::No { ops, .. }) => {
                h.ops.get(*ops.first()?).map(|op| EventId(op.invoke as u32))
            }
            _ => None,
        })
    };
    let visit = move |e: EventId| {
        view! { <button type="button" class="small wide" on:click=move |_| page.visit(e)>"Show them"</button> }
    };
    let choose = move |ev| chosen.set(Model::of_word(&event_target_value(&ev)).map(Model::word));
    let option = move |m: Model| {
        view! { <option value=m.word() selected=move || model.get() == m.word()>{m.word()}</option> }
    };
    view! {
        <div class="judged" tabindex="0" role="region" aria-label="What a model says of the operations">
            <select class="small" aria-label="Model" on:change=choose>{Model::ALL.into_iter().map(option).rows()}</select>
            <span aria-live="polite">{says}</span>
            {move || guilty().map(visit).perhaps()}
        </div>
        {plate.view(page, "Operations from call to return".to_string(), None)}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::read;

    #[test]
    fn the_model_is_the_one_the_scenario_speaks_of() {
        let text = "lamplight 1\nrun raft nodes=3 clients=1 seed=1\n";
        let model = |more: &str| {
            let Ok(run) = read(&format!("{text}{more}")) else { panic!("it does not run") };
            first_model(&run)
        };
        assert_eq!(model(""), "linearizable");
        assert_eq!(model("expect history not causal\n"), "causal");
    }

    #[test]
    fn a_few_operations_are_seen_whole_and_of_many_those_around_the_playhead() {
        let run = |load: &str| {
            let text = format!("lamplight 1\nrun raft nodes=3 clients=1 seed=1\n{load}until 20s\n");
            let Ok(mut run) = read(&text) else { panic!("it does not run") };
            run.finish();
            run
        };
        let few = run("load c1 put x rate=1/s to=5s\n");
        assert!(has_any(&few));
        assert_eq!(stretch(&few, 3 * SEC), (0, end_of(&few)));
        let many = run("load c1 put x rate=20/s\n");
        let (from, to) = stretch(&many, 10 * SEC);
        assert!(from < 10 * SEC && 10 * SEC < to && to - from < 20 * SEC, "{from} {to}");
        assert!(!has_any(&run("")));
    }
}
