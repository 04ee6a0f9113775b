//! A client (§4.1): it asks the primary, then everybody, and believes what f + 1 replicas say alike.

use std::rc::Rc;

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{Do, Know, Pbft, Timer};
use crate::ids::{NodeId, OpId, Span, Us};
use crate::protocol::{Face, Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Client {
    /// The view it believes in.
    pub v: View,
    pub t: u64,
    /// Ask everybody at once.
    pub broadcast: bool,
    /// Ask everybody at once what they hold, for a read; then 2f + 1 answers must agree, to writes too.
    pub at_once: bool,
    pub current: Option<Pending>,
    pub queue: Vec<(OpId, Op)>,
    /// Timestamp and result of what it last accepted.
    pub accepted: Option<(u64, Value)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Pending {
    pub op: OpId,
    pub m: Body,
    /// A read without a number.
    pub reading: bool,
    /// Who has answered what.
    pub replies: Vec<(NodeId, Value, bool)>,
    #[serde(skip)]
    pub since: Us,
}

impl Client {
    /// Timestamps rise, also over a restart that has forgotten the last one.
    pub fn boot(cx: &Know) -> Client {
        Client { t: u64::from(cx.incarnation) * 1_000_000, ..Client::default() }
    }

    pub fn step(&mut self, cx: &Know, input: Input<'_, Pbft>, fx: &mut Do) {
        match input {
            Input::Request { op, call } => self.ask(cx, op, call, fx),
            Input::Deliver { from, msg: Msg::Reply(m) } => self.answered(cx, from, m, fx),
            Input::Deliver { from, msg: Msg::ReadReply(m) } => self.told(cx, from, m, fx),
            Input::Timeout(Timer::Retry) => self.retry(cx, fx),
            Input::Timeout(Timer::Patience(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn ask(&mut self, cx: &Know, op: OpId, call: &Op, fx: &mut Do) {
        fx.arm(Timer::Patience(op), cx.params.patience..=cx.params.patience);
        self.queue.push((op, call.clone()));
        self.next(cx, fx);
    }

    /// One request at a time, under a new timestamp.
    fn next(&mut self, cx: &Know, fx: &mut Do) {
        if self.current.is_some() || self.queue.is_empty() {
            return;
        }
        let (op, o) = self.queue.remove(0);
        let reading = self.at_once && o.verb == "get";
        self.request(cx, op, o, reading, fx);
    }

    fn request(&mut self, cx: &Know, op: OpId, o: Op, reading: bool, fx: &mut Do) {
        self.t += 1;
        let m = Rc::new(fx.sign(Request { o, t: self.t, c: cx.me }));
        self.current = Some(Pending { op, m, reading, replies: vec![], since: cx.mono });
        self.send(cx, self.broadcast || reading, fx);
    }

    fn send(&self, cx: &Know, to_all: bool, fx: &mut Do) {
        let Some(p) = &self.current else { return };
        let primary = cx.params.primary(self.v);
        for to in cx.params.replicas().filter(|n| to_all || *n == primary) {
            let m = p.m.clone();
            fx.send(to, if p.reading { Msg::Read(m) } else { Msg::Request(m) });
        }
        fx.arm(Timer::Retry, cx.params.retry..=cx.params.retry);
    }

    fn answered(&mut self, cx: &Know, from: NodeId, m: &Reply, fx: &mut Do) {
        let mine = |p: &&mut Pending| p.m.body().t == m.t && !p.reading;
        let Some(p) = self.current.as_mut().filter(mine) else { return };
        // A late word of a tentative result takes nothing back.
        if !p.replies.iter().any(|(i, r, early)| *i == from && *r == m.r && !early) {
            p.replies.retain(|(i, ..)| *i != from);
            p.replies.push((from, m.r.clone(), m.tentative));
        }
        let same = p.replies.iter().filter(|(_, r, _)| *r == m.r);
        let final_ = same.clone().filter(|(.., early)| !early).count();
        let enough = match self.at_once {
            _ if cx.bug("client-one-reply") => 1,
            true => cx.params.quorum(),
            false => cx.params.f + 1,
        };
        // Tentative ones must be as many as have to be prepared.
        let tentative = m.tentative && final_ < enough;
        let (matching, needed) =
            if tentative { (same.count(), cx.params.quorum()) } else { (final_, enough) };
        let (value, matched) = (m.r.clone(), matching as u64);
        if matching < needed {
            return fx.explain(Why::Counted {
                from,
                value,
                matching: matched,
                needed: needed as u64,
            });
        }
        let (quorum, f) = (enough > cx.params.f + 1, cx.params.f as u64);
        fx.explain(Why::Accepted { matching: matched, value, t: m.t, tentative, quorum, f });
        self.v = m.v;
        self.accept(cx, m.t, &m.r, fx);
    }

    /// What a replica holds, in answer to a read without a number.
    fn told(&mut self, cx: &Know, from: NodeId, m: &ReadReply, fx: &mut Do) {
        let mine = |p: &&mut Pending| p.m.body().t == m.t && p.reading;
        let Some(p) = self.current.as_mut().filter(mine) else { return };
        p.replies.retain(|(i, ..)| *i != from);
        p.replies.push((from, m.r.clone(), false));
        let matching = p.replies.iter().filter(|(_, r, _)| *r == m.r).count() as u64;
        let (value, needed) = (m.r.clone(), cx.params.quorum() as u64);
        if matching < needed {
            return fx.explain(Why::Counted { from, value, matching, needed });
        }
        fx.explain(Why::ReadAtOnce { matching, value, t: m.t, f: cx.params.f as u64 });
        self.accept(cx, m.t, &m.r, fx);
    }

    fn accept(&mut self, cx: &Know, t: u64, r: &Value, fx: &mut Do) {
        let Some(p) = &self.current else { return };
        self.accepted = Some((t, r.clone()));
        fx.disarm(&Timer::Patience(p.op));
        fx.reply(p.op, Outcome::ok(Some(r.clone())));
        self.done(cx, fx);
    }

    fn done(&mut self, cx: &Know, fx: &mut Do) {
        self.current = None;
        fx.disarm(&Timer::Retry);
        self.next(cx, fx);
    }

    fn retry(&mut self, cx: &Know, fx: &mut Do) {
        let Some(p) = &self.current else { return };
        let spent = cx.mono.saturating_sub(p.since);
        let waited = Span(spent as i64);
        if p.reading {
            let (op, o) = (p.op, p.m.body().o.clone());
            fx.explain(Why::NotAlike { t: self.t, waited, needed: cx.params.quorum() as u64 });
            return self.request(cx, op, o, false, fx);
        }
        let again = spent >= 2 * cx.params.retry;
        fx.explain(Why::Broadcast { t: self.t, waited, again });
        self.send(cx, true, fx);
    }

    fn give_up(&mut self, cx: &Know, op: OpId, fx: &mut Do) {
        if let Some(at) = self.queue.iter().position(|(queued, _)| *queued == op) {
            self.queue.remove(at);
            return fx.reply(op, Outcome::failed());
        }
        if self.current.as_ref().is_some_and(|p| p.op == op) {
            fx.explain(Why::GaveUp { t: self.t, waited: Span(cx.params.patience as i64) });
            fx.reply(op, Outcome::unknown());
            self.done(cx, fx);
        }
    }

    pub fn face(&self) -> Face {
        let state = if self.current.is_some() { "waiting" } else { "idle" };
        Face { state, leads: false, epoch: 0 }
    }

    pub fn at_rest(&self) -> bool {
        self.current.is_none() && self.queue.is_empty()
    }
}
