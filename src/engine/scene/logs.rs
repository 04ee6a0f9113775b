//! Logs of several nodes, one above the other: cells coloured by epoch, a rule under what is committed, a
//! ghost where an entry was overwritten, and one block for all that a snapshot stands for.

use super::exhibit::{BEYOND, Picture, Stack};
use super::{Anchor, Hue, Kin, Pick, Shape, text};
use crate::ids::NodeId;
use crate::run::Run;
use crate::show::{Cell, Exhibit, Log};

/// Cells are as wide as there is room for, within these.
const NARROW: f32 = 46.0;
const WIDE: f32 = 84.0;
/// Rows are as high as there is room for, within these; a cell leaves room for the rule under it.
const LOW: f32 = 33.0;
const HIGH: f32 = 44.0;
const TOP: f32 = 18.0;

/// The logs of a stack. `before` is the same stack a little earlier: what differs from it leaves a ghost.
pub fn logs(
    run: &Run,
    stack: &Stack,
    before: Option<&Stack>,
    (w, room_h): (f32, f32),
    selected: Pick,
    kin: &dyn Fn(NodeId) -> Kin,
) -> Picture {
    let rows: Vec<(NodeId, &Log)> =
        stack.items.iter().filter_map(|(n, e)| Some((*n, log(e)?))).collect();
    let names = rows.iter().map(|(n, _)| text::width(run.name(*n), text::LABEL));
    let left = names.fold(16.0, f32::max) + 12.0;
    let room = |left: f32| (((w - left) / NARROW).floor() as u64).max(1);
    let ghosts = |n: NodeId| before.and_then(|b| b.of(n)).and_then(log);
    let end = |l: &Log| l.first + l.cells.len() as u64;
    let last = rows.iter().map(|(n, l)| end(l).max(ghosts(*n).map_or(0, end))).max().unwrap_or(0);
    let most = rows.iter().map(|(_, l)| kept(l)).max().unwrap_or(0);
    let least = |past: u64| {
        let of = rows.iter().filter(|(_, l)| end(l) > past && !l.cells.is_empty());
        of.map(|(_, l)| l.first).min().unwrap_or(last)
    };
    // Who has not come as far as the snapshots of others is shown from his first cell on if there is room for all.
    let all = least(0).min(most + 1).max(1.min(last));
    let fits = most == 0 || last.saturating_sub(all) <= room(left);
    let first = if fits { all } else { least(most + 1).min(most + 1) };
    let clipped = |left: f32| first.max(last.saturating_sub(room(left)));
    // What is out of sight stands before the first cell.
    let block = if most > 0 && clipped(left) > 1 {
        text::width(&says(most), text::SMALL) + 16.0
    } else {
        0.0
    };
    let start = left;
    let left = left + block;
    let first = clipped(left);
    let last = last.min(first + room(left));
    let wide = ((w - left) / (last - first).max(4) as f32).clamp(NARROW, WIDE);
    let pitch = ((room_h - TOP) / rows.len().max(1) as f32).clamp(LOW, HIGH);
    let high = (pitch - 6.0).min(30.0);
    let rule = high + (pitch - high).min(8.0) / 2.0;
    let view = View { run, start, left, first, last, wide, high, rule };
    let mut shapes = vec![];
    view.heads(&mut shapes);
    for (i, (n, log)) in rows.iter().enumerate() {
        let y = TOP + pitch * i as f32;
        let kin = kin(*n);
        let role = match kin {
            _ if selected == Pick::Node(*n) => "log selected",
            Kin::Concurrent => "log kin-concurrent",
            _ => "log",
        };
        let mut kids: Vec<Shape> =
            kin.shade(-BEYOND, y - 4.0, w + 2.0 * BEYOND, pitch - 3.0).into_iter().collect();
        kids.push(Shape::text("lane-name", 0.0, y + 20.0, Anchor::Start, run.name(*n)));
        if !kin.sign().is_empty() {
            kids.push(Shape::text("kin-sign", 0.0, y + 34.0, Anchor::Start, kin.sign()));
        }
        view.row(log, ghosts(*n), y, &mut kids);
        let name = kin.named(&name(run, *n, log));
        shapes.push(Shape::group(role, kids).pick(Pick::Node(*n), name));
    }
    Picture { shapes, w, h: TOP + pitch * rows.len() as f32 }
}

fn log(e: &Exhibit) -> Option<&Log> {
    match e {
        Exhibit::Log(l) => Some(l),
        _ => None,
    }
}

/// The last entry that a snapshot stands for.
fn kept(log: &Log) -> u64 {
    (log.first - log.before).saturating_sub(1)
}

fn says(kept: u64) -> String {
    ["1–", &kept.to_string(), " snapshot"].concat()
}

/// `n1: 5 entries from 1, committed up to 4`
fn name(run: &Run, n: NodeId, log: &Log) -> String {
    let (count, first, done) = (
        (log.before + log.cells.len() as u64).to_string(),
        (log.first - log.before).to_string(),
        log.committed.to_string(),
    );
    let held =
        if kept(log) > 0 { [says(kept(log)).as_str(), ", "].concat() } else { String::new() };
    [run.name(n), ": ", &held, &count, " entries from ", &first, ", committed up to ", &done]
        .concat()
}

struct View<'a> {
    run: &'a Run,
    /// Where the block of a snapshot begins.
    start: f32,
    left: f32,
    first: u64,
    last: u64,
    wide: f32,
    /// Height of a cell.
    high: f32,
    /// How far below its top the rule under it is.
    rule: f32,
}

impl View<'_> {
    fn x(&self, i: u64) -> f32 {
        self.left + self.wide * (i - self.first) as f32
    }

    fn heads(&self, out: &mut Vec<Shape>) {
        for i in self.first..self.last {
            let x = self.x(i) + self.wide / 2.0 - 1.0;
            out.push(Shape::text("axis", x, 11.0, Anchor::Middle, i.to_string()));
        }
    }

    fn row(&self, log: &Log, before: Option<&Log>, y: f32, out: &mut Vec<Shape>) {
        let kept = kept(log);
        let end = (log.first + log.cells.len() as u64).saturating_sub(1);
        let hidden = match kept {
            0 if self.start < self.left => end.min(self.first - 1),
            _ => kept,
        };
        let first = self.first.max(hidden + 1);
        let edge = self.x(first.min(self.last.max(self.first)));
        if hidden > 0 {
            let w = edge - self.start - 3.0;
            let words = match hidden {
                _ if kept > 0 => says(kept),
                1 => "1".into(),
                _ => ["1–", &hidden.to_string()].concat(),
            };
            let words = text::fit(&words, text::SMALL, w - 6.0);
            let kids = vec![
                Shape::round("box", self.start, y, w, self.high, 4.0),
                Shape::text(
                    "value",
                    self.start + w / 2.0,
                    y + self.high / 2.0 + 4.0,
                    Anchor::Middle,
                    words,
                ),
            ];
            let hue = cell(log, hidden).map_or(Hue::INK, |c| Hue::cell(self.run, c));
            out.push(Shape::group("cell", kids).hue(hue));
        }
        for i in first..self.last {
            let (have, had) = (cell(log, i), before.and_then(|b| cell(b, i)));
            if let Some(had) = had.filter(|h| have.is_none_or(|c| c != *h)) {
                self.draw(i, had, y, "ghost", have.is_some(), out);
            }
            if let Some(have) = have {
                let role =
                    if log.durable != 0 && i > log.durable { "cell unsaved" } else { "cell" };
                self.draw(i, have, y, role, false, out);
            }
        }
        // The rule goes on under what is hidden: all that a snapshot holds is committed.
        let end = log.committed.min(end);
        let from = if hidden > 0 { self.start } else { self.x(self.first.max(log.first)) };
        let seen = end >= first && end >= log.first && self.last > self.first;
        let to = if seen { self.x(end.min(self.last - 1) + 1) } else { edge };
        if seen || (hidden > 0 && log.committed >= hidden) {
            out.push(Shape::line("commit", from, y + self.rule, to - 3.0, y + self.rule));
        }
    }

    fn draw(
        &self,
        i: u64,
        c: &Cell,
        y: f32,
        role: &'static str,
        behind: bool,
        out: &mut Vec<Shape>,
    ) {
        let (x, off) = (self.x(i), if behind { -5.0 } else { 0.0 });
        let w = self.wide - 3.0;
        let mut kids = vec![Shape::round("box", x - off, y + off, w, self.high, 4.0)];
        let middle = x + w / 2.0;
        // What stands alone stands in the middle.
        let alone = c.text.is_empty() || c.under.is_empty();
        let middle_y = self.high / 2.0;
        let (high, low) = if alone {
            (middle_y + 4.0, middle_y + 4.0)
        } else {
            (middle_y - 2.0, middle_y + 10.0)
        };
        for (role, words, dy) in [("value", &c.text, high), ("epoch", &c.under, low)] {
            if !behind && !words.is_empty() {
                let words = text::fit(words, text::SMALL, w - 6.0);
                kids.push(Shape::text(role, middle, y + dy, Anchor::Middle, words));
            }
        }
        out.push(Shape::group(role, kids).hue(Hue::cell(self.run, c)));
    }
}

fn cell(log: &Log, i: u64) -> Option<&Cell> {
    log.cells.get(usize::try_from(i.checked_sub(log.first)?).ok()?)
}
