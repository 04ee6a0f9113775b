//! Marks over the scrubber: every step of the text where it happened, and every claim where it broke. A mark can be
//! gone to, edited, taken away and, where the line begins with a time, moved.

use crate::app::lay::{Kept, Perhaps, Rows};
use engine::few;
use engine::ids::*;
use engine::run::Run;
use engine::scenario::ast::{Act, Instant, Trigger};
use engine::scenario::{self, edit};
use engine::scene::Index;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, PointerEvent};

use super::head::Head;
use super::page::{Page, Pick};
use super::{dom, faults, stage, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Step,
    Bookmark,
    Broken,
}

/// Something to jump to.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub at: Instant,
    pub sort: Sort,
    /// The step of the run, from 0.
    pub line: Option<u32>,
    /// What happened, where no line did it.
    pub event: Option<EventId>,
    pub says: String,
    /// Why it cannot be moved.
    pub fixed: Option<&'static str>,
}

/// What stands at one place of the track: as near as a finger is wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// 0 to 1000.
    pub x: f64,
    pub items: Vec<Item>,
}

/// A mark is this wide, and no nearer to the next.
const TARGET: f64 = 24.0;

const WHEN: &str = "its line begins with “when”: it happens as soon as that is true, and has no time of its own to move";
const THEN: &str = "its line begins with “then”: it follows the line above; move that one";
const AGAIN: &str = "its line does this again and again; move the first time";
const FOUND: &str = "a broken claim is what came of the run; it is no line of the text";
const MANY: &str = "several lines stand here; open the mark and edit the time of one";

/// All there is, in order of time. Lines with a time of their own are there before they have happened.
pub fn items(run: &Run, index: &Index) -> Vec<Item> {
    let steps = &run.scenario().steps;
    let item = |line: usize, at: Instant, fixed| Item {
        at,
        sort: if matches!(steps[line].act, Act::Mark(_)) { Sort::Bookmark } else { Sort::Step },
        line: Some(line as u32),
        event: None,
        says: words::acted(run, line as u32),
        fixed,
    };
    let planned = steps.iter().enumerate().filter_map(|(i, s)| match s.trigger {
        Trigger::At { at, .. } => Some(item(i, at, None)),
        _ => None,
    });
    let fired = index.acts.iter().filter_map(|f| {
        let fixed = match steps.get(f.line as usize)?.trigger {
            Trigger::At { at, .. } if at.at == f.at => return None,
            Trigger::At { .. } => AGAIN,
            Trigger::When { .. } => WHEN,
            Trigger::Then { .. } => THEN,
        };
        let k = run.trace().event(f.event)?.k;
        Some(item(f.line as usize, Instant { at: f.at, k }, Some(fixed)))
    });
    let broken = index.broken.iter().filter_map(|(at, e)| {
        let event = run.trace().event(*e)?;
        Some(Item {
            at: Instant { at: *at, k: event.k },
            sort: Sort::Broken,
            line: None,
            event: Some(*e),
            says: words::event(run, &event),
            fixed: Some(FOUND),
        })
    });
    let mut out: Vec<Item> = planned.chain(fired).chain(broken).collect();
    few::sort_by_key(&mut out, |i| (i.at, i.line));
    out
}

/// Put them on a track of this width: what would touch stands together. Of a line that fires again and again one stands
/// for the others beside it.
pub fn places(items: Vec<Item>, end: Us, width: f64) -> Vec<Place> {
    let gap = TARGET / width.max(TARGET) * 1000.0;
    let mut out: Vec<Place> = vec![];
    for item in items {
        let x = item.at.at as f64 / end.max(1) as f64 * 1000.0;
        if x > 1000.0 {
            continue;
        }
        match out.last_mut() {
            Some(p) if x - p.x < gap => {
                if item.line.is_none() || !p.items.iter().any(|i| i.line == item.line) {
                    p.items.push(item);
                }
            }
            _ => out.push(Place { x, items: vec![item] }),
        }
    }
    out
}

impl Place {
    pub fn name(&self) -> String {
        let Some(first) = self.items.first() else { return String::new() };
        let at = words::clock(first.at.at);
        match self.items.len() {
            1 => format!("{at}: {}", first.says),
            n => format!("{at}: {n} marks, first {}", first.says),
        }
    }

    /// The step that is moved with the mark, or why none is.
    pub fn movable(&self) -> Result<u32, &'static str> {
        match self.items.as_slice() {
            [Item { fixed: Some(why), .. }] => Err(why),
            [Item { line: Some(line), .. }] => Ok(*line),
            _ => Err(MANY),
        }
    }

    /// When the first of them is.
    fn at(&self) -> Us {
        self.items.first().map_or(0, |i| i.at.at)
    }

    fn class(&self) -> &'static str {
        let any = |sort| self.items.iter().any(|i| i.sort == sort);
        match self.items.len() {
            _ if any(Sort::Broken) => "mark broken",
            1 if any(Sort::Bookmark) => "mark bookmark",
            1 => "mark",
            _ => "mark many",
        }
    }

    /// The lines that stand here, as an attribute lists them.
    fn lines(&self) -> String {
        let lines = self.items.iter().filter_map(|i| i.line);
        lines.map(|l| l.to_string()).collect::<Vec<_>>().join(" ")
    }
}

/// A round length of time: about so many of them fill a run.
pub fn grain(end: Us, parts: Us) -> Us {
    let want = (end / parts.max(1)).max(1);
    let mut ten = 1;
    while ten * 10 <= want {
        ten *= 10;
    }
    [5, 2, 1].into_iter().map(|n| n * ten).find(|n| *n <= want).unwrap_or(1)
}

/// The next round time before or after.
pub fn nudged(at: Us, end: Us, forward: bool, far: bool) -> Us {
    let by = grain(end, if far { 20 } else { 200 });
    if forward { ((at / by + 1) * by).min(end) } else { at.saturating_sub(1) / by * by }
}

/// Where a mark that stood at a time is after a way of so many thousandths of the track.
pub fn dragged(at: Us, end: Us, by: f64) -> Us {
    let to = (at as f64 + by * end as f64 / 1000.0).clamp(0.0, end as f64);
    let grain = grain(end, 500) as f64;
    ((to / grain).round() * grain).min(end as f64) as Us
}

/// The stretch in which a line of this place can be moved in the menu, and by what steps: near enough that marks that
/// touch on the track stand well apart.
pub fn lens(place: &Place, end: Us) -> (Us, Us, Us) {
    let at = |i: Option<&Item>| i.map_or(0, |i| i.at.at);
    let (first, last) = (at(place.items.first()), at(place.items.last()));
    let room = (end / 25).max(1);
    let (from, to) = (first.saturating_sub(room), (last + room).min(end.max(last)));
    let step = grain(to.saturating_sub(from), 200);
    (from / step * step, to.div_ceil(step) * step, step)
}

/// A bookmark where the playhead stands.
pub fn bookmark(page: Page) {
    if let Some(act) = page.with_run_now(bookmark_act) {
        page.do_act(&act);
    }
}

fn bookmark_act(run: &Run) -> String {
    let marks = run.scenario().steps.iter().filter(|s| matches!(s.act, Act::Mark(_))).count();
    scenario::act(&Act::Mark(format!("bookmark {}", marks + 1)))
}

/// The text, and which of its steps a step of the run is.
pub fn in_text(page: Page, line: u32) -> Option<(std::rc::Rc<str>, usize)> {
    let loaded = page.loaded_now()?;
    let row = loaded.run.borrow().scenario().steps.get(line as usize)?.place.line;
    let index = edit::step_at(&loaded.text, row)?;
    Some((loaded.text, index))
}

fn stands(run: &Run, line: u32, to: Us) -> bool {
    let step = run.scenario().steps.get(line as usize);
    step.is_some_and(|s| matches!(s.trigger, Trigger::At { at, .. } if at.at == to))
}

fn move_to(page: Page, line: u32, at: Us) {
    // It stands there already.
    if page.with_run_now(|run| stands(run, line, at)) == Some(true) {
        return;
    }
    let Some((text, index)) = in_text(page, line) else { return };
    let Some(moved) = edit::move_step(&text, index, Instant { at, k: 0 }) else { return };
    let says = page.with_run_now(|run| words::acted(run, line)).unwrap_or_default();
    let at = words::clock(at);
    let branch = format!("{says} at {at}");
    let wrong = page.change(&moved, &branch, &format!("{} is at {at} now", words::capital(&says)));
    if let Some(f) = wrong.first() {
        page.refuse(&faults::says(f));
    }
    focus_soon(line);
}

fn remove(page: Page, line: u32) {
    let Some((text, index)) = in_text(page, line) else { return };
    let says = page.with_run_now(|run| words::acted(run, line)).unwrap_or_default();
    let with = match edit::hangs_on(&text, index) {
        0 => String::new(),
        n => format!(", with the {n} {} that hung on it", words::plural(n, "line")),
    };
    let wrong = page.change(
        &edit::remove_step(&text, index),
        &format!("no {says}"),
        &format!("{} is no longer in the scenario{with}", words::capital(&says)),
    );
    if let Some(f) = wrong.first() {
        page.refuse(&faults::says(f));
    }
    dom::rendered(|| dom::focus(".scrub .track"));
}

/// The mark of a line has the focus again once it is drawn where it stands now.
fn focus_soon(line: u32) {
    focus_in(line, 3);
}

/// The frames after an edit may draw the marks once more, as the run goes on.
fn focus_in(line: u32, frames: u8) {
    request_animation_frame(move || {
        // Whoever has opened a menu meanwhile has the focus there.
        if document().query_selector(".mark-menu").ok().flatten().is_some() {
            return;
        }
        dom::focus(&format!(".marks [data-lines~=\"{line}\"]"));
        if frames > 1 {
            focus_in(line, frames - 1);
        }
    });
}

/// A mark under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drag {
    line: Result<u32, &'static str>,
    at: Us,
    /// Where the pointer went down, and the width of the track, in pixels.
    from: f64,
    width: f64,
    /// Where the mark is now, once it has moved.
    to: Option<Us>,
}

/// A hand trembles: less than this is a press.
const STILL: f64 = 4.0;

#[component]
pub fn Marks(end: Kept<Us>) -> impl IntoView {
    let page = expect_context::<Page>();
    let (frame, size) = stage::measure();
    let places = Kept::new(move || {
        page.known.track();
        let width = f64::from(size.get().w);
        let all = page.loaded().map(|l| items(&l.run.borrow(), &l.index.borrow()));
        if width < 1.0 { vec![] } else { places(all.unwrap_or_default(), end.get(), width) }
    });
    let open = RwSignal::new(None::<Place>);
    let drag = RwSignal::new(None::<Drag>);
    // The click that follows a drag is part of it.
    let was_drag = StoredValue::new(false);
    // `back`: the mark has the focus again; where something else was pressed it has it already.
    let close = move |back: bool| {
        let place = open.get_untracked();
        open.set(None);
        // A line that fires again and again has many marks: back to this one.
        if let Some(p) = place.filter(|_| back) {
            let mark = format!(".marks [data-at=\"{}\"]", p.at());
            dom::rendered(move || dom::focus(&mark));
        }
    };

    let down = move |ev: PointerEvent, p: &Place| {
        was_drag.set_value(false);
        if !ev.is_primary() || ev.button() != 0 {
            return;
        }
        if let Some(e) = ev.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
            let _ = e.set_pointer_capture(ev.pointer_id());
        }
        drag.set(Some(Drag {
            line: p.movable(),
            at: p.at(),
            from: f64::from(ev.client_x()),
            width: f64::from(size.get_untracked().w),
            to: None,
        }));
    };
    let moved = move |ev: PointerEvent| {
        let Some(d) = drag.get_untracked() else { return };
        let by = f64::from(ev.client_x()) - d.from;
        if d.to.is_none() && by.abs() < STILL {
            return;
        }
        was_drag.set_value(true);
        match d.line {
            Err(why) => {
                drag.set(None);
                page.refuse(&format!("this mark cannot be moved: {why}"));
            }
            Ok(_) => {
                let to = dragged(d.at, end.get_untracked(), by / d.width.max(1.0) * 1000.0);
                drag.set(Some(Drag { to: Some(to), ..d }));
            }
        }
    };
    let up = move |_| {
        let Some(d) = drag.get_untracked() else { return };
        drag.set(None);
        if let (Ok(line), Some(to)) = (d.line, d.to) {
            move_to(page, line, to);
        }
    };
    let key = move |ev: KeyboardEvent, p: &Place| {
        // The menu takes the focus a frame later than it opens.
        if ev.key() == "Escape" && open.get_untracked().is_some() {
            ev.prevent_default();
            return close(true);
        }
        let arrow = matches!(ev.key().as_str(), "ArrowLeft" | "ArrowRight");
        if ev.ctrl_key() || ev.meta_key() || ev.alt_key() || !(arrow || ev.key() == "Delete") {
            return;
        }
        ev.prevent_default();
        match p.movable() {
            Ok(line) if arrow => {
                let (at, end) = (p.items[0].at.at, end.get_untracked());
                move_to(page, line, nudged(at, end, ev.key() == "ArrowRight", ev.shift_key()));
            }
            Err(why) if arrow => page.refuse(&format!("this mark cannot be moved: {why}")),
            _ => match p.items.as_slice() {
                [Item { line: Some(line), .. }] => remove(page, *line),
                [_] => page.refuse(FOUND),
                _ => page.refuse("several lines stand here; open the mark and choose one"),
            },
        }
    };
    let mark = move |p: Place| {
        let (x, name, class, lines, at) = (p.x, p.name(), p.class(), p.lines(), p.at());
        let mine = p.movable().ok();
        let left = move || {
            let to =
                drag.get().filter(|d| mine.is_some() && d.line.ok() == mine).and_then(|d| d.to);
            let x = to.map_or(x, |to| to as f64 / end.get() as f64 * 1000.0);
            format!("{:.2}%", x / 10.0)
        };
        let many = (p.items.len() > 1).then(|| p.items.len().to_string());
        let p = StoredValue::new(p);
        let expanded = move || (open.get().is_some_and(|o| p.with_value(|p| *p == o))).to_string();
        view! {
            <button type="button" class=class aria-label=name data-lines=lines data-many=many data-at=at.to_string() aria-expanded=expanded style:left=left
                on:pointerdown=move |ev| p.with_value(|p| down(ev, p))
                on:pointermove=moved on:pointerup=up on:pointercancel=move |_| drag.set(None)
                on:keydown=move |ev| p.with_value(|p| key(ev, p))
                on:click=move |_| {
                    if !was_drag.get_value() {
                        page.freeze();
                        open.set(Some(p.get_value()));
                    }
                }></button>
        }
    };
    let tip = move || {
        let d = drag.get()?;
        let to = d.to?;
        let left = format!("{:.2}%", to as f64 / end.get() as f64 * 100.0);
        Some(
            view! { <span class="mark-tip" style:left=left aria-hidden="true">{words::clock(to)}</span> },
        )
    };
    view! {
        <div class="marks" role="group" aria-label="Marks of the scenario" node_ref=frame>
            {move || places.get().into_iter().map(mark).rows()}
            {move || tip().perhaps()}
            {move || open.get().map(|p| view! { <Menu place=p end=end close=close/> }).perhaps()}
        </div>
    }
}

/// What can be done with the lines at one place.
#[component]
fn Menu(
    place: Place,
    end: Kept<Us>,
    close: impl Fn(bool) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let editing = RwSignal::new(None::<u32>);
    dom::rendered(|| dom::focus(".mark-menu button"));
    let x = format!("{:.2}%", place.x / 10.0);
    let near = lens(&place, end.get_untracked());
    let keys = move |ev: KeyboardEvent| {
        // Whatever is typed here is meant for here.
        ev.stop_propagation();
        if ev.key() == "Escape" {
            ev.prevent_default();
            close(true);
        }
    };
    let left = move |ev: web_sys::FocusEvent| {
        let to = ev.related_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        if to.is_none_or(|e| e.closest(".mark-menu").ok().flatten().is_none()) {
            close(false);
        }
    };
    let row = move |i: Item| {
        let text = i
            .line
            .and_then(|line| in_text(page, line))
            .and_then(|(text, index)| edit::step_line(&text, index))
            .unwrap_or_else(|| i.says.clone());
        let (at, line, says) = (i.at, i.line, i.says.clone());
        let movable = line.filter(|_| i.fixed.is_none());
        let go = move |_| {
            close(true);
            page.go(Head { at: at.at, k: at.k.max(1) });
            // What it is about is selected: the line, or what broke the claim.
            page.select(match (line, i.event) {
                (Some(line), _) => Pick::Fault(line),
                (None, Some(e)) => Pick::Event(e),
                (None, None) => Pick::None,
            });
            page.said.set(format!("At {}.", words::clock(at.at)));
        };
        let book = move |_| {
            let Some(loaded) = page.loaded_now() else { return };
            let Some(act) = page.with_run_now(bookmark_act) else { return };
            close(true);
            page.change(
                &edit::insert_step(&loaded.text, at, &act),
                &format!("bookmark at {}", words::clock(at.at)),
                &format!("A bookmark is at {}", words::clock(at.at)),
            );
        };
        let change = move |line: u32| {
            editing.set(Some(line));
            dom::rendered(|| dom::focus(".mark-menu .ask input"));
        };
        view! {
            <li>
                <p><span class="mono">{text}</span><small class="soft">{words::clock(at.at)}</small></p>
                {movable.map(|l| view! { <When line=l at=at.at near=near says=says.clone() close=close/> }).perhaps()}
                <div class="deeds">
                    <button type="button" aria-label=format!("go to {says}") on:click=go>"go there"</button>
                    {line.map(|l| view! {
                        <button type="button" aria-label=format!("edit {says}") on:click=move |_| change(l)>"edit"</button>
                        <button type="button" aria-label=format!("delete {says}") on:click=move |_| { close(true); remove(page, l); }>"delete"</button>
                    }).perhaps()}
                    <button type="button" aria-label=format!("bookmark {says}") on:click=book>"bookmark"</button>
                </div>
                {move || line.filter(|l| editing.get() == Some(*l)).map(|l| view! { <Edit line=l close=close/> }).perhaps()}
                {i.fixed.map(|why| view! { <p class="soft small">{format!("It cannot be moved: {why}.")}</p> }).perhaps()}
            </li>
        }
    };
    view! {
        <div class="menu mark-menu" role="group" aria-label="What stands here" tabindex="-1" style:--x=x on:keydown=keys on:focusout=left>
            <ul>{place.items.into_iter().map(row).rows()}</ul>
        </div>
    }
}

/// The time of a line, to be moved: where marks touch this parts them. A hand moves it by letting go, a key by Enter.
#[component]
fn When(
    line: u32,
    at: Us,
    near: (Us, Us, Us),
    says: String,
    close: impl Fn(bool) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let (from, to, step) = near;
    let value = RwSignal::new(at);
    let by_hand = StoredValue::new(false);
    let go = move || {
        let to = value.get_untracked();
        if to != at {
            close(false);
            move_to(page, line, to);
        }
    };
    let changed = move |ev| {
        value.set(event_target::<web_sys::HtmlInputElement>(&ev).value_as_number().max(0.0) as Us);
    };
    let key = move |ev: KeyboardEvent| {
        by_hand.set_value(false);
        if ev.key() == "Enter" {
            go();
        }
    };
    let let_go = move |_| {
        if by_hand.get_value() {
            go();
        }
    };
    let share = move || {
        let parts = value.get().saturating_sub(from) * 10_000 / (to - from).max(1);
        format!("{}.{:02}%", parts / 100, parts % 100)
    };
    let time = move || engine::value::print_time(value.get() as i64);
    let moved = move || value.get() != at;
    view! {
        <div class="moving">
            <input type="range" aria-label=format!("time of {says}") min=from.to_string() max=to.to_string() step=step.to_string()
                prop:value=at.to_string() aria-valuetext=time style:--at=share
                on:pointerdown=move |_| by_hand.set_value(true) on:input=changed on:change=let_go on:keydown=key/>
            {move || moved().then(|| view! { <button type="button" class="small" on:click=move |_| go()>"move to "{time}</button> }).perhaps()}
        </div>
    }
}

/// One line of the text, changed in place. What is wrong with it stands below.
#[component]
fn Edit(line: u32, close: impl Fn(bool) + Copy + Send + Sync + 'static) -> impl IntoView {
    let page = expect_context::<Page>();
    let old =
        in_text(page, line).and_then(|(text, i)| edit::step_line(&text, i)).unwrap_or_default();
    let value = RwSignal::new(old);
    let wrong = RwSignal::new(String::new());
    let go = move |ev: web_sys::SubmitEvent| {
        ev.prevent_default();
        let Some((text, index)) = in_text(page, line) else { return };
        let new = value.get_untracked();
        let faults =
            page.change(&edit::replace_step(&text, index, &new), new.trim(), "The line is changed");
        match faults.first() {
            Some(f) => {
                wrong.set(faults::says(f));
                page.said.set(faults::says(f));
            }
            None => {
                close(true);
                focus_soon(line);
            }
        }
    };
    view! {
        <form class="ask" on:submit=go>
            <input class="mono" type="text" aria-label="The line of the scenario" autocomplete="off" spellcheck="false" prop:value=move || value.get()
                aria-invalid=move || wrong.with(|w| (!w.is_empty()).then_some("true")) aria-describedby="line-wrong"
                on:input=move |ev| value.set(event_target_value(&ev))/>
            <button type="submit" class="primary">"Change it"</button>
            <p class="amiss" id="line-wrong">{move || wrong.get()}</p>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "lamplight 1\nrun vector-clocks nodes=3 count=sends seed=1\nnet latency=10ms\n\
        at 0ms n1 tell n2\nwhen delivered Note n1 -> n2 n2 tell n3\nthen say \"told\"\n\
        at 5ms mark \"five\"\nat 6ms every 10ms x 3 n1 tell n2\nat 90ms crash n3\n";

    fn all(until: Us) -> Vec<Item> {
        let Ok(mut run) = crate::app::page::read(TEXT) else { panic!("it does not run") };
        run.advance(until, 10_000);
        let mut index = Index::new(&run);
        index.catch_up(&run);
        items(&run, &index)
    }

    fn place(lines: &[Option<u32>], fixed: Option<&'static str>) -> Place {
        let item = |line: &Option<u32>| Item {
            at: Instant { at: 5 * MS, k: 0 },
            sort: Sort::Step,
            line: *line,
            event: None,
            says: "crash n3".into(),
            fixed,
        };
        Place { x: 1.0, items: lines.iter().map(item).collect() }
    }

    #[test]
    fn every_step_has_a_mark_and_says_whether_it_moves() {
        let seen: Vec<_> =
            all(30 * MS).into_iter().map(|i| (i.at.at / MS, i.line, i.fixed)).collect();
        let want = [
            (0, Some(0), None),
            (5, Some(3), None),
            (6, Some(4), None),
            (10, Some(1), Some(WHEN)),
            (10, Some(2), Some(THEN)),
            (16, Some(4), Some(AGAIN)),
            (26, Some(4), Some(AGAIN)),
            (90, Some(5), None),
        ];
        assert_eq!(seen, want);
        assert_eq!(all(30 * MS)[1].sort, Sort::Bookmark);
    }

    #[test]
    fn what_would_touch_stands_together() {
        let wide = places(all(30 * MS), 100 * MS, 10_000.0);
        assert_eq!(wide.iter().map(|p| p.items.len()).collect::<Vec<_>>(), [1, 1, 1, 2, 1, 1, 1]);
        let narrow = places(all(30 * MS), 100 * MS, 240.0);
        // Of the line that fires again and again one is enough.
        assert_eq!(narrow.iter().map(|p| p.items.len()).collect::<Vec<_>>(), [3, 3, 1, 1]);
        assert!(narrow.windows(2).all(|w| w[1].x - w[0].x >= 100.0));
        assert_eq!(
            places(all(30 * MS), 50 * MS, 240.0).last().map(|p| p.items[0].line),
            Some(Some(4))
        );
    }

    #[test]
    fn marks_that_touch_stand_apart_in_the_menu() {
        let narrow = places(all(30 * MS), 100 * MS, 240.0);
        let (from, to, step) = lens(&narrow[0], 100 * MS);
        assert_eq!((from, to, step), (0, 10 * MS, 50));
        // A run without length has a stretch too.
        assert_eq!(lens(&place(&[Some(3)], None), 0), (4_999, 5 * MS, 1));
    }

    #[test]
    fn a_mark_moves_one_line_or_says_why_not() {
        assert_eq!(place(&[Some(3)], None).movable(), Ok(3));
        assert_eq!(place(&[Some(3)], Some(THEN)).movable(), Err(THEN));
        assert_eq!(place(&[Some(3), Some(4)], None).movable(), Err(MANY));
        assert_eq!(place(&[None], Some(FOUND)).movable(), Err(FOUND));
        assert_eq!(place(&[Some(3)], None).name(), "0.005\u{202f}s: crash n3");
        assert_eq!(place(&[Some(3), Some(4)], None).lines(), "3 4");
    }

    #[test]
    fn times_are_round() {
        assert_eq!(grain(2 * SEC, 200), 10 * MS);
        assert_eq!(grain(30 * MS, 200), 100);
        assert_eq!(grain(10, 200), 1);
        assert_eq!(nudged(5 * MS, 2 * SEC, true, false), 10 * MS);
        assert_eq!(nudged(10 * MS, 2 * SEC, false, false), 0);
        assert_eq!(nudged(0, 2 * SEC, false, true), 0);
        assert_eq!(nudged(2 * SEC, 2 * SEC, true, true), 2 * SEC);
        assert_eq!(dragged(SEC, 2 * SEC, 100.2), 1_200 * MS);
        assert_eq!(dragged(SEC, 2 * SEC, -900.0), 0);
        assert_eq!(dragged(SEC, 2 * SEC, 900.0), 2 * SEC);
    }
}
