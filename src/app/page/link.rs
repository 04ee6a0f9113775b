//! The link: what it says of a run when it is written, and what it promises when it is opened.
//!
//! A link names a moment, a selection and a check of the run up to there. What it promises can be told only when the
//! run is known where it leads, which may be some frames after it was opened.

use std::rc::Rc;

use engine::ids::*;
use engine::run::Run;
use engine::scenario::link::{self, Address, LinkFault};
use leptos::prelude::*;

use super::loaded::{catch_up, end_of, known_part};
use super::text::canonical;
use super::{Loaded, Notice, Page, Pick, Tab};
use crate::app::head::Head;
use crate::app::{dom, sides};

impl Page {
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

pub(super) fn pick_of(run: &Run, address: &Address) -> Pick {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::load_for_tests;
    use engine::scenario::ast::Instant;

    const TEXT: &str = "lamplight 1\nrun raft nodes=3 seed=1\nnet latency=10ms\nuntil 1s\n";

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
