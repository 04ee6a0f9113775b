//! How a run comes on the stage: an address is asked for, its text is opened, and it is put in view.
//!
//! What is fetched may come late, so every address has a number and only the last one counts. The first run stands
//! before the code of the whole page is there; what no first frame needs waits for [`Page::begin`].

use std::rc::Rc;

use engine::scenario::link::{self, Address};
use leptos::prelude::*;

use super::link::pick_of;
use super::loaded::{catch_up, known_part};
use super::text::open_sides;
use super::{Loaded, Mode, Page, Problem, View};
use crate::app::dom;
use crate::app::head::Head;
use crate::app::sides::Side;
use crate::app::tree::Tree;

impl Page {
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

    pub fn fail(&self, problem: Problem) {
        self.playing.set(false);
        self.draft.set(None);
        self.view.set(View::Wrong(Rc::new(problem)));
    }

    /// Put a run on the stage with the playhead there.
    pub(super) fn put(&self, loaded: Loaded, head: Head) {
        self.cut.set(None);
        self.drawing.set(false);
        if self.whole.get_untracked() {
            self.inquiry.carry(self.loaded_now().as_ref(), &loaded);
            self.sift_held(&loaded);
        }
        self.view.set(View::Running(loaded));
        self.stand_at(head);
    }

    /// The runs of a text the reader had before.
    pub(super) fn made(&self, text: &Rc<str>, home: Option<Rc<Address>>) -> Option<Loaded> {
        let sides: Rc<[Side]> = open_sides(text).ok()?.into();
        let origin = self.loaded_now().and_then(|l| l.origin);
        let (run, index) = (sides[0].run.clone(), sides[0].index.clone());
        Some(Loaded { run, index, sides, at: 0, text: text.clone(), home, origin })
    }
}

fn origin(address: &Address) -> Option<(String, String)> {
    match &address.source {
        link::Source::Shipped { entry, slug } => Some((entry.clone(), slug.clone())),
        link::Source::Text(_) => None,
    }
}
