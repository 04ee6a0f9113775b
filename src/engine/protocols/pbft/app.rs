//! The service: registers, and the last answer to each client, which makes a request count once.

use serde::Serialize;

use super::msg::{Digest, Id, Request};
use crate::few::Few;
use crate::hash::fnv1a64;
use crate::ids::{Hex, NodeId};
use crate::seq::Map;
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct App {
    pub data: Map<Value, Value>,
    /// Timestamp and result of the newest request executed for each client.
    pub last_reply: Few<NodeId, (u64, Value)>,
}

impl App {
    pub fn last(&self, c: NodeId) -> u64 {
        self.last_reply.get(c).map_or(0, |(t, _)| *t)
    }

    /// Executed, or overtaken by a newer one of its client: it will not be executed any more.
    pub fn is_past(&self, (c, t): Id) -> bool {
        t <= self.last(c)
    }

    /// Whether executing this needs no request to look into.
    pub fn needs_no_body(&self, d: Digest) -> bool {
        d.is_none_or(|id| self.is_past(id))
    }

    pub fn read(&self, key: &Value) -> Value {
        self.data.get(key).cloned().unwrap_or(Value::Int(0))
    }

    pub fn execute(&mut self, request: &Request) {
        let Some(key) = request.o.key() else { return };
        let now = self.read(key);
        let next = match (request.o.verb, request.o.arg(1)) {
            ("get", _) => now,
            ("add", by) => {
                let by = by.map_or(Some(1), Value::as_int);
                let sum = now.as_int().zip(by).and_then(|(a, b)| a.checked_add(b));
                sum.map_or(now, Value::Int)
            }
            (_, value) => value.cloned().unwrap_or(now),
        };
        if request.o.verb != "get" {
            self.data.insert(key.clone(), next.clone());
        }
        self.last_reply.put(request.c, (request.t, next));
    }

    /// D(state): equal states have equal digests, whoever computes them.
    pub fn digest(&self) -> Hex {
        let mut text = String::new();
        for (key, value) in self.data.iter() {
            text += &[&key.print(), "=", &value.print(), ";"].concat();
        }
        for (c, (t, r)) in self.last_reply.iter() {
            text += &[&c.0.to_string(), ":", &t.to_string(), "=", &r.print(), ";"].concat();
        }
        Hex(fnv1a64(text.as_bytes()))
    }
}
