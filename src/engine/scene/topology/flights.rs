//! Messages on their way, as numbers.
//!
//! A frame makes no strings: [`Flights::fill`] writes [`FLIGHT`] numbers a message into one array, and
//! [`Flights::labels`] [`LABEL`] numbers a label. A message moves at constant speed between send and receipt;
//! it is never eased, because time is the subject.

use std::borrow::Cow;

use super::Layout;
use crate::few;
use crate::ids::{MsgId, NodeId, Us};
use crate::run::Run;
use crate::scene::index::{Index, broke_at, gone_at};
use crate::scene::pen::Pen;
use crate::scene::place::{Box2, Placer};
use crate::scene::{Hue, Pick, Shape, text};
use crate::trace::{Loss, MsgRec, What};
use crate::world::Life;

/// Numbers a message: its id, the head's x and y, the way it goes as a unit vector (two), the tail's length, the
/// [`Hue`]'s number, the [`State`], and 1 if it is a copy.
pub const FLIGHT: usize = 9;
/// Numbers a label: the message's id, its text (see [`label_text`]), and where it begins: x and y of the baseline.
pub const LABEL: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Flying = 0,
    /// Its cross stands where it broke.
    Lost = 1,
    /// Kept in the air by the scenario.
    Held = 2,
    /// At the door of a node that is paused.
    Waiting = 3,
}

/// Where a message is at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// How far along its way, from 0 to 1.
    pub t: f32,
    pub state: State,
}

type Point = (f32, f32);
/// Where a message is, and the way it goes.
type Aim = (Point, Point);

/// As long as the tail of a message is, at most.
const TAIL: f32 = 34.0;
/// So many bursts for each name there is room for are a crowd.
const CROWD: usize = 4;

/// What is in the air. Good for a run, a layout and an index; made anew costs nothing.
pub struct Flights<'a> {
    pub run: &'a Run,
    pub index: &'a Index,
    pub layout: &'a Layout,
    /// Where words of links stand ([`super::link_words`]): no name lies over them.
    pub words: &'a [Box2],
}

impl Flights<'_> {
    /// The messages in flight at a moment, [`FLIGHT`] numbers each, in the order they were sent.
    pub fn fill(&self, now: Us, out: &mut Vec<f32>) {
        out.clear();
        self.each(now, &mut |m, rec, spot| {
            let way = self.layout.way(rec.from, rec.to);
            let ((x, y), (dx, dy)) = (way.at(spot.t), way.along(spot.t));
            let tail = (way.length() * spot.t).min(TAIL);
            let hue = Hue::epoch(rec.epoch).0 as f32;
            let copy = if rec.of.is_some() { 1.0 } else { 0.0 };
            let state = spot.state as u8 as f32;
            out.extend([m.0 as f32, x, y, dx, dy, tail, hue, state, copy]);
        });
    }

    /// Each message to be seen at a moment.
    pub fn each(&self, now: Us, each: &mut dyn FnMut(MsgId, &MsgRec, Spot)) {
        let trace = self.run.trace();
        self.index.in_sight(trace, now, now, &mut |m, rec| {
            if self.index.shows_message(rec)
                && let Some(spot) = spot(self.run, self.index, m, rec, now)
            {
                each(m, rec, spot);
            }
        });
    }

    /// Where names may stand, and how many.
    pub fn room(&self) -> Placer {
        let mut placer = placer(self.layout, self.most_names());
        self.words.iter().for_each(|b| placer.block(*b));
        placer
    }

    /// As many names as a drawing of this size can bear.
    fn most_names(&self) -> usize {
        (self.layout.w * self.layout.h / 30_000.0).clamp(3.0, 14.0) as usize
    }

    /// Names beside the messages, one a burst (what one step sent of one kind), dropped rather than laid over
    /// anything. In a crowd only what is lost or kept has one: names would jump from one message to the next.
    /// [`LABEL`] numbers each.
    pub fn labels(&self, now: Us, out: &mut Vec<f32>) {
        out.clear();
        let size = text::SMALL;
        let mut placer = self.room();
        let mut seen: Vec<(MsgId, MsgRec, Aim, Spot)> = vec![];
        // No name lies over an arrow: neither over its head nor over its tail.
        let mut tails: Vec<(Point, Point)> = vec![];
        self.each(now, &mut |m, rec, spot| {
            let way = self.layout.way(rec.from, rec.to);
            let (at, along) = (way.at(spot.t), way.along(spot.t));
            let tail = (way.length() * spot.t).min(TAIL);
            placer.block(Box2::around(at.0, at.1, 7.0));
            tails.push((at, (at.0 - along.0 * tail, at.1 - along.1 * tail)));
            seen.push((m, *rec, (at, along), spot));
        });
        let burst = |rec: &MsgRec| (rec.from, rec.sent_at, rec.kind);
        let more = seen.windows(2).filter(|w| burst(&w[0].1) != burst(&w[1].1)).count();
        if more >= CROWD * self.most_names() {
            seen.retain(|s| s.3.state != State::Flying);
        }
        // Background noise is named only where there is room left.
        few::sort_by_key(&mut seen, |s| (s.1.quiet, s.0));
        let mut named: Vec<((NodeId, Us, u8), bool)> = vec![];
        for (m, rec, aim, spot) in seen {
            let this = (burst(&rec), spot.state == State::Lost);
            if named.contains(&this) || placer.is_full() {
                continue;
            }
            let code = label_code(self.run, m, &rec, spot.state);
            let width = text::width(&label_text(self.run, code), size);
            let place = places(aim, width).into_iter().find(|(x, y)| {
                let room = Box2::of_text(*x, *y, width, size);
                !tails.iter().any(|t| room.crossed(t.0, t.1)) && placer.take(room)
            });
            if let Some((x, y)) = place {
                named.push(this);
                out.extend([m.0 as f32, code as f32, x, y]);
            }
        }
    }
}

/// Where a name may stand: on the message's own side of its way, beside it, behind it or ahead, and then on the other's.
fn places(((x, y), (dx, dy)): Aim, width: f32) -> [Point; 6] {
    let (half, tall) = (width / 2.0, text::SMALL * 0.54);
    // From the way to the middle of a box that does not touch it.
    let off = dy.abs() * half + dx.abs() * tall + 8.0;
    let at = |side: f32, along: f32| {
        let (cx, cy) = (x - dy * off * side + dx * along, y + dx * off * side + dy * along);
        (cx - half, cy + text::SMALL * 0.28)
    };
    [at(1.0, -8.0), at(1.0, -26.0), at(1.0, 14.0), at(-1.0, -8.0), at(-1.0, -26.0), at(-1.0, 14.0)]
}

/// Room for words beside nodes and what is written beside those.
pub(super) fn placer(layout: &Layout, budget: usize) -> Placer {
    let mut placer = Placer::new(Box2::new(2.0, 2.0, layout.w - 2.0, layout.h - 2.0), budget);
    for n in (0..layout.len() as u16).map(NodeId) {
        let (x, y) = layout.at(n);
        placer.block(Box2::around(x, y, layout.ring_radius() + 1.0));
        if layout.shows_words() {
            placer.block(layout.words_box(n));
        }
    }
    placer
}

/// From this number on a label is a message's own: the rest is its id.
pub const OWN: i32 = 256;

/// What a label says, by the number [`Flights::labels`] gave: a kind, how it was lost, or what the message says of
/// itself.
pub fn label_text(run: &Run, code: i32) -> Cow<'static, str> {
    let fixed = match code {
        -1 => "lost",
        -2 => "lost at the cut",
        -3 => "nobody there",
        -4 => "dropped",
        OWN.. => {
            let rec = run.trace().msg(MsgId((code - OWN) as u32));
            return rec.and_then(|r| run.label(r)).unwrap_or_default().into();
        }
        k => usize::try_from(k).ok().and_then(|k| run.entry().kinds.get(k)).map_or("", |k| k.name),
    };
    fixed.into()
}

fn label_code(run: &Run, m: MsgId, rec: &MsgRec, state: State) -> i32 {
    match run.trace().event(rec.end).map(|e| e.what) {
        Some(What::Lose { why, .. }) if state == State::Lost => match why {
            Loss::Loss => -1,
            Loss::Cut => -2,
            Loss::Down => -3,
            Loss::Drop => -4,
        },
        _ if run.label(rec).is_some() => OWN + m.0 as i32,
        _ => rec.kind as i32,
    }
}

/// Where a message is at a moment; None if it is not to be seen.
pub fn spot(run: &Run, index: &Index, m: MsgId, rec: &MsgRec, now: Us) -> Option<Spot> {
    let trace = run.trace();
    if now < rec.sent_at || now > gone_at(trace, rec) {
        return None;
    }
    let lost = matches!(trace.event(rec.end).map(|e| e.what), Some(What::Lose { .. }));
    if let Some(held) = index.held(m) {
        return kept(rec, held.from, held.to, lost, now);
    }
    if lost {
        let broke = broke_at(rec);
        let t = part(rec.sent_at, rec.due.max(broke), now.min(broke));
        let state = if now >= broke { State::Lost } else { State::Flying };
        return Some(Spot { t, state });
    }
    if now == rec.end_at {
        return None;
    }
    // It came when it was due, and its receiver was not looking.
    if rec.end_at > rec.due && now >= rec.due && index.life_at(rec.to, rec.due) == Life::Paused {
        return Some(Spot { t: 1.0, state: State::Waiting });
    }
    let waits = index.life_at(rec.to, rec.due) == Life::Paused;
    let until = if rec.end_at == Us::MAX || waits { rec.due } else { rec.end_at };
    Some(Spot { t: part(rec.sent_at, until, now).min(0.999), state: State::Flying })
}

/// A message that was held: on until then, hovering, and on to its end.
fn kept(rec: &MsgRec, from: Us, to: Us, lost: bool, now: Us) -> Option<Spot> {
    let stop = part(rec.sent_at, rec.due, from).clamp(0.25, 0.75);
    let end = if rec.end_at == Us::MAX { rec.due.max(to.saturating_add(1)) } else { rec.end_at };
    Some(match now {
        now if now < from => Spot { t: part(rec.sent_at, from, now) * stop, state: State::Flying },
        now if now < to && now < end => Spot { t: stop, state: State::Held },
        now if lost => Spot { t: stop, state: if now >= end { State::Lost } else { State::Held } },
        now if now >= end => return None,
        now => Spot { t: stop + part(to, end, now) * (1.0 - stop), state: State::Flying },
    })
}

fn part(from: Us, to: Us, now: Us) -> f32 {
    if to <= from {
        return 1.0;
    }
    ((now.saturating_sub(from)) as f64 / (to - from) as f64).clamp(0.0, 1.0) as f32
}

/// The same as shapes.
pub(super) fn still(run: &Run, index: &Index, layout: &Layout, now: Us, out: &mut Vec<Shape>) {
    let words = super::link_words(out);
    let flights = Flights { run, index, layout, words: &words };
    flights.each(now, &mut |m, rec, spot| {
        out.push(message(run, layout, m, rec, spot));
    });
    let mut labels = vec![];
    flights.labels(now, &mut labels);
    for l in labels.chunks_exact(LABEL) {
        let word = label_text(run, l[1] as i32);
        let role = if l[1] < 0.0 { "fault-word" } else { "message-word" };
        out.push(Shape::text(role, l[2], l[3], super::Anchor::Start, word));
    }
}

fn message(run: &Run, layout: &Layout, m: MsgId, rec: &MsgRec, spot: Spot) -> Shape {
    let way = layout.way(rec.from, rec.to);
    let ((x, y), (dx, dy)) = (way.at(spot.t), way.along(spot.t));
    let tail = (way.length() * spot.t).min(TAIL);
    let mut kids = vec![];
    let lost = spot.state == State::Lost;
    let back = if lost { 0.0 } else { 8.0 };
    if tail > back {
        let role = if lost { "tail lost" } else { "tail" };
        kids.push(Shape::line(role, x - dx * tail, y - dy * tail, x - dx * back, y - dy * back));
    }
    let mut pen = Pen::new();
    if lost {
        pen.cross(x, y, 5.0);
        kids.push(Shape::path("cross", pen.d()));
    } else {
        pen.head(x, y, dx, dy, 12.0);
        if rec.of.is_some() {
            pen.head(x - dx * 7.0, y - dy * 7.0, dx, dy, 12.0);
        }
        kids.push(Shape::path("head", pen.d()));
    }
    if matches!(spot.state, State::Held | State::Waiting) {
        kids.push(Shape::circle("held", x - dx * 5.0, y - dy * 5.0, 12.0));
    }
    kids.push(Shape::circle("hit", x - dx * 5.0, y - dy * 5.0, 12.0));
    Shape::group("flight", kids)
        .hue(Hue::epoch(rec.epoch))
        .pick(Pick::Message(m), message_name(run, rec, spot.state))
}

/// `AppendEntries from n1 to n2, held`.
pub fn message_name(run: &Run, rec: &MsgRec, state: State) -> String {
    let kind = run.entry().kinds.get(rec.kind as usize).map_or("message", |k| k.name);
    let state = match state {
        State::Flying => "",
        State::Lost => ", lost",
        State::Held => ", held",
        State::Waiting => ", waiting at the door",
    };
    [kind, " from ", run.name(rec.from), " to ", run.name(rec.to), state].concat()
}
