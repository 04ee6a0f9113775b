//! The playhead: where it stands, and every way to move it.
//!
//! While it plays, the eye is ahead of `head`, which moves ten times a second: whoever stops or acts first lets the
//! playhead stand where it is seen.

use engine::ids::*;
use engine::run::Run;
use engine::world::Limit;
use leptos::prelude::*;

use super::loaded::{catch_up, known_part};
use super::{Notice, Page, Pick, end_of};
use crate::app::head::{EventAt, Head};
use crate::app::sides::{self, Side};
use crate::app::{until, words};

impl Page {
    /// The playhead is there.
    pub fn stand_at(&self, head: Head) {
        let Some(loaded) = self.loaded_now() else { return };
        let count = head.events(loaded.run.borrow().trace());
        self.known.set(self.known_now());
        self.head.set(head);
        self.count.set(count);
        self.count_slow.set(count);
        self.count_others(head);
    }

    pub fn go(&self, head: Head) {
        let sides = self.sides_now();
        sides.iter().for_each(|s| s.reach(head.at));
        let (there, bound) = known_part(&sides, head);
        self.bound.set_value(bound);
        // Where it was while it played it is no longer.
        self.live.set_value(None);
        self.cut.set(None);
        self.stand_at(there);
        self.has_seen(there.at);
    }

    /// A run of many steps is worked out between the frames: what of the way is known now? False when the playhead is there.
    pub fn go_further(&self) -> bool {
        let Some(to) = self.bound.get_value() else { return false };
        self.go(to);
        if self.bound.with_value(Option::is_some) {
            return true;
        }
        match self.limit_now() {
            Some(limit) => self.tell_limit(limit),
            None => self.said.set(format!("At {}.", words::clock(to.at))),
        }
        false
    }

    /// Whether the playhead is still on its way to where it was sent.
    pub fn is_on_its_way(&self) -> bool {
        self.bound.with_value(Option::is_some)
    }

    /// What stopped the run before its time, if something did.
    pub fn limit_now(&self) -> Option<&'static str> {
        self.sides_now().iter().find_map(|s| s.run.borrow().world().limit()).map(Limit::says)
    }

    pub fn tell_limit(&self, limit: &str) {
        let says = format!("The run goes no further: {}.", words::quoted(limit));
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: false, serious: true }));
    }

    /// The reader has been there.
    pub fn has_seen(&self, at: Us) {
        self.seen.update_value(|seen| *seen = at.max(*seen));
    }

    /// Let `head` be where the eye sees it.
    pub(super) fn sharpen(&self) {
        let Some(head) = self.live.try_update_value(Option::take).flatten() else { return };
        if self.playing.get_untracked() {
            self.stand_at(head);
        }
    }

    /// Stop where the playhead is.
    pub fn freeze(&self) {
        self.sharpen();
        self.playing.set(false);
    }

    pub fn step(&self, forward: bool) {
        self.freeze();
        let sides = self.sides_now();
        let head = self.head.get_untracked();
        if forward {
            sides.iter().for_each(|s| look_ahead(s, head));
        }
        let to = if forward { sides::next(&sides, head) } else { sides::back(&sides, head) };
        match to {
            Some(to) => self.step_to(head, to),
            None if forward => self.said.set("Nothing more happens.".into()),
            None => self.said.set("This is the beginning.".into()),
        }
    }

    /// Behind, or before, the next step in which something loud happens: a fault, a reason, a claim.
    pub fn leap(&self, forward: bool) {
        self.freeze();
        let Some(loaded) = self.loaded_now() else { return };
        let (from, count) = (self.head.get_untracked(), self.count.get_untracked());
        let to = {
            let mut run = loaded.run.borrow_mut();
            let to = match forward {
                true => until::loud(&mut run, (&loaded.text, loaded.at), from),
                false => loud_before(&run, count).ok_or(None),
            };
            loaded.index.borrow_mut().catch_up(&run);
            to
        };
        match to {
            Ok(to) => self.step_to(from, to),
            Err(far) if forward => self.said.set(until::nowhere(far, "only messages move")),
            Err(_) => self.said.set("Before this, only messages move.".into()),
        }
    }

    /// Stand there, and say what has happened on the way.
    fn step_to(&self, from: Head, to: Head) {
        self.go(to);
        let text = self.with_run_now(|run| {
            let (a, b) = (from.events(run.trace()), to.events(run.trace()));
            let told = if a < b {
                words::stepped(run, a, b)
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
        if self.loaded_now().is_some() {
            // What is known of it then may end sooner.
            self.go(Head::after(untrack(|| self.whole_end())));
            let end = untrack(|| self.whole_end());
            self.go(Head::after(end));
            match (self.limit_now(), self.bound.with_value(Option::is_some)) {
                (Some(limit), _) => self.tell_limit(limit),
                (None, true) => self.said.set("The run is being worked out.".into()),
                (None, false) => self.said.set(format!("The end, {}.", words::clock(end))),
            }
        }
    }

    pub fn toggle(&self) {
        let head = self.head.get_untracked();
        let is_over = |s: &Side| {
            let run = s.run.borrow();
            run.world().next_at().is_none() && head.events(run.trace()) >= run.trace().len()
        };
        let sides = self.sides_now();
        if !self.playing.get_untracked() && !sides.is_empty() && sides.iter().all(is_over) {
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

    /// Show an event: select it and stand behind it.
    pub fn visit(&self, e: EventId) {
        self.playing.set(false);
        let head = self.with_run_now(|run| run.trace().event(e).map(|e| Head::behind(&e)));
        if let Some(Some(head)) = head {
            self.go(head);
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
            Some(Head::behind(&e))
        };
        if fired().is_none() {
            let end = end_of(&loaded.run.borrow());
            catch_up(&loaded, Head::after(end));
        }
        let head = fired();
        if let Some(head) = head {
            self.go(head);
        }
        self.pick.set(Pick::Fault(line));
        head.is_some()
    }
}

/// The step before a place in which something loud happens, other than the one that ends there.
fn loud_before(run: &Run, count: usize) -> Option<Head> {
    let here = count.checked_sub(1).and_then(|i| run.trace().event_at(i));
    let here = here.map(|e| Head::behind(&e));
    let back = run.trace().range(0, count).rev();
    back.filter(|e| words::is_loud(run, e)).map(|e| Head::behind(&e)).find(|h| Some(*h) != here)
}

/// Steps of one instant that are worked out to find the next one.
const LOOK_BUDGET: u32 = 2_000;

/// Know at least one step behind the playhead.
fn look_ahead(side: &Side, head: Head) {
    let mut run = side.run.borrow_mut();
    for _ in 0..64 {
        if head.next(run.trace()).is_some() {
            break;
        }
        let Some(next) = run.world().next_at() else { break };
        run.advance(next, LOOK_BUDGET);
    }
    side.index.borrow_mut().catch_up(&run);
}
