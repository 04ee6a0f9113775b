//! An entry's picture in the catalogue: its own scene, small.

use super::exhibit::stacks;
use super::topology::{Layout, still};
use super::{Index, Pick, Shape, ring};
use crate::ids::Us;
use crate::run::Run;
use crate::show::Exhibit;

/// A ring where the entry has one, else who there is and what is on its way.
pub fn thumbnail(run: &Run, index: &Index, t: Us, w: f32, h: f32) -> Vec<Shape> {
    let peek = run.peek_at(t);
    let shown = stacks(run, &peek);
    let rings = shown.iter().flat_map(|s| &s.items);
    let ring = rings.into_iter().find_map(|(_, e)| match e {
        Exhibit::Ring(r) => Some(r),
        _ => None,
    });
    match ring {
        Some(r) => ring::ring(run, r, w, h, 1.0, Pick::None),
        None => still(run, index, &peek, &Layout::new(run, w, h), t, Pick::None),
    }
}
