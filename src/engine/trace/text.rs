//! The trace as text for people: one legend for goldens, for the terminal and for the page's event list.
//!
//! ```text
//!    10.000 ms  n1@1 → n2  RequestVote #1 term=1 …    a message leaves
//!    20.000 ms  n2@1 ← n1  RequestVote #1             and arrives
//!    30.000 ms  n1@1 ⇨ leader                         a change
//!    45.000 ms  c1 put x 1 ⇒ ok                       a result
//! ```

use crate::check::verdict::{Verdicts, out_word};
use crate::ids::*;
use crate::run::Run;
use crate::sweep::Row;
use crate::together::Together;
use crate::trace::{Event, What, json};
use crate::tree::Tree;
use crate::value::Value;

/// Tells events in the one legend.
pub struct Legend<'a> {
    run: &'a Run,
    /// Epoch of each node so far: `n2@3`.
    epochs: Vec<u64>,
    /// Nodes by their names alone, and an epoch in words.
    plain: bool,
}

impl<'a> Legend<'a> {
    pub fn new(run: &'a Run) -> Legend<'a> {
        Legend { run, epochs: vec![0; run.cast().len()], plain: false }
    }

    /// For one event by itself, to somebody who does not read along.
    pub fn alone(run: &'a Run) -> Legend<'a> {
        Legend { plain: true, ..Legend::new(run) }
    }

    /// `n2@3`
    fn at(&self, n: NodeId) -> String {
        match self.epochs.get(n.index()) {
            Some(&e) if e > 0 && !self.plain => format!("{}@{e}", self.run.name(n)),
            _ => self.run.name(n).to_string(),
        }
    }

    fn plain(&self, tree: &Tree) -> String {
        tree.plain(&|n| self.run.name(n).to_string())
    }

    fn fields(&self, tree: &Tree) -> String {
        match tree {
            Tree::Variant(_, body) => self.plain(body),
            Tree::Str(_) | Tree::None => String::new(),
            other => self.plain(other),
        }
    }

    fn message(&self, m: MsgId) -> String {
        let Some(rec) = self.run.trace().msg(m) else { return String::new() };
        let kind = self.run.entry().kinds.get(rec.kind as usize).map_or("", |k| k.name);
        format!("{kind} #{}", rec.nth)
    }

    fn ends(&self, m: MsgId) -> (NodeId, NodeId) {
        self.run.trace().msg(m).map_or((NodeId(0), NodeId(0)), |r| (r.from, r.to))
    }

    /// Go past an event that is not told.
    pub fn pass(&mut self, e: &Event) {
        if let (What::Role { epoch, .. }, Some(n)) = (e.what, e.node) {
            self.epochs[n.index()] = epoch;
        }
    }

    /// What an event says, without its time. Events must be told in order: a change of role moves the
    /// epoch that later names carry.
    pub fn tell(&mut self, e: &Event) -> String {
        let me = e.node.map(|n| self.at(n)).unwrap_or_default();
        let stage = self.run.world().stage();
        match e.what {
            What::Start { .. } => format!("{me} starts"),
            What::Crash => format!("{me} crashes"),
            What::Pause => format!("{me} pauses"),
            What::Resume => format!("{me} resumes"),
            What::Restart { amnesia: true, .. } => format!("{me} restarts with an empty disk"),
            What::Restart { .. } => format!("{me} restarts"),
            What::Send { m } => {
                let body = self.fields(&self.run.message(m));
                format!("{me} → {}  {} {body}", self.run.name(self.ends(m).1), self.message(m))
                    .trim_end()
                    .to_string()
            }
            What::Deliver { m } => {
                format!("{me} ← {}  {}", self.run.name(self.ends(m).0), self.message(m))
            }
            What::Lose { m, why } => {
                let (from, to) = self.ends(m);
                format!(
                    "{} ✗ {}  {} {}",
                    self.run.name(from),
                    self.run.name(to),
                    self.message(m),
                    loss(why)
                )
            }
            What::Copy { of, .. } => format!("the network copies {}", self.message(of)),
            What::Hold { m } => format!("{} is held", self.message(m)),
            What::Release { m } => format!("{} is released", self.message(m)),
            What::Fire { timer } => format!(
                "{me} timer {} {}",
                stage.timer_name(timer),
                self.fields(&stage.timer(timer))
            )
            .trim_end()
            .to_string(),
            What::Save { record, .. } => format!("{me} writes {}", stage.record_kind(record)),
            What::Saved { record, .. } => format!("{me} has {} on disk", stage.record_kind(record)),
            What::Unsaved { record, .. } => {
                format!("{me} loses {}, not yet on disk", stage.record_kind(record))
            }
            What::Invoke { op } => format!("{me} {}", self.run.call(op)),
            What::Return { op } => format!("{me} {} ⇒ {}", self.run.call(op), self.result(op)),
            What::Role { state, epoch, .. } => self.role(e.node, state, epoch),
            What::Why { why, .. } => {
                let node = e.node.unwrap_or_default();
                format!("{me}: {}", stage.sentence(why, node))
            }
            What::Meter { name, v } => {
                let card = self.run.entry().meters.get(name as usize);
                let shown = crate::check::measure::print(card.map_or("", |m| m.unit), v);
                format!("{me} {} = {shown}", card.map_or("", |m| m.name))
            }
            What::Clock { offset, ppm } => {
                format!("{me} clock is {} from true, rate {ppm} ppm", Value::Time(offset).print())
            }
            What::Act { line } => format!("* {}", self.run.act(line)),
            What::Void { text, .. } => format!("* nothing happens: {}", self.text(text)),
            What::Broke { claim, witness } => {
                let card = self.run.entry().claims.get(claim as usize);
                let says = self.run.trace().witnesses.get(witness as usize).map_or("", |w| &w.says);
                format!("✗ {} is broken: {says}", card.map_or("", |c| c.name))
            }
            What::Mark { text, .. } => format!("“{}”", self.text(text)),
        }
    }

    fn text(&self, t: u32) -> &str {
        self.run.trace().texts.get(t as usize).map_or("", |t| t)
    }

    fn role(&mut self, node: Option<NodeId>, state: u8, epoch: u64) -> String {
        let Some(n) = node else { return String::new() };
        let before = self.at(n);
        self.epochs[n.index()] = epoch;
        let role = &self.run.entry().roles[self.run.cast().role(n) as usize];
        let state = role.states.get(state as usize).copied().unwrap_or("");
        let after = self.at(n);
        if self.plain && epoch > 0 {
            format!("{before} ⇨ {state}, {} {epoch}", self.run.entry().epoch)
        } else if before == after {
            format!("{before} ⇨ {state}")
        } else {
            format!("{before} ⇨ {after} {state}")
        }
    }

    fn result(&self, op: OpId) -> String {
        match self.run.trace().op(op).and_then(|o| o.ret.as_ref()) {
            Some((_, out, Some(v))) => format!("{} {}", out_word(*out), v.print()),
            Some((_, out, None)) => out_word(*out).into(),
            None => "open".into(),
        }
    }
}

pub(super) fn loss(why: crate::trace::Loss) -> &'static str {
    match why {
        crate::trace::Loss::Loss => "lost on the way",
        crate::trace::Loss::Cut => "lost at the cut",
        crate::trace::Loss::Down => "nobody there",
        crate::trace::Loss::Drop => "dropped",
    }
}

/// `   20.000 ms`
pub fn stamp(t: Us) -> String {
    format!("{:>6}.{:03} ms", t / 1000, t % 1000)
}

/// The whole trace, a line an event.
pub fn print(run: &Run, events: usize) -> String {
    let mut legend = Legend::new(run);
    run.trace()
        .range(0, events)
        .map(|e| format!("{}  {}\n", stamp(e.at), legend.tell(&e)))
        .collect()
}

/// What a golden keeps: what was done to the run, what it decided and why, what it answered, how it ended.
pub fn golden(run: &Run, v: &Verdicts) -> String {
    let mut legend = Legend::new(run);
    let mut out = String::new();
    for e in run.trace().range(0, v.events) {
        let line = legend.tell(&e);
        let kept = matches!(
            e.what,
            What::Act { .. }
                | What::Void { .. }
                | What::Role { .. }
                | What::Why { .. }
                | What::Return { .. }
                | What::Broke { .. }
                | What::Mark { .. }
        );
        let quiet =
            run.weight(e.id) == crate::card::Weight::Quiet && matches!(e.what, What::Why { .. });
        if kept && !quiet {
            out.push_str(&format!("{}  {line}\n", stamp(e.at)));
        }
    }
    out.push_str("---\n");
    out.push_str(&verdicts(v));
    out.push_str(&format!("hash {:016x}\n", json::hash(run, v.events)));
    out
}

/// The golden of a text: a block a run, and a table of its sweep. Of a single run it is that run's.
pub fn golden_all(all: &Together, rows: &[Row]) -> String {
    let mut out = String::new();
    for (i, run) in all.runs().iter().enumerate() {
        out.push_str(&head(all, i));
        out.extend(run.verdicts().map(|v| golden(run, v)));
    }
    out + &tail(all, rows)
}

/// Above a run, where there are several: its name.
pub fn head(all: &Together, run: usize) -> String {
    if all.runs().len() > 1 { format!("=== {}\n", all.name(run)) } else { String::new() }
}

/// Below the runs: which of them hold and who they are together, and what the sweep came to.
pub fn tail(all: &Together, rows: &[Row]) -> String {
    let mut out = String::new();
    if all.runs().len() > 1 {
        out = format!("=== {}\nhash {:016x}\n", all.line(), all.hash());
    }
    if !rows.is_empty() {
        out += &format!("=== {}", crate::sweep::print(all.scenario(), rows));
    }
    out
}

/// A line a claim, a line an expectation, the verdict line.
pub fn verdicts(v: &Verdicts) -> String {
    let mut out = String::new();
    for c in &v.claims {
        let state = match (c.broken.len(), c.checked, c.expected) {
            (0, 0, _) => "not exercised".to_string(),
            (0, n, _) => format!("held (checked {})", crate::check::verdict::thousands(n)),
            (_, _, true) => "broken, as expected".to_string(),
            (..) => "BROKEN".to_string(),
        };
        out.push_str(&format!("claim {} {state}\n", c.name));
    }
    for e in &v.expects {
        let ok = if e.ok { "ok" } else { "FAILED" };
        let place = if e.line > 0 { format!("line {}", e.line) } else { "until".into() };
        out.push_str(&format!("expect {place} {ok}: {}\n", e.got));
    }
    for (line, why) in &v.voids {
        out.push_str(&format!("void step {}: {why}\n", line + 1));
    }
    if let Some(limit) = v.limit {
        out.push_str(&format!("limit: {limit}\n"));
    }
    out.push_str(&format!("{}\n", v.line()));
    out
}
