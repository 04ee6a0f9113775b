//! The dialog in which everything that can be broken is a button: first what to break, then how.

use crate::app::lay::{Kept, Perhaps, Rows, effect, when};
use engine::card::StirCard;
use engine::ids::*;
use leptos::prelude::*;

use super::{
    Ask, Deed, amiss, beyond, held, object_of, sentence, to_coming, to_link, to_message,
    to_network, to_node, to_stir,
};
use super::{partition, under_way};
use crate::app::dom;
use crate::app::page::{Page, Pick, Sheet};
use crate::app::words;

/// What is to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Network,
    Node,
    Link,
    Message,
    /// Whatever the protocol is famous for.
    Stir,
}

const KINDS: [(On, &str); 4] =
    [(On::Network, "Network"), (On::Node, "Node"), (On::Link, "Link"), (On::Message, "Message")];
const STIR: (On, &str) = (On::Stir, "Make it interesting");

/// Both ends of a link, and whether both ways are meant.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ends {
    from: u16,
    to: u16,
    both: bool,
}

/// What the reader aims at.
#[derive(Clone, Copy)]
struct Aim {
    page: Page,
    on: RwSignal<On>,
    node: RwSignal<u16>,
    ends: RwSignal<Ends>,
    message: RwSignal<Option<MsgId>>,
    /// Messages that can be meant, with their names.
    choices: Kept<Vec<(u32, String)>>,
    /// Of a kind, from anybody and to anybody where nobody is chosen.
    coming: RwSignal<Chosen>,
}

impl Aim {
    /// At what is selected.
    fn new(page: Page) -> Aim {
        let pick = page.pick.get_untracked();
        let object = page.with_run_now(|run| object_of(run, pick)).unwrap_or(pick);
        let on = match object {
            Pick::Node(_) => On::Node,
            Pick::Message(_) => On::Message,
            _ => On::Network,
        };
        let from = if let Pick::Node(n) = object { n.0 } else { 0 };
        let ends = Ends { from, to: u16::from(from == 0), both: false };
        let message = RwSignal::new(if let Pick::Message(m) = object { Some(m) } else { None });
        Aim {
            page,
            on: RwSignal::new(on),
            node: RwSignal::new(from),
            ends: RwSignal::new(ends),
            message,
            choices: Kept::new(move || choices(page, message.get())),
            coming: RwSignal::new(Chosen::default()),
        }
    }

    fn track(self) {
        let _ = (self.on.get(), self.node.get(), self.ends.get(), self.message.get());
    }

    /// The message that is meant: the first, until one is chosen.
    fn message(self) -> Option<MsgId> {
        let first = || self.choices.with(|c| c.first().map(|c| MsgId(c.0)));
        self.message.get().or_else(first)
    }

    /// What can be done to it.
    fn deeds(self) -> Vec<Deed> {
        let count = self.page.count.get();
        let deeds = self.page.with_run(|run| match self.on.get() {
            On::Network => to_network(run, count),
            On::Node => to_node(run, count, NodeId(self.node.get())),
            On::Link => {
                let e = self.ends.get();
                to_link(run, count, NodeId(e.from), NodeId(e.to), e.both)
            }
            On::Message => self.message().map_or(vec![], |m| to_message(run, count, m)),
            On::Stir => to_stir(run, count),
        });
        deeds.unwrap_or_default()
    }

    /// What can be done to messages that are still to come.
    fn to_coming(self) -> Vec<Deed> {
        let Chosen { kind, with, from, to } = self.coming.get();
        let name = |n: Option<u16>| n.map(NodeId);
        let deeds = self.page.with_run(|run| {
            let kind = run.entry().kinds.get(kind)?;
            (self.on.get() == On::Message)
                .then(|| to_coming(run, (kind.name, &with), name(from), name(to)))
        });
        deeds.flatten().unwrap_or_default()
    }
}

/// The messages under way, and the one that is meant if it is no longer; with their names.
fn choices(page: Page, meant: Option<MsgId>) -> Vec<(u32, String)> {
    let count = page.count.get();
    let all = page.with_run(|run| {
        let kept = held(run, count);
        let mut all = under_way(run, count);
        if let Some(m) = meant.filter(|m| !all.contains(m)) {
            all.insert(0, m);
        }
        let name = |m: &MsgId| {
            let nth = run.trace().msg(*m).map_or(0, |r| r.nth);
            let is = if kept.contains(m) { ", held" } else { "" };
            format!("{} #{nth}{is}", words::travels(run, *m))
        };
        all.iter().map(|m| (m.0, name(m))).collect()
    });
    all.unwrap_or_default()
}

/// Held messages, each to be let go.
fn releases(page: Page) -> Vec<Deed> {
    let count = page.count.get();
    let all = page.with_run(|run| {
        let of = |m: MsgId| to_message(run, count, m).into_iter().find(|d| d.verb == "release");
        held(run, count).into_iter().filter_map(of).collect()
    });
    all.unwrap_or_default()
}

#[component]
pub fn BreakSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    page.freeze();
    let aim = Aim::new(page);
    let asked = RwSignal::new(None::<Deed>);
    let why = RwSignal::new(String::new());
    effect(move || {
        aim.track();
        asked.set(None);
        why.set(String::new());
    });
    let press = move |d: Deed| {
        if let Some(reason) = &d.not {
            why.set(format!("{}: {}", words::capital(&d.name()), sentence(reason)));
            page.said.set(sentence(reason));
        } else if d.ask.is_some() {
            asked.set(Some(d));
            dom::rendered(|| dom::focus("dialog .ask input"));
        } else {
            page.sheet.set(None);
            d.press(page);
        }
    };
    view! {
        <h2>"Break something"</h2>
        <p class="soft">{move || format!("At {}. It becomes a line of the scenario; Ctrl Z takes it back.", words::clock(page.head.get().at))}</p>
        <Kinds aim=aim/>
        {move || what(aim)}
        <How aim=aim press=press/>
        <p class="soft why-not" hidden=move || why.with(String::is_empty)>{move || why.get()}</p>
        {move || asked.get().and_then(|d| d.ask.clone().map(|a| view! { <Value deed=d ask=a/> })).perhaps()}
        <Releases/>
        <div class="actions"><button type="button" on:click=move |_| page.sheet.set(None)>"Close"</button></div>
    }
}

/// What to break.
#[component]
fn Kinds(aim: Aim) -> impl IntoView {
    let stir = (!stirs(aim.page).is_empty()).then_some(STIR);
    let kind = move |(k, word): (On, &'static str)| {
        view! {
            <button type="button" aria-pressed=move || (aim.on.get() == k).to_string() on:click=move |_| aim.on.set(k)>{word}</button>
        }
    };
    view! {
        <div class="deeds" role="group" aria-label="What to break">{KINDS.into_iter().chain(stir).map(kind).rows()}</div>
    }
}

fn stirs(page: Page) -> &'static [StirCard] {
    page.with_run_now(|run| run.entry().stirs).unwrap_or_default()
}

/// Which of its kind.
fn what(aim: Aim) -> AnyView {
    let Aim { page, node, ends, .. } = aim;
    match aim.on.get() {
        On::Stir => view! {
            <dl class="stirs">{stirs(page).iter().map(|s| view! { <dt>{words::capital(s.name)}</dt><dd class="soft">{s.says}</dd> }).rows()}</dl>
        }
        .into_any(),
        On::Network => view! {
            <div class="deeds">
                <button type="button" on:click=move |_| page.sheet.set(Some(Sheet::Partition))>"partition …"</button>
                <button type="button" on:click=move |_| partition::draw(page)>"draw a line …"</button>
            </div>
        }
        .into_any(),
        On::Node => view! { <div class="choose"><NodeField word="Node" value=move || node.get() set=move |n| node.set(n)/></div> }.into_any(),
        On::Link => view! {
            <div class="choose">
                <NodeField word="From" value=move || ends.get().from set=move |n| ends.update(|e| e.from = n)/>
                <label class="field"><span>"Way"</span>
                    <select on:change=move |ev| ends.update(|e| e.both = event_target_value(&ev) == "both")>
                        <option value="one" selected=move || !ends.get_untracked().both>"→ one way"</option>
                        <option value="both" selected=move || ends.get_untracked().both>"↔ both ways"</option>
                    </select>
                </label>
                <NodeField word="To" value=move || ends.get().to set=move |n| ends.update(|e| e.to = n)/>
            </div>
        }
        .into_any(),
        On::Message => (move || which_message(aim)).into_any(),
    }
}

fn which_message(aim: Aim) -> AnyView {
    if aim.choices.with(Vec::is_empty) {
        return view! { <p class="soft">"No message is on its way at this moment, and none is held."</p> }.into_any();
    }
    let now = aim.message().map(|m| m.0);
    view! {
        <label class="field"><span>"Message"</span>
            <select on:change=move |ev| aim.message.set(event_target_value(&ev).parse().ok().map(MsgId))>
                {aim.choices.get().into_iter().map(|(m, name)| view! { <option value=m.to_string() selected=now == Some(m)>{name}</option> }).rows()}
            </select>
        </label>
    }
    .into_any()
}

/// How to break it: what is promised to be borne, and below it what is more than that.
#[component]
fn How(aim: Aim, press: impl Fn(Deed) + Copy + Send + Sync + 'static) -> impl IntoView {
    let page = aim.page;
    let deeds = Kept::new(move || aim.deeds());
    let comes = Kept::new(move || aim.to_coming());
    let is_beyond =
        move |d: &Deed| page.with_run_now(|run| beyond(run, &d.act, &d.then)).unwrap_or(false);
    let some = move |deeds: Vec<Deed>, more: bool| {
        deeds.into_iter().filter(|d| is_beyond(d) == more).collect::<Vec<_>>()
    };
    let more = move || some([deeds.get(), comes.get()].concat(), true);
    let buttons = move |deeds: Vec<Deed>| {
        deeds.into_iter().map(|d| view! { <Button deed=d press=press/> }).rows()
    };
    let title = page.with_run_now(|run| run.entry().title).unwrap_or_default();
    view! {
        <div class="deeds" role="group" aria-label="How">{move || buttons(some(deeds.get(), false))}</div>
        {when(move || aim.on.get() == On::Message, move || view! {
            <section class="coming" aria-labelledby="coming">
                <h3 id="coming">"Messages still to come"</h3>
                <Coming chosen=aim.coming/>
                <div class="deeds" role="group" aria-label="How, when they come">{move || buttons(some(comes.get(), false))}</div>
            </section>
        }.into_any())}
        {when(move || !more().is_empty(), move || view! {
            <section aria-labelledby="beyond">
                <h3 id="beyond">{format!("More than {title} promises to bear")}</h3>
                <div class="deeds" role="group" aria-labelledby="beyond">{move || buttons(more())}</div>
            </section>
        }.into_any())}
    }
}

/// Held messages are let go one after the other, in whatever order: the dialog stays.
#[component]
fn Releases() -> impl IntoView {
    let page = expect_context::<Page>();
    let all = Kept::new(move || releases(page));
    let release = move |d: Deed| {
        d.press(page);
        dom::rendered(|| dom::focus("dialog .held button, dialog .actions button"));
    };
    when(
        move || all.with(|r| !r.is_empty()),
        move || {
            view! {
                <section class="held" aria-labelledby="held">
                    <h3 id="held">"Held messages"</h3>
                    <div class="deeds">{move || all.get().into_iter().map(|d| view! { <Button deed=d press=release/> }).rows()}</div>
                </section>
            }
            .into_any()
        },
    )
}

/// Messages that are still to come.
#[derive(Clone, Debug, Default, PartialEq)]
struct Chosen {
    /// By its place in the card.
    kind: usize,
    /// What they carry, as a scenario has it: `term=2`.
    with: String,
    /// None: anybody.
    from: Option<u16>,
    to: Option<u16>,
}

/// Messages of which kind, from whom and to whom.
#[component]
fn Coming(chosen: RwSignal<Chosen>) -> impl IntoView {
    let page = expect_context::<Page>();
    let (kinds, names): (Vec<&str>, Vec<String>) = page
        .with_run_now(|run| {
            let names = run.cast().all().map(|n| run.name(n).to_string()).collect();
            (run.entry().kinds.iter().map(|k| k.name).collect(), names)
        })
        .unwrap_or_default();
    let option = |(i, name): (usize, String)| view! { <option value=i.to_string()>{name}</option> };
    let end = move |word: &'static str, set: fn(&mut Chosen, Option<u16>)| {
        view! {
            <label class="field"><span>{word}</span>
                <select on:change=move |ev| chosen.update(|c| set(c, event_target_value(&ev).parse().ok()))>
                    <option value="">"anybody"</option>
                    {names.clone().into_iter().enumerate().map(option).rows()}
                </select>
            </label>
        }
    };
    view! {
        <div class="choose">
            <label class="field"><span>"Kind"</span>
                <select on:change=move |ev| chosen.update(|c| c.kind = event_target_value(&ev).parse().unwrap_or(0))>
                    {kinds.into_iter().map(String::from).enumerate().map(option).rows()}
                </select>
            </label>
            {end("Sender", |c, n| c.from = n)}
            {end("Receiver", |c, n| c.to = n)}
            <label class="field"><span>"Carrying"</span>
                <input class="mono" type="text" autocomplete="off" spellcheck="false" placeholder="anything" size="12"
                    on:input=move |ev| chosen.update(|c| c.with = event_target_value(&ev))/>
            </label>
        </div>
    }
}

/// One of the run's nodes.
#[component]
fn NodeField(
    word: &'static str,
    value: impl Fn() -> u16 + Send + Sync + 'static,
    set: impl Fn(u16) + Send + Sync + 'static,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let names: Vec<String> = page
        .with_run_now(|run| run.cast().all().map(|n| run.name(n).to_string()).collect())
        .unwrap_or_default();
    let now = untrack(value);
    let option = move |(i, name): (usize, String)| {
        view! { <option value=i.to_string() selected=i == usize::from(now)>{name}</option> }
    };
    view! {
        <label class="field"><span>{word}</span>
            <select on:change=move |ev| set(event_target_value(&ev).parse().unwrap_or(0))>
                {names.into_iter().enumerate().map(option).rows()}
            </select>
        </label>
    }
}

/// A verb as a button. What cannot be done now says why when it is pressed, and in its name.
#[component]
fn Button(deed: Deed, press: impl Fn(Deed) + Send + Sync + 'static) -> impl IntoView {
    let name = deed.name();
    let more = if deed.ask.is_some() { " …" } else { "" };
    let label = deed.not.as_ref().map(|why| format!("{name}, not now: {why}"));
    let title = deed.not.clone();
    let off = deed.not.is_some().then_some("true");
    let says = (!deed.says.is_empty())
        .then(|| view! { <small class="soft">{deed.says}</small> })
        .perhaps();
    let class = (!deed.says.is_empty()).then_some("told");
    view! {
        <span class=class>
            <button type="button" aria-disabled=off aria-label=label title=title on:click=move |_| press(deed.clone())>{format!("{name}{more}")}</button>
            {says}
        </span>
    }
}

/// The value that a verb needs, judged as it is typed.
#[component]
fn Value(deed: Deed, ask: Ask) -> impl IntoView {
    let page = expect_context::<Page>();
    let value = RwSignal::new(ask.value.clone());
    let deed = StoredValue::new(deed);
    let act = move || deed.with_value(|d| d.with(&value.get()));
    let wrong = Kept::new(move || {
        let loaded = page.loaded()?;
        let at = page.head.get().edit_at(loaded.run.borrow().trace());
        amiss(&loaded.text, at, &act())
    });
    let go = move |ev: web_sys::SubmitEvent| {
        ev.prevent_default();
        match wrong.get_untracked() {
            Some(why) => page.said.set(why),
            None => {
                page.sheet.set(None);
                page.do_act(&untrack(act));
            }
        }
    };
    let name = deed.with_value(Deed::name);
    view! {
        <form class="ask" on:submit=go>
            <label class="field">
                <span>{format!("{}, {}", words::capital(&name), ask.word)}</span>
                <input class="mono" type="text" autocomplete="off" spellcheck="false" prop:value=move || value.get()
                    aria-invalid=move || wrong.with(|w| w.is_some().then_some("true")) aria-describedby="ask-says"
                    on:input=move |ev| value.set(event_target_value(&ev))/>
            </label>
            <button type="submit" class="primary">"Do it"</button>
            <p id="ask-says" class=move || wrong.with(|w| if w.is_some() { "amiss" } else { "soft" })>
                {move || wrong.get().unwrap_or_else(|| format!("It takes {}.", ask.form))}
            </p>
            <p class="mono line">{act}</p>
        </form>
    }
}
