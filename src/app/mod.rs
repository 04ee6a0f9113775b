//! The application: what the reader sees and presses. It holds a run of the engine and never names a protocol.
//!
//! ```text
//!   address ──route──▶ Page (run, playhead, selection) ──▶ stage, inspector, transport
//!      ▲                 │         ▲                            │
//!      └── debounced ────┘         └── beat: one animation ◀────┘ every act is an edit of the text
//! ```
//!
//! Components hold no logic: they read [`page::Page`]'s signals, call its verbs, and draw what plain functions of the
//! engine and of these modules give them.

mod beat;
mod branches;
mod catalogue;
mod desk;
mod dom;
mod draft;
mod embed;
mod faults;
mod files;
mod hands;
mod head;
mod icons;
mod inquiry;
mod inspector;
mod keys;
mod lay;
mod marks;
mod page;
pub mod panic;
mod parts;
mod route;
mod share;
mod sides;
mod stage;
mod transport;
mod tree;
mod until;
mod words;
mod work;
mod wrong;

use crate::app::lay::{Rows, effect};
use leptos::prelude::*;

use beat::Beat;
use catalogue::Catalogue;
use page::{Mode, Page, Sheet, Tab, View};

/// Takes the static text out of the page and puts the application there.
pub fn mount() {
    if let Some(text) = document().get_element_by_id("static") {
        text.remove();
    }
    leptos::mount::mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    if dom::query("panic").as_deref() == Some("1") {
        // The card that follows is tested, and can be seen.
        panic!("asked to, by ?panic=1");
    }
    let page = Page::new();
    let catalogue = Catalogue::new();
    let beat = Beat::new(page);
    provide_context(page);
    provide_context(catalogue);
    provide_context(beat);
    beat::follow_the_browser(page, beat);
    keys::listen(page);
    route::open(page, catalogue, dom::fragment());
    route::follow(page, catalogue);
    embed::listen(page);
    reflect(page);

    let mode = move || match page.mode.get() {
        Mode::Page => "page",
        Mode::Embed => "embed",
        Mode::Project => "project",
    };
    let view = move || if page.tab.get() == Tab::Messages { "messages" } else { "panel" };
    let wrong = move || page.view.with(|v| matches!(v, View::Wrong(_)));
    // Rows of the tree under the scrubber; more than a few are scrolled.
    let branches = lay::Kept::new(move || {
        let many = if page.whole.get() { page.tree.with(|t| t.all.len()) } else { 0 };
        (many > 1 && page.mode.get() == Mode::Page).then(|| many.min(4))
    });
    // What no first frame needs is built when its code is there; the grid keeps its place.
    let rest = move |what: fn() -> AnyView| lay::when(move || page.whole.get(), what);
    // An embed shows a run and a way to the whole page: neither the catalogue nor what looks into the run is built there.
    let embedded = page.mode.get_untracked() == Mode::Embed;
    let around =
        move |what: fn() -> AnyView| lay::when(move || page.whole.get() && !embedded, what);
    view! {
        <a class="skip" href="#stage" on:click=move |ev| { ev.prevent_default(); dom::focus("#stage"); }>"To the run"</a>
        <div class="page" data-mode=mode data-view=view data-branches=move || branches.get().map(|n| n.to_string()) data-rail=move || page.rail.get().then_some("open") data-wrong=move || wrong().then_some("true")>
            <Header/>
            {around(|| view! { <catalogue::Rail/> }.into_any())}
            <stage::Stage/>
            {around(|| view! { <inspector::Inspector/> }.into_any())}
            <transport::Transport/>
        </div>
        <p class="hush" role="status" aria-live="polite">{move || page.said.get()}</p>
        {rest(|| view! { <Sheets/><files::Drop/> }.into_any())}
    }
}

/// Let the document show what the page is: its title, its theme; on a phone its tabs.
fn reflect(page: Page) {
    effect(move || document().set_title(&format!("{} – Lamplight", page.title())));
    effect(move || {
        let theme = page.theme.get();
        let Some(root) = document().document_element() else { return };
        let _ = match theme.as_str() {
            "light" | "dark" | "contrast" => root.set_attribute("data-theme", &theme),
            _ => root.remove_attribute("data-theme"),
        };
    });
    effect(move || {
        let (phone, tab) = (page.phone.get(), page.tab.get_untracked());
        match (phone, tab) {
            (true, Tab::Inspect) => page.tab.set(Tab::Messages),
            (false, Tab::Messages) => page.tab.set(Tab::Inspect),
            _ => {}
        }
    });
}

#[component]
fn Header() -> impl IntoView {
    let page = expect_context::<Page>();
    let crumbs = move || {
        page.with_run(|run| {
            let e = run.entry();
            format!("{} / {}", catalogue::section_name(catalogue::section(e.rows)), e.title)
        })
    };
    view! {
        <header class="header">
            <p class="name"><a href="./">"Lamp"<b>"light"</b></a></p>
            <p class="crumbs">{crumbs}</p>
            <p class="title" aria-hidden="true">{move || page.title()}</p>
            <div class="actions">
                <button type="button" class="square rail-button" aria-label="Catalogue" aria-expanded=move || page.rail.get().to_string() on:click=move |_| page.rail.update(|r| *r = !*r)>{icons::menu()}</button>
                <button type="button" class="wide-only" disabled=move || !page.can_undo() on:click=move |_| page.undo()>"Undo"</button>
                {lay::when(move || page.whole.get(), move || view! {
                    <button type="button" class="wide-only" disabled=move || !page.can_redo() on:click=move |_| page.redo()>"Redo"</button>
                }.into_any())}
                <button type="button" class="primary" on:click=move |_| share::copy_link(page)>"Copy link"</button>
                <button type="button" class="square wide-only" aria-label="Keys" on:click=move |_| page.sheet.set(Some(Sheet::Keys))>"?"</button>
                <button type="button" class="square wide-only" aria-label="Light or dark" on:click=move |_| page.next_theme()>{icons::theme()}</button>
                {lay::when(move || page.whole.get() && page.phone.get(), move || view! {
                    <button type="button" class="square phone-only" aria-label="More" aria-haspopup="dialog" on:click=move |_| page.sheet.set(Some(Sheet::More))>"⋯"</button>
                }.into_any())}
            </div>
        </header>
    }
}

/// The one dialog that may be open.
#[component]
fn Sheets() -> impl IntoView {
    let page = expect_context::<Page>();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    hands::listen();
    effect(move || {
        let Some(d) = dialog.get() else { return };
        match page.sheet.get() {
            Some(_) if !d.open() => {
                let _ = d.show_modal();
            }
            None if d.open() => d.close(),
            _ => {}
        }
    });
    let name = move || match page.sheet.get() {
        Some(Sheet::Keys) => "Keys",
        Some(Sheet::Break) => "Break something",
        Some(Sheet::Partition) => "Partition the network",
        Some(Sheet::Share) => "The link of this run",
        Some(Sheet::Until) => "Run until",
        Some(Sheet::More) => "More",
        None => "Dialog",
    };
    let body = move || match page.sheet.get() {
        Some(Sheet::Keys) => view! { <KeySheet/> }.into_any(),
        Some(Sheet::Break) => view! { <faults::BreakSheet/> }.into_any(),
        Some(Sheet::Partition) => view! { <faults::PartitionSheet/> }.into_any(),
        Some(Sheet::Share) => view! { <share::ShareSheet/> }.into_any(),
        Some(Sheet::Until) => view! { <until::UntilSheet/> }.into_any(),
        Some(Sheet::More) => view! { <MoreSheet/> }.into_any(),
        None => ().into_any(),
    };
    view! { <dialog node_ref=dialog aria-label=name on:close=move |_| page.sheet.set(None)>{body}</dialog> }
}

/// What a phone has no room for in its bars.
#[component]
fn MoreSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    let deed = move |word: &'static str, off: bool, act: fn(Page)| {
        view! {
            <button type="button" disabled=off on:click=move |_| { page.sheet.set(None); act(page); }>{word}</button>
        }
    };
    let (undo, redo) = untrack(|| (!page.can_undo(), !page.can_redo()));
    view! {
        <h2>"More"</h2>
        <div class="deeds">{deed("Undo", undo, |p| p.undo())}{deed("Redo", redo, |p| p.redo())}</div>
        <div class="deeds">{deed("To the beginning", false, |p| p.home())}{deed("To the end", false, |p| p.end())}
            {deed("Run until …", false, |p| p.sheet.set(Some(Sheet::Until)))}</div>
        <div class="deeds">{deed("Light or dark", false, |p| p.next_theme())}{deed("Keys", false, |p| p.sheet.set(Some(Sheet::Keys)))}</div>
        <div class="actions"><button type="button" on:click=move |_| page.sheet.set(None)>"Close"</button></div>
    }
}

#[component]
fn KeySheet() -> impl IntoView {
    let page = expect_context::<Page>();
    let letters = move |ev| {
        let on = event_target_checked(&ev);
        page.letters.set(on);
        dom::remember("letters", if on { "on" } else { "off" });
    };
    view! {
        <h2 tabindex="-1" autofocus=true>"Keys"</h2>
        <dl class="fields keys">{keys::MAP.iter().map(|(k, what)| view! { <div><dt><kbd>{*k}</kbd></dt><dd>{*what}</dd></div> }).rows()}</dl>
        <label><input type="checkbox" prop:checked=move || page.letters.get() on:change=letters/>"single letters are keys"</label>
        <div class="actions"><button type="button" on:click=move |_| page.sheet.set(None)>"Close"</button></div>
    }
}
