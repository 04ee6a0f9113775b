//! What a node shows of its inside: the order in which writes took effect here, and what waits.

use super::Know;
use super::client::Client;
use super::msg::*;
use super::replica::{Replica, node};
use super::why::vector;
use crate::ids::NodeId;
use crate::show::{Cell, Exhibit, Log, Showcase, Table};

pub fn line(r: &Replica) -> String {
    let mut parts: Vec<String> =
        r.store.iter().map(|w| [&w.key.print(), "=", &w.val.print()].concat()).collect();
    parts.truncate(3);
    if !r.buffer.is_empty() {
        parts.push([&r.buffer.len().to_string(), " held back"].concat());
    }
    parts.join(" · ")
}

pub fn replica(cx: &Know<'_>, r: &Replica, to: &mut Showcase) {
    let clock = |v: &Vector| -> Vec<(NodeId, u64)> {
        v.iter().enumerate().map(|(at, n)| (node(cx, at), *n)).collect()
    };
    to.add("vector-clock", Exhibit::Clock { entries: clock(&r.v), beside: None });
    let mut cells = vec![];
    for w in r.log.iter() {
        let text = [&w.key.print(), "=", &w.val.print()].concat();
        cells.push(Cell::of_owner(text, cx.cast.name(w.origin).into(), w.origin));
    }
    let applied = cells.len() as u64;
    to.add(
        "applied",
        Exhibit::Log(Log {
            first: 1,
            before: 0,
            cells,
            committed: applied,
            applied,
            durable: applied,
        }),
    );
    let row = |w: &Write| {
        let stamp = ["(", &w.lww_stamp.to_string(), ",", cx.cast.name(w.origin), ")"].concat();
        vec![w.key.print(), w.val.print(), vector(&w.vc), stamp]
    };
    let head = ["key", "value", "vector", "stamp"].map(String::from).into();
    to.add("store", Exhibit::Table(Table { head, rows: r.store.iter().map(row).collect() }));
    if r.buffer.is_empty() {
        return;
    }
    let mut rows = vec![];
    for h in &r.buffer {
        let lacks = r.missing(cx, &h.write);
        let lacks = lacks.map_or_else(String::new, |(of, seq)| {
            ["write ", &seq.to_string(), " of ", cx.cast.name(of)].concat()
        });
        rows.push(vec![h.write.key.print(), h.write.val.print(), vector(&h.write.vc), lacks]);
    }
    let head = ["key", "value", "vector", "waits for"].map(String::from).into();
    to.add("buffer", Exhibit::Table(Table { head, rows }));
}

pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    to.add("home", Exhibit::Text(["belongs to ", cx.cast.name(c.home)].concat()));
    let entries = c.context.iter().enumerate().map(|(at, n)| (node(cx, at), *n)).collect();
    to.add("context", Exhibit::Clock { entries, beside: None });
}
