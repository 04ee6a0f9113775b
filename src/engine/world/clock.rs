//! A node's two clocks: one that is set, and one that only runs.
//!
//! Both run at `1 + drift` of simulated time; the wall clock can besides be stepped and slewed. Readings
//! are integers of µs with a remainder in millionths, so that a change of rate never moves a reading.

use crate::ids::Us;

const MILLION: i128 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Face {
    /// Reading at `since`, in µs, and the rest of it in millionths.
    base: i64,
    rest: i64,
    since: Us,
    ppm: i64,
}

impl Face {
    /// In millionths of a µs.
    fn raw(&self, t: Us) -> i128 {
        self.base as i128 * MILLION
            + self.rest as i128
            + (t - self.since) as i128 * (MILLION + self.ppm as i128)
    }
    /// In µs, rounded down. Clocks that run true are read on every step: they need no division.
    fn read(&self, t: Us) -> i64 {
        if self.ppm == 0 {
            return self.base + (t - self.since) as i64;
        }
        self.raw(t).div_euclid(MILLION) as i64
    }
    fn retime(&mut self, t: Us, ppm: i64) {
        let raw = self.raw(t);
        (self.base, self.rest) = (raw.div_euclid(MILLION) as i64, raw.rem_euclid(MILLION) as i64);
        (self.since, self.ppm) = (t, ppm);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    mono: Face,
    wall: Face,
    drift: i64,
    slew: i64,
}

impl Clock {
    pub fn new(offset: i64, drift: i64) -> Clock {
        let face = |base: i64| Face { base, rest: 0, since: 0, ppm: drift };
        Clock { mono: face(0), wall: face(offset), drift, slew: 0 }
    }

    pub fn mono(&self, t: Us) -> Us {
        self.mono.read(t) as Us
    }

    /// The wall clock's reading; one set before the epoch reads 0.
    pub fn wall(&self, t: Us) -> Us {
        self.wall.read(t).max(0) as Us
    }

    /// How far the wall clock is ahead of simulated time.
    pub fn error(&self, t: Us) -> i64 {
        self.wall.read(t) - t as i64
    }

    pub fn ppm(&self) -> i64 {
        self.wall.ppm
    }

    /// The first moment at which the monotonic clock reads `deadline` or more.
    pub fn when_mono(&self, deadline: Us, now: Us) -> Us {
        if self.mono.ppm == 0 && self.mono.rest == 0 {
            return now + deadline.saturating_sub(self.mono(now));
        }
        let rate = MILLION + self.mono.ppm as i128;
        let left = deadline as i128 * MILLION - self.mono.raw(now);
        if left <= 0 {
            return now;
        }
        now + ((left + rate - 1) / rate) as Us
    }

    pub fn step(&mut self, by: i64) {
        self.wall.base += by;
    }

    pub fn set_drift(&mut self, t: Us, ppm: i64) {
        self.drift = ppm;
        self.mono.retime(t, ppm);
        self.wall.retime(t, ppm + self.slew);
    }

    /// Run the wall clock at an extra rate; returns how long it takes to gain `by`.
    pub fn start_slew(&mut self, t: Us, by: i64, ppm: u32) -> Us {
        let rate = i64::from(ppm.max(1)) * by.signum();
        self.slew = rate;
        self.wall.retime(t, self.drift + rate);
        (by.unsigned_abs() as u128 * 1_000_000 / ppm.max(1) as u128) as Us
    }

    pub fn end_slew(&mut self, t: Us) {
        self.slew = 0;
        self.wall.retime(t, self.drift);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_reaches_its_deadline_early_and_a_change_of_rate_moves_no_reading() {
        let mut c = Clock::new(0, 300_000);
        assert_eq!(c.mono(1_000_000), 1_300_000);
        assert_eq!(c.when_mono(1_300_000, 0), 1_000_000);
        c.set_drift(1_000_000, -500_000);
        assert_eq!(c.mono(1_000_000), 1_300_000);
        assert_eq!(c.when_mono(1_300_001, 1_000_000), 1_000_002);
    }

    #[test]
    fn a_step_moves_the_wall_clock_and_not_the_monotonic_one() {
        let mut c = Clock::new(-50_000, 0);
        assert_eq!((c.wall(80_000), c.error(80_000)), (30_000, -50_000));
        c.step(50_000);
        assert_eq!((c.wall(80_000), c.mono(80_000)), (80_000, 80_000));
    }

    #[test]
    fn a_slew_gains_what_it_was_told_to() {
        let mut c = Clock::new(0, 0);
        let takes = c.start_slew(0, 1_000, 500);
        assert_eq!(takes, 2_000_000);
        c.end_slew(takes);
        assert_eq!(c.error(takes), 1_000);
    }
}
