//! What stands side by side: the runs of the text in view, then the branches held against them.
//!
//! They are counted through: `Some(i)` is the i-th of them all, `None` the run in view. All have one clock, and what is
//! selected is selected in the run in view alone.

use std::rc::Rc;

use engine::ids::*;
use engine::trace::compare::Difference;
use leptos::prelude::*;

use super::{Loaded, Notice, Page, Pick, end_of};
use crate::app::head::Head;
use crate::app::inquiry;
use crate::app::sides::Side;

/// Runs that stand beside each other, at most.
pub const BESIDE: usize = 4;

/// A branch that is held against the one in view.
pub type Held = (u32, Rc<[Side]>);

/// Of its runs the one that stands where the run in view stands among its own.
fn shown(held: &Held, at: usize) -> &Side {
    held.1.get(at).unwrap_or(&held.1[0])
}

/// The runs of a branch under its name.
pub(super) fn called(name: &str, sides: &[Side]) -> Rc<[Side]> {
    let several = sides.len() > 1;
    let named = |s: &Side| if several { format!("{name}, {}", s.name) } else { name.into() };
    sides.iter().map(|s| Side { name: named(s).into(), ..s.clone() }).collect()
}

impl Loaded {
    /// Its runs, then those held against them.
    fn beside(&self, held: &[Held]) -> Vec<Side> {
        let held = held.iter().map(|h| shown(h, self.at).clone());
        self.sides.iter().cloned().chain(held).collect()
    }
}

impl Page {
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

    /// What it is called. Tracked.
    pub fn side_name(&self, i: usize) -> String {
        let sides = self.sides();
        let alone = self.loaded().is_some_and(|l| l.sides.len() == 1);
        if i == 0 && alone && sides.len() > 1 {
            return self.tree.with(|t| t.current().map(|b| b.name.clone())).unwrap_or_default();
        }
        sides.get(i).map(|s| s.name.to_string()).unwrap_or_default()
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

    /// How many events of all of them are known.
    pub fn known_now(&self) -> usize {
        self.sides_now().iter().map(|s| s.run.borrow().trace().len()).sum()
    }

    /// When the last of all that stand side by side ends. Tracked.
    pub fn whole_end(&self) -> Us {
        self.sides().iter().map(|s| end_of(&s.run.borrow())).max().unwrap_or(1)
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
    pub(super) fn sift_held(&self, loaded: &Loaded) {
        self.against.with_untracked(|held| {
            inquiry::sift_sides(
                loaded,
                held.iter().map(|h| shown(h, loaded.at)),
                self.inquiry.filter.get_untracked(),
            );
        });
    }

    /// So many runs come to stand: of the branches held against them stay as many as there is room for.
    pub(super) fn make_room(&self, many: usize) {
        let room = BESIDE.saturating_sub(many);
        if self.against.with_untracked(|held| held.len() > room) {
            self.against.update(|held| held.truncate(room));
            let says = format!(
                "No more than {BESIDE} runs stand beside each other: a branch that was held is put away."
            );
            self.notice.set(Some(Notice { says, undo: false, serious: false }));
        }
    }
}
