//! A node of the store: serves the arcs that are its own at its epoch, and hands them over in order.
//!
//! ```text
//!   old owner   serves ────── copies, still serves ───── View: stops ─▶ sends what came since
//!   new owner                 keeps the copy aside      View: takes it in, waits ─────▶ serves
//! ```
//!
//! At every instant at most one of them acknowledges writes: the new owner begins when the old one's last
//! word has arrived. With several copies, whoever falls off a key's list hands over to whoever comes on.

use std::rc::Rc;

use serde::Serialize;

use super::map::{NUDGE, keeper};
use super::msg::*;
use super::replicas::Pending;
use super::view::View;
use super::{ConsistentHashing, Cx, Fx};
use crate::few::{Few, Nodes};
use crate::ids::{NodeId, OpId};
use crate::protocol::{Input, Op, Outcome};
use crate::scenario::ast::Out;
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Server {
    #[serde(skip)]
    me: NodeId,
    pub view: View,
    #[serde(skip)]
    before: Option<Rc<View>>,
    pub items: Shelf,
    /// Copies of arcs that are not this node's to serve yet, by the epoch they are for.
    pub incoming: Few<u64, Shelf>,
    /// Givers whose last word is awaited.
    pub awaiting: Nodes,
    /// Arcs being copied for a view that is only planned.
    pub planned: Option<Copying>,
    /// Arcs given up and not yet taken over.
    pub owed: Few<NodeId, Parcel>,
    /// Writes and reads this node coordinates.
    pub pending: Few<u32, Pending>,
    /// What is kept for nodes that did not answer.
    pub hints: Few<NodeId, Shelf>,
    pub(super) replaying: bool,
    #[serde(skip)]
    pub asked: Few<(NodeId, u32), ()>,
    #[serde(skip)]
    pub(super) parked: Vec<(NodeId, Msg)>,
    pub(super) next: u32,
    wish: Option<Wish>,
    #[serde(skip)]
    salt: u64,
    /// Its share at the start, in parts per million of the ring: what it was built for.
    fair: i64,
    overloaded: bool,
    handed: Nodes,
    /// Counts last told: keys, hints.
    #[serde(skip)]
    pub(super) told: (usize, u32),
}

/// The arcs one node copies for another.
#[derive(Clone, Debug, Serialize)]
pub struct Parcel {
    pub arcs: u32,
    /// What was sent as a copy.
    sent: Shelf,
    received: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Copying {
    pub view: View,
    pub parcels: Few<NodeId, Parcel>,
}

/// To be a member, or not to be one any more; and who asked.
#[derive(Clone, Copy, Debug, Serialize)]
struct Wish {
    op: Option<OpId>,
    member: bool,
}

/// Whether a request may be served here and now.
pub(super) enum Admission {
    Yes,
    /// It is somebody else's.
    NotMine(NodeId),
    /// The arc is this node's and has not all arrived.
    NotYet,
    /// Whoever sent it knows a newer map.
    Behind,
}

impl Server {
    pub fn boot(cx: &Cx, genesis: View, disk: &Disk) -> Server {
        let fair = match genesis.has(cx.me) {
            true => genesis.ring.share_ppm(cx.me),
            false => 1_000_000 / (genesis.members.len() as i64 + 1),
        };
        let mut server = Server {
            me: cx.me,
            view: disk.view.clone().unwrap_or(genesis),
            before: disk.before.clone(),
            items: disk.items.clone(),
            incoming: disk.incoming.clone(),
            awaiting: Nodes::default(),
            planned: None,
            owed: Few::default(),
            pending: Few::default(),
            hints: disk.hints.clone(),
            replaying: false,
            asked: disk.asked.clone(),
            parked: vec![],
            next: cx.incarnation << 20,
            wish: None,
            salt: 0,
            fair,
            overloaded: false,
            handed: disk.handed.clone(),
            told: (usize::MAX, 0),
        };
        server.reckon(cx);
        server
    }

    /// Who owes this node its last word, and to whom it owes one.
    fn reckon(&mut self, cx: &Cx) {
        if self.before.is_none() {
            return;
        }
        let handovers = &self.view.moves;
        let to_me = handovers.keys().filter(|(_, to)| *to == cx.me).map(|(from, _)| from);
        self.awaiting = to_me.filter(|from| !self.handed.has(*from)).collect();
        let from_me = handovers.iter().filter(|((from, _), _)| *from == cx.me);
        let parcel =
            |arcs: usize| Parcel { arcs: arcs as u32, sent: Shelf::default(), received: false };
        self.owed = from_me.map(|((_, to), arcs)| (*to, parcel(arcs.len()))).collect();
    }

    pub fn step(&mut self, cx: &Cx, input: Input<'_, ConsistentHashing>, fx: &mut Fx) {
        match input {
            Input::Start => self.start(cx, fx),
            Input::Request { op, call } => self.wished(cx, op, call, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg.clone(), fx),
            Input::Timeout(Timer::Lag(rep)) => self.lagging(cx, *rep, fx),
            Input::Timeout(Timer::Replay) => self.replay(cx, fx),
            Input::Timeout(Timer::Nudge) => self.nudge(cx, fx),
            Input::Timeout(_) | Input::Saved(_) => {}
        }
    }

    pub(super) fn deliver(&mut self, cx: &Cx, from: NodeId, msg: Msg, fx: &mut Fx) {
        match msg {
            Msg::Put { .. } | Msg::Get { .. } => self.requested(cx, from, msg, fx),
            Msg::Load { .. } => self.loaded(cx, from, msg, fx),
            Msg::ReplicaPut { .. } | Msg::ReplicaGet { .. } => self.replicate(cx, from, msg, fx),
            Msg::ReplicaAck { req, version, value } => {
                self.acknowledged(cx, from, req, version, value, fx);
            }
            Msg::Hint { req, target, key, value, version, .. } => {
                self.keep_hint(cx, from, req, target, key, Item { value, version }, fx);
            }
            Msg::HandoffReplay { .. } => self.bring_home(cx, from, msg, fx),
            Msg::HandoffAck { keys } => self.drained(from, &keys, fx),
            Msg::Plan { base, view, .. } => self.plan(cx, base, view, fx),
            Msg::TransferRange { .. } => self.transferred(cx, from, msg, fx),
            Msg::Received { epoch, last } => self.received(cx, from, epoch, last, fx),
            Msg::View(view) => self.viewed(cx, from, view, fx),
            Msg::WrongOwner { epoch, .. } if epoch > self.view.epoch => self.fetch(cx, fx),
            _ => {}
        }
    }

    fn start(&mut self, cx: &Cx, fx: &mut Fx) {
        self.measure(cx, fx);
        if cx.incarnation == 0 {
            return;
        }
        self.fetch(cx, fx);
        self.watch_hints(cx, fx);
        if cx.bug("random-tokens") && self.view.has(cx.me) {
            self.salt = cx.incarnation.into();
            self.wish = Some(Wish { op: None, member: true });
        }
        self.nudge(cx, fx);
    }

    // ------------------------------------------------------------ serving

    pub(super) fn admit(&self, cx: &Cx, key: &Key, epoch: u64) -> Admission {
        if epoch > self.view.epoch {
            return Admission::Behind;
        }
        let homes = self.view.homes(key);
        if cx.bug("no-epoch-check") || homes.contains(&cx.me) {
            return if self.not_yet(cx, key) { Admission::NotYet } else { Admission::Yes };
        }
        homes.first().map_or(Admission::Behind, |owner| Admission::NotMine(*owner))
    }

    fn not_yet(&self, cx: &Cx, key: &Key) -> bool {
        let new_here = |before: &Rc<View>| !before.homes(key).contains(&cx.me);
        !self.awaiting.is_empty()
            && !cx.bug("flip-before-copy")
            && self.before.as_ref().is_some_and(new_here)
    }

    fn requested(&mut self, cx: &Cx, from: NodeId, msg: Msg, fx: &mut Fx) {
        let (Msg::Put { req, key, epoch, .. } | Msg::Get { req, key, epoch }) = msg.clone() else {
            return;
        };
        match self.admit(cx, &key, epoch) {
            Admission::Yes => self.coordinate(cx, from, msg, fx),
            Admission::NotMine(owner) => self.refuse(from, req, key, owner, fx),
            Admission::NotYet => {
                fx.explain(Why::Waited { key, epoch: self.view.epoch });
                self.park(from, msg, fx);
            }
            Admission::Behind => {
                self.park(from, msg, fx);
                self.fetch(cx, fx);
            }
        }
    }

    pub(super) fn refuse(&self, from: NodeId, req: u32, key: Key, owner: NodeId, fx: &mut Fx) {
        let epoch = self.view.epoch;
        fx.explain(Why::Refused { key, owner, epoch });
        fx.send(from, Msg::WrongOwner { req, epoch, owner });
    }

    /// An import: every home is sent its own copy.
    fn loaded(&mut self, cx: &Cx, from: NodeId, msg: Msg, fx: &mut Fx) {
        let Msg::Load { req, keys, epoch } = msg.clone() else { return };
        if epoch < self.view.epoch {
            return fx.send(from, Msg::WrongOwner { req, epoch: self.view.epoch, owner: cx.me });
        }
        if epoch > self.view.epoch || !self.awaiting.is_empty() {
            self.park(from, msg, fx);
            return self.fetch(cx, fx);
        }
        self.keep(&keys, None, fx);
        self.measure_keys(fx);
        let (version, value) = (Version::default(), None);
        let reply = Msg::Reply { req, out: Out::Ok, value, version, epoch: self.view.epoch };
        fx.once_saved(|fx| fx.send(from, reply));
    }

    /// Into memory now, onto the disk before anybody is told.
    pub(super) fn keep(&mut self, keys: &Batch, handed: Option<NodeId>, fx: &mut Fx) {
        self.items.merge(keys);
        fx.save(Record::Items { keys: keys.clone(), handed });
    }

    /// Not now; and if what it waits for is lost on the way, it is asked for again.
    pub(super) fn park(&mut self, from: NodeId, msg: Msg, fx: &mut Fx) {
        self.parked.push((from, msg));
        fx.arm(Timer::Nudge, NUDGE..=NUDGE);
    }

    fn unpark(&mut self, cx: &Cx, fx: &mut Fx) {
        for (from, msg) in std::mem::take(&mut self.parked) {
            self.deliver(cx, from, msg, fx);
        }
    }

    pub(super) fn fetch(&self, cx: &Cx, fx: &mut Fx) {
        fx.send(keeper(cx), Msg::FetchView { epoch: self.view.epoch });
    }

    // ------------------------------------------------------------ joining and leaving

    fn wished(&mut self, cx: &Cx, op: OpId, call: &Op, fx: &mut Fx) {
        let member = call.verb == "join";
        if self.wish.is_some() {
            return fx.reply(op, Outcome::failed());
        }
        self.wish = Some(Wish { op: Some(op), member });
        if !self.grant(cx, fx) {
            self.nudge(cx, fx);
        }
    }

    /// Whether the wish has come true: a member with all its arcs, or nobody with none left.
    fn grant(&mut self, cx: &Cx, fx: &mut Fx) -> bool {
        let Some(wish) = self.wish else { return false };
        let as_wished = self.view.has(cx.me) == wish.member && self.salted(cx);
        if !as_wished || !self.awaiting.is_empty() || !self.owed.is_empty() {
            return false;
        }
        self.wish = None;
        if let Some(op) = wish.op {
            fx.reply(op, Outcome::ok(None));
        }
        true
    }

    fn salted(&self, cx: &Cx) -> bool {
        let mine = self.view.seats().find(|(node, _)| *node == cx.me);
        mine.is_none_or(|(_, salt)| salt == self.salt)
    }

    /// Say again what has not been answered.
    fn nudge(&mut self, cx: &Cx, fx: &mut Fx) {
        let (node, epoch) = (cx.me, self.view.epoch);
        match self.wish {
            Some(Wish { member: true, .. }) if !self.view.has(cx.me) || !self.salted(cx) => {
                let tokens = cx.params.tokens(cx.cast, cx.me);
                fx.send(keeper(cx), Msg::Join { node, tokens, epoch, salt: self.salt });
            }
            Some(Wish { member: false, .. }) if self.view.has(cx.me) => {
                fx.send(keeper(cx), Msg::Leave { node, epoch });
            }
            _ => {}
        }
        let owed: Vec<NodeId> = self.owed.keys().collect();
        owed.into_iter().for_each(|to| self.send_last(cx, to, fx));
        if !self.parked.is_empty() {
            self.fetch(cx, fx);
        }
        if self.is_busy() {
            fx.arm(Timer::Nudge, NUDGE..=NUDGE);
        }
    }

    fn is_busy(&self) -> bool {
        let handing = !self.owed.is_empty() || !self.awaiting.is_empty();
        handing || self.wish.is_some() || !self.parked.is_empty()
    }

    // ------------------------------------------------------------ the copy

    /// A view is planned in which this node loses arcs: copy them, and go on serving.
    fn plan(&mut self, cx: &Cx, base: u64, view: View, fx: &mut Fx) {
        if base != self.view.epoch {
            return if base > self.view.epoch {
                self.fetch(cx, fx)
            };
        }
        if self.planned.as_ref().is_none_or(|p| p.view.epoch < view.epoch) {
            self.begin_copy(cx, view, fx);
        }
        self.send_copies(fx);
        self.report_copied(cx, fx);
    }

    fn begin_copy(&mut self, cx: &Cx, view: View, fx: &mut Fx) {
        let mut parcels = Few::default();
        for ((from, to), arcs) in view.moves.iter() {
            let to = *to;
            if *from == cx.me {
                let sent = self.bound_for(cx, &self.view, &view, to, &Shelf::default());
                let (keys, arcs, epoch) = (sent.len() as u32, arcs.len() as u32, view.epoch);
                fx.explain(Why::Copying { to, keys, arcs, epoch });
                let sent = Shelf(sent);
                parcels.put(to, Parcel { arcs, sent, received: false });
            }
        }
        self.planned = Some(Copying { view, parcels });
    }

    /// The keys this node hands to `to` when `new` follows `old`, but for those it has sent already.
    fn bound_for(&self, cx: &Cx, old: &View, new: &View, to: NodeId, sent: &Shelf) -> Batch {
        let goes = |key: &Key| old.handover_of(new, key).contains(&(cx.me, to));
        self.items.only(&|key, item| item.version > sent.version(key) && goes(key))
    }

    fn send_copies(&mut self, fx: &mut Fx) {
        let Some(copying) = &self.planned else { return };
        for (to, parcel) in copying.parcels.iter().filter(|(_, parcel)| !parcel.received) {
            let keys = parcel.sent.0.clone();
            let (epoch, arcs) = (copying.view.epoch, parcel.arcs);
            fx.send(*to, Msg::TransferRange { epoch, arcs, keys, last: false });
        }
    }

    fn report_copied(&mut self, cx: &Cx, fx: &mut Fx) {
        let Some(copying) = &self.planned else { return };
        if copying.parcels.values().all(|parcel| parcel.received) {
            let keys = copying.parcels.values().map(|parcel| parcel.sent.len() as u32).sum();
            fx.send(keeper(cx), Msg::Copied { epoch: copying.view.epoch, keys });
        }
    }

    fn transferred(&mut self, cx: &Cx, from: NodeId, msg: Msg, fx: &mut Fx) {
        let Msg::TransferRange { epoch, keys, last, .. } = &msg else { return };
        let (epoch, last) = (*epoch, *last);
        match (last, epoch > self.view.epoch) {
            (true, true) => {
                self.park(from, msg, fx);
                return self.fetch(cx, fx);
            }
            (true, false) if epoch == self.view.epoch => self.take_last(cx, from, keys, fx),
            (false, true) => {
                self.incoming.slot(epoch).merge(keys);
                fx.save(Record::Incoming { epoch, keys: keys.clone() });
            }
            (_, false) => {} // an old copy of what has long been taken over
        }
        fx.once_saved(|fx| fx.send(from, Msg::Received { epoch, last }));
        self.ready(cx, fx);
    }

    fn take_last(&mut self, cx: &Cx, from: NodeId, keys: &Batch, fx: &mut Fx) {
        let keys = keys.only(&|key, _| self.view.homes(key).contains(&cx.me));
        self.handed.add(from);
        self.keep(&keys, Some(from), fx);
        self.awaiting.drop(from);
    }

    fn received(&mut self, cx: &Cx, from: NodeId, epoch: u64, last: bool, fx: &mut Fx) {
        match &mut self.planned {
            Some(copying) if !last && copying.view.epoch == epoch => {
                if let Some(parcel) = copying.parcels.get_mut(from) {
                    parcel.received = true;
                }
                self.report_copied(cx, fx);
            }
            _ if last && epoch == self.view.epoch && self.owed.take(from).is_some() => {
                self.let_go(cx, fx);
            }
            _ => {}
        }
    }

    // ------------------------------------------------------------ the flip

    fn viewed(&mut self, cx: &Cx, from: NodeId, view: View, fx: &mut Fx) {
        if view.epoch > self.view.epoch {
            return self.install(cx, view, fx);
        }
        if view.epoch == self.view.epoch && from == keeper(cx) && self.owed.is_empty() {
            fx.send(from, Msg::Done { epoch: view.epoch });
        }
        self.grant(cx, fx);
    }

    /// Stop serving what is lost, take in what was copied, and give every taker the last word.
    fn install(&mut self, cx: &Cx, view: View, fx: &mut Fx) {
        let was_member = self.view.has(cx.me);
        let gained: Batch = self.incoming_of(cx, &view);
        fx.save(Record::Install { view: view.clone(), gained: gained.clone() });
        self.items.merge(&gained);
        (self.before, self.view) = (view.base.clone(), view);
        self.incoming.retain(|epoch| epoch > self.view.epoch);
        self.handed = Nodes::default();
        self.reckon(cx);
        self.remember_copies();
        self.give_last(cx, fx);
        self.measure(cx, fx);
        if self.view.has(cx.me) && !was_member {
            let (tokens, share) =
                (self.view.ring.tokens_of(cx.me) as u32, self.view.ring.share_ppm(cx.me));
            fx.explain(Why::Joined {
                tokens,
                share,
                keys: gained.len() as u32,
                epoch: self.view.epoch,
            });
        }
        self.ready(cx, fx);
        self.nudge(cx, fx);
    }

    fn incoming_of(&self, cx: &Cx, view: &View) -> Batch {
        let Some(copy) = self.incoming.get(view.epoch) else { return Batch::default() };
        copy.only(&|key, _| view.homes(key).contains(&cx.me))
    }

    /// What the takers have as a copy need not be sent again.
    fn remember_copies(&mut self) {
        let Some(copying) = self.planned.take() else { return };
        if copying.view.epoch != self.view.epoch {
            return;
        }
        for (to, parcel) in copying.parcels.iter() {
            if let Some(owed) = self.owed.get_mut(*to) {
                owed.sent = parcel.sent.clone();
            }
        }
    }

    fn give_last(&mut self, cx: &Cx, fx: &mut Fx) {
        let takers: Vec<NodeId> = self.owed.keys().collect();
        for to in &takers {
            let keys = self.last_word(cx, *to).len() as u32;
            fx.explain(Why::Handed {
                to: *to,
                keys,
                epoch: self.view.epoch,
                stops: cx.params.replicas == 1,
            });
        }
        if takers.is_empty() {
            self.let_go(cx, fx);
        }
    }

    fn last_word(&self, cx: &Cx, to: NodeId) -> Batch {
        let sent = self.owed.get(to).map_or_else(Shelf::default, |parcel| parcel.sent.clone());
        let before = self.before.as_deref().unwrap_or(&self.view);
        self.bound_for(cx, before, &self.view, to, &sent)
    }

    fn send_last(&mut self, cx: &Cx, to: NodeId, fx: &mut Fx) {
        let keys = self.last_word(cx, to);
        let (epoch, arcs) = (self.view.epoch, self.owed.get(to).map_or(0, |p| p.arcs));
        fx.once_saved(|fx| fx.send(to, Msg::TransferRange { epoch, arcs, keys, last: true }));
    }

    /// Everything has been taken over: forget what is no longer this node's to keep.
    fn let_go(&mut self, cx: &Cx, fx: &mut Fx) {
        if !self.owed.is_empty() {
            return;
        }
        let foreign = |(key, _): &&(Key, Item)| !self.view.homes(key).contains(&cx.me);
        let gone: Vec<Key> =
            self.items.iter().filter(foreign).map(|(key, _)| key.clone()).collect();
        if !self.view.has(cx.me) && self.before.as_ref().is_some_and(|b| b.has(cx.me)) {
            self.explain_leave(cx, gone.len() as u32, fx);
        }
        if !gone.is_empty() {
            self.items.drop_keys(&gone);
            fx.save(Record::Forget { keys: Names(Rc::new(gone)) });
        }
        let done = Msg::Done { epoch: self.view.epoch };
        fx.once_saved(|fx| fx.send(keeper(cx), done));
        self.measure_keys(fx);
        self.close(fx);
        self.grant(cx, fx);
    }

    /// Nothing of the change is left to do: a restart need not look at the old view again.
    fn close(&mut self, fx: &mut Fx) {
        if self.owed.is_empty() && self.awaiting.is_empty() && self.before.take().is_some() {
            fx.save(Record::Settled);
        }
    }

    fn explain_leave(&self, cx: &Cx, keys: u32, fx: &mut Fx) {
        if self.before.is_none() {
            return;
        }
        let takers = self.view.moves.keys();
        let heirs: Nodes = takers.map(|(_, to)| to).filter(|to| *to != cx.me).collect();
        let heirs = heirs.list().to_vec();
        fx.explain(Why::Left { keys, heirs, epoch: self.view.epoch });
    }

    /// Serve what was held back, once every old owner has had its last word.
    fn ready(&mut self, cx: &Cx, fx: &mut Fx) {
        if self.awaiting.is_empty() {
            self.measure_keys(fx);
            self.close(fx);
            self.unpark(cx, fx);
            self.grant(cx, fx);
        }
    }

    // ------------------------------------------------------------ measures

    fn measure(&mut self, cx: &Cx, fx: &mut Fx) {
        let share = self.view.ring.share_ppm(cx.me);
        fx.meter("share", share);
        self.measure_keys(fx);
        if cx.params.utilisation == 0 || !self.view.has(cx.me) {
            return;
        }
        let load = (i128::from(share) * i128::from(cx.params.utilisation)
            / i128::from(self.fair.max(1))) as i64;
        fx.meter("load", load);
        if load > 1_000_000 && !self.overloaded {
            self.overloaded = true;
            fx.explain(Why::Overloaded { load });
        }
    }

    pub(super) fn measure_keys(&mut self, fx: &mut Fx) {
        let keys = self.items.len();
        if std::mem::replace(&mut self.told.0, keys) != keys {
            fx.meter("keys", keys as i64);
        }
    }

    pub fn state(&self) -> &'static str {
        match (self.view.has(self.me), self.wish) {
            (true, Some(Wish { member: false, .. })) => "leaving",
            (true, _) if !self.awaiting.is_empty() => "receiving",
            (true, _) => "serving",
            (false, Some(Wish { member: true, .. })) => "joining",
            (false, _) => "outside",
        }
    }

    pub fn at_rest(&self) -> bool {
        !self.is_busy() && self.parked.is_empty() && self.pending.is_empty() && !self.replaying
    }

    /// The newest value of a key here.
    pub(super) fn item(&self, key: &Key) -> (Version, Option<Value>) {
        let item = self.items.get(key);
        item.map_or((Version::default(), None), |item| (item.version, Some(item.value.clone())))
    }
}
