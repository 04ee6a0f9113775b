//! What the page knows: the run in view behind one signal, and a few small signals beside it.
//!
//! Everything a reader does to a run is an edit of its text; everything else moves the playhead or the selection.
//! Components read these signals and call these verbs, and hold nothing themselves. The verbs stand by what they do:
//!
//! - a text becomes runs (`text`, `loaded`), comes on the stage (`open`), and goes away as a link (`link`);
//! - the playhead moves (`time`), and other runs stand beside the one in view (`beside`);
//! - an act or a setting changes the text (`edit`) and may leave a line with nothing to do (`void`);
//! - what was tried is a tree (`branches`), and each step can be undone (`undo`).

mod beside;
mod branches;
mod edit;
mod link;
mod loaded;
mod open;
mod text;
mod time;
mod undo;
mod void;

use std::rc::Rc;

use engine::ids::*;
use engine::run::Run;
use engine::scenario::link::Address;
pub use engine::scene::Pick;
use engine::trace::compare::{Counters, Difference};
use leptos::prelude::*;

pub use self::beside::{BESIDE, Held};
pub use self::loaded::{Loaded, end_of};
pub use self::text::Problem;
#[cfg(test)]
pub use self::text::{load_for_tests, read};
pub use self::undo::Past;
use super::head::Head;
use super::inquiry::Inquiry;
use super::tree::Tree;
use super::{dom, words};

/// What stands on the stage.
#[derive(Clone)]
pub enum View {
    Opening,
    Running(Loaded),
    Wrong(Rc<Problem>),
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

    /// What the text calls the run in view.
    pub fn in_view(&self) -> Option<Rc<str>> {
        self.loaded_now().map(|l| l.sides[l.at].name.clone())
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

    /// Why something cannot be done, instead of doing nothing.
    pub fn refuse(&self, why: &str) {
        let why = words::quoted(why.trim_end_matches('.'));
        let says = format!("{}. Nothing was done.", words::capital(&why));
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: false, serious: false }));
    }

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

fn running(view: &View) -> Option<Loaded> {
    match view {
        View::Running(l) => Some(l.clone()),
        _ => None,
    }
}
