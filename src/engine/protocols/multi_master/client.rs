//! A client: asks the master it belongs to, and remembers what it was shown of each key.
//!
//! That memory is the *context* of its next write. With it a master knows which versions the write replaces
//! and which it has never heard of; nobody else can know.

use serde::Serialize;

use super::merge::{add_all, items};
use super::msg::*;
use super::why::Why;
use super::{Do, Know, MultiMaster, Resolver, Timer};
use crate::ids::{NodeId, OpId, Span};
use crate::protocol::{Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub home: NodeId,
    /// It never says what it was shown.
    pub silent: bool,
    pub open: Vec<Open>,
    pub shown: Vec<Shown>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Open {
    pub op: OpId,
    pub verb: &'static str,
}

/// What it was last shown of a key.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub key: Value,
    pub values: Vec<Value>,
    pub context: Vector,
    pub gone: Vec<Value>,
}

impl Client {
    /// The first belongs to the first master, and so round.
    pub fn boot(cx: &Know<'_>) -> Client {
        let place = cx.me.index() - cx.params.nodes;
        let home = NodeId((place % cx.params.nodes) as u16);
        Client { home, silent: false, open: vec![], shown: vec![] }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, MultiMaster>, fx: &mut Do<'_>) {
        match input {
            Input::Request { op, call } => self.ask(cx, op, call, fx),
            Input::Deliver { msg, .. } => self.answered(msg, fx),
            Input::Timeout(Timer::Patience(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn ask(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        self.open.push(Open { op, verb: call.verb });
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        let val = call.arg(1).cloned();
        let home = self.home;
        let msg = match (call.verb, val) {
            ("get", _) => Msg::Get { op, key },
            ("delete", _) => self.put(cx, op, key, Value::word(DELETED)),
            ("put", Some(val)) => self.put(cx, op, key, val),
            ("incr", by) => create(op, How::Add, key, by.unwrap_or(Value::Int(1))),
            ("create", Some(val)) => create(op, How::Create, key, val),
            _ => create(op, How::Allocate, Value::Int(0), key),
        };
        // A name has one owner, wherever the client lives.
        let to = if call.verb == "create" && cx.params.owner { NodeId(0) } else { home };
        fx.send(to, msg);
        fx.arm(Timer::Patience(op), cx.params.timeout..=cx.params.timeout);
    }

    fn put(&self, cx: &Know<'_>, op: OpId, key: Value, val: Value) -> Msg {
        let (mut context, mut gone) = (vec![], vec![]);
        if let Some(shown) = self.shown.iter().find(|s| s.key == key) {
            context = shown.context.clone();
            if self.silent || cx.bug("no-context") && shown.values.len() > 1 {
                context.clear();
            }
            if cx.params.resolver == Resolver::Tombstones {
                gone = shown.gone.clone();
                add_all(&mut gone, &shown.values);
                gone.retain(|item| !items(&val).contains(item));
            }
        }
        Msg::Put { op, how: How::Put, key, val, context, gone }
    }

    /// An answer may be late, or a copy.
    fn answered(&mut self, msg: &Msg, fx: &mut Do<'_>) {
        let Msg::Answer { op, ok, key, values, context, gone } = msg else { return };
        let Some(open) = self.close(*op) else { return };
        fx.disarm(&Timer::Patience(*op));
        if open.verb != "allocate" {
            self.shown.retain(|s| s.key != *key);
            self.shown.push(Shown {
                key: key.clone(),
                values: values.clone(),
                context: context.clone(),
                gone: gone.clone(),
            });
        }
        let value = match (open.verb, &values[..]) {
            ("allocate", _) => Some(key.clone()),
            ("get", [one]) => Some(one.clone()),
            ("get", several) => Some(Value::List(several.to_vec())),
            _ => None,
        };
        fx.reply(*op, if *ok { Outcome::ok(value) } else { Outcome::failed() });
    }

    fn close(&mut self, op: OpId) -> Option<Open> {
        let at = self.open.iter().position(|o| o.op == op)?;
        Some(self.open.remove(at))
    }

    fn give_up(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        if self.close(op).is_some() {
            fx.explain(Why::GaveUp { waited: Span(cx.params.timeout as i64) });
            fx.reply(op, Outcome::unknown());
        }
    }
}

fn create(op: OpId, how: How, key: Value, val: Value) -> Msg {
    Msg::Put { op, how, key, val, context: vec![], gone: vec![] }
}
