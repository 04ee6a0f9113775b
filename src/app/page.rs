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
use leptos::prelude::*;

use super::head::{EventAt, Head};
use super::inquiry::Inquiry;
use super::{dom, words};

/// A scenario that is running, and where it came from.
#[derive(Clone)]
pub struct Loaded {
    pub run: Rc<RefCell<Run>>,
    pub text: Rc<str>,
    /// What the scene looks up, kept up with the run.
    pub index: Rc<RefCell<Index>>,
    /// The shipped scenario it is, unchanged; none after the first edit.
    pub home: Option<Rc<Address>>,
    /// The entry and slug it began as, for the catalogue and the way back.
    pub origin: Option<(String, String)>,
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

/// A dialog; at most one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Keys,
    Break,
    Partition,
    Share,
}

/// Everything that can be undone: the text before, and where the reader stood.
#[derive(Clone)]
struct Past {
    loaded: Loaded,
    head: Head,
}

#[derive(Clone, Copy)]
pub struct Page {
    pub view: RwSignal<View, LocalStorage>,
    /// Where the playhead stands; while playing it moves at most ten times a second.
    pub head: RwSignal<Head>,
    /// How many events have happened there; moves as soon as one does.
    pub count: RwSignal<usize>,
    /// The same, for text: at most ten times a second.
    pub count_slow: RwSignal<usize>,
    /// The last move was a single step: the caption tells it at once.
    pub stepped: RwSignal<bool>,
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
    pub sheet: RwSignal<Option<Sheet>>,
    pub mode: RwSignal<Mode>,
    pub rail: RwSignal<bool>,
    pub notice: RwSignal<Option<Notice>>,
    /// A text the reader is writing, while it is not the one that runs.
    pub draft: RwSignal<Option<String>>,
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
            stepped: RwSignal::new(false),
            phone: RwSignal::new(false),
            known: RwSignal::new(0),
            playing: RwSignal::new(false),
            speed: RwSignal::new(100),
            cut: RwSignal::new(None),
            pick: RwSignal::new(Pick::None),
            inquiry: Inquiry::new(),
            tab: RwSignal::new(Tab::Inspect),
            sheet: RwSignal::new(None),
            mode: RwSignal::new(mode),
            rail: RwSignal::new(false),
            notice: RwSignal::new(None),
            draft: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            letters: RwSignal::new(dom::recall("letters").as_deref() != Some("off")),
            calm: RwSignal::new(dom::wants_less_motion()),
            theme: RwSignal::new(theme),
            drawing: RwSignal::new(false),
            whole: RwSignal::new(false),
            live: StoredValue::new(None),
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

    /// Show a scenario from its text. `address` says from where to look at it.
    pub fn open_text(
        &self,
        text: &str,
        address: &Address,
        came_as: &str,
    ) -> Result<(), Box<Problem>> {
        let run = read(text).map_err(|wrong| Box::new(wrong.problem(text, came_as)))?;
        self.show(run, text, address);
        Ok(())
    }

    fn show(&self, run: Run, text: &str, address: &Address) {
        let origin = origin(address);
        let loaded = Loaded {
            index: Rc::new(RefCell::new(Index::new(&run))),
            run: Rc::new(RefCell::new(run)),
            text: text.into(),
            home: origin
                .is_some()
                .then(|| Rc::new(Address { at: None, sel: None, check: None, ..address.clone() })),
            origin,
        };
        self.past.set_value(vec![]);
        self.future.set_value(vec![]);
        self.notice.set(None);
        self.draft.set(None);
        let head = address.at.map_or(Head::default(), Head::of);
        catch_up(&loaded, head);
        let pick = pick_of(&loaded.run.borrow(), address);
        self.inquiry.forget();
        self.put(loaded, head);
        self.pick.set(pick);
        let embedded = self.mode.get_untracked() == Mode::Embed;
        let moves = !self.calm.get_untracked()
            && (!embedded || dom::query("autoplay").as_deref() == Some("1"));
        self.playing.set(moves && address.at.is_none());
    }

    /// Once the page is whole: whether the run is the one its link was made from.
    pub fn compare_check(&self, address: &Address) {
        let head = address.at.map_or(Head::default(), Head::of);
        if self.with_run_now(|run| check(run, head, address.check)) == Some(false) {
            self.notice.set(Some(Notice {
                says: "This run differs from the one the link was made from: this version of Lamplight runs the text differently.".into(),
                undo: false,
                serious: true,
            }));
        }
    }

    pub fn fail(&self, problem: Problem) {
        self.playing.set(false);
        self.draft.set(None);
        self.view.set(View::Wrong(Rc::new(problem)));
    }

    /// Put a run on the stage with the playhead there.
    fn put(&self, loaded: Loaded, head: Head) {
        let (count, known) = {
            let run = loaded.run.borrow();
            (head.events(run.trace()), run.trace().len())
        };
        self.cut.set(None);
        self.drawing.set(false);
        self.inquiry.carry(&loaded, count);
        self.view.set(View::Running(loaded));
        self.known.set(known);
        self.set_head(head, count);
    }

    fn set_head(&self, head: Head, count: usize) {
        self.head.set(head);
        self.count.set(count);
        self.count_slow.set(count);
    }

    // ---------------------------------------------------------------- moving

    pub fn go(&self, head: Head) {
        let Some(loaded) = self.loaded_now() else { return };
        catch_up(&loaded, head);
        let (count, known) = {
            let run = loaded.run.borrow();
            (head.events(run.trace()), run.trace().len())
        };
        self.cut.set(None);
        self.known.set(known);
        self.stepped.set(false);
        self.set_head(head, count);
    }

    /// Let `head` be where the eye sees it.
    fn sharpen(&self) {
        let Some(head) = self.live.try_update_value(Option::take).flatten() else { return };
        if self.playing.get_untracked()
            && let Some(count) = self.with_run_now(|run| head.events(run.trace()))
        {
            self.set_head(head, count);
        }
    }

    /// Stop where the playhead is.
    pub fn freeze(&self) {
        self.sharpen();
        self.playing.set(false);
    }

    pub fn step(&self, forward: bool) {
        self.freeze();
        let Some(loaded) = self.loaded_now() else { return };
        let head = self.head.get_untracked();
        if forward {
            look_ahead(&loaded, head);
        }
        let to = {
            let run = loaded.run.borrow();
            if forward { head.next(run.trace()) } else { head.back(run.trace()) }
        };
        match to {
            Some(to) => {
                self.go(to);
                self.stepped.set(true);
                self.tell_step(head, to);
            }
            None if forward => self.said.set("Nothing more happens.".into()),
            None => self.said.set("This is the beginning.".into()),
        }
    }

    /// Behind, or before, the next step in which something loud happens: a fault, a reason, a claim.
    pub fn leap(&self, forward: bool) {
        self.freeze();
        let count = self.count.get_untracked();
        let to = self.with_run_now(|run| {
            let loud = |e: &engine::trace::Event| {
                matches!(words::loudness(run, e), words::Loud::Key | words::Loud::Fault)
                    && !matches!(e.what, What::Lose { .. })
            };
            let here = count
                .checked_sub(1)
                .and_then(|i| run.trace().event_at(i))
                .map(|e| (e.at, e.k.max(1)));
            let other = |e: &engine::trace::Event| Some((e.at, e.k.max(1))) != here;
            let found = if forward {
                run.trace().range(count, run.trace().len()).find(loud)
            } else {
                run.trace().range(0, count).rev().filter(other).find(loud)
            };
            found.map(|e| Head { at: e.at, k: e.k.max(1) })
        });
        if let Some(to) = to.flatten() {
            let from = self.head.get_untracked();
            self.go(to);
            self.stepped.set(true);
            self.tell_step(from, to);
        }
    }

    fn tell_step(&self, from: Head, to: Head) {
        let text = self.with_run_now(|run| {
            let (a, b) = (from.events(run.trace()), to.events(run.trace()));
            let told = if a < b {
                words::announce(run, a, b)
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
        if let Some(end) = self.with_run_now(end_of) {
            self.go(Head::after(end));
            let end = self.with_run_now(end_of).unwrap_or(end);
            self.go(Head::after(end));
            self.said.set(format!("The end, {}.", words::clock(end)));
        }
    }

    pub fn toggle(&self) {
        let at_end = self.with_run_now(|run| {
            run.world().next_at().is_none()
                && self.head.get_untracked().events(run.trace()) >= run.trace().len()
        });
        if !self.playing.get_untracked() && at_end == Some(true) {
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
        self.inquiry.about.set(None);
        self.pick.set(pick);
        if pick != Pick::None && self.tab.get_untracked() == Tab::Lesson {
            self.tab.set(Tab::Inspect);
        }
    }

    /// Show an event: select it and stand behind it.
    pub fn visit(&self, e: EventId) {
        self.playing.set(false);
        let head =
            self.with_run_now(|run| run.trace().event(e).map(|e| Head { at: e.at, k: e.k.max(1) }));
        if let Some(Some(head)) = head {
            self.go(head);
            self.stepped.set(true);
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
            Some(Head { at: e.at, k: e.k.max(1) })
        };
        if fired().is_none() {
            let end = end_of(&loaded.run.borrow());
            catch_up(&loaded, Head::after(end));
        }
        let head = fired();
        if let Some(head) = head {
            self.go(head);
            self.stepped.set(true);
        }
        self.pick.set(Pick::Fault(line));
        head.is_some()
    }

    // ---------------------------------------------------------------- acting: every act is an edit of the text

    /// Do something here and now: `crash n1`, `heal`, `drop AppendEntries n1 -> n2 #7`.
    pub fn do_act(&self, act: &str) {
        if let Err(why) = self.try_act(act) {
            self.refuse(&why);
        }
    }

    /// The same; a refusal is given back, and nothing was done.
    pub fn try_act(&self, act: &str) -> Result<(), String> {
        self.sharpen();
        let Some(loaded) = self.loaded_now() else { return Ok(()) };
        let at = self.head.get_untracked().edit_at(loaded.run.borrow().trace());
        self.put_text(&edit::insert_step(&loaded.text, at, act))?;
        self.go(Head { at: at.at, k: at.k.max(1) });
        if let Some(why) = self.void_of_new(&loaded) {
            self.take_back();
            return Err(why);
        }
        let says = format!("{} at {}", words::capital(act), words::clock(at.at));
        self.said.set(format!("{says}. It is a line of the scenario now."));
        self.notice.set(Some(Notice {
            says: format!("{says}. It is in the scenario, and in the link."),
            undo: true,
            serious: false,
        }));
        Ok(())
    }

    /// A line of the text was changed, moved or taken away. Gives what is wrong with the new text.
    pub fn change(&self, text: &str, says: &str) -> Vec<Fault> {
        if let Err(faults) = scenario::parse(text, &protocols::entries()) {
            return faults;
        }
        self.sharpen();
        if self.edit_to(text) {
            self.notice.set(Some(Notice { says: format!("{says}."), undo: true, serious: false }));
            self.said.set(format!("{says}."));
        }
        vec![]
    }

    /// Why something cannot be done, instead of doing nothing.
    pub fn refuse(&self, why: &str) {
        let says = format!("{}. Nothing was done.", words::capital(why.trim_end_matches('.')));
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: false, serious: false }));
    }

    /// Change a setting of the text: a parameter, the seed, a mistake. A refusal is given back, and changes nothing.
    pub fn rewrite(&self, how: impl FnOnce(&str) -> String, says: &str) -> Result<(), String> {
        let Some(loaded) = self.loaded_now() else { return Ok(()) };
        let text = how(&loaded.text);
        if text == *loaded.text {
            return Ok(());
        }
        self.put_text(&text)?;
        self.said.set(says.to_string());
        self.notice.set(Some(Notice { says: says.into(), undo: true, serious: false }));
        Ok(())
    }

    /// Where the line put in last could not be done: the world's reason.
    fn void_of_new(&self, old: &Loaded) -> Option<String> {
        let old = old.run.borrow();
        self.with_run_now(|run| {
            let (was, is) = (&old.scenario().steps, &run.scenario().steps);
            let same = |(a, b): &(&_, &_)| same_step(a, b);
            let line = is.iter().zip(was).take_while(same).count();
            let mut voids = run.trace().range(0, run.trace().len()).rev();
            let found = voids.find_map(|e| match e.what {
                What::Void { line: l, text } if l as usize == line => Some(text),
                _ => None,
            })?;
            run.trace().texts.get(found as usize).cloned()
        })
        .flatten()
    }

    /// Undo, without a way to do it again: it never was.
    fn take_back(&self) {
        if let Some(step) = self.past.try_update_value(Vec::pop).flatten() {
            self.swap(step.loaded, step.head);
        }
    }

    /// Run a text the reader has written. Gives what is wrong with it.
    pub fn try_text(&self, text: &str) -> Vec<Fault> {
        match scenario::parse(text, &protocols::entries()) {
            Err(faults) => faults,
            Ok(_) if self.loaded_now().is_none() => {
                // Mended after a link that did not run: it begins anew.
                if let Err(problem) = self.open_text(text, &Address::text(text), "") {
                    self.fail(*problem);
                }
                vec![]
            }
            Ok(_) => {
                if self.edit_to(text) {
                    self.draft.set(None);
                    self.said.set("The edited scenario runs.".into());
                }
                vec![]
            }
        }
    }

    /// Let the run go on from another text; what comes before the first difference stays.
    fn edit_to(&self, text: &str) -> bool {
        self.put_text(text).map_err(|why| self.refuse(&why)).is_ok()
    }

    fn put_text(&self, text: &str) -> Result<(), String> {
        let Some(old) = self.loaded_now() else { return Err("Nothing runs.".into()) };
        let edited = parse_one(text).and_then(|s| {
            let same = s.run.entry == old.run.borrow().scenario().run.entry;
            if same { old.run.borrow().edit(s).map_err(Wrong::Refused) } else { open(s) }
        });
        let run = edited.map_err(|wrong| wrong.line())?;
        let head = self.head.get_untracked();
        self.past.update_value(|p| p.push(Past { loaded: old.clone(), head }));
        self.future.set_value(vec![]);
        let loaded = Loaded {
            index: Rc::new(RefCell::new(Index::new(&run))),
            run: Rc::new(RefCell::new(run)),
            text: text.into(),
            home: None,
            origin: old.origin,
        };
        self.swap(loaded, head);
        Ok(())
    }

    fn swap(&self, loaded: Loaded, head: Head) {
        catch_up(&loaded, head);
        if !still_there(&loaded.run.borrow(), self.pick.get_untracked(), head) {
            self.pick.set(Pick::None);
        }
        self.put(loaded, head);
    }

    pub fn undo(&self) {
        self.turn_back(self.past, self.future, "Undone");
    }

    pub fn redo(&self) {
        self.turn_back(self.future, self.past, "Done again");
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
        to.update_value(|t| t.push(Past { loaded: now, head: self.head.get_untracked() }));
        self.swap(step.loaded, step.head);
        self.said.set(format!("{word}."));
        self.notice.set(None);
    }

    /// The same text with another seed.
    pub fn new_seed(&self) {
        let mut bytes = [0u8; 2];
        if getrandom::fill(&mut bytes).is_err() {
            return;
        }
        let seed = u64::from(u16::from_le_bytes(bytes));
        let Some(loaded) = self.loaded_now() else { return };
        if self.edit_to(&edit::set_seed(&loaded.text, seed)) {
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
            None => Address::text(&scenario::canonical(run.scenario())),
        };
        let head = self.head.get_untracked();
        let at = head.instant(run.trace());
        address.at = (at != Default::default()).then_some(at);
        address.sel = sel_of(&run, self.pick.get_untracked());
        address.check = with_check.then(|| check_of(&run, head));
        link::write(&address)
    }

    /// The page's own address, whatever frame it stands in.
    pub fn page_address(&self) -> String {
        dom::here().split('?').next().unwrap_or_default().to_string()
    }

    /// The way out of an embed: this run, at this moment, on the page itself.
    pub fn address_out(&self) -> String {
        format!("{}#{}", self.page_address(), self.fragment(false).unwrap_or_default())
    }

    /// Nobody has touched it: the link it came by still says all there is.
    pub fn is_fresh(&self) -> bool {
        self.loaded_now().is_some_and(|l| l.home.is_some())
            && self.head.get_untracked() == Head::default()
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
        let says = match &self {
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
            title: "This scenario does not run".into(),
            says,
            todo: "Mend the text below, or open something else. Nothing is lost: the link is kept."
                .into(),
            link: came_as.into(),
            text: Some(text.into()),
            faults: if let Wrong::Faults(f) = self { f } else { vec![] },
            near: None,
        }
    }
}

fn parse_one(text: &str) -> Result<scenario::Scenario, Wrong> {
    scenario::parse(text, &protocols::entries()).map_err(Wrong::Faults)
}

/// A run from a text, at its beginning.
pub fn read(text: &str) -> Result<Run, Wrong> {
    open(parse_one(text)?)
}

fn open(s: scenario::Scenario) -> Result<Run, Wrong> {
    let unknown =
        || Wrong::Refused(Refusal::new(format!("No protocol is called {}.", s.run.entry)));
    let bill =
        *protocols::CATALOGUE.iter().find(|b| b.entry.id == s.run.entry).ok_or_else(unknown)?;
    Run::open(bill, s).map_err(Wrong::Refused)
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

/// Steps computed at once when the reader jumps ahead; the clock computes the rest in the frames that follow.
const JUMP_BUDGET: u32 = 60_000;

/// Let the run be ahead of the playhead.
fn catch_up(loaded: &Loaded, head: Head) {
    let mut run = loaded.run.borrow_mut();
    run.advance(head.at, JUMP_BUDGET);
    loaded.index.borrow_mut().catch_up(&run);
}

/// Know at least one step behind the playhead.
fn look_ahead(loaded: &Loaded, head: Head) {
    let mut run = loaded.run.borrow_mut();
    for _ in 0..64 {
        if head.next(run.trace()).is_some() {
            break;
        }
        let Some(next) = run.world().next_at() else { break };
        run.advance(next, JUMP_BUDGET);
    }
    loaded.index.borrow_mut().catch_up(&run);
}

/// Where the scenario ends: when it was settled, or at its horizon.
pub fn end_of(run: &Run) -> Us {
    let last = run.trace().len().checked_sub(1).map_or(0, |i| run.trace().at(i));
    match run.verdicts() {
        Some(v) => v.at.max(1),
        None if run.world().next_at().is_none() => last,
        None => run.horizon(),
    }
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

fn check_of(run: &Run, head: Head) -> u32 {
    engine::trace::json::check_at(run, head.at)
}

fn check(run: &Run, head: Head, want: Option<u32>) -> bool {
    want.is_none_or(|want| want == check_of(run, head))
}

fn same_step(a: &scenario::ast::Step, b: &scenario::ast::Step) -> bool {
    a.within == b.within && a.trigger == b.trigger && a.act == b.act
}
