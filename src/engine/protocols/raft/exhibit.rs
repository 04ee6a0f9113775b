//! What a server shows of its inside.

use super::client::Client;
use super::msg::{Command, Entry};
use super::server::{Role, Server};
use super::{Know, servers};
use crate::show::{Cell, Exhibit, Log, Showcase, Table};

const STATES: &[&str] = &["follower", "pre-candidate", "candidate", "leader"];
const EDGES: &[(&str, &str)] = &[
    ("follower", "candidate"),
    ("follower", "pre-candidate"),
    ("pre-candidate", "candidate"),
    ("pre-candidate", "follower"),
    ("candidate", "leader"),
    ("candidate", "follower"),
    ("leader", "follower"),
];

pub fn server(cx: &Know<'_>, s: &Server, to: &mut Showcase) {
    to.add("log", Exhibit::Log(log(s)));
    to.add("state", Exhibit::Chart { states: STATES, edges: EDGES, current: s.face().state });
    if !s.votes.is_empty() {
        let names = s.votes.iter().map(|n| cx.cast.name(*n).to_string());
        to.add("votes", Exhibit::Set(names.collect()));
    }
    if s.role == Role::Leader {
        to.add("followers", Exhibit::Table(followers(cx, s)));
    }
    if !s.machine.data.is_empty() {
        to.add("data", Exhibit::Table(data(s)));
    }
    if s.log.base() > 0 {
        to.add("snapshot", Exhibit::Text(format!("stands for entries 1 to {}", s.log.base())));
    }
}

/// Entries shown of a long log: more than any drawing has room for.
const SHOWN: usize = 128;

fn log(s: &Server) -> Log {
    let before = s.log.len().saturating_sub(SHOWN);
    Log {
        first: s.log.base() + 1 + before as u64,
        before: before as u64,
        cells: s.log.iter().skip(before).map(cell).collect(),
        committed: s.commit_index,
        applied: s.last_applied,
        durable: s.durable,
    }
}

fn cell(e: &Entry) -> Cell {
    let text = match &e.command {
        Command::Noop => String::new(),
        Command::Register { .. } => "+".into(),
        Command::Request(r) => {
            let args = r.call.args.iter().map(|a| a.print());
            let words: Vec<String> = std::iter::once(r.call.verb.into()).chain(args).collect();
            words.join(" ")
        }
    };
    Cell::of_epoch(text, e.term)
}

fn followers(cx: &Know<'_>, s: &Server) -> Table {
    let row = |(i, n): (usize, crate::ids::NodeId)| {
        let at = |v: &[u64]| v.get(i).map_or_else(String::new, u64::to_string);
        vec![cx.cast.name(n).to_string(), at(&s.next_index), at(&s.match_index)]
    };
    Table {
        head: ["server", "nextIndex", "matchIndex"].map(String::from).into(),
        rows: servers(cx.params, cx.cast)
            .enumerate()
            .filter(|(_, n)| *n != cx.me)
            .map(row)
            .collect(),
    }
}

fn data(s: &Server) -> Table {
    let rows = s.machine.data.iter().map(|(k, v)| vec![k.print(), v.print()]);
    Table { head: ["key", "value"].map(String::from).into(), rows: rows.collect() }
}

pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    let believed = c.leader.map_or("nobody", |n| cx.cast.name(n));
    to.add("leader", Exhibit::Text(format!("believes that {believed} leads")));
    let waiting = c.queue.iter().map(|w| {
        let args: Vec<String> = w.call.args.iter().map(|a| a.print()).collect();
        format!("{} {}", w.call.verb, args.join(" "))
    });
    to.add("queue", Exhibit::Queue(waiting.collect()));
}
