//! Who there is, and what is on its way between them.
//!
//! ```text
//!        (c1)           clients above, or beside where the ring would be too flat;
//!
//!    (n1)    (n2)       servers in a ring of their own (never the only layout: rows where tiers are
//!   (n5)      (n3)      small, a grid above a dozen nodes), their words where the fewest ways pass
//!        (n4)
//! ```
//!
//! [`furniture`] is what stands: nodes, wires, fences. It changes with events and the selection, not with
//! every frame. What moves is numbers: [`Flights`] and the timers of [`rings`].

mod fence;
mod flights;
mod kinship;
mod layout;

pub use super::place::{Box2, Placer};
pub use flights::{FLIGHT, Flights, LABEL, OWN, Spot, State, label_text, message_name, spot};
pub use kinship::kinship;
pub use layout::{Layout, Way};

use super::index::Index;
use super::pen::Pen;
use super::text;
use super::{Anchor, Form, Hue, Pick, Shape};
use crate::ids::{NodeId, Us};
use crate::protocol::prose_time;
use crate::run::{Peek, Run};
use crate::value::cut;
use crate::world::Life;

/// Everything that stands at a moment: wires, fences, nodes. One group a node, each with its name.
pub fn furniture(
    run: &Run,
    index: &Index,
    peek: &Peek,
    layout: &Layout,
    selected: Pick,
) -> Vec<Shape> {
    let mut out = vec![];
    let there = |n: &NodeId| peek.life(*n) != Life::Absent && index.shows_node(*n);
    let nodes: Vec<(NodeId, Shape)> = run
        .cast()
        .all()
        .filter(there)
        .map(|n| (n, node(run, peek, layout, n, selected == Pick::Node(n))))
        .collect();
    fence::fences(run, peek, layout, &nodes, &mut out);
    wires(run, index, peek, layout, &mut out);
    out.extend(nodes.into_iter().map(|n| n.1));
    out
}

/// Where words of links stand among these shapes.
pub fn link_words(shapes: &[Shape]) -> Vec<Box2> {
    let one = |s: &Shape| match &s.form {
        Form::Text { x, y, text, .. } if s.role == "link-word" => {
            let width = text::width(text, text::SMALL);
            Some(Box2::of_text(x - width / 2.0, *y, width, text::SMALL))
        }
        _ => None,
    };
    shapes.iter().filter_map(one).collect()
}

/// The same with what moves, drawn where it is at `now`: for thumbnails, files and reduced motion.
pub fn still(
    run: &Run,
    index: &Index,
    peek: &Peek,
    layout: &Layout,
    now: Us,
    selected: Pick,
) -> Vec<Shape> {
    let mut out = furniture(run, index, peek, layout, selected);
    for ring in rings(run, peek, layout).iter().filter(|r| index.shows_node(r.node)) {
        let left = ring.left(now);
        if left > 0.0 {
            let mut pen = Pen::new();
            pen.turn(ring.x, ring.y, ring.r, 0.0, left);
            out.push(Shape::group("node", vec![Shape::path("timer", pen.d()).hue(ring.hue)]));
        }
    }
    flights::still(run, index, layout, now, &mut out);
    out
}

/// A timer's ring round its node; it drains as the time goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    pub node: NodeId,
    pub x: f32,
    pub y: f32,
    pub r: f32,
    pub hue: Hue,
    pub armed_at: Us,
    pub due: Us,
    /// `election, 120 ms left of 217 ms`, for the one who asks.
    pub name: String,
}

impl Ring {
    /// What is left of it, from 1 to 0.
    pub fn left(&self, now: Us) -> f32 {
        let whole = self.due.saturating_sub(self.armed_at).max(1);
        self.due.saturating_sub(now).min(whole) as f32 / whole as f32
    }
}

/// The timer of each node that comes first. Good until the next event.
pub fn rings(run: &Run, peek: &Peek, layout: &Layout) -> Vec<Ring> {
    let ring = |node: NodeId| {
        let (x, y) = layout.at(node);
        let timer = peek.timers(node).into_iter().min_by_key(|t| t.due)?;
        let r = layout.ring_radius();
        (peek.life(node) == Life::Up && layout.shows_rings()).then(|| Ring {
            node,
            x,
            y,
            r,
            hue: Hue::epoch(peek.face(node).epoch),
            armed_at: timer.armed_at,
            due: timer.due,
            name: [&timer.name, " of ", &prose_time(timer.due - timer.armed_at)].concat(),
        })
    };
    run.cast().all().filter_map(ring).collect()
}

fn wires(run: &Run, index: &Index, peek: &Peek, layout: &Layout, out: &mut Vec<Shape>) {
    let net = peek.world().net();
    let (mut open, mut cut, mut crosses) = (Pen::new(), Pen::new(), Pen::new());
    let (mut shut, mut heads) = (Pen::new(), Pen::new());
    let shown = |n: &NodeId| peek.life(*n) != Life::Absent && index.shows_node(*n);
    let there: Vec<NodeId> = run.cast().all().filter(shown).collect();
    let odd = odd_links(peek, layout, &there);
    let mut ways: Vec<(NodeId, NodeId)> = vec![];
    for (i, &a) in there.iter().enumerate() {
        for &b in &there[i + 1..] {
            match (net.is_cut(a, b), net.is_cut(b, a)) {
                (true, true) => {
                    let middle = layout.middle(a, b);
                    middle.draw(&mut cut);
                    if ![a, b].iter().any(|n| fence::is_isolated(run, peek, *n)) {
                        let (x, y) = middle.at(0.5);
                        crosses.cross(x, y, 5.0);
                    }
                    continue;
                }
                // One way is cut: an arrow says which, and the other is still there.
                (true, false) => one_way(layout, (a, b), [&mut shut, &mut heads, &mut crosses]),
                (false, true) => one_way(layout, (b, a), [&mut shut, &mut heads, &mut crosses]),
                (false, false) => {}
            }
            let parted = !net.open(a, b) && !net.open(b, a);
            // Words would hang in the air without their link, though nobody has used it yet.
            let stands = index.talked(a, b) || odd.contains(&(a, b));
            if layout.shows_wires() && stands && !parted {
                layout.middle(a, b).draw(&mut open);
                ways.push((a, b));
            }
        }
    }
    let all = [
        ("wire", open),
        ("wire cut", cut),
        ("cut-way", shut),
        ("cut-head", heads),
        ("cross", crosses),
    ];
    for (role, pen) in all {
        if !pen.is_empty() {
            out.push(Shape::path(role, pen.d()));
        }
    }
    words_of(peek, layout, &odd, &ways, out);
}

/// An arrow the way that is cut, struck out.
fn one_way(layout: &Layout, (from, to): (NodeId, NodeId), pens: [&mut Pen; 3]) {
    let [shut, heads, crosses] = pens;
    let way = layout.way(from, to);
    let ((ax, ay), (bx, by)) = (way.at(0.34), way.at(0.66));
    shut.to(ax, ay).line(bx, by);
    let (dx, dy) = way.along(0.66);
    heads.head(bx, by, dx, dy, 10.0);
    let (x, y) = way.at(0.48);
    crosses.cross(x, y, 5.0);
}

/// Links that have a setting of their own are labelled, at most.
const ODD: usize = 8;
/// Letters of a name that is too long for its circle.
const LONG: f32 = 12.0;

fn is_odd(peek: &Peek, a: NodeId, b: NodeId) -> bool {
    let net = peek.world().net();
    net.link(a, b) != net.base() && net.open(a, b)
}

/// Links that are not as the others, and whose words have room.
fn odd_links(peek: &Peek, layout: &Layout, there: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let pairs = there.iter().enumerate().flat_map(|(i, a)| there[i + 1..].iter().map(|b| (*a, *b)));
    let odd = pairs.filter(|(a, b)| is_odd(peek, *a, *b) || is_odd(peek, *b, *a));
    let odd: Vec<_> = odd.take(ODD + 1).collect();
    if odd.len() > ODD || !layout.shows_lines() { vec![] } else { odd }
}

/// What is special about them, each on its own line: where no other passes if there is such a place, and never over
/// other words.
fn words_of(
    peek: &Peek,
    layout: &Layout,
    odd: &[(NodeId, NodeId)],
    ways: &[(NodeId, NodeId)],
    out: &mut Vec<Shape>,
) {
    if odd.is_empty() {
        return;
    }
    let net = peek.world().net();
    let mut placer = flights::placer(layout, ODD);
    for &(a, b) in odd {
        let (one, other) = (net.says(a, b), net.says(b, a));
        let words = match (is_odd(peek, a, b), is_odd(peek, b, a)) {
            (true, true) if one == other => one,
            (true, true) => [&one, " / ", &other].concat(),
            (true, false) => one,
            _ => other,
        };
        let (way, width) = (layout.middle(a, b), text::width(&words, text::SMALL));
        let room = |i: i32| {
            // From the middle outwards.
            let (x, y) = way.at(0.5 + ((i + 1) / 2 * (i % 2 * 2 - 1)) as f32 * 0.04);
            (x, y + 4.0, Box2::of_text(x - width / 2.0, y + 4.0, width, text::SMALL))
        };
        let alone = |b2: &Box2| {
            ways.iter().filter(|w| **w != (a, b)).all(|w| {
                let other = layout.middle(w.0, w.1);
                (0..8)
                    .all(|k| !b2.crossed(other.at(k as f32 / 8.0), other.at((k + 1) as f32 / 8.0)))
            })
        };
        let free = |(_, _, b): &(f32, f32, Box2)| placer.is_free(b);
        let place = (0..19).map(room).filter(free).find(|p| alone(&p.2));
        if let Some((x, y, b)) = place.or_else(|| (0..19).map(room).find(free)) {
            placer.take(b);
            out.push(Shape::text("link-word", x, y, Anchor::Middle, words));
        }
    }
}

// ---------------------------------------------------------------- a node

fn node(run: &Run, peek: &Peek, layout: &Layout, n: NodeId, selected: bool) -> Shape {
    let (face, life) = (peek.face(n), peek.life(n));
    let ((x, y), r) = (layout.at(n), layout.radius());
    let mut kids = vec![];
    if selected {
        kids.push(Shape::circle("halo", x, y, layout.ring_radius() + 4.0));
    }
    if layout.shows_rings() && life == Life::Up && !peek.timers(n).is_empty() {
        kids.push(Shape::circle("timer-track", x, y, layout.ring_radius()));
    }
    if peek.world().lies_now(n) {
        kids.push(Shape::circle("lying", x + r * 0.16, y + r * 0.16, r));
    }
    kids.push(Shape::circle("body", x, y, r));
    if life == Life::Down {
        kids.push(Shape::path("hatch", hatch(x, y, r)));
    }
    words(run, peek, layout, n, &mut kids);
    if layout.shows_names() && (clock_says(peek, n).is_some() || disk_is_odd(run, peek, n)) {
        kids.push(Shape::path("odd", odd(run, peek, n, (x - r * 0.86, y - r * 0.86))));
    }
    if life == Life::Paused {
        kids.push(Shape::rect("bars", x + r * 0.52, y - r * 0.98, r * 0.14, r * 0.42));
        kids.push(Shape::rect("bars", x + r * 0.78, y - r * 0.98, r * 0.14, r * 0.42));
    }
    kids.push(Shape::circle("hit", x, y, layout.ring_radius().max(12.0)));
    let role = role_of(life, face.leads, selected);
    Shape::group(role, kids)
        .hue(Hue::epoch(face.epoch))
        .pick(Pick::Node(n), node_name(run, peek, n))
}

fn role_of(life: Life, leads: bool, selected: bool) -> &'static str {
    match (life, leads, selected) {
        (Life::Down, _, false) => "node crashed",
        (Life::Down, _, true) => "node crashed selected",
        (Life::Paused, _, false) => "node paused",
        (Life::Paused, _, true) => "node paused selected",
        (_, true, false) => "node leads",
        (_, true, true) => "node leads selected",
        (_, false, false) => "node",
        (_, false, true) => "node selected",
    }
}

/// Inside the circle its name and, where it fits, the first of what matters; beside it the rest, and what it
/// believes to be.
fn words(run: &Run, peek: &Peek, layout: &Layout, n: NodeId, kids: &mut Vec<Shape>) {
    let ((x, y), r) = (layout.at(n), layout.radius());
    if !layout.shows_names() {
        return;
    }
    let up = peek.life(n) != Life::Down;
    let line = if up { peek.line(n) } else { String::new() };
    // A small circle has room for its name alone.
    let room = if layout.shows_lines() { r * 1.72 } else { 0.0 };
    let (inside, outside) = split(&line, room);
    // A long name is written smaller, and beside its node sooner than cut.
    let long = text::width(run.name(n), text::NAME) > r * 1.7;
    let beside = long && text::width(run.name(n), LONG) > r * 1.9;
    let label = if long { "label long inside" } else { "label inside" };
    // In a small circle both lines move up, to where it is wide.
    let up = if r < 28.0 { 3.5 } else { 0.0 };
    let base = if inside.is_empty() { y + 5.5 } else { y + 1.0 - up };
    if !beside {
        kids.push(Shape::text(label, x, base, Anchor::Middle, run.name(n)));
    }
    if !inside.is_empty() {
        let base = if beside { y + 4.0 } else { y + 15.0 - up };
        kids.push(Shape::text("line inside", x, base, Anchor::Middle, inside));
    }
    let word = word(run, peek, n);
    if !layout.shows_lines() {
        let room = layout.room(n);
        let words = match beside {
            true => text::fit(run.name(n), text::SMALL, room),
            false => short(word.unwrap_or_default(), &line, room),
        };
        let foot = y + layout.ring_radius() + SHORT;
        if !words.is_empty() {
            kids.push(Shape::text("line outside soft", x, foot, Anchor::Middle, words));
        }
        return;
    }
    let name =
        beside.then(|| [run.name(n), word.map_or("", |_| ", "), word.unwrap_or("")].concat());
    let name = name.or(word.map(String::from)).map(|w| text::fit(&w, LONG, layout.room(n)));
    let outside = whole_parts(outside, layout.room(n));
    let lines = usize::from(name.is_some()) + usize::from(!outside.is_empty());
    let ((x, mut y), anchor) = layout.lines(n, lines);
    if let Some(name) = name {
        kids.push(Shape::text("outside", x, y, anchor, name));
        y += layout::LEAD;
    }
    if !outside.is_empty() && y < layout.h - 3.0 {
        kids.push(Shape::text("line outside soft", x, y, anchor, outside));
    }
}

/// Where the words beside a node stand among its shapes.
fn words_beside(node: &Shape) -> Vec<Box2> {
    let Form::Group { kids, .. } = &node.form else { return vec![] };
    let one = |s: &Shape| match &s.form {
        Form::Text { x, y, anchor, text } if matches!(s.role, "outside" | "line outside soft") => {
            let size = if s.role == "outside" { LONG } else { text::SMALL };
            let wide = text::width(text, size);
            let left = match anchor {
                Anchor::Start => *x,
                Anchor::Middle => x - wide / 2.0,
                Anchor::End => x - wide,
            };
            Some(Box2::of_text(left, *y, wide, size))
        }
        _ => None,
    };
    kids.iter().filter_map(one).collect()
}

/// As many of its parts as have room, and only a single one cut.
fn whole_parts(line: &str, room: f32) -> String {
    let mut told = line;
    while text::width(told, text::SMALL) > room
        && let Some(at) = told.rfind(" · ")
    {
        told = &told[..at];
    }
    text::fit(told, text::SMALL, room)
}

/// From the rim of a small node to the baseline of its one line.
const SHORT: f32 = 11.0;

/// What it is and what it holds, in one line under a small node: as much as has room, and rather its first part alone,
/// or that part's number, than nothing.
fn short(word: &str, line: &str, room: f32) -> String {
    let first = cut(line, " · ").map_or(line, |c| c.0);
    let first = cut(first, ", ").map_or(first, |c| c.0);
    let number = |w: &&str| w.bytes().any(|b| b.is_ascii_digit());
    let last = first.rfind(' ').map_or(first, |at| &first[at + 1..]);
    let last = first.split(' ').find(number).unwrap_or(last);
    let both =
        |line: &str| if line.is_empty() { word.into() } else { [word, " · ", line].concat() };
    let told = match word {
        "" => [line.to_string(), first.to_string(), last.to_string()],
        _ => [both(line), both(first), if first.is_empty() { word } else { first }.to_string()],
    };
    let fits = |s: &&String| text::width(s, text::SMALL) <= room;
    let whole = told.iter().find(fits).cloned();
    whole.unwrap_or_else(|| text::fit(last, text::SMALL, room))
}

/// `term 2 · log 4` in what fits inside and what does not.
fn split(line: &str, room: f32) -> (&str, &str) {
    let fits = |s: &str| text::width(s, text::SMALL) <= room;
    match cut(line, " · ") {
        _ if fits(line) => (line, ""),
        Some((first, rest)) if fits(first) => (first, rest),
        _ => ("", line),
    }
}

/// What it is, where that is not what it began as.
fn word(run: &Run, peek: &Peek, n: NodeId) -> Option<&'static str> {
    match peek.life(n) {
        Life::Down => return Some("crashed"),
        Life::Paused => return Some("paused"),
        _ => {}
    }
    let face = peek.face(n);
    let usual = run.entry().roles[run.cast().role(n) as usize].states.first();
    let told = face.leads || usual.is_some_and(|u| *u != face.state);
    (told && !face.state.is_empty()).then_some(face.state)
}

/// `n3, leader, term 3`: what a screen reader says of a node.
pub fn node_name(run: &Run, peek: &Peek, n: NodeId) -> String {
    let (face, line) = (peek.face(n), peek.line(n));
    let life = match peek.life(n) {
        Life::Down => "crashed",
        Life::Paused => "paused",
        Life::Absent => "not there yet",
        Life::Up => "",
    };
    let lying = if peek.world().lies_now(n) { "lying" } else { "" };
    let clock = clock_says(peek, n).unwrap_or_default();
    let disk = if disk_is_odd(run, peek, n) { disk_says(peek, n) } else { String::new() };
    let cut = cut_off(run, peek, n);
    let parts = [run.name(n), life, lying, face.state, &line, &clock, &disk, &cut];
    let said: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    said.join(", ")
}

/// `cut off from n4, n5`, `cannot send to n2`: what of the network is closed to it; nothing where all is open.
fn cut_off(run: &Run, peek: &Peek, n: NodeId) -> String {
    let net = peek.world().net();
    let others = || run.cast().all().filter(|o| *o != n && peek.life(*o) != Life::Absent);
    let mut said: Vec<String> = vec![];
    for (word, sends, hears) in [
        ("cut off from ", false, false),
        ("cannot send to ", false, true),
        ("cannot hear ", true, false),
    ] {
        let is = |o: &NodeId| net.open(n, *o) == sends && net.open(*o, n) == hears;
        let names: Vec<&str> = others().filter(is).map(|o| run.name(o)).collect();
        match names.len() {
            0 => {}
            k if k == others().count() => said.push([word, "everybody"].concat()),
            _ => said.push([word, &names.join(", ")].concat()),
        }
    }
    said.join(", ")
}

/// Less than this is no error anybody sees.
const TRUE: i64 = 100;

/// `clock 30 ms ahead, 200 ppm fast`, where it is wrong.
pub fn clock_says(peek: &Peek, n: NodeId) -> Option<String> {
    let (_, _, error, ppm) = peek.clock(n);
    let mut said: Vec<String> = vec![];
    if error.abs() >= TRUE {
        let way = if error > 0 { " ahead" } else { " behind" };
        said.push([&prose_time(error.unsigned_abs()), way].concat());
    }
    if ppm != 0 {
        let way = if ppm > 0 { " ppm fast" } else { " ppm slow" };
        said.push([&ppm.unsigned_abs().to_string(), way].concat());
    }
    (!said.is_empty()).then(|| ["clock ", &said.join(", ")].concat())
}

/// `disk 50 ms`: how long a write takes.
pub fn disk_says(peek: &Peek, n: NodeId) -> String {
    ["disk ", &prose_time(peek.world().disk(n))].concat()
}

/// Whether its disk is slower than the fastest of its role.
fn disk_is_odd(run: &Run, peek: &Peek, n: NodeId) -> bool {
    let same = |o: &NodeId| run.cast().role(*o) == run.cast().role(n);
    let disk = |o: NodeId| peek.world().disk(o);
    run.cast().all().filter(same).any(|o| disk(o) < disk(n))
}

/// The signs on a node: a small clock where it is wrong, a small disk where it is slow.
fn odd(run: &Run, peek: &Peek, n: NodeId, (mut x, y): (f32, f32)) -> String {
    let mut pen = Pen::new();
    if clock_says(peek, n).is_some() {
        pen.circle(x, y, 6.0).to(x, y - 4.0).line(x, y).line(x + 3.0, y + 1.5);
        x -= 16.0;
    }
    if disk_is_odd(run, peek, n) {
        pen.rect(x - 5.0, y - 5.0, 10.0, 4.0).rect(x - 5.0, y + 1.0, 10.0, 4.0);
    }
    pen.d()
}

/// Slanting lines across a circle.
fn hatch(x: f32, y: f32, r: f32) -> String {
    let mut pen = Pen::new();
    let steps = (r / 4.0).clamp(2.0, 8.0) as i32;
    for i in 1 - steps..steps {
        // The chord of the circle at this distance from its centre, at 45°.
        let d = i as f32 / steps as f32 * r;
        let half = (r * r - d * d).max(0.0).sqrt();
        let s = std::f32::consts::FRAC_1_SQRT_2;
        let (cx, cy) = (x + d * s, y + d * s);
        pen.to(cx - half * s, cy + half * s).line(cx + half * s, cy - half * s);
    }
    pen.d()
}
