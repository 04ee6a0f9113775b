//! Where the playhead stands, and how it walks: by time when playing, by steps when asked to.

use engine::ids::Us;
use engine::scenario::ast::Instant;
use engine::trace::{Event, Trace};

/// Everything before `at` has happened, and at `at` the first `k` steps of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Head {
    pub at: Us,
    pub k: u32,
}

impl Head {
    /// Everything up to and including this time.
    pub fn after(at: Us) -> Head {
        Head { at, k: u32::MAX }
    }

    /// Behind the step that an event is part of.
    pub fn behind(e: &Event) -> Head {
        Head { at: e.at, k: e.k.max(1) }
    }

    pub fn of(i: Instant) -> Head {
        Head { at: i.at, k: i.k }
    }

    /// How many events have happened.
    pub fn events(self, trace: &Trace) -> usize {
        match self.k {
            u32::MAX => trace.count_until(self.at),
            k => trace.count_at(self.at, k),
        }
    }

    /// The last event that has happened at this very instant, if there is one.
    fn last_k(self, trace: &Trace) -> Option<u32> {
        let last = trace.event_at(self.events(trace).checked_sub(1)?)?;
        (last.at == self.at).then_some(last.k)
    }

    /// Something happens at this very instant, and the playhead is behind it.
    pub fn is_at_event(self, trace: &Trace) -> bool {
        self.last_k(trace).is_some()
    }

    /// The same place as a link writes it.
    pub fn instant(self, trace: &Trace) -> Instant {
        let k = self.last_k(trace).map_or(0, |k| k.max(1));
        Instant { at: self.at, k }
    }

    /// Where an act done here goes into the text: behind all that has happened, before all that has not.
    pub fn edit_at(self, trace: &Trace) -> Instant {
        Instant { at: self.at, k: self.last_k(trace).unwrap_or(0) }
    }

    /// Behind the next step of the run. Acts of the scenario go with the first step of their instant.
    pub fn next(self, trace: &Trace) -> Option<Head> {
        let e = trace.event_at(self.events(trace))?;
        Some(Head::behind(&e))
    }

    /// Before the last step of the run; at the very beginning there is nothing to go back to.
    pub fn back(self, trace: &Trace) -> Option<Head> {
        let last = trace.event_at(self.events(trace).checked_sub(1)?)?;
        let (at, k) = (last.at, last.k.max(1));
        let first = if k == 1 { trace.count_before(at) } else { trace.count_at(at, k - 1) };
        let before = first.checked_sub(1).and_then(|i| trace.event_at(i));
        Some(before.map_or(Head::default(), |e| Head::behind(&e)))
    }
}

/// Looking an event up by its place.
pub trait EventAt {
    fn event_at(&self, i: usize) -> Option<engine::trace::Event>;
}

impl EventAt for Trace {
    fn event_at(&self, i: usize) -> Option<engine::trace::Event> {
        self.event(engine::ids::EventId(u32::try_from(i).ok()?))
    }
}

/// Nothing in flight and nothing due for this long on the screen: the rest of the stretch is cut.
const IDLE_SECONDS: f64 = 0.9;
/// How long a cut stretch still takes, so that the eye sees that time went by.
const CUT_SECONDS: f64 = 0.45;

/// What the walk needs to know of the run around the playhead. Times in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// The next thing that happens, and whether a message is under way until then.
    pub next: Option<Us>,
    pub busy: bool,
    /// The next moment that has a sentence of its own to read.
    pub next_told: Option<Us>,
}

impl Around {
    /// What lies around the playhead in two runs.
    pub fn and(self, other: Around) -> Around {
        let sooner = |a: Option<Us>, b: Option<Us>| a.into_iter().chain(b).min();
        Around {
            next: sooner(self.next, other.next),
            busy: self.busy || other.busy,
            next_told: sooner(self.next_told, other.next_told),
        }
    }
}

/// Walks through virtual time: microseconds of the run for seconds on the screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walk {
    pub now: f64,
    /// Screen seconds for which the sentence in view still wants to be read.
    pub reading: f64,
    /// The stretch being cut, from where to where.
    pub cut: Option<(Us, Us)>,
}

impl Walk {
    /// Go on by `dt` seconds of the screen. `pace` is virtual microseconds a second, `speed` the reader's factor.
    pub fn tick(&mut self, dt: f64, pace: f64, speed: f64, around: Around) {
        self.reading = (self.reading - dt * speed.max(1.0)).max(0.0);
        let rate = self.rate(pace * speed, around);
        let (most, limit) = match (self.reading > 0.0, around.next_told) {
            // The sentence in view is read while what leads to the next one is on its way.
            (true, Some(t)) => {
                ((t as f64 - self.now) / self.reading, (t as f64 - 1.0).max(self.now))
            }
            // However late a frame comes, it goes past none that has not been told.
            (false, Some(t)) => (f64::INFINITY, (t as f64).max(self.now)),
            (_, None) => (f64::INFINITY, f64::INFINITY),
        };
        self.now = (self.now + rate.min(most.max(0.0)) * dt).min(limit);
    }

    fn rate(&mut self, pace: f64, around: Around) -> f64 {
        if let Some((from, to)) = self.cut {
            if self.now < to as f64 && self.now >= from as f64 {
                return ((to - from) as f64 / CUT_SECONDS).max(pace);
            }
            self.cut = None;
        }
        let Some(next) = around.next else { return pace };
        let gap = next as f64 - self.now;
        if !around.busy && gap > pace * IDLE_SECONDS {
            self.cut = Some((self.now as Us, next));
            return gap / CUT_SECONDS;
        }
        pace
    }

    /// A sentence has come into view: it stays for as long as reading it takes.
    pub fn told(&mut self, letters: usize) {
        self.reading = (0.7 + letters as f64 * 0.022).min(3.2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(from: f64) -> Walk {
        Walk { now: from, ..Walk::default() }
    }

    #[test]
    fn a_busy_second_is_one_pace() {
        let mut w = walk(0.0);
        let around = Around { next: Some(5_000_000), busy: true, next_told: None };
        (0..60).for_each(|_| w.tick(1.0 / 60.0, 100_000.0, 1.0, around));
        assert!((w.now - 100_000.0).abs() < 1.0);
        assert!(w.cut.is_none());
    }

    #[test]
    fn an_idle_stretch_is_cut_and_ends_at_the_next_event() {
        let mut w = walk(0.0);
        let around = Around { next: Some(1_000_000), busy: false, next_told: None };
        w.tick(0.016, 100_000.0, 1.0, around);
        assert_eq!(w.cut, Some((0, 1_000_000)));
        let mut seconds = 0.016;
        while w.now < 1_000_000.0 {
            w.tick(0.016, 100_000.0, 1.0, around);
            seconds += 0.016;
        }
        assert!(seconds < 0.6, "{seconds}");
    }

    #[test]
    fn a_sentence_is_read_before_the_next_one_comes() {
        let mut w = walk(0.0);
        w.told(60);
        let around = Around { next: Some(1_000), busy: true, next_told: Some(1_000) };
        (0..10).for_each(|_| w.tick(0.1, 100_000.0, 1.0, around));
        assert!(w.now > 300.0 && w.now < 999.5, "{}", w.now);
        (0..15).for_each(|_| w.tick(0.1, 100_000.0, 1.0, around));
        assert_eq!(w.now, 1_000.0);
    }

    #[test]
    fn a_late_frame_goes_past_no_sentence() {
        let mut w = walk(0.0);
        let around = |next_told| Around { next: Some(5_000), busy: true, next_told };
        w.tick(0.1, 100_000.0, 1.0, around(Some(3_000)));
        assert_eq!(w.now, 3_000.0);
        // Nor does what is skipped because nothing happens in it.
        let mut w = walk(0.0);
        let idle = Around { next: Some(1_000_000), busy: false, next_told: Some(1_000_000) };
        (0..20).for_each(|_| w.tick(0.1, 100_000.0, 1.0, idle));
        assert_eq!(w.now, 1_000_000.0);
    }
}
