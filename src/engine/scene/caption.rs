//! The sentence of the moment: the most important text on the page.
//!
//! The last key reason is told, and stays long enough to be read: one that follows too soon waits its turn,
//! and of several that wait the newest is told. An aside is told only where no key has just been. Never
//! about what has not happened.
//!
//! ```text
//!   keys     a   b  c        d
//!   told     aaaaaaaccccccc  ddddddd…       b waited for a to be read, and by then c was newer
//! ```

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

/// Screen time a sentence stays, in milliseconds.
const HOLD_MS: Us = 1_200;

/// A key reason on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    pub since: Us,
    pub tale: Tale,
}

/// Virtual time a sentence stays at a pace.
pub fn hold(pace: Us) -> Us {
    pace.saturating_mul(HOLD_MS) / 1_000
}

/// Give a new key its turn.
pub fn schedule(told: &mut Vec<Told>, tale: Tale, hold: Us) {
    match told.last_mut() {
        // One is still waiting: nobody has seen it, and this is newer.
        Some(last) if last.since > tale.at => last.tale = tale,
        Some(last) => {
            let since = tale.at.max(last.since + hold);
            told.push(Told { since, tale });
        }
        None => told.push(Told { since: tale.at, tale }),
    }
}

/// The caption at a moment, for a page that plays at the run's pace.
pub fn caption(run: &Run, index: &Index, now: Us) -> Option<Caption> {
    let keys = &index.told;
    let key = keys.partition_point(|t| t.since <= now).checked_sub(1).map(|i| keys[i]);
    let aside = last(index, now).filter(|t| t.weight == Weight::Aside);
    let tale = match (key, aside) {
        (Some(key), Some(aside)) if aside.at >= key.since + 2 * index.hold => aside,
        (Some(key), _) => key.tale,
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

fn last(index: &Index, now: Us) -> Option<Tale> {
    let until = index.tales.partition_point(|t| t.at <= now);
    until.checked_sub(1).map(|i| index.tales[i])
}

fn of(run: &Run, tale: Tale) -> Option<Caption> {
    Some(Caption { event: tale.event, at: tale.at, text: run.sentence(tale.event)? })
}
