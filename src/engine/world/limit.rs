//! Where a run ends however long its scenario is, and what is said of it then.

use crate::ids::{SEC, Us};

pub const MAX_STEPS: u64 = 2_000_000;
pub const MAX_TIME: Us = 24 * 3600 * SEC;
/// How often lines and loads of the scenario have their turn.
pub const MAX_TURNS: u64 = 2_000_000;
/// Timers a node may have armed at once: each is looked for among them, and one for every request that waits is enough.
pub(super) const MAX_TIMERS: usize = 10_000;
/// Rules that may wait for messages at once: each message is held against all of them.
pub(super) const MAX_RULES: usize = 1_000;

/// Why a run went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Steps,
    Time,
    Bytes,
    Turns,
    Timers,
}

impl Limit {
    pub const ALL: [Limit; 5] =
        [Limit::Steps, Limit::Time, Limit::Bytes, Limit::Turns, Limit::Timers];

    pub fn says(self) -> &'static str {
        match self {
            Limit::Steps => {
                "the run reached 2,000,000 steps, its limit: end it sooner with `until`, or lower a rate"
            }
            Limit::Time => "the run reached 24 h of its own time, its limit",
            Limit::Bytes => {
                "the trace reached 256 MiB, its limit: end the run sooner with `until`, or lower a rate"
            }
            Limit::Turns => {
                "lines and loads of the scenario had 2,000,000 turns, their limit: end it sooner with `until`, or lower a rate"
            }
            Limit::Timers => {
                "more than 10,000 timers wait at one node, its limit: ask for less at once, or lower a rate"
            }
        }
    }
}
