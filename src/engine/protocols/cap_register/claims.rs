//! What must hold in each mode, judged by what clients asked and were told, by what replicas hold, and by
//! which message reached whom.
//!
//! Linearizability is judged as it happens. Every write of a run writes another value, so for each value
//! it is enough to know when its write or a read of it first *ended*, and when one last *began*: two values
//! that each ended before the other's last beginning fit into no order (Gibbons and Korach 1997). Where a
//! value is written twice the key is left out; the history at the end of a scenario is judged by search.

use super::card::*;
use super::msg::*;
use super::{CapRegister, Mode, Node, replicas};
use crate::ids::{MS, NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type See<'a> = Step<'a, CapRegister>;

#[derive(Clone, Default)]
pub struct Ghost {
    /// Steps judged: the order of beginnings and ends.
    count: u64,
    /// When something was last cut, lost, held back or paused; 0 is never.
    unsteady: Us,
    /// Somebody was once taken for dead.
    parted: bool,
    /// Nodes as they were last seen, and what they have been told of.
    seen: Vec<Seen>,
    open: Vec<Asked>,
    keys: Vec<History>,
    stamps: Vec<(Value, Version)>,
    last_put: Us,
}

#[derive(Clone, Default)]
struct Seen {
    cells: Vec<Cell>,
    told: Vec<(Value, Value)>,
    /// Operations that reached this replica, with the time; answered ones stay, to know copies.
    asked: Vec<(OpId, Us, bool)>,
    /// A client: the values of each key it was shown.
    shown: Vec<(Value, Value)>,
}

/// A client's operation, until it comes back.
#[derive(Clone)]
struct Asked {
    op: OpId,
    key: Value,
    put: Option<Value>,
    began: u64,
    at: Us,
}

#[derive(Clone)]
struct History {
    key: Value,
    values: Vec<Lived>,
    /// A value was written twice.
    unclear: bool,
}

/// One value of a key: when its write or a read of it first ended, and when one last began.
#[derive(Clone)]
struct Lived {
    value: Value,
    first_end: u64,
    last_begin: u64,
    /// Nobody has read it, and its write has not ended well: it need not have happened.
    rumour: bool,
    failed: bool,
    /// What its writer had been shown.
    knew: Vec<Value>,
}

pub fn judge(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if s.at_rest {
        return;
    }
    g.count += 1;
    let again = matches!(s.happened, Happened::Start { .. }) && s.now > 0;
    if !s.steady || again || matches!(s.happened, Happened::Crash) {
        g.unsteady = s.now.max(1);
    }
    if g.seen.len() < s.nodes.len() {
        g.seen.resize_with(s.nodes.len(), Seen::default);
    }
    match s.me() {
        Node::Client(_) => client(g, s, court),
        Node::Server(_) => replica(g, s, court),
    }
}

fn replica(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let Node::Server(me) = s.me() else { return };
    let at = s.node.index();
    match &s.happened {
        Happened::Start { .. } => g.seen[at].cells = me.store.0.clone(),
        Happened::Crash => g.seen[at].asked.clear(),
        Happened::Deliver { msg, .. } => told(g, s, msg),
        _ => {}
    }
    g.parted |= !me.dead.is_empty();
    held(g, s, &me.store, court);
    answers(g, s, court);
    if s.params.mode.local() {
        answers_alone(g, s, court);
        converged(g, s, court);
    }
}

// -------------------------------------------------------------------- what replicas hold

/// Look at the cells that have changed.
fn held(g: &mut Ghost, s: &See<'_>, store: &Store, court: &mut Court) {
    for now in &store.0 {
        let old = g.seen[s.node.index()].cells.iter().position(|c| c.key == now.key);
        let was = old.and_then(|i| g.seen[s.node.index()].cells.get(i).cloned());
        if was.as_ref().is_some_and(|w| w.versions == now.versions) {
            continue;
        }
        one_value(g, s, now, court);
        if let Some(was) = &was {
            grows(s, was, now, court);
            if s.params.mode == Mode::Siblings {
                nothing_lost(g, s, was, now, court);
            }
        }
        let cells = &mut g.seen[s.node.index()].cells;
        match old {
            Some(i) => cells[i] = now.clone(),
            None => cells.push(now.clone()),
        }
    }
}

fn one_value(g: &mut Ghost, s: &See<'_>, now: &Cell, court: &mut Court) {
    for v in &now.versions {
        let known = g.stamps.iter().find(|(k, w)| *k == now.key && w.tag == v.tag);
        let same = known.is_none_or(|(_, w)| w.value == v.value);
        if known.is_none() {
            g.stamps.push((now.key.clone(), v.clone()));
        }
        court.hold(ONE_VALUE_PER_STAMP, same, || {
            let says = format!("Stamp {} is on two values of {}.", v.tag.ts, now.key.print());
            Witness::new([s.node], says)
        });
    }
}

fn grows(s: &See<'_>, was: &Cell, now: &Cell, court: &mut Court) {
    let vector = was.seen.iter().all(|(n, ts)| now.seen.get(*n).is_some_and(|m| m >= ts));
    let ok = if s.params.mode == Mode::Siblings { vector } else { now.tag() > was.tag() };
    court.hold(STAMPS_ONLY_GROW, ok, || {
        let says = format!("{} replaced stamp {} by {}.", s.name(), was.tag().ts, now.tag().ts);
        Witness::new([s.node], says)
    });
}

fn nothing_lost(g: &Ghost, s: &See<'_>, was: &Cell, now: &Cell, court: &mut Court) {
    let Some(h) = g.keys.iter().find(|h| h.key == now.key && !h.unclear) else { return };
    for gone in was.versions.iter().filter(|v| !now.versions.contains(v)) {
        let mut left: Vec<&Value> = now.versions.iter().map(|v| &v.value).collect();
        let mut done: Vec<&Value> = vec![];
        let mut known = false;
        while let Some(v) = left.pop() {
            known |= *v == gone.value;
            if known || done.contains(&v) {
                continue;
            }
            done.push(v);
            let knew = h.values.iter().find(|l| l.value == *v).map(|l| &l.knew);
            left.extend(knew.into_iter().flatten());
        }
        court.hold(NO_WRITE_LOST, known, || {
            let says =
                format!("{} dropped {}, and nobody had seen it.", s.name(), gone.value.print());
            Witness::new([s.node], says)
        });
    }
}

fn converged(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let periods = if s.params.every_peer {
        2
    } else {
        2 * u64::from(s.params.nodes.next_power_of_two().trailing_zeros()) + 4
    };
    let since = s.calm_since.max(g.unsteady).max(g.last_put);
    let over = s.now > since + periods * s.params.anti_entropy;
    if g.last_put == 0 || !over || !s.alive.iter().all(|a| *a) {
        return;
    }
    let stores = || {
        replicas(s.params, s.cast).filter_map(|n| match &s.nodes[n.index()] {
            Node::Server(r) => Some((n, &r.store)),
            _ => None,
        })
    };
    let Some((first, model)) = stores().next() else { return };
    let other = stores().find(|(_, store)| !same(store, model)).map(|(n, _)| n);
    court.hold(CONVERGED, other.is_none(), || {
        Witness::new([first].into_iter().chain(other), "They still do not hold the same.")
    });
}

fn same(a: &Store, b: &Store) -> bool {
    a.0.len() == b.0.len()
        && a.0.iter().zip(&b.0).all(|(a, b)| a.key == b.key && a.versions == b.versions)
}

// -------------------------------------------------------------------- what replicas hear and say

/// Which values a message tells of.
fn news(msg: &Msg) -> Vec<(Value, Value)> {
    let of = |c: &Cell| {
        let key = c.key.clone();
        c.versions.iter().map(move |v| (key.clone(), v.value.clone())).collect::<Vec<_>>()
    };
    match msg {
        Msg::Put { wish, .. } | Msg::Forward { wish, .. } => {
            wish.value.iter().map(|v| (wish.key.clone(), v.clone())).collect()
        }
        Msg::Answer { key, values, .. } => {
            values.iter().map(|v| (key.clone(), v.clone())).collect()
        }
        Msg::ReadReply { cell, .. } | Msg::Update { cell, .. } | Msg::Inv { cell } => of(cell),
        Msg::LeaseGrant { cells, .. }
        | Msg::Replicate { cells, .. }
        | Msg::Flush { cells }
        | Msg::Repair { cells } => cells.0.iter().flat_map(of).collect(),
        _ => vec![],
    }
}

fn told(g: &mut Ghost, s: &See<'_>, msg: &Msg) {
    let seen = &mut g.seen[s.node.index()];
    for one in news(msg) {
        if !seen.told.contains(&one) {
            seen.told.push(one);
        }
    }
    if let Msg::Get { wish } | Msg::Put { wish, .. } = msg {
        if !seen.asked.iter().any(|(op, ..)| *op == wish.op) {
            seen.asked.push((wish.op, s.now, false));
        }
        if wish.value.is_some() {
            g.last_put = s.now;
        }
    }
}

fn answers(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    for m in s.sent() {
        let Msg::Answer { op, key, status: Status::Ok, values, .. } = m.msg else { continue };
        let seen = &mut g.seen[s.node.index()];
        for v in values.iter().filter(|v| **v != Value::Int(0)) {
            let told = seen.told.iter().any(|(k, w)| k == key && w == v);
            court.hold(NO_NEWS_WITHOUT_A_MESSAGE, told, || {
                let says =
                    format!("Nobody had told {} of {}={}.", s.name(), key.print(), v.print());
                Witness::new([s.node], says)
            });
        }
        let Some(asked) = seen.asked.iter_mut().find(|(o, ..)| o == op) else { continue };
        // The answer to a copy is none of it.
        if !std::mem::replace(&mut asked.2, true)
            && s.params.mode.local()
            && s.calm_since <= asked.1
        {
            let took = s.now - asked.1;
            court.hold(ANSWERS_ALONE, took <= alone(s), || late(s, s.node, took));
        }
    }
}

/// How long who waits for nobody may take: a slow disk is nobody else.
fn alone(s: &See<'_>) -> Us {
    5 * MS + s.longest_write
}

fn late(s: &See<'_>, n: NodeId, took: Us) -> Witness {
    Witness::new([n], format!("{} was asked {} ms ago.", s.cast.name(n), took / MS))
}

fn answers_alone(g: &Ghost, s: &See<'_>, court: &mut Court) {
    let seen = &g.seen[s.node.index()];
    let late_one = seen
        .asked
        .iter()
        .find(|(_, at, answered)| !answered && s.calm_since <= *at && s.now > at + alone(s));
    if let Some((_, at, _)) = late_one {
        court.hold(ANSWERS_ALONE, false, || late(s, s.node, s.now - at));
    }
}

// -------------------------------------------------------------------- what clients see

fn client(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    match &s.happened {
        Happened::Request { op, call } => {
            let key = call.key().cloned().unwrap_or(Value::Int(0));
            let put = call.arg(1).filter(|_| call.verb == "put").cloned();
            if let Some(value) = &put {
                begins(g, s, &key, value);
            }
            g.open.push(Asked { op: *op, key, put, began: g.count, at: s.now });
        }
        Happened::Deliver { msg: Msg::Answer { key, values, .. }, .. } => {
            let shown = &mut g.seen[s.node.index()].shown;
            for v in values {
                if !shown.iter().any(|(k, w)| k == key && w == v) {
                    shown.push((key.clone(), v.clone()));
                }
            }
        }
        _ => {}
    }
    for (op, outcome) in s.replied {
        let Some(at) = g.open.iter().position(|a| a.op == *op) else { continue };
        let asked = g.open.remove(at);
        available(g, s, &asked, outcome.out, court);
        if linear(g, s) {
            ended(g, s, &asked, outcome.out, outcome.value.as_ref(), court);
        }
    }
}

/// Whether this mode promises one history, now.
fn linear(g: &Ghost, s: &See<'_>) -> bool {
    match s.params.mode {
        Mode::AssumeDead => !g.parted,
        mode => !mode.local(),
    }
}

fn begins(g: &mut Ghost, s: &See<'_>, key: &Value, value: &Value) {
    let shown = g.seen[s.node.index()].shown.iter().filter(|(k, _)| k == key);
    let knew = shown.map(|(_, v)| v.clone()).collect();
    let count = g.count;
    let h = history(g, key);
    h.unclear |= h.values.iter().any(|l| l.value == *value);
    h.values.push(Lived {
        value: value.clone(),
        first_end: u64::MAX,
        last_begin: count,
        rumour: true,
        failed: false,
        knew,
    });
}

/// What a key has lived through; it begins as 0.
fn history<'g>(g: &'g mut Ghost, key: &Value) -> &'g mut History {
    let at = g.keys.iter().position(|h| h.key == *key).unwrap_or_else(|| {
        let zero = Lived {
            value: Value::Int(0),
            first_end: 0,
            last_begin: 0,
            rumour: false,
            failed: false,
            knew: vec![],
        };
        g.keys.push(History { key: key.clone(), values: vec![zero], unclear: false });
        g.keys.len() - 1
    });
    &mut g.keys[at]
}

fn ended(
    g: &mut Ghost,
    s: &See<'_>,
    asked: &Asked,
    out: Out,
    value: Option<&Value>,
    court: &mut Court,
) {
    let now = g.count;
    let h = history(g, &asked.key);
    let value = asked.put.as_ref().or(value).unwrap_or(&Value::Int(0)).clone();
    let Some(at) = h.values.iter().position(|l| l.value == value) else {
        if out == Out::Ok {
            court.hold(LINEARIZABLE, false, || no_order(s, &value, &value));
        }
        return;
    };
    let l = &mut h.values[at];
    match out {
        Out::Unknown => return,
        Out::Failed if asked.put.is_none() => return,
        Out::Failed => l.failed = true,
        Out::Ok => {
            l.first_end = l.first_end.min(now);
            l.last_begin = l.last_begin.max(asked.began);
            l.rumour = false;
        }
    }
    if h.unclear {
        return;
    }
    let l = h.values[at].clone();
    let other = h.values.iter().find(|u| {
        let apart = u.first_end < l.last_begin && l.first_end < u.last_begin;
        apart && !u.rumour && u.value != l.value
    });
    let ok = other.is_none() && (!l.failed || l.rumour);
    let other = other.map_or(l.value.clone(), |u| u.value.clone());
    court.hold(LINEARIZABLE, ok, || no_order(s, &l.value, &other));
}

fn no_order(s: &See<'_>, value: &Value, other: &Value) -> Witness {
    let says = if value == other {
        format!("{} was never written.", value.print())
    } else {
        format!("No order puts {} and {} one after the other.", value.print(), other.print())
    };
    Witness::new([s.node], says)
}

fn available(g: &Ghost, s: &See<'_>, asked: &Asked, out: Out, court: &mut Court) {
    let mended = s.calm_since.max(g.unsteady);
    if mended == 0 {
        court.hold(AVAILABLE_WHEN_WHOLE, out == Out::Ok, || {
            Witness::new([s.node], "Nothing had gone wrong.")
        });
    } else if s.params.mode.refuses() && asked.at >= mended + recovery(s) && may_resume(s) {
        court.hold(RESUMES_IN_TIME, out == Out::Ok, || {
            let says = format!(
                "All was mended {} ms before {} asked.",
                (asked.at - mended) / MS,
                s.name()
            );
            Witness::new([s.node], says)
        });
    }
}

/// The client's replica is up, and a majority.
fn can_answer(s: &See<'_>) -> bool {
    let Node::Client(c) = s.me() else { return false };
    let up = replicas(s.params, s.cast).filter(|n| s.alive[n.index()]).count();
    s.alive[c.home.index()] && up >= s.params.majority()
}

/// Somebody can answer; and where a lease must be had for it, who wants it later hears of the one before in time.
fn may_resume(s: &See<'_>) -> bool {
    let in_turn = s.params.mode != Mode::Lease || s.params.stagger > 2 * trip(s);
    in_turn && can_answer(s)
}

/// A trip as slow as the slowest so far.
fn trip(s: &See<'_>) -> Us {
    s.params.client_link.max(10 * MS).max(s.longest_way)
}

/// How long a CP register may take to find itself again.
fn recovery(s: &See<'_>) -> Us {
    let trips = 4 * trip(s);
    let lease = match s.params.mode {
        Mode::Lease => s.params.promise() + s.params.stagger * s.params.nodes as Us,
        _ => 0,
    };
    lease + trips + s.params.retransmit
}
