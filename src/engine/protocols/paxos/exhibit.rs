//! What a node shows of its inside.

use super::learner::{Heard, Learner};
use super::msg::Ballot;
use super::proposer::Proposer;
use super::{Know, Node};
use crate::seq::Seq;
use crate::show::{Cell, Exhibit, Log, Showcase, Table};
use crate::value::Value;

const STATES: &[&str] = &["idle", "preparing", "accepting", "decided"];
const EDGES: &[(&str, &str)] = &[
    ("idle", "preparing"),
    ("preparing", "accepting"),
    ("preparing", "preparing"),
    ("accepting", "preparing"),
    ("accepting", "decided"),
    ("preparing", "decided"),
];

/// What of a pair one sees under a name: `X in 2`.
fn pair(of: &Option<(Ballot, Value)>) -> String {
    of.as_ref().map_or_else(String::new, |(b, v)| [&v.print(), " in ", &b.to_string()].concat())
}

/// First what has been accepted, or what is decided: that stands in the circle.
pub fn line(n: &Node) -> String {
    if let Some(v) = n.learner.as_ref().and_then(|l| l.chosen.as_ref()) {
        return v.print();
    }
    if let Some(a) = &n.acceptor {
        let had = pair(&a.accepted);
        let gap = if had.is_empty() { "" } else { " · " };
        return [&had, gap, "promised ", &a.promised.to_string()].concat();
    }
    match &n.proposer {
        Some(Proposer { ballot, value: Some(v), .. }) => {
            ["ballot ", &ballot.to_string(), " · proposes ", &v.print()].concat()
        }
        Some(Proposer { ballot, wants: Some(v), .. }) => {
            ["ballot ", &ballot.to_string(), " · wants ", &v.print()].concat()
        }
        _ => String::new(),
    }
}

pub fn node(cx: &Know<'_>, n: &Node, to: &mut Showcase) {
    if let Some(a) = &n.acceptor {
        to.add("accepted", Exhibit::Log(accepted(&a.accepted)));
        let promised = ["accepts nothing below ballot ", &a.promised.to_string()].concat();
        to.add("promised", Exhibit::Text(promised));
    }
    if let Some(p) = &n.proposer {
        to.add("state", Exhibit::Chart { states: STATES, edges: EDGES, current: n.face().state });
        if !p.promises.is_empty() {
            to.add("promises", Exhibit::Table(promises(cx, p)));
        }
    }
    match &n.learner {
        // Of its own ballots a proposer apart hears from each acceptor what the learner sees better.
        Some(l) if n.acceptor.is_some() || n.proposer.is_none() => {
            to.add("ballots", ballots(cx, l));
        }
        Some(Learner { heard, .. }) if !heard.is_empty() => {
            to.add("accepts", Exhibit::Set(accepts(cx, heard)));
        }
        _ => {}
    }
}

/// One cell at the place of its ballot: over all acceptors, the grid of ballots.
fn accepted(of: &Option<(Ballot, Value)>) -> Log {
    let cell = |(b, v): &(Ballot, Value)| Cell::of_epoch(v.print(), *b);
    Log {
        first: of.as_ref().map_or(1, |(b, _)| *b),
        cells: of.iter().map(cell).collect(),
        ..Log::default()
    }
}

fn promises(cx: &Know<'_>, p: &Proposer) -> Table {
    let head = ["promised by", "has accepted"].map(String::from).into();
    let row =
        |r: &super::proposer::Report| vec![cx.cast.name(r.acceptor).into(), pair(&r.accepted)];
    Table { head, rows: p.promises.iter().map(row).collect() }
}

/// Who has accepted in its newest ballot that anybody accepted in.
fn accepts(cx: &Know<'_>, heard: &Seq<Heard>) -> Vec<String> {
    let newest = heard.iter().max_by_key(|h| h.ballot);
    newest.iter().flat_map(|h| &h.by).map(|n| cx.cast.name(*n).into()).collect()
}

/// Ballots against acceptors, as a learner has heard of them; the one it saw chosen is marked.
fn ballots(cx: &Know<'_>, l: &Learner) -> Exhibit {
    let (mut rows, mut cells) = (vec![], vec![]);
    for h in l.heard.iter() {
        let mark = if l.chosen.is_some() && l.ballot == h.ballot { " chosen" } else { "" };
        rows.push([h.ballot.to_string().as_str(), mark].concat());
        let mut row = vec![];
        for a in cx.params.all_acceptors() {
            row.push(if h.by.contains(&a) { h.value.print() } else { String::new() });
        }
        cells.push(row);
    }
    let cols = cx.params.all_acceptors().map(|a| cx.cast.name(a).into()).collect();
    Exhibit::Matrix { rows, cols, cells }
}
