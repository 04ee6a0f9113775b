//! What clients and replicas show of their inside.

use super::Know;
use super::client::{Client, Job};
use super::msg::Tag;
use super::replica::Replica;
use super::replicas;
use crate::show::{Exhibit, Showcase, Table};

/// `(4,c1)`
fn name(cx: &Know<'_>, tag: Tag) -> String {
    let writer = tag.writer.map_or("–", |w| cx.cast.name(w));
    ["(", &tag.ts.to_string(), ",", writer, ")"].concat()
}

fn table(head: [&str; 3], rows: Vec<Vec<String>>) -> Exhibit {
    Exhibit::Table(Table { head: head.map(String::from).into(), rows })
}

pub fn replica(cx: &Know<'_>, r: &Replica, to: &mut Showcase) {
    let cells = r.store.0.iter();
    let rows = cells.map(|c| vec![c.key.print(), c.val.print(), name(cx, c.tag)]);
    to.add("register", table(["key", "value", "tag"], rows.collect()));
}

/// Of the oldest operation under way, who has answered what: its quorums.
pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    if let Some(job) = c.open.first() {
        to.add("operation", Exhibit::Text(c.line()));
        to.add("quorum", table(["replica", "replied", "acknowledged"], quorums(cx, job)));
    }
    if c.open.len() > 1 {
        let rest = c.open.iter().skip(1).map(|j| match &j.value {
            Some(value) => ["put ", &j.cell.key.print(), " ", &value.print()].concat(),
            None => ["get ", &j.cell.key.print()].concat(),
        });
        to.add("also-open", Exhibit::Queue(rest.collect()));
    }
    if c.issued > 0 {
        to.add("issued", Exhibit::Text(["highest ts issued: ", &c.issued.to_string()].concat()));
    }
}

fn quorums(cx: &Know<'_>, job: &Job) -> Vec<Vec<String>> {
    let mut rows = vec![];
    for n in replicas(cx.params, cx.cast) {
        let replied = job.replied.get(n).map_or_else(String::new, |tag| name(cx, *tag));
        let acked = if job.acked.has(n) { name(cx, job.cell.tag) } else { String::new() };
        rows.push(vec![cx.cast.name(n).to_string(), replied, acked]);
    }
    rows
}
