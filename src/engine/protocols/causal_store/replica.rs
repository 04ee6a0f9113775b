//! A replica: answers from its own copy, tells the others, and holds back what came before its causes.
//!
//! All it knows is made from the writes it was told of, in the order they came. That list is its disk.

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{CausalStore, Do, Know, Record, Timer, card};
use crate::ids::{NodeId, OpId, Span, Us};
use crate::protocol::Input;
use crate::seq::Seq;
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Replica {
    /// Of each replica, how many of its writes are applied here.
    #[serde(rename = "V")]
    pub v: Vector,
    /// By key, the write that a reader is shown.
    pub store: Vec<Write>,
    /// Came before something it depends on.
    pub buffer: Vec<Held>,
    /// Everything applied, in the order it was.
    pub log: Seq<Write>,
    /// Lamport's clock: the highest stamp given or seen.
    pub ts: u64,
    /// Of each replica, up to which of the writes made here it has.
    pub acked: Vector,
    /// Clients that have seen more than is here.
    pub waiting: Vec<Wish>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Held {
    pub write: Write,
    /// None: since before the restart.
    pub since: Option<Us>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Wish {
    pub client: NodeId,
    pub op: OpId,
    pub key: Value,
    /// What a put writes.
    pub put: Option<Value>,
    pub context: Vector,
    pub since: Us,
}

/// A write that was just applied, and the one it met, if neither knew of the other.
struct Applied {
    held: Held,
    /// Before something it came after.
    early: bool,
    met: Option<Write>,
    /// What its key showed then.
    kept: Value,
}

impl Replica {
    pub fn boot(cx: &Know<'_>, heard: &Seq<Write>) -> Replica {
        let mut me = Replica {
            v: vec![0; cx.params.nodes],
            store: vec![],
            buffer: vec![],
            log: Seq::default(),
            ts: 0,
            acked: vec![0; cx.params.nodes],
            waiting: vec![],
        };
        for write in heard.iter() {
            me.buffer.push(Held { write: write.clone(), since: None });
            me.drain(cx);
        }
        me
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, CausalStore>, fx: &mut Do<'_>) {
        match input {
            Input::Start => self.start(cx, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            Input::Timeout(Timer::Resend(seq)) => self.resend(cx, *seq, fx),
            _ => {}
        }
    }

    fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        let wish = |op: &OpId, key: &Value, put: Option<&Value>, context: &Vector| Wish {
            client: from,
            op: *op,
            key: key.clone(),
            put: put.cloned(),
            context: context.clone(),
            since: cx.mono,
        };
        match msg {
            Msg::Get { op, key, context } => self.asked(cx, wish(op, key, None, context), fx),
            Msg::Put { op, key, val, context } => {
                self.asked(cx, wish(op, key, Some(val), context), fx)
            }
            Msg::Write(write) => self.hear(cx, from, write, fx),
            Msg::Ack { have } => self.acknowledged(cx, from, *have, fx),
            Msg::Answer { .. } => {}
        }
    }

    /// What it has not told everybody, it does not know any more: the newest write finds out.
    fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation == 0 {
            return;
        }
        fx.explain(Why::Recovered {
            writes: self.log.len() as u64,
            held: self.buffer.len() as u64,
        });
        let mine: Vec<Write> = self.log.iter().filter(|w| w.origin == cx.me).cloned().collect();
        for w in &mine {
            self.arm(cx, w.seq, fx);
        }
        if let Some(newest) = mine.last() {
            peers(cx).for_each(|to| fx.send(to, Msg::Write(newest.clone())));
        }
    }

    // ---------------------------------------------------------------- what clients ask

    fn asked(&mut self, cx: &Know<'_>, wish: Wish, fx: &mut Do<'_>) {
        if self.is_copy(&wish) {
            return;
        }
        if let Some((of, seq)) = self.lacks(cx, &wish.context) {
            fx.explain(Why::Waits { client: wish.client, of, seq });
            return self.waiting.push(wish);
        }
        self.serve(cx, wish, fx);
    }

    /// A copy of a request made by the network is none.
    fn is_copy(&self, wish: &Wish) -> bool {
        let waits = self.waiting.iter().any(|w| w.op == wish.op);
        waits || wish.put.is_some() && self.log.iter().rev().any(|w| w.op == wish.op)
    }

    /// The first write that somebody has seen and this replica has not applied.
    fn lacks(&self, cx: &Know<'_>, context: &Vector) -> Option<(NodeId, u64)> {
        let at = (0..self.v.len()).find(|at| known(context, *at) > self.v[*at])?;
        Some((node(cx, at), known(context, at)))
    }

    fn serve(&mut self, cx: &Know<'_>, wish: Wish, fx: &mut Do<'_>) {
        match &wish.put {
            Some(val) => self.put(cx, &wish, val.clone(), fx),
            None => self.get(&wish, fx),
        }
    }

    /// What is shown may not be on the disk yet, and nobody shall have seen what a crash undoes.
    fn get(&self, wish: &Wish, fx: &mut Do<'_>) {
        let found = self.find(&wish.key);
        let (mut val, mut seen) = (Value::Int(0), vec![]);
        if let Some(w) = found {
            (val, seen) = (w.val.clone(), w.vc.clone());
        }
        fx.explain(Why::Read { key: wish.key.clone(), value: val.clone() });
        let (client, op) = (wish.client, wish.op);
        fx.once_saved(|fx| fx.send(client, Msg::Answer { op, val, seen }));
    }

    fn put(&mut self, cx: &Know<'_>, wish: &Wish, val: Value, fx: &mut Do<'_>) {
        let write = self.make(cx, wish, val);
        let (key, value, vc) = (write.key.clone(), write.val.clone(), write.vc.clone());
        fx.explain(Why::Wrote { key, value, vc: vc.clone(), peers: peers(cx).collect() });
        fx.save(Record::Heard { write: write.clone() });
        self.apply(cx, &write);
        let (client, op, val) = (wish.client, wish.op, write.val.clone());
        fx.once_saved(|fx| {
            fx.send(client, Msg::Answer { op, val, seen: vc });
            peers(cx).for_each(|to| fx.send(to, Msg::Write(write.clone())));
            self.arm(cx, write.seq, fx);
        });
    }

    /// It comes after everything that is applied here.
    fn make(&self, cx: &Know<'_>, wish: &Wish, val: Value) -> Write {
        let me = place(cx, cx.me);
        let seq = self.v[me] + 1;
        let mut vc = self.v.clone();
        if cx.bug("deps-own-only") {
            vc = vec![0; vc.len()];
        }
        vc[me] = seq;
        let (key, lww_stamp) = (wish.key.clone(), self.ts + 1);
        Write { origin: cx.me, seq, vc, key, val, lww_stamp, op: wish.op }
    }

    pub fn find(&self, key: &Value) -> Option<&Write> {
        self.store.iter().find(|w| w.key == *key)
    }

    // ---------------------------------------------------------------- what others have written

    fn hear(&mut self, cx: &Know<'_>, from: NodeId, write: &Write, fx: &mut Do<'_>) {
        if self.has(cx, write.dot()) {
            fx.explain(Why::Repeated { origin: write.origin, seq: write.seq });
        } else {
            fx.save(Record::Heard { write: write.clone() });
            self.buffer.push(Held { write: write.clone(), since: Some(cx.mono) });
            let applied = self.drain(cx);
            applied.into_iter().for_each(|a| self.tell(cx, a, fx));
            self.tell_if_held(cx, write, fx);
        }
        let have = self.have(cx, from);
        fx.once_saved(|fx| fx.send(from, Msg::Ack { have }));
        self.serve_the_waiting(cx, fx);
    }

    fn has(&self, cx: &Know<'_>, dot: (NodeId, u64)) -> bool {
        dot.1 <= self.v[place(cx, dot.0)] || self.buffer.iter().any(|h| h.write.dot() == dot)
    }

    /// How many of its writes are here without a gap, applied or held back.
    fn have(&self, cx: &Know<'_>, origin: NodeId) -> u64 {
        let mut have = self.v[place(cx, origin)];
        while self.has(cx, (origin, have + 1)) {
            have += 1;
        }
        have
    }

    /// Apply what has nothing more to wait for; that may be what others wait for.
    fn drain(&mut self, cx: &Know<'_>) -> Vec<Applied> {
        let mut applied = vec![];
        while let Some(at) = self.buffer.iter().position(|h| self.ready(cx, &h.write)) {
            let held = self.buffer.remove(at);
            let early = self.missing(cx, &held.write).is_some();
            let met = self.apply(cx, &held.write);
            let kept = self.find(&held.write.key).map_or(Value::Int(0), |w| w.val.clone());
            applied.push(Applied { held, early, met, kept });
        }
        applied
    }

    fn ready(&self, cx: &Know<'_>, write: &Write) -> bool {
        cx.bug("no-buffer") || self.missing(cx, write).is_none()
    }

    /// The first write it came after that is not applied here: its origin's one before, or one of another.
    pub fn missing(&self, cx: &Know<'_>, write: &Write) -> Option<(NodeId, u64)> {
        let origin = place(cx, write.origin);
        let needs = |at: usize| known(&write.vc, at) - u64::from(at == origin);
        let at = (0..self.v.len()).find(|at| needs(*at) > self.v[*at])?;
        Some((node(cx, at), needs(at)))
    }

    /// A concurrent write of the same key is given back. With the tie-break the greater stamp stays,
    /// without it the one that comes last.
    fn apply(&mut self, cx: &Know<'_>, write: &Write) -> Option<Write> {
        let (origin, me) = (place(cx, write.origin), place(cx, cx.me));
        self.v[origin] = self.v[origin].max(write.seq);
        if origin != me && cx.bug("vc-inc-on-apply") {
            self.v[me] += 1;
        }
        self.ts = self.ts.max(write.lww_stamp);
        self.log.push(write.clone());
        let at = self.store.partition_point(|w| w.key < write.key);
        let Some(old) = self.store.get_mut(at).filter(|w| w.key == write.key) else {
            self.store.insert(at, write.clone());
            return None;
        };
        let knew = |a: &Write, b: &Write| known(&a.vc, place(cx, b.origin)) >= b.seq;
        let met = Some(old.clone()).filter(|old| !knew(write, old) && !knew(old, write));
        if !cx.params.tie_break || write.rank() > old.rank() {
            *old = write.clone();
        }
        met
    }

    fn tell(&self, cx: &Know<'_>, a: Applied, fx: &mut Do<'_>) {
        let Held { write: w, since } = a.held;
        let (from, key, value) = (w.origin, w.key.clone(), w.val.clone());
        let waited = since.map(|since| Span((cx.mono - since) as i64));
        if waited == Some(Span(0)) {
            fx.explain(Why::Applied { from, key, value, vc: w.vc.clone(), early: a.early });
        } else {
            waited.iter().for_each(|waited| fx.meter("held-back", waited.0));
            fx.explain(Why::Released { from, key, value, waited });
        }
        let Some(met) = a.met else { return };
        fx.explain(Why::Concurrent {
            key: w.key.clone(),
            came: w.val.clone(),
            came_vc: w.vc.clone(),
            held: met.val.clone(),
            held_vc: met.vc.clone(),
            kept: a.kept,
            stamps: cx.params.tie_break,
        });
    }

    fn tell_if_held(&self, cx: &Know<'_>, w: &Write, fx: &mut Do<'_>) {
        let held = self.buffer.iter().any(|h| h.write.dot() == w.dot());
        let Some((of, seq)) = self.missing(cx, w).filter(|_| held) else { return };
        let (from, key, value) = (w.origin, w.key.clone(), w.val.clone());
        fx.explain(Why::HeldBack { from, key, value, vc: w.vc.clone(), of, seq });
    }

    fn serve_the_waiting(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        while let Some(at) = self.waiting.iter().position(|w| self.lacks(cx, &w.context).is_none())
        {
            let wish = self.waiting.remove(at);
            let waited = (cx.mono - wish.since) as i64;
            fx.meter("session-wait", waited);
            fx.explain(Why::CaughtUp { client: wish.client, waited: Span(waited) });
            self.serve(cx, wish, fx);
        }
    }

    // ---------------------------------------------------------------- until everybody has it

    fn arm(&self, cx: &Know<'_>, seq: u64, fx: &mut Do<'_>) {
        if cx.params.retransmit > 0 && cx.params.nodes > 1 {
            fx.arm(Timer::Resend(seq), cx.params.retransmit..=cx.params.retransmit);
        }
    }

    fn resend(&mut self, cx: &Know<'_>, seq: u64, fx: &mut Do<'_>) {
        let silent = |n: &NodeId| self.acked[place(cx, *n)] < seq;
        let to: Vec<NodeId> = peers(cx).filter(silent).collect();
        let mine = self.log.iter().rev().find(|w| w.dot() == (cx.me, seq));
        let Some(write) = mine.filter(|_| !to.is_empty()) else { return };
        fx.explain(Why::Resent { to: to.clone(), seq });
        to.into_iter().for_each(|n| fx.send(n, Msg::Write(write.clone())));
        self.arm(cx, seq, fx);
    }

    fn acknowledged(&mut self, cx: &Know<'_>, by: NodeId, have: u64, fx: &mut Do<'_>) {
        let had = self.everybody_has(cx);
        let theirs = &mut self.acked[place(cx, by)];
        *theirs = (*theirs).max(have);
        (had + 1..=self.everybody_has(cx)).for_each(|seq| fx.disarm(&Timer::Resend(seq)));
    }

    fn everybody_has(&self, cx: &Know<'_>) -> u64 {
        peers(cx).map(|n| self.acked[place(cx, n)]).min().unwrap_or(0)
    }
}

fn peers<'a>(cx: &'a Know<'_>) -> impl Iterator<Item = NodeId> + 'a {
    cx.cast.of_role(card::REPLICAS).filter(|n| *n != cx.me)
}

/// Replicas are the end of the cast: a vector's entry, and whose it is.
pub fn place(cx: &Know<'_>, n: NodeId) -> usize {
    (n.index() + cx.params.nodes).saturating_sub(cx.cast.len())
}

pub fn node(cx: &Know<'_>, place: usize) -> NodeId {
    NodeId((cx.cast.len() - cx.params.nodes + place) as u16)
}
