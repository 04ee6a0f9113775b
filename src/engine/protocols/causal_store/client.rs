//! A client: asks the replica it belongs to, and remembers what it has seen.
//!
//! That memory, its *context*, matters only when it changes replicas: the one it belongs to has all that it
//! has ever shown.

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{CausalStore, Do, Know, Timer, card};
use crate::ids::{NodeId, OpId, Span};
use crate::protocol::{Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub home: NodeId,
    pub open: Vec<Open>,
    /// Of each replica, up to which of its writes this client has seen or depends on.
    pub context: Vector,
}

#[derive(Clone, Debug, Serialize)]
pub struct Open {
    pub op: OpId,
    pub verb: &'static str,
}

impl Client {
    /// Clients are spread over the replicas: the first at the first, the last at the last.
    pub fn boot(cx: &Know<'_>) -> Client {
        let home = cx.cast.home(cx.me, card::REPLICAS);
        Client { home, open: vec![], context: vec![] }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, CausalStore>, fx: &mut Do<'_>) {
        match input {
            Input::Request { op, call } if call.verb == "move" => self.go(cx, op, call, fx),
            Input::Request { op, call } => self.ask(cx, op, call, fx),
            Input::Deliver { msg: Msg::Answer { op, val, seen }, .. } => {
                self.answered(cx, *op, val, seen, fx)
            }
            Input::Timeout(Timer::Patience(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn go(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let Some(to) = call.arg(0).and_then(|n| cx.cast.named(n, card::REPLICAS)) else {
            return fx.reply(op, Outcome::failed());
        };
        let (from, context) = (self.home, self.context.clone());
        fx.explain(Why::Moved { from, to, context });
        self.home = to;
        fx.reply(op, Outcome::ok(None));
    }

    fn ask(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        self.open.push(Open { op, verb: call.verb });
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        let context = self.context.clone();
        let msg = match call.arg(1) {
            Some(val) if call.verb == "put" => Msg::Put { op, key, val: val.clone(), context },
            _ => Msg::Get { op, key, context },
        };
        fx.send(self.home, msg);
        fx.arm(Timer::Patience(op), cx.params.timeout..=cx.params.timeout);
    }

    /// An answer may be late, or a copy.
    fn answered(&mut self, cx: &Know<'_>, op: OpId, val: &Value, seen: &Vector, fx: &mut Do<'_>) {
        let Some(open) = self.close(op) else { return };
        fx.disarm(&Timer::Patience(op));
        if cx.params.context {
            join(&mut self.context, seen);
        }
        let value = (open.verb == "get").then(|| val.clone());
        fx.reply(op, Outcome::ok(value));
    }

    fn give_up(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        if self.close(op).is_some() {
            fx.explain(Why::GaveUp { home: self.home, waited: Span(cx.params.timeout as i64) });
            fx.reply(op, Outcome::unknown());
        }
    }

    fn close(&mut self, op: OpId) -> Option<Open> {
        let at = self.open.iter().position(|o| o.op == op)?;
        Some(self.open.remove(at))
    }
}
