//! The field: where its caret is, what is wrong in it, which words may stand there, and what each key does.
//!
//! All that the field knows is signals, so a [`Field`] is copied to whoever listens. The text itself is the page's
//! ([`Page::draft`]): here it is only read and written.

use engine::protocols;
use engine::scenario::{self, Completion, Fault};
use gloo_timers::callback::Timeout;
use leptos::html::Textarea;
use leptos::prelude::*;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::layer::is_too_large;
use super::row_of;
use crate::app::lay::{Kept, effect};
use crate::app::page::Page;
use crate::app::{dom, words};

/// Shorter than this, what is being typed is not finished.
const PAUSE: u32 = 180;

#[derive(Clone, Copy)]
pub struct Field {
    page: Page,
    /// The text that runs.
    runs: Kept<String>,
    /// The text in the field: the one being written, else the one that runs.
    pub text: Kept<String>,
    pub wrong: RwSignal<Vec<Fault>>,
    /// Row and column, from one.
    pub caret: RwSignal<(u32, u32)>,
    pub scroll: RwSignal<(i32, i32)>,
    /// Words that may stand at the caret, and which of them Enter would take.
    pub menu: RwSignal<Vec<Completion>>,
    pub active: RwSignal<Option<usize>>,
    pub node: NodeRef<Textarea>,
    /// The row of what is selected, while nothing else is written.
    pub here: Kept<Option<u32>>,
}

impl Field {
    pub fn new(page: Page, runs: Kept<String>, first: &[Fault]) -> Field {
        Field {
            page,
            runs,
            text: Kept::new(move || page.draft.get().unwrap_or_else(|| runs.get())),
            wrong: RwSignal::new(first.to_vec()),
            caret: RwSignal::new((1, 1)),
            scroll: RwSignal::new((0, 0)),
            menu: RwSignal::new(vec![]),
            active: RwSignal::new(None),
            node: NodeRef::new(),
            here: Kept::new(move || {
                page.view.track();
                row_of(page, page.pick.get()).filter(|_| page.draft.with(Option::is_none))
            }),
        }
    }

    /// Read the text while it is written; `first` is what is wrong with the one that was there before.
    pub fn read(self, first: Vec<Fault>) {
        let timer = StoredValue::new_local(None::<Timeout>);
        // How many faults have been told aloud.
        let told = StoredValue::new(first.len());
        effect(move || {
            timer.set_value(None);
            if self.page.draft.with(Option::is_none) {
                told.set_value(first.len());
                self.wrong.set(first.clone());
                return;
            }
            // What is too large is found so at a glance.
            let pause = if self.text.with(|text| is_too_large(text)) { 0 } else { PAUSE };
            timer.set_value(Some(Timeout::new(pause, move || self.judge(told))));
        });
        on_cleanup(move || timer.set_value(None));
    }

    fn judge(self, told: StoredValue<usize>) {
        let faults = self.text.with(|text| protocols::parse(text).err().unwrap_or_default());
        // While words are offered, the word is not finished: what is wrong with it is not told over them.
        let quiet = self.menu.with_untracked(|m| !m.is_empty());
        if !quiet && faults.len() != told.get_value() {
            told.set_value(faults.len());
            self.page.said.set(faults.first().map_or("The text can be read.".into(), |f| {
                format!("{} wrong. Line {}: {}", faults.len(), f.place.line, f.message)
            }));
        }
        self.wrong.set(faults);
    }

    /// A selected fault shows its line.
    pub fn show_row(self) {
        effect(move || {
            let (Some(row), Some(f)) = (self.here.get(), self.node.get()) else { return };
            if self.caret.get_untracked().0 != row {
                let text = self.text.get_untracked();
                let (at, _) = span(&text, row, 1, 0);
                let _ = f.set_selection_range(at, at);
                self.caret.set((row, 1));
                let line = f.scroll_height() / text.split('\n').count().max(1) as i32;
                f.set_scroll_top((row as i32 - 4) * line);
            }
        });
    }

    /// Select what is wrong.
    pub fn show(self, f: &Fault) {
        let (a, b) = span(&self.text.get_untracked(), f.place.line, f.place.col, f.place.len);
        if let Some(field) = self.node.get_untracked() {
            let _ = field.focus();
            let _ = field.set_selection_range(a, b);
        }
    }

    pub fn scrolled(self) {
        if let Some(f) = self.node.get_untracked() {
            self.scroll.set((f.scroll_left(), f.scroll_top()));
        }
    }

    /// Where the caret was, and where it is now.
    fn look(self, f: &HtmlTextAreaElement) -> ((u32, u32), (u32, u32)) {
        let (from, to) = (self.caret.get_untracked(), caret_of(f, &f.value()));
        self.caret.set(to);
        (from, to)
    }

    fn write(self, value: String) {
        self.page.draft.set((value != self.runs.get_untracked()).then_some(value));
    }

    pub fn typed(self) {
        let Some(f) = self.node.get_untracked() else { return };
        self.write(f.value());
        self.offer(&f, false);
    }

    /// Let the text run.
    pub fn run(self) {
        self.close();
        let faults = self.page.try_text(&self.text.get_untracked());
        if !faults.is_empty() {
            let n = faults.len();
            self.page.said.set(format!(
                "{n} {} in the text cannot be understood.",
                words::plural(n, "place")
            ));
        }
        self.wrong.set(faults);
    }

    // ---------------------------------------------------------------- the words that are offered

    pub fn is_open(self) -> bool {
        self.menu.with(|m| !m.is_empty())
    }

    pub fn close(self) {
        self.menu.set(vec![]);
        self.active.set(None);
    }

    /// Offer what may stand at the caret; `asked`: even where no word is begun, and it is said if there is none.
    fn offer(self, f: &HtmlTextAreaElement, asked: bool) {
        let (_, at) = self.look(f);
        let (found, whole) = words_at(&f.value(), at, asked);
        if found != self.menu.get_untracked() && !found.is_empty() || asked {
            self.page.said.set(if found.is_empty() {
                "No word of the language is known to stand here.".into()
            } else {
                offered(&found)
            });
        }
        self.active.set((!found.is_empty() && !whole).then_some(0));
        self.menu.set(found);
    }

    /// Put an offered word in the place of the one at the caret.
    pub fn accept(self, at: usize) {
        let Some(f) = self.node.get_untracked() else { return };
        let Some(c) = self.menu.with_untracked(|m| m.get(at).cloned()) else { return };
        let text = f.value();
        let (row, column) = caret_of(&f, &text);
        let (from, to) = scenario::word_at(&text, row, column);
        let (a, b) = span(&text, row, from, to - from);
        let last = line_of(&text, row).chars().count() as u32 + 1 == to;
        let gap = if last && !c.word.ends_with(['=', '.']) { " " } else { "" };
        self.close();
        let _ = f.focus();
        let _ = f.set_selection_range(a, b);
        dom::insert(&f, &format!("{}{gap}", c.word));
        self.write(f.value());
        self.look(&f);
        self.page.said.set(format!("{} {}", c.word, c.form));
    }

    // ---------------------------------------------------------------- keys

    pub fn key(self, ev: KeyboardEvent) {
        let all = self.menu.with_untracked(Vec::len);
        let ctrl = ev.ctrl_key() || ev.meta_key();
        match (ev.key().as_str(), self.active.get_untracked()) {
            ("Enter", _) if ctrl => self.run(),
            (" ", _) if ctrl => {
                if let Some(f) = self.node.get_untracked() {
                    self.offer(&f, true);
                }
            }
            ("ArrowDown", at) if all > 0 => self.active.set(moved(at, 1, all)),
            ("ArrowUp", at) if all > 0 => self.active.set(moved(at, -1, all)),
            ("Enter" | "Tab", Some(at)) if all > 0 && !ev.shift_key() => self.accept(at),
            ("Escape", _) if all > 0 => self.close(),
            _ => return,
        }
        ev.prevent_default();
    }

    /// A key that moves the caret has done so.
    pub fn key_up(self, ev: KeyboardEvent) {
        let key = ev.key();
        if !key.starts_with("Arrow")
            && !matches!(key.as_str(), "Home" | "End" | "PageUp" | "PageDown")
        {
            return;
        }
        let open = self.menu.with_untracked(|m| !m.is_empty());
        if open && !matches!(key.as_str(), "ArrowUp" | "ArrowDown") {
            self.close();
        }
        if !open {
            self.follow();
        }
    }

    pub fn clicked(self) {
        self.close();
        self.follow();
    }

    /// The caret in a line of the running text goes to its moment.
    fn follow(self) {
        let Some(f) = self.node.get_untracked() else { return };
        let (from, to) = self.look(&f);
        if from.0 == to.0 && from != (1, 1) || self.page.draft.with_untracked(Option::is_some) {
            return;
        }
        let line = self
            .page
            .with_run_now(|run| run.scenario().steps.iter().position(|s| s.place.line == to.0));
        if let Some(Some(line)) = line
            && !self.page.visit_line(line as u32)
        {
            self.page.said.set("This line has not fired as far as the run is known.".into());
        }
    }
}

fn caret_of(f: &HtmlTextAreaElement, text: &str) -> (u32, u32) {
    place(text, f.selection_start().ok().flatten().unwrap_or(0))
}

fn line_of(text: &str, row: u32) -> &str {
    text.split('\n').nth(row as usize - 1).unwrap_or_default()
}

/// The words that may stand at the caret, and whether the one that stands there is whole. Then Enter is a new line, and
/// the word alone is no offer.
fn words_at(text: &str, (row, column): (u32, u32), asked: bool) -> (Vec<Completion>, bool) {
    let from = scenario::word_at(text, row, column).0;
    let wanted = (asked || from < column) && !is_too_large(text);
    let found = if wanted { protocols::complete(text, row, column) } else { vec![] };
    let line = line_of(text, row).chars().take(column as usize - 1);
    let begun: String = line.skip(from as usize - 1).collect();
    let whole = found.iter().any(|c| c.word == begun);
    (if whole && found.len() == 1 { vec![] } else { found }, whole)
}

/// Where an offset in characters of a line begins and ends in the whole text, in UTF-16 units as a text field counts.
fn span(text: &str, line: u32, col: u32, len: u32) -> (u32, u32) {
    let mut start = 0u32;
    let units = |s: &str| s.chars().map(|c| c.len_utf16() as u32).sum::<u32>();
    for (i, row) in text.split('\n').enumerate() {
        if i + 1 == line as usize {
            let before: String = row.chars().take(col.saturating_sub(1) as usize).collect();
            let inside: String =
                row.chars().skip(col.saturating_sub(1) as usize).take(len as usize).collect();
            return (start + units(&before), start + units(&before) + units(&inside));
        }
        start += units(row) + 1;
    }
    (start.saturating_sub(1), start.saturating_sub(1))
}

/// The other way: row and column of an offset in UTF-16 units.
fn place(text: &str, offset: u32) -> (u32, u32) {
    let (mut row, mut column, mut at) = (1, 1, 0);
    for c in text.chars() {
        if at >= offset {
            break;
        }
        at += c.len_utf16() as u32;
        (row, column) = if c == '\n' { (row + 1, 1) } else { (row, column + 1) };
    }
    (row, column)
}

/// The option after this one; a list has no ends.
fn moved(active: Option<usize>, by: isize, all: usize) -> Option<usize> {
    let last = all as isize - 1;
    let to = match active {
        None if by > 0 => 0,
        None => last,
        Some(at) => (at as isize + by).rem_euclid(all.max(1) as isize),
    };
    (all > 0).then_some(to as usize)
}

/// `3 words: crash, cut, c1`
fn offered(words: &[Completion]) -> String {
    let few: Vec<&str> = words.iter().take(4).map(|c| c.word.as_str()).collect();
    let more = if words.len() > few.len() { ", …" } else { "" };
    format!("{} {}: {}{more}", words.len(), words::plural(words.len(), "word"), few.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_in_the_field_and_back() {
        assert_eq!(span("ab\ncde fg\n", 2, 5, 2), (7, 9));
        assert_eq!(span("é€\n𝄞x", 2, 2, 1), (5, 6));
        assert_eq!(span("a", 9, 1, 1), (1, 1));
        assert_eq!(place("ab\ncde fg\n", 7), (2, 5));
        assert_eq!(place("é€\n𝄞x", 5), (2, 2));
        assert_eq!(place("a", 9), (1, 2));
    }

    #[test]
    fn the_words_go_round() {
        assert_eq!(moved(None, 1, 3), Some(0));
        assert_eq!(moved(None, -1, 3), Some(2));
        assert_eq!(moved(Some(2), 1, 3), Some(0));
        assert_eq!(moved(Some(0), 1, 0), None);
    }
}
