//! The catalogue: the entries that work, by the subject's sections, with their scenarios.
//!
//! Titles and slugs of the scenarios are one small file beside the page, their texts a file each: nothing of
//! them is in the wasm. An entry's thumbnail is its own first scenario, drawn by the scene when the page is built.

use crate::app::lay::{Kept, Perhaps, Rows, effect, when};
use engine::few;
use engine::protocols::{self, Bill, Sign};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use super::page::{Loaded, Page};
use super::{dom, work};

/// A scenario of the index.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Listed {
    pub slug: String,
    pub title: String,
    #[serde(default)]
    pub shows: String,
    /// The first row of the subject it keeps.
    #[serde(default)]
    pub row: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Folder {
    pub entry: String,
    pub scenarios: Vec<Listed>,
}

/// The subject's sections, as the catalogue numbers them.
const SECTIONS: &[&str] = &[
    "Fundamentals",
    "Time and ordering",
    "Consensus",
    "Replication and consistency",
    "Communication",
    "Partitioning",
    "Transactions",
    "Fault tolerance",
    "Discovery",
    "Caching",
    "Practice",
];

/// The section of an entry: the whole part of its first row.
pub fn section(rows: &[&str]) -> usize {
    let whole = rows.first().and_then(|r| r.split('.').next());
    whole.and_then(|n| n.parse().ok()).unwrap_or(SECTIONS.len()).clamp(1, SECTIONS.len())
}

pub fn section_name(n: usize) -> &'static str {
    SECTIONS.get(n - 1).copied().unwrap_or("")
}

/// Entries by section, in the subject's order.
pub fn by_section() -> Vec<(usize, Vec<&'static Sign>)> {
    let mut out: Vec<(usize, Vec<&'static Sign>)> = vec![];
    let mut entries: Vec<_> = protocols::CATALOGUE.iter().map(Bill::sign).collect();
    few::sort_by_key(&mut entries, |e| (section(e.rows), e.rows.first().copied().unwrap_or("")));
    for e in entries {
        match out.last_mut() {
            Some((n, list)) if *n == section(e.rows) => list.push(e),
            _ => out.push((section(e.rows), vec![e])),
        }
    }
    out
}

/// Scenarios that a section lists although their entry stands in another: those whose first row is the section's.
pub fn guests(folders: &[Folder], n: usize) -> Vec<(String, String)> {
    let mut out = vec![];
    for f in folders {
        let home = protocols::CATALOGUE.iter().find(|b| b.id == f.entry);
        if home.is_none_or(|b| section(b.sign().rows) == n) {
            continue;
        }
        let here = |s: &&Listed| !s.row.is_empty() && section(&[&s.row]) == n;
        out.extend(f.scenarios.iter().filter(here).map(|s| called(f, s)));
    }
    out
}

/// Scenarios to be solved: their slugs say so.
pub fn mysteries(folders: &[Folder]) -> Vec<(String, String)> {
    let is_one = |s: &&Listed| s.slug.starts_with("mystery-");
    let of =
        |f: &Folder| f.scenarios.iter().filter(is_one).map(|s| called(f, s)).collect::<Vec<_>>();
    folders.iter().flat_map(of).collect()
}

/// Its place in the address, and its title.
fn called(f: &Folder, s: &Listed) -> (String, String) {
    (format!("#{}/{}", f.entry, s.slug), s.title.clone())
}

#[derive(Clone, Copy)]
pub struct Catalogue {
    /// Empty until the index could be read.
    pub folders: RwSignal<Vec<Folder>>,
    texts: StoredValue<Vec<(String, String)>>,
}

impl Catalogue {
    pub fn new() -> Catalogue {
        Catalogue { folders: RwSignal::new(vec![]), texts: StoredValue::new(vec![]) }
    }

    /// Know what there is: behind the first frames, and before a name is said to be unknown. What could not be fetched is
    /// asked for again.
    pub async fn read(&self) {
        if !self.is_read()
            && let Ok(text) = dom::fetch_text("entries/index.json").await
        {
            self.folders.set(read_index(&text));
        }
    }

    /// Whether all there is is known.
    pub fn is_read(&self) -> bool {
        self.folders.with_untracked(|f| !f.is_empty())
    }

    /// The text of a shipped scenario.
    pub async fn text(&self, entry: &str, slug: &str) -> Result<String, String> {
        self.file(format!("entries/{entry}/{slug}.lamp")).await
    }

    pub async fn lesson(&self, entry: &str) -> Result<String, String> {
        self.file(format!("entries/{entry}/lesson.md")).await
    }

    /// Its picture, drawn by the scene when the page was built.
    pub async fn thumb(&self, entry: &str) -> Result<String, String> {
        self.file(format!("entries/{entry}/thumb.svg")).await
    }

    /// Fetched once.
    async fn file(&self, path: String) -> Result<String, String> {
        let kept =
            self.texts.with_value(|t| t.iter().find(|(p, _)| *p == path).map(|(_, t)| t.clone()));
        if let Some(text) = kept {
            return Ok(text);
        }
        let text = dom::fetch_text(&path).await?;
        self.texts.update_value(|t| t.push((path, text.clone())));
        Ok(text)
    }

    /// Every shipped scenario as `entry/slug`; the entries' first ones are known before the index is there.
    pub fn names(&self) -> Vec<String> {
        let firsts = protocols::CATALOGUE.iter().map(|b| format!("{}/{}", b.id, b.first));
        let mut names: Vec<String> = self.folders.with_untracked(|f| {
            let of = |f: &Folder| {
                f.scenarios.iter().map(|s| format!("{}/{}", f.entry, s.slug)).collect::<Vec<_>>()
            };
            f.iter().flat_map(of).collect()
        });
        names.extend(firsts);
        names
    }
}

fn read_index(text: &str) -> Vec<Folder> {
    let parsed = js_sys::JSON::parse(text).ok();
    parsed.and_then(|v| serde_wasm_bindgen::from_value(v).ok()).unwrap_or_default()
}

#[component]
pub fn Rail() -> impl IntoView {
    let page = expect_context::<Page>();
    let catalogue = expect_context::<Catalogue>();
    // A text of the reader's own is of an entry too.
    let own = |l: &Loaded| (l.run.borrow().entry().id.to_string(), String::new());
    let current =
        Kept::new(move || page.loaded().map(|l| l.origin.clone().unwrap_or_else(|| own(&l))));
    // What is open is in sight, once the list of its scenarios stands under it: at first with all of that list that has
    // room, and later no farther than it takes.
    let first = StoredValue::new(true);
    effect(move || {
        current.with(|_| ());
        let opens = first.get_value() && catalogue.folders.with(|f| !f.is_empty());
        if opens {
            first.set_value(false);
        }
        request_animation_frame(move || {
            dom::bring_into_sight(".rail [aria-current=true]", opens);
            dom::bring_into_sight(".rail [aria-current=page]", false);
        });
    });
    type Found = fn(&[Folder], usize) -> Vec<(String, String)>;
    let links = move |found: Found, n: usize| {
        let here = move |href: &str| {
            current.with(|c| c.as_ref().is_some_and(|(e, s)| href == format!("#{e}/{s}")))
        };
        let link = move |(href, title): (String, String)| {
            let at = href.clone();
            let current = move || here(&at).then_some("page");
            view! {
                <li><a class="entry" href=href aria-current=current on:click=move |_| page.rail.set(false)>{title}</a></li>
            }
        };
        let list = move || page.whole.get().then(|| catalogue.folders.with(|f| found(f, n)));
        move || {
            let found = list().filter(|l| !l.is_empty())?;
            Some(view! { <ul class="entries guests">{found.into_iter().map(link).rows()}</ul> })
        }
    };
    let puzzles = move || page.whole.get() && catalogue.folders.with(|f| !mysteries(f).is_empty());
    let (guests_of, all_mysteries) = (move |n| links(guests, n), links(|f, _| mysteries(f), 0));
    view! {
        <nav class="rail" aria-label="Catalogue">
            <GoOn/>
            {by_section()
                .into_iter()
                .map(|(n, entries)| {
                    view! {
                        <h2>{format!("{n} {}", section_name(n))}</h2>
                        <ul class="entries">
                            {entries.into_iter().map(|e| view! { <Item entry=e current=current catalogue=catalogue/> }).rows()}
                        </ul>
                        {let of = guests_of(n); move || of().perhaps()}
                    }
                })
                .rows()}
            {when(puzzles, move || view! { <h2>"Mysteries"</h2>{move || all_mysteries().perhaps()} }.into_any())}
        </nav>
    }
}

/// The way back to what the reader was in the middle of.
#[component]
fn GoOn() -> impl IntoView {
    let page = expect_context::<Page>();
    // What is in view now needs no way back to it.
    let here = dom::fragment();
    let others = work::recent().into_iter().filter(move |w| w.link != here).take(3);
    let line = move |w: work::Work| {
        view! { <li><a class="entry" href=format!("#{}", w.link) on:click=move |_| page.rail.set(false)>{w.title}</a></li> }
    };
    let others: Vec<work::Work> = others.collect();
    (!others.is_empty())
        .then(|| view! { <h2>"Go on with"</h2><ul class="entries go-on">{others.into_iter().map(line).rows()}</ul> })
        .perhaps()
}

#[component]
fn Item(
    entry: &'static Sign,
    current: Kept<Option<(String, String)>>,
    catalogue: Catalogue,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let here = Kept::new(move || current.with(|c| c.as_ref().is_some_and(|(e, _)| e == entry.id)));
    let list = move || {
        catalogue.folders.with(|f| {
            f.iter().find(|f| f.entry == entry.id).map_or(vec![], |f| f.scenarios.clone())
        })
    };
    let line = move |s: Listed| {
        let slug = s.slug.clone();
        let mine =
            move || current.with(|c| c.as_ref().is_some_and(|(e, c)| e == entry.id && *c == slug));
        view! {
            <li>
                <a class="entry" href=format!("#{}/{}", entry.id, s.slug) aria-current=move || mine().then_some("page") on:click=move |_| page.rail.set(false)>
                    {s.title}
                </a>
            </li>
        }
    };
    view! {
        <li>
            <a class="entry" href=format!("#{}/{}", entry.id, entry.first) aria-current=move || here.get().then_some("true") on:click=move |_| page.rail.set(false)>
                <Thumb entry=entry catalogue=catalogue/>
                <span>{entry.title}</span>
            </a>
            {when(move || here.get(), move || view! {
                <ul class="entries">{move || list().into_iter().map(line).rows()}</ul>
            }.into_any())}
        </li>
    }
}

/// A small picture of the entry's first scenario.
#[component]
fn Thumb(entry: &'static Sign, catalogue: Catalogue) -> impl IntoView {
    let picture = RwSignal::new(String::new());
    spawn_local(async move {
        // The stage comes first: thumbnails wait until it moves.
        gloo_timers::future::TimeoutFuture::new(300).await;
        picture.set(catalogue.thumb(entry.id).await.unwrap_or_default());
    });
    view! { <span class="thumb" aria-hidden="true" inner_html=move || picture.get()></span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_lists_what_keeps_its_rows_and_mysteries_have_a_place_of_their_own() {
        let listed = |slug: &str, row: &str| Listed {
            slug: slug.into(),
            title: slug.to_uppercase(),
            shows: String::new(),
            row: row.into(),
        };
        let scenarios =
            vec![listed("plain", "3.2"), listed("guest", "1.5"), listed("mystery-a", "3.2")];
        let folders = [Folder { entry: "raft".into(), scenarios }];
        let guest = || vec![("#raft/guest".to_string(), "GUEST".to_string())];
        assert_eq!((guests(&folders, 1), guests(&folders, 3)), (guest(), vec![]));
        assert_eq!(mysteries(&folders), [("#raft/mystery-a".to_string(), "MYSTERY-A".to_string())]);
    }

    #[test]
    fn every_entry_has_a_section() {
        for (n, entries) in by_section() {
            assert!(!section_name(n).is_empty());
            assert!(entries.iter().all(|e| section(e.rows) == n));
        }
    }
}
