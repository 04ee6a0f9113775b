//! What must hold, judged by what clients were shown and replicas have applied.
//!
//! Which write came after which is known here without any vector: a client's write comes after all that the
//! client has written and been shown, and after what that came after.

use super::card::*;
use super::msg::*;
use super::replica::Replica;
use super::{CausalStore, Node};
use crate::few::{Bits, Few};
use crate::ids::{NodeId, OpId, SEC, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;

type See<'a> = Step<'a, CausalStore>;

#[derive(Clone, Default)]
pub struct Ghost {
    writes: Vec<Known>,
    asked: Few<OpId, Asked>,
    /// What an answer shows: a write, and all that it came after.
    shown: Few<OpId, Bits>,
    clients: Few<NodeId, Past>,
    replicas: Few<NodeId, Seen>,
    last_write: Us,
    unsteady: Us,
}

#[derive(Clone)]
struct Known {
    dot: (NodeId, u64),
    vc: Vector,
    /// What its writer had written or been shown.
    after: Bits,
    /// What its origin had applied.
    had: Bits,
    /// Undone by a crash before anybody knew of it.
    gone: bool,
}

#[derive(Clone, Default)]
struct Asked {
    knew: Bits,
    moves: u32,
}

/// What a client has written and been shown; without a context, since it came to its replica.
#[derive(Clone, Default)]
struct Past {
    writes: Bits,
    moves: u32,
}

#[derive(Clone, Default)]
struct Seen {
    /// How much of its log has been judged.
    len: usize,
    applied: Bits,
    delivered: Bits,
}

impl Ghost {
    pub fn judge(&mut self, s: &See<'_>, court: &mut Court) {
        if s.at_rest {
            return;
        }
        let again = matches!(s.happened, Happened::Start { .. }) && s.now > 0;
        if !s.steady || again || matches!(s.happened, Happened::Crash) {
            self.unsteady = s.now.max(1);
        }
        match s.me() {
            Node::Client(_) => self.client(s),
            Node::Replica(r) => self.replica(s, r, court),
        }
    }

    // ---------------------------------------------------------------- clients

    fn client(&mut self, s: &See<'_>) {
        let me = self.clients.slot(s.node);
        if let Happened::Request { op, call } = &s.happened {
            if call.verb != "move" {
                self.asked.put(*op, Asked { knew: me.writes.clone(), moves: me.moves });
            } else if s.replied.iter().any(|(_, out)| out.out == Out::Ok) && !s.params.context {
                *me = Past { writes: Bits::default(), moves: me.moves + 1 };
            }
            return;
        }
        for (op, _) in s.replied.iter().filter(|(_, out)| out.out == Out::Ok) {
            // An answer of the replica it has left says nothing of the one it is at.
            let here = self.asked.get(*op).is_some_and(|a| a.moves == me.moves);
            if let Some(shown) = self.shown.get(*op).filter(|_| here) {
                me.writes.join(shown);
            }
        }
    }

    // ---------------------------------------------------------------- replicas

    fn replica(&mut self, s: &See<'_>, r: &Replica, court: &mut Court) {
        match &s.happened {
            Happened::Crash => return,
            Happened::Start { .. } => self.started(s, r),
            Happened::Deliver { msg: Msg::Write(w), .. } => {
                let at = self.of(w);
                at.into_iter().for_each(|at| self.replicas.slot(s.node).delivered.add(at));
            }
            _ => {}
        }
        self.applied(s, r, court);
        self.held(s, r, court);
        self.answers(s, court);
        self.spreads(s, r, court);
    }

    fn of(&self, w: &Write) -> Option<usize> {
        self.writes.iter().position(|k| k.dot == w.dot())
    }

    /// What its disk did not have yet, nobody has seen.
    fn started(&mut self, s: &See<'_>, r: &Replica) {
        let mut seen = Seen { len: r.log.len(), ..Seen::default() };
        for at in r.log.iter().filter_map(|w| self.of(w)) {
            seen.applied.add(at);
            seen.delivered.add(at);
        }
        for at in r.buffer.iter().filter_map(|h| self.of(&h.write)) {
            seen.delivered.add(at);
        }
        self.replicas.put(s.node, seen);
        for at in 0..self.writes.len() {
            let somebody = self.replicas.values().any(|seen| seen.delivered.has(at));
            let mine = self.writes[at].dot.0 == s.node;
            self.writes[at].gone |= mine && !somebody;
        }
    }

    fn applied(&mut self, s: &See<'_>, r: &Replica, court: &mut Court) {
        let mut seen = self.replicas.take(s.node).unwrap_or_default();
        let news = seen.len < r.log.len();
        for w in r.log.tail(seen.len) {
            if w.origin == s.node {
                self.written(s, w, &seen.applied);
            }
            let Some(at) = self.of(w) else { continue };
            let early = self.writes[at].after.beyond(&seen.applied);
            court.hold(CAUSAL_ORDER, early.is_none(), || {
                let first = early.map_or(NodeId(0), |e| self.writes[e].dot.0);
                let says = [s.name(), " applies ", &w.key.print(), "=", &w.val.print()].concat();
                let name = s.cast.name(first).to_string();
                Witness::new(
                    [s.node, first],
                    says + " before a write of " + &name + " it came after.",
                )
            });
            seen.applied.add(at);
            seen.delivered.add(at);
        }
        seen.len = r.log.len();
        self.replicas.put(s.node, seen);
        if news && s.params.tie_break {
            self.same(s, r, court);
        }
    }

    fn written(&mut self, s: &See<'_>, w: &Write, had: &Bits) {
        let after = self.asked.get(w.op).map_or_else(Bits::default, |a| a.knew.clone());
        let known = Known { dot: w.dot(), vc: w.vc.clone(), after, had: had.clone(), gone: false };
        self.last_write = s.now;
        // What a crash took back was never seen by anybody, and its number is given again.
        match self.of(w) {
            Some(at) => self.writes[at] = known,
            None => self.writes.push(known),
        }
    }

    fn same(&self, s: &See<'_>, r: &Replica, court: &mut Court) {
        let Some(mine) = self.replicas.get(s.node) else { return };
        for (n, theirs) in self.replicas.iter().filter(|(n, _)| *n != s.node) {
            let (a, b) = (&mine.applied, &theirs.applied);
            let Node::Replica(other) = &s.nodes[n.index()] else { continue };
            if s.alive[n.index()] && a.beyond(b).is_none() && b.beyond(a).is_none() {
                court.hold(SAME, other.store == r.store, || {
                    Witness::new(
                        [s.node, *n],
                        [
                            s.name(),
                            " and ",
                            s.cast.name(*n),
                            " have applied the same, and show different values.",
                        ]
                        .concat(),
                    )
                });
            }
        }
    }

    fn held(&self, s: &See<'_>, r: &Replica, court: &mut Court) {
        let Some(seen) = self.replicas.get(s.node) else { return };
        for h in &r.buffer {
            let Some(at) = self.of(&h.write) else { continue };
            let lacks = self.writes[at].had.beyond(&seen.applied);
            court.hold(FOR_A_REASON, lacks.is_some(), || {
                let says =
                    [s.name(), " has all that came before ", &h.write.key.print(), "."].concat();
                Witness::new([s.node, h.write.origin], says)
            });
        }
        let all = self.writes.iter().enumerate().all(|(at, w)| w.gone || seen.delivered.has(at));
        if all && !self.writes.is_empty() {
            court.hold(DRAINS, r.buffer.is_empty(), || {
                let n = r.buffer.len().to_string();
                Witness::new(
                    [s.node],
                    [s.name(), " holds ", &n, " back, and nothing is to come."].concat(),
                )
            });
        }
    }

    fn answers(&mut self, s: &See<'_>, court: &mut Court) {
        for sent in s.sent() {
            let Msg::Answer { op, seen, .. } = sent.msg else { continue };
            let (Some(asked), Some(me)) = (self.asked.get(*op), self.replicas.get(s.node)) else {
                continue;
            };
            let lacks = asked.knew.beyond(&me.applied);
            court.hold(COVERS, lacks.is_none(), || {
                Witness::new([sent.to, s.node], "The client has seen a write that is not here.")
            });
            let mut shown = Bits::default();
            if let Some(at) = self.writes.iter().position(|k| k.vc == *seen) {
                shown.join(&self.writes[at].after);
                shown.add(at);
            }
            self.shown.put(*op, shown);
        }
    }

    fn spreads(&self, s: &See<'_>, r: &Replica, court: &mut Court) {
        let since = s.calm_since.max(self.unsteady).max(self.last_write);
        let due = since + 2 * s.params.retransmit + SEC;
        let all_up = s.alive.iter().all(|a| *a);
        if s.params.retransmit == 0 || self.writes.is_empty() || s.now <= due || !all_up {
            return;
        }
        let apart = s.nodes.iter().position(|n| matches!(n, Node::Replica(o) if o.v != r.v));
        court.hold(SPREADS, apart.is_none(), || {
            let other = apart.map(|at| NodeId(at as u16));
            let nodes = [s.node].into_iter().chain(other);
            Witness::new(nodes, "One has applied what the other has not.")
        });
    }
}
