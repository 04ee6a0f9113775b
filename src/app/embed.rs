//! The port of an embedding page: a versioned envelope over `postMessage`.
//!
//! ```text
//!   { ns: "lamplight", v: 1, kind: "evt" | "cmd" | "res", name, id?, data? }
//! ```
//!
//! Before it has been spoken to, the frame says only `ready`, `resize` and `error`, and nothing of what is in it. The first
//! command pins the origin; `?origin=` pins it beforehand. A command from anybody else is not heard.

use crate::app::lay::effect;
use engine::ids::*;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::dom;
use super::head::Head;
use super::page::{Mode, Page, View, end_of};
use super::parts;

#[derive(Debug, Serialize)]
struct Out<'a, T: Serialize> {
    ns: &'a str,
    v: u8,
    kind: &'a str,
    name: &'a str,
    /// As it came: a host may number its commands.
    #[serde(skip_serializing_if = "JsValue::is_undefined", with = "serde_wasm_bindgen::preserve")]
    id: JsValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    data: T,
}

/// What a host may send. Unknown fields are left alone: the envelope grows.
#[derive(Debug, Deserialize)]
struct In {
    ns: String,
    v: u8,
    kind: String,
    name: String,
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    id: JsValue,
    /// Read when it is known who asks: what is wrong with it is answered.
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    data: JsValue,
}

#[derive(Debug, Default, Deserialize)]
struct Args {
    /// Microseconds.
    #[serde(default)]
    t: Option<f64>,
    /// Steps, backwards where negative.
    #[serde(default)]
    by: Option<i32>,
}

/// Where the run stands, as a host is told.
#[derive(Debug, Serialize)]
struct State {
    /// Microseconds.
    t: f64,
    playing: bool,
    duration: f64,
    title: String,
}

#[derive(Debug, Serialize)]
struct Code {
    code: &'static str,
}

#[derive(Debug, Serialize)]
struct Ready {
    versions: [u8; 1],
}

#[derive(Debug, Serialize)]
struct Height {
    height: f64,
}

/// A command, understood.
#[derive(Debug, PartialEq)]
enum Command {
    Hello,
    Play,
    Pause,
    Toggle,
    Step(i32),
    Seek(Us),
    GetState,
}

fn command(name: &str, args: &Args) -> Result<Command, &'static str> {
    Ok(match name {
        "hello" => Command::Hello,
        "play" => Command::Play,
        "pause" => Command::Pause,
        "toggle" => Command::Toggle,
        "step" => Command::Step(args.by.unwrap_or(1).clamp(-1_000, 1_000)),
        "seek" => match args.t {
            Some(t) if (0.0..=8.64e10).contains(&t) => Command::Seek(t as Us),
            _ => return Err("bad-args"),
        },
        "getState" => Command::GetState,
        _ => return Err("unknown-command"),
    })
}

fn perform(page: Page, what: Command) {
    match what {
        Command::Hello | Command::GetState => {}
        Command::Play if !page.playing.get_untracked() => page.toggle(),
        Command::Pause if page.playing.get_untracked() => page.toggle(),
        Command::Play | Command::Pause => {}
        Command::Toggle => page.toggle(),
        Command::Step(by) => (0..by.unsigned_abs()).for_each(|_| page.step(by > 0)),
        Command::Seek(t) => page.go(if t == 0 { Head::default() } else { Head::after(t) }),
    }
}

fn state(page: Page) -> State {
    State {
        t: page.head.get_untracked().at as f64,
        playing: page.playing.get_untracked(),
        duration: page.with_run_now(end_of).unwrap_or(0) as f64,
        title: untrack(|| page.title()),
    }
}

fn post<T: Serialize>(to: &str, kind: &str, name: &str, id: JsValue, ok: Option<bool>, data: T) {
    let Ok(Some(parent)) = window().parent() else { return };
    let out = Out { ns: "lamplight", v: 1, kind, name, id, ok, data };
    let plain = serde_wasm_bindgen::Serializer::json_compatible();
    if let Ok(message) = out.serialize(&plain) {
        // An origin that is not one: nobody to tell.
        let _ = parent.post_message(&message, to);
    }
}

/// What an embed waits for its first frames, in milliseconds: where nobody sees it, the browser draws none.
const UNSEEN_MS: u32 = 1_000;

/// Speak with the embedding page, if there is one: once all of the page is there, since what a host may ask needs it.
pub fn listen(page: Page) {
    let framed = window().parent().ok().flatten().is_some_and(|p| p != window());
    if page.mode.get_untracked() == Mode::Embed && framed {
        Timeout::new(UNSEEN_MS, parts::bring_late).forget();
        effect(move || {
            if page.whole.get() {
                speak(page);
            }
        });
    }
}

fn speak(page: Page) {
    let pinned = StoredValue::new(dom::query("origin").filter(|o| is_origin(o)));
    let target = move || pinned.get_value().unwrap_or_else(|| "*".into());
    let heard = window_event_listener(leptos::ev::message, move |ev: web_sys::MessageEvent| {
        hear(page, pinned, &ev)
    });
    on_cleanup(move || heard.remove());

    let told = StoredValue::new(false);
    effect(move || {
        let to = target();
        match page.view.with(|v| {
            matches!(v, View::Wrong(_))
                .then_some(true)
                .or(matches!(v, View::Running(_)).then_some(false))
        }) {
            Some(true) => {
                post(&to, "evt", "error", JsValue::UNDEFINED, None, Code { code: "bad-link" })
            }
            Some(false) if !told.get_value() => {
                told.set_value(true);
                post(&to, "evt", "ready", JsValue::UNDEFINED, None, Ready { versions: [1] });
                post(&to, "evt", "resize", JsValue::UNDEFINED, None, Height { height: height() });
            }
            _ => {}
        }
    });
    let resized = window_event_listener(leptos::ev::resize, move |_| {
        post(&target(), "evt", "resize", JsValue::UNDEFINED, None, Height { height: height() })
    });
    on_cleanup(move || resized.remove());
}

/// A page without an origin (a file, a sandbox) can be neither told from others by it nor addressed.
fn is_origin(word: &str) -> bool {
    !matches!(word, "*" | "null" | "file://")
}

/// An answer tells where the run stands once it stands there. A far moment is worked out piece by piece, and not by the
/// frames alone: an embed that is out of sight has none.
fn once_there(page: Page, then: impl FnOnce() + 'static) {
    if page.is_on_its_way() {
        page.go_further();
        Timeout::new(0, move || once_there(page, then)).forget();
    } else {
        then();
    }
}

fn height() -> f64 {
    document().document_element().map_or(0.0, |e| f64::from(e.scroll_height()))
}

fn hear(page: Page, pinned: StoredValue<Option<String>>, ev: &web_sys::MessageEvent) {
    let from_parent = ev.source().is_some_and(|s| {
        window().parent().ok().flatten().is_some_and(|p| js_sys::Object::is(&s, &p))
    });
    let known = pinned.with_value(|p| p.as_ref().is_none_or(|p| *p == ev.origin()));
    if !from_parent || !known {
        return;
    }
    let Ok(message) = serde_wasm_bindgen::from_value::<In>(ev.data()) else { return };
    if message.ns != "lamplight" || message.v != 1 || message.kind != "cmd" {
        return;
    }
    if pinned.with_value(Option::is_none) && is_origin(&ev.origin()) {
        pinned.set_value(Some(ev.origin()));
    }
    let to = pinned.get_value().unwrap_or_else(|| "*".into());
    let args = match message.data.is_undefined() || message.data.is_null() {
        true => Ok(Args::default()),
        false => serde_wasm_bindgen::from_value(message.data).map_err(|_| "bad-args"),
    };
    match args.and_then(|args| command(&message.name, &args)) {
        Ok(what) => {
            perform(page, what);
            once_there(page, move || {
                post(&to, "res", &message.name, message.id, Some(true), state(page));
            });
        }
        Err(code) => post(&to, "res", &message.name, message.id, Some(false), Code { code }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_is_one() {
        let is = ["https://a.example", "null", "*", "file://"].map(is_origin);
        assert_eq!(is, [true, false, false, false]);
    }

    #[test]
    fn commands_are_checked() {
        let seek = |t| command("seek", &Args { t: Some(t), by: None });
        assert_eq!(seek(1e6), Ok(Command::Seek(1_000_000)));
        assert_eq!(seek(f64::NAN), Err("bad-args"));
        assert_eq!(seek(-1.0), Err("bad-args"));
        assert_eq!(command("seek", &Args::default()), Err("bad-args"));
        assert_eq!(
            command("step", &Args { t: None, by: Some(-99_999) }),
            Ok(Command::Step(-1_000))
        );
        assert_eq!(command("eval", &Args::default()), Err("unknown-command"));
    }
}
