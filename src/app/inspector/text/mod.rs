//! The scenario's text: written, read while it is written, and run. Running it is the same as doing it by hand: an edit.
//!
//! The field is a plain text area with clear letters; behind it lies the same text in colours, moved along.

mod field;
mod layer;

use engine::ids::EventId;
use engine::scenario::{Completion, Fault};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use self::field::Field;
use super::settings::Settings;
use crate::app::lay::{Kept, Rows, effect, when};
use crate::app::page::{Page, Pick, View};
use crate::app::{dom, files};

/// So many mistakes are listed at once: as they are mended, others come.
const LISTED: usize = 50;

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

/// The field, what is wrong in it, and the button that lets it run.
#[component]
pub fn Editor(text: Kept<String>, first: Vec<Fault>) -> impl IntoView {
    let page = expect_context::<Page>();
    let field = Field::new(page, text, &first);
    let layer = NodeRef::<leptos::html::Code>::new();
    field.read(first);
    layer::keep(layer, field.text, field.wrong, field.here);
    field.show_row();
    let open = Kept::new(move || field.is_open());
    keep_in_sight(field, open);
    let changed = move || page.draft.with(Option::is_some);
    view! {
        <p class="soft advice">"Everything you do by hand becomes a line here. Change a line and run it: what comes before stays the same. "<span class="by-key">"Ctrl Space offers words, Ctrl Enter runs the text."</span></p>
        <div class="editor">
            <pre aria-hidden="true"><code node_ref=layer
                style:translate=move || format!("{}px {}px", -field.scroll.get().0, -field.scroll.get().1)></code></pre>
            <textarea class="scenario" node_ref=field.node spellcheck="false" autocomplete="off" aria-label="Text of the scenario" wrap="off"
                aria-invalid=move || field.wrong.with(|w| (!w.is_empty()).then_some("true"))
                aria-autocomplete="list" aria-controls=move || open.get().then_some("words")
                aria-activedescendant=move || field.active.get().map(|i| format!("word-{i}"))
                prop:value=move || field.text.get() on:input=move |_| field.typed() on:keydown=move |ev| field.key(ev)
                on:keyup=move |ev| field.key_up(ev) on:click=move |_| field.clicked() on:blur=move |_| field.close()
                on:scroll=move |_| field.scrolled()></textarea>
            {when(move || open.get(), move || menu(field))}
        </div>
        <ul class="faults">{move || field.wrong.get().into_iter().take(LISTED).map(|f| fault(field, f)).rows()}</ul>
        <p class="row">
            <button type="button" class="primary" disabled=move || !changed() on:click=move |_| field.run()>"Run this text"</button>
            <button type="button" disabled=move || !changed() on:click=move |_| page.put_aside(None, "What was written is taken back.".into(), false)>"Take back"</button>
        </p>
        <files::Files text=field.text/>
    }
}

/// The words that may stand at the caret, below it.
fn menu(field: Field) -> AnyView {
    let option = move |(i, c): (usize, Completion)| {
        let chosen = move || field.active.get() == Some(i);
        view! {
            <li role="option" id=format!("word-{i}") aria-selected=move || chosen().to_string()
                on:click=move |_| field.accept(i)>
                <b>{c.word}</b><span>{c.form}</span>
            </li>
        }
    };
    view! {
        <ul class="menu words" id="words" role="listbox" aria-label="Words that may stand here" tabindex="-1" on:mousedown=move |ev| ev.prevent_default()
            style:left=move || format!("max(0px, min({}ch - {}px, 100% - 17rem))", field.caret.get().1, field.scroll.get().0)
            style:top=move || format!("calc({} * 1.21875rem + 0.5rem - {}px)", field.caret.get().0, field.scroll.get().1)>
            {move || field.menu.get().into_iter().enumerate().map(option).rows()}
        </ul>
    }
    .into_any()
}

/// The words are in sight when they come, and the chosen one while one walks through them.
fn keep_in_sight(field: Field, open: Kept<bool>) {
    effect(move || {
        let Some(i) = field.active.get() else { return };
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
    effect(move || {
        if open.get() {
            request_animation_frame(|| dom::bring_into_sight("#words", false));
        }
    });
}

/// What is wrong, and where; pressed, it is selected in the field.
fn fault(field: Field, f: Fault) -> impl IntoView {
    let (line, message, hint) =
        (f.place.line, f.message.clone(), f.hint.clone().unwrap_or_default());
    view! { <li><button type="button" class="plain link" on:click=move |_| field.show(&f)><span><b>"line "{line}</b>": "{message}" "{hint}</span></button></li> }
}
