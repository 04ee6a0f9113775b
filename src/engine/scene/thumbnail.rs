//! An entry's picture in the catalogue: its own scene, small.

use super::exhibit::{fullest, stacks};
use super::topology::{Layout, still};
use super::{Index, Pick, Shape, ring};
use crate::ids::Us;
use crate::run::Run;

/// A ring where the entry has one, else who there is and what is on its way.
pub fn thumbnail(run: &Run, index: &Index, t: Us, w: f32, h: f32) -> Vec<Shape> {
    let peek = run.peek_at(t);
    let shown = stacks(run, &peek);
    let ring = shown.iter().find_map(fullest);
    match ring {
        Some(r) => ring::ring(run, r, w, h, 1.0, Pick::None),
        None => still(run, index, &peek, &Layout::new(run, w, h), t, Pick::None),
    }
}
