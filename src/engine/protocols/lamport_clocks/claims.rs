//! The claims' own memory: which event could have caused which, from messages and steps alone.
//!
//! → is made of two kinds of steps: from an event to the next of its node, and from a send to its receipt.
//! "Smaller" is transitive, so the clock condition holds for all pairs exactly if it holds for these, and
//! each new event is judged by the two that lead to it. Of every event's past the ghost keeps how many
//! events of each node it holds: that settles whether a smaller number really was a cause.

use std::rc::Rc;

use super::{LamportClocks, Msg, Stamp, show};
use crate::few::Nodes;
use crate::ids::{MsgId, NodeId, SEC, Us};
use crate::protocol::{Court, Happened, SentMsg, Step, Witness};
use crate::seq::Seq;

type Stepl<'a> = Step<'a, LamportClocks>;

/// Time for a command to be applied everywhere once nothing disturbs any more.
const SOON: Us = 2 * SEC;

/// An event: its number, and how many events of each node could have caused it, itself included.
#[derive(Clone, Debug)]
struct Event {
    c: u64,
    past: Rc<[u32]>,
}

/// One node's life.
#[derive(Clone, Debug, Default)]
struct Lane {
    events: Seq<Event>,
    /// The largest number given so far.
    high: u64,
    know: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
pub struct Ghost {
    lanes: Vec<Lane>,
    /// Lives as the disks hold them, and as writes under way will make them: what was not written down
    /// was never seen by anybody, and did not happen.
    durable: Vec<Lane>,
    under_way: Vec<Vec<Lane>>,
    /// By message, the event it was sent by; of a phone call the caller's newest.
    sends: Seq<Option<(NodeId, Event)>>,
    /// By node, who has phoned since its last event, and the caller's newest number.
    phoned: Vec<Option<Stamp>>,
    /// The one sequence of commands, as whoever was first applied it.
    order: Seq<Stamp>,
    judged: Vec<usize>,
    /// Commands sent and not applied everywhere: since when, and who has not.
    open: Vec<(Stamp, Us, Nodes)>,
    /// By node, its newest command.
    newest: Vec<u64>,
}

impl Ghost {
    pub fn judge(&mut self, step: &Stepl, court: &mut Court) {
        // Nothing is promised of a run in which somebody lies.
        if step.lying.contains(&true) {
            return;
        }
        self.open_lanes(step.cast.len());
        match &step.happened {
            Happened::Crash => return self.crashed(step.node),
            Happened::Saved(_) => self.saved(step.node),
            Happened::Deliver { id, msg, .. } => self.received(step, *id, msg, court),
            Happened::Request { .. } => self.own(step, court),
            _ => {}
        }
        step.sent().for_each(|sent| self.left(step, sent, court));
        self.sequence(step, court);
        self.deadline(step, court);
        self.rest(step, court);
    }

    fn open_lanes(&mut self, n: usize) {
        if self.lanes.is_empty() {
            self.lanes = vec![Lane { know: vec![0; n], ..Lane::default() }; n];
            self.durable = self.lanes.clone();
            self.under_way = vec![vec![]; n];
            self.phoned = vec![None; n];
            self.judged = vec![0; n];
            self.newest = vec![0; n];
        }
    }

    // ---------------------------------------------------------------- what happened

    fn received(&mut self, step: &Stepl, id: MsgId, msg: &Msg, court: &mut Court) {
        let me = step.node;
        let Some((from, sent)) = self.sends.get(id.index()).cloned().flatten() else { return };
        if msg.ts().is_none() {
            self.phoned[me.index()] = Some(Stamp { c: sent.c, node: from });
            return self.write(me);
        }
        self.converse(step, from, &sent, court);
        let lane = &mut self.lanes[me.index()];
        for (known, past) in lane.know.iter_mut().zip(&*sent.past) {
            *known = (*known).max(*past);
        }
        let after = Stamp { c: sent.c, node: from };
        if let (Msg::Phone { .. }, Some(c)) = (msg, step.me().fresh.first()) {
            self.strong(step, after, *c, court);
        }
        self.events(step, Some(after), court);
        self.write(me);
    }

    fn own(&mut self, step: &Stepl, court: &mut Court) {
        let phones =
            matches!(&step.happened, Happened::Request { call, .. } if call.verb == "phone");
        if step.me().fresh.is_empty() && !phones {
            return;
        }
        if let (Some(call), Some(c)) =
            (self.phoned[step.node.index()].take(), step.me().fresh.first())
        {
            self.strong(step, call, *c, court);
        }
        self.events(step, None, court);
        self.write(step.node);
    }

    /// The numbers given in this step, one event each; `after` is the send of what was received.
    fn events(&mut self, step: &Stepl, mut after: Option<Stamp>, court: &mut Court) {
        let me = step.node;
        for &c in &step.me().fresh {
            let lane = &mut self.lanes[me.index()];
            let before = lane.events.last().map(|e| Stamp { c: e.c, node: me });
            let again = c <= lane.high && lane.events.iter().any(|e| e.c == c);
            lane.high = lane.high.max(c);
            lane.know[me.index()] += 1;
            let past = lane.know.as_slice().into();
            lane.events.push(Event { c, past });
            court.hold("UniqueStamps", !again, || {
                Witness::new(
                    [me],
                    [step.cast.name(me), " has two events ", &c.to_string()].concat(),
                )
            });
            for cause in [before, after.take()].into_iter().flatten() {
                court.hold("ClockCondition", cause.c < c, || {
                    let (a, b) = (show(cause, step.cast), show(Stamp { c, node: me }, step.cast));
                    Witness::new([cause.node, me], [&a, " led to ", &b].concat())
                });
            }
        }
    }

    fn write(&mut self, me: NodeId) {
        let lane = self.lanes[me.index()].clone();
        self.under_way[me.index()].push(lane);
    }

    fn saved(&mut self, me: NodeId) {
        if !self.under_way[me.index()].is_empty() {
            self.durable[me.index()] = self.under_way[me.index()].remove(0);
        }
    }

    fn crashed(&mut self, me: NodeId) {
        self.lanes[me.index()] = self.durable[me.index()].clone();
        self.under_way[me.index()].clear();
        self.phoned[me.index()] = None;
    }

    /// A message left: it must carry the number of an event of its sender.
    fn left(&mut self, step: &Stepl, sent: SentMsg<LamportClocks>, court: &mut Court) {
        let (me, events) = (step.node, &self.lanes[step.node.index()].events);
        let by = match sent.msg {
            Msg::Sync { .. } => return,
            Msg::Phone { ts: None } => events.last(),
            msg => {
                let ts = msg.ts().unwrap_or(0);
                let by = events.iter().rev().find(|e| e.c == ts);
                court.hold("ClockCondition", by.is_some(), || {
                    let says =
                        [step.cast.name(me), " never counted the ", &ts.to_string(), " it sent"];
                    Witness::new([me], says.concat())
                });
                by
            }
        };
        let by = by.cloned().map(|e| (me, e));
        while self.sends.len() < sent.id.index() {
            self.sends.push(None);
        }
        self.sends.set(sent.id.index(), by);
        if let Msg::Command { ts, .. } = *sent.msg
            && ts > self.newest[me.index()]
        {
            self.newest[me.index()] = ts;
            let at = Stamp { c: ts, node: me };
            let waits = |n: &NodeId| *n != me || step.me().queue.iter().any(|e| e.at == at);
            self.open.push((at, step.now, step.cast.all().filter(waits).collect()));
        }
    }

    // ---------------------------------------------------------------- claims about the clock

    /// The receiver took its newest event for a cause of what it received.
    fn converse(&self, step: &Stepl, from: NodeId, sent: &Event, court: &mut Court) {
        let own = self.lanes[step.node.index()].events.len() as u32;
        let (true, known) = (step.me().inferred, sent.past[step.node.index()]) else { return };
        court.hold("Converse", known >= own, || {
            let cast = step.cast;
            let c = self.lanes[step.node.index()].events.last().map_or(0, |e| e.c);
            let (a, b) = (Stamp { c, node: step.node }, Stamp { c: sent.c, node: from });
            let says = [
                &show(a, cast),
                " comes before ",
                &show(b, cast),
                ", and nothing led from one to the other",
            ];
            Witness::new([step.node, from], says.concat())
        });
    }

    fn strong(&self, step: &Stepl, call: Stamp, c: u64, court: &mut Court) {
        let me = step.node;
        court.hold("StrongCondition", call.c < c, || {
            let (a, b) = (show(call, step.cast), show(Stamp { c, node: me }, step.cast));
            Witness::new([call.node, me], [&b, " was done after a call about ", &a].concat())
        });
    }

    // ---------------------------------------------------------------- claims about the order

    fn sequence(&mut self, step: &Stepl, court: &mut Court) {
        let applied = &step.me().applied;
        // After a crash a node may have to apply again what it had not written down.
        let from = self.judged[step.node.index()].min(applied.len());
        for place in from..applied.len() {
            let at = applied[place].at;
            for (open, _, left) in &mut self.open {
                if *open == at {
                    left.drop(step.node);
                }
            }
            let agreed = self.order.get(place).copied();
            if agreed.is_none() {
                self.order.push(at);
            }
            let agreed = agreed.unwrap_or(at);
            court.hold("SameSequence", at == agreed, || {
                let name = step.name();
                let (mine, first) = (show(at, step.cast), show(agreed, step.cast));
                let says = [name, " applies ", &mine, " where another applied ", &first];
                Witness::new([step.node], says.concat())
            });
            if step.params.total && place > 0 {
                let before = applied[place - 1].at;
                court.hold("StampOrder", before < at, || {
                    let (a, b) = (show(before, step.cast), show(at, step.cast));
                    Witness::new([step.node], [&b, " is applied after ", &a].concat())
                });
            }
        }
        self.judged[step.node.index()] = applied.len();
    }

    /// Of the commands under way the oldest is judged; the others wait behind it.
    fn deadline(&mut self, step: &Stepl, court: &mut Court) {
        while let Some((at, since, left)) = self.open.first() {
            let (at, done) = (*at, left.is_empty());
            let calm = step.steady && step.alive.iter().all(|a| *a);
            let late = step.now > (*since).max(step.calm_since) + SOON;
            if done || (calm && late) {
                court.hold("Applied", done, || {
                    let says = [&show(at, step.cast), " is not applied everywhere"];
                    Witness::new([at.node], says.concat())
                });
            }
            if !done {
                return;
            }
            self.open.remove(0);
        }
    }

    fn rest(&self, step: &Stepl, court: &mut Court) {
        let calm = step.steady && step.alive.iter().all(|a| *a);
        let Some(first) = step.nodes.first().filter(|_| step.at_rest && calm) else { return };
        if self.order.is_empty() {
            return;
        }
        let differs = step.nodes.iter().position(|n| n.balance != first.balance);
        court.hold("SameBalance", differs.is_none(), || {
            let other = NodeId(differs.unwrap_or(0) as u16);
            let one = |n: NodeId| {
                [step.cast.name(n), " holds ", &step.nodes[n.index()].balance.to_string()].concat()
            };
            Witness::new([NodeId(0), other], [one(NodeId(0)), one(other)].join(", "))
        });
    }
}
