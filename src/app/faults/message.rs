//! What can be done to a message on its way, or one that is held.

use engine::ids::*;
use engine::run::Run;
use engine::trace::MsgRec;

use super::{Deed, Moment};
use crate::app::words;

/// Whether a message is on its way at this moment.
pub fn in_flight(rec: &MsgRec, count: usize) -> bool {
    rec.sent.index() < count && (rec.end == EventId::NONE || rec.end.index() >= count)
}

/// Messages that the scenario holds back, in the order in which they were taken.
pub fn held(run: &Run, count: usize) -> Vec<MsgId> {
    Moment::of(run, count).peek.world().held().iter().map(|f| f.m).collect()
}

/// Messages that can be taken hold of, oldest first: on their way, or held.
pub fn under_way(run: &Run, count: usize) -> Vec<MsgId> {
    let late = run.trace().msgs.len().saturating_sub(4_000);
    let msgs = run.trace().msgs.iter().enumerate().skip(late);
    let free = |r: &MsgRec| in_flight(r, count) && r.from != r.to;
    msgs.filter(|(_, r)| free(r)).map(|(i, _)| MsgId(i as u32)).collect()
}

pub fn to_message(run: &Run, count: usize, id: MsgId) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let (Some(rec), Some(named)) = (run.trace().msg(id), words::message_ref(run, id)) else {
        return vec![];
    };
    let object = words::travels(run, id);
    let gone = gone(&m, rec);
    let is_held = m.peek.world().held().iter().any(|f| f.m == id);
    let say = |yes: bool, why: &str| yes.then(|| why.to_string());
    let deed = |verb: &str, rest: &str, not: Option<String>| {
        Deed::new(verb, &object, format!("{verb} {named}{rest}")).unless(gone.clone().or(not))
    };
    let first = "it is held: release it first";
    let mut out = vec![
        deed("drop", "", None),
        deed("hold", "", say(is_held, "it is held already")),
        deed("release", "", say(!is_held, "it is on its way, not held")),
        deed("delay", " by {}", say(is_held, first)).ask("by", "10ms", "a time: 10ms"),
        deed("duplicate", " by {}", say(is_held, first)).ask(
            "the copy comes later by",
            "5ms",
            "a time: 5ms",
        ),
    ];
    if is_held {
        out.swap(0, 2);
    }
    out
}

/// Why nothing can be done to it any more, or yet.
fn gone(m: &Moment<'_>, rec: &MsgRec) -> Option<String> {
    if rec.from == rec.to {
        return Some(format!("it never leaves {}", m.name(rec.from)));
    }
    if rec.sent.index() >= m.count {
        return Some("it has not been sent yet".into());
    }
    if in_flight(rec, m.count) {
        return None;
    }
    let end = m.run.trace().event(rec.end)?;
    Some(format!("{}, at {}", words::event(m.run, &end), words::clock(end.at)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TRIANGLE, run, verbs};
    use super::*;

    #[test]
    fn what_was_delivered_cannot_be_held() {
        let (run, count) = run(TRIANGLE, 15 * MS);
        let deeds = to_message(&run, count, MsgId(0));
        assert_eq!(verbs(&deeds), "-drop, -hold, -release, -delay, -duplicate");
        let why = deeds[1].not.clone().unwrap_or_default();
        assert!(why.starts_with("n2 receives Note from n1, at 0.010"), "{why}");
        assert_eq!(under_way(&run, count), [MsgId(1)]);
    }

    #[test]
    fn what_flies_is_held_and_what_is_held_is_released() {
        let (free, count) = run(TRIANGLE, 5 * MS);
        assert_eq!(
            verbs(&to_message(&free, count, MsgId(0))),
            "drop, hold, -release, delay, duplicate"
        );
        let (kept, count) = run(&format!("{TRIANGLE}at 2ms hold Note n1 -> n2 #1\n"), 15 * MS);
        assert_eq!(held(&kept, count), [MsgId(0)]);
        assert_eq!(under_way(&kept, count), [MsgId(0)]);
        let deeds = to_message(&kept, count, MsgId(0));
        assert_eq!(verbs(&deeds), "release, -hold, drop, -delay, -duplicate");
        assert_eq!(deeds[0].act, "release Note n1 -> n2 #1");
    }
}
