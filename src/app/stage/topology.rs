//! Who there is and what is on its way between them. What stands is painted when something happens; what moves is
//! moved by `motion.js` from numbers, once a frame.

use std::cell::RefCell;
use std::rc::Rc;

use crate::app::lay::{Kept, effect, either, when};
use engine::ids::*;
use engine::scene::topology::{self, Box2, FLIGHT, Flights, Layout, Placer};
use engine::scene::{Hue, Pick, Shape, text};
use engine::trace::What;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use super::painter::Painter;
use super::{Sight, diagram, kin};
use crate::app::beat::{Beat, Frame};
use crate::app::page::{Mode, Page, Sheet, Tab};
use crate::app::sides::Side;
use crate::app::{dom, faults};

#[wasm_bindgen(module = "/src/app/stage/motion.js")]
extern "C" {
    type Motion;
    #[wasm_bindgen(constructor)]
    fn new(layer: &web_sys::Element, hues: Vec<JsValue>, words: Vec<JsValue>) -> Motion;
    #[wasm_bindgen(method)]
    fn frame(
        this: &Motion,
        flights: &[f32],
        labels: &[f32],
        rings: &[f32],
        selected: f64,
        playing: bool,
    );
    #[wasm_bindgen(method)]
    fn ring(this: &Motion, rings: &[f32]);
    #[wasm_bindgen(method)]
    fn kin(this: &Motion, ids: &[f32], classes: Vec<JsValue>);
    #[wasm_bindgen(method)]
    fn own(this: &Motion, codes: &[f32], words: Vec<JsValue>);
    #[wasm_bindgen(method)]
    fn name(this: &Motion, ids: &[f32], names: Vec<JsValue>);
}

/// What a wall shows at least.
const LEAST: Sight = Sight { w: 480.0, h: 270.0 };

/// What the frames need, kept between them.
struct Moving {
    painter: Painter,
    /// How nodes and messages stand to the selected event.
    /// How others stand to what is selected; in the first frames nothing is.
    kin: Option<kin::Kinship>,
    motion: Option<(Rc<RefCell<engine::run::Run>>, Motion)>,
    layer: web_sys::Element,
    layout: Layout,
    /// Where words of links stand.
    words: Vec<Box2>,
    rings: Vec<topology::Ring>,
    flights: Vec<f32>,
    labels: Vec<f32>,
    /// Where the labels stand beside their messages: message, word, the way from the head, and how wide it is.
    beside: Vec<[f32; 5]>,
    left: Vec<f32>,
    /// The labels are placed anew a few times a second only: they would flicker.
    labelled: f64,
    named: bool,
}

fn words(run: &engine::run::Run) -> Vec<JsValue> {
    let kinds = run.entry().kinds.iter().map(|k| k.name.to_string());
    let losses = (-4..0).map(|c| topology::label_text(run, c).into_owned());
    kinds.chain(losses).map(JsValue::from).collect()
}

fn hues() -> Vec<JsValue> {
    (0..Hue::COUNT).map(|h| JsValue::from(Hue(h as u8).class())).collect()
}

impl Moving {
    /// What stands, after so many events.
    fn stand(&mut self, l: &Side, count: usize, pick: Pick, sight: Sight, calm: bool, now: Us) {
        let run = l.run.borrow();
        let index = l.index.borrow();
        if (self.layout.w, self.layout.h) != (sight.w, sight.h)
            || self.layout.len() != run.cast().len()
            || !self.same(l)
        {
            // An edited run, or a stage that grows a little, leaves everybody on his side.
            let alike = |(old, _): &(Rc<RefCell<engine::run::Run>>, Motion)| {
                let old = old.borrow();
                let names = |r: &engine::run::Run| {
                    r.cast().all().map(|n| r.name(n).to_string()).collect::<Vec<_>>()
                };
                old.entry().id == run.entry().id && names(&old) == names(&run)
            };
            let old = self.motion.as_ref().filter(|m| alike(m)).map(|_| &self.layout);
            self.layout = Layout::after(&run, sight.w, sight.h, old);
        }
        if !self.same(l) {
            self.layer.set_text_content(None);
            self.motion = Some((l.run.clone(), Motion::new(&self.layer, hues(), words(&run))));
        }
        let peek = run.peek(EventId(count.saturating_sub(1) as u32));
        let lit = super::lit(&run, pick);
        let mut shapes = topology::furniture(
            &run,
            &index,
            &peek,
            &self.layout,
            lit.node.map_or(Pick::None, Pick::Node),
        );
        if calm {
            whole_arrows(&run, &index, &self.layout, count, (now, pick), &mut shapes);
        }
        self.words = topology::link_words(&shapes);
        self.painter.paint(shapes);
        if let Some(kin) = &mut self.kin {
            kin.stand(&run, &index, &self.layout, pick, count);
        }
        self.rings = topology::rings(&run, &peek, &self.layout);
        self.rings.retain(|r| index.shows_node(r.node));
        let numbers: Vec<f32> = self
            .rings
            .iter()
            .flat_map(|r| [r.node.0 as f32, r.x, r.y, r.r, r.hue.0 as f32])
            .collect();
        if let Some((_, m)) = &self.motion {
            m.ring(&numbers);
        }
        self.labelled = f64::MIN;
    }

    fn same(&self, l: &Side) -> bool {
        self.motion.as_ref().is_some_and(|(run, _)| Rc::ptr_eq(run, &l.run))
    }

    /// What moves, at a moment.
    fn go(&mut self, l: &Side, frame: &Frame, pick: Pick) {
        if !self.same(l) {
            return;
        }
        let run = l.run.borrow();
        let index = l.index.borrow();
        let (layout, words) = (&self.layout, &self.words[..]);
        let flights = Flights { run: &run, index: &index, layout, words };
        let now = frame.now;
        if frame.calm {
            self.flights.clear();
            self.labels.clear();
        } else {
            flights.fill(now, &mut self.flights);
            not_sent_yet(&run, frame.count, &mut self.flights);
            if frame.at_ms - self.labelled > 150.0 || !frame.playing {
                self.labelled = frame.at_ms;
                flights.labels(now, &mut self.labels);
                self.tell_own(&run);
                self.beside = beside(&run, &self.flights, &self.labels);
            }
            follow(&self.flights, &self.beside, flights.room(), &mut self.labels);
        }
        self.left.clear();
        self.left.extend(self.rings.iter().flat_map(|r| [r.node.0 as f32, r.left(now)]));
        let selected = super::lit(&run, pick).message.map_or(-1.0, |m| f64::from(m.0));
        let Some((_, motion)) = &self.motion else { return };
        let kin = self.kin.as_mut().and_then(|k| k.flights(&run, &index, pick, &self.flights));
        if let Some((ids, classes)) = kin {
            motion.kin(&ids, classes.into_iter().map(JsValue::from).collect());
        }
        motion.frame(&self.flights, &self.labels, &self.left, selected, frame.playing);
        if !frame.playing {
            self.call_by_name(&run, &index, pick, motion);
        } else if self.named {
            motion.name(&[], vec![]);
        }
        self.named = !frame.playing;
    }

    /// The message whose head is nearest to a point, not farther than a finger is wide: while all moves they are no elements.
    fn under(&self, x: f32, y: f32) -> Option<MsgId> {
        let off = |f: &[f32]| (f[1] - 5.0 * f[3] - x).hypot(f[2] - 5.0 * f[4] - y);
        let near = self.flights.chunks_exact(FLIGHT).map(|f| (off(f), f[0]));
        let near = near.filter(|n| n.0 <= NEAR).min_by(|a, b| a.0.total_cmp(&b.0));
        near.map(|n| MsgId(n.1 as u32))
    }

    /// Labels that are not of a kind are words of their messages.
    fn tell_own(&self, run: &engine::run::Run) {
        let codes = self.labels.chunks_exact(topology::LABEL).map(|l| l[1]);
        let own: Vec<f32> = codes.filter(|c| *c >= topology::OWN as f32).collect();
        if let Some((_, motion)) = self.motion.as_ref().filter(|_| !own.is_empty()) {
            let word = |c: &f32| JsValue::from(&*topology::label_text(run, *c as i32));
            motion.own(&own, own.iter().map(word).collect());
        }
    }

    /// What stands in the air can be reached by keyboard, and has a name.
    fn call_by_name(
        &self,
        run: &engine::run::Run,
        index: &engine::scene::Index,
        pick: Pick,
        motion: &Motion,
    ) {
        let flights = || self.flights.chunks_exact(FLIGHT);
        let ids: Vec<f32> = flights().map(|f| f[0]).collect();
        let name = |f: &[f32]| {
            let m = MsgId(f[0] as u32);
            let state = STATES.get(f[7] as usize).unwrap_or(&STATES[0]);
            let travels = crate::app::words::travels(run, m);
            JsValue::from(format!("{travels}, {state}{}", kin::words(run, index, pick, m)))
        };
        motion.name(&ids, flights().map(name).collect());
    }
}

/// How near a head a click is for it.
const NEAR: f32 = 14.0;

/// How a message in the air is: words for the numbers of its state.
const STATES: [&str; 4] = ["on its way", "lost", "held", "waiting at the door"];

/// Of several steps at one instant some may still be to come: what they send is not there yet.
fn not_sent_yet(run: &engine::run::Run, count: usize, flights: &mut Vec<f32>) {
    let sent =
        |f: &&[f32]| run.trace().msg(MsgId(f[0] as u32)).is_some_and(|r| r.sent.index() < count);
    if flights.chunks_exact(FLIGHT).all(|f| sent(&f)) {
        return;
    }
    *flights = flights.chunks_exact(FLIGHT).filter(sent).flatten().copied().collect();
}

fn head_of(flights: &[f32], message: f32) -> Option<(f32, f32)> {
    flights.chunks_exact(FLIGHT).find(|f| f[0] == message).map(|f| (f[1], f[2]))
}

fn beside(run: &engine::run::Run, flights: &[f32], labels: &[f32]) -> Vec<[f32; 5]> {
    let one = |l: &[f32]| {
        let (x, y) = head_of(flights, l[0])?;
        let wide = text::width(&topology::label_text(run, l[1] as i32), text::SMALL);
        Some([l[0], l[1], l[2] - x, l[3] - y, wide])
    };
    labels.chunks_exact(topology::LABEL).filter_map(one).collect()
}

/// Between two placements a label goes with its message, as long as it meets nothing on the way.
fn follow(flights: &[f32], beside: &[[f32; 5]], mut room: Placer, labels: &mut Vec<f32>) {
    labels.clear();
    for [message, word, dx, dy, wide] in beside {
        let Some((x, y)) = head_of(flights, *message) else { continue };
        if room.take(Box2::of_text(x + dx, y + dy, *wide, text::SMALL)) {
            labels.extend([*message, *word, x + dx, y + dy]);
        }
    }
}

/// Without motion a message on its way is its whole arrow.
fn whole_arrows(
    run: &engine::run::Run,
    index: &engine::scene::Index,
    layout: &Layout,
    count: usize,
    (now, pick): (Us, Pick),
    out: &mut Vec<Shape>,
) {
    let flights = Flights { run, index, layout, words: &[] };
    let mut arrows = vec![];
    flights.each(now, &mut |m, rec, _| arrows.push((m, *rec)));
    // What has just arrived, or just left, is what the step was about.
    if let Some(What::Deliver { m }) = count.checked_sub(1).map(|i| run.trace().what(i))
        && let Some(rec) = run.trace().msg(m)
        && index.shows_message(rec)
        && !arrows.iter().any(|a| a.0 == m)
    {
        arrows.push((m, *rec));
    }
    for (m, rec) in arrows.into_iter().filter(|(_, r)| r.sent.index() < count && r.from != r.to) {
        let way = layout.way(rec.from, rec.to);
        let ((x, y), (dx, dy)) = (way.at(1.0), way.along(1.0));
        let (mut line, mut head) = (engine::scene::pen::Pen::new(), engine::scene::pen::Pen::new());
        way.draw(&mut line);
        head.head(x, y, dx, dy, 12.0);
        let kids = vec![
            Shape::path("tail whole", line.d()),
            Shape::path("head", head.d()),
            Shape::circle("hit", way.at(0.5).0, way.at(0.5).1, 12.0),
        ];
        let name = crate::app::words::travels(run, m);
        out.push(
            Shape::group(kin::role(run, index, pick, m), kids)
                .hue(Hue::epoch(rec.epoch))
                .pick(Pick::Message(m), name),
        );
    }
}

#[component]
pub fn Topology(
    /// Which of the runs side by side; the one in view where nothing is said.
    #[prop(optional)]
    side: Option<usize>,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let beat = expect_context::<Beat>();
    let root = NodeRef::<leptos::svg::Svg>::new();
    let (stand, fly) = (NodeRef::<leptos::svg::G>::new(), NodeRef::<leptos::svg::G>::new());
    let kin_layer = NodeRef::<leptos::svg::G>::new();
    let (frame_ref, sight) = super::measure();
    let moving: Rc<RefCell<Option<Moving>>> = Rc::default();

    // On a wall it is laid out for a smaller room, and so is larger.
    let seen = move || sight.get().projected(page.mode.get() == Mode::Project, LEAST);
    let paint = moving.clone();
    // For what room the nodes stand now.
    let laid = RwSignal::new(Sight::default());
    effect(move || {
        let (Some(stand), Some(fly)) = (stand.get(), fly.get()) else { return };
        let (count, pick, sight, calm) =
            (page.count_of(side), page.pick_in(side), seen(), page.calm.get());
        let Some(loaded) = page.side(side) else { return };
        if sight.w < 10.0 {
            return;
        }
        let mut slot = paint.borrow_mut();
        let moving = slot.get_or_insert_with(|| Moving {
            painter: Painter::new(stand.into()),
            kin: None,
            motion: None,
            layer: fly.into(),
            layout: Layout::place(&[], engine::card::Layout::Tiers, 1.0, 1.0),
            words: vec![],
            rings: vec![],
            flights: vec![],
            labels: vec![],
            beside: vec![],
            left: vec![],
            labelled: f64::MIN,
            named: false,
        });
        if page.whole.get() {
            page.inquiry.filter.track();
            if let (None, Some(layer)) = (&moving.kin, kin_layer.get()) {
                moving.kin = Some(kin::Kinship::new(layer.into()));
            }
        }
        moving.stand(&loaded, count, pick, sight, calm, page.head.get_untracked().at);
        if laid.get_untracked() != sight {
            laid.set(sight);
        }
        if let Some(root) = root.get_untracked() {
            diagram::keep_one_stop(&root);
        }
        beat.wake();
    });

    let go = moving.clone();
    beat.each_frame(move |frame| {
        let Some(loaded) = page.side_now(side) else { return };
        if let Some(m) = go.borrow_mut().as_mut() {
            let count = untrack(|| page.count_of(side));
            m.go(&loaded, &Frame { count, ..*frame }, untrack(|| page.pick_in(side)));
        }
        if !frame.playing
            && let Some(root) = root.get_untracked()
        {
            diagram::keep_one_stop(&root);
        }
    });

    let key = move |ev: web_sys::KeyboardEvent| {
        if let Some(root) = root.get_untracked() {
            diagram::on_key(&ev, &root, page);
        }
    };
    let focus = move |ev: web_sys::FocusEvent| {
        if let Some(root) = root.get_untracked() {
            diagram::on_focus(&ev, &root);
        }
    };
    let name = move || {
        let title = page.with_run(|run| run.scenario().title.clone()).unwrap_or_default();
        let which = side.map(|i| format!("{}, ", page.side_name(i))).unwrap_or_default();
        format!("Nodes and the messages between them: {which}{title}")
    };
    // Only in the run in view can something be done.
    let mine = move || side.is_none_or(|i| page.is_current(i));
    let moving = StoredValue::new_local(moving);
    let click = move |ev: web_sys::MouseEvent| {
        let flying = || {
            let rect = root.get_untracked()?.get_bounding_client_rect();
            let (x, y) = (f64::from(ev.client_x()) - rect.x(), f64::from(ev.client_y()) - rect.y());
            moving.with_value(|m| {
                let m = m.borrow();
                let m = m.as_ref()?;
                let by = f64::from(m.layout.w) / rect.width().max(1.0);
                m.under((x * by) as f32, (y * by) as f32)
            })
        };
        match dom::closest(&ev, "[data-pick]").map_or_else(flying, |_| None) {
            Some(m) => diagram::choose(page, Pick::Message(m), ev.shift_key()),
            None => diagram::on_click(&ev, page),
        }
    };
    view! {
        <div class="view topology" node_ref=frame_ref>
            <svg class="scene" role="graphics-document document" aria-roledescription="diagram" aria-label=name node_ref=root
                viewBox=move || seen().view_box()
                on:click=click on:keydown=key on:focusin=focus>
                <g node_ref=stand></g>
                <g class="kinship" aria-hidden="true" node_ref=kin_layer></g>
                <g node_ref=fly></g>
            </svg>
            {when(move || page.whole.get() && mine(), move || view! { <Popover moving=moving sight=sight laid=laid/> }.into_any())}
            {when(move || page.drawing.get() && mine(), move || view! { <faults::DrawLine places=places(moving, sight)/> }.into_any())}
        </div>
    }
}

/// Where the nodes stand, and how large they are, in pixels.
fn places(
    moving: StoredValue<Rc<RefCell<Option<Moving>>>, LocalStorage>,
    sight: RwSignal<Sight>,
) -> Callback<(), (Vec<(f32, f32)>, f32)> {
    Callback::new(move |()| {
        let wide = sight.get_untracked().w;
        moving.with_value(|m| {
            m.borrow().as_ref().map_or((vec![], 0.0), |m| {
                let by = wide / m.layout.w.max(1.0);
                let at = (0..m.layout.len()).map(|n| m.layout.at(NodeId(n as u16)));
                (at.map(|(x, y)| (x * by, y * by)).collect(), m.layout.ring_radius() * by)
            })
        })
    })
}

/// Height of a button of the popover, and what lies between two.
const BUTTON: f32 = 36.0;
const GAP: f32 = 4.0;

/// How wide the buttons are with so many letters on each.
fn widths(letters: &[usize]) -> Vec<f32> {
    letters.iter().map(|n| *n as f32 * 9.0 + 32.0).collect()
}

/// The two that are always there: `why` and `more …`.
const ALWAYS: [usize; 2] = [3, 6];

/// What the verbs are about: a node, or a place on the way of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
enum About {
    Node(usize),
    Way(f32, f32),
    Nothing,
}

/// Where they stand: left, top, how wide they may be, and whether a node is covered there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    left: f32,
    top: f32,
    width: f32,
    covers: bool,
    /// Where it is not beside what it is about, a line joins them.
    tie: Option<[f32; 4]>,
}

/// The shapes they can stand in, within a width: for one row of them, for two and so on, the narrowest.
fn shapes(buttons: &[f32], most: f32) -> Vec<(f32, f32)> {
    let rows = |width: f32| {
        let (mut rows, mut used) = (1, 0.0);
        for b in buttons {
            if used > 0.0 && used + GAP + b > width {
                (rows, used) = (rows + 1, 0.0);
            }
            used += if used > 0.0 { GAP + b } else { *b };
        }
        rows
    };
    let mut out: Vec<(f32, f32)> = vec![];
    let mut width = buttons.iter().copied().fold(0.0, f32::max).min(most);
    let mut last = usize::MAX;
    while width <= most && last > 1 {
        let n = rows(width);
        if n < last {
            out.insert(0, (width, n as f32 * (BUTTON + GAP)));
            last = n;
        }
        width += 4.0;
    }
    out
}

/// Where it is whole, covers the fewest nodes, and is near what it is about; beside that where there is room, in one row
/// or two.
fn pop_at(nodes: &[(f32, f32)], r: f32, about: About, buttons: &[f32], sight: Sight) -> Place {
    let shapes = shapes(buttons, sight.w - 8.0);
    let two = shapes.get(1).or(shapes.first()).copied().unwrap_or_default();
    let (mine, home, around) = match about {
        About::Node(n) => (Some(n), nodes.get(n).copied(), r),
        About::Way(x, y) => (None, Some((x, y)), HEAD),
        About::Nothing => (None, None, 0.0),
    };
    let (x, y) = home.unwrap_or((0.0, sight.h));
    let apart = |n: f32, from: f32, size: f32| (from - n).max(n - from - size).max(0.0);
    let cost = |(left, top, w, h): (f32, f32, f32, f32)| {
        let over = |(i, n): (usize, &(f32, f32))| {
            // Below a node stands what it is.
            let near = apart(n.0, left, w).hypot(apart(n.1, top, h)) < r + 2.0
                || (apart(n.0, left, w) < r && apart(n.1 + r + LABEL / 2.0, top, h) < LABEL / 2.0);
            if !near {
                0.0
            } else if Some(i) == mine {
                10_000.0
            } else {
                COVERED
            }
        };
        let far = apart(x, left, w).hypot(apart(y, top, h));
        let hides = if mine.is_none() && home.is_some() && far < around { COVERED } else { 0.0 };
        nodes.iter().enumerate().map(over).sum::<f32>() + far + hides
    };
    let mut best = (f32::MAX, (4.0, 4.0, two.0, two.1));
    let mut offer = |(left, top, (w, h)): (f32, f32, (f32, f32)), bonus: f32| {
        let fits = left >= 4.0 && left + w <= sight.w - 4.0 && top >= 4.0 && top + h <= sight.h;
        let cost = if fits { cost((left, top, w, h)) - bonus } else { f32::MAX };
        if cost < best.0 {
            best = (cost, (left, top, w, h));
        }
    };
    if home.is_some() {
        let top = (y - 20.0).clamp(4.0, (sight.h - two.1).max(4.0));
        offer((x + around + 12.0, top, two), 60.0);
        offer((x - around - two.0 - 12.0, top, two), 60.0);
    }
    for size in shapes {
        let mut top = sight.h - size.1 - 4.0;
        while top >= 4.0 {
            let mut left = 4.0;
            while left + size.0 <= sight.w - 4.0 {
                offer((left, top, size), 0.0);
                left += 12.0;
            }
            top -= 12.0;
        }
    }
    let (cost, (left, top, width, height)) = best;
    let tie = home.and_then(|_| {
        let (dx, dy) = (x.clamp(left, left + width) - x, y.clamp(top, top + height) - y);
        let far = dx.hypot(dy);
        // From the ring of the selection on.
        let from = (around + 6.0) / far.max(1.0);
        (far > around + FAR).then_some([x + dx * from, y + dy * from, x + dx, y + dy])
    });
    Place { left, top, width, covers: cost >= COVERED - 60.0, tie }
}

/// From here on the eye does not see what they belong to.
const FAR: f32 = 24.0;

/// What it costs to stand over another node, in pixels of distance.
const COVERED: f32 = 10_000.0 / 4.0;
/// Around the head of a message.
const HEAD: f32 = 16.0;

/// Height of the two lines below a node.
const LABEL: f32 = 34.0;

/// What can be done to the selected node or message, where it is: the verbs at hand, the reason, and the way to the rest.
#[component]
fn Popover(
    moving: StoredValue<Rc<RefCell<Option<Moving>>>, LocalStorage>,
    sight: RwSignal<Sight>,
    laid: RwSignal<Sight>,
) -> impl IntoView {
    let page = expect_context::<Page>();
    // An event stands for its node, or for the message it sent.
    let object = Kept::new(move || {
        let pick = page.pick.get();
        page.with_run(|run| faults::object_of(run, pick)).unwrap_or(Pick::None)
    });
    let deeds = Kept::new(move || {
        page.head.track();
        let (count, pick) = (page.count_slow.get(), object.get());
        page.with_run(|run| faults::at_hand(&faults::to_pick(run, count, pick))).unwrap_or_default()
    });
    // Where it is not the thing itself that is selected, the verbs say what they are done to.
    let name =
        Kept::new(move || deeds.with(|d| d.first().map(|d| d.object.clone())).unwrap_or_default());
    let told = move || !matches!(page.pick.get(), Pick::Node(_));
    // It follows the layout. A few times a second is often enough: nodes do not move.
    let placed = Kept::new(move || {
        laid.track();
        let (sight, object) = (sight.get(), object.get());
        page.count_slow.track();
        let letters = |s: &str| s.chars().count();
        let mut words: Vec<usize> =
            deeds.with(|d| d.iter().map(|d| letters(&d.verb)).chain(ALWAYS).collect());
        if told() {
            words.insert(0, name.with(|n| letters(n)));
        }
        let all = page.loaded();
        moving.with_value(|m| {
            let m = m.borrow();
            let (Some(l), Some(loaded)) = (m.as_ref().map(|m| &m.layout), all) else {
                return Place::default();
            };
            let at: Vec<(f32, f32)> = (0..l.len()).map(|n| l.at(NodeId(n as u16))).collect();
            let about = match object {
                Pick::Node(n) => About::Node(n.index()),
                Pick::Message(m) => match loaded.run.borrow().trace().msg(m) {
                    Some(rec) if rec.from != rec.to && rec.to.index() < l.len() => {
                        let (x, y) = l.way(rec.from, rec.to).at(0.5);
                        About::Way(x, y)
                    }
                    Some(rec) => About::Node(rec.from.index()),
                    None => About::Nothing,
                },
                _ => About::Nothing,
            };
            let place =
                |words: &[usize]| pop_at(&at, l.ring_radius(), about, &widths(words), sight);
            let whole = place(&words);
            // Where there is no room for them, the dialog has them: on a phone, and in the small picture of one of four runs.
            if whole.covers {
                Place { covers: true, ..place(&[letters(&short(&name.get()))]) }
            } else {
                Place { covers: false, ..whole }
            }
        })
    });
    let shown = move || {
        deeds.with(|d| !d.is_empty()) && !page.drawing.get() && page.mode.get() != Mode::Project
    };
    let button = move |d: faults::Deed| {
        let (name, verb) = (d.name(), d.verb.clone());
        view! { <button type="button" aria-label=name on:click=move |_| d.press(page)>{verb}</button> }
    };
    let more = move |word: String, label: Option<String>| {
        view! { <button type="button" aria-haspopup="dialog" aria-label=label on:click=move |_| page.sheet.set(Some(Sheet::Break))>{word}</button> }
    };
    // Tied, its buttons stand on the side of the line.
    let tied = move || placed.get().tie.filter(|_| !placed.get().covers);
    let to_right = move || tied().is_some_and(|t| t[0] > t[2]);
    let wide = move || tied().map(|_| format!("{}px", placed.get().width as i32));
    let px = move |of: fn(Place) -> f32| move || format!("{}px", of(placed.get()) as i32);
    view! {
        {when(shown, move || view! {
            {move || tied().map(|[x1, y1, x2, y2]| view! {
                <svg class="tie" aria-hidden="true"><line x1=x1 y1=y1 x2=x2 y2=y2/></svg>
            })}
            <div class="pop" role="group" aria-label=move || format!("What can be done to {}", name.get())
                style:left=px(|p| p.left) style:top=px(|p| p.top) style:max-width=px(|p| p.width) style:width=wide data-to=move || to_right().then_some("right")>
                {either(move || placed.get().covers, move || {
                    let name = name.get();
                    more(short(&name), Some(format!("what can be done to {name}"))).into_any()
                }, move || view! {
                    {when(told, move || view! { <span class="pop-name">{move || name.get()}</span> }.into_any())}
                    // A verb that comes in the place of another is another button: it has not the other's focus.
                    <For each=move || deeds.get() key=faults::Deed::key children=button/>
                    <button type="button" on:click=move |_| page.tab.set(Tab::Why)>"why"</button>
                    {more("more …".into(), None)}
                }.into_any())}
            </div>
        }.into_any())}
    }
}

/// The one button in place of all verbs, where these have no room: what it is about, without the ways of a message.
fn short(name: &str) -> String {
    format!("{} …", name.split(' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_labels_that_meet_on_the_way_one_is_left() {
        let seen = |x: f32| {
            let at = |m: f32, x: f32| [m, x, 20.0, 1.0, 0.0, 20.0, 0.0, 0.0, 0.0];
            let flights = [at(1.0, 20.0), at(2.0, x)].concat();
            let both = [[1.0, 0.0, 11.0, 4.0, 40.0], [2.0, 0.0, 11.0, 4.0, 40.0]];
            let room = Placer::new(Box2::new(0.0, 0.0, 400.0, 300.0), 9);
            let mut labels = vec![];
            follow(&flights, &both, room, &mut labels);
            labels.len() / topology::LABEL
        };
        assert_eq!((seen(80.0), seen(50.0)), (2, 1));
    }

    #[test]
    fn the_verbs_stand_where_they_are_whole_and_cover_no_other_node() {
        let (wide, narrow) = (Sight { w: 600.0, h: 300.0 }, Sight { w: 240.0, h: 300.0 });
        let buttons = widths(&[5, 5, 3, 6]);
        let all = shapes(&buttons, 500.0);
        assert_eq!(
            all.iter().map(|s| s.1 / (BUTTON + GAP)).collect::<Vec<_>>(),
            [1.0, 2.0, 3.0, 4.0]
        );
        let two = all[1];
        assert!(two.0 < all[0].0 / 1.5, "{all:?}");
        let place =
            |nodes: &[(f32, f32)], about, sight| pop_at(nodes, 20.0, about, &buttons, sight);
        let at = |nodes: &[(f32, f32)], about, sight| {
            let p = place(nodes, about, sight);
            (p.left, p.top, p.width)
        };
        let mine = About::Node(0);
        assert_eq!(at(&[(100.0, 150.0)], mine, wide), (132.0, 130.0, two.0));
        assert_eq!(at(&[(580.0, 150.0)], mine, wide), (548.0 - two.0, 130.0, two.0));
        // Its neighbour stands in the way on the right, and there is no room on the left: it goes elsewhere.
        let pair = [(100.0, 150.0), (200.0, 150.0)];
        let (x, y, w) = at(&pair, mine, wide);
        assert!((x, y) != (132.0, 130.0) && x >= 4.0 && x + w <= 596.0, "{x} {y} {w}");
        let h = all.iter().find(|s| s.0 == w).map_or(0.0, |s| s.1);
        let clear = |(nx, ny): (f32, f32)| {
            let (dx, dy) = ((x - nx).max(nx - x - w).max(0.0), (y - ny).max(ny - y - h).max(0.0));
            dx.hypot(dy) >= 22.0
        };
        assert!(pair.into_iter().all(clear), "{x} {y} {w}");
        // In a narrow column it stands above or below, and is whole.
        for at_y in [260.0, 60.0] {
            let (x, y, w) = at(&[(120.0, at_y)], mine, narrow);
            assert!(x >= 4.0 && x + w <= 236.0 && y >= 4.0 && y + 40.0 <= 300.0, "{x} {y} {w}");
        }
        // A long verb makes it as wide as it needs.
        let long = widths(&[7, 26, 3, 6]);
        assert!(shapes(&long, 400.0).iter().all(|s| s.0 >= long[1]));
        // What is on its way is where it is, and stays to be seen.
        let (x, y, w) = at(&pair, About::Way(150.0, 60.0), wide);
        assert!((x, y) == (178.0, 40.0) && w == two.0, "{x} {y}");
        // Where there is no room at all, it says so.
        let full: Vec<(f32, f32)> = (0..6)
            .flat_map(|i| (0..8).map(move |j| (40.0 * i as f32 + 20.0, 40.0 * j as f32)))
            .collect();
        assert!(place(&full, mine, narrow).covers && !place(&pair, mine, wide).covers);
    }
}
