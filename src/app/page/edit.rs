//! Every act is an edit of the text: a line is put in at the playhead, a setting is written anew, or the reader writes.
//!
//! All of them end in `put_text`: it reads the new text, lets the runs go on from the first difference, finds the edit
//! its place among the branches and keeps the way back. What is refused changes nothing.

use std::rc::Rc;

use engine::protocols;
use engine::run::Run;
use engine::scenario::link::Address;
use engine::scenario::{Fault, edit};
use leptos::prelude::*;

use super::loaded::{catch_up, known_part};
use super::text::{Wrong, open_sides, parse_one};
use super::void::{new_void, too_late};
use super::{Loaded, Notice, Page, Pick};
use crate::app::head::Head;
use crate::app::sides::{self, Side};
use crate::app::{draft, faults, words};

/// What an edit is to the tree of branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// Something is done to the run: it branches where another future was seen.
    Act,
    /// A setting or a line is changed: one branch for many tries.
    Tweak,
    /// A value of the sweep is brought into view: one branch for all of them.
    Value,
    /// A bookmark changes nothing.
    Note,
}

impl Page {
    /// Do something here and now: `crash n1`, `heal`, `drop AppendEntries n1 -> n2 #7`.
    pub fn do_act(&self, act: &str) {
        self.do_all(&[(act.into(), String::new())], &self.named(act), false);
    }

    /// Do several things at once, each with the line below that hangs on it, or none. `says` is all of it in words. `own` is what
    /// only the protocol in view knows: of different ones side by side the others go on as they were.
    pub fn do_all(&self, acts: &[(String, String)], says: &str, own: bool) {
        if let Err(why) = self.try_all(acts, says, own) {
            self.refuse(&why);
        }
    }

    /// The same as `do_act`; a refusal is given back, and nothing was done.
    pub fn try_act(&self, act: &str) -> Result<(), String> {
        self.try_all(&[(act.into(), String::new())], &self.named(act), false)
    }

    /// An act by the names that the run shows.
    fn named(&self, act: &str) -> String {
        self.with_run_now(|run| run.named(act)).unwrap_or_else(|| act.into())
    }

    fn try_all(&self, acts: &[(String, String)], says: &str, own: bool) -> Result<(), String> {
        self.sharpen();
        let Some(loaded) = self.loaded_now() else { return Ok(()) };
        let at = self.head.get_untracked().edit_at(loaded.run.borrow().trace());
        let note = acts.iter().all(|(act, _)| act.starts_with("mark "));
        let how = if note { Edit::Note } else { Edit::Act };
        let name = format!("{says} at {}", words::clock(at.at));
        let entry = |s: &Side| s.run.borrow().entry().id;
        let mine = &loaded.sides[loaded.at];
        let several = loaded.sides.iter().any(|s| entry(s) != entry(mine));
        let within = (own && several).then_some(&*mine.name);
        let with = |text: String, (act, then): &(String, String)| {
            edit::insert_chain_in(&text, within, at, act, then)
        };
        let kept = (self.future.get_value(), self.seen.get_value());
        self.put_text(&acts.iter().fold(loaded.text.to_string(), with), how, &name)?;
        self.go(Head { at: at.at, k: at.k.max(1) });
        if let Some(why) = self.void_of_new(&loaded) {
            self.take_back(kept);
            return Err(why);
        }
        let later = self.void_later(&loaded);
        let says = words::capital(&name);
        let lines = match acts.iter().map(|(_, then)| 1 + usize::from(!then.is_empty())).sum() {
            1 => "It is a line".into(),
            2 => "These are two lines".into(),
            n => format!("These are {n} lines"),
        };
        self.said.set(format!("{says}. {lines} of the scenario now."));
        let more = self
            .with_run_now(|run| {
                let more = |(act, then): &(String, String)| faults::beyond(run, act, then);
                acts.iter().any(more).then_some(run.entry().title)
            })
            .flatten();
        let where_to = more.map_or("It is in the scenario, and in the link.".into(), |title| {
            format!("It is more than {title} promises to bear.")
        });
        let beside = self.void_beside(&loaded).unwrap_or_default();
        self.notice.set(Some(Notice {
            says: format!("{says}. {where_to}{beside}{later}{}", self.left_behind()),
            undo: true,
            serious: false,
        }));
        Ok(())
    }

    /// A line of the text was changed, moved or taken away; `name` is what a branch of it is called. Gives what is wrong with
    /// the new text.
    pub fn change(&self, text: &str, name: &str, says: &str) -> Vec<Fault> {
        if let Err(faults) = protocols::parse(text) {
            return faults;
        }
        self.sharpen();
        let old = self.loaded_now();
        if self.edit_to(text, Edit::Tweak, name) {
            let void =
                old.and_then(|old| self.with_run_now(|run| new_void(&old.run.borrow(), run)));
            let void = void.flatten().map_or(String::new(), |v| format!(" {v}"));
            let says = format!("{says}.{void}{}", self.left_behind());
            self.notice.set(Some(Notice { says: says.clone(), undo: true, serious: false }));
            self.said.set(says);
        }
        vec![]
    }

    /// Change a setting of the text: a parameter, the seed, a mistake; `name` is what a branch of it is called. A refusal is
    /// given back, and changes nothing.
    pub fn rewrite(
        &self,
        how: impl FnOnce(&str) -> String,
        name: &str,
        says: &str,
    ) -> Result<(), String> {
        let Some(loaded) = self.loaded_now() else { return Ok(()) };
        let text = how(&loaded.text);
        if text == *loaded.text {
            return Ok(());
        }
        self.put_text(&text, Edit::Tweak, name)?;
        let says = format!("{says}{}", self.left_behind());
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo: true, serious: false }));
        Ok(())
    }

    /// The same text with another seed.
    pub fn new_seed(&self) {
        let mut bytes = [0u8; 2];
        if getrandom::fill(&mut bytes).is_err() {
            return;
        }
        let seed = u64::from(u16::from_le_bytes(bytes));
        let Some(loaded) = self.loaded_now() else { return };
        let name = format!("seed={seed}");
        if self.edit_to(&edit::set_seed(&loaded.text, seed), Edit::Tweak, &name) {
            self.go(Head::default());
            self.notice.set(Some(Notice {
                says: format!("The same scenario with seed {seed}."),
                undo: true,
                serious: false,
            }));
        }
    }

    /// Bring a value of the sweep into view: it is the value of the text's runs then.
    pub fn take_value(&self, param: &str, value: &str) {
        self.sharpen();
        let Some(loaded) = self.loaded_now() else { return };
        let set = |text: String, run: &String| edit::set_param_in(&text, run, param, Some(value));
        let text = edit::run_names(&loaded.text).iter().fold(loaded.text.to_string(), set);
        if text == *loaded.text {
            return;
        }
        // Where the reader has been before, that is where they go.
        let same = self.tree.with_untracked(|t| {
            t.all.iter().find(|b| *b.text == *text).map(|b| b.id).filter(|id| *id != t.now)
        });
        let name = format!("{param}={value}");
        match same {
            Some(id) => self.switch(id),
            None if self.edit_to(&text, Edit::Value, &name) => {}
            None => return,
        }
        self.said.set(format!("{name} is in view."));
    }

    /// The text being written makes room for another, or for the one that runs; undo brings it back.
    pub fn put_aside(&self, to: Option<String>, says: String, serious: bool) {
        let undo = self.draft.with_untracked(Option::is_some);
        if let Some(loaded) = self.loaded_now().filter(|_| undo) {
            self.remember(&loaded, self.head.get_untracked(), self.tree.get_untracked());
        }
        self.draft.set(to);
        self.said.set(says.clone());
        self.notice.set(Some(Notice { says, undo, serious }));
    }

    /// Run a text the reader has written. Gives what is wrong with it.
    pub fn try_text(&self, text: &str) -> Vec<Fault> {
        match protocols::parse(text) {
            Err(faults) => faults,
            Ok(_) if self.loaded_now().is_none() => {
                // Mended after a link that did not run: it begins anew.
                if let Err(problem) = self.open_text(text, &Address::text(text), "") {
                    self.fail(*problem);
                }
                vec![]
            }
            Ok(_) => {
                let (old, waits) = (self.loaded_now(), self.draft.get_untracked());
                // It waits no longer, and is not what undo goes back to.
                self.draft.set(None);
                if self.edit_to(text, Edit::Act, "an edited text") {
                    self.said.set("The edited scenario runs.".into());
                    let void = || {
                        let old = old.as_ref()?.run.borrow();
                        self.with_run_now(|run| new_void(&old, run)).flatten()
                    };
                    if let Some(says) = self.with_run_now(too_late).flatten().or_else(void) {
                        self.notice.set(Some(Notice { says, undo: false, serious: false }));
                    }
                    return vec![];
                }
                self.draft.set(waits);
                // Read, and refused by its protocol: the editor shows where.
                match open_sides(text) {
                    Err(Wrong::Faults(faults)) => faults,
                    _ => vec![],
                }
            }
        }
    }

    /// Let the run go on from another text; what comes before the first difference stays.
    fn edit_to(&self, text: &str, how: Edit, name: &str) -> bool {
        self.put_text(text, how, name).map_err(|why| self.refuse(&why)).is_ok()
    }

    fn put_text(&self, text: &str, how: Edit, name: &str) -> Result<(), String> {
        let Some(old) = self.loaded_now() else { return Err("Nothing runs.".into()) };
        let edited = parse_one(text).and_then(|s| sides::edit(&old.sides, s).map_err(Wrong::of));
        let sides: Rc<[Side]> = edited.map_err(|wrong| wrong.line())?.into();
        let head = self.head.get_untracked();
        let at = old.at.min(sides.len() - 1);
        let loaded = Loaded {
            run: sides[at].run.clone(),
            index: sides[at].index.clone(),
            sides,
            at,
            text: text.into(),
            home: None,
            origin: old.origin.clone(),
        };
        let waits = self.draft.get_untracked();
        let with = waits.as_ref().and_then(|d| draft::carried(&old.text, text, d));
        let apart = waits.filter(|_| with.is_none());
        self.branch(&old, &loaded, head, (how, apart), name)?;
        self.draft.set(with.filter(|d| d.trim_end() != text.trim_end()));
        self.notice.set(None);
        self.swap(loaded, head);
        Ok(())
    }

    pub(super) fn swap(&self, loaded: Loaded, head: Head) {
        catch_up(&loaded, head);
        if !still_there(&loaded.run.borrow(), self.pick.get_untracked(), head) {
            self.pick.set(Pick::None);
        }
        let (there, bound) = known_part(&loaded.sides, head);
        if bound.is_some() {
            self.bound.set_value(bound);
        }
        self.make_room(loaded.sides.len());
        self.put(loaded, there);
    }

    /// Whether the reader has changed what runs: what its author said of it may be true no longer.
    pub fn is_edited(&self) -> bool {
        self.loaded().is_some_and(|l| {
            l.home.is_none() && (l.origin.is_some() || self.past.with_value(|p| !p.is_empty()))
        })
    }

    /// The same where it may have been changed in another tab, or before a reload: `known`, there is work under its link.
    pub fn is_changed(&self, known: bool) -> bool {
        let undo = self.past.with_value(|p| !p.is_empty());
        (undo || known) && self.loaded_now().is_some_and(|l| l.home.is_none())
    }
}

fn still_there(run: &Run, pick: Pick, head: Head) -> bool {
    let count = head.events(run.trace());
    match pick {
        Pick::None => true,
        Pick::Node(n) => n.index() < run.cast().len(),
        Pick::Message(m) => run.trace().msg(m).is_some_and(|r| r.sent.index() < count),
        Pick::Event(e) => e.index() < count,
        Pick::Op(op) => run.trace().op(op).is_some_and(|o| o.invoke.index() < count),
        Pick::Fault(line) => (line as usize) < run.scenario().steps.len(),
    }
}
