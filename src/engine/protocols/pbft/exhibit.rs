//! What a node shows of its inside.

use super::log::Phase;
use super::msg::Digest;
use super::replica::Replica;
use super::{Know, Node};
use crate::show::{Cell, Exhibit, Log, Showcase, Table};

const STATES: &[&str] = &["primary", "backup", "changing"];
const EDGES: &[(&str, &str)] = &[
    ("primary", "changing"),
    ("backup", "changing"),
    ("changing", "primary"),
    ("changing", "backup"),
    ("changing", "changing"),
    ("backup", "backup"),
];

pub fn line(node: &Node) -> String {
    let num = |n: u64| n.to_string();
    match node {
        Node::Replica(r) => {
            let view = if r.in_view_change { "wants view " } else { "view " };
            [view, &num(r.v), " · executed ", &num(r.last_executed)].concat()
        }
        Node::Client(c) => match (&c.current, &c.accepted) {
            (Some(p), _) => {
                let answers = num(p.replies.len() as u64);
                let answered = if p.replies.len() == 1 { " answer" } else { " answers" };
                ["request ", &num(c.t), " · ", &answers, answered].concat()
            }
            (None, Some((_, r))) => ["accepted ", &r.print()].concat(),
            (None, None) => String::new(),
        },
    }
}

pub fn node(cx: &Know, node: &Node, to: &mut Showcase) {
    let Node::Replica(r) = node else { return };
    to.add("state", Exhibit::Chart { states: STATES, edges: EDGES, current: r.face().state });
    to.add("log", Exhibit::Log(log(cx, r)));
    to.add("certificates", Exhibit::Table(certificates(cx, r)));
    let pairs = r.app.data.iter().map(|(k, v)| [&k.print(), " = ", &v.print()].concat());
    to.add("service", Exhibit::Set(pairs.collect()));
    if !r.waiting.is_empty() {
        let waiting = r.waiting.iter().map(|w| name(cx, Some(w.id)));
        to.add("waiting", Exhibit::Queue(waiting.collect()));
    }
    let want = r.changes.iter().filter(|(_, c)| c.body().v >= r.v && r.in_view_change);
    let want: Vec<Vec<String>> = want
        .map(|(i, c)| {
            let c = c.body();
            vec![cx.cast.name(*i).into(), c.v.to_string(), c.p.len().to_string()]
        })
        .collect();
    if !want.is_empty() {
        to.add("view-changes", Exhibit::Table(table(&["replica", "wants view", "prepared"], want)));
    }
}

fn name(cx: &Know, d: Digest) -> String {
    d.map_or_else(|| "null".into(), |(c, t)| [cx.cast.name(c), ":", &t.to_string()].concat())
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { head: head.iter().map(|h| (*h).into()).collect(), rows }
}

/// By number what it has accepted above the stable checkpoint, in the colour of its newest view.
fn log(cx: &Know, r: &Replica) -> Log {
    let orders = r.log.orders();
    let last = orders.iter().map(|o| o.n).max().unwrap_or(r.h).max(r.last_executed);
    let mut cells = vec![];
    for n in r.h + 1..=last.min(r.h + cx.params.window) {
        let newest = orders.iter().rfind(|o| o.n == n);
        let done = r.executed.get(n).map(|d| name(cx, *d));
        let text = done.or(newest.map(|o| name(cx, o.d))).unwrap_or_default();
        // What came by a transferred state was ordered in a view nobody here has seen.
        cells.push(match newest {
            Some(o) => Cell::of_epoch(text, o.v),
            None => Cell { text, ..Cell::default() },
        });
    }
    Log {
        first: r.h + 1,
        before: 0,
        cells,
        committed: r.last_executed,
        applied: r.last_executed,
        durable: last,
    }
}

/// How far each number has come in this view: 2 of 2 prepares, 3 of 3 commits.
fn certificates(cx: &Know, r: &Replica) -> Table {
    let quorum = cx.params.quorum();
    let mut rows = vec![];
    for o in r.log.orders().into_iter().filter(|o| o.v == r.v) {
        let part = |phase, of: usize| {
            [&r.log.who(phase, &o, true).len().min(of).to_string(), "/", &of.to_string()].concat()
        };
        let (prepares, commits) = (part(Phase::Prepare, quorum - 1), part(Phase::Commit, quorum));
        rows.push(vec![o.n.to_string(), name(cx, o.d), prepares, commits]);
    }
    table(&["number", "request", "prepares", "commits"], rows)
}
