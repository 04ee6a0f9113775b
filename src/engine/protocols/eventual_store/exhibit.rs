//! What a node shows of its inside.

use super::Know;
use super::client::Client;
use super::msg::Item;
use super::replica::{Peer, Replica};
use crate::show::{Exhibit, Showcase, Table};
use crate::value::Value;

pub fn line(r: &Replica) -> String {
    let mut parts = vec![];
    for item in &r.store {
        parts.push([&item.key.print(), "=", &content(item)].concat());
    }
    parts.truncate(3);
    if r.queued() > 0 {
        parts.push([&r.queued().to_string(), " queued"].concat());
    }
    parts.join(" · ")
}

fn content(item: &Item) -> String {
    item.val.as_ref().map_or_else(|| "✗".into(), Value::print)
}

pub fn replica(cx: &Know<'_>, r: &Replica, to: &mut Showcase) {
    let mut rows = vec![];
    for item in &r.store {
        let stamp = ["(", &item.stamp.ts.print(), ",", cx.cast.name(item.stamp.node), ")"].concat();
        let left = item.until.map_or_else(String::new, |t| {
            [&((t.0 - cx.wall as i64) / 1_000).to_string(), " ms left"].concat()
        });
        rows.push(vec![item.key.print(), content(item), stamp, left]);
    }
    let head = ["key", "value", "stamp", ""].map(String::from).into();
    to.add("store", Exhibit::Table(Table { head, rows }));
    let rows = r.peers.iter().map(|p| queue(cx, p)).collect();
    let head = ["peer", "unsent", "not acknowledged"].map(String::from).into();
    to.add("queues", Exhibit::Table(Table { head, rows }));
    let clock =
        [&(cx.wall / 1_000).to_string(), " ms by its clock, the highest stamp ", &r.top.print()];
    to.add("clock", Exhibit::Text(clock.concat()));
}

fn queue(cx: &Know<'_>, p: &Peer) -> Vec<String> {
    let keys = |sent: bool| {
        let these = p.out_queue.iter().filter(|q| (q.seq > 0) == sent);
        these.map(|q| q.key.print()).collect::<Vec<String>>().join(" ")
    };
    vec![cx.cast.name(p.node).to_string(), keys(false), keys(true)]
}

pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    let home = ["belongs to ", cx.cast.name(c.home), ", has seen ", &c.seen.print()];
    to.add("home", Exhibit::Text(home.concat()));
}
