//! An entry's picture in the catalogue: its own scene, small.

use super::exhibit::{stacks, whole};
use super::topology::{Layout, still};
use super::{Index, Pick, Shape, ring};
use crate::card::Weight;
use crate::ids::Us;
use crate::run::Run;

/// Its size in the catalogue.
pub const SIZE: (f32, f32) = (176.0, 64.0);

/// The picture of a run that has not begun, as SVG: at a moment where something is in the air.
pub fn svg(run: &mut Run) -> String {
    let (w, h) = SIZE;
    run.advance(run.horizon(), 3_000);
    let index = Index::new(run);
    let at = liveliest(run, &index);
    super::svg(&thumbnail(run, &index, at, w, h), w, h, run.entry().title)
}

/// A little before the first key reason: what leads to it is on its way.
fn liveliest(run: &Run, index: &Index) -> Us {
    let first = index.tales.iter().find(|t| t.weight == Weight::Key && t.at > 0);
    let first = first.map_or(run.horizon() / 3, |t| t.at);
    let flying = run
        .trace()
        .msgs
        .iter()
        .filter(|m| m.sent_at < first && m.from != m.to)
        .map(|m| m.sent_at + (m.due.saturating_sub(m.sent_at)) * 2 / 3);
    flying.max().unwrap_or(first)
}

/// A ring where the entry has one, else who there is and what is on its way.
pub fn thumbnail(run: &Run, index: &Index, t: Us, w: f32, h: f32) -> Vec<Shape> {
    let peek = run.peek_at(t);
    let shown = stacks(run, &peek);
    let ring = shown.iter().find_map(whole);
    match ring {
        Some(r) => ring::ring(run, &r, w, h, Pick::None),
        None => still(run, index, &peek, &Layout::new(run, w, h), t, Pick::None),
    }
}
