//! The checker: collects what it is told, orders it by the sessions' clocks, and judges it.
//!
//! Its mistakes are the ones checkers really make. All of them look harmless on most histories.

use serde::Serialize;

use super::why::Why;
use super::{Consistency, Do, End, Know, Msg, Timer};
use crate::check::history::{
    HistOp, History, Judge, Kind, Model, Status, Verdict, Why as Reason, memory_in_passes,
    search_linearizable,
};
use crate::check::verdict::thousands;
use crate::few::Few;
use crate::ids::{NodeId, OpId, Us};
use crate::protocol::{Input, prose_time};
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Checker {
    pub heard: Few<OpId, Heard>,
    /// What came of the last judging, a line for each model.
    pub verdicts: Vec<Judged>,
    /// Something new has been heard since.
    pub listening: bool,
    summary: String,
}

/// An operation, as far as it is known. News may come in any order, and twice.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Heard {
    pub began: Option<Began>,
    pub ended: Option<Ended>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Began {
    pub session: NodeId,
    pub lane: u32,
    pub key: Value,
    pub put: Option<Value>,
    pub at: Us,
}

#[derive(Clone, Debug, Serialize)]
pub struct Ended {
    pub end: End,
    pub got: Option<Value>,
    pub at: Us,
}

#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    pub model: &'static str,
    /// Neither, if the question was not settled.
    pub holds: Option<bool>,
    /// Where it does not hold: the few that contradict it.
    pub witness: Vec<OpId>,
    pub says: String,
    /// Where one order explains all: that order.
    #[serde(skip)]
    pub order: Vec<OpId>,
}

impl Checker {
    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, Consistency>, fx: &mut Do<'_>) {
        match input {
            Input::Deliver { from, msg } => {
                self.hear(from, msg);
                self.listening = true;
                fx.arm(Timer::Judge, cx.params.patience..=cx.params.patience);
            }
            Input::Timeout(Timer::Judge) => self.judge(cx, fx),
            _ => {}
        }
    }

    fn hear(&mut self, from: NodeId, msg: &Msg) {
        match msg {
            Msg::Began { op, lane, key, put, at } => {
                let (key, put) = (key.clone(), put.clone());
                let began = Began { session: from, lane: *lane, key, put, at: at.0.max(0) as Us };
                self.heard.slot(*op).began = Some(began);
            }
            Msg::Ended { op, status, got, at } => {
                let ended = Ended { end: *status, got: got.clone(), at: at.0.max(0) as Us };
                self.heard.slot(*op).ended = Some(ended);
            }
            Msg::Wrote { .. } => {}
        }
    }

    fn judge(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.listening = false;
        let (history, ids) = self.history(cx);
        self.verdicts.clear();
        let judge = Judge::new(&history, cx.params.budget);
        for model in Model::ALL {
            let verdict = verdict(cx, model, &history, &judge);
            let mut says = self.words(cx, &verdict, &history, &ids);
            if let (Model::Eventual, Some(true)) = (model, verdict.holds()) {
                let apart = self.apart(&history, &ids);
                fx.meter("apart", apart as i64);
                says = match apart {
                    0 => "All read the same from the last write on.".into(),
                    _ => [
                        "At the end all read the same. The last that read something else had ended ",
                        &prose_time(apart),
                        " after the last write.",
                    ]
                    .concat(),
                };
            }
            let judged = judged(model, verdict, says, &ids);
            fx.explain(Why::of(&judged));
            self.verdicts.push(judged);
        }
        self.summary = summary(&self.verdicts);
        fx.explain(self.in_short(history.ops.len()));
    }

    /// What was told, in the order of the clocks; and which operation is which.
    fn history(&self, cx: &Know<'_>) -> (History, Vec<OpId>) {
        let known = self.heard.iter().filter_map(|(op, h)| Some((*op, hist_op(h)?)));
        let mut known: Vec<(OpId, HistOp)> = known.collect();
        if cx.bug("failed-happened") {
            known.iter_mut().for_each(|(_, op)| {
                op.status = if op.status == Status::Failed { Status::Ok } else { op.status };
            });
        }
        known.retain(|(_, op)| !cx.bug("drop-unknown") || op.status != Status::Unknown);
        // Sorted as the history sorts them, so that places agree.
        crate::few::sort_by_key(&mut known, |(_, op)| (op.invoke, op.ret));
        let ids = known.iter().map(|(op, _)| *op).collect();
        (History::from_instants(known.into_iter().map(|(_, op)| op).collect()), ids)
    }

    fn ended(&self, op: OpId) -> Us {
        self.heard.get(op).and_then(|h| h.ended.as_ref()).map_or(0, |e| e.at)
    }

    /// The verdict in words, with the time between an end and the beginning that came too late.
    fn words(&self, cx: &Know<'_>, verdict: &Verdict, h: &History, ids: &[OpId]) -> String {
        let says = verdict.sentence(h, &|n| cx.cast.name(n).to_string());
        let Verdict::No { why, .. } = verdict else { return says };
        let (ended, began) = match why {
            Reason::BothFirst { ended, began, .. } => (*ended, *began),
            Reason::ReadBeforeWrite { read, write } => (*read, *write),
            _ => return says,
        };
        let start = self.heard.get(ids[began]).and_then(|h| h.began.as_ref()).map_or(0, |b| b.at);
        let gap = prose_time(start.saturating_sub(self.ended(ids[ended])));
        says.replacen(" begins after ", &[" begins ", &gap, " after "].concat(), 1)
    }

    /// How long after the last write had ended somebody still read what was not to stay.
    fn apart(&self, h: &History, ids: &[OpId]) -> Us {
        let is_read = |op: &HistOp| matches!(op.kind, Kind::Read(_));
        let wrote = |op: &HistOp| !is_read(op) && op.status != Status::Failed;
        let writes = (0..ids.len()).filter(|i| wrote(&h.ops[*i]));
        let settled = writes.map(|i| self.ended(ids[i])).max().unwrap_or(0);
        let last = |key: &str| {
            let read = |op: &&HistOp| op.key == key && is_read(op) && op.status == Status::Ok;
            let reads = h.ops.iter().filter(read);
            reads.max_by_key(|op| op.invoke).map(|op| op.kind.clone())
        };
        let passing = |op: &HistOp| {
            is_read(op) && op.status == Status::Ok && last(&op.key).is_some_and(|k| k != op.kind)
        };
        let other = (0..ids.len()).filter(|i| passing(&h.ops[*i]));
        other.map(|i| self.ended(ids[i]).saturating_sub(settled)).max().unwrap_or(0)
    }

    /// The strongest that hold, and the weakest that does not, with its reason.
    fn in_short(&self, ops: usize) -> Why {
        let is = |holds| move |j: &&Judged| j.holds == holds;
        let strongest = strongest(&self.verdicts);
        let mut pure = self.verdicts.iter().filter(|j| j.model != Model::Eventual.word());
        let weakest = pure.clone().rfind(is(Some(false)));
        let unsettled = pure.find(is(None));
        let worst = weakest.or(unsettled);
        let order = self.verdicts.iter().map(|j| j.order.len()).max();
        Why::Judged {
            ops: ops as u64,
            ordered: order.unwrap_or(0) as u64,
            holds: strongest,
            not: weakest.map(|j| j.model),
            unsure: unsettled.map(|j| j.model),
            // The circle is told with the model itself, and drawn.
            says: worst.map_or("", |j| j.says.split(" In a circle: ").next().unwrap_or("")).into(),
        }
    }

    pub fn line(&self) -> String {
        let heard = [&self.heard.len().to_string(), " heard"].concat();
        if self.summary.is_empty() { heard } else { self.summary.clone() }
    }
}

/// Models that hold and follow from no other that does.
pub fn strongest(verdicts: &[Judged]) -> Vec<&'static str> {
    let holds =
        |model: Model| verdicts.iter().any(|j| j.model == model.word() && j.holds == Some(true));
    let implied =
        |model: Model| Model::ALL.into_iter().any(|strong| holds(strong) && implies(strong, model));
    let all = Model::ALL.into_iter().filter(|m| *m != Model::Eventual);
    all.filter(|m| holds(*m) && !implied(*m)).map(Model::word).collect()
}

/// Whether every history the one allows is allowed by the other.
pub fn implies(strong: Model, weak: Model) -> bool {
    use Model::*;
    let weaker: &[Model] = match strong {
        Linearizable => &[Sequential],
        Sequential => &[CausalMemory, CausalConvergence],
        CausalMemory => &[WeakCausal, Pram],
        CausalConvergence => &[WeakCausal],
        WeakCausal => &[ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads],
        Pram => &[ReadYourWrites, MonotonicReads, MonotonicWrites],
        _ => &[],
    };
    weaker.iter().any(|m| *m == weak || implies(*m, weak))
}

fn summary(verdicts: &[Judged]) -> String {
    let best = strongest(verdicts);
    if best.is_empty() { "nothing holds".into() } else { best.join(", ") }
}

fn hist_op(heard: &Heard) -> Option<HistOp> {
    let began = heard.began.as_ref()?;
    let ended = heard.ended.as_ref();
    let kind = match (&began.put, ended.and_then(|e| e.got.clone())) {
        (Some(value), _) => Kind::Write(value.clone()),
        (None, got) => Kind::Read(got.unwrap_or(Value::Int(0))),
    };
    Some(HistOp {
        session: u32::from(began.session.0) << 16 | began.lane,
        node: began.session,
        key: began.key.print(),
        kind,
        invoke: began.at,
        ret: ended.map(|e| e.at),
        status: ended.map_or(Status::Unknown, |e| e.end.status()),
    })
}

/// What the checker thinks, with its mistakes.
fn verdict(cx: &Know<'_>, model: Model, h: &History, judge: &Judge<'_>) -> Verdict {
    let budget = cx.params.budget;
    match model {
        Model::Linearizable if cx.bug("ignore-rt") => key_by_key(h, Model::Sequential, budget),
        Model::Linearizable if cx.params.bare => bare(h, budget),
        Model::Sequential if cx.bug("sc-per-key") => key_by_key(h, Model::Sequential, budget),
        Model::CausalMemory if cx.bug("hb-one-pass") => memory_in_passes(h, 1, budget),
        _ => judge.ask(model),
    }
}

/// Each key by itself, as if that were enough.
fn key_by_key(h: &History, model: Model, budget: u64) -> Verdict {
    let mut order = vec![];
    let mut keys: Vec<&str> = h.ops.iter().map(|op| op.key.as_str()).collect();
    crate::few::sort(&mut keys);
    keys.dedup();
    for key in keys {
        let places: Vec<usize> = (0..h.ops.len()).filter(|i| h.ops[*i].key == key).collect();
        let ops = places.iter().map(|i| h.ops[*i].clone()).collect();
        match model.judge(&History { ops, ..h.clone() }, budget) {
            Verdict::Yes { order: of_key } => order.extend(of_key.iter().map(|i| places[*i])),
            Verdict::No { ops, why, .. } => {
                let ops = ops.iter().map(|i| places[*i]).collect();
                return Verdict::No { ops, why: whole(why, &places), circle: vec![] };
            }
            unsettled => return unsettled,
        }
    }
    Verdict::Yes { order }
}

/// A reason about a key's operations, in places of the whole history.
fn whole(why: Reason, places: &[usize]) -> Reason {
    match why {
        Reason::ThinAir { read } => Reason::ThinAir { read: places[read] },
        other => other,
    }
}

/// By search alone, which in the worst case tries everything.
fn bare(h: &History, budget: u64) -> Verdict {
    let (holds, _) = search_linearizable(h, budget);
    let all = (0..h.ops.len()).collect();
    match holds {
        Some(true) => Verdict::Yes { order: vec![] },
        Some(false) => Verdict::No { ops: all, why: Reason::NoPoints, circle: vec![] },
        None => Verdict::Inconclusive {
            why: ["Gave up after ", &thousands(budget), " configurations: more may settle it."]
                .concat(),
        },
    }
}

fn judged(model: Model, verdict: Verdict, says: String, ids: &[OpId]) -> Judged {
    let holds = verdict.holds();
    let named = |places: Vec<usize>| places.into_iter().map(|i| ids[i]).collect();
    let (witness, order) = match verdict {
        Verdict::No { ops, .. } => (named(ops), vec![]),
        Verdict::Yes { order } => (vec![], named(order)),
        Verdict::Inconclusive { .. } => (vec![], vec![]),
    };
    Judged { model: model.word(), holds, witness, says, order }
}
