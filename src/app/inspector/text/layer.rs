//! The layer behind the field: the same text in colours, with what is wrong underlined and the row in view marked.

use std::fmt::Write;

use engine::scenario::ast::Place;
use engine::scenario::terms::{LINES_MAX, TEXT_MAX};
use engine::scenario::{self, Fault, Kind};
use engine::scene::svg::escape;
use leptos::html::Code;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::app::lay::{Kept, effect};

/// Draw the text into the layer, and again as it changes.
pub fn keep(
    layer: NodeRef<Code>,
    text: Kept<String>,
    wrong: RwSignal<Vec<Fault>>,
    here: Kept<Option<u32>>,
) {
    let drawn = StoredValue::new(Vec::<Drawn>::new());
    effect(move || {
        let Some(layer) = layer.get() else { return };
        let here = here.get();
        if text.with(|text| is_too_large(text)) {
            drawn.set_value(vec![]);
            return layer.set_text_content(Some(&format!("{}\n", text.get())));
        }
        let is = wrong.with(|wrong| text.with(|text| rows(text, wrong, here)));
        drawn.update_value(|was| {
            if was.is_empty() {
                layer.set_text_content(None);
            }
            draw(&layer, was, &is);
            *was = is;
        });
    });
}

/// A text that nobody will run: it is refused at once, and has no colours.
pub fn is_too_large(text: &str) -> bool {
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

/// The coloured text, with what is wrong underlined and the row in view marked.
fn coloured(text: &str, faults: &[Fault], here: Option<u32>) -> String {
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
            escape(&mut out, piece.text);
        } else {
            let _ = write!(out, "<{tag} class={class:?}>");
            escape(&mut out, piece.text);
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
