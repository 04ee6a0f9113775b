//! The causal cones of the selected event. They end lane by lane: the past at the last event that is in it,
//! the future from the first.

use super::view::Viewport;
use crate::ids::{EventId, NodeId, Us};
use crate::run::Run;
use crate::scene::index::Index;
use crate::scene::pen::Pen;
use crate::scene::{Pick, Shape};

/// The event a selection is about.
pub fn event_of(run: &Run, selected: Pick) -> Option<EventId> {
    match selected {
        Pick::Event(e) => Some(e),
        Pick::Message(m) => run.trace().msg(m).map(|r| r.sent),
        Pick::Op(op) => run.trace().op(op).map(|o| o.invoke),
        _ => None,
    }
}

pub fn cones(run: &Run, index: &Index, view: &Viewport, selected: Pick, out: &mut Vec<Shape>) {
    let Some(e) = event_of(run, selected) else { return };
    let at = |lane: usize, place: u32| -> Option<Us> {
        let e = index.causality.at(NodeId(lane as u16), place)?;
        run.trace().event(e).map(|e| e.at)
    };
    let cones = index.cones(run.trace(), e);
    let ends: Vec<Option<Us>> =
        cones.past.iter().enumerate().map(|(l, n)| at(l, n.checked_sub(1)?)).collect();
    let starts: Vec<Option<Us>> = cones.future.iter().enumerate().map(|(l, p)| at(l, *p)).collect();
    let known = view.x(run.known_until().min(run.trace().events().next_back().map_or(0, |e| e.at)));
    let mut pen = Pen::new();
    let shown = |l: &usize| view.shows(NodeId(*l as u16));
    for (l, end) in ends.iter().enumerate().filter(|(l, _)| shown(l)) {
        if let Some(end) = end {
            band(view, l, view.gutter, view.x(*end), false, &mut pen);
        }
    }
    push("cone past", pen, out);
    let mut pen = Pen::new();
    for (l, start) in starts.iter().enumerate().filter(|(l, _)| shown(l)) {
        if let Some(start) = start {
            band(view, l, view.x(*start), view.w.min(known.max(view.x(*start))), true, &mut pen);
        }
    }
    push("cone future", pen, out);
}

fn push(role: &'static str, pen: Pen, out: &mut Vec<Shape>) {
    if !pen.is_empty() {
        out.push(Shape::path(role, pen.d()));
    }
}

/// A lane's stretch, round at the event where the cone ends on it.
fn band(view: &Viewport, lane: usize, x0: f32, x1: f32, round_left: bool, pen: &mut Pen) {
    let half = view.pitch() / 2.0;
    let y = view.y(NodeId(lane as u16));
    let (a, b) = (x0.clamp(view.gutter, view.w), x1.clamp(view.gutter, view.w));
    if b <= a {
        return;
    }
    let r = half.min(9.0).min(b - a);
    if round_left {
        pen.to(b, y - half).across(a + r).arc(r, false, false, a, y - half + r);
        pen.down(y + half - r).arc(r, false, false, a + r, y + half).across(b).close();
    } else {
        pen.to(a, y - half).across(b - r).arc(r, false, true, b, y - half + r);
        pen.down(y + half - r).arc(r, false, true, b - r, y + half).across(a).close();
    }
}
