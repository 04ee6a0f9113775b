//! A client: it asks the replica it belongs to and no other, and takes what it is told.
//!
//! Every operation goes out at once, however many are open. If its replica says nothing at all, it gives
//! up a little later than the replica should have.

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{CapRegister, Do, Know, Timer, card};
use crate::ids::{NodeId, OpId, Span};
use crate::protocol::{Face, Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub home: NodeId,
    pub open: Vec<Wish>,
    /// What it was shown of each key: the context of its next put.
    pub seen: Vec<(Value, Vector)>,
    pub ok: u64,
    pub unavailable: u64,
    pub unknown: u64,
}

impl Client {
    /// Clients are spread over the replicas: the first at the first, the last at the last.
    pub fn boot(cx: &Know<'_>) -> Client {
        let home = cx.cast.home(cx.me, card::REPLICAS);
        Client { home, open: vec![], seen: vec![], ok: 0, unavailable: 0, unknown: 0 }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, CapRegister>, fx: &mut Do<'_>) {
        match input {
            Input::Request { op, call } => self.ask(cx, op, call, fx),
            Input::Deliver { msg: Msg::Answer { op, key, status, values, seen }, .. } => {
                self.answered(*op, key, *status, values, seen, fx)
            }
            Input::Timeout(Timer::Patience(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn ask(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        let value = call.arg(1).filter(|_| call.verb == "put").cloned();
        let wish = Wish { op, key, value };
        self.open.push(wish.clone());
        let seen = self.seen.iter().find(|(k, _)| *k == wish.key);
        let seen = seen.map_or_else(Vector::default, |(_, seen)| seen.clone());
        let put = wish.value.is_some();
        fx.send(self.home, if put { Msg::Put { wish, seen } } else { Msg::Get { wish } });
        fx.arm(Timer::Patience(op), cx.params.patience()..=cx.params.patience());
    }

    fn answered(
        &mut self,
        op: OpId,
        key: &Value,
        status: Status,
        values: &[Value],
        seen: &Vector,
        fx: &mut Do<'_>,
    ) {
        // An answer may be late, or a copy.
        let Some(at) = self.open.iter().position(|w| w.op == op) else { return };
        let wish = self.open.remove(at);
        self.learn(key, seen);
        fx.disarm(&Timer::Patience(op));
        fx.reply(op, self.count(&wish, status, values));
    }

    fn learn(&mut self, key: &Value, more: &Vector) {
        if more.is_empty() {
            return;
        }
        let at = self.seen.iter().position(|(k, _)| k == key).unwrap_or_else(|| {
            self.seen.push((key.clone(), Vector::default()));
            self.seen.len() - 1
        });
        if let Some((_, seen)) = self.seen.get_mut(at) {
            super::local::join(seen, more);
        }
    }

    fn count(&mut self, wish: &Wish, status: Status, values: &[Value]) -> Outcome {
        match status {
            Status::Ok => {
                self.ok += 1;
                Outcome::ok(if wish.value.is_some() { None } else { shown(values) })
            }
            Status::Unavailable => {
                self.unavailable += 1;
                Outcome::failed()
            }
            Status::Unknown => {
                self.unknown += 1;
                Outcome::unknown()
            }
        }
    }

    fn give_up(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(at) = self.open.iter().position(|w| w.op == op) else { return };
        self.open.remove(at);
        self.unknown += 1;
        let waited = Span(cx.params.patience() as i64);
        fx.explain(Why::GaveUp { home: self.home, waited });
        fx.reply(op, Outcome::unknown());
    }

    pub fn face(&self) -> Face {
        let state = if self.open.is_empty() { "idle" } else { "waiting" };
        Face { state, leads: false, epoch: 0 }
    }

    pub fn line(&self) -> String {
        let parts = [(self.ok, " ok"), (self.unavailable, " refused"), (self.unknown, " unknown")];
        let mut line = String::new();
        for (n, word) in parts {
            if n > 0 {
                let gap = if line.is_empty() { "" } else { " · " };
                line = [line.as_str(), gap, &n.to_string(), word].concat();
            }
        }
        line
    }
}

/// One value as it is, siblings as a list.
fn shown(values: &[Value]) -> Option<Value> {
    match values {
        [one] => Some(one.clone()),
        several => Some(Value::List(several.to_vec())),
    }
}
