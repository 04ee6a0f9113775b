//! What the page knows: the run in view behind one signal, and a few small signals beside it.
//!
//! Everything a reader does to a run is an edit of its text (`do_act`, `run_text`); everything else moves the
//! playhead or the selection. Components read these signals and call these verbs, and hold nothing themselves.

use std::cell::RefCell;
use std::rc::Rc;

use engine::ids::*;
use engine::protocol::Refusal;
use engine::protocols;
use engine::run::Run;
use engine::scenario::link::{self, Address, LinkFault};
use engine::scenario::{self, Fault, edit};
use engine::scene::Index;
pub use engine::scene::Pick;
use engine::trace::What;
use engine::trace::compare::{Counters, Difference};
use engine::world::Limit;
use leptos::prelude::*;

use super::head::{EventAt, Head};
use super::inquiry::{self, Inquiry};
use super::sides::{self, Side};
use super::tree::{self, Branch, Tree, Way};
use super::{dom, draft, faults, until, words};

/// A scenario that is running, and where it came from.
#[derive(Clone)]
pub struct Loaded {
    /// The run in view and its index: one of the sides.
    pub run: Rc<RefCell<Run>>,
    pub index: Rc<RefCell<Index>>,
    /// The runs of the text, in its order; most texts have one.
    pub sides: Rc<[Side]>,
    /// Which of them is in view.
    pub at: usize,
    pub text: Rc<str>,
    /// The shipped scenario it is, unchanged; none after the first edit.
    pub home: Option<Rc<Address>>,
    /// The entry and slug it began as, for the catalogue and the way back.
    pub origin: Option<(String, String)>,
}

/// A branch that is held against the one in view.
pub type Held = (u32, Rc<[Side]>);

/// Of its runs the one that stands where the run in view stands among its own.
fn shown(held: &Held, at: usize) -> &Side {
    held.1.get(at).unwrap_or(&held.1[0])
}

/// The runs of a branch under its name.
fn called(name: &str, sides: &[Side]) -> Rc<[Side]> {
    let several = sides.len() > 1;
    let named = |s: &Side| if several { format!("{name}, {}", s.name) } else { name.into() };
    sides.iter().map(|s| Side { name: named(s).into(), ..s.clone() }).collect()
}

impl Loaded {
    /// Look into another of its runs.
    fn looking_at(&self, at: usize) -> Loaded {
        let at = at.min(self.sides.len() - 1);
        let side = &self.sides[at];
        Loaded { run: side.run.clone(), index: side.index.clone(), at, ..self.clone() }
    }

    /// Its runs, then those held against them.
    fn beside(&self, held: &[Held]) -> Vec<Side> {
        let held = held.iter().map(|h| shown(h, self.at).clone());
        self.sides.iter().cloned().chain(held).collect()
    }

    /// The name of the run in view, where there are several.
    fn within(&self) -> Option<&str> {
        (self.sides.len() > 1).then(|| &*self.sides[self.at].name)
    }
}

/// What stands on the stage.
#[derive(Clone)]
pub enum View {
    Opening,
    Running(Loaded),
    Wrong(Rc<Problem>),
}

/// Why a link or a text could not be opened: what is wrong, and what to do.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    pub title: String,
    pub says: String,
    pub todo: String,
    /// The link as it came, so that nothing is lost.
    pub link: String,
    /// A text that was read, with what is wrong in it.
    pub text: Option<Rc<str>>,
    pub faults: Vec<Fault>,
    /// A scenario near to what was asked for.
    pub near: Option<String>,
}

/// A short word over the stage, with at most one thing to press.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub says: String,
    pub undo: bool,
    pub serious: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Page,
    Embed,
    Project,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    /// On a phone only: the space-time diagram has a tab of its own there.
    Messages,
    Inspect,
    Why,
    Claims,
    Scenario,
    Events,
    Lesson,
}

impl Tab {
    pub fn word(self) -> &'static str {
        match self {
            Tab::Messages => "Views",
            Tab::Inspect => "Inspect",
            Tab::Why => "Why",
            Tab::Claims => "Claims",
            Tab::Scenario => "Scenario",
            Tab::Events => "Events",
            Tab::Lesson => "Lesson",
        }
    }

    fn of_word(word: &str) -> Option<Tab> {
        super::keys::TABS.iter().copied().find(|t| t.word() == word)
    }
}

/// A dialog; at most one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Keys,
    Break,
    Partition,
    Share,
    Until,
    /// On a phone: what the bars have no room for.
    More,
}

/// Everything that can be undone: the text before, where the reader stood, and in what tree.
#[derive(Clone)]
pub struct Past {
    pub text: Rc<str>,
    pub home: Option<Rc<Address>>,
    /// Its runs; after a reload they are made again from the text.
    pub loaded: Option<Loaded>,
    pub head: Head,
    pub tree: Tree,
}

impl Past {
    fn of(loaded: Loaded, head: Head, tree: Tree) -> Past {
        Past {
            text: loaded.text.clone(),
            home: loaded.home.clone(),
            loaded: Some(loaded),
            head,
            tree,
        }
    }
}

/// Steps that can be undone, at most.
const PAST: usize = 100;
/// Runs that are kept whole beside the one in view, and steps that are, at most.
const RUNS: usize = 8;

/// Of the older steps let go of the runs: they are made again from their texts.
fn thin(steps: &mut [Past]) {
    let older = steps.len().saturating_sub(RUNS);
    for step in &mut steps[..older] {
        step.loaded = None;
        step.tree.all.iter_mut().for_each(|b| b.loaded = None);
    }
}

/// What an edit is to the tree of branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    /// Something is done to the run: it branches where another future was seen.
    Act,
    /// A setting or a line is changed: one branch for many tries.
    Tweak,
    /// A value of the sweep is brought into view: one branch for all of them.
    Value,
    /// A bookmark changes nothing.
    Note,
}

/// Runs that stand beside each other, at most.
pub const BESIDE: usize = 4;

#[derive(Clone, Copy)]
pub struct Page {
    pub view: RwSignal<View, LocalStorage>,
    /// Where the playhead stands; while playing it moves at most ten times a second.
    pub head: RwSignal<Head>,
    /// How many events have happened there; moves as soon as one does.
    pub count: RwSignal<usize>,
    /// The same, for text: at most ten times a second.
    pub count_slow: RwSignal<usize>,
    /// A narrow screen, where one view is seen at a time.
    pub phone: RwSignal<bool>,
    /// How many events are known: the run is ahead of the playhead.
    pub known: RwSignal<usize>,
    pub playing: RwSignal<bool>,
    /// In percent of the pace.
    pub speed: RwSignal<u32>,
    /// The stretch of time being skipped because nothing happens in it.
    pub cut: RwSignal<Option<(Us, Us)>>,
    pub pick: RwSignal<Pick>,
    /// What is asked of the run: a cause, a cut, a filter.
    pub inquiry: Inquiry,
    pub tab: RwSignal<Tab>,
    /// Which view stands below the stage, in a word; set from outside, it is that one then.
    pub lower: RwSignal<String>,
    /// The one it opens with, when nobody has chosen another.
    pub own_lower: StoredValue<String>,
    /// What the query asks for has been shown: it is of the first run alone.
    pub presented: StoredValue<bool>,
    pub sheet: RwSignal<Option<Sheet>>,
    pub mode: RwSignal<Mode>,
    pub rail: RwSignal<bool>,
    pub notice: RwSignal<Option<Notice>>,
    /// A text the reader is writing, while it is not the one that runs.
    pub draft: RwSignal<Option<String>>,
    /// Branches held against the one in view, with all their runs.
    pub against: RwSignal<Vec<Held>, LocalStorage>,
    /// How many events have happened in each of the runs that stand side by side; empty while there is one.
    pub counts: RwSignal<Vec<usize>>,
    /// What each of them has come to, and where each but the first parts from the first.
    pub tallies: RwSignal<Vec<Counters>>,
    pub partings: RwSignal<Vec<Option<Difference>>>,
    /// Said politely to a screen reader.
    pub said: RwSignal<String>,
    pub letters: RwSignal<bool>,
    pub calm: RwSignal<bool>,
    pub theme: RwSignal<String>,
    /// A line is being drawn across the topology.
    pub drawing: RwSignal<bool>,
    /// The code of the whole page is there, not only what the first frames need.
    pub whole: RwSignal<bool>,
    /// Where the playhead is while it moves, finer than `head`.
    pub live: StoredValue<Option<Head>>,
    /// What the reader has tried so far, as branches.
    pub tree: RwSignal<Tree, LocalStorage>,
    /// How many addresses have been asked for, and which of them stands: until it does, what is in view is another's.
    asked: StoredValue<(u32, u32)>,
    /// How far the reader has been in the branch in view.
    seen: StoredValue<Us>,
    /// Where the playhead goes as soon as the run is known that far.
    bound: StoredValue<Option<Head>>,
    /// The link of a run, while the run is not yet known where it leads.
    sealed: StoredValue<Option<(Address, Loaded)>, LocalStorage>,
    past: StoredValue<Vec<Past>, LocalStorage>,
    future: StoredValue<Vec<Past>, LocalStorage>,
}

impl Page {
    pub fn new() -> Page {
        let mode =
            if dom::query("embed").as_deref() == Some("1") { Mode::Embed } else { Mode::Page };
        let theme =
            dom::query("theme").or_else(|| dom::recall("theme")).unwrap_or_else(|| "auto".into());
        Page {
            view: RwSignal::new_local(View::Opening),
            head: RwSignal::new(Head::default()),
            count: RwSignal::new(0),
            count_slow: RwSignal::new(0),
            phone: RwSignal::new(false),
            known: RwSignal::new(0),
            playing: RwSignal::new(false),
            speed: RwSignal::new(100),
            cut: RwSignal::new(None),
            pick: RwSignal::new(Pick::None),
            inquiry: Inquiry::new(),
            tab: RwSignal::new(Tab::Inspect),
            lower: RwSignal::new(String::new()),
            own_lower: StoredValue::new(String::new()),
            presented: StoredValue::new(false),
            sheet: RwSignal::new(None),
            mode: RwSignal::new(mode),
            rail: RwSignal::new(false),
            notice: RwSignal::new(None),
            draft: RwSignal::new(None),
            against: RwSignal::new_local(vec![]),
            counts: RwSignal::new(vec![]),
            tallies: RwSignal::new(vec![]),
            partings: RwSignal::new(vec![]),
            said: RwSignal::new(String::new()),
            letters: RwSignal::new(dom::recall("letters").as_deref() != Some("off")),
            calm: RwSignal::new(dom::wants_less_motion()),
            theme: RwSignal::new(theme),
            drawing: RwSignal::new(false),
            whole: RwSignal::new(false),
            live: StoredValue::new(None),
            tree: RwSignal::new_local(Tree::default()),
            asked: StoredValue::new((0, 0)),
            seen: StoredValue::new(0),
            bound: StoredValue::new(None),
            sealed: StoredValue::new_local(None),
            past: StoredValue::new_local(vec![]),
            future: StoredValue::new_local(vec![]),
        }
    }

    // ---------------------------------------------------------------- reading

    /// The run in view, tracked.
    pub fn loaded(&self) -> Option<Loaded> {
        self.view.with(running)
    }

    /// The run in view, for handlers and for the clock.
    pub fn loaded_now(&self) -> Option<Loaded> {
        self.view.with_untracked(running)
    }

    /// Look at the run in view; tracked by the run alone.
    pub fn with_run<T>(&self, f: impl FnOnce(&Run) -> T) -> Option<T> {
        self.loaded().map(|l| f(&l.run.borrow()))
    }

    pub fn with_run_now<T>(&self, f: impl FnOnce(&Run) -> T) -> Option<T> {
        self.loaded_now().map(|l| f(&l.run.borrow()))
    }

    // ---------------------------------------------------------------- opening

    /// Another address is asked for. Gives its number.
    pub fn ask(&self) -> u32 {
        self.asked.update_value(|(last, _)| *last += 1);
        self.asked.get_value().0
    }

    /// Whether nothing was asked for since.
    pub fn is_last(&self, asked: u32) -> bool {
        self.asked.get_value().0 == asked
    }

    /// It stands there, with all that was kept of it.
    pub fn stands(&self, asked: u32) {
        self.asked.update_value(|(_, there)| *there = asked);
    }

    /// Whether what is in view is what the address asks for.
    pub fn is_as_asked(&self) -> bool {
        self.asked.with_value(|(last, there)| last == there)
    }

    /// Show a scenario from its text. `address` says from where to look at it.
    pub fn open_text(
        &self,
        text: &str,
        address: &Address,
        came_as: &str,
    ) -> Result<(), Box<Problem>> {
        let sides = open_sides(text).map_err(|wrong| Box::new(wrong.problem(text, came_as)))?;
        self.show(sides, text, address);
        Ok(())
    }

    fn show(&self, sides: Vec<Side>, text: &str, address: &Address) {
        let origin = origin(address);
        let within = address.within.as_deref();
        let at = sides.iter().position(|s| Some(&*s.name) == within).unwrap_or(0);
        let loaded = Loaded {
            run: sides[at].run.clone(),
            index: sides[at].index.clone(),
            sides: sides.into(),
            at,
            text: text.into(),
            home: origin.is_some().then(|| {
                Rc::new(Address {
                    at: None,
                    sel: None,
                    check: None,
                    within: None,
                    ..address.clone()
                })
            }),
            origin,
        };
        if self.whole.get_untracked() {
            self.forget();
        }
        let head = address.at.map_or(Head::default(), Head::of);
        catch_up(&loaded, head);
        let pick = pick_of(&loaded.run.borrow(), address);
        let (there, bound) = known_part(&loaded.sides, head);
        self.bound.set_value(bound);
        self.put(loaded.clone(), there);
        self.plant_first(&loaded);
        self.pick.set(pick);
        let embedded = self.mode.get_untracked() == Mode::Embed;
        let moves = !self.calm.get_untracked()
            && (!embedded || dom::query("autoplay").as_deref() == Some("1"));
        self.playing.set(moves && address.at.is_none());
    }

    /// Nothing has been done to the run that comes now, and nothing asked of it.
    #[inline(never)]
    fn forget(&self) {
        self.past.set_value(vec![]);
        self.future.set_value(vec![]);
        self.against.set(vec![]);
        self.seen.set_value(0);
        self.notice.set(None);
        self.draft.set(None);
        self.inquiry.forget();
    }

    /// The tree begins with it; before the page is whole nobody sees a tree.
    fn plant_first(&self, loaded: &Loaded) {
        if self.whole.get_untracked() {
            self.tree.set(Tree::of(loaded, "as it came"));
        }
    }

    /// The code of the whole page is there: what no first frame needs begins.
    #[inline(never)]
    pub fn begin(&self) {
        self.whole.set(true);
        if let Some(loaded) = self.loaded_now() {
            self.inquiry.carry(None, &loaded);
            self.plant_first(&loaded);
            self.count_others(self.head.get_untracked());
        }
    }

    /// Once the page is whole: whether the run is the one its link was made from, and has what the link asks for.
    pub fn compare_check(&self, address: &Address) {
        let Some(l) = self.loaded_now() else { return };
        if is_ahead(&l.run.borrow(), address) {
            let end = end_of(&l.run.borrow());
            catch_up(&l, Head::after(end));
            self.known.set(self.known_now());
        }
        self.sealed.set_value(Some((address.clone(), l)));
        self.check_link();
    }

    /// What a link promises can be told once the run is known where it leads; of a run that was edited since nothing was
    /// promised.
    pub fn check_link(&self) {
        let waits = self.sealed.with_value(|s| s.as_ref().is_none_or(|(a, l)| !is_there(l, a)));
        let (false, Some(now)) = (waits, self.loaded_now()) else { return };
        let Some((address, l)) = self.sealed.try_update_value(Option::take).flatten() else {
            return;
        };
        if !Rc::ptr_eq(&l.run, &now.run) {
            return;
        }
        let head = address.at.map_or(Head::default(), Head::of);
        let same = address.check.is_none_or(|c| c == sides::check_at(&l.sides, head.at));
        let differs = (!same).then(|| "This run differs from the one the link was made from: this version of Lamplight runs the text differently.".into());
        if let Some(says) = differs.or(self.find_asked(&l, &address)) {
            self.notice.set(Some(Notice { says, undo: false, serious: true }));
        }
    }

    /// Select what a link selects where the run had first to go on for it; what the link asks for and this run does not
    /// have is told.
    fn find_asked(&self, l: &Loaded, address: &Address) -> Option<String> {
        if self.pick.get_untracked() == Pick::None {
            self.pick.set(pick_of(&l.run.borrow(), address));
        }
        missed(l, address, self.pick.get_untracked())
    }

    pub fn fail(&self, problem: Problem) {
        self.playing.set(false);
        self.draft.set(None);
        self.view.set(View::Wrong(Rc::new(problem)));
    }

    /// Put a run on the stage with the playhead there.
    fn put(&self, loaded: Loaded, head: Head) {
        self.cut.set(None);
        self.drawing.set(false);
        if self.whole.get_untracked() {
            self.inquiry.carry(self.loaded_now().as_ref(), &loaded);
            self.sift_held(&loaded);
        }
        self.view.set(View::Running(loaded));
        self.stand_at(head);
    }

    /// The playhead is there.
    pub fn stand_at(&self, head: Head) {
        let Some(loaded) = self.loaded_now() else { return };
        let count = head.events(loaded.run.borrow().trace());
        self.known.set(self.known_now());
        self.head.set(head);
        self.count.set(count);
        self.count_slow.set(count);
        self.count_others(head);
    }

    // ---------------------------------------------------------------- side by side

    /// All that stands side by side: the runs of the text, then the branches held against them. Tracked.
    pub fn sides(&self) -> Vec<Side> {
        let Some(l) = self.loaded() else { return vec![] };
        if !self.whole.get() {
            return l.sides.to_vec();
        }
        self.against.with(|held| l.beside(held))
    }

    pub fn sides_now(&self) -> Vec<Side> {
        untrack(|| self.sides())
    }

    /// One of them; none: the run in view. Tracked.
    pub fn side(&self, i: Option<usize>) -> Option<Side> {
        match i {
            None => self.loaded().map(|l| l.sides[l.at].clone()),
            Some(i) => self.sides().into_iter().nth(i),
        }
    }

    pub fn side_now(&self, i: Option<usize>) -> Option<Side> {
        match i {
            None => self.loaded_now().map(|l| l.sides[l.at].clone()),
            Some(i) => self.sides_now().into_iter().nth(i),
        }
    }

    /// How many events have happened in it. Tracked.
    pub fn count_of(&self, i: Option<usize>) -> usize {
        i.and_then(|i| self.counts.with(|c| c.get(i).copied())).unwrap_or_else(|| self.count.get())
    }

    /// Whether it is the run in view. Tracked.
    pub fn is_current(&self, i: usize) -> bool {
        self.loaded().is_some_and(|l| l.at == i)
    }

    /// What is selected in it. Tracked.
    pub fn pick_in(&self, i: Option<usize>) -> Pick {
        let pick = self.pick.get();
        if i.is_none_or(|i| self.is_current(i)) { pick } else { Pick::None }
    }

    /// The branch that stands there, if it is not a run of the text. Tracked.
    pub fn branch_of(&self, i: usize) -> Option<u32> {
        let own = self.loaded().map_or(0, |l| l.sides.len());
        self.against.with(|held| held.get(i.checked_sub(own)?).map(|a| a.0))
    }

    /// Which of them another is compared with: the first, but a held branch with the run in view. Tracked.
    pub fn measure_of(&self, i: usize) -> usize {
        self.loaded().filter(|l| i >= l.sides.len()).map_or(0, |l| l.at)
    }

    /// Whether a branch stands beside the one in view. Tracked.
    pub fn is_held(&self, id: u32) -> bool {
        self.against.with(|held| held.iter().any(|a| a.0 == id))
    }

    /// Where one of those that stand side by side parts from the first; the first parts where the earliest other
    /// does. Tracked.
    pub fn parted(&self, side: Option<usize>) -> Option<Us> {
        let at = |d: &Option<Difference>| d.as_ref().map(|d| d.at);
        self.partings.with(|all| match side {
            Some(i) if i > 0 => all.get(i - 1).and_then(at),
            _ => all.iter().filter_map(at).min(),
        })
    }

    /// What it is called. Tracked.
    pub fn side_name(&self, i: usize) -> String {
        let sides = self.sides();
        let alone = self.loaded().is_some_and(|l| l.sides.len() == 1);
        if i == 0 && alone && sides.len() > 1 {
            return self.tree.with(|t| t.current().map(|b| b.name.clone())).unwrap_or_default();
        }
        sides.get(i).map(|s| s.name.to_string()).unwrap_or_default()
    }

    /// How many events of all of them are known.
    pub fn known_now(&self) -> usize {
        self.sides_now().iter().map(|s| s.run.borrow().trace().len()).sum()
    }

    /// Where the playhead stands in each of them, if there are several.
    pub fn count_others(&self, head: Head) {
        // Only one of them is shown before the page is whole.
        if !self.whole.get_untracked() {
            return;
        }
        let sides = self.sides_now();
        let counts: Vec<usize> =
            if sides.len() > 1 { sides.iter().map(|s| s.events(head)).collect() } else { vec![] };
        if self.counts.with_untracked(|c| *c != counts) {
            self.counts.set(counts);
        }
    }

    /// Look into another of the runs that stand side by side.
    pub fn look_at(&self, side: usize) {
        let Some(loaded) = self.loaded_now() else { return };
        if side == loaded.at || side >= loaded.sides.len() {
            return;
        }
        self.sharpen();
        self.pick.set(Pick::None);
        let head = self.head.get_untracked();
        self.put(loaded.looking_at(side), head);
        // Of the branches held beside it others come into sight.
        self.sides_now().iter().for_each(|s| s.reach(head.at));
        self.stand_at(head);
        self.said.set(format!("Looking into {}.", loaded.sides[side].name));
    }

    // ---------------------------------------------------------------- moving

    pub fn go(&self, head: Head) {
        let sides = self.sides_now();
        sides.iter().for_each(|s| s.reach(head.at));
        let (there, bound) = known_part(&sides, head);
        self.bound.set_value(bound);
        // Where it was while it played it is no longer.
        self.live.set_value(None);
        self.cut.set(None);
        self.stand_at(there);
        self.has_seen(there.at);
    }

    /// A run of many steps is worked out between the frames: what of the way is known now? False when the playhead is there.
    pub fn go_further(&self) -> bool {
        let Some(to) = self.bound.get_value() else { return false };
        self.go(to);
        if self.bound.with_value(Option::is_some) {
            return true;
        }
        match self.limit_now() {
            Some(limit) => self.tell_limit(limit),
            None => self.said.set(format!("At {}.", words::clock(to.at))),
        }
        false
    }

    /// What stopped the run before its time, if something did.
    pub fn limit_now(&self) -> Option<&'static str> {
        self.sides_now().iter().find_map(|s| s.run.borrow().world().limit()).map(Limit::says)
    }

    pub fn tell_limit(&self, limit: &str) {
        let says = format!("The run goes no further: {}.", words::quoted(limit));
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: false, serious: true }));
    }

    /// The reader has been there.
    pub fn has_seen(&self, at: Us) {
        self.seen.update_value(|seen| *seen = at.max(*seen));
    }

    /// Let `head` be where the eye sees it.
    fn sharpen(&self) {
        let Some(head) = self.live.try_update_value(Option::take).flatten() else { return };
        if self.playing.get_untracked() {
            self.stand_at(head);
        }
    }

    /// Stop where the playhead is.
    pub fn freeze(&self) {
        self.sharpen();
        self.playing.set(false);
    }

    pub fn step(&self, forward: bool) {
        self.freeze();
        let sides = self.sides_now();
        let head = self.head.get_untracked();
        if forward {
            sides.iter().for_each(|s| look_ahead(s, head));
        }
        let to = if forward { sides::next(&sides, head) } else { sides::back(&sides, head) };
        match to {
            Some(to) => self.step_to(head, to),
            None if forward => self.said.set("Nothing more happens.".into()),
            None => self.said.set("This is the beginning.".into()),
        }
    }

    /// Behind, or before, the next step in which something loud happens: a fault, a reason, a claim.
    pub fn leap(&self, forward: bool) {
        self.freeze();
        let Some(loaded) = self.loaded_now() else { return };
        let (from, count) = (self.head.get_untracked(), self.count.get_untracked());
        let to = {
            let mut run = loaded.run.borrow_mut();
            let to = match forward {
                true => until::loud(&mut run, (&loaded.text, loaded.at), from),
                false => loud_before(&run, count).ok_or(None),
            };
            loaded.index.borrow_mut().catch_up(&run);
            to
        };
        match to {
            Ok(to) => self.step_to(from, to),
            Err(far) if forward => self.said.set(until::nowhere(far, "only messages move")),
            Err(_) => self.said.set("Before this, only messages move.".into()),
        }
    }

    /// Stand there, and say what has happened on the way.
    fn step_to(&self, from: Head, to: Head) {
        self.go(to);
        let text = self.with_run_now(|run| {
            let (a, b) = (from.events(run.trace()), to.events(run.trace()));
            let told = if a < b {
                words::stepped(run, a, b)
            } else {
                let back = b.checked_sub(1).and_then(|i| run.trace().event_at(i));
                back.map_or("the beginning".into(), |e| {
                    format!("back to: {}", words::event(run, &e))
                })
            };
            format!("{}: {told}", words::clock(to.at))
        });
        self.said.set(text.unwrap_or_default());
    }

    pub fn home(&self) {
        self.playing.set(false);
        self.go(Head::default());
        self.said.set("The beginning.".into());
    }

    pub fn end(&self) {
        self.playing.set(false);
        if self.loaded_now().is_some() {
            // What is known of it then may end sooner.
            self.go(Head::after(untrack(|| self.whole_end())));
            let end = untrack(|| self.whole_end());
            self.go(Head::after(end));
            match (self.limit_now(), self.bound.with_value(Option::is_some)) {
                (Some(limit), _) => self.tell_limit(limit),
                (None, true) => self.said.set("The run is being worked out.".into()),
                (None, false) => self.said.set(format!("The end, {}.", words::clock(end))),
            }
        }
    }

    /// When the last of all that stand side by side ends. Tracked.
    pub fn whole_end(&self) -> Us {
        self.sides().iter().map(|s| end_of(&s.run.borrow())).max().unwrap_or(1)
    }

    pub fn toggle(&self) {
        let head = self.head.get_untracked();
        let is_over = |s: &Side| {
            let run = s.run.borrow();
            run.world().next_at().is_none() && head.events(run.trace()) >= run.trace().len()
        };
        let sides = self.sides_now();
        if !self.playing.get_untracked() && !sides.is_empty() && sides.iter().all(is_over) {
            self.go(Head::default());
        }
        if self.playing.get_untracked() {
            self.freeze();
        } else {
            self.playing.set(true);
        }
        let word = if self.playing.get_untracked() { "Playing" } else { "Paused" };
        self.said.set(format!("{word} at {}.", words::clock(self.head.get_untracked().at)));
    }

    pub fn select(&self, pick: Pick) {
        if self.whole.get_untracked() {
            self.inquiry.about.set(None);
        }
        self.pick.set(pick);
        if pick != Pick::None && self.tab.get_untracked() == Tab::Lesson {
            self.tab.set(Tab::Inspect);
        }
    }

    /// Show an event: select it and stand behind it.
    pub fn visit(&self, e: EventId) {
        self.playing.set(false);
        let head = self.with_run_now(|run| run.trace().event(e).map(|e| Head::behind(&e)));
        if let Some(Some(head)) = head {
            self.go(head);
            self.pick.set(Pick::Event(e));
        }
    }

    /// Go to the moment a line of the scenario fired first, and mark it. False where it has not fired as far as the
    /// run is known.
    pub fn visit_line(&self, line: u32) -> bool {
        self.playing.set(false);
        let Some(loaded) = self.loaded_now() else { return false };
        let fired = || {
            let index = loaded.index.borrow();
            let event = index.acts.iter().find(|f| f.line == line)?.event;
            let e = loaded.run.borrow().trace().event(event)?;
            Some(Head::behind(&e))
        };
        if fired().is_none() {
            let end = end_of(&loaded.run.borrow());
            catch_up(&loaded, Head::after(end));
        }
        let head = fired();
        if let Some(head) = head {
            self.go(head);
        }
        self.pick.set(Pick::Fault(line));
        head.is_some()
    }

    // ---------------------------------------------------------------- acting: every act is an edit of the text

    /// Do something here and now: `crash n1`, `heal`, `drop AppendEntries n1 -> n2 #7`.
    pub fn do_act(&self, act: &str) {
        self.do_all(&[(act.into(), String::new())], &self.named(act), false);
    }

    /// Do several things at once, each with the line below that hangs on it, or none. `says` is all of it in words. `own` is what
    /// only the protocol in view knows: of different ones side by side the others go on as they were.
    pub fn do_all(&self, acts: &[(String, String)], says: &str, own: bool) {
        if let Err(why) = self.try_all(acts, says, own) {
            self.refuse(&why);
        }
    }

    /// The same as `do_act`; a refusal is given back, and nothing was done.
    pub fn try_act(&self, act: &str) -> Result<(), String> {
        self.try_all(&[(act.into(), String::new())], &self.named(act), false)
    }

    /// An act by the names that the run shows.
    fn named(&self, act: &str) -> String {
        self.with_run_now(|run| run.named(act)).unwrap_or_else(|| act.into())
    }

    fn try_all(&self, acts: &[(String, String)], says: &str, own: bool) -> Result<(), String> {
        self.sharpen();
        let Some(loaded) = self.loaded_now() else { return Ok(()) };
        let at = self.head.get_untracked().edit_at(loaded.run.borrow().trace());
        let note = acts.iter().all(|(act, _)| act.starts_with("mark "));
        let how = if note { Edit::Note } else { Edit::Act };
        let name = format!("{says} at {}", words::clock(at.at));
        let entry = |s: &Side| s.run.borrow().entry().id;
        let mine = &loaded.sides[loaded.at];
        let several = loaded.sides.iter().any(|s| entry(s) != entry(mine));
        let within = (own && several).then_some(&*mine.name);
        let with = |text: String, (act, then): &(String, String)| {
            edit::insert_chain_in(&text, within, at, act, then)
        };
        let kept = (self.future.get_value(), self.seen.get_value());
        self.put_text(&acts.iter().fold(loaded.text.to_string(), with), how, &name)?;
        self.go(Head { at: at.at, k: at.k.max(1) });
        if let Some(why) = self.void_of_new(&loaded) {
            self.take_back(kept);
            return Err(why);
        }
        let later = self.void_later(&loaded);
        let says = words::capital(&name);
        let lines = match acts.iter().map(|(_, then)| 1 + usize::from(!then.is_empty())).sum() {
            1 => "It is a line".into(),
            2 => "These are two lines".into(),
            n => format!("These are {n} lines"),
        };
        self.said.set(format!("{says}. {lines} of the scenario now."));
        let more = self
            .with_run_now(|run| {
                let more = |(act, then): &(String, String)| faults::beyond(run, act, then);
                acts.iter().any(more).then_some(run.entry().title)
            })
            .flatten();
        let where_to = more.map_or("It is in the scenario, and in the link.".into(), |title| {
            format!("It is more than {title} promises to bear.")
        });
        let beside = self.void_beside(&loaded).unwrap_or_default();
        self.notice.set(Some(Notice {
            says: format!("{says}. {where_to}{beside}{later}{}", self.left_behind()),
            undo: true,
            serious: false,
        }));
        Ok(())
    }

    /// A line of the text was changed, moved or taken away; `name` is what a branch of it is called. Gives what is wrong with
    /// the new text.
    pub fn change(&self, text: &str, name: &str, says: &str) -> Vec<Fault> {
        if let Err(faults) = protocols::parse(text) {
            return faults;
        }
        self.sharpen();
        let old = self.loaded_now();
        if self.edit_to(text, Edit::Tweak, name) {
            let void =
                old.and_then(|old| self.with_run_now(|run| new_void(&old.run.borrow(), run)));
            let void = void.flatten().map_or(String::new(), |v| format!(" {v}"));
            let says = format!("{says}.{void}{}", self.left_behind());
            self.notice.set(Some(Notice { says: says.clone(), undo: true, serious: false }));
            self.said.set(says);
        }
        vec![]
    }

    /// Whether the reader has changed what runs: what its author said of it may be true no longer.
    pub fn is_edited(&self) -> bool {
        self.loaded().is_some_and(|l| {
            l.home.is_none() && (l.origin.is_some() || self.past.with_value(|p| !p.is_empty()))
        })
    }

    /// The same where it may have been changed in another tab, or before a reload: `known`, there is work under its link.
    pub fn is_changed(&self, known: bool) -> bool {
        let undo = self.past.with_value(|p| !p.is_empty());
        (undo || known) && self.loaded_now().is_some_and(|l| l.home.is_none())
    }

    /// Whether the playhead is still on its way to where it was sent.
    pub fn is_on_its_way(&self) -> bool {
        self.bound.with_value(Option::is_some)
    }

    /// Why something cannot be done, instead of doing nothing.
    pub fn refuse(&self, why: &str) {
        let why = words::quoted(why.trim_end_matches('.'));
        let says = format!("{}. Nothing was done.", words::capital(&why));
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: false, serious: false }));
    }

    /// What the text calls the run in view.
    pub fn in_view(&self) -> Option<Rc<str>> {
        self.loaded_now().map(|l| l.sides[l.at].name.clone())
    }

    /// Change a setting of the text: a parameter, the seed, a mistake; `name` is what a branch of it is called. A refusal is
    /// given back, and changes nothing.
    pub fn rewrite(
        &self,
        how: impl FnOnce(&str) -> String,
        name: &str,
        says: &str,
    ) -> Result<(), String> {
        let Some(loaded) = self.loaded_now() else { return Ok(()) };
        let text = how(&loaded.text);
        if text == *loaded.text {
            return Ok(());
        }
        self.put_text(&text, Edit::Tweak, name)?;
        let says = format!("{says}{}", self.left_behind());
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: true, serious: false }));
        Ok(())
    }

    /// The text being written makes room for another, or for the one that runs; undo brings it back.
    pub fn put_aside(&self, to: Option<String>, says: String, serious: bool) {
        let undo = self.draft.with_untracked(Option::is_some);
        if let Some(loaded) = self.loaded_now().filter(|_| undo) {
            self.remember(&loaded, self.head.get_untracked(), self.tree.get_untracked());
        }
        self.draft.set(to);
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo, serious }));
    }

    /// Bring a value of the sweep into view: it is the value of the text's runs then.
    pub fn take_value(&self, param: &str, value: &str) {
        self.sharpen();
        let Some(loaded) = self.loaded_now() else { return };
        let set = |text: String, run: &String| edit::set_param_in(&text, run, param, Some(value));
        let text = edit::run_names(&loaded.text).iter().fold(loaded.text.to_string(), set);
        if text == *loaded.text {
            return;
        }
        // Where the reader has been before, that is where they go.
        let same = self.tree.with_untracked(|t| {
            t.all.iter().find(|b| *b.text == *text).map(|b| b.id).filter(|id| *id != t.now)
        });
        let name = format!("{param}={value}");
        match same {
            Some(id) => self.switch(id),
            None if self.edit_to(&text, Edit::Value, &name) => {}
            None => return,
        }
        self.said.set(format!("{name} is in view."));
    }

    /// Where the line put in last could not be done: the world's reason.
    fn void_of_new(&self, old: &Loaded) -> Option<String> {
        let at = self.head.get_untracked().at;
        self.with_run_now(|run| void_of_line(&old.run.borrow(), run, at)).flatten()
    }

    /// A later line that it leaves nothing to do, as far as the run is known.
    fn void_later(&self, old: &Loaded) -> String {
        let last = old.index.borrow().acts.iter().map(|f| f.at).max().unwrap_or(0);
        if last > self.head.get_untracked().at
            && let Some(now) = self.loaded_now()
        {
            catch_up(&now, Head::after(last));
            self.known.set(self.known_now());
        }
        let void = self.with_run_now(|run| new_void(&old.run.borrow(), run)).flatten();
        void.map_or(String::new(), |says| format!(" {says}"))
    }

    /// What was being written, where the last edit left it in another branch because it says something else there.
    fn left_behind(&self) -> String {
        let waits = self.tree.with_untracked(|t| {
            let from = t.find(t.current()?.parent?)?;
            from.draft.is_some().then(|| from.name.clone())
        });
        let waits = waits.filter(|_| self.draft.with_untracked(Option::is_none));
        waits.map_or(String::new(), |name| format!(" What you were writing waits in “{name}”."))
    }

    /// The same where it could be done in the run in view, but not in another beside it.
    fn void_beside(&self, old: &Loaded) -> Option<String> {
        let (now, at) = (self.loaded_now()?, self.head.get_untracked().at);
        let others = now.sides.iter().zip(old.sides.iter()).enumerate();
        others.filter(|(i, _)| *i != now.at).find_map(|(_, (new, old))| {
            let why = void_of_line(&old.run.borrow(), &new.run.borrow(), at)?;
            Some(format!(" In {} nothing happens: {why}.", new.name))
        })
    }

    /// Undo, without a way to do it again: it never was. What could be done again before still can, and what was
    /// seen of the future stays seen.
    fn take_back(&self, (future, seen): (Vec<Past>, Us)) {
        if let Some(step) = self.past.try_update_value(Vec::pop).flatten()
            && let Some(loaded) = step.loaded
        {
            self.take_tree(step.tree);
            self.swap(loaded, step.head);
            self.future.set_value(future);
            self.seen.set_value(seen);
            self.view.update(|_| {});
        }
    }

    /// Run a text the reader has written. Gives what is wrong with it.
    pub fn try_text(&self, text: &str) -> Vec<Fault> {
        match protocols::parse(text) {
            Err(faults) => faults,
            Ok(_) if self.loaded_now().is_none() => {
                // Mended after a link that did not run: it begins anew.
                if let Err(problem) = self.open_text(text, &Address::text(text), "") {
                    self.fail(*problem);
                }
                vec![]
            }
            Ok(_) => {
                let (old, waits) = (self.loaded_now(), self.draft.get_untracked());
                // It waits no longer, and is not what undo goes back to.
                self.draft.set(None);
                if self.edit_to(text, Edit::Act, "an edited text") {
                    self.said.set("The edited scenario runs.".into());
                    let void = || {
                        let old = old.as_ref()?.run.borrow();
                        self.with_run_now(|run| new_void(&old, run)).flatten()
                    };
                    if let Some(says) = self.with_run_now(too_late).flatten().or_else(void) {
                        self.notice.set(Some(Notice { says, undo: false, serious: false }));
                    }
                    return vec![];
                }
                self.draft.set(waits);
                // Read, and refused by its protocol: the editor shows where.
                match open_sides(text) {
                    Err(Wrong::Faults(faults)) => faults,
                    _ => vec![],
                }
            }
        }
    }

    /// Let the run go on from another text; what comes before the first difference stays.
    fn edit_to(&self, text: &str, how: Edit, name: &str) -> bool {
        self.put_text(text, how, name).map_err(|why| self.refuse(&why)).is_ok()
    }

    fn put_text(&self, text: &str, how: Edit, name: &str) -> Result<(), String> {
        let Some(old) = self.loaded_now() else { return Err("Nothing runs.".into()) };
        let edited = parse_one(text).and_then(|s| sides::edit(&old.sides, s).map_err(Wrong::of));
        let sides: Rc<[Side]> = edited.map_err(|wrong| wrong.line())?.into();
        let head = self.head.get_untracked();
        let at = old.at.min(sides.len() - 1);
        let loaded = Loaded {
            run: sides[at].run.clone(),
            index: sides[at].index.clone(),
            sides,
            at,
            text: text.into(),
            home: None,
            origin: old.origin.clone(),
        };
        let waits = self.draft.get_untracked();
        let with = waits.as_ref().and_then(|d| draft::carried(&old.text, text, d));
        let apart = waits.filter(|_| with.is_none());
        self.branch(&old, &loaded, head, (how, apart), name)?;
        self.draft.set(with.filter(|d| d.trim_end() != text.trim_end()));
        self.notice.set(None);
        self.swap(loaded, head);
        Ok(())
    }

    /// Where the edited run belongs in the tree. A text that is being written and cannot have the edit as well stays
    /// behind in its own branch (`apart`).
    fn branch(
        &self,
        old: &Loaded,
        new: &Loaded,
        head: Head,
        (how, apart): (Edit, Option<String>),
        name: &str,
    ) -> Result<(), String> {
        let before = self.tree.get_untracked();
        let mut tree = before.clone();
        let seen = self.seen.get_value();
        let fork = sides::fork(&old.sides, &new.sides);
        let way = match how {
            _ if apart.is_some() => Way::Fork,
            Edit::Act => tree.way(fork, seen),
            Edit::Tweak => tree.way_of_try(),
            Edit::Value => tree.way_of_value(name),
            Edit::Note => Way::On,
        };
        match way {
            Way::On => {
                tree.go_on(new);
                if how == Edit::Value {
                    tree.rename(tree.now, name);
                }
            }
            Way::Fork => {
                tree.leave(old, head, seen);
                tree.write(apart);
                if !tree.grow(new, name, fork, head) {
                    return Err(format!(
                        "there are {} branches, and no more can be kept: delete one first",
                        tree::MOST
                    ));
                }
                self.seen.set_value(fork);
            }
        }
        if how == Edit::Tweak {
            tree.try_on(name, fork);
        }
        tree.slim(RUNS);
        self.remember(old, head, before);
        self.tree.set(tree);
        Ok(())
    }

    /// What can be undone from here.
    fn remember(&self, loaded: &Loaded, head: Head, mut tree: Tree) {
        tree.write(self.draft.get_untracked());
        self.past.update_value(|p| {
            p.push(Past::of(loaded.clone(), head, tree));
            let more = p.len().saturating_sub(PAST);
            p.drain(..more);
            thin(p);
        });
        self.future.set_value(vec![]);
        // Who asks whether there is something to undo asks by the view.
        self.view.update(|_| {});
    }

    // ---------------------------------------------------------------- branches

    /// The run of a branch: as it was left, or made again from its text.
    fn run_of(&self, b: &Branch) -> Option<Loaded> {
        b.loaded.clone().or_else(|| self.made(&b.text, None))
    }

    /// The runs of a text the reader had before.
    fn made(&self, text: &Rc<str>, home: Option<Rc<Address>>) -> Option<Loaded> {
        let sides: Rc<[Side]> = open_sides(text).ok()?.into();
        let origin = self.loaded_now().and_then(|l| l.origin);
        let (run, index) = (sides[0].run.clone(), sides[0].index.clone());
        Some(Loaded { run, index, sides, at: 0, text: text.clone(), home, origin })
    }

    /// What can be undone, and done again.
    pub fn steps(&self) -> (Vec<Past>, Vec<Past>) {
        (self.past.get_value(), self.future.get_value())
    }

    pub fn set_steps(&self, past: Vec<Past>, future: Vec<Past>) {
        self.past.set_value(past);
        self.future.set_value(future);
        self.view.update(|_| {});
    }

    /// Look at another branch, at the same moment.
    pub fn switch(&self, id: u32) {
        self.sharpen();
        let (Some(old), mut tree) = (self.loaded_now(), self.tree.get_untracked()) else { return };
        let head = self.head.get_untracked();
        tree.leave(&old, head, self.seen.get_value());
        tree.write(self.draft.get_untracked());
        let Some(b) = tree.find(id).filter(|_| id != tree.now).cloned() else { return };
        let Some(loaded) = self.run_of(&b).map(|l| l.looking_at(old.at)) else { return };
        // Who held that branch against this one holds this one against that.
        if self.against.with_untracked(|held| held.iter().any(|a| a.0 == id)) {
            let sides = called(tree.current().map_or("", |b| &b.name), &old.sides);
            self.against.update(|held| {
                held.iter_mut().filter(|a| a.0 == id).for_each(|a| *a = (tree.now, sides.clone()));
            });
        }
        self.seen.set_value(b.seen.max(head.at));
        tree.now = id;
        self.take_tree(tree);
        // It told of the branch that is left.
        self.notice.set(None);
        self.swap(loaded, head);
        self.said.set(format!("Branch: {}.", b.name));
    }

    pub fn rename_branch(&self, id: u32, name: &str) {
        let (Some(old), before) = (self.loaded_now(), self.tree.get_untracked()) else { return };
        let mut after = before.clone();
        after.rename(id, name);
        let called = |t: &Tree| t.find(id).map(|b| b.name.clone());
        if called(&after) != called(&before) {
            self.remember(&old, self.head.get_untracked(), before);
            self.tree.set(after);
        }
    }

    pub fn delete_branch(&self, id: u32) {
        let (Some(old), before) = (self.loaded_now(), self.tree.get_untracked()) else { return };
        let Some(name) = before.find(id).map(|b| b.name.clone()) else { return };
        if before.find(id).is_some_and(|b| b.parent.is_none()) {
            return self.refuse("what came first cannot be deleted: the others leave it");
        }
        self.remember(&old, self.head.get_untracked(), before.clone());
        if before.now == id
            && let Some(parent) = before.find(id).and_then(|b| b.parent)
        {
            self.switch(parent);
        }
        if untrack(|| self.is_held(id)) {
            self.hold(id, false);
        }
        self.tree.update(|t| {
            t.remove(id);
        });
        let says = format!("The branch “{name}” is deleted.");
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: true, serious: false }));
    }

    /// Put a branch beside those in view, or take it away again.
    pub fn hold(&self, id: u32, on: bool) {
        let branch = self.tree.with_untracked(|t| t.find(id).cloned());
        let Some(branch) = branch else { return };
        let head = self.head.get_untracked();
        if !on {
            self.against.update(|held| held.retain(|a| a.0 != id));
            self.said.set(format!("{} is put away.", branch.name));
        } else if self.sides_now().len() >= BESIDE {
            return self.refuse(&format!(
                "{BESIDE} runs stand beside each other already: put one of them away first"
            ));
        } else if !untrack(|| self.is_held(id)) {
            let Some(loaded) = self.run_of(&branch) else { return };
            self.said.set(format!("{} stands beside the branch in view.", branch.name));
            self.against.update(|held| held.push((id, called(&branch.name, &loaded.sides))));
            self.sides_now().iter().for_each(|s| s.reach(head.at));
        }
        if let Some(loaded) = self.loaded_now() {
            self.sift_held(&loaded);
        }
        self.count_others(head);
        self.known.set(self.known_now());
    }

    /// What is held beside a run shows the same of it as the run.
    fn sift_held(&self, loaded: &Loaded) {
        self.against.with_untracked(|held| {
            inquiry::sift_sides(
                loaded,
                held.iter().map(|h| shown(h, loaded.at)),
                self.inquiry.filter.get_untracked(),
            );
        });
    }

    /// Put a tree in the place of the one that is there: what was kept of an earlier visit. Its text has the
    /// comments that no link carries.
    pub fn plant(&self, mut tree: Tree, origin: Option<(String, String)>, beyond: bool) {
        let Some(loaded) = self.loaded_now() else { return };
        let Some(kept) = tree.current().cloned() else { return };
        if let Some(loaded) = self.made(&kept.text, None).filter(|_| beyond) {
            tree.go_on(&loaded);
            self.seen.set_value(kept.seen);
            self.tree.set(tree);
            return self.swap(loaded, kept.head);
        }
        let same = canonical(&kept.text) == canonical(&loaded.text);
        let text = if same { kept.text } else { loaded.text.clone() };
        let origin = loaded.origin.clone().or(origin);
        let loaded = Loaded { text, origin, ..loaded };
        tree.go_on(&loaded);
        self.seen.set_value(kept.seen);
        self.tree.set(tree);
        self.view.set(View::Running(loaded));
    }

    /// The tree as it stands now, with the branch in view as the reader has it.
    pub fn tree_now(&self) -> Tree {
        let mut tree = self.tree.get_untracked();
        if let Some(loaded) = self.loaded_now() {
            tree.leave(&loaded, self.head.get_untracked(), self.seen.get_value());
            tree.write(self.draft.get_untracked());
        }
        tree
    }

    /// This tree is the one, and what was being written in its current branch is in hand.
    fn take_tree(&self, tree: Tree) {
        self.draft.set(tree.current().and_then(|b| b.draft.clone()));
        self.tree.set(tree);
    }

    fn swap(&self, loaded: Loaded, head: Head) {
        catch_up(&loaded, head);
        if !still_there(&loaded.run.borrow(), self.pick.get_untracked(), head) {
            self.pick.set(Pick::None);
        }
        let (there, bound) = known_part(&loaded.sides, head);
        if bound.is_some() {
            self.bound.set_value(bound);
        }
        self.make_room(loaded.sides.len());
        self.put(loaded, there);
    }

    /// So many runs come to stand: of the branches held against them stay as many as there is room for.
    fn make_room(&self, many: usize) {
        let room = BESIDE.saturating_sub(many);
        if self.against.with_untracked(|held| held.len() > room) {
            self.against.update(|held| held.truncate(room));
            let says = format!(
                "No more than {BESIDE} runs stand beside each other: a branch that was held is put away."
            );
            self.notice.set(Some(Notice { says, undo: false, serious: false }));
        }
    }

    pub fn undo(&self) {
        self.turn(self.past, self.future, "Undone");
    }

    pub fn redo(&self) {
        self.turn(self.future, self.past, "Done again");
    }

    /// Undo or redo, and what is being written comes along.
    fn turn(
        &self,
        from: StoredValue<Vec<Past>, LocalStorage>,
        to: StoredValue<Vec<Past>, LocalStorage>,
        word: &str,
    ) {
        let (now, steps) = (self.tree_now(), from.with_value(Vec::len));
        self.turn_back(from, to, word);
        if from.with_value(Vec::len) < steps {
            let mut tree = self.tree.get_untracked();
            draft::turned(&now, &mut tree);
            self.take_tree(tree);
        }
    }

    pub fn can_undo(&self) -> bool {
        self.view.track();
        self.past.with_value(|p| !p.is_empty())
    }

    pub fn can_redo(&self) -> bool {
        self.view.track();
        self.future.with_value(|f| !f.is_empty())
    }

    fn turn_back(
        &self,
        from: StoredValue<Vec<Past>, LocalStorage>,
        to: StoredValue<Vec<Past>, LocalStorage>,
        word: &str,
    ) {
        let Some(now) = self.loaded_now() else { return };
        let Some(step) = from.try_update_value(Vec::pop).flatten() else {
            let what = if word == "Undone" { "undo" } else { "do again" };
            self.said.set(format!("There is nothing to {what}."));
            return;
        };
        let made = || self.made(&step.text, step.home.clone()).map(|l| l.looking_at(now.at));
        let Some(loaded) = step.loaded.clone().or_else(made) else {
            from.update_value(|f| f.push(step));
            return self.refuse("the text of that step does not run any more");
        };
        let tree = self.tree_now();
        let (was, head) = (tree.clone(), self.head.get_untracked());
        to.update_value(|t| {
            t.push(Past::of(now, head, was));
            thin(t);
        });
        self.seen.set_value(step.tree.current().map_or(0, |b| b.seen).max(step.head.at));
        // What is still a branch, as it was, still stands there.
        let same = |t: &Tree, id: u32| t.find(id).map(|b| b.text.clone());
        self.against.update(|held| {
            held.retain(|a| a.0 != step.tree.now && same(&step.tree, a.0) == same(&tree, a.0));
        });
        self.tree.set(step.tree);
        self.bound.set_value(None);
        self.notice.set(None);
        self.swap(loaded, step.head);
        self.said.set(format!("{word}."));
    }

    /// The same text with another seed.
    pub fn new_seed(&self) {
        let mut bytes = [0u8; 2];
        if getrandom::fill(&mut bytes).is_err() {
            return;
        }
        let seed = u64::from(u16::from_le_bytes(bytes));
        let Some(loaded) = self.loaded_now() else { return };
        let name = format!("seed={seed}");
        if self.edit_to(&edit::set_seed(&loaded.text, seed), Edit::Tweak, &name) {
            self.go(Head::default());
            self.notice.set(Some(Notice {
                says: format!("The same scenario with seed {seed}."),
                undo: true,
                serious: false,
            }));
        }
    }

    // ---------------------------------------------------------------- the link

    /// The fragment that brings back this run at this moment. With its check it is what Share writes.
    pub fn fragment(&self, with_check: bool) -> Result<String, LinkFault> {
        let Some(loaded) = self.loaded_now() else { return Ok(String::new()) };
        let run = loaded.run.borrow();
        let mut address = match &loaded.home {
            Some(home) => (**home).clone(),
            None => Address::text(&canonical(&loaded.text)),
        };
        let head = self.head.get_untracked();
        let at = head.instant(run.trace());
        address.at = (at != Default::default()).then_some(at);
        address.sel = sel_of(&run, self.pick.get_untracked());
        // Which run it is of matters only where a moment or a selection is.
        let is_of = address.at.is_some() || address.sel.is_some();
        address.within = loaded.within().filter(|_| is_of && loaded.at > 0).map(String::from);
        address.check = with_check.then(|| sides::check_at(&loaded.sides, head.at));
        link::write(&address)
    }

    /// The page's own address, whatever frame it stands in.
    pub fn page_address(&self) -> String {
        dom::here().split('?').next().unwrap_or_default().to_string()
    }

    /// The whole link: what is to be seen, and how it is looked at where that has been chosen by hand.
    pub fn link(&self) -> Result<String, LinkFault> {
        let (lower, tab) = (self.lower.get_untracked(), self.tab.get_untracked());
        let chosen = lower != self.own_lower.get_value();
        let view = (chosen && !lower.is_empty()).then(|| format!("view={lower}"));
        let tab =
            (!matches!(tab, Tab::Messages | Tab::Inspect)).then(|| format!("tab={}", tab.word()));
        let how: Vec<String> = view.into_iter().chain(tab).collect();
        let mark = if how.is_empty() { "" } else { "?" };
        Ok(format!("{}{mark}{}#{}", self.page_address(), how.join("&"), self.fragment(true)?))
    }

    /// Look at the first run as its link was looked at.
    pub fn present(&self) {
        if self.presented.get_value() {
            return;
        }
        self.presented.set_value(true);
        if let Some(tab) = dom::query("tab").and_then(|word| Tab::of_word(&word)) {
            self.tab.set(tab);
        }
        if let Some(view) = dom::query("view") {
            let page = *self;
            // What comes side by side brings its own view first.
            request_animation_frame(move || page.lower.set(view));
        }
    }

    /// The way out of an embed: this run, at this moment, on the page itself.
    pub fn address_out(&self) -> String {
        format!("{}#{}", self.page_address(), self.fragment(false).unwrap_or_default())
    }

    /// Nobody has touched it: the link it came by still says all there is.
    pub fn is_fresh(&self) -> bool {
        self.loaded_now().is_some_and(|l| l.home.is_some())
            && self.head.get_untracked() == Head::default()
            && self.draft.with_untracked(Option::is_none)
            && self.pick.get_untracked() == Pick::None
    }

    // ---------------------------------------------------------------- presentation

    pub fn title(&self) -> String {
        self.view.with(|v| match v {
            View::Running(l) => {
                let run = l.run.borrow();
                if run.scenario().title.is_empty() {
                    run.entry().title.to_string()
                } else {
                    run.scenario().title.clone()
                }
            }
            View::Wrong(p) => p.title.clone(),
            View::Opening => "Lamplight".into(),
        })
    }

    pub fn project(&self) {
        let to = match self.mode.get_untracked() {
            Mode::Project => Mode::Page,
            Mode::Page => Mode::Project,
            Mode::Embed => return,
        };
        self.mode.set(to);
        self.said.set(if to == Mode::Project {
            "Projecting: stage, caption and transport alone.".into()
        } else {
            "The whole page.".into()
        });
    }

    pub fn next_theme(&self) {
        let to = match self.theme.get_untracked().as_str() {
            "auto" if dom::matches_media("(prefers-color-scheme: dark)") => "light",
            "auto" | "light" => "dark",
            _ => "auto",
        };
        // From dark the round goes over light where the system is dark.
        let to = if self.theme.get_untracked() == "light"
            && dom::matches_media("(prefers-color-scheme: dark)")
        {
            "auto"
        } else {
            to
        };
        self.theme.set(to.into());
        dom::remember("theme", to);
        self.said
            .set(format!("Colours: {}.", if to == "auto" { "as the system has it" } else { to }));
    }
}

/// Why a text does not run.
pub enum Wrong {
    Faults(Vec<Fault>),
    Refused(Refusal),
}

impl Wrong {
    /// What a protocol refuses is a fault like any other where its place is known.
    fn of(r: Refusal) -> Wrong {
        if r.faults.is_empty() { Wrong::Refused(r) } else { Wrong::Faults(r.faults) }
    }

    fn line(&self) -> String {
        match self {
            Wrong::Faults(f) => f.first().map_or("The scenario cannot be read.".into(), |f| {
                let hint = f.hint.as_deref().unwrap_or_default();
                format!("{} {hint}", f.message).trim_end().to_string()
            }),
            Wrong::Refused(r) => r.message.clone(),
        }
    }

    fn problem(self, text: &str, came_as: &str) -> Problem {
        let newer = matches!(&self, Wrong::Faults(f) if f.iter().any(|f| f.code == "newer"));
        let says = match &self {
            Wrong::Faults(f) if newer || f.iter().any(|f| f.code == "refused") => {
                f.first().map(|f| f.message.clone()).unwrap_or_default()
            }
            Wrong::Faults(f) => {
                let n = f.len();
                format!(
                    "Its text was read whole; {n} {} in it cannot be understood.",
                    words::plural(n, "place")
                )
            }
            Wrong::Refused(r) => r.message.clone(),
        };
        Problem {
            title: match newer {
                true => "This scenario is from a newer Lamplight".into(),
                false => "This scenario does not run".into(),
            },
            says,
            todo: match newer {
                true => "Open it on a newer page, or open something else. Nothing is lost: its text is below.".into(),
                false => "Mend the text below, or open something else. Nothing is lost: the link is kept.".into(),
            },
            link: came_as.into(),
            text: Some(text.into()),
            faults: if let Wrong::Faults(f) = self { f } else { vec![] },
            near: None,
        }
    }
}

fn parse_one(text: &str) -> Result<scenario::Scenario, Wrong> {
    protocols::parse(text).map_err(Wrong::Faults)
}

/// A text in the form that links carry.
fn canonical(text: &str) -> String {
    parse_one(text).map_or_else(|_| text.to_string(), |s| scenario::canonical(&s))
}

/// The runs of a text, at their beginning.
pub fn open_sides(text: &str) -> Result<Vec<Side>, Wrong> {
    sides::open(parse_one(text)?).map_err(Wrong::of)
}

/// A text as the page holds it, without the page.
#[cfg(test)]
pub fn load_for_tests(text: &str) -> Loaded {
    let Ok(sides) = open_sides(text) else { panic!("it does not run: {text}") };
    let sides: Rc<[Side]> = sides.into();
    let (run, index) = (sides[0].run.clone(), sides[0].index.clone());
    Loaded { run, index, sides, at: 0, text: text.into(), home: None, origin: None }
}

/// The first run of a text, at its beginning.
#[cfg(test)]
pub fn read(text: &str) -> Result<Run, Wrong> {
    protocols::open(parse_one(text)?).map_err(Wrong::of)
}

fn running(view: &View) -> Option<Loaded> {
    match view {
        View::Running(l) => Some(l.clone()),
        _ => None,
    }
}

fn origin(address: &Address) -> Option<(String, String)> {
    match &address.source {
        link::Source::Shipped { entry, slug } => Some((entry.clone(), slug.clone())),
        link::Source::Text(_) => None,
    }
}

/// Steps of one instant that are worked out to find the next one.
const LOOK_BUDGET: u32 = 2_000;

/// Let the run be ahead of the playhead.
fn catch_up(loaded: &Loaded, head: Head) {
    loaded.sides.iter().for_each(|s| s.reach(head.at));
}

/// As far on the way as the runs are known, and where the way goes on to; nowhere, where a limit has ended it.
fn known_part(sides: &[Side], head: Head) -> (Head, Option<Head>) {
    let limit = |s: &Side| {
        let run = s.run.borrow();
        run.world().limit().map(|_| run.world().now())
    };
    if let Some(last) = sides.iter().filter_map(limit).min() {
        return (if last < head.at { Head::after(last) } else { head }, None);
    }
    match sides.iter().map(|s| s.run.borrow().known_until()).min() {
        Some(known) if known < head.at => (Head::after(known), Some(head)),
        _ => (head, None),
    }
}

/// Whether a link selects what the run has not come to yet, and may still come to before its end.
fn is_ahead(run: &Run, address: &Address) -> bool {
    let ahead = |e: u32| e as usize >= run.trace().len() && run.ended().is_none();
    matches!(address.sel, Some(link::Sel::Event(e)) if ahead(e))
}

/// Whether a run is known where a link leads.
fn is_there(l: &Loaded, address: &Address) -> bool {
    let head = address.at.map_or(Head::default(), Head::of);
    !is_ahead(&l.run.borrow(), address) && known_part(&l.sides, head).1.is_none()
}

/// The step before a place in which something loud happens, other than the one that ends there.
fn loud_before(run: &Run, count: usize) -> Option<Head> {
    let here = count.checked_sub(1).and_then(|i| run.trace().event_at(i));
    let here = here.map(|e| Head::behind(&e));
    let back = run.trace().range(0, count).rev();
    back.filter(|e| words::is_loud(run, e)).map(|e| Head::behind(&e)).find(|h| Some(*h) != here)
}

/// Know at least one step behind the playhead.
fn look_ahead(side: &Side, head: Head) {
    let mut run = side.run.borrow_mut();
    for _ in 0..64 {
        if head.next(run.trace()).is_some() {
            break;
        }
        let Some(next) = run.world().next_at() else { break };
        run.advance(next, LOOK_BUDGET);
    }
    side.index.borrow_mut().catch_up(&run);
}

/// Where the scenario ends: when it was settled, or at its horizon.
pub fn end_of(run: &Run) -> Us {
    let last = run.trace().len().checked_sub(1).map_or(0, |i| run.trace().at(i));
    match run.ended() {
        Some(at) => at.max(1),
        None if run.world().next_at().is_none() => last,
        None => run.horizon(),
    }
}

/// A line that is to happen after the end of the run, where nobody would look for it.
fn too_late(run: &Run) -> Option<String> {
    let end = run.horizon();
    let (line, at) =
        run.scenario().steps.iter().enumerate().find_map(|(i, s)| match s.trigger {
            scenario::ast::Trigger::At { at, .. } if at.at > end => Some((i as u32, at.at)),
            _ => None,
        })?;
    let (what, at, end) = (words::acted(run, line), words::clock(at), words::clock(end));
    let what = words::capital(&what);
    Some(format!(
        "{what} is to happen at {at}, but the run is judged at {end}: play on beyond its end, or write a later until."
    ))
}

fn still_there(run: &Run, pick: Pick, head: Head) -> bool {
    let count = head.events(run.trace());
    match pick {
        Pick::None => true,
        Pick::Node(n) => n.index() < run.cast().len(),
        Pick::Message(m) => run.trace().msg(m).is_some_and(|r| r.sent.index() < count),
        Pick::Event(e) => e.index() < count,
        Pick::Op(op) => run.trace().op(op).is_some_and(|o| o.invoke.index() < count),
        Pick::Fault(line) => (line as usize) < run.scenario().steps.len(),
    }
}

fn pick_of(run: &Run, address: &Address) -> Pick {
    match &address.sel {
        Some(link::Sel::Node(n)) => run.cast().find(n).map_or(Pick::None, Pick::Node),
        Some(link::Sel::Event(e)) if (*e as usize) < run.trace().len() => Pick::Event(EventId(*e)),
        _ => Pick::None,
    }
}

/// What an address asks for that the run does not have.
fn missed(l: &Loaded, address: &Address, pick: Pick) -> Option<String> {
    let run = address.within.as_deref().filter(|w| l.sides.iter().all(|s| &*s.name != *w));
    let which = match &address.sel {
        Some(link::Sel::Node(n)) => format!("selects {n}, and no node is called that here"),
        Some(link::Sel::Event(e)) => format!("selects event {e}, and the run has no such event"),
        None => String::new(),
    };
    let sel = (address.sel.is_some() && pick == Pick::None).then_some(which);
    let run = run.map(|run| format!("looks into {run}, and no run is called that here"));
    let all: Vec<String> = run.into_iter().chain(sel).collect();
    (!all.is_empty()).then(|| format!("The link {}.", all.join("; it ")))
}

fn sel_of(run: &Run, pick: Pick) -> Option<link::Sel> {
    match pick {
        Pick::None => None,
        Pick::Node(n) => Some(link::Sel::Node(run.cast().members[n.index()].id.clone())),
        Pick::Message(m) => run.trace().msg(m).map(|r| link::Sel::Event(r.sent.0)),
        Pick::Event(e) => Some(link::Sel::Event(e.0)),
        Pick::Op(op) => run.trace().op(op).map(|o| link::Sel::Event(o.invoke.0)),
        Pick::Fault(_) => None,
    }
}

fn same_step(a: &scenario::ast::Step, b: &scenario::ast::Step) -> bool {
    a.within == b.within && a.trigger == b.trigger && a.act == b.act
}

/// Why the line by which the new text differs could not be done at this moment.
fn void_of_line(old: &Run, new: &Run, at: Us) -> Option<String> {
    let (was, is) = (&old.scenario().steps, &new.scenario().steps);
    let same = |(a, b): &(&_, &_)| same_step(a, b);
    let line = is.iter().zip(was).take_while(same).count();
    // It acts here or not at all: what came before need not be looked through.
    let here = new.trace().count_before(at);
    let mut voids = new.trace().range(here, new.trace().len()).rev();
    let found = voids.find_map(|e| match e.what {
        What::Void { line: l, text } if l as usize == line => Some(text),
        _ => None,
    })?;
    new.trace().texts.get(found as usize).cloned()
}

/// Acts of a run that could not be done, and why not.
fn voids(run: &Run) -> Vec<(String, String)> {
    let trace = run.trace();
    let one = |i: usize| match trace.what(i) {
        What::Void { line, text } => {
            Some((words::acted(run, line), trace.texts.get(text as usize)?.clone()))
        }
        _ => None,
    };
    (0..trace.len()).filter_map(one).collect()
}

/// What cannot be done any more in an edited run, as far as it is known.
fn new_void(old: &Run, new: &Run) -> Option<String> {
    let was = voids(old);
    let (act, why) = voids(new).into_iter().find(|v| !was.contains(v))?;
    Some(format!("Nothing happens at “{act}” now: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::scenario::ast::Instant;

    const TEXT: &str = "lamplight 1\nrun raft nodes=3 seed=1\nnet latency=10ms\nuntil 1s\n";

    #[test]
    fn older_steps_let_go_of_their_runs() {
        let loaded = load_for_tests(TEXT);
        let tree = Tree::of(&loaded, "as it came");
        let step = || Past::of(loaded.clone(), Head::default(), tree.clone());
        let mut steps: Vec<Past> = (0..RUNS + 2).map(|_| step()).collect();
        thin(&mut steps);
        let whole = |p: &Past| p.loaded.is_some() && p.tree.all[0].loaded.is_some();
        let slim = |p: &Past| p.loaded.is_none() && p.tree.all[0].loaded.is_none();
        assert!(steps[..2].iter().all(slim) && steps[2..].iter().all(whole));
    }

    #[test]
    fn what_a_link_promises_is_told_where_the_run_is_known() {
        let loaded = load_for_tests(TEXT);
        let of = |at: Us, e: u32| Address {
            at: Some(Instant { at, k: 0 }),
            sel: Some(link::Sel::Event(e)),
            ..Address::text(TEXT)
        };
        let reach = |t: Us| loaded.run.borrow_mut().advance(t, u32::MAX);
        reach(500 * MS);
        assert!(is_there(&loaded, &of(400 * MS, 0)));
        assert!(!is_there(&loaded, &of(800 * MS, 0)), "the moment is not known yet");
        assert!(!is_there(&loaded, &of(400 * MS, 1_000_000)), "it may still happen");
        reach(2 * SEC);
        assert!(is_there(&loaded, &of(800 * MS, 0)));
        assert!(is_there(&loaded, &of(400 * MS, 1_000_000)), "it does not happen");
    }
}
