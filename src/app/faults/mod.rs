//! Breaking things by hand: what can be done to a node, a message, a link and the network at a moment, each as the verb
//! the text has for it, or why it cannot be done.

mod coming;
mod draw;
mod link;
mod message;
mod node;
mod partition;
mod sheet;

use engine::card::StirCard;
use engine::ids::*;
use engine::run::{Peek, Run};
use engine::scenario::edit;
use engine::trace::What;
use leptos::prelude::*;

use super::keys::Do;
use super::page::{Page, Pick};
use super::words;

pub use coming::to_coming;
pub use draw::DrawLine;
pub use link::{to_link, to_network};
pub use message::{held, in_flight, to_message, under_way};
pub use node::{lie_says, to_node};
pub use partition::PartitionSheet;
pub use sheet::BreakSheet;

/// Something that can be done: the verb on the button, and the act in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub verb: String,
    /// What it is done to, for a button that stands alone.
    pub object: String,
    /// As a line of the scenario has it; `{}` stands where the reader's value goes.
    pub act: String,
    /// The line below it that hangs on it, where one act does not do it alone.
    pub then: String,
    pub ask: Option<Ask>,
    /// Further acts at the same moment, each with the line that hangs on it.
    pub also: Vec<(String, String)>,
    /// Only the protocol in view knows what it means.
    pub own: bool,
    /// What it does, where its verb does not say.
    pub says: &'static str,
    /// Why it cannot be done now.
    pub not: Option<String>,
}

/// A value that an act needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// What the field is called.
    pub word: &'static str,
    /// What it begins with: a value that makes a difference in most runs.
    pub value: String,
    /// What may stand there, with its unit.
    pub form: String,
}

impl Deed {
    fn new(verb: impl Into<String>, object: &str, act: String) -> Deed {
        Deed {
            verb: verb.into(),
            object: object.into(),
            act,
            then: String::new(),
            ask: None,
            also: vec![],
            own: false,
            says: "",
            not: None,
        }
    }

    fn ask(self, word: &'static str, value: &str, form: impl Into<String>) -> Deed {
        Deed { ask: Some(Ask { word, value: value.into(), form: form.into() }), ..self }
    }

    fn says(self, says: &'static str) -> Deed {
        Deed { says, ..self }
    }

    fn then(self, line: String) -> Deed {
        Deed { then: line, ..self }
    }

    /// Possible only where there is no reason against it.
    fn unless(self, not: Option<String>) -> Deed {
        Deed { not: self.not.or(not), ..self }
    }

    pub fn name(&self) -> String {
        // `restart n1 with an empty disk`
        let (verb, with) = self.verb.split_at(self.verb.find(" with ").unwrap_or(self.verb.len()));
        format!("{verb} {}{with}", self.object).trim().to_string()
    }

    /// What makes it another one.
    pub fn key(&self) -> String {
        format!("{}\n{}\n{}", self.name(), self.act, self.then)
    }

    /// Do it, as lines of the text.
    pub fn press(&self, page: Page) {
        if self.then.is_empty() && !self.own {
            page.do_act(&self.act);
        } else {
            let first = (self.act.clone(), self.then.clone());
            let all: Vec<_> = std::iter::once(first).chain(self.also.clone()).collect();
            page.do_all(&all, &self.name(), self.own);
        }
    }

    /// The act with a value in its place.
    pub fn with(&self, value: &str) -> String {
        self.act.replacen("{}", value.trim(), 1).trim().to_string()
    }
}

/// A moment of a run, from the inside.
pub(super) struct Moment<'a> {
    run: &'a Run,
    count: usize,
    peek: Peek,
}

impl<'a> Moment<'a> {
    fn of(run: &'a Run, count: usize) -> Moment<'a> {
        Moment { run, count, peek: run.peek(EventId(count.saturating_sub(1) as u32)) }
    }

    fn name(&self, n: NodeId) -> &'a str {
        self.run.name(n)
    }

    fn id(&self, n: NodeId) -> &'a str {
        id(self.run, n)
    }
}

fn id(run: &Run, n: NodeId) -> &str {
    &run.cast().members[n.index()].id
}

/// What can be done to what is selected.
pub fn to_pick(run: &Run, count: usize, pick: Pick) -> Vec<Deed> {
    match object_of(run, pick) {
        Pick::Node(n) => node::at_once(run, count, n),
        Pick::Message(m) => to_message(run, count, m),
        _ => vec![],
    }
}

/// What makes the run interesting at once, by the entry's card.
pub fn to_stir(run: &Run, count: usize) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let deed = |card: &StirCard| match engine::stir::lines(run, &m.peek, card) {
        Ok(mut lines) => {
            let (act, then) = lines.remove(0);
            Deed { also: lines, then, own: true, ..Deed::new(card.name, "", act) }
        }
        Err(why) => Deed::new(card.name, "", String::new()).unless(Some(why)),
    };
    run.entry().stirs.iter().map(deed).collect()
}

/// Whether a protocol does not promise to bear this.
pub fn beyond(run: &Run, act: &str, then: &str) -> bool {
    use engine::card::Fault;
    let mut words = act.split_whitespace();
    let fault = match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
        ("crash", _) => Fault::Crash,
        ("restart", _) if act.ends_with("amnesia") => Fault::Amnesia,
        ("pause", _) => Fault::Pause,
        ("drop", _) => Fault::Loss,
        ("hold", _) if !then.is_empty() => Fault::Reordering,
        ("duplicate", _) => Fault::Duplication,
        ("partition" | "cut" | "isolate", _) => Fault::Partition,
        ("skew" | "drift", _) => Fault::ClockError,
        ("turn", _) if !act.ends_with(" honest") => Fault::Lies,
        ("set", "node") => Fault::SlowDisk,
        ("set", _) if act.contains("loss=") => Fault::Loss,
        ("set", _) if act.contains("duplicate=") => Fault::Duplication,
        _ => return false,
    };
    !run.entry().tolerates.contains(&fault)
}

/// The node or message that is meant where an event is selected.
pub fn object_of(run: &Run, pick: Pick) -> Pick {
    let Pick::Event(e) = pick else { return pick };
    match run.trace().event(e).map(|e| (e.what, e.node)) {
        Some((What::Send { m } | What::Hold { m } | What::Copy { m, .. }, _)) => Pick::Message(m),
        Some((What::Deliver { .. } | What::Lose { .. } | What::Act { .. }, _)) => Pick::None,
        Some((_, Some(n))) => Pick::Node(n),
        _ => Pick::None,
    }
}

/// What a key is pressed for where an event is selected: a receipt is of a message and of who got it.
fn meant(run: &Run, pick: Pick, what: Do) -> Pick {
    let Pick::Event(e) = pick else { return pick };
    let Some(event) = run.trace().event(e) else { return pick };
    match (what, event.what, event.node) {
        (Do::Drop, What::Deliver { m } | What::Lose { m, .. }, _) => Pick::Message(m),
        (Do::Crash | Do::Restart, _, Some(n)) => Pick::Node(n),
        _ => pick,
    }
}

/// The few verbs that stand beside the thing itself: the first that can be done at once.
pub fn at_hand(deeds: &[Deed]) -> Vec<Deed> {
    deeds.iter().filter(|d| d.not.is_none() && d.ask.is_none()).take(2).cloned().collect()
}

/// What is wrong with doing this, in the words of the scenario's reader.
pub fn amiss(text: &str, at: engine::scenario::ast::Instant, act: &str) -> Option<String> {
    let entries = engine::protocols::entries();
    let faults = engine::scenario::parse(&edit::insert_step(text, at, act), &entries).err()?;
    faults.first().map(says)
}

/// A fault without its place: there is only one line it can be in.
pub fn says(f: &engine::scenario::Fault) -> String {
    match &f.hint {
        Some(hint) => words::quoted(&format!("{} {hint}", f.message)),
        None => words::quoted(&f.message),
    }
}

pub fn by_key(page: Page, what: Do) {
    let (pick, count) = (page.pick.get_untracked(), page.count.get_untracked());
    let verb = match what {
        Do::Crash => "crash",
        Do::Restart => "restart",
        Do::Heal => "heal",
        _ => "drop",
    };
    let deeds = page.with_run_now(|run| match what {
        Do::Heal => to_network(run, count),
        _ => to_pick(run, count, meant(run, pick, what)),
    });
    let deed = deeds.unwrap_or_default().into_iter().find(|d| d.verb == verb);
    match deed {
        Some(Deed { not: Some(why), .. }) => page.refuse(&why),
        Some(deed) => deed.press(page),
        None => {
            let object = if verb == "drop" { "message" } else { "node" };
            page.refuse(&format!("nothing to {verb} is selected: select the {object} first"));
        }
    }
}

/// A sentence of what came before it: with a capital and a full stop.
fn sentence(text: &str) -> String {
    format!("{}.", words::capital(text.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn run(text: &str, until: Us) -> (Run, usize) {
        let Ok(mut run) = crate::app::page::read(text) else { panic!("{text} does not run") };
        run.advance(until, 100_000);
        let count = run.trace().count_until(until);
        (run, count)
    }

    pub const TRIANGLE: &str = "lamplight 1\nrun vector-clocks nodes=3 count=sends seed=1\nnet latency=10ms\n\
        at 0ms n1 tell n2\nwhen delivered Note n1 -> n2 n2 tell n3\n";

    pub fn verbs(deeds: &[Deed]) -> String {
        let mark = |d: &Deed| format!("{}{}", if d.not.is_some() { "-" } else { "" }, d.verb);
        deeds.iter().map(mark).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_readers_value_takes_its_place() {
        let d =
            Deed::new("delay", "it", "delay Note n1 -> n2 #1 by {}".into()).ask("by", "5ms", "");
        assert_eq!(d.with(" 10ms "), "delay Note n1 -> n2 #1 by 10ms");
        assert_eq!(Deed::new("turn", "", "turn n1 odd {}".into()).with(""), "turn n1 odd");
    }

    #[test]
    fn what_is_at_hand_can_be_done_and_needs_no_value() {
        let d = |v: &str| Deed::new(v, "", v.into());
        let all =
            [d("a").unless(Some("no".into())), d("b").ask("by", "1ms", ""), d("c"), d("d"), d("e")];
        assert_eq!(verbs(&at_hand(&all)), "c, d");
    }

    #[test]
    fn a_protocol_promises_to_bear_some_things_and_not_others() {
        let (run, _) = run("lamplight 1\nrun raft nodes=3 clients=1 seed=1\n", MS);
        for (act, more) in [
            ("crash n1", false),
            ("turn n1 silent", true),
            ("turn n1 honest", false),
            ("heal", false),
        ] {
            assert_eq!(beyond(&run, act, ""), more, "{act}");
        }
    }

    #[test]
    fn a_value_is_judged_by_the_reader_of_the_text() {
        let at = engine::scenario::ast::Instant { at: 5 * MS, k: 0 };
        assert_eq!(amiss(TRIANGLE, at, "delay Note n1 -> n2 #1 by 10ms"), None);
        assert!(
            amiss(TRIANGLE, at, "delay Note n1 -> n2 #1 by 10").is_some_and(|w| w.contains("10"))
        );
        assert!(amiss(TRIANGLE, at, "set link n1 -> n2 loss=140%").is_some());
    }

    #[test]
    fn every_act_that_can_be_done_is_read_and_leaves_no_void() {
        for at in [0, 5 * MS, 15 * MS] {
            let (old, count) = run(TRIANGLE, at);
            let nodes = old.cast().all().flat_map(|n| to_node(&old, count, n));
            let msgs = under_way(&old, count).into_iter().flat_map(|m| to_message(&old, count, m));
            let links = to_link(&old, count, NodeId(0), NodeId(1), false)
                .into_iter()
                .chain(to_link(&old, count, NodeId(0), NodeId(1), true));
            let all: Vec<Deed> =
                nodes.chain(msgs).chain(links).chain(to_network(&old, count)).collect();
            for d in all {
                let act = d.with(d.ask.as_ref().map_or("", |a| &a.value));
                let now = engine::scenario::ast::Instant { at, k: 9 };
                let line = edit::insert_chain(TRIANGLE, now, &act, &d.then);
                let (new, _) = run(&line, at);
                let void = new.trace().events().any(|e| matches!(e.what, What::Void { .. }));
                // Of two messages there must be another one: the act alone could be done.
                let pair = d.not.is_some() && !d.then.is_empty();
                assert_eq!(void, d.not.is_some() && !pair, "{act} at {at}: {:?}", d.not);
            }
        }
    }

    #[test]
    fn an_event_stands_for_what_it_is_about() {
        let (run, _) = run(TRIANGLE, 15 * MS);
        let of = |f: fn(&What) -> bool| {
            run.trace().events().find(|e| f(&e.what)).map(|e| Pick::Event(e.id))
        };
        let send = of(|w| matches!(w, What::Send { .. })).unwrap_or(Pick::None);
        assert_eq!(object_of(&run, send), Pick::Message(MsgId(0)));
        let start = of(|w| matches!(w, What::Start { .. })).unwrap_or(Pick::None);
        assert!(matches!(object_of(&run, start), Pick::Node(_)));
    }
}
