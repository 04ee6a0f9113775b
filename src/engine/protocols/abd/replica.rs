//! A replica: keeps the value with the greatest tag it was told of, and says what it has.

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{Abd, Disk, Do, Know, Record};
use crate::ids::{NodeId, OpId};
use crate::protocol::{Face, Input};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Replica {
    pub store: Store,
}

impl Replica {
    pub fn boot(disk: &Disk) -> Replica {
        Replica { store: disk.store.clone() }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, Abd>, fx: &mut Do<'_>) {
        match input {
            Input::Start => self.start(cx, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            _ => {}
        }
    }

    fn start(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation > 0 {
            fx.explain(Why::Recovered { keys: self.store.0.len() as u64 });
        }
    }

    fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        match msg {
            Msg::ReadQuery { op, key } => self.show(from, *op, key, fx),
            Msg::Update { op, key, tag, val } | Msg::WriteBack { op, key, tag, val } => {
                let came = Cell { key: key.clone(), tag: *tag, val: val.clone() };
                self.adopt_if_greater(cx, &came, fx);
                fx.once_saved(|fx| fx.send(from, Msg::Ack { op: *op }));
            }
            _ => {}
        }
    }

    /// What is shown must outlive a crash.
    fn show(&self, from: NodeId, op: OpId, key: &Value, fx: &mut Do<'_>) {
        let Cell { key, tag, val } = self.store.get(key);
        fx.once_saved(|fx| fx.send(from, Msg::ReadReply { op, key, tag, val }));
    }

    fn adopt_if_greater(&mut self, cx: &Know<'_>, came: &Cell, fx: &mut Do<'_>) {
        let mine = self.store.get(&came.key).tag;
        let (key, value, tag) = (came.key.clone(), came.val.clone(), came.tag);
        if tag > mine {
            self.store.put(came);
            fx.explain(Why::Adopted { key, value, tag, was: mine });
            if !cx.bug("amnesia") {
                fx.save(Record::Adopted { cell: came.clone() });
            }
        } else if tag < mine {
            fx.explain(Why::Kept { key, value, tag, mine });
        }
    }

    /// Its colour is the newest timestamp it has.
    pub fn face(&self) -> Face {
        let newest = self.store.0.iter().fold(0, |ts, cell| ts.max(cell.tag.ts));
        Face { state: "replica", leads: false, epoch: newest }
    }

    pub fn line(&self) -> String {
        let mut line = String::new();
        for cell in &self.store.0 {
            let gap = if line.is_empty() { "" } else { " · " };
            line = [&line, gap, &cell.key.print(), "=", &cell.val.print()].concat();
        }
        line
    }
}
