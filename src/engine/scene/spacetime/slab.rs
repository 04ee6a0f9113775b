//! A stretch of the diagram: lanes, messages and their names, merged into few paths.

use super::Keepers;
use super::front::clock;
use super::view::{TILE, Viewport};
use crate::few;
use crate::few::Few;
use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::run::Run;
use crate::scene::index::{Index, broke_at};
use crate::scene::pen::Pen;
use crate::scene::place::{Box2, Placer};
use crate::scene::{Anchor, Form, Hue, Shape, text};
use crate::trace::causality::opens;
use crate::trace::{Event, MsgRec, What};
use crate::world::Life;

/// Pixels a message or step must have, on the average, to be drawn by itself.
const SPARSE: f32 = 1.5;
const HEAD: f32 = 9.0;
/// Room the dot of a step takes: a head stops before it.
const DOT: f32 = 4.0;
/// Pixels within which a word is not said twice.
const ECHO: f32 = 64.0;
const ECHO_QUIET: f32 = 260.0;
/// Pixels a step must have, on the average, to show its clock.
const CLOCK: f32 = 24.0;
/// Pixels a name may stand above or below its arrow: farther away it would be another's.
const LIFT: f32 = 20.0;
/// Pixels between two threads of the same two lanes.
const THREAD: f32 = 3.0;

pub struct Slab {
    /// Microseconds at its left and right edge.
    t0: f64,
    t1: f64,
    /// Pixels from where it is drawn.
    x0: f32,
    x1: f32,
    scale: f64,
    /// A head whose tip is this near the left edge would reach over it.
    inset: f32,
}

pub(super) type Point = (f32, f32);

/// A word of a slab, and when what it tells has begun and time has come to where it stands, nowhere before that: until then
/// all of it is under the veil, and from then on over it.
#[derive(Clone, Debug)]
pub struct Word {
    pub at: Us,
    /// Its edges.
    pub x: f32,
    pub end: f32,
    pub shape: Shape,
}

/// Paths by what they are and whose colour they have, in drawing order.
type Inks = Few<(Ink, Hue), Pen>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ink {
    Down,
    Paused,
    Lane,
    Leads,
    DenseLost,
    Dense,
    Denser,
    Densest,
    Thread,
    Noise,
    Arrow,
    Lost,
    Head,
    Dots,
    Folds,
    Cross,
}

impl Ink {
    fn role(self) -> &'static str {
        match self {
            Ink::Down => "lane down",
            Ink::Paused => "lane paused",
            Ink::Lane => "lane",
            Ink::Leads => "lane leads",
            Ink::DenseLost => "dense lost",
            Ink::Dense => "dense",
            Ink::Denser => "dense more",
            Ink::Densest => "dense most",
            Ink::Thread => "thread",
            Ink::Noise => "arrow quiet",
            Ink::Arrow => "arrow",
            Ink::Lost => "arrow lost",
            Ink::Head => "head",
            Ink::Dots => "dots",
            Ink::Folds => "dots folded",
            Ink::Cross => "cross",
        }
    }
}

/// A message as a line of the diagram.
pub struct Arrow {
    pub a: (f32, f32),
    pub b: (f32, f32),
    pub lost: bool,
    /// Its end is known.
    pub ended: bool,
}

/// The line of a message: to its receipt, or to where it broke.
pub fn arrow(run: &Run, view: &Viewport, rec: &MsgRec, x: &dyn Fn(Us) -> f32) -> Arrow {
    let trace = run.trace();
    let (ya, yb) = (view.y(rec.from), view.y(rec.to));
    let a = (x(rec.sent_at), ya);
    let lost = matches!(trace.event(rec.end).map(|e| e.what), Some(What::Lose { .. }));
    if lost {
        let broke = broke_at(rec);
        let whole = rec.due.saturating_sub(rec.sent_at).max(1) as f32;
        let part = ((broke - rec.sent_at) as f32 / whole).clamp(0.25, 0.86);
        return Arrow { a, b: (x(broke), ya + (yb - ya) * part), lost, ended: true };
    }
    if rec.end != EventId::NONE {
        return Arrow { a, b: (x(rec.end_at), yb), lost, ended: true };
    }
    Arrow { a, b: (x(rec.due), yb), lost, ended: false }
}

impl Slab {
    pub fn of_tile(view: &Viewport, k: i64) -> Slab {
        let scale = view.us_per_px();
        let wide = TILE as f64 * scale;
        Slab {
            t0: k as f64 * wide,
            t1: (k + 1) as f64 * wide,
            x0: 0.0,
            x1: TILE,
            scale,
            inset: 0.0,
        }
    }
    pub fn of_view(view: &Viewport) -> Slab {
        let scale = view.us_per_px();
        let t1 = view.t0 + (view.w - view.gutter) as f64 * scale;
        Slab { t0: view.t0, t1, x0: view.gutter, x1: view.w, scale, inset: HEAD + DOT }
    }

    fn x(&self, t: Us) -> f32 {
        self.x0 + ((t as f64 - self.t0) / self.scale) as f32
    }
    fn time(&self, x: f32) -> Us {
        (self.t0 + f64::from(x - self.x0) * self.scale).max(0.0) as Us
    }
    fn span(&self) -> (Us, Us) {
        (self.t0.max(0.0) as Us, self.t1.max(0.0).ceil() as Us)
    }

    /// Its shapes, its words, and whether more may come into it.
    pub fn draw(
        &self,
        run: &Run,
        index: &Index,
        view: &Viewport,
        keepers: &mut Keepers,
    ) -> (Vec<Shape>, Vec<Word>, bool) {
        let mut inks = Inks::default();
        let (from, to) = self.span();
        let mut open = run.known_until() <= to;
        self.lanes(run, index, view, &mut inks);
        let mut msgs: Vec<MsgId> = vec![];
        index.in_sight(run.trace(), from, to, &mut |m, rec| {
            if index.shows_message(rec) {
                open |= rec.end == EventId::NONE;
                msgs.push(m);
            }
        });
        let sparse = msgs.len() as f32 * SPARSE <= self.x1 - self.x0;
        let mut words = vec![];
        self.threads(run, index, view, &mut inks);
        if sparse {
            self.arrows(run, view, &msgs, &mut inks);
            self.dots(run, index, view, &mut inks);
            let (mut placer, lines) = self.names(run, view, &msgs, &mut words);
            self.clocks(run, index, view, keepers, (&lines, &mut placer), &mut words);
        } else {
            self.bands(run, view, &msgs, &mut inks);
        }
        let path = |((ink, hue), pen): ((Ink, Hue), Pen)| Shape::path(ink.role(), pen.d()).hue(hue);
        (inks.into_iter().map(path).collect(), words, open)
    }

    // ---------------------------------------------------------------- lanes

    fn lanes(&self, run: &Run, index: &Index, view: &Viewport, inks: &mut Inks) {
        // A lane goes on as far as the run is known; beyond that nobody has been.
        let end = self.t1.min(run.known_until() as f64).max(0.0) as Us;
        let from = self.span().0;
        if end <= from {
            return;
        }
        for n in view.shown() {
            let mut at = from;
            while at < end {
                let next = next_change(index, n, at).min(end);
                if let Some((ink, hue)) = lane_ink(index, n, at) {
                    let pen = inks.slot((ink, hue));
                    let (a, b) = (self.x(at).max(self.x0), self.x(next).min(self.x1));
                    // What is narrower than a hair is passed over: the next one covers it.
                    if b - a >= 0.25 || next == end {
                        pen.to(a, view.y(n)).across(b);
                    }
                }
                at = next.max(at + 1).max(at + (self.scale * 0.25) as Us);
            }
        }
    }

    fn dots(&self, run: &Run, index: &Index, view: &Viewport, inks: &mut Inks) {
        let (from, to) = self.span();
        let trace = run.trace();
        let (i, j) = (trace.count_before(from), trace.count_before(to));
        let mut last = vec![f32::MIN; run.cast().len()];
        for e in trace.range(i, j).filter(|e| opens(e.what) && index.shows(e.id)) {
            let Some(n) = e.node else { continue };
            let x = self.x(e.at);
            if x - last[n.index()] < 3.0 {
                continue;
            }
            last[n.index()] = x;
            let hue = Hue::epoch(index.epoch_at(n, e.id));
            inks.slot((Ink::Dots, hue)).to(x, view.y(n)).across(x + 0.1);
        }
    }

    // ---------------------------------------------------------------- what is left out

    /// Happened-before through what is hidden, and the marks of local steps folded together. Of what falls
    /// on the same pixels one is drawn.
    fn threads(&self, run: &Run, index: &Index, view: &Viewport, inks: &mut Inks) {
        let Some(sieve) = index.sieve() else { return };
        let (from, to) = self.span();
        let (trace, lanes) = (run.trace(), run.cast().len());
        let mut last = vec![f32::MIN; lanes * lanes];
        sieve.in_sight(trace, from, to, &mut |t| {
            let ends = [t.from, t.to].map(|e| trace.event(e).and_then(|e| Some((e.at, e.node?))));
            let [Some((t0, a)), Some((t1, b))] = ends else { return };
            let last = &mut last[a.index() * lanes + b.index()];
            let (p, q) = ((self.x(t0), view.y(a)), (self.x(t1), view.y(b)));
            if q.0 - *last >= THREAD
                && let Some((p, q)) = self.clip(p, q)
            {
                *last = self.x(t1);
                inks.slot((Ink::Thread, Hue::INK)).to(p.0, p.1).line(q.0, q.1);
            }
        });
        for n in view.shown() {
            let mut last = f32::MIN;
            for fold in sieve.folds_in(trace, n, from, to) {
                let (a, b) =
                    (self.x(trace.at(fold.first.index())), self.x(trace.at(fold.last.index())));
                if b - last >= THREAD {
                    let (a, b) = (a.max(self.x0).max(last), b.min(self.x1));
                    inks.slot((Ink::Folds, Hue::INK)).to(a, view.y(n)).across(b.max(a + 0.1));
                    last = b;
                }
            }
        }
    }

    // ---------------------------------------------------------------- messages

    fn arrows(&self, run: &Run, view: &Viewport, msgs: &[MsgId], inks: &mut Inks) {
        for rec in msgs.iter().filter_map(|m| run.trace().msg(*m)) {
            let arrow = arrow(run, view, rec, &|t| self.x(t));
            let hue = Hue::epoch(rec.epoch);
            let ink = match (arrow.lost, rec.quiet) {
                (true, _) => Ink::Lost,
                (_, true) => Ink::Noise,
                _ => Ink::Arrow,
            };
            let (dx, dy) = (arrow.b.0 - arrow.a.0, arrow.b.1 - arrow.a.1);
            let len = dx.hypot(dy).max(1e-3);
            let (ux, uy) = (dx / len, dy / len);
            let back = if arrow.ended && !arrow.lost { DOT + HEAD * 0.7 } else { 0.0 };
            let tip = (arrow.b.0 - ux * back, arrow.b.1 - uy * back);
            if let Some((p, q)) = self.clip(arrow.a, tip) {
                inks.slot((ink, hue)).to(p.0, p.1).line(q.0, q.1);
            }
            if arrow.b.0 < self.x0 + self.inset || arrow.b.0 >= self.x1 || !arrow.ended {
                continue;
            }
            if arrow.lost {
                inks.slot((Ink::Cross, Hue::INK)).cross(arrow.b.0, arrow.b.1, 3.6);
            } else {
                let (x, y) = (arrow.b.0 - ux * DOT, arrow.b.1 - uy * DOT);
                inks.slot((Ink::Head, hue)).head(x, y, ux, uy, HEAD);
            }
        }
    }

    /// The part of a line between the slab's edges.
    fn clip(&self, a: Point, b: Point) -> Option<(Point, Point)> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let at = |x: f32| (x, a.1 + dy * (x - a.0) / dx);
        if b.0 < self.x0 || a.0 > self.x1 {
            return None;
        }
        if dx.abs() < 1e-3 {
            return (a.0 < self.x1).then_some((a, b));
        }
        let p = if a.0 < self.x0 { at(self.x0) } else { a };
        let q = if b.0 > self.x1 { at(self.x1) } else { b };
        Some((p, q))
    }

    /// So many that they are bands: by two pixels and epoch, the lanes they span, darker where there are more.
    fn bands(&self, run: &Run, view: &Viewport, msgs: &[MsgId], inks: &mut Inks) {
        const WIDE: f32 = 2.0;
        type Spans = Vec<(u16, u16)>;
        let mut columns: Few<(Hue, bool, i32), Spans> = Few::default();
        for rec in msgs.iter().filter_map(|m| run.trace().msg(*m)) {
            let arrow = arrow(run, view, rec, &|t| self.x(t));
            if arrow.a.0 < self.x0 || arrow.a.0 >= self.x1 {
                continue;
            }
            let column = ((arrow.a.0 - self.x0) / WIDE) as i32;
            // In half lanes: what was lost ends between two.
            let (from, to) = (view.row(rec.from) * 2, view.row(rec.to) * 2);
            let to = if arrow.lost { ((from + to) / 2) | 1 } else { to };
            let hue = if arrow.lost { Hue::INK } else { Hue::epoch(rec.epoch) };
            columns.slot((hue, arrow.lost, column)).push((from.min(to), from.max(to)));
        }
        let y = |half: u16| view.top() + view.pitch() / 2.0 + view.pitch() / 2.0 * half as f32;
        for ((hue, lost, column), mut spans) in columns {
            let x = self.x0 + (column as f32 + 0.5) * WIDE;
            let ink = match spans.len() {
                _ if lost => Ink::DenseLost,
                0..=3 => Ink::Dense,
                4..=12 => Ink::Denser,
                _ => Ink::Densest,
            };
            few::sort(&mut spans);
            let pen = inks.slot((ink, hue));
            for (lo, hi) in merged(&spans) {
                pen.to(x, y(lo)).down(y(hi));
            }
        }
    }

    /// One name a burst, never over an arrowhead, never over another, and within the slab.
    fn names(
        &self,
        run: &Run,
        view: &Viewport,
        msgs: &[MsgId],
        out: &mut Vec<Word>,
    ) -> (Placer, Vec<Line>) {
        let trace = run.trace();
        // Above the times of the axis.
        let bounds = Box2::new(self.x0 + 1.0, view.top() - 8.0, self.x1 - 1.0, view.foot() + 8.0);
        let mut placer = Placer::new(bounds, ((self.x1 - self.x0) / 40.0) as usize);
        let mut lines = vec![];
        for n in view.shown() {
            placer.block(Box2::new(self.x0, view.y(n) - 3.0, self.x1, view.y(n) + 3.0));
        }
        let mut bursts: Vec<(&MsgRec, Vec<Arrow>)> = vec![];
        for rec in msgs.iter().filter_map(|m| trace.msg(*m)).filter(|r| r.of.is_none()) {
            let arrow = arrow(run, view, rec, &|t| self.x(t));
            placer.block(Box2::around(arrow.b.0, arrow.b.1, HEAD * 0.8));
            lines.push((arrow.a, arrow.b));
            let same = |b: &&mut (&MsgRec, Vec<Arrow>)| {
                (b.0.from, b.0.sent_at, b.0.kind) == (rec.from, rec.sent_at, rec.kind)
            };
            match bursts.iter_mut().rev().take(8).find(same) {
                Some(burst) => burst.1.push(arrow),
                None => bursts.push((rec, vec![arrow])),
            }
        }
        few::sort_by_key(&mut bursts, |b| b.0.quiet);
        let mut said: Vec<(u8, f32, f32)> = vec![];
        for (rec, arrows) in bursts {
            let label = run.label(rec);
            let kind = run.entry().kinds.get(rec.kind as usize).map_or("", |k| k.name);
            let word = label.as_deref().unwrap_or(kind);
            if placer.is_full() || view.pitch() < 16.0 {
                break;
            }
            let far = if rec.quiet { ECHO_QUIET } else { ECHO };
            let echo = |&(k, x, y): &(u8, f32, f32)| {
                let a = arrows[0].a;
                k == rec.kind && (x - a.0).abs() < far && (y - a.1).abs() < view.pitch() * 1.5
            };
            if label.is_none() && said.iter().any(echo) {
                continue;
            }
            if let Some((x, y)) = best_place(&arrows, word, &placer, &lines) {
                said.push((rec.kind, arrows[0].a.0, arrows[0].a.1));
                let wide = text::width(word, text::SMALL);
                placer.take(spaced(x, y, wide));
                let shape = Shape::text("message-word", x, y, Anchor::Start, word.to_string())
                    .hue(Hue::epoch(rec.epoch));
                let at = rec.sent_at.max(self.time(x));
                out.push(Word { at, x, end: x + wide, shape });
            }
        }
        (placer, lines)
    }

    /// The steps whose clocks are written: all of those who keep one, where there are few; of steps of one node at one
    /// instant the last.
    pub fn clocked(&self, run: &Run, index: &Index, keepers: &mut Keepers) -> Vec<Event> {
        let (from, to) = self.span();
        let trace = run.trace();
        let (i, j) = (trace.count_before(from), trace.count_before(to));
        let few = |n: usize| n as f32 <= (self.x1 - self.x0) / CLOCK;
        if !few((j - i) / 16) {
            return vec![];
        }
        // Elsewhere they are what the trace knows, and shown to whoever asks an event.
        let keepers = keepers.of(run);
        // To begin is not worth the room.
        let begins = |e: &Event| e.at == 0 && matches!(e.what, What::Start { .. });
        let is_step = |e: &Event| {
            let keeps = e.node.is_some_and(|n| keepers.contains(&n));
            opens(e.what) && keeps && index.shows(e.id) && !begins(e)
        };
        let steps: Vec<Event> = trace.range(i, j).filter(is_step).collect();
        if !few(steps.len() / 4) {
            return vec![];
        }
        let same = |a: &Event, b: &Event| (a.node, a.at) == (b.node, b.at);
        let last = |i: &usize| !steps[i + 1..].iter().any(|s| same(s, &steps[*i]));
        let shown: Vec<Event> = (0..steps.len()).filter(last).map(|i| steps[i]).collect();
        if few(shown.len()) { shown } else { vec![] }
    }

    fn clocks(
        &self,
        run: &Run,
        index: &Index,
        view: &Viewport,
        keepers: &mut Keepers,
        (lines, placer): (&[Line], &mut Placer),
        out: &mut Vec<Word>,
    ) {
        let shown = self.clocked(run, index, keepers);
        placer.allow(shown.len());
        for (e, n) in shown.iter().filter_map(|e| Some((e, e.node?))) {
            let at = (self.x(e.at), view.y(n));
            let word = |(shape, wide): (Shape, f32)| {
                let Form::Text { x, .. } = shape.form else { return None };
                Some(Word { at: e.at.max(self.time(x)), x, end: x + wide, shape })
            };
            out.extend(clock(run, index, e.id, at, Some(lines), placer).and_then(word));
        }
    }
}

/// An arrow's two ends.
pub(super) type Line = (Point, Point);

/// What has begun by now and reaches beyond `x`.
pub(super) fn reaching(words: &[Word], now: Us, x: f32) -> Vec<Shape> {
    let is = |w: &&Word| w.at <= now && w.end > x;
    words.iter().filter(is).map(|w| w.shape.clone()).collect()
}

/// Pixels between two names.
const SPACE: f32 = 6.0;

/// The box of a name with half the space to its neighbours.
fn spaced(x: f32, y: f32, width: f32) -> Box2 {
    Box2::of_text(x - SPACE / 2.0, y, width + SPACE, text::SMALL)
}

/// Beside one of a burst's arrows, where the fewest lines pass behind, and nowhere before it was sent: until then the veil
/// covers all of it.
fn best_place(arrows: &[Arrow], word: &str, placer: &Placer, lines: &[Line]) -> Option<(f32, f32)> {
    let width = text::width(word, text::SMALL);
    let sent = arrows[0].a.0;
    let mut best: Option<(usize, (f32, f32))> = None;
    let crossings = |place: &Box2| lines.iter().filter(|l| place.crossed(l.0, l.1)).count();
    let take = |(x, y): Point, best: &mut Option<(usize, Point)>| {
        if x >= sent && placer.is_free(&spaced(x, y, width)) {
            let crossed = crossings(&Box2::of_text(x, y, width, text::SMALL));
            if best.is_none_or(|b| crossed < b.0) {
                *best = Some((crossed, (x, y)));
            }
        }
    };
    for arrow in arrows.iter().take(4) {
        for part in [0.5, 0.3, 0.7] {
            let x = arrow.a.0 + (arrow.b.0 - arrow.a.0) * part;
            let y = arrow.a.1 + (arrow.b.1 - arrow.a.1) * part + 4.0;
            // Beside a steep arrow, above or below a flat one.
            let slope = ((arrow.b.1 - arrow.a.1) / (arrow.b.0 - arrow.a.0).max(1.0)).abs();
            let lift = (width / 2.0 * slope).min(LIFT);
            let middle = x - width / 2.0;
            let places = [
                (x + 6.0, y),
                (x - 6.0 - width, y),
                (middle, y - lift - 9.0),
                (middle, y + lift + 9.0),
            ];
            places.into_iter().for_each(|p| take(p, &mut best));
        }
    }
    // Beyond the lane it goes to, clear of the heads there.
    for Arrow { a, b, .. } in arrows.iter().filter(|a| !a.lost) {
        let y = if b.1 > a.1 { b.1 + 16.5 } else { b.1 - 10.5 };
        take((sent.max(b.0 - width / 2.0), y), &mut best);
        take((b.0, y), &mut best);
    }
    if best.is_some_and(|b| b.0 == 0) {
        return best.map(|b| b.1);
    }
    // Else at its sender, on the side nobody is sent to.
    let (x, y, down) = (arrows[0].a.0, arrows[0].a.1, arrows.iter().all(|a| a.b.1 > a.a.1));
    let y = if down { y - 10.5 } else { y + 18.0 };
    let place = Box2::of_text(x, y, width, text::SMALL);
    if placer.is_free(&spaced(x, y, width)) && best.is_none_or(|b| crossings(&place) < b.0) {
        best = Some((crossings(&place), (x, y)));
    }
    best.filter(|b| b.0 <= 2).map(|b| b.1)
}

/// Overlapping stretches of sorted ones made one.
fn merged(spans: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut out: Vec<(u16, u16)> = vec![];
    for &(lo, hi) in spans {
        match out.last_mut() {
            Some(last) if lo <= last.1 => last.1 = last.1.max(hi),
            _ => out.push((lo, hi)),
        }
    }
    out
}

/// How a lane is drawn from a moment on; None while the node is not there.
fn lane_ink(index: &Index, n: NodeId, at: Us) -> Option<(Ink, Hue)> {
    let turn = index.turn_at(n, at);
    let hue = Hue::epoch(turn.map_or(0, |t| t.epoch));
    match index.life_at(n, at) {
        Life::Absent => None,
        Life::Down => Some((Ink::Down, Hue::INK)),
        Life::Paused => Some((Ink::Paused, hue)),
        Life::Up if turn.is_some_and(|t| t.leads) => Some((Ink::Leads, hue)),
        Life::Up => Some((Ink::Lane, hue)),
    }
}

/// When a lane looks different next.
fn next_change(index: &Index, n: NodeId, at: Us) -> Us {
    let turns = index.turns(n);
    let turn = turns.get(turns.partition_point(|t| t.at <= at)).map_or(Us::MAX, |t| t.at);
    let lives = index.lives(n);
    let life = lives.get(lives.partition_point(|l| l.0 <= at)).map_or(Us::MAX, |l| l.0);
    turn.min(life)
}
