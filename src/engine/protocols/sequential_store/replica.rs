//! A replica: answers its clients from its own copy, and puts their writes into the one sequence.
//!
//! | variant | a write | a read |
//! |---|---|---|
//! | local-read | waits until it comes back in its place | is answered at once |
//! | fast-write | is answered at once | waits until this replica's own writes have come back |

use serde::Serialize;

use super::msg::*;
use super::order::Order;
use super::why::Why;
use super::{Disk, Do, Know, Record, SequentialStore, Timer, order_of};
use crate::ids::{NodeId, OpId};
use crate::protocol::{Face, Input};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Replica {
    /// One; or several, each for some of the keys.
    pub orders: Vec<Order>,
}

/// An operation that cannot be answered yet.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    pub client: NodeId,
    pub ask: Ask,
    /// So many of this replica's own writes must have come back.
    pub own: u64,
}

impl Replica {
    pub fn boot(cx: &Know<'_>, disk: &Disk) -> Replica {
        let orders = 0..cx.params.orders as u8;
        Replica { orders: orders.map(|nr| Order::boot(cx, nr, disk)).collect() }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, SequentialStore>, fx: &mut Do<'_>) {
        match input {
            Input::Start => self.orders.iter_mut().for_each(|o| o.start(cx, fx)),
            Input::Deliver { from, msg: Msg::Get { ask } | Msg::Put { ask } } => {
                if let Some(o) = self.orders.get_mut(order_of(cx.params, &ask.key) as usize) {
                    o.ask(cx, from, ask, fx);
                }
            }
            Input::Deliver { from, msg } => {
                if let Some(o) = self.orders.get_mut(msg.order() as usize) {
                    o.deliver(cx, from, msg, fx);
                }
            }
            Input::Timeout(timer) => {
                if let Some(o) = self.orders.get_mut(timer.order() as usize) {
                    o.timeout(cx, timer, fx);
                }
            }
            Input::Request { .. } | Input::Saved(_) => {}
        }
    }

    pub fn face(&self) -> Face {
        let leads = self.orders.iter().any(Order::leads);
        let changing = self.orders.iter().any(|o| o.settled < o.epoch);
        let state = match (leads, changing) {
            (_, true) => "changing",
            (true, _) => "sequencer",
            _ => "replica",
        };
        let epoch = self.orders.first().map_or(0, |o| o.epoch);
        Face { state, leads, epoch: if epoch > 1 { epoch } else { 0 } }
    }

    pub fn line(&self) -> String {
        let mut line = String::new();
        for (key, val) in self.orders.iter().flat_map(|o| &o.store) {
            let gap = if line.is_empty() { "" } else { " · " };
            line = [&line, gap, &key.print(), "=", &val.print()].concat();
        }
        line
    }

    pub fn at_rest(&self) -> bool {
        let busy = |o: &Order| {
            o.pending() > 0 || !o.early.is_empty() || !o.waiting.is_empty() || o.settled < o.epoch
        };
        !self.orders.iter().any(busy)
    }
}

/// What clients ask.
impl Order {
    /// A put is taken up once, whatever the network copies.
    fn ask(&mut self, cx: &Know<'_>, client: NodeId, ask: &Ask, fx: &mut Do<'_>) {
        let known = self.waiting.iter().any(|w| w.ask.op == ask.op)
            || ask.val.is_some() && self.own.iter().rev().any(|w| w.op == ask.op);
        if known {
            return;
        }
        // A write need not wait for those before it: they keep their order on the way.
        let own = if cx.params.fast_write && ask.val.is_none() { self.own.len() as u64 } else { 0 };
        let waiting = Waiting { client, ask: ask.clone(), own };
        if !self.covers(&waiting) {
            let (key, delivered) = (ask.key.clone(), self.delivered);
            let seen = ask.context.gseq;
            fx.explain(Why::Behind { client, key, seen, delivered });
            self.waiting.push(waiting);
        } else if self.back() < own {
            fx.explain(Why::WaitsForOwn { key: ask.key.clone(), pending: own - self.back() });
            self.waiting.push(waiting);
        } else {
            self.serve(cx, waiting, fx);
        }
    }

    /// All that the client has seen and written is here; of this replica's own writes it is known.
    fn covers(&self, w: &Waiting) -> bool {
        let mut wrote = w.ask.context.wrote.iter().filter(|(origin, _)| *origin != self.me);
        w.ask.context.gseq <= self.delivered
            && wrote.all(|(origin, seq)| self.done.get(*origin).is_some_and(|done| done >= seq))
    }

    /// Answer what has waited long enough.
    pub fn wake(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        for w in std::mem::take(&mut self.waiting) {
            if self.covers(&w) && self.back() >= w.own {
                self.serve(cx, w, fx);
            } else {
                self.waiting.push(w);
            }
        }
    }

    fn serve(&mut self, cx: &Know<'_>, w: Waiting, fx: &mut Do<'_>) {
        match w.ask.val.clone() {
            Some(val) => self.take(cx, w, val, fx),
            None => self.read(w, fx),
        }
    }

    fn read(&self, w: Waiting, fx: &mut Do<'_>) {
        let key = w.ask.key;
        let found = self.store.iter().find(|(k, _)| *k == key);
        let value = found.map_or(Value::Int(0), |(_, v)| v.clone());
        fx.explain(Why::Read { key: key.clone(), value: value.clone(), gseq: self.delivered });
        self.answer(w.client, w.ask.op, key, Some(value), 0, fx);
    }

    /// What is answered must outlive a crash.
    pub fn answer(
        &self,
        client: NodeId,
        op: OpId,
        key: Value,
        val: Option<Value>,
        wrote: u64,
        fx: &mut Do<'_>,
    ) {
        let mut context = Context { gseq: self.delivered, ..Context::default() };
        if wrote > 0 {
            context.wrote.put(self.me, wrote);
        }
        fx.once_saved(|fx| fx.send(client, Msg::Answer { op, key, val, context }));
    }

    /// A write begins: it gets this replica's next number, and goes to the sequencer for the number of all.
    fn take(&mut self, cx: &Know<'_>, w: Waiting, val: Value, fx: &mut Do<'_>) {
        let (op, key, seq) = (w.ask.op, w.ask.key, self.own.len() as u64 + 1);
        let write = Write { origin: self.me, seq, op, key: key.clone(), val: val.clone() };
        self.own.push(write.clone());
        fx.save(Record::Own { order: self.nr, write: write.clone() });
        let (to, fast) = (self.sequencer, cx.params.fast_write);
        let waits = !fast && !cx.bug("ack-before-deliver");
        let (what, not_yet) = (key.clone(), self.settled < self.epoch);
        fx.explain(Why::Broadcast { key: what, value: val, seq, to, fast, waits, not_yet });
        if fast {
            self.answer(w.client, op, key, None, seq, fx);
        } else if !waits {
            self.answer(w.client, op, key, None, 0, fx);
        } else {
            self.owed.push((op, w.client));
        }
        let order = self.nr;
        fx.once_saved(|fx| fx.send(to, Msg::ToBcast { order, write }));
        self.tick(cx, fx);
    }

    /// See to it that what is still missing then is asked for again.
    pub fn tick(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if !std::mem::replace(&mut self.ticking, true) {
            fx.arm(Timer::Retransmit(self.nr), cx.params.retransmit..=cx.params.retransmit);
        }
    }
}
