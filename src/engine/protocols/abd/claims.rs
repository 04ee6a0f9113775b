//! What must hold, judged by what clients asked and were told, by tags, and by what is on the disks.
//!
//! Linearizability is judged as it happens. Every write of a run writes another value, so for each value it
//! is enough to know when its write or a read of it first *ended*, and when one last *began*: two values that
//! each ended before the other's last beginning fit into no order (Gibbons and Korach 1997). A key of which a
//! value was written twice is left to the search at a scenario's end.

use super::card::*;
use super::client::{Client, Phase};
use super::msg::*;
use super::{Abd, Node};
use crate::ids::OpId;
use crate::protocol::{Court, Happened, Outcome, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type See<'a> = Step<'a, Abd>;

#[derive(Clone, Default)]
pub struct Ghost {
    /// Steps judged: the order of beginnings and ends.
    count: u64,
    /// What each replica had when it was last looked at.
    stores: Vec<Vec<Cell>>,
    /// Every tag that was ever seen, with its value.
    tags: Vec<Cell>,
    /// What each operation tells the replicas.
    told: Vec<(OpId, Value, Tag)>,
    open: Vec<Asked>,
    keys: Vec<History>,
}

/// A client's operation, until it comes back.
#[derive(Clone)]
struct Asked {
    op: OpId,
    key: Value,
    put: Option<Value>,
    began: u64,
    /// The greatest tag of an operation that had ended by then.
    floor: Tag,
}

#[derive(Clone)]
struct History {
    key: Value,
    /// The greatest tag of an operation that has ended.
    ended: Tag,
    values: Vec<Lived>,
    /// A value was written twice.
    unclear: bool,
}

/// When a value's write or a read of it first ended, and when one last began.
#[derive(Clone)]
struct Lived {
    value: Value,
    first_end: u64,
    last_begin: u64,
}

pub fn judge(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if s.at_rest {
        return;
    }
    g.count += 1;
    for m in s.sent() {
        if let Msg::Update { op, key, tag, val } | Msg::WriteBack { op, key, tag, val } = m.msg {
            if g.told.last().is_none_or(|t| t.0 != *op) {
                g.told.push((*op, key.clone(), *tag));
            }
            one_value(g, s, key, *tag, val, court);
        }
    }
    match s.me() {
        Node::Client(c) => client(g, s, c, court),
        Node::Replica(r) => {
            held(g, s, &r.store, court);
            durable(g, s, court);
        }
    }
}

// -------------------------------------------------------------------- what replicas hold

/// Look at the registers that have changed. What it has at a start is where it begins.
fn held(g: &mut Ghost, s: &See<'_>, store: &Store, court: &mut Court) {
    let at = s.node.index();
    if g.stores.len() <= at {
        g.stores.resize_with(at + 1, Vec::new);
    }
    if matches!(s.happened, Happened::Start { .. } | Happened::Crash) {
        g.stores[at] = store.0.clone();
        return;
    }
    for now in &store.0 {
        let was = g.stores[at].iter().find(|c| c.key == now.key).map_or(Tag::default(), |c| c.tag);
        if was != now.tag {
            court.hold(TAGS_ONLY_GROW, now.tag > was, || {
                let says = format!("{} replaced ts {} by ts {}.", s.name(), was.ts, now.tag.ts);
                Witness::new([s.node], says)
            });
            one_value(g, s, &now.key, now.tag, &now.val, court);
        }
    }
    g.stores[at] = store.0.clone();
}

fn one_value(g: &mut Ghost, s: &See<'_>, key: &Value, tag: Tag, val: &Value, court: &mut Court) {
    let known = g.tags.iter().find(|c| c.key == *key && c.tag == tag);
    let same = known.is_none_or(|c| c.val == *val);
    if known.is_none() {
        g.tags.push(Cell { key: key.clone(), tag, val: val.clone() });
    }
    court.hold(ONE_VALUE_PER_TAG, same, || {
        Witness::new([s.node], format!("Two writes of {} carry ts {}.", key.print(), tag.ts))
    });
}

/// What a replica acknowledges or shows survives its crash.
fn durable(g: &Ghost, s: &See<'_>, court: &mut Court) {
    let disk = &s.disks[s.node.index()].store;
    for m in s.sent() {
        let spoken = match m.msg {
            Msg::ReadReply { key, tag, .. } => Some((key, *tag)),
            Msg::Ack { op } => g.told.iter().find(|t| t.0 == *op).map(|t| (&t.1, t.2)),
            _ => None,
        };
        let Some((key, tag)) = spoken else { continue };
        court.hold(ON_DISK_BEFORE_ACK, disk.get(key).tag >= tag, || {
            let says = format!(
                "{} spoke of {} with ts {}, and its disk has less.",
                s.name(),
                key.print(),
                tag.ts
            );
            Witness::new([s.node], says)
        });
    }
}

// -------------------------------------------------------------------- what clients see

fn client(g: &mut Ghost, s: &See<'_>, c: &Client, court: &mut Court) {
    if let Happened::Request { op, call } = &s.happened
        && call.verb != "move"
    {
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        let put = call.arg(1).filter(|_| call.verb == "put").cloned();
        let began = g.count;
        let h = history(g, &key);
        let floor = h.ended;
        if let Some(value) = &put {
            h.unclear |= h.values.iter().any(|l| l.value == *value);
            h.values.push(Lived { value: value.clone(), first_end: u64::MAX, last_begin: began });
        }
        g.open.push(Asked { op: *op, key, put, began, floor });
    }
    if let Happened::Deliver { .. } = s.happened {
        goes_on(s, c, court);
    }
    for (op, outcome) in s.replied {
        let Some(at) = g.open.iter().position(|a| a.op == *op) else { continue };
        let asked = g.open.remove(at);
        if outcome.out == Out::Ok {
            ordered(g, s, c, &asked, court);
            linear(g, s, &asked, outcome, court);
        }
    }
}

/// No operation waits whose phase a quorum has answered.
fn goes_on(s: &See<'_>, c: &Client, court: &mut Court) {
    let (read, write) = (s.params.read_quorum, s.params.write_quorum);
    let waits = c
        .open
        .iter()
        .any(|j| j.replied.len() >= read && j.phase == Phase::Query || j.acked.len() >= write);
    court.hold(A_MAJORITY_IS_ENOUGH, !waits, || {
        Witness::new([s.node], "Enough replicas have answered, and it still waits.")
    });
}

/// The tags of operations that do not overlap are in the order of the operations.
fn ordered(g: &mut Ghost, s: &See<'_>, c: &Client, asked: &Asked, court: &mut Court) {
    let Some(done) = c.done.as_ref().filter(|d| d.op == asked.op) else { return };
    let tag = done.cell.tag;
    let ok = tag > asked.floor || (asked.put.is_none() && tag == asked.floor);
    let h = history(g, &asked.key);
    h.ended = h.ended.max(tag);
    court.hold(TAGS_FOLLOW_TIME, ok, || {
        let says = format!(
            "Ts {} had ended before {} began; its own is {}.",
            asked.floor.ts,
            s.name(),
            tag.ts
        );
        Witness::new([s.node], says)
    });
}

/// What a key has lived through; it begins as 0.
fn history<'g>(g: &'g mut Ghost, key: &Value) -> &'g mut History {
    let at = g.keys.iter().position(|h| h.key == *key).unwrap_or_else(|| {
        let zero = Lived { value: Value::Int(0), first_end: 0, last_begin: 0 };
        let values = vec![zero];
        g.keys.push(History { key: key.clone(), ended: Tag::default(), values, unclear: false });
        g.keys.len() - 1
    });
    &mut g.keys[at]
}

fn linear(g: &mut Ghost, s: &See<'_>, asked: &Asked, outcome: &Outcome, court: &mut Court) {
    let now = g.count;
    let h = history(g, &asked.key);
    if h.unclear {
        return;
    }
    let value = asked.put.as_ref().or(outcome.value.as_ref()).unwrap_or(&Value::Int(0));
    let Some(l) = h.values.iter_mut().find(|l| l.value == *value) else {
        court.hold(LINEARIZABLE, false, || {
            Witness::new(
                [s.node],
                format!("{} has {}, which was never written.", s.name(), value.print()),
            )
        });
        return;
    };
    l.first_end = l.first_end.min(now);
    l.last_begin = l.last_begin.max(asked.began);
    let (ended, began) = (l.first_end, l.last_begin);
    let other =
        h.values.iter().find(|u| u.first_end < began && ended < u.last_begin && u.value != *value);
    court.hold(LINEARIZABLE, other.is_none(), || {
        let other = other.map_or_else(String::new, |u| u.value.print());
        let says = format!("No order puts {} and {other} one after the other.", value.print());
        Witness::new([s.node], says)
    });
}
