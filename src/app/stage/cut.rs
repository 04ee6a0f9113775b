//! The handles of a cut: a slider on every lane, for the pointer and for the arrow keys.

use engine::ids::*;
use engine::run::Run;
use engine::scene::Index;
use engine::scene::spacetime::Viewport;
use engine::trace::inquiry::Cut;
use leptos::prelude::WithUntracked;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::app::page::Page;
use crate::app::{dom, inquiry, words};

/// A handle that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grip(NodeId);

/// Steps that Page Up and Page Down go.
const FAR: usize = 10;

/// The handle that a listener of the diagram was reached through.
pub fn grip_of(ev: &web_sys::Event) -> Option<Grip> {
    let e = dom::closest(ev, "[data-grip]")?;
    e.get_attribute("data-grip")?.parse().ok().map(|n| Grip(NodeId(n)))
}

impl Grip {
    pub fn drag(self, page: Page, t: Us) {
        inquiry::move_cut(page, |cut, run, index| cut.drag(run, &index.causality, self.0, t));
    }

    /// What a key does to it. False if nothing.
    pub fn key(self, page: Page, key: &str) -> bool {
        let (on, times) = match key {
            "ArrowRight" | "ArrowUp" => (true, 1),
            "ArrowLeft" | "ArrowDown" => (false, 1),
            "PageUp" => (true, FAR),
            "PageDown" => (false, FAR),
            "End" => (true, usize::MAX),
            "Home" => (false, usize::MAX),
            _ => return false,
        };
        inquiry::move_cut(page, |cut, run, index| {
            let lane = index.causality.lane(self.0).len();
            (0..times.min(lane)).for_each(|_| cut.nudge(run, &index.causality, self.0, on));
        });
        true
    }

    /// Where it stands.
    pub fn x(self, page: Page, view: &Viewport) -> Option<f32> {
        let cut = page.inquiry.cut;
        let at = cut.with_untracked(|c| c.as_ref()?.at.get(self.0.index()).copied());
        at.map(|t| view.x(t))
    }
}

/// What a handle says of itself: how much of its node is inside, and what happened last there.
pub fn value(run: &Run, index: &Index, cut: &Cut, n: NodeId) -> String {
    let c = &index.causality;
    let inside = cut.upto.get(n.index()).copied().unwrap_or(0);
    let last = cut.last(c, n).and_then(|e| run.trace().event(e));
    match last {
        Some(e) => format!(
            "{inside} of {} events inside, up to {}: {}",
            c.lane(n).len(),
            words::clock(e.at),
            words::event(run, &e)
        ),
        None => format!("nothing of {} inside", run.name(n)),
    }
}

/// Painted grips become sliders.
pub fn handles(layer: &Element, run: &Run, index: &Index, view: &Viewport, cut: &Cut) {
    let Ok(grips) = layer.query_selector_all(".cut-grip") else { return };
    for (i, n) in view.shown().enumerate() {
        let Some(e) = grips.get(i as u32) else { break };
        let e: Element = e.unchecked_into();
        let inside = cut.upto.get(n.index()).copied().unwrap_or(0);
        let attributes = [
            ("data-grip", n.0.to_string()),
            ("role", "slider".into()),
            ("tabindex", "0".into()),
            ("aria-label", format!("Cut on {}", run.name(n))),
            ("aria-valuemin", "0".into()),
            ("aria-valuemax", index.causality.lane(n).len().to_string()),
            ("aria-valuenow", inside.to_string()),
            ("aria-valuetext", value(run, index, cut, n)),
        ];
        let _ = e.remove_attribute("data-pick");
        for (name, value) in attributes {
            let _ = e.set_attribute(name, &value);
        }
    }
}
