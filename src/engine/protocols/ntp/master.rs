//! Berkeley's master: polls, averages those that agree, and sends each its own correction.

use serde::Serialize;

use super::steer::follow;
use super::*;
use crate::few::{Nodes, order};

#[derive(Clone, Debug, Default, Serialize)]
pub struct Master {
    pub round: u64,
    /// This round's differences, each node's clock minus the master's; its own is 0.
    pub diffs: Vec<(NodeId, Span)>,
    /// Still to answer.
    pub waits: Nodes,
    #[serde(skip)]
    pub polled: Us,
    #[serde(skip)]
    pub fresh: Option<Fresh>,
}

/// Rounds of one life, and requests of one.
pub const LIFE: u64 = 1_000;

impl Master {
    pub fn is_new(&self) -> bool {
        self.round == 0
    }

    /// Who comes back must not give a round's number again: its flock would take that for an old one.
    pub fn start(&mut self, cx: &Know, fx: Do) {
        self.round = u64::from(cx.incarnation) * LIFE;
        fx.arm(Timer::Poll, cx.params.poll..=cx.params.poll);
    }

    pub fn poll(&mut self, cx: &Know, fx: Do) {
        if !self.waits.is_empty() {
            self.close(cx, fx);
        }
        self.round += 1;
        self.polled = cx.mono;
        self.diffs = vec![(cx.me, Span(0))];
        self.waits = clients(cx).collect();
        for n in clients(cx) {
            fx.send(n, Msg::Poll { round: self.round, master_time: Span(cx.wall as i64) });
        }
        fx.arm(Timer::Overdue, cx.params.timeout..=cx.params.timeout);
        fx.arm(Timer::Poll, cx.params.poll..=cx.params.poll);
    }

    /// What a node says of its clock is as old as the poll took; half the round trip is the best guess.
    pub fn reply(&mut self, cx: &Know, from: NodeId, round: u64, diff: i64, fx: Do) {
        if round != self.round || !self.waits.drop(from) {
            let twice = round == self.round && !self.waits.is_empty();
            return fx.explain(Why::Stale { from, round, twice });
        }
        let delay = (cx.mono - self.polled) as i64;
        let offset = diff - half(delay);
        self.diffs.push((from, Span(offset)));
        let bound = half(delay) + 1;
        self.fresh = Some(Fresh { of: from, offset, delay, bound, believed: offset });
        fx.explain(Why::Compared { with: from, offset: Span(offset), bound: Span(bound) });
        if self.waits.is_empty() {
            self.close(cx, fx);
        }
    }

    /// The round is over, whoever has answered.
    pub fn close(&mut self, cx: &Know, fx: Do) {
        fx.disarm(&Timer::Overdue);
        let missing = std::mem::take(&mut self.waits);
        if !missing.is_empty() {
            fx.explain(Why::Missed { nodes: missing.list().to_vec(), round: self.round });
        }
        let kept = close_ones(&self.diffs, cx.params.gamma);
        let mut sum = 0;
        for at in &kept {
            sum += self.diffs[*at].1.0;
        }
        let mean = sum.div_euclid(kept.len().max(1) as i64);
        let mut of = vec![];
        for (at, (n, diff)) in self.diffs.iter().enumerate() {
            if kept.contains(&at) {
                of.push(*n);
            } else {
                fx.explain(Why::Outlier { node: *n, diff: *diff, gamma: Span(cx.params.gamma) });
            }
        }
        fx.explain(Why::Averaged { round: self.round, mean: Span(mean), of });
        for &(n, diff) in &self.diffs {
            let delta = mean - diff.0;
            if n == cx.me {
                follow(cx, delta, fx);
            } else {
                fx.send(n, Msg::Adjust { round: self.round, delta: Span(delta) });
            }
        }
    }

    pub fn exhibit(&self, cx: &Know, to: &mut Showcase) {
        if self.round == 0 {
            return;
        }
        let scale = Scale::of(&self.diffs.iter().map(|d| d.1.0).collect::<Vec<_>>());
        let row = |(n, d): &(NodeId, Span)| vec![cx.cast.name(*n).to_string(), scale.show(d.0)];
        let rows = self.diffs.iter().map(row).collect();
        let head = vec!["node".into(), scale.head("ahead by")];
        to.add("differences", Exhibit::Table(Table { head, rows }));
    }
}

/// Places of the largest set of clocks no two of which are further apart than gamma.
fn close_ones(diffs: &[(NodeId, Span)], gamma: i64) -> Vec<usize> {
    let places = order(diffs.len(), &|a, b| diffs[a].1.cmp(&diffs[b].1));
    let mut best: &[usize] = &[];
    for from in 0..places.len() {
        let reach = diffs[places[from]].1.0 + gamma;
        let len = places[from..].iter().take_while(|at| diffs[**at].1.0 <= reach).count();
        if len > best.len() {
            best = &places[from..from + len];
        }
    }
    best.to_vec()
}
