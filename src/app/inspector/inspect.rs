//! What is selected, from the inside: a node's every field, a message's words, an event.

use crate::app::lay::{Kept, Rows, when};
use engine::ids::*;
use engine::run::{Peek, Run};
use engine::scene::{Hue, topology};
use engine::trace::What;
use engine::tree::Tree;
use engine::world::Life;
use leptos::prelude::*;

use super::exhibits;
use crate::app::page::{Page, Pick, Sheet, Tab};
use crate::app::{faults, inquiry, words};

/// Name and value, and whether the last step changed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub value: String,
    pub changed: bool,
}

/// What the panel shows of a thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub title: String,
    pub hue: &'static str,
    pub says: String,
    /// What its fields are.
    pub of: &'static str,
    pub fields: Vec<Field>,
    /// Fields whose values take more than a line.
    pub long: Vec<Field>,
    pub timers: Vec<Field>,
    /// What its world is like: its clock, its disk, links that are not as the others.
    pub around: Vec<Field>,
    pub exhibits: Vec<exhibits::Shown>,
    /// What can be done to it at once.
    pub deeds: Vec<faults::Deed>,
    /// Other things this one speaks of: what choosing them selects, and their words.
    pub also: Vec<(Pick, String)>,
}

/// What stands there when so many events have happened, at a moment before the next.
pub fn facts(run: &Run, count: usize, at: Us, pick: Pick) -> Facts {
    match pick {
        Pick::Node(n) => node(run, count, at, n),
        Pick::Message(m) => message(run, count, m),
        Pick::Event(e) => event(run, count, e),
        Pick::Op(op) => operation(run, op),
        Pick::Fault(line) => fault(run, line),
        Pick::None => overview(run, count),
    }
}

fn last(count: usize) -> EventId {
    EventId(count.saturating_sub(1) as u32)
}

fn fields(run: &Run, now: &Tree, before: &Tree) -> Vec<Field> {
    let name = |n: NodeId| run.name(n).to_string();
    let one = |(key, value): &(String, Tree)| Field {
        name: engine::tree::key_name(key, &name),
        value: shorten(value.plain(&name)),
        changed: before.get(key).is_some_and(|old| old != value),
    };
    now.fields().iter().map(one).collect()
}

/// A log of thousands is not read in one line.
fn shorten(text: String) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if text.is_empty() => "–".into(),
        None => text,
    }
}

fn node(run: &Run, count: usize, at: Us, n: NodeId) -> Facts {
    let peek = run.peek(last(count)).at(at);
    let face = peek.face(n);
    let state = match peek.life(n) {
        Life::Up => face.state.to_string(),
        Life::Paused if face.state.is_empty() => "paused".into(),
        Life::Paused => format!("{}, paused", face.state),
        Life::Down => "crashed".into(),
        Life::Absent => "not started".into(),
    };
    let here = head_of_step(run, count);
    let before = run.peek(EventId(here.saturating_sub(1) as u32));
    let now = peek.now();
    let timers = peek.timers(n).into_iter().map(|t| Field {
        name: words::spaced(&t.name),
        value: format!("in {}", engine::protocol::prose_time(t.due.saturating_sub(now))),
        changed: false,
    });
    let (long, short): (Vec<Field>, Vec<Field>) = fields(run, &peek.state(n), &before.state(n))
        .into_iter()
        .partition(|f| f.value.chars().count() > LINE);
    Facts {
        title: titled(run.name(n), &state),
        hue: Hue::epoch(face.epoch).class(),
        says: String::new(),
        of: "state",
        fields: short,
        long,
        timers: timers.collect(),
        around: around(run, &peek, n),
        exhibits: exhibits::of(run, &peek, n),
        deeds: faults::at_hand(&faults::to_pick(run, count, Pick::Node(n))),
        also: vec![],
    }
}

/// The clock, the disk and the links of a node: what the scenario has set and what is cut.
fn around(run: &Run, peek: &Peek, n: NodeId) -> Vec<Field> {
    let field = |name: String, value: String| Field { name, value, changed: false };
    let after = |says: String| says.split_once(' ').map_or(String::new(), |s| s.1.to_string());
    let net = peek.world().net();
    let mut out = vec![];
    if let Some(says) = topology::clock_says(peek, n) {
        out.push(field("clock".into(), after(says)));
    }
    if peek.world().disk(n) > 0 {
        out.push(field("disk".into(), format!("{} a write", after(topology::disk_says(peek, n)))));
    }
    for o in run.cast().all().filter(|o| *o != n && peek.life(*o) != Life::Absent) {
        for (from, to, word) in [(n, o, "to"), (o, n, "from")] {
            let says = match () {
                _ if !net.open(from, to) => "cut".to_string(),
                _ if net.link(from, to) != net.base() => net.says(from, to),
                _ => continue,
            };
            out.push(field(format!("{word} {}", run.name(o)), says));
        }
    }
    out
}

/// Letters that stand beside a field's name.
const LINE: usize = 26;

fn titled(name: &str, state: &str) -> String {
    if state.is_empty() { name.to_string() } else { format!("{name}, {state}") }
}

/// The first event of the step that the last one belongs to.
fn head_of_step(run: &Run, count: usize) -> usize {
    let trace = run.trace();
    let Some(e) = trace.event(last(count)) else { return 0 };
    if e.k <= 1 { trace.count_before(e.at) } else { trace.count_at(e.at, e.k - 1) }
}

fn message(run: &Run, count: usize, m: MsgId) -> Facts {
    let Some(rec) = run.trace().msg(m).copied() else { return Facts::default() };
    let says = if faults::in_flight(&rec, count) {
        format!("On its way since {}.", words::clock(rec.sent_at))
    } else {
        run.trace()
            .event(rec.end)
            .map(|e| format!("{}, at {}.", words::event(run, &e), words::clock(e.at)))
            .unwrap_or_default()
    };
    let ends = [(rec.sent, "sent"), (rec.end, "ended")];
    let also = ends.into_iter().filter(|(e, _)| e.index() < count);
    Facts {
        title: words::travels(run, m),
        hue: Hue::epoch(rec.epoch).class(),
        says,
        of: "what it carries",
        fields: fields(run, &run.message(m), &Tree::None),
        deeds: faults::at_hand(&faults::to_message(run, count, m)),
        also: also
            .map(|(e, w)| {
                (
                    Pick::Event(e),
                    format!(
                        "{w} at {}",
                        run.trace().event(e).map_or(String::new(), |e| words::clock(e.at))
                    ),
                )
            })
            .collect(),
        ..Facts::default()
    }
}

fn event(run: &Run, count: usize, e: EventId) -> Facts {
    let Some(event) = run.trace().event(e) else { return Facts::default() };
    let mut facts = match event.what {
        What::Send { m } | What::Deliver { m } | What::Lose { m, .. } => message(run, count, m),
        What::Why { why, .. } => {
            let fields = fields(run, &run.reason(why), &Tree::None);
            Facts { of: "in figures", fields, ..Facts::default() }
        }
        _ => Facts::default(),
    };
    facts.title = words::event(run, &event);
    facts.says = format!("At {}.", words::clock(event.at));
    facts.also = match event.what {
        What::Send { m } | What::Deliver { m } | What::Lose { m, .. } => {
            vec![(Pick::Message(m), words::travels(run, m))]
        }
        _ => vec![],
    };
    facts.also.extend(event.node.map(|n| (Pick::Node(n), run.name(n).to_string())));
    facts
}

fn operation(run: &Run, op: OpId) -> Facts {
    let Some(rec) = run.trace().op(op) else { return Facts::default() };
    let ends = [Some(rec.invoke), rec.ret.as_ref().map(|r| r.0)];
    let line = |e: EventId| {
        run.trace().event(e).map(|ev| {
            (Pick::Event(e), format!("{} at {}", words::event(run, &ev), words::clock(ev.at)))
        })
    };
    Facts {
        title: format!("{}: {}", run.name(rec.node), words::call(run, op)),
        also: ends.into_iter().flatten().filter_map(line).collect(),
        ..Facts::default()
    }
}

fn fault(run: &Run, line: u32) -> Facts {
    Facts {
        title: words::acted(run, line),
        says: "A line of the scenario.".into(),
        ..Facts::default()
    }
}

/// Nothing is selected: what this is, and who takes part.
fn overview(run: &Run, count: usize) -> Facts {
    let peek = run.peek(last(count));
    let line = |n: NodeId| {
        let state = match peek.life(n) {
            Life::Up | Life::Paused => peek.face(n).state,
            Life::Down => "crashed",
            Life::Absent => "not started",
        };
        (Pick::Node(n), titled(run.name(n), state))
    };
    let title = &run.scenario().title;
    Facts {
        // A text need not have a title.
        title: if title.is_empty() { run.entry().title.into() } else { title.clone() },
        says: run.scenario().about.clone(),
        also: run.cast().all().map(line).collect(),
        ..Facts::default()
    }
}

#[component]
pub fn Inspect() -> impl IntoView {
    let page = expect_context::<Page>();
    let facts = Kept::new(move || {
        let at = page.head.get().at;
        let (count, pick) = (page.count_slow.get(), page.pick.get());
        let mut facts = page.with_run(|run| facts(run, count, at, pick)).unwrap_or_default();
        // What it is about was said of it as it came.
        if pick == Pick::None && !facts.says.is_empty() && page.is_edited() {
            facts.says = format!("Before it was changed: {}", facts.says);
        }
        facts
    });
    let title = move || facts.with(|f| f.title.clone());
    let hue = move || facts.with(|f| f.hue);
    let says = move || facts.with(|f| f.says.clone());
    let deeds = Kept::new(move || facts.with(|f| f.deeds.clone()));
    let fields = Kept::new(move || facts.with(|f| f.fields.clone()));
    let timers = Kept::new(move || facts.with(|f| f.timers.clone()));
    let around = Kept::new(move || facts.with(|f| f.around.clone()));
    let shown = Kept::new(move || facts.with(|f| f.exhibits.clone()));
    let long = Kept::new(move || facts.with(|f| f.long.clone()));
    let also = Kept::new(move || facts.with(|f| f.also.clone()));
    let button = move |d: faults::Deed| {
        let name = d.name();
        view! { <button type="button" on:click=move |_| d.press(page)>{name}</button> }
    };
    view! {
        <h2 class=hue>{title}</h2>
        <p class="soft" hidden=move || says().is_empty()>{says}</p>
        {when(move || deeds.with(|d| !d.is_empty()), move || view! {
            <div class="deeds">
                <For each=move || deeds.get() key=faults::Deed::key children=button/>
                <button type="button" aria-haspopup="dialog" on:click=move |_| page.sheet.set(Some(Sheet::Break))>"more …"</button>
            </div>
        }.into_any())}
        {when(move || inquiry::is_event(page.pick.get()), move || view! {
            <p class="deeds">
                <button type="button" on:click=move |_| page.tab.set(Tab::Why)>"Ask why"</button>
                <button type="button" on:click=move |_| inquiry::ask_from(page, page.pick.get_untracked())>"Set as cause"</button>
            </p>
        }.into_any())}
        <Fields fields=fields title=move || facts.with(|f| f.of)/>
        {move || shown.get().into_iter().map(exhibits::draw).rows()}
        <Fields fields=timers title=|| "timers"/>
        <Fields fields=around title=|| "clock, disk and links"/>
        {when(move || long.with(|l| !l.is_empty()), move || view! {
            <details>
                <summary>"the rest of its state"</summary>
                <dl class="fields long">
                    {move || long.get().into_iter().map(|f| view! { <div class:changed=f.changed><dt>{f.name}</dt><dd>{f.value}</dd></div> }).rows()}
                </dl>
            </details>
        }.into_any())}
        <ul class="also">
            // What comes in the place of another has not its focus.
            <For each=move || also.get() key=|(pick, text)| format!("{pick:?}{text}") children=move |(pick, text)| view! {
                <li><button type="button" class="plain" on:click=move |_| page.select(pick)>{text}</button></li>
            }/>
        </ul>
    }
}

#[component]
fn Fields(
    fields: Kept<Vec<Field>>,
    title: impl Fn() -> &'static str + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let row =
        |f: Field| view! { <div class:changed=f.changed><dt>{f.name}</dt><dd>{f.value}</dd></div> };
    view! {
        {when(move || fields.with(|f| !f.is_empty()), move || view! {
            <h3>{title}</h3>
            <dl class="fields">{move || fields.get().into_iter().map(row).rows()}</dl>
        }.into_any())}
    }
}
