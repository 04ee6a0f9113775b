//! Whether a run did what it should: claims on every step, expectations at its end, histories by model.

pub mod history;
pub mod measure;
pub mod verdict;

use crate::few::Few;
use crate::ids::{EventId, NodeId};
use crate::run::Run;
use crate::scenario::ast::Out;
use crate::trace::OpRec;
use crate::value::Value;
use history::{HistOp, History, Kind, Status, Verdict};

/// The operations of a run on registers, counters and lists, as a checker wants them.
pub fn history_of(run: &Run) -> History {
    let mut sessions = Sessions::default();
    let mut ops = vec![];
    for op in run.trace().ops.iter() {
        let session = sessions.of(op);
        if let Some(op) = hist_op(op, session) {
            ops.push(op);
        }
    }
    let beyond = beyond(run, &ops);
    History { ops, beyond, ..History::default() }
}

/// Models speak of reads that give what one write wrote. A protocol that merges writes says so; and an operation they have no
/// word for may have changed what is read.
fn beyond(run: &Run, ops: &[HistOp]) -> Option<&'static str> {
    if run.world().stage().merges() {
        return Some(
            "What is read here may be made of several writes: the models speak of reads that give what one wrote.",
        );
    }
    let is_read = |key: &str| ops.iter().any(|op| op.key == key);
    let changes = |op: &OpRec| op.args.first().is_some_and(|key| is_read(&key.print()));
    let mut others = run.trace().ops.iter().filter(|op| !WORDS.contains(&op.verb));
    others.any(changes).then_some(
        "A key was changed by an operation that the models have no word for: they speak of reads and writes.",
    )
}

/// A session has at most one open operation, and an unknown one closes it.
#[derive(Default)]
struct Sessions {
    /// By node: session and when its last operation was over.
    free: Few<NodeId, Vec<(u32, Option<EventId>)>>,
    next: u32,
}

impl Sessions {
    fn of(&mut self, op: &OpRec) -> u32 {
        let over = op.ret.as_ref().filter(|r| r.1 != Out::Unknown).map(|r| r.0);
        let mine = self.free.slot(op.node);
        let free = mine.iter_mut().find(|(_, over)| over.is_some_and(|e| e < op.invoke));
        if let Some((session, last)) = free {
            *last = over;
            return *session;
        }
        self.next += 1;
        mine.push((self.next, over));
        self.next
    }
}

/// What a history is made of.
const WORDS: [&str; 5] = ["put", "get", "cas", "add", "append"];

fn hist_op(op: &OpRec, session: u32) -> Option<HistOp> {
    let value = op.ret.as_ref().and_then(|r| r.2.clone());
    let arg = |i: usize| op.args.get(i).cloned();
    let status = match op.ret.as_ref().map(|r| r.1) {
        Some(Out::Ok) => Status::Ok,
        Some(Out::Failed) => Status::Failed,
        Some(Out::Unknown) | None => Status::Unknown,
    };
    let kind = match op.verb {
        "put" => Kind::Write(arg(1)?),
        "get" => Kind::Read(value.unwrap_or(Value::Int(0))),
        "cas" if status == Status::Failed => Kind::Missed { from: arg(1)? },
        "cas" => Kind::Cas { from: arg(1)?, to: arg(2)? },
        "add" => Kind::Add(arg(1).and_then(|v| v.as_int()).unwrap_or(1)),
        "append" => Kind::Append(arg(1)?),
        _ => return None,
    };
    Some(HistOp {
        session,
        node: op.node,
        key: op.args.first().map_or_else(String::new, Value::print),
        kind,
        invoke: op.invoke.0 as u64,
        ret: op.ret.as_ref().map(|r| r.0.0 as u64),
        status,
    })
}

/// A line for each model: its word, whether the history fits, and why.
pub fn report(run: &Run) -> String {
    let h = history_of(run);
    let mut out = ["history of ", &h.ops.len().to_string(), " operations\n"].concat();
    let judge = history::Judge::new(&h, history::BUDGET);
    for model in history::Model::ALL {
        let verdict = judge.ask(model);
        let holds = match verdict.holds() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "inconclusive",
        };
        let says = verdict.sentence(&h, &|n| run.name(n).to_string());
        out += &["model ", model.word(), ": ", holds, ". ", &says, "\n"].concat();
    }
    out
}

/// Operations of which every model is asked in a table.
const ASKED: usize = 150;

/// The strongest model that explains what the clients of a run were answered, and `Some(None)` where no model does;
/// nothing where they asked for too little or too much, or where a stronger one could not be decided.
pub fn strongest(run: &Run) -> Option<Option<history::Model>> {
    let h = history_of(run);
    if !(2..=ASKED).contains(&h.ops.len()) {
        return None;
    }
    let judge = history::Judge::new(&h, history::BUDGET);
    for model in history::Model::ALL {
        if judge.ask(model).holds()? {
            return Some(Some(model));
        }
    }
    Some(None)
}

/// The verdict of a model by its word in the language; None for a word that is none.
pub fn judge_history(h: &History, model: &str) -> Option<Verdict> {
    history::Model::of_word(model).map(|m| m.judge(h, history::BUDGET))
}
