//! Operations as bars from call to return, with what they carried; the point where each took effect if
//! one order explains all, or in red the few that contradict the model, with arrows for what must come
//! before what: where they go round, there is no order. What comes after the playhead the page lays under a veil; what
//! has been asked or answered by then is written over it.

use std::cmp::Ordering;

use super::exhibit::Picture;
use super::kin::{Beside, Kin, Lasting};
use super::pen::Pen;
use super::{Anchor, Form, Pick, Shape, text};
use crate::check::history::{Because, History, Verdict, points};
use crate::check::verdict::out_word;
use crate::few;
use crate::ids::{EventId, NodeId, OpId, Us};
use crate::run::Run;
use crate::scenario::ast::Out;
use crate::trace::OpRec;

const PITCH: f32 = 28.0;
const BAR: f32 = 18.0;
/// Width of a bar that took no time.
const LEAST: f32 = 6.0;
/// Width of what a finger meets.
const TARGET: f32 = 24.0;
/// From the top of a bar to the baseline of a word below it, and how wide such a word may be.
const BELOW: f32 = BAR + 9.0;
const SHORT: f32 = 28.0;
/// How far a shade reaches beyond its bar.
const AROUND: f32 = 4.0;

/// The bars, and the words that stand over the veil: of what has happened by now, reaching into what has not.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    pub picture: Picture,
    pub over: Vec<Shape>,
}

impl Bars {
    /// With the veil between them: for pictures that stand.
    pub fn still(self, x: f32) -> Picture {
        let Bars { mut picture, over } = self;
        picture.shapes.push(Shape::rect("veil", x, 0.0, picture.w - x, picture.h));
        picture.shapes.push(Shape::line("now", x, 0.0, x, picture.h));
        picture.shapes.extend(over);
        picture
    }
}

/// How many operations have been asked for by then, and how many answered: while neither changes, no word does.
pub fn stands(run: &Run, now: Us) -> (usize, usize) {
    let by_now = |e: EventId| run.trace().event(e).is_some_and(|e| e.at <= now);
    let ops = || run.trace().ops.iter();
    let answered = |op: &&OpRec| op.ret.as_ref().is_some_and(|r| by_now(r.0));
    (ops().filter(|op| by_now(op.invoke)).count(), ops().filter(answered).count())
}

/// The operations of a stretch of time, as they are known at a moment. `judged` is a history with its verdict, if there
/// is one; `beside` the event that is selected, if one is.
pub fn history(
    run: &Run,
    judged: Option<(&History, &Verdict)>,
    ((from, to), now): ((Us, Us), Us),
    w: f32,
    (selected, beside): (Pick, Option<&Beside>),
) -> Bars {
    let at = |e: EventId| run.trace().event(e).map_or(0, |e| e.at);
    let left = left(run);
    let x = |t: Us| x_of(left, (from, to), w, t);
    let mut rows: Vec<(NodeId, Us)> = vec![];
    let mut bars: Vec<(usize, OpId, &OpRec, Us, Us)> = vec![];
    for (i, op) in run.trace().ops.iter().enumerate() {
        let (a, b) = (at(op.invoke), op.ret.as_ref().map_or(Us::MAX, |r| at(r.0)));
        if a > to || b < from {
            continue;
        }
        let row = row_of(&mut rows, op.node, a, b);
        bars.push((row, OpId(i as u32), op, a, b));
    }
    // Rows of one node stand together.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    few::sort_by_key(&mut order, |&r| (rows[r].0, r));
    let place = |row: usize| order.iter().position(|&r| r == row).unwrap_or(0) as f32 * PITCH;
    let guilty = guilty(judged);
    let (mut shapes, mut over) = (vec![], vec![]);
    for (i, &r) in order.iter().enumerate() {
        if i == 0 || rows[order[i - 1]].0 != rows[r].0 {
            let y = i as f32 * PITCH + 15.0;
            shapes.push(Shape::text("lane-name", 0.0, y, Anchor::Start, run.name(rows[r].0)));
        }
    }
    // Where in each row the last word below a bar ends.
    let mut ends = vec![left; rows.len()];
    for (i, &(row, id, op, a, b)) in bars.iter().enumerate() {
        let next = bars[i + 1..].iter().find(|n| n.0 == row).map_or(w, |n| x(n.3));
        let (x0, x1) = (x(a.max(from)), x(b.min(to)).max(x(a.max(from)) + LEAST));
        let bad = guilty.contains(&op.invoke);
        let when = match (a <= now, b <= now) {
            (_, true) => When::Answered,
            (true, false) => When::Asked,
            _ => When::Later,
        };
        let at = At { x0, x1, next, y: place(row), veil: x(now.clamp(from, to)), when };
        let chosen = selected == Pick::Op(id);
        let (shape, said) = bar(run, id, op, at, (bad, chosen), &mut ends[row]);
        over.extend(said);
        // Nothing stands to itself.
        shapes.push(match beside.filter(|_| !chosen) {
            Some(beside) => {
                let seen = |(a, b): (Us, Us)| {
                    (a <= to && from <= b).then(|| (x(a.max(from)), x(b.min(to))))
                };
                shaded(shape, &beside.op(op, to), place(row), &seen)
            }
            None => shape,
        });
    }
    let spot = |op: &OpRec| {
        let (row, .., a, b) = bars.iter().find(|bar| bar.2.invoke == op.invoke)?;
        Some(Spot { x0: x(*a.max(&from)), x1: x(*b.min(&to)), y: place(*row) })
    };
    shapes.extend(arrows(run, judged, &spot));
    took_effect(run, judged, &rows, &place, &x, &mut shapes);
    Bars { picture: Picture { shapes, w, h: rows.len() as f32 * PITCH }, over }
}

/// Where a time of the stretch lies across the picture.
pub fn x_at(run: &Run, stretch: (Us, Us), w: f32, t: Us) -> f32 {
    x_of(left(run), stretch, w, t)
}

/// The nodes' names stand before the bars.
fn left(run: &Run) -> f32 {
    let names = run.cast().all().map(|n| text::width(run.name(n), text::LABEL));
    names.fold(16.0, f32::max) + 12.0
}

fn x_of(left: f32, (from, to): (Us, Us), w: f32, t: Us) -> f32 {
    left + (t.saturating_sub(from) as f64 / (to - from).max(1) as f64) as f32 * (w - left - 8.0)
}

/// The first row of its node that is free by then.
fn row_of(rows: &mut Vec<(NodeId, Us)>, node: NodeId, from: Us, to: Us) -> usize {
    let free = rows.iter().position(|r| r.0 == node && r.1 <= from);
    let row = free.unwrap_or(rows.len());
    if free.is_none() {
        rows.push((node, to));
    }
    rows[row].1 = to;
    row
}

/// From call to return, and where the next one in the row begins.
struct At {
    x0: f32,
    x1: f32,
    next: f32,
    y: f32,
    /// Where the veil begins.
    veil: f32,
    when: When,
}

/// How far an operation has come by now.
#[derive(Clone, Copy, PartialEq)]
enum When {
    Later,
    Asked,
    Answered,
}

/// The bar, and its words once more where they would lie under the veil before their time has come. `ends` is where the last
/// word below the bars of this row does.
fn bar(
    run: &Run,
    id: OpId,
    op: &OpRec,
    at: At,
    (bad, chosen): (bool, bool),
    ends: &mut f32,
) -> (Shape, Option<Shape>) {
    let At { x0, x1, next, y, veil, when } = at;
    let role = match (&op.ret, bad) {
        (_, true) => "bar broken",
        (None, _) => "bar open",
        (Some((_, Out::Ok, _)), _) => "bar",
        _ => "bar failed",
    };
    let said = said(run, id, op);
    let words = said[0].1.clone();
    // The longest that has room, in the bar or beside it; in the shortest there is the value alone.
    let beside = next.max(x1) - x1 - 10.0;
    let room = (x1 - x0 - 10.0).max(beside);
    let fits = said.iter().find(|s| text::mono(&s.1, text::SMALL) <= room).cloned();
    // Where not even that has, it stands below its bar, or the first letter of what was asked.
    let below = fits.is_none();
    let (asked, answered) = fits.unwrap_or_else(|| mark(op, said));
    let wide = text::mono(&answered, text::SMALL);
    // What is short, and narrow on a phone, is still met by a finger: as far as the next one leaves room.
    let reach = (x0 + TARGET).min(next).max(x1) - x0;
    let mut kids = vec![
        Shape::rect("hit", x0, y - (PITCH - BAR) / 2.0, reach, PITCH),
        Shape::round(role, x0, y, x1 - x0, BAR, 4.0),
    ];
    let (role, x, y) = if below {
        ("value beside-bar", (x0 + x1 - wide) / 2.0, y + BELOW)
    } else if wide + 10.0 <= x1 - x0 {
        ("value on-bar", x0 + 5.0, y + 13.0)
    } else {
        ("value beside-bar", x1 + 5.0, y + 13.0)
    };
    let mut over = None;
    if !answered.is_empty() && (!below || x >= *ends) {
        if below {
            *ends = x + wide + 2.0;
        }
        // What is open does not tell yet what it will be answered.
        let said = if when == When::Asked { asked } else { answered };
        let ends = x + text::mono(&said, text::SMALL);
        if when == When::Later || ends <= veil {
            kids.push(Shape::text(role, x, y, Anchor::Start, said));
        } else {
            // Beside the bar's own ground: the veil has made it pale.
            over = Some(Shape::text("value beside-bar", x, y, Anchor::Start, said));
        }
    }
    let name = [run.name(op.node), " ", &words].concat();
    let role = if chosen { "op selected" } else { "op" };
    (Shape::group(role, kids).pick(Pick::Op(id), name), over)
}

/// The shortest there is to say of an operation: the last of what may be said of it, or the first letter of its verb.
fn mark(op: &OpRec, mut said: Vec<(String, String)>) -> (String, String) {
    let last = said.pop().filter(|s| text::mono(&s.1, text::SMALL) <= SHORT);
    last.unwrap_or_else(|| {
        let letter: String = op.verb.chars().take(1).collect();
        (letter.clone(), letter)
    })
}

/// What stands in a bar or beside it, longest first: while it is open, and when it is answered.
fn said(run: &Run, id: OpId, op: &OpRec) -> Vec<(String, String)> {
    let asked = run.call(id);
    let Some((_, out, value)) = &op.ret else { return vec![(asked.clone(), asked)] };
    let got = value.as_ref().map_or_else(|| out_word(*out).to_string(), |v| v.print());
    let mut all = vec![(asked.clone(), [&asked, " ⇒ ", &got].concat())];
    // Of what was done a reader needs no more than the value.
    if let (Out::Ok, Some(key)) = (*out, op.args.first()) {
        let key = key.print();
        match (op.verb, value, op.args.get(1)) {
            ("put", None, Some(v)) => {
                let set = [&key, "=", &v.print()].concat();
                all.extend([(asked.clone(), asked), (set.clone(), set), (v.print(), v.print())]);
            }
            ("get", Some(_), _) => {
                all.extend([(key.clone(), [&key, "=", &got].concat()), (String::new(), got)]);
            }
            _ => {}
        }
    }
    all
}

/// A bar with shades under what of it is in the past and in the future of the selected event.
/// `seen` is where a part of its time lies, if in sight.
fn shaded(
    mut bar: Shape,
    how: &Lasting,
    y: f32,
    seen: &dyn Fn((Us, Us)) -> Option<(f32, f32)>,
) -> Shape {
    if how.words.is_empty() {
        return bar;
    }
    bar.name = [&bar.name, ", ", &*how.words].concat();
    if how.apart {
        bar.role = "op kin-concurrent";
    }
    let Form::Group { kids, .. } = &mut bar.form else { return bar };
    let part = |kin: Kin, part: (Us, Us)| {
        let (x0, x1) = seen(part)?;
        kin.shade(x0 - 3.0, y - AROUND, (x1 - x0).max(3.0) + 6.0, BAR + 2.0 * AROUND)
    };
    let parts = [(Kin::Past, how.past), (Kin::Future, how.future)];
    // A sibling rule of the style says which words stand on which bar: the shades come before both.
    for shade in parts.into_iter().filter_map(|(k, p)| part(k, p?)).rev() {
        kids.insert(0, shade);
    }
    bar
}

/// Invocations of the operations that contradict the model.
fn guilty(judged: Option<(&History, &Verdict)>) -> Vec<EventId> {
    match judged {
        Some((h, Verdict::No { ops, .. })) => {
            ops.iter().filter_map(|&i| Some(EventId(h.ops.get(i)?.invoke as u32))).collect()
        }
        _ => vec![],
    }
}

/// Where a bar lies.
struct Spot {
    x0: f32,
    x1: f32,
    y: f32,
}

/// What must come before what, if the verdict says so: from the end of a bar to the start of another where
/// it is a matter of time, else from the middle of one to the middle of the other.
fn arrows(
    run: &Run,
    judged: Option<(&History, &Verdict)>,
    spot: &dyn Fn(&OpRec) -> Option<Spot>,
) -> Vec<Shape> {
    let Some((h, Verdict::No { circle, .. })) = judged else { return vec![] };
    let of = |i: usize| {
        let invoke = EventId(h.ops.get(i)?.invoke as u32);
        spot(run.trace().ops.iter().find(|op| op.invoke == invoke)?)
    };
    let mut shapes = vec![];
    for b in circle {
        let (Some(one), Some(other)) = (of(b.from), of(b.to)) else { continue };
        let time = b.because == Because::RealTime;
        let x1 = if time { one.x1 } else { (one.x0 + one.x1) / 2.0 };
        let x2 = if time { other.x0 } else { (other.x0 + other.x1) / 2.0 };
        // Between rows the arrow goes from edge to edge, in one row it bows over the bars.
        let (y1, y2) = match other.y.total_cmp(&one.y) {
            Ordering::Greater => (one.y + BAR, other.y),
            Ordering::Less => (one.y, other.y + BAR),
            Ordering::Equal => (one.y, one.y),
        };
        let lift = if y1 == y2 { -10.0 } else { 0.0 };
        // A little aside, so that an arrow there and an arrow back are two.
        let (cx, cy) = ((x1 + x2) / 2.0 + (y2 - y1) * 0.15, (y1 + y2) / 2.0 + lift);
        let (dx, dy) = (x2 - cx, y2 - cy);
        let long = (dx * dx + dy * dy).sqrt().max(0.1);
        let mut pen = Pen::new();
        pen.to(x1, y1).bend(cx, cy, x2, y2).head(x2, y2, dx / long, dy / long, 6.0);
        shapes.push(Shape::path("because", pen.d()));
    }
    shapes
}

/// A tick where each operation took effect.
fn took_effect(
    run: &Run,
    judged: Option<(&History, &Verdict)>,
    rows: &[(NodeId, Us)],
    place: &dyn Fn(usize) -> f32,
    x: &dyn Fn(Us) -> f32,
    out: &mut Vec<Shape>,
) {
    let Some((h, Verdict::Yes { order })) = judged else { return };
    for (op, point) in points(h, order) {
        let node = h.ops[op].node;
        let at = run.trace().event(EventId(point as u32)).map_or(0, |e| e.at);
        if let Some(row) = rows.iter().position(|r| r.0 == node) {
            out.push(Shape::line("tick", x(at), place(row) - 3.0, x(at), place(row) + BAR + 3.0));
        }
    }
}
