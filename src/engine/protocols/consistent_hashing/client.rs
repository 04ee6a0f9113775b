//! A client: asks its router, waits, and says what it was told.

use std::rc::Rc;

use serde::Serialize;

use super::msg::*;
use super::params::dataset;
use super::ring::Scheme;
use super::{ConsistentHashing, Cx, Fx, ROUTER};
use crate::ids::{MS, NodeId, OpId, Us};
use crate::protocol::{Input, Op, Outcome, Refusal};
use crate::scenario::ast::Out;
use crate::value::Value;

/// The request number of the import that a `given keys=` asks for.
pub const IMPORT: u32 = u32::MAX;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Client {
    pub router: NodeId,
    /// Operations that have not come back, and whether they might change something.
    pub open: Vec<(OpId, bool)>,
    /// Keys it brings along at the start.
    import: Batch,
}

impl Client {
    /// Clients spread over the routers, first to first.
    pub fn boot(cx: &Cx) -> Client {
        let routers: Vec<NodeId> = cx.cast.of_role(ROUTER).collect();
        let place = cx.cast.members[cx.me.index()].place as usize;
        let router = routers.get(place % routers.len().max(1)).copied().unwrap_or_default();
        Client { router, ..Client::default() }
    }

    /// `given c1 keys=user(10000)`: imported through the router when the run begins.
    pub fn given(&mut self, cx: &Cx, value: &Value) -> Result<(), Refusal> {
        let scheme = cx.params.placing.scheme;
        let item = |name: &String| {
            let version = Version { counter: 1, by: NodeId(0) };
            (Key::new(name, scheme), Item { value: Value::Int(0), version })
        };
        self.import = Batch::sorted(dataset(&value.print())?.iter().map(item).collect());
        Ok(())
    }

    pub fn step(&mut self, cx: &Cx, input: Input<'_, ConsistentHashing>, fx: &mut Fx) {
        match input {
            Input::Start | Input::Timeout(Timer::Reload) => self.import(fx),
            Input::Request { op, call } => self.ask(cx, op, call, fx),
            Input::Deliver { msg: Msg::Reply { req, out, value, .. }, .. } => {
                self.answered(*req, *out, value.clone(), fx);
            }
            Input::Deliver { msg: Msg::Found { req, value, .. }, .. } => {
                self.answered(*req, Out::Ok, Some(value.clone()), fx);
            }
            Input::Timeout(Timer::Patience(op)) => self.give_up(*op, fx),
            _ => {}
        }
    }

    fn import(&mut self, fx: &mut Fx) {
        if !self.import.is_empty() {
            let keys = self.import.clone();
            fx.send(self.router, Msg::Load { req: IMPORT, keys, epoch: 0 });
            fx.arm(Timer::Reload, 1_000 * MS..=1_000 * MS);
        }
    }

    fn ask(&mut self, cx: &Cx, op: OpId, call: &Op, fx: &mut Fx) {
        let Some(msg) = request(cx.params.placing.scheme, op, call) else {
            return fx.reply(op, Outcome::failed());
        };
        self.open.push((op, call.verb == "put"));
        fx.send(self.router, msg);
        let patience: Us = 10 * cx.params.timeout;
        fx.arm(Timer::Patience(op), patience..=patience);
    }

    fn answered(&mut self, req: u32, out: Out, value: Option<Value>, fx: &mut Fx) {
        if req == IMPORT {
            self.import = Batch::default();
            return fx.disarm(&Timer::Reload);
        }
        if self.close(OpId(req)).is_some() {
            fx.disarm(&Timer::Patience(OpId(req)));
            fx.reply(OpId(req), Outcome { out, value });
        }
    }

    /// A read that is not answered has not happened; a write may have.
    fn give_up(&mut self, op: OpId, fx: &mut Fx) {
        match self.close(op) {
            Some(true) => fx.reply(op, Outcome::unknown()),
            Some(false) => fx.reply(op, Outcome::failed()),
            None => {}
        }
    }

    fn close(&mut self, op: OpId) -> Option<bool> {
        let at = self.open.iter().position(|(o, _)| *o == op)?;
        Some(self.open.remove(at).1)
    }

    pub fn waits(&self) -> bool {
        !self.open.is_empty() || !self.import.is_empty()
    }
}

fn request(scheme: Scheme, op: OpId, call: &Op) -> Option<Msg> {
    let word = call.key()?.print();
    let key = Key::new(&word, scheme);
    match call.verb {
        "put" => Some(Msg::Put { req: op.0, key, value: call.arg(1)?.clone(), epoch: 0 }),
        "get" => Some(Msg::Get { req: op.0, key, epoch: 0 }),
        "lookup" => {
            let keys = dataset(&word).ok()?.iter().map(|k| Key::new(k, scheme)).collect();
            Some(Msg::Lookup { req: op.0, keys: Names(Rc::new(keys)) })
        }
        _ => None,
    }
}
