//! A client: asks the replica it belongs to, and remembers how far in the sequence it has seen.
//!
//! That memory, its *context*, matters only when it moves: the replica it comes to may be behind.

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{Do, Know, SequentialStore, Timer, card, order_of};
use crate::ids::{NodeId, OpId, Span};
use crate::protocol::{Face, Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub home: NodeId,
    pub open: Vec<OpId>,
    /// Of each sequence, what it has seen.
    pub seen: Vec<Context>,
}

impl Client {
    /// Clients are spread over the replicas: the first at the first, the last at the last.
    pub fn boot(cx: &Know<'_>) -> Client {
        let home = cx.cast.home(cx.me, card::REPLICAS);
        Client { home, open: vec![], seen: vec![Context::default(); cx.params.orders] }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, SequentialStore>, fx: &mut Do<'_>) {
        match input {
            Input::Request { op, call } if call.verb == "move" => self.go(cx, op, call, fx),
            Input::Request { op, call } => self.ask(cx, op, call, fx),
            Input::Deliver { msg: Msg::Answer { op, key, val, context }, .. } => {
                self.answered(cx, *op, key, val.as_ref(), context, fx)
            }
            Input::Timeout(Timer::Timeout(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn go(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let Some(to) = call.arg(0).and_then(|n| cx.cast.named(n, card::REPLICAS)) else {
            return fx.reply(op, Outcome::failed());
        };
        let gseq = self.seen.iter().fold(0, |most, c| most.max(c.gseq));
        fx.explain(Why::Moved { from: self.home, to, gseq });
        self.home = to;
        fx.reply(op, Outcome::ok(None));
    }

    fn ask(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        let val = call.arg(1).filter(|_| call.verb == "put").cloned();
        let seen = self.seen.get(order_of(cx.params, &key) as usize);
        let ask = Ask { op, key, val, context: seen.cloned().unwrap_or_default() };
        let put = ask.val.is_some();
        self.open.push(op);
        fx.send(self.home, if put { Msg::Put { ask } } else { Msg::Get { ask } });
        fx.arm(Timer::Timeout(op), cx.params.timeout..=cx.params.timeout);
    }

    /// It may be late, or a copy.
    fn answered(
        &mut self,
        cx: &Know<'_>,
        op: OpId,
        key: &Value,
        val: Option<&Value>,
        context: &Context,
        fx: &mut Do<'_>,
    ) {
        if !self.close(op) {
            return;
        }
        if let Some(seen) = self.seen.get_mut(order_of(cx.params, key) as usize) {
            seen.gseq = seen.gseq.max(context.gseq);
            for (origin, seq) in context.wrote.iter() {
                let mine = seen.wrote.slot(*origin);
                *mine = (*mine).max(*seq);
            }
        }
        fx.disarm(&Timer::Timeout(op));
        fx.reply(op, Outcome::ok(val.cloned()));
    }

    fn close(&mut self, op: OpId) -> bool {
        let at = self.open.iter().position(|o| *o == op);
        at.map(|at| self.open.remove(at)).is_some()
    }

    fn give_up(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        if self.close(op) {
            let waited = Span(cx.params.timeout as i64);
            fx.explain(Why::GaveUp { home: self.home, waited });
            fx.reply(op, Outcome::unknown());
        }
    }

    pub fn face(&self) -> Face {
        let state = if self.open.is_empty() { "idle" } else { "waiting" };
        Face { state, leads: false, epoch: 0 }
    }
}
