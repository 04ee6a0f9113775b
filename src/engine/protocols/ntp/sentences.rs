//! The sentences of [`Why`](super::why::Why): one function each, in the order of the reasons.

use crate::ids::{NodeId, Span};
use crate::protocol::Teller;
use crate::value::Value;

pub(super) fn sampled(
    t: &Teller,
    server: NodeId,
    offset: Span,
    delay: Span,
    bound: Span,
) -> String {
    format!(
        "Round trip {}: by this sample {}, give or take {}.",
        long(t, delay.0),
        stands(t, server, offset),
        long(t, bound.0)
    )
}

pub(super) fn kept(t: &Teller, server: NodeId, offset: Span, delay: Span, newest: Span) -> String {
    format!(
        "This round trip took {}. By the sample of {}, which is better, {}.",
        long(t, newest.0),
        long(t, delay.0),
        stands(t, server, offset)
    )
}

pub(super) fn bogus(t: &Teller, server: NodeId, org: Span, waits: Span) -> String {
    let me = t.me();
    format!(
        "{}'s answer is to a request of {}, {me} waits for one to its request of {}: thrown away.",
        t.name(server),
        moment(org.0),
        moment(waits.0)
    )
}

pub(super) fn unasked(t: &Teller, server: NodeId, org: Span) -> String {
    let me = t.me();
    format!(
        "{}'s answer is to a request of {}, {me} waits for none: thrown away.",
        t.name(server),
        moment(org.0)
    )
}

pub(super) fn seen_before(t: &Teller, server: NodeId, xmt: Span) -> String {
    let me = t.me();
    format!("{me} has {}'s answer of {} already.", t.name(server), moment(xmt.0))
}

pub(super) fn silent_once(t: &Teller, server: NodeId) -> String {
    let me = t.me();
    format!("{} has not answered {me}.", t.name(server))
}

pub(super) fn silent(t: &Teller, server: NodeId, times: u64) -> String {
    let me = t.me();
    format!("{} has not answered {me}'s last {times} requests.", t.name(server))
}

pub(super) fn selected(
    t: &Teller,
    (low, high): (Span, Span),
    (f, of): (u64, u64),
    servers: &[NodeId],
    (outside, aside): (u64, &[NodeId]),
) -> String {
    let me = t.me();
    format!(
        "{me} believes {}: {} is the first point in {}, {} the last{}{}.",
        list(t, servers),
        side(t, low.0),
        reached(of, f),
        side(t, high.0),
        match outside {
            0 => "".into(),
            1 => "; 1 midpoint lies outside".into(),
            n => format!("; {n} midpoints lie outside"),
        },
        match aside[..] {
            [] => "".into(),
            _ => format!("; {}, inside but far from the others, set aside", list(t, aside)),
        }
    )
}

pub(super) fn falseticker(
    t: &Teller,
    server: NodeId,
    offset: Span,
    low: Span,
    high: Span,
) -> String {
    format!(
        "{}'s {} lies outside of {} to {}, so it does not count: to the standard it is a falseticker.",
        t.name(server),
        side(t, offset.0),
        side(t, low.0),
        side(t, high.0)
    )
}

pub(super) fn without_servers(t: &Teller) -> String {
    let me = t.me();
    format!("{me} has no server to believe.")
}

pub(super) fn unsynchronised(t: &Teller, asked: u64) -> String {
    let me = t.me();
    format!("Of {asked} servers no majority agrees: {me} believes none and lets its clock run.")
}

pub(super) fn slewed(t: &Teller, by: Span, takes: Span) -> String {
    let me = t.me();
    format!(
        "{me} lets its clock run a little {} for {}, until it has {} {}.",
        if by.0 > 0 { "fast" } else { "slow" },
        long(t, takes.0),
        if by.0 > 0 { "gained" } else { "lost" },
        long(t, by.0)
    )
}

pub(super) fn stepped(t: &Teller, by: Span) -> String {
    let me = t.me();
    format!(
        "{me} sets its clock {} by {}, at once.",
        if by.0 > 0 { "forward" } else { "back" },
        long(t, by.0)
    )
}

pub(super) fn doubted(t: &Teller, by: Span, left: Span) -> String {
    let me = t.me();
    format!(
        "{} is too much to slew: {me} does not believe it for another {}.",
        long(t, by.0),
        long(t, left.0)
    )
}

pub(super) fn panicked(t: &Teller, by: Span, most: Span) -> String {
    let me = t.me();
    format!(
        "{} is more than {}: {me} takes that for a mistake, and touches its clock no more.",
        long(t, by.0),
        long(t, most.0)
    )
}

pub(super) fn read(t: &Teller, server: NodeId, rtt: Span, offset: Span, bound: Span) -> String {
    format!(
        "Round trip {}: {} if both ways took the same, ± {}.",
        long(t, rtt.0),
        stands(t, server, offset),
        long(t, bound.0)
    )
}

pub(super) fn discarded(t: &Teller, server: NodeId, rtt: Span, most: Span, again: bool) -> String {
    format!(
        "Round trip {} to {} is more than {}: thrown away{}.",
        long(t, rtt.0),
        t.name(server),
        long(t, most.0),
        if again { ", and asked again" } else { "" }
    )
}

pub(super) fn heard_twice(t: &Teller, from: NodeId, round: u64) -> String {
    let me = t.me();
    format!("{me} has {}'s answer in round {round} already.", t.name(from))
}

pub(super) fn stale(t: &Teller, from: NodeId, round: u64) -> String {
    format!("{}'s message is of round {round}, which is over.", t.name(from))
}

pub(super) fn compared(t: &Teller, with: NodeId, offset: Span, bound: Span) -> String {
    [&stands(t, with, offset), ", give or take ", &long(t, bound.0), "."].concat()
}

pub(super) fn averaged(t: &Teller, mean: Span, of: &[NodeId]) -> String {
    format!(
        "The mean of {} is {}: each is told its own way there.",
        list(t, of),
        match mean.0 {
            0 => ["where ", t.me(), " is"].concat(),
            1.. => [&long(t, mean.0), " ahead of ", t.me()].concat(),
            _ => [&long(t, mean.0), " behind ", t.me()].concat(),
        }
    )
}

pub(super) fn outlier_itself(t: &Teller, gamma: Span) -> String {
    let me = t.me();
    format!(
        "{me}'s own clock is not within {} of all that are averaged: it does not count.",
        long(t, gamma.0)
    )
}

pub(super) fn outlier(t: &Teller, node: NodeId, diff: Span, gamma: Span) -> String {
    format!(
        "{}, not within {} of all that are averaged: it does not count.",
        stands(t, node, diff),
        long(t, gamma.0)
    )
}

pub(super) fn missed(t: &Teller, nodes: &[NodeId]) -> String {
    let me = t.me();
    format!("{me} goes on without {}.", list(t, nodes))
}

pub(super) fn wrote(t: &Teller, key: &str, value: &Value, stamp: Span) -> String {
    let me = t.me();
    format!("{me} writes {key} = {} at {}.", value.print(), moment(stamp.0))
}

pub(super) fn overruled(t: &Teller, value: &Value, stamp: Span, held: &Value, by: Span) -> String {
    let me = t.me();
    format!(
        "{me} writes {} at {}, but {} is of {}: the later stamp wins, and the new write is lost.",
        value.print(),
        moment(stamp.0),
        held.print(),
        moment(by.0)
    )
}

// ---------------------------------------------------------------- words

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
