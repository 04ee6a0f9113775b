//! What clients and replicas show of their inside.

use super::Know;
use super::client::Client;
use super::msg::Write;
use super::order::Order;
use super::replica::Replica;
use crate::show::{Cell, Colour, Exhibit, Log, Showcase, Table};

const LOGS: [&str; 3] = ["order", "order-2", "order-3"];

fn pair(w: &Write) -> String {
    [&w.key.print(), "=", &w.val.print()].concat()
}

pub fn replica(cx: &Know<'_>, r: &Replica, to: &mut Showcase) {
    for (o, key) in r.orders.iter().zip(LOGS) {
        to.add(key, Exhibit::Log(log(cx, o)));
    }
    let rows = r.orders.iter().flat_map(|o| &o.store);
    let rows = rows.map(|(key, val)| vec![key.print(), val.print()]).collect();
    to.add("copy", Exhibit::Table(Table { head: ["key", "value"].map(String::from).into(), rows }));
    for o in &r.orders {
        let pending = o.own.tail(o.back() as usize).map(pair);
        queue("own-pending", pending.collect(), to);
        queue("held-back", o.held.iter().map(|w| named(cx, w)).collect(), to);
        let early = o.early.iter().map(|(g, w)| [&g.to_string(), " ", &pair(w)].concat());
        queue("early", early.collect(), to);
        let waiting = o.waiting.iter().map(|w| match &w.ask.val {
            Some(val) => ["put ", &w.ask.key.print(), " ", &val.print()].concat(),
            None => ["get ", &w.ask.key.print()].concat(),
        });
        queue("waiting", waiting.collect(), to);
    }
}

fn queue(key: &'static str, items: Vec<String>, to: &mut Showcase) {
    if !items.is_empty() {
        to.add(key, Exhibit::Queue(items));
    }
}

/// `n3's 2: x=1`
fn named(cx: &Know<'_>, w: &Write) -> String {
    [cx.cast.name(w.origin), "'s ", &w.seq.to_string(), ": ", &pair(w)].concat()
}

/// The sequence as it stands here; a cell's colour is its number, as that of the message that brought it.
fn log(cx: &Know<'_>, o: &Order) -> Log {
    let mut cells = vec![];
    for w in o.log.iter() {
        let colour = Colour::Epoch(cells.len() as u64 + 1);
        cells.push(Cell { text: pair(w), under: cx.cast.name(w.origin).into(), colour });
    }
    let durable = o.log.len() as u64;
    Log { first: 1, before: 0, cells, committed: o.delivered, applied: o.delivered, durable }
}

pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    to.add("home", Exhibit::Text(["belongs to ", cx.cast.name(c.home)].concat()));
    let seen: Vec<String> = c.seen.iter().map(|s| s.gseq.to_string()).collect();
    to.add("seen", Exhibit::Text(["has seen number ", &seen.join(" and ")].concat()));
}
