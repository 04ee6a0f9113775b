//! Runs side by side: a topology for each, under one clock, with what each has come to; and below them the
//! table of it, and where they part.

use std::cell::RefCell;
use std::rc::Rc;

use crate::app::lay::{Kept, Perhaps, Rows, anew, effect, either};
use engine::check::history::Model;
use engine::check::{measure, strongest};
use engine::ids::*;
use engine::protocol::prose_time;
use engine::run::Run;
use engine::trace::compare::{Counters, Difference, Parting, Tally};
use leptos::prelude::*;

use super::operations;
use super::spacetime::{FOLLOW, Spacetime};
use super::topology::Topology;
use crate::app::head::Head;
use crate::app::page::Page;
use crate::app::sides::Side;
use crate::app::words;

/// One run has the stage alone; several share it.
#[component]
pub fn Sides() -> impl IntoView {
    let page = expect_context::<Page>();
    // The first frames show one of them.
    let many = Kept::new(move || if page.whole.get() { page.sides().len() } else { 1 });
    either(
        move || many.get() < 2,
        || view! { <Topology/> }.into_any(),
        move || anew(move || many.get(), |n| view! { <Columns many=n/> }.into_any()),
    )
}

#[component]
fn Columns(many: usize) -> impl IntoView {
    let page = expect_context::<Page>();
    // Folded here once, and read wherever it is shown.
    let (tallies, partings) = (tallies(page), partings(page));
    effect(move || page.tallies.set(tallies.get()));
    effect(move || page.partings.set(partings.get()));
    on_cleanup(move || {
        page.tallies.set(vec![]);
        page.partings.set(vec![]);
    });
    view! {
        <div class="runs" data-many=many>
            {(0..many).map(|i| view! { <Column side=i/> }).rows()}
        </div>
    }
}

#[component]
fn Column(side: usize) -> impl IntoView {
    let page = expect_context::<Page>();
    let now = move || page.is_current(side);
    let name = move || page.side_name(side);
    // A branch is held against the one in view: its name brings it there, and its picture is to be looked at.
    let held = move || page.branch_of(side).is_some();
    let press = move |_| match page.branch_of(side) {
        Some(branch) => page.switch(branch),
        None => page.look_at(side),
    };
    let look = move |_| {
        if page.branch_of(side).is_none() {
            page.look_at(side);
        }
    };
    let tally = move || page.tallies.with(|t| t.get(side).map(line)).unwrap_or_default();
    // Where it parts from the first, as far as they are known: the first itself has no mark of its own.
    let parts = move || (side > 0).then(|| page.parted(Some(side))).flatten();
    let go = move |at: Us| move |_| show_parting(page, at);
    view! {
        <section class="one-run" aria-label=name data-now=move || now().then_some("true") on:pointerdown=look on:focusin=move |_| page.look_at(side)>
            <header>
                <button type="button" class="plain" aria-pressed=move || now().to_string() on:click=press>{name}</button>
                {move || parts().map(|at| view! {
                    <button type="button" class="plain parts" on:click=go(at)>"parts at "{words::clock(at)}</button>
                }).perhaps()}
                <span class="soft">{tally}</span>
            </header>
            <div class="run-view" prop:inert=held><Topology side=side/></div>
        </section>
    }
}

/// `41 messages · 3 of 4 answered · half within 20 ms · 1 claim broken`
fn line(c: &Counters) -> String {
    let mut out = vec![format!("{} {}", c.sent, words::plural(c.sent as usize, "message"))];
    if c.asked > 0 {
        out.push(format!("{} of {} answered", c.ok, c.asked));
    }
    if let Some(median) = c.median.filter(|m| *m > 0) {
        out.push(format!("half within {}", prose_time(median)));
    }
    if c.broken != 0 {
        let n = c.claims_broken();
        out.push(format!("{n} {} broken", words::plural(n as usize, "claim")));
    }
    out.join(" · ")
}

/// What is folded over a run, and over which.
type Folded<T> = (Option<Rc<RefCell<Run>>>, T);

/// What each run has come to at the playhead.
fn tallies(page: Page) -> Kept<Vec<Counters>> {
    let kept = StoredValue::new_local(Vec::<Folded<Tally>>::new());
    Kept::new(move || {
        page.known.track();
        let at = page.head.get().at;
        let sides = page.sides();
        kept.try_update_value(|all| {
            all.resize_with(sides.len(), Default::default);
            all.iter_mut().zip(&sides).map(|(f, s)| counted(f, s, at)).collect()
        })
        .unwrap_or_default()
    })
}

fn counted(folded: &mut Folded<Tally>, side: &Side, at: Us) -> Counters {
    if !folded.0.as_ref().is_some_and(|r| Rc::ptr_eq(r, &side.run)) {
        *folded = (Some(side.run.clone()), Tally::default());
    }
    let run = side.run.borrow();
    folded.1.catch_up(&run);
    folded.1.at(run.trace(), at)
}

type Pair = Option<(Rc<RefCell<Run>>, Rc<RefCell<Run>>)>;

/// Where each run but the first parts from the one it is compared with, as far as they are known.
fn partings(page: Page) -> Kept<Vec<Option<Difference>>> {
    let kept = StoredValue::new_local(Vec::<(Pair, Parting)>::new());
    Kept::new(move || {
        page.known.track();
        let sides = page.sides();
        kept.try_update_value(|all| {
            all.resize_with(sides.len().saturating_sub(1), Default::default);
            let others = sides.iter().enumerate().skip(1);
            let one = |(k, (i, other))| parted(k, &sides[page.measure_of(i)], other);
            all.iter_mut().zip(others).map(one).collect()
        })
        .unwrap_or_default()
    })
}

/// Go where two of them part.
fn show_parting(page: Page, at: Us) {
    page.playing.set(false);
    page.go(Head::after(at));
    page.said.set(format!("At {}, where they part.", words::clock(at)));
}

/// Whether two runs are of one protocol: else they differ from the first step on, which says nothing.
fn alike(a: &Side, b: &Side) -> bool {
    a.run.borrow().entry().id == b.run.borrow().entry().id
}

/// Whether the run that stands there is of the protocol of the one it is compared with.
fn is_like(page: Page, i: usize) -> bool {
    let sides = page.sides();
    sides.get(page.measure_of(i)).zip(sides.get(i)).is_none_or(|(a, b)| alike(a, b))
}

fn parted(kept: &mut (Pair, Parting), first: &Side, other: &Side) -> Option<Difference> {
    if !alike(first, other) {
        return None;
    }
    let same = kept
        .0
        .as_ref()
        .is_some_and(|(a, b)| Rc::ptr_eq(a, &first.run) && Rc::ptr_eq(b, &other.run));
    if !same {
        *kept = (Some((first.run.clone(), other.run.clone())), Parting::default());
    }
    kept.1.catch_up(&first.run.borrow(), &other.run.borrow()).cloned()
}

/// A diagram for each, one below the other, under its name.
#[component]
pub fn Diagrams(many: usize) -> impl IntoView {
    let page = expect_context::<Page>();
    // One stretch of time for all of them.
    let gaze = RwSignal::new_local(FOLLOW);
    let one = move |i: usize| {
        let name = move || page.side_name(i);
        view! {
            <div class="diagram" data-now=move || page.is_current(i).then_some("true")>
                <p class="of">{name}</p>
                <Spacetime side=i gaze=gaze/>
            </div>
        }
    };
    view! { <div class="diagrams" data-many=many>{(0..many).map(one).rows()}</div> }
}

/// The same view of each run it can be had of, beside one another under their names; of one alone it is the view itself.
pub fn beside(
    page: Page,
    has: impl Fn(&Run) -> bool,
    one: impl Fn(Option<usize>) -> AnyView,
) -> AnyView {
    let sides = page.sides_now();
    let which: Vec<usize> = (0..sides.len()).filter(|&i| has(&sides[i].run.borrow())).collect();
    if which.len() < 2 {
        return one(None);
    }
    let column = |i: usize| {
        let name = move || page.side_name(i);
        let held = move || page.branch_of(i).is_some();
        let look = move || {
            if !untrack(held) {
                page.look_at(i);
            }
        };
        view! {
            <div class="diagram" data-now=move || page.is_current(i).then_some("true") prop:inert=held
                on:pointerdown=move |_| look() on:focusin=move |_| look()>
                <p class="of">{name}</p>
                {one(Some(i))}
            </div>
        }
    };
    let many = which.len();
    view! { <div class="diagrams abreast" data-many=many>{which.into_iter().map(column).rows()}</div> }
        .into_any()
}

/// A row of the table: what is counted, and what it is in each run.
fn rows(counts: &[Counters]) -> Vec<(&'static str, Vec<String>)> {
    let each = |f: &dyn Fn(&Counters) -> String| counts.iter().map(f).collect::<Vec<String>>();
    let share = |c: &Counters| {
        // Where nothing has come back yet, nothing is known of it.
        c.availability()
            .filter(|_| c.ok + c.failed + c.unknown > 0)
            .map_or("–".into(), |ppm| measure::prose("ppm", ppm.into()))
    };
    vec![
        // What a reader compares comes first.
        ("half answered within", each(&|c| c.median.map_or("–".into(), prose_time))),
        ("available", each(&share)),
        ("claims broken", each(&|c| c.claims_broken().to_string())),
        ("operations asked for", each(&|c| c.asked.to_string())),
        ("answered", each(&|c| c.ok.to_string())),
        ("messages sent", each(&|c| c.sent.to_string())),
        ("delivered", each(&|c| c.delivered.to_string())),
        ("lost", each(&|c| c.lost.to_string())),
    ]
}

/// The table below, and where they part.
#[component]
pub fn Comparison() -> impl IntoView {
    let page = expect_context::<Page>();
    let names = Kept::new(move || {
        (0..page.sides().len()).map(|i| page.side_name(i)).collect::<Vec<String>>()
    });
    let head = move || names.get().into_iter().map(|n| view! { <th scope="col">{n}</th> }).rows();
    let row = |(name, cells): (&'static str, Vec<String>)| {
        let differs = cells.windows(2).any(|w| w[0] != w[1]);
        let cells = cells.into_iter().map(|c| view! { <td class="mono">{c}</td> }).rows();
        view! { <tr class:differs=differs><th scope="row">{name}</th>{cells}</tr> }
    };
    let of = |m: Option<Model>| m.map_or("of no model", Model::word);
    // Found once for each state of the runs: it is of all that is known, and not of the moment.
    let models = Kept::new(move || {
        page.known.track();
        let sides = page.sides();
        let models: Vec<_> = sides.iter().map(|s| strongest(&s.run.borrow()).map(of)).collect();
        // Where something was asked for that no model can judge, the row says that.
        let some = models.iter().any(Option::is_some)
            || sides.iter().any(|s| operations::has_any(&s.run.borrow()));
        some.then_some(models)
    });
    let history = move || {
        let cells = models.get().map(|all| all.into_iter().map(|m| m.unwrap_or("–").to_string()));
        cells.map(|cells| row(("the whole history is", cells.collect()))).perhaps()
    };
    let difference = move |(i, d): (usize, Option<Difference>)| {
        let pair = names.with(|n| {
            let name = |i: usize| n.get(i).cloned().unwrap_or_default();
            [name(page.measure_of(i + 1)), name(i + 1)]
        });
        // Of different protocols something is said below, of all at once.
        let same = untrack(|| is_like(page, i + 1));
        match d {
            None if !same => ().into_any(),
            None => view! {
                <li class="soft">{format!("{} and {} do the same as far as they are known.", pair[0], pair[1])}</li>
            }
            .into_any(),
            Some(d) => view! { <Parts difference=d names=pair/> }.into_any(),
        }
    };
    let others = move || (1..page.sides().len()).any(|i| !is_like(page, i));
    view! {
        <div class="view comparison" tabindex="0" role="region" aria-label="The runs compared">
            <table>
                <caption>{move || format!("Counted up to {}", words::clock(page.head.get().at))}</caption>
                <thead><tr><td></td>{head}</tr></thead>
                <tbody>{history}{move || page.tallies.with(|t| rows(t)).into_iter().map(row).rows()}</tbody>
            </table>
            <ul class="partings">
                {move || page.partings.get().into_iter().enumerate().map(difference).rows()}
                {move || others().then(|| view! { <li class="soft">"Different protocols do nothing step by step the same: only what is counted can be compared."</li> }).perhaps()}
            </ul>
        </div>
    }
}

#[component]
fn Parts(difference: Difference, names: [String; 2]) -> impl IntoView {
    let page = expect_context::<Page>();
    let at = difference.at;
    let go = move |_| show_parting(page, at);
    let who = match page.sides_now().len() {
        0..=2 => "They".into(),
        _ => format!("{} and {}", names[0], names[1]),
    };
    let did = difference.sides.into_iter().zip(names).map(|(did, name)| {
        let later = did.event.filter(|e| e.1 != at).map(|e| format!(" at {}", words::clock(e.1)));
        view! { <li><b>{name}</b>{later.perhaps()}": "{did.says}</li> }
    });
    view! {
        <li>
            <p>{who}" part at "<button type="button" class="plain link" on:click=go>{words::clock(at)}</button></p>
            <ul>{did.rows()}</ul>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_summed_up_in_a_line() {
        let c = Counters {
            sent: 41,
            asked: 4,
            ok: 3,
            median: Some(20 * MS),
            broken: 0b101,
            ..Counters::default()
        };
        assert_eq!(line(&c), "41 messages · 3 of 4 answered · half within 20 ms · 2 claims broken");
        assert_eq!(line(&Counters { sent: 1, ..Counters::default() }), "1 message");
        let share = |i: usize| rows(&[c, Counters::default()])[1].1[i].clone();
        // One was asked for, and none has come back.
        let open = Counters { asked: 1, ..Counters::default() };
        assert_eq!(rows(&[open])[1].1[0], "–");
        assert_eq!((share(0), share(1)), ("75 %".into(), "–".into()));
    }
}
