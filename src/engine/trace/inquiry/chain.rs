//! Chains from a cause to an effect.
//!
//! ```text
//!   n1 ──◉───●───────────      ◉ fires, sends (same step), n2 receives (a message), waits two steps (its
//!             ╲                lane), sends, n3 receives:  ◉ ·step→ ● ·message→ ● ·lane→ ● ·message→ ◉
//!   n2 ────────●──○──○─●──
//!                       ╲
//!   n3 ──────────────────◉
//! ```
//!
//! [`chain`] is the shortest by which one *could* have influenced the other: fewest messages, and among
//! those fewest steps. [`default_cause`] is what *did*: the world keeps for every event the one that caused
//! it. Both end where somebody took the first step: a timer, a client's request, the scenario.

use super::precedes;
use crate::ids::{EventId, MsgId};
use crate::run::Run;
use crate::trace::causality::{Causality, opens};
use crate::trace::{Trace, What};

/// How a chain comes to an event from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Its first event.
    Begin,
    /// In the same step.
    Step,
    /// Along a node's lane, so many steps on; none to a fault, which is no step.
    Lane {
        steps: u32,
    },
    Message(MsgId),
    /// By a write to the disk, a timer, the network or the scenario: as the world says.
    Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub event: EventId,
    pub via: Via,
}

/// From a cause to an effect; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub links: Vec<Link>,
}

impl Chain {
    pub fn messages(&self) -> usize {
        self.links.iter().filter(|l| matches!(l.via, Via::Message(_))).count()
    }
    /// Steps begun on the way.
    pub fn steps(&self) -> u32 {
        let steps = |l: &Link| match l.via {
            Via::Lane { steps } => steps,
            Via::Message(_) => 1,
            _ => 0,
        };
        self.links.iter().map(steps).sum()
    }
    pub fn holds(&self, e: EventId) -> bool {
        self.links.iter().any(|l| l.event == e)
    }
}

/// The shortest chain by which `cause` could have influenced `effect`; None if it could not.
pub fn chain(run: &Run, c: &Causality, cause: EventId, effect: EventId) -> Option<Chain> {
    let trace = run.trace();
    let (start, end) = (c.opening(trace, cause), c.root(trace, effect)?);
    let within = start == c.opening(trace, effect);
    if (within && cause > effect) || (!within && !precedes(run, c, cause, effect)) {
        return None;
    }
    let mut path = shortest(trace, c, start, end);
    if within {
        path = vec![cause, effect];
        path.dedup();
    }
    let mut links = joints(trace, c, &path);
    // The step is spoken for by the event that was chosen, and the network's doings end at themselves.
    if links.get(1).is_some_and(|l| l.event == cause) {
        links.remove(0);
    }
    if let Some(first) = links.first_mut() {
        *first = Link { event: cause, via: Via::Begin };
    }
    if end != effect {
        links.push(Link { event: effect, via: Via::Cause });
    }
    Some(Chain { links })
}

const FAR: (u32, u32) = (u32::MAX, u32::MAX);

/// Every event of a shortest path. Ids are an order in which nobody comes before what it depends on, so
/// one walk back over them settles each distance: messages first, then steps.
fn shortest(trace: &Trace, c: &Causality, start: EventId, end: EventId) -> Vec<EventId> {
    let floor = start.0;
    let size = (end.0 + 1).saturating_sub(floor) as usize;
    let mut far = vec![FAR; size];
    let mut next = vec![EventId::NONE; size];
    far.last_mut().into_iter().for_each(|f| *f = (0, 0));
    for i in (0..size).rev() {
        let (e, so_far) = (EventId(floor + i as u32), far[i]);
        if so_far == FAR {
            continue;
        }
        let step = u32::from(opens(trace.what(e.index())));
        let mut relax = |from: Option<EventId>, cost: (u32, u32)| {
            let Some(at) = from.and_then(|p| p.0.checked_sub(floor)) else { return };
            if cost < far[at as usize] {
                (far[at as usize], next[at as usize]) = (cost, e);
            }
        };
        relax(c.before(e), (so_far.0, so_far.1 + step));
        relax(c.sender(trace, e), (so_far.0 + 1, so_far.1 + step));
    }
    let on = |e: &EventId| next.get((e.0 - floor) as usize)?.some();
    std::iter::successors(Some(start), on).collect()
}

/// The events of a path where it turns: sendings and receipts it uses, its beginning and its end.
fn joints(trace: &Trace, c: &Causality, path: &[EventId]) -> Vec<Link> {
    let mut links: Vec<Link> = vec![];
    let mut steps = 0;
    let within = |last: Option<&Link>, e| {
        last.is_some_and(|l| c.opening(trace, l.event) == c.opening(trace, e))
    };
    for (i, &e) in path.iter().enumerate() {
        let came = i.checked_sub(1).and_then(|p| message(trace, c, path[p], e));
        let goes = path.get(i + 1).is_some_and(|n| message(trace, c, e, *n).is_some());
        steps += u32::from(i > 0 && came.is_none() && opens(trace.what(e.index())));
        let via = match came {
            _ if i == 0 => Via::Begin,
            Some(m) => Via::Message(m),
            None if steps == 0 && within(links.last(), e) => Via::Step,
            None => Via::Lane { steps },
        };
        if i == 0 || came.is_some() || goes || i + 1 == path.len() {
            links.push(Link { event: e, via });
            steps = 0;
        }
    }
    links
}

/// The message that leads from one event to the next of a path.
fn message(trace: &Trace, c: &Causality, a: EventId, b: EventId) -> Option<MsgId> {
    let What::Deliver { m } = trace.event(b)?.what else { return None };
    (c.before(b) != Some(a) && c.sender(trace, b) == Some(a)).then_some(m)
}

/// Why it happened: from where somebody took the first step (a timer ran out, a client asked, the scenario
/// acted, a node started) to the event.
pub fn default_cause(run: &Run, c: &Causality, effect: EventId) -> Chain {
    let trace = run.trace();
    let mut back = vec![];
    for e in c.chain(trace, effect) {
        back.push(e);
        if e != effect && is_root(trace.what(e.index())) {
            break;
        }
    }
    let via = |i: usize| {
        let (e, from) = (back[i], back.get(i + 1));
        match (from, trace.what(e.index())) {
            (None, _) => Via::Begin,
            (_, What::Deliver { m }) => Via::Message(m),
            (Some(f), _) if c.opening(trace, *f) == c.opening(trace, e) => Via::Step,
            _ => Via::Cause,
        }
    };
    let links = (0..back.len()).rev().map(|i| Link { event: back[i], via: via(i) }).collect();
    Chain { links }
}

fn is_root(what: What) -> bool {
    matches!(
        what,
        What::Fire { .. }
            | What::Invoke { .. }
            | What::Act { .. }
            | What::Start { .. }
            | What::Restart { .. }
    )
}
