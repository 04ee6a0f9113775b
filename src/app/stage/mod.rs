//! The stage: topology, caption, and below them the run in space and time or what the nodes hold.

mod asked;
mod cut;
pub mod diagram;
mod exhibits;
mod hand;
pub mod kin;
mod measures;
mod operations;
pub mod painter;
mod plate;
mod sides;
mod spacetime;
mod sweep;
mod topology;

use crate::app::lay::{Kept, Perhaps, Rows, anew, effect, either, when};
use engine::card;
use engine::ids::*;
use engine::run::Run;
use engine::scenario::ast::{Act, Who};
use engine::scene::{self, Index, Pick};
use engine::trace::What;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use super::page::{self, Page, View};
use super::{words, wrong};

pub use exhibits::Exhibits;
pub use spacetime::Spacetime;

/// Size of a view in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    pub w: f32,
    pub h: f32,
}

impl Sight {
    /// What is inside of an element, in whole pixels. Never more than there is: a drawing that had to shrink by half a
    /// pixel would have marks smaller than a finger.
    fn of(el: &web_sys::Element) -> Sight {
        let rect = el.get_bounding_client_rect();
        let least = |client: i32, all: f64| f64::from(client).min(all.floor()) as f32;
        Sight {
            w: least(el.client_width(), rect.width()),
            h: least(el.client_height(), rect.height()),
        }
    }

    /// The room a scene is laid out for: on a wall as small as it may be, so that its letters are read from the last row.
    pub fn projected(self, on_wall: bool, least: Sight) -> Sight {
        let by = (self.h / least.h).min(self.w / least.w).clamp(1.0, 2.2);
        if on_wall { Sight { w: (self.w / by).floor(), h: (self.h / by).floor() } } else { self }
    }

    /// One unit is one CSS pixel, and pixels are whole: the page prints no other numbers.
    pub fn view_box(self) -> String {
        format!("0 0 {} {}", (self.w as i32).max(1), (self.h as i32).max(1))
    }
}

/// An element's size as a signal.
pub fn measure() -> (NodeRef<leptos::html::Div>, RwSignal<Sight>) {
    let node = NodeRef::<leptos::html::Div>::new();
    let size = RwSignal::new(Sight::default());
    let observer = StoredValue::new_local(
        None::<(web_sys::ResizeObserver, Closure<dyn FnMut(js_sys::Array)>)>,
    );
    effect(move || {
        let Some(el) = node.get() else { return };
        let read = el.clone();
        let seen = Closure::new(move |_: js_sys::Array| {
            let to = Sight::of(&read);
            if size.try_get_untracked().is_some_and(|s| s != to) {
                size.set(to);
            }
        });
        if let Ok(o) = web_sys::ResizeObserver::new(seen.as_ref().unchecked_ref()) {
            o.observe(&el);
            observer.set_value(Some((o, seen)));
        }
        size.set(Sight::of(&el));
    });
    on_cleanup(move || {
        if let Some(Some((o, _))) = observer.try_update_value(Option::take) {
            o.disconnect();
        }
    });
    (node, size)
}

/// What lights up for a selection: the thing itself and what belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lit {
    pub node: Option<NodeId>,
    pub message: Option<MsgId>,
    pub event: Option<EventId>,
}

pub fn lit(run: &Run, pick: Pick) -> Lit {
    match pick {
        Pick::Node(n) => Lit { node: Some(n), ..Lit::default() },
        Pick::Message(m) => Lit { message: Some(m), ..Lit::default() },
        Pick::Event(e) => {
            let Some(event) = run.trace().event(e) else { return Lit::default() };
            let message = match event.what {
                What::Send { m } | What::Deliver { m } | What::Lose { m, .. } => Some(m),
                _ => None,
            };
            Lit { node: event.node, message, event: Some(e) }
        }
        Pick::Op(op) => run.trace().op(op).map_or_else(Lit::default, |o| Lit {
            node: Some(o.node),
            event: Some(o.invoke),
            ..Lit::default()
        }),
        _ => Lit::default(),
    }
}

/// What the caption says, and since when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub at: Us,
    pub says: String,
    pub event: Option<EventId>,
}

/// The newest key reason told by then; an aside only where no key has just been, or where the playhead `stands` at an
/// event. The clock sees to it that a key is read before the next one comes.
/// Before all that it is what the scenario is about, unless it has been `edited`.
pub fn told(run: &Run, index: &Index, count: usize, (stands, edited): (bool, bool)) -> Told {
    let hold = if stands { 0 } else { index.hold };
    let newest = scene::caption::told(index, count, hold);
    let event = newest.map(|t| t.event);
    if let Some(broken) = broken(run, index, count, event) {
        return broken;
    }
    let fault = index
        .faults
        .iter()
        .rev()
        .filter(|a| a.event.index() < count && event.is_none_or(|e| a.event > e));
    if let Some((act, says)) = fault.take(8).find_map(|a| Some((a, fault_says(run, a)?))) {
        return Told { at: act.at, says, event: Some(act.event) };
    }
    match event.and_then(|e| Some((e, run.trace().event(e)?.at, run.sentence(e)?))) {
        Some((e, at, says)) => Told { at, says, event: Some(e) },
        None => Told {
            at: 0,
            says: if edited || run.scenario().about.is_empty() {
                run.entry().says.to_string()
            } else {
                run.scenario().about.clone()
            },
            event: None,
        },
    }
}

/// The claim that broke last, of several at one moment the first, unless something was told or done at a later one.
fn broken(run: &Run, index: &Index, count: usize, told: Option<EventId>) -> Option<Told> {
    let known = &index.broken[..index.broken.partition_point(|(_, e)| e.index() < count)];
    let last = known.last()?.0;
    let (at, event) = *known.get(known.partition_point(|(at, _)| *at < last))?;
    let done = index.faults.iter().rev().find(|a| a.event.index() < count).map(|a| a.event);
    if told.max(done).and_then(|e| run.trace().event(e)).is_some_and(|e| e.at > at) {
        return None;
    }
    let What::Broke { claim, witness } = run.trace().event(event)?.what else { return None };
    let mut says = words::broken(run, claim, witness);
    if !says.ends_with('.') {
        says.push('.');
    }
    Some(Told { at, says, event: Some(event) })
}

/// What was done to the run, as a sentence, and what of it could not be done; faults that are only rules are left to
/// the diagram.
pub fn fault_says(run: &Run, done: &scene::index::Act) -> Option<String> {
    let act = &run.scenario().steps.get(done.line as usize)?.act;
    match undone(run, done) {
        // What holds from the first moment belongs to what the scenario is about.
        None => act_says(run, act).or_else(|| (done.at > 0).then(|| change_says(run, act))?),
        Some((nodes, why)) => {
            let names: Vec<Who> = nodes
                .into_iter()
                .map(|n| Who::Node(run.cast().members[n.index()].id.clone()))
                .collect();
            let rest = match act {
                _ if names.is_empty() => None,
                Act::Crash(_) => Some(Act::Crash(names)),
                Act::Pause(_) => Some(Act::Pause(names)),
                Act::Resume(_) => Some(Act::Resume(names)),
                Act::Restart { amnesia, .. } => {
                    Some(Act::Restart { who: names, amnesia: *amnesia })
                }
                _ => None,
            };
            Some(match rest.and_then(|a| act_says(run, &a)) {
                Some(says) => format!("{says} Nothing more happens: {why}."),
                None => format!("Nothing happens: {why}."),
            })
        }
    }
}

/// Whom an act has touched before it could not go on, and why it could not; nothing where all of it was done.
fn undone(run: &Run, done: &scene::index::Act) -> Option<(Vec<NodeId>, String)> {
    let trace = run.trace();
    let What::Void { text, .. } = trace.event(done.void)?.what else { return None };
    let touched = trace.range(done.event.index() + 1, done.void.index()).filter(|e| {
        matches!(e.what, What::Crash | What::Pause | What::Resume | What::Restart { .. })
    });
    Some((touched.filter_map(|e| e.node).collect(), trace.texts.get(text as usize)?.clone()))
}

fn called(run: &Run, who: &Who) -> String {
    match who {
        Who::Node(n) => run.cast().find(n).map_or(n.clone(), |n| run.name(n).to_string()),
        Who::Role(r) => format!("the {r}"),
    }
}

/// What is otherwise from now on: links, clocks, disks, honesty.
fn change_says(run: &Run, act: &Act) -> Option<String> {
    let name = |w: &Who| called(run, w);
    let between = |from: &Who, to: &Who, both: bool| match both {
        true => format!("between {} and {}", name(from), name(to)),
        false => format!("from {} to {}", name(from), name(to)),
    };
    let printed = engine::scenario::act(act);
    let values = || {
        let set: Vec<&str> = printed.split(' ').filter(|w| w.contains('=')).collect();
        set.join(", ").replace('=', " ")
    };
    let last = || printed.rsplit(' ').next().unwrap_or_default().replace('-', "−");
    let says = match act {
        Act::Start(who) => {
            let names: Vec<String> = who.iter().map(name).collect();
            format!("{} {}.", names.join(", "), if who.len() == 1 { "starts" } else { "start" })
        }
        Act::Cut { from, to, both } => {
            format!("The link {} is cut.", between(from, to, *both))
        }
        Act::Heal(Some((from, to, both))) => {
            format!("The link {} is whole again.", between(from, to, *both))
        }
        Act::SetNet(_) => {
            let cut = |s: &str| format!("what is under way at a cut {s}");
            let set = values().replace("inflight deliver", &cut("arrives"));
            format!("From now on everywhere: {}.", set.replace("inflight drop", &cut("is lost")))
        }
        Act::SetLink { from, to, both, .. } => {
            format!("From now on the link {} has {}.", between(from, to, *both), values())
        }
        Act::SetNode { who, .. } => format!("From now on {} has {}.", name(who), values()),
        Act::Skew { who, by } => {
            let way = if *by < 0 { "back" } else { "ahead" };
            format!(
                "The clock of {} steps {way} by {}.",
                name(who),
                last().trim_start_matches(['−', '+'])
            )
        }
        Act::Drift { who, .. } => {
            format!("From now on the clock of {} drifts by {}.", name(who), last())
        }
        Act::Turn { who, lie, .. } if lie == "honest" => format!("{} lies no longer.", name(who)),
        Act::Turn { who, lie, .. } => {
            format!("From now on {} {}.", name(who), crate::app::faults::lie_says(run, lie)?)
        }
        _ => return None,
    };
    Some(words::capital(&says))
}

fn act_says(run: &Run, act: &Act) -> Option<String> {
    let name = |w: &Who| called(run, w);
    let list = |l: &[Who]| l.iter().map(name).collect::<Vec<_>>().join(", ");
    let many = |l: &[Who], one: &str, more: &str| {
        words::capital(&format!("{} {}.", list(l), if l.len() == 1 { one } else { more }))
    };
    let says = match act {
        Act::Crash(who) => many(who, "crashes", "crash"),
        Act::Pause(who) => many(who, "pauses", "pause"),
        Act::Resume(who) => many(who, "goes on", "go on"),
        Act::Restart { who, amnesia: false } => {
            many(who, "restarts with what is on its disk", "restart with what is on their disks")
        }
        Act::Restart { who, amnesia: true } => {
            many(who, "restarts with an empty disk", "restart with empty disks")
        }
        Act::Isolate(who) => words::capital(&format!("{} is cut off from everybody.", name(who))),
        Act::Partition(sides) => format!(
            "The network is cut: {}.",
            sides.iter().map(|s| list(s)).collect::<Vec<_>>().join(" | ")
        ),
        Act::Heal(None) => "The network is whole again.".into(),
        _ => return None,
    };
    Some(says)
}

/// How long a sentence is, for the size of its letters: the band has the same height for all.
fn long_word(letters: usize) -> Option<&'static str> {
    match letters {
        0..=130 => None,
        131..=190 => Some("long"),
        _ => Some("longest"),
    }
}

/// More letters than this the text at the beginning has no room in the band of a phone that is high enough for the others.
const ROOMY: usize = 240;

/// The caption. The time is when it was told, not now.
#[component]
pub fn Caption() -> impl IntoView {
    let page = expect_context::<Page>();
    let told = Kept::new(move || {
        let (count, edited) = (page.count.get(), page.is_edited());
        // Only what a link carries decides, so that whoever opens it reads the same.
        let still = (!page.playing.get()).then(|| page.head.get());
        page.loaded()
            .map(|l| {
                let run = l.run.borrow();
                let stands = still.is_some_and(|head| head.is_at_event(run.trace()));
                told(&run, &l.index.borrow(), count, (stands, edited))
            })
            .unwrap_or_default()
    });
    // A sentence that is too long even for its small letters can be scrolled, also by keyboard.
    let frame = NodeRef::<leptos::html::P>::new();
    effect(move || {
        told.with(|_| ());
        request_animation_frame(move || {
            let Some(p) = frame.try_get_untracked().flatten() else { return };
            let _ = if p.scroll_height() > p.client_height() + 1 {
                p.set_attribute("tabindex", "0")
            } else {
                p.remove_attribute("tabindex")
            };
        });
    });
    let length = move || told.with(|t| long_word(t.says.chars().count()));
    // The band has one height for the whole run.
    let is_roomy = |run: &Run| run.scenario().about.chars().count() > ROOMY;
    let roomy = Kept::new(move || page.with_run(is_roomy).unwrap_or(false));
    view! {
        <p class="caption" node_ref=frame data-long=length data-roomy=move || roomy.get().then_some("true")>
            <span class="when">{move || told.with(|t| t.event.is_some().then(|| words::clock(t.at)))}</span>
            <span class="told">{move || told.with(|t| t.says.clone())}</span>
        </p>
    }
}

#[component]
pub fn Stage() -> impl IntoView {
    let page = expect_context::<Page>();
    let is_wrong = Kept::new(move || page.view.with(|v| matches!(v, View::Wrong(_))));
    view! {
        <main class="stage" id="stage" tabindex="-1">
            <h1 class="hush">{move || page.title()}</h1>
            {either(
                move || is_wrong.get(),
                || view! { <wrong::Card/> }.into_any(),
                move || view! {
                    <sides::Sides/>
                    <Caption/>
                    {when(move || page.whole.get(), || view! { <Lower/> }.into_any())}
                }.into_any(),
            )}
            {when(move || page.whole.get(), || view! { <Notice/> }.into_any())}
        </main>
    }
}

/// What may stand below the caption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Below {
    Messages,
    Compared,
    Swept,
    Operations,
    Measures,
    Exhibit(&'static str),
}

impl Below {
    fn word(self) -> &'static str {
        match self {
            Below::Messages => "messages",
            Below::Compared => "compared",
            Below::Swept => "sweep",
            Below::Operations => "operations",
            Below::Measures => "measures",
            Below::Exhibit(key) => key,
        }
    }

    fn of(view: card::View) -> Below {
        match view {
            card::View::Messages | card::View::Rounds | card::View::Points { .. } => {
                Below::Messages
            }
            card::View::Exhibit(key) => Below::Exhibit(key),
            card::View::Operations => Below::Operations,
            card::View::Measures => Below::Measures,
        }
    }
}

/// What stands below first, and whose word that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Opened {
    entry: &'static str,
    /// The scenario, where it has a view of its own.
    slug: Option<&'static str>,
    view: card::View,
}

/// The view of the scenario that the run began as: what a reader does to it takes nothing away from under his eyes.
fn opens(loaded: &page::Loaded) -> Opened {
    let entry = loaded.run.borrow().entry();
    let began = loaded.origin.as_ref().filter(|o| o.0 == entry.id);
    let own = began.and_then(|o| entry.views.iter().find(|v| v.0 == o.1));
    Opened { entry: entry.id, slug: own.map(|v| v.0), view: own.map_or(entry.view, |v| v.1) }
}

/// Below the caption: the run in space and time, the operations of its clients, or the exhibits of the entry.
#[component]
fn Lower() -> impl IntoView {
    let page = expect_context::<Page>();
    // What there is to be seen is asked for when a run has grown by half, and when it is whole: an answer costs as much
    // as all that its nodes hold.
    let grown = Kept::new(move || {
        let (known, whole) = (page.known.get(), page.with_run(|run| run.ended().is_some()));
        (known.checked_ilog2(), known & known.next_power_of_two() >> 2, whole)
    });
    let keys = Kept::new(move || {
        grown.with(|_| ());
        page.with_run(exhibits::keys).unwrap_or_default()
    });
    let asked = Kept::new(move || {
        grown.with(|_| ());
        page.with_run(operations::has_any).unwrap_or(false)
    });
    let measured = Kept::new(move || {
        grown.with(|_| ());
        page.loaded()
            .is_some_and(|l| scene::measures::any(&l.run.borrow(), &l.index.borrow().clocks))
    });
    let many = Kept::new(move || page.sides().len());
    let swept = sweep::Swept::new(page);
    let choice = RwSignal::new(Below::Messages);
    // A shipped scenario opens with the view that its entry declares for it, or for all; runs that stand side by side are
    // there to be compared.
    let opened = Kept::new(move || page.loaded().map(|l| opens(&l)));
    let first = Kept::new(move || match many.get() > 1 {
        _ if swept.is_some() => Below::Swept,
        true if opened.with(|o| o.as_ref().is_none_or(|o| o.slug.is_none())) => Below::Compared,
        _ => Below::of(opened.get().map_or(card::View::Messages, |o| o.view)),
    });
    effect(move || {
        opened.with(|_| ());
        // At once, else the word of what stood there before would bring it back.
        page.own_lower.set_value(first.get().word().into());
        page.lower.set(first.get().word().into());
        choice.set(first.get());
    });
    // Which it is, is known beyond this view: a reload brings it back.
    effect(move || {
        let word = choice.get().word();
        if page.lower.with_untracked(|l| l != word) {
            page.lower.set(word.into());
        }
    });
    effect(move || {
        let word = page.lower.get();
        let views =
            [Below::Messages, Below::Compared, Below::Swept, Below::Operations, Below::Measures];
        let exhibits = keys.get().into_iter().map(|k| Below::Exhibit(k.0));
        let wanted = views.into_iter().chain(exhibits).find(|b| b.word() == word);
        if let Some(wanted) = wanted.filter(|w| *w != choice.get_untracked()) {
            choice.set(wanted);
        }
    });
    // What is not there (any more) is not looked at.
    let seen = Kept::new(move || match choice.get() {
        Below::Exhibit(key) if keys.with(|k| !k.iter().any(|k| k.0 == key)) => Below::Messages,
        Below::Operations if !asked.get() => Below::Messages,
        Below::Measures if !measured.get() => Below::Messages,
        Below::Swept if !swept.is_some() => Below::Messages,
        Below::Compared if many.get() < 2 => Below::Messages,
        below => below,
    });
    // Each view has a number, and of several diagrams each number of them.
    let number = move || match seen.get() {
        Below::Messages => many.get(),
        Below::Compared => page::BESIDE + 1,
        Below::Swept => page::BESIDE + 2,
        Below::Operations => page::BESIDE + 3,
        // Made anew when another number of runs stands beside each other.
        Below::Measures => EACH * many.get() + 4,
        Below::Exhibit(key) => {
            let at = keys.with(|k| k.iter().position(|k| k.0 == key));
            EACH * many.get() + 5 + at.unwrap_or(0)
        }
    };
    let tab = move |below: Below, word: String| {
        view! {
            <button type="button" aria-pressed=move || (seen.get() == below).to_string() on:click=move |_| choice.set(below)>{word}</button>
        }
    };
    let several = move || {
        many.get() > 1
            || swept.is_some()
            || asked.get()
            || measured.get()
            || keys.with(|k| !k.is_empty())
    };
    view! {
        <div class="lower">
            {when(several, move || view! {
                <div class="views" role="group" aria-label="Views">
                    {move || swept.is_some().then(|| tab(Below::Swept, "sweep".into())).perhaps()}
                    {move || (many.get() > 1).then(|| tab(Below::Compared, "compared".into())).perhaps()}
                    {tab(Below::Messages, "messages".into())}
                    {move || asked.get().then(|| tab(Below::Operations, "operations".into())).perhaps()}
                    {move || measured.get().then(|| tab(Below::Measures, "measures".into())).perhaps()}
                    {move || keys.get().into_iter().map(|(k, word)| tab(Below::Exhibit(k), word)).rows()}
                </div>
            }.into_any())}
            <asked::Asked/>
            {anew(number, move |_| match untrack(|| seen.get()) {
                Below::Messages => match untrack(|| many.get()) {
                    0 | 1 => view! { <Spacetime/> }.into_any(),
                    n => view! { <sides::Diagrams many=n/> }.into_any(),
                },
                Below::Swept => view! { <sweep::Sweep swept=swept/> }.into_any(),
                Below::Compared => view! { <sides::Comparison/> }.into_any(),
                Below::Operations => view! { <operations::Operations/> }.into_any(),
                Below::Measures => sides::beside(page, |_| true, |side| view! { <measures::Charts side=side/> }.into_any()),
                Below::Exhibit(key) => {
                    let has = |run: &Run| exhibits::keys(run).iter().any(|k| k.0 == key);
                    sides::beside(page, has, |side| view! { <Exhibits key=key side=side/> }.into_any())
                }
            })}
        </div>
    }
}

/// More than an entry has views, and more than runs can stand beside each other.
const EACH: usize = 100;

/// How long a word over the page stays, in milliseconds; what is serious stays until it is dismissed.
const STAYS: u32 = 10_000;

/// Take it away in a while, but not from under a hand.
fn fade(page: Page, timer: StoredValue<Option<Timeout>, LocalStorage>) {
    let over = move || {
        let busy = |s: &str| document().query_selector(s).ok().flatten().is_some();
        if busy(".notice:hover, .notice:focus-within") {
            fade(page, timer);
        } else {
            page.notice.set(None);
        }
    };
    timer.set_value(Some(Timeout::new(STAYS, over)));
}

#[component]
fn Notice() -> impl IntoView {
    let page = expect_context::<Page>();
    let timer = StoredValue::new_local(None::<Timeout>);
    effect(move || {
        timer.set_value(None);
        if page.notice.with(|n| n.as_ref().is_some_and(|n| !n.serious)) {
            fade(page, timer);
        }
    });
    let told = move |n: page::Notice| {
        // A phone has room for what was done, and not for what is to be known of it.
        let end = n.says.find(". ").filter(|_| n.undo).map_or(n.says.len(), |at| at + 1);
        let (first, rest) = (n.says[..end].to_string(), n.says[end..].to_string());
        view! {
            <div class="notice" class:serious=n.serious>
                <span>{first}<span class="wide-only">{rest}</span></span>
                {n.undo.then(|| view! { <button type="button" on:click=move |_| page.undo()>"Undo"</button> }).perhaps()}
                <button type="button" class="plain" aria-label="Dismiss" on:click=move |_| page.notice.set(None)>"×"</button>
            </div>
        }
    };
    view! { {move || page.notice.get().map(told).perhaps()} }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &str, ms: Us) -> String {
        let text = format!("lamplight 1\nrun vector-clocks nodes=3 seed=1\n{lines}\nuntil 1s\n");
        let Ok(mut run) = crate::app::page::read(&text) else { panic!("it does not run") };
        run.advance(ms * MS, 10_000);
        let index = Index::new(&run);
        told(&run, &index, run.trace().count_before(ms * MS), (false, false)).says
    }

    #[test]
    fn on_a_wall_the_scene_is_laid_out_for_less_and_so_is_larger() {
        let least = Sight { w: 480.0, h: 270.0 };
        let wall = Sight { w: 1920.0, h: 540.0 };
        assert_eq!(wall.projected(false, least), wall);
        assert_eq!(wall.projected(true, least), Sight { w: 960.0, h: 270.0 });
        let small = Sight { w: 360.0, h: 200.0 };
        assert_eq!(small.projected(true, least), small);
    }

    #[test]
    fn a_scenario_opens_with_a_view_of_its_own_and_keeps_it_under_edits() {
        let entry = engine::protocols::entries().into_iter().find(|e| !e.views.is_empty());
        let Some((entry, (slug, view))) = entry.map(|e| (e, e.views[0])) else { panic!("one has") };
        let text = format!("lamplight 1\nrun {} seed=1\nuntil 1s\n", entry.id);
        let mut loaded = page::load_for_tests(&text);
        let usual = Opened { entry: entry.id, slug: None, view: entry.view };
        assert_eq!(opens(&loaded), usual);
        loaded.origin = Some((entry.id.into(), slug.into()));
        assert_eq!(opens(&loaded), Opened { entry: entry.id, slug: Some(slug), view });
        loaded.origin = Some((entry.id.into(), "another".into()));
        assert_eq!(opens(&loaded), usual);
        loaded.origin = Some(("another".into(), slug.into()));
        assert_eq!(opens(&loaded), usual);
    }

    #[test]
    fn what_was_done_is_told() {
        assert_eq!(said("at 1ms crash n1 n2", 5), "n1, n2 crash.");
        assert_eq!(
            said("at 1ms partition n1 | n2 n3\nat 2ms heal", 5),
            "The network is whole again."
        );
    }

    #[test]
    fn what_is_otherwise_from_now_on_is_told() {
        for (act, says) in [
            ("cut n1 -> n2", "The link from n1 to n2 is cut."),
            ("cut n1 <-> n2", "The link between n1 and n2 is cut."),
            (
                "set link n1 -> n2 latency=80ms loss=20%",
                "From now on the link from n1 to n2 has latency 80ms, loss 20%.",
            ),
            ("set net loss=20%", "From now on everywhere: loss 20%."),
            ("set node n1 disk=50ms", "From now on n1 has disk 50ms."),
            ("skew n1 by -50ms", "The clock of n1 steps back by 50ms."),
            ("skew n1 by 2s", "The clock of n1 steps ahead by 2s."),
            ("drift n1 to -50ppm", "From now on the clock of n1 drifts by −50ppm."),
            ("turn n1 silent", "From now on n1 sends nothing."),
            ("turn n1 silent\nat 2ms turn n1 honest", "n1 lies no longer."),
        ] {
            assert_eq!(said(&format!("at 1ms {act}"), 5), says, "{act}");
        }
        // What holds from the first moment is what the scenario is about.
        assert!(!said("at 0ms set net loss=20%", 0).starts_with("From now on"));
    }

    #[test]
    fn what_could_not_be_done_is_not_told_as_done() {
        let twice = said("at 1ms crash n1\nat 2ms crash n1", 5);
        assert_eq!(twice, "Nothing happens: n1 is already down.");
        assert!(said("at 1ms heal", 5).starts_with("Nothing happens: there is nothing to heal"));
        assert!(said("at 1ms resume n2", 5).starts_with("Nothing happens: n2"));
        assert!(said("at 1ms restart n3", 5).starts_with("Nothing happens: n3 is not down"));
        // Of two the first could be.
        let half = said("at 1ms crash n2\nat 2ms crash n1 n2", 5);
        assert_eq!(half, "n1 crashes. Nothing more happens: n2 is already down.");
    }

    #[test]
    fn a_claim_that_broke_is_told_until_something_else_is() {
        let forgets = "at 0ms n2 tell n1\nat 40ms crash n2\nat 50ms restart n2 amnesia\n";
        let broken = said(forgets, 55);
        assert!(broken.starts_with("Own entry counts is broken: events n2 counted: 1"), "{broken}");
        let later = said(&format!("{forgets}at 60ms crash n3"), 65);
        assert_eq!(later, "n3 crashes.");
    }

    #[test]
    fn of_an_edited_text_its_author_has_said_nothing() {
        let text =
            "lamplight 1\nabout Nothing goes wrong.\nrun vector-clocks nodes=3 seed=1\nuntil 1s\n";
        let Ok(run) = crate::app::page::read(text) else { panic!("it does not run") };
        let index = Index::new(&run);
        assert_eq!(told(&run, &index, 0, (false, false)).says, "Nothing goes wrong.");
        assert_eq!(told(&run, &index, 0, (false, true)).says, run.entry().says);
    }
}
