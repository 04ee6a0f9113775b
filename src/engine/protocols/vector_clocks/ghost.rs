//! The claims' own memory: what happened before what, from messages and steps alone.
//!
//! The past of an event holds, of every node, a first stretch of that node's events: if it holds one, it
//! holds all before it. So the ghost keeps, for each event, the lengths of these stretches, and learns
//! them from which message was received where: never from a vector of the protocol's. Then
//! `a → b` is one comparison, and the protocol's vectors must say the same of every pair.
//!
//! Looking at every pair would cost what has happened, not what changed. Along one node's events vectors
//! only grow (which is judged too, at every event). Then the events whose vectors lie below a new one are
//! a first stretch of each node's, and those above are a last stretch: judging the last event known, the
//! first unknown one and the newest settles all the pairs.

use std::collections::VecDeque;
use std::rc::Rc;

use super::calls::Call;
use super::stamp::{Relation, Stamp, relation, show};
use super::{JUDGE, Moment, Msg, VectorClocks};
use crate::few;
use crate::ids::{MsgId, NodeId};
use crate::protocol::{Cast, Court, Happened, SentMsg, Step, Teller, Witness};
use crate::seq::{Map, Seq};
use crate::value::Value;

type Stepv<'a> = Step<'a, VectorClocks>;

/// An event, by its node and its place among that node's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ref {
    node: NodeId,
    at: u32,
}

#[derive(Clone, Debug)]
struct Event {
    /// What the protocol says of it.
    says: Moment,
    /// How many events of each node are in its past, itself included.
    past: Rc<[u32]>,
    /// The writes its node should have held then.
    shelf: Shelf,
}

/// The newest writes of each key: those no other known write came after.
type Shelf = Map<String, Vec<Write>>;

#[derive(Clone, Debug, PartialEq)]
struct Write {
    value: Value,
    by: Ref,
}

/// How far a node's life had come when it wrote a step down.
#[derive(Clone, Debug, Default)]
struct Written {
    events: usize,
    receipts: usize,
    know: Vec<u32>,
    shelf: Shelf,
    cuts: Cuts,
}

/// Events and receipts before a node's point of each cut.
type Cuts = Map<i64, (usize, usize)>;

/// One node's life.
#[derive(Clone, Debug, Default)]
struct Lane {
    events: Seq<Event>,
    /// How many events of each node are in its present past.
    know: Vec<u32>,
    /// The sends of what it received, in order.
    receipts: Seq<Ref>,
    shelf: Shelf,
    cuts: Cuts,
}

impl Lane {
    fn so_far(&self) -> Written {
        Written {
            events: self.events.len(),
            receipts: self.receipts.len(),
            know: self.know.clone(),
            shelf: self.shelf.clone(),
            cuts: self.cuts.clone(),
        }
    }

    /// What was not written down did not happen.
    fn fall_back(&mut self, to: &Written) {
        self.events.truncate(to.events);
        self.receipts.truncate(to.receipts);
        self.know = to.know.clone();
        self.shelf = to.shelf.clone();
        self.cuts = to.cuts.clone();
    }
}

#[derive(Clone, Debug, Default)]
pub struct Ghost {
    lanes: Vec<Lane>,
    /// Lives as the disks hold them, and as writes under way will make them: a crash falls back on the
    /// first, for what nobody was told did not happen.
    durable: Vec<Written>,
    under_way: Vec<VecDeque<Written>>,
    /// Sends counted whose messages have not left yet; nobody named where the dice choose.
    to_leave: Vec<VecDeque<(Option<NodeId>, Ref)>>,
    /// By message, in the order of sending; the network's copies have numbers too, and stand empty.
    sends: Seq<Option<Ref>>,
    judged: Map<i64, bool>,
}

impl Ghost {
    pub fn judge(&mut self, step: &Stepv, court: &mut Court) {
        // Nothing is promised of a run in which somebody lies.
        if step.lying.contains(&true) {
            return;
        }
        self.open(step.cast.len());
        match &step.happened {
            Happened::Start { .. } | Happened::Timeout(_) | Happened::Other => {}
            Happened::Request { call, .. } => {
                if let Some(call) = Call::read(step.cast, step.node, call) {
                    self.asked(step, &call, court);
                }
            }
            Happened::Deliver { id, msg, .. } => self.received(step, *id, msg, court),
            Happened::Saved(_) => self.saved(step.node),
            Happened::Crash => return self.crashed(step.node),
        }
        step.sent().for_each(|sent| self.left(step, sent, court));
        // Of who is down nothing can be told: what it held is gone, what it comes back with not yet read.
        if step.alive[step.node.index()] {
            self.counts(step, court);
            self.holds(step, court);
        }
        self.judge_cuts(step, court);
    }

    fn open(&mut self, n: usize) {
        if self.lanes.is_empty() {
            self.lanes = vec![Lane { know: vec![0; n], ..Lane::default() }; n];
            self.durable = self.lanes.iter().map(Lane::so_far).collect();
            self.under_way = vec![VecDeque::new(); n];
            self.to_leave = vec![VecDeque::new(); n];
        }
    }

    // ---------------------------------------------------------------- what happened

    fn asked(&mut self, step: &Stepv, call: &Call, court: &mut Court) {
        let me = step.node;
        match call {
            Call::Get { .. } => return,
            Call::Local if !step.params.both => return,
            Call::Record(cut) => {
                let lane = self.lane(me);
                let point = (lane.events.len(), lane.receipts.len());
                // A node refuses to draw its point twice, and writes nothing then.
                if lane.cuts.contains_key(cut) {
                    return;
                }
                lane.cuts.insert(*cut, point);
            }
            Call::Put { key, value } => self.wrote(step, key, value, court),
            _ => {
                self.happened(step, court);
                self.sends(step.cast, me, call);
            }
        }
        self.writes(me);
    }

    fn sends(&mut self, cast: &Cast, me: NodeId, call: &Call) {
        let by = self.newest(me);
        let leave = &mut self.to_leave[me.index()];
        match call {
            Call::Tell(to) | Call::Sync(to) => leave.push_back((Some(*to), by)),
            Call::Chat => leave.push_back((None, by)),
            Call::Shout => leave.extend(cast.all().filter(|n| *n != me).map(|n| (Some(n), by))),
            _ => {}
        }
    }

    fn wrote(&mut self, step: &Stepv, key: &str, value: &Value, court: &mut Court) {
        self.happened(step, court);
        let write = Write { value: value.clone(), by: self.newest(step.node) };
        self.shelve(step.node, key, [write]);
    }

    fn received(&mut self, step: &Stepv, id: MsgId, msg: &Msg, court: &mut Court) {
        let me = step.node;
        if let (Some(send), false) =
            (self.sends.get(id.index()).copied().flatten(), matches!(msg, Msg::Point { .. }))
            && let Some(sent) = self.event(send).cloned()
        {
            self.relation_is_truth(step, send, court);
            let lane = self.lane(me);
            lane.receipts.push(send);
            lane.know.iter_mut().zip(&*sent.past).for_each(|(k, p)| *k = (*k).max(*p));
            if step.params.both {
                self.happened(step, court);
            }
            if matches!(msg, Msg::Versions { .. }) {
                sent.shelf.iter().for_each(|(key, w)| self.shelve(me, key, w.iter().cloned()));
            }
        }
        self.writes(me);
    }

    /// A write is shelved beside those it did not know of.
    fn shelve(&mut self, me: NodeId, key: &str, writes: impl IntoIterator<Item = Write>) {
        let mut all = self.lane(me).shelf.get(key).cloned().unwrap_or_default();
        let here: Vec<Write> = writes.into_iter().filter(|w| !all.contains(w)).collect();
        all.extend(here);
        let newest = all.iter().filter(|w| !all.iter().any(|o| self.before(w.by, o.by)));
        let newest = newest.cloned().collect();
        self.lane(me).shelf.insert(key.to_string(), newest);
    }

    fn writes(&mut self, me: NodeId) {
        let written = self.lane(me).so_far();
        self.under_way[me.index()].push_back(written);
    }

    fn saved(&mut self, me: NodeId) {
        if let Some(written) = self.under_way[me.index()].pop_front() {
            self.durable[me.index()] = written;
        }
    }

    fn crashed(&mut self, me: NodeId) {
        self.lanes[me.index()].fall_back(&self.durable[me.index()]);
        self.under_way[me.index()].clear();
        self.to_leave[me.index()].clear();
    }

    /// A message left: it belongs to the oldest counted send to its destination.
    fn left(&mut self, step: &Stepv, sent: SentMsg<VectorClocks>, court: &mut Court) {
        let Some(carries) = sent.msg.moment() else { return };
        let leave = &mut self.to_leave[step.node.index()];
        let Some(at) = leave.iter().position(|(to, _)| to.is_none_or(|to| to == sent.to)) else {
            return;
        };
        let Some((_, by)) = leave.remove(at) else { return };
        self.note_send(sent.id, by);
        let Some(event) = self.event(by) else { return };
        court.hold("FrozenCopy", carries == event.says, || {
            let (name, then, now) = (
                self.tell(step.cast, by),
                vector(step.cast, &event.says.v),
                vector(step.cast, &carries.v),
            );
            Witness::new([by.node], format!("{name} was stamped {then}, its message says {now}"))
        });
    }

    fn note_send(&mut self, id: MsgId, by: Ref) {
        while self.sends.len() < id.index() {
            self.sends.push(None);
        }
        self.sends.set(id.index(), Some(by));
    }

    // ---------------------------------------------------------------- truth

    fn lane(&mut self, n: NodeId) -> &mut Lane {
        &mut self.lanes[n.index()]
    }

    fn event(&self, r: Ref) -> Option<&Event> {
        self.lanes[r.node.index()].events.get(r.at as usize)
    }

    fn newest(&self, n: NodeId) -> Ref {
        Ref { node: n, at: (self.lanes[n.index()].events.len() as u32).saturating_sub(1) }
    }

    fn before(&self, a: Ref, b: Ref) -> bool {
        a != b && self.event(b).is_some_and(|b| b.past[a.node.index()] > a.at)
    }

    fn truth(&self, a: Ref, b: Ref) -> Relation {
        match (a == b, self.before(a, b), self.before(b, a)) {
            (true, ..) => Relation::Equal,
            (_, true, _) => Relation::Before,
            (_, _, true) => Relation::After,
            _ => Relation::Concurrent,
        }
    }

    /// `n2's event 3`.
    fn tell(&self, cast: &Cast, r: Ref) -> String {
        format!("{}'s event {}", cast.name(r.node), r.at + 1)
    }

    // ---------------------------------------------------------------- claims

    /// An event was counted: it takes its place, and is held against all the others.
    fn happened(&mut self, step: &Stepv, court: &mut Court) {
        let me = step.me();
        let says = me.last.clone().unwrap_or(Moment { v: me.v.as_slice().into(), c: me.c });
        let lane = self.lane(step.node);
        lane.know[step.node.index()] += 1;
        let past = lane.know.as_slice().into();
        let shelf = lane.shelf.clone();
        lane.events.push(Event { says, past, shelf });
        let new = self.newest(step.node);
        step.cast.all().for_each(|n| self.against(step, new, n, court));
    }

    /// Hold a new event against all the events of one node.
    fn against(&self, step: &Stepv, new: Ref, of: NodeId, court: &mut Court) {
        let Some(event) = self.event(new) else { return };
        let own = (of == new.node) as u32;
        let all = self.lanes[of.index()].events.len() as u32 - own;
        let known = event.past[of.index()] - own;
        if known > 0 {
            self.clock_condition(step, Ref { node: of, at: known - 1 }, new, court);
            self.lamport_condition(step, Ref { node: of, at: known - 1 }, new, court);
        }
        if known < all {
            self.clock_condition(step, Ref { node: of, at: known }, new, court);
        }
        if known + 1 < all {
            self.clock_condition(step, Ref { node: of, at: all - 1 }, new, court);
        }
    }

    fn clock_condition(&self, step: &Stepv, a: Ref, b: Ref, court: &mut Court) {
        let (Some(x), Some(y)) = (self.event(a), self.event(b)) else { return };
        let (truth, told) = (self.truth(a, b), relation(&x.says.v, &y.says.v));
        court.hold("ClockCondition", truth == told, || {
            self.disagree(step.cast, (a, &x.says.v), (b, &y.says.v), truth, told)
        });
    }

    fn disagree(
        &self,
        cast: &Cast,
        (a, va): (Ref, &Stamp),
        (b, vb): (Ref, &Stamp),
        truth: Relation,
        told: Relation,
    ) -> Witness {
        let (x, y) = (self.tell(cast, a), self.tell(cast, b));
        let (va, vb) = (vector(cast, va), vector(cast, vb));
        let (truth, told) = (truth.word(), told.word());
        let says = format!("{x} {va} and {y} {vb}: in truth {truth}, by their vectors {told}");
        Witness::new([a.node, b.node], says)
    }

    fn lamport_condition(&self, step: &Stepv, a: Ref, b: Ref, court: &mut Court) {
        let (Some(x), Some(y)) = (self.event(a), self.event(b)) else { return };
        let (Some(c), Some(d)) = (x.says.c, y.says.c) else { return };
        court.hold("LamportCondition", c < d, || {
            let (x, y) = (self.tell(step.cast, a), self.tell(step.cast, b));
            Witness::new([a.node, b.node], format!("{x} ({c}) happened before {y} ({d})"))
        });
    }

    /// The receiver compared the message's send with its own newest event.
    fn relation_is_truth(&self, step: &Stepv, send: Ref, court: &mut Court) {
        let (Some(told), mine) = (step.me().verdict, self.newest(step.node)) else { return };
        let (Some(a), Some(b)) = (self.event(send), self.event(mine)) else { return };
        let truth = self.truth(send, mine);
        court.hold("RelationIsTruth", truth == told, || {
            self.disagree(step.cast, (send, &a.says.v), (mine, &b.says.v), truth, told)
        });
    }

    fn counts(&self, step: &Stepv, court: &mut Court) {
        let (me, v) = (step.node, &step.me().v);
        let counted = self.lanes[me.index()].events.len() as u64;
        let own = v[me.index()];
        court.hold("OwnEntryCounts", own == counted, || {
            let name = step.cast.name(me);
            Witness::new([me], format!("events {name} counted: {counted}; its own entry: {own}"))
        });
        let entry = |of: NodeId, at: NodeId| step.nodes[at.index()].v[of.index()];
        // Nobody this node knows is ahead of itself, and nobody knows more of this node than it does.
        let pairs = step.cast.all().flat_map(|n| [(me, n), (n, me)]);
        let ahead = { pairs }.find(|&(at, of)| entry(of, at) > entry(of, of));
        court.hold("NobodyAhead", ahead.is_none(), || {
            let (at, of) = ahead.unwrap_or((me, me));
            let (knows, has) = (entry(of, at), entry(of, of));
            let (name, other) = (step.cast.name(at), step.cast.name(of));
            let says = format!("{name} knows of event {knows} of {other}, which has had {has}");
            Witness::new([at, of], says)
        });
    }

    fn holds(&self, step: &Stepv, court: &mut Court) {
        let (me, shelf) = (step.node, &self.lanes[step.node.index()].shelf);
        for (key, due) in shelf.iter() {
            let mut due: Vec<&Value> = due.iter().map(|w| &w.value).collect();
            let held = step.me().store.get(key).map_or(&[][..], Vec::as_slice);
            let mut held: Vec<&Value> = held.iter().map(|h| &h.value).collect();
            few::sort(&mut due);
            few::sort(&mut held);
            court.hold("KeepsConflicts", due == held, || {
                let list =
                    |l: &[&Value]| l.iter().map(|v| v.print()).collect::<Vec<_>>().join(", ");
                let (name, due, held) = (step.cast.name(me), list(&due), list(&held));
                let says = format!("{name} should hold {key} = {due} and holds {held}");
                Witness::new([me], says)
            });
        }
    }

    fn judge_cuts(&mut self, step: &Stepv, court: &mut Court) {
        if step.node != JUDGE {
            return;
        }
        for (&cut, judged) in step.me().cuts.iter() {
            let Some(told) = judged.consistent.filter(|_| !self.judged.contains_key(&cut)) else {
                continue;
            };
            let orphan = self.orphan(cut);
            court.hold("CutIsTruth", told == orphan.is_none(), || {
                let send = orphan.map(|r| self.tell(step.cast, r));
                let truth = send.map_or("no orphan receipt".into(), |s| format!("{s} outside"));
                Witness::new([JUDGE], format!("cut {cut} was judged {told}, and has {truth}"))
            });
            self.judged.insert(cut, told);
        }
    }

    /// A send outside the cut whose receipt is inside.
    fn orphan(&self, cut: i64) -> Option<Ref> {
        let point = |n: usize| self.lanes[n].cuts.get(&cut).copied().unwrap_or((0, 0));
        let inside = |n: usize| self.lanes[n].receipts.iter().take(point(n).1).copied();
        (0..self.lanes.len())
            .flat_map(inside)
            .find(|send| send.at as usize >= point(send.node.index()).0)
    }
}

fn vector(cast: &Cast, v: &[u64]) -> String {
    show(v, &Teller { me: JUDGE, cast })
}
