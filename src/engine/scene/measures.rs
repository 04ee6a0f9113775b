//! What a run measures, over its time: how available it was to each client, the protocol's meters and the errors of the
//! clocks, a chart each, a line a node.
//!
//! A meter that says how far off another may be is drawn as a band around nothing in the other's chart: where the
//! line leaves it, what was promised did not hold.
//!
//! Beside a selected event the readings of each line, and the life of each client, are told by whether they are in its
//! past or in its future. The error of a clock is nobody's reading, and stands to none.

use std::ops::Range;

use super::clocks::Clocks;
use super::exhibit::Picture;
use super::pen::Pen;
use super::spacetime::ticks;
use super::{Anchor, Beside, Hue, Kin, Pick, Shape, text};
use crate::card::MeterCard;
use crate::check::measure;
use crate::few;
use crate::ids::{EventId, NodeId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scenario::ast::Out;
use crate::trace::What;

/// Height of a chart's plot, the least it may have where several must share the room, and of its title above it.
const PLOT: f32 = 92.0;
const LOW: f32 = 30.0;
const FLAT: f32 = 8.0;
const HEAD: f32 = 24.0;
const GAP: f32 = 16.0;
/// Height of the times above all.
const TIMES: f32 = 16.0;
/// For the numbers at the left, and the names of the lines at the right.
const LEFT: f32 = 64.0;
const RIGHT: f32 = 56.0;

/// What one node measured, in order of time.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    node: NodeId,
    points: Vec<(Us, i64)>,
    /// The events by which they were measured; none where no event did.
    events: Vec<EventId>,
}

/// Everything measured so far, by meter.
#[derive(Clone, Debug)]
pub struct Measures {
    meters: Vec<Vec<Line>>,
    /// When operations began and returned.
    turns: Vec<Us>,
    seen: usize,
}

impl Measures {
    pub fn new(run: &Run) -> Measures {
        let meters = run.entry().meters.iter().map(|_| vec![]).collect();
        let mut measures = Measures { meters, turns: vec![], seen: 0 };
        measures.catch_up(run);
        measures
    }

    pub fn catch_up(&mut self, run: &Run) {
        for e in run.trace().range(self.seen, run.trace().len()) {
            if matches!(e.what, What::Invoke { .. } | What::Return { .. }) {
                self.turns.push(e.at);
            }
            if let (What::Meter { name, v }, Some(node)) = (e.what, e.node)
                && let Some(lines) = self.meters.get_mut(name as usize)
            {
                let at = lines.iter().position(|l| l.node == node).unwrap_or_else(|| {
                    lines.push(Line { node, points: vec![], events: vec![] });
                    lines.len() - 1
                });
                lines[at].points.push((e.at, v));
                lines[at].events.push(e.id);
            }
        }
        self.seen = run.trace().len();
    }

    /// How many operations had begun and returned by then: as long as it is the same, so is what is told of them.
    pub fn turns_by(&self, now: Us) -> usize {
        self.turns.partition_point(|t| *t <= now)
    }

    /// The charts there are something for.
    fn charts<'a>(&'a self, run: &Run, clocks: &Clocks, until: Us) -> Vec<Chart<'a>> {
        let cards = run.entry().meters;
        let mut out = vec![];
        if clocks.differ() {
            let line = |node| Line { node, points: clocks.corners(node, until), events: vec![] };
            let lines = run.cast().all().map(line).collect();
            out.push(Chart { card: &CLOCKS, lines, band: &[], straight: true });
        }
        for (card, lines) in cards.iter().zip(&self.meters) {
            let within = cards.iter().position(|c| c.bounds == Some(card.name));
            if !lines.is_empty() && card.bounds.is_none() {
                let band = within.and_then(|at| self.meters.get(at)).map_or(&[][..], |b| b);
                out.push(Chart { card, lines: lines.clone(), band, straight: false });
            }
        }
        out
    }
}

static CLOCKS: MeterCard = MeterCard {
    name: "clock-error",
    unit: "us",
    says: "how far each wall clock is ahead of true time, which no node can see",
    bounds: None,
};

struct Chart<'a> {
    card: &'a MeterCard,
    lines: Vec<Line>,
    band: &'a [Line],
    /// A line between the points is what was, and not only what joins them.
    straight: bool,
}

/// Whether a run measures anything.
pub fn any(run: &Run, clocks: &Clocks) -> bool {
    let metered = |run: &Run| run.trace().events().any(|e| matches!(e.what, What::Meter { .. }));
    let many = run.trace().ops.len() >= MANY;
    many || clocks.differ() || !run.entry().meters.is_empty() && metered(run)
}

/// Where a time of the run lies across the picture.
pub fn x_at(until: Us, w: f32, t: Us) -> f32 {
    LEFT + (t.min(until) as f64 / until.max(1) as f64) as f32 * (w - LEFT - RIGHT).max(1.0)
}

/// All charts, one below the other, from the beginning of the run to `until`: as high as the room lets all be seen. Of
/// operations only what is known `now` is told; what comes after it of the others is for a veil to cover.
pub fn measures(
    run: &Run,
    clocks: &Clocks,
    m: &Measures,
    (until, now): (Us, Us),
    (w, room): (f32, f32),
    beside: Option<&Beside>,
) -> Picture {
    let mut out = Picture { shapes: vec![], w, h: 0.0 };
    let mut add = |(kids, h): (Vec<Shape>, f32)| {
        out.shapes.push(Shape::new("measure", super::Form::Group { x: 0.0, y: out.h, kids }));
        out.h += h + GAP;
    };
    let charts = m.charts(run, clocks, until);
    let asked = run.trace().ops.len() >= MANY;
    if !asked && charts.is_empty() {
        return out;
    }
    let mut above = TIMES + GAP;
    add((vec![], TIMES));
    if asked {
        let asked = availability(run, (until, now), w, beside);
        above += asked.1 + GAP;
        add(asked);
    }
    let (flat, full): (Vec<_>, Vec<_>) = charts.iter().partition(|c| c.is_flat());
    let taken = above + (HEAD + FLAT + GAP) * flat.len() as f32 - GAP;
    let share = (room - taken) / full.len().max(1) as f32 - HEAD - GAP;
    let plot = share.clamp(LOW, PLOT);
    charts.iter().for_each(|chart| add(chart.draw(run, until, (w, plot), beside)));
    out.h = (out.h - GAP).max(0.0);
    out.shapes.insert(0, axis(until, w, out.h));
    out
}

/// The times all charts share, above them, and a line down through all for each.
fn axis(until: Us, w: f32, h: f32) -> Shape {
    let us_per_px = until as f64 / f64::from((w - LEFT - RIGHT).max(1.0));
    let mut kids = vec![];
    for (t, label) in ticks(0, until, us_per_px) {
        let x = x_at(until, w, t);
        kids.push(Shape::line("grid", x, TIMES, x, h));
        kids.push(Shape::text("axis over", x, TIMES - 5.0, Anchor::Middle, label));
    }
    Shape::group("", kids)
}

// ---------------------------------------------------------------- availability

/// Operations from which on a share of them says something.
const MANY: usize = 8;
/// Height of a client's strip, and from one to the next.
const STRIP: f32 = 12.0;
const PITCH: f32 = 20.0;

/// An operation as it stands at a moment.
struct Asked {
    at: Us,
    /// Whether it was answered; none while it is open.
    good: Option<bool>,
}

/// Of what each client asked for by now, in each stretch of time: how much was answered, refused or given up, and is
/// still open.
fn availability(
    run: &Run,
    (until, now): (Us, Us),
    w: f32,
    beside: Option<&Beside>,
) -> (Vec<Shape>, f32) {
    let at = |e| run.trace().event(e).map_or(0, |e| e.at);
    let mut clients: Vec<(NodeId, Vec<Asked>)> = vec![];
    for op in run.trace().ops.iter() {
        let i = clients.iter().position(|c| c.0 == op.node).unwrap_or_else(|| {
            clients.push((op.node, vec![]));
            clients.len() - 1
        });
        let ret = op.ret.as_ref().filter(|r| at(r.0) <= now);
        let asked = Asked { at: at(op.invoke), good: ret.map(|r| r.1 == Out::Ok) };
        if asked.at <= now {
            clients[i].1.push(asked);
        }
    }
    few::sort_by_key(&mut clients, |c| c.0);
    // A tenth of a second, or as much more as makes a cell wide enough to be seen.
    let mut step: Us = 100_000;
    while x_at(until, w, step) - LEFT < 5.0 && step < until {
        step *= 2;
    }
    let mut out = vec![legend(step, w)];
    for (i, (node, ops)) in clients.iter().enumerate() {
        let y = HEAD + i as f32 * PITCH;
        let good = ops.iter().filter(|o| o.good == Some(true)).count();
        let (good, of) = (good.to_string(), [" of ", &ops.len().to_string()].concat());
        let label = text::fit(run.name(*node), text::LABEL, LEFT - 8.0);
        let mut kids = vec![
            Shape::text("lane-name", 0.0, y + 11.0, Anchor::Start, label),
            Shape::text("axis", w - RIGHT + 6.0, y + 10.0, Anchor::Start, [&good, &*of].concat()),
        ];
        kids.extend(beside.map_or(vec![], |b| life(b, *node, until, w, y)));
        kids.extend(cells(ops, step, until, w, y));
        let stands = beside.map_or(String::new(), |b| b.life_words(*node));
        let name = [run.name(*node), ": ", &good, &of, " answered", &stands].concat();
        out.push(Shape::group("line", kids).pick(Pick::Node(*node), name));
    }
    (out, HEAD + clients.len() as f32 * PITCH)
}

/// Narrower than this the whole legend has no room.
const NARROW: f32 = 420.0;

/// The title, with what the colours of the cells mean.
fn legend(step: Us, w: f32) -> Shape {
    let long = ["availability so far, each ", &prose_time(step), ":"].concat();
    // A phone has no room to say how long a cell is.
    let title = if w < NARROW { "availability so far:".into() } else { long };
    let mut x = text::width(&title, text::LABEL);
    let mut kids = vec![Shape::text("chart-title", 0.0, 13.0, Anchor::Start, title)];
    for ((role, _), words) in SHARES.iter().zip(["ok", "refused", "open"]) {
        kids.push(Shape::rect(role, x + 10.0, 4.0, 9.0, 9.0));
        kids.push(Shape::text("chart-title", x + 24.0, 13.0, Anchor::Start, words));
        x += 24.0 + text::width(words, text::LABEL);
    }
    Shape::group("chart-title", kids)
}

/// Shades under what of a client's life is in the past and in the future of the selected event.
fn life(beside: &Beside, n: NodeId, until: Us, w: f32, y: f32) -> Vec<Shape> {
    let shade = |kin: Kin, from: Us, to: Us| {
        let (x0, x1) = (x_at(until, w, from), x_at(until, w, to));
        kin.shade(x0, y - 3.0, (x1 - x0).max(1.0), STRIP + 5.0)
    };
    let (past, future) = beside.bounds(n);
    let past = past.and_then(|p| shade(Kin::Past, 0, p));
    let future = future.filter(|f| *f < until).and_then(|f| shade(Kin::Future, f, until));
    past.into_iter().chain(future).collect()
}

fn cells(ops: &[Asked], step: Us, until: Us, w: f32, y: f32) -> Vec<Shape> {
    let (mut out, mut from) = (vec![], 0);
    while from < ops.len() {
        let begin = ops[from].at / step * step;
        let to = from + ops[from..].iter().take_while(|o| o.at < begin + step).count();
        let (x0, x1) = (x_at(until, w, begin), x_at(until, w, begin + step));
        let mut top = y;
        for (role, good) in SHARES {
            let part = ops[from..to].iter().filter(|o| o.good == good).count() as f32;
            let h = part / (to - from) as f32 * STRIP;
            if h > 0.0 {
                out.push(Shape::rect(role, x0, top, (x1 - x0 - 1.0).max(1.0), h));
                top += h;
            }
        }
        from = to;
    }
    out
}

const SHARES: [(&str, Option<bool>); 3] =
    [("share ok", Some(true)), ("share failed", Some(false)), ("share open", None)];

// ---------------------------------------------------------------- lines

impl Chart<'_> {
    /// The least and the greatest value; nothing included, but where all are far from it.
    fn range(&self) -> (i64, i64) {
        let values = || self.lines.iter().flat_map(|l| &l.points).map(|p| p.1);
        let (least, most) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
        if self.band.is_empty() && least > 0 && least < most && most - least < most / 2 {
            return (least, most);
        }
        let (mut lo, mut hi) = (least.min(0), most.max(0));
        for (_, v) in self.band.iter().flat_map(|l| &l.points) {
            (lo, hi) = (lo.min(-v), hi.max(*v));
        }
        (lo, hi)
    }

    /// Where nothing ever was but nothing, a line says so.
    fn is_flat(&self) -> bool {
        let (lo, hi) = self.range();
        lo == hi
    }

    fn draw(
        &self,
        run: &Run,
        until: Us,
        (w, plot): (f32, f32),
        beside: Option<&Beside>,
    ) -> (Vec<Shape>, f32) {
        let (lo, hi) = self.range();
        let plot = if lo == hi { FLAT } else { plot };
        let x = |t: Us| x_at(until, w, t);
        let y = |v: i64| HEAD + plot - ((v - lo) as f64 / (hi - lo).max(1) as f64) as f32 * plot;
        let unit = self.card.unit;
        let mut title = self.card.name.replace('-', " ");
        if !self.card.says.is_empty() {
            title = [&title, ": ", self.card.says].concat();
        }
        let mut out = vec![Shape::text(
            "chart-title",
            0.0,
            13.0,
            Anchor::Start,
            text::fit(&title, text::LABEL, w),
        )];
        for v in [lo, 0, hi].into_iter().filter(|v| (lo..=hi).contains(v)) {
            out.push(Shape::line("grid", LEFT, y(v), w - RIGHT, y(v)));
            if v != 0 || (y(lo) - y(0) > 14.0 || lo == 0) && (y(0) - y(hi) > 14.0 || hi == 0) {
                let words = text::fit(&measure::prose(unit, v), text::SMALL, LEFT - 8.0);
                out.push(Shape::text("axis", LEFT - 6.0, y(v) + 4.0, Anchor::End, words));
            }
        }
        for line in self.band {
            out.push(Shape::path("margin", around(&line.points, until, x, y)));
        }
        let mut ends: Vec<(f32, NodeId)> = vec![];
        let spots = |l: &Line| l.points.iter().map(|p| (x(p.0), y(p.1))).collect::<Vec<_>>();
        let mut drawn: Vec<Vec<(f32, f32)>> = vec![];
        let hold = (!self.straight).then(|| run.known_until().min(until));
        for line in &self.lines {
            let hue = self.hue(run, line.node);
            let (path, last) = along(&line.points, hold, x, y);
            let mut name = [run.name(line.node), ", ", self.card.name].concat();
            let mut kids = vec![];
            if let Some(stands) = beside.and_then(|b| Stands::of(&line.events, b)) {
                for (roles, part) in [(PAST, &stands.past), (FUTURE, &stands.future)] {
                    let Some(points) = line.points.get(part.clone()) else { continue };
                    // A line of one point is seen by its round end: it goes to itself.
                    let end = points.last().into_iter();
                    let points: Vec<(Us, i64)> = points.iter().chain(end).copied().collect();
                    if !points.is_empty() {
                        let path = along(&points, hold.map(|_| 0), x, y).0;
                        kids.extend(roles.map(|role| Shape::path(role, path.clone())));
                    }
                }
                name.push_str(&stands.words());
            }
            // Of two lines that lie on one another both are seen.
            let mine = spots(line);
            let again = drawn.iter().any(|other| lie_together(other, &mine));
            let role = if again { "series again" } else { "series" };
            drawn.push(mine);
            kids.push(Shape::path(role, path));
            if !self.straight {
                kids.extend(dots(&line.points, x, y));
            }
            out.push(Shape::group("line", kids).hue(hue).pick(Pick::Node(line.node), name));
            ends.push((last, line.node));
        }
        out.extend(self.names(run, ends, w, plot));
        (out, HEAD + plot)
    }

    /// Each line has a colour of its own: that of its node wherever it owns something, or, where nodes of several roles
    /// have lines in one chart, one by its place among all.
    fn hue(&self, run: &Run, n: NodeId) -> Hue {
        let role = |n: NodeId| run.cast().members.get(n.index()).map(|m| m.role);
        match self.lines.iter().all(|l| role(l.node) == role(n)) {
            true => Hue::owner(run, n),
            false => Hue::epoch(u64::from(n.0) + 1),
        }
    }

    /// The names of the lines at their ends, one under the other where they would meet.
    fn names(&self, run: &Run, ends: Vec<(f32, NodeId)>, w: f32, plot: f32) -> Vec<Shape> {
        let mut order: Vec<usize> = (0..ends.len()).collect();
        few::sort_by_key(&mut order, |&i| (ends[i].0 as i64, ends[i].1));
        let ends: Vec<(f32, NodeId)> = order.into_iter().map(|i| ends[i]).collect();
        let ys = spread(&ends.iter().map(|e| e.0).collect::<Vec<f32>>(), HEAD, HEAD + plot + 4.0);
        let name = |(y, n): (f32, NodeId)| {
            let words = text::fit(run.name(n), text::SMALL, RIGHT - 8.0);
            let word = Shape::text("line-name", w - RIGHT + 6.0, y + 4.0, Anchor::Start, words);
            word.hue(self.hue(run, n))
        };
        ys.into_iter().zip(ends).map(|(y, e)| name((y, e.1))).collect()
    }
}

/// An outline, and its ground over it.
const PAST: [&str; 2] = ["kin-edge past", "kin-track past"];
const FUTURE: [&str; 2] = ["kin-edge future", "kin-track future"];

/// How the readings of a line stand to the selected event: which are in its past, and which in its future.
#[derive(Debug, PartialEq)]
struct Stands {
    past: Range<usize>,
    future: Range<usize>,
}

impl Stands {
    /// None where no event measured them, or what is selected stands outside.
    fn of(events: &[EventId], beside: &Beside) -> Option<Stands> {
        events.first().filter(|e| beside.of(**e) != Kin::Outside)?;
        let past = events.partition_point(|e| beside.of(*e) == Kin::Past);
        let future = events.partition_point(|e| beside.of(*e) != Kin::Future);
        Some(Stands { past: 0..past, future: future..events.len() })
    }
    /// `, readings: 9 before the selected event, 12 after it, of 24`
    fn words(&self) -> String {
        let before = self.past.len().to_string();
        let (after, all) = (self.future.len().to_string(), self.future.end.to_string());
        [", readings: ", &before, " before the selected event, ", &after, " after it, of ", &all]
            .concat()
    }
}

/// A row of text for each of these heights, in their order, as near to them as rows allow between top and foot; no more
/// than have room.
fn spread(wanted: &[f32], top: f32, foot: f32) -> Vec<f32> {
    const ROW: f32 = 11.0;
    let room = ((foot - top) / ROW) as usize + 1;
    let mut out: Vec<f32> = vec![];
    for y in wanted.iter().take(room) {
        out.push(out.last().map_or(*y, |last| y.max(last + ROW)));
    }
    // What was pushed over the foot pushes back.
    let mut below = foot + ROW;
    for y in out.iter_mut().rev() {
        *y = y.min(below - ROW);
        below = *y;
    }
    out
}

/// A polyline, and how high it ends: straight from point to point, or each value held until the next, and the last one
/// until `hold`. Of many points in one pixel only the first, and what stands out, are then drawn.
fn along(
    points: &[(Us, i64)],
    hold: Option<Us>,
    x: impl Fn(Us) -> f32,
    y: impl Fn(i64) -> f32,
) -> (String, f32) {
    let mut pen = Pen::new();
    let (mut at, mut high) = (f32::MIN, 0.0f32);
    for (i, (t, v)) in points.iter().enumerate() {
        let (px, py) = (x(*t), y(*v));
        if i == 0 {
            pen.to(px, py);
        } else if hold.is_none() {
            pen.line(px, py);
        } else if px - at >= 1.0 || (py - high).abs() >= 2.0 {
            pen.line(px, high).line(px, py);
        } else {
            continue;
        }
        (at, high) = (px, py);
    }
    if let Some(end) = hold.map(&x).filter(|end| *end > at && !points.is_empty()) {
        pen.line(end, high);
    }
    (pen.d(), high)
}

/// Whether two lines cannot be told apart.
fn lie_together(a: &[(f32, f32)], b: &[(f32, f32)]) -> bool {
    let near = |(a, b): (&(f32, f32), &(f32, f32))| (a.0 - b.0).abs().max((a.1 - b.1).abs()) < 2.0;
    a.len() == b.len() && a.iter().zip(b).all(near)
}

/// The points themselves, where there is room for them.
fn dots(
    points: &[(Us, i64)],
    x: impl Fn(Us) -> f32,
    y: impl Fn(i64) -> f32,
) -> impl Iterator<Item = Shape> {
    let few = if points.len() <= 120 { points } else { &[] };
    few.iter().map(move |(t, v)| Shape::circle("point", x(*t), y(*v), 2.5))
}

/// The band that a bound promises: it holds until the next one.
fn around(
    points: &[(Us, i64)],
    until: Us,
    x: impl Fn(Us) -> f32,
    y: impl Fn(i64) -> f32,
) -> String {
    let mut pen = Pen::new();
    for (i, (t, v)) in points.iter().enumerate() {
        let end = points.get(i + 1).map_or(until, |next| next.0);
        let (a, b) = (x(*t), x(end).max(x(*t) + 0.5));
        pen.to(a, y(*v)).line(b, y(*v)).line(b, y(-v)).line(a, y(-v)).close();
    }
    pen.d()
}

#[cfg(test)]
mod tests {
    use super::{lie_together, spread};

    #[test]
    fn lines_that_cannot_be_told_apart_are_found() {
        let line = [(0.0, 10.0), (50.0, 12.0)];
        assert!(lie_together(&line, &[(0.5, 10.0), (51.0, 11.0)]));
        assert!(!lie_together(&line, &[(0.0, 10.0), (50.0, 20.0)]));
        assert!(!lie_together(&line, &line[..1]));
    }

    #[test]
    fn names_of_lines_that_end_together_stand_in_rows_within_the_chart() {
        assert_eq!(spread(&[30.0, 60.0], 24.0, 120.0), [30.0, 60.0]);
        assert_eq!(spread(&[30.0, 32.0, 33.0], 24.0, 120.0), [30.0, 41.0, 52.0]);
        assert_eq!(spread(&[118.0, 119.0, 120.0], 24.0, 120.0), [98.0, 109.0, 120.0]);
        assert_eq!(spread(&[24.0; 40], 24.0, 120.0).len(), 9);
    }
}
