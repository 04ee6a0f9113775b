//! What the reader did, kept beyond the page: the tree of branches and the text being written, under the link
//! that was in the address when they left. Whoever comes back by it (reload, back, forward, the catalogue's
//! “go on”) finds the tree again. Nothing of it leaves the browser.

use engine::ids::Us;
use engine::scenario::terms::TIME_MAX;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::dom;
use super::head::Head;
use super::page::Page;
use super::tree::{Branch, Tree};

/// Pieces that are kept, and letters of them all: a browser gives a page five millions, and a tab as many.
const MOST: usize = 8;
const ROOM: usize = 1_500_000;
const KEY: &str = "work";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The fragment it is found by.
    pub link: String,
    pub title: String,
    /// The shipped scenario it began as.
    origin: Option<(String, String)>,
    draft: Option<String>,
    now: u32,
    branches: Vec<Twig>,
    /// The link is an older one: the text in view is too large for any.
    #[serde(default)]
    beyond: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Twig {
    id: u32,
    name: String,
    pub text: String,
    parent: Option<u32>,
    // Numbers of a script are exact up to 2^53 µs: 285 years.
    fork: f64,
    seen: f64,
    at: f64,
    k: u32,
    #[serde(default)]
    tried: bool,
    #[serde(default)]
    pub draft: Option<String>,
}

/// A time that was kept: none is later than any run goes.
pub fn time(kept: f64) -> Us {
    (kept as Us).min(TIME_MAX)
}

impl Twig {
    pub fn of(b: &Branch) -> Twig {
        Twig {
            id: b.id,
            name: b.name.clone(),
            text: b.text.to_string(),
            parent: b.parent,
            fork: b.fork as f64,
            seen: b.seen as f64,
            at: b.head.at as f64,
            k: b.head.k,
            tried: b.tried,
            draft: b.draft.clone(),
        }
    }

    pub fn branch(self) -> Branch {
        Branch {
            id: self.id,
            name: self.name,
            text: self.text.into(),
            parent: self.parent,
            fork: time(self.fork),
            seen: time(self.seen),
            head: Head { at: time(self.at), k: self.k },
            tried: self.tried,
            draft: self.draft,
            loaded: None,
        }
    }
}

impl Work {
    fn of(
        tree: &Tree,
        link: &str,
        page: (String, Option<(String, String)>, Option<String>),
    ) -> Work {
        let branches = tree.all.iter().map(Twig::of).collect();
        let (title, origin, draft) = page;
        Work { link: link.into(), title, origin, draft, now: tree.now, branches, beyond: false }
    }

    /// The tree again; none where what was kept is no tree.
    fn tree(self) -> Option<Tree> {
        let all = self.branches.into_iter().map(Twig::branch).collect();
        let tree = Tree { all, now: self.now };
        tree.is_sound().then_some(tree)
    }

    fn letters(&self) -> usize {
        let draft = |d: &Option<String>| d.as_ref().map_or(0, String::len);
        let twig = |b: &Twig| b.text.len() + draft(&b.draft) + b.name.len() + 120;
        self.branches.iter().map(twig).sum::<usize>() + draft(&self.draft)
    }
}

/// The newest first; the same work is kept once, and what finds no room goes.
fn put_first(mut all: Vec<Work>, work: Work, left: &str) -> Vec<Work> {
    all.retain(|w| w.link != work.link && w.link != left);
    all.insert(0, work);
    fit(&mut all, Work::letters);
    all
}

/// Of what is kept, the newest first, as many as there is room for; what is too large goes.
pub fn fit<T>(all: &mut Vec<T>, letters: impl Fn(&T) -> usize) {
    all.truncate(MOST);
    let mut room = ROOM;
    all.retain(|t| match room.checked_sub(letters(t)) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    });
}

/// What was kept as text; nothing where it is none of ours.
pub fn parsed<T: DeserializeOwned + Default>(text: Option<String>) -> T {
    let value = text.and_then(|t| js_sys::JSON::parse(&t).ok());
    value.and_then(|v| serde_wasm_bindgen::from_value(v).ok()).unwrap_or_default()
}

pub fn written<T: Serialize + ?Sized>(what: &T) -> Option<String> {
    let value = serde_wasm_bindgen::to_value(what).ok()?;
    JsValue::from(js_sys::JSON::stringify(&value).ok()?).as_string()
}

fn read() -> Vec<Work> {
    parsed(dom::recall(KEY))
}

fn write(all: &[Work]) {
    if let Some(text) = written(all) {
        dom::remember(KEY, &text);
    }
}

/// Keep what there is under a link; `left` is the link it was kept under before. `beyond`: the link does not say what is in
/// view, for no link could.
pub fn keep(page: Page, link: &str, left: &str, beyond: bool) {
    let mut tree = page.tree_now();
    let draft = page.draft.get_untracked();
    // Of the branch in view it stands by itself.
    tree.write(None);
    let all = read();
    let known = all.iter().any(|w| w.link == link || w.link == left);
    if tree.all.len() < 2 && draft.is_none() && !page.is_changed(known) {
        // Nothing was done; what was kept under this link before was undone since.
        if known {
            let rest: Vec<Work> =
                all.into_iter().filter(|w| w.link != link && w.link != left).collect();
            write(&rest);
        }
        return;
    }
    let origin = page.loaded_now().and_then(|l| l.origin);
    let work = Work { beyond, ..Work::of(&tree, link, (page.title(), origin, draft)) };
    write(&put_first(all, work, left));
}

/// Plant the tree that was kept under a link again. False where there is none.
pub fn restore(page: Page, link: &str) -> bool {
    let Some(work) = read().into_iter().find(|w| w.link == link) else { return false };
    let (draft, origin, beyond) = (work.draft.clone(), work.origin.clone(), work.beyond);
    let tree = work.tree();
    let found = tree.is_some();
    if let Some(tree) = tree {
        page.plant(tree, origin, beyond);
        page.draft.set(draft);
    }
    found
}

/// What can be gone on with, newest first.
pub fn recent() -> Vec<Work> {
    read()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(link: &str, letters: usize) -> Work {
        let twig = |id: u32, parent| Twig {
            id,
            name: "a".into(),
            text: "x".repeat(letters),
            parent,
            fork: 1e6,
            seen: 2e6,
            at: 3e6,
            k: 7,
            tried: true,
            draft: None,
        };
        Work {
            link: link.into(),
            title: "A run".into(),
            origin: None,
            draft: None,
            now: 1,
            branches: vec![twig(0, None), twig(1, Some(0))],
            beyond: false,
        }
    }

    #[test]
    fn a_tree_comes_back_as_it_was() {
        let Some(tree) = work("a", 3).tree() else { panic!("it is a tree") };
        assert_eq!(Work::of(&tree, "a", ("A run".into(), None, None)), work("a", 3));
    }

    #[test]
    fn no_time_that_was_kept_is_beyond_all_runs() {
        assert_eq!([3e6, -1.0, f64::NAN].map(time), [3_000_000, 0, 0]);
        let mut far = work("a", 3);
        far.branches[1] =
            Twig { fork: 1e300, seen: f64::INFINITY, at: 1e18, ..far.branches[1].clone() };
        let Some(tree) = far.tree() else { panic!("it is a tree") };
        let b = &tree.all[1];
        assert_eq!([b.fork, b.seen, b.head.at], [TIME_MAX; 3]);
    }

    #[test]
    fn what_is_no_tree_is_left() {
        let mut torn = work("a", 3);
        torn.branches[1].parent = Some(9);
        assert!(torn.tree().is_none());
        let mut nowhere = work("a", 3);
        nowhere.now = 5;
        assert!(nowhere.tree().is_none());
        assert!(Work { branches: vec![], ..work("a", 3) }.tree().is_none());
        let mut ring = work("a", 3);
        ring.branches[0].parent = Some(1);
        assert!(ring.tree().is_none());
    }

    #[test]
    fn the_newest_stands_first_and_there_is_room_for_few() {
        let all = put_first(vec![work("a", 3), work("b", 3)], work("c", 3), "b");
        assert_eq!(all.iter().map(|w| w.link.as_str()).collect::<Vec<_>>(), ["c", "a"]);
        let many: Vec<Work> = (0..20).map(|i| work(&format!("w{i}"), 3)).collect();
        assert_eq!(put_first(many, work("c", 3), "").len(), MOST);
        let all = put_first(vec![work("big", ROOM)], work("c", 3), "");
        assert_eq!(all.len(), 1);
    }
}
