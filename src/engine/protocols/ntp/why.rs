//! What clients and servers say of what they do: one variant a reason, one sentence a variant.

use serde::Serialize;

use super::client::{Sample, Written};
use super::select::{Candidate, Chosen};
use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    Sampled {
        server: NodeId,
        t1: Span,
        t2: Span,
        t3: Span,
        t4: Span,
        offset: Span,
        delay: Span,
        bound: Span,
        /// One of many.
        #[serde(skip)]
        many: bool,
    },
    /// An older sample is the better one.
    Kept {
        server: NodeId,
        offset: Span,
        delay: Span,
        newest: Span,
        /// One of many.
        #[serde(skip)]
        many: bool,
    },
    /// An answer to another request.
    Bogus {
        server: NodeId,
        org: Span,
        waits: Option<Span>,
    },
    SeenBefore {
        server: NodeId,
        xmt: Span,
    },
    Silent {
        server: NodeId,
        times: u64,
    },
    Selected {
        low: Span,
        high: Span,
        f: u64,
        servers: Vec<NodeId>,
        offset: Span,
        /// How many intervals there were; of their midpoints, how many lie outside, and who lies inside but
        /// far from the others.
        #[serde(skip)]
        of: u64,
        #[serde(skip)]
        outside: u64,
        #[serde(skip)]
        aside: Vec<NodeId>,
        #[serde(skip)]
        again: bool,
    },
    Falseticker {
        server: NodeId,
        offset: Span,
        low: Span,
        high: Span,
        #[serde(skip)]
        again: bool,
    },
    Unsynchronised {
        asked: u64,
        #[serde(skip)]
        again: bool,
    },
    Slewed {
        by: Span,
        takes: Span,
    },
    Stepped {
        by: Span,
    },
    /// Too much to slew, and not believed yet.
    Doubted {
        by: Span,
        left: Span,
    },
    Panicked {
        by: Span,
        most: Span,
    },
    /// Cristian's reading.
    Read {
        server: NodeId,
        rtt: Span,
        offset: Span,
        bound: Span,
    },
    Discarded {
        server: NodeId,
        rtt: Span,
        most: Span,
        again: bool,
    },
    /// A message of a round that is over, or one that has come before.
    Stale {
        from: NodeId,
        round: u64,
        #[serde(skip)]
        twice: bool,
    },
    /// Berkeley's master hears of one clock.
    Compared {
        with: NodeId,
        offset: Span,
        bound: Span,
    },
    Averaged {
        round: u64,
        mean: Span,
        of: Vec<NodeId>,
    },
    Outlier {
        node: NodeId,
        diff: Span,
        gamma: Span,
    },
    Missed {
        nodes: Vec<NodeId>,
        round: u64,
    },
    Wrote {
        key: String,
        value: Value,
        stamp: Span,
    },
    /// A later write with an earlier stamp.
    Overruled {
        value: Value,
        stamp: Span,
        held: Value,
        by: Span,
    },
}

named!(Why {
    Sampled,
    Kept,
    Bogus,
    SeenBefore,
    Silent,
    Selected,
    Falseticker,
    Unsynchronised,
    Slewed,
    Stepped,
    Doubted,
    Panicked,
    Read,
    Discarded,
    Stale,
    Compared,
    Averaged,
    Outlier,
    Missed,
    Wrote,
    Overruled,
});

impl Why {
    pub fn sampled(server: NodeId, times: [i64; 4], s: &Sample, many: bool) -> Why {
        let [t1, t2, t3, t4] = times.map(Span);
        Why::Sampled {
            server,
            t1,
            t2,
            t3,
            t4,
            offset: s.offset,
            delay: s.delay,
            bound: s.bound,
            many,
        }
    }
    pub fn selected(c: &Chosen, all: &[Candidate], again: bool) -> Why {
        let (servers, of) = (c.survivors.clone(), all.len() as u64);
        let (low, high, f, offset) = (c.low, c.high, c.f, c.offset);
        let (mut outside, mut aside) = (0, vec![]);
        for candidate in all.iter().filter(|a| !servers.contains(&a.server)) {
            match low <= candidate.offset && candidate.offset <= high {
                true => aside.push(candidate.server),
                false => outside += 1,
            }
        }
        Why::Selected { low, high, f, servers, offset, of, outside, aside, again }
    }
    pub fn wrote(w: &Written) -> Why {
        Why::Wrote { key: w.key.clone(), value: w.value.clone(), stamp: w.stamp }
    }
}

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let (me, at) = (t.me(), |s: &Span| moment(s.0));
        let (long, side) = (|s: &Span| long(t, s.0), |s: &Span| side(t, s.0));
        match self {
            Why::Sampled { server, offset, delay, bound, .. } => format!(
                "Round trip {}: by this sample {}, give or take {}.",
                long(delay),
                stands(t, *server, *offset),
                long(bound)
            ),
            Why::Kept { server, offset, delay, newest, .. } => format!(
                "This round trip took {}. By the sample of {}, which is better, {}.",
                long(newest),
                long(delay),
                stands(t, *server, *offset)
            ),
            Why::Bogus { server, org, waits: Some(waits) } => format!(
                "{}'s answer is to a request of {}, {me} waits for one to its request of {}: thrown away.",
                t.name(*server),
                at(org),
                at(waits)
            ),
            Why::Bogus { server, org, waits: None } => format!(
                "{}'s answer is to a request of {}, {me} waits for none: thrown away.",
                t.name(*server),
                at(org)
            ),
            Why::SeenBefore { server, xmt } => {
                format!("{me} has {}'s answer of {} already.", t.name(*server), at(xmt))
            }
            Why::Silent { server, times: 1 } => {
                format!("{} has not answered {me}.", t.name(*server))
            }
            Why::Silent { server, times } => {
                format!("{} has not answered {me}'s last {times} requests.", t.name(*server))
            }
            Why::Selected { low, high, f, servers, of, outside, aside, .. } => format!(
                "{me} believes {}: {} is the first point in {}, {} the last{}{}.",
                list(t, servers),
                side(low),
                reached(*of, *f),
                side(high),
                match outside {
                    0 => "".into(),
                    1 => "; 1 midpoint lies outside".into(),
                    n => format!("; {n} midpoints lie outside"),
                },
                match aside[..] {
                    [] => "".into(),
                    _ => format!("; {}, inside but far from the others, set aside", list(t, aside)),
                }
            ),
            Why::Falseticker { server, offset, low, high, .. } => format!(
                "{}'s {} lies outside of {} to {}, so it does not count: to the standard it is a falseticker.",
                t.name(*server),
                side(offset),
                side(low),
                side(high)
            ),
            Why::Unsynchronised { asked: 0, .. } => format!("{me} has no server to believe."),
            Why::Unsynchronised { asked, .. } => format!(
                "Of {asked} servers no majority agrees: {me} believes none and lets its clock run."
            ),
            Why::Slewed { by, takes } => format!(
                "{me} lets its clock run a little {} for {}, until it has {} {}.",
                if by.0 > 0 { "fast" } else { "slow" },
                long(takes),
                if by.0 > 0 { "gained" } else { "lost" },
                long(by)
            ),
            Why::Stepped { by } => format!(
                "{me} sets its clock {} by {}, at once.",
                if by.0 > 0 { "forward" } else { "back" },
                long(by)
            ),
            Why::Doubted { by, left } => format!(
                "{} is too much to slew: {me} does not believe it for another {}.",
                long(by),
                long(left)
            ),
            Why::Panicked { by, most } => format!(
                "{} is more than {}: {me} takes that for a mistake, and touches its clock no more.",
                long(by),
                long(most)
            ),
            Why::Read { server, rtt, offset, bound } => format!(
                "Round trip {}: {} if both ways took the same, ± {}.",
                long(rtt),
                stands(t, *server, *offset),
                long(bound)
            ),
            Why::Discarded { server, rtt, most, again } => format!(
                "Round trip {} to {} is more than {}: thrown away{}.",
                long(rtt),
                t.name(*server),
                long(most),
                if *again { ", and asked again" } else { "" }
            ),
            Why::Stale { from, round, twice: true } => {
                format!("{me} has {}'s answer in round {round} already.", t.name(*from))
            }
            Why::Stale { from, round, .. } => {
                format!("{}'s message is of round {round}, which is over.", t.name(*from))
            }
            Why::Compared { with, offset, bound } => {
                [&stands(t, *with, *offset), ", give or take ", &long(bound), "."].concat()
            }
            Why::Averaged { mean, of, .. } => format!(
                "The mean of {} is {}: each is told its own way there.",
                list(t, of),
                match mean.0 {
                    0 => ["where ", me, " is"].concat(),
                    1.. => [&long(mean), " ahead of ", me].concat(),
                    _ => [&long(mean), " behind ", me].concat(),
                }
            ),
            Why::Outlier { node, gamma, .. } if *node == t.me => format!(
                "{me}'s own clock is not within {} of all that are averaged: it does not count.",
                long(gamma)
            ),
            Why::Outlier { node, diff, gamma } => format!(
                "{}, not within {} of all that are averaged: it does not count.",
                stands(t, *node, *diff),
                long(gamma)
            ),
            Why::Missed { nodes, .. } => format!("{me} goes on without {}.", list(t, nodes)),
            Why::Wrote { key, value, stamp } => {
                format!("{me} writes {key} = {} at {}.", value.print(), at(stamp))
            }
            Why::Overruled { value, stamp, held, by } => format!(
                "{me} writes {} at {}, but {} is of {}: the later stamp wins, and the new write is lost.",
                value.print(),
                at(stamp),
                held.print(),
                at(by)
            ),
        }
    }

    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Sampled { many: true, .. } | Why::Kept { many: true, .. } => Some(Weight::Aside),
            Why::Selected { again: true, .. }
            | Why::Falseticker { again: true, .. }
            | Why::Unsynchronised { again: true, .. } => Some(Weight::Quiet),
            _ => None,
        }
    }
}

/// `s1 is 45 ms ahead of c1`: as far as its readings tell, and a clock may read anything.
fn stands(t: &Teller, who: NodeId, offset: Span) -> String {
    let size = long(t, offset.0);
    let how = match offset.0 {
        0 => return [t.name(who), " is level with ", t.me()].concat(),
        1.. => " ahead of ",
        _ => " behind ",
    };
    [t.name(who), " is ", &size, how, t.me()].concat()
}

/// In how many of the intervals a point must lie.
fn reached(of: u64, f: u64) -> String {
    match (of, f) {
        (1, _) => "its interval".into(),
        (_, 0) => format!("all {of} intervals"),
        _ => format!("at least {} of {of} intervals", of - f),
    }
}

/// A reading of a clock, in full: `3.64 s`.
fn moment(us: i64) -> String {
    let shown = super::shown(us);
    let unit = shown.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
    [&shown[..unit], " ", &shown[unit..]].concat()
}

/// A length of time, whichever its sign; tenths of a millisecond are told where nothing is behind them.
fn long(t: &Teller, us: i64) -> String {
    match us.unsigned_abs() {
        us @ 10_000..1_000_000 if us % 1_000 != 0 && us % 100 == 0 => {
            [&(us / 1_000).to_string(), ".", &(us / 100 % 10).to_string(), " ms"].concat()
        }
        us => t.time(us),
    }
}

fn side(t: &Teller, us: i64) -> String {
    [if us < 0 { "−" } else { "" }, &long(t, us)].concat()
}

fn list(t: &Teller, nodes: &[NodeId]) -> String {
    t.list(nodes.iter().copied())
}
