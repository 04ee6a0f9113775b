//! The sentence of the moment: the most important text on the page.
//!
//! The last key reason is told, and stays long enough to be read: one that follows too soon waits its turn,
//! and of several that wait the newest is told. An aside is told only where no key has just been. Never
//! about what has not happened.

use super::index::{Index, Tale};
use super::pace;
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

/// Screen time a sentence stays, in milliseconds.
const HOLD_MS: Us = 1_200;

/// The caption at a moment, for a page that plays at the run's pace.
pub fn caption(run: &Run, index: &Index, now: Us) -> Option<Caption> {
    caption_at(run, index, now, pace(run))
}

/// The same at another pace: virtual time per second on the screen. A pace of 0 (stepping) tells the newest.
pub fn caption_at(run: &Run, index: &Index, now: Us, pace: Us) -> Option<Caption> {
    let hold = pace.saturating_mul(HOLD_MS) / 1_000;
    let known = &index.tales[..index.tales.partition_point(|t| t.at <= now)];
    let told = tell(known, now, hold)?;
    Some(Caption { event: told.event, at: told.at, text: run.sentence(told.event)? })
}

/// Which of the tales so far stands on the page.
fn tell(known: &[Tale], now: Us, hold: Us) -> Option<Tale> {
    let keys: Vec<Tale> = fresh(known, hold);
    let mut shown: Option<(Tale, Us)> = None;
    for (i, key) in keys.iter().enumerate() {
        let free = shown.map_or(0, |(_, since)| since + hold);
        let next = keys.get(i + 1).map_or(Us::MAX, |k| k.at);
        // Told when the one before has been read, unless by then a newer one waits.
        let since = key.at.max(free);
        if since > now || (next <= since && next <= now) {
            continue;
        }
        shown = Some((*key, since));
    }
    let aside = known.last().filter(|t| t.weight == Weight::Aside).copied();
    match (shown, aside) {
        (Some((key, since)), Some(aside)) if aside.at >= since + 2 * hold => {
            Some(aside).or(Some(key))
        }
        (Some((key, _)), _) => Some(key),
        (None, aside) => aside,
    }
}

/// The keys since the last one that came in calm: what was told before does not matter any more.
fn fresh(known: &[Tale], hold: Us) -> Vec<Tale> {
    let mut out: Vec<Tale> = vec![];
    for t in known.iter().rev().filter(|t| t.weight == Weight::Key) {
        let gap = out.last().map_or(0, |later| later.at - t.at);
        if gap > 2 * hold || out.len() >= 64 {
            break;
        }
        out.push(*t);
    }
    out.reverse();
    out
}
