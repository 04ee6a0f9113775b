//! A node's exhibits as HTML: the same words as the stage draws, for reading and for a screen reader.

use crate::app::lay::{Perhaps, Rows};
use engine::check::measure;
use engine::ids::NodeId;
use engine::run::{Peek, Run};
use engine::scene::Hue;
use engine::show::{Colour, Exhibit, Log, Spans, Stretch, Waiting};
use leptos::prelude::*;

/// An exhibit ready to be written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub key: &'static str,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Cells(Vec<CellShown>),
    Rows { head: Vec<String>, rows: Vec<Vec<String>> },
    Line(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct CellShown {
    pub index: u64,
    pub text: String,
    pub under: String,
    pub hue: &'static str,
    /// What is read out: with what stands below called by its name.
    pub name: String,
    pub committed: bool,
}

const CELLS_MAX: usize = 24;

pub fn of(run: &Run, peek: &Peek, n: NodeId) -> Vec<Shown> {
    let name = |n: NodeId| run.name(n).to_string();
    peek.exhibits(n)
        .items
        .into_iter()
        .filter_map(|(key, e)| body(run, e, &name).map(|body| Shown { key, body }))
        .collect()
}

fn body(run: &Run, exhibit: Exhibit, name: &dyn Fn(NodeId) -> String) -> Option<Body> {
    Some(match exhibit {
        Exhibit::Log(log) if log.cells.is_empty() => return None,
        Exhibit::Log(log) => Body::Cells(cells(run, &log)),
        Exhibit::Table(t) => Body::Rows { head: t.head, rows: t.rows },
        Exhibit::Matrix { rows, cols, cells } => {
            let head = std::iter::once(String::new()).chain(cols).collect();
            let rows = rows
                .into_iter()
                .zip(cells)
                .map(|(r, c)| std::iter::once(r).chain(c).collect())
                .collect();
            Body::Rows { head, rows }
        }
        Exhibit::Set(items) | Exhibit::Queue(items) => Body::Line(list(&items)),
        Exhibit::Gauge { value, max, unit } => Body::Line(format!("{value} of {max} {unit}")),
        Exhibit::Chart { current, .. } => Body::Line(current.to_string()),
        Exhibit::Clock { entries, beside } => {
            let one = |(n, v): &(NodeId, u64)| vec![name(*n), v.to_string()];
            let beside = beside.map(|(word, v)| vec![word.into(), v.to_string()]);
            Body::Rows { head: vec![], rows: entries.iter().map(one).chain(beside).collect() }
        }
        Exhibit::Ranges(r) => {
            let rows = r
                .iter()
                .map(|r| vec![format!("{} … {}", r.from, r.to), name(r.owner), r.size.to_string()]);
            Body::Rows {
                head: vec!["range".into(), "owner".into(), "keys".into()],
                rows: rows.take(CELLS_MAX).collect(),
            }
        }
        Exhibit::Tree(lines) => {
            let rows = lines
                .into_iter()
                .map(|(depth, t)| vec![format!("{}{t}", "\u{2003}".repeat(depth as usize))]);
            Body::Rows { head: vec![], rows: rows.collect() }
        }
        Exhibit::Ring(ring) => {
            Body::Line(format!("{} tokens, {} keys", ring.tokens.len(), ring.keys.len()))
        }
        Exhibit::Spans(s) => spans(&s, name),
        Exhibit::Lines(all) => {
            let these = |w: &Waiting, sent: bool| {
                let words: Vec<&str> =
                    w.items.iter().filter(|i| i.1 == sent).map(|i| i.0.as_str()).collect();
                words.join(" ")
            };
            let row = |w: &Waiting| vec![name(w.to), these(w, false), these(w, true)];
            Body::Rows {
                head: ["to", "waits", "on its way"].map(String::from).into(),
                rows: all.iter().map(row).collect(),
            }
        }
        Exhibit::Text(t) => Body::Line(t),
    })
}

fn spans(s: &Spans, name: &dyn Fn(NodeId) -> String) -> Body {
    let said = |v: i64| measure::prose(s.unit, v);
    let row = |r: &Stretch| {
        let at = r.at.map(|(from, to, point)| [from, point, to].map(said)).unwrap_or_default();
        let [from, point, to] = at;
        vec![name(r.of), from, point, to, r.word.to_string()]
    };
    let mut rows: Vec<Vec<String>> = s.rows.iter().map(row).collect();
    let (from, to) = s.band.map_or_else(Default::default, |(a, b)| (said(a), said(b)));
    rows.push(vec!["all".into(), from, String::new(), to, s.says.clone()]);
    Body::Rows { head: ["", "from", "likely", "to", ""].map(String::from).into(), rows }
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "empty".into() } else { items.join(", ") }
}

/// The end of the log: what is being worked on.
fn cells(run: &Run, log: &Log) -> Vec<CellShown> {
    let skip = log.cells.len().saturating_sub(CELLS_MAX);
    let one = |(i, c): (usize, &engine::show::Cell)| {
        let index = log.first + i as u64;
        let committed = index <= log.committed;
        let word = if matches!(c.colour, Colour::Epoch(_)) { run.entry().epoch } else { "" };
        let under = [word, &c.under].join(" ");
        let done = if committed { "committed" } else { "" };
        let parts = [c.text.as_str(), under.trim(), done];
        let parts: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        let name = format!("entry {index}: {}", parts.join(", "));
        let (text, under) = (c.text.clone(), c.under.clone());
        CellShown { index, text, under, hue: Hue::cell(run, c).class(), name, committed }
    };
    log.cells.iter().enumerate().skip(skip).map(one).collect()
}

pub fn draw(shown: Shown) -> impl IntoView {
    let body = match shown.body {
        Body::Cells(cells) => {
            view! { <ol class="cells">{cells.into_iter().map(cell).rows()}</ol> }.into_any()
        }
        Body::Line(text) => view! { <p class="mono">{text}</p> }.into_any(),
        Body::Rows { head, rows } => table(head, rows).into_any(),
    };
    view! { <h3>{shown.key.replace('-', " ")}</h3> {body} }
}

fn cell(c: CellShown) -> impl IntoView {
    let class = format!("cell {} {}", c.hue, if c.committed { "committed" } else { "" });
    view! { <li class=class><span class="hush">{c.name}</span><span aria-hidden="true">{c.text}<small>{c.under}</small></span></li> }
}

fn table(head: Vec<String>, rows: Vec<Vec<String>>) -> impl IntoView {
    let heads = (!head.is_empty())
        .then(|| {
            // Above the names of the rows stands nothing.
            let cell = |h: String| match h.is_empty() {
                true => view! { <td></td> }.into_any(),
                false => view! { <th scope="col">{h}</th> }.into_any(),
            };
            view! { <thead><tr>{head.into_iter().map(cell).rows()}</tr></thead> }
        })
        .perhaps();
    let row =
        |r: Vec<String>| view! { <tr>{r.into_iter().map(|c| view! { <td>{c}</td> }).rows()}</tr> };
    view! { <table class="values">{heads}<tbody>{rows.into_iter().map(row).rows()}</tbody></table> }
}
