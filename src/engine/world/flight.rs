//! A message's way, from its sending to its end: the network and the rules decide when it leaves, and whether it arrives.

use std::cmp::Reverse;

use crate::few;
use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::stage::Open;
use crate::trace::{Loss, MsgRec, What};

use super::World;
use super::node::Life;
use super::queue::Due;

/// A message on its way: all the world needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    pub m: MsgId,
    /// The message as it was sent: a copy made by the network shares it with the first.
    pub origin: MsgId,
    pub from: NodeId,
    pub to: NodeId,
    pub kind: u8,
    pub quiet: bool,
    pub nth: u32,
    pub payload: u32,
    pub epoch: u64,
    pub sent: EventId,
    pub due: Us,
}

/// A message as its sender gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    pub payload: u32,
    pub kind: u8,
    pub quiet: bool,
    pub epoch: u64,
    pub bytes: u32,
}

impl World {
    pub(super) fn send(&mut self, from: NodeId, to: NodeId, p: Parcel, cause: EventId) {
        if let Some(lie) = self.nodes[from.index()].lie.clone() {
            return self.send_lying(lie, from, to, p, cause);
        }
        self.launch(from, to, p, 0, cause);
    }

    pub(super) fn launch(&mut self, from: NodeId, to: NodeId, p: Parcel, late: Us, cause: EventId) {
        let fare = self.net.send(from, to, p.kind, p.bytes, self.now);
        let m = MsgId(self.counts.msgs);
        let sent = self.emit(Some(from), cause, What::Send { m });
        let due = fare.due + late;
        let mut f = Flight {
            m,
            origin: m,
            from,
            to,
            kind: p.kind,
            quiet: p.quiet,
            nth: fare.nth,
            payload: p.payload,
            epoch: p.epoch,
            sent,
            due,
        };
        self.record(&f, None);
        self.step.flights.push((sent.0, f));
        self.step.sent.push((m, to, p.payload));
        let ruling = self.rule_on(&f);
        f.due += ruling.delay;
        self.longest_way = self.longest_way.max(f.due - self.now);
        if let Some(rec) = self.step.fresh.msgs.last_mut() {
            rec.due = f.due;
        }
        if !self.net.open(from, to) {
            return self.lose(f, Loss::Cut);
        }
        if ruling.drop || fare.lost {
            return self.lose(f, if ruling.drop { Loss::Drop } else { Loss::Loss });
        }
        if ruling.hold {
            self.hold(f);
        } else {
            self.fly(f);
        }
        for due in fare.copy_due.into_iter().chain(ruling.copies.iter().map(|by| f.due + by)) {
            self.copy(&f, due);
        }
    }

    fn record(&mut self, f: &Flight, of: Option<MsgId>) {
        self.counts.msgs += 1;
        self.step.fresh.msgs.push(MsgRec {
            from: f.from,
            to: f.to,
            kind: f.kind,
            quiet: f.quiet,
            epoch: f.epoch,
            nth: f.nth,
            payload: f.payload,
            sent: f.sent,
            sent_at: self.now,
            due: f.due,
            end: EventId::NONE,
            end_at: Us::MAX,
            of,
        });
    }

    pub(super) fn copy(&mut self, f: &Flight, due: Us) {
        let m = MsgId(self.counts.msgs);
        let event = self.emit(None, f.sent, What::Copy { m, of: f.m });
        let copy = Flight { m, due, sent: event, ..*f };
        self.record(&copy, Some(f.m));
        self.fly(copy);
    }

    pub(super) fn fly(&mut self, f: Flight) {
        if !f.quiet {
            self.busy_msgs += 1;
        }
        self.push(f.due, Due::Deliver(f));
    }

    pub(super) fn landed(&mut self, f: &Flight) {
        if !f.quiet {
            self.busy_msgs -= 1;
        }
    }

    pub(super) fn arrive(&mut self, f: Flight) {
        self.landed(&f);
        if self.nodes[f.to.index()].life != Life::Up {
            return self.lose(f, Loss::Down);
        }
        let event = self.emit(Some(f.to), f.sent, What::Deliver { m: f.m });
        self.step.flights.push((event.0, f));
        self.run(f.to, Open::Deliver { id: f.origin, from: f.from, payload: f.payload }, event);
    }

    pub(super) fn lose(&mut self, f: Flight, why: Loss) {
        let event = self.emit(None, f.sent, What::Lose { m: f.m, why });
        self.step.flights.push((event.0, f));
    }

    pub(super) fn hold(&mut self, f: Flight) {
        self.emit(None, f.sent, What::Hold { m: f.m });
        self.held.push(f);
    }

    /// Take the messages in flight that fit out of the queue.
    pub(super) fn take_from_flight(&mut self, fits: impl Fn(&Flight) -> bool) -> Vec<Flight> {
        let mut taken = vec![];
        self.queue.retain(|Reverse(e)| match e.due {
            Due::Deliver(f) if fits(&f) => {
                taken.push((e.at, e.seq, f));
                false
            }
            _ => true,
        });
        few::sort_by_key(&mut taken, |t| (t.0, t.1));
        let taken: Vec<Flight> = taken.into_iter().map(|t| t.2).collect();
        taken.iter().for_each(|f| self.landed(f));
        taken
    }
}
