//! The sentence of the moment: the most important text on the page.
//!
//! The last key reason is told; an aside only where no key has just been. Never about what has not happened. That a
//! sentence can be read before the next one comes is the clock's care: it walks slower until then.

use super::index::{Index, Tale};
use crate::card::Weight;
use crate::ids::Us;

/// How long a key reason keeps asides away at least, in milliseconds of the screen.
const HOLD_MS: Us = 2_400;

/// The same in the run's own time, at a pace.
pub fn hold(pace: Us) -> Us {
    pace.saturating_mul(HOLD_MS) / 1_000
}

/// What is told after so many events, where a key keeps asides away for so long.
pub fn told(index: &Index, count: usize, hold: Us) -> Option<Tale> {
    let known = &index.tales[..index.tales.partition_point(|t| t.event.index() < count)];
    let newest = |weight| known.iter().rev().find(|t: &&Tale| t.weight == weight).copied();
    match (newest(Weight::Key), newest(Weight::Aside)) {
        (Some(key), Some(aside)) if aside.at > key.at + hold => Some(aside),
        (key, aside) => key.or(aside),
    }
}
