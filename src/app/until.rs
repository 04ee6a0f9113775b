//! Run until something: the next fault, the next broken claim, the next sentence, or whatever the scenario's own
//! language can say of a run.

use engine::ids::*;
use engine::protocols;
use engine::run::Run;
use engine::scenario::edit;
use engine::trace::{Event, What};
use leptos::prelude::*;

use super::head::Head;
use super::page::Page;
use super::{dom, words};
use crate::app::lay::Rows;

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Caption,
    Fault,
    Broken,
}

const ALL: [(Wait, &str); 3] = [
    (Wait::Caption, "the next sentence"),
    (Wait::Fault, "the next fault"),
    (Wait::Broken, "a claim broken"),
];

/// Steps computed while waiting, at most.
const STEPS: u32 = 400_000;
const CHUNK: u32 = 20_000;

fn is_it(run: &Run, wait: Wait, e: &Event) -> bool {
    match wait {
        Wait::Caption => matches!(words::loudness(run, e), words::Loud::Key),
        Wait::Fault => match e.what {
            What::Act { line } => {
                run.scenario().steps.get(line as usize).is_some_and(|s| s.act.is_fault())
            }
            _ => false,
        },
        Wait::Broken => matches!(e.what, What::Broke { .. }),
    }
}

/// The first event from a place on for which this holds, letting the run go on as far as it needs to, but not beyond a time.
fn find(run: &mut Run, from: usize, far: Us, holds: Holds) -> Option<Event> {
    let (mut seen, mut left) = (from, STEPS);
    loop {
        let found = run.trace().range(seen, run.trace().len()).find(|e| holds(run, e));
        if found.is_some() {
            return found;
        }
        seen = run.trace().len();
        if left == 0 || run.world().next_at().is_none_or(|t| t > far) {
            return None;
        }
        run.advance(far, CHUNK);
        left = left.saturating_sub(CHUNK);
    }
}

type Holds<'a> = &'a dyn Fn(&Run, &Event) -> bool;

/// A text, and the place of the run among its own.
type Part<'a> = (&'a str, usize);

/// The run as it would be by an edited text.
fn edited(run: &Run, (text, at): Part) -> Result<Run, String> {
    let s = protocols::parse(text).map_err(|faults| {
        faults.first().map_or(String::from("This is no condition."), |f| {
            let hint = f.hint.as_deref().unwrap_or_default();
            words::quoted(format!("{} {hint}", f.message).trim_end())
        })
    })?;
    run.edit(s.only(at)).map_err(|r| r.message)
}

/// What was looked for: the event, or how far nothing of it was; none where nothing more happens at all.
type Sought<T> = Result<T, Option<Us>>;

/// How far beyond its end a scenario is looked into: a press of Play goes on there too.
const BEYOND: Us = 60 * SEC;

fn far(run: &Run, now: Us) -> Us {
    run.horizon().max(now) + BEYOND
}

/// How far a search came that found nothing.
fn looked(run: &Run, far: Us) -> Option<Us> {
    run.world().next_at().map(|next| far.min(next.saturating_sub(1)))
}

/// Where something like this happens the next time. What lies beyond the scenario's end is looked for in a copy, and the
/// run itself goes on only if there is something.
fn seek(run: &mut Run, (text, at): Part, head: Head, holds: Holds) -> Sought<Event> {
    let (from, end) = (head.events(run.trace()), run.horizon());
    if let Some(e) = find(run, from, end, holds) {
        return Ok(e);
    }
    let far = far(run, head.at);
    let with = edit::insert_step(text, head.edit_at(run.trace()), &format!("mark {HERE:?}"));
    let Ok(mut copy) = edited(run, (&with, at)) else { return Err(looked(run, end)) };
    // A search of its own is not what is searched for.
    let own = |run: &Run, e: &Event| is_mark(run, e, HERE);
    let known = copy.trace().count_before(run.known_until().min(end).max(head.at));
    let found = find(&mut copy, known, far, &|run, e| e.at > end && !own(run, e) && holds(run, e));
    let Some(there) = found else { return Err(looked(&copy, far)) };
    find(run, from, there.at, holds).ok_or(looked(&copy, there.at))
}

/// Where something loud happens the next time.
pub fn loud(run: &mut Run, part: Part, head: Head) -> Sought<Head> {
    seek(run, part, head, &words::is_loud).map(|e| Head::behind(&e))
}

/// Says of a bookmark that it is the search's own.
const HERE: &str = "until, from here";
const THERE: &str = "until, there";

/// The text with a question in it: from a moment on, when does this become true? Of several runs it is asked in this one
/// alone, for the others may not know its words.
fn asking(text: &str, head: Head, run: &Run, fact: &str) -> String {
    let name = (edit::run_names(text).len() > 1).then(|| run.scenario().run.called());
    let (here, there) = (format!("mark {HERE:?}"), format!("then when {fact} mark {THERE:?}"));
    edit::insert_chain_in(text, name, head.edit_at(run.trace()), &here, &there)
}

fn is_mark(run: &Run, e: &Event, says: &str) -> bool {
    match e.what {
        What::Mark { text, .. } => run.trace().texts.get(text as usize).is_some_and(|t| t == says),
        _ => false,
    }
}

/// When a fact becomes true the next time, or why it cannot be asked.
fn condition(run: &Run, (text, at): Part, head: Head, fact: &str) -> Result<Sought<Head>, String> {
    if fact.trim().is_empty() {
        return Err("There is no condition to wait for: write one.".into());
    }
    let asked = asking(text, head, run, fact.trim());
    let mut other = edited(run, (&asked, at))?;
    let far = far(run, head.at);
    let found = find(&mut other, 0, far, &|run, e| is_mark(run, e, THERE));
    Ok(found.map(|e| Head::after(e.at)).ok_or_else(|| looked(&other, far)))
}

/// Without its article: `claim broken`, `next fault`.
fn bare(what: &str) -> &str {
    what.strip_prefix("a ").or(what.strip_prefix("the ")).unwrap_or(what)
}

fn arrive(page: Page, to: Sought<Head>, what: &str) -> String {
    let says = match &to {
        Ok(to) => format!("At {}: {}.", words::clock(to.at), what.trim_end_matches('.')),
        Err(far) => nowhere(*far, &format!("there is no {}", bare(what))),
    };
    if let Ok(to) = to {
        page.playing.set(false);
        page.go(to);
        page.sheet.set(None);
    }
    page.said.set(says.clone());
    says
}

/// `Up to 61 s there is no claim broken.`
pub fn nowhere(far: Option<Us>, what: &str) -> String {
    match far {
        Some(far) => format!("Up to {} {what}.", words::clock(far)),
        None => format!("As far as this run goes, {what}."),
    }
}

/// Go on to the next of a kind.
pub fn go(page: Page, wait: Wait) -> String {
    page.freeze();
    let Some(loaded) = page.loaded_now() else { return String::new() };
    let (to, what) = {
        let mut run = loaded.run.borrow_mut();
        let head = page.head.get_untracked();
        let to = seek(&mut run, (&loaded.text, loaded.at), head, &|run, e| is_it(run, wait, e));
        loaded.index.borrow_mut().catch_up(&run);
        let what = told(&run, wait, to.as_ref().ok());
        (to.map(|e| Head::behind(&e)), what)
    };
    arrive(page, to, &what)
}

/// What was waited for, and which of its kind has come; a sentence stands in the caption.
fn told(run: &Run, wait: Wait, e: Option<&Event>) -> String {
    let what = ALL.iter().find(|a| a.0 == wait).map_or("", |a| a.1);
    match e.filter(|_| wait != Wait::Caption) {
        Some(e) => format!("{what}: {}", words::event(run, e)),
        None => what.into(),
    }
}

#[component]
pub fn UntilSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    let fact = RwSignal::new(dom::recall("until").unwrap_or_default());
    let wrong = RwSignal::new(String::new());
    let ask = move |ev: web_sys::SubmitEvent| {
        ev.prevent_default();
        page.freeze();
        let Some(loaded) = page.loaded_now() else { return };
        let wanted = fact.get_untracked();
        let head = page.head.get_untracked();
        let part = (&*loaded.text, loaded.at);
        let found = condition(&loaded.run.borrow(), part, head, &wanted);
        match found {
            Ok(to) => {
                dom::remember("until", &wanted);
                wrong.set(arrive(page, to, &wanted));
            }
            Err(says) => {
                page.said.set(says.clone());
                wrong.set(says);
            }
        }
    };
    let deed = move |(wait, says): (Wait, &'static str)| {
        view! { <button type="button" on:click=move |_| wrong.set(go(page, wait))>{says}</button> }
    };
    let examples = move || {
        page.with_run(|run| {
            let name = |i: usize| run.cast().members.get(i).map_or("n1", |m| m.id.as_str());
            let kind = run.entry().kinds.first().map_or("", |k| k.name);
            format!("{} crashed, delivered {kind}, broken …", name(0))
        })
    };
    view! {
        <h2>"Run until"</h2>
        <div class="deeds">{ALL.into_iter().map(deed).rows()}</div>
        <form class="ask" on:submit=ask>
            <label>
                <span>"or until this becomes true"</span>
                <input class="mono" type="text" autocomplete="off" spellcheck="false" prop:value=move || fact.get()
                    aria-invalid=move || wrong.with(|w| (!w.is_empty()).then_some("true")) aria-describedby="until-wrong"
                    on:input=move |ev| fact.set(event_target_value(&ev))/>
            </label>
            <button type="submit" class="primary">"Run"</button>
        </form>
        <p class="soft small">"In the words of the scenario, as behind "<span class="mono">"when"</span>": "<span class="mono">{examples}</span></p>
        <p class="amiss" id="until-wrong" role="alert">{move || wrong.get()}</p>
        <div class="actions"><button type="button" on:click=move |_| page.sheet.set(None)>"Close"</button></div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::{load_for_tests, read};

    const TEXT: &str = "lamplight 1\nrun vector-clocks nodes=3 count=sends seed=1\nnet latency=10ms\n\
        at 0ms n1 tell n2\nat 20ms n1 tell n2\nat 35ms crash n3\nuntil 1s\n";

    fn run() -> Run {
        let Ok(run) = read(TEXT) else { panic!("it does not run") };
        run
    }

    #[test]
    fn the_next_of_a_kind_is_found_even_where_the_run_is_not_known_yet() {
        let mut run = run();
        let fault = |run: &Run, e: &Event| is_it(run, Wait::Fault, e);
        let found = find(&mut run, 0, SEC, &fault);
        assert_eq!(found.map(|e| e.at / MS), Some(35));
        assert_eq!(told(&run, Wait::Fault, found.as_ref()), "the next fault: crash n3");
        // A leap goes past what is known, and past the end to nowhere.
        let mut fresh = super::tests::run();
        fresh.advance(5 * MS, 10_000);
        assert!(loud(&mut fresh, (TEXT, 0), Head::after(5 * MS)).is_ok_and(|h| h.at >= 10 * MS));
        assert_eq!(loud(&mut fresh, (TEXT, 0), Head::after(SEC)), Err(None));
        let broken = |run: &Run, e: &Event| is_it(run, Wait::Broken, e);
        assert_eq!(find(&mut run, 0, SEC, &broken), None);
    }

    #[test]
    fn what_comes_beyond_the_end_is_found_and_the_run_goes_on_only_for_that() {
        let text = "lamplight 1\nrun raft nodes=3 seed=1\nnet latency=10ms\nat 900ms crash leader\nuntil 1s\n";
        let Ok(mut run) = read(text) else { panic!("it does not run") };
        run.advance(SEC, 100_000);
        let known = run.trace().len();
        let head = Head::after(950 * MS);
        let elected = condition(&run, (text, 0), head, "elected");
        assert!(elected.as_ref().is_ok_and(|h| h.is_ok_and(|h| h.at > SEC)), "{elected:?}");
        // Nothing of the kind: it is said how far was looked, and the run is as it was.
        let fault = |run: &Run, e: &Event| is_it(run, Wait::Fault, e);
        assert_eq!(seek(&mut run, (text, 0), head, &fault), Err(Some(61 * SEC)));
        assert_eq!(run.trace().len(), known);
        let next = seek(&mut run, (text, 0), head, &|run, e| is_it(run, Wait::Caption, e));
        assert!(next.as_ref().is_ok_and(|e| e.at > SEC) && run.trace().len() > known, "{next:?}");
        assert_eq!(
            nowhere(Some(61 * SEC), "there is no fault"),
            "Up to 61.000\u{202f}s there is no fault."
        );
    }

    #[test]
    fn of_several_runs_the_one_in_view_is_searched() {
        let text = "lamplight 1\nrun vector-clocks as quiet nodes=3 count=sends seed=1\n\
            beside raft as busy nodes=3\nnet latency=10ms\nin quiet at 0ms n1 tell n2\n\
            in busy at 900ms crash leader\nuntil 1s\n";
        let loaded = load_for_tests(text);
        let mut run = loaded.sides[1].run.borrow_mut();
        run.advance(SEC, 100_000);
        let head = Head::after(950 * MS);
        // What happens beyond the end is looked for in the second run, by its own text and in its own words.
        let next = seek(&mut run, (text, 1), head, &|run, e| is_it(run, Wait::Caption, e));
        assert!(next.as_ref().is_ok_and(|e| e.at > SEC), "{next:?}");
        let elected = condition(&run, (text, 1), head, "elected");
        assert!(elected.as_ref().is_ok_and(|h| h.is_ok_and(|h| h.at > SEC)), "{elected:?}");
    }

    #[test]
    fn a_condition_is_asked_from_the_playhead_on() {
        let mut run = run();
        run.advance(500 * MS, 10_000);
        let ask = |at: Us, fact: &str| {
            condition(&run, (TEXT, 0), Head::after(at), fact).map(|h| h.ok().map(|h| h.at / MS))
        };
        assert_eq!(ask(0, "delivered Note n1 -> n2"), Ok(Some(10)));
        assert_eq!(ask(15 * MS, "delivered Note n1 -> n2"), Ok(Some(30)));
        assert_eq!(ask(40 * MS, "delivered Note n1 -> n2"), Ok(None));
        assert!(ask(0, "delivered Nothing").is_err());
        assert!(ask(0, " ").is_err_and(|says| says.starts_with("There is no condition")));
    }
}
