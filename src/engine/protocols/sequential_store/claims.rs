//! The one sequence, judged while it is built: what replicas deliver, and where in it clients' answers stand.
//!
//! That is the paper's own proof, step by step. If all replicas deliver beginnings of one sequence, if a
//! client's writes stand in it in the order they were made, and if each read returns what the sequence says at a
//! place that is after all its client did before, then the sequence with the reads put in at their places
//! explains every answer. With several sequences each is judged by itself: together they promise nothing.

use super::card::*;
use super::msg::*;
use super::order::Order;
use super::{Node, SequentialStore, order_of};
use crate::few::Few;
use crate::ids::{NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::seq::Seq;
use crate::value::Value;

type See<'a> = Step<'a, SequentialStore>;

#[derive(Clone, Default)]
pub struct Ghost {
    /// Steps judged: the order of beginnings and ends.
    count: u64,
    lines: Vec<Line>,
    asked: Vec<Asked>,
    /// When something was last cut, lost, held back or paused; 0 is never.
    unsteady: Us,
    last_put: Us,
}

/// One sequence.
#[derive(Clone, Default)]
struct Line {
    ops: Seq<OpId>,
    /// Of each key its values, with their numbers.
    keys: Vec<(Value, Seq<(u64, Value)>)>,
    /// How far each replica was judged.
    judged: Few<NodeId, u64>,
}

/// A client's operation. Writes stay, reads go when they have ended.
#[derive(Clone)]
struct Asked {
    op: OpId,
    client: NodeId,
    order: u8,
    key: Value,
    put: bool,
    began: u64,
    /// None: not, or not with ok.
    ended: Option<u64>,
    /// The number of a write; of an ended read, the place at which it stands.
    place: Option<u64>,
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
    if g.lines.is_empty() {
        g.lines.resize_with(s.params.orders, Line::default);
    }
    match s.me() {
        Node::Client(_) => client(g, s, court),
        Node::Replica(r) => {
            for o in &r.orders {
                delivered(g, s, o, court);
            }
            all_delivered(g, s, court);
        }
    }
}

// -------------------------------------------------------------------- what replicas deliver

fn delivered(g: &mut Ghost, s: &See<'_>, o: &Order, court: &mut Court) {
    let Some(line) = g.lines.get_mut(o.nr as usize) else { return };
    let judged = line.judged.slot(s.node);
    let from = (*judged).min(o.delivered);
    *judged = o.delivered;
    let news = o.log.tail(from as usize).take((o.delivered - from) as usize);
    for (i, write) in news.enumerate() {
        let number = from + i as u64 + 1;
        let line = &mut g.lines[o.nr as usize];
        let first = line.ops.get(number as usize - 1).copied();
        court.hold(ONE_SEQUENCE, first.is_none_or(|op| op == write.op), || {
            let says = format!("{}'s number {number} is another write elsewhere.", s.name());
            Witness::new([s.node], says)
        });
        if first.is_none() && line.ops.len() as u64 == number - 1 {
            line.extend(number, write);
            in_order(g, s, number, write, court);
        }
    }
}

impl Line {
    fn extend(&mut self, number: u64, write: &Write) {
        self.ops.push(write.op);
        let at = self.keys.iter().position(|(k, _)| *k == write.key).unwrap_or_else(|| {
            self.keys.push((write.key.clone(), Seq::default()));
            self.keys.len() - 1
        });
        self.keys[at].1.push((number, write.val.clone()));
    }

    /// What a key holds after so many writes.
    fn value(&self, key: &Value, place: u64) -> Value {
        let values = self.keys.iter().find(|(k, _)| k == key).map(|(_, values)| values);
        let before = |v: &&(u64, Value)| v.0 <= place;
        let last = values.and_then(|values| values.iter().rev().find(before));
        last.map_or(Value::Int(0), |(_, val)| val.clone())
    }
}

/// A write has got its number: all that its client had done before must stand before it.
fn in_order(g: &mut Ghost, s: &See<'_>, number: u64, write: &Write, court: &mut Court) {
    let Some(at) = g.asked.iter().position(|a| a.op == write.op) else { return };
    g.asked[at].place = Some(number);
    let mine = g.asked[at].clone();
    let wrong = before(g, &mine).find(|a| a.place.is_none_or(|place| place >= number));
    court.hold(OWN_ORDER, wrong.is_none(), || {
        let says = format!(
            "{} did something before number {number} that stands after it.",
            s.cast.name(mine.client)
        );
        Witness::new([mine.client, s.node], says)
    });
}

/// What the client had ended, in the same sequence, when it began this.
fn before<'g>(g: &'g Ghost, mine: &Asked) -> impl Iterator<Item = &'g Asked> {
    let (client, order, began) = (mine.client, mine.order, mine.began);
    let same = move |a: &&Asked| a.client == client && a.order == order;
    g.asked.iter().filter(same).filter(move |a| a.ended.is_some_and(|end| end < began))
}

/// Some time after the last write, and after everything is mended, all have all.
fn all_delivered(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if let Happened::Deliver { msg: Msg::Put { .. }, .. } = s.happened {
        g.last_put = s.now;
    }
    let since = s.calm_since.max(g.unsteady).max(g.last_put);
    let change = if s.params.replicated { s.params.suspect * s.params.nodes as Us } else { 0 };
    let over = s.now > since + 2 * s.params.sync + 4 * s.params.retransmit + change;
    if g.last_put == 0 || !over || !s.alive.iter().all(|a| *a) {
        return;
    }
    for (at, node) in s.nodes.iter().enumerate() {
        let Node::Replica(r) = node else { continue };
        let all = r.orders.iter().zip(&g.lines);
        let lacks = all.filter(|(o, line)| o.delivered < line.ops.len() as u64 || o.pending() > 0);
        court.hold(ALL_DELIVERED, lacks.count() == 0, || {
            let n = NodeId(at as u16);
            Witness::new([n], [s.cast.name(n), " still has not delivered everything."].concat())
        });
    }
}

// -------------------------------------------------------------------- what clients are told

fn client(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if let Happened::Request { op, call } = &s.happened
        && call.verb != "move"
    {
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        g.asked.push(Asked {
            op: *op,
            client: s.node,
            order: order_of(s.params, &key),
            key,
            put: call.verb == "put",
            began: g.count,
            ended: None,
            place: None,
        });
    }
    for (op, outcome) in s.replied {
        let Some(at) = g.asked.iter().position(|a| a.op == *op) else { continue };
        if outcome.out != Out::Ok {
            continue;
        }
        g.asked[at].ended = Some(g.count);
        let Happened::Deliver { msg: Msg::Answer { context, .. }, .. } = &s.happened else {
            continue;
        };
        if !g.asked[at].put {
            g.asked[at].place = Some(context.gseq);
            let mine = g.asked[at].clone();
            read(g, s, &mine, outcome.value.as_ref(), court);
        }
        forget(g, at);
    }
}

/// A read stands at the place its answer names: after all its client did before, and with what the sequence
/// says there.
fn read(g: &Ghost, s: &See<'_>, mine: &Asked, value: Option<&Value>, court: &mut Court) {
    let Some(line) = g.lines.get(mine.order as usize) else { return };
    let place = mine.place.unwrap_or(0);
    let expected = line.value(&mine.key, place);
    court.hold(READS_ITS_PLACE, value == Some(&expected), || {
        let says = format!(
            "{} read another value: after {place} writes it is {}.",
            s.name(),
            expected.print()
        );
        Witness::new([s.node], says)
    });
    let wrong = before(g, mine).find(|a| a.place.is_none_or(|p| p > place));
    court.hold(OWN_ORDER, wrong.is_none(), || {
        let says = format!("{}'s read stands after {place} writes; it had been further.", s.name());
        Witness::new([s.node], says)
    });
}

/// Of reads that have ended only the furthest matters.
fn forget(g: &mut Ghost, at: usize) {
    let mine = g.asked[at].clone();
    let place = mine.place;
    let less = |a: &Asked| {
        let same = a.client == mine.client && a.order == mine.order && a.op != mine.op;
        same && a.ended.is_some() && a.place.is_some() && a.place <= place
    };
    if place.is_some() {
        g.asked.retain(|a| !less(a));
    }
}
