//! The slowest of many cases: a figure to be told, no bound.
#![allow(dead_code)]
#![allow(clippy::disallowed_types)] // it is the clock on the wall that is asked here

use std::io::Write;
use std::time::{Duration, Instant};

#[derive(Default)]
pub struct Slowest {
    time: Duration,
    total: Duration,
    cases: u32,
    pub input: String,
}

impl Slowest {
    pub fn time(&mut self, input: String, run: impl Fn(&str)) {
        let took = timed(&input, &run);
        self.total += took;
        self.cases += 1;
        // a case that is slow once may only have had to wait for the machine
        if took > self.time && (0..5).all(|_| timed(&input, &run) > self.time) {
            (self.time, self.input) = (timed(&input, &run).min(took), input);
        }
    }

    /// Told even where the test passes: past what the runner keeps to itself.
    pub fn tell(&self, what: &str) {
        let mean = self.total / self.cases.max(1);
        let line = format!(
            "{what}: {} cases, mean {mean:?}, worst {:?} ({} bytes)\n",
            self.cases,
            self.time,
            self.input.len()
        );
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

fn timed(input: &str, run: impl Fn(&str)) -> Duration {
    let start = Instant::now();
    run(input);
    start.elapsed()
}
