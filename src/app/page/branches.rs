//! The branches of what the reader tried: where an edit belongs, and how to look at another, name it, delete it.
//!
//! The tree itself is [`crate::app::tree`]; here it is kept in step with the run in view and with the text being written.

use leptos::prelude::*;

use super::beside::called;
use super::edit::Edit;
use super::text::canonical;
use super::undo::RUNS;
use super::{Loaded, Notice, Page, View};
use crate::app::head::Head;
use crate::app::sides;
use crate::app::tree::{self, Branch, Tree, Way};

impl Page {
    /// Where the edited run belongs in the tree. A text that is being written and cannot have the edit as well stays
    /// behind in its own branch (`apart`).
    pub(super) fn branch(
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

    /// What was being written, where the last edit left it in another branch because it says something else there.
    pub(super) fn left_behind(&self) -> String {
        let waits = self.tree.with_untracked(|t| {
            let from = t.find(t.current()?.parent?)?;
            from.draft.is_some().then(|| from.name.clone())
        });
        let waits = waits.filter(|_| self.draft.with_untracked(Option::is_none));
        waits.map_or(String::new(), |name| format!(" What you were writing waits in “{name}”."))
    }

    /// The run of a branch: as it was left, or made again from its text.
    pub(super) fn run_of(&self, b: &Branch) -> Option<Loaded> {
        b.loaded.clone().or_else(|| self.made(&b.text, None))
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
    pub(super) fn take_tree(&self, tree: Tree) {
        self.draft.set(tree.current().and_then(|b| b.draft.clone()));
        self.tree.set(tree);
    }
}
