//! The run in words: for the event list, for accessible names, for announcements. One fact, one sentence.

use engine::card::{Weight, split_camel};
use engine::check::measure;
use engine::ids::*;
use engine::run::Run;
use engine::scenario::ast::Out;
use engine::trace::{Event, Loss, What};

/// A time of the run as the clock shows it: `1.312 s`, always as wide for the same run, and rounded as sentences round.
pub fn clock(us: Us) -> String {
    let ms = (us + MS / 2) / MS;
    format!("{}.{:03}\u{202f}s", ms / 1_000, ms % 1_000)
}

/// How important an event is to somebody who reads along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loud {
    /// A fault, a lost message, a broken claim.
    Fault,
    /// What else a line of the scenario does.
    Done,
    /// A reason that the caption tells.
    Key,
    Plain,
    /// Timers, writes, heartbeats.
    Quiet,
}

pub fn loudness(run: &Run, e: &Event) -> Loud {
    let quiet = |m: MsgId| run.trace().msg(m).is_some_and(|r| r.quiet);
    match e.what {
        What::Act { line } if !faults_by(run, line) => Loud::Done,
        What::Crash | What::Broke { .. } | What::Void { .. } | What::Act { .. } => Loud::Fault,
        What::Pause | What::Resume | What::Restart { .. } => Loud::Fault,
        What::Lose { .. } | What::Hold { .. } | What::Release { .. } => Loud::Fault,
        What::Why { .. } | What::Mark { .. } => match run.weight(e.id) {
            Weight::Key => Loud::Key,
            Weight::Aside => Loud::Plain,
            Weight::Quiet => Loud::Quiet,
        },
        What::Send { m } | What::Deliver { m } if quiet(m) => Loud::Quiet,
        What::Role { .. } | What::Invoke { .. } | What::Return { .. } => Loud::Plain,
        What::Send { .. } | What::Deliver { .. } | What::Copy { .. } => Loud::Plain,
        _ => Loud::Quiet,
    }
}

fn faults_by(run: &Run, line: u32) -> bool {
    run.scenario().steps.get(line as usize).is_some_and(|s| s.act.is_fault())
}

/// Whether a leap stops here: a line of the scenario, a fault, a reason, a claim.
pub fn is_loud(run: &Run, e: &Event) -> bool {
    matches!(loudness(run, e), Loud::Key | Loud::Done | Loud::Fault)
        && !matches!(e.what, What::Lose { .. })
}

/// `RequestVote #1`: the name of a message on its link.
pub fn message(run: &Run, m: MsgId) -> String {
    let Some(rec) = run.trace().msg(m) else { return "a message".into() };
    let kind = run.entry().kinds.get(rec.kind as usize).map_or("message", |k| k.name);
    kind.to_string()
}

/// `AppendEntries n1 -> n2 #7`: as a scenario names it.
pub fn message_ref(run: &Run, m: MsgId) -> Option<String> {
    let rec = run.trace().msg(m)?;
    let (from, to) = (&run.cast().members[rec.from.index()], &run.cast().members[rec.to.index()]);
    Some(format!("{} {} -> {} #{}", message(run, m), from.id, to.id, rec.nth))
}

/// `RequestVote from n1 to n2`
pub fn travels(run: &Run, m: MsgId) -> String {
    let Some(rec) = run.trace().msg(m) else { return message(run, m) };
    format!("{} from {} to {}", message(run, m), run.name(rec.from), run.name(rec.to))
}

fn loss(why: Loss) -> &'static str {
    match why {
        Loss::Loss => "the network lost it",
        Loss::Cut => "the link is cut",
        Loss::Down => "nobody is there",
        Loss::Drop => "the scenario dropped it",
    }
}

/// What happened, as a sentence without its full stop.
pub fn event(run: &Run, e: &Event) -> String {
    let me = e.node.map_or("", |n| run.name(n));
    let stage = run.world().stage();
    let text = |t: u32| run.trace().texts.get(t as usize).cloned().unwrap_or_default();
    match e.what {
        What::Start { .. } => format!("{me} starts"),
        What::Crash => format!("{me} crashes"),
        What::Pause => format!("{me} pauses"),
        What::Resume => format!("{me} resumes"),
        What::Restart { amnesia: true, .. } => format!("{me} restarts with an empty disk"),
        What::Restart { .. } => format!("{me} restarts"),
        What::Send { m } => {
            let to = run.trace().msg(m).map_or("", |r| run.name(r.to));
            format!("{me} sends {} to {to}", message(run, m))
        }
        What::Deliver { m } => {
            let from = run.trace().msg(m).map_or("", |r| run.name(r.from));
            format!("{me} receives {} from {from}", message(run, m))
        }
        What::Lose { m, why } => format!("{} is lost: {}", travels(run, m), loss(why)),
        What::Copy { of, .. } => format!("the network doubles {}", travels(run, of)),
        What::Hold { m } => format!("{} is held", travels(run, m)),
        What::Release { m } => format!("{} is released", travels(run, m)),
        What::Fire { timer } => format!("{me}: timer {}", spaced(&stage.timer_name(timer))),
        What::Save { record, .. } => format!("{me} writes {}", spaced(&stage.record_kind(record))),
        What::Saved { record, .. } => {
            format!("{me} has {} on disk", spaced(&stage.record_kind(record)))
        }
        What::Unsaved { record, .. } => {
            format!("{me} loses {}, not yet on disk", spaced(&stage.record_kind(record)))
        }
        What::Invoke { op } => format!("{me} asks: {}", call(run, op)),
        What::Return { op } => format!("{me}: {} {}", call(run, op), answer(run, op)),
        What::Role { state, epoch, .. } => role(run, e.node, state, epoch),
        What::Why { .. } => run.sentence(e.id).unwrap_or_default(),
        What::Meter { name, v } => {
            let meter = run.entry().meters.get(name as usize);
            let (meter, unit) = meter.map_or(("", ""), |m| (m.name, m.unit));
            format!("{me}: {} {}", meter.replace('-', " "), measure::prose(unit, v))
        }
        What::Clock { .. } => format!("{me} sets its clock"),
        What::Act { line } => acted(run, line),
        What::Void { text: t, .. } => format!("Nothing happens: {}", text(t)),
        What::Broke { claim, witness } => broken(run, claim, witness),
        What::Mark { text: t, .. } => text(t),
    }
}

/// A claim and what broke it.
pub fn broken(run: &Run, claim: u8, witness: u32) -> String {
    engine::scene::list::broken(run, claim, witness)
}

/// The words of a scenario's line.
pub fn acted(run: &Run, line: u32) -> String {
    run.act(line)
}

fn role(run: &Run, node: Option<NodeId>, state: u8, epoch: u64) -> String {
    let Some(n) = node else { return String::new() };
    let role = &run.entry().roles[run.cast().role(n) as usize];
    let word = role.states.get(state as usize).copied().unwrap_or("changed");
    match epoch {
        0 => format!("{} is {word}", run.name(n)),
        e => format!("{} is {word}, {} {e}", run.name(n), run.entry().epoch),
    }
}

/// `put x 1`
pub fn call(run: &Run, op: OpId) -> String {
    run.call(op)
}

fn answer(run: &Run, op: OpId) -> String {
    let Some((_, out, value)) = run.trace().op(op).and_then(|o| o.ret.as_ref()) else {
        return "is not answered".into();
    };
    let word = match out {
        Out::Ok => "is answered",
        Out::Failed => "fails",
        Out::Unknown => "is given up: nobody knows whether it was done",
    };
    value.as_ref().map_or(word.to_string(), |v| format!("{word}: {}", v.print()))
}

/// `ElectionTimeout` is read as `election timeout`.
pub fn spaced(name: &str) -> String {
    split_camel(name).to_ascii_lowercase()
}

/// What to say aloud for events that came since the last announcement: the loudest few, and a count of the rest.
pub fn announce(run: &Run, from: usize, to: usize) -> String {
    let events: Vec<Event> = run.trace().range(from, to).collect();
    let told: Vec<String> = events
        .iter()
        .filter(|e| matches!(loudness(run, e), Loud::Key | Loud::Fault))
        .filter(|e| !matches!(e.what, What::Lose { .. }))
        .map(|e| event(run, e))
        .collect();
    let of = |f: fn(&What) -> bool| events.iter().filter(|e| f(&e.what)).count();
    let (delivered, lost) =
        (of(|w| matches!(w, What::Deliver { .. })), of(|w| matches!(w, What::Lose { .. })));
    let mut parts: Vec<String> = told.iter().rev().take(2).rev().cloned().collect();
    if delivered > 0 {
        parts.push(format!("{delivered} {} delivered", plural(delivered, "message")));
    }
    if lost > 0 {
        parts.push(format!("{lost} lost"));
    }
    parts.iter().map(|p| p.trim_end_matches('.')).collect::<Vec<_>>().join(". ")
}

/// The same of one step: where nothing of it is loud, what happened last.
pub fn stepped(run: &Run, from: usize, to: usize) -> String {
    let told = announce(run, from, to);
    let last = || run.trace().range(from, to).next_back().map(|e| event(run, &e));
    if told.is_empty() { last().unwrap_or_default() } else { told }
}

/// A sentence begins with a capital; a node's name, or whatever else has a figure in it, stays as it is.
pub fn capital(text: &str) -> String {
    let first = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if first.bytes().any(|b| b.is_ascii_digit()) {
        return text.to_string();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// What the engine writes between backticks, in quotation marks: a page has no code in its sentences.
pub fn quoted(text: &str) -> String {
    let mut parts = text.split('`');
    let mut out = parts.next().unwrap_or_default().to_string();
    let mut open = true;
    for part in parts {
        out.push(if open { '“' } else { '”' });
        out.push_str(part);
        open = !open;
    }
    out
}

pub fn plural(n: usize, word: &str) -> String {
    if n == 1 { word.to_string() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_keeps_its_width() {
        assert_eq!(clock(1_312_400), "1.312\u{202f}s");
        assert_eq!(clock(0), "0.000\u{202f}s");
    }

    #[test]
    fn names_are_read_as_words() {
        assert_eq!(spaced("ElectionTimeout"), "election timeout");
    }

    #[test]
    fn a_sentence_begins_with_a_capital_and_a_name_stays_a_name() {
        assert_eq!(capital("crash n3 at 1 s"), "Crash n3 at 1 s");
        assert_eq!(capital("n3 has crashed"), "n3 has crashed");
        assert_eq!(capital("c1 add x 1"), "c1 add x 1");
        assert_eq!(capital(""), "");
        assert_eq!(quoted("Write it as `10ms` or `2min`."), "Write it as “10ms” or “2min”.");
        assert_eq!(quoted("nothing here"), "nothing here");
    }
}
