//! A session: does what the text says, and tells the checker when it began and when it ended.

use serde::Serialize;

use super::why::Why;
use super::{Consistency, Copies, Do, End, Know, Msg, Timer, card};
use crate::ids::{OpId, Span, Us};
use crate::protocol::{Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Session {
    pub open: Vec<Doing>,
    /// By lane, whether an operation stands in it. Most sessions have one; an operation begun before
    /// the last has ended stands in a lane of its own, and one nobody knows the end of keeps its lane.
    lanes: Vec<bool>,
    /// Its own copy: key, value, and when that was written.
    pub copy: Vec<(Value, Value, Span)>,
    last: String,
}

/// An operation under way, with how it will end.
#[derive(Clone, Debug, Serialize)]
pub struct Doing {
    pub op: OpId,
    lane: usize,
    pub key: Value,
    /// What a write writes.
    pub put: Option<Value>,
    /// What a read is to return; without it, its own copy's.
    answer: Option<Value>,
    pub end: End,
}

/// What the text says of an operation besides its key and value.
struct Says {
    value: Option<Value>,
    takes: Option<Us>,
    end: Option<End>,
}

impl Session {
    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, Consistency>, fx: &mut Do<'_>) {
        match input {
            Input::Request { op, call } => self.begin(cx, op, call, fx),
            Input::Timeout(Timer::Return(op)) => self.end(cx, *op, fx),
            Input::Deliver { msg: Msg::Wrote { key, value, at }, .. } => {
                self.take(cx.params.copies, key, value, *at);
            }
            _ => {}
        }
    }

    fn begin(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let says = Says::of(&call.args);
        let put = says.value.clone().filter(|_| call.verb == "put");
        let end = says.end.unwrap_or_else(|| draw(cx, put.is_some(), fx));
        let doing = Doing {
            op,
            lane: self.lane(),
            key: call.key().cloned().unwrap_or(Value::Int(0)),
            answer: says.value.filter(|_| put.is_none()),
            put,
            end,
        };
        tell(cx, began(&doing, now(cx)), fx);
        if let Some(value) = &doing.put
            && happens(doing.end, fx)
        {
            self.write(cx, &doing.key, value, fx);
        }
        if doing.end != End::Open {
            let (least, most) = says.takes.map_or(cx.params.takes, |t| (t, t));
            fx.arm(Timer::Return(op), least..=most);
        }
        self.open.push(doing);
    }

    /// The first lane that is free.
    fn lane(&mut self) -> usize {
        let free = self.lanes.iter().position(|taken| !taken).unwrap_or(self.lanes.len());
        if free == self.lanes.len() {
            self.lanes.push(true);
        }
        self.lanes[free] = true;
        free
    }

    /// Into its own copy, and to the others.
    fn write(&mut self, cx: &Know<'_>, key: &Value, value: &Value, fx: &mut Do<'_>) {
        self.take(Copies::Arrival, key, value, now(cx));
        if cx.params.copies == Copies::Off {
            return;
        }
        for other in cx.cast.of_role(card::SESSIONS).filter(|n| *n != cx.me) {
            fx.send(other, Msg::Wrote { key: key.clone(), value: value.clone(), at: now(cx) });
        }
    }

    fn take(&mut self, copies: Copies, key: &Value, value: &Value, at: Span) {
        let Some(mine) = self.copy.iter_mut().find(|c| c.0 == *key) else {
            return self.copy.push((key.clone(), value.clone(), at));
        };
        if copies == Copies::Arrival || (at.0, value) > (mine.2.0, &mine.1) {
            (mine.1, mine.2) = (value.clone(), at);
        }
    }

    fn end(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(at) = self.open.iter().position(|d| d.op == op) else { return };
        let doing = self.open.remove(at);
        self.lanes[doing.lane] = doing.end == End::Unknown;
        let got = self.got(&doing);
        self.last = show(&doing, got.as_ref());
        fx.explain(self.account(&doing, got.clone()));
        tell(cx, Msg::Ended { op, status: doing.end, got: got.clone(), at: now(cx) }, fx);
        fx.reply(op, outcome(doing.end, got));
    }

    /// What a read that succeeds returns: what the text says, or what its copy holds.
    fn got(&self, doing: &Doing) -> Option<Value> {
        if doing.put.is_some() || doing.end != End::Ok {
            return None;
        }
        let mine = || self.copy.iter().find(|c| c.0 == doing.key).map(|c| c.1.clone());
        doing.answer.clone().or_else(mine).or(Some(Value::Int(0)))
    }

    fn account(&self, doing: &Doing, got: Option<Value>) -> Why {
        let key = doing.key.clone();
        match (doing.end, &doing.put, got) {
            (End::Ok, Some(value), _) => Why::Wrote { key, value: value.clone() },
            (End::Ok, None, Some(value)) => Why::Read { key, value },
            (End::Failed, ..) => Why::TurnedDown { key },
            (_, put, _) => Why::GaveUp { key, value: put.clone() },
        }
    }

    /// Whether an operation is still to come to an end.
    pub fn busy(&self) -> bool {
        self.open.iter().any(|d| d.end != End::Open)
    }

    pub fn line(&self) -> String {
        self.open.last().map_or_else(|| self.last.clone(), |d| show(d, None))
    }
}

impl Says {
    /// In any order behind the key: the value, a length of time, and how it ends.
    fn of(args: &[Value]) -> Says {
        let mut says = Says { value: None, takes: None, end: None };
        for arg in args.iter().skip(1) {
            match (arg, end_of(arg)) {
                (Value::Time(t), _) => says.takes = Some((*t).max(0) as Us),
                (_, Some(end)) => says.end = Some(end),
                _ => says.value = says.value.or(Some(arg.clone())),
            }
        }
        says
    }
}

fn end_of(arg: &Value) -> Option<End> {
    let ends = [End::Ok, End::Failed, End::Unknown, End::Open];
    ends.into_iter().find(|end| arg.as_word() == Some(end.word()))
}

/// How an operation ends that the text leaves open. A read that fails or times out says nothing.
fn draw(cx: &Know<'_>, put: bool, fx: &mut Do<'_>) -> End {
    let share = cx.params.unsure + cx.params.refuse;
    if !put || share == 0 {
        return End::Ok;
    }
    match fx.pick("end", 1_000_000) {
        n if n < cx.params.unsure => End::Unknown,
        n if n < share => End::Failed,
        _ => End::Ok,
    }
}

/// Whether a write takes effect: of those that time out, about half do.
fn happens(end: End, fx: &mut Do<'_>) -> bool {
    match end {
        End::Ok => true,
        End::Failed => false,
        End::Unknown | End::Open => fx.pick("took", 2) == 0,
    }
}

fn began(doing: &Doing, at: Span) -> Msg {
    Msg::Began {
        op: doing.op,
        lane: doing.lane as u32,
        key: doing.key.clone(),
        put: doing.put.clone(),
        at,
    }
}

/// By its own clock.
fn now(cx: &Know<'_>) -> Span {
    Span(cx.wall as i64)
}

fn tell(cx: &Know<'_>, msg: Msg, fx: &mut Do<'_>) {
    cx.cast.of_role(card::CHECKER).for_each(|checker| fx.send(checker, msg.clone()));
}

fn outcome(end: End, got: Option<Value>) -> Outcome {
    match end {
        End::Ok => Outcome::ok(got),
        End::Failed => Outcome::failed(),
        End::Unknown | End::Open => Outcome::unknown(),
    }
}

/// `w(x,1)`, `r(x)=0`, `r(x)…`
pub fn show(doing: &Doing, got: Option<&Value>) -> String {
    let key = doing.key.print();
    match (&doing.put, got) {
        (Some(value), _) => ["w(", &key, ",", &value.print(), ")"].concat(),
        (None, Some(value)) => ["r(", &key, ")=", &value.print()].concat(),
        (None, None) => ["r(", &key, ")…"].concat(),
    }
}
