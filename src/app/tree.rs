//! The tree of what the reader tried. An edit in the past of a run makes a branch, and the old future stays:
//!
//! ```text
//!   as it came ──────────┬──────────────────────
//!                        └─ crash n3 at 2 s ───┬────────
//!                                              └─ heal at 4 s ───
//! ```
//!
//! A branch is a text; its run is kept while it is looked at often enough, and made again from the text
//! otherwise. Which moment is the fork is told by the two texts: what comes before the first changed line.

use std::rc::Rc;

use engine::ids::Us;

use super::head::Head;
use super::page::Loaded;

/// More than this nobody tells apart, and every one costs memory.
pub const MOST: usize = 48;

#[derive(Clone)]
pub struct Branch {
    pub id: u32,
    pub name: String,
    pub text: Rc<str>,
    /// A text that is being written in it; of the branch in view the page has it.
    pub draft: Option<String>,
    pub parent: Option<u32>,
    /// Up to here it does what its parent does.
    pub fork: Us,
    /// How far the reader has been.
    pub seen: Us,
    pub head: Head,
    /// It is a line changed, or a setting, and nothing else: the next try takes its place.
    pub tried: bool,
    /// Its run, as it was left.
    pub loaded: Option<Loaded>,
}

#[derive(Clone, Default)]
pub struct Tree {
    pub all: Vec<Branch>,
    pub now: u32,
}

/// One line of its picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: u32,
    pub name: String,
    pub fork: Us,
    pub now: bool,
    pub first: bool,
    /// How many rows above stands the one it leaves.
    pub up: usize,
}

/// What an edit does to the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The branch goes on with the new text.
    On,
    /// The branch stays as it is, and another leaves it.
    Fork,
}

impl Tree {
    /// A tree of one.
    pub fn of(loaded: &Loaded, name: &str) -> Tree {
        let root = Branch {
            id: 0,
            name: name.into(),
            text: loaded.text.clone(),
            draft: None,
            parent: None,
            fork: 0,
            seen: 0,
            head: Head::default(),
            tried: false,
            loaded: Some(loaded.clone()),
        };
        Tree { all: vec![root], now: 0 }
    }

    pub fn find(&self, id: u32) -> Option<&Branch> {
        self.all.iter().find(|b| b.id == id)
    }

    fn find_mut(&mut self, id: u32) -> Option<&mut Branch> {
        self.all.iter_mut().find(|b| b.id == id)
    }

    /// Whether every branch has a number of its own and leaves one that stands above it, and one of them is in view.
    pub fn is_sound(&self) -> bool {
        let is_above = |i: usize, id: u32| self.all[..i].iter().any(|b| b.id == id);
        let fits = |(i, b): (usize, &Branch)| {
            let leaves = b.parent.map_or(i == 0, |p| is_above(i, p));
            leaves && !is_above(i, b.id) && b.id < u32::MAX
        };
        self.all.len() <= MOST && self.current().is_some() && self.all.iter().enumerate().all(fits)
    }

    pub fn current(&self) -> Option<&Branch> {
        self.find(self.now)
    }

    /// Whether an edit whose effect begins at `fork` may go on in the current branch: not in what came first,
    /// which stays to be compared with, and not where the reader has already seen another future.
    pub fn way(&self, fork: Us, seen: Us) -> Way {
        match self.current() {
            Some(b) if b.parent.is_some() && fork >= seen => Way::On,
            _ => Way::Fork,
        }
    }

    /// Where a line is changed, or a setting: the next try of the same, or another branch.
    pub fn way_of_try(&self) -> Way {
        if self.current().is_some_and(|b| b.tried) { Way::On } else { Way::Fork }
    }

    /// The current branch is one of tries now, from `fork` on, and has the name of the last one.
    pub fn try_on(&mut self, name: &str, fork: Us) {
        self.rename(self.now, name);
        if let Some(b) = self.find_mut(self.now) {
            b.tried = true;
            b.fork = b.fork.min(fork);
        }
    }

    /// All values of a parameter that are looked at one after the other are one branch, named after the last.
    pub fn way_of_value(&self, name: &str) -> Way {
        let param = name.split('=').next().unwrap_or(name);
        let is_value = |b: &Branch| {
            b.parent.is_some() && b.name.split_once('=').is_some_and(|(p, _)| p == param)
        };
        if self.current().is_some_and(is_value) { Way::On } else { Way::Fork }
    }

    /// The current branch as it is left.
    pub fn leave(&mut self, loaded: &Loaded, head: Head, seen: Us) {
        if let Some(b) = self.find_mut(self.now) {
            b.text = loaded.text.clone();
            b.loaded = Some(loaded.clone());
            b.head = head;
            b.seen = b.seen.max(seen);
        }
    }

    /// What is being written in the current branch waits in it.
    pub fn write(&mut self, draft: Option<String>) {
        if let Some(b) = self.find_mut(self.now) {
            b.draft = draft;
        }
    }

    /// The current branch goes on with another text.
    pub fn go_on(&mut self, loaded: &Loaded) {
        if let Some(b) = self.find_mut(self.now) {
            b.tried = false;
            b.text = loaded.text.clone();
            b.loaded = Some(loaded.clone());
        }
    }

    /// A branch leaves the current one, and is the current one then. False where there are too many.
    pub fn grow(&mut self, loaded: &Loaded, name: &str, fork: Us, head: Head) -> bool {
        if self.all.len() >= MOST {
            return false;
        }
        let id = self.all.iter().map(|b| b.id + 1).max().unwrap_or(0);
        self.all.push(Branch {
            id,
            name: self.unlike(name),
            text: loaded.text.clone(),
            draft: None,
            parent: Some(self.now),
            fork,
            seen: fork,
            head,
            tried: false,
            loaded: Some(loaded.clone()),
        });
        self.now = id;
        true
    }

    /// Two branches of one name could not be told apart.
    fn unlike(&self, name: &str) -> String {
        let taken = |n: &str| self.all.iter().any(|b| b.name == n);
        if !taken(name) {
            return name.into();
        }
        (2..).map(|i| format!("{name} ({i})")).find(|n| !taken(n)).unwrap_or_default()
    }

    pub fn rename(&mut self, id: u32, name: &str) {
        let name = name.trim();
        if name.is_empty() || self.find(id).is_none_or(|b| b.name == name) {
            return;
        }
        let name = self.unlike(name);
        if let Some(b) = self.find_mut(id) {
            // Who gives it a name means to keep it.
            b.tried = false;
            b.name = name;
        }
    }

    /// Take a branch away; what left it leaves its parent then, no earlier than it did itself. Gives where to go
    /// if it was the current one.
    pub fn remove(&mut self, id: u32) -> Option<u32> {
        let parent = self.find(id).and_then(|b| b.parent)?;
        let fork = self.find(id).map_or(0, |b| b.fork);
        for b in self.all.iter_mut().filter(|b| b.parent == Some(id)) {
            b.parent = Some(parent);
            b.fork = b.fork.min(fork);
        }
        self.all.retain(|b| b.id != id);
        (self.now == id).then_some(parent)
    }

    /// The tree as rows: every branch below the one it leaves, later forks nearer to it.
    pub fn rows(&self) -> Vec<Row> {
        let mut out: Vec<Row> = vec![];
        if let Some(root) = self.all.iter().find(|b| b.parent.is_none()) {
            self.below(root, None, &mut out);
        }
        out
    }

    fn below(&self, b: &Branch, parent: Option<usize>, out: &mut Vec<Row>) {
        let row = out.len();
        out.push(Row {
            id: b.id,
            name: b.name.clone(),
            fork: b.fork,
            now: b.id == self.now,
            first: parent.is_none(),
            up: parent.map_or(0, |p| row - p),
        });
        let mut kids: Vec<&Branch> = self.all.iter().filter(|k| k.parent == Some(b.id)).collect();
        engine::few::sort_by_key(&mut kids, |k| (std::cmp::Reverse(k.fork), k.id));
        kids.into_iter().for_each(|k| self.below(k, Some(row), out));
    }

    /// Let go of the runs that are in view least: they are made again from their texts.
    pub fn slim(&mut self, keep: usize) {
        let now = self.now;
        let held = self.all.iter().filter(|b| b.loaded.is_some()).count();
        let old = self.all.iter_mut().filter(|b| b.id != now && b.loaded.is_some());
        old.take(held.saturating_sub(keep)).for_each(|b| b.loaded = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::load_for_tests as loaded;
    use engine::ids::{MS, SEC};

    const TEXT: &str = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nat 0ms n1 tell n2\n";

    fn tree() -> Tree {
        let mut t = Tree::of(&loaded(TEXT), "as it came");
        assert!(t.grow(&loaded(TEXT), "crash n3", 20 * MS, Head::default()));
        assert!(t.grow(&loaded(TEXT), "heal", 40 * MS, Head::default()));
        t.now = 0;
        assert!(t.grow(&loaded(TEXT), "crash n3", 30 * MS, Head::default()));
        t
    }

    #[test]
    fn rows_stand_below_what_they_leave() {
        let rows: Vec<_> =
            tree().rows().into_iter().map(|r| (r.name, r.fork / MS, r.up, r.now)).collect();
        let row = |n: &str, fork, up, now| (n.to_string(), fork, up, now);
        let want = [
            row("as it came", 0, 0, false),
            row("crash n3 (2)", 30, 1, true),
            row("crash n3", 20, 2, false),
            row("heal", 40, 1, false),
        ];
        assert_eq!(rows, want);
    }

    #[test]
    fn of_two_branches_with_one_number_there_is_no_tree() {
        assert!(tree().is_sound());
        let mut twice = tree();
        twice.all[2].id = 1;
        assert!(!twice.is_sound());
        let mut last = tree();
        last.all[3].id = u32::MAX;
        last.now = 0;
        assert!(!last.is_sound());
    }

    #[test]
    fn what_came_first_stays_and_a_seen_future_too() {
        let mut t = Tree::of(&loaded(TEXT), "as it came");
        assert_eq!(t.way(SEC, 0), Way::Fork);
        t.grow(&loaded(TEXT), "a", SEC, Head::default());
        assert_eq!(t.way(SEC, SEC), Way::On);
        assert_eq!(t.way(2 * SEC, SEC), Way::On);
        assert_eq!(t.way(SEC, 2 * SEC), Way::Fork);
    }

    #[test]
    fn tries_are_one_branch_until_something_is_done_in_it_or_it_has_a_name() {
        let mut t = Tree::of(&loaded(TEXT), "as it came");
        assert_eq!(t.way_of_try(), Way::Fork, "what came first stays");
        t.grow(&loaded(TEXT), "crash n3 at 0.900 s", SEC, Head::default());
        assert_eq!(t.way_of_try(), Way::Fork, "and so does what was done by hand");
        t.grow(&loaded(TEXT), "the crash is at 0.5 s now", SEC / 2, Head::default());
        t.try_on("the crash is at 0.5 s now", SEC / 2);
        assert_eq!(t.way_of_try(), Way::On);
        t.go_on(&loaded(TEXT));
        t.try_on("the crash is at 0.4 s now", SEC * 2 / 5);
        let now = t.current().map(|b| (b.name.as_str(), b.fork));
        assert_eq!(now, Some(("the crash is at 0.4 s now", SEC * 2 / 5)));
        let mut named = t.clone();
        named.rename(named.now, "earlier");
        assert_eq!(named.way_of_try(), Way::Fork);
        t.go_on(&loaded(TEXT));
        assert_eq!(t.way_of_try(), Way::Fork);
    }

    #[test]
    fn the_values_of_a_sweep_are_one_branch() {
        let mut t = Tree::of(&loaded(TEXT), "as it came");
        assert_eq!(t.way_of_value("nodes=3"), Way::Fork);
        t.grow(&loaded(TEXT), "nodes=3", 0, Head::default());
        assert_eq!(t.way_of_value("nodes=5"), Way::On);
        assert_eq!(t.way_of_value("latency=5ms"), Way::Fork);
        t.grow(&loaded(TEXT), "crash n1 at 1 s", SEC, Head::default());
        assert_eq!(t.way_of_value("nodes=5"), Way::Fork);
    }

    #[test]
    fn what_left_a_branch_taken_away_leaves_its_parent() {
        let mut t = tree();
        assert_eq!(t.remove(0), None, "what came first stays");
        assert_eq!(t.remove(1), None);
        let heal = t.find(2).map(|b| (b.parent, b.fork));
        assert_eq!(heal, Some((Some(0), 20 * MS)));
        assert_eq!(t.remove(3), Some(0));
        assert_eq!(t.all.len(), 2);
    }

    #[test]
    fn names_differ_and_there_is_a_limit() {
        let mut t = tree();
        t.rename(2, " crash n3 ");
        assert_eq!(t.find(2).map(|b| b.name.as_str()), Some("crash n3 (3)"));
        t.rename(2, "  ");
        assert_eq!(t.find(2).map(|b| b.name.as_str()), Some("crash n3 (3)"));
        while t.grow(&loaded(TEXT), "x", 0, Head::default()) {}
        assert_eq!(t.all.len(), MOST);
        t.slim(4);
        assert_eq!(t.all.iter().filter(|b| b.loaded.is_some()).count(), 4);
        assert!(t.current().is_some_and(|b| b.loaded.is_some()));
    }
}
