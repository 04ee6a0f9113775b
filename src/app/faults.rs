//! Breaking things by hand: what can be done to a node, a message, the network, each as the verb the text has for it.

use crate::app::lay::{Kept, Rows};
use engine::ids::*;
use engine::run::Run;
use engine::trace::{MsgRec, What};
use engine::world::Life;
use leptos::prelude::*;

use super::keys::Do;
use super::page::{Page, Pick, Sheet};
use super::words;

/// Something that can be done now: the verb on the button, and the act in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub verb: &'static str,
    /// What it is done to, for a button that stands alone.
    pub object: String,
    pub act: String,
}

impl Deed {
    fn new(verb: &'static str, object: &str, act: String) -> Deed {
        Deed { verb, object: object.into(), act }
    }
    pub fn name(&self) -> String {
        format!("{} {}", self.verb, self.object).trim().to_string()
    }
}

fn id(run: &Run, n: NodeId) -> &str {
    &run.cast().members[n.index()].id
}

/// What can be done to a node at this moment.
pub fn to_node(run: &Run, count: usize, n: NodeId) -> Option<Deed> {
    let (name, id) = (run.name(n), id(run, n));
    match life(run, count, n) {
        Life::Up | Life::Paused => Some(Deed::new("crash", name, format!("crash {id}"))),
        Life::Down => Some(Deed::new("restart", name, format!("restart {id}"))),
        Life::Absent => Some(Deed::new("start", name, format!("start {id}"))),
    }
}

fn life(run: &Run, count: usize, n: NodeId) -> Life {
    match count.checked_sub(1) {
        Some(last) => run.peek(EventId(last as u32)).life(n),
        None => Life::Up,
    }
}

/// Whether a message is on its way at this moment.
pub fn in_flight(rec: &MsgRec, count: usize) -> bool {
    rec.sent.index() < count && (rec.end == EventId::NONE || rec.end.index() >= count)
}

pub fn to_message(run: &Run, count: usize, m: MsgId) -> Option<Deed> {
    let rec = run.trace().msg(m).filter(|r| in_flight(r, count) && r.from != r.to)?;
    let act = format!("drop {}", words::message_ref(run, m)?);
    Some(Deed::new(
        "drop",
        &format!("{} from {} to {}", words::message(run, m), run.name(rec.from), run.name(rec.to)),
        act,
    ))
}

/// Messages on their way, oldest first.
pub fn flights(run: &Run, count: usize) -> Vec<MsgId> {
    let late = run.trace().msgs.len().saturating_sub(4_000);
    let msgs = run.trace().msgs.iter().enumerate().skip(late);
    msgs.filter(|(_, r)| in_flight(r, count)).map(|(i, _)| MsgId(i as u32)).collect()
}

/// Whether anything is partitioned or cut by the text up to here, so that healing would do something.
pub fn can_heal(run: &Run, count: usize) -> bool {
    use engine::scenario::ast::Act;
    let acts = run.trace().range(0, count).filter_map(|e| match e.what {
        What::Act { line } => run.scenario().steps.get(line as usize).map(|s| &s.act),
        _ => None,
    });
    acts.fold(false, |cut, act| match act {
        Act::Partition(_) | Act::Isolate(_) | Act::Cut { .. } => true,
        Act::Heal(None) => false,
        _ => cut,
    })
}

/// `partition n1 n2 | n3 n4 n5` from the side each node was given; None while there is only one side.
pub fn partition(run: &Run, sides: &[u8]) -> Option<String> {
    let side = |s: u8| -> Vec<&str> {
        run.cast().all().filter(|n| sides.get(n.index()) == Some(&s)).map(|n| id(run, n)).collect()
    };
    let groups: Vec<String> =
        (0..3).map(side).filter(|g| !g.is_empty()).map(|g| g.join(" ")).collect();
    (groups.len() > 1).then(|| format!("partition {}", groups.join(" | ")))
}

/// What can be done to what is selected.
pub fn to_pick(run: &Run, count: usize, pick: Pick) -> Option<Deed> {
    match pick {
        Pick::Node(n) => to_node(run, count, n),
        Pick::Message(m) => to_message(run, count, m),
        Pick::Event(e) => match run.trace().event(e)?.what {
            What::Send { m } => to_message(run, count, m),
            _ => None,
        },
        _ => None,
    }
}

pub fn by_key(page: Page, what: Do) {
    if what == Do::Heal {
        return page.do_act("heal");
    }
    let (pick, count) = (page.pick.get_untracked(), page.count.get_untracked());
    let verb = match what {
        Do::Crash => "crash",
        Do::Restart => "restart",
        _ => "drop",
    };
    let deed = page.with_run_now(|run| to_pick(run, count, pick)).flatten();
    match deed {
        Some(deed) if deed.verb == verb => page.do_act(&deed.act),
        _ => page.said.set(format!("Select what to {verb} first.")),
    }
}

/// The dialog in which everything that can be broken is a button.
#[component]
pub fn BreakSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    let done = move |act: &str| {
        page.sheet.set(None);
        page.do_act(act);
    };
    let count = page.count.get_untracked();
    let nodes = page
        .with_run_now(|run| {
            run.cast().all().filter_map(|n| to_node(run, count, n)).collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let flying = page
        .with_run_now(|run| {
            flights(run, count)
                .into_iter()
                .filter_map(|m| to_message(run, count, m))
                .take(12)
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let healing = page.with_run_now(|run| can_heal(run, count)).unwrap_or(false);
    let button = move |d: Deed| {
        let act = d.act.clone();
        view! { <button type="button" on:click=move |_| done(&act)>{d.name()}</button> }
    };
    let none = flying
        .is_empty()
        .then(|| view! { <p class="soft">"No message is on its way at this moment."</p> });
    view! {
        <h2>"Break something"</h2>
        <p class="soft">{format!("At {}. It becomes a line of the scenario; Ctrl Z takes it back.", words::clock(page.head.get_untracked().at))}</p>
        <h3>"Nodes"</h3>
        <div class="deeds">{nodes.into_iter().map(button).rows()}</div>
        <h3>"Network"</h3>
        <div class="deeds">
            <button type="button" on:click=move |_| page.sheet.set(Some(Sheet::Partition))>"partition …"</button>
            <button type="button" disabled=!healing on:click=move |_| done("heal")>"heal"</button>
        </div>
        <h3>"Messages on their way"</h3>
        {none}
        <div class="deeds">{flying.into_iter().map(button).rows()}</div>
        <div class="actions"><button type="button" on:click=move |_| page.sheet.set(None)>"Close"</button></div>
    }
}

/// Which node stands on which side.
#[component]
pub fn PartitionSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    let names: Vec<String> = page
        .with_run_now(|run| run.cast().all().map(|n| run.name(n).to_string()).collect())
        .unwrap_or_default();
    let sides = RwSignal::new(vec![0u8; names.len()]);
    if let Pick::Node(n) = page.pick.get_untracked() {
        sides.update(|s| s[n.index()] = 1);
    }
    let act =
        Kept::new(move || page.with_run_now(|run| sides.with(|s| partition(run, s))).flatten());
    let go = move |_| {
        if let Some(act) = act.get_untracked() {
            page.sheet.set(None);
            page.do_act(&act);
        }
    };
    let row = move |(i, name): (usize, String)| {
        let choice = move |side: u8, word: &'static str| {
            view! {
                <label>
                    <input type="radio" name=format!("side-{i}") checked=sides.with_untracked(|s| s[i] == side)
                        on:change=move |_| sides.update(|s| s[i] = side)/>
                    {word}
                </label>
            }
        };
        view! {
            <fieldset class="sides">
                <legend>{name}</legend>
                {choice(0, "one side")}
                {choice(1, "other side")}
                {choice(2, "third side")}
            </fieldset>
        }
    };
    view! {
        <h2>"Partition the network"</h2>
        <p class="soft">"Messages pass within a side, and are lost between sides, until the network is healed."</p>
        <div class="side-list">{names.into_iter().enumerate().map(row).rows()}</div>
        <p class="mono">{move || act.get().unwrap_or_else(|| "Put at least one node on another side.".into())}</p>
        <div class="actions">
            <button type="button" on:click=move |_| page.sheet.set(None)>"Cancel"</button>
            <button type="button" class="primary" disabled=move || act.get().is_none() on:click=go>"Cut the network"</button>
        </div>
    }
}
