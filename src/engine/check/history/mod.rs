//! The history checker: was there one order that explains every answer?
//!
//! A history is what clients saw: for each operation when it was invoked, when it returned, and what it
//! answered. A consistency model says which histories are allowed.
//!
//! ```text
//!   A  |------------- w(x,1) -------------|          linearizable: some point inside each
//!   B        |- r(x)=1 -|                            bar explains every answer. Here none
//!   C                      |- r(x)=0 -|              does: C goes back behind B.
//! ```
//!
//! - **Linearizable** (Herlihy & Wing, TOPLAS 12(3) 1990): one total order of all operations, in which
//!   an operation that returned before another was invoked stays before it. It is *local*: a history is
//!   linearizable if each key's is, so keys are judged one by one.
//! - **Sequential** (Lamport, IEEE TC C-28(9) 1979): one total order that keeps each session's own.
//!   It is not local, so all keys are searched together.
//! - **Causal** models and **PRAM** let clients disagree about the order of writes: see `causal`.
//!
//! The first two are NP-complete in general (Gibbons & Korach, SIAM J. Comput. 26(4) 1997). A register whose
//! writes all differ is the easy case for linearizability: `values` decides it by sorting. The rest
//! goes to `search`, which is Wing & Gong (JPDC 17, 1993) with Lowe's memory of configurations
//! (CCPE 29(4) 2017). A search that runs out of budget says so; it never guesses.
//!
//! **Precedence is by event**, not by clock: `invoke` and `ret` are places in the order of the trace.
//! **Uncertainty**: a failed operation was surely not executed and is dropped. An unknown one may take
//! effect at any time after its invocation, or never; it closes its session. An unknown read is dropped,
//! and so is an unknown write nobody can have noticed.
//!
//! Left out: transactions and queues have their own claims; here an object is a register, a counter or
//! a list under one key.

mod causal;
mod circle;
mod problem;
mod relation;
mod search;
mod session;
mod shrink;
mod values;
mod verdict;

use std::cell::OnceCell;

use crate::few;
use crate::few::Few;
use crate::ids::NodeId;
use crate::seq::Map;
use crate::value::Value;

pub use circle::{Because, Before};
pub use session::Guarantee;
pub use verdict::{Verdict, Why, points};

use causal::Fault;
use problem::{Act, Problem};
use search::{Found, Rules};

/// What clients did and saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub ops: Vec<HistOp>,
    /// Values before the first write. A key that is not here began as 0, or as the empty list if
    /// somebody appends to it.
    pub initial: Map<String, Value>,
    /// Why no model can judge it, where none can: what was read is not what single writes of this history wrote.
    pub beyond: Option<&'static str>,
}

/// One operation of one client.
#[derive(Clone, Debug, PartialEq)]
pub struct HistOp {
    /// The thread of a client's operations that stand in an order of their own.
    pub session: u32,
    /// Who asked.
    pub node: NodeId,
    pub key: String,
    pub kind: Kind,
    /// Place of the invocation in the order of all events.
    pub invoke: u64,
    /// Place of the response; without one the operation is unknown whatever its status.
    pub ret: Option<u64>,
    pub status: Status,
}

/// What was asked, with what was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Write(Value),
    /// The value the read returned.
    Read(Value),
    /// Found `from` and put `to` in its place.
    Cas {
        from: Value,
        to: Value,
    },
    /// A compare-and-set that answered: the value is not `from`.
    Missed {
        from: Value,
    },
    Add(i64),
    Append(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    /// Surely not executed.
    Failed,
    /// Executed at some time after its invocation, or never.
    Unknown,
}

/// Consistency models, strongest first: each of the first four implies weak causal, and linearizable ⇒
/// sequential ⇒ causal memory ⇒ PRAM, sequential ⇒ causal convergence. The four session guarantees
/// together are weak causal. Eventual is implied by none: it speaks of the end alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    Linearizable,
    Sequential,
    CausalMemory,
    CausalConvergence,
    WeakCausal,
    Pram,
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
    Eventual,
}

impl Model {
    pub const ALL: [Model; 11] = [
        Model::Linearizable,
        Model::Sequential,
        Model::CausalMemory,
        Model::CausalConvergence,
        Model::WeakCausal,
        Model::Pram,
        Model::ReadYourWrites,
        Model::MonotonicReads,
        Model::MonotonicWrites,
        Model::WritesFollowReads,
        Model::Eventual,
    ];

    /// As a scenario spells it.
    pub fn word(self) -> &'static str {
        match self {
            Model::Linearizable => "linearizable",
            Model::Sequential => "sequential",
            Model::CausalMemory => "causal",
            Model::CausalConvergence => "causal-convergence",
            Model::WeakCausal => "weak-causal",
            Model::Pram => "pram",
            Model::ReadYourWrites => "read-your-writes",
            Model::MonotonicReads => "monotonic-reads",
            Model::MonotonicWrites => "monotonic-writes",
            Model::WritesFollowReads => "writes-follow-reads",
            Model::Eventual => "eventual",
        }
    }

    pub fn of_word(word: &str) -> Option<Model> {
        Model::ALL.into_iter().find(|m| m.word() == word)
    }

    /// Judges a history by this model.
    pub fn judge(self, h: &History, budget: u64) -> Verdict {
        Judge::new(h, budget).ask(self)
    }
}

/// Judges one history by several models: what most of them ask first is worked out once.
pub struct Judge<'a> {
    history: &'a History,
    budget: u64,
    plain: OnceCell<Plain>,
}

impl<'a> Judge<'a> {
    pub fn new(history: &'a History, budget: u64) -> Judge<'a> {
        Judge { history, budget, plain: OnceCell::new() }
    }

    pub fn ask(&self, model: Model) -> Verdict {
        let (h, budget) = (self.history, self.budget);
        if let Some(why) = h.beyond {
            return Verdict::Inconclusive { why: why.into() };
        }
        if let Some((key, values)) = h.several() {
            let why = format!(
                "A read of {key} gave several values at once, {values}: the models speak of reads that give one."
            );
            return Verdict::Inconclusive { why };
        }
        let plain = || self.plain.get_or_init(|| plain(h, budget));
        match model {
            Model::Linearizable => linearizable(h, budget),
            Model::Sequential => sequential(h, budget),
            Model::CausalMemory => causes(plain(), &causal::memory, budget),
            Model::CausalConvergence => causes(plain(), &causal::convergent, budget),
            Model::WeakCausal => causes(plain(), &causal::weak, budget),
            Model::Pram => causes(plain(), &causal::pram, budget),
            Model::ReadYourWrites => guarantee(plain(), Guarantee::ReadYourWrites, budget),
            Model::MonotonicReads => guarantee(plain(), Guarantee::MonotonicReads, budget),
            Model::MonotonicWrites => guarantee(plain(), Guarantee::MonotonicWrites, budget),
            Model::WritesFollowReads => guarantee(plain(), Guarantee::WritesFollowReads, budget),
            Model::Eventual => eventual(h),
        }
    }
}

/// Configurations a search may visit before it gives up: about a tenth of a second. Causes of up to
/// about 1,400 operations are worked out within it.
pub const BUDGET: u64 = 100_000;

/// Whether every key's operations fit into one order that respects precedence.
pub fn linearizable(h: &History, budget: u64) -> Verdict {
    let mut p = Problem::of(h);
    let mut found = Vec::new();
    let mut unsure = None;
    for acts in p.by_key() {
        match linear_key(&mut p, &acts, budget) {
            Found::Order(order) => found.push(order),
            Found::Nothing => {
                return values::explain(&p, &acts)
                    .unwrap_or_else(|| no_points(&mut p, &acts, budget));
            }
            Found::Budget => {
                unsure = Some(verdict::out_of_budget(&p.keys[acts[0].key as usize], budget))
            }
        }
    }
    unsure.unwrap_or_else(|| Verdict::Yes { order: verdict::merge(&found) })
}

/// Whether one order of all keys' operations keeps each session's own.
pub fn sequential(h: &History, budget: u64) -> Verdict {
    let mut p = Problem::of(h);
    if let Some(thin) = p.by_key().iter().find_map(|acts| values::thin_air(&p, acts)) {
        return thin;
    }
    // Linearizable is stronger and, for registers, cheap.
    if let Some(order) = linear_order(&mut p, budget) {
        return Verdict::Yes { order };
    }
    let acts = p.acts.clone();
    match session_order(&mut p, &acts, budget).0 {
        Found::Order(order) => Verdict::Yes { order: order.iter().map(|a| a.op).collect() },
        Found::Budget => verdict::out_of_budget("all keys", budget),
        Found::Nothing => {
            let few = shrink::shrink(&mut p, &acts, budget, &mut session_order);
            let plain = values::applies(&p, &few);
            let forced = plain.then(|| causal::forced(&few));
            let circle = forced.map_or(Vec::new(), |forced| causal::circle(&forced, &few));
            Verdict::no(&few, Why::NoSessionOrder).with(circle)
        }
    }
}

/// Searches for an order that keeps sessions, with what is forced known beforehand where it can be.
fn session_order(p: &mut Problem, acts: &[Act], budget: u64) -> (Found, u64) {
    if !values::applies(p, acts) || shrink::cost(acts) > budget {
        return search::run(p, acts, Rules::SESSION, budget);
    }
    let forced = causal::forced(acts);
    let forced = &forced.closed;
    match forced.cycle() {
        Some(_) => (Found::Nothing, shrink::cost(acts)),
        None => search::run(p, acts, Rules { forced: Some(forced), ..Rules::SESSION }, budget),
    }
}

/// Causal memory as a checker would have it that draws the losses only so many times. For the lesson that
/// the fixpoint is needed.
pub fn memory_in_passes(h: &History, passes: u32, budget: u64) -> Verdict {
    causes(&plain(h, budget), &|acts| causal::memory_in(acts, passes), budget)
}

/// Whether the history satisfies a model that asks only for causes.
fn causes(plain: &Plain, fault: &dyn Fn(&[Act]) -> Option<Fault>, budget: u64) -> Verdict {
    let (p, acts) = match plain {
        Ok(found) => found,
        Err(verdict) => return verdict.clone(),
    };
    if fault(acts).is_none() {
        return Verdict::Yes { order: Vec::new() };
    }
    let few = fewest(p, acts, budget, &|some| fault(some).is_some());
    let fault = fault(&few).expect("shrinking keeps the fault");
    Verdict::no(&few, fault.why).with(fault.circle(&few))
}

/// Whether the history leaves a session guarantee possible.
fn guarantee(plain: &Plain, which: Guarantee, budget: u64) -> Verdict {
    let (p, acts) = match plain {
        Ok(found) => found,
        Err(verdict) => return verdict.clone(),
    };
    if session::fault(acts, which).is_none() {
        return Verdict::Yes { order: Vec::new() };
    }
    let few = fewest(p, acts, budget, &|some| session::fault(some, which).is_some());
    Verdict::no(&few, session::fault(&few, which).expect("shrinking keeps the fault"))
}

/// The operations of a history whose causes are known, or the verdict if there is nothing to ask of them.
type Plain = Result<(Problem, Vec<Act>), Verdict>;

fn plain(h: &History, budget: u64) -> Plain {
    let mut p = Problem::of(h);
    if let Some(thin) = p.by_key().iter().find_map(|acts| values::thin_air(&p, acts)) {
        return Err(thin);
    }
    let acts = p.acts.clone();
    if !values::applies(&p, &acts) {
        let why = "Causes are known only for reads and writes that all differ.".into();
        return Err(Verdict::Inconclusive { why });
    }
    // Linearizable is stronger than all of them, and of registers cheap to see.
    if linear_order(&mut p, budget).is_some() {
        return Err(Verdict::Yes { order: Vec::new() });
    }
    match shrink::cost(&acts) > budget {
        true => Err(verdict::out_of_budget("causes", budget)),
        false => Ok((p, acts)),
    }
}

/// Fewer operations with the same fault, by a judge that does not search.
fn fewest(p: &Problem, acts: &[Act], budget: u64, bad: &dyn Fn(&[Act]) -> bool) -> Vec<Act> {
    shrink::shrink(&mut p.clone(), acts, budget, &mut |_, some, _| {
        let found = if bad(some) { Found::Nothing } else { Found::Order(Vec::new()) };
        (found, shrink::cost(some))
    })
}

/// Whether, once nobody wrote any more, all clients came to read the same: of each client counts the last
/// read of a key that began after the last write had ended. A write nobody was told the end of may be
/// taken up at any time; it counts as ended when its client gave it up.
pub fn eventual(h: &History) -> Verdict {
    let p = Problem::of(h);
    if let Some(thin) = p.by_key().iter().find_map(|acts| values::thin_air(&p, acts)) {
        return thin;
    }
    let done = |op: &HistOp| op.status == Status::Ok && op.ret.is_some();
    let is_read = |op: &HistOp| matches!(op.kind, Kind::Read(_) | Kind::Missed { .. });
    let writes = h.ops.iter().filter(|op| !is_read(op) && op.status != Status::Failed);
    let settled = writes.map(|op| op.ret.unwrap_or(op.invoke)).max();
    let late = |op: &HistOp| {
        done(op) && matches!(op.kind, Kind::Read(_)) && settled.is_none_or(|at| op.invoke > at)
    };
    let mut last: Few<(&str, NodeId), usize> = Few::default();
    for (i, op) in h.ops.iter().enumerate().filter(|(_, op)| late(op)) {
        let have = last.slot_or((&op.key, op.node), || i);
        if op.invoke > h.ops[*have].invoke {
            *have = i;
        }
    }
    let mut compared = false;
    for pair in last.iter().as_slice().windows(2) {
        let [((key, _), one), ((same, _), other)] = pair else { continue };
        if key != same {
            continue;
        }
        compared = true;
        let (one, other) = (*one, *other);
        if h.ops[one].kind != h.ops[other].kind {
            let mut ops = vec![one, other];
            few::sort_by_key(&mut ops, |i| h.ops[*i].invoke);
            return Verdict::No { ops, why: Why::Diverged { one, other }, circle: Vec::new() };
        }
    }
    match compared {
        true => Verdict::Yes { order: Vec::new() },
        false => Verdict::Inconclusive {
            why: "No two clients read a key after everything had been written.".into(),
        },
    }
}

/// The bare search on every key, without the test on values, and the configurations it visited. For the
/// lesson that searching explodes where structure does not, and for tests.
pub fn search_linearizable(h: &History, budget: u64) -> (Option<bool>, u64) {
    let mut p = Problem::of(h);
    let bare = Rules { look_ahead: false, ..Rules::REAL_TIME };
    let mut visited = 0;
    let mut answer = Some(true);
    for acts in p.by_key() {
        let (found, states) = search::run(&mut p, &acts, bare, budget);
        visited += states;
        match found {
            Found::Order(_) => {}
            Found::Nothing => return (Some(false), visited),
            Found::Budget => answer = None,
        }
    }
    (answer, visited)
}

fn linear_key(p: &mut Problem, acts: &[Act], budget: u64) -> Found {
    match values::applies(p, acts) {
        true => values::order(p, acts).map_or(Found::Nothing, Found::Order),
        false => search::run(p, acts, Rules::REAL_TIME, budget).0,
    }
}

fn linear_order(p: &mut Problem, budget: u64) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for acts in p.by_key() {
        match linear_key(p, &acts, budget) {
            Found::Order(order) => found.push(order),
            _ => return None,
        }
    }
    Some(verdict::merge(&found))
}

fn no_points(p: &mut Problem, acts: &[Act], budget: u64) -> Verdict {
    let few = shrink::shrink(p, acts, budget, &mut |p, some, left| {
        search::run(p, some, Rules::REAL_TIME, left)
    });
    Verdict::no(&few, Why::NoPoints)
}

impl History {
    /// A read that gave siblings, by key and values: a list though nobody appends to that key and nobody wrote a list.
    fn several(&self) -> Option<(&str, String)> {
        let is_list = |key: &str| {
            self.ops
                .iter()
                .filter(|o| o.key == key)
                .any(|o| matches!(o.kind, Kind::Append(_) | Kind::Write(Value::List(_))))
        };
        self.ops.iter().find_map(|op| match &op.kind {
            Kind::Read(all @ Value::List(_)) if op.status == Status::Ok && !is_list(&op.key) => {
                Some((op.key.as_str(), all.print()))
            }
            _ => None,
        })
    }

    /// Reads `invoke` and `ret` as instants and numbers the events. At equal instants invocations come
    /// first, then responses, then what a session does after its own response at that instant.
    pub fn from_instants(mut ops: Vec<HistOp>) -> History {
        few::sort_by_key(&mut ops, |op| (op.invoke, op.ret));
        let mut last: Few<u32, (u64, u64)> = Few::default();
        let mut events = Vec::new();
        for (i, op) in ops.iter().enumerate() {
            let start = match last.get(op.session) {
                Some((at, rank)) if *at == op.invoke => rank + 1,
                _ => 0,
            };
            events.push((op.invoke, start, i, false));
            let Some(at) = op.ret else { continue };
            let rank = if at == op.invoke { start + 1 } else { 1 };
            events.push((at, rank, i, true));
            last.put(op.session, (at, rank));
        }
        few::sort(&mut events);
        for (place, (_, _, i, is_ret)) in events.into_iter().enumerate() {
            match is_ret {
                true => ops[i].ret = Some(place as u64),
                false => ops[i].invoke = place as u64,
            }
        }
        History { ops, ..History::default() }
    }
}

impl HistOp {
    /// The operation in the papers' notation: `w(x,1) by c1`.
    pub fn print(&self, name: &dyn Fn(NodeId) -> String) -> String {
        let key = &self.key;
        let what = match &self.kind {
            Kind::Write(v) => format!("w({key},{})", v.print()),
            Kind::Read(v) => format!("r({key})={}", v.print()),
            Kind::Cas { from, to } => format!("cas({key},{}→{})", from.print(), to.print()),
            Kind::Missed { from } => format!("cas({key},{}→) missed", from.print()),
            Kind::Add(by) => format!("add({key},{by})"),
            Kind::Append(v) => format!("append({key},{})", v.print()),
        };
        format!("{what} by {}", name(self.node))
    }

    /// The value it wrote, saw or ruled out.
    fn value(&self) -> String {
        match &self.kind {
            Kind::Add(by) => by.to_string(),
            Kind::Write(v) | Kind::Read(v) | Kind::Append(v) => v.print(),
            Kind::Cas { from, .. } | Kind::Missed { from } => from.print(),
        }
    }
}
