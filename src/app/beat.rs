//! The one animation loop. It lets the run be a little ahead of the playhead, moves the playhead, and hands a moment to
//! whoever draws. It sleeps when nothing moves; a hidden tab gets no frames from the browser anyway.

use std::cell::RefCell;
use std::rc::Rc;

use crate::app::lay::effect;
use engine::card::Weight;
use engine::ids::*;
use engine::run::Run;
use engine::scene::index::{Act, Tale};
use engine::scene::{self, Index};
use engine::trace::What;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use super::dom;
use super::head::{Around, EventAt, Head, Walk};
use super::page::{Loaded, Page, end_of};
use super::parts;
use super::sides::{self, Side};
use super::{stage, words};

/// A moment to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub now: Us,
    /// Events that have happened: at one instant there may be several steps.
    pub count: usize,
    pub playing: bool,
    /// Less motion was asked for: nothing travels.
    pub calm: bool,
    /// Screen time in milliseconds.
    pub at_ms: f64,
}

type Painter = (usize, Box<dyn FnMut(&Frame)>);

struct Inner {
    painters: Vec<Painter>,
    next_id: usize,
    tick: Option<Closure<dyn FnMut(f64)>>,
    scheduled: bool,
    in_sight: bool,
    last: f64,
    last_text: f64,
    last_said: f64,
    last_words: String,
    said_until: usize,
    walk: Walk,
    /// Where the loop itself left the playhead: if it stands elsewhere, somebody has moved it.
    own: Head,
    last_step: f64,
    /// Frames drawn so far.
    drawn: u32,
}

#[derive(Clone, Copy)]
pub struct Beat {
    inner: StoredValue<Rc<RefCell<Inner>>, LocalStorage>,
    page: Page,
}

/// Steps of the run computed in a frame, at most: a few milliseconds.
const BUDGET: u32 = 3_000;
const TEXT_MS: f64 = 100.0;
const SAID_MS: f64 = 2_500.0;
/// In step mode a step stays this long.
const CALM_MS: f64 = 900.0;

impl Beat {
    pub fn new(page: Page) -> Beat {
        let inner = Inner {
            painters: vec![],
            next_id: 0,
            tick: None,
            scheduled: false,
            in_sight: true,
            last: 0.0,
            last_text: 0.0,
            last_said: 0.0,
            last_words: String::new(),
            said_until: 0,
            walk: Walk::default(),
            own: Head::default(),
            last_step: 0.0,
            drawn: 0,
        };
        let beat = Beat { inner: StoredValue::new_local(Rc::new(RefCell::new(inner))), page };
        let tick = Closure::new(move |ts: f64| beat.tick(ts));
        beat.with(|b| b.tick = Some(tick));
        effect(move || {
            page.view.track();
            page.head.track();
            page.playing.track();
            page.pick.track();
            page.calm.track();
            page.whole.track();
            beat.wake();
        });
        beat
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        self.inner.with_value(|i| f(&mut i.borrow_mut()))
    }

    /// Draw a frame soon.
    pub fn wake(&self) {
        self.with(|b| {
            if b.scheduled || !b.in_sight {
                return;
            }
            if let Some(tick) = &b.tick {
                b.scheduled =
                    window().request_animation_frame(tick.as_ref().unchecked_ref()).is_ok();
            }
        });
    }

    /// An embed that was scrolled away draws nothing.
    pub fn seen(&self, yes: bool) {
        self.with(|b| b.in_sight = yes);
        if yes {
            self.wake();
        }
    }

    /// Be called for every frame, for as long as the component lives.
    pub fn each_frame(&self, f: impl FnMut(&Frame) + 'static) {
        let id = self.with(|b| {
            b.next_id += 1;
            b.painters.push((b.next_id, Box::new(f)));
            b.next_id
        });
        let beat = *self;
        on_cleanup(move || {
            beat.inner.try_with_value(|i| {
                if let Ok(mut i) = i.try_borrow_mut() {
                    i.painters.retain(|p| p.0 != id);
                }
            });
        });
        self.wake();
    }

    fn tick(&self, ts: f64) {
        let page = self.page;
        let dt = self.with(|b| {
            b.scheduled = false;
            let dt = ((ts - b.last) / 1_000.0).clamp(0.0, 0.1);
            b.last = ts;
            dt
        });
        let Some(loaded) = page.loaded_now() else { return };
        self.listen_to_reader();
        let playing = page.playing.get_untracked();
        // Who was sent to a place that is not known yet plays on from there, not from the way to it.
        let more = if playing && !page.is_on_its_way() {
            self.play(&loaded, dt, ts)
        } else {
            page.whole.get_untracked() && self.look_ahead(ts) || playing
        };
        let frame = Frame {
            now: self.with(|b| b.walk.now as Us),
            count: page.count.get_untracked(),
            playing: page.playing.get_untracked(),
            calm: page.calm.get_untracked(),
            at_ms: ts,
        };
        self.draw(&frame);
        // The first frames stand on the stage: now the rest of the page may come. A run that stands still draws
        // its second frame for that alone.
        let drawn = self.with(|b| {
            b.drawn = b.drawn.saturating_add(1);
            b.drawn
        });
        match drawn {
            // A run that stands still is drawn once; the second frame is what tells that the first is on the screen.
            0 | 1 => self.wake(),
            2 => parts::bring_late(),
            _ => {}
        }
        if more || drawn < 2 {
            self.wake();
        }
    }

    /// If the playhead was moved by hand, the walk goes on from there.
    fn listen_to_reader(&self) {
        let head = self.page.head.get_untracked();
        self.with(|b| {
            if head != b.own {
                b.own = head;
                b.walk = Walk { now: head.at as f64, ..Walk::default() };
                b.said_until = self.page.count.get_untracked();
            }
        });
    }

    fn draw(&self, frame: &Frame) {
        let mut painters = self.with(|b| std::mem::take(&mut b.painters));
        painters.iter_mut().for_each(|(_, f)| f(frame));
        self.with(|b| {
            painters.append(&mut b.painters);
            b.painters = painters;
        });
    }

    /// Nothing plays: know the run up to its end, a little every frame.
    fn look_ahead(&self, ts: f64) -> bool {
        let mut more = self.page.go_further();
        self.page.check_link();
        for side in self.page.sides_now() {
            let mut run = side.run.borrow_mut();
            more |= ahead(&mut run, 0);
            side.index.borrow_mut().catch_up(&run);
        }
        let known = self.page.known_now();
        let due = !more || self.with(|b| ts - b.last_text > 250.0);
        if due && self.page.known.get_untracked() != known {
            self.with(|b| b.last_text = ts);
            self.page.known.set(known);
        }
        more
    }

    fn play(&self, loaded: &Loaded, dt: f64, ts: f64) -> bool {
        let page = self.page;
        let before = self.with(|b| b.walk.now);
        let sides = page.sides_now();
        let mut end = 0;
        for side in &sides {
            let mut run = side.run.borrow_mut();
            let pace = scene::pace(&run);
            if page.whole.get_untracked() {
                ahead(&mut run, before as Us + 2 * pace);
            } else if run.ended().is_none() {
                // The first frames need only what they show; what lies further ahead comes with the diagram, and what
                // became of it with its verdicts.
                run.advance(before as Us + pace / 4, BUDGET);
            }
            side.index.borrow_mut().catch_up(&run);
            end = end.max(end_of(&run));
        }
        let head = if page.calm.get_untracked() {
            self.calm_step(&sides, ts)
        } else {
            self.walk(&sides, dt)
        };
        let Some(head) = head else {
            self.stop(Head::after(self.with(|b| b.walk.now as Us)), "Nothing more happens.");
            if let Some(limit) = page.limit_now() {
                page.tell_limit(limit);
            }
            return false;
        };
        // The scenario ends here; pressing play again goes on beyond it.
        if (before as Us) < end && head.at >= end {
            self.with(|b| b.walk.now = end as f64);
            self.stop(Head::after(end), "The scenario ends here.");
            return true;
        }
        self.put(loaded, head, ts);
        true
    }

    /// A little further, by time. None when the run is over; of several, when all are.
    fn walk(&self, sides: &[Side], dt: f64) -> Option<Head> {
        let speed = f64::from(self.page.speed.get_untracked()) / 100.0;
        let mut all = Around::default();
        let (mut pace, mut known) = (0, Us::MAX);
        self.with(|b| {
            for side in sides {
                let run = side.run.borrow();
                all = all.and(around(&run, &side.index.borrow(), b.walk.now as Us));
                pace = pace.max(scene::pace(&run));
                known = known.min(run.known_until());
            }
            if all.next.is_none() && !all.busy {
                return None;
            }
            b.walk.tick(dt, pace as f64, speed, all);
            b.walk.now = b.walk.now.min(known as f64);
            Some(Head::after(b.walk.now as Us))
        })
    }

    /// Step mode: the next step, once the last one could be read.
    fn calm_step(&self, sides: &[Side], ts: f64) -> Option<Head> {
        let head = self.page.head.get_untracked();
        let speed = f64::from(self.page.speed.get_untracked()) / 100.0;
        if self.with(|b| ts - b.last_step) < CALM_MS / speed {
            return Some(head);
        }
        let next = sides::next(sides, head)?;
        self.with(|b| {
            b.last_step = ts;
            b.walk.now = next.at as f64;
        });
        Some(next)
    }

    /// The playhead has moved: what depends on steps follows at once, text ten times a second.
    fn put(&self, loaded: &Loaded, head: Head, ts: f64) {
        let page = self.page;
        let (count, letters) = {
            let run = loaded.run.borrow();
            let count = head.events(run.trace());
            (count, told_between(&run, &loaded.index.borrow(), page.count.get_untracked(), count))
        };
        page.count_others(head);
        page.has_seen(head.at);
        if let Some(letters) = letters {
            self.with(|b| b.walk.told(letters));
        }
        page.live.set_value(Some(head));
        if page.count.get_untracked() != count {
            page.count.set(count);
        }
        let cut = self.with(|b| b.walk.cut);
        if page.cut.get_untracked() != cut {
            page.cut.set(cut);
        }
        if self.with(|b| ts - b.last_text) >= TEXT_MS || page.calm.get_untracked() {
            self.with(|b| {
                b.last_text = ts;
                b.own = head;
            });
            page.head.set(head);
            if page.count_slow.get_untracked() != count {
                page.count_slow.set(count);
            }
            let known = page.known_now();
            if page.known.get_untracked() != known {
                page.known.set(known);
            }
            self.say(loaded, count, ts);
        }
    }

    /// At most every few seconds, and all in one; what somebody else has just said is not spoken over.
    fn say(&self, loaded: &Loaded, count: usize, ts: f64) {
        // What is told aloud comes with the whole page.
        if !self.page.whole.get_untracked() {
            return;
        }
        let words = self.page.said.get_untracked();
        if self.with(|b| b.last_words != words) {
            self.with(|b| (b.last_said, b.last_words) = (ts, words));
        }
        let from = self.with(|b| (ts - b.last_said >= SAID_MS).then_some(b.said_until));
        let Some(from) = from.filter(|f| *f < count) else { return };
        let words = words::announce(&loaded.run.borrow(), from, count);
        self.with(|b| {
            b.said_until = count;
            if !words.is_empty() {
                (b.last_said, b.last_words) = (ts, words.clone());
            }
        });
        if !words.is_empty() {
            self.page.said.set(words);
        }
    }

    fn stop(&self, head: Head, says: &str) {
        let page = self.page;
        self.with(|b| b.own = head);
        page.cut.set(None);
        page.stand_at(head);
        page.playing.set(false);
        page.said.set(format!("{says} {}.", words::clock(head.at)));
    }
}

/// Let the run be known up to its end, or at least to a time, within the frame's budget. Gives whether more is to come.
fn ahead(run: &mut Run, at_least: Us) -> bool {
    let until = run.horizon().max(at_least);
    let settled = run.ended().is_some();
    if settled && run.known_until() >= at_least {
        return false;
    }
    run.advance(until, BUDGET) == engine::run::Progress::Budget
}

/// What lies around the playhead.
fn around(run: &Run, index: &Index, now: Us) -> Around {
    let count = run.trace().count_until(now);
    let mut busy = false;
    index.in_sight(run.trace(), now, now, &mut |_, rec| busy |= !rec.quiet || rec.end_at < now + 1);
    let tales = &index.tales[index.tales.partition_point(|t| t.at <= now)..];
    Around {
        next: run.trace().event_at(count).map(|e| e.at).or(run.world().next_at()),
        busy,
        next_told: next_told(run, index, tales, now),
    }
}

/// The next moment with a sentence of its own: a key reason, a fault, or a claim that breaks.
fn next_told(run: &Run, index: &Index, tales: &[Tale], now: Us) -> Option<Us> {
    let key = tales.iter().find(|t| t.weight == Weight::Key).map(|t| t.at);
    let broken = index.broken.get(index.broken.partition_point(|b| b.0 <= now)).map(|b| b.0);
    let faults = firsts(index).skip_while(|a| a.at <= now);
    let sooner = |a: &&Act| key.is_none_or(|k| a.at < k);
    let fault = { faults }.take_while(sooner).find(|a| is_told(run, a)).map(|a| a.at);
    key.into_iter().chain(broken).chain(fault).min()
}

/// Faults, each line once.
fn firsts(index: &Index) -> impl DoubleEndedIterator<Item = &Act> {
    index.firsts.iter().map(|i| &index.faults[*i])
}

/// Whether the caption has a sentence for a fault.
fn is_told(run: &Run, act: &Act) -> bool {
    stage::fault_says(run, act).is_some()
}

/// Letters of a sentence of a fault: they are short.
const FAULT: usize = 24;

/// The letters of the sentence that came into view, if one did: a broken claim stands before all else.
fn told_between(run: &Run, index: &Index, from: usize, to: usize) -> Option<usize> {
    let broken = index.broken[..index.broken.partition_point(|b| b.1.index() < to)].last();
    if let Some((_, e)) = broken.filter(|b| b.1.index() >= from)
        && let Some(What::Broke { claim, witness }) = run.trace().event(*e).map(|e| e.what)
    {
        return Some(words::broken(run, claim, witness).chars().count());
    }
    let tales = &index.tales[..index.tales.partition_point(|t| t.event.index() < to)];
    let key = tales
        .iter()
        .rev()
        .take_while(|t| t.event.index() >= from)
        .find(|t| t.weight == Weight::Key)
        .map(|t| t.event);
    let mut done = firsts(index)
        .rev()
        .skip_while(|a| a.event.index() >= to)
        .take_while(|a| a.event.index() >= from.max(1));
    match key {
        _ if done.any(|a| key.is_none_or(|k| a.event > k) && is_told(run, a)) => Some(FAULT),
        key => run.sentence(key?).map(|s| s.chars().count()),
    }
}

/// Follow what the system asks for, and whether the frame is in sight.
pub fn follow_the_browser(page: Page, beat: Beat) {
    if let Ok(Some(media)) = window().match_media("(prefers-reduced-motion: reduce)") {
        let changed = Closure::<dyn FnMut()>::new(move || page.calm.set(dom::wants_less_motion()));
        media.set_onchange(Some(changed.as_ref().unchecked_ref()));
        changed.forget();
    }
    if let Ok(Some(media)) = window().match_media("(max-width: 759px)") {
        page.phone.set(media.matches());
        let changed = Closure::<dyn FnMut()>::new(move || {
            page.phone.set(dom::matches_media("(max-width: 759px)"))
        });
        media.set_onchange(Some(changed.as_ref().unchecked_ref()));
        changed.forget();
    }
    let seen = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last: web_sys::IntersectionObserverEntry = entries.at(-1).unchecked_into();
        beat.seen(last.is_intersecting());
    });
    if let Ok(o) = web_sys::IntersectionObserver::new(seen.as_ref().unchecked_ref())
        && let Some(root) = document().document_element()
    {
        o.observe(&root);
    }
    seen.forget();
}
