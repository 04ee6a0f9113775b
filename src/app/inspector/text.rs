//! The scenario's text: written, read while it is written, and run. Running it is the same as doing it by hand: an edit.
//!
//! The field is a plain text area with clear letters; behind it lies the same text in colours, moved along.

use std::fmt::Write;

use crate::app::lay::{Kept, Rows, effect, when};
use engine::ids::EventId;
use engine::protocols;
use engine::scenario::ast::Place;
use engine::scenario::terms::{LINES_MAX, TEXT_MAX};
use engine::scenario::{self, Completion, Fault, Kind};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::settings::Settings;
use crate::app::page::{Page, Pick, View};
use crate::app::{dom, files, words};

/// Where an offset in characters of a line begins and ends in the whole text, in UTF-16 units as a text field counts.
pub fn span(text: &str, line: u32, col: u32, len: u32) -> (u32, u32) {
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
pub fn place(text: &str, offset: u32) -> (u32, u32) {
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

/// The coloured text, with what is wrong underlined and the row in view marked.
pub fn coloured(text: &str, faults: &[Fault], here: Option<u32>) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut row = 1;
    let mark = |row: u32| if here == Some(row) { "<b>" } else { "" };
    out.push_str(mark(row));
    for piece in scenario::highlight(text, faults) {
        if piece.text == "\n" {
            if here == Some(row) {
                out.push_str("</b>");
            }
            row += 1;
            out.push('\n');
            out.push_str(mark(row));
            continue;
        }
        let class = match piece.kind {
            Kind::Plain => "",
            Kind::Keyword => "kw",
            Kind::Number => "nr",
            Kind::Name => "id",
            Kind::Text => "st",
            Kind::Comment => "co",
        };
        let tag = if piece.fault { "mark" } else { "i" };
        if class.is_empty() && !piece.fault {
            escape(piece.text, &mut out);
        } else {
            let _ = write!(out, "<{tag} class={class:?}>");
            escape(piece.text, &mut out);
            let _ = write!(out, "</{tag}>");
        }
    }
    if here == Some(row) {
        out.push_str("</b>");
    }
    // An empty last row has a height as well.
    out.push('\n');
    out
}

/// A text that nobody will run: it is refused at once, and has no colours.
fn is_too_large(text: &str) -> bool {
    text.len() > TEXT_MAX || text.trim_end().split('\n').count() > LINES_MAX
}

/// A row of the layer as it was drawn: what it says, where it is wrong, whether it is the one in view.
type Drawn = (String, Vec<Fault>, bool);

/// The rows of a text as they are to be drawn.
fn rows(text: &str, faults: &[Fault], here: Option<u32>) -> Vec<Drawn> {
    let row = |(raw, n): (&str, u32)| {
        let mine = faults.iter().filter(|f| f.place.line == n);
        let mine = mine.map(|f| Fault { place: Place { line: 1, ..f.place }, ..f.clone() });
        (raw.to_string(), mine.collect(), here == Some(n))
    };
    text.split('\n').zip(1..).map(row).collect()
}

/// Only what has changed is coloured and drawn anew: a key in a long text costs a row.
fn draw(layer: &web_sys::Element, was: &[Drawn], is: &[Drawn]) {
    let head = was.iter().zip(is).take_while(|(a, b)| a == b).count();
    let alike = |(a, b): &(&Drawn, &Drawn)| a == b;
    let tail = was[head..].iter().rev().zip(is[head..].iter().rev()).take_while(alike).count();
    let below = layer.child_nodes();
    for i in (head..was.len() - tail).rev() {
        if let Some(old) = below.item(i as u32) {
            let _ = layer.remove_child(&old);
        }
    }
    let mut html = String::new();
    for (text, wrong, here) in &is[head..is.len() - tail] {
        let _ = write!(html, "<span>{}</span>", coloured(text, wrong, here.then_some(1)));
    }
    let _ = match below.item(head as u32) {
        Some(next) => {
            next.unchecked_ref::<web_sys::Element>().insert_adjacent_html("beforebegin", &html)
        }
        None => layer.insert_adjacent_html("beforeend", &html),
    };
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
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

#[component]
pub fn Text() -> impl IntoView {
    let page = expect_context::<Page>();
    let running = Kept::new(move || page.view.with(|v| matches!(v, View::Running(_))));
    when(
        move || running.get(),
        move || {
            let text =
                Kept::new(move || page.loaded().map(|l| l.text.to_string()).unwrap_or_default());
            view! {
                <h2>"Scenario"</h2>
                <Settings/>
                <Editor text=text first=vec![]/>
            }
            .into_any()
        },
    )
}

/// The line of the text a selected fault stands on, or that did what is selected.
fn row_of(page: Page, pick: Pick) -> Option<u32> {
    page.with_run_now(|run| {
        let acted = |e: EventId| match run.trace().event(e)?.what {
            engine::trace::What::Act { line } => Some(line),
            _ => None,
        };
        let line = match pick {
            Pick::Fault(line) => line,
            Pick::Event(e) => acted(e).or_else(|| acted(run.trace().event(e)?.cause?))?,
            _ => return None,
        };
        run.scenario().steps.get(line as usize).map(|s| s.place.line)
    })
    .flatten()
}

/// So many mistakes are listed at once: as they are mended, others come.
const LISTED: usize = 50;

/// Shorter than this, what is being typed is not finished.
const PAUSE: u32 = 180;

/// The field, what is wrong in it, and the button that lets it run.
#[component]
pub fn Editor(text: Kept<String>, first: Vec<Fault>) -> impl IntoView {
    let page = expect_context::<Page>();
    let draft = Kept::new(move || page.draft.get().unwrap_or_else(|| text.get()));
    let wrong = RwSignal::new(first.clone());
    let caret = RwSignal::new((1u32, 1u32));
    let scroll = RwSignal::new((0, 0));
    let menu = RwSignal::new(Vec::<Completion>::new());
    let active = RwSignal::new(None::<usize>);
    let field = NodeRef::<leptos::html::Textarea>::new();
    let layer = NodeRef::<leptos::html::Code>::new();
    let timer = StoredValue::new_local(None::<Timeout>);
    // How many faults have been told aloud.
    let told = StoredValue::new(first.len());

    // Read while it is written.
    effect(move || {
        timer.set_value(None);
        if page.draft.with(Option::is_none) {
            told.set_value(first.len());
            wrong.set(first.clone());
            return;
        }
        // What is too large is found so at a glance.
        let pause = if draft.with(|text| is_too_large(text)) { 0 } else { PAUSE };
        timer.set_value(Some(Timeout::new(pause, move || {
            let faults = draft.with(|text| protocols::parse(text).err().unwrap_or_default());
            // While words are offered, the word is not finished: what is wrong with it is not told over them.
            let quiet = menu.with_untracked(|m| !m.is_empty());
            if !quiet && faults.len() != told.get_value() {
                told.set_value(faults.len());
                page.said.set(faults.first().map_or("The text can be read.".into(), |f| {
                    format!("{} wrong. Line {}: {}", faults.len(), f.place.line, f.message)
                }));
            }
            wrong.set(faults);
        })));
    });
    on_cleanup(move || timer.set_value(None));
    let here = Kept::new(move || {
        page.view.track();
        row_of(page, page.pick.get()).filter(|_| page.draft.with(Option::is_none))
    });
    let drawn = StoredValue::new(Vec::<Drawn>::new());
    effect(move || {
        let Some(layer) = layer.get() else { return };
        let here = here.get();
        if draft.with(|text| is_too_large(text)) {
            drawn.set_value(vec![]);
            return layer.set_text_content(Some(&format!("{}\n", draft.get())));
        }
        let is = wrong.with(|wrong| draft.with(|text| rows(text, wrong, here)));
        drawn.update_value(|was| {
            if was.is_empty() {
                layer.set_text_content(None);
            }
            draw(&layer, was, &is);
            *was = is;
        });
    });
    // A selected fault shows its line.
    effect(move || {
        let (Some(row), Some(f)) = (here.get(), field.get()) else { return };
        if caret.get_untracked().0 != row {
            let (at, _) = span(&draft.get_untracked(), row, 1, 0);
            let _ = f.set_selection_range(at, at);
            caret.set((row, 1));
            let line = f.scroll_height() / draft.get_untracked().split('\n').count().max(1) as i32;
            f.set_scroll_top((row as i32 - 4) * line);
        }
    });

    let close = move || {
        menu.set(vec![]);
        active.set(None);
    };
    let look = move |f: &HtmlTextAreaElement| {
        let at = f.selection_start().ok().flatten().unwrap_or(0);
        let to = place(&f.value(), at);
        let from = caret.get_untracked();
        caret.set(to);
        (from, to)
    };
    let offer = move |f: &HtmlTextAreaElement, asked: bool| {
        let (_, (row, column)) = look(f);
        let text = f.value();
        let from = scenario::word_at(&text, row, column).0;
        let wanted = (asked || from < column) && !is_too_large(&text);
        let found = if wanted { protocols::complete(&text, row, column) } else { vec![] };
        // Where a word is whole, Enter is a new line, and the word alone is no offer.
        let line = text.split('\n').nth(row as usize - 1).unwrap_or_default();
        let begun: String =
            line.chars().take(column as usize - 1).skip(from as usize - 1).collect();
        let whole = found.iter().any(|c| c.word == begun);
        let found = if whole && found.len() == 1 { vec![] } else { found };
        if found != menu.get_untracked() && !found.is_empty() || asked {
            page.said.set(if found.is_empty() {
                "No word of the language is known to stand here.".into()
            } else {
                offered(&found)
            });
        }
        active.set((!found.is_empty() && !whole).then_some(0));
        menu.set(found);
    };
    let write = move |value: String| {
        page.draft.set((value != text.get_untracked()).then_some(value));
    };
    let typed = move |_| {
        let Some(f) = field.get_untracked() else { return };
        write(f.value());
        offer(&f, false);
    };
    let accept = move |at: usize| {
        let Some(f) = field.get_untracked() else { return };
        let Some(c) = menu.with_untracked(|m| m.get(at).cloned()) else { return };
        let text = f.value();
        let (row, column) = place(&text, f.selection_start().ok().flatten().unwrap_or(0));
        let (from, to) = scenario::word_at(&text, row, column);
        let (a, b) = span(&text, row, from, to - from);
        let behind = text.split('\n').nth(row as usize - 1).unwrap_or("");
        let last = behind.chars().count() as u32 + 1 == to;
        let gap = if last && !c.word.ends_with(['=', '.']) { " " } else { "" };
        close();
        let _ = f.focus();
        let _ = f.set_selection_range(a, b);
        dom::insert(&f, &format!("{}{gap}", c.word));
        write(f.value());
        look(&f);
        page.said.set(format!("{} {}", c.word, c.form));
    };
    let run = move || {
        close();
        let text = draft.get_untracked();
        let faults = page.try_text(&text);
        if !faults.is_empty() {
            let n = faults.len();
            page.said.set(format!(
                "{n} {} in the text cannot be understood.",
                words::plural(n, "place")
            ));
        }
        wrong.set(faults);
    };
    let keys = move |ev: KeyboardEvent| {
        let all = menu.with_untracked(Vec::len);
        let ctrl = ev.ctrl_key() || ev.meta_key();
        match (ev.key().as_str(), active.get_untracked()) {
            ("Enter", _) if ctrl => run(),
            (" ", _) if ctrl => {
                if let Some(f) = field.get_untracked() {
                    offer(&f, true);
                }
            }
            ("ArrowDown", at) if all > 0 => active.set(moved(at, 1, all)),
            ("ArrowUp", at) if all > 0 => active.set(moved(at, -1, all)),
            ("Enter" | "Tab", Some(at)) if all > 0 && !ev.shift_key() => accept(at),
            ("Escape", _) if all > 0 => close(),
            _ => return,
        }
        ev.prevent_default();
    };
    // The caret in a line of the running text goes to its moment.
    let follow = move || {
        let Some(f) = field.get_untracked() else { return };
        let (from, to) = look(&f);
        if from.0 == to.0 && from != (1, 1) || page.draft.with_untracked(Option::is_some) {
            return;
        }
        let line =
            page.with_run_now(|run| run.scenario().steps.iter().position(|s| s.place.line == to.0));
        if let Some(Some(line)) = line
            && !page.visit_line(line as u32)
        {
            page.said.set("This line has not fired as far as the run is known.".into());
        }
    };
    let moved_by_key = move |ev: KeyboardEvent| {
        if ev.key().starts_with("Arrow")
            || matches!(ev.key().as_str(), "Home" | "End" | "PageUp" | "PageDown")
        {
            let open = menu.with_untracked(|m| !m.is_empty());
            if open && !matches!(ev.key().as_str(), "ArrowUp" | "ArrowDown") {
                close();
            }
            if !open {
                follow();
            }
        }
    };
    let show = move |f: &Fault| {
        let (a, b) = span(&draft.get_untracked(), f.place.line, f.place.col, f.place.len);
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
            let _ = field.set_selection_range(a, b);
        }
    };
    let fault = move |f: Fault| {
        let (line, message, hint) =
            (f.place.line, f.message.clone(), f.hint.clone().unwrap_or_default());
        view! { <li><button type="button" class="plain link" on:click=move |_| show(&f)><span><b>"line "{line}</b>": "{message}" "{hint}</span></button></li> }
    };
    let option = move |(i, c): (usize, Completion)| {
        let chosen = move || active.get() == Some(i);
        view! {
            <li role="option" id=format!("word-{i}") aria-selected=move || chosen().to_string()
                on:click=move |_| accept(i)>
                <b>{c.word}</b><span>{c.form}</span>
            </li>
        }
    };
    effect(move || {
        let Some(i) = active.get() else { return };
        request_animation_frame(move || {
            let Some(e) = document().get_element_by_id(&format!("word-{i}")) else { return };
            let Some(list) = e.parent_element() else { return };
            let (top, row) =
                (e.unchecked_ref::<web_sys::HtmlElement>().offset_top(), e.client_height());
            if top < list.scroll_top() || top + row > list.scroll_top() + list.client_height() {
                list.set_scroll_top(top - list.client_height() / 2);
            }
        });
    });
    let open = Kept::new(move || menu.with(|m| !m.is_empty()));
    effect(move || {
        if open.get() {
            request_animation_frame(|| dom::bring_into_sight("#words", false));
        }
    });
    let changed = move || page.draft.with(Option::is_some);
    let moves = move |_| {
        if let Some(f) = field.get_untracked() {
            scroll.set((f.scroll_left(), f.scroll_top()));
        }
    };
    view! {
        <p class="soft advice">"Everything you do by hand becomes a line here. Change a line and run it: what comes before stays the same. "<span class="by-key">"Ctrl Space offers words, Ctrl Enter runs the text."</span></p>
        <div class="editor">
            <pre aria-hidden="true"><code node_ref=layer
                style:translate=move || format!("{}px {}px", -scroll.get().0, -scroll.get().1)></code></pre>
            <textarea class="scenario" node_ref=field spellcheck="false" autocomplete="off" aria-label="Text of the scenario" wrap="off"
                aria-invalid=move || wrong.with(|w| (!w.is_empty()).then_some("true"))
                aria-autocomplete="list" aria-controls=move || open.get().then_some("words")
                aria-activedescendant=move || active.get().map(|i| format!("word-{i}"))
                prop:value=move || draft.get() on:input=typed on:keydown=keys on:keyup=moved_by_key
                on:click=move |_| { close(); follow(); } on:blur=move |_| close() on:scroll=moves></textarea>
            {when(move || open.get(), move || view! {
                <ul class="menu words" id="words" role="listbox" aria-label="Words that may stand here" tabindex="-1" on:mousedown=move |ev| ev.prevent_default()
                    style:left=move || format!("max(0px, min({}ch - {}px, 100% - 17rem))", caret.get().1, scroll.get().0)
                    style:top=move || format!("calc({} * 1.21875rem + 0.5rem - {}px)", caret.get().0, scroll.get().1)>
                    {move || menu.get().into_iter().enumerate().map(option).rows()}
                </ul>
            }.into_any())}
        </div>
        <ul class="faults">{move || wrong.get().into_iter().take(LISTED).map(fault).rows()}</ul>
        <p class="row">
            <button type="button" class="primary" disabled=move || !changed() on:click=move |_| run()>"Run this text"</button>
            <button type="button" disabled=move || !changed() on:click=move |_| page.put_aside(None, "What was written is taken back.".into(), false)>"Take back"</button>
        </p>
        <files::Files text=draft/>
    }
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
    fn the_layer_says_what_the_field_says() {
        let text = "at 1s  say \"<b> & co\" # x\n";
        let html = coloured(text, &[], Some(1));
        assert!(html.starts_with("<b><i class=\"kw\">at</i> <i class=\"nr\">1s</i>"), "{html}");
        assert!(html.contains("&quot;&lt;b&gt; &amp; co&quot;"), "{html}");
        assert!(html.contains("</b>\n"), "{html}");
        let bare: String =
            html.split('<').map(|t| t.split_once('>').map_or(t, |(_, t)| t)).collect();
        assert_eq!(
            bare.replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
            format!("{text}\n")
        );
    }

    #[test]
    fn a_row_is_drawn_as_it_stands_in_the_whole() {
        let text = "at 1s crash n1\nat 2s crush n2\n";
        let faults = engine::protocols::parse(text).err().unwrap_or_default();
        let row = |(text, wrong, here): &Drawn| coloured(text, wrong, here.then_some(1));
        for (faults, here) in [(vec![], None), (faults, Some(2))] {
            let all: String = rows(text, &faults, here).iter().map(row).collect();
            assert_eq!(all, coloured(text, &faults, here));
        }
        assert!(is_too_large(&"x\n".repeat(1_001)) && !is_too_large(&"x\n".repeat(1_000)));
    }

    #[test]
    fn the_words_go_round() {
        assert_eq!(moved(None, 1, 3), Some(0));
        assert_eq!(moved(None, -1, 3), Some(2));
        assert_eq!(moved(Some(2), 1, 3), Some(0));
        assert_eq!(moved(Some(0), 1, 0), None);
    }
}
