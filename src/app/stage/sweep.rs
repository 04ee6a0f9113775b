//! What a sweep comes to: a table with a row for each value, and a chart for each number that changes. The runs of all
//! values are worked out a little every frame, beside whatever moves; choosing a row brings its run into view, as an
//! edit of the text.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::lay::{Kept, Perhaps, Rows, effect, when};
use engine::check::measure;
use engine::ids::*;
use engine::protocols::{self, CATALOGUE};
use engine::scenario::{self, Scenario};
use engine::sweep::{Number, Point, SLOW, Sum};
use engine::value::Value;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::beat::Beat;
use crate::app::head::Head;
use crate::app::page::Page;
use crate::app::{dom, words};

/// Milliseconds of a frame that the runs of a sweep may take, while the run in view moves and while it stands.
const SLICE: (f64, f64) = (3.0, 9.0);
/// Steps between two looks at the clock.
const BUDGET: u32 = 64;

/// What is swept, whichever of its values is in view.
#[derive(Clone)]
pub struct Spec {
    /// The text at the first value: two texts that differ only in the value in view are one sweep.
    key: String,
    scenario: Arc<Scenario>,
    pub param: String,
    pub values: Vec<Value>,
    /// The names of its runs.
    runs: Vec<String>,
}

impl PartialEq for Spec {
    fn eq(&self, other: &Spec) -> bool {
        self.key == other.key
    }
}

/// The sweep of a text, and the value its run has now.
fn read(text: &str) -> Option<(Spec, Option<Value>)> {
    if !text.contains("sweep") {
        return None;
    }
    let s = protocols::parse(text).ok()?;
    let sweep = s.sweep.clone()?;
    let values = sweep.values();
    let key = scenario::canonical(&s.at(values.first()?)) + &scenario::sweep_line(&sweep);
    let runs = s.runs().map(|r| r.called().to_string()).collect();
    let now = s.run.param(&sweep.param).cloned();
    Some((Spec { key, scenario: Arc::new(s), param: sweep.param, values, runs }, now))
}

/// What became of a value: the sums of its runs, or why it cannot be run.
type Row = Result<Vec<Sum>, String>;

/// The runs on their way.
#[derive(Default)]
struct Work {
    of: Option<Spec>,
    now: Option<Point>,
    before: Option<Point>,
    rows: Vec<Row>,
}

impl Work {
    /// A few steps. Whether there is more to do.
    fn go_on(&mut self) -> bool {
        let Some(spec) = &self.of else { return false };
        let Some(value) = spec.values.get(self.rows.len()) else {
            (self.now, self.before) = (None, None);
            return false;
        };
        if self.now.is_none() {
            match Point::open(CATALOGUE, &spec.scenario, value.clone()) {
                Ok(point) => self.now = Some(point),
                Err(refused) => self.rows.push(Err(refused.message)),
            }
            return true;
        }
        if let Some(mut point) = self.now.take() {
            if point.go_on(self.before.as_ref(), BUDGET) {
                self.rows.push(Ok(point.sums()));
                self.before = Some(point);
            } else {
                self.now = Some(point);
            }
        }
        true
    }
}

/// A sweep and how far it has come; it outlives the view of it.
#[derive(Clone, Copy)]
pub struct Swept {
    spec: Kept<Option<Spec>>,
    /// The value in view.
    now: Kept<Option<Value>>,
    rows: RwSignal<Vec<Row>>,
    work: StoredValue<Work, LocalStorage>,
}

impl Swept {
    pub fn new(page: Page) -> Swept {
        let text = Kept::new(move || page.loaded().map(|l| l.text.to_string()));
        let both = Kept::new(move || text.with(|t| t.as_deref().and_then(read)));
        let spec = Kept::new(move || both.with(|b| b.as_ref().map(|b| b.0.clone())));
        let now = Kept::new(move || both.with(|b| b.as_ref().and_then(|b| b.1.clone())));
        let swept = Swept {
            spec,
            now,
            rows: RwSignal::new(vec![]),
            work: StoredValue::new_local(Work::default()),
        };
        effect(move || {
            let of = spec.get();
            swept.work.set_value(Work { of, ..Work::default() });
            swept.rows.set(vec![]);
        });
        swept
    }

    pub fn is_some(self) -> bool {
        self.spec.with(Option::is_some)
    }

    /// A little further, for so many milliseconds. Whether there is more to do.
    fn go_on(self, ms: f64) -> bool {
        let clock = window().performance();
        let read = || clock.as_ref().map_or(0.0, web_sys::Performance::now);
        let end = read() + ms;
        let (more, came) = self
            .work
            .try_update_value(|work| {
                let before = work.rows.len();
                let mut more = work.go_on();
                while more && read() < end {
                    more = work.go_on();
                }
                (more, (work.rows.len() > before).then(|| work.rows.clone()))
            })
            .unwrap_or_default();
        if let Some(rows) = came {
            self.rows.set(rows);
        }
        more
    }

    fn is_done(self) -> bool {
        let all = self.spec.with(|s| s.as_ref().map_or(0, |s| s.values.len()));
        self.rows.with(Vec::len) >= all
    }
}

// -------------------------------------------------------------------- the table, without the page

/// A number of a run, at every value.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    unit: &'static str,
    cells: Vec<Option<i64>>,
    /// What a closed form says, where the protocol declares one.
    theory: Vec<Option<i64>>,
}

impl Column {
    fn has_theory(&self) -> bool {
        self.theory.iter().any(Option::is_some)
    }
    fn print(&self, cells: &[Option<i64>], i: usize) -> String {
        match cells.get(i) {
            Some(Some(v)) => measure::prose(self.unit, *v),
            _ => "–".into(),
        }
    }
}

/// All numbers of one run of the text: first what the text asks for, then what is always counted.
fn columns(sums: &[Option<&Sum>]) -> Vec<Column> {
    let named: Vec<&str> = sums
        .iter()
        .flatten()
        .max_by_key(|s| s.numbers.len())
        .map_or(vec![], |s| s.numbers.iter().map(|n| n.name.as_str()).collect());
    let find = |s: &Sum, name: &str| s.numbers.iter().find(|n| n.name == name).cloned();
    let of_text = |name: &&str| {
        let all: Vec<Option<Number>> = sums.iter().map(|s| find((*s)?, name)).collect();
        let each = |f: fn(&Number) -> Option<i64>| all.iter().map(|n| f(n.as_ref()?)).collect();
        Column {
            name: if *name == SLOW { "95 of 100 answered within".into() } else { name.to_string() },
            unit: all.iter().flatten().next().map_or("", |n| n.unit),
            cells: each(|n| n.value),
            theory: each(|n| n.theory),
        }
    };
    let counted = |name: &str, unit, f: fn(&Sum) -> Option<i64>| Column {
        name: name.into(),
        unit,
        cells: sums.iter().map(|s| f((*s)?)).collect(),
        theory: vec![],
    };
    let mut out: Vec<Column> = named.iter().filter(|n| **n != SLOW).map(of_text).collect();
    out.extend([
        counted("messages sent", "", |s| Some(s.counters.sent.into())),
        counted("delivered", "", |s| Some(s.counters.delivered.into())),
        counted("lost", "", |s| Some(s.counters.lost.into())),
        counted("answered", "ppm", |s| s.counters.availability().map(i64::from)),
        counted("half answered within", "us", |s| s.counters.median.map(|m| m as i64)),
    ]);
    out.extend(named.iter().filter(|n| **n == SLOW).map(of_text));
    out.push(counted("claims broken", "", |s| Some(s.broken.len() as i64)));
    // What nothing was measured of anywhere is no column.
    out.retain(|c| c.cells.iter().any(Option::is_some));
    out
}

/// Where it first does not hold, in words.
fn verdict(values: &[Value], holds: &[Option<bool>]) -> String {
    let done = holds.iter().flatten().count();
    if done < values.len() {
        return format!("{done} of {} values have run.", values.len());
    }
    let good = holds.iter().filter(|h| **h == Some(true)).count();
    let first = values.iter().zip(holds).find(|(_, h)| **h == Some(false)).map(|(v, _)| v.print());
    match first {
        None => format!("All that the text expects holds at every one of {} values.", values.len()),
        Some(v) if good == 0 => {
            format!("At no value does all hold that the text expects; {v} is the first.")
        }
        Some(v) => format!(
            "All that the text expects holds at {good} of {} values; {v} is the first at which it does not.",
            values.len()
        ),
    }
}

/// A drawing of one column: numbers upwards from nothing, values from left to right.
#[derive(Clone, Debug, Default, PartialEq)]
struct Chart {
    line: String,
    theory: String,
    points: Vec<(usize, f32, f32)>,
    top: String,
    bottom: String,
    /// The same in words.
    says: String,
}

/// Its size, and the room for letters at the left, above and below.
const SIZE: (f32, f32) = (244.0, 116.0);
const ROOM: (f32, f32, f32) = (68.0, 10.0, 20.0);

/// None where there is nothing to be seen: one value, or the same at all.
fn chart(column: &Column, values: &[Value]) -> Option<Chart> {
    let xs: Vec<i64> = values.iter().filter_map(Value::units).collect();
    let at = |cells: &[Option<i64>]| -> Vec<(usize, i64, i64)> {
        let all = cells.iter().zip(&xs).enumerate();
        all.filter_map(|(i, (y, x))| Some((i, *x, (*y)?))).collect()
    };
    let (have, want) = (at(&column.cells), at(&column.theory));
    let different: BTreeSet<i64> = have.iter().map(|p| p.2).collect();
    if different.len() < 2 {
        return None;
    }
    let (left, right) = (*xs.first()?, *xs.last()?);
    let ys = || have.iter().chain(&want).map(|p| p.2);
    let (low, high) = (ys().min()?.min(0), ys().max()?.max(0));
    let (w, h) = (SIZE.0 - ROOM.0 - 8.0, SIZE.1 - ROOM.1 - ROOM.2);
    let share = |v: i64, from: i64, to: i64| (v - from) as f32 / (to - from).max(1) as f32;
    let place = |p: &(usize, i64, i64)| {
        let (x, y) = (share(p.1, left, right), share(p.2, low, high));
        (p.0, (ROOM.0 + x * w).round(), (ROOM.1 + (1.0 - y) * h).round())
    };
    let path = |points: &[(usize, f32, f32)]| {
        let one = |(i, p): (usize, &(usize, f32, f32))| {
            format!("{}{} {}", if i == 0 { "M" } else { "L" }, p.1, p.2)
        };
        points.iter().enumerate().map(one).collect::<String>()
    };
    let points: Vec<_> = have.iter().map(place).collect();
    let theory: Vec<_> = want.iter().map(place).collect();
    let unit = column.unit;
    let near = |p: &(usize, i64, i64)| {
        format!(
            "{} at {}",
            measure::prose(unit, p.2),
            values.get(p.0).map(Value::print).unwrap_or_default()
        )
    };
    let (first, last) = (have.first()?, have.last()?);
    let (min, max) = (have.iter().min_by_key(|p| p.2)?, have.iter().max_by_key(|p| p.2)?);
    Some(Chart {
        line: path(&points),
        theory: path(&theory),
        points,
        top: measure::prose(unit, high),
        bottom: measure::prose(unit, low),
        says: format!(
            "{}: {}, {}; smallest {}, largest {}",
            column.name,
            near(first),
            near(last),
            near(min),
            near(max)
        ),
    })
}

/// The tables as lines of cells with tabs between them, for a sheet or a text.
fn as_text(spec: &Spec, rows: &[Row]) -> String {
    let table = |(run, name): (usize, &String)| {
        let sums: Vec<Option<&Sum>> =
            rows.iter().map(|r| r.as_ref().ok().and_then(|s| s.get(run))).collect();
        let cols = columns(&sums);
        let mut head = vec![spec.param.clone()];
        for c in &cols {
            head.push(c.name.clone());
            head.extend(c.has_theory().then(|| format!("{} expected", c.name)));
        }
        head.push("expectations that hold".into());
        let line = |(i, value): (usize, &Value)| {
            let mut cells = vec![value.print()];
            for c in &cols {
                cells.push(c.print(&c.cells, i));
                cells.extend(c.has_theory().then(|| c.print(&c.theory, i)));
            }
            cells.push(sums[i].map_or("–".into(), |s| format!("{} of {}", s.held.0, s.held.1)));
            cells.join("\t")
        };
        let title = (spec.runs.len() > 1).then(|| name.clone());
        let lines = spec.values.iter().take(sums.len()).enumerate().map(line);
        title.into_iter().chain([head.join("\t")]).chain(lines).collect::<Vec<_>>().join("\n")
    };
    spec.runs.iter().enumerate().map(table).collect::<Vec<_>>().join("\n\n") + "\n"
}

// -------------------------------------------------------------------- on the page

fn copy(page: Page, swept: Swept) {
    let text = swept.spec.with(|s| s.as_ref().map(|s| swept.rows.with(|r| as_text(s, r))));
    let Some(text) = text else { return };
    spawn_local(async move {
        let done = dom::copy(&text).await;
        page.said.set(if done {
            "The table is on the clipboard.".into()
        } else {
            "The browser does not let the page copy.".into()
        });
    });
}

#[component]
pub fn Sweep(swept: Swept) -> impl IntoView {
    let page = expect_context::<Page>();
    let beat = expect_context::<Beat>();
    beat.each_frame(move |frame| {
        if swept.go_on(if frame.playing { SLICE.0 } else { SLICE.1 }) {
            beat.wake();
        }
    });
    effect(move || {
        swept.spec.with(|_| ());
        beat.wake();
    });
    let runs =
        Kept::new(move || swept.spec.with(|s| s.as_ref().map_or(vec![], |s| s.runs.clone())));
    let holds = Kept::new(move || {
        let rows = swept.rows.get();
        swept.spec.with(|s| {
            let values = s.as_ref().map_or(0, |s| s.values.len());
            let holds = |i: usize| {
                rows.get(i).map(|r| r.as_ref().is_ok_and(|sums| sums.iter().all(|s| s.ok)))
            };
            (0..values).map(holds).collect::<Vec<Option<bool>>>()
        })
    });
    let says = Kept::new(move || {
        swept
            .spec
            .with(|s| s.as_ref().map_or(String::new(), |s| holds.with(|h| verdict(&s.values, h))))
    });
    let told = StoredValue::new(swept.is_done());
    effect(move || {
        let done = swept.is_done() && swept.is_some();
        if done && !told.get_value() {
            page.said.set(format!("The sweep has run. {}", says.get_untracked()));
        }
        told.set_value(done);
    });
    let failed = move || holds.with(|h| h.contains(&Some(false)));
    view! {
        <div class="view sweep" tabindex="0" role="region" aria-label="The sweep">
            <p class="sweep-says" class:refused=failed>{move || says.get()}" "{when(move || swept.is_done(), move || view! {
                <button type="button" class="small wide" on:click=move |_| copy(page, swept)>"Copy the table"</button>
            }.into_any())}</p>
            {move || {
                let runs = runs.get();
                let many = runs.len() > 1;
                runs.into_iter().enumerate().map(|(i, name)| view! {
                    <Table swept=swept run=i name=many.then_some(name) holds=holds/>
                }).rows()
            }}
        </div>
    }
}

#[component]
fn Table(
    swept: Swept,
    run: usize,
    name: Option<String>,
    holds: Kept<Vec<Option<bool>>>,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let spec = move || swept.spec.get();
    let values = Kept::new(move || spec().map_or(vec![], |s| s.values));
    let param = Kept::new(move || spec().map_or(String::new(), |s| s.param));
    let cols = Kept::new(move || {
        let n = values.with(Vec::len);
        swept.rows.with(|rows| {
            let sum = |i: usize| rows.get(i).and_then(|r| r.as_ref().ok()).and_then(|s| s.get(run));
            columns(&(0..n).map(sum).collect::<Vec<_>>())
        })
    });
    // Where each value parts from the one above, and how much of what is expected holds.
    let more = Kept::new(move || {
        swept.rows.with(|rows| {
            let one = |r: &Row| match r {
                Ok(sums) => sums.get(run).map_or((None, String::new()), |s| {
                    (s.parts, format!("{} of {}", s.held.0, s.held.1))
                }),
                Err(why) => (None, why.clone()),
            };
            rows.iter().map(one).collect::<Vec<_>>()
        })
    });
    let is_now = move |i: usize| {
        values.with(|v| v.get(i).is_some_and(|v| swept.now.with(|n| n.as_ref() == Some(v))))
    };
    let take = move |i: usize| {
        if let Some(v) = values.with(|v| v.get(i).map(Value::print)) {
            page.take_value(&param.get_untracked(), &v);
        }
    };
    let keys = move |ev: web_sys::KeyboardEvent| {
        let by: isize = match ev.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        let here = dom::closest(&ev, "[data-row]").and_then(|e| e.get_attribute("data-row"));
        let Some(to) = here.and_then(|h| h.parse::<isize>().ok()?.checked_add(by)) else { return };
        ev.prevent_default();
        dom::focus(&format!("[data-run='{run}'] [data-row='{to}'] button"));
    };
    let head = move || {
        let one = |c: Column| {
            let theory = c.has_theory();
            view! {
                <th scope="col">{c.name}</th>
                {theory.then(|| view! { <th scope="col" class="soft">"expected"</th> }).perhaps()}
            }
        };
        cols.get().into_iter().map(one).rows()
    };
    let row = move |i: usize| {
        let value = values.with(|v| v.get(i).map(Value::print)).unwrap_or_default();
        let label = format!("look at {}={value}", param.get_untracked());
        let cells = move || {
            let cell = |c: Column| {
                let theory = c.has_theory().then(|| c.print(&c.theory, i));
                let bad = c.name == "claims broken" && c.cells.get(i).is_some_and(|v| *v > Some(0));
                view! {
                    <td class:refused=bad>{c.print(&c.cells, i)}</td>
                    {theory.map(|t| view! { <td class="soft">{t}</td> }).perhaps()}
                }
            };
            cols.get().into_iter().map(cell).rows()
        };
        let held =
            move || more.with(|m| m.get(i).map(|m| m.1.clone()).unwrap_or_else(|| "…".into()));
        let parts = move || more.with(|m| m.get(i).and_then(|m| m.0));
        let go = move |at: Us| {
            move |ev: web_sys::MouseEvent| {
                ev.stop_propagation();
                take(i);
                page.playing.set(false);
                page.go(Head::after(at));
            }
        };
        let bad = move || holds.with(|h| h.get(i) == Some(&Some(false)));
        view! {
            <tr data-row=i.to_string() data-now=move || is_now(i).then_some("true") on:click=move |_| take(i)>
                <th scope="row"><button type="button" class="plain" aria-pressed=move || is_now(i).to_string() aria-label=label>{value}</button></th>
                {cells}
                <td class:refused=bad>{held}</td>
                <td>{move || parts().map(|at| view! {
                    <button type="button" class="plain link" aria-label=format!("where it parts: {}", words::clock(at)) on:click=go(at)>{words::clock(at)}</button>
                }).perhaps()}</td>
            </tr>
        }
    };
    let figure = move |c: Column| {
        let drawn = values.with(|v| chart(&c, v))?;
        Some(view! { <Figure column=c drawn=drawn values=values now=swept.now holds=holds/> })
    };
    view! {
        <div class="sweep-wide">
            <table class="sweep-table" data-run=run.to_string() on:keydown=keys>
                <caption>{name.map(|n| view! { <b>{n}</b>". " }).perhaps()}"Each row is a run of the whole text: press one to look at it."</caption>
                <thead><tr><th scope="col">{move || param.get()}</th>{head}<th scope="col">"expectations that hold"</th><th scope="col">"parts from the row above"</th></tr></thead>
                <tbody>{move || (0..values.with(Vec::len)).map(row).rows()}</tbody>
            </table>
        </div>
        {when(move || cols.with(|c| values.with(|v| c.iter().any(|c| chart(c, v).is_some()))), move || view! {
            <div class="plots">{move || cols.get().into_iter().filter_map(figure).rows()}</div>
        }.into_any())}
    }
}

/// A column as a drawing.
#[component]
fn Figure(
    column: Column,
    drawn: Chart,
    values: Kept<Vec<Value>>,
    now: Kept<Option<Value>>,
    holds: Kept<Vec<Option<bool>>>,
) -> impl IntoView {
    let Chart { line, theory, points, top, bottom, says } = drawn;
    let (w, h) = SIZE;
    let (ground, sky) = ((h - ROOM.2).to_string(), ROOM.1.to_string());
    let end = |last: bool| {
        values
            .with(|v| if last { v.last() } else { v.first() }.map(Value::print).unwrap_or_default())
    };
    let expected = !theory.is_empty();
    let at = points.clone();
    let here = move || {
        let at_value = |p: &&(usize, f32, f32)| {
            values.with(|v| now.with(|n| n.is_some() && v.get(p.0) == n.as_ref()))
        };
        at.iter().find(at_value).map(|p| {
            view! { <circle class="here" cx=p.1.to_string() cy=p.2.to_string() r="6"/> }
        })
    };
    let dot = move |(i, x, y): (usize, f32, f32)| {
        let bad = holds.with(|h| h.get(i) == Some(&Some(false)));
        let mark = if bad {
            format!("M{} {}l8 8m0 -8l-8 8", x - 4.0, y - 4.0)
        } else {
            format!("M{} {}h0.01", x, y)
        };
        view! { <path class="dot" class:bad=bad d=mark/> }
    };
    view! {
        <figure class="plot">
            <figcaption>{column.name}{expected.then_some(view! { <span class="soft">", dashed: expected"</span> }).perhaps()}</figcaption>
            <svg role="img" aria-label=says width=w.to_string() height=h.to_string() viewBox=format!("0 0 {w} {h}")>
                <path class="axis" d=format!("M{} {sky}V{ground}H{}", ROOM.0 - 4.0, w - 4.0)/>
                <path class="theory" d=theory/>
                <path class="curve" d=line/>
                {points.into_iter().map(dot).rows()}
                {move || here().perhaps()}
                <text x=(ROOM.0 - 8.0).to_string() y=(ROOM.1 + 4.0).to_string() text-anchor="end">{top}</text>
                <text x=(ROOM.0 - 8.0).to_string() y=ground.clone() text-anchor="end">{bottom}</text>
                <text x=(ROOM.0 - 4.0).to_string() y=(h - 5.0).to_string()>{end(false)}</text>
                <text x=(w - 4.0).to_string() y=(h - 5.0).to_string() text-anchor="end">{end(true)}</text>
            </svg>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "lamplight 1\nrun raft nodes=5 clients=1 seed=3\nsweep nodes=1..5 by 2\n\
        at 0ms fire n1 election\nat 400ms c1 add x 1\nexpect count sent RequestVote <= 3\nuntil 1s\n";

    fn work(text: &str) -> Work {
        let Some((spec, _)) = read(text) else { panic!("it sweeps nothing: {text}") };
        let mut work = Work { of: Some(spec), ..Work::default() };
        while work.go_on() {}
        work
    }

    #[test]
    fn the_value_in_view_makes_no_other_sweep() {
        let Some((spec, now)) = read(TEXT) else { panic!() };
        assert_eq!(spec.values, [1, 3, 5].map(Value::Int));
        assert_eq!(now, Some(Value::Int(5)));
        let Some((same, now)) = read(&TEXT.replace("nodes=5", "nodes=3")) else { panic!() };
        assert!(same == spec && now == Some(Value::Int(3)));
        let Some((other, _)) = read(&TEXT.replace("seed=3", "seed=4")) else { panic!() };
        assert!(other != spec);
        assert!(read(&TEXT.replace("sweep", "# sweep")).is_none());
    }

    #[test]
    fn every_value_becomes_a_row_and_every_number_a_column() {
        let work = work(TEXT);
        assert!(work.now.is_none() && work.before.is_none());
        let sums: Vec<_> =
            work.rows.iter().map(|r| r.as_ref().ok().and_then(|s| s.first())).collect();
        let cols = columns(&sums);
        let names: Vec<&str> = cols.iter().map(|c| c.name.as_str()).collect();
        let want = [
            "sent RequestVote",
            "messages sent",
            "delivered",
            "lost",
            "answered",
            "half answered within",
            "95 of 100 answered within",
            "claims broken",
        ];
        assert_eq!(names, want);
        assert_eq!(cols[0].cells, [Some(0), Some(2), Some(4)]);
        // What has not run yet has no cells, and takes no column away.
        assert_eq!(columns(&[sums[0], None, None])[0].cells, [Some(0), None, None]);
    }

    #[test]
    fn the_table_can_be_carried_away_as_text() {
        let work = work(TEXT);
        let Some(spec) = &work.of else { panic!() };
        let text = as_text(spec, &work.rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].starts_with("nodes\tsent RequestVote\tmessages sent\t"), "{text}");
        assert!(lines[3].starts_with("5\t4\t") && lines[3].ends_with("\t0 of 1"), "{text}");
        let cells = |l: &str| l.split('\t').count();
        assert!(lines.iter().all(|l| cells(l) == cells(lines[0])), "{text}");
    }

    #[test]
    fn a_value_that_is_refused_is_a_row_that_says_so() {
        let text = "lamplight 1\nrun consistent-hashing nodes=2 weights=1,2 seed=1\nsweep nodes=2..3 by 1\n";
        let work = work(text);
        assert!(work.rows[0].is_ok());
        assert!(work.rows[1].as_ref().is_err_and(|why| why.starts_with("At 3: ")));
    }

    #[test]
    fn the_first_value_that_fails_is_named() {
        let values = [1, 3, 5].map(Value::Int);
        assert_eq!(verdict(&values, &[Some(true), None, None]), "1 of 3 values have run.");
        assert!(
            verdict(&values, &[Some(true); 3])
                .starts_with("All that the text expects holds at every")
        );
        let some = verdict(&values, &[Some(true), Some(false), Some(true)]);
        assert!(some.contains("at 2 of 3 values; 3 is the first"), "{some}");
    }

    #[test]
    fn a_chart_goes_from_nothing_to_the_largest() {
        let values = [1, 3, 5].map(Value::Int);
        let column = |cells: [Option<i64>; 3]| Column {
            name: "messages".into(),
            unit: "",
            cells: cells.to_vec(),
            theory: vec![],
        };
        let Some(c) = chart(&column([Some(0), Some(50), Some(100)]), &values) else { panic!() };
        assert_eq!((c.top.as_str(), c.bottom.as_str()), ("100", "0"));
        let (y0, y1) = (c.points[0].2, c.points[2].2);
        assert_eq!((y0, y1), (SIZE.1 - ROOM.2, ROOM.1));
        assert_eq!(c.says, "messages: 0 at 1, 100 at 5; smallest 0 at 1, largest 100 at 5");
        assert_eq!(chart(&column([Some(7); 3]), &values), None);
        assert_eq!(chart(&column([Some(7), None, None]), &values), None);
    }

    #[test]
    fn numbers_are_read_with_their_unit() {
        assert_eq!(measure::prose("us", 20_000), "20 ms");
        assert_eq!(measure::prose("ppm", 1_298_244), "129.8 %");
        assert_eq!(measure::prose("", 12_345), "12,345");
        assert_eq!(measure::prose("keys", -3), "−3 keys");
    }
}
