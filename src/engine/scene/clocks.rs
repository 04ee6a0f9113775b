//! What the nodes' wall clocks read, folded from the trace: no node knows it, the reader may.
//!
//! Between two changes a clock runs straight, so a change with its rate says all until the next one.

use crate::ids::{EventId, NodeId, Us};
use crate::run::Run;
use crate::trace::What;

/// From here on the clock is so far ahead of true time, and gains so much.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turn {
    at: Us,
    ahead: i64,
    ppm: i64,
}

impl Turn {
    fn read(&self, t: Us) -> i64 {
        let since = t.saturating_sub(self.at) as i128;
        self.ahead + (since * self.ppm as i128).div_euclid(1_000_000) as i64
    }
}

/// The errors of all wall clocks of a run, kept up as it grows.
#[derive(Clone, Debug)]
pub struct Clocks {
    turns: Vec<Vec<Turn>>,
    seen: usize,
}

impl Clocks {
    pub fn new(run: &Run) -> Clocks {
        let begin = |n: NodeId| {
            let lines =
                run.scenario().nodes.iter().filter(|l| l.node == run.cast().members[n.index()].id);
            let (mut ahead, mut ppm) = (0, 0);
            for line in lines {
                ahead = line.set.offset.unwrap_or(ahead);
                ppm = line.set.drift.unwrap_or(ppm);
            }
            vec![Turn { at: 0, ahead, ppm }]
        };
        let mut clocks = Clocks { turns: run.cast().all().map(begin).collect(), seen: 0 };
        clocks.catch_up(run);
        clocks
    }

    pub fn catch_up(&mut self, run: &Run) {
        let trace = run.trace();
        for i in self.seen..trace.len() {
            let What::Clock { offset, ppm } = trace.what(i) else { continue };
            if let Some(e) = trace.event(EventId(i as u32))
                && let Some(n) = e.node
            {
                self.turns[n.index()].push(Turn { at: e.at, ahead: offset, ppm: ppm.into() });
            }
        }
        self.seen = trace.len();
    }

    /// How far ahead of true time a node's wall clock is.
    pub fn error(&self, n: NodeId, t: Us) -> i64 {
        let turns = &self.turns[n.index()];
        let at = turns.partition_point(|turn| turn.at <= t).max(1) - 1;
        turns.get(at).map_or(0, |turn| turn.read(t))
    }

    /// What it reads; never less than nothing.
    pub fn reading(&self, n: NodeId, t: Us) -> Us {
        (t as i64 + self.error(n, t)).max(0) as Us
    }

    /// Whether any clock is ever wrong.
    pub fn differ(&self) -> bool {
        self.turns.iter().flatten().any(|t| t.ahead != 0 || t.ppm != 0)
    }

    /// The corners of a clock's error up to a time: straight between them; two at one time where it was stepped.
    pub fn corners(&self, n: NodeId, until: Us) -> Vec<(Us, i64)> {
        let turns = &self.turns[n.index()];
        let mut out = vec![];
        for (i, turn) in turns.iter().enumerate().take_while(|(_, t)| t.at <= until) {
            out.push((turn.at, turn.ahead));
            let end = turns.get(i + 1).map_or(until, |next| next.at.min(until));
            out.push((end, turn.read(end)));
        }
        out
    }
}
