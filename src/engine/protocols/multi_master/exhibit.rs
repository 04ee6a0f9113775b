//! What a master shows of its inside: sets of versions, the tree they come from, what is on its way.

use super::Know;
use super::client::Client;
use super::master::Master;
use super::msg::*;
use super::why::vector;
use crate::ids::NodeId;
use crate::show::{Exhibit, Showcase, Table};
use crate::value::Value;

pub fn line(m: &Master) -> String {
    let cell = |c: &super::merge::Cell| [&c.key.print(), "=", &values(&c.shown)].concat();
    m.cells.iter().map(cell).collect::<Vec<String>>().join(" · ")
}

fn values(shown: &[Value]) -> String {
    shown.iter().map(Value::print).collect::<Vec<String>>().join("|")
}

pub fn master(cx: &Know<'_>, m: &Master, to: &mut Showcase) {
    let lww = cx.params.resolver == super::Resolver::LastWriter;
    let mut rows = vec![];
    for v in m.cells.iter().flat_map(|c| &c.versions) {
        let how = if lww { [&v.ts.to_string(), " ms"].concat() } else { vector(&v.past) };
        rows.push(vec![v.key.print(), v.val.print(), vector(&v.version()), how]);
    }
    let last = if lww { "stamp" } else { "had seen" };
    let head = ["key", "value", "version", last].map(String::from).into();
    to.add("versions", Exhibit::Table(Table { head, rows }));
    to.add("history", Exhibit::Tree(history(m)));
    let applied = m.vv.iter().enumerate().map(|(i, n)| (NodeId(i as u16), *n));
    to.add("applied", Exhibit::Clock { entries: applied.collect(), beside: None });
    if !m.out.is_empty() {
        let queued = |q: &super::master::Queued| {
            [&q.update.key.print(), "=", &q.update.val.print(), " to ", cx.cast.name(q.to)].concat()
        };
        to.add("not-acknowledged", Exhibit::Queue(m.out.iter().map(queued).collect()));
    }
}

/// The newest updates, each as deep as the longest chain of versions its writer had seen.
fn history(m: &Master) -> Vec<(u32, String)> {
    const NEWEST: usize = 24;
    let mut tree: Vec<(u32, String)> = vec![];
    let newest: Vec<&Update> = m.log.tail(m.log.len().saturating_sub(NEWEST)).collect();
    for u in &newest {
        let mut depth = 0;
        for (other, (theirs, _)) in newest.iter().zip(&tree) {
            if other.key == u.key && u.covers(other) {
                depth = depth.max(theirs + 1);
            }
        }
        tree.push((
            depth,
            [&u.key.print(), "=", &u.val.print(), " ", &vector(&u.version())].concat(),
        ));
    }
    tree
}

pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    to.add("home", Exhibit::Text(["belongs to ", cx.cast.name(c.home)].concat()));
    let row = |s: &super::client::Shown| vec![s.key.print(), values(&s.values), vector(&s.context)];
    let head = ["key", "shown", "context"].map(String::from).into();
    to.add("context", Exhibit::Table(Table { head, rows: c.shown.iter().map(row).collect() }));
}
