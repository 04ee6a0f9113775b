//! The way back: what was, before each step, and the way forward again.
//!
//! A step is the whole of text, playhead and tree. Of older steps only the texts are kept, and their runs are made again:
//! a run is large, and the same text gives the same run.

use std::rc::Rc;

use engine::ids::*;
use engine::scenario::link::Address;
use leptos::prelude::*;

use super::{Loaded, Page};
use crate::app::draft;
use crate::app::head::Head;
use crate::app::tree::Tree;

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
pub(super) const RUNS: usize = 8;

/// Of the older steps let go of the runs: they are made again from their texts.
fn thin(steps: &mut [Past]) {
    let older = steps.len().saturating_sub(RUNS);
    for step in &mut steps[..older] {
        step.loaded = None;
        step.tree.all.iter_mut().for_each(|b| b.loaded = None);
    }
}

impl Page {
    /// What can be undone from here.
    pub(super) fn remember(&self, loaded: &Loaded, head: Head, mut tree: Tree) {
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

    /// What can be undone, and done again.
    pub fn steps(&self) -> (Vec<Past>, Vec<Past>) {
        (self.past.get_value(), self.future.get_value())
    }

    pub fn set_steps(&self, past: Vec<Past>, future: Vec<Past>) {
        self.past.set_value(past);
        self.future.set_value(future);
        self.view.update(|_| {});
    }

    pub fn undo(&self) {
        self.turn(self.past, self.future, "Undone");
    }

    pub fn redo(&self) {
        self.turn(self.future, self.past, "Done again");
    }

    pub fn can_undo(&self) -> bool {
        self.view.track();
        self.past.with_value(|p| !p.is_empty())
    }

    pub fn can_redo(&self) -> bool {
        self.view.track();
        self.future.with_value(|f| !f.is_empty())
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

    /// Undo, without a way to do it again: it never was. What could be done again before still can, and what was
    /// seen of the future stays seen.
    pub(super) fn take_back(&self, (future, seen): (Vec<Past>, Us)) {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::load_for_tests;

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
}
