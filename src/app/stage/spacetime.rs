//! Lamport's diagram. Tiles are painted when they come into sight and then only moved; what lies over them is painted
//! when something happens or is chosen.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::app::lay::{Kept, effect};
use engine::few::Few;
use engine::ids::*;
use engine::run::Run;
use engine::scene::spacetime::{self, TILE, Tile, Tiles, Viewport};
use engine::scene::{self, Form, Index, Pick, Shape};
use engine::trace::inquiry::{Chain, Cut, Filter, Judgment};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::cut::{self, Grip};
use super::painter::Painter;
use super::{Sight, diagram};
use crate::app::beat::{Beat, Frame};
use crate::app::page::{Mode, Page, end_of};
use crate::app::sides::Side;
use crate::app::{dom, icons, inquiry};

#[wasm_bindgen(module = "/src/app/stage/motion.js")]
extern "C" {
    /// Moves elements sideways: one number each.
    #[wasm_bindgen(js_name = slide)]
    fn slide(elements: &js_sys::Array, xs: &[f32]);
}

/// Seconds of the screen in sight.
const SPAN: Us = 5;
/// Where the now-line stands when the diagram follows it.
const NOW_AT: f64 = 0.72;
/// How much of the width may be silence before the playhead.
const SILENT: f64 = 0.55;
/// Painted beyond the right edge, so that following need not repaint; and beyond the left one too, where a hand may pan.
const SPARE: f32 = 360.0;
/// On the drawing while a hand pans it: each tile is a layer of its own then, moved without being painted again.
const PANNED: &str = "data-panned";
/// Tiles that are kept beyond the edges.
const KEPT: i64 = 2;

/// Which stretch of time the reader looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gaze {
    /// The playhead, at this zoom in quarter octaves.
    Follow { closer: i32 },
    /// A stretch chosen by hand.
    Fixed(Viewport),
}

pub const FOLLOW: Gaze = Gaze::Follow { closer: 0 };

/// How much is in sight, and when it ends: of runs that stand side by side the same in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    span: Us,
    end: Us,
    /// When the last thing happened.
    last: Us,
}

impl Stretch {
    fn of(run: &Run, now: Us) -> Stretch {
        let trace = run.trace();
        let before = trace.count_before(now + 1).checked_sub(1);
        Stretch { span: span(run), end: end_of(run), last: before.map_or(0, |i| trace.at(i)) }
    }
    fn and(self, other: Stretch) -> Stretch {
        Stretch {
            span: self.span.max(other.span),
            end: self.end.max(other.end),
            last: self.last.max(other.last),
        }
    }
}

/// The viewport that a gaze means now. Where it follows a playhead that stands still behind a long silence, it draws back
/// until what was last is in sight: an empty sheet tells nothing.
pub fn viewport(
    run: &Run,
    gaze: Gaze,
    sight: Sight,
    (now, still): (Us, bool),
    all: Stretch,
) -> Viewport {
    let start = Viewport::new(run, 0, all.span, sight.w, sight.h);
    match gaze {
        // The stretch may have been chosen in the diagram of another run.
        Gaze::Fixed(v) => Viewport { t0: v.t0, level: v.level, ..start },
        Gaze::Follow { closer } => {
            let mut v = start.zoom(closer, 0.0);
            let silence = now.saturating_sub(all.last) as f64;
            let seen = |v: &Viewport| f64::from(v.w - v.gutter) * v.us_per_px();
            while still && silence > seen(&v) * SILENT && v.zoom(-1, 0.0) != v {
                v = v.zoom(-1, 0.0);
            }
            let room = seen(&v);
            // A little room before the beginning, or its first marks would lie on the lanes' names; and no
            // farther than the end, while the playhead is before it.
            let first = -10.0 * v.us_per_px();
            let last = (all.end as f64 * 1.04 - room).max(now as f64 - room * 0.97);
            Viewport { t0: (now as f64 - room * NOW_AT).min(last).max(first), ..v }
        }
    }
}

/// Whether a playhead that stands has just passed something, and all of that instant; and whether anything is still to
/// come.
fn ahead(run: &Run, frame: &Frame, count: usize) -> (bool, bool) {
    let trace = run.trace();
    let done = trace.count_before(frame.now + 1);
    let just = done.checked_sub(1).is_some_and(|i| trace.at(i) == frame.now);
    let whole = !frame.playing && count >= done;
    let over = done == trace.len() && (run.ended().is_some() || run.world().next_at().is_none());
    (whole && just, !(whole && over))
}

/// How much is in sight: some seconds of the screen, or the whole of a run that is shorter.
fn span(run: &Run) -> Us {
    let (usual, end) = (scene::pace(run) * SPAN, end_of(run));
    if run.ended().is_some() && end * 5 / 4 < usual { (end * 5 / 4).max(usual / 40) } else { usual }
}

/// The whole run in one view.
fn whole(sides: &[Side], sight: Sight) -> Option<Viewport> {
    let last = |run: &Run| run.trace().len().checked_sub(1).map_or(1, |i| run.trace().at(i));
    let last = sides.iter().map(|s| last(&s.run.borrow())).max()?;
    let first = sides.first()?.run.borrow();
    Some(Viewport::new(&first, 0, last.max(1), sight.w, sight.h))
}

struct Layers {
    back: (Element, Painter),
    tiles: Element,
    front: (Element, Painter),
    chain: (Element, Painter),
    veil: (Element, Painter),
    done: (Element, Painter),
    cut: (Element, Painter),
    focus: (Element, Painter),
    gutter: Painter,
    plot: Element,
}

/// What a look is at.
struct At {
    pick: Pick,
    now: Us,
    /// The last thing that has happened, if the playhead stands right behind it.
    just: bool,
    /// Something is still to come.
    more: bool,
    /// Where this run parts from the one beside it.
    parted: Option<Us>,
    /// The chain and the cut that are asked about.
    chain: Option<Chain>,
    cut: Option<Arc<(Cut, Judgment)>>,
    /// The stretch of time was chosen by hand.
    by_hand: bool,
    dirty: bool,
}

/// A tile in the document, and how many of its words are left out because the edge would cut them.
struct Shown {
    group: Element,
    painter: Painter,
    tile: Option<Rc<Tile>>,
    cut: usize,
}

struct Sheet {
    layers: Layers,
    cache: Tiles,
    /// Tiles in the document.
    shown: Few<i64, Shown>,
    run: Option<Rc<RefCell<Run>>>,
    /// What back and front were painted for, and how many pixels along it still serves.
    base: Option<(Viewport, f32)>,
    /// Faults that have been done by then, what of the tiles' words has begun, and about where the now-line stands: they
    /// stand over the veil.
    done: Option<(usize, usize, i64)>,
    /// Whether the veil was painted over what is still to come.
    more: bool,
    view: Option<Viewport>,
    known: usize,
    /// What the tiles leave out.
    filter: Filter,
    moved: js_sys::Array,
    xs: Vec<f32>,
}

fn group(parent: &Element, class: &str) -> Element {
    let g = document()
        .create_element_ns(Some("http://www.w3.org/2000/svg"), "g")
        .unwrap_or_else(|_| unreachable!("SVG has groups"));
    let _ = g.set_attribute("class", class);
    let _ = parent.append_child(&g);
    g
}

impl Layers {
    /// Back to front, clipped to the plot; the lanes' names stand beside it.
    fn new(clipped: &Element, beside: &Element, plot: Element) -> Layers {
        let both = |class| {
            let g = group(clipped, class);
            (g.clone(), Painter::new(g))
        };
        Layers {
            back: both("backdrop"),
            tiles: group(clipped, "tiles"),
            front: both("front"),
            chain: both("chain-at"),
            veil: both("veil-at"),
            done: both("done"),
            cut: both("cut-at"),
            focus: both("focus"),
            gutter: Painter::new(beside.clone()),
            plot,
        }
    }
}

impl Sheet {
    fn new(layers: Layers) -> Sheet {
        Sheet {
            layers,
            cache: Tiles::new(),
            shown: Few::default(),
            run: None,
            base: None,
            done: None,
            more: true,
            view: None,
            known: 0,
            filter: Filter::default(),
            moved: js_sys::Array::new(),
            xs: vec![],
        }
    }

    fn forget(&mut self) {
        self.cache = Tiles::new();
        self.shown.values().for_each(|s| s.group.remove());
        self.shown = Few::default();
        self.base = None;
    }

    /// Paint what is not painted yet, and put everything where it belongs.
    fn look(&mut self, l: &Side, view: Viewport, at: At) {
        if !self.run.as_ref().is_some_and(|r| Rc::ptr_eq(r, &l.run)) {
            self.forget();
            self.run = Some(l.run.clone());
        }
        let (run, index) = (l.run.borrow(), l.index.borrow());
        let grown = self.known != index.len();
        let stale = self.base.is_none_or(|b| !still_serves(b, &view));
        if at.dirty || stale || self.more != at.more {
            self.paint(&run, &index, view, &at);
        }
        let sifted = self.filter != index.filter();
        let tiles_change =
            stale || grown || sifted || self.view.is_none_or(|v| v.tiles() != view.tiles());
        if tiles_change {
            self.tile(&run, &index, &view);
            self.done = None;
        }
        self.spare_words(&view);
        self.say(&run, &index, &at);
        (self.known, self.filter) = (index.len(), index.filter());
        self.view = Some(view);
        let behind = if at.just { spacetime::BEHIND } else { 0.0 };
        self.place(&view, view.x(at.now) + behind, tiles_change);
    }

    fn paint(&mut self, run: &Run, index: &Index, view: Viewport, at: &At) {
        let pick = at.pick;
        let left = if at.by_hand { SPARE } else { 0.0 };
        let base = view.pan(-left);
        let wide = Viewport { w: view.w + left + SPARE, ..base };
        self.layers.back.1.paint(spacetime::backdrop(run, index, &wide, pick));
        let mut front = spacetime::front(run, index, &wide, pick);
        front.extend(at.parted.into_iter().flat_map(|t| spacetime::parting(&wide, t)));
        self.layers.front.1.paint(front);
        let seen = (view.gutter + left, view.w + left);
        self.layers.focus.1.paint(spacetime::focus(run, index, &wide, seen, pick));
        self.layers.veil.1.paint(spacetime::veil(&wide, at.more));
        self.more = at.more;
        let chain = at.chain.as_ref().map(|c| spacetime::chain(run, index, &wide, c));
        self.layers.chain.1.paint(chain.unwrap_or_default());
        let line = at.cut.as_ref().map(|c| spacetime::cut(run, index, &wide, &c.0, &c.1));
        self.layers.cut.1.paint(line.unwrap_or_default());
        if let Some(c) = &at.cut {
            cut::handles(&self.layers.cut.0, run, index, &wide, &c.0);
        }
        self.layers.gutter.paint(spacetime::gutter(run, &view, pick));
        let box_ = [
            ("x", view.gutter - 6.0),
            ("width", (view.w - view.gutter + 6.0).max(0.0)),
            ("height", view.h),
        ];
        for (name, value) in box_ {
            let _ = self.layers.plot.set_attribute(name, &(value as i32).to_string());
        }
        self.base = Some((base, left + SPARE));
        self.done = None;
    }

    /// The words over the veil, anew where more has happened.
    fn say(&mut self, run: &Run, index: &Index, at: &At) {
        let Some((base, reach)) = self.base else { return };
        let tiles = || self.shown.iter().filter_map(|(k, s)| Some((*k, s.tile.as_deref()?)));
        let faults = index.faults.partition_point(|a| a.at <= at.now);
        let parted = usize::from(at.parted.is_some_and(|t| t <= at.now));
        let step = i64::from(TILE as i32) / 8;
        let near = (at.now as f64 / base.us_per_px()) as i64 / step;
        let done = (faults + parted, tiles().map(|t| t.1.begun(at.now)).sum(), near);
        if self.done == Some(done) {
            return;
        }
        let wide = Viewport { w: base.w + reach, ..base };
        let mut words = spacetime::words(run, index, &wide, at.now);
        words.extend(at.parted.and_then(|t| spacetime::parting_word(&wide, t, at.now)));
        for (k, tile) in tiles() {
            let x = base.tile_x(k);
            let kids = tile.reaching(at.now, (near * step) as f32 - k as f32 * TILE);
            words.push(Shape::new("", Form::Group { x, y: 0.0, kids }));
        }
        self.layers.done.1.paint(words);
        self.done = Some(done);
    }

    /// A word that the edge would cut is left out.
    fn spare_words(&mut self, view: &Viewport) {
        let keys: Vec<i64> = self.shown.keys().collect();
        for k in keys {
            let Some(shown) = self.shown.get_mut(k) else { continue };
            let Some(tile) = &shown.tile else { continue };
            let left = view.gutter - view.tile_x(k);
            let cut = tile.cut_at(left);
            if shown.cut != cut {
                shown.painter.paint(tile.seen_from(left));
                shown.cut = cut;
            }
        }
    }

    fn tile(&mut self, run: &Run, index: &Index, view: &Viewport) {
        let wanted = view.tiles();
        // A little way back costs nothing then.
        let kept = wanted.start() - KEPT..=wanted.end() + KEPT;
        let gone: Vec<i64> = self.shown.keys().filter(|k| !kept.contains(k)).collect();
        for k in gone {
            if let Some(s) = self.shown.take(k) {
                s.group.remove();
            }
        }
        for k in wanted {
            let tile = self.cache.get(run, index, view, k);
            let slot = self.shown.slot_or(k, || {
                let group = group(&self.layers.tiles, "tile");
                Shown { painter: Painter::new(group.clone()), group, tile: None, cut: 0 }
            });
            if !slot.tile.as_ref().is_some_and(|t| Rc::ptr_eq(t, &tile)) {
                // Painted with the words that have room: see `spare_words`.
                (slot.tile, slot.cut) = (Some(tile), usize::MAX);
            }
        }
    }

    fn place(&mut self, view: &Viewport, line: f32, anew: bool) {
        if anew || self.moved.length() == 0 {
            self.moved = js_sys::Array::new();
            for e in [
                &self.layers.back.0,
                &self.layers.front.0,
                &self.layers.focus.0,
                &self.layers.chain.0,
                &self.layers.cut.0,
                &self.layers.done.0,
                &self.layers.veil.0,
            ] {
                self.moved.push(e);
            }
            self.shown.values().for_each(|s| {
                self.moved.push(&s.group);
            });
        }
        let drift = self.base.map_or(0.0, |(b, _)| ((b.t0 - view.t0) / view.us_per_px()) as f32);
        self.xs.clear();
        self.xs.extend([drift, drift, drift, drift, drift, drift, line]);
        self.xs.extend(self.shown.keys().map(|k| view.tile_x(k)));
        slide(&self.moved, &self.xs);
    }
}

/// Whether what was painted for one view serves another: same scale and size, not too far along.
fn still_serves((base, reach): (Viewport, f32), view: &Viewport) -> bool {
    let drift = (view.t0 - base.t0) / view.us_per_px();
    let same = (base.level, base.w, base.h, base.lanes, base.hidden, base.gutter)
        == (view.level, view.w, view.h, view.lanes, view.hidden, view.gutter);
    same && (0.0..=f64::from(reach) - 4.0).contains(&drift)
}

#[component]
pub fn Spacetime(
    /// Which of the runs side by side; the one in view where nothing is said.
    #[prop(optional)]
    side: Option<usize>,
    /// Where all that stand side by side are looked at.
    #[prop(optional)]
    gaze: Option<RwSignal<Gaze, LocalStorage>>,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let beat = expect_context::<Beat>();
    let (frame_ref, room) = super::measure();
    // Each lane keeps its height, on a wall too.
    let sight = Kept::new(move || {
        let lanes = page.with_run(|run| run.cast().len()).unwrap_or(0);
        let least = Sight { w: 480.0, h: (60 + 24 * lanes) as f32 };
        room.get().projected(page.mode.get() == Mode::Project, least)
    });
    // Units of the drawing for each pixel.
    let unit = move || sight.get_untracked().w / room.get_untracked().w.max(1.0);
    let root = NodeRef::<leptos::svg::Svg>::new();
    let (clipped, beside, plot) = (
        NodeRef::<leptos::svg::G>::new(),
        NodeRef::<leptos::svg::G>::new(),
        NodeRef::<leptos::svg::Rect>::new(),
    );
    let sheet: Rc<RefCell<Option<Sheet>>> = Rc::default();
    let gaze = gaze.unwrap_or_else(|| RwSignal::new_local(FOLLOW));
    let alike = move || match side {
        None => page.side_now(None).into_iter().collect(),
        Some(_) => page.sides_now(),
    };
    let dirty = StoredValue::new(true);
    let (chain, judged) = (inquiry::drawn_chain(page), inquiry::judged(page));

    // Whatever changes the picture beyond the walking of time paints it anew with the next frame.
    effect(move || {
        page.view.track();
        page.pick.track();
        page.known.track();
        page.inquiry.filter.track();
        chain.with(|_| ());
        judged.with(|_| ());
        page.partings.track();
        page.against.track();
        sight.with(|_| ());
        dirty.set_value(true);
        beat.wake();
    });
    // Another stretch of it moves what is painted; what is not painted yet is seen to be missing.
    effect(move || {
        gaze.track();
        beat.wake();
    });

    let look = sheet.clone();
    beat.each_frame(move |frame: &Frame| {
        let (Some(c), Some(b), Some(p)) =
            (clipped.get_untracked(), beside.get_untracked(), plot.get_untracked())
        else {
            return;
        };
        let sight = sight.get_untracked();
        let Some(loaded) = page.side_now(side).filter(|_| sight.w > 40.0 && sight.h > 40.0) else {
            return;
        };
        let stretch = |s: &Side| Stretch::of(&s.run.borrow(), frame.now);
        let Some(all) = alike().iter().map(stretch).reduce(Stretch::and) else { return };
        let when = (frame.now, !frame.playing);
        let view = viewport(&loaded.run.borrow(), gaze.get_untracked(), sight, when, all)
            .sifted(&loaded.index.borrow().filter());
        let mut slot = look.borrow_mut();
        let sheet = slot.get_or_insert_with(|| Sheet::new(Layers::new(&c, &b, p.into())));
        let repaint = dirty.get_value();
        dirty.set_value(false);
        let (pick, parted) = untrack(|| (page.pick_in(side), page.parted(side)));
        // How far the others are is the clock's to say.
        let mine = untrack(|| side.is_none_or(|i| page.is_current(i)));
        let count = if mine { frame.count } else { usize::MAX };
        let (just, more) = ahead(&loaded.run.borrow(), frame, count);
        // What is asked is asked of the run in view.
        let asked =
            if mine { (chain.get_untracked(), judged.get_untracked()) } else { (None, None) };
        let (chain, cut) = asked;
        let by_hand = untrack(|| matches!(gaze.get(), Gaze::Fixed(_)));
        let at =
            At { pick, now: frame.now, just, more, parted, chain, cut, by_hand, dirty: repaint };
        sheet.look(&loaded, view, at);
        if let Some(root) = root.get_untracked().filter(|_| repaint) {
            diagram::keep_one_stop(&root);
        }
    });

    let now_view = {
        let sheet = sheet.clone();
        move || sheet.borrow().as_ref().and_then(|s| s.view)
    };
    let now_view = StoredValue::new_local(Rc::new(now_view) as Rc<dyn Fn() -> Option<Viewport>>);
    let view_now = move || now_view.with_value(|f| f());
    let drag = StoredValue::new(None::<(f32, f64, bool)>);
    let grip = StoredValue::new(None::<Grip>);
    let x_in = move |ev: &web_sys::PointerEvent| {
        let rect = root.get_untracked().map(|r| r.get_bounding_client_rect());
        rect.map_or(0.0, |r| f64::from(ev.client_x()) - r.x()) as f32 * unit()
    };
    let down = move |ev: web_sys::PointerEvent| {
        grip.set_value(cut::grip_of(&ev).filter(|_| ev.button() == 0));
        if grip.with_value(Option::is_some) {
            if let Some(root) = root.get_untracked() {
                let _ = root.set_pointer_capture(ev.pointer_id());
            }
            return;
        }
        if let Some(v) = view_now().filter(|_| ev.button() == 0) {
            drag.set_value(Some((ev.client_x() as f32, v.t0, false)));
        }
    };
    let lost = move |_: web_sys::PointerEvent| {
        grip.set_value(None);
        if drag.try_update_value(Option::take).flatten().is_some()
            && let Some(root) = root.get_untracked()
        {
            let _ = root.remove_attribute(PANNED);
        }
    };
    let pan = move |ev: web_sys::PointerEvent| {
        // It was let go where nobody heard of it.
        if ev.buttons() == 0 {
            return lost(ev);
        }
        if let Some((g, v)) = grip.get_value().zip(view_now()) {
            g.drag(page, v.time(x_in(&ev)));
            return;
        }
        let (Some((x, t0, moved)), Some(v)) = (drag.get_value(), view_now()) else { return };
        let by = ev.client_x() as f32 - x;
        if !moved && by.abs() < 5.0 {
            return;
        }
        if !moved && let Some(root) = root.get_untracked() {
            let _ = root.set_pointer_capture(ev.pointer_id());
            let _ = root.set_attribute(PANNED, "");
        }
        drag.set_value(Some((x, t0, true)));
        gaze.set(Gaze::Fixed(Viewport { t0, ..v }.pan(-by)));
    };
    let up = move |_: web_sys::PointerEvent| {
        if let Some(root) = root.get_untracked() {
            let _ = root.remove_attribute(PANNED);
        }
        // A click follows a release: it must still know that this was a drag.
        if drag.get_value().is_some_and(|d| !d.2) {
            drag.set_value(None);
        }
    };
    let click = move |ev: web_sys::MouseEvent| {
        let held = grip.try_update_value(Option::take).flatten().is_some();
        let dragged = held || drag.get_value().is_some_and(|d| d.2);
        drag.set_value(None);
        let Some((v, loaded)) = view_now().zip(page.side_now(side)).filter(|_| !dragged) else {
            return;
        };
        let marked = dom::closest(&ev, "[data-pick]").and_then(|e| e.get_attribute("data-pick"));
        let pick = marked.map_or_else(
            || {
                let rect = root.get_untracked().map(|r| r.get_bounding_client_rect());
                let (x, y) = rect.map_or((0.0, 0.0), |r| {
                    (f64::from(ev.client_x()) - r.x(), f64::from(ev.client_y()) - r.y())
                });
                let (x, y) = (x as f32 * unit(), y as f32 * unit());
                spacetime::hit(&loaded.run.borrow(), &loaded.index.borrow(), &v, x, y)
            },
            |w| super::painter::pick_of(&w),
        );
        diagram::choose(page, pick, ev.shift_key());
    };
    let wheel = move |ev: web_sys::WheelEvent| {
        let Some(v) = view_now() else { return };
        let sideways = ev.delta_x().abs() > ev.delta_y().abs() || ev.shift_key();
        if !sideways && !ev.ctrl_key() && page.mode.get_untracked() == Mode::Embed {
            return;
        }
        ev.prevent_default();
        if sideways {
            let by = if ev.delta_x() == 0.0 { ev.delta_y() } else { ev.delta_x() };
            gaze.set(Gaze::Fixed(v.pan(by as f32 * unit())));
            return;
        }
        let closer = if ev.delta_y() < 0.0 { 1 } else { -1 };
        let x = root
            .get_untracked()
            .map_or(0.0, |r| f64::from(ev.client_x()) - r.get_bounding_client_rect().x());
        gaze.update(|g| *g = zoomed(*g, v, closer, x as f32 * unit()));
    };
    // Leptos listens passively; the page must not scroll while the diagram zooms.
    let wheels = StoredValue::new_local(
        None::<(web_sys::SvgElement, Closure<dyn FnMut(web_sys::WheelEvent)>)>,
    );
    effect(move || {
        let Some(root) = root.get() else { return };
        let listener = Closure::new(wheel);
        let options = web_sys::AddEventListenerOptions::new();
        options.set_passive(false);
        let _ = root.add_event_listener_with_callback_and_add_event_listener_options(
            "wheel",
            listener.as_ref().unchecked_ref(),
            &options,
        );
        wheels.set_value(Some((root, listener)));
    });
    on_cleanup(move || {
        if let Some((root, listener)) = wheels.try_update_value(Option::take).flatten() {
            let listener = listener.as_ref().unchecked_ref();
            let _ = root.remove_event_listener_with_callback("wheel", listener);
        }
    });
    let zoom = move |closer: i32| {
        if let Some(v) = view_now() {
            gaze.update(|g| *g = zoomed(*g, v, closer, v.gutter + (v.w - v.gutter) * 0.5));
        }
    };
    let all = move |_| {
        if let Some(v) = whole(&alike(), sight.get_untracked()) {
            gaze.set(Gaze::Fixed(v));
        }
    };
    let key = move |ev: web_sys::KeyboardEvent| {
        if let Some(g) = cut::grip_of(&ev) {
            if g.key(page, &ev.key()) {
                ev.prevent_default();
                // A handle that walks out of sight is followed.
                if let Some(v) = view_now()
                    && let Some(x) = g.x(page, &v)
                    && !(v.gutter..=v.w - 12.0).contains(&x)
                {
                    gaze.set(Gaze::Fixed(v.pan(x - (v.gutter + v.w) / 2.0)));
                }
            }
            return;
        }
        if let Some(root) = root.get_untracked() {
            diagram::on_key(&ev, &root, page);
        }
    };
    let focus = move |ev: web_sys::FocusEvent| {
        if let Some(root) = root.get_untracked() {
            diagram::on_focus(&ev, &root);
        }
    };
    let name = move || match side {
        None => "Messages in space and time".to_string(),
        Some(i) => format!("Messages in space and time: {}", page.side_name(i)),
    };
    // Two diagrams on one page need two clips.
    let clip = format!("plot{}", side.map(|i| i.to_string()).unwrap_or_default());
    let clipped_by = format!("url(#{clip})");
    let follows = move || matches!(gaze.get(), Gaze::Follow { .. });
    view! {
        <div class="view spacetime" node_ref=frame_ref>
            <svg class="scene" role="graphics-document document" aria-roledescription="diagram" aria-label=name node_ref=root
                viewBox=move || { let s = sight.get(); s.view_box() } data-moves=move || page.playing.get().then_some("")
                on:pointerdown=down on:pointermove=pan on:pointerup=up on:pointercancel=lost on:click=click on:keydown=key on:focusin=focus>
                <defs><clipPath id=clip><rect node_ref=plot x="0" y="0" width="10" height="10"></rect></clipPath></defs>
                <g clip-path=clipped_by node_ref=clipped></g>
                <g node_ref=beside></g>
            </svg>
        </div>
        <div class="zoom" role="group" aria-label="Cut and zoom">
            <button type="button" class="small wide" aria-pressed=move || page.inquiry.cut.with(Option::is_some).to_string() on:click=move |_| inquiry::toggle_cut(page)>"Cut"</button>
            <button type="button" class="small" aria-label="Zoom in" on:click=move |_| zoom(2)>"+"</button>
            <button type="button" class="small" aria-label="Zoom out" on:click=move |_| zoom(-2)>"−"</button>
            <button type="button" class="small" aria-label="The whole run" on:click=all>{icons::whole()}</button>
            <button type="button" class="small" aria-pressed=move || follows().to_string() aria-label="Follow the playhead" on:click=move |_| gaze.set(FOLLOW)>{icons::follow()}</button>
        </div>
    }
}

/// Following stays following; a stretch chosen by hand stays where the pointer is.
fn zoomed(gaze: Gaze, view: Viewport, closer: i32, x: f32) -> Gaze {
    match gaze {
        Gaze::Follow { closer: c } => Gaze::Follow { closer: (c + closer).clamp(-40, 40) },
        Gaze::Fixed(_) => Gaze::Fixed(view.zoom(closer, x)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::read;

    #[test]
    fn behind_a_long_silence_a_still_playhead_keeps_what_was_last_in_sight() {
        let text = "lamplight 1\nrun vector-clocks nodes=2 seed=1\nnet latency=10ms\npace 20ms\nat 0ms n1 tell n2\nuntil 5s\n";
        let Ok(mut run) = read(text) else { panic!("it does not run") };
        run.finish();
        let seen = |now: Us, still: bool| {
            let sight = Sight { w: 900.0, h: 300.0 };
            let v = viewport(&run, FOLLOW, sight, (now, still), Stretch::of(&run, now));
            (v.span(), v.level)
        };
        let ((from, to), _) = seen(5 * SEC, true);
        assert!(from <= 10 * MS && 5 * SEC <= to, "{from} to {to}");
        // While it plays the scale stays what it was, and where something has just happened too.
        let ((from, _), playing) = seen(5 * SEC, false);
        assert!(from > 10 * MS && playing == seen(12 * MS, true).1);
    }
}
