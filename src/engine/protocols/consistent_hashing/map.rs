//! The keeper of the map: one change of membership at a time, and no flip before the copy.
//!
//! ```text
//!   Join ──▶ Plan to every giver ──▶ all Copied ──▶ commit ──▶ View to all ──▶ all Done ──▶ next
//!            (they copy, and serve)   (on the disk first)       (givers let go)
//! ```

use std::collections::VecDeque;

use serde::Serialize;

use super::balance;
use super::msg::*;
use super::ring::Mistakes;
use super::view::View;
use super::{ConsistentHashing, Cx, Fx, MAP, NODE, ROUTER};
use crate::few::Nodes;
use crate::ids::{MS, NodeId};
use crate::protocol::Input;

#[derive(Clone, Debug, Serialize)]
pub struct Keeper {
    /// The committed map.
    pub view: View,
    pub change: Option<Change>,
    queue: VecDeque<Wish>,
    planned: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub view: View,
    pub committed: bool,
    /// Givers that have not copied yet; once committed, those that have not let go.
    pub waiting: Nodes,
    pub moved: u32,
    givers: Nodes,
    node: NodeId,
}

/// What a node wants to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Wish {
    node: NodeId,
    member: bool,
    salt: u64,
}

impl Keeper {
    pub fn boot(cx: &Cx, genesis: View, disk: &Disk) -> Keeper {
        let view = disk.view.clone().unwrap_or(genesis);
        let change = (!disk.owing.is_empty()).then(|| Change {
            view: view.clone(),
            committed: true,
            waiting: disk.owing.clone(),
            moved: 0,
            givers: disk.owing.clone(),
            node: cx.me,
        });
        Keeper { planned: disk.planned.max(view.epoch), view, change, queue: VecDeque::new() }
    }

    pub fn step(&mut self, cx: &Cx, input: Input<'_, ConsistentHashing>, fx: &mut Fx) {
        match input {
            Input::Start => self.start(fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            Input::Timeout(Timer::Nudge) => self.nudge(fx),
            _ => {}
        }
    }

    fn deliver(&mut self, cx: &Cx, from: NodeId, msg: &Msg, fx: &mut Fx) {
        match msg {
            Msg::Join { node, salt, epoch, .. } => {
                self.wished(cx, Wish { node: *node, member: true, salt: *salt }, *epoch, fx);
            }
            Msg::Leave { node, epoch } => {
                self.wished(cx, Wish { node: *node, member: false, salt: 0 }, *epoch, fx);
            }
            Msg::Copied { epoch, keys } => self.copied(cx, from, *epoch, *keys, fx),
            Msg::Done { epoch } => self.done(cx, from, *epoch, fx),
            Msg::FetchView { epoch } if *epoch < self.view.epoch => self.show(from, fx),
            _ => {}
        }
    }

    fn start(&mut self, fx: &mut Fx) {
        self.measure(fx);
        if self.change.is_some() {
            self.nudge(fx);
        }
    }

    /// A wish from another epoch may be an old copy: it is answered with the map, and asked again if it
    /// still stands. So is one that is granted already; one that waits is not queued twice.
    fn wished(&mut self, cx: &Cx, wish: Wish, epoch: u64, fx: &mut Fx) {
        let granted = match self.view.seats().find(|(node, _)| *node == wish.node) {
            Some((_, salt)) => wish.member && wish.salt == salt,
            None => !wish.member,
        };
        if granted || epoch != self.view.epoch {
            return self.show(wish.node, fx);
        }
        let under_way = self.change.as_ref().is_some_and(|c| c.node == wish.node);
        if !under_way && !self.queue.contains(&wish) {
            self.queue.push_back(wish);
            self.next(cx, fx);
        }
    }

    /// Show somebody the map. No map leaves before it is on the disk: after a crash it would never have been.
    fn show(&self, to: NodeId, fx: &mut Fx) {
        let view = self.view.clone();
        fx.once_saved(|fx| fx.send(to, Msg::View(view)));
    }

    /// Take up the next wish: plan its view and have everybody who will lose an arc copy it.
    fn next(&mut self, cx: &Cx, fx: &mut Fx) {
        if self.change.is_some() {
            return;
        }
        let Some(wish) = self.queue.pop_front() else { return };
        let view = self.with(cx, wish);
        let givers: Nodes = view.moves.keys().map(|(from, _)| from).collect();
        self.planned = view.epoch;
        fx.save(Record::Planned { epoch: view.epoch });
        fx.explain(Why::Planned {
            node: wish.node,
            givers: givers.len() as u32,
            epoch: view.epoch,
        });
        let (waiting, node) = (givers.clone(), wish.node);
        self.change = Some(Change { view, committed: false, waiting, moved: 0, givers, node });
        if cx.bug("flip-before-copy") {
            return self.commit(cx, fx);
        }
        fx.once_saved(|fx| self.nudge(fx));
        self.commit_if_copied(cx, fx);
    }

    fn with(&self, cx: &Cx, wish: Wish) -> View {
        let mut seats: Vec<(NodeId, u64)> =
            self.view.seats().filter(|(n, _)| *n != wish.node).collect();
        if wish.member {
            seats.push((wish.node, wish.salt));
        }
        View::of(cx.params, cx.cast, self.planned + 1, seats, mistakes(cx)).following(&self.view)
    }

    fn copied(&mut self, cx: &Cx, from: NodeId, epoch: u64, keys: u32, fx: &mut Fx) {
        let Some(change) = &mut self.change else { return };
        if epoch == change.view.epoch && !change.committed && change.waiting.drop(from) {
            change.moved += keys;
            self.commit_if_copied(cx, fx);
        }
    }

    fn commit_if_copied(&mut self, cx: &Cx, fx: &mut Fx) {
        if self.change.as_ref().is_some_and(|c| !c.committed && c.waiting.is_empty()) {
            self.commit(cx, fx);
        }
    }

    /// The flip: on the disk first, then to everybody.
    fn commit(&mut self, cx: &Cx, fx: &mut Fx) {
        let Some(change) = &mut self.change else { return };
        let copied = change.waiting.is_empty();
        change.committed = true;
        change.waiting = change.givers.clone();
        let (view, moved, owing) = (change.view.clone(), change.moved, change.waiting.clone());
        let leaver = (!view.has(change.node)).then_some(change.node);
        self.view = view.clone();
        fx.save(Record::Commit { view: view.clone(), owing });
        let (epoch, members) = (view.epoch, view.members.len() as u32);
        fx.explain(Why::Committed { epoch, members, moved, copied });
        fx.meter("moved-keys", moved.into());
        self.measure(fx);
        let all = cx.cast.of_role(NODE).filter(|n| view.has(*n) || leaver == Some(*n));
        let everybody: Vec<NodeId> = all.chain(cx.cast.of_role(ROUTER)).collect();
        fx.once_saved(|fx| everybody.iter().for_each(|n| fx.send(*n, Msg::View(view.clone()))));
        fx.arm(Timer::Nudge, NUDGE..=NUDGE);
        self.settle_if_done(cx, fx);
    }

    fn done(&mut self, cx: &Cx, from: NodeId, epoch: u64, fx: &mut Fx) {
        let Some(change) = &mut self.change else { return };
        if change.committed && epoch == change.view.epoch {
            change.waiting.drop(from);
            self.settle_if_done(cx, fx);
        }
    }

    fn settle_if_done(&mut self, cx: &Cx, fx: &mut Fx) {
        if self.change.as_ref().is_some_and(|c| c.committed && c.waiting.is_empty()) {
            self.change = None;
            fx.disarm(&Timer::Nudge);
            fx.save(Record::Settled);
            fx.explain(Why::Settled { epoch: self.view.epoch });
            self.next(cx, fx);
        }
    }

    /// Say again what has not been answered.
    fn nudge(&mut self, fx: &mut Fx) {
        let Some(change) = &self.change else { return };
        for node in change.waiting.list() {
            let (base, view) = (self.view.epoch, change.view.clone());
            let plan = || Msg::Plan {
                base,
                epoch: view.epoch,
                members: view.members.clone(),
                view: view.clone(),
            };
            match change.committed {
                true => self.show(*node, fx),
                false => fx.send(*node, plan()),
            }
        }
        fx.arm(Timer::Nudge, NUDGE..=NUDGE);
    }

    /// How even the ring is.
    fn measure(&self, fx: &mut Fx) {
        let parts: Vec<u128> =
            self.view.members.iter().map(|n| self.view.ring.points_of(*n)).collect();
        fx.meter("imbalance", balance::peak_to_mean(&parts) as i64);
        fx.meter("variation", balance::variation(&parts) as i64);
        let givers = self.change.as_ref().map_or(0, |c| c.givers.len());
        fx.meter("donors", givers as i64);
    }

    pub fn state(&self) -> &'static str {
        match &self.change {
            None => "settled",
            Some(change) if change.committed => "flipping",
            Some(_) => "copying",
        }
    }
}

/// Before something is said again.
pub const NUDGE: u64 = 200 * MS;

/// Where wishes go.
pub fn keeper(cx: &Cx) -> NodeId {
    cx.cast.of_role(MAP).next().unwrap_or_default()
}

/// The ring's own mistakes that are switched on.
pub fn mistakes(cx: &Cx) -> Mistakes {
    let one = |slug, mistake| if cx.bug(slug) { mistake } else { Mistakes::NONE };
    [
        one("strictly-greater", Mistakes::STRICTLY_GREATER),
        one("no-wrap", Mistakes::NO_WRAP),
        one("clamp", Mistakes::CLAMP),
        one("insertion-order", Mistakes::INSERTION_ORDER),
        one("linear-rehash", Mistakes::LINEAR_REHASH),
        one("no-distinct", Mistakes::NO_DISTINCT),
        one("by-node-id", Mistakes::BY_NODE_ID),
        one("normalised-weights", Mistakes::NORMALISED),
    ]
    .into_iter()
    .fold(Mistakes::NONE, Mistakes::and)
}
