//! What must hold, judged by what clients were shown and masters hold.
//!
//! Which write came after which is known here without any vector: a client's write comes after all that the
//! client was shown of the key, and after what that came after.

use super::card::*;
use super::merge::Cell;
use super::msg::*;
use super::{MultiMaster, Node, Resolver, Topology};
use crate::few::Bits;
use crate::ids::{NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::seq::{Map, Seq};
use crate::value::Value;

type See<'a> = Step<'a, MultiMaster>;

/// An update's origin and its number there.
type Dot = (NodeId, u64);

#[derive(Clone, Default)]
pub struct Ghost {
    writes: Seq<Write>,
    /// The place of each.
    places: Map<Dot, usize>,
    keys: Map<Value, Written>,
    /// A number has been given again: what is known of a write may be of one that a crash took back.
    again: bool,
    /// What each client was shown of each key.
    shown: Vec<(NodeId, Value, Bits)>,
    /// What the answers to an operation show, by their context.
    said: Map<OpId, Vec<(Vector, Bits)>>,
    asked: Map<OpId, Asked>,
    masters: Vec<Judged>,
    /// From, to, and the update: as acknowledged.
    acked: Map<(NodeId, NodeId, Dot), ()>,
    created: Vec<Value>,
    unsteady: Us,
    last_write: Us,
}

#[derive(Clone)]
struct Write {
    dot: Dot,
    key: Value,
    /// All writes it came after, by their place.
    after: Bits,
}

/// The writes of a key.
#[derive(Clone, Default)]
struct Written {
    /// Of each master in its order: number and place.
    of: Vec<Seq<(u64, usize)>>,
    /// Which of them each master has applied.
    at: Vec<Applied>,
}

#[derive(Clone, Default)]
struct Applied {
    places: Bits,
    /// How many of each master that is.
    taken: Vec<usize>,
}

#[derive(Clone)]
struct Asked {
    verb: &'static str,
    knew: Bits,
}

/// How much of a master's log has been judged.
#[derive(Clone, Default)]
struct Judged {
    len: usize,
    vv: Vector,
}

impl Written {
    fn add(&mut self, (origin, seq): Dot, place: usize) {
        let at = origin.index();
        if self.of.len() <= at {
            self.of.resize_with(at + 1, Seq::default);
        }
        self.of[at].push((seq, place));
    }

    /// Which of them a master has applied, now that it has come so far.
    fn applied(&mut self, master: NodeId, vv: &Vector) -> Bits {
        let at = master.index();
        if self.at.len() <= at {
            self.at.resize_with(at + 1, Applied::default);
        }
        let here = &mut self.at[at];
        here.taken.resize(here.taken.len().max(self.of.len()), 0);
        for ((of, taken), origin) in self.of.iter().zip(&mut here.taken).zip(0..) {
            for (_, place) in
                of.tail(*taken).take_while(|(seq, _)| *seq <= known(vv, NodeId(origin)))
            {
                here.places.add(*place);
                *taken += 1;
            }
        }
        here.places.clone()
    }

    /// A master begins again, perhaps with less.
    fn forget(&mut self, master: NodeId) {
        self.at.get_mut(master.index()).into_iter().for_each(|here| *here = Applied::default());
    }
}

impl Ghost {
    /// Places of the writes whose versions are held.
    fn held(&self, cell: &Cell) -> Vec<usize> {
        cell.versions.iter().filter_map(|v| self.places.get(&v.dot()).copied()).collect()
    }

    /// A new write, or another one under a number that a crash took back: that one was never seen by anybody.
    fn put(&mut self, write: Write) {
        let Some(at) = self.places.get(&write.dot).copied() else {
            let at = self.writes.len();
            self.places.insert(write.dot, at);
            self.keys.slot(write.key.clone()).add(write.dot, at);
            return self.writes.push(write);
        };
        self.again = true;
        let moved = self.writes[at].key != write.key;
        self.writes.set(at, write);
        if moved {
            self.sort_anew();
        }
    }

    fn sort_anew(&mut self) {
        self.keys = Map::default();
        for (dot, place) in self.places.iter() {
            self.keys.slot(self.writes[*place].key.clone()).add(*dot, *place);
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
                g.keys.values_mut().for_each(|written| written.forget(s.node));
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
        let knew = shown.map_or_else(Bits::default, |(.., some)| some.clone());
        g.asked.insert(*op, Asked { verb: call.verb, knew });
    }
    let Happened::Deliver { msg: Msg::Answer { op, key, context, .. }, .. } = &s.happened else {
        return;
    };
    let Some((_, outcome)) = s.replied.iter().find(|(o, _)| o == op) else { return };
    let said = g.said.get(op).and_then(|said| said.iter().find(|(c, _)| c == context));
    if let Some((_, some)) = said {
        let some = some.clone();
        g.shown.retain(|(c, k, _)| *c != s.node || k != key);
        g.shown.push((s.node, key.clone(), some));
    }
    let verb = g.asked.get(op).map_or("", |a| a.verb);
    match verb {
        "create" | "allocate" if outcome.out == Out::Ok => {
            court.hold(UNIQUE_KEYS, !g.created.contains(key), || {
                let says = [
                    s.name(),
                    " is told that ",
                    &key.print(),
                    " is its own, as somebody else was.",
                ]
                .concat();
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
    let (mut some, mut context) = (Bits::default(), vec![]);
    if let Some(cell) = m.cell(key) {
        context = cell.context();
        for i in g.held(cell) {
            some.add(i);
            some.join(&g.writes[i].after);
        }
    }
    g.said.slot(*op).push((context, some));
}

fn applied(g: &mut Ghost, s: &See<'_>, m: &super::master::Master, court: &mut Court) {
    let at = s.node.index();
    for u in m.log.tail(g.masters[at].len) {
        let seen = &mut g.masters[at].vv;
        seen.resize(s.params.nodes, 0);
        let last = std::mem::replace(&mut seen[u.origin.index()], u.seq);
        court.hold(APPLIED_ONCE, u.seq == last + 1, || {
            let me = s.name();
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
    let asked = g.asked.get(&u.op);
    let adds = asked.is_some_and(|a| a.verb == "incr");
    let mut after = asked.map_or_else(Bits::default, |a| a.knew.clone());
    // What is added comes after what it was added to, and a part of a sum after nothing.
    if adds {
        after = Bits::default();
    }
    // Whoever creates has been told by the master what was deleted.
    if adds || asked.is_some_and(|a| a.verb == "create") {
        let of = g.keys.get(&u.key).map_or(&[][..], |written| &written.of);
        for (of, origin) in of.iter().zip(0..) {
            let past = known(&u.past, NodeId(origin));
            for (_, place) in of.iter().rev().skip_while(|(seq, _)| *seq > past) {
                // What the later ones came after is there already.
                if !after.has(*place) || g.again {
                    after.add(*place);
                    after.join(&g.writes[*place].after);
                }
            }
        }
    }
    g.last_write = s.now;
    g.put(Write { dot: u.dot(), key: u.key.clone(), after });
}

fn versions(g: &mut Ghost, s: &See<'_>, m: &super::master::Master, cell: &Cell, court: &mut Court) {
    let held = g.held(cell);
    // What was applied here and is held no more, and what those who wrote what is held had been shown.
    let mut gone = g.keys.slot(cell.key.clone()).applied(s.node, &m.vv);
    let mut seen = Bits::default();
    for h in &held {
        gone.drop(*h);
        seen.join(&g.writes[*h].after);
    }
    if held.len() > 1 {
        let mut past = vec![];
        cell.versions.iter().for_each(|v| join(&mut past, &v.past));
        let blind = |v: &Update| known(&past, v.origin) < v.seq;
        court.hold(SIBLINGS_CONCURRENT, cell.versions.iter().all(blind), || {
            Witness::new([s.node], [s.name(), " holds a version that another has seen."].concat())
        });
        let apart = |a: &usize| !seen.has(*a);
        court.hold(NO_FALSE_SIBLINGS, held.iter().all(apart), || {
            let says = [
                s.name(),
                " holds siblings of ",
                &cell.key.print(),
                ", and one had been shown to the writer of another.",
            ];
            Witness::new([s.node], says.concat())
        });
    }
    if s.params.resolver == Resolver::LastWriter {
        return outstamped(g, s, (&held, &gone, &seen), court);
    }
    let alone = gone.beyond(&seen);
    court.hold_each(NO_WRITE_LOST, gone.count(), alone.is_none(), || {
        alone.map_or_else(Witness::default, |i| lost(s, &g.writes[i], "nobody had been shown it"))
    });
}

/// Of the writes that are gone only those are asked about that what is held came after, or came before.
fn outstamped(
    g: &Ghost,
    s: &See<'_>,
    (held, gone, seen): (&[usize], &Bits, &Bits),
    court: &mut Court,
) {
    // A write comes after earlier ones only, unless a number has been given again.
    let first = if g.again { 0 } else { held.iter().copied().min().unwrap_or(usize::MAX) };
    let mut asked = gone.common(seen);
    let mut wronged = None;
    for i in gone.tail(first) {
        if held.iter().any(|h| g.writes[i].after.has(*h)) {
            asked += u64::from(!seen.has(i));
            wronged = wronged.or(Some(i));
        }
    }
    court.hold_each(NO_CAUSAL_LOSS, asked, wronged.is_none(), || {
        let because = "its writer had seen what is held";
        wronged.map_or_else(Witness::default, |i| lost(s, &g.writes[i], because))
    });
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
        s.name(),
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
            let both = [s.name(), " and ", s.cast.name(n)].concat();
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
        let again = g.acked.contains_key(&(s.node, sent.to, u.dot()));
        court.hold(TRAFFIC_BOUND, !again, || {
            let says = ["Update ", &u.seq.to_string(), " was acknowledged there before."];
            Witness::new([s.node, sent.to], says.concat())
        });
    }
    if let Happened::Deliver { from, msg: Msg::Ack { origin, seq }, .. } = &s.happened {
        g.acked.insert((s.node, *from, (*origin, *seq)), ());
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
        let two = [s.node, apart.unwrap_or(s.node)].map(|n| s.cast.name(n));
        let says = [&two.join(" and "), " have not applied the same."].concat();
        Witness::new([s.node].into_iter().chain(apart), says)
    });
}
