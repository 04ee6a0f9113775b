//! Why it happened: the chain from a cause to the selected event as sentences, and the two events compared by their
//! clocks. Every sentence is a way to its event; the chain stays while the reader walks along it.

use std::cmp::Ordering;

use crate::app::lay::{Kept, Perhaps, Rows, when};
use engine::ids::*;
use engine::run::Run;
use engine::scene::{Index, Kin, Pick};
use engine::trace::inquiry::{Told, meanwhile, sentences};
use leptos::prelude::*;

use super::cut;
use super::events::sign;
use crate::app::inquiry::{self, Answer};
use crate::app::page::{Loaded, Page};
use crate::app::stage::kin;
use crate::app::words;

/// The sentences of a chain, at most: its beginning and its end.
const MOST: usize = 120;

/// An entry of the two clocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub node: String,
    pub one: u32,
    pub other: u32,
    pub sign: &'static str,
    /// It alone decides.
    pub proof: bool,
}

/// Two events and their clocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub cause: EventId,
    pub cause_says: String,
    pub word: &'static str,
    pub says: String,
    /// Node and time of either.
    pub heads: [String; 2],
    pub entries: Vec<Entry>,
}

/// What the panel shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub effect: Option<EventId>,
    pub says: String,
    pub lead: &'static str,
    pub sentences: Vec<Told>,
    /// What happened while the timer ran with which they begin.
    pub before: Vec<Told>,
    pub compared: Option<Compared>,
    /// The nodes as they are now, beside the selected event.
    pub kin: Vec<(Kin, String)>,
}

pub fn shown(run: &Run, index: &Index, a: &Answer, (pick, count): (Pick, usize)) -> Shown {
    let says =
        |e: EventId| run.trace().event(e).map_or_else(String::new, |e| words::event(run, &e));
    let mut told = a.chain.as_ref().map(|c| sentences(run, c)).unwrap_or_default();
    if told.len() > MOST {
        told.drain(MOST / 2..told.len() - MOST / 2);
    }
    let kin = kin::event_of(run, pick).map(|e| kin::told(run, index, e, count)).unwrap_or_default();
    let kin = kin.into_iter().map(|(k, nodes)| {
        let names: Vec<&str> = nodes.iter().map(|n| run.name(*n)).collect();
        (k, format!("{} {}", names.join(", "), k.words()))
    });
    Shown {
        effect: Some(a.effect),
        says: says(a.effect),
        lead: a.lead(),
        sentences: told,
        before: a.chain.as_ref().map(|c| meanwhile(run, c)).unwrap_or_default(),
        compared: compared(run, a),
        kin: kin.collect(),
    }
}

fn compared(run: &Run, a: &Answer) -> Option<Compared> {
    let cause = a.cause?;
    let says = run.trace().event(cause).map_or_else(String::new, |e| words::event(run, &e));
    let r = a.relation.as_ref();
    let entry = |(n, one, other, order): (NodeId, u32, u32, Ordering)| Entry {
        node: run.name(n).to_string(),
        one,
        other,
        sign: match order {
            Ordering::Less => "<",
            Ordering::Equal => "=",
            Ordering::Greater => ">",
        },
        proof: r.is_some_and(|r| r.proof.contains(&n)),
    };
    Some(Compared {
        cause,
        cause_says: says,
        word: a.word(),
        says: r.map(|r| r.says.clone()).unwrap_or_default(),
        heads: [inquiry::place(run, cause), inquiry::place(run, a.effect)],
        entries: r.map(|r| r.entries().map(entry).collect()).unwrap_or_default(),
    })
}

/// How the links of a chain stand to what is selected.
fn standing(run: &Run, index: &Index, pick: Pick, told: &[Told]) -> Vec<(EventId, Kin)> {
    let Some(e) = kin::event_of(run, pick) else { return vec![] };
    told.iter().map(|t| (t.event, Kin::of(run, index, e, t.event))).collect()
}

/// The event that is visited is not the one the chain is told of.
fn walks(page: Page, effect: Option<EventId>) -> bool {
    page.inquiry.about.get().is_some()
        && effect.is_some()
        && page.pick.get() != Pick::Event(effect.unwrap_or(EventId::NONE))
}

#[component]
pub fn Why() -> impl IntoView {
    let page = expect_context::<Page>();
    let panel = Kept::new(move || {
        let at = (page.pick.get(), page.count_slow.get());
        let answer = inquiry::asked(page, at.1);
        let show =
            |l: Loaded| answer.as_ref().map(|a| shown(&l.run.borrow(), &l.index.borrow(), a, at));
        page.loaded().and_then(show).unwrap_or_default()
    });
    let effect = Kept::new(move || panel.with(|p| p.effect));
    let told = Kept::new(move || panel.with(|p| p.sentences.clone()));
    let before = Kept::new(move || panel.with(|p| p.before.clone()));
    let compared = Kept::new(move || panel.with(|p| p.compared.clone()));
    let kin = Kept::new(move || panel.with(|p| p.kin.clone()));
    // How each of the sentences stands to the event in view, which the reader may have walked to along them.
    let kins = Kept::new(move || {
        let pick = page.pick.get();
        page.count_slow.track();
        let kins = |l: Loaded| {
            let stands = |t: &Vec<Told>| standing(&l.run.borrow(), &l.index.borrow(), pick, t);
            [told.with(stands), before.with(stands)].concat()
        };
        page.loaded().map(kins).unwrap_or_default()
    });
    let visit = move |e: EventId| {
        let about = effect.get_untracked();
        page.visit(e);
        page.inquiry.about.set(about);
    };
    let item = move |t: Told| {
        let event = t.event;
        let here = move || (page.pick.get() == Pick::Event(event)).then_some("true");
        let kin = move || {
            kins.with(|k| k.iter().find(|k| k.0 == event).map(|k| k.1)).unwrap_or(Kin::Outside)
        };
        view! {
            <li aria-current=here data-kin=move || kin().class()>
                <button type="button" class="plain link" on:click=move |_| visit(event)><span>{t.says}</span>{move || sign(kin())}</button>
                {(!t.reasons.is_empty()).then(|| view! { <p class="reason">{t.reasons.join(" ")}</p> }).perhaps()}
            </li>
        }
    };
    let head = move || {
        panel.with(|p| match p.effect {
            Some(_) => p.says.clone(),
            None => "Nothing has been told yet.".into(),
        })
    };
    let from_here = move |_| {
        let pick = page.pick.get_untracked();
        match (pick, effect.get_untracked()) {
            (Pick::None | Pick::Node(_), Some(e)) => inquiry::ask_from(page, Pick::Event(e)),
            _ => inquiry::ask_from(page, pick),
        }
    };
    let chosen = move || compared.with(Option::is_some);
    let is_cause = move || compared.with(|c| c.as_ref().map(|c| c.cause)) == effect.get();
    view! {
        <h2>"Why?"</h2>
        <p class="told">{head}</p>
        {when(chosen, move || compared.get().map(|c| view! { <Two compared=c/> }).perhaps())}
        <p class="soft" hidden=move || effect.get().is_none()>{move || panel.with(|p| p.lead)}</p>
        <ol class="why" aria-label="The chain, from its beginning">{move || told.get().into_iter().map(item).rows()}</ol>
        {when(move || before.with(|b| !b.is_empty()), move || view! {
            <p class="soft">"What happened while that timer ran:"</p>
            <ol class="why" aria-label="While the timer ran">{move || before.get().into_iter().map(item).rows()}</ol>
        }.into_any())}
        <p class="deeds">
            {when(move || effect.get().is_some() && !is_cause(), move || view! {
                <button type="button" on:click=from_here>"Set as cause"</button>
            }.into_any())}
            {when(chosen, move || view! {
                <button type="button" on:click=move |_| { inquiry::let_go(page); }>"Forget the cause"</button>
            }.into_any())}
            {when(move || walks(page, effect.get()), move || view! {
                <button type="button" on:click=move |_| page.inquiry.about.set(None)>"Explain the one in view"</button>
            }.into_any())}
        </p>
        {when(move || !chosen(), || view! {
            <p class="soft">"To ask from another event, set that as the cause: Shift-click it in a diagram, or select it and press W."</p>
        }.into_any())}
        {when(move || kin.with(|k| !k.is_empty()), move || view! {
            <h3>"The nodes as they are now"</h3>
            <ul class="kin-words">{move || kin.get().into_iter().map(|(k, says)| view! { <li data-kin=k.class()>{says}</li> }).rows()}</ul>
        }.into_any())}
        <cut::CutPart/>
    }
}

/// The two events: how they stand, and their clocks entry by entry.
#[component]
fn Two(compared: Compared) -> impl IntoView {
    let page = expect_context::<Page>();
    let cause = compared.cause;
    let row = |e: Entry| {
        let decides = e.proof.then(|| view! { <span class="decides">"decides"</span> }).perhaps();
        view! {
            <tr class:proof=e.proof><th scope="row">{e.node}</th><td>{e.one}</td><td>{e.sign}</td><td>{e.other}</td><td>{decides}</td></tr>
        }
    };
    let [one, other] = compared.heads;
    let table = (!compared.entries.is_empty()).then(|| view! {
        <table class="values clocks">
            <caption class="hush">"The two clocks, entry by entry"</caption>
            <thead><tr><th scope="col">"steps of"</th><th scope="col">{one}</th><th scope="col"><span class="hush">"compared"</span></th><th scope="col">{other}</th><th scope="col"><span class="hush">"proof"</span></th></tr></thead>
            <tbody>{compared.entries.into_iter().map(row).rows()}</tbody>
        </table>
    }).perhaps();
    let says = (!compared.says.is_empty()).then(|| view! {
        <p class="relation"><strong>{words::capital(compared.word)}</strong>". "{compared.says}</p>
    }).perhaps();
    view! {
        <section class="two" aria-label="Two events">
            <p><span class="soft">"Asked from: "</span><button type="button" class="plain link" on:click=move |_| page.visit(cause)><span>{compared.cause_says}</span></button></p>
            {says}
            {table}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::protocols;
    use engine::trace::What;

    #[test]
    fn two_events_are_compared_entry_by_entry() {
        let text = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nnet latency=10ms\nat 0ms n1 tell n2\nuntil quiet by 1s\n";
        let s = engine::scenario::parse(text, &protocols::entries()).expect("it is a scenario");
        let Ok(mut run) = protocols::open(s) else { panic!("it does not run") };
        run.advance(1_000_000, u32::MAX);
        let index = Index::new(&run);
        let find = |is: &dyn Fn(&What) -> bool| {
            run.trace().events().find(|e| is(&e.what)).expect("it happens").id
        };
        let sent = find(&|w| matches!(w, What::Send { .. }));
        let got = find(&|w| matches!(w, What::Deliver { .. }));
        let a = inquiry::answer(&run, &index, (Some(sent), None), got);
        let panel = shown(&run, &index, &a, (Pick::Event(got), run.trace().len()));
        assert!(panel.sentences.last().is_some_and(|t| t.event == got));
        let two = panel.compared.expect("two events");
        assert_eq!((two.word, two.entries.len()), ("before", 3));
        let proof: Vec<&Entry> = two.entries.iter().filter(|e| e.proof).collect();
        assert_eq!((proof.len(), proof[0].node.as_str()), (1, "n1"));
        assert!(proof[0].one <= proof[0].other);
        assert!(panel.kin.iter().any(|k| k.1.contains("the selected")), "{:?}", panel.kin);
    }
}
