//! The transport: play, steps, the scrubber with its marks, the speed, and the way to break something.

use crate::app::lay::{Kept, Rows, when};
use engine::ids::*;
use leptos::prelude::*;

use super::branches::Branches;
use super::head::Head;
use super::marks::Marks;
use super::page::{Mode, Page, Sheet};
use super::{icons, words};

/// Speeds in percent of the pace.
pub const SPEEDS: &[u32] = &[25, 50, 100, 200, 400, 800];

pub fn speed_word(percent: u32) -> String {
    match percent {
        25 => "¼×".into(),
        50 => "½×".into(),
        p => format!("{}×", p / 100),
    }
}

#[component]
pub fn Transport() -> impl IntoView {
    let page = expect_context::<Page>();
    let label = move || if page.playing.get() { "Pause" } else { "Play" };
    // Only an embed has a way out, and only a run that stands has one moment to show there.
    let out = move || {
        page.head.track();
        let away = page.mode.get() == Mode::Embed && page.whole.get() && !page.playing.get();
        if away { page.address_out() } else { "./".to_string() }
    };
    view! {
        <section class="transport" aria-label="Transport">
            <div class="steps">
                <button type="button" class="square far" aria-label="To the beginning" aria-keyshortcuts="Home" on:click=move |_| page.home()>{icons::home()}</button>
                <button type="button" class="square" aria-label="Step back" aria-keyshortcuts="ArrowLeft" on:click=move |_| page.step(false)>{icons::back()}</button>
                <button type="button" class="primary round play" aria-label=label aria-keyshortcuts="Space" on:click=move |_| page.toggle()>
                    {move || if page.playing.get() { icons::pause().into_any() } else { icons::play().into_any() }}
                </button>
                <button type="button" class="square" aria-label="Step forward" aria-keyshortcuts="ArrowRight" on:click=move |_| page.step(true)>{icons::forward()}</button>
                <button type="button" class="square far" aria-label="To the end" aria-keyshortcuts="End" on:click=move |_| page.end()>{icons::end()}</button>
            </div>
            <Clock/>
            <Scrub/>
            {when(move || page.whole.get(), move || view! {
                <button type="button" class="until wide-only" aria-haspopup="dialog" on:click=move |_| page.sheet.set(Some(Sheet::Until))>"Until …"</button>
            }.into_any())}
            <Speed/>
            <button type="button" class="break" aria-haspopup="dialog" on:click=move |_| page.sheet.set(Some(Sheet::Break))>
                "Break"<span class="wide-only">" something"</span>
            </button>
            <a class="name way-out" href=out target="_blank" rel="noopener" aria-label="Open in Lamplight">"Lamp"<b>"light"</b>" ↗"</a>
        </section>
    }
}

#[component]
fn Clock() -> impl IntoView {
    let page = expect_context::<Page>();
    let skipped =
        move || page.cut.get().map(|(a, b)| format!("{}\u{202f}ms skipped", (b - a) / MS));
    view! {
        <span class="clock">
            {move || words::clock(page.head.get().at)}
            <small class="cut" aria-hidden="true">{skipped}</small>
        </span>
    }
}

#[component]
fn Scrub() -> impl IntoView {
    let page = expect_context::<Page>();
    let end = Kept::new(move || {
        page.known.track();
        let head = page.head.get().at;
        page.whole_end().max(head).max(1)
    });
    let share = move || {
        let parts = page.head.get().at * 10_000 / end.get();
        format!("{}.{:02}%", parts / 100, parts % 100)
    };
    let seek = move |ev| {
        let at = event_target::<web_sys::HtmlInputElement>(&ev).value_as_number().max(0.0) as Us;
        page.go(if at == 0 { Head::default() } else { Head::after(at) });
    };
    let grown = move || page.tree.with(|t| t.all.len() > 1) && page.mode.get() == Mode::Page;
    view! {
        <div class="scrub">
            {when(move || page.whole.get(), move || view! { <Marks end=end/> }.into_any())}
            <input type="range" class="track" min="0" step="any" aria-label="Time"
                prop:max=move || end.get().to_string()
                prop:value=move || page.head.get().at.to_string()
                aria-valuetext=move || words::clock(page.head.get().at)
                style:--at=share
                on:input=seek/>
            {when(move || page.whole.get() && grown(), move || view! { <Branches end=end/> }.into_any())}
        </div>
    }
}

#[component]
fn Speed() -> impl IntoView {
    let page = expect_context::<Page>();
    let choose = move |ev| page.speed.set(event_target_value(&ev).parse().unwrap_or(100));
    view! {
        <select class="speed" aria-label="Speed" on:change=choose prop:value=move || page.speed.get().to_string()>
            {SPEEDS.iter().map(|s| view! { <option value=s.to_string() selected=*s == 100>{speed_word(*s)}</option> }).rows()}
        </select>
    }
}
