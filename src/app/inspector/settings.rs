//! What the protocol declares, as controls: parameters, the seed, deliberate mistakes, operations of clients. Each writes a
//! line of the text; what the reader refuses is said beside its control and changes nothing.

use crate::app::lay::{Kept, Perhaps, Rows, when};
use engine::card::{BugCard, OpCard, ParamCard, Unit, claim_words};
use engine::run::Run;
use engine::scenario::{edit, range};
use leptos::prelude::*;

use crate::app::page::Page;

/// What a parameter is set to, and whether the text says so.
pub fn value(run: &Run, name: &str) -> String {
    let s = &run.scenario().run;
    match name {
        "seed" => s.seed.to_string(),
        _ => s.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.print()).unwrap_or_default(),
    }
}

fn is_default(run: &Run, card: &ParamCard) -> bool {
    !run.scenario().run.given.iter().any(|g| g == card.name)
}

/// `Mistake on: servers forget their vote. Watch Election safety.`
pub fn mistake(bug: &BugCard) -> String {
    let says = bug.says.trim_end_matches('.');
    format!("Mistake on: {says}. Watch {}.", watched(bug))
}

fn watched(bug: &BugCard) -> String {
    let name = |c: &&str| match *c {
        "history" => "what the scenario expects of the history".to_string(),
        c => claim_words(c),
    };
    bug.breaks.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Nodes that take at least one operation, and which.
pub fn takers(run: &Run) -> Vec<(String, String, Vec<&'static OpCard>)> {
    let cast = run.cast();
    let one = |n| {
        let role = run.entry().roles[cast.role(n) as usize].name;
        let takes = |o: &&OpCard| o.role.split([' ', ',', '|']).any(|r| r == role);
        let ops: Vec<_> = run.entry().ops.iter().filter(takes).collect();
        (cast.members[n.index()].id.clone(), run.name(n).to_string(), ops)
    };
    cast.all().map(one).filter(|(_, _, ops)| !ops.is_empty()).collect()
}

/// `c1 put x 1`, or what is missing.
pub fn request(node: &str, op: &OpCard, args: &[String]) -> Result<String, String> {
    let mut act = format!("{node} {}", op.verb.word());
    for (i, name) in op.args.iter().enumerate() {
        let given = args.get(i).map_or("", |a| a.trim());
        let bare = name.trim_end_matches(['?', '*']);
        if given.is_empty() && bare == *name {
            return Err(format!("A {bare} is missing."));
        }
        let quoted =
            given.contains(|c: char| c.is_whitespace() || c == '"') && !name.ends_with('*');
        if quoted {
            act.push_str(&format!(" \"{}\"", given.replace('\\', "\\\\").replace('"', "\\\"")));
        } else if !given.is_empty() {
            act.push_str(&format!(" {given}"));
        }
    }
    Ok(act)
}

/// In red while a mistake is on, whatever the inspector shows.
#[component]
pub fn Mistakes() -> impl IntoView {
    let page = expect_context::<Page>();
    let on = Kept::new(move || {
        page.with_run(|run| {
            let on = |b: &&BugCard| run.scenario().bugs.iter().any(|s| s == b.slug);
            run.entry().bugs.iter().filter(on).map(mistake).collect::<Vec<_>>()
        })
        .unwrap_or_default()
    });
    view! { {move || on.get().into_iter().map(|says| view! { <p class="mistake">{says}</p> }).rows()} }
}

#[component]
pub fn Settings() -> impl IntoView {
    let page = expect_context::<Page>();
    let entry = Kept::new(move || page.with_run(|run| run.entry().id));
    let body = move |_| {
        let Some(card) = page.with_run_now(|run| run.entry()) else { return ().into_any() };
        view! {
            {card.params.iter().map(|p| view! { <Dial card=p/> }).rows()}
            <Seed/>
            {(!card.bugs.is_empty()).then(|| view! {
                <h3>"Deliberate mistakes"</h3>
                {card.bugs.iter().map(|b| view! { <Switch card=b id=card.id/> }).rows()}
            }).perhaps()}
            {(!card.ops.is_empty()).then(|| view! { <Ask/> }).perhaps()}
        }
        .into_any()
    };
    view! {
        <details class="settings">
            <summary>"Settings: parameters, seed, mistakes, operations"</summary>
            // Another entry's fields are other fields: they are not to be changed into each other.
            <For each=move || entry.get() key=|id| *id children=body/>
        </details>
    }
}

/// Set a parameter in the text. None is its default, which `default` calls by its value.
fn set(page: Page, name: &'static str, to: Option<String>, default: &str) -> Result<(), String> {
    let branch = [name, "=", to.as_deref().unwrap_or(default)].concat();
    let says = match &to {
        Some(v) => format!("{name} is {v} now."),
        None => format!("{name} has its default again."),
    };
    // Side by side the run in view has its own; the seed is that of all.
    let run = page.in_view().filter(|_| name != "seed");
    let with = move |text: &str| match &run {
        Some(run) => edit::set_param_in(text, run, name, to.as_deref()),
        None => edit::set_param(text, name, to.as_deref()),
    };
    page.rewrite(with, &branch, &says)
}

/// One parameter.
#[component]
fn Dial(card: &'static ParamCard) -> impl IntoView {
    let page = expect_context::<Page>();
    let now = Kept::new(move || page.with_run(|run| value(run, card.name)).unwrap_or_default());
    let own = Kept::new(move || page.with_run(|run| !is_default(run, card)).unwrap_or(false));
    let wrong = RwSignal::new(String::new());
    let put = move |v: String| {
        let v = v.trim().to_string();
        let to = (v != card.default).then_some(v);
        let said = set(page, card.name, to, card.default).err().unwrap_or_default();
        if !said.is_empty() {
            page.said.set(format!("{}: {said} Nothing was changed.", card.name));
        }
        wrong.set(said);
    };
    let id = format!("set-{}", card.name);
    let about = format!("about-{}", card.name);
    let invalid = move || wrong.with(|w| (!w.is_empty()).then_some("true"));
    let control = match card.unit {
        Unit::Flag => view! {
            <input type="checkbox" id=id.clone() aria-describedby=about.clone() prop:checked=move || now.get() == "on"
                on:change=move |ev| put(if event_target_checked(&ev) { "on" } else { "off" }.into())/>
        }
        .into_any(),
        Unit::Choice(all) => view! {
            <select id=id.clone() aria-describedby=about.clone() prop:value=move || now.get() on:change=move |ev| put(event_target_value(&ev))>
                {all.iter().map(|w| view! { <option value=*w selected=now.get_untracked() == *w>{*w}</option> }).rows()}
            </select>
        }
        .into_any(),
        unit => {
            let count = matches!(unit, Unit::Count { .. });
            view! {
                <input class="mono" type=if count { "number" } else { "text" } id=id.clone() aria-describedby=about.clone() autocomplete="off"
                    spellcheck="false" aria-invalid=invalid prop:value=move || now.get() on:change=move |ev| put(event_target_value(&ev))/>
            }
            .into_any()
        }
    };
    let back = move |_| {
        wrong.set(String::new());
        let _ = set(page, card.name, None, card.default);
    };
    view! {
        <div class="dial">
            <label for=id>{card.name}</label>
            {control}
            <button type="button" disabled=move || !own.get() aria-label=format!("Default of {}: {}", card.name, card.default) on:click=back>"Default"</button>
            <p class="soft" id=about>{sentence(card.says)}" "{range(card.unit)}", default "{card.default}"."</p>
            <p class="refused" hidden=move || wrong.with(String::is_empty)>{move || wrong.get()}</p>
        </div>
    }
}

/// With a capital and a full stop.
fn sentence(says: &str) -> String {
    let mut letters = says.trim_end_matches('.').chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[component]
fn Seed() -> impl IntoView {
    let page = expect_context::<Page>();
    let now = Kept::new(move || page.with_run(|run| value(run, "seed")).unwrap_or_default());
    let wrong = RwSignal::new(String::new());
    let put = move |v: String| {
        wrong.set(set(page, "seed", Some(v.trim().into()), "").err().unwrap_or_default())
    };
    view! {
        <div class="dial">
            <label for="set-seed">"seed"</label>
            <input class="mono" type="number" id="set-seed" aria-describedby="about-seed" aria-invalid=move || wrong.with(|w| (!w.is_empty()).then_some("true"))
                prop:value=move || now.get() on:change=move |ev| put(event_target_value(&ev))/>
            <button type="button" on:click=move |_| page.new_seed()>"New seed"</button>
            <p class="soft" id="about-seed">"All chance of the run comes from it: the same seed, the same run."</p>
            <p class="refused" hidden=move || wrong.with(String::is_empty)>{move || wrong.get()}</p>
        </div>
    }
}

/// A deliberate mistake.
#[component]
fn Switch(card: &'static BugCard, id: &'static str) -> impl IntoView {
    let page = expect_context::<Page>();
    let on = Kept::new(move || {
        page.with_run(|run| run.scenario().bugs.iter().any(|b| b == card.slug)).unwrap_or(false)
    });
    let wrong = RwSignal::new(String::new());
    let turn = move |ev| {
        let to = event_target_checked(&ev);
        let says = if to { mistake(card) } else { format!("The mistake {} is off.", card.slug) };
        let branch = [if to { "mistake " } else { "no mistake " }, card.slug].concat();
        let done = page.rewrite(|text| edit::set_bug(text, card.slug, to), &branch, &says);
        wrong.set(done.err().unwrap_or_default());
    };
    let about = format!("about-{}", card.slug);
    let href = format!("#{id}/{}", card.shown_by);
    view! {
        <div class="switch">
            <label><input type="checkbox" aria-describedby=about.clone() prop:checked=move || on.get() on:change=turn/>{card.slug}</label>
            <p class="soft" id=about>{sentence(card.says)}" Breaks "{watched(card)}". "
                {(!card.shown_by.is_empty()).then(|| view! { <a href=href aria-label=format!("See {} break", card.slug)>"See it"</a> }).perhaps()}
            </p>
            <p class="refused" hidden=move || wrong.with(String::is_empty)>{move || wrong.get()}</p>
        </div>
    }
}

/// An operation at this moment.
#[component]
fn Ask() -> impl IntoView {
    let page = expect_context::<Page>();
    let nodes = Kept::new(move || {
        let all = page.with_run(|run| {
            takers(run).into_iter().map(|(id, name, _)| (id, name)).collect::<Vec<_>>()
        });
        all.unwrap_or_default()
    });
    let node = RwSignal::new(nodes.with(|n| n.first().map(|n| n.0.clone())).unwrap_or_default());
    let verb = RwSignal::new(0usize);
    let args = RwSignal::new(vec![String::new(); 8]);
    let wrong = RwSignal::new(String::new());
    let ops = move || {
        let node = node.get();
        let all = page.with_run_now(|run| takers(run).into_iter().find(|t| t.0 == node));
        all.flatten().map(|t| t.2).unwrap_or_default()
    };
    let go = move |ev: web_sys::SubmitEvent| {
        ev.prevent_default();
        let ops = untrack(ops);
        let Some(op) = ops.get(verb.get_untracked()) else { return };
        let act = args.with_untracked(|args| request(&node.get_untracked(), op, args));
        let said = act.and_then(|act| page.try_act(&act)).err().unwrap_or_default();
        if !said.is_empty() {
            page.said.set(said.clone());
        }
        wrong.set(said);
    };
    let field = move |(i, name): (usize, &'static str)| {
        let bare = name.trim_end_matches(['?', '*']);
        let label =
            if bare == name { bare.to_string() } else { format!("{bare}, may be left out") };
        view! {
            <label class="field"><span>{label}</span>
                <input class="mono" type="text" autocomplete="off" spellcheck="false"
                    prop:value=move || args.with(|a| a.get(i).cloned().unwrap_or_default())
                    on:input=move |ev| args.update(|a| if let Some(a) = a.get_mut(i) { *a = event_target_value(&ev) })/>
            </label>
        }
    };
    let fields = move || {
        let args = ops().get(verb.get()).map(|o| o.args).unwrap_or_default();
        args.iter().copied().enumerate().map(field).rows()
    };
    let says = move || ops().get(verb.get()).map(|o| sentence(o.says)).unwrap_or_default();
    view! {
        <h3>"Ask something now"</h3>
        {when(move || nodes.with(|n| !n.is_empty()), move || view! {
            <form class="ask" on:submit=go>
                <label class="field"><span>"node"</span>
                    <select on:change=move |ev| { node.set(event_target_value(&ev)); verb.set(0); }>
                        {move || nodes.get().into_iter().map(|(id, name)| {
                            let chosen = node.get_untracked() == id;
                            view! { <option value=id selected=chosen>{name}</option> }
                        }).rows()}
                    </select>
                </label>
                <label class="field"><span>"operation"</span>
                    <select on:change=move |ev| verb.set(event_target_value(&ev).parse().unwrap_or(0))>
                        {move || ops().into_iter().enumerate().map(|(i, o)| {
                            view! { <option value=i.to_string() selected=verb.get_untracked() == i>{o.verb.word()}</option> }
                        }).rows()}
                    </select>
                </label>
                {fields}
                <button type="submit">"Ask"</button>
                <p class="soft">{says}" It becomes a line at the playhead."</p>
                <p class="refused" hidden=move || wrong.with(String::is_empty)>{move || wrong.get()}</p>
            </form>
        }.into_any())}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::card::Verb;

    const PUT: OpCard =
        OpCard { verb: Verb::Put, role: "client", args: &["key", "value?"], says: "writes" };

    #[test]
    fn a_request_is_an_act() {
        let act = |args: &[&str]| {
            request("c1", &PUT, &args.iter().map(|a| a.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(act(&["x", " 1 "]).as_deref(), Ok("c1 put x 1"));
        assert_eq!(act(&["x", ""]).as_deref(), Ok("c1 put x"));
        assert_eq!(act(&["a b"]).as_deref(), Ok("c1 put \"a b\""));
        assert_eq!(act(&[""]), Err("A key is missing.".into()));
    }

    #[test]
    fn a_mistake_says_what_to_watch() {
        let bug = BugCard {
            slug: "x",
            says: "votes are forgotten",
            breaks: &["ElectionSafety", "history"],
            shown_by: "y",
        };
        assert_eq!(
            mistake(&bug),
            "Mistake on: votes are forgotten. Watch Election safety, what the scenario expects of the history."
        );
        assert_eq!(sentence("a word."), "A word.");
    }
}
