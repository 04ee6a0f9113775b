//! A history made ready for judging: what cannot matter is dropped, keys and values are small numbers,
//! sessions end at their first uncertain operation.

use super::{HistOp, History, Kind, Status};
use crate::few;
use crate::few::Few;
use crate::seq::Map;
use crate::value::Value;

/// No response: later than every event.
pub const NEVER: u64 = u64::MAX;

/// One operation that counts.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// Its index in the history.
    pub op: usize,
    pub session: u32,
    pub key: u32,
    /// The value that must be there.
    pub sees: Option<u32>,
    /// The value that must not be there.
    pub dodges: Option<u32>,
    pub then: Then,
    pub invoke: u64,
    pub ret: u64,
    /// An order has to contain it; an unknown operation may be left out.
    pub must: bool,
}

/// What an operation does to its object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    Keep,
    Set(u32),
    Add(i64),
    Append(u32),
}

impl Act {
    pub fn is_read(&self) -> bool {
        self.then == Then::Keep
    }

    pub fn writes(&self) -> Option<u32> {
        match self.then {
            Then::Set(v) => Some(v),
            _ => None,
        }
    }

    pub fn computes(&self) -> bool {
        matches!(self.then, Then::Add(_) | Then::Append(_))
    }

    /// The object after the operation, or nothing if its answer contradicts the object before.
    pub fn step(&self, state: u32, values: &mut Values) -> Option<u32> {
        if self.sees.is_some_and(|v| v != state) || self.dodges == Some(state) {
            return None;
        }
        match self.then {
            Then::Keep => Some(state),
            Then::Set(v) => Some(v),
            Then::Add(by) => values.add(state, by),
            Then::Append(v) => values.append(state, v),
        }
    }
}

/// Values by number. A value of one key has another number than the same value of another key.
#[derive(Clone, Debug, Default)]
pub struct Values {
    list: Vec<(u32, Value)>,
    ids: Map<(u32, Value), u32>,
}

impl Values {
    pub fn id(&mut self, key: u32, value: &Value) -> u32 {
        let entry = (key, value.clone());
        if let Some(id) = self.ids.get(&entry) {
            return *id;
        }
        let id = self.list.len() as u32;
        self.list.push(entry.clone());
        self.ids.insert(entry, id);
        id
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    fn add(&mut self, state: u32, by: i64) -> Option<u32> {
        let (key, value) = &self.list[state as usize];
        let sum = value.as_int()?.checked_add(by)?;
        Some(self.id(*key, &Value::Int(sum)))
    }

    fn append(&mut self, state: u32, item: u32) -> Option<u32> {
        let (key, Value::List(have)) = &self.list[state as usize] else { return None };
        let key = *key;
        let mut longer = have.clone();
        longer.push(self.list[item as usize].1.clone());
        Some(self.id(key, &Value::List(longer)))
    }
}

/// The operations that count, in order of invocation.
#[derive(Clone, Debug)]
pub struct Problem {
    pub acts: Vec<Act>,
    pub keys: Vec<String>,
    /// Per key, the value before the first write.
    pub initial: Vec<u32>,
    pub values: Values,
    births: Vec<u32>,
}

impl Problem {
    pub fn of(h: &History) -> Problem {
        let mut p = Problem::with_keys(h);
        let mut order: Vec<usize> = (0..h.ops.len()).collect();
        few::sort_by_key(&mut order, |i| h.ops[*i].invoke);
        let mut sessions = Sessions::default();
        for op in order {
            let session = sessions.of(&h.ops[op]);
            let act = p.act(op, session, &h.ops[op]);
            if h.ops[op].status != Status::Failed && (act.must || !act.is_read()) {
                p.acts.push(act);
            }
        }
        p.drop_unnoticed();
        p.count_births();
        p
    }

    fn with_keys(h: &History) -> Problem {
        let mut keys: Vec<String> = h.ops.iter().map(|op| op.key.clone()).collect();
        few::sort(&mut keys);
        keys.dedup();
        let mut values = Values::default();
        let first = |key: &String| h.initial.get(key).cloned().unwrap_or_else(|| blank(h, key));
        let initial = keys.iter().enumerate().map(|(k, key)| values.id(k as u32, &first(key)));
        let initial = initial.collect();
        Problem { acts: Vec::new(), keys, initial, values, births: Vec::new() }
    }

    fn act(&mut self, op: usize, session: u32, o: &HistOp) -> Act {
        let key = self.keys.binary_search(&o.key).expect("every key was listed") as u32;
        let mut id = |v| self.values.id(key, v);
        let (sees, dodges, then) = match &o.kind {
            Kind::Write(v) => (None, None, Then::Set(id(v))),
            Kind::Read(v) => (Some(id(v)), None, Then::Keep),
            Kind::Cas { from, to } => (Some(id(from)), None, Then::Set(id(to))),
            Kind::Missed { from } => (None, Some(id(from)), Then::Keep),
            Kind::Add(by) => (None, None, Then::Add(*by)),
            Kind::Append(v) => (None, None, Then::Append(id(v))),
        };
        let must = !is_open(o);
        let ret = o.ret.filter(|_| must).unwrap_or(NEVER);
        Act { op, session, key, sees, dodges, then, invoke: o.invoke, ret, must }
    }

    /// An unknown write of a value nobody saw need not have happened, unless something else on its key
    /// could tell: a compare-and-set that missed, or arithmetic on what was there.
    fn drop_unnoticed(&mut self) {
        let mut seen = vec![false; self.values.len()];
        let mut subtle = vec![false; self.keys.len()];
        for act in &self.acts {
            act.sees.into_iter().for_each(|v| seen[v as usize] = true);
            subtle[act.key as usize] |= act.dodges.is_some() || act.computes();
        }
        let noticed = |v: u32| seen[v as usize];
        self.acts.retain(|a| a.must || subtle[a.key as usize] || a.writes().is_some_and(noticed));
    }

    /// The operations of each key that has any.
    pub fn by_key(&self) -> Vec<Vec<Act>> {
        let mut keys = vec![Vec::new(); self.keys.len()];
        self.acts.iter().for_each(|act| keys[act.key as usize].push(*act));
        keys.retain(|acts| !acts.is_empty());
        keys
    }

    /// How often a value comes to be: by writes, or by being there first.
    pub fn births(&self, value: u32) -> u32 {
        self.births[value as usize]
    }

    fn count_births(&mut self) {
        self.births = vec![0; self.values.len()];
        let written = self.acts.iter().filter_map(Act::writes);
        let all = written.chain(self.initial.iter().copied());
        all.for_each(|v| self.births[v as usize] += 1);
    }
}

fn is_open(o: &HistOp) -> bool {
    o.status == Status::Unknown || (o.status == Status::Ok && o.ret.is_none())
}

fn blank(h: &History, key: &str) -> Value {
    let list = h.ops.iter().any(|op| op.key == key && matches!(op.kind, Kind::Append(_)));
    if list { Value::List(Vec::new()) } else { Value::Int(0) }
}

/// Sessions by dense numbers; an uncertain operation is its session's last.
#[derive(Default)]
struct Sessions {
    open: Few<u32, u32>,
    next: u32,
}

impl Sessions {
    fn of(&mut self, o: &HistOp) -> u32 {
        let dense = *self.open.slot_or(o.session, || self.next);
        self.next = self.next.max(dense + 1);
        if is_open(o) {
            self.open.take(o.session);
        }
        dense
    }
}
