//! What the clients asked for and got, as bars from call to return, and whether one order explains it: by the model the
//! reader chooses, with the few operations that contradict it and what must come before what. It is told of the whole
//! run as far as it is known; what comes after the playhead lies under a veil. A bar can be dragged, and the verdicts follow the hand.

use std::cell::RefCell;
use std::rc::Rc;

use crate::app::lay::{Kept, Perhaps, Rows, effect};
use engine::check::history::{History, Model, Verdict};
use engine::check::{history_of, judge_history};
use engine::ids::*;
use engine::protocols;
use engine::run::Run;
use engine::scenario::ast::What;
use engine::scene::exhibit::Picture;
use engine::scene::{Beside, Form, Pick, Shape, history, pace};
use engine::trace::OpRec;
use leptos::prelude::*;
use web_sys::PointerEvent;

use super::hand::{self, Deed, Held};
use super::kin;
use super::plate::Plate;
use crate::app::dom;
use crate::app::page::{Loaded, Page, end_of};
use crate::app::stage::painter::pick_of;

/// Operations whose bars can be told apart in one view; of more only what lies around the playhead is drawn.
const WHOLE: usize = 60;
/// Operations of which every model is asked, and not only the chosen one.
const FEW: usize = 24;
/// Room above and below the bars, in pixels: arrows bow over them.
const EDGE: f32 = 10.0;
/// Seconds of the screen that are drawn then.
const SPAN: Us = 6;
/// Steps that a run under the hand may take.
const BUDGET: u32 = 20_000;
/// As near to the end of a bar as this, the end is taken, in pixels.
const NEAR: f64 = 8.0;
/// A hand trembles: less than this is a press.
const STILL: f64 = 4.0;

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
    let ops = &run.trace().ops;
    if ops.len() <= WHOLE {
        // Behind the last answer there is nothing to be seen of them, but room to drag one further.
        let answered = |op: &OpRec| run.trace().event(op.ret.as_ref()?.0).map(|e| e.at);
        let last = ops.iter().map(answered).collect::<Option<Vec<_>>>();
        let last = last.and_then(|all| all.into_iter().max()).map(|t| t + t / 4);
        return (0, last.unwrap_or(end).max(1));
    }
    // It is turned like a page, half of it at a time: between two turns nothing is drawn anew.
    let span = (pace(run) * SPAN).min(end).max(4);
    let page = |t: Us| {
        let from = t.saturating_sub(span / 4) / (span / 2) * (span / 2);
        let from = from.min(end.saturating_sub(span));
        (from, from + span)
    };
    let (from, to) = page(now);
    page(nearest(run, (from, to)).unwrap_or(now))
}

/// Where nobody asks for anything in a stretch of time: when the last operation before it ended, or the first behind it
/// begins.
fn nearest(run: &Run, (from, to): (Us, Us)) -> Option<Us> {
    let at = |e: EventId| run.trace().event(e).map_or(0, |e| e.at);
    let (mut before, mut behind) = (None, None);
    for op in run.trace().ops.iter() {
        let (a, b) = (at(op.invoke), op.ret.as_ref().map_or(Us::MAX, |r| at(r.0)));
        if a <= to && from <= b {
            return None;
        }
        if b < from {
            before = before.max(Some(b));
        } else if behind.is_none() {
            behind = Some(a);
        }
    }
    before.or(behind)
}

/// A history with what the models say of it.
struct Judged {
    history: History,
    /// What the chosen one says.
    verdict: Verdict,
    /// Whether each of them holds, by its word; the others are asked only of a few operations.
    all: Vec<(&'static str, Option<bool>)>,
}

fn judge(run: &Run, model: &str) -> Option<Judged> {
    let history = history_of(run);
    let verdict = judge_history(&history, model)?;
    let asked = |m: &Model| history.ops.len() <= FEW || m.word() == model;
    let holds = |m: Model| (m.word(), judge_history(&history, m.word()).and_then(|v| v.holds()));
    let all = Model::ALL.into_iter().filter(asked).map(holds).collect();
    Some(Judged { history, verdict, all })
}

/// A bar in the reader's hand.
#[derive(Clone, Copy)]
struct Grip {
    held: Held,
    deed: Deed,
    /// Where the pointer went down, and how much time a pixel is.
    x: f64,
    us_per_px: f64,
    by: i64,
    /// What would be is shown with the next frame.
    due: bool,
}

/// What would be if the hand let go.
type Preview = RwSignal<Option<Rc<RefCell<Run>>>, LocalStorage>;

/// Let the run in view go by an edited text, far enough to judge it.
fn preview(loaded: &Loaded, text: &str) -> Option<Rc<RefCell<Run>>> {
    let s = protocols::parse(text).ok()?;
    let mut run = loaded.run.borrow().edit(s.only(loaded.at)).ok()?;
    run.advance(run.horizon(), BUDGET);
    Some(Rc::new(RefCell::new(run)))
}

/// How much time a pixel of the picture is.
fn scale(run: &Run, now: Us, w: f32) -> f64 {
    let (from, to) = stretch(run, now);
    let x = |t| f64::from(history::x_at(run, (from, to), w, t));
    (to - from) as f64 / (x(to) - x(from)).max(1.0)
}

/// The history under judgement: by which model, what it says, and what would be if the hand let go.
#[derive(Clone, Copy)]
struct Judging {
    page: Page,
    /// The model the reader has chosen.
    chosen: RwSignal<Option<&'static str>>,
    /// The one that judges.
    model: Kept<&'static str>,
    would: Preview,
    verdict: RwSignal<Option<Judged>, LocalStorage>,
}

impl Judging {
    fn new(page: Page) -> Judging {
        let chosen = RwSignal::new(None);
        let model = Kept::new(move || {
            chosen.get().unwrap_or_else(|| page.with_run(first_model).unwrap_or("linearizable"))
        });
        let would = RwSignal::new_local(None);
        Judging { page, chosen, model, would, verdict: RwSignal::new_local(None) }
    }

    /// The run in view, or the one that would be. Tracked.
    fn look(self, f: &mut dyn FnMut(&Run)) {
        match self.would.get() {
            Some(run) => f(&run.borrow()),
            None => {
                self.page.with_run(|run| f(run));
            }
        }
    }

    /// A verdict takes long where there are many operations: it is found once for each state of the run.
    fn keep(self) {
        effect(move || {
            self.page.known.track();
            let model = self.model.get();
            let mut found = None;
            self.look(&mut |run| found = judge(run, model));
            self.verdict.set(found);
        });
    }

    /// The verdict in words.
    fn says(self) -> Option<String> {
        let model = self.model.get();
        self.verdict.with(|v| {
            let Judged { history, verdict, .. } = v.as_ref()?;
            let word = match verdict.holds() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not settled",
            };
            let name = |n: NodeId| self.page.with_run_now(|run| run.name(n).to_string());
            let why = verdict.sentence(history, &|n| name(n).unwrap_or_default());
            // Whatever the playhead has seen of it.
            Some(format!("Of the whole run, {model}: {word}. {why}"))
        })
    }

    /// The first of the operations that contradict the model.
    fn guilty(self) -> Option<EventId> {
        self.verdict.with(|v| match v.as_ref()? {
            Judged { history, verdict: Verdict::No { ops, .. }, .. } => {
                history.ops.get(*ops.first()?).map(|op| EventId(op.invoke as u32))
            }
            _ => None,
        })
    }

    /// Whether a model holds, as far as it was asked.
    fn holds(self, word: &str) -> Option<Option<bool>> {
        self.verdict
            .with(|v| v.as_ref()?.all.iter().find(|(m, _)| *m == word).map(|(_, holds)| *holds))
    }

    /// A model to choose.
    fn option(self, m: Model) -> impl IntoView {
        let word = m.word();
        let sign = move || match self.holds(word) {
            Some(Some(true)) => ("yes", "✓ "),
            Some(Some(false)) => ("no", "✗ "),
            Some(None) => ("open", "? "),
            None => ("", ""),
        };
        let name = move || match sign().0 {
            "" => word.to_string(),
            "open" => format!("{word}: not settled"),
            holds => format!("{word}: {holds}"),
        };
        view! {
            <button type="button" class="small wide" aria-pressed=move || (self.model.get() == word).to_string() aria-label=name data-holds=move || sign().0
                on:click=move |_| self.chosen.set(Some(word))><span aria-hidden="true">{move || sign().1}</span>{word}</button>
        }
    }
}

#[component]
pub fn Operations() -> impl IntoView {
    let page = expect_context::<Page>();
    let plate = Plate::new(110.0);
    let judging = Judging::new(page);
    judging.keep();
    draw(judging, plate);
    let hand = Hand { page, plate, grip: StoredValue::new(None), would: judging.would };
    let visit = move |e: EventId| {
        view! { <button type="button" class="small wide" on:click=move |_| page.visit(e)>"Show them"</button> }
    };
    view! {
        <div class="judged" tabindex="0" role="region" aria-label="What a model says of the operations">
            <div class="models" role="group" aria-label="Model">{Model::ALL.into_iter().map(|m| judging.option(m)).rows()}</div>
            <span aria-live="polite">{move || judging.says()}</span>
            {move || judging.guilty().map(visit).perhaps()}
            {by_buttons(page)}
        </div>
        <div class="handled" on:pointerdown=move |ev| hand.down(&ev) on:pointermove=move |ev| hand.drag(&ev)
            on:pointerup=move |_| hand.drop() on:pointercancel=move |_| hand.cancel()>
            {plate.view(page, "Operations from call to return".to_string(), None)}
        </div>
    }
}

/// Draw the bars, and the veil over what comes after the playhead.
fn draw(judging: Judging, plate: Plate) {
    let page = judging.page;
    let in_sight = Kept::new(move || {
        page.known.track();
        let now = page.head.get().at;
        page.with_run(|run| stretch(run, now)).unwrap_or((0, 1))
    });
    let stands = Kept::new(move || {
        let now = page.head.get().at;
        page.with_run(|run| history::stands(run, now))
    });
    effect(move || {
        let (Some((w, _)), (from, to)) = (plate.room(), in_sight.get()) else { return };
        let x = |run: &Run, now: Us| history::x_at(run, (from, to), w, now.clamp(from, to));
        let now = page.head.get().at;
        if let Some((x, end)) = page.with_run(|run| (x(run, now), x(run, to))) {
            plate.veil(x, end + 8.0);
        }
    });
    effect(move || {
        let Some((w, _)) = plate.room() else { return };
        stands.with(|_| ());
        let (pick, now) = (page.pick.get(), page.head.get_untracked().at);
        let (from, to) = in_sight.get();
        let mut over = vec![];
        let mut picture = Picture::default();
        // What would be under the hand has events of its own: nothing is known of how they stand.
        let loaded = page.loaded_now().filter(|_| judging.would.with(Option::is_none));
        judging.look(&mut |run| {
            let index = loaded.as_ref().map(|l| l.index.borrow());
            let beside = index.as_ref().zip(kin::event_of(run, pick));
            let beside = beside.map(|(index, e)| Beside::new(run, index, e));
            judging.verdict.with(|v| {
                let judged = v.as_ref().map(|v| (&v.history, &v.verdict));
                let drawn =
                    history::history(run, judged, ((from, to), now), w, (pick, beside.as_ref()));
                over = drawn.over;
                picture = framed(drawn.picture);
            });
        });
        plate.paint(picture);
        plate.over(over, EDGE);
    });
}

/// Outlines are drawn half outside of their bars.
fn framed(p: Picture) -> Picture {
    let bars = Form::Group { x: 0.0, y: EDGE, kids: p.shapes };
    Picture { shapes: vec![Shape::new("", bars)], w: p.w, h: p.h + 2.0 * EDGE }
}

/// The hand on a bar. While it moves, what it would come to is run and judged.
#[derive(Clone, Copy)]
struct Hand {
    page: Page,
    plate: Plate,
    grip: StoredValue<Option<Grip>>,
    would: Preview,
}

impl Hand {
    fn down(self, ev: &PointerEvent) {
        let grip = taken(ev, self.page, self.plate);
        if let Some(g) = grip.filter(|_| ev.button() == 0 && ev.is_primary()) {
            self.grip.set_value(Some(g));
        }
    }

    fn cancel(self) {
        self.grip.set_value(None);
        self.would.set(None);
    }

    /// What the hand has come to since the last frame is run once.
    fn look(self) {
        let Some(g) = self.grip.try_get_value().flatten().filter(|g| g.due) else { return };
        self.grip.set_value(Some(Grip { due: false, ..g }));
        let text = self.page.loaded_now().zip(g.held.text(self.page, g.deed, g.by));
        self.would.set(text.and_then(|(loaded, text)| preview(&loaded, &text)));
    }

    fn drag(self, ev: &PointerEvent) {
        let Some(mut g) = self.grip.get_value() else { return };
        // It was let go where nobody heard of it.
        if ev.buttons() == 0 {
            return self.cancel();
        }
        let dx = f64::from(ev.client_x()) - g.x;
        if g.by == 0 && dx.abs() < STILL {
            return;
        }
        if let Some(root) = self.plate.root() {
            let _ = root.set_pointer_capture(ev.pointer_id());
        }
        let step = self.page.with_run_now(hand::step).unwrap_or(1);
        let by = g.held.by(g.deed, (dx * g.us_per_px) as i64, step);
        if by != g.by {
            let due = std::mem::replace(&mut g.due, true);
            g.by = by;
            if !due {
                request_animation_frame(move || self.look());
            }
        }
        self.grip.set_value(Some(g));
    }

    fn drop(self) {
        let Some(g) = self.grip.try_update_value(Option::take).flatten() else { return };
        self.would.set(None);
        if g.by != 0 {
            act(self.page, g.held, g.deed, g.by);
        }
    }
}

/// The same by buttons, for the operation that is selected.
fn by_buttons(page: Page) -> AnyView {
    let in_hand = Kept::new(move || match page.pick.get() {
        Pick::Op(op) => page.with_run(|run| hand::held(run, op)).flatten(),
        _ => None,
    });
    let deed = move |word: &'static str, deed: Deed, by: i64| {
        let go = move |_| {
            if let Some(held) = in_hand.get() {
                let step = page.with_run_now(hand::step).unwrap_or(1) as i64;
                act(page, held, deed, held.by(deed, by * step, step as Us));
            }
        };
        view! { <button type="button" class="small wide" on:click=go>{word}</button> }
    };
    let deeds = move |_: Held| {
        view! {
            <span class="deeds" role="group" aria-label="The selected operation">
                {deed("earlier", Deed::Move, -1)}{deed("later", Deed::Move, 1)}
                {deed("shorter", Deed::Stretch, -1)}{deed("longer", Deed::Stretch, 1)}
            </span>
        }
    };
    (move || in_hand.get().map(deeds).perhaps()).into_any()
}

/// The bar under the pointer, if it can be moved; its end, if the pointer is there.
fn taken(ev: &PointerEvent, page: Page, plate: Plate) -> Option<Grip> {
    let mark = dom::closest(ev, "[data-pick]")?;
    let Pick::Op(op) = pick_of(&mark.get_attribute("data-pick")?) else { return None };
    let held = page.with_run_now(|run| hand::held(run, op)).flatten()?;
    let x = f64::from(ev.client_x());
    let bar = mark.query_selector(".bar").ok().flatten().unwrap_or(mark);
    let at_end = (bar.get_bounding_client_rect().right() - x).abs() <= NEAR;
    let stretches = at_end && held.text(page, Deed::Stretch, 1).is_some();
    let (wide, unit) = plate.width();
    let now = page.head.get_untracked().at;
    let us_per_px = page.with_run_now(|run| scale(run, now, wide))? * f64::from(unit);
    let deed = if stretches { Deed::Stretch } else { Deed::Move };
    Some(Grip { held, deed, x, us_per_px, by: 0, due: false })
}

fn act(page: Page, held: Held, deed: Deed, by: i64) {
    let [name, says] = held.says(page, deed, by);
    let Some(text) = held.text(page, deed, by).filter(|_| by != 0) else {
        return page.refuse("its line does not say how long it takes, or it can go no further");
    };
    if let Some(f) = page.change(&text, &name, &says).first() {
        page.refuse(&crate::app::faults::says(f));
    }
    page.select(Pick::Op(held.op));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::{load_for_tests, read};

    #[test]
    fn what_would_be_is_of_the_run_in_view() {
        let text = "lamplight 1\nrun vector-clocks as quiet nodes=3 count=sends seed=1\n\
            beside raft as busy nodes=3\nin quiet at 0ms n1 tell n2\nin busy at 400ms crash n3\nuntil 1s\n";
        let loaded = load_for_tests(text);
        let run = loaded.sides[1].run.clone();
        let loaded = Loaded { run, at: 1, ..loaded };
        let later = text.replace("400ms", "500ms");
        let Some(would) = preview(&loaded, &later) else { panic!("it does not run") };
        let would = would.borrow();
        let crash = would.trace().events().find(|e| matches!(e.what, engine::trace::What::Crash));
        assert_eq!((would.entry().id, crash.map(|e| e.at / MS)), ("raft", Some(500)));
        assert!(would.ended().is_some());
    }

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
        let (from, to) = stretch(&few, 3 * SEC);
        assert!(from == 0 && (5 * SEC..8 * SEC).contains(&to) && to < end_of(&few), "{to}");
        let many = run("load c1 put x rate=20/s\n");
        let (from, to) = stretch(&many, 10 * SEC);
        assert!(from < 10 * SEC && 10 * SEC < to && to - from < 20 * SEC, "{from} {to}");
        // The page is turned a few times, and the playhead is always on it, with room ahead until the end.
        let pages: Vec<(Us, Us)> = (0..200).map(|i| stretch(&many, i * SEC / 10)).collect();
        assert!(pages.iter().enumerate().all(|(i, p)| (p.0..=p.1).contains(&(i as Us * SEC / 10))));
        let turns = pages.windows(2).filter(|p| p[0] != p[1]).count();
        let halves = (20 * SEC / ((to - from) / 2)) as usize;
        assert!(1 <= turns && turns <= halves + 1, "{turns} of {halves}");
        // Before anything was asked for it is open where the first is, and where all is over at the last.
        let middle = run("load c1 put x rate=20/s from=8s to=12s\n");
        let at = |e: EventId| middle.trace().event(e).map_or(0, |e| e.at);
        let ops: Vec<&OpRec> = middle.trace().ops.iter().collect();
        let (first, last) = (at(ops[0].invoke), at(ops[ops.len() - 1].invoke));
        assert!(ops.len() > WHOLE && first >= 8 * SEC && last <= 12 * SEC);
        let shows =
            |now: Us, t: Us| (stretch(&middle, now).0..=stretch(&middle, now).1).contains(&t);
        assert!(shows(0, first) && shows(20 * SEC, last) && shows(10 * SEC, 10 * SEC));
        assert!(!has_any(&run("")));
    }
}
