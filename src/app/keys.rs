//! The keyboard: one listener and one table. Presentation remotes send PageUp and PageDown.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::page::{Mode, Page, Pick, Sheet, Tab};
use super::{dom, faults, inquiry, marks, share, transport};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    Play,
    Back,
    Forward,
    LeapBack,
    LeapForward,
    Home,
    End,
    Slower,
    Faster,
    Escape,
    Project,
    Help,
    Crash,
    Restart,
    Drop,
    Partition,
    Heal,
    Break,
    Bookmark,
    Until,
    Copy,
    Theme,
    Undo,
    Redo,
    Find,
    AskFrom,
    Cut,
    Tab(usize),
}

/// What the dialog under `?` shows: keys, and what they do.
pub const MAP: &[(&str, &str)] = &[
    ("Space", "play or pause"),
    ("← →", "step back, step forward"),
    ("Shift ← →", "to the fault, reason or claim before, after"),
    ("Home End", "to the beginning, to the end"),
    ("− +", "slower, faster"),
    ("Tab", "into a diagram; then the arrows walk, Enter selects"),
    ("U", "run until …: a sentence, a fault, a broken claim, a condition"),
    ("Esc", "let go of what is selected"),
    ("C R", "crash, restart the selected node"),
    ("D", "drop the selected message"),
    ("P H", "partition, heal"),
    ("B", "everything that can be broken; on the timeline, a bookmark"),
    ("M", "a bookmark here"),
    ("← → Del", "on a mark of the timeline: move it, with Shift further; take its line away"),
    ("/", "find events"),
    ("W", "ask from here: the selected event is the cause; on a mark, Shift Enter or Shift click"),
    ("X", "lay a cut, take it away; on its handles, ← → Home End"),
    ("Ctrl Z", "undo; with Shift, do it again"),
    ("L", "copy the link"),
    ("1 … 6", "the tabs of the inspector"),
    ("F", "project: stage, caption and transport alone"),
    ("T", "light, dark, as the system has it"),
    ("?", "this map"),
];

/// What a key means, if it means anything. `letters` is whether single letters are keys at all.
pub fn meaning(key: &str, ctrl: bool, shift: bool, letters: bool) -> Option<Do> {
    if ctrl {
        return match (key, shift) {
            ("z", false) => Some(Do::Undo),
            ("Z" | "z", true) | ("y", false) => Some(Do::Redo),
            _ => None,
        };
    }
    let always = match key {
        " " => Some(Do::Play),
        "ArrowLeft" if shift => Some(Do::LeapBack),
        "ArrowRight" if shift => Some(Do::LeapForward),
        "ArrowLeft" | "PageUp" => Some(Do::Back),
        "ArrowRight" | "PageDown" => Some(Do::Forward),
        "Home" => Some(Do::Home),
        "End" => Some(Do::End),
        "Escape" => Some(Do::Escape),
        _ => None,
    };
    always.or_else(|| if letters { letter(key) } else { None })
}

fn letter(key: &str) -> Option<Do> {
    Some(match key {
        "k" => Do::Play,
        "-" | "<" => Do::Slower,
        "+" | "=" | ">" => Do::Faster,
        "f" | "F" => Do::Project,
        "?" => Do::Help,
        "c" | "C" => Do::Crash,
        "r" | "R" => Do::Restart,
        "d" | "D" => Do::Drop,
        "p" | "P" => Do::Partition,
        "h" | "H" => Do::Heal,
        "b" | "B" => Do::Break,
        "m" | "M" => Do::Bookmark,
        "u" | "U" => Do::Until,
        "l" | "L" => Do::Copy,
        "t" | "T" => Do::Theme,
        "/" => Do::Find,
        "w" | "W" => Do::AskFrom,
        "x" | "X" => Do::Cut,
        "1" | "2" | "3" | "4" | "5" | "6" => Do::Tab(usize::from(key.as_bytes()[0] - b'1')),
        _ => return None,
    })
}

/// Listen for the page's life.
pub fn listen(page: Page) {
    let listener = window_event_listener(leptos::ev::keydown, move |ev: KeyboardEvent| {
        if ev.default_prevented() || ev.alt_key() || ev.is_composing() || dom::is_typing(&ev) {
            return;
        }
        if page.sheet.get_untracked().is_some() {
            return;
        }
        let ctrl = ev.ctrl_key() || ev.meta_key();
        let Some(what) = meaning(&ev.key(), ctrl, ev.shift_key(), page.letters.get_untracked())
        else {
            return;
        };
        if keeps_for_itself(&ev, what) {
            return;
        }
        // On the timeline B is for bookmarks.
        let timeline = what == Do::Break && dom::closest(&ev, ".scrub").is_some();
        let what = if timeline { Do::Bookmark } else { what };
        ev.prevent_default();
        perform(page, what);
    });
    on_cleanup(move || listener.remove());
}

/// A focused button takes Space and Enter itself; tabs take arrows. On the slider of the time the keys are those of the
/// page: its own would go by hundredths of the run. A link takes no Space.
fn keeps_for_itself(ev: &KeyboardEvent, what: Do) -> bool {
    let on = |selector: &str| dom::closest(ev, selector).is_some();
    match what {
        Do::Play => {
            ev.key() == " "
                && on("button, summary, [role=button], input[type=checkbox], input[type=radio]")
        }
        Do::Back | Do::Forward | Do::Home | Do::End => {
            on("[role=tablist], [role=radiogroup], input[type=radio]")
        }
        _ => false,
    }
}

pub fn perform(page: Page, what: Do) {
    match what {
        Do::Play => page.toggle(),
        Do::Back => page.step(false),
        Do::Forward => page.step(true),
        Do::LeapBack => page.leap(false),
        Do::LeapForward => page.leap(true),
        Do::Home => page.home(),
        Do::End => page.end(),
        Do::Slower => page.speed.update(|s| *s = other_speed(*s, false)),
        Do::Faster => page.speed.update(|s| *s = other_speed(*s, true)),
        Do::Escape => escape(page),
        Do::Project => page.project(),
        Do::Help => page.sheet.set(Some(Sheet::Keys)),
        Do::Crash | Do::Restart | Do::Drop | Do::Heal => faults::by_key(page, what),
        Do::Partition => page.sheet.set(Some(Sheet::Partition)),
        Do::Break => page.sheet.set(Some(Sheet::Break)),
        Do::Bookmark => marks::bookmark(page),
        Do::Until => page.sheet.set(Some(Sheet::Until)),
        Do::Copy => share::copy_link(page),
        Do::Theme => page.next_theme(),
        Do::Undo => page.undo(),
        Do::Redo => page.redo(),
        Do::Find => inquiry::go_find(page),
        Do::AskFrom => inquiry::ask_from(page, page.pick.get_untracked()),
        Do::Cut => inquiry::toggle_cut(page),
        Do::Tab(i) => {
            if let Some(tab) = TABS.get(i) {
                page.tab.set(*tab);
            }
        }
    }
}

/// The inspector's tabs in order.
pub const TABS: &[Tab] =
    &[Tab::Inspect, Tab::Why, Tab::Claims, Tab::Scenario, Tab::Events, Tab::Lesson];

fn escape(page: Page) {
    // What is told over the page goes with whatever else is let go of.
    if page.notice.with_untracked(Option::is_some) {
        page.notice.set(None);
    }
    if page.drawing.get_untracked() {
        page.drawing.set(false);
    } else if page.rail.get_untracked() {
        page.rail.set(false);
    } else if page.pick.get_untracked() != Pick::None {
        page.select(Pick::None);
        page.said.set("Nothing is selected.".into());
    } else if inquiry::let_go(page) {
    } else if page.mode.get_untracked() == Mode::Project {
        page.project();
    }
}

fn other_speed(now: u32, faster: bool) -> u32 {
    let at = transport::SPEEDS.iter().position(|s| *s == now).unwrap_or(2);
    let to = if faster { (at + 1).min(transport::SPEEDS.len() - 1) } else { at.saturating_sub(1) };
    transport::SPEEDS[to]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_can_be_switched_off() {
        assert_eq!(meaning("c", false, false, true), Some(Do::Crash));
        assert_eq!(meaning("c", false, false, false), None);
        assert_eq!(meaning(" ", false, false, false), Some(Do::Play));
    }

    #[test]
    fn remotes_step() {
        assert_eq!(meaning("PageDown", false, false, false), Some(Do::Forward));
        assert_eq!(meaning("PageUp", false, false, false), Some(Do::Back));
    }

    #[test]
    fn browsers_keep_their_own() {
        assert_eq!(meaning("c", true, false, true), None);
        assert_eq!(meaning("z", true, false, true), Some(Do::Undo));
        assert_eq!(meaning("Z", true, true, true), Some(Do::Redo));
    }

    #[test]
    fn speed_stops_at_its_ends() {
        assert_eq!(other_speed(25, false), 25);
        assert_eq!(other_speed(100, true), 200);
        assert_eq!(other_speed(800, true), 800);
    }
}
