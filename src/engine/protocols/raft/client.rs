//! A client: it asks whom it believes to lead, asks again elsewhere when nobody answers, and in the end
//! says honestly that it does not know.
//!
//! It has one command open at a time, numbered; a retry keeps its number, so that servers can tell it from
//! a new command. Commands asked for meanwhile wait in a queue.

use std::rc::Rc;

use serde::Serialize;

use super::machine::Sessions;
use super::msg::*;
use super::why::Why;
use super::{Do, Know, Raft, Reads, Timer, server_named, servers};
use crate::ids::{NodeId, OpId, Span, Us};
use crate::protocol::{Cast, Face, Input, Op, Outcome, Refusal};
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// Whom it believes to lead.
    pub leader: Option<NodeId>,
    /// Whom it asks to read, where any server may answer.
    pub reader: Option<NodeId>,
    /// Its session: its own count of lives, or the number the servers gave it.
    pub session: Option<u64>,
    pub sequence_num: u64,
    pub current: Option<Pending>,
    pub queue: Vec<Waiting>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    pub op: OpId,
    pub request: Rc<Request>,
    pub server: NodeId,
    #[serde(skip)]
    pub since: Us,
}

#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    pub op: OpId,
    pub call: Op,
    #[serde(skip)]
    pub since: Us,
}

impl Client {
    pub fn boot(cx: &Know<'_>) -> Client {
        let registers = cx.params.sessions == Sessions::Registered;
        let session = (!registers).then_some(u64::from(cx.incarnation));
        Client { session, ..Client::default() }
    }

    pub fn given(&mut self, cast: &Cast, field: &str, value: &Value) -> Result<(), Refusal> {
        match field {
            "leader" => self.leader = Some(server_named(cast, value)?),
            "reader" => self.reader = Some(server_named(cast, value)?),
            _ => return Err(Refusal::new("a client has leader and reader")),
        }
        Ok(())
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, Raft>, fx: &mut Do<'_>) {
        match input {
            Input::Request { op, call } => self.request(cx, op, call, fx),
            Input::Deliver { from, msg: Msg::ClientReply(m) } => self.answered(cx, from, m, fx),
            Input::Timeout(Timer::Retry) => self.retry(cx, fx),
            Input::Timeout(Timer::Deadline(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn request(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        fx.arm(Timer::Deadline(op), cx.params.timeout..=cx.params.timeout);
        self.queue.push(Waiting { op, call: call.clone(), since: cx.mono });
        self.next(cx, fx);
    }

    /// Take up the next operation, if none is open.
    fn next(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.current.is_some() || self.queue.is_empty() {
            return;
        }
        let w = self.queue.remove(0);
        self.sequence_num += 1;
        let request = Rc::new(Request {
            client_id: cx.me,
            session: self.session.unwrap_or(0),
            sequence_num: self.sequence_num,
            call: w.call,
        });
        let server = self.whom(cx, &request.call);
        let Some(server) = server else { return };
        self.current = Some(Pending { op: w.op, request, server, since: w.since });
        self.send(cx, fx);
    }

    /// Whom to ask first.
    fn whom(&self, cx: &Know<'_>, call: &Op) -> Option<NodeId> {
        let first = servers(cx.params, cx.cast).next();
        let lead = self.leader.or(first)?;
        match cx.params.reads {
            Reads::Local if call.verb == "get" => self.reader.or(Some(lead)),
            Reads::Follower if call.verb == "get" => self.reader.or(after(cx, lead)),
            _ => Some(lead),
        }
    }

    fn send(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let Some(p) = &self.current else { return };
        let msg = match (self.session, p.request.call.verb, cx.params.reads) {
            (_, "get", Reads::ReadIndex | Reads::Lease | Reads::Follower | Reads::Local) => {
                Msg::ClientQuery(p.request.clone())
            }
            (None, ..) => Msg::RegisterClient(RegisterClient { client_id: cx.me }),
            _ => Msg::ClientRequest(p.request.clone()),
        };
        fx.send(p.server, msg);
        fx.arm(Timer::Retry, cx.params.retry..=cx.params.retry);
    }

    fn answered(&mut self, cx: &Know<'_>, from: NodeId, m: &ClientReply, fx: &mut Do<'_>) {
        match m.status {
            Status::Registered => self.registered(cx, from, m.session, fx),
            Status::NotLeader => self.redirected(cx, from, m.leader_hint, fx),
            _ if !self.is_about_current(m) => {}
            Status::Ok => self.done(cx, from, Outcome::ok(m.response.clone()), fx),
            Status::Failed => {
                let refused = Outcome { value: m.response.clone(), ..Outcome::failed() };
                self.done(cx, from, refused, fx);
            }
            Status::NoSession => self.done(cx, from, Outcome::unknown(), fx),
        }
    }

    /// Answers may be late, or of an earlier request.
    fn is_about_current(&self, m: &ClientReply) -> bool {
        let about = (m.session, m.sequence_num);
        self.current.as_ref().is_some_and(|p| (p.request.session, p.request.sequence_num) == about)
    }

    fn registered(&mut self, cx: &Know<'_>, from: NodeId, session: u64, fx: &mut Do<'_>) {
        if self.session.is_some() {
            return;
        }
        (self.session, self.leader) = (Some(session), Some(from));
        if let Some(p) = &mut self.current {
            p.request = Rc::new(Request { session, ..(*p.request).clone() });
            self.send(cx, fx);
        }
    }

    /// Whoever was asked does not lead. Follow the hint at once; without one wait for the retry.
    fn redirected(&mut self, cx: &Know<'_>, from: NodeId, hint: Option<NodeId>, fx: &mut Do<'_>) {
        let Some(p) = self.current.as_mut().filter(|p| p.server == from) else { return };
        let Some(hint) = hint.filter(|h| *h != from) else { return };
        (p.server, self.leader) = (hint, Some(hint));
        self.send(cx, fx);
    }

    fn done(&mut self, cx: &Know<'_>, from: NodeId, out: Outcome, fx: &mut Do<'_>) {
        let Some(p) = self.current.take() else { return };
        if !matches!(cx.params.reads, Reads::Follower | Reads::Local)
            || p.request.call.verb != "get"
        {
            self.leader = Some(from);
        }
        fx.disarm(&Timer::Retry);
        fx.disarm(&Timer::Deadline(p.op));
        fx.reply(p.op, out);
        self.next(cx, fx);
    }

    /// Nobody answered: ask the next server.
    fn retry(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let Some(p) = self.current.as_mut() else { return };
        let Some(server) = after(cx, p.server) else { return };
        p.server = server;
        let (request, silent) =
            (p.request.sequence_num, Span(cx.mono.saturating_sub(p.since) as i64));
        self.leader = None;
        fx.explain(Why::Retried { server, request, silent });
        self.send(cx, fx);
    }

    fn give_up(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        if let Some(at) = self.queue.iter().position(|w| w.op == op) {
            let w = self.queue.remove(at);
            return fx.reply(op, never_sent(&w.call));
        }
        let Some(p) = self.current.take_if(|p| p.op == op) else { return };
        let waited = Span(cx.mono.saturating_sub(p.since) as i64);
        // While it had no session it only ever asked for one.
        let unsent = self.session.is_none() && p.request.call.verb != "get";
        fx.explain(Why::GaveUp { request: p.request.sequence_num, waited, unsent });
        fx.disarm(&Timer::Retry);
        fx.reply(op, if unsent { never_sent(&p.request.call) } else { Outcome::unknown() });
        self.leader = after(cx, p.server);
        self.next(cx, fx);
    }

    pub fn face(&self) -> Face {
        let state = if self.current.is_some() { "waiting" } else { "idle" };
        Face { state, leads: false, epoch: 0 }
    }

    pub fn line(&self) -> String {
        match &self.current {
            Some(p) if self.queue.is_empty() => format!("request {}", p.request.sequence_num),
            Some(p) => format!("request {} · {} waiting", p.request.sequence_num, self.queue.len()),
            None if self.sequence_num == 1 => "1 request".into(),
            None => format!("{} requests", self.sequence_num),
        }
    }

    pub fn at_rest(&self) -> bool {
        self.current.is_none() && self.queue.is_empty()
    }
}

/// An operation that never left: surely not executed. Of a compare-and-set "failed" would say that it
/// found another value.
fn never_sent(call: &Op) -> Outcome {
    if call.verb == "cas" { Outcome::unknown() } else { Outcome::failed() }
}

/// The server after this one, in a circle.
fn after(cx: &Know<'_>, n: NodeId) -> Option<NodeId> {
    let all = servers(cx.params, cx.cast);
    all.clone().find(|s| *s > n).or_else(|| all.clone().next())
}
