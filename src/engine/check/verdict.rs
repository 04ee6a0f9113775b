//! What became of a run: every claim with its count, every expectation with what was found.
//!
//! "Checked 0 times" is not "held"; an unexpected break fails the run; a line of the text that found
//! nothing to act on is a failure too, since the run then is not what the text says.

use crate::card::ClaimKind;
use crate::check::{history_of, measure};
use crate::ids::*;
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scenario;
use crate::scenario::ast::*;
use crate::trace::What as Happening;

#[derive(Clone, Debug, PartialEq)]
pub struct Verdicts {
    /// When the run was over, and how many events that is.
    pub at: Us,
    pub events: usize,
    pub claims: Vec<ClaimVerdict>,
    pub expects: Vec<ExpectVerdict>,
    /// Lines that found nothing to act on: step and reason.
    pub voids: Vec<(u32, String)>,
    pub limit: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClaimVerdict {
    pub name: &'static str,
    pub says: &'static str,
    pub kind: ClaimKind,
    /// How often its premise was true and it was judged.
    pub checked: u64,
    pub broken: Vec<EventId>,
    /// The scenario said it would break.
    pub expected: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExpectVerdict {
    pub line: u32,
    pub ok: bool,
    /// What was found, in words.
    pub got: String,
}

impl Verdicts {
    pub fn of(run: &Run) -> Verdicts {
        let (at, events) = (run.world().now(), run.trace().len());
        let rare = Rare::of(run);
        Verdicts {
            at,
            events,
            claims: claims(run, &rare),
            expects: run
                .scenario()
                .expects
                .iter()
                .enumerate()
                .map(|(i, e)| expect(run, &rare, i, e))
                .chain(ending(run))
                .collect(),
            voids: rare.voids.into_iter().chain(unmet(run)).collect(),
            limit: run.world().limit().map(|l| l.says()),
        }
    }

    /// Whether the run did all its text promised.
    pub fn ok(&self) -> bool {
        let claims = self.claims.iter().all(|c| c.broken.is_empty() || c.expected);
        claims && self.expects.iter().all(|e| e.ok) && self.voids.is_empty() && self.limit.is_none()
    }

    /// `claims: 7 held (checked 41,223), 1 not exercised`
    pub fn line(&self) -> String {
        let of = |f: &dyn Fn(&&ClaimVerdict) -> bool| self.claims.iter().filter(f).count();
        let held = of(&|c| c.broken.is_empty() && c.checked > 0);
        let checked: u64 =
            self.claims.iter().filter(|c| c.broken.is_empty()).map(|c| c.checked).sum();
        let mut parts = vec![format!("{held} held (checked {})", thousands(checked))];
        let (broken, idle) =
            (of(&|c| !c.broken.is_empty()), of(&|c| c.checked == 0 && c.broken.is_empty()));
        if broken > 0 {
            parts.push(format!("{broken} broken"));
        }
        if idle > 0 {
            parts.push(format!("{idle} not exercised"));
        }
        format!("claims: {}", parts.join(", "))
    }
}

/// 41,223
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// What seldom happens, gathered in one walk along a trace that may be long.
struct Rare {
    broke: Vec<(u8, EventId)>,
    voids: Vec<(u32, String)>,
}

impl Rare {
    fn of(run: &Run) -> Rare {
        let trace = run.trace();
        let mut rare = Rare { broke: vec![], voids: vec![] };
        for i in 0..trace.len() {
            match trace.what(i) {
                Happening::Broke { claim, .. } => rare.broke.push((claim, EventId(i as u32))),
                Happening::Void { line, text } => {
                    let text = trace.texts.get(text as usize).cloned().unwrap_or_default();
                    rare.voids.push((line, text));
                }
                _ => {}
            }
        }
        rare
    }

    fn breaks(&self, claim: usize) -> impl Iterator<Item = EventId> + '_ {
        self.broke.iter().filter(move |b| usize::from(b.0) == claim).map(|b| b.1)
    }
}

/// Rules that no message has met: their lines found nothing, and only the end can say so.
fn unmet(run: &Run) -> impl Iterator<Item = (u32, String)> + '_ {
    let steps = &run.scenario().steps;
    run.world().unmet().filter_map(|line| {
        let sought = scenario::sought(&steps.get(line as usize)?.act)?;
        Some((line, ["no ", &sought, " was sent from then on"].concat()))
    })
}

fn claims(run: &Run, rare: &Rare) -> Vec<ClaimVerdict> {
    let expected = |name: &str| {
        run.scenario()
            .expects
            .iter()
            .any(|e| matches!(&e.what, What::Broken { claim, .. } if claim == name))
    };
    let one = |(i, card): (usize, &'static crate::card::ClaimCard)| ClaimVerdict {
        name: card.name,
        says: card.says,
        kind: card.kind,
        checked: run.world().asked()[i],
        broken: rare.breaks(i).collect(),
        expected: expected(card.name),
    };
    run.entry().claims.iter().enumerate().map(one).collect()
}

/// `until quiet by T` and `until FACT by T` promise that it comes to that.
fn ending(run: &Run) -> Option<ExpectVerdict> {
    let came = match run.scenario().until {
        Until::Time(_) => return None,
        Until::Quiet { .. } => run.world().is_quiet(),
        Until::Fact { .. } => {
            run.plan().watch_of_until.is_some_and(|w| run.world().watch(w).hits > 0)
        }
    };
    let got = if came { "ended" } else { "did not end" };
    Some(ExpectVerdict {
        line: 0,
        ok: came,
        got: format!("{got} by {}", prose_time(run.horizon())),
    })
}

fn expect(run: &Run, rare: &Rare, i: usize, e: &Expect) -> ExpectVerdict {
    let (ok, got) = match &e.what {
        What::Always(claim) => always(run, rare, claim),
        What::Broken { claim, by } => broken(run, rare, claim, *by),
        What::Never(_) => never(run, i),
        What::Sometimes { by, times, .. } => sometimes(run, i, *by, *times),
        What::Count { fate, kind, path, window, cmp, n } => {
            count(run, *fate, kind, path.as_ref(), *window, *cmp, *n)
        }
        What::Measure { agg, name, args, window, cmp, want, tol } => {
            measure::judge(run, *agg, name, args, *window, *cmp, want, tol.as_ref())
        }
        What::State { node, field, at, cmp, want } => state(run, node, field, *at, *cmp, want),
        What::Answer { node, ord, out, value } => answer(run, node, *ord, *out, value.as_ref()),
        What::History { not, model } => history(run, *not, model),
    };
    ExpectVerdict { line: e.place.line, ok, got }
}

fn claim_of<'a>(run: &Run, name: &'a str) -> (usize, &'a str) {
    (run.entry().claims.iter().position(|c| c.name == name).unwrap_or(usize::MAX), name)
}

fn always(run: &Run, rare: &Rare, claim: &str) -> (bool, String) {
    let (at, _) = claim_of(run, claim);
    match (rare.breaks(at).next(), run.world().asked().get(at).copied().unwrap_or(0)) {
        (Some(e), _) => (false, format!("broken {}", when(run, e))),
        (None, 0) => (false, "not exercised: its premise was never true".into()),
        (None, n) => (true, format!("held, checked {}", thousands(n))),
    }
}

fn broken(run: &Run, rare: &Rare, claim: &str, by: Option<Instant>) -> (bool, String) {
    let (at, _) = claim_of(run, claim);
    match rare.breaks(at).next().and_then(|e| run.trace().event(e)) {
        Some(e) => (
            by.is_none_or(|b| (e.at, e.k) <= (b.at, b.k.max(u32::from(b.k == 0) * u32::MAX))),
            format!("broken {}", when(run, e.id)),
        ),
        None => (false, "it held".into()),
    }
}

fn when(run: &Run, e: EventId) -> String {
    run.trace().event(e).map_or_else(String::new, |e| format!("at {}", prose_time(e.at)))
}

fn never(run: &Run, i: usize) -> (bool, String) {
    let Some(w) = run.plan().watch_of_expect[i] else { return (false, "not watched".into()) };
    match run.world().watch(w).first {
        None => (true, "never".into()),
        Some((at, ..)) => (false, format!("at {}", prose_time(at))),
    }
}

fn sometimes(run: &Run, i: usize, by: Option<Instant>, times: Option<u32>) -> (bool, String) {
    let Some(w) = run.plan().watch_of_expect[i] else { return (false, "not watched".into()) };
    let state = run.world().watch(w);
    let Some((at, k, _)) = state.first else { return (times == Some(0), "never".into()) };
    let soon = by.is_none_or(|b| if b.k == 0 { at <= b.at } else { (at, k) <= (b.at, b.k) });
    let often = times.is_none_or(|n| n == state.hits);
    let times = if state.hits == 1 { "once".into() } else { format!("{} times", state.hits) };
    (soon && often, format!("{times}, first at {}", prose_time(at)))
}

pub(crate) fn holds<T: PartialOrd>(cmp: Cmp, have: T, want: T) -> bool {
    match cmp {
        Cmp::Eq => have == want,
        Cmp::Lt => have < want,
        Cmp::Le => have <= want,
        Cmp::Gt => have > want,
        Cmp::Ge => have >= want,
    }
}

/// Places of the events a window covers.
pub(crate) fn span(run: &Run, window: Window) -> (usize, usize) {
    let t = run.trace();
    match window {
        Window::Whole => (0, t.len()),
        Window::FromTo(a, b) => (t.count_before(a), t.count_before(b)),
        Window::At(i) => {
            (0, t.count_at(i.at, i.k).max(if i.k == 0 { t.count_before(i.at) } else { 0 }))
        }
    }
}

fn count(
    run: &Run,
    fate: Fate,
    kind: &Pattern,
    path: Option<&Path>,
    window: Window,
    cmp: Cmp,
    n: i64,
) -> (bool, String) {
    let (from, to) = span(run, window);
    let plan = run.plan();
    let kind_at = plan.kind(kind).kind;
    let mut have = 0;
    for e in run.trace().range(from, to) {
        let m = match (fate, e.what) {
            (Fate::Sent, Happening::Send { m })
            | (Fate::Delivered, Happening::Deliver { m })
            | (Fate::Lost, Happening::Lose { m, .. }) => m,
            _ => continue,
        };
        let Some(rec) = run.trace().msg(m) else { continue };
        let on_path = path.is_none_or(|p| between(run, p, rec.from, rec.to));
        if rec.kind == kind_at && on_path && fields_match(run, m, kind) {
            have += 1;
        }
    }
    (holds(cmp, have, n), thousands(have as u64))
}

fn between(run: &Run, path: &Path, from: NodeId, to: NodeId) -> bool {
    let is = |who: &Option<Who>, n: NodeId| match who {
        None => true,
        Some(Who::Node(name)) => run.cast().find(name) == Some(n),
        Some(Who::Role(role)) => run.entry().roles[run.cast().role(n) as usize].name == role,
    };
    (is(&path.from, from) && is(&path.to, to))
        || (path.both && is(&path.from, to) && is(&path.to, from))
}

fn fields_match(run: &Run, m: MsgId, kind: &Pattern) -> bool {
    if kind.fields.is_empty() {
        return true;
    }
    let (tree, name) = (run.message(m), |n: NodeId| run.cast().members[n.index()].id.clone());
    kind.fields.iter().all(|(k, v)| tree.get(k).is_some_and(|f| v.matches(f, &name)))
}

fn state(
    run: &Run,
    node: &str,
    field: &str,
    at: Option<Instant>,
    cmp: Cmp,
    want: &crate::value::Value,
) -> (bool, String) {
    let Some(n) = run.cast().find(node) else { return (false, "no such node".into()) };
    let events = at.map_or(run.trace().len(), |i| run.trace().count_at(i.at, i.k));
    let peek = run.peek(EventId(events.saturating_sub(1) as u32));
    let (tree, name) = (peek.state(n), |n: NodeId| run.cast().members[n.index()].id.clone());
    let Some(have) = tree.get(field) else {
        return (false, format!("{node} has no field {field}"));
    };
    let ok = match (cmp, have, want.as_int()) {
        (Cmp::Eq, ..) => want.matches(have, &name),
        (cmp, crate::tree::Tree::Int(h), Some(w)) => holds(cmp, *h, w),
        (cmp, crate::tree::Tree::Time(h), _) => match want {
            crate::value::Value::Time(w) => holds(cmp, h, w),
            _ => false,
        },
        _ => false,
    };
    (ok, have.plain(&name))
}

fn answer(
    run: &Run,
    node: &str,
    ord: u32,
    out: Out,
    value: Option<&crate::value::Value>,
) -> (bool, String) {
    let Some(n) = run.cast().find(node) else { return (false, "no such node".into()) };
    let nth = run.trace().ops.iter().filter(|o| o.node == n).nth(ord.saturating_sub(1) as usize);
    let Some(op) = nth else { return (false, format!("{node} asked for fewer than {ord}")) };
    match &op.ret {
        None => (false, "no answer yet".into()),
        Some((_, o, v)) => {
            let same = value.is_none_or(|want| {
                v.as_ref().is_some_and(|have| have == want || have.print() == want.print())
            });
            let shown = v.as_ref().map_or_else(String::new, |v| format!(" {}", v.print()));
            (*o == out && same, format!("{}{shown}", out_word(*o)))
        }
    }
}

pub fn out_word(o: Out) -> &'static str {
    match o {
        Out::Ok => "ok",
        Out::Failed => "failed",
        Out::Unknown => "unknown",
    }
}

fn history(run: &Run, not: bool, model: &str) -> (bool, String) {
    let h = history_of(run);
    let Some(verdict) = crate::check::judge_history(&h, model) else {
        return (false, format!("no checker for {model}"));
    };
    let says = verdict.sentence(&h, &|n| run.name(n).to_string());
    (verdict.holds() == Some(!not), says)
}
