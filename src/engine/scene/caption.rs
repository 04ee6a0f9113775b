//! The sentence of the moment: the most important text on the page.
//!
//! The last key reason is told; an aside only where no key has just been. Never about what has not happened. That a
//! sentence can be read before the next one comes is the clock's care: it walks slower until then.

use super::index::{Index, Tale};
use crate::card::Weight;
use crate::ids::{EventId, Us};
use crate::run::Run;

#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    pub event: EventId,
    /// When it happened.
    pub at: Us,
    pub text: String,
}

/// How long a key reason keeps asides away at least, in milliseconds of the screen.
const HOLD_MS: Us = 2_400;

/// The same in the run's own time, at a pace.
pub fn hold(pace: Us) -> Us {
    pace.saturating_mul(HOLD_MS) / 1_000
}

/// The caption at a moment, for a page that plays at the run's pace.
pub fn caption(run: &Run, index: &Index, now: Us) -> Option<Caption> {
    let known = &index.tales[..index.tales.partition_point(|t| t.at <= now)];
    let last = |weight| known.iter().rev().find(|t: &&Tale| t.weight == weight).copied();
    let tale = match (last(Weight::Key), last(Weight::Aside)) {
        (Some(key), Some(aside)) if aside.at >= key.at + index.hold => aside,
        (Some(key), _) => key,
        (None, aside) => aside?,
    };
    of(run, tale)
}

/// The caption of a page that is stepped by hand: the newest, whatever there was before.
pub fn newest(run: &Run, index: &Index, now: Us) -> Option<Caption> {
    let known = &index.tales[..index.tales.partition_point(|t| t.at <= now)];
    let last = *known.last()?;
    let same = known.iter().rev().take_while(|t| t.at == last.at);
    of(run, *same.max_by_key(|t| t.weight).unwrap_or(&last))
}

fn of(run: &Run, tale: Tale) -> Option<Caption> {
    Some(Caption { event: tale.event, at: tale.at, text: run.sentence(tale.event)? })
}
