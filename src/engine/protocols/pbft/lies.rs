//! Byzantine replicas. A liar knows all its honest self knows, and may send anything it can sign:
//! it cannot make another's signature, and so cannot invent a request.
//!
//! Most lies alter what the honest replica was about to send. The world plays `silent`, `late`, `selective`
//! and `replay` itself.

use std::rc::Rc;

use super::log::Phase;
use super::msg::*;
use super::replica::Replica;
use super::why::Why;
use super::{Hand, Pbft};
use crate::ids::{Hex, NodeId};
use crate::protocol::Input;
use crate::value::Value;

pub fn step(lie: &str, r: &mut Replica, h: &mut Hand, input: &Input<'_, Pbft>) {
    let mut words = lie.split(' ');
    let word = words.next().unwrap_or("");
    let args: Vec<&str> = words.collect();
    if let Input::Deliver { msg, .. } = input {
        match (word, msg) {
            ("equivocate" | "reuse" | "jump", Msg::Request(m)) if r.leads() => {
                r.learn(h, m);
                return match word {
                    "equivocate" => equivocate(r, h, &args),
                    "reuse" => number(r, h, r.h.max(r.last_executed) + 1, false),
                    _ => number(r, h, r.h + h.cx.params.window + 1, true),
                };
            }
            ("collude", Msg::PrePrepare(PrePrepare { order: vote, .. }))
            | ("collude", Msg::Prepare(vote) | Msg::Commit(vote)) => {
                return agree(r, h, vote.body());
            }
            ("false-reply", Msg::Read(m)) => return misread(h, m, wrong()),
            ("forget", Msg::Read(m)) => return misread(h, m, Value::Int(0)),
            ("false-reply", Msg::Request(m)) => lie_to(r, h, m),
            ("false-reply", Msg::PrePrepare(PrePrepare { m: Some(m), .. })) => lie_to(r, h, m),
            _ => {}
        }
    }
    r.step(h, input);
    match word {
        "false-reply" => h.out.retain(|(_, m)| !matches!(m, Msg::Reply(m) if m.r != wrong())),
        "wrong-digest" => digests(h),
        "forget" => forget(h),
        _ => {}
    }
}

/// Two requests under one number: each peer is told of one, and that this replica has committed to it.
/// `to=` hears of the second, everybody else of the first; `commit=` says who is sent a commit.
fn equivocate(r: &mut Replica, h: &mut Hand, args: &[&str]) {
    let [first, second, ..] = &r.waiting[..] else { return };
    let (first, second) = (first.id, second.id);
    r.n += 1;
    let n = r.n;
    let last = h.cx.params.replicas().last();
    let listed = |key: &str, to: NodeId| {
        let list = args.iter().find_map(|a| a.strip_prefix(key));
        list.map(|l| l.split(',').any(|name| h.cx.cast.find(name) == Some(to)))
    };
    let mut plan = vec![];
    for to in h.cx.params.replicas().filter(|to| *to != h.cx.me) {
        let other = listed("to=", to).unwrap_or(Some(to) == last);
        plan.push((to, if other { second } else { first }, listed("commit=", to).unwrap_or(true)));
    }
    let some = |id| plan.iter().filter(|p| p.1 == id).map(|p| p.0).collect();
    let (to, others) = (some(first), some(second));
    h.explain(Why::Equivocated { n, d: Some(first), to, other: Some(second), others });
    for (to, id, commits) in plan {
        let vote = h.sign(Vote { v: r.v, n, d: Some(id), i: h.cx.me });
        h.send(to, Msg::PrePrepare(PrePrepare { order: vote, m: r.body(id).cloned() }));
        if commits {
            h.send(to, Msg::Commit(vote));
        }
    }
    r.waiting.retain(|w| w.id != first && w.id != second);
}

/// Every request under the same number.
fn number(r: &mut Replica, h: &mut Hand, n: SeqNo, jump: bool) {
    for id in r.waiting.iter().map(|w| w.id).collect::<Vec<_>>() {
        let how = if jump { "far ahead" } else { "again" };
        h.explain(Why::Misnumbered { n, d: Some(id), how });
        let order = h.sign(Vote { v: r.v, n, d: Some(id), i: h.cx.me });
        h.all(Msg::PrePrepare(PrePrepare { order, m: r.body(id).cloned() }));
    }
    r.waiting.clear();
}

/// Vote for whatever anybody proposes, both ways if asked both ways.
fn agree(r: &mut Replica, h: &mut Hand, o: &Vote) {
    let vote = h.sign(Vote { i: h.cx.me, ..*o });
    if r.log.add(Phase::Prepare, vote) {
        h.explain(Why::Colluded { v: o.v, n: o.n, d: o.d });
        h.all(Msg::Prepare(vote));
        h.all(Msg::Commit(vote));
    }
}

fn wrong() -> Value {
    Value::word("forged")
}

/// A wrong answer, before anybody can have the right one.
fn lie_to(r: &Replica, h: &mut Hand, m: &Body) {
    let (c, t) = m.body().id();
    if !r.app.is_past((c, t)) {
        h.explain(Why::Forged { c, t, value: wrong() });
        h.send(c, Msg::Reply(Reply { v: r.v, t, c, i: h.cx.me, r: wrong(), tentative: false }));
    }
}

/// Answers a read with what it does not hold.
fn misread(h: &mut Hand, m: &Body, r: Value) {
    let ((c, t), i) = (m.body().id(), h.cx.me);
    h.explain(if r == wrong() {
        Why::Forged { c, t, value: r.clone() }
    } else {
        Why::Altered { how: "answers the read as if it had executed nothing" }
    });
    h.send(c, Msg::ReadReply(ReadReply { t, c, i, r }));
}

/// Votes for a request that does not exist, and a checkpoint of a state that is not.
fn digests(h: &mut Hand) {
    let (me, mut out, mut alters) = (h.cx.me, std::mem::take(&mut h.out), false);
    for (_, msg) in &mut out {
        match msg {
            Msg::Prepare(vote) | Msg::Commit(vote) if vote.signer() == me => {
                alters = true;
                *vote = h.sign(Vote { d: Some((me, 0)), ..*vote.body() });
            }
            Msg::Checkpoint(c) => *c = h.sign(Checkpoint { d: Hex(0), ..*c.body() }),
            _ => {}
        }
    }
    if alters {
        h.explain(Why::Altered { how: "votes for a request that does not exist" });
    }
    h.out = out;
}

/// Shows nothing it has prepared, and as a new primary leaves away what others have shown.
fn forget(h: &mut Hand) {
    let (mut out, mut begins) = (std::mem::take(&mut h.out), 0);
    for (_, msg) in &mut out {
        match msg {
            Msg::ViewChange(c) => {
                *c = Rc::new(h.sign(ViewChange { p: vec![], ..c.body().clone() }));
            }
            Msg::NewView(new) => {
                begins += 1;
                *new = Rc::new(NewView { o: vec![], ..(**new).clone() });
            }
            _ => {}
        }
    }
    // To one who asks again it is no news.
    if begins > 1 {
        h.explain(Why::Altered { how: "begins the view as if nothing had been prepared" });
    }
    h.out = out;
}
