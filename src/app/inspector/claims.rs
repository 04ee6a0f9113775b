//! What is claimed, and how it stands: counted at this moment, settled at the end.

use crate::app::lay::{Kept, Perhaps, Rows, when};
use engine::card::claim_words;
use engine::check::verdict::thousands;
use engine::ids::*;
use engine::run::Run;
use engine::scene::Index;
use engine::trace::What;
use leptos::prelude::*;

use crate::app::page::{Loaded, Page};
use crate::app::{faults, words};

#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub name: String,
    pub says: &'static str,
    pub checked: u64,
    pub broken: Option<EventId>,
    /// Something had been done before that the protocol does not promise to bear.
    pub beyond: bool,
    pub witness: String,
}

impl Claim {
    fn verdict(&self) -> (&'static str, String) {
        match (self.broken, self.checked) {
            (Some(_), _) if self.beyond => {
                ("verdict broken", "✗ broken, by more than it promises to bear".into())
            }
            (Some(_), _) => ("verdict broken", "✗ broken".into()),
            (None, 0) => ("verdict soft", "not exercised".into()),
            (None, n) => ("verdict", format!("✓ holds, checked {}", thousands(n))),
        }
    }
}

/// How the claims stand after so many events.
pub fn claims(run: &Run, index: &Index, count: usize) -> Vec<Claim> {
    let peek = run.peek(EventId(count.saturating_sub(1) as u32));
    let one = |(i, card): (usize, &'static engine::card::ClaimCard)| {
        let known = index.broken.iter().take_while(|b| b.1.index() < count);
        let broke = known
            .filter_map(|b| run.trace().event(b.1))
            .find(|e| matches!(e.what, What::Broke { claim, .. } if claim as usize == i));
        let witness = broke.and_then(|e| match e.what {
            What::Broke { witness, .. } => {
                run.trace().witnesses.get(witness as usize).map(|w| w.says.clone())
            }
            _ => None,
        });
        Claim {
            name: claim_words(card.name),
            says: card.says,
            checked: peek.world().asked()[i],
            broken: broke.map(|e| e.id),
            beyond: broke.is_some_and(|b| {
                let before = index.acts.iter().take_while(|a| a.event < b.id);
                before.into_iter().any(|a| faults::beyond(run, &words::acted(run, a.line), ""))
            }),
            witness: witness.unwrap_or_default(),
        }
    };
    run.entry().claims.iter().enumerate().map(one).collect()
}

/// An expectation of the text: its words, whether it came true, what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub says: String,
    pub ok: bool,
    pub got: String,
}

pub fn expected(run: &Run, text: &str) -> Vec<Expected> {
    let Some(v) = run.verdicts() else { return vec![] };
    let line = |n: u32| {
        let line = text.lines().nth((n as usize).wrapping_sub(1)).unwrap_or("until");
        line.trim()
            .trim_start_matches("expect")
            .split(" # ")
            .next()
            .unwrap_or("")
            .trim()
            .to_string()
    };
    let to_the_end = |limit| Expected {
        says: "until".into(),
        ok: false,
        got: words::capital(&words::quoted(limit)),
    };
    let void = |(step, why): &(u32, String)| Expected {
        says: words::acted(run, *step),
        ok: false,
        got: format!("Nothing happens: {why}"),
    };
    v.expects
        .iter()
        .map(|e| Expected { says: line(e.line), ok: e.ok, got: e.got.clone() })
        .chain(v.voids.iter().map(void))
        .chain(v.limit.map(to_the_end))
        .collect()
}

#[component]
pub fn Claims() -> impl IntoView {
    let page = expect_context::<Page>();
    let list = Kept::new(move || {
        let count = page.count_slow.get();
        let of = |l: Loaded| claims(&l.run.borrow(), &l.index.borrow(), count);
        page.loaded().map(of).unwrap_or_default()
    });
    let verdict = Kept::new(move || {
        page.known.track();
        page.with_run(|run| run.verdicts().map(|v| (v.line(), v.at))).flatten()
    });
    let wanted = Kept::new(move || {
        page.known.track();
        page.loaded().map(|l| expected(&l.run.borrow(), &l.text)).unwrap_or_default()
    });
    let claim = move |c: Claim| {
        let (class, word) = c.verdict();
        let proof = (!c.witness.is_empty())
            .then(|| view! { <p class="fail">{c.witness.clone()}</p> })
            .perhaps();
        let show = c.broken.map(|e| view! { <button type="button" on:click=move |_| page.visit(e)>"Show where"</button> }).perhaps();
        view! {
            <li>
                <div><strong>{c.name}</strong><p class="soft">{c.says}</p>{proof}{show}</div>
                <span class=class>{word}</span>
            </li>
        }
    };
    let want = |w: Expected| {
        let class = if w.ok { "verdict" } else { "verdict broken" };
        view! { <li><div><span class="mono">{w.says}</span><p class="soft">{w.got}</p></div><span class=class>{if w.ok { "✓" } else { "✗" }}<span class="hush">{if w.ok { "as expected" } else { "not as expected" }}</span></span></li> }
    };
    view! {
        <h2>"Claims"</h2>
        <p class="soft">{move || format!("As they stand at {}.", words::clock(page.head.get().at))}</p>
        <ul class="claims">{move || list.get().into_iter().map(claim).rows()}</ul>
        {when(move || wanted.with(|w| !w.is_empty()), move || view! {
            <h3>"What the scenario expects of the whole run"</h3>
            <ul class="claims">{move || wanted.get().into_iter().map(want).rows()}</ul>
        }.into_any())}
        <p class="mono verdict-line">{move || verdict.get().map(|(line, at)| format!("{line}, at {}", words::clock(at)))}</p>
    }
}
