//! Which nodes, as they are now, stand before, after or beside the selected event: an outer ring with a
//! sign, over the furniture.

use super::Layout;
use crate::ids::{EventId, NodeId};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scene::index::Index;
use crate::scene::kin::Kin;
use crate::scene::{Anchor, Pick, Shape};

/// A mark a node: how the last thing it did among the first `count` events stands to the selected one. Nothing for one
/// that has done nothing yet, or is left out.
pub fn kinship(
    run: &Run,
    index: &Index,
    layout: &Layout,
    selected: EventId,
    count: usize,
) -> Vec<Shape> {
    let mark = |n| mark(run, index, layout, selected, count, n);
    run.cast().all().filter(|n| index.shows_node(*n)).filter_map(mark).collect()
}

fn mark(
    run: &Run,
    index: &Index,
    layout: &Layout,
    selected: EventId,
    count: usize,
    n: NodeId,
) -> Option<Shape> {
    let (lane, trace) = (index.causality.lane(n), run.trace());
    let done = lane.partition_point(|e| (*e as usize) < count);
    let last = EventId(*lane.get(done.checked_sub(1)?)?);
    let kin = Kin::of(run, index, selected, last);
    let role = match kin {
        Kin::Itself => "kin itself",
        Kin::Past => "kin past",
        Kin::Future => "kin future",
        Kin::Concurrent => "kin concurrent",
        Kin::Outside => return None,
    };
    let ((x, y), r) = (layout.at(n), layout.ring_radius() + 4.0);
    let mut kids = vec![Shape::circle("kin-ring", x, y, r)];
    if layout.shows_names() && !kin.sign().is_empty() {
        let (dx, dy) = (r * 0.74, -r * 0.74);
        kids.push(Shape::text("kin-sign", x + dx + 3.0, y + dy, Anchor::Start, kin.sign()));
    }
    let at = prose_time(trace.at(last.index()));
    let name = [run.name(n), " as of ", &at, ": ", kin.words()].concat();
    Some(Shape::group(role, kids).pick(Pick::Node(n), name))
}
