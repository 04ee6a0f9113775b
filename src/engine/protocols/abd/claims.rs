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
use crate::few::Nodes;
use crate::ids::{MS, NodeId, OpId, Us};
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
    /// The longest that a message of a round, or an answer to it, was under way in calm.
    slowest: Us,
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
    at: Us,
    /// Its second phase has begun.
    telling: bool,
    /// When this phase's first message left, whom it asks, and who has got it.
    left: Option<Us>,
    to: Nodes,
    reached: Nodes,
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
    rounds(g, s);
    match s.me() {
        Node::Client(c) => {
            issued(s, court);
            client(g, s, c, court);
        }
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

/// A ts that is used survives its writer's crash: else another write would carry it, too.
fn issued(s: &See<'_>, court: &mut Court) {
    let on_disk = s.disks[s.node.index()].issued;
    for m in s.sent() {
        let Msg::Update { tag, .. } = m.msg else { continue };
        court.hold(ON_DISK_BEFORE_ACK, on_disk >= tag.ts, || {
            let says = format!("{} tells of ts {}, and its disk has less.", s.name(), tag.ts);
            Witness::new([s.node], says)
        });
    }
}

// -------------------------------------------------------------------- how long it takes

/// Whom each round asks, whom it has reached, and how long that and the answers take.
fn rounds(g: &mut Ghost, s: &See<'_>) {
    for m in s.sent() {
        let (op, telling) = match m.msg {
            Msg::ReadQuery { op, .. } => (op, false),
            Msg::Update { op, .. } | Msg::WriteBack { op, .. } => (op, true),
            _ => continue,
        };
        let Some(asked) = g.open.iter_mut().find(|a| a.op == *op) else { continue };
        if asked.telling != telling || asked.left.is_none() {
            (asked.telling, asked.left) = (telling, Some(s.now));
            (asked.to, asked.reached) = (Nodes::default(), Nodes::default());
        }
        asked.to.add(m.to);
    }
    let Happened::Deliver { from, msg, .. } = &s.happened else { return };
    let (op, telling, who) = match msg {
        Msg::ReadQuery { op, .. } => (op, false, s.node),
        Msg::ReadReply { op, .. } => (op, false, *from),
        Msg::Update { op, .. } | Msg::WriteBack { op, .. } => (op, true, s.node),
        Msg::Ack { op } => (op, true, *from),
    };
    let Some(asked) = g.open.iter_mut().find(|a| a.op == *op && a.telling == telling) else {
        return;
    };
    asked.reached.add(who);
    if let Some(left) = asked.left.filter(|_| calm(s, asked)) {
        g.slowest = g.slowest.max(s.now - left);
    }
}

/// Nothing has gone wrong since it was asked.
fn calm(s: &See<'_>, asked: &Asked) -> bool {
    s.steady && s.calm_since <= asked.at
}

/// In calm nobody gives up whom a quorum could have answered.
fn given_up(g: &Ghost, s: &See<'_>, c: &Client, asked: &Asked, court: &mut Court) {
    let wanted = if asked.telling { s.params.write_quorum } else { s.params.read_quorum };
    let up = s.nodes.iter().zip(s.alive).filter(|(n, up)| **up && matches!(n, Node::Replica(_)));
    let patience = g.slowest + s.params.retransmit.end() + 100 * MS;
    let late = s.now > asked.left.unwrap_or(asked.at) + patience;
    // What its own disk does not have yet, it may not tell.
    let saving = s.disks[s.node.index()].issued < c.issued;
    if !calm(s, asked) || up.count() < wanted || !late || saving {
        return;
    }
    let answerable = asked.reached.list().iter().filter(|n| answerable(s, **n));
    let waits_for_them = asked.to.len() >= wanted && answerable.count() < wanted;
    court.hold(A_MAJORITY_IS_ENOUGH, waits_for_them, || {
        let says = [
            "All is calm and enough replicas are up, and ",
            s.name(),
            "'s operation comes to no end.",
        ];
        Witness::new([s.node], says.concat())
    });
}

/// It is up, and no answer of its waits for the disk.
fn answerable(s: &See<'_>, n: NodeId) -> bool {
    let (Some(Node::Replica(r)), Some(disk)) = (s.nodes.get(n.index()), s.disks.get(n.index()))
    else {
        return false;
    };
    s.alive[n.index()] && r.store.0.iter().all(|c| disk.store.get(&c.key).tag >= c.tag)
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
        g.open.push(Asked {
            op: *op,
            key,
            put,
            began,
            floor,
            at: s.now,
            telling: false,
            left: None,
            to: Nodes::default(),
            reached: Nodes::default(),
        });
        // What it asks at once.
        rounds(g, s);
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
        } else if outcome.out == Out::Unknown {
            given_up(g, s, c, &asked, court);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MsgId;
    use crate::protocol::{Cast, Face, Member, Op, ParamSet, Params as _};
    use crate::seq::Roll;

    const OP: OpId = OpId(1);

    fn cast() -> Cast {
        let member = |name: &str, role, place| Member {
            id: name.into(),
            label: name.into(),
            role,
            place,
            absent: false,
        };
        let replicas = [("n1", 0), ("n2", 1), ("n3", 2)];
        let replicas = replicas.map(|(name, place)| member(name, REPLICAS, place));
        Cast { members: [member("c1", 0, 0)].into_iter().chain(replicas).collect() }
    }

    /// One read of c1 that is given up at this time, after its query has come to some of the replicas.
    fn broken(calm_since: Us, asked: u16, reached: u16, at: Us) -> bool {
        let cast = cast();
        let ways = Value::TimeRange(50 * MS as i64, 100 * MS as i64);
        let set = [("nodes", Value::Int(3)), ("retransmit", ways)];
        let set = ParamSet(set.map(|(name, value)| (name.into(), value)).into());
        let params = super::super::Params::read(&set).unwrap();
        let disk = super::super::Disk::default();
        let mut nodes = vec![Node::Client(Box::new(Client::boot(&disk)))];
        nodes.resize_with(4, || Node::Replica(super::super::Replica::boot(&disk)));
        let query = Msg::ReadQuery { op: OP, key: Value::word("x") };
        let mut arena = Roll::default();
        arena.push(query.clone());
        let sent: Vec<_> = (1..=asked).map(|n| (MsgId(u32::from(n)), NodeId(n), 0)).collect();
        let given_up = [(OP, Outcome::unknown())];
        let mut court = Court::new(&ENTRY);
        let mut ghost = Ghost::default();
        let mut step = |now: Us,
                        node: u16,
                        happened: Happened<'_, Abd>,
                        sent: &[(MsgId, NodeId, u32)],
                        replied: &[(OpId, Outcome)]| {
            let step = Step {
                params: &params,
                cast: &cast,
                node: NodeId(node),
                happened,
                before: Face::default(),
                nodes: &nodes,
                disks: &vec![disk.clone(); 4],
                alive: &[true; 4],
                lying: &[false; 4],
                replied,
                at_rest: false,
                now,
                wall: now,
                clock: &|_| (0, 0),
                calm_since,
                longest_way: 0,
                longest_write: 0,
                steady: true,
                sent,
                arena: &arena,
            };
            judge(&mut ghost, &step, &mut court);
        };
        let call = Op { verb: "get", args: vec![Value::word("x")] };
        step(MS, 0, Happened::Request { op: OP, call: &call }, &sent[..], &[][..]);
        for n in 1..=reached {
            let id = MsgId(u32::from(n));
            let came = Happened::Deliver { id, from: NodeId(0), msg: &query };
            step(11 * MS, n, came, &[], &[]);
        }
        step(at, 0, Happened::Other, &[], &given_up);
        court.broken.iter().any(|(at, _)| ENTRY.claims[*at as usize].name == A_MAJORITY_IS_ENOUGH)
    }

    #[test]
    fn an_operation_that_a_majority_could_have_answered_is_not_given_up() {
        assert!(broken(0, 3, 2, 501 * MS), "two of three have it");
        assert!(broken(0, 1, 1, 501 * MS), "it has asked one of three");
        assert!(!broken(0, 3, 1, 501 * MS), "it is under way to two of three");
        assert!(!broken(200 * MS, 3, 2, 501 * MS), "something has happened meanwhile");
        assert!(!broken(0, 3, 2, 100 * MS), "it has not waited long enough");
    }
}
