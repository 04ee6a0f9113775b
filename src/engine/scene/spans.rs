//! Stretches of one axis under each other, and where they meet: what several say of a value nobody can see.
//!
//! Where nothing lies for long the axis is cut short, so that what agrees within milliseconds is seen beside what is off by
//! seconds.

use super::exhibit::Picture;
use super::pen::Pen;
use super::{Anchor, Form, Hue, Pick, Shape, text};
use crate::check::measure;
use crate::few;
use crate::run::Run;
use crate::show::{Spans, Stretch};

/// Narrower than this the names stand above the stretches.
const NARROW: f32 = 520.0;
/// For the names and words at the left, and the numbers at the right.
const LEFT: f32 = 132.0;
const RIGHT: f32 = 140.0;
/// Height of a row; its stretch.
const ROW: f32 = 28.0;
const TALL: f32 = 44.0;
const THICK: f32 = 10.0;
/// Width of a cut in the axis.
const CUT: f32 = 28.0;
const LINE: f32 = 18.0;

/// A piece of the axis that is drawn to scale.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    from: i64,
    to: i64,
    x: f32,
}

/// Values to places: pieces of one scale, with cuts between them.
#[derive(Clone, Debug, PartialEq)]
struct Scale {
    pieces: Vec<Piece>,
    /// Pixels for one of the unit.
    pitch: f64,
}

impl Scale {
    /// For all that is to be seen, from `x` on and as wide as there is room for.
    fn new(mut seen: Vec<(i64, i64)>, x: f32, w: f32) -> Scale {
        few::sort(&mut seen);
        let mut parts: Vec<(i64, i64)> = vec![];
        for (from, to) in seen {
            match parts.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => parts.push((from, to)),
            }
        }
        let long: i64 = parts.iter().map(|p| p.1 - p.0).sum::<i64>().max(1);
        // What is empty for longer than half of what is not is cut.
        let mut joined: Vec<(i64, i64)> = vec![];
        for (from, to) in parts {
            match joined.last_mut() {
                Some(last) if from - last.1 <= long / 2 => last.1 = to,
                _ => joined.push((from, to)),
            }
        }
        let margin = (long / 16).max(1);
        let ends = |p: &(i64, i64)| (p.0 - margin, p.1 + margin);
        let all: i64 = joined.iter().map(ends).map(|(a, b)| b - a).sum();
        let cuts = CUT * joined.len().saturating_sub(1) as f32;
        let pitch = f64::from((w - cuts).max(1.0)) / all.max(1) as f64;
        let (mut at, mut pieces) = (x, vec![]);
        for (from, to) in joined.iter().map(ends) {
            pieces.push(Piece { from, to, x: at });
            at += ((to - from) as f64 * pitch) as f32 + CUT;
        }
        Scale { pieces, pitch }
    }

    fn end(&self, p: &Piece) -> f32 {
        p.x + ((p.to - p.from) as f64 * self.pitch) as f32
    }

    /// Where a value lies; in a cut, somewhere in it.
    fn x(&self, v: i64) -> f32 {
        let at = self.pieces.partition_point(|p| p.from <= v).max(1) - 1;
        let Some(p) = self.pieces.get(at) else { return 0.0 };
        if v > p.to && at + 1 < self.pieces.len() {
            return self.end(p) + CUT / 2.0;
        }
        p.x + ((v - p.from) as f64 * self.pitch) as f32
    }
}

/// The rows, the axis below them, and in words what is shaded and what nobody can see.
pub fn spans(run: &Run, s: &Spans, w: f32) -> Picture {
    let narrow = w < NARROW;
    let (left, right, row) = if narrow { (0.0, 0.0, TALL) } else { (LEFT, RIGHT, ROW) };
    let mut seen: Vec<(i64, i64)> =
        s.rows.iter().filter_map(|r| Some((r.at?.0, r.at?.1))).collect();
    seen.extend(s.band);
    if !seen.is_empty() {
        seen.extend(s.truth.map(|t| (t, t)));
    }
    let some = !seen.is_empty();
    let scale = Scale::new(seen, left, w - left - right);
    let foot = row * s.rows.len() as f32 + 4.0;
    // Where words stand above the stretches, nothing passes behind them.
    let strips: Vec<(f32, f32)> = match narrow {
        true => (1..=s.rows.len()).map(|i| (row * i as f32 - row / 2.0, row * i as f32)).collect(),
        false => vec![(0.0, foot)],
    };
    let mut out = vec![];
    for ((from, to), &(top, end)) in s.band.iter().flat_map(|b| strips.iter().map(move |s| (*b, s)))
    {
        let (a, b) = (scale.x(from), scale.x(to));
        out.push(Shape::rect("meet", a, top, (b - a).max(1.0), end - top));
        out.push(Shape::line("meet-edge", a, top, a, end));
        out.push(Shape::line("meet-edge", b, top, b, end));
    }
    for (i, r) in s.rows.iter().enumerate() {
        let kids = stretch(run, s.unit, r, &scale, (w, narrow));
        let group = Shape::new("span-row", Form::Group { x: 0.0, y: row * i as f32, kids });
        out.push(group.pick(Pick::Node(r.of), name(run, s.unit, r)));
    }
    let mut h = foot;
    if some {
        axis(s, &scale, foot, w - right, &mut out);
        h += 20.0;
    }
    let truth = s.truth.filter(|_| some);
    if let Some(t) = truth {
        let x = scale.x(t);
        out.extend(strips.iter().map(|(top, end)| Shape::line("unseen", x, *top, x, *end)));
        out.push(Shape::line("unseen", x, foot, x, foot + 4.0));
    }
    // What the shading and the dotted line are, each behind a sample of it.
    let mut note = |sample: Option<Shape>, words: &str| {
        let indent = if sample.is_some() { 20.0 } else { 0.0 };
        out.extend(sample.map(|s| Shape::new("", Form::Group { x: 0.0, y: h, kids: vec![s] })));
        for line in wrapped(words, w - indent) {
            out.push(Shape::text("chart-title", indent, h + 14.0, Anchor::Start, line));
            h += LINE;
        }
    };
    let said = |v: i64| measure::prose(s.unit, v);
    match s.band {
        Some((from, to)) => {
            let words = [&said(from), " to ", &said(to), ": ", &s.says].concat();
            note(Some(Shape::rect("meet sample", 0.5, 4.5, 13.0, 10.0)), &words);
        }
        None => note(None, &s.says),
    }
    if let Some(t) = truth {
        let words = ["the true value, ", &said(t), ", which no node can see"].concat();
        note(Some(Shape::line("unseen", 7.0, 2.0, 7.0, 17.0)), &words);
    }
    Picture { shapes: out, w, h }
}

/// `s4, falseticker, 490 ms to 510 ms`
fn name(run: &Run, unit: &str, r: &Stretch) -> String {
    let word = if r.word.is_empty() { String::new() } else { [", ", r.word].concat() };
    match r.at {
        Some((from, to, _)) => {
            let (from, to) = (measure::prose(unit, from), measure::prose(unit, to));
            [run.name(r.of), &word, ", ", &from, " to ", &to].concat()
        }
        None => [run.name(r.of), &word, ", ", NOTHING].concat(),
    }
}

const NOTHING: &str = "nothing known yet";

/// `500 ms ± 10 ms`, or from where to where.
fn extent(unit: &str, (from, to, point): (i64, i64, i64)) -> String {
    let said = |v: i64| measure::prose(unit, v);
    match to - point == point - from {
        true => [&said(point), " ± ", &said(to - point)].concat(),
        false => [&said(from), " to ", &said(to)].concat(),
    }
}

fn stretch(
    run: &Run,
    unit: &str,
    r: &Stretch,
    scale: &Scale,
    (w, narrow): (f32, bool),
) -> Vec<Shape> {
    let y = if narrow { 31.0 } else { ROW / 2.0 };
    let base = if narrow { 16.0 } else { y + 4.5 };
    // All of the row can be pressed.
    let tall = if narrow { TALL } else { ROW };
    let mut out = vec![Shape::rect("hit", 0.0, 0.0, w, tall)];
    let label = text::fit(run.name(r.of), text::LABEL, 44.0);
    let after = text::width(&label, text::LABEL) + 10.0;
    out.push(Shape::text("lane-name", 0.0, base, Anchor::Start, label));
    out.push(Shape::text("soft", after, base, Anchor::Start, r.word));
    let Some(at) = r.at else {
        let x = if narrow { after } else { LEFT };
        out.push(Shape::text("soft", x, base, Anchor::Start, NOTHING));
        return out;
    };
    out.push(Shape::text("value", w, base, Anchor::End, extent(unit, at)));
    let (a, b, x) = (scale.x(at.0), scale.x(at.1), scale.x(at.2));
    let hue = Hue::owner(run, r.of);
    let bar = if r.out { "bar open" } else { "bar" };
    out.push(Shape::rect(bar, a, y - THICK / 2.0, (b - a).max(2.0), THICK).hue(hue));
    let mut pen = Pen::new();
    let role = if r.out { "span-point out" } else { "span-point" };
    if r.out {
        pen.cross(x, y, 4.0)
    } else {
        pen.circle(x, y, 4.0)
    };
    out.push(Shape::path(role, pen.d()));
    out
}

/// The axis with its cuts, and the numbers there is room for: of what is shaded first, then the ends.
fn axis(s: &Spans, scale: &Scale, y: f32, w: f32, out: &mut Vec<Shape>) {
    for (i, p) in scale.pieces.iter().enumerate() {
        let end = scale.end(p);
        out.push(Shape::line("rule", p.x, y, end, y));
        if i + 1 < scale.pieces.len() {
            let mut pen = Pen::new();
            for x in [end + CUT / 2.0 - 3.0, end + CUT / 2.0 + 3.0] {
                pen.to(x - 3.0, y + 5.0).line(x + 3.0, y - 5.0);
            }
            out.push(Shape::path("cut-axis", pen.d()));
        }
    }
    let mut wanted: Vec<i64> = vec![];
    wanted.extend(s.band.iter().flat_map(|b| [b.0, b.1]));
    wanted.extend(s.truth);
    wanted.extend(s.rows.iter().filter_map(|r| r.at).flat_map(|at| [at.0, at.1]));
    let mut taken: Vec<(f32, f32)> = vec![];
    for v in wanted {
        let words = measure::prose(s.unit, v);
        let half = text::width(&words, text::SMALL) / 2.0;
        let x = scale.x(v);
        let middle = x.clamp(half, (w - half).max(half));
        let (a, b) = (middle - half - 4.0, middle + half + 4.0);
        if taken.iter().all(|t| b <= t.0 || a >= t.1) {
            taken.push((a, b));
            out.push(Shape::line("rule", x, y, x, y + 4.0));
            out.push(Shape::text("axis", middle, y + 15.0, Anchor::Middle, words));
        }
    }
}

/// Words in lines that fit.
fn wrapped(words: &str, room: f32) -> Vec<String> {
    let (mut lines, mut line) = (vec![], String::new());
    for word in words.split(' ').filter(|w| !w.is_empty()) {
        let longer = if line.is_empty() { word.into() } else { [&line, " ", word].concat() };
        if line.is_empty() || text::width(&longer, text::LABEL) <= room {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.into()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_far_away_is_brought_near_by_a_cut() {
        let scale = Scale::new(vec![(-13, 7), (490, 510), (-10, 10), (0, 0)], 100.0, 428.0);
        assert_eq!(scale.pieces.len(), 2);
        // Both pieces are of one scale, and end where the room ends.
        let (near, far) = (scale.pieces[0], scale.pieces[1]);
        assert_eq!((near.from, near.to, far.from, far.to), (-15, 12, 488, 512));
        assert_eq!((near.x, scale.end(&far).round()), (100.0, 528.0));
        assert_eq!(far.x, scale.end(&near) + CUT);
        assert!((scale.x(10) - scale.x(0) - (scale.x(500) - scale.x(490))).abs() < 0.01);
        // What is in the cut lies in it.
        assert!(scale.x(200) > scale.end(&near) && scale.x(200) < far.x);
    }

    #[test]
    fn what_lies_near_is_not_cut_off() {
        let scale = Scale::new(vec![(-4, 16), (4, 24), (0, 0), (30, 34)], 0.0, 400.0);
        assert_eq!(scale.pieces.len(), 1);
        assert!(scale.x(0) < scale.x(4) && scale.x(4) < scale.x(16));
    }

    #[test]
    fn one_point_is_an_axis_too() {
        let scale = Scale::new(vec![(5, 5)], 0.0, 400.0);
        assert_eq!(scale.x(5), 200.0);
        assert_eq!(Scale::new(vec![], 0.0, 400.0).x(5), 0.0);
    }

    #[test]
    fn words_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 60.0), ["one two", "three"]);
        assert_eq!(wrapped("", 60.0), Vec::<String>::new());
    }
}
