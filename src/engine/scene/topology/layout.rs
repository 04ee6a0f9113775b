//! Where the nodes stand. Nothing moves when a node joins or a text grows: absent nodes have their places.

use crate::card::Layout as Style;
use crate::few;
use crate::ids::{EventId, NodeId};
use crate::run::Run;
use crate::scene::Anchor;
use crate::scene::pen::{Pen, around};
use crate::scene::place::Box2;
use crate::tree::Tree;

type Point = (f32, f32);

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub w: f32,
    pub h: f32,
    r: f32,
    pub(super) at: Vec<Point>,
    /// How far the way from one to the other bends aside, in its own lengths: from × to.
    bends: Vec<f32>,
    shape: Figure,
    /// Where the words of each stand, and how wide they may be.
    words: Vec<(Side, f32)>,
}

/// How the tiers stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    /// One in a ring, the others above and below it.
    Ring,
    /// One in a ring, the others in columns to its left.
    Beside,
    Rows,
}

/// Where the words beside a node stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Below,
    Above,
    Left,
    Right,
}

/// Room round a node for its ring and its words: at the sides, above and below.
const RING: f32 = 5.0;
/// A message's head.
const HEAD: f32 = 12.0;
/// Beside a way: a message keeps to its right, and its head is ten wide.
const EDGE: f32 = 12.0;
/// Half the width of the words beside a node, as a rule, and how tall they are: two lines, or the one of a small node.
const WORDS: f32 = 60.0;
const TALL: f32 = 35.0;
const LOW: f32 = 14.0;
/// How far the line next to the node reaches.
const FIRST: f32 = 21.0;
/// From the rim to words at its left or right.
const ASIDE: f32 = 7.0;
/// From line to line.
pub(super) const LEAD: f32 = 14.0;
const LINES_FROM: f32 = 20.0;
const BOTH_FROM: f32 = 26.0;
const NAMES_FROM: f32 = 13.0;

impl Layout {
    pub fn new(run: &Run, w: f32, h: f32) -> Layout {
        Layout::after(run, w, h, None)
    }

    /// The same in the figure of another one, where there is about as much room as there was: a few pixels more or less
    /// move nobody to the other side.
    pub fn after(run: &Run, w: f32, h: f32, old: Option<&Layout>) -> Layout {
        let entry = run.entry();
        let mut tiers: Vec<(u8, Vec<NodeId>)> = vec![];
        for n in run.cast().all() {
            let tier = entry.roles[run.cast().role(n) as usize].tier;
            match tiers.iter_mut().find(|t| t.0 == tier) {
                Some(t) => t.1.push(n),
                None => tiers.push((tier, vec![n])),
            }
        }
        few::sort_by_key(&mut tiers, |t| t.0);
        let tiers: Vec<Vec<NodeId>> = tiers.into_iter().map(|t| t.1).collect();
        // Whom each belongs to as the run opens: nobody moves when a client does.
        let peek = run.peek(EventId(0));
        let home = |n: NodeId| match peek.state(n).get("home") {
            Some(Tree::Node(home)) => Some(*home),
            _ => None,
        };
        let near = |a: f32, b: f32| (a - b).abs() < a.max(b) / 3.0;
        let old = old.filter(|o| o.len() == run.cast().len() && near(o.w, w) && near(o.h, h));
        Layout::arrange(&tiers, entry.layout, (w, h), old.map(|o| o.shape), &home)
    }

    /// Tiers from the top down, each in its own order.
    pub fn place(tiers: &[Vec<NodeId>], style: Style, w: f32, h: f32) -> Layout {
        Layout::arrange(tiers, style, (w, h), None, &|_| None)
    }

    /// The largest circle for which everything has room wins; where it would be too flat to be seen as one, the others
    /// stand beside it, or all in rows.
    fn arrange(
        tiers: &[Vec<NodeId>],
        style: Style,
        (w, h): (f32, f32),
        old: Option<Figure>,
        home: &dyn Fn(NodeId) -> Option<NodeId>,
    ) -> Layout {
        let n: usize = tiers.iter().map(Vec::len).sum();
        let (r, shape, at) = figure(tiers, style, (w, h), old);
        let middle = vec![(w / 2.0, h / 2.0); n];
        let words = vec![(Side::Below, 0.0); n];
        let mut layout = Layout { w, h, r, at: middle, bends: vec![], shape, words };
        for (node, point) in tiers.iter().flatten().zip(at) {
            if let Some(slot) = layout.at.get_mut(node.index()) {
                *slot = point;
            }
        }
        tiers.iter().for_each(|t| layout.go_home(t, home));
        layout.place_words(tiers);
        layout.bend_ways();
        layout
    }

    /// A row of nodes that each belong to another one stands above those, in their order.
    fn go_home(&mut self, row: &[NodeId], home: &dyn Fn(NodeId) -> Option<NodeId>) {
        let mut want: Vec<(f32, NodeId)> = vec![];
        for n in row {
            let Some(home) = home(*n).filter(|h| self.at(*n).1 < self.at(*h).1) else { return };
            if self.at(*n).1 != self.at(row[0]).1 {
                return;
            }
            want.push((self.at(home).0, *n));
        }
        few::sort_by(&mut want, &|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let need = need(self.r);
        let most = (self.w - 2.0 * need.side) / (want.len().max(2) - 1) as f32;
        let gap = (2.0 * self.r + need.gap + 20.0).min(most);
        // Who would stand too close goes aside with his neighbours, all by the same.
        let mut groups: Vec<(f32, usize)> = vec![];
        for (i, (x, _)) in want.iter().enumerate() {
            let mut last = (x - gap * i as f32, 1);
            while let Some(g) = groups.pop_if(|g| g.0 >= last.0) {
                let n = g.1 + last.1;
                last = ((g.0 * g.1 as f32 + last.0 * last.1 as f32) / n as f32, n);
            }
            groups.push(last);
        }
        let (least, most) = (need.side, self.w - need.side - gap * (want.len() - 1) as f32);
        let offsets = groups.iter().flat_map(|g| std::iter::repeat_n(g.0, g.1));
        for ((i, (_, n)), x) in want.iter().enumerate().zip(offsets) {
            self.at[n.index()].0 = x.min(most).max(least) + gap * i as f32;
        }
    }

    pub fn len(&self) -> usize {
        self.at.len()
    }
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
    pub fn at(&self, n: NodeId) -> Point {
        self.at.get(n.index()).copied().unwrap_or((self.w / 2.0, self.h / 2.0))
    }
    pub fn radius(&self) -> f32 {
        self.r
    }
    pub fn ring_radius(&self) -> f32 {
        self.r + if self.r >= NAMES_FROM { RING } else { 2.0 }
    }
    pub fn shows_names(&self) -> bool {
        self.r >= NAMES_FROM
    }
    pub fn shows_lines(&self) -> bool {
        self.r >= LINES_FROM
    }
    /// Whether something is written under a node: in a small one a single short line.
    pub fn shows_words(&self) -> bool {
        self.r >= NAMES_FROM
    }
    pub fn shows_rings(&self) -> bool {
        self.r >= 9.0
    }
    pub fn shows_wires(&self) -> bool {
        self.at.len() <= 16
    }
    /// Width a line beside a node may have before it meets its neighbour's or the edge.
    pub fn room(&self, n: NodeId) -> f32 {
        self.words.get(n.index()).map_or(0.0, |w| w.1)
    }
    pub fn side(&self, n: NodeId) -> Side {
        self.words.get(n.index()).map_or(Side::Below, |w| w.0)
    }

    /// Where so many lines beside a node begin: x and the first baseline, and to which side they go from there.
    pub fn lines(&self, n: NodeId, lines: usize) -> (Point, Anchor) {
        let ((x, y), r) = (self.at(n), self.ring_radius());
        let more = LEAD * lines.saturating_sub(1) as f32;
        let middle = y + 4.5 - more / 2.0;
        match self.side(n) {
            Side::Below => ((x, y + r + 17.0), Anchor::Middle),
            Side::Above => ((x, y - r - 9.0 - more), Anchor::Middle),
            Side::Left => ((x - r - ASIDE, middle), Anchor::End),
            Side::Right => ((x + r + ASIDE, middle), Anchor::Start),
        }
    }

    /// What is kept free for the words beside a node.
    pub fn words_box(&self, n: NodeId) -> Box2 {
        self.box_at(self.at(n), self.side(n), (self.room(n) / 2.0).min(WORDS))
    }

    fn box_at(&self, (x, y): Point, side: Side, half: f32) -> Box2 {
        let r = self.ring_radius();
        let tall = if self.shows_lines() { TALL } else { LOW };
        match side {
            Side::Below => Box2::new(x - half, y + r, x + half, y + r + tall),
            Side::Above => Box2::new(x - half, y - r - tall, x + half, y - r),
            Side::Left => Box2::new(x - r - ASIDE - 2.0 * half, y - 19.0, x - r - 2.0, y + 19.0),
            Side::Right => Box2::new(x + r + 2.0, y - 19.0, x + r + ASIDE + 2.0 * half, y + 19.0),
        }
    }

    /// How wide the words at that side may be.
    fn room_at(&self, (x, y): Point, side: Side) -> f32 {
        let out = self.ring_radius() + ASIDE;
        let level = |p: &&Point| (p.1 - y).abs() < self.r + 24.0 && (p.0 - x).abs() > 1.0;
        let gaps = |f: &dyn Fn(f32) -> Option<f32>, most: f32| {
            self.at.iter().filter(level).filter_map(|p| f(p.0)).fold(most, f32::min)
        };
        let wide = self.r * 6.0;
        match side {
            Side::Left => {
                gaps(&|p| (p < x).then_some(x - p - 2.0 * out), (x - out - 4.0).min(wide))
            }
            Side::Right => {
                gaps(&|p| (p > x).then_some(p - x - 2.0 * out), (self.w - x - out - 4.0).min(wide))
            }
            _ => {
                let edge = 2.0 * x.min(self.w - x) - 4.0;
                gaps(&|p| Some((p - x).abs() - 8.0), edge.min(wide))
            }
        }
    }

    /// Words stand where the fewest ways pass: below their node if it is all one.
    fn place_words(&mut self, tiers: &[Vec<NodeId>]) {
        let n = self.at.len();
        for i in 0..n {
            self.words[i] = (Side::Below, self.room_at(self.at[i], Side::Below));
        }
        if !self.shows_lines() || n > 24 {
            return;
        }
        // Those of one tier above another talk to that, not to each other.
        let last = tiers.len().saturating_sub(1);
        let mut ways = vec![];
        for (i, tier) in tiers.iter().enumerate() {
            for (k, a) in tier.iter().enumerate() {
                let others = if i == last { &tier[k + 1..] } else { &[] };
                let below = tiers[i + 1..].iter().flatten();
                ways.extend(others.iter().chain(below).map(|b| (self.at(*a), self.at(*b))));
            }
        }
        for i in 0..n {
            let sides = [Side::Below, Side::Above, Side::Right, Side::Left];
            let cost = |side: &Side| self.cost(i, *side, &ways);
            let mut best = (Side::Below, cost(&Side::Below).unwrap_or(usize::MAX));
            for side in &sides[1..] {
                if let Some(cost) = cost(side).filter(|c| *c < best.1) {
                    best = (*side, cost);
                }
            }
            self.words[i] = (best.0, self.room_at(self.at[i], best.0));
        }
    }

    /// How many ways pass where the words of a node would stand; none where they have no room.
    fn cost(&self, i: usize, side: Side, ways: &[(Point, Point)]) -> Option<usize> {
        let room = self.room_at(self.at[i], side);
        let half = (room / 2.0).min(WORDS);
        let aside = matches!(side, Side::Left | Side::Right);
        let mine = self.box_at(self.at[i], side, half);
        let view = Box2::new(0.0, -4.0, self.w, self.h + 4.0);
        let r = self.ring_radius();
        let others = || (0..self.at.len()).filter(|&k| k != i);
        let meets = |k: usize| {
            let words = self.words_box(NodeId(k as u16));
            let (x, y) = self.at[k];
            words.meets(&mine) || Box2::around(x, y, r).meets(&mine)
        };
        if (aside && half < WORDS) || !mine.inside(&view) || others().any(meets) {
            return None;
        }
        Some(ways.iter().filter(|(a, b)| mine.crossed(*a, *b)).count())
    }

    /// The node at a point of the drawing, if any.
    pub fn hit(&self, x: f32, y: f32) -> Option<NodeId> {
        let near = |&(i, d): &(usize, f32)| d <= self.ring_radius().max(12.0) && i < self.at.len();
        let gap = |(i, p): (usize, &Point)| (i, (p.0 - x).hypot(p.1 - y));
        let nearest = self.at.iter().enumerate().map(gap).min_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(nearest).filter(near).map(|(i, _)| NodeId(i as u16))
    }

    // ---------------------------------------------------------------- ways

    fn bend_ways(&mut self) {
        let n = self.at.len();
        if n > 24 {
            return;
        }
        self.bends = vec![0.0; n * n];
        for a in 0..n {
            for b in a + 1..n {
                let bend = self.clear_bend(a, b);
                self.bends[a * n + b] = bend;
                self.bends[b * n + a] = -bend;
            }
        }
    }

    /// The smallest bend that passes by everybody else.
    fn clear_bend(&self, a: usize, b: usize) -> f32 {
        const TRIES: [f32; 15] = [
            0.0, 0.1, -0.1, 0.18, -0.18, 0.28, -0.28, 0.4, -0.4, 0.55, -0.55, 0.7, -0.7, 0.9, -0.9,
        ];
        let clear = |bend: f32, lines: usize| {
            let way = Way::between(self.at[a], self.at[b], bend);
            let r = self.ring_radius() + 3.0;
            let mut others = (0..self.at.len()).filter(|&i| i != a && i != b);
            (bend == 0.0 || way.inside(self.w, self.h))
                && others.all(|i| {
                    way.misses(self.at[i], r)
                        && (lines == 0 || way.misses_box(&self.narrow(NodeId(i as u16), lines)))
                })
        };
        // Past the words under the others too, if it can be without a wide bow, or at least past their first line.
        let first = |lines: usize, most: f32| {
            TRIES.into_iter().filter(|b| b.abs() <= most).find(|b| clear(*b, lines))
        };
        let past_words = || first(2, 0.56).or_else(|| first(1, 0.56));
        let found = if self.shows_words() { past_words() } else { None };
        found.or_else(|| first(0, 1.0)).unwrap_or(0.0)
    }

    /// Where so many lines of words of a node surely stand.
    fn narrow(&self, n: NodeId, lines: usize) -> Box2 {
        let half = (self.room(n) / 2.0).min(WORDS * 0.6);
        let all = self.box_at(self.at(n), self.side(n), half);
        match self.side(n) {
            Side::Below if lines == 1 => Box2 { y1: all.y1.min(all.y0 + FIRST), ..all },
            Side::Above if lines == 1 => Box2 { y0: all.y0.max(all.y1 - FIRST), ..all },
            _ => all,
        }
    }

    fn bend(&self, a: NodeId, b: NodeId) -> f32 {
        self.bends.get(a.index() * self.at.len() + b.index()).copied().unwrap_or(0.0)
    }

    /// The way of a message, from rim to rim, keeping to its right so that answers pass by.
    pub fn way(&self, from: NodeId, to: NodeId) -> Way {
        let side = (self.r * 0.18).min(6.5);
        Way::between(self.at(from), self.at(to), self.bend(from, to))
            .aside(side)
            .trim(self.ring_radius() + HEAD, self.ring_radius() + 1.0)
    }

    /// The wire between two.
    pub fn middle(&self, a: NodeId, b: NodeId) -> Way {
        let gap = self.ring_radius() + 1.0;
        Way::between(self.at(a), self.at(b), self.bend(a, b)).trim(gap, gap)
    }
}

/// A straight or gently bent line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    pub from: Point,
    /// Control point of the bend.
    pub by: Point,
    pub to: Point,
    bent: bool,
}

impl Way {
    fn between(from: Point, to: Point, bend: f32) -> Way {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let by = ((from.0 + to.0) / 2.0 - dy * bend, (from.1 + to.1) / 2.0 + dx * bend);
        Way { from, by, to, bent: bend != 0.0 }
    }

    /// The same, moved to its right.
    fn aside(self, by: f32) -> Way {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let len = dx.hypot(dy).max(1e-3);
        let (ox, oy) = (-dy / len * by, dx / len * by);
        let go = |p: Point| (p.0 + ox, p.1 + oy);
        Way { from: go(self.from), by: go(self.by), to: go(self.to), bent: self.bent }
    }

    /// The same without its ends: a piece of the same curve, so that whom the whole misses it misses, too.
    fn trim(self, near: f32, far: f32) -> Way {
        let part = |end: Point, gap: f32| {
            let d = (self.by.0 - end.0).hypot(self.by.1 - end.1).max(1e-3);
            (gap / (2.0 * d)).min(0.45)
        };
        let (a, b) = (part(self.from, near), 1.0 - part(self.to, far));
        let mix = |p: Point, q: Point, t: f32| (p.0 + (q.0 - p.0) * t, p.1 + (q.1 - p.1) * t);
        let by = mix(mix(self.from, self.by, a), mix(self.by, self.to, a), b);
        Way { from: self.at(a), by, to: self.at(b), ..self }
    }

    /// The point a fraction of the time along it.
    pub fn at(&self, t: f32) -> Point {
        let mix = |a: f32, b: f32| a + (b - a) * t;
        if !self.bent {
            return (mix(self.from.0, self.to.0), mix(self.from.1, self.to.1));
        }
        let p = (mix(self.from.0, self.by.0), mix(self.from.1, self.by.1));
        let q = (mix(self.by.0, self.to.0), mix(self.by.1, self.to.1));
        (mix(p.0, q.0), mix(p.1, q.1))
    }

    /// Its direction there, a unit vector.
    pub fn along(&self, t: f32) -> Point {
        let mix = |a: f32, b: f32| a + (b - a) * t;
        let (dx, dy) = if self.bent {
            (
                mix(self.by.0 - self.from.0, self.to.0 - self.by.0),
                mix(self.by.1 - self.from.1, self.to.1 - self.by.1),
            )
        } else {
            (self.to.0 - self.from.0, self.to.1 - self.from.1)
        };
        let len = dx.hypot(dy).max(1e-3);
        (dx / len, dy / len)
    }

    pub fn length(&self) -> f32 {
        (self.to.0 - self.from.0).hypot(self.to.1 - self.from.1)
    }

    pub fn draw(&self, pen: &mut Pen) {
        pen.to(self.from.0, self.from.1);
        if self.bent {
            pen.bend(self.by.0, self.by.1, self.to.0, self.to.1);
        } else {
            pen.line(self.to.0, self.to.1);
        }
    }

    fn points(&self) -> impl Iterator<Item = Point> {
        (0..=24).map(|i| self.at(i as f32 / 24.0))
    }

    fn misses_box(&self, b: &Box2) -> bool {
        self.points().all(|(x, y)| x < b.x0 || x > b.x1 || y < b.y0 || y > b.y1)
    }

    fn misses(&self, p: Point, gap: f32) -> bool {
        self.points().all(|q| (q.0 - p.0).hypot(q.1 - p.1) > gap)
    }

    /// Whether the messages on it, which keep to its right, are seen whole.
    fn inside(&self, w: f32, h: f32) -> bool {
        self.points().all(|(x, y)| x.min(w - x).min(y).min(h - y) >= EDGE)
    }
}

// ---------------------------------------------------------------- arrangements

/// Radius, figure and places, tier by tier.
type Found = (f32, Figure, Vec<Point>);

/// The best that has room; the figure there was, if it is not much worse.
fn figure(tiers: &[Vec<NodeId>], style: Style, size: (f32, f32), old: Option<Figure>) -> Found {
    let (found, rows) = figures(tiers, style, size);
    let again = found.iter().chain(&rows).find(|f| Some(f.1) == old).cloned();
    let best = fittest(style, found, rows)
        .unwrap_or_else(|| (2.0, Figure::Rows, grid(tiers, size.0, size.1)));
    // Not where its nodes would be far smaller, and never where they would lose their names.
    let named = |f: &Found| f.0 >= NAMES_FROM || best.0 < NAMES_FROM;
    again.filter(|f| f.0 >= best.0 * 0.55 && named(f)).unwrap_or(best)
}

fn fittest(style: Style, found: Vec<Found>, rows: Option<Found>) -> Option<Found> {
    match (found.into_iter().next(), rows) {
        (Some(a), Some(b)) if a.0 >= b.0 * 0.7 || a.0 >= 24.0 => Some(a),
        (Some(a), _) if style == Style::Circle && a.0 >= NAMES_FROM => Some(a),
        (a, b) => b.or(a),
    }
}

/// What may be, the best first, and all in rows.
fn figures(tiers: &[Vec<NodeId>], style: Style, (w, h): (f32, f32)) -> (Vec<Found>, Option<Found>) {
    let n: usize = tiers.iter().map(Vec::len).sum();
    let largest: f32 = match n {
        0..=7 => 36.0,
        8..=12 => 30.0,
        _ => 22.0,
    };
    let round = if tiers.len() == 1 { ALONE } else { ROUND };
    let named = |shape: Figure, found: Option<(f32, Vec<Point>)>| found.map(|f| (f.0, shape, f.1));
    let ring =
        |round: f32| named(Figure::Ring, best(largest, |r| bent(tiers, style, w, h, r, round)));
    let rows = named(Figure::Rows, best(largest, |r| straight(tiers, w, h, r)));
    let mut found = vec![ring(round)];
    if style == Style::Circle {
        // Peers who all talk to each other are a circle: in a row their messages would pass over nodes. Those who ask
        // stand beside it where that is wide, or where it would be too flat or too small below them.
        let aside = named(Figure::Beside, best(largest, |r| beside(tiers, w, h, r)));
        let small = |f: &Found| {
            aside.as_ref().is_some_and(|a| f.0 < a.0 * if w > 2.0 * h { 1.25 } else { 0.75 })
        };
        found[0].take_if(|f| small(f));
        found.extend([aside, ring(round * 0.6), ring(0.0)]);
    } else if found[0].is_none() {
        // A flat one is better than names that are not seen.
        found.push(ring(0.0).filter(|a| rows.as_ref().is_none_or(|b| b.0 < a.0 * 0.7)));
    }
    (found.into_iter().flatten().collect(), rows)
}

/// The largest radius that has an arrangement.
fn best(largest: f32, arrange: impl Fn(f32) -> Option<Vec<Point>>) -> Option<(f32, Vec<Point>)> {
    let mut r = largest;
    while r >= 3.0 {
        if let Some(points) = arrange(r) {
            return Some((r, points));
        }
        r -= if r > 12.0 { 1.0 } else { 0.5 };
    }
    None
}

/// What a node of this radius needs: at each side, above, and below for its words.
struct Need {
    side: f32,
    top: f32,
    foot: f32,
    /// Between two nodes, rim to rim.
    gap: f32,
}

fn need(r: f32) -> Need {
    // A fence round it stays inside.
    let ring = if r >= NAMES_FROM { RING + 13.0 } else { 3.0 };
    // Below a node stands what it is, and where there is room for both what it holds.
    let foot = match r {
        _ if r >= BOTH_FROM => ring + 26.0,
        _ if r >= LINES_FROM => ring + 18.0,
        _ => ring,
    };
    let gap = if r >= LINES_FROM { 26.0 } else { (r * 0.6).max(3.0) };
    Need { side: r + ring, top: r + ring, foot: r + foot, gap }
}

/// As high as this, in its width, a ring is seen as one.
const ROUND: f32 = 0.42;
/// Nobody stands above or below it.
const ALONE: f32 = 0.3;

/// One tier bends into a ring, the others are rows above and below it: those who ask are never a ring round nobody.
fn bent(
    tiers: &[Vec<NodeId>],
    style: Style,
    w: f32,
    h: f32,
    r: f32,
    round: f32,
) -> Option<Vec<Point>> {
    let main = match style {
        Style::Tiers | Style::Circle => (usize::from(tiers.len() > 1)..tiers.len())
            .max_by_key(|&i| (tiers[i].len(), i))
            .filter(|&i| tiers[i].len() >= 3)?,
        Style::Ring => tiers.len().checked_sub(1)?,
    };
    let need = need(r);
    let pitch = need.top + need.foot + need.gap * 0.5;
    let rows = |range: std::ops::Range<usize>| -> Option<Vec<Vec<Point>>> {
        let row = |i: usize| {
            let y = if i < main {
                need.top + pitch * i as f32
            } else {
                h - need.foot - pitch * (tiers.len() - 1 - i) as f32
            };
            across(tiers[i].len(), w, y, r, &need)
        };
        range.map(row).collect()
    };
    let (above, below) = (rows(0..main)?, rows(main + 1..tiers.len())?);
    // Where nobody stands above, the words of the uppermost may.
    let top = if main == 0 && r >= BOTH_FROM { need.foot } else { pitch * main as f32 + need.top };
    let bottom = h - pitch * (tiers.len() - 1 - main) as f32 - need.foot;
    // Peers stand closer sooner than in a flat ring.
    let narrow = style == Style::Circle && round > 0.0;
    let ring = ellipse(tiers[main].len(), w, (top, bottom), &need, (round, narrow))?;
    let points: Vec<Point> =
        above.into_iter().flatten().chain(ring).chain(below.into_iter().flatten()).collect();
    apart(&points, 2.0 * r + need.gap, need.top + need.foot).then_some(points)
}

/// A row in the middle, not wider than it must be.
fn across(n: usize, w: f32, y: f32, r: f32, need: &Need) -> Option<Vec<Point>> {
    let pitch = ((w - 2.0 * need.side) / (n.max(2) - 1) as f32).min(r * 5.0 + need.gap);
    let wide = pitch * (n.max(1) - 1) as f32;
    let fits = n <= 1 || pitch >= 2.0 * r + need.gap;
    let fits = fits && wide + 2.0 * need.side <= w + 0.5;
    fits.then(|| (0..n).map(|i| (w / 2.0 - wide / 2.0 + pitch * i as f32, y)).collect())
}

/// Evenly round an ellipse, clockwise from the upper left, with a gap at the top so that those above see
/// everybody.
fn ellipse(
    n: usize,
    w: f32,
    (top, bottom): (f32, f32),
    need: &Need,
    (round, narrow): (f32, bool),
) -> Option<Vec<Point>> {
    let ry = (bottom - top) / 2.0;
    let rx = (w / 2.0 - need.side).min((ry * 2.6).max(w * 0.3));
    let rx = if narrow { rx.min(ry / round * 0.99) } else { rx };
    if ry < 4.0 || rx < 4.0 || ry < rx * round {
        return None;
    }
    Some(even(n, (w / 2.0, (top + bottom) / 2.0), (rx, ry), 0.0))
}

/// Evenly round an ellipse, clockwise, the first half a step behind this turn from the top and the last as much before it.
fn even(n: usize, (cx, cy): Point, (rx, ry): (f32, f32), turn: f32) -> Vec<Point> {
    // Even along the curve, not in its angle: a flat ellipse would crowd its ends.
    const FINE: usize = 720;
    let point = |i: usize| around(cx, cy, rx, ry, i as f32 / FINE as f32);
    let mut lengths = vec![0.0f32];
    for i in 1..=FINE {
        let (a, b) = (point(i - 1), point(i));
        lengths.push(lengths[i - 1] + (a.0 - b.0).hypot(a.1 - b.1));
    }
    let step = lengths[FINE] / n as f32;
    // With the gap at the top the first is before it: n1 at the upper left.
    let start = if turn == 0.0 { -step / 2.0 } else { lengths[FINE] * turn + step / 2.0 };
    let at = |i: usize| {
        let want = (start + step * i as f32).rem_euclid(lengths[FINE]);
        point(lengths.partition_point(|l| *l < want))
    };
    (0..n).map(at).collect()
}

/// Those who stand beside a ring, at most.
const FEW: usize = 6;
/// Between them and the ring messages are seen.
const BETWEEN: f32 = 84.0;

/// The last tier as a ring as high as there is room, the others in one column or two at its left, where it has a gap.
fn beside(tiers: &[Vec<NodeId>], w: f32, h: f32, r: f32) -> Option<Vec<Point>> {
    let (main, others) = tiers.split_last()?;
    let m: usize = others.iter().map(Vec::len).sum();
    if main.len() < 3 || !(1..=FEW).contains(&m) {
        return None;
    }
    let need = need(r);
    // Words may stand above, too.
    let (top, foot) = (need.foot, need.foot);
    let (ry, cy) = ((h - top - foot) / 2.0, h / 2.0);
    let far = 2.0 * r + need.gap;
    let columns = (1..=2).find(|c| {
        let rows = m.div_ceil(*c).max(2) - 1;
        (h - need.top - need.foot) / rows as f32 >= need.top + need.foot || m <= *c
    })?;
    let wide = far * (columns - 1) as f32;
    let between = 2.0 * r + BETWEEN.max(2.0 * r);
    let rx = ((w - 2.0 * need.side - wide - between) / 2.0).min(ry * 1.6);
    if ry < 4.0 || rx < ry * 0.6 || ry < rx * ROUND {
        return None;
    }
    let left = (w - wide - between - 2.0 * rx) / 2.0;
    let pitch = ((h - need.top - need.foot) / (m.max(2) - 1) as f32).min(need.top + need.foot + r);
    let mut points: Vec<Point> = (0..m)
        .map(|i| {
            let y = cy + pitch * (i as f32 - (m - 1) as f32 / 2.0);
            (left + far * (i % columns) as f32, y)
        })
        .collect();
    points.extend(even(main.len(), (left + wide + between + rx, cy), (rx, ry), 0.75));
    apart(&points, 2.0 * r + need.gap, need.top + need.foot).then_some(points)
}

/// Rows of all tiers, broken where they are too long.
fn straight(tiers: &[Vec<NodeId>], w: f32, h: f32, r: f32) -> Option<Vec<Point>> {
    let need = need(r);
    let room = ((w - 2.0 * need.side) / (2.0 * r + need.gap)).floor() as usize + 1;
    if w < 2.0 * need.side {
        return None;
    }
    // Columns of one width: the last row may end early.
    let columns = |n: usize| n.div_ceil(n.div_ceil(room).max(1)).max(1);
    let total: usize = tiers.iter().map(|t| t.len().div_ceil(columns(t.len()))).sum();
    let free = h - need.top - need.foot;
    let pitch = (free / (total.max(2) - 1) as f32).min(2.0 * r + need.gap + 90.0);
    if free < 0.0 || (total > 1 && pitch < 2.0 * r + need.gap * 0.7 + need.foot - r) {
        return None;
    }
    let y0 = (need.top + h - need.foot) / 2.0 - pitch * (total.max(1) - 1) as f32 / 2.0;
    let (mut points, mut y) = (vec![], y0);
    for tier in tiers {
        let row = across(columns(tier.len()), w, y, r, &need)?;
        points.extend((0..tier.len()).map(|i| {
            let (x, y) = row[i % row.len()];
            (x, y + pitch * (i / row.len()) as f32)
        }));
        y += pitch * tier.len().div_ceil(row.len()) as f32;
    }
    Some(points)
}

/// When there is no room at all: a grid, however small.
fn grid(tiers: &[Vec<NodeId>], w: f32, h: f32) -> Vec<Point> {
    let n: usize = tiers.iter().map(Vec::len).sum();
    let cols = ((n as f32 * w / h.max(1.0)).sqrt().ceil() as usize).clamp(1, n.max(1));
    let rows = n.div_ceil(cols).max(1);
    let cell = |i: usize| {
        let (c, r) = ((i % cols) as f32 + 0.5, (i / cols) as f32 + 0.5);
        (w * c / cols as f32, h * r / rows as f32)
    };
    (0..n).map(cell).collect()
}

/// Rim to rim, and with room for words where one stands under the other.
fn apart(points: &[Point], gap: f32, tall: f32) -> bool {
    let clear = |a: &Point, b: &Point| {
        let (dx, dy) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
        dx.hypot(dy) >= gap - 0.01 && (dx >= gap || dy >= tall - 0.01)
    };
    points.iter().enumerate().all(|(i, a)| points[..i].iter().all(|b| clear(a, b)))
}
