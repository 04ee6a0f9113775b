//! The judge of the judge: the checker's verdicts against the definitions, by trying orders one by one.
//!
//! It keeps its own history, of what sessions really did and when, and looks at no search but its own. That
//! one knows no shortcut, so it is asked of few operations: of the witness of a refusal, and of the views
//! of a short history. What it cannot settle it does not judge.

use super::checker::{Checker, Judged, implies};
use super::session::Session;
use super::{Consistency, Node, Timer};
use crate::check::history::{HistOp, History, Kind, Model, Status};
use crate::ids::{OpId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

/// Operations the naive search may take before it is called off, and how many it is asked of at all.
const PATIENCE: u32 = 50_000;
const SHORT: usize = 24;

/// Operations with their true instants, in the order of their beginning.
#[derive(Clone, Default)]
pub struct Ghost {
    did: Vec<(OpId, HistOp)>,
}

impl Ghost {
    pub fn judge(&mut self, s: &Step<'_, Consistency>, court: &mut Court) {
        match (s.me(), &s.happened) {
            (Node::Session(session), Happened::Request { op, .. }) => {
                self.begins(s, session, *op);
            }
            (Node::Checker(c), Happened::Timeout(Timer::Judge)) => {
                self.weigh(s, c, court);
            }
            _ => {}
        }
        s.replied.iter().for_each(|(op, out)| self.ends(*op, out.out, &out.value, s.now));
    }

    fn begins(&mut self, s: &Step<'_, Consistency>, session: &Session, op: OpId) {
        let Some(doing) = session.open.iter().find(|d| d.op == op) else { return };
        let kind = match &doing.put {
            Some(value) => Kind::Write(value.clone()),
            None => Kind::Read(Value::Int(0)),
        };
        let taken = |lane: u32| {
            let mut mine = self.did.iter().filter(|(_, d)| d.session == lane);
            mine.any(|(_, d)| d.status == Status::Unknown)
        };
        let first = u32::from(s.node.0) << 16;
        let session = (first..).find(|lane| !taken(*lane)).unwrap_or(first);
        let key = doing.key.print();
        let (node, invoke, ret, status) = (s.node, s.now, None, Status::Unknown);
        self.did.push((op, HistOp { session, node, key, kind, invoke, ret, status }));
    }

    fn ends(&mut self, op: OpId, out: Out, got: &Option<Value>, now: Us) {
        let Some((_, did)) = self.did.iter_mut().find(|(id, _)| *id == op) else { return };
        did.ret = Some(now);
        did.status = match out {
            Out::Ok => Status::Ok,
            Out::Failed => Status::Failed,
            Out::Unknown => Status::Unknown,
        };
        if let (Kind::Read(value), Some(got)) = (&mut did.kind, got) {
            *value = got.clone();
        }
    }

    /// What the checker has counted, as it really was.
    fn truth(&self, c: &Checker) -> Truth {
        let known = |op: &OpId| c.heard.get(*op).filter(|h| h.began.is_some());
        let mut did: Vec<(OpId, HistOp)> = Vec::new();
        for (op, d) in &self.did {
            let Some(heard) = known(op) else { continue };
            let mut d = d.clone();
            if heard.ended.is_none() {
                (d.status, d.ret) = (Status::Unknown, None);
            }
            did.push((*op, d));
        }
        crate::few::sort_by_key(&mut did, |(_, d)| (d.invoke, d.ret));
        let ids = did.iter().map(|(op, _)| *op).collect();
        let ops = History::from_instants(did.into_iter().map(|(_, d)| d).collect()).ops;
        Truth { ids, ops }
    }

    fn weigh(&self, s: &Step<'_, Consistency>, c: &Checker, court: &mut Court) {
        let truth = self.truth(c);
        let wrong = |j: &Judged| Witness::new([s.node], [j.model, ": ", &j.says].concat());
        for j in &c.verdicts {
            let Some(model) = Model::of_word(j.model) else { continue };
            match j.holds {
                Some(true) if !j.order.is_empty() => {
                    court.hold("OrderExplains", truth.explained(model, &j.order), || wrong(j));
                }
                Some(true) => {
                    let one = matches!(model, Model::Linearizable | Model::Sequential);
                    if let Some(ok) = truth.allows(model, &truth.members()) {
                        court.hold(if one { "OrderExplains" } else { "ViewsExist" }, ok, || {
                            wrong(j)
                        });
                    }
                }
                Some(false) if model != Model::Eventual && !j.witness.is_empty() => {
                    if let Some(ok) = truth.proved(model, &j.witness) {
                        court.hold("RefusalProved", ok, || wrong(j));
                    }
                }
                _ => {}
            }
            for weak in &c.verdicts {
                let known = Model::of_word(weak.model).is_some_and(|weak| implies(model, weak));
                if known && j.holds == Some(true) && weak.holds.is_some() {
                    court.hold("Lattice", weak.holds == Some(true), || wrong(weak));
                }
            }
        }
    }
}

struct Truth {
    ids: Vec<OpId>,
    ops: Vec<HistOp>,
}

/// Whether one operation must come before another.
type Before<'a> = &'a dyn Fn(usize, usize) -> bool;

impl Truth {
    fn is_write(&self, i: usize) -> bool {
        matches!(self.ops[i].kind, Kind::Write(_))
    }

    fn must(&self, i: usize) -> bool {
        self.ops[i].status == Status::Ok && self.ops[i].ret.is_some()
    }

    /// Those an order may hold: what failed did not happen, what was read and never returned says nothing.
    fn counts(&self, i: usize) -> bool {
        self.must(i) || self.ops[i].status == Status::Unknown && self.is_write(i)
    }

    fn members(&self) -> Vec<usize> {
        (0..self.ops.len()).filter(|i| self.counts(*i)).collect()
    }

    /// a before b in their session, which ends with the first operation that never returned.
    fn session(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.ops[a], &self.ops[b]);
        let ends = |u: &HistOp| {
            u.session == a.session
                && u.status == Status::Unknown
                && (a.invoke..b.invoke).contains(&u.invoke)
        };
        a.session == b.session && a.invoke < b.invoke && !self.ops.iter().any(ends)
    }

    fn time(&self, a: usize, b: usize) -> bool {
        self.must(a) && self.ops[a].ret.is_some_and(|ret| ret < self.ops[b].invoke)
    }

    /// b read what a wrote.
    fn read(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.ops[a], &self.ops[b]);
        match (&a.kind, &b.kind) {
            (Kind::Write(v), Kind::Read(w)) => a.key == b.key && v == w,
            _ => false,
        }
    }

    /// Session order and reads, closed.
    fn causes(&self, of: &[usize]) -> Vec<Vec<bool>> {
        let n = self.ops.len();
        let mut co = vec![vec![false; n]; n];
        for a in of {
            for b in of {
                co[*a][*b] = self.session(*a, *b) || self.read(*a, *b);
            }
        }
        for m in of {
            for a in of.iter().filter(|a| co[**a][*m]).copied().collect::<Vec<_>>() {
                for b in of {
                    co[a][*b] |= co[*m][*b];
                }
            }
        }
        co
    }

    /// The order holds what it must, keeps what the model asks to keep, and every read returns the last
    /// write of its key.
    fn explained(&self, model: Model, order: &[OpId]) -> bool {
        let places: Vec<usize> =
            order.iter().filter_map(|op| self.ids.iter().position(|id| id == op)).collect();
        let all = self.members();
        let whole = all.iter().all(|i| !self.must(*i) || places.contains(i));
        let real = places.len() == order.len() && places.iter().all(|i| all.contains(i));
        let kept = |(at, b): (usize, &usize)| {
            places[..at].iter().all(|a| match model {
                Model::Linearizable => !self.time(*b, *a),
                _ => !self.session(*b, *a),
            })
        };
        let mut store = Store::default();
        whole
            && real
            && places.iter().enumerate().all(kept)
            && places.iter().all(|i| store.take(&self.ops[*i]).is_some())
    }

    /// Whether these operations fit the model, by its definition; for the models that ask for orders.
    fn allows(&self, model: Model, of: &[usize]) -> Option<bool> {
        match model {
            Model::Linearizable => self.orderable(of, &|a, b| self.time(a, b)),
            Model::Sequential => self.orderable(of, &|a, b| self.session(a, b)),
            Model::CausalMemory | Model::Pram => self.views_of(model, of),
            Model::CausalConvergence => self.converges(of),
            Model::WeakCausal => self.pasts(of),
            _ => None,
        }
    }

    /// Whether each session has an order of all writes and its own reads.
    fn views_of(&self, model: Model, of: &[usize]) -> Option<bool> {
        if of.len() > 2 * SHORT {
            return None;
        }
        let co = self.causes(of);
        let before = |a: usize, b: usize| match model {
            Model::Pram => self.session(a, b),
            _ => co[a][b],
        };
        for reader in of.iter().filter(|i| !self.is_write(**i)) {
            let session = self.ops[*reader].session;
            let mine = |i: &usize| self.is_write(*i) || self.ops[*i].session == session;
            let view: Vec<usize> = of.iter().copied().filter(mine).collect();
            // The session's last read stands for all of them.
            let last = view.iter().rev().find(|i| !self.is_write(**i));
            if last == Some(reader) && !self.orderable(&view, &before)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Whether a refusal stands by itself: nothing is in it that did not happen, no write is missing that a
    /// read of it may have seen, and it has no order of its own.
    fn proved(&self, model: Model, witness: &[OpId]) -> Option<bool> {
        let place = |op: &OpId| self.ids.iter().position(|id| id == op);
        let mut few: Vec<usize> = witness.iter().filter_map(place).collect();
        crate::few::sort(&mut few);
        let seen = |w: &usize| few.iter().any(|r| self.read(*w, *r));
        let fair = self.members().iter().all(|w| few.contains(w) || !seen(w));
        if !fair || few.iter().any(|i| !self.counts(*i)) {
            return Some(false);
        }
        match self.allows(model, &few) {
            Some(fits) => Some(!fits),
            None => self.misses(model, &few),
        }
    }

    /// Whether one of the reads should have seen one of the writes by this guarantee, or returned what nobody
    /// wrote; none for other models.
    fn misses(&self, model: Model, of: &[usize]) -> Option<bool> {
        let co = self.causes(of);
        let source = |r: usize| of.iter().copied().find(|w| self.read(*w, r));
        // What a read's client had read before.
        let seen =
            |r: usize| of.iter().copied().filter(move |s| self.session(*s, r)).filter_map(source);
        let must_see = |w: usize, r: usize| -> Option<bool> {
            Some(match model {
                Model::ReadYourWrites => self.session(w, r),
                Model::MonotonicReads => seen(r).any(|s| s == w),
                Model::MonotonicWrites => seen(r).any(|s| self.session(w, s)),
                Model::WritesFollowReads => co[w][r],
                _ => return None,
            })
        };
        for r in of.iter().copied().filter(|r| !self.is_write(*r)) {
            let from = source(r);
            if from.is_none() && self.ops[r].kind != Kind::Read(Value::Int(0)) {
                return Some(true);
            }
            for w in of.iter().copied().filter(|w| self.is_write(*w)) {
                let newer = from.is_none_or(|from| match model {
                    Model::WritesFollowReads => co[from][w],
                    _ => self.session(from, w),
                });
                let rival = from != Some(w) && self.ops[w].key == self.ops[r].key && newer;
                if must_see(w, r)? && rival {
                    return Some(true);
                }
            }
        }
        Some(model == Model::WritesFollowReads && of.iter().any(|i| co[*i][*i]))
    }

    /// Whether one order of all writes keeps causes, and every read returns the last write of its past.
    fn converges(&self, of: &[usize]) -> Option<bool> {
        let writes: Vec<usize> = of.iter().copied().filter(|i| self.is_write(*i)).collect();
        if writes.len() > SHORT {
            return None;
        }
        let reads: Vec<usize> = of.iter().copied().filter(|i| !self.is_write(*i)).collect();
        let mut left = PATIENCE;
        self.go_on_writing(&writes, &reads, &self.causes(of), &mut vec![], &mut left)
    }

    fn go_on_writing(
        &self,
        writes: &[usize],
        reads: &[usize],
        co: &[Vec<bool>],
        taken: &mut Vec<usize>,
        left: &mut u32,
    ) -> Option<bool> {
        if taken.len() == writes.len() {
            return Some(reads.iter().all(|r| self.returns_last(*r, taken, co)));
        }
        *left = left.checked_sub(1)?;
        for w in writes.iter().filter(|w| !taken.contains(w)).copied().collect::<Vec<_>>() {
            if !writes.iter().all(|x| taken.contains(x) || !co[*x][w]) {
                continue;
            }
            taken.push(w);
            let found = self.go_on_writing(writes, reads, co, taken, left)?;
            taken.pop();
            if found {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether a read returns the last write of its key in its past, by this order.
    fn returns_last(&self, r: usize, order: &[usize], co: &[Vec<bool>]) -> bool {
        let mut store = Store::default();
        order.iter().filter(|w| co[**w][r]).for_each(|w| {
            store.take(&self.ops[*w]);
        });
        store.take(&self.ops[r]).is_some()
    }

    /// Whether each read has an order of what it depends on.
    fn pasts(&self, of: &[usize]) -> Option<bool> {
        if of.len() > 2 * SHORT {
            return None;
        }
        let co = self.causes(of);
        for r in of.iter().filter(|i| !self.is_write(**i)) {
            let counts = |i: &usize| i == r || self.is_write(*i) && co[*i][*r];
            let past: Vec<usize> = of.iter().copied().filter(counts).collect();
            if !self.orderable(&past, &|a, b| co[a][b])? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Tries every order; says nothing if there are too many.
    fn orderable(&self, of: &[usize], before: Before) -> Option<bool> {
        if of.len() > SHORT {
            return None;
        }
        let mut left = PATIENCE;
        self.go_on(of, before, &mut vec![], &Store::default(), &mut left)
    }

    fn go_on(
        &self,
        of: &[usize],
        before: Before,
        taken: &mut Vec<usize>,
        store: &Store,
        left: &mut u32,
    ) -> Option<bool> {
        if of.iter().all(|i| !self.must(*i) || taken.contains(i)) {
            return Some(true);
        }
        *left = left.checked_sub(1)?;
        for i in of.iter().filter(|i| !taken.contains(i)).copied().collect::<Vec<_>>() {
            let free = of.iter().all(|x| taken.contains(x) || !before(*x, i));
            let mut next = store.clone();
            if !free || next.take(&self.ops[i]).is_none() {
                continue;
            }
            taken.push(i);
            let found = self.go_on(of, before, taken, &next, left)?;
            taken.pop();
            if found {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// One copy of everything.
#[derive(Clone, Default)]
struct Store(Vec<(String, Value)>);

impl Store {
    /// Does an operation; none if its answer is not what is there.
    fn take(&mut self, op: &HistOp) -> Option<()> {
        let at = self.0.iter().position(|(key, _)| *key == op.key);
        match &op.kind {
            Kind::Write(value) => match at {
                Some(at) => self.0[at].1 = value.clone(),
                None => self.0.push((op.key.clone(), value.clone())),
            },
            Kind::Read(value) => {
                let have = at.map_or(&Value::Int(0), |at| &self.0[at].1);
                return (have == value).then_some(());
            }
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;

    /// One operation a line and an instant: session, key, value, and whether it writes.
    fn truth(did: &[(u32, &str, i64, bool)]) -> Truth {
        let op = |(at, &(session, key, value, writes)): (usize, &(u32, &str, i64, bool))| HistOp {
            session,
            node: NodeId(session as u16),
            key: key.into(),
            kind: if writes {
                Kind::Write(Value::Int(value))
            } else {
                Kind::Read(Value::Int(value))
            },
            invoke: 2 * at as u64,
            ret: Some(2 * at as u64 + 1),
            status: Status::Ok,
        };
        let ops: Vec<HistOp> = did.iter().enumerate().map(op).collect();
        Truth { ids: (0..ops.len() as u32).map(OpId).collect(), ops }
    }

    fn all(t: &Truth, model: Model) -> Option<bool> {
        t.allows(model, &t.members())
    }

    #[test]
    fn clients_that_see_two_writes_in_turn_do_not_converge() {
        let t =
            truth(&[(0, "x", 1, true), (1, "x", 2, true), (0, "x", 2, false), (1, "x", 1, false)]);
        assert_eq!(all(&t, Model::CausalConvergence), Some(false));
        for model in [Model::WeakCausal, Model::CausalMemory, Model::Pram] {
            assert_eq!(all(&t, model), Some(true), "{model:?}");
        }
        let t =
            truth(&[(0, "x", 1, true), (1, "x", 2, true), (0, "x", 2, false), (1, "x", 2, false)]);
        assert_eq!(all(&t, Model::CausalConvergence), Some(true));
        assert_eq!(all(&t, Model::Linearizable), Some(true));
    }

    #[test]
    fn what_is_known_and_overwritten_is_in_nobodys_past() {
        let t =
            truth(&[(0, "x", 1, true), (0, "x", 2, true), (1, "x", 2, false), (1, "x", 1, false)]);
        for model in [Model::WeakCausal, Model::CausalConvergence, Model::Sequential] {
            assert_eq!(all(&t, model), Some(false), "{model:?}");
        }
    }

    #[test]
    fn each_guarantee_misses_what_it_names_and_no_other_does() {
        use Model::*;
        let both = [(0, "x", 1, true), (0, "x", 2, true)];
        let cases = [
            (ReadYourWrites, truth(&[(0, "x", 1, true), (0, "x", 0, false)])),
            (MonotonicReads, truth(&[both[0], both[1], (1, "x", 2, false), (1, "x", 1, false)])),
            (
                MonotonicWrites,
                truth(&[both[0], (0, "y", 1, true), (1, "y", 1, false), (1, "x", 0, false)]),
            ),
        ];
        for (model, t) in cases {
            for other in [ReadYourWrites, MonotonicReads, MonotonicWrites] {
                let missed = t.misses(other, &t.members());
                assert_eq!(missed, Some(other == model), "{other:?} where {model:?} is broken");
            }
        }
        let others =
            [(1, "x", 1, false), (1, "x", 2, true), (2, "x", 2, false), (2, "x", 1, false)];
        let t = truth(&[&both[..1], &others].concat());
        assert_eq!(t.misses(WritesFollowReads, &t.members()), Some(true));
        assert_eq!(t.misses(MonotonicReads, &t.members()), Some(false));
        assert_eq!(t.misses(Linearizable, &t.members()), None);
    }
}
