//! What must hold of the honest replicas, whatever up to f others do (§4.5).
//!
//! Judged by what was done: disks, messages, answers. A liar is not judged, and what it says proves nothing.
//! More than f liars excuse nobody: that the claims break then is what such a scenario expects.

use super::card::*;
use super::log::Phase;
use super::msg::*;
use super::replica::Replica;
use super::{Node, Params, Pbft};
use crate::few::{Few, Nodes};
use crate::ids::{Hex, NodeId, Us};
use crate::protocol::{Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type See<'a> = Step<'a, Pbft>;

#[derive(Clone, Default)]
pub struct Ghost {
    /// What an honest replica has executed first under each number.
    executed: Few<SeqNo, (Digest, NodeId)>,
    /// What was committed at honest replicas, and in which view first.
    committed: Few<SeqNo, (Digest, View)>,
    /// How far each replica's executions have been judged, and its view.
    seen: Few<NodeId, (SeqNo, View)>,
    /// By number and view: who has said it is prepared.
    prepared: Few<(SeqNo, View), Vec<(Digest, Nodes)>>,
    checkpoints: Few<SeqNo, Hex>,
    /// Views that have begun: their messages may be sent again.
    begun: Few<View, ()>,
    /// Who has entered which view.
    entered: Few<(NodeId, View), ()>,
    /// Honest answers to each request, and whether they were tentative.
    results: Few<Id, Vec<(Value, bool)>>,
    /// Each client's newest request, and since when it has been under way.
    asked: Few<NodeId, (u64, Us)>,
    unsteady: Us,
}

pub fn judge(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if s.at_rest {
        return;
    }
    if !s.steady {
        g.unsteady = s.now;
    }
    if let Node::Client(_) = s.me() {
        return client(g, s, court);
    }
    if s.lying.get(s.node.index()) == Some(&true) {
        return;
    }
    sent(g, s, court);
    if let Some(r) = on_disk(s, s.node) {
        kept(g, s, r, court);
    }
    entered(g, s, court);
}

type Court = crate::protocol::Court;

/// A replica as it would come back: what it has not saved has not happened.
fn on_disk<'a>(s: &See<'a>, n: NodeId) -> Option<&'a Replica> {
    s.disks.get(n.index()).and_then(|d| d.log.as_deref())
}

/// Each `@` is the name of whoever did it.
fn wrong(s: &See<'_>, others: &[NodeId], says: &[&str]) -> Witness {
    let says = says.concat().replace('@', s.name());
    Witness::new([&[s.node], others].concat(), says)
}

fn named(s: &See<'_>, d: Digest) -> String {
    match d {
        Some((c, t)) => ["request ", &t.to_string(), " of ", s.cast.name(c)].concat(),
        None => "the null request".into(),
    }
}

// -------------------------------------------------------------------- replicas

/// Executions and the view, as the disk has them.
fn kept(g: &mut Ghost, s: &See<'_>, r: &Replica, court: &mut Court) {
    let (done, view) = g.seen.get(s.node).copied().unwrap_or((0, 0));
    if r.v != view {
        court.hold(VIEWS_RISE, r.v > view, || {
            wrong(
                s,
                &[],
                &["@ was in view ", &view.to_string(), ", and is in ", &r.v.to_string(), "."],
            )
        });
    }
    for (n, d) in r.executed.iter().filter(|(n, _)| *n > done) {
        executed(g, s, *n, *d, court);
        for o in r.log.orders().iter().filter(|o| o.n == *n && committed(s.params, r, o)) {
            note_committed(g, o);
        }
    }
    g.seen.put(s.node, (r.last_executed.max(done), r.v.max(view)));
}

fn executed(g: &mut Ghost, s: &See<'_>, n: SeqNo, d: Digest, court: &mut Court) {
    let (first, by) = *g.executed.slot_or(n, || (d, s.node));
    court.hold(AGREEMENT, first == d, || {
        let says = ["As n ", &n.to_string(), " @ executed ", &named(s, d), ", and "];
        wrong(s, &[by], &[&says.concat(), s.cast.name(by), " ", &named(s, first), "."])
    });
    let know = |((m, _), all): &((SeqNo, View), Vec<(Digest, Nodes)>)| {
        let of = all.iter().filter(|_| *m == n).find(|(e, _)| *e == d);
        of.map_or(0, |(_, by)| by.len())
    };
    let most = g.prepared.iter().map(know).max().unwrap_or(0);
    court.hold(WIDELY_PREPARED, most > s.params.f, || {
        let says =
            ["@ executes ", &named(s, d), " as number ", &n.to_string(), ", prepared at only "];
        let needed = [" honest, and it takes ", &(s.params.f + 1).to_string(), "."].concat();
        wrong(s, &[], &[&says.concat(), &most.to_string(), &needed])
    });
}

fn sent(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    for m in s.sent() {
        match m.msg {
            Msg::Prepare(vote) => within(s, vote.body(), court),
            Msg::Commit(vote) => {
                within(s, vote.body(), court);
                prepared(g, s, vote.body(), court);
            }
            Msg::Checkpoint(c) => checkpoint(g, s, c.body(), court),
            Msg::NewView(new) if g.begun.put(new.v, ()) => new_view(g, s, new, court),
            Msg::Reply(reply) => replied(g, s, reply, court),
            // Reads without a number may find replicas apart.
            Msg::ReadReply(m) => g.results.slot((m.c, m.t)).push((m.r.clone(), true)),
            _ => {}
        }
    }
}

/// Whoever began the view: what an honest replica has accepted is judged as its own.
fn entered(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let Node::Replica(r) = s.me() else { return };
    let Some(new) = r.new_view.as_ref().filter(|new| r.listens(new.v)) else { return };
    if g.entered.put((s.node, new.v), ()) {
        new_view(g, s, new, court);
    }
}

fn within(s: &See<'_>, o: &Vote, court: &mut Court) {
    let high = on_disk(s, s.node).map_or(0, |r| r.h) + s.params.window;
    court.hold(LOG_BOUND, o.n <= high, || {
        wrong(s, &[], &["@ takes n ", &o.n.to_string(), ", above ", &high.to_string(), "."])
    });
}

fn prepared(g: &mut Ghost, s: &See<'_>, o: &Vote, court: &mut Court) {
    let all = g.prepared.slot((o.n, o.v));
    let at = all.iter().position(|(d, _)| *d == o.d).unwrap_or(all.len());
    if at == all.len() {
        all.push((o.d, Nodes::default()));
    }
    if !all[at].1.add(s.node) {
        return;
    }
    let other = all.iter().find(|(d, _)| *d != o.d);
    court.hold(PREPARED_UNIQUE, other.is_none(), || {
        let (d, by) = other.map_or((None, &[][..]), |(d, by)| (*d, by.list()));
        let at = ["At (view ", &o.v.to_string(), ", n ", &o.n.to_string(), ") @ has prepared "];
        wrong(s, by, &[&at.concat(), &named(s, o.d), ", and another replica ", &named(s, d), "."])
    });
}

fn checkpoint(g: &mut Ghost, s: &See<'_>, c: &Checkpoint, court: &mut Court) {
    let first = *g.checkpoints.slot_or(c.n, || c.d);
    court.hold(SAME_STATE, first == c.d, || {
        wrong(s, &[], &["The state of @ after n ", &c.n.to_string(), " is not that of another."])
    });
}

fn note_committed(g: &mut Ghost, o: &Vote) {
    if g.committed.get(o.n).is_none_or(|(_, v)| *v > o.v) {
        g.committed.put(o.n, (o.d, o.v));
    }
}

/// committed-local, as the paper counts it.
fn committed(params: &Params, r: &Replica, o: &Vote) -> bool {
    let count = |phase| r.log.who(phase, o, true).len();
    count(Phase::Prepare) >= params.quorum() - 1 && count(Phase::Commit) >= params.quorum()
}

/// Whatever earlier views have committed at an honest replica, above the stable checkpoint, is asked for
/// again.
fn new_view(g: &mut Ghost, s: &See<'_>, new: &NewView, court: &mut Court) {
    for i in s.params.replicas().filter(|i| s.lying.get(i.index()) != Some(&true)) {
        let Some(r) = on_disk(s, i) else { continue };
        for o in r.log.orders().iter().filter(|o| committed(s.params, r, o)) {
            note_committed(g, o);
        }
    }
    let low = new.changes.iter().map(|c| c.body().n).max().unwrap_or(0);
    for (n, (d, v)) in g.committed.iter().filter(|(n, _)| *n > low) {
        if *v >= new.v {
            continue;
        }
        let has = new.o.iter().any(|o| (o.body().n, o.body().d) == (*n, *d));
        court.hold(NEW_VIEW_KEEPS, has, || {
            let v = ["View ", &new.v.to_string(), " begins without "].concat();
            wrong(s, &[], &[&v, &named(s, *d), ", committed as number ", &n.to_string(), "."])
        });
    }
}

fn replied(g: &mut Ghost, s: &See<'_>, m: &Reply, court: &mut Court) {
    let all = g.results.slot((m.c, m.t));
    let first = all.iter().find(|(_, early)| !early).map_or(&m.r, |(r, _)| r).clone();
    if !all.iter().any(|(r, early)| (r, early) == (&m.r, &m.tentative)) {
        all.push((m.r.clone(), m.tentative));
    }
    if m.tentative {
        return;
    }
    court.hold(ONE_RESULT, first == m.r, || {
        let what = named(s, Some((m.c, m.t)));
        wrong(
            s,
            &[],
            &[
                "To ",
                &what,
                " @ answers ",
                &m.r.print(),
                ", and another replica ",
                &first.print(),
                ".",
            ],
        )
    });
}

// -------------------------------------------------------------------- clients

fn client(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    let Node::Client(c) = s.me() else { return };
    for (_, out) in s.replied {
        let accepted = c.accepted.as_ref().filter(|_| out.out == Out::Ok);
        if let Some((t, r)) = accepted {
            let honest = g.results.get((s.node, *t)).is_some_and(|a| a.iter().any(|(v, _)| v == r));
            court.hold(TRUE_RESULT, honest, || {
                let says = ["@ believes ", &r.print(), ", which no honest replica has answered."];
                wrong(s, &[], &[&says.concat()])
            });
        }
        if out.out != Out::Failed {
            answered(g, s, accepted.is_some(), court);
        }
    }
    if g.asked.get(s.node).is_none_or(|(t, _)| *t != c.t) {
        g.asked.put(s.node, (c.t, s.now));
    }
}

/// In calm and with enough honest replicas up, nobody waits in vain for as long as a client waits.
fn answered(g: &Ghost, s: &See<'_>, ok: bool, court: &mut Court) {
    let since = g.asked.get(s.node).map_or(s.now, |(_, since)| *since);
    let calm = s.calm_since.max(g.unsteady).max(since);
    let up =
        |i: &NodeId| s.alive.get(i.index()) == Some(&true) && s.lying.get(i.index()) != Some(&true);
    let enough = s.params.replicas().filter(up).count() >= s.params.quorum();
    let long = s.now >= calm + s.params.patience;
    if s.steady && enough && (ok || long) {
        court.hold(ANSWERED, ok, || {
            wrong(
                s,
                &[],
                &["All is calm and enough replicas are up, and the request of @ is not executed."],
            )
        });
    }
}
