//! The entry's lesson: a small part of Markdown, as much as the lessons use. Numbers come from runs before they are shipped.

use crate::app::lay::{Kept, Rows};
use leptos::prelude::*;

use crate::app::catalogue::Catalogue;
use crate::app::page::Page;

/// A block of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Head(u8, Vec<Span>),
    Para(Vec<Span>),
    List(Vec<Vec<Span>>),
    Code(String),
    Table(Vec<Vec<Vec<Span>>>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Span {
    Plain(String),
    Strong(String),
    Em(String),
    Code(String),
    /// Only links into the page itself are followed.
    Link(String, String),
}

pub fn blocks(text: &str) -> Vec<Block> {
    let mut out = vec![];
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|l| !l.starts_with("```")).collect();
            out.push(Block::Code(code.join("\n")));
        } else if line.starts_with('#') {
            let level = line.chars().take_while(|c| *c == '#').count().min(4) as u8;
            out.push(Block::Head(level, spans(line.trim_start_matches('#').trim())));
        } else if line.starts_with('|') {
            let mut rows = vec![cells(line)];
            while let Some(l) = lines.next_if(|l| l.starts_with('|')) {
                if !l.chars().all(|c| "|-: ".contains(c)) {
                    rows.push(cells(l));
                }
            }
            out.push(Block::Table(rows));
        } else if let Some(first) = bullet(line) {
            let mut items = vec![first.to_string()];
            while let Some(l) = lines.next_if(|l| !l.trim().is_empty() && !l.starts_with('#')) {
                match (bullet(l), items.last_mut()) {
                    (None, Some(last)) => *last = format!("{last} {}", l.trim()),
                    (Some(item), _) => items.push(item.to_string()),
                    (None, None) => {}
                }
            }
            out.push(Block::List(items.iter().map(|i| spans(i)).collect()));
        } else if !line.trim().is_empty() {
            let mut para = line.trim().to_string();
            let goes_on = |l: &&str| {
                !l.trim().is_empty()
                    && !l.starts_with(['#', '|'])
                    && !l.starts_with("```")
                    && bullet(l).is_none()
            };
            while let Some(l) = lines.next_if(goes_on) {
                para = format!("{para} {}", l.trim());
            }
            out.push(Block::Para(spans(&para)));
        }
    }
    out
}

fn cells(line: &str) -> Vec<Vec<Span>> {
    line.trim().trim_matches('|').split('|').map(|c| spans(c.trim())).collect()
}

fn bullet(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let number = line
        .split_once(". ")
        .filter(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or(number.map(|(_, rest)| rest))
}

/// Marks within a line. What is not closed stays as it is.
pub fn spans(text: &str) -> Vec<Span> {
    let mut out: Vec<Span> = vec![];
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (plain, tail) = rest.split_at(at);
        match marked(tail) {
            Some((span, after)) => {
                push_plain(&mut out, plain);
                out.push(span);
                rest = after;
            }
            None => {
                let next = tail.chars().next().map_or(0, char::len_utf8);
                push_plain(&mut out, &rest[..at + next]);
                rest = &rest[at + next..];
            }
        }
    }
    push_plain(&mut out, rest);
    out
}

fn push_plain(out: &mut Vec<Span>, text: &str) {
    match out.last_mut() {
        Some(Span::Plain(p)) => p.push_str(text),
        _ if text.is_empty() => {}
        _ => out.push(Span::Plain(text.into())),
    }
}

fn marked(tail: &str) -> Option<(Span, &str)> {
    let between = |mark: &str| {
        tail.strip_prefix(mark)?.split_once(mark).filter(|(inner, _)| !inner.is_empty())
    };
    if let Some((inner, after)) = between("`") {
        return Some((Span::Code(inner.into()), after));
    }
    if let Some((inner, after)) = between("**") {
        return Some((Span::Strong(inner.into()), after));
    }
    if let Some((inner, after)) = between("*") {
        return Some((Span::Em(inner.into()), after));
    }
    let (label, after) = tail.strip_prefix('[')?.split_once("](")?;
    let (target, after) = after.split_once(')')?;
    Some((Span::Link(label.into(), target.into()), after))
}

fn draw_spans(spans: Vec<Span>) -> impl IntoView {
    let one = |s: Span| match s {
        Span::Plain(t) => t.into_any(),
        Span::Strong(t) => view! { <strong>{t}</strong> }.into_any(),
        Span::Em(t) => view! { <em>{t}</em> }.into_any(),
        Span::Code(t) => view! { <code>{t}</code> }.into_any(),
        Span::Link(t, to) if to.starts_with('#') => view! { <a href=to>{t}</a> }.into_any(),
        Span::Link(t, _) => t.into_any(),
    };
    spans.into_iter().map(one).rows()
}

fn draw(block: Block) -> impl IntoView {
    match block {
        Block::Head(1, s) => view! { <h2>{draw_spans(s)}</h2> }.into_any(),
        Block::Head(_, s) => view! { <h3>{draw_spans(s)}</h3> }.into_any(),
        Block::Para(s) => view! { <p>{draw_spans(s)}</p> }.into_any(),
        Block::List(items) => view! { <ul>{items.into_iter().map(|i| view! { <li>{draw_spans(i)}</li> }).rows()}</ul> }.into_any(),
        Block::Code(t) => view! { <pre tabindex="0">{t}</pre> }.into_any(),
        Block::Table(rows) => {
            let row = |r: Vec<Vec<Span>>| view! { <tr>{r.into_iter().map(|c| view! { <td>{draw_spans(c)}</td> }).rows()}</tr> };
            view! { <table class="values">{rows.into_iter().map(row).rows()}</table> }.into_any()
        }
    }
}

#[component]
pub fn Lesson() -> impl IntoView {
    let page = expect_context::<Page>();
    let catalogue = expect_context::<Catalogue>();
    let entry = Kept::new(move || page.with_run(|run| run.entry().id).unwrap_or_default());
    let lesson = LocalResource::new(move || {
        let entry = entry.get();
        async move { if entry.is_empty() { None } else { catalogue.lesson(entry).await.ok() } }
    });
    let body = move || match lesson.get() {
        None => view! { <p class="soft">"Fetching the lesson …"</p> }.into_any(),
        Some(None) => {
            view! { <p class="soft">"There is no lesson for this entry yet."</p> }.into_any()
        }
        Some(Some(text)) => blocks(&text).into_iter().map(draw).rows(),
    };
    view! { <div class="prose">{body}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_lists_and_code() {
        let got = blocks("# T\n\na\nb\n\n- x\n  y\n- z\n\n```\ncode\n```\n");
        assert_eq!(
            got,
            [
                Block::Head(1, spans("T")),
                Block::Para(spans("a b")),
                Block::List(vec![spans("x y"), spans("z")]),
                Block::Code("code".into()),
            ]
        );
    }

    #[test]
    fn marks_that_are_not_closed_stay() {
        assert_eq!(spans("2 * 3"), [Span::Plain("2 * 3".into())]);
        assert_eq!(
            spans("a `b` [c](#raft)"),
            [
                Span::Plain("a ".into()),
                Span::Code("b".into()),
                Span::Plain(" ".into()),
                Span::Link("c".into(), "#raft".into()),
            ]
        );
    }
}
