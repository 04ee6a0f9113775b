//! What a replica shows of its inside.

use super::client::Client;
use super::lease::Role;
use super::server::{Job, Phase, Server};
use super::{Know, Mode};
use crate::show::{Exhibit, Showcase, Table};
use crate::value::Value;

const STATES: &[&str] = &["backup", "claiming", "primary"];
const EDGES: &[(&str, &str)] = &[
    ("backup", "claiming"),
    ("claiming", "primary"),
    ("claiming", "backup"),
    ("primary", "backup"),
];

pub fn server(cx: &Know<'_>, s: &Server, to: &mut Showcase) {
    to.add("register", Exhibit::Table(register(cx, s)));
    if cx.params.mode == Mode::Lease {
        lease(cx, s, to);
    }
    if let Some(job) = s.jobs.iter().find(|j| !j.heard.is_empty()) {
        let names = job.heard.list().iter().map(|n| cx.cast.name(*n).to_string());
        to.add("heard", Exhibit::Set(names.collect()));
    }
    if let (Mode::Siblings, Some(cell)) = (cx.params.mode, s.store.0.first()) {
        to.add(
            "vector",
            Exhibit::Clock { entries: cell.seen.iter().copied().collect(), beside: None },
        );
    }
    if !s.dead.is_empty() {
        let names = s.dead.list().iter().map(|n| cx.cast.name(*n).to_string());
        to.add("dead", Exhibit::Set(names.collect()));
    }
    if !s.dirty.is_empty() {
        to.add("untold", Exhibit::Queue(s.dirty.iter().map(Value::print).collect()));
    }
    if !s.jobs.is_empty() {
        to.add("open", Exhibit::Queue(s.jobs.iter().map(under_way).collect()));
    }
}

fn register(cx: &Know<'_>, s: &Server) -> Table {
    let mut rows = vec![];
    for cell in &s.store.0 {
        for v in &cell.versions {
            let stamp = [v.tag.ts.to_string().as_str(), " ", cx.cast.name(v.tag.node)].concat();
            let sure = if cell.sure { "" } else { "unsure" };
            rows.push(vec![cell.key.print(), v.value.print(), stamp, sure.into()]);
        }
    }
    Table { head: ["key", "value", "stamp", ""].map(String::from).into(), rows }
}

fn lease(cx: &Know<'_>, s: &Server, to: &mut Showcase) {
    let l = &s.lease;
    let current = match l.role {
        Role::Backup => "backup",
        Role::Claiming => "claiming",
        Role::Primary => "primary",
    };
    to.add("state", Exhibit::Chart { states: STATES, edges: EDGES, current });
    let left = |until: u64| (until.saturating_sub(cx.mono) / 1_000) as i64;
    if l.role == Role::Primary {
        let max = (cx.params.lease / 1_000) as i64;
        to.add("lease", Exhibit::Gauge { value: left(l.until), max, unit: "ms" });
    }
    if l.holder.is_some() {
        let max = (cx.params.promise() / 1_000) as i64;
        to.add("promise", Exhibit::Gauge { value: left(l.promise), max, unit: "ms" });
    }
}

fn under_way(job: &Job) -> String {
    let phase = match job.phase {
        Phase::Waiting => ": waits",
        Phase::Query => ": asks",
        Phase::Update => ": writes",
        Phase::Forwarded => ": sent on",
    };
    match &job.wish.value {
        Some(v) => ["put ", &job.wish.key.print(), " ", &v.print(), phase].concat(),
        None => ["get ", &job.wish.key.print(), phase].concat(),
    }
}

pub fn client(cx: &Know<'_>, c: &Client, to: &mut Showcase) {
    to.add("home", Exhibit::Text(["belongs to ", cx.cast.name(c.home)].concat()));
    let open = c.open.iter().map(|w| match &w.value {
        Some(v) => ["put ", &w.key.print(), " ", &v.print()].concat(),
        None => ["get ", &w.key.print()].concat(),
    });
    to.add("open", Exhibit::Queue(open.collect()));
}
