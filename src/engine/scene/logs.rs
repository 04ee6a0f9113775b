//! Logs of several nodes, one above the other: cells coloured by epoch, a rule under what is committed, a
//! ghost where an entry was overwritten.

use super::exhibit::{BEYOND, Picture, Stack};
use super::{Anchor, Hue, Kin, Pick, Shape, text};
use crate::ids::NodeId;
use crate::run::Run;
use crate::show::{Cell, Exhibit, Log};

/// Cells are as wide as there is room for, within these.
const NARROW: f32 = 46.0;
const WIDE: f32 = 84.0;
const CELL_H: f32 = 30.0;
const PITCH: f32 = 44.0;
const TOP: f32 = 18.0;

/// The logs of a stack. `before` is the same stack a little earlier: what differs from it leaves a ghost.
pub fn logs(
    run: &Run,
    stack: &Stack,
    before: Option<&Stack>,
    w: f32,
    selected: Pick,
    kin: &dyn Fn(NodeId) -> Kin,
) -> Picture {
    let rows: Vec<(NodeId, &Log)> =
        stack.items.iter().filter_map(|(n, e)| Some((*n, log(e)?))).collect();
    let names = rows.iter().map(|(n, _)| text::width(run.name(*n), text::LABEL));
    let left = names.fold(16.0, f32::max) + 12.0;
    let room = (((w - left) / NARROW).floor() as u64).max(1);
    let ghosts = |n: NodeId| before.and_then(|b| b.of(n)).and_then(log);
    let end = |l: &Log| l.first + l.cells.len() as u64;
    let last = rows.iter().map(|(n, l)| end(l).max(ghosts(*n).map_or(0, end))).max().unwrap_or(0);
    let first = rows.iter().map(|(_, l)| l.first).min().unwrap_or(0).max(last.saturating_sub(room));
    let last = last.min(first + room);
    let wide = ((w - left) / (last - first).max(4) as f32).clamp(NARROW, WIDE);
    let view = View { left, first, last, wide };
    let mut shapes = vec![];
    view.heads(&mut shapes);
    for (i, (n, log)) in rows.iter().enumerate() {
        let y = TOP + PITCH * i as f32;
        let kin = kin(*n);
        let role = match kin {
            _ if selected == Pick::Node(*n) => "log selected",
            Kin::Concurrent => "log kin-concurrent",
            _ => "log",
        };
        let mut kids: Vec<Shape> =
            kin.shade(-BEYOND, y - 4.0, w + 2.0 * BEYOND, PITCH - 3.0).into_iter().collect();
        kids.push(Shape::text("lane-name", 0.0, y + 20.0, Anchor::Start, run.name(*n)));
        if !kin.sign().is_empty() {
            kids.push(Shape::text("kin-sign", 0.0, y + 34.0, Anchor::Start, kin.sign()));
        }
        view.row(log, ghosts(*n), y, &mut kids);
        let name = kin.named(&name(run, *n, log));
        shapes.push(Shape::group(role, kids).pick(Pick::Node(*n), name));
    }
    Picture { shapes, w, h: TOP + PITCH * rows.len() as f32 }
}

fn log(e: &Exhibit) -> Option<&Log> {
    match e {
        Exhibit::Log(l) => Some(l),
        _ => None,
    }
}

/// `n1: 5 entries from 1, committed up to 4`
fn name(run: &Run, n: NodeId, log: &Log) -> String {
    let (count, first, done) = (
        (log.before + log.cells.len() as u64).to_string(),
        (log.first - log.before).to_string(),
        log.committed.to_string(),
    );
    [run.name(n), ": ", &count, " entries from ", &first, ", committed up to ", &done].concat()
}

struct View {
    left: f32,
    first: u64,
    last: u64,
    wide: f32,
}

impl View {
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
        for i in self.first..self.last {
            let (have, had) = (cell(log, i), before.and_then(|b| cell(b, i)));
            if let Some(had) =
                had.filter(|h| have.is_none_or(|c| c.epoch != h.epoch || c.text != h.text))
            {
                self.draw(i, had, y, "ghost", have.is_some(), out);
            }
            if let Some(have) = have {
                let role =
                    if log.durable != 0 && i > log.durable { "cell unsaved" } else { "cell" };
                self.draw(i, have, y, role, false, out);
            }
        }
        let end = log.committed.min((log.first + log.cells.len() as u64).saturating_sub(1));
        if end >= self.first && end >= log.first && self.last > self.first {
            let from = self.x(self.first.max(log.first));
            let to = self.x(end.min(self.last - 1)) + self.wide - 3.0;
            out.push(Shape::line("commit", from, y + CELL_H + 4.0, to, y + CELL_H + 4.0));
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
        let mut kids = vec![Shape::round("box", x - off, y + off, w, CELL_H, 4.0)];
        let middle = x + w / 2.0;
        let base = if c.text.is_empty() { 19.0 } else { 25.0 };
        if !behind && !c.text.is_empty() {
            let words = text::fit(&c.text, text::SMALL, w - 6.0);
            kids.push(Shape::text("value", middle, y + 13.0, Anchor::Middle, words));
        }
        if !behind && c.epoch > 0 {
            kids.push(Shape::text("epoch", middle, y + base, Anchor::Middle, c.epoch.to_string()));
        }
        out.push(Shape::group(role, kids).hue(Hue::epoch(c.epoch)));
    }
}

fn cell(log: &Log, i: u64) -> Option<&Cell> {
    log.cells.get(usize::try_from(i.checked_sub(log.first)?).ok()?)
}
