//! A master: takes every write at once, and passes it on.
//!
//! Updates of one origin are applied in their order, so that one number per origin says all that a master
//! has. What has been applied is in the log, and the log is on the disk; everything else is made from it.

use serde::Serialize;

use super::merge::*;
use super::msg::*;
use super::why::{Ground, Why};
use super::{Disk, Do, Know, MultiMaster, Record, Resolver, Timer, Topology};
use crate::few::Nodes;
use crate::ids::{Mark, NodeId, OpId};
use crate::protocol::Input;
use crate::seq::{Map, Seq};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Master {
    /// Of each origin, how many updates are applied here.
    pub vv: Vector,
    pub cells: Vec<Cell>,
    pub log: Seq<Update>,
    /// The operations they came from, and those that were refused.
    #[serde(skip)]
    ops: Map<OpId, ()>,
    /// Not yet acknowledged by a neighbour. Lost in a crash: whoever misses them will ask.
    pub out: Vec<Queued>,
    /// Up to here all is on the disk.
    pub saved: Option<Mark>,
    /// The highest stamp given here, and the highest seen of all.
    pub last_ts: u64,
    pub top_ts: u64,
    pub last_id: i64,
    /// Versions that stand side by side are parts of a sum, and no conflict.
    parts: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Queued {
    pub to: NodeId,
    pub update: Update,
    /// It leaves when this is on the disk, the first time and every other.
    pub mark: Mark,
    pub sent: bool,
}

/// Where an update comes from.
#[derive(Clone, Copy)]
enum Source {
    Client(How),
    Master(NodeId),
}

impl Master {
    pub fn boot(cx: &Know<'_>, disk: &Disk) -> Master {
        let mut me = Master {
            vv: vec![0; cx.params.nodes],
            cells: vec![],
            log: disk.log.clone(),
            ops: Map::default(),
            out: vec![],
            saved: None,
            last_ts: 0,
            top_ts: 0,
            last_id: 0,
            parts: cx.params.resolver == Resolver::Sum,
        };
        for u in disk.log.iter() {
            me.hold(cx, u);
        }
        disk.refused.iter().for_each(|op| _ = me.ops.insert(*op, ()));
        me
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, MultiMaster>, fx: &mut Do<'_>) {
        match input {
            Input::Start => self.start(cx, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            Input::Saved(mark) => self.saved = Some(mark),
            Input::Timeout(Timer::Push) => self.push(cx, fx),
            Input::Timeout(Timer::Retry) => self.retry(cx, fx),
            Input::Timeout(Timer::Sync) => self.sync(cx, fx),
            _ => {}
        }
    }

    fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation == 0 {
            return rest(Timer::Sync, cx.params.sync, fx);
        }
        fx.explain(Why::Recovered { updates: self.log.len() as u64 });
        self.sync(cx, fx);
    }

    fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        match msg {
            Msg::Get { op, key } => self.answer(from, *op, key, fx),
            Msg::Put { op, how, key, val, context, gone } => {
                let new = Update {
                    origin: cx.me,
                    seq: known(&self.vv, cx.me) + 1,
                    key: key.clone(),
                    past: context.clone(),
                    ts: 0,
                    val: val.clone(),
                    gone: gone.clone(),
                    op: *op,
                };
                self.accept(cx, from, *how, new, fx)
            }
            Msg::Update(update) => self.update(cx, from, update, fx),
            Msg::Ack { origin, seq } => self.acked(from, (*origin, *seq), fx),
            Msg::SyncReq { vv } => self.missing(from, vv, fx),
            Msg::SyncResp { missing } => {
                missing.iter().for_each(|u| _ = self.take(cx, from, u, fx));
            }
            Msg::Answer { .. } => {}
        }
    }

    // ---------------------------------------------------------------- a client's operation

    /// A copy of a request made by the network is none.
    fn accept(&mut self, cx: &Know<'_>, from: NodeId, how: How, mut new: Update, fx: &mut Do<'_>) {
        if self.ops.contains_key(&new.op) {
            return;
        }
        let held = self.cell(&new.key);
        if how == How::Create {
            if let Some(cell) = held.filter(|c| c.versions.iter().any(|v| !v.deletes())) {
                let (key, value) = (cell.key.clone(), one(&cell.shown));
                fx.explain(Why::Taken { key, value });
                // A copy that comes when the name is free again must find nothing to do.
                self.ops.insert(new.op, ());
                fx.save(Record::Refused { op: new.op });
                return self.reply(from, new.op, false, &new.key, fx);
            }
            new.past = held.map_or(vec![], Cell::context);
        }
        if how == How::Add && !self.parts {
            let numbers = held.iter().flat_map(|c| &c.shown).filter_map(Value::as_int);
            let sum = numbers.max().unwrap_or(0).saturating_add(new.val.as_int().unwrap_or(0));
            new.val = Value::Int(sum);
            new.past = held.map_or(vec![], Cell::context);
        }
        if how == How::Allocate {
            new.key = Value::Int(self.next_id(cx));
        }
        new.past.resize(cx.params.nodes, 0);
        new.ts = self.stamp(cx);
        let (op, key) = (new.op, new.key.clone());
        self.apply(cx, Source::Client(how), new, fx);
        self.answer(from, op, &key, fx);
    }

    /// Wall clocks know nothing of each other; a hybrid stamp is above every one seen.
    fn stamp(&mut self, cx: &Know<'_>) -> u64 {
        let above = if cx.params.hybrid { self.top_ts } else { self.last_ts };
        self.last_ts = (cx.wall / 1_000).max(above + 1);
        self.last_ts
    }

    /// The next number; striped, the next that no other master would take.
    fn next_id(&self, cx: &Know<'_>) -> i64 {
        let mut id = self.last_id + 1;
        while cx.params.striped && id as usize % cx.params.nodes != cx.me.index() {
            id += 1;
        }
        id
    }

    fn answer(&self, to: NodeId, op: OpId, key: &Value, fx: &mut Do<'_>) {
        self.reply(to, op, true, key, fx);
    }

    /// What is shown may not be on the disk yet, and nobody shall have seen what a crash undoes.
    fn reply(&self, to: NodeId, op: OpId, ok: bool, key: &Value, fx: &mut Do<'_>) {
        let (mut values, mut context, mut gone) = (vec![Value::Int(0)], vec![], vec![]);
        if let Some(cell) = self.cell(key) {
            (values, context, gone) = (cell.shown.clone(), cell.context(), cell.gone());
        }
        let key = key.clone();
        fx.once_saved(|fx| fx.send(to, Msg::Answer { op, ok, key, values, context, gone }));
    }

    pub fn cell(&self, key: &Value) -> Option<&Cell> {
        self.cells.iter().find(|c| c.key == *key)
    }

    // ---------------------------------------------------------------- an update

    fn update(&mut self, cx: &Know<'_>, from: NodeId, u: &Update, fx: &mut Do<'_>) {
        if self.take(cx, from, u, fx) {
            let (origin, seq) = u.dot();
            fx.once_saved(|fx| fx.send(from, Msg::Ack { origin, seq }));
        }
    }

    /// False where an earlier one of its origin is missing: it will come again.
    fn take(&mut self, cx: &Know<'_>, from: NodeId, u: &Update, fx: &mut Do<'_>) -> bool {
        let (origin, seq) = u.dot();
        let next = known(&self.vv, origin) + 1;
        if seq > next {
            fx.explain(Why::Gap { origin, seq, next });
            return false;
        }
        if seq < next && !cx.bug("loop") {
            fx.explain(Why::Repeated { origin, seq });
        } else {
            self.apply(cx, Source::Master(from), u.clone(), fx);
        }
        true
    }

    fn apply(&mut self, cx: &Know<'_>, from: Source, u: Update, fx: &mut Do<'_>) {
        let change = self.hold(cx, &u);
        self.tell(cx, from, &u, &change, fx);
        self.log.push(u.clone());
        let mark = fx.save(Record::Applied { update: u.clone() });
        let from = if let Source::Master(from) = from { Some(from) } else { None };
        self.forward(cx, from, u, mark, fx);
    }

    fn hold(&mut self, cx: &Know<'_>, u: &Update) -> Change {
        self.ops.insert(u.op, ());
        let mine = &mut self.vv[u.origin.index()];
        *mine = (*mine).max(u.seq);
        self.top_ts = self.top_ts.max(u.ts);
        if u.origin == cx.me {
            self.last_ts = self.last_ts.max(u.ts);
        }
        self.last_id = self.last_id.max(u.key.as_int().unwrap_or(0));
        let at = self.cells.partition_point(|c| c.key < u.key);
        if self.cells.get(at).is_none_or(|c| c.key != u.key) {
            let (key, versions, shown) = (u.key.clone(), vec![], vec![]);
            self.cells.insert(at, Cell { key, versions, shown });
        }
        self.cells[at].merge(cx, u)
    }

    /// Say what became of an update, and of those that were here.
    fn tell(&self, cx: &Know<'_>, from: Source, u: &Update, change: &Change, fx: &mut Do<'_>) {
        let (key, value, version) = (u.key.clone(), u.val.clone(), u.version());
        let over = change.over.len() as u64;
        if self.parts && change.beaten.is_none() && !u.deletes() {
            let sum = self.cell(&u.key).map_or(Value::Int(0), |c| one(&c.shown));
            return fx.explain(Why::Part { key, value, version, sum });
        }
        match (from, &change.beaten) {
            (Source::Master(_), Some(by)) if !self.stamps(cx) => {
                let knew = by.covers(u);
                fx.explain(Why::Stale { key, value, version, by: by.version(), knew });
            }
            (Source::Client(how), _) => {
                let asked = cx.params.resolver == Resolver::Siblings && cx.params.deletes.is_none();
                let ground = self.ground(cx, how, u, change);
                fx.explain(if over > 1 && ground != Ground::Stamp {
                    Why::Resolved { key, value, version, over, asked, ground }
                } else {
                    Why::Wrote { key, value, version, over, ground }
                });
            }
            (Source::Master(from), _) => {
                let ground = self.ground(cx, How::Put, u, change);
                fx.explain(Why::Applied { from, key, value, version, over, ground });
            }
        }
        if self.stamps(cx) {
            change.beaten.iter().for_each(|kept| discard(cx, kept, u, fx));
            change.over.iter().for_each(|lost| discard(cx, u, lost, fx));
        }
        let Some(cell) = self.cell(&u.key).filter(|_| change.beaten.is_none()) else { return };
        if let Some(other) = cell.versions.iter().find(|v| v.dot() != u.dot()) {
            let siblings = cell.versions.len() as u64;
            fx.meter("siblings", siblings as i64);
            fx.explain(Why::Conflict {
                key: u.key.clone(),
                held: other.version(),
                came: u.version(),
                siblings,
                shown: one(&cell.shown),
                kind: kind(u, other),
                all: cx.params.resolver == Resolver::Siblings
                    && cell.shown.len() == cell.versions.len(),
            });
        }
    }

    /// Why a write took the place of what was here.
    fn ground(&self, cx: &Know<'_>, how: How, u: &Update, change: &Change) -> Ground {
        match how {
            How::Add => Ground::Added,
            How::Create => Ground::Created,
            _ if change.over.iter().all(|old| u.covers(old)) => Ground::Shown,
            _ if self.stamps(cx) => Ground::Stamp,
            _ => Ground::Sum,
        }
    }

    fn stamps(&self, cx: &Know<'_>) -> bool {
        cx.params.resolver == Resolver::LastWriter
    }

    // ---------------------------------------------------------------- passing on

    /// Once, to every neighbour who cannot have it. On a mesh the origin tells all.
    fn forward(
        &mut self,
        cx: &Know<'_>,
        from: Option<NodeId>,
        u: Update,
        mark: Mark,
        fx: &mut Do<'_>,
    ) {
        if from.is_some() && cx.params.topology == Topology::Mesh {
            return;
        }
        let idle = self.out.iter().all(|q| q.sent);
        for to in neighbours(cx, cx.me).list() {
            let queued = self.out.iter().any(|q| q.to == *to && q.update.dot() == u.dot());
            if *to != u.origin && Some(*to) != from && !queued {
                self.out.push(Queued { to: *to, update: u.clone(), mark, sent: false });
            }
        }
        if idle && self.out.iter().any(|q| !q.sent) {
            fx.arm(Timer::Push, cx.params.push..=cx.params.push);
        }
    }

    fn push(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let waiting = self.out.iter().any(|q| q.sent);
        let saved = self.saved;
        for q in self.out.iter_mut().filter(|q| !q.sent && Some(q.mark) <= saved) {
            q.sent = true;
            fx.send(q.to, Msg::Update(q.update.clone()));
        }
        if self.out.iter().any(|q| !q.sent) {
            rest(Timer::Push, cx.params.push, fx);
        }
        // The oldest that waits sets the pace, however much is sent after it.
        if !waiting {
            rest(Timer::Retry, cx.params.retry, fx);
        }
    }

    /// Whoever has not acknowledged is told again.
    fn retry(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let mut to = Nodes::default();
        for q in self.out.iter().filter(|q| q.sent) {
            to.add(q.to);
            fx.send(q.to, Msg::Update(q.update.clone()));
        }
        if !to.is_empty() {
            fx.explain(Why::Retried { to: to.list().to_vec() });
            rest(Timer::Retry, cx.params.retry, fx);
        }
    }

    fn acked(&mut self, from: NodeId, dot: (NodeId, u64), fx: &mut Do<'_>) {
        self.out.retain(|q| q.to != from || q.update.dot() != dot);
        if self.out.is_empty() {
            fx.disarm(&Timer::Retry);
        }
    }

    /// Ask those who would tell it for what it has not been told.
    fn sync(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        rest(Timer::Sync, cx.params.sync, fx);
        for n in (0..cx.params.nodes as u16).map(NodeId) {
            if neighbours(cx, n).has(cx.me) {
                let vv = self.vv.clone();
                fx.once_saved(|fx| fx.send(n, Msg::SyncReq { vv }));
            }
        }
    }

    fn missing(&self, to: NodeId, vv: &Vector, fx: &mut Do<'_>) {
        if self.vv.iter().zip(0..).all(|(mine, n)| *mine <= known(vv, NodeId(n))) {
            return;
        }
        let lacks = self.log.iter().filter(|u| u.seq > known(vv, u.origin));
        let missing: Vec<Update> = lacks.cloned().collect();
        if !missing.is_empty() {
            fx.explain(Why::Synced { to, updates: missing.len() as u64 });
            fx.once_saved(|fx| fx.send(to, Msg::SyncResp { missing }));
        }
    }

    pub fn conflicts(&self) -> bool {
        !self.parts && self.cells.iter().any(|c| c.versions.len() > 1)
    }
}

/// A timer of length 0 is never armed.
fn rest(timer: Timer, after: u64, fx: &mut Do<'_>) {
    if after > 0 {
        fx.arm(timer, after..=after);
    }
}

/// One acknowledged write is dropped for another; it counts where it was accepted.
fn discard(cx: &Know<'_>, kept: &Update, lost: &Update, fx: &mut Do<'_>) {
    // An ordinary overwriting is no loss.
    if kept.covers(lost) {
        return;
    }
    if lost.origin == cx.me {
        fx.meter("lost-writes", 1);
    }
    fx.explain(Why::Discarded {
        lost: lost.val.clone(),
        lost_version: lost.version(),
        lost_ts: lost.ts,
        by: kept.origin,
        kept: kept.val.clone(),
        kept_version: kept.version(),
        kept_ts: kept.ts,
        knew: lost.covers(kept),
        first: (kept.ts, kept.origin, kept.seq) < (lost.ts, lost.origin, lost.seq),
    });
}

/// What was done on either side.
fn kind(a: &Update, b: &Update) -> &'static str {
    match (a.deletes(), b.deletes()) {
        (false, false) => "update-update",
        (true, true) => "delete-delete",
        _ => "update-delete",
    }
}

/// One value as it is, several as a list.
fn one(values: &[Value]) -> Value {
    match values {
        [one] => one.clone(),
        several => Value::List(several.to_vec()),
    }
}

/// To whom a master passes on. The hub of a star is the first; a ring goes one way.
pub fn neighbours(cx: &Know<'_>, of: NodeId) -> Nodes {
    let n = cx.params.nodes;
    let next = NodeId(((of.index() + 1) % n) as u16);
    let linked = |to: &NodeId| {
        let spoke = of.index() == 0 || to.index() == 0;
        *to != of
            && match cx.params.topology {
                Topology::Mesh => true,
                Topology::Ring => *to == next,
                Topology::Star => spoke,
                Topology::StarRing => spoke || *to == next,
            }
    };
    (0..n as u16).map(NodeId).filter(linked).collect()
}
