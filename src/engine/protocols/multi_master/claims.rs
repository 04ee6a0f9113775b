//! What must hold, judged by what clients were shown and masters hold.
//!
//! Which write came after which is known here without any vector: a client's write comes after all that the
//! client was shown of the key, and after what that came after.

use super::card::*;
use super::merge::Cell;
use super::msg::*;
use super::{MultiMaster, Node, Resolver, Topology};
use crate::ids::{NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type See<'a> = Step<'a, MultiMaster>;

#[derive(Clone, Default)]
pub struct Ghost {
    writes: Vec<Write>,
    /// What each client was shown of each key.
    shown: Vec<(NodeId, Value, Writes)>,
    /// What an answer to an operation shows, by its context.
    said: Vec<(OpId, Vector, Writes)>,
    asked: Vec<Asked>,
    masters: Vec<Judged>,
    /// From, to, and the update: as acknowledged.
    acked: Vec<(NodeId, NodeId, (NodeId, u64))>,
    created: Vec<Value>,
    unsteady: Us,
    last_write: Us,
}

#[derive(Clone)]
struct Write {
    dot: (NodeId, u64),
    key: Value,
    /// All writes it came after.
    after: Writes,
}

#[derive(Clone)]
struct Asked {
    op: OpId,
    verb: &'static str,
    knew: Writes,
}

/// How much of a master's log has been judged.
#[derive(Clone, Default)]
struct Judged {
    len: usize,
    vv: Vector,
}

/// Some of the writes, by their place.
#[derive(Clone, Default)]
struct Writes(Vec<u64>);

impl Writes {
    fn has(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1)
    }
    fn add(&mut self, i: usize) {
        if self.0.len() <= i / 64 {
            self.0.resize(i / 64 + 1, 0);
        }
        self.0[i / 64] |= 1 << (i % 64);
    }
    fn join(&mut self, more: &Writes) {
        if self.0.len() < more.0.len() {
            self.0.resize(more.0.len(), 0);
        }
        for (mine, word) in self.0.iter_mut().zip(&more.0) {
            *mine |= word;
        }
    }
}

pub fn judge(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if s.at_rest {
        return;
    }
    let again = matches!(s.happened, Happened::Start { .. }) && s.now > 0;
    if !s.steady || again || matches!(s.happened, Happened::Crash) {
        g.unsteady = s.now.max(1);
    }
    match s.me() {
        Node::Client(_) => client(g, s, court),
        Node::Master(m) => {
            if g.masters.len() <= s.node.index() {
                g.masters.resize_with(s.node.index() + 1, Judged::default);
            }
            if matches!(s.happened, Happened::Start { .. }) {
                let vv = m.vv.clone();
                g.masters[s.node.index()] = Judged { len: m.log.len(), vv };
            }
            applied(g, s, m, court);
            says(g, s, m);
            sends(g, s, court);
            spreads(g, s, court);
        }
    }
}

// -------------------------------------------------------------------- clients

fn client(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if let Happened::Request { op, call } = &s.happened {
        let key = call.key().filter(|_| call.verb != "allocate");
        let shown = g.shown.iter().find(|(c, k, _)| *c == s.node && Some(k) == key);
        let knew = shown.map_or_else(Writes::default, |(.., some)| some.clone());
        g.asked.push(Asked { op: *op, verb: call.verb, knew });
    }
    let Happened::Deliver { msg: Msg::Answer { op, key, context, .. }, .. } = &s.happened else {
        return;
    };
    let Some((_, outcome)) = s.replied.iter().find(|(o, _)| o == op) else { return };
    if let Some((.., some)) = g.said.iter().find(|(o, c, _)| o == op && c == context) {
        let some = some.clone();
        g.shown.retain(|(c, k, _)| *c != s.node || k != key);
        g.shown.push((s.node, key.clone(), some));
    }
    let verb = g.asked.iter().find(|a| a.op == *op).map_or("", |a| a.verb);
    match verb {
        "create" | "allocate" if outcome.out == Out::Ok => {
            court.hold(UNIQUE_KEYS, !g.created.contains(key), || {
                let says = ["Somebody else was told the same of ", &key.print(), "."].concat();
                Witness::new([s.node], says)
            });
            g.created.push(key.clone());
        }
        "delete" => g.created.retain(|k| k != key),
        _ => {}
    }
}

// -------------------------------------------------------------------- masters

/// An answer shows what is held when it is made.
fn says(g: &mut Ghost, s: &See<'_>, m: &super::master::Master) {
    let Happened::Deliver { msg: Msg::Get { op, .. } | Msg::Put { op, .. }, .. } = &s.happened
    else {
        return;
    };
    // A new row has a key only now.
    let key = match &s.happened {
        Happened::Deliver { msg: Msg::Get { key, .. }, .. } => key,
        Happened::Deliver { msg: Msg::Put { how, key, .. }, .. } if *how != How::Allocate => key,
        _ => return,
    };
    let (mut some, mut context) = (Writes::default(), vec![]);
    if let Some(cell) = m.cell(key) {
        context = cell.context();
        for i in held(g, cell) {
            some.add(i);
            some.join(&g.writes[i].after);
        }
    }
    g.said.push((*op, context, some));
}

/// Places of the writes whose versions are held.
fn held(g: &Ghost, cell: &Cell) -> Vec<usize> {
    let at = |v: &Update| g.writes.iter().position(|w| w.dot == v.dot());
    cell.versions.iter().filter_map(at).collect()
}

fn applied(g: &mut Ghost, s: &See<'_>, m: &super::master::Master, court: &mut Court) {
    let at = s.node.index();
    for u in m.log.tail(g.masters[at].len) {
        let seen = &mut g.masters[at].vv;
        seen.resize(s.params.nodes, 0);
        let last = std::mem::replace(&mut seen[u.origin.index()], u.seq);
        court.hold(APPLIED_ONCE, u.seq == last + 1, || {
            let me = s.cast.name(s.node);
            let says = format!("{me} applies number {} after number {last}.", u.seq);
            Witness::new([s.node, u.origin], says)
        });
        if u.origin == s.node {
            written(g, s, u);
        }
        if let Some(cell) = m.cell(&u.key) {
            versions(g, s, m, cell, court);
        }
    }
    if g.masters[at].len < m.log.len() {
        g.masters[at].len = m.log.len();
        converged(s, m, court);
    }
}

fn written(g: &mut Ghost, s: &See<'_>, u: &Update) {
    let asked = g.asked.iter().find(|a| a.op == u.op);
    let adds = asked.is_some_and(|a| a.verb == "incr");
    let mut after = asked.map_or_else(Writes::default, |a| a.knew.clone());
    // What is added comes after what it was added to, and a part of a sum after nothing.
    if adds {
        after = Writes::default();
    }
    // Whoever creates has been told by the master what was deleted.
    if adds || asked.is_some_and(|a| a.verb == "create") {
        for (i, w) in g.writes.iter().enumerate() {
            if w.key == u.key && known(&u.past, w.dot.0) >= w.dot.1 {
                after.add(i);
                after.join(&w.after);
            }
        }
    }
    let write = Write { dot: u.dot(), key: u.key.clone(), after };
    g.last_write = s.now;
    // What a crash took back was never seen by anybody, and its number is given again.
    match g.writes.iter().position(|w| w.dot == write.dot) {
        Some(at) => g.writes[at] = write,
        None => g.writes.push(write),
    }
}

fn versions(g: &Ghost, s: &See<'_>, m: &super::master::Master, cell: &Cell, court: &mut Court) {
    let held = held(g, cell);
    if held.len() > 1 {
        let blind = |v: &Update| !cell.versions.iter().any(|w| w.covers(v));
        court.hold(SIBLINGS_CONCURRENT, cell.versions.iter().all(blind), || {
            Witness::new(
                [s.node],
                [s.cast.name(s.node), " holds a version that another has seen."].concat(),
            )
        });
        let apart = |a: &usize| !held.iter().any(|b| g.writes[*b].after.has(*a));
        court.hold(NO_FALSE_SIBLINGS, held.iter().all(apart), || {
            let says = [
                s.cast.name(s.node),
                " holds siblings of ",
                &cell.key.print(),
                ", and one had been shown to the writer of another.",
            ];
            Witness::new([s.node], says.concat())
        });
    }
    let lww = s.params.resolver == Resolver::LastWriter;
    for (i, w) in g.writes.iter().enumerate() {
        let here = known(&m.vv, w.dot.0) >= w.dot.1;
        if w.key != cell.key || !here || held.contains(&i) {
            continue;
        }
        let replaced = held.iter().any(|h| g.writes[*h].after.has(i));
        let knew = held.iter().any(|h| w.after.has(*h));
        if !lww {
            court.hold(NO_WRITE_LOST, replaced, || lost(s, w, "nobody had been shown it"));
        } else if replaced || knew {
            court.hold(NO_CAUSAL_LOSS, !knew, || lost(s, w, "its writer had seen what is held"));
        }
    }
}

fn lost(s: &See<'_>, w: &Write, because: &str) -> Witness {
    let (origin, seq) = w.dot;
    let name = s.cast.name(origin);
    let says = [
        "Update ",
        &seq.to_string(),
        " of ",
        name,
        " is gone at ",
        s.cast.name(s.node),
        ", and ",
        because,
        ".",
    ];
    Witness::new([s.node, origin], says.concat())
}

fn others<'a>(s: &'a See<'_>) -> impl Iterator<Item = (NodeId, &'a super::master::Master)> {
    s.nodes.iter().enumerate().filter(|(i, _)| s.alive[*i]).filter_map(|(i, node)| match node {
        Node::Master(m) => Some((NodeId(i as u16), &**m)),
        Node::Client(_) => None,
    })
}

fn converged(s: &See<'_>, m: &super::master::Master, court: &mut Court) {
    for (n, other) in others(s).filter(|(n, other)| *n != s.node && other.vv == m.vv) {
        court.hold(CONVERGENCE, other.cells == m.cells, || {
            let both = [s.cast.name(s.node), " and ", s.cast.name(n)].concat();
            Witness::new(
                [s.node, n],
                [&both, " have applied the same, and do not hold the same."].concat(),
            )
        });
    }
}

fn sends(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    for sent in s.sent() {
        let Msg::Update(u) = sent.msg else { continue };
        let again = g.acked.iter().any(|a| *a == (s.node, sent.to, u.dot()));
        court.hold(TRAFFIC_BOUND, !again, || {
            let says = ["Update ", &u.seq.to_string(), " was acknowledged there before."];
            Witness::new([s.node, sent.to], says.concat())
        });
    }
    if let Happened::Deliver { from, msg: Msg::Ack { origin, seq }, .. } = &s.happened {
        g.acked.push((s.node, *from, (*origin, *seq)));
    }
}

fn spreads(g: &Ghost, s: &See<'_>, court: &mut Court) {
    let rounds = match s.params.topology {
        Topology::Mesh => 2,
        _ => s.params.nodes as Us + 1,
    };
    let since = s.calm_since.max(g.unsteady).max(g.last_write);
    let due = since + rounds * s.params.sync;
    let all_up = s.alive.iter().all(|a| *a);
    if s.params.sync == 0 || g.last_write == 0 || s.now <= due || !all_up {
        return;
    }
    let Node::Master(me) = s.me() else { return };
    let apart = others(s).find(|(_, m)| m.vv != me.vv).map(|(n, _)| n);
    court.hold(SPREADS_IN_TIME, apart.is_none(), || {
        Witness::new([s.node].into_iter().chain(apart), "One has applied what the other has not.")
    });
}
