//! A router: keeps a map, sends each request to the node the map names, and learns when it is told off.
//!
//! Its map may be old; that costs a detour and never a wrong answer, because every request carries the
//! map's epoch and whoever knows a newer one refuses.

use std::rc::Rc;

use serde::Serialize;

use super::msg::*;
use super::view::View;
use super::{ConsistentHashing, Cx, Fx, MAP, NODE};
use crate::few::{Few, Nodes};
use crate::ids::{Hex, NodeId, Us};
use crate::protocol::Input;
use crate::scenario::ast::Out;
use crate::value::Value;

/// Attempts at one request, redirections included.
const TRIES: u8 = 8;

/// Keys whose lists are shown.
const SHOWN: usize = 6;

#[derive(Clone, Debug, Serialize)]
pub struct Router {
    pub view: View,
    pub pending: Few<u32, Errand>,
    /// Nodes that did not answer lately: passed over while another can coordinate.
    pub suspects: Nodes,
    /// Requests taken on: the network may copy them.
    #[serde(skip)]
    seen: Few<(NodeId, u32), ()>,
    next: u32,
    /// The key last routed, and when: what the ring shows the way of.
    #[serde(skip)]
    pub last: Option<(Us, Key)>,
    /// Keys asked for by name, the newest first: whose lists are shown.
    #[serde(skip)]
    pub latest: Vec<Key>,
}

/// A request on its way for somebody.
#[derive(Clone, Debug, Serialize)]
pub struct Errand {
    pub client: NodeId,
    /// The client's own number for it.
    pub op: u32,
    pub what: What,
    pub to: NodeId,
    tries: u8,
}

#[derive(Clone, Debug, Serialize)]
pub enum What {
    Put { key: Key, value: Value },
    Get { key: Key },
    Load { keys: Batch },
}

impl Router {
    pub fn boot(cx: &Cx, view: View) -> Router {
        let (pending, suspects, seen) = (Few::default(), Nodes::default(), Few::default());
        Router {
            view,
            pending,
            suspects,
            seen,
            next: cx.incarnation << 20,
            last: None,
            latest: vec![],
        }
    }

    pub fn step(&mut self, cx: &Cx, input: Input<'_, ConsistentHashing>, fx: &mut Fx) {
        match input {
            Input::Deliver { from, msg } => {
                self.suspects.drop(from);
                self.deliver(cx, from, msg, fx);
            }
            Input::Timeout(Timer::Retry(req)) => self.unanswered(cx, *req, fx),
            _ => {}
        }
    }

    fn deliver(&mut self, cx: &Cx, from: NodeId, msg: &Msg, fx: &mut Fx) {
        match msg.clone() {
            Msg::Put { req, key, value, .. } => {
                self.take(cx, from, req, What::Put { key, value }, fx);
            }
            Msg::Get { req, key, .. } => self.take(cx, from, req, What::Get { key }, fx),
            Msg::Load { req, keys, .. } => self.import(cx, from, req, &keys, fx),
            Msg::Lookup { req, keys } => self.look_up(cx, from, req, keys, fx),
            Msg::Reply { req, epoch, .. } => {
                self.keep_up(cx, epoch, fx);
                self.pass_on(req, msg, fx);
            }
            Msg::WrongOwner { req, epoch, owner } => {
                self.keep_up(cx, epoch, fx);
                self.redirected(cx, from, req, epoch, owner, fx);
            }
            Msg::View(view) => self.learn(view, fx),
            _ => {}
        }
    }

    fn take(&mut self, cx: &Cx, client: NodeId, op: u32, what: What, fx: &mut Fx) {
        if self.seen.put((client, op), ()) {
            let errand = Errand { client, op, what, to: NodeId::default(), tries: 0 };
            self.route(cx, errand, fx);
        }
    }

    /// The first node on the list that is not under suspicion.
    fn route(&mut self, cx: &Cx, mut errand: Errand, fx: &mut Fx) {
        let Some(key) = errand.what.key() else { return };
        self.last = Some((cx.wall, key.clone()));
        self.remember(&key);
        let place = key.place;
        let homes = self.view.homes_at(place);
        let healthy = homes.iter().find(|n| !self.suspects.has(**n));
        let Some(owner) = healthy.or(homes.first()).copied() else {
            fx.explain(Why::NoOwner { key, place: Hex(place) });
            return fx.send(errand.client, refusal(&errand, self.view.epoch));
        };
        errand.to = owner;
        let epoch = self.view.epoch;
        let passed = homes.into_iter().take_while(|n| *n != owner).collect();
        let at = self.view.ring.successor(place).unwrap_or(0);
        let token = self.view.ring.tokens.get(at).map_or(Hex(place), |t| t.at);
        let (place, closed) = (Hex(place), at == 0 && token.0 < place);
        fx.explain(Why::Routed { key, place, token, closed, owner, passed, epoch });
        let req = self.number();
        self.send(cx, req, errand, epoch, fx);
    }

    fn remember(&mut self, key: &Key) {
        self.latest.retain(|k| k != key);
        self.latest.insert(0, key.clone());
        self.latest.truncate(SHOWN);
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn send(&mut self, cx: &Cx, req: u32, mut errand: Errand, epoch: u64, fx: &mut Fx) {
        errand.tries += 1;
        fx.send(errand.to, errand.what.msg(req, epoch));
        fx.arm(Timer::Retry(req), cx.params.timeout..=cx.params.timeout);
        self.pending.put(req, errand);
    }

    fn pass_on(&mut self, req: u32, answer: &Msg, fx: &mut Fx) {
        let Some(errand) = self.finish(req, fx) else { return };
        let Msg::Reply { out, value, version, epoch, .. } = answer.clone() else { return };
        let (op, client) = (errand.op, errand.client);
        let more = self.pending.iter().any(|(_, e)| (e.client, e.op) == (client, op));
        if !more {
            fx.send(client, Msg::Reply { req: op, out, value, version, epoch });
        }
    }

    fn finish(&mut self, req: u32, fx: &mut Fx) -> Option<Errand> {
        let errand = self.pending.take(req)?;
        fx.disarm(&Timer::Retry(req));
        Some(errand)
    }

    /// A node knows better: ask whom it named, with its epoch. Only the node last asked is heard.
    fn redirected(
        &mut self,
        cx: &Cx,
        from: NodeId,
        req: u32,
        epoch: u64,
        owner: NodeId,
        fx: &mut Fx,
    ) {
        let Some(mut errand) = self.pending.get(req).cloned() else { return };
        let Some(key) = errand.what.key() else { return }; // an import is spread anew when its time is up
        if errand.to != from || errand.tries >= TRIES {
            return;
        }
        fx.explain(Why::Corrected { key, was: errand.to, owner, epoch });
        errand.to = owner;
        self.send(cx, req, errand, epoch, fx);
    }

    /// A read may be asked again. A write may have happened: it goes to another coordinator or nowhere.
    fn unanswered(&mut self, cx: &Cx, req: u32, fx: &mut Fx) {
        let Some(errand) = self.pending.take(req) else { return };
        if let What::Load { keys } = &errand.what {
            return self.import(cx, errand.client, errand.op, &keys.clone(), fx);
        }
        let shared = self.view.replicas > 1;
        let again = matches!(errand.what, What::Get { .. }) || shared;
        if shared {
            fx.explain(Why::Suspected { node: errand.to });
            self.suspects.add(errand.to);
        }
        match again && errand.tries < TRIES {
            true => self.route(cx, errand, fx),
            false => self.give_up(errand, fx),
        }
    }

    fn give_up(&mut self, errand: Errand, fx: &mut Fx) {
        let Some(key) = errand.what.key() else { return };
        fx.explain(Why::GaveUp { key, node: errand.to });
        let mut answer = refusal(&errand, self.view.epoch);
        if let (Msg::Reply { out, .. }, What::Put { .. }) = (&mut answer, &errand.what) {
            *out = Out::Unknown;
        }
        fx.send(errand.client, answer);
    }

    /// Every key to every home, all keys of a node in one message.
    fn import(&mut self, cx: &Cx, client: NodeId, op: u32, keys: &Batch, fx: &mut Fx) {
        let mut shares: Few<NodeId, Vec<(Key, Item)>> = Few::default();
        for (key, item) in keys.0.iter() {
            for home in self.view.homes(key) {
                shares.slot(home).push((key.clone(), item.clone()));
            }
        }
        for (to, share) in shares.iter() {
            let what = What::Load { keys: share.iter().cloned().collect() };
            let req = self.number();
            let errand = Errand { client, op, what, to: *to, tries: 0 };
            self.send(cx, req, errand, self.view.epoch, fx);
        }
    }

    fn look_up(&mut self, cx: &Cx, client: NodeId, req: u32, keys: Names, fx: &mut Fx) {
        let lists: Vec<Vec<NodeId>> = keys.0.iter().map(|key| self.view.homes(key)).collect();
        if let [key] = keys.0.as_slice() {
            self.remember(key);
        }
        let epoch = self.view.epoch;
        fx.explain(Why::LookedUp { keys: keys.0.len() as u32, epoch });
        let value = match lists.as_slice() {
            [one] => Value::List(one.iter().map(|n| Value::word(cx.cast.name(*n))).collect()),
            lists => Value::List(self.counts(cx, lists)),
        };
        fx.send(client, Msg::Found { req, value, epoch, names: keys, lists: Rc::new(lists) });
    }

    /// How many keys each member coordinates, in the cast's order.
    fn counts(&self, cx: &Cx, lists: &[Vec<NodeId>]) -> Vec<Value> {
        let members = cx.cast.of_role(NODE).filter(|n| self.view.has(*n));
        let first = |n: NodeId| lists.iter().filter(|list| list.first() == Some(&n)).count();
        members.map(|n| Value::Int(first(n) as i64)).collect()
    }

    fn keep_up(&mut self, cx: &Cx, epoch: u64, fx: &mut Fx) {
        if epoch > self.view.epoch {
            let map = cx.cast.of_role(MAP).next().unwrap_or_default();
            fx.send(map, Msg::FetchView { epoch: self.view.epoch });
        }
    }

    fn learn(&mut self, view: View, fx: &mut Fx) {
        if view.epoch > self.view.epoch {
            fx.explain(Why::Learned { epoch: view.epoch, members: view.members.len() as u32 });
            self.view = view;
        }
    }
}

impl What {
    pub fn key(&self) -> Option<Key> {
        match self {
            What::Put { key, .. } | What::Get { key } => Some(key.clone()),
            What::Load { .. } => None,
        }
    }

    fn msg(&self, req: u32, epoch: u64) -> Msg {
        match self.clone() {
            What::Put { key, value } => Msg::Put { req, key, value, epoch },
            What::Get { key } => Msg::Get { req, key, epoch },
            What::Load { keys } => Msg::Load { req, keys, epoch },
        }
    }
}

fn refusal(errand: &Errand, epoch: u64) -> Msg {
    Msg::Reply { req: errand.op, out: Out::Failed, value: None, version: Version::default(), epoch }
}
