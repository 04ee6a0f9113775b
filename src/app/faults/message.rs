//! What can be done to a message on its way, or one that is held.

use engine::ids::*;
use engine::run::Run;
use engine::trace::{MsgRec, What};

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
    out.extend(in_another_order(&m, id, rec, gone.or(say(is_held, first))));
    out
}

/// Two messages of one link in the other order: the one that would come first is held until the other has come. What
/// hangs on that delivery stays true when a latency changes.
fn in_another_order(m: &Moment<'_>, id: MsgId, rec: &MsgRec, not: Option<String>) -> [Deed; 2] {
    let object = words::travels(m.run, id);
    let (before, after) = if not.is_none() { neighbours(m, id, rec) } else { (None, None) };
    let named = |id: MsgId| words::message_ref(m.run, id).unwrap_or_default();
    let deed = |word: &str, other: Option<MsgId>, first: MsgId, second: MsgId| {
        let with = other.map_or(format!("{word} another"), |o| format!("{word} {}", short(m, o)));
        let none = || {
            let comes = if word == "behind" { "comes later" } else { "comes sooner" };
            let (from, to) = (m.name(rec.from), m.name(rec.to));
            format!("no other message on its way from {from} to {to} {comes}")
        };
        Deed::new(format!("reorder {with}:"), &object, format!("hold {}", named(first)))
            .then(format!("then when delivered {}  release {}", named(second), named(first)))
            .unless(not.clone().or(other.is_none().then(none)))
    };
    [
        deed("behind", after, id, after.unwrap_or(id)),
        deed("before", before, before.unwrap_or(id), id),
    ]
}

/// `AppendEntries #7`
fn short(m: &Moment<'_>, id: MsgId) -> String {
    let nth = m.run.trace().msg(id).map_or(0, |r| r.nth);
    format!("{} #{nth}", words::message(m.run, id))
}

/// The messages on their way on the same link that will arrive next before and next after one.
fn neighbours(m: &Moment<'_>, id: MsgId, rec: &MsgRec) -> (Option<MsgId>, Option<MsgId>) {
    let trace = m.run.trace();
    let held: Vec<MsgId> = m.peek.world().held().iter().map(|f| f.m).collect();
    // What will be lost comes after nothing, and no line can wait for a copy: it has the name of its original.
    let comes = |r: &MsgRec| match trace.event(r.end).map(|e| e.what) {
        Some(What::Deliver { .. }) | None => r.due != Us::MAX && r.of.is_none(),
        _ => false,
    };
    let due = |r: &MsgRec, m: MsgId| (if r.end == EventId::NONE { r.due } else { r.end_at }, m);
    let mine = due(rec, id);
    let others = under_way(m.run, m.count).into_iter().filter(|o| *o != id && !held.contains(o));
    let mut others: Vec<(Us, MsgId)> = others
        .filter_map(|o| Some((trace.msg(o)?, o)))
        .filter(|(r, _)| (r.from, r.to) == (rec.from, rec.to) && comes(r))
        .map(|(r, o)| due(r, o))
        .collect();
    engine::few::sort(&mut others);
    let at = others.partition_point(|o| *o < mine);
    let all_comes = comes(rec);
    let before = at.checked_sub(1).map(|i| others[i].1).filter(|_| all_comes);
    (before, others.get(at).map(|o| o.1))
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

    /// Two notes on one link, the second a little later.
    const TWO: &str = "lamplight 1\nrun vector-clocks nodes=3 count=sends seed=1\nnet latency=10ms\n\
        at 0ms n1 tell n2\nat 3ms n1 tell n2\n";

    #[test]
    fn two_on_one_link_change_places_both_ways() {
        let (two, count) = run(TWO, 5 * MS);
        for (m, word) in
            [(MsgId(0), "reorder behind Note #2:"), (MsgId(1), "reorder before Note #1:")]
        {
            let deeds = to_message(&two, count, m);
            let Some(deed) = deeds.iter().find(|d| d.verb == word) else {
                panic!("{}", verbs(&deeds))
            };
            assert_eq!(deed.not, None);
            assert_eq!(deed.act, "hold Note n1 -> n2 #1");
            assert_eq!(deed.then, "then when delivered Note n1 -> n2 #2  release Note n1 -> n2 #1");
            let now = engine::scenario::ast::Instant { at: 5 * MS, k: 0 };
            let text = engine::scenario::edit::insert_chain(TWO, now, &deed.act, &deed.then);
            let (new, _) = run(&text, 50 * MS);
            let came = new.trace().events().filter_map(|e| match e.what {
                What::Deliver { m } => Some((m, e.at)),
                _ => None,
            });
            assert_eq!(came.collect::<Vec<_>>(), [(MsgId(1), 13 * MS), (MsgId(0), 13 * MS)]);
            assert!(new.trace().events().all(|e| !matches!(e.what, What::Void { .. })));
        }
        let says = |m| verbs(&to_message(&two, count, m));
        assert!(says(MsgId(0)).ends_with("reorder behind Note #2:, -reorder before another:"));
        assert!(says(MsgId(1)).ends_with("-reorder behind another:, reorder before Note #1:"));
    }

    #[test]
    fn what_was_delivered_cannot_be_held() {
        let (run, count) = run(TRIANGLE, 15 * MS);
        let deeds = to_message(&run, count, MsgId(0));
        assert_eq!(
            verbs(&deeds),
            "-drop, -hold, -release, -delay, -duplicate, -reorder behind another:, -reorder before another:"
        );
        let why = deeds[1].not.clone().unwrap_or_default();
        assert!(why.starts_with("n2 receives Note from n1, at 0.010"), "{why}");
        assert_eq!(under_way(&run, count), [MsgId(1)]);
    }

    #[test]
    fn what_flies_is_held_and_what_is_held_is_released() {
        let (free, count) = run(TRIANGLE, 5 * MS);
        assert_eq!(
            verbs(&to_message(&free, count, MsgId(0))),
            "drop, hold, -release, delay, duplicate, -reorder behind another:, -reorder before another:"
        );
        let (kept, count) = run(&format!("{TRIANGLE}at 2ms hold Note n1 -> n2 #1\n"), 15 * MS);
        assert_eq!(held(&kept, count), [MsgId(0)]);
        assert_eq!(under_way(&kept, count), [MsgId(0)]);
        let deeds = to_message(&kept, count, MsgId(0));
        assert_eq!(
            verbs(&deeds),
            "release, -hold, drop, -delay, -duplicate, -reorder behind another:, -reorder before another:"
        );
        assert_eq!(deeds[0].act, "release Note n1 -> n2 #1");
    }
}
