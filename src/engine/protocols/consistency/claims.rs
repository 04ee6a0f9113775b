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
                    if let Some(ok) = truth.views(model) {
                        court.hold("ViewsExist", ok, || wrong(j));
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

    fn session(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.ops[a], &self.ops[b]);
        a.session == b.session && a.invoke < b.invoke
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

    /// Whether each session has an order of all writes and its own reads; for the models that ask for that.
    fn views(&self, model: Model) -> Option<bool> {
        match model {
            Model::CausalMemory | Model::Pram => self.views_of(model, &self.members()),
            _ => None,
        }
    }

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
        let found = match model {
            Model::Linearizable => self.orderable(&few, &|a, b| self.time(a, b)),
            Model::Sequential => self.orderable(&few, &|a, b| self.session(a, b)),
            Model::CausalMemory | Model::Pram => self.views_of(model, &few),
            Model::WeakCausal => self.pasts(&few),
            _ => Some(false),
        };
        found.map(|found| !found)
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
