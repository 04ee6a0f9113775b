//! The smaller sides of a partition, each on fenced ground.

use super::Layout;
use super::layout::Side;
use crate::few;
use crate::ids::NodeId;
use crate::run::{Peek, Run};
use crate::scene::pen::{Pen, around};
use crate::scene::{Pick, Shape};
use crate::world::net::FREE;

type Point = (f32, f32);

/// Beside nodes that are there, drawn already: their words stand inside of their fence.
pub(super) fn fences(
    run: &Run,
    peek: &Peek,
    layout: &Layout,
    nodes: &[(NodeId, Shape)],
    out: &mut Vec<Shape>,
) {
    let alone = run.cast().all().filter(|n| is_isolated(run, peek, *n));
    let mut fenced: Vec<Vec<NodeId>> = alone.map(|n| vec![n]).collect();
    if let Some(groups) = peek.groups() {
        fenced.extend(smaller_sides(run, groups));
    }
    // Most runs have none, and need no room for one.
    if !fenced.is_empty() {
        let room = Room::new(layout, nodes);
        fenced.iter().for_each(|members| fence(run, &room, members, out));
    }
}

/// Who stands on each side of a partition, but for the largest.
fn smaller_sides(run: &Run, groups: &[u8]) -> Vec<Vec<NodeId>> {
    let largest = largest(run, groups);
    let mut sides: Vec<u8> =
        groups.iter().copied().filter(|g| *g != FREE && *g != largest).collect();
    few::sort(&mut sides);
    sides.dedup();
    let members = |side: u8| {
        run.cast().all().filter(|n| groups.get(n.index()) == Some(&side)).collect::<Vec<NodeId>>()
    };
    sides.into_iter().map(members).collect()
}

/// What each node takes up: its circle and its words.
struct Room<'a> {
    layout: &'a Layout,
    corners: Vec<Vec<Point>>,
}

/// Between what is inside and the fence.
const GAP: f32 = 8.0;
/// Words grow in steps: the fence does not tremble with every letter.
const STEP: f32 = 24.0;

impl Room<'_> {
    fn new<'a>(layout: &'a Layout, nodes: &[(NodeId, Shape)]) -> Room<'a> {
        let mut room = Room { layout, corners: vec![vec![]; layout.len()] };
        let r = layout.ring_radius() + 2.0;
        for i in 0..layout.len() {
            let (x, y) = layout.at[i];
            let rim = (0..16).map(|k| around(x, y, r, r, k as f32 / 16.0));
            room.corners[i] = rim.map(|p| room.within(p)).collect();
        }
        for (n, shape) in nodes {
            for b in super::words_beside(shape) {
                let more = ((b.x1 - b.x0) / STEP).ceil() * STEP - (b.x1 - b.x0);
                let (x0, x1) = match layout.side(*n) {
                    Side::Left => (b.x0 - more, b.x1),
                    Side::Right => (b.x0, b.x1 + more),
                    _ => (b.x0 - more / 2.0, b.x1 + more / 2.0),
                };
                let corners = [(x0, b.y0), (x1, b.y0), (x1, b.y1), (x0, b.y1)];
                let corners = corners.map(|p| room.within(p));
                room.corners[n.index()].extend(corners);
            }
        }
        room
    }

    /// As near to a point as a fence round it stays in the view.
    fn within(&self, (x, y): Point) -> Point {
        let edge = GAP + 1.5;
        let (w, h) = ((self.layout.w - edge).max(edge), (self.layout.h - edge).max(edge));
        (x.clamp(edge, w), y.clamp(edge, h))
    }

    fn of(&self, nodes: &[NodeId]) -> Vec<Point> {
        nodes.iter().flat_map(|n| self.corners[n.index()].iter().copied()).collect()
    }
}

fn fence(run: &Run, room: &Room, members: &[NodeId], out: &mut Vec<Shape>) {
    let names: Vec<&str> = members.iter().map(|n| run.name(*n)).collect();
    let ground = ground(room, members);
    // The ground over the fence covers what of it lies inside another part.
    let kids = vec![Shape::path("fence", ground.clone()), Shape::path("fence-ground", ground)];
    let name = ["cut off: ", &names.join(", ")].concat();
    out.push(Shape::group("fenced", kids).pick(Pick::None, name));
}

/// Whether each of its links is cut, both ways: one fence says so, better than a cross on each.
pub(super) fn is_isolated(run: &Run, peek: &Peek, n: NodeId) -> bool {
    let net = peek.world().net();
    let mut others = run.cast().all().filter(|o| *o != n);
    run.cast().len() > 2 && others.all(|o| net.is_cut(n, o) && net.is_cut(o, n))
}

/// The side that is not fenced: most of those who decide or keep something, then most of all, then the first of two.
/// Of more that are all as large none is the whole: each is fenced.
fn largest(run: &Run, groups: &[u8]) -> u8 {
    let tier = |n: NodeId| run.entry().roles[run.cast().role(n) as usize].tier;
    let top = run.cast().all().map(tier).min().unwrap_or(0);
    let weight = |g: u8| {
        let side = || run.cast().all().filter(|n| groups.get(n.index()) == Some(&g));
        (side().filter(|n| tier(*n) > top).count(), side().count())
    };
    let (mut best, mut sides) = (FREE, groups.to_vec());
    for g in groups.iter().copied().filter(|g| *g != FREE) {
        if best == FREE || weight(g) > weight(best) || (weight(g) == weight(best) && g < best) {
            best = g;
        }
    }
    few::sort(&mut sides);
    sides.dedup();
    sides.retain(|g| *g != FREE);
    let alone = sides.len() < 3 || sides.iter().all(|g| *g == best || weight(*g) < weight(best));
    if alone { best } else { FREE }
}

/// The hulls of a side's parts, and bridges between them where nobody else stands.
fn ground(room: &Room, members: &[NodeId]) -> String {
    let layout = room.layout;
    let gap = layout.ring_radius() + 10.0;
    let mut parts = parts(room, members);
    let mut d: String = parts.iter().map(|p| hull(&room.of(p), GAP)).collect();
    let others = outsiders(layout, members);
    let strangers = (0..layout.len() as u16).map(NodeId).filter(|n| !members.contains(n));
    let rims = room.of(&strangers.collect::<Vec<_>>());
    let wide = gap * 0.6;
    // Nor does a bridge go over the words of others.
    let free = |[p, q]: [Point; 2]| rims.iter().all(|o| distance((p, q), *o) > wide + 1.0);
    while let Some((i, j, ends)) = bridge(layout, &parts, &others, &free) {
        d.push_str(&hull(&ends, wide));
        let more = parts.remove(j);
        parts[i].extend(more);
    }
    while let Some((i, j, [a, by, b])) = detour(layout, &parts, &others) {
        d.push_str(&hull(&[a, by], NECK));
        d.push_str(&hull(&[by, b], NECK));
        let more = parts.remove(j);
        parts[i].extend(more);
    }
    d
}

/// Half the width of a way round others.
const NECK: f32 = 9.0;
/// Nodes among which such a way is looked for, at most.
const FEW: usize = 24;

/// Two parts by their places, and the way between them: its ends and its bend.
type Detour = (usize, usize, [Point; 3]);

/// The shortest way between two parts with one bend, where no straight one is clear.
fn detour(layout: &Layout, parts: &[Vec<NodeId>], others: &[Point]) -> Option<Detour> {
    if parts.len() < 2 || layout.len() > FEW {
        return None;
    }
    let clear = |a: Point, b: Point| {
        others.iter().all(|o| distance((a, b), *o) > layout.ring_radius() + NECK + 6.0)
    };
    let far = |a: Point, b: Point| (a.0 - b.0).hypot(a.1 - b.1);
    let mut best: Option<(f32, Detour)> = None;
    let (columns, rows) = ((layout.w / 16.0) as usize, (layout.h / 16.0) as usize);
    for at in 0..columns * rows {
        let by = ((at % columns) as f32 * 16.0 + 8.0, (at / columns) as f32 * 16.0 + 8.0);
        // From each part its nearest node that is seen from there.
        let seen = |part: &Vec<NodeId>| {
            let ends = part.iter().map(|n| layout.at(*n)).filter(|p| clear(*p, by));
            ends.min_by(|a, b| far(*a, by).total_cmp(&far(*b, by)))
        };
        let ends: Vec<Option<Point>> = parts.iter().map(seen).collect();
        for j in 1..parts.len() {
            for i in 0..j {
                let (Some(a), Some(b)) = (ends[i], ends[j]) else { continue };
                let all = far(a, by) + far(by, b);
                if best.is_none_or(|b| all < b.0) {
                    best = Some((all, (i, j, [a, by, b])));
                }
            }
        }
    }
    best.map(|b| b.1)
}

/// Two parts by their places, and the ends of the way between them.
type Bridge = (usize, usize, [Point; 2]);

/// The shortest clear way between two parts.
fn bridge(
    layout: &Layout,
    parts: &[Vec<NodeId>],
    others: &[Point],
    free: &dyn Fn([Point; 2]) -> bool,
) -> Option<Bridge> {
    let mut best: Option<(f32, Bridge)> = None;
    for (j, b) in parts.iter().enumerate() {
        for (i, a) in parts[..j].iter().enumerate() {
            for (p, q) in a.iter().flat_map(|p| b.iter().map(move |q| (*p, *q))) {
                let (p, q) = (layout.at(p), layout.at(q));
                let far = (p.0 - q.0).hypot(p.1 - q.1);
                let clear =
                    others.iter().all(|o| distance((p, q), *o) > layout.ring_radius() * 1.6 + 12.0);
                if clear && best.is_none_or(|b| far < b.0) && free([p, q]) {
                    best = Some((far, (i, j, [p, q])));
                }
            }
        }
    }
    best.map(|b| b.1)
}

fn outsiders(layout: &Layout, members: &[NodeId]) -> Vec<Point> {
    let all = (0..layout.len() as u16).map(NodeId);
    all.filter(|n| !members.contains(n)).map(|n| layout.at(n)).collect()
}

/// Members in as few fences as leave everybody else outside.
fn parts(room: &Room, members: &[NodeId]) -> Vec<Vec<NodeId>> {
    let mut parts: Vec<Vec<NodeId>> = members.iter().map(|n| vec![*n]).collect();
    let all = (0..room.layout.len() as u16).map(NodeId);
    let outside: Vec<NodeId> = all.filter(|n| !members.contains(n)).collect();
    let outside = room.of(&outside);
    let fits = |a: &[NodeId], b: &[NodeId]| {
        let corners = convex(room.of(&[a, b].concat()));
        outside.iter().all(|p| !near(&corners, *p, GAP + 3.0))
    };
    let mut i = 0;
    while i < parts.len() {
        match (i + 1..parts.len()).find(|&j| fits(&parts[i], &parts[j])) {
            Some(j) => {
                let more = parts.remove(j);
                parts[i].extend(more);
                i = 0;
            }
            None => i += 1,
        }
    }
    parts
}

/// Corners of the convex hull, clockwise on the screen.
fn convex(mut points: Vec<Point>) -> Vec<Point> {
    few::sort_by(&mut points, &|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let turn = |o: Point, a: Point, b: Point| (a.0 - o.0) * (b.1 - o.1) - (a.1 - o.1) * (b.0 - o.0);
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = vec![];
        for p in points {
            while chain.len() >= 2 && turn(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0.0
            {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

/// Whether a point is inside a polygon, or this close to it.
fn near(corners: &[Point], p: Point, gap: f32) -> bool {
    let n = corners.len();
    let edge = |i: usize| (corners[i], corners[(i + 1) % n]);
    let inside = n >= 3
        && (0..n).all(|i| {
            let (a, b) = edge(i);
            (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0) >= 0.0
        });
    inside || (0..n).any(|i| distance(edge(i), p) < gap)
}

fn distance((a, b): (Point, Point), p: Point) -> f32 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let len = dx * dx + dy * dy;
    let t = if len == 0.0 { 0.0 } else { ((p.0 - a.0) * dx + (p.1 - a.1) * dy) / len };
    let t = t.clamp(0.0, 1.0);
    (a.0 + dx * t - p.0).hypot(a.1 + dy * t - p.1)
}

/// A rounded outline at a distance round points.
fn hull(points: &[Point], gap: f32) -> String {
    let mut pen = Pen::new();
    let corners = convex(points.to_vec());
    if let [(x, y)] = corners[..] {
        pen.circle(x, y, gap);
        return pen.d();
    }
    let n = corners.len();
    for i in 0..n {
        let (a, b) = (corners[i], corners[(i + 1) % n]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let len = dx.hypot(dy).max(1e-3);
        let (ox, oy) = (dy / len * gap, -dx / len * gap);
        if i == 0 {
            pen.to(a.0 + ox, a.1 + oy);
        } else {
            pen.arc(gap, false, true, a.0 + ox, a.1 + oy);
        }
        pen.line(b.0 + ox, b.1 + oy);
    }
    let (a, b) = (corners[0], corners[1 % n]);
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let len = dx.hypot(dy).max(1e-3);
    pen.arc(gap, false, true, a.0 + dy / len * gap, a.1 - dx / len * gap).close();
    pen.d()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Layout as Style;

    /// Every smaller side of two clients and five replicas, in a wide room and in a narrow one: each that no straight
    /// way joins is one ground by ways with a bend, and they touch nobody else.
    #[test]
    fn a_side_is_one_ground_where_a_way_leads_round_the_others() {
        let ids = |r: std::ops::Range<u16>| r.map(NodeId).collect::<Vec<_>>();
        let (mut apart, mut joined) = (0, 0);
        for (w, h) in [(430.0, 340.0), (900.0, 420.0), (360.0, 520.0)] {
            let layout = Layout::place(&[ids(0..2), ids(2..7)], Style::Tiers, w, h);
            let room = Room::new(&layout, &[]);
            let sides = (1..1u16 << 7).filter(|set| set.count_ones() <= 3);
            for side in sides.map(|set| ids(0..7).into_iter().filter(move |n| set >> n.0 & 1 == 1))
            {
                let side: Vec<NodeId> = side.collect();
                let (mut parts, others) = (parts(&room, &side), outsiders(&layout, &side));
                if parts.len() < 2 || bridge(&layout, &parts, &others, &|_| true).is_some() {
                    continue;
                }
                apart += 1;
                while let Some((i, j, [a, by, b])) = detour(&layout, &parts, &others) {
                    let clear = layout.ring_radius() + NECK;
                    for o in &others {
                        assert!(distance((a, by), *o).min(distance((by, b), *o)) > clear);
                    }
                    let more = parts.remove(j);
                    parts[i].extend(more);
                }
                joined += usize::from(parts.len() == 1);
            }
        }
        println!("{joined} of {apart} sides are one ground by a way with a bend");
        assert!(apart > 20 && joined == apart, "{joined} of {apart}");
    }
}
