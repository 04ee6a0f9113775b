//! What a node shows of its inside.

use super::Know;
use super::msg::{Item, Version};
use super::node::{Node, Peer};
use super::sentences::reading;
use crate::show::{Exhibit, Showcase, Table, Waiting};
use crate::value::Value;

pub fn node(cx: &Know<'_>, n: &Node, to: &mut Showcase) {
    let clock = cx.params.clock.reads();
    let name =
        |v: Version| ["(", &reading(clock, v.counter), ",", cx.cast.name(v.node), ")"].concat();
    let mut rows = vec![];
    for item in &n.store {
        let left = item.expires_at.map_or_else(String::new, |t| {
            let ms = (t.0 - cx.wall as i64) / 1_000;
            if ms > 0 { [&ms.to_string(), " ms left"].concat() } else { "over".into() }
        });
        rows.push(vec![item.key.print(), content(item), name(item.version), left]);
    }
    for (key, sum) in sums(n) {
        rows.push(vec![key.print(), sum.to_string(), "counted".into(), String::new()]);
    }
    let head = ["key", "value", "version", ""].map(String::from).into();
    to.add("store", Exhibit::Table(Table { head, rows }));
    to.add("queues", Exhibit::Lines(n.peers.iter().map(waiting).collect()));
    let rows = n.peers.iter().map(|p| queue(cx, p)).collect();
    let head =
        ["peer", "unsent", "not acknowledged", "acknowledged up to"].map(String::from).into();
    to.add("peers", Exhibit::Table(Table { head, rows }));
    let (value, max) = (n.queued() as i64, cx.params.bound as i64);
    to.add("queued", Exhibit::Gauge { value, max, unit: "entries" });
    if let Some(from) = n.asked {
        to.add("waits-for", Exhibit::Text(cx.cast.name(from).into()));
    }
}

/// What a peer is still to be told, and what it has been told and not acknowledged.
fn waiting(p: &Peer) -> Waiting {
    let items = p.out_queue.iter().map(|q| (q.key.print(), q.seq > 0));
    Waiting { to: p.node, items: items.collect() }
}

fn queue(cx: &Know<'_>, p: &Peer) -> Vec<String> {
    let keys = |sent: bool| {
        let these = p.out_queue.iter().filter(|q| (q.seq > 0) == sent);
        let keys: Vec<String> = these.map(|q| q.key.print()).collect();
        keys.join(" ")
    };
    vec![cx.cast.name(p.node).to_string(), keys(false), keys(true), p.acked_seq.to_string()]
}

fn content(item: &Item) -> String {
    item.value.as_ref().map_or_else(|| "✗".into(), Value::print)
}

fn sums(n: &Node) -> Vec<(Value, i64)> {
    let mut sums: Vec<(Value, i64)> = vec![];
    for add in n.adds.iter() {
        match sums.iter_mut().find(|(k, _)| *k == add.key) {
            Some((_, sum)) => *sum += add.by,
            None => sums.push((add.key.clone(), add.by)),
        }
    }
    sums
}

/// The first keys, and how many entries wait for a peer.
pub fn line(n: &Node) -> String {
    let mut parts = vec![];
    for item in &n.store {
        parts.push([&item.key.print(), "=", &content(item)].concat());
    }
    for (key, sum) in sums(n) {
        parts.push([&key.print(), "=", &sum.to_string()].concat());
    }
    parts.truncate(3);
    if n.queued() > 0 {
        parts.push([&n.queued().to_string(), " queued"].concat());
    }
    parts.join(" · ")
}
