//! The state machine: registers and counters, and the table that makes a command count once.
//!
//! The table is part of the state: every server builds it from the same entries, and a snapshot carries
//! it. A client has one command open at a time, so its newest number and answer are all there is to keep.

use serde::Serialize;

use super::msg::{Command, Index, Request, Status, Term};
use crate::ids::NodeId;
use crate::protocol::Op;
use crate::seq::Map;
use crate::value::Value;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Machine {
    pub data: Map<Value, Value>,
    /// By client and number of the session. A registration that arrives twice opens two; one stays unused.
    pub sessions: Map<NodeId, Map<u64, Session>>,
}

/// The newest command executed in a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// 0: opened, nothing executed yet.
    pub sequence_num: u64,
    pub answer: Answer,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub status: Status,
    pub response: Option<Value>,
}

/// The state after exactly the entries up to an index.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    pub last_included_index: Index,
    pub last_included_term: Term,
    pub machine: Machine,
}

/// How commands are kept from counting twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    Off,
    /// A client's first command opens its session.
    Auto,
    /// Only RegisterClient opens one.
    Registered,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    Nothing,
    Done(Answer),
    /// It was executed before: the answer is the one of then.
    Before(Answer),
    /// Of a session or a place in it that is past.
    Stale,
}

impl Machine {
    pub fn len(&self) -> usize {
        self.data.len() + self.sessions.len()
    }

    /// Some of its rows, keys before sessions, as a machine of their own.
    pub fn rows(&self, from: usize, most: usize) -> Machine {
        let (keys, end) = (self.data.len(), from + most);
        Machine {
            data: part(&self.data, from, end),
            sessions: part(&self.sessions, from.saturating_sub(keys), end.saturating_sub(keys)),
        }
    }

    /// Put rows of another machine to its own.
    pub fn take_rows(&mut self, of: &Machine) {
        of.data.iter().for_each(|(k, v)| drop(self.data.insert(k.clone(), v.clone())));
        of.sessions.iter().for_each(|(c, s)| drop(self.sessions.insert(*c, s.clone())));
    }

    pub fn get(&self, key: &Value) -> Value {
        self.data.get(key).cloned().unwrap_or(Value::Int(0))
    }

    pub fn apply(&mut self, index: Index, command: &Command, sessions: Sessions) -> Applied {
        match command {
            Command::Noop => Applied::Nothing,
            Command::Register { client } => Applied::Done(self.register(*client, index)),
            Command::Request(r) if sessions == Sessions::Off => {
                Applied::Done(self.execute(&r.call))
            }
            Command::Request(r) => self.once(r, sessions),
        }
    }

    fn register(&mut self, client: NodeId, index: Index) -> Answer {
        let answer = Answer { status: Status::Registered, response: None };
        self.keep(client, index, Session { sequence_num: 0, answer: answer.clone() });
        answer
    }

    fn keep(&mut self, client: NodeId, session: u64, newest: Session) {
        self.sessions.slot(client).insert(session, newest);
    }

    pub fn session(&self, client: NodeId, session: u64) -> Option<&Session> {
        self.sessions.get(&client)?.get(&session)
    }

    /// What is known of a command before it is executed.
    pub fn before(&self, r: &Request, sessions: Sessions) -> Option<Applied> {
        match self.session(r.client_id, r.session) {
            None => (sessions == Sessions::Registered).then_some(Applied::Stale),
            Some(s) if s.sequence_num == r.sequence_num => Some(Applied::Before(s.answer.clone())),
            Some(s) => (r.sequence_num < s.sequence_num).then_some(Applied::Stale),
        }
    }

    fn once(&mut self, r: &Request, sessions: Sessions) -> Applied {
        if let Some(known) = self.before(r, sessions) {
            return known;
        }
        let answer = self.execute(&r.call);
        let newest = Session { sequence_num: r.sequence_num, answer: answer.clone() };
        self.keep(r.client_id, r.session, newest);
        Applied::Done(answer)
    }

    fn execute(&mut self, call: &Op) -> Answer {
        let Some(key) = call.key() else { return failed(None) };
        let now = self.get(key);
        match outcome(call, &now) {
            Ok(None) => ok(Some(now)),
            Ok(Some(next)) => {
                let shown = (call.verb == "add").then(|| next.clone());
                self.data.insert(key.clone(), next);
                ok(shown)
            }
            Err(()) => failed(Some(now)),
        }
    }

    /// All answers forgotten, sessions kept.
    pub fn without_answers(&self) -> Machine {
        let mut bare = self.clone();
        bare.sessions.values_mut().flat_map(|s| s.values_mut()).for_each(|s| s.sequence_num = 0);
        bare
    }
}

fn part<K: Ord + Clone, V: Clone>(of: &Map<K, V>, from: usize, end: usize) -> Map<K, V> {
    of.iter().take(end).skip(from).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn ok(response: Option<Value>) -> Answer {
    Answer { status: Status::Ok, response }
}
fn failed(response: Option<Value>) -> Answer {
    Answer { status: Status::Failed, response }
}

/// What a command makes of a key's value: nothing new, a new value, or a refusal.
pub fn outcome(call: &Op, now: &Value) -> Result<Option<Value>, ()> {
    match (call.verb, call.arg(1), call.arg(2)) {
        ("get", ..) => Ok(None),
        ("put", Some(v), _) => Ok(Some(v.clone())),
        ("cas", Some(from), Some(to)) if from == now => Ok(Some(to.clone())),
        ("add", by, _) => {
            let by = by.map_or(Some(1), Value::as_int);
            let sum = now.as_int().zip(by).and_then(|(a, b)| a.checked_add(b));
            sum.map(|n| Some(Value::Int(n))).ok_or(())
        }
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_put_together_are_the_state() {
        let answer = Answer { status: Status::Ok, response: None };
        let mut whole = Machine::default();
        for i in 0..5 {
            whole.data.insert(Value::Int(i), Value::Int(10 * i));
            whole.keep(NodeId(i as u16), 1, Session { sequence_num: 2, answer: answer.clone() });
        }
        for most in 1..=11 {
            let mut built = Machine::default();
            while built.len() < whole.len() {
                let piece = whole.rows(built.len(), most);
                assert_eq!(piece.len(), most.min(whole.len() - built.len()));
                built.take_rows(&piece);
            }
            assert_eq!(built, whole, "in pieces of {most}");
        }
    }
}
