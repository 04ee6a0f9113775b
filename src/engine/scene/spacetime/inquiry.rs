//! What a question adds to the diagram: a chain drawn over it, a cut across its lanes. Both lie between the
//! tiles and [`focus`](super::focus), and are drawn anew when the question or the view changes.
//!
//! ```text
//!   n1 ──●━━━●────────┊───       ━ ╲  the chain, thick, with a mark a link
//!            ╲╲       ┊
//!   n2 ───────●━━●────┊───       ┊    the cut, with a grip on every lane;
//!               ╲╲   ┊           what makes it inconsistent stands in the hue of failure
//!   n3 ──────────●──┊─────
//! ```

use super::slab::arrow;
use super::view::Viewport;
use crate::ids::{EventId, NodeId};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scene::index::Index;
use crate::scene::pen::Pen;
use crate::scene::{Pick, Shape};
use crate::trace::What;
use crate::trace::inquiry::{Break, Chain, Cut, Judgment, Link, Via, sentences};

/// Marks and messages of one picture, at most.
const MOST: usize = 200;
const HEAD: f32 = 9.0;
const GRIP: f32 = 5.0;

type Point = (f32, f32);

// -------------------------------------------------------------------- the chain

/// A chain over the diagram: its lines, and a mark to choose for each of its sentences.
pub fn chain(run: &Run, index: &Index, view: &Viewport, chain: &Chain) -> Vec<Shape> {
    let (mut line, mut heads, mut through) = (Pen::new(), Pen::new(), Pen::new());
    let mut from: Option<(Point, bool)> = None;
    for link in &chain.links {
        let Some(to) = spot(run, index, view, link.event) else {
            from = from.map(|f| (f.0, true));
            continue;
        };
        if let Some((a, hidden)) = from.filter(|f| f.0 != to) {
            let pen = if hidden { &mut through } else { &mut line };
            pen.to(a.0, a.1).line(to.0, to.1);
            if matches!(link.via, Via::Message(_)) || hidden {
                head(&mut heads, a, to);
            }
        }
        from = Some((to, false));
    }
    let mut out = vec![];
    for (role, pen) in [("chain", line), ("chain hidden", through), ("chain-head", heads)] {
        if !pen.is_empty() {
            out.push(Shape::path(role, pen.d()));
        }
    }
    out.extend(links(run, index, view, chain));
    out
}

fn links(run: &Run, index: &Index, view: &Viewport, chain: &Chain) -> Vec<Shape> {
    let mark = |told: crate::trace::inquiry::Told| {
        let (x, y) = spot(run, index, view, told.event)?;
        let inside = x >= view.gutter - 8.0 && x <= view.w + 8.0;
        let kids = vec![Shape::circle("dot", x, y, 4.5), Shape::circle("hit", x, y, 12.0)];
        let mark = Shape::group("mark chain-mark", kids);
        inside.then(|| mark.pick(Pick::Event(told.event), told.says))
    };
    // Long chains are told link by link beside the diagram; on it only what is in sight.
    let seen = |l: &&Link| {
        spot(run, index, view, l.event)
            .is_some_and(|p| p.0 >= view.gutter - 8.0 && p.0 <= view.w + 8.0)
    };
    if chain.links.iter().filter(seen).count() > MOST {
        return vec![];
    }
    sentences(run, chain).into_iter().filter_map(mark).collect()
}

/// Where an event of a chain stands; None if it is left out. The scenario acts from above, and a message is
/// lost where it breaks.
fn spot(run: &Run, index: &Index, view: &Viewport, e: EventId) -> Option<Point> {
    let event = run.trace().event(e)?;
    let x = view.x(event.at);
    match (event.node, event.what) {
        (Some(n), _) => (view.shows(n) && index.shows(e)).then(|| (x, view.y(n))),
        (None, What::Lose { m, .. }) => {
            let rec = run.trace().msg(m).filter(|r| index.shows_message(r))?;
            Some(arrow(run, view, rec, &|t| view.x(t)).b)
        }
        (None, What::Act { .. }) => Some((x, view.top() - 6.0)),
        _ => None,
    }
}

fn head(pen: &mut Pen, a: Point, b: Point) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let len = dx.hypot(dy).max(1e-3);
    let (ux, uy) = (dx / len, dy / len);
    pen.head(b.0 - ux * 4.0, b.1 - uy * 4.0, ux, uy, HEAD);
}

// -------------------------------------------------------------------- the cut

/// A cut across the lanes with a grip on each of them.
pub fn cut(run: &Run, index: &Index, view: &Viewport, cut: &Cut, judged: &Judgment) -> Vec<Shape> {
    let mut out = across(run, index, view, cut, judged);
    out.extend(view.shown().map(|n| grip(run, index, view, cut, n)));
    out
}

/// A cut's line, the messages in its channels, and those that make it inconsistent.
pub(super) fn across(
    run: &Run,
    index: &Index,
    view: &Viewport,
    cut: &Cut,
    judged: &Judgment,
) -> Vec<Shape> {
    let mut out = vec![];
    let mut pen = Pen::new();
    let trace = run.trace();
    let channel = judged.channel.iter().filter_map(|m| trace.msg(*m));
    for rec in channel.filter(|r| index.shows_message(r)).take(MOST * 5) {
        let a = arrow(run, view, rec, &|t| view.x(t));
        pen.to(a.a.0, a.a.1).line(a.b.0, a.b.1);
    }
    if !pen.is_empty() {
        out.push(Shape::path("cut-channel", pen.d()));
    }
    out.extend(judged.breaks.iter().take(MOST).filter_map(|b| breaks(run, index, view, b)));
    let role = if judged.is_consistent() { "cut-line" } else { "cut-line broken" };
    out.push(Shape::path(role, line(view, cut)));
    out
}

/// Where its line leaves the lowest lane.
pub(super) fn last_x(view: &Viewport, cut: &Cut) -> f32 {
    view.shown().last().map_or(view.gutter, |n| x_of(view, cut, n))
}

fn x_of(view: &Viewport, cut: &Cut, n: NodeId) -> f32 {
    view.x(cut.at.get(n.index()).copied().unwrap_or(0)).clamp(view.gutter - 9e3, view.w + 9e3)
}

/// Straight across each lane, slanting between them.
fn line(view: &Viewport, cut: &Cut) -> String {
    let (mut pen, reach) = (Pen::new(), view.pitch() * 0.3);
    for (i, n) in view.shown().enumerate() {
        let (x, y) = (x_of(view, cut, n), view.y(n));
        if i == 0 {
            pen.to(x, view.top() - 6.0);
        }
        pen.line(x, y - reach).line(x, y + reach);
    }
    if let Some(last) = view.shown().last() {
        pen.line(x_of(view, cut, last), view.foot());
    }
    pen.d()
}

fn grip(run: &Run, index: &Index, view: &Viewport, cut: &Cut, n: NodeId) -> Shape {
    let (x, y) = (x_of(view, cut, n), view.y(n));
    let at = prose_time(cut.at.get(n.index()).copied().unwrap_or(0));
    let inside = cut.upto.get(n.index()).copied().unwrap_or(0);
    let all = index.causality.lane(n).len();
    let name = format!("{} is cut at {at}: {inside} of its {all} events are inside", run.name(n));
    let kids = vec![Shape::circle("cut-dot", x, y, GRIP), Shape::circle("hit", x, y, 12.0)];
    Shape::group("cut-grip", kids).pick(Pick::Node(n), name)
}

fn breaks(run: &Run, index: &Index, view: &Viewport, b: &Break) -> Option<Shape> {
    let rec = run.trace().msg(b.m).filter(|r| index.shows_message(r))?;
    let a = arrow(run, view, rec, &|t| view.x(t));
    let mut pen = Pen::new();
    head(&mut pen, a.a, a.b);
    let kids = vec![
        Shape::line("cut-break", a.a.0, a.a.1, a.b.0, a.b.1),
        Shape::path("cut-break-head", pen.d()),
        Shape::circle("hit", (a.a.0 + a.b.0) / 2.0, (a.a.1 + a.b.1) / 2.0, 12.0),
    ];
    Some(Shape::group("cut-breaks", kids).pick(Pick::Message(b.m), b.says.clone()))
}
