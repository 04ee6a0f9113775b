//! The trace as lines of JSON, and its identity (`CONTRACTS` 2.5).
//!
//! The identity is a chain of xxh64 over the lines of *behaviour*. What a protocol says of itself (`why`,
//! `meter`, `role`, verdicts, bookmarks) and the numbers of events are left out of it, so that a new
//! explanation or claim leaves every link made before it valid.

use std::fmt::Write;

use xxhash_rust::xxh64::xxh64;

use crate::check::verdict::{Verdicts, out_word};
use crate::ids::*;
use crate::run::Run;
use crate::sweep::Row;
use crate::together::Together;
use crate::trace::{Event, What};
use crate::tree::{Tree, json_string};
use crate::value::Value;

/// Raised when the same text comes to run differently: links made before it then say so.
pub const ENGINE: u32 = 1;

/// Writes one run's lines.
pub struct Lines<'a> {
    run: &'a Run,
}

impl<'a> Lines<'a> {
    pub fn new(run: &'a Run) -> Lines<'a> {
        Lines { run }
    }

    fn name(&self, n: NodeId) -> String {
        self.run.cast().members.get(n.index()).map_or_else(|| "?".into(), |m| m.id.clone())
    }

    /// The first line; the hash leaves `as` away, and parameters younger than the entry's first links that
    /// are at their default.
    pub fn header(&self, named: bool) -> String {
        let plan = self.run.plan();
        let mut o = format!("{{\"lamplight\":1,\"engine\":{ENGINE},\"run\":");
        json_string(plan.entry.id, &mut o);
        if named {
            o.push_str(",\"as\":");
            json_string(plan.scenario.run.name.as_deref().unwrap_or(plan.entry.id), &mut o);
        }
        let _ = write!(o, ",\"seed\":{},\"params\":{{", plan.seed);
        let since = |k: &str, v: &Value| {
            let card = plan.entry.params.iter().find(|p| p.name == k);
            card.is_none_or(|p| named || !p.later || v.print() != p.default)
        };
        for (i, (k, v)) in plan.params.0.iter().filter(|(k, v)| since(k, v)).enumerate() {
            comma(i, &mut o);
            json_string(k, &mut o);
            o.push(':');
            self.value(v, &mut o);
        }
        o.push_str("},\"nodes\":[");
        for (i, m) in plan.cast.members.iter().enumerate() {
            comma(i, &mut o);
            o.push_str("{\"id\":");
            json_string(&m.id, &mut o);
            o.push_str(",\"role\":");
            json_string(plan.entry.roles[m.role as usize].name, &mut o);
            o.push('}');
        }
        o.push_str("]}");
        o
    }

    fn value(&self, v: &Value, o: &mut String) {
        match v {
            Value::Int(i) => {
                let _ = write!(o, "{i}");
            }
            other => json_string(&other.print(), o),
        }
    }

    /// One event. `whole` adds the numbers of the event and of its cause, which the hash leaves away.
    pub fn event(&self, e: &Event, whole: bool) -> String {
        let mut o = String::with_capacity(96);
        o.push('{');
        if whole {
            let _ = write!(o, "\"i\":{},", e.id.0);
        }
        let _ = write!(o, "\"t\":{},\"k\":{},\"n\":", e.at, e.k);
        match e.node {
            Some(n) => json_string(&self.name(n), &mut o),
            None => o.push_str("null"),
        }
        if let (true, Some(c)) = (whole, e.cause) {
            let _ = write!(o, ",\"c\":{}", c.0);
        }
        o.push_str(",\"e\":\"");
        o.push_str(word(e.what));
        o.push('"');
        self.fields(e, &mut o);
        o.push('}');
        o
    }

    fn fields(&self, e: &Event, o: &mut String) {
        match e.what {
            What::Crash | What::Pause | What::Resume => {}
            What::Start { inc } => num("inc", inc as i64, o),
            What::Restart { inc, amnesia } => {
                num("inc", inc as i64, o);
                num("amnesia", amnesia as i64, o);
            }
            What::Send { m } => self.send(m, o),
            What::Deliver { m } => {
                num("m", m.0 as i64, o);
                if let Some(rec) = self.run.trace().msg(m) {
                    str_field("from", &self.name(rec.from), o);
                }
            }
            What::Lose { m, why } => {
                num("m", m.0 as i64, o);
                str_field("why", why.word(), o);
            }
            What::Copy { m, of } => {
                num("m", m.0 as i64, o);
                num("of", of.0 as i64, o);
            }
            What::Hold { m } | What::Release { m } => num("m", m.0 as i64, o),
            What::Fire { timer } => {
                let stage = self.run.world().stage();
                str_field("timer", &stage.timer_name(timer), o);
                o.push_str(",\"args\":");
                self.body(&stage.timer(timer), o);
            }
            What::Save { mark, record }
            | What::Saved { mark, record }
            | What::Unsaved { mark, record } => {
                num("mark", mark as i64, o);
                str_field("kind", &self.run.world().stage().record_kind(record), o);
            }
            What::Invoke { op } => self.invoke(op, o),
            What::Return { op } => self.answer(op, o),
            What::Role { state, leads, epoch } => {
                str_field("role", self.state_word(e.node, state), o);
                num("leads", leads as i64, o);
                num("ep", epoch as i64, o);
            }
            What::Why { why, slug } => {
                str_field(
                    "id",
                    self.run.entry().reasons.get(slug as usize).map_or("", |r| r.slug),
                    o,
                );
                o.push_str(",\"args\":");
                self.body(&self.run.reason(why), o);
            }
            What::Meter { name, v } => {
                str_field(
                    "name",
                    self.run.entry().meters.get(name as usize).map_or("", |m| m.name),
                    o,
                );
                num("v", v, o);
            }
            What::Clock { offset, ppm } => {
                num("offset", offset, o);
                num("ppm", ppm as i64, o);
            }
            What::Act { line } => {
                num("line", line as i64, o);
                let act = self
                    .run
                    .scenario()
                    .steps
                    .get(line as usize)
                    .map(|s| crate::scenario::act(&s.act));
                str_field("do", &act.unwrap_or_default(), o);
            }
            What::Void { line, text } => {
                num("line", line as i64, o);
                str_field("why", self.run.trace().texts.get(text as usize).map_or("", |t| t), o);
            }
            What::Broke { claim, witness } => self.broke(e, claim, witness, o),
            What::Mark { text, .. } => {
                str_field("text", self.run.trace().texts.get(text as usize).map_or("", |t| t), o);
            }
        }
    }

    fn send(&self, m: MsgId, o: &mut String) {
        let Some(rec) = self.run.trace().msg(m) else { return };
        num("m", m.0 as i64, o);
        str_field("to", &self.name(rec.to), o);
        str_field("kind", self.run.entry().kinds.get(rec.kind as usize).map_or("", |k| k.name), o);
        num("nth", rec.nth as i64, o);
        o.push_str(",\"body\":");
        self.body(&self.run.message(m), o);
        if rec.epoch > 0 {
            num("ep", rec.epoch as i64, o);
        }
    }

    /// The fields of a variant, without its name, which stands in `kind` or `id`.
    fn body(&self, tree: &Tree, o: &mut String) {
        let name = |n| self.name(n);
        match tree {
            Tree::Variant(_, body) => body.json(&name, o),
            Tree::Str(_) | Tree::None => o.push_str("{}"),
            other => other.json(&name, o),
        }
    }

    fn invoke(&self, op: OpId, o: &mut String) {
        let Some(rec) = self.run.trace().op(op) else { return };
        num("op", op.0 as i64, o);
        str_field("verb", rec.verb, o);
        if let Some(key) = rec.args.first() {
            str_field("key", &key.print(), o);
        }
        if rec.args.len() > 1 {
            str_field(
                "arg",
                &rec.args[1..].iter().map(Value::print).collect::<Vec<_>>().join(" "),
                o,
            );
        }
    }

    fn answer(&self, op: OpId, o: &mut String) {
        let Some((_, out, value)) = self.run.trace().op(op).and_then(|r| r.ret.as_ref()) else {
            return;
        };
        num("op", op.0 as i64, o);
        str_field("out", out_word(*out), o);
        if let Some(v) = value {
            str_field("value", &v.print(), o);
        }
    }

    fn broke(&self, e: &Event, claim: u8, witness: u32, o: &mut String) {
        str_field("claim", self.run.entry().claims.get(claim as usize).map_or("", |c| c.name), o);
        o.push_str(",\"nodes\":[");
        if let Some(w) = self.run.trace().witnesses.get(witness as usize) {
            for (i, n) in w.nodes.iter().enumerate() {
                comma(i, o);
                json_string(&self.name(*n), o);
            }
        }
        o.push_str("],\"events\":[");
        if let Some(c) = e.cause {
            let _ = write!(o, "{}", c.0);
        }
        o.push(']');
    }

    fn state_word(&self, node: Option<NodeId>, state: u8) -> &'static str {
        let role = node.map_or(0, |n| self.run.cast().role(n));
        let states = self.run.entry().roles.get(role as usize).map_or(&[][..], |r| r.states);
        states.get(state as usize).copied().unwrap_or("")
    }

    /// The last line.
    pub fn footer(&self, v: &Verdicts) -> String {
        let mut o = format!(
            "{{\"end\":{},\"events\":{},\"hash\":\"{:016x}\"",
            v.at,
            v.events,
            hash(self.run, v.events)
        );
        judged(v, &mut o);
        o.push('}');
        o
    }
}

fn judged(v: &Verdicts, o: &mut String) {
    o.push_str(",\"claims\":[");
    for (i, c) in v.claims.iter().enumerate() {
        comma(i, o);
        o.push_str("{\"name\":");
        json_string(c.name, o);
        str_field("kind", kind_word(c.kind), o);
        num("checked", c.checked as i64, o);
        let broken: Vec<String> = c.broken.iter().map(|e| e.0.to_string()).collect();
        let _ = write!(o, ",\"broken\":[{}]}}", broken.join(","));
    }
    o.push_str("],\"expect\":[");
    for (i, e) in v.expects.iter().enumerate() {
        comma(i, o);
        let _ = write!(o, "{{\"line\":{},\"ok\":{}", e.line, e.ok as u8);
        str_field("got", &e.got, o);
        o.push('}');
    }
    o.push(']');
}

/// A value of a sweep: a line of its own, with the verdicts of every run under their names.
pub fn point(all: &Together, row: &Row) -> String {
    let mut o = String::from("{\"sweep\":");
    json_string(all.scenario().sweep.as_ref().map_or("", |s| &s.param), &mut o);
    str_field("value", &row.value.print(), &mut o);
    let _ = write!(o, ",\"hash\":\"{:016x}\",\"runs\":[", row.hash);
    for (i, v) in row.verdicts.iter().enumerate() {
        comma(i, &mut o);
        o.push_str("{\"as\":");
        json_string(all.name(i), &mut o);
        num("end", v.at as i64, &mut o);
        judged(v, &mut o);
        o.push('}');
    }
    o.push_str("]}\n");
    o
}

/// A run's whole block: header, events, end.
pub fn block(run: &Run, v: &Verdicts) -> String {
    let lines = Lines::new(run);
    let mut out = lines.header(true) + "\n";
    for e in run.trace().range(0, v.events) {
        out += &lines.event(&e, true);
        out += "\n";
    }
    out + &lines.footer(v) + "\n"
}

fn kind_word(k: crate::card::ClaimKind) -> &'static str {
    match k {
        crate::card::ClaimKind::Safety => "safety",
        crate::card::ClaimKind::AtRest => "at-rest",
        crate::card::ClaimKind::Liveness => "liveness",
    }
}

fn comma(i: usize, o: &mut String) {
    if i > 0 {
        o.push(',');
    }
}

fn num(key: &str, v: i64, o: &mut String) {
    let _ = write!(o, ",\"{key}\":{v}");
}

fn str_field(key: &str, v: &str, o: &mut String) {
    let _ = write!(o, ",\"{key}\":");
    json_string(v, o);
}

/// The word of an event's kind in every text.
pub fn word(what: What) -> &'static str {
    match what {
        What::Start { .. } => "start",
        What::Crash => "crash",
        What::Pause => "pause",
        What::Resume => "resume",
        What::Restart { .. } => "restart",
        What::Send { .. } => "send",
        What::Deliver { .. } => "deliver",
        What::Lose { .. } => "lose",
        What::Copy { .. } => "copy",
        What::Hold { .. } => "hold",
        What::Release { .. } => "release",
        What::Fire { .. } => "fire",
        What::Save { .. } => "save",
        What::Saved { .. } => "saved",
        What::Unsaved { .. } => "unsaved",
        What::Invoke { .. } => "invoke",
        What::Return { .. } => "return",
        What::Role { .. } => "role",
        What::Why { .. } => "why",
        What::Meter { .. } => "meter",
        What::Clock { .. } => "clock",
        What::Act { .. } => "act",
        What::Void { .. } => "void",
        What::Broke { .. } => "broke",
        What::Mark { .. } => "mark",
    }
}

/// Whether an event is behaviour, and so part of a run's identity.
pub fn is_behaviour(what: What) -> bool {
    !matches!(
        what,
        What::Why { .. }
            | What::Meter { .. }
            | What::Role { .. }
            | What::Void { .. }
            | What::Broke { .. }
            | What::Mark { .. }
    )
}

/// The chain over a run's header and its first `events` events.
pub fn hash(run: &Run, events: usize) -> u64 {
    let lines = Lines::new(run);
    let start = xxh64(lines.header(false).as_bytes(), 0);
    run.trace()
        .range(0, events)
        .filter(|e| is_behaviour(e.what))
        .fold(start, |h, e| xxh64(lines.event(&e, false).as_bytes(), h))
}

/// What a link carries as `check`: the low half of the chain at the last event up to `t`.
pub fn check_at(run: &Run, t: Us) -> u32 {
    hash(run, run.trace().count_until(t)) as u32
}
