//! Lines that an edit leaves with nothing to do: the new one itself, a later one, or the same in a run beside it.
//!
//! The world says why a line did nothing in an event of its own (`void`). An edit is judged by those that were not there
//! before it, as far as the runs are known.

use engine::ids::*;
use engine::run::Run;
use engine::scenario::ast::{Step, Trigger};
use engine::trace::What;
use leptos::prelude::*;

use super::loaded::catch_up;
use super::{Loaded, Page};
use crate::app::head::Head;
use crate::app::words;

impl Page {
    /// Where the line put in last could not be done: the world's reason.
    pub(super) fn void_of_new(&self, old: &Loaded) -> Option<String> {
        let at = self.head.get_untracked().at;
        self.with_run_now(|run| void_of_line(&old.run.borrow(), run, at)).flatten()
    }

    /// A later line that it leaves nothing to do, as far as the run is known.
    pub(super) fn void_later(&self, old: &Loaded) -> String {
        let last = old.index.borrow().acts.iter().map(|f| f.at).max().unwrap_or(0);
        if last > self.head.get_untracked().at
            && let Some(now) = self.loaded_now()
        {
            catch_up(&now, Head::after(last));
            self.known.set(self.known_now());
        }
        let void = self.with_run_now(|run| new_void(&old.run.borrow(), run)).flatten();
        void.map_or(String::new(), |says| format!(" {says}"))
    }

    /// The same where it could be done in the run in view, but not in another beside it.
    pub(super) fn void_beside(&self, old: &Loaded) -> Option<String> {
        let (now, at) = (self.loaded_now()?, self.head.get_untracked().at);
        let others = now.sides.iter().zip(old.sides.iter()).enumerate();
        others.filter(|(i, _)| *i != now.at).find_map(|(_, (new, old))| {
            let why = void_of_line(&old.run.borrow(), &new.run.borrow(), at)?;
            Some(format!(" In {} nothing happens: {why}.", new.name))
        })
    }
}

/// A line that is to happen after the end of the run, where nobody would look for it.
pub(super) fn too_late(run: &Run) -> Option<String> {
    let end = run.horizon();
    let (line, at) =
        run.scenario().steps.iter().enumerate().find_map(|(i, s)| match s.trigger {
            Trigger::At { at, .. } if at.at > end => Some((i as u32, at.at)),
            _ => None,
        })?;
    let (what, at, end) = (words::acted(run, line), words::clock(at), words::clock(end));
    let what = words::capital(&what);
    Some(format!(
        "{what} is to happen at {at}, but the run is judged at {end}: play on beyond its end, or write a later until."
    ))
}

/// What cannot be done any more in an edited run, as far as it is known.
pub(super) fn new_void(old: &Run, new: &Run) -> Option<String> {
    let was = voids(old);
    let (act, why) = voids(new).into_iter().find(|v| !was.contains(v))?;
    Some(format!("Nothing happens at “{act}” now: {why}."))
}

/// Acts of a run that could not be done, and why not.
fn voids(run: &Run) -> Vec<(String, String)> {
    let trace = run.trace();
    let one = |i: usize| match trace.what(i) {
        What::Void { line, text } => {
            Some((words::acted(run, line), trace.texts.get(text as usize)?.clone()))
        }
        _ => None,
    };
    (0..trace.len()).filter_map(one).collect()
}

/// Why the line by which the new text differs could not be done at this moment.
fn void_of_line(old: &Run, new: &Run, at: Us) -> Option<String> {
    let (was, is) = (&old.scenario().steps, &new.scenario().steps);
    let same = |(a, b): &(&_, &_)| same_step(a, b);
    let line = is.iter().zip(was).take_while(same).count();
    // It acts here or not at all: what came before need not be looked through.
    let here = new.trace().count_before(at);
    let mut voids = new.trace().range(here, new.trace().len()).rev();
    let found = voids.find_map(|e| match e.what {
        What::Void { line: l, text } if l as usize == line => Some(text),
        _ => None,
    })?;
    new.trace().texts.get(found as usize).cloned()
}

fn same_step(a: &Step, b: &Step) -> bool {
    a.within == b.within && a.trigger == b.trigger && a.act == b.act
}
