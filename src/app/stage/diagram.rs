//! A drawing one can walk about in: one tab stop, arrows to what lies that way, Enter to take hold of it.

use engine::scene::Pick;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::painter::pick_of;
use crate::app::page::{Page, Tab};
use crate::app::{dom, inquiry};

/// Which way an arrow goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Left,
    Right,
    Up,
    Down,
}

fn way(key: &str) -> Option<Way> {
    Some(match key {
        "ArrowLeft" => Way::Left,
        "ArrowRight" => Way::Right,
        "ArrowUp" => Way::Up,
        "ArrowDown" => Way::Down,
        _ => return None,
    })
}

/// The nearest point that way: near counts, and being off to the side counts double.
pub fn nearest(from: (f64, f64), points: &[(f64, f64)], way: Way) -> Option<usize> {
    let cost = |p: &(f64, f64)| {
        let (dx, dy) = (p.0 - from.0, p.1 - from.1);
        let (ahead, aside) = match way {
            Way::Left => (-dx, dy.abs()),
            Way::Right => (dx, dy.abs()),
            Way::Up => (-dy, dx.abs()),
            Way::Down => (dy, dx.abs()),
        };
        (ahead > 0.5).then_some(ahead + 2.0 * aside)
    };
    let costs = points.iter().enumerate().filter_map(|(i, p)| cost(p).map(|c| (i, c)));
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}

fn marks(root: &Element) -> Vec<Element> {
    let Ok(list) = root.query_selector_all("[data-pick][role]") else { return vec![] };
    (0..list.length()).filter_map(|i| list.get(i)?.dyn_into().ok()).collect()
}

fn centre(e: &Element) -> (f64, f64) {
    let b = e.get_bounding_client_rect();
    (b.x() + b.width() / 2.0, b.y() + b.height() / 2.0)
}

fn picked(ev: &web_sys::Event) -> Option<(Element, Pick)> {
    let e = dom::closest(ev, "[data-pick]")?;
    let pick = pick_of(&e.get_attribute("data-pick")?);
    Some((e, pick))
}

/// Exactly one mark is in the tab order: the one that had focus last, or else the first.
pub fn keep_one_stop(root: &Element) {
    let all = marks(root);
    if all.iter().filter(|e| e.get_attribute("tabindex").as_deref() == Some("0")).count() == 1 {
        return;
    }
    for (i, e) in all.iter().enumerate() {
        let _ = e.set_attribute("tabindex", if i == 0 { "0" } else { "-1" });
    }
}

pub fn on_focus(ev: &web_sys::FocusEvent, root: &Element) {
    let Some((here, _)) = picked(ev) else { return };
    for e in marks(root) {
        let stop = if e.is_same_node(Some(&here)) { "0" } else { "-1" };
        let _ = e.set_attribute("tabindex", stop);
    }
}

pub fn on_click(ev: &web_sys::MouseEvent, page: Page) {
    let pick = picked(ev).map_or(Pick::None, |p| p.1);
    choose(page, pick, ev.shift_key());
}

/// Select it; with Shift it is what the selected event is asked about.
pub fn choose(page: Page, pick: Pick, shift: bool) {
    if shift && pick != Pick::None {
        inquiry::ask_from(page, pick);
    } else {
        page.select(pick);
    }
}

/// Arrows walk, Enter and Space take hold, Escape lets go. Gives whether the key was used.
pub fn on_key(ev: &web_sys::KeyboardEvent, root: &Element, page: Page) {
    let Some((here, pick)) = picked(ev) else { return };
    if ev.shift_key() && ev.key() == "Enter" {
        ev.prevent_default();
        inquiry::ask_from(page, pick);
        return;
    }
    if ev.ctrl_key() || ev.meta_key() || ev.alt_key() || ev.shift_key() {
        return;
    }
    if let Some(way) = way(&ev.key()) {
        ev.prevent_default();
        let all = marks(root);
        let points: Vec<(f64, f64)> = all.iter().map(centre).collect();
        if let Some(to) = nearest(centre(&here), &points, way) {
            focus(&all[to]);
        }
    } else if matches!(ev.key().as_str(), "Enter" | " ") {
        ev.prevent_default();
        page.select(pick);
        // Who asks why goes on asking.
        if !page.phone.get_untracked() && page.tab.get_untracked() != Tab::Why {
            page.tab.set(Tab::Inspect);
        }
        page.said
            .set(format!("{} is selected.", here.get_attribute("aria-label").unwrap_or_default()));
    }
}

fn focus(e: &Element) {
    let f = js_sys::Reflect::get(e, &"focus".into()).ok();
    if let Some(f) = f.and_then(|f| f.dyn_into::<js_sys::Function>().ok()) {
        let _ = f.call0(e);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_to_what_lies_that_way() {
        let points = [(0.0, 0.0), (10.0, 0.0), (4.0, 9.0), (20.0, 1.0)];
        assert_eq!(nearest(points[0], &points, Way::Right), Some(1));
        assert_eq!(nearest(points[1], &points, Way::Right), Some(3));
        assert_eq!(nearest(points[0], &points, Way::Down), Some(2));
        assert_eq!(nearest(points[0], &points, Way::Left), None);
    }
}
