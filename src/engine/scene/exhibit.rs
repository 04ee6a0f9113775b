//! Exhibits as pictures: what protocols show of their inside, in the closed vocabulary of `show`.
//!
//! Equal keys on several nodes stack into one picture. Logs and rings have views of their own.

use super::clocks::Clocks;
use super::pen::Pen;
use super::{Anchor, Hue, Kin, Pick, Shape, logs, ring, spans, text};
use crate::few;
use crate::ids::{EventId, NodeId, Us};
use crate::run::{Peek, Run};
use crate::show::{Exhibit, Range, Ring, Table, Waiting};

/// Shapes with the room they take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    pub shapes: Vec<Shape>,
    pub w: f32,
    pub h: f32,
}

/// One key of the showcase, over the nodes that show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    pub key: &'static str,
    pub items: Vec<(NodeId, Exhibit)>,
}

impl Stack {
    pub fn of(&self, n: NodeId) -> Option<&Exhibit> {
        self.items.iter().find(|(m, _)| *m == n).map(|(_, e)| e)
    }
}

/// Everything shown at a moment, by key, in the order the entry shows it.
pub fn stacks(run: &Run, peek: &Peek) -> Vec<Stack> {
    let mut out: Vec<Stack> = vec![];
    for n in run.cast().all() {
        for (key, exhibit) in peek.exhibits(n).items {
            match out.iter_mut().find(|s| s.key == key) {
                Some(s) => s.items.push((n, exhibit)),
                None => out.push(Stack { key, items: vec![(n, exhibit)] }),
            }
        }
    }
    out
}

/// Views of the lower stage that show an exhibit, at most; the inspector shows everything.
const OFFERED: usize = 4;

/// What is shown at the end of what is known, as far as it has a view of its own: pictures before words, and among them
/// by name, whoever shows it.
pub fn offered(run: &Run) -> Vec<Stack> {
    let last = run.trace().len().saturating_sub(1);
    let mut stacks = stacks(run, &run.peek(EventId(last as u32)));
    few::sort_by_key(&mut stacks, |s| (s.items.first().map_or(9, |(_, e)| rank(e)), s.key));
    stacks.truncate(OFFERED);
    stacks
}

fn rank(e: &Exhibit) -> u8 {
    match e {
        Exhibit::Ring(_) => 0,
        Exhibit::Log(_) | Exhibit::Spans(_) => 1,
        Exhibit::Ranges(_) | Exhibit::Tree(_) | Exhibit::Lines(_) => 2,
        Exhibit::Clock { .. } | Exhibit::Matrix { .. } => 3,
        Exhibit::Chart { .. } | Exhibit::Table(_) => 4,
        Exhibit::Queue(_) | Exhibit::Set(_) | Exhibit::Gauge { .. } => 5,
        Exhibit::Text(_) => 6,
    }
}

/// Add what no node can know, as the clocks of the run tell it at that time.
pub fn reveal(stack: &mut Stack, clocks: &Clocks, now: Us) {
    for (n, exhibit) in &mut stack.items {
        if let Exhibit::Spans(s) = exhibit {
            s.truth = s.turned.map(|turned| turned - clocks.error(*n, now));
        }
    }
}

/// Whether nobody holds anything of it: names without anything beside them tell a reader less than words.
pub fn is_empty(stack: &Stack) -> bool {
    stack.items.iter().all(|(_, e)| match e {
        Exhibit::Log(log) => log.cells.is_empty() && log.first <= log.before + 1,
        Exhibit::Table(t) => t.rows.is_empty(),
        Exhibit::Set(items) | Exhibit::Queue(items) => items.is_empty(),
        Exhibit::Ranges(ranges) => ranges.is_empty(),
        Exhibit::Tree(rows) => rows.is_empty(),
        Exhibit::Matrix { rows, .. } => rows.is_empty(),
        Exhibit::Text(t) => t.is_empty(),
        _ => false,
    })
}

/// The rings of several nodes as one. Its tokens are those of the node that knows of what is moving, else those most
/// nodes know; its keys are everybody's.
pub fn whole(stack: &Stack) -> Option<Ring> {
    let ring = |(_, e): &'_ (NodeId, Exhibit)| match e {
        Exhibit::Ring(r) => Some(r.clone()),
        _ => None,
    };
    let rings: Vec<Ring> = stack.items.iter().filter_map(ring).collect();
    let alike = |r: &Ring| rings.iter().filter(|o| o.tokens == r.tokens).count();
    let known = rings.iter().max_by_key(|r| (r.moving.len(), alike(r), r.tokens.len()))?;
    let mut keys: Vec<_> = rings.iter().flat_map(|r| r.keys.iter().cloned()).collect();
    few::sort(&mut keys);
    keys.dedup();
    let walk = rings.iter().filter_map(|r| r.walk.clone()).max_by_key(|w| w.0);
    Some(Ring { keys, walk, ..known.clone() })
}

const LINE: f32 = 20.0;

/// How far the shade of a row reaches beyond it, into the margin.
pub const BEYOND: f32 = 8.0;

/// The least a ring needs to be read.
const RING: f32 = 168.0;

/// Draw a stack in a width. `before` is the same a little earlier, for what leaves a ghost; a ring fits itself into
/// the room's height, logs as far as they can be read; everything else takes what it needs. `kin` is how a node stands, as it is at that moment, to the
/// selected event; a ring is what several nodes know together, and stands to none.
pub fn draw(
    run: &Run,
    stack: &Stack,
    before: Option<&Stack>,
    (w, room): (f32, f32),
    selected: Pick,
    kin: &dyn Fn(NodeId) -> Kin,
) -> Picture {
    match stack.items.first() {
        Some((_, Exhibit::Log(_))) => {
            return logs::logs(run, stack, before, (w, room), selected, kin);
        }
        Some((_, Exhibit::Ring(_))) => {
            let h = room.max(RING).min(w);
            let rings = whole(stack).map(|r| ring::ring(run, &r, w, h, selected));
            return Picture { shapes: rings.unwrap_or_default(), w, h };
        }
        _ => {}
    }
    let mut out = Picture { shapes: vec![], w, h: 0.0 };
    for (n, exhibit) in &stack.items {
        let part = one(run, exhibit, w - 44.0);
        let (kin, h) = (kin(*n), part.h.max(LINE));
        let word = text::fit(run.name(*n), text::LABEL, 40.0);
        // Beside a short name, below a long one where there is room.
        let y = if text::width(&word, text::LABEL) <= 24.0 { 14.0 } else { 30.0 };
        let sign = (!kin.sign().is_empty() && y <= h)
            .then(|| Shape::text("kin-sign", 40.0, y, Anchor::End, kin.sign()));
        let label = Shape::text("lane-name", 0.0, 14.0, Anchor::Start, word);
        let shade = kin.shade(-BEYOND, -2.0, w + 2.0 * BEYOND, h + 4.0);
        // A part of which pieces can be chosen is no piece itself: the name stands for the node then.
        let pieces = part.shapes.iter().any(|s| s.pick != Pick::None);
        let moved = Shape::new("", super::Form::Group { x: 44.0, y: 0.0, kids: part.shapes });
        let role = if kin == Kin::Concurrent { "exhibit kin-concurrent" } else { "exhibit" };
        let name = kin.named(&[run.name(*n), ", ", &stack.key.replace('-', " ")].concat());
        let whose = |s: Shape| s.pick(Pick::Node(*n), name);
        let group = |kids| super::Form::Group { x: 0.0, y: out.h, kids };
        let named = sign.into_iter().chain([label]);
        let shape = if pieces {
            let hit = Shape::rect("hit", -2.0, -4.0, 42.0, 26.0);
            let head = whose(Shape::group("exhibit", [hit].into_iter().chain(named).collect()));
            Shape::new("", group(shade.into_iter().chain([head, moved]).collect()))
        } else {
            let kids = shade.into_iter().chain(named).chain([moved]).collect();
            whose(Shape::new(role, group(kids)))
        };
        out.shapes.push(shape);
        out.h += h + 8.0;
    }
    out
}

/// Draw one exhibit in a width.
pub fn one(run: &Run, exhibit: &Exhibit, w: f32) -> Picture {
    match exhibit {
        Exhibit::Table(t) => table(t, w),
        Exhibit::Set(items) | Exhibit::Queue(items) => chips(items, w),
        Exhibit::Gauge { value, max, unit } => gauge(*value, *max, unit, w),
        Exhibit::Chart { states, edges, current } => chart(states, edges, current, w),
        Exhibit::Clock { entries, beside } => clock(run, entries, *beside, w),
        Exhibit::Tree(rows) => lines(rows.iter().map(|(d, t)| (*d as f32 * 14.0, t.clone())), w),
        Exhibit::Matrix { rows, cols, cells } => {
            let head = std::iter::once(String::new()).chain(cols.iter().cloned()).collect();
            let row = |(name, cells): (&String, &Vec<String>)| {
                std::iter::once(name.clone()).chain(cells.iter().cloned()).collect()
            };
            table(&Table { head, rows: rows.iter().zip(cells).map(row).collect() }, w)
        }
        Exhibit::Ranges(ranges) => bands(run, ranges, w),
        Exhibit::Spans(s) => spans::spans(run, s, w),
        Exhibit::Lines(all) => waiting(run, all, w),
        Exhibit::Text(t) => lines(std::iter::once((0.0, t.clone())), w),
        Exhibit::Log(l) => lines(l.cells.iter().map(|c| (0.0, c.text.clone())), w),
        Exhibit::Ring(r) => Picture { shapes: ring::ring(run, r, w, w, Pick::None), w, h: w },
    }
}

fn lines(rows: impl Iterator<Item = (f32, String)>, w: f32) -> Picture {
    let mut shapes = vec![];
    for (i, (x, t)) in rows.enumerate() {
        let y = LINE * i as f32 + 14.0;
        shapes.push(Shape::text("value", x, y, Anchor::Start, text::fit(&t, text::LABEL, w - x)));
    }
    let h = LINE * shapes.len() as f32;
    Picture { shapes, w, h }
}

/// Columns of one width where all their words have room, else each as wide as it needs; those that have no place beside the
/// others stand below them.
fn table(t: &Table, w: f32) -> Picture {
    let cols = t.head.len().max(t.rows.iter().map(Vec::len).max().unwrap_or(0)).max(1);
    let mut need: Vec<f32> = (0..cols).map(|c| column(t, c)).collect();
    let pitch = w / cols as f32;
    let even = need.iter().all(|n| *n <= pitch);
    need[0] = need[0].min(w / 2.0);
    let (mut shapes, mut top) = (vec![], 0.0);
    for part in if even { vec![(0..cols).collect()] } else { parts(&need, w) } {
        let spare = (w - part.iter().map(|c| need[*c]).sum::<f32>()) / part.len() as f32;
        let (mut x, mut places) = (0.0, vec![]);
        for c in part {
            let wide = if even { pitch } else { (need[c] + spare.max(0.0)).min(w - x) };
            places.push((c, x, wide));
            x += wide;
        }
        for (i, cells) in std::iter::once(&t.head).chain(&t.rows).enumerate() {
            let (role, y) = (if i == 0 { "soft" } else { "value" }, top + 14.0 + LINE * i as f32);
            for &(c, x, wide) in &places {
                let words = cells.get(c).map(|cell| text::fit(cell, text::LABEL, wide - 8.0));
                shapes.extend(words.map(|words| Shape::text(role, x, y, Anchor::Start, words)));
            }
        }
        shapes.push(Shape::line("rule", 0.0, top + LINE - 1.0, w, top + LINE - 1.0));
        top += LINE * (t.rows.len() + 1) as f32 + PART;
    }
    Picture { shapes, w, h: top - PART }
}

/// Between the parts of a table that stand below each other.
const PART: f32 = 6.0;

/// The room a column of a table needs.
fn column(t: &Table, c: usize) -> f32 {
    let head = t.head.get(c).map_or(0.0, |h| text::width(h, text::LABEL));
    let wide = |s: &String| text::mono(s, text::LABEL).max(text::width(s, text::LABEL));
    t.rows.iter().filter_map(|r| r.get(c)).map(wide).fold(head, f32::max) + 12.0
}

/// Which columns stand beside each other: the first, which names the rows, with as many of the others as have room, and again
/// with those that had none.
fn parts(need: &[f32], w: f32) -> Vec<Vec<usize>> {
    let (mut out, mut used) = (vec![vec![0]], need[0]);
    for c in 1..need.len() {
        if used + need[c] > w && out.last().is_some_and(|part| part.len() > 1) {
            out.push(vec![0]);
            used = need[0];
        }
        out.last_mut().into_iter().for_each(|part| part.push(c));
        used += need[c];
    }
    out
}

/// Members or waiting things, one after the other, in as many rows as they need.
fn chips(items: &[String], w: f32) -> Picture {
    let (mut x, mut y, mut shapes) = (0.0, 0.0, vec![]);
    for item in items {
        let words = text::fit(item, text::LABEL, w - 16.0);
        let wide = text::mono(&words, text::LABEL) + 14.0;
        if x > 0.0 && x + wide > w {
            (x, y) = (0.0, y + LINE + 4.0);
        }
        shapes.push(Shape::round("chip", x, y, wide, LINE, 4.0));
        shapes.push(Shape::text("value", x + 7.0, y + 14.5, Anchor::Start, words));
        x += wide + 4.0;
    }
    Picture { shapes, w, h: y + LINE }
}

/// A bar to each other node, a block for each thing that waits: full where it is on its way, hollow where it is not.
fn waiting(run: &Run, all: &[Waiting], w: f32) -> Picture {
    let pitch = LINE + 6.0;
    let mut shapes = vec![];
    for (i, line) in all.iter().enumerate() {
        let y = pitch * i as f32;
        let to = text::fit(run.name(line.to), text::LABEL, WAIT_LEFT - 24.0);
        let mut kids = vec![
            Shape::rect("hit", 0.0, 0.0, w, pitch),
            Shape::text("soft", 0.0, 15.0, Anchor::Start, ["→ ", &to].concat()),
        ];
        if line.items.is_empty() {
            kids.push(Shape::text("soft", WAIT_LEFT, 15.0, Anchor::Start, "nothing waits"));
        }
        let room = ((w - WAIT_LEFT - 44.0) / BLOCK).max(1.0) as usize;
        for (k, (word, sent)) in line.items.iter().take(room).enumerate() {
            let x = WAIT_LEFT + BLOCK * k as f32;
            let role = if *sent { "block sent" } else { "block" };
            kids.push(Shape::round(role, x, 1.0, BLOCK - 3.0, LINE, 3.0));
            let word = text::fit(word, text::SMALL, BLOCK - 8.0);
            let middle = x + (BLOCK - 3.0) / 2.0;
            kids.push(Shape::text("block-word", middle, 15.0, Anchor::Middle, word));
        }
        let more = line.items.len().saturating_sub(room);
        if more > 0 {
            let x = WAIT_LEFT + BLOCK * room as f32 + 4.0;
            let words = ["+ ", &more.to_string()].concat();
            kids.push(Shape::text("value", x, 15.0, Anchor::Start, words));
        }
        let count = |sent: bool| line.items.iter().filter(|i| i.1 == sent).count().to_string();
        let (sent, unsent) = (count(true), count(false));
        let name = ["to ", run.name(line.to), ": ", &unsent, " wait, ", &sent, " on their way"];
        let row = Shape::new("", super::Form::Group { x: 0.0, y, kids });
        shapes.push(row.pick(Pick::Node(line.to), name.concat()));
    }
    Picture { shapes, w, h: pitch * all.len() as f32 }
}

/// Where the blocks begin, and from one to the next.
const WAIT_LEFT: f32 = 52.0;
const BLOCK: f32 = 40.0;

fn gauge(value: i64, max: i64, unit: &str, w: f32) -> Picture {
    let part = (value as f32 / max.max(1) as f32).clamp(0.0, 1.0);
    let bar = (w - 90.0).max(20.0);
    let words = [&value.to_string(), " of ", &max.to_string(), " ", unit].concat();
    let shapes = vec![
        Shape::round("track", 0.0, 6.0, bar, 8.0, 4.0),
        Shape::round("bar", 0.0, 6.0, bar * part, 8.0, 4.0),
        Shape::text("value", bar + 8.0, 14.0, Anchor::Start, words),
    ];
    Picture { shapes, w, h: LINE }
}

fn clock(
    run: &Run,
    entries: &[(NodeId, u64)],
    beside: Option<(&'static str, u64)>,
    w: f32,
) -> Picture {
    let mut shapes = vec![];
    let mut chip = |x: f32, wide: f32, word: &str, v: u64| {
        let middle = x + wide / 2.0;
        let word = text::fit(word, text::SMALL, wide - 2.0);
        shapes.push(Shape::round("chip", x, 0.0, wide, 30.0, 4.0));
        shapes.push(Shape::text("soft", middle, 11.0, Anchor::Middle, word));
        shapes.push(Shape::text("value", middle, 25.0, Anchor::Middle, v.to_string()));
    };
    for (i, (n, v)) in entries.iter().enumerate() {
        chip(40.0 * i as f32, 36.0, run.name(*n), *v);
    }
    if let Some((word, v)) = beside {
        chip(40.0 * entries.len() as f32 + 12.0, 56.0, word, v);
    }
    Picture { shapes, w, h: 32.0 }
}

fn bands(run: &Run, ranges: &[Range], w: f32) -> Picture {
    let whole: u64 = ranges.iter().map(|r| r.size.max(1)).sum::<u64>().max(1);
    let (mut x, mut shapes) = (0.0, vec![]);
    for r in ranges {
        let wide = r.size.max(1) as f32 / whole as f32 * w;
        let name = [run.name(r.owner), ": ", &r.from, " to ", &r.to].concat();
        shapes.push(
            Shape::rect("bar", x, 0.0, (wide - 2.0).max(1.0), 16.0)
                .hue(Hue::owner(run, r.owner))
                .pick(Pick::Node(r.owner), name),
        );
        shapes.push(Shape::text(
            "value",
            x,
            30.0,
            Anchor::Start,
            text::fit(&r.from, text::SMALL, wide - 4.0),
        ));
        x += wide;
    }
    Picture { shapes, w, h: 34.0 }
}

/// States in a row with their transitions as arcs above, and back below; the current one is filled.
fn chart(states: &[&str], edges: &[(&str, &str)], current: &str, w: f32) -> Picture {
    let n = states.len().max(1);
    let pitch = w / n as f32;
    let y = 46.0;
    let x = |i: usize| pitch * (i as f32 + 0.5);
    let at = |s: &str| states.iter().position(|t| *t == s);
    let (mut ways, mut heads, mut shapes) = (Pen::new(), Pen::new(), vec![]);
    for (a, b) in edges.iter().filter_map(|(a, b)| Some((at(a)?, at(b)?))).filter(|(a, b)| a != b) {
        let side = if b > a { -1.0 } else { 1.0 };
        let lift = side * (12.0 + 9.0 * a.abs_diff(b) as f32);
        let (x0, x1, y0) = (x(a) - side * 6.0, x(b) + side * 6.0, y + side * 13.0);
        ways.to(x0, y0).bend((x0 + x1) / 2.0, y0 + lift * 1.4, x1, y0);
        let (dx, dy) = (x1 - (x0 + x1) / 2.0, -lift * 1.4);
        let len = dx.hypot(dy).max(1e-3);
        heads.head(x1, y0, dx / len, dy / len, 7.0);
    }
    shapes.push(Shape::path("passage", ways.d()));
    shapes.push(Shape::path("passage-head", heads.d()));
    for (i, s) in states.iter().enumerate() {
        let role = if *s == current { "state current" } else { "state" };
        let wide = (text::width(s, text::SMALL) + 14.0).min(pitch - 4.0);
        shapes.push(Shape::round(role, x(i) - wide / 2.0, y - 12.0, wide, 24.0, 12.0));
        let word = if *s == current { "state-word current" } else { "state-word" };
        shapes.push(Shape::text(
            word,
            x(i),
            y + 4.0,
            Anchor::Middle,
            text::fit(s, text::SMALL, wide - 8.0),
        ));
    }
    Picture { shapes, w, h: 92.0 }
}
