//! What clients and servers say of what they do: one variant a reason, one sentence a variant.

use serde::Serialize;

use super::client::{Sample, Written};
use super::select::{Candidate, Chosen};
use super::sentences as say;
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
        match self {
            Why::Sampled { server, offset, delay, bound, .. } => {
                say::sampled(t, *server, *offset, *delay, *bound)
            }
            Why::Kept { server, offset, delay, newest, .. } => {
                say::kept(t, *server, *offset, *delay, *newest)
            }
            Why::Bogus { server, org, waits: Some(waits) } => say::bogus(t, *server, *org, *waits),
            Why::Bogus { server, org, waits: None } => say::unasked(t, *server, *org),
            Why::SeenBefore { server, xmt } => say::seen_before(t, *server, *xmt),
            Why::Silent { server, times: 1 } => say::silent_once(t, *server),
            Why::Silent { server, times } => say::silent(t, *server, *times),
            Why::Selected { low, high, f, servers, of, outside, aside, .. } => {
                say::selected(t, (*low, *high), (*f, *of), servers, (*outside, aside))
            }
            Why::Falseticker { server, offset, low, high, .. } => {
                say::falseticker(t, *server, *offset, *low, *high)
            }
            Why::Unsynchronised { asked: 0, .. } => say::without_servers(t),
            Why::Unsynchronised { asked, .. } => say::unsynchronised(t, *asked),
            Why::Slewed { by, takes } => say::slewed(t, *by, *takes),
            Why::Stepped { by } => say::stepped(t, *by),
            Why::Doubted { by, left } => say::doubted(t, *by, *left),
            Why::Panicked { by, most } => say::panicked(t, *by, *most),
            Why::Read { server, rtt, offset, bound } => {
                say::read(t, *server, *rtt, *offset, *bound)
            }
            Why::Discarded { server, rtt, most, again } => {
                say::discarded(t, *server, *rtt, *most, *again)
            }
            Why::Stale { from, round, twice: true } => say::heard_twice(t, *from, *round),
            Why::Stale { from, round, .. } => say::stale(t, *from, *round),
            Why::Compared { with, offset, bound } => say::compared(t, *with, *offset, *bound),
            Why::Averaged { mean, of, .. } => say::averaged(t, *mean, of),
            Why::Outlier { node, gamma, .. } if *node == t.me => say::outlier_itself(t, *gamma),
            Why::Outlier { node, diff, gamma } => say::outlier(t, *node, *diff, *gamma),
            Why::Missed { nodes, .. } => say::missed(t, nodes),
            Why::Wrote { key, value, stamp } => say::wrote(t, key, value, *stamp),
            Why::Overruled { value, stamp, held, by } => {
                say::overruled(t, value, *stamp, held, *by)
            }
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
