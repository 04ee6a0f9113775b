//! What a reload would take from the reader: what can be undone and done again, what is compared, what is left out of
//! the views, the cut that was laid and the cause that was chosen, which view, which tab, which speed. It is written when
//! the page, or a run on it, is left, and read when the same link is opened again in the same tab: by a reload, by back and
//! forward. A link carries none of it. Where there is work under the link (`work`), the same stands in the browser's
//! store too, for whoever has closed the tab and goes on in another.

use std::rc::Rc;

use engine::ids::{EventId, Us};
use engine::trace::inquiry::Filter;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::head::Head;
use super::keys::TABS;
use super::page::{Page, Past, Tab};
use super::transport::SPEEDS;
use super::tree::Tree;
use super::work::Twig;
use super::{dom, inquiry, work};

const KEY: &str = "desk";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Desk {
    /// The fragment it is found by, and those that stood in the address until the page was left: a reload opens one of
    /// them.
    link: String,
    came: Vec<String>,
    tab: usize,
    lower: String,
    speed: u32,
    /// Branches held against the one in view.
    against: Vec<u32>,
    /// What is left out: nodes and kinds as digits, for a script has no such numbers.
    nodes: String,
    kinds: String,
    quiet: bool,
    local: bool,
    /// The event that others are asked about, and the cut: how much of each lane is inside, and until when.
    #[serde(default)]
    cause: Option<u32>,
    #[serde(default)]
    cut: Vec<(u32, f64)>,
    past: Vec<Step>,
    future: Vec<Step>,
    /// What the steps have in common.
    texts: Vec<String>,
}

/// A state that can be gone back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Step {
    /// The link of the shipped scenario it is.
    home: Option<String>,
    text: usize,
    at: f64,
    k: u32,
    now: u32,
    /// Branches; the text of each is the number of one.
    tree: Vec<Twig>,
}

/// Each text once: a hundred steps have most of theirs in common.
fn place(texts: &mut Vec<String>, text: &str) -> usize {
    texts.iter().position(|t| t == text).unwrap_or_else(|| {
        texts.push(text.into());
        texts.len() - 1
    })
}

impl Step {
    fn of(p: &Past, texts: &mut Vec<String>) -> Step {
        let twig = |b| {
            let mut t = Twig::of(b);
            t.text = place(texts, &t.text).to_string();
            t.draft = t.draft.map(|d| place(texts, &d).to_string());
            t
        };
        let tree = p.tree.all.iter().map(twig).collect();
        let text = place(texts, &p.text);
        Step {
            home: p.home.as_ref().and_then(|h| engine::scenario::link::write(h).ok()),
            text,
            at: p.head.at as f64,
            k: p.head.k,
            now: p.tree.now,
            tree,
        }
    }

    fn past(self, texts: &[String]) -> Option<Past> {
        let text = |n: &str| texts.get(n.parse::<usize>().ok()?).cloned();
        let branch = |mut t: Twig| {
            t.text = text(&t.text)?;
            t.draft = t.draft.and_then(|d| text(&d));
            Some(t.branch())
        };
        let all = self.tree.into_iter().map(branch).collect::<Option<Vec<_>>>()?;
        let tree = Tree { all, now: self.now };
        let home = self.home.and_then(|h| engine::scenario::link::parse_fragment(&h).ok());
        tree.is_sound().then_some(())?;
        Some(Past {
            loaded: None,
            text: texts.get(self.text)?.as_str().into(),
            home: home.map(Rc::new),
            head: Head { at: work::time(self.at), k: self.k },
            tree,
        })
    }
}

impl Desk {
    /// What stands on the page, to be found under a link; `came` are those before it.
    fn of(page: Page, link: String, came: Vec<String>) -> Desk {
        let mut texts = vec![];
        let (past, future) = page.steps();
        let (past, future) = {
            let mut all = |p: Vec<Past>| p.iter().map(|p| Step::of(p, &mut texts)).collect();
            (all(past), all(future))
        };
        let filter = page.inquiry.filter.get_untracked();
        let tab = page.tab.get_untracked();
        let cut = page.inquiry.cut.get_untracked();
        let lane = |(inside, at): (u32, Us)| (inside, at as f64);
        Desk {
            link,
            came,
            tab: TABS.iter().position(|t| *t == tab).unwrap_or(TABS.len()),
            lower: page.lower.get_untracked(),
            speed: page.speed.get_untracked(),
            against: page.against.with_untracked(|a| a.iter().map(|a| a.0).collect()),
            nodes: filter.nodes.to_string(),
            kinds: filter.kinds.to_string(),
            quiet: filter.quiet,
            local: filter.local,
            cause: page.inquiry.cause.get_untracked().map(|e| e.0),
            cut: cut.map_or(vec![], |c| c.upto.into_iter().zip(c.at).map(lane).collect()),
            past,
            future,
            texts,
        }
    }

    fn letters(&self) -> usize {
        self.texts.iter().map(String::len).sum::<usize>()
            + (self.past.len() + self.future.len()) * 200
            + 400
    }
}

/// Of this tab.
fn read() -> Vec<Desk> {
    work::parsed(dom::recall_here(KEY))
}

fn write(all: &[Desk]) {
    if let Some(text) = work::written(all) {
        dom::keep_here(KEY, &text);
    }
}

/// Of tabs that were closed, beside the work of them.
fn read_all() -> Vec<Desk> {
    work::parsed(dom::recall(KEY))
}

/// The newest first, one for each link, and no more than there is room for.
fn put_first(mut all: Vec<Desk>, desk: Desk) -> Vec<Desk> {
    all.retain(|d| d.link != desk.link);
    all.insert(0, desk);
    work::fit(&mut all, Desk::letters);
    all
}

/// The page, or the run on it, is left: keep what stands there under its link. `came` are those that stood in the address
/// until then.
pub fn leave(page: Page, link: String, came: Vec<String>) {
    let desk = Desk::of(page, link, came);
    if work::recent().iter().any(|w| w.link == desk.link)
        && let Some(text) = work::written(&put_first(read_all(), desk.clone()))
    {
        dom::remember(KEY, &text);
    }
    write(&put_first(read(), desk));
}

/// Which of them is found by a link: the one that was left last, whether the link was its own or one before it.
fn found(all: &[Desk], here: &str) -> Option<usize> {
    all.iter().position(|d| d.link == here || d.came.iter().any(|c| c == here))
}

/// The same link is opened again: all stands as it stood. Behind the tree, which is kept for longer; `worked`: there was one.
pub fn restore(page: Page, worked: bool) {
    let here = dom::fragment();
    let mut all = read();
    let desk = match found(&all, &here) {
        Some(at) if all[at].link != here => {
            // The address was not written yet when the page was left: the work is under the one that was to come.
            let _ = window().location().replace(&format!("#{}", all[at].link));
            return;
        }
        Some(at) => Some(all.remove(at)),
        None if worked => read_all().into_iter().find(|d| d.link == here),
        None => None,
    };
    let Some(desk) = desk else { return };
    write(&all);
    put_back(page, desk);
}

/// One of those that can be chosen.
fn speed(kept: u32) -> u32 {
    if SPEEDS.contains(&kept) { kept } else { 100 }
}

fn put_back(page: Page, desk: Desk) {
    let texts = desk.texts;
    let steps = |s: Vec<Step>| s.into_iter().filter_map(|s| s.past(&texts)).collect();
    page.set_steps(steps(desk.past), steps(desk.future));
    page.speed.set(speed(desk.speed));
    let filter = Filter {
        nodes: desk.nodes.parse().unwrap_or_default(),
        kinds: desk.kinds.parse().unwrap_or_default(),
        quiet: desk.quiet,
        local: desk.local,
    };
    if !filter.is_open() {
        inquiry::sift(page, filter);
    }
    inquiry::put_back(page, desk.cause.map(EventId), desk.cut);
    desk.against.into_iter().for_each(|id| page.hold(id, true));
    match TABS.get(desk.tab) {
        Some(tab) => page.tab.set(*tab),
        None if page.phone.get_untracked() => page.tab.set(Tab::Messages),
        None => {}
    }
    // What comes side by side brings its own view first.
    request_animation_frame(move || page.lower.set(desk.lower));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::load_for_tests as loaded;

    #[test]
    fn the_newest_desk_stands_first_once_for_each_link() {
        let desk = |link: &str, speed: u32| Desk { link: link.into(), speed, ..Desk::default() };
        let all = put_first(vec![desk("a", 3), desk("b", 3)], desk("b", 5));
        assert_eq!(all, [desk("b", 5), desk("a", 3)]);
    }

    #[test]
    fn what_was_kept_is_a_speed_and_a_moment_or_is_not_taken() {
        assert_eq!([0, 3, 25, 800].map(speed), [100, 100, 25, 800]);
        let text = "lamplight 1\nrun vector-clocks nodes=3 seed=1\n";
        let tree = Tree::of(&loaded(text), "as it came");
        let head = Head::after(30);
        let past = Past { text: text.into(), home: None, loaded: None, head, tree };
        let mut texts = vec![];
        let far = Step { at: 1e300, ..Step::of(&past, &mut texts) };
        let at = far.past(&texts).map(|p| p.head.at);
        assert_eq!(at, Some(engine::scenario::terms::TIME_MAX));
    }

    #[test]
    fn what_can_be_undone_comes_back() {
        let text = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nat 0ms n1 tell n2\n";
        let loaded = loaded(text);
        let mut tree = Tree::of(&loaded, "as it came");
        assert!(tree.grow(&loaded, "crash n3", 20, Head::after(30)));
        let past = Past {
            text: text.into(),
            home: None,
            loaded: Some(loaded),
            head: Head { at: 30, k: 2 },
            tree,
        };
        let mut texts = vec![];
        let steps = [Step::of(&past, &mut texts), Step::of(&past, &mut texts)];
        assert_eq!(texts, [text]);
        let Some(again) = steps[1].clone().past(&texts) else { panic!("it is a step") };
        assert_eq!(Step::of(&again, &mut texts), steps[0]);
        assert_eq!((again.head, &*again.text, again.tree.all.len()), (past.head, text, 2));
        assert!(steps[0].clone().past(&[]).is_none());
    }

    #[test]
    fn an_older_desk_of_the_same_link_is_not_taken_for_the_newest() {
        let desk = |link: &str, came: &[&str]| Desk {
            link: link.into(),
            came: came.iter().map(|c| c.to_string()).collect(),
            ..Desk::default()
        };
        let all = [desk("edited", &["here"]), desk("here", &[]), desk("b", &["edited"])];
        assert_eq!(found(&all, "here"), Some(0));
        assert_eq!(found(&all[1..], "here"), Some(0));
        assert_eq!(found(&all, "edited"), Some(0));
        assert_eq!(found(&all, "c"), None);
    }
}
