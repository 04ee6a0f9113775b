//! What every entry of the catalogue owes, whoever wrote it.
//!
//! `UPDATE=1 cargo test -p lamplight-engine --test catalogue` rewrites goldens and the lock; look at the
//! difference before committing it. `ENTRY=raft` before any of it looks at that entry alone.

mod house;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use engine::card::View;
use engine::protocols::CATALOGUE;
use engine::run::Run;
use engine::scenario::ast::{Act, What};
use engine::scene::{Index, exhibit, measures};
use engine::show::Exhibit;
use engine::trace::{What as Happening, json, text};
use engine::tree::kebab;
use house::*;
use xxhash_rust::xxh64::xxh64;

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Collects everything that is wrong, so that one run of the test tells all.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn unless(&mut self, ok: bool, what: impl FnOnce() -> String) {
        if !ok {
            self.0.push(what());
        }
    }
    fn none(self) {
        assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
    }
}

#[test]
fn cards_say_what_the_types_say() {
    let mut c = Complaints::default();
    for bill in bills() {
        let e = bill.entry();
        let kinds: Vec<&str> = e.kinds.iter().map(|k| k.name).collect();
        c.unless(kinds == bill.names().kinds, || {
            format!("{}: kinds {kinds:?} / {:?}", e.id, bill.names().kinds)
        });
        let reasons: Vec<String> = bill.names().reasons.iter().map(|r| kebab(r)).collect();
        let slugs: Vec<&str> = e.reasons.iter().map(|r| r.slug).collect();
        c.unless(slugs == reasons, || format!("{}: reasons {slugs:?} / {reasons:?}", e.id));
        let timers: Vec<String> = bill.names().timers.iter().map(|t| kebab(t)).collect();
        c.unless(e.timers == timers, || format!("{}: timers {:?} / {timers:?}", e.id, e.timers));
        c.unless(e.claims.len() <= 64 && e.bugs.len() <= 64, || {
            format!("{}: more than 64 claims or bugs", e.id)
        });
        for b in e.bugs {
            let known = |n: &str| n == "history" || e.claims.iter().any(|c| c.name == n);
            c.unless(b.breaks.iter().all(|n| known(n)), || {
                format!("{}: bug {} breaks an unknown claim", e.id, b.slug)
            });
        }
        for p in e.params {
            let reserved = ["seed", "t", "check", "bug", "sel", "in"].contains(&p.name);
            c.unless(!reserved, || {
                format!("{}: parameter {} is not a name links can carry", e.id, p.name)
            });
        }
        c.unless(of_entry(bill).iter().any(|s| s.slug == e.first), || {
            format!("{}: first scenario {} is missing", e.id, e.first)
        });
    }
    c.none();
}

#[test]
fn shipped_scenarios_keep_their_promises() {
    let mut c = Complaints::default();
    for s in shipped() {
        let scenario = s.read();
        c.unless(!scenario.expects.is_empty(), || format!("{}: asserts nothing", s.name()));
        c.unless(!scenario.title.is_empty() && scenario.shows.is_some(), || {
            format!("{}: no title or no `shows`", s.name())
        });
        let rows = scenario.rows.iter().all(|r| s.bill.entry().rows.contains(&r.as_str()))
            && !scenario.rows.is_empty();
        c.unless(rows, || format!("{}: its row is not one of its entry's", s.name()));
        let (all, rows) = s.all();
        for (i, run) in all.runs().iter().enumerate() {
            let v = verdicts(run);
            c.unless(v.ok(), || format!("{} {}:\n{}", s.name(), all.name(i), text::verdicts(v)));
        }
        c.unless(rows.iter().all(|r| r.holds()), || {
            format!("{}:\n{}", s.name(), text::tail(&all, &rows))
        });
    }
    c.none();
}

#[test]
fn goldens_hold() {
    let mut c = Complaints::default();
    for s in shipped() {
        let (all, rows) = s.all();
        let now = text::golden_all(&all, &rows);
        let path = s.path.with_extension("golden");
        if updating() {
            fs::write(&path, now).unwrap();
            continue;
        }
        let was = fs::read_to_string(&path).unwrap_or_default();
        c.unless(was == now, || format!("{}: {}", s.name(), first_difference(&was, &now)));
    }
    c.none();
}

#[test]
fn lessons_are_short_and_lead_to_what_is_shipped() {
    let mut c = Complaints::default();
    let all: Vec<String> = bills().flat_map(of_entry).map(|s| s.name()).collect();
    for bill in bills() {
        let id = bill.entry().id;
        let lesson = fs::read_to_string(folder(bill).join("lesson.md")).unwrap_or_default();
        c.unless(lesson.len() <= 6 * 1024, || format!("{id}: {} bytes", lesson.len()));
        let links: Vec<&str> =
            lesson.split("](#").skip(1).filter_map(|l| l.split([')', '&']).next()).collect();
        c.unless(!links.is_empty(), || format!("{id}: its lesson leads to no run"));
        for link in links {
            let known = all.iter().any(|n| n == link) || !link.contains('/');
            c.unless(known || std::env::var_os("ENTRY").is_some(), || format!("{id}: {link}"));
        }
    }
    c.none();
}

/// What stands below the topology first is there, and there is something in it.
#[test]
fn views_of_single_scenarios_show_something() {
    let mut c = Complaints::default();
    for bill in bills() {
        let shipped = of_entry(bill);
        for (slug, view) in bill.entry().views {
            let name = format!("{}/{slug}", bill.entry().id);
            let Some(s) = shipped.iter().find(|s| s.slug == *slug) else {
                c.unless(false, || format!("{name} has a view and is not shipped"));
                continue;
            };
            // Runs side by side would open with their comparison: there a view is declared even if it is the entry's.
            let own = *view != bill.entry().view || !s.read().beside.is_empty();
            c.unless(own, || format!("{name}: its view is its entry's"));
            c.unless(shows_something(&s.run(), *view), || format!("{name}: {view:?} is empty"));
            let swept = s.read().sweep.is_some();
            c.unless(!swept, || format!("{name}: it opens with the table of its sweep"));
        }
    }
    c.none();
}

/// What nodes show is headed by words, not by the names of fields.
#[test]
fn exhibits_are_headed_by_words() {
    let mut c = Complaints::default();
    for bill in bills() {
        for s in of_entry(bill).iter().step_by(4) {
            let run = s.run();
            let last = run.trace().len();
            for e in (0..6).map(|i| (last - 1) * i / 5) {
                for stack in exhibit::stacks(&run, &run.peek(engine::ids::EventId(e as u32))) {
                    let name = || format!("{}: {}", s.name(), stack.key);
                    let plain = |l: char| l.is_ascii_lowercase() || l.is_ascii_digit() || l == '-';
                    c.unless(stack.key.chars().all(plain), name);
                    for (_, shown) in &stack.items {
                        let Exhibit::Table(t) = shown else { continue };
                        let heads = || format!("{}: {:?}", name(), t.head);
                        c.unless(!t.head.iter().any(|h| h.contains('_')), heads);
                    }
                }
            }
        }
    }
    c.none();
}

fn shows_something(run: &engine::run::Run, view: View) -> bool {
    let index = Index::new(run);
    match view {
        View::Messages | View::Rounds | View::Points { .. } => {
            run.trace().msgs.iter().next().is_some()
        }
        View::Operations => !run.trace().ops.is_empty(),
        View::Measures => {
            let m = measures::Measures::new(run);
            measures::any(run, &index.clocks)
                && !measures::measures(run, &index.clocks, &m, (1, 1), (800.0, 400.0), None)
                    .shapes
                    .is_empty()
        }
        View::Exhibit(key) => {
            let offered = exhibit::offered(run);
            let stack = offered.iter().find(|s| s.key == key);
            stack.is_some_and(|s| s.items.iter().any(|(_, e)| holds_something(e)))
        }
    }
}

fn holds_something(e: &Exhibit) -> bool {
    match e {
        Exhibit::Log(l) => !l.cells.is_empty(),
        Exhibit::Table(t) => !t.rows.is_empty(),
        Exhibit::Set(items) | Exhibit::Queue(items) => !items.is_empty(),
        Exhibit::Ring(r) => !r.tokens.is_empty(),
        Exhibit::Ranges(r) => !r.is_empty(),
        Exhibit::Clock { entries, .. } => !entries.is_empty(),
        Exhibit::Tree(lines) => !lines.is_empty(),
        Exhibit::Matrix { rows, .. } => !rows.is_empty(),
        Exhibit::Spans(s) => s.rows.iter().any(|r| r.at.is_some()),
        Exhibit::Lines(all) => !all.is_empty(),
        Exhibit::Text(t) => !t.is_empty(),
        Exhibit::Gauge { .. } | Exhibit::Chart { .. } => true,
    }
}

fn first_difference(was: &str, now: &str) -> String {
    let at = was.lines().zip(now.lines()).take_while(|(a, b)| a == b).count();
    let line = |t: &str| t.lines().nth(at).unwrap_or("(end)").to_string();
    format!("golden differs at line {}:\n  was {}\n  now {}", at + 1, line(was), line(now))
}

#[test]
fn the_same_text_runs_the_same_twice() {
    for s in shipped() {
        let ((a, rows), (b, again)) = (s.all(), s.all());
        assert_eq!((a.hash(), rows), (b.hash(), again), "{}", s.name());
    }
}

/// A link made today must open the same run next year: a shipped text never changes, and a trace that
/// changes raises the engine's number.
#[test]
fn the_lock_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("links.lock");
    let was = fs::read_to_string(&path).unwrap_or_default();
    // Lines of entries that are not looked at stay as they are.
    let place = |line: &str| {
        let entry = line.split_once('/').map_or("", |(e, _)| e);
        CATALOGUE.iter().position(|b| b.entry().id == entry)
    };
    let looked_at: Vec<_> = bills().map(|b| place(&format!("{}/", b.entry().id))).collect();
    let others = was.lines().filter(|l| place(l).is_some() && !looked_at.contains(&place(l)));
    let mut lines: Vec<String> = others.map(str::to_string).collect();
    for s in shipped() {
        let trace = together(s.read()).hash();
        let text = xxh64(s.text.as_bytes(), 0);
        lines.push(format!("{} text={text:016x} trace={trace:016x}", s.name()));
    }
    lines.sort_by_key(|l| place(l));
    let now = format!("engine {}\n{}\n", json::ENGINE, lines.join("\n"));
    if updating() {
        return fs::write(&path, now).unwrap();
    }
    assert!(was == now, "links.lock: {}", first_difference(&was, &now));
}

#[test]
fn every_claim_is_exercised_and_every_reason_reached() {
    let mut c = Complaints::default();
    for bill in bills() {
        let mut claims: BTreeMap<&str, u64> =
            bill.entry().claims.iter().map(|c| (c.name, 0)).collect();
        let mut reasons: BTreeMap<u8, u64> =
            (0..bill.entry().reasons.len() as u8).map(|r| (r, 0)).collect();
        for s in of_entry(bill) {
            // Of a comparison, the runs that are of this entry.
            let all = together(s.read());
            for run in all.runs().iter().filter(|r| r.entry().id == bill.entry().id) {
                for v in &verdicts(run).claims {
                    *claims.entry(v.name).or_default() += v.checked;
                }
                for e in run.trace().events() {
                    if let Happening::Why { slug, .. } = e.what {
                        *reasons.entry(slug).or_default() += 1;
                    }
                }
            }
        }
        for (name, n) in claims {
            c.unless(n > 0, || format!("{}: claim {name} is exercised nowhere", bill.entry().id));
        }
        for (slug, n) in reasons {
            let slug = bill.entry().reasons[slug as usize].slug;
            c.unless(n > 0, || format!("{}: reason {slug} is reached nowhere", bill.entry().id));
        }
    }
    c.none();
}

#[test]
fn every_mistake_is_caught_by_the_claim_it_breaks() {
    let mut c = Complaints::default();
    let mut caught = vec![];
    for bill in bills() {
        let shipped = of_entry(bill);
        for bug in bill.entry().bugs {
            let Some(s) = shipped.iter().find(|s| s.slug == bug.shown_by) else {
                c.unless(false, || {
                    format!(
                        "{}: {} is shown by {}, which is not shipped",
                        bill.entry().id,
                        bug.slug,
                        bug.shown_by
                    )
                });
                continue;
            };
            let run = finished(
                read(&with_bug(&s.text, bug.slug)).unwrap_or_else(|e| panic!("{}: {e}", bug.slug)),
            );
            let broke = broken(&run);
            let named = bug.breaks.first().copied().unwrap_or("");
            c.unless(broke.contains(&named.to_string()), || {
                format!(
                    "{}: {} does not break {named} in {}: broken {broke:?}",
                    bill.entry().id,
                    bug.slug,
                    s.slug
                )
            });
            caught.push(format!("{} {} ✗ {}", bill.entry().id, bug.slug, broke.join(" ")));
        }
    }
    println!("{}", caught.join("\n"));
    c.none();
}

/// Claims that broke, and `history` where an expectation about the history failed.
fn broken(run: &engine::run::Run) -> Vec<String> {
    let v = verdicts(run);
    let claims =
        v.claims.iter().filter(|c| !c.broken.is_empty() && !c.expected).map(|c| c.name.to_string());
    let history = run.scenario().expects.iter().zip(&v.expects);
    let history = history
        .filter(|(e, v)| matches!(e.what, What::History { .. }) && !v.ok)
        .map(|_| "history".to_string());
    claims.chain(history).collect()
}

/// A scenario whose faults could be left away without anybody noticing shows nothing.
#[test]
fn without_its_faults_a_scenario_does_not_keep_its_promises() {
    let mut c = Complaints::default();
    for s in shipped() {
        let mut scenario = s.read();
        let disturbs = |a: &Act| a.is_fault();
        if scenario.bugs.is_empty() && !scenario.steps.iter().any(|s| disturbs(&s.act)) {
            // Nothing goes wrong here: what it shows must come of what it asks for.
            scenario.steps.clear();
            scenario.loads.clear();
        }
        scenario.bugs.clear();
        scenario.steps.retain(|s| !disturbs(&s.act));
        let Ok(mut all) = engine::protocols::open_all(scenario) else { continue };
        all.finish();
        let flips = all.runs().iter().any(|run| verdicts(run).expects.iter().any(|e| !e.ok));
        c.unless(flips, || format!("{}: nothing it expects needs its faults", s.name()));
    }
    c.none();
}

#[test]
fn the_reference_page_is_what_the_parser_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenario/REFERENCE.md");
    let now = engine::scenario::reference();
    if updating() {
        return fs::write(&path, now).unwrap();
    }
    let was = fs::read_to_string(&path).unwrap_or_default();
    assert!(was == now, "REFERENCE.md: {}", first_difference(&was, &now));
}

/// Whatever befalls one node half way, for good or for a while, and however long the others wait: no claim breaks that
/// held before.
#[test]
fn what_befalls_one_node_breaks_no_claim() {
    let calm = |run: &Run| verdicts(run).ok() && verdicts(run).claims.iter().all(|c| !c.expected);
    let mut c = Complaints::default();
    for s in shipped().iter().filter(|s| s.read().beside.is_empty()) {
        let run = s.run();
        if !calm(&run) {
            continue;
        }
        let half = run.trace().events().last().map_or(0, |e| e.at) / 2;
        let of_promises = |l: &&str| !l.starts_with("expect") && !l.starts_with("until");
        let head: String = s.text.lines().filter(of_promises).map(|l| format!("{l}\n")).collect();
        let (soon, end) = (half + 700_000, half + 10_000_000);
        for n in run.cast().members.iter().map(|node| &node.id) {
            for fault in [
                format!("at {half}us crash {n}\n"),
                format!("at {half}us crash {n}\nat {soon}us restart {n}\n"),
                format!("at {half}us pause {n}\nat {soon}us resume {n}\n"),
                format!("at {half}us isolate {n}\n"),
                format!("at {half}us isolate {n}\nat {soon}us heal\n"),
                format!("at {half}us set net loss=20%\nat {half}us set node {n} disk=60ms\n"),
            ] {
                // Who is down by then cannot crash.
                let Ok(text) = read(&format!("{head}{fault}until quiet by {end}us\n")) else {
                    continue;
                };
                let after = finished(text);
                for claim in &verdicts(&after).claims {
                    c.unless(claim.broken.is_empty(), || {
                        format!("{}: {} is broken\n{fault}", s.name(), claim.name)
                    });
                }
            }
        }
    }
    c.none();
}

/// The id of every entry, as files and as links spell it; but for one that is the field's own word for more than the entry.
fn ids() -> Vec<String> {
    let ids = CATALOGUE.iter().map(|b| b.entry().id).filter(|id| *id != "consistency");
    ids.flat_map(|id| [id.to_string(), id.replace('-', "_")]).collect()
}

/// Code of a file: without comments and tests, and without the examples that the reference of the language is made of.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines().enumerate();
    code.filter(|(_, l)| !l.trim_start().starts_with("//") && !l.contains("term("))
}

fn rust_files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => rust_files(&path, out),
            false if path.extension().is_some_and(|e| e == "rs") => out.push(path),
            false => {}
        }
    }
}

#[test]
fn nothing_outside_the_protocols_names_one() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    for room in ["check", "hash", "scenario", "scene", "trace", "world", "../app"] {
        rust_files(&engine.join(room), &mut files);
    }
    assert!(files.len() > 100, "{} files", files.len());
    let (ids, mut c) = (ids(), Complaints::default());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for (i, line) in code(&text) {
            let mut words = line.split(|ch: char| !(ch.is_alphanumeric() || "-_".contains(ch)));
            let named = words.find(|w| ids.iter().any(|id| id == w));
            c.unless(named.is_none(), || format!("{}:{}: {line}", path.display(), i + 1));
        }
    }
    c.none();
}
