//! Questions the reader has put to the run: why an event came to be and out of which, where a cut lies, what is left
//! out of the views. The engine answers ([`engine::trace::inquiry`]); here is what was asked, and the answer in words.
//!
//! The chain that is told belongs to one event and stays while the reader walks along its links. What is left out stays
//! left out when the text is edited; another scenario begins with no questions.

use std::sync::Arc;

use engine::ids::*;
use engine::run::Run;
use engine::scene::{Index, Pick};
use engine::trace::causality::Causality;
use engine::trace::inquiry::{
    Chain, Cut, Filter, Judgment, Order, Relation, chain, default_cause, judge, relation,
};
use engine::trace::{Event, What};
use leptos::prelude::*;

use super::lay::{Kept, effect};
use super::page::{Loaded, Mode, Page, Tab};
use super::sides::Side;
use super::work::time;
use super::{dom, words};

#[derive(Clone, Copy)]
pub struct Inquiry {
    /// The event that the selected one is asked about: its cause, perhaps.
    pub cause: RwSignal<Option<EventId>>,
    /// The event whose chain is told, while the reader walks along it.
    pub about: RwSignal<Option<EventId>>,
    pub cut: RwSignal<Option<Cut>>,
    pub filter: RwSignal<Filter>,
    /// What events are searched for.
    pub query: RwSignal<String>,
    /// The entry and the number of nodes that the filter speaks of.
    of: StoredValue<(&'static str, usize)>,
}

impl Inquiry {
    pub fn new() -> Inquiry {
        Inquiry {
            cause: RwSignal::new(None),
            about: RwSignal::new(None),
            cut: RwSignal::new(None),
            filter: RwSignal::new(Filter::default()),
            query: RwSignal::new(String::new()),
            of: StoredValue::new(("", 0)),
        }
    }

    /// Another scenario: nothing has been asked of it yet.
    pub fn forget(&self) {
        self.cause.set(None);
        self.about.set(None);
        self.cut.set(None);
        self.filter.set(Filter::default());
        self.query.set(String::new());
    }

    /// Put the questions to the run that comes on the stage in the place of an old one. Its index is new; an event is
    /// the same where both runs have it.
    pub fn carry(&self, old: Option<&Loaded>, new: &Loaded) {
        let run = new.run.borrow();
        let of = (run.entry().id, run.cast().len());
        let (entry, nodes) = self.of.get_value();
        if entry != of.0 {
            self.forget();
        } else if nodes != of.1 {
            self.cut.set(None);
            self.filter.update(|f| f.nodes = 0);
        }
        self.of.set_value(of);
        sift_all(new, self.filter.get_untracked());
        for event in [self.cause, self.about] {
            let Some(e) = event.get_untracked() else { continue };
            let was = old.and_then(|l| l.run.borrow().trace().event(e));
            if was.is_none() || was != run.trace().event(e) {
                event.set(None);
            }
        }
        if let Some(old) = self.cut.get_untracked() {
            let mut cut = old.clone();
            for n in run.cast().all() {
                cut.drag(&run, &new.index.borrow().causality, n, old.at[n.index()]);
                // Nothing at all is inside: no time says that where something happens at 0.
                if old.upto[n.index()] == 0 {
                    cut.upto[n.index()] = 0;
                }
            }
            self.cut.set(Some(cut));
        }
    }
}

/// Every run of the text that has the same nodes shows the same of them.
fn sift_all(l: &Loaded, filter: Filter) {
    sift_sides(l, l.sides.iter(), filter);
}

/// The same of runs that stand beside those of a text.
pub fn sift_sides<'a>(l: &Loaded, sides: impl Iterator<Item = &'a Side>, filter: Filter) {
    let of = |run: &Run| (run.entry().id, run.cast().len());
    let mine = of(&l.run.borrow());
    for side in sides {
        let run = side.run.borrow();
        let filter = if of(&run) == mine { filter } else { Filter::default() };
        side.index.borrow_mut().sift(&run, filter);
    }
}

// -------------------------------------------------------------------- two events, and the chain between them

/// The event that a selection is about; where none is, the last thing that was told.
pub fn subject(run: &Run, count: usize, pick: Pick) -> Option<EventId> {
    let trace = run.trace();
    match pick {
        Pick::Event(e) => Some(e),
        Pick::Message(m) => {
            trace.msg(m).map(|r| if r.end.index() < count { r.end } else { r.sent })
        }
        Pick::Node(n) => last_told(run, count, Some(n))
            .or_else(|| trace.range(0, count).rev().find(|e| e.node == Some(n)).map(|e| e.id)),
        Pick::Op(op) => trace.op(op).map(|o| o.ret.as_ref().map_or(o.invoke, |r| r.0)),
        Pick::Fault(line) => trace
            .range(0, count)
            .find(|e| matches!(e.what, What::Act { line: l } if l == line))
            .map(|e| e.id),
        Pick::None => last_told(run, count, None),
    }
}

fn last_told(run: &Run, count: usize, node: Option<NodeId>) -> Option<EventId> {
    // Of a node it is also that it stopped or came back: what it said before that is not why it is so now.
    let lives = |e: &Event| {
        matches!(e.what, What::Crash | What::Pause | What::Resume | What::Restart { .. })
    };
    let told = |e: &Event| {
        matches!(words::loudness(run, e), words::Loud::Key)
            || matches!(e.what, What::Broke { .. })
            || node.is_some() && lives(e)
    };
    run.trace()
        .range(0, count)
        .rev()
        .filter(|e| node.is_none() || e.node == node)
        .find(told)
        .map(|e| e.id)
}

/// Whether a selection is one event, not a node with its whole life.
pub fn is_event(pick: Pick) -> bool {
    !matches!(pick, Pick::None | Pick::Node(_))
}

/// Why an event came to be, and how it stands to the one it was asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub effect: EventId,
    pub cause: Option<EventId>,
    /// How the cause stands to it.
    pub relation: Option<Relation>,
    /// From the cause, or else from where it began; the other way round where it came first. None where no chain
    /// of messages leads either way.
    pub chain: Option<Chain>,
    /// The one is a crash, a loss or the like, and the other began with a timer that ran out later: what did not come
    /// may have been the cause, and no clock counts that.
    pub silence: bool,
}

/// The answer about an event; about another one while that is a link of its chain.
pub fn answer(
    run: &Run,
    index: &Index,
    (cause, about): (Option<EventId>, Option<EventId>),
    e: EventId,
) -> Answer {
    let held = about.filter(|a| *a != e).map(|a| one(run, index, cause, a));
    let on = |a: &Answer| a.chain.as_ref().is_some_and(|c| c.holds(e));
    held.filter(on).unwrap_or_else(|| one(run, index, cause, e))
}

fn one(run: &Run, index: &Index, cause: Option<EventId>, effect: EventId) -> Answer {
    let c = &index.causality;
    let Some(cause) = cause.filter(|a| *a != effect) else {
        let chain = Some(default_cause(run, c, effect));
        return Answer { effect, cause, relation: None, chain, silence: false };
    };
    let way = chain(run, c, cause, effect).or_else(|| chain(run, c, effect, cause));
    let relation = Some(relation(run, c, cause, effect));
    let silence = way.is_none() && silent(run, c, cause, effect);
    Answer { effect, cause: Some(cause), relation, chain: way, silence }
}

/// Whether the first of two events kept something from being sent or heard, and the second came of a timer that ran out
/// after it.
fn silent(run: &Run, c: &Causality, a: EventId, b: EventId) -> bool {
    let (one, other) = if a < b { (a, b) } else { (b, a) };
    let hushes = |what: What| match what {
        What::Crash | What::Pause | What::Lose { .. } | What::Hold { .. } => true,
        What::Act { line } => {
            run.scenario().steps.get(line as usize).is_some_and(|s| s.act.is_fault())
        }
        _ => false,
    };
    let trace = run.trace();
    let fired = |e: EventId| e > one && matches!(trace.what(e.index()), What::Fire { .. });
    hushes(trace.what(one.index()))
        && default_cause(run, c, other).links.iter().any(|l| fired(l.event))
}

impl Answer {
    /// What stands over the sentences of the chain.
    pub fn lead(&self) -> &'static str {
        let links = self.chain.as_ref().map_or(0, |c| c.links.len());
        match self.relation.as_ref().map(|r| r.order) {
            None if self.cause.is_some() => {
                "This is the event to ask from. Select another one: what it may have led to."
            }
            None if links < 2 => "Nothing led to it: it began here.",
            None => "What led to it, from where it began:",
            Some(Order::Same) => "Both belong to one step.",
            Some(Order::Before) => "The shortest way by which it could have:",
            Some(Order::After) => "It came first. The shortest way from it to the other one:",
            Some(Order::Concurrent | Order::Outside) if self.silence => {
                "No message led from one to the other. What did not come may be how: a timer ran out, and nothing had stopped it."
            }
            Some(Order::Concurrent | Order::Outside) => "No message led from one to the other.",
        }
    }

    /// In one word, for those who hear it.
    pub fn word(&self) -> &'static str {
        match self.relation.as_ref().map(|r| r.order) {
            None => "",
            Some(Order::Same) => "the same step",
            Some(Order::Before) => "before",
            Some(Order::After) => "after",
            Some(Order::Concurrent) => "concurrent",
            Some(Order::Outside) => "outside",
        }
    }
}

/// The answer about what is selected, tracked.
pub fn asked(page: Page, count: usize) -> Option<Answer> {
    let (pick, with) = (page.pick.get(), (page.inquiry.cause.get(), page.inquiry.about.get()));
    page.loaded().and_then(|l| {
        let (run, index) = (l.run.borrow(), l.index.borrow());
        subject(&run, count, pick).map(|e| answer(&run, &index, with, e))
    })
}

/// The chain over the diagram: from the chosen cause, or while the reader asks why.
pub fn drawn_chain(page: Page) -> Kept<Option<Chain>> {
    Kept::new(move || {
        let wanted = page.tab.get() == Tab::Why || page.inquiry.cause.get().is_some();
        if !wanted || !is_event(page.pick.get()) {
            return None;
        }
        asked(page, page.count_slow.get()).and_then(|a| a.chain).filter(|c| c.links.len() > 1)
    })
}

/// `n1 at 0.150 s`
pub fn place(run: &Run, e: EventId) -> String {
    let Some(event) = run.trace().event(e) else { return String::new() };
    let name = event.node.map_or("the scenario", |n| run.name(n));
    format!("{name} at {}", words::clock(event.at))
}

/// Ask from here: the event becomes the cause; once more, and it is none again.
pub fn ask_from(page: Page, pick: Pick) {
    let Some((e, says)) = page
        .with_run_now(|run| {
            let e =
                subject(run, page.count.get_untracked(), pick).filter(|_| pick != Pick::None)?;
            Some((e, run.trace().event(e).map(|e| words::event(run, &e))?))
        })
        .flatten()
    else {
        page.said.set("Select an event first.".into());
        return;
    };
    let inquiry = page.inquiry;
    inquiry.about.set(None);
    if inquiry.cause.get_untracked() == Some(e) {
        inquiry.cause.set(None);
        page.said.set("No cause is chosen.".into());
        return;
    }
    inquiry.cause.set(Some(e));
    if !page.phone.get_untracked() {
        page.tab.set(Tab::Why);
    }
    page.said.set(format!("Chosen as the cause: {}.", says.trim_end_matches('.')));
}

/// Let go of the last question. False where none was asked.
pub fn let_go(page: Page) -> bool {
    let inquiry = page.inquiry;
    if inquiry.cause.get_untracked().is_some() {
        inquiry.cause.set(None);
        page.said.set("No cause is chosen.".into());
    } else if inquiry.cut.get_untracked().is_some() {
        toggle_cut(page);
    } else {
        return false;
    }
    true
}

// -------------------------------------------------------------------- a cut

/// A cut and what it is, tracked.
pub fn judged(page: Page) -> Kept<Option<Arc<(Cut, Judgment)>>> {
    Kept::new(move || {
        let cut = page.inquiry.cut.get()?;
        page.count_slow.track();
        page.loaded().map(|l| {
            let j = judge(&l.run.borrow(), &l.index.borrow().causality, &cut);
            Arc::new((cut, j))
        })
    })
}

/// The verdict in full: with the first message that breaks it.
pub fn verdict(j: &Judgment) -> String {
    match j.breaks.first() {
        Some(b) => format!("Not consistent: {}", b.says),
        None => j.says.clone(),
    }
}

/// Whether it is consistent or what makes it not is said when that changes.
pub fn announce(page: Page, judged: Kept<Option<Arc<(Cut, Judgment)>>>) {
    let word = Kept::new(move || {
        judged.with(|j| {
            j.as_ref().map(|j| match j.1.breaks.first() {
                Some(_) => verdict(&j.1),
                None => "The cut is consistent.".into(),
            })
        })
    });
    effect(move || {
        if let Some(says) = word.get() {
            page.said.set(says);
        }
    });
}

/// Lay a cut at the playhead, or take it away.
pub fn toggle_cut(page: Page) {
    if page.inquiry.cut.get_untracked().is_some() {
        page.inquiry.cut.set(None);
        page.said.set("The cut is taken away.".into());
        return;
    }
    page.freeze();
    lay_cut(page, |run, index| Some(Cut::at(run, &index.causality, page.head.get_untracked().at)));
    if page.mode.get_untracked() == Mode::Page && !page.phone.get_untracked() {
        page.tab.set(Tab::Why);
    }
}

/// Put the cut where that says.
pub fn lay_cut(page: Page, how: impl FnOnce(&Run, &Index) -> Option<Cut>) {
    let Some(l) = page.loaded_now() else { return };
    if let Some(cut) = how(&l.run.borrow(), &l.index.borrow()) {
        page.inquiry.cut.set(Some(cut));
    }
}

/// Move the cut.
pub fn move_cut(page: Page, how: impl FnOnce(&mut Cut, &Run, &Index)) {
    let Some(mut cut) = page.inquiry.cut.get_untracked() else { return };
    let Some(l) = page.loaded_now() else { return };
    how(&mut cut, &l.run.borrow(), &l.index.borrow());
    if page.inquiry.cut.get_untracked().as_ref() != Some(&cut) {
        page.inquiry.cut.set(Some(cut));
    }
}

/// Lay what was asked when the page was left: a cause, and a cut by how much of each lane is inside and until when.
pub fn put_back(page: Page, cause: Option<EventId>, cut: Vec<(u32, f64)>) {
    let Some(l) = page.loaded_now() else { return };
    let run = l.run.borrow();
    let is_there = |e: &EventId| e.index() < run.trace().len();
    page.inquiry.cause.set(cause.filter(is_there));
    let (upto, at) = cut.into_iter().map(|(inside, at)| (inside, time(at))).unzip();
    let cut = Some(Cut { upto, at });
    page.inquiry.cut.set(cut.filter(|cut| is_cut(&run, &l.index.borrow(), cut)));
}

/// Whether a cut has every lane, and of none more than has happened there; what is not known yet may be inside.
fn is_cut(run: &Run, index: &Index, cut: &Cut) -> bool {
    let known = run.known_until();
    let fits = |n: NodeId| {
        let (upto, at) = (cut.upto[n.index()] as usize, cut.at[n.index()]);
        upto <= index.causality.lane(n).len() || at > known
    };
    cut.upto.len() == run.cast().len() && run.cast().all().all(fits)
}

// -------------------------------------------------------------------- what is left out

/// Leave out of the views what this filter leaves out.
pub fn sift(page: Page, filter: Filter) {
    let Some(l) = page.loaded_now() else { return };
    sift_sides(&l, page.sides_now().iter(), filter);
    page.inquiry.filter.set(filter);
    let note = left_out(&l.run.borrow(), &filter);
    page.said.set(if note.is_empty() {
        "Everything is shown.".into()
    } else {
        words::capital(&note) + "."
    });
}

/// `2 nodes, heartbeats hidden`; empty where nothing is.
pub fn left_out(run: &Run, f: &Filter) -> String {
    let nodes: Vec<NodeId> = run.cast().all().filter(|n| !f.shows_node(*n)).collect();
    let kinds = || run.entry().kinds.iter().enumerate().filter(|(i, _)| !f.shows_kind(*i as u8));
    let mut parts: Vec<String> = vec![];
    match nodes.len() {
        0 => {}
        1 => parts.push(run.name(nodes[0]).into()),
        n => parts.push(format!("{n} nodes")),
    }
    match kinds().count() {
        0 => {}
        n @ 1..=2 => parts.extend(kinds().take(n).map(|(_, k)| k.name.to_string())),
        n => parts.push(format!("{n} kinds of message")),
    }
    if f.quiet {
        parts.push("heartbeats".into());
    }
    let hidden = parts.join(", ");
    match (hidden.is_empty(), f.local) {
        (true, false) => String::new(),
        (true, true) => "local events collapsed".into(),
        (false, false) => format!("{hidden} hidden"),
        (false, true) => format!("{hidden} hidden, local events collapsed"),
    }
}

/// Go where events are found.
pub fn go_find(page: Page) {
    match page.mode.get_untracked() {
        Mode::Embed => return,
        Mode::Project => page.project(),
        Mode::Page => {}
    }
    page.tab.set(Tab::Events);
    dom::rendered(|| dom::focus("#find"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::protocols;

    fn run() -> Run {
        let mut run = read_anew();
        run.advance(1_000_000, u32::MAX);
        run
    }

    /// At its beginning.
    fn read_anew() -> Run {
        let text = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nnet latency=10ms\nat 0ms n1 tell n2\nwhen delivered Note n1 -> n2 n2 tell n3\nuntil quiet by 1s\n";
        let s = engine::scenario::parse(text, &protocols::entries()).expect("it is a scenario");
        let Ok(run) = protocols::open(s) else { panic!("it does not run") };
        run
    }

    fn first(run: &Run, n: u16, is: impl Fn(&What) -> bool) -> EventId {
        let e = run.trace().events().find(|e| e.node == Some(NodeId(n)) && is(&e.what));
        e.expect("it happens").id
    }

    fn receipt(w: &What) -> bool {
        matches!(w, What::Deliver { .. })
    }

    #[test]
    fn what_is_left_out_is_told_shortly() {
        let run = run();
        let f = Filter::default();
        assert_eq!(left_out(&run, &f), "");
        let one = f.node(NodeId(1), true);
        assert_eq!(left_out(&run, &one), "n2 hidden");
        let more = Filter { quiet: true, ..one.node(NodeId(2), true) };
        assert_eq!(left_out(&run, &more), "2 nodes, heartbeats hidden");
        assert_eq!(left_out(&run, &Filter { local: true, ..f }), "local events collapsed");
        let kind = Filter { local: true, ..f.kind(0, true) };
        assert_eq!(left_out(&run, &kind), "Note hidden, local events collapsed");
    }

    #[test]
    fn a_cut_has_every_lane_and_no_more_than_happened_there() {
        let run = run();
        let index = Index::new(&run);
        let mut cut = Cut::at(&run, &index.causality, SEC);
        assert!(is_cut(&run, &index, &cut));
        cut.upto[1] += 1;
        assert!(!is_cut(&run, &index, &cut));
        cut.upto.pop();
        assert!(!is_cut(&run, &index, &cut));
        // A run that is not known that far yet may have as much.
        let run = read_anew();
        let index = Index::new(&run);
        let mut far = Cut::at(&run, &index.causality, SEC);
        far.upto[1] = 2;
        assert!(is_cut(&run, &index, &far));
    }

    #[test]
    fn an_answer_stays_with_its_event_along_the_chain() {
        let run = run();
        let index = Index::new(&run);
        let (b, c) = (first(&run, 1, receipt), first(&run, 2, receipt));
        let start = first(&run, 0, |w| matches!(w, What::Send { .. }));
        let asked = answer(&run, &index, (Some(start), None), c);
        assert_eq!((asked.word(), asked.effect), ("before", c));
        assert!(asked.chain.as_ref().is_some_and(|w| w.holds(b)));
        // On a link of the chain the reader still reads about its end; off it, about what was chosen.
        assert_eq!(answer(&run, &index, (Some(start), Some(c)), b).effect, c);
        assert_eq!(answer(&run, &index, (Some(start), Some(b)), c).effect, c);
    }

    #[test]
    fn a_cause_that_came_later_is_told_the_other_way() {
        let run = run();
        let index = Index::new(&run);
        let (b, c) = (first(&run, 1, receipt), first(&run, 2, receipt));
        let asked = answer(&run, &index, (Some(c), None), b);
        assert_eq!(asked.word(), "after");
        assert_eq!(asked.chain.and_then(|w| w.links.last().map(|l| l.event)), Some(c));
        let itself = answer(&run, &index, (Some(b), None), b);
        assert!(itself.relation.is_none() && itself.lead().starts_with("This is the event"));
    }

    #[test]
    fn a_silence_may_be_how_though_no_message_led_there() {
        let text = "lamplight 1\nrun raft nodes=3 seed=1\nnet latency=10ms\nuntil 3s\n\
            at 1s crash leader\n";
        let Ok(mut run) = crate::app::page::read(text) else { panic!("it does not run") };
        run.advance(3 * SEC, 200_000);
        let index = Index::new(&run);
        let all: Vec<Event> = run.trace().events().collect();
        let crash = all.iter().find(|e| matches!(e.what, What::Crash)).expect("it crashes");
        let fires = |e: &&Event| {
            matches!(e.what, What::Fire { .. }) && e.at > crash.at && e.node != crash.node
        };
        let fire = all.iter().find(fires).expect("a timer runs out");
        let a = answer(&run, &index, (Some(crash.id), None), fire.id);
        assert!(a.chain.is_none() && a.silence, "{a:?}");
        assert!(a.lead().contains("a timer ran out"), "{}", a.lead());
        // Of two that only have nothing to do with each other no such thing is said.
        let start = |n: u16| {
            let is = |e: &&Event| matches!(e.what, What::Start { .. }) && e.node == Some(NodeId(n));
            all.iter().find(is).expect("it starts").id
        };
        let b = answer(&run, &index, (Some(start(0)), None), start(1));
        assert_eq!((b.silence, b.lead()), (false, "No message led from one to the other."));
    }
}
