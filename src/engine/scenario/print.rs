//! `canonical`: the one spelling of a scenario, for equality, hash and link.
//!
//! Settings stand in a fixed order and defaults are left out, except the seed and the network's latency
//! and disk, which are always said. Steps keep their order, because `then` means the line above;
//! expectations follow. Reading it back gives the same scenario.

use super::ast::*;
use super::fault::Bad;
use super::lex::{quote, sentence, unquote};
use super::num::{print_bandwidth, print_law, value};
use super::steps::is_reserved;
use super::terms::{AGGS, CMPS};
use crate::ids::Us;
use crate::value::{Value, print_time};

/// The one spelling of a scenario.
pub fn canonical(s: &Scenario) -> String {
    let mut lines = vec!["lamplight 1".to_string()];
    heading(s, &mut lines);
    stage(s, &mut lines);
    lines.extend(s.steps.iter().map(step));
    lines.extend(s.expects.iter().map(expect));
    lines.extend(until(&s.until));
    lines.push(String::new());
    lines.join("\n")
}

impl Scenario {
    /// The scenario without where its lines stood: two texts mean the same if these are equal.
    pub fn meaning(&self) -> Scenario {
        let (mut s, place) = (self.clone(), Place::default());
        for run in std::iter::once(&mut s.run).chain(&mut s.beside) {
            (run.place, run.places) = (place, vec![]);
        }
        s.sweep.iter_mut().for_each(|l| l.place = place);
        s.links.iter_mut().for_each(|l| l.place = place);
        s.nodes.iter_mut().for_each(|l| l.place = place);
        s.givens.iter_mut().for_each(|l| (l.place, l.places) = (place, vec![]));
        s.loads.iter_mut().for_each(|l| l.place = place);
        s.steps.iter_mut().for_each(|l| l.place = place);
        s.expects.iter_mut().for_each(|l| l.place = place);
        s
    }

    /// The step that stands on this line of its text: its ordinal here, in the trace and in `canonical`.
    pub fn step_ordinal(&self, line: u32) -> Option<usize> {
        self.steps.iter().position(|s| s.place.line == line)
    }

    /// A shipped scenario that asserts nothing is malformed.
    pub fn asserts(&self) -> bool {
        !self.expects.is_empty()
    }
}

fn heading(s: &Scenario, lines: &mut Vec<String>) {
    if !s.title.is_empty() {
        lines.push(format!("title {}", print_sentence(&s.title)));
    }
    if !s.about.is_empty() {
        lines.extend(s.about.split('\n').map(|t| format!("about {}", print_sentence(t))));
    }
    if !s.rows.is_empty() {
        lines.push(format!("row {}", s.rows.join(" ")));
    }
    lines.extend(s.shows.map(|shows| format!("shows {}", shows_word(shows))));
}

fn shows_word(shows: Shows) -> &'static str {
    match shows {
        Shows::Happy => "happy",
        Shows::Survived => "survived",
        Shows::Fails => "fails",
    }
}

fn stage(s: &Scenario, lines: &mut Vec<String>) {
    lines.push(format!("run {} seed={}", run(&s.run), s.run.seed));
    lines.extend(s.beside.iter().map(|r| format!("beside {}", run(r))));
    if !s.net.is_empty() {
        lines.push(format!("net{}", net_values(&s.net)));
    }
    lines.extend(s.links.iter().map(link));
    lines.extend(s.nodes.iter().map(node));
    lines.extend(s.givens.iter().map(|g| format!("given {}{}", g.node, fields(&g.fields))));
    lines.extend(s.bugs.iter().map(|b| format!("bug {b}")));
    lines.extend(s.loads.iter().map(load));
    lines.extend(s.sweep.iter().map(sweep));
    lines.extend(s.pace.map(|p| format!("pace {}", time(p))));
}

fn run(r: &RunLine) -> String {
    let name = r.name.as_ref().map_or(String::new(), |n| format!(" as {n}"));
    let given = r.params.iter().filter(|(k, _)| r.given.contains(k));
    let params: String = given.map(|(k, v)| format!(" {k}={}", print_param(v))).collect();
    format!("{}{name}{params}", r.entry)
}

/// `sweep vnodes=1..161 by 40`
pub fn sweep(s: &Sweep) -> String {
    format!("sweep {}={}..{} by {}", s.param, s.from.print(), s.to.print(), s.by.print())
}

fn link(l: &LinkLine) -> String {
    format!("link {} {} {}{}", l.from, arrow(l.both), l.to, net_values(&l.set))
}

fn node(n: &NodeLine) -> String {
    let label = n.label.as_ref().map_or(String::new(), |l| format!(" as {}", print_word(l)));
    let absent = if n.absent { " absent" } else { "" };
    format!("node {}{label}{absent}{}", n.node, node_set(&n.set))
}

fn node_set(set: &NodeSet) -> String {
    let offset = set.offset.map(|t| format!(" offset={}", print_time(t)));
    let drift = set.drift.map(|d| format!(" drift={d}ppm"));
    let disk = set.disk.map(|t| format!(" disk={}", time(t)));
    [offset, drift, disk].into_iter().flatten().collect()
}

fn load(l: &LoadLine) -> String {
    let rate = Value::Rate(l.rate_milli as i64).print();
    let even = if l.even { " arrivals=even" } else { "" };
    let from = if l.from == 0 { String::new() } else { format!(" from={}", time(l.from)) };
    let to = l.to.map_or(String::new(), |t| format!(" to={}", time(t)));
    format!("load {} {} rate={rate}{even}{from}{to}", l.node, call(&l.call))
}

fn until(until: &Until) -> Option<String> {
    let end = match until {
        u if *u == Until::default() => return None,
        Until::Time(t) => time(*t),
        Until::Quiet { by } => format!("quiet by {}", time(*by)),
        Until::Fact { fact: f, delay: d, by } => {
            format!("{}{} by {}", fact(f), delay(*d), time(*by))
        }
    };
    Some(format!("until {end}"))
}

// Words.

fn time(us: Us) -> String {
    print_time(us as i64)
}

fn arrow(both: bool) -> &'static str {
    if both { "<->" } else { "->" }
}

fn instant(i: Instant) -> String {
    if i.k == 0 { time(i.at) } else { format!("{}.{}", time(i.at), i.k) }
}

fn net_values(set: &[(String, NetValue)]) -> String {
    set.iter().map(|(k, v)| format!(" {k}={}", net_value(v))).collect()
}

fn net_value(v: &NetValue) -> String {
    match v {
        NetValue::Law(l) => print_law(l),
        NetValue::Share(p) => Value::Ppm((*p).into()).print(),
        NetValue::Flag(on) => if *on { "on" } else { "off" }.into(),
        NetValue::Deliver(yes) => if *yes { "deliver" } else { "drop" }.into(),
        NetValue::Bandwidth(n) => print_bandwidth(*n),
    }
}

fn fields(fields: &[(String, Value)]) -> String {
    fields.iter().map(|(k, v)| format!(" {k}={}", print_value(v))).collect()
}

/// A value as it must be written to be read as the same value.
pub(super) fn print_value(v: &Value) -> String {
    match v {
        Value::Word(w) => print_word(w),
        other => other.print(),
    }
}

/// A word as it stands, or in quotation marks where it would be read as something else.
pub(super) fn print_word(w: &str) -> String {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
    let plain = !w.contains(odd)
        && !w.starts_with(['#', '+'])
        && !is_reserved(w)
        && value(w).is_ok_and(|v| v.as_word() == Some(w));
    if plain { w.to_string() } else { quote(w) }
}

/// A parameter is read by its unit, so that a word may look like a number.
fn print_param(v: &Value) -> String {
    match v {
        Value::Word(w) if w.is_empty() || w.contains(|c: char| c.is_whitespace() || c == '"') => {
            quote(w)
        }
        other => other.print(),
    }
}

/// A title as it stands, or in quotation marks where that would lose something.
pub(super) fn print_sentence(text: &str) -> String {
    let same = sentence(text) == (text, "") && !text.is_empty() && text.trim() == text;
    let whole = same && read_sentence(text).is_ok_and(|t| t == text);
    if whole { text.to_string() } else { quote(text) }
}

/// The inverse: quotation marks count only if they enclose the whole.
pub(super) fn read_sentence(raw: &str) -> Result<String, Bad> {
    match unquote(raw) {
        Ok(text) if raw.starts_with('"') => Ok(text),
        _ => Ok(raw.to_string()),
    }
}

fn who(w: &Who) -> &str {
    match w {
        Who::Node(name) | Who::Role(name) => name,
    }
}

fn whos(all: &[Who]) -> String {
    all.iter().map(who).collect::<Vec<_>>().join(" ")
}

fn call(c: &Call) -> String {
    let args: String = c.args.iter().map(|a| format!(" {}", print_value(a))).collect();
    format!("{}{args}", c.op)
}

fn pattern(p: &Pattern) -> String {
    format!("{}{}", p.kind, fields(&p.fields))
}

fn path(p: &Path) -> String {
    let end = |w: &Option<Who>| w.as_ref().map_or("*".to_string(), |w| who(w).to_string());
    format!("{} {} {}", end(&p.from), arrow(p.both), end(&p.to))
}

fn maybe_path(p: &Option<Path>) -> String {
    p.as_ref().map_or(String::new(), |p| format!(" {}", path(p)))
}

fn ord(n: Option<u32>) -> String {
    n.map_or(String::new(), |n| format!(" #{n}"))
}

fn delay(us: Us) -> String {
    if us == 0 { String::new() } else { format!(" +{}", time(us)) }
}

// Facts.

pub(super) fn fact(f: &Fact) -> String {
    f.0.iter().map(basic).collect::<Vec<_>>().join(" and ")
}

fn basic(b: &Basic) -> String {
    match b {
        Basic::Is { who: w, state, fields: f } => format!("{} is {state}{}", who(w), fields(f)),
        Basic::Why { who: w, slug, fields: f, ord: n } => {
            let w = w.as_ref().map_or(String::new(), |w| format!("{} ", who(w)));
            format!("{w}{slug}{}{}", fields(f), ord(*n))
        }
        Basic::Message { fate, kind, path, ord: n } => {
            format!("{} {}{}{}", fate_word(*fate), pattern(kind), maybe_path(path), ord(*n))
        }
        Basic::Life { who: w, change, ord: n } => {
            format!("{} {}{}", who(w), life_word(*change), ord(*n))
        }
        Basic::Answer { who: w, out, call: c, ord: n } => {
            format!("{} {} {}{}", who(w), out_word(*out), call(c), ord(*n))
        }
        Basic::Broken(claim) => format!("broken {claim}"),
        Basic::Quiet => "quiet".into(),
    }
}

fn fate_word(f: Fate) -> &'static str {
    match f {
        Fate::Sent => "sent",
        Fate::Delivered => "delivered",
        Fate::Lost => "lost",
    }
}

fn life_word(l: Life) -> &'static str {
    match l {
        Life::Crashed => "crashed",
        Life::Restarted => "restarted",
        Life::Paused => "paused",
        Life::Resumed => "resumed",
    }
}

fn out_word(o: Out) -> &'static str {
    match o {
        Out::Ok => "ok",
        Out::Failed => "failed",
        Out::Unknown => "unknown",
    }
}

// Steps.

pub(super) fn step(s: &Step) -> String {
    let hangs = matches!(s.trigger, Trigger::Then { .. });
    let within = s.within.as_ref().filter(|_| !hangs).map_or(String::new(), |n| format!("in {n} "));
    let trigger = match &s.trigger {
        Trigger::At { at, every: e } => format!("at {}{}", instant(*at), every(*e)),
        Trigger::When { fact: f, delay: d } => format!("when {}{}", fact(f), gap(f, *d, &s.act)),
        Trigger::Then { fact: Some(f), delay: d } => {
            format!("then when {}{}", fact(f), gap(f, *d, &s.act))
        }
        Trigger::Then { fact: None, delay: d } => format!("then{}", delay(*d)),
    };
    format!("{within}{trigger} {}", act(&s.act))
}

fn every(e: Option<Every>) -> String {
    let Some(e) = e else { return String::new() };
    let times = e.times.map_or(String::new(), |n| format!(" x {n}"));
    format!(" every {}{times}", time(e.period))
}

/// The delay; said even where it is none if the fact would else swallow the operation behind it.
fn gap(f: &Fact, us: Us, a: &Act) -> String {
    let open = match f.0.last() {
        Some(Basic::Answer { ord: None, .. }) => true,
        Some(Basic::Why { who: None, fields, ord: None, .. }) => fields.is_empty(),
        _ => false,
    };
    let swallows = open && us == 0 && matches!(a, Act::Call { .. });
    if swallows { " +0ms".into() } else { delay(us) }
}

/// An act as a step writes it.
pub fn act(a: &Act) -> String {
    match a {
        Act::Crash(w) => format!("crash {}", whos(w)),
        Act::Pause(w) => format!("pause {}", whos(w)),
        Act::Resume(w) => format!("resume {}", whos(w)),
        Act::Start(w) => format!("start {}", whos(w)),
        Act::Restart { who: w, amnesia } => {
            format!("restart {}{}", whos(w), if *amnesia { " amnesia" } else { "" })
        }
        Act::Isolate(w) => format!("isolate {}", who(w)),
        Act::Partition(groups) => {
            let groups: Vec<String> = groups.iter().map(|g| whos(g)).collect();
            format!("partition {}", groups.join(" | "))
        }
        Act::Cut { from, to, both } => format!("cut {}", between(from, to, *both)),
        Act::Heal(None) => "heal".into(),
        Act::Heal(Some((from, to, both))) => format!("heal {}", between(from, to, *both)),
        Act::Drop(m) => format!("drop {}", msg(m)),
        Act::Hold(m) => format!("hold {}", msg(m)),
        Act::Release(m) => format!("release {}", msg(m)),
        Act::Pass(m) => format!("pass {}", msg(m)),
        Act::Delay { msg: m, by } => format!("delay {} by {}", msg(m), time(*by)),
        Act::Duplicate { msg: m, by } => {
            let by = by.map_or(String::new(), |by| format!(" by {}", time(by)));
            format!("duplicate {}{by}", msg(m))
        }
        Act::Skew { who: w, by } => format!("skew {} by {}", who(w), print_time(*by)),
        Act::Drift { who: w, ppm } => format!("drift {} to {ppm}ppm", who(w)),
        Act::Turn { who: w, lie, args } => format!("turn {} {lie}{}", who(w), fields(args)),
        Act::Fire { who: w, timer } => format!("fire {} {timer}", who(w)),
        Act::SetNet(set) => format!("set net{}", net_values(set)),
        Act::SetLink { from, to, both, set } => {
            format!("set link {}{}", between(from, to, *both), net_values(set))
        }
        Act::SetNode { who: w, set } => format!("set node {}{}", who(w), node_set(set)),
        Act::Say(text) => format!("say {}", quote(text)),
        Act::Mark(text) => format!("mark {}", quote(text)),
        Act::Call { who: w, call: c } => format!("{} {}", who(w), call(c)),
    }
}

/// The same for a reader, who knows the nodes by the names they are shown under.
pub fn act_named(a: &Act, name: &dyn Fn(&str) -> String) -> String {
    let mut shown = a.clone();
    for who in shown.whos_mut() {
        if let Who::Node(id) = who {
            *id = name(id);
        }
    }
    match &mut shown {
        Act::Call { call, .. } => call.args.iter_mut().for_each(|v| *v = v.renamed(name)),
        Act::Turn { args, .. } => args.iter_mut().for_each(|(_, v)| *v = v.renamed(name)),
        _ => {}
    }
    act(&shown)
}

fn between(from: &Who, to: &Who, both: bool) -> String {
    format!("{} {} {}", who(from), arrow(both), who(to))
}

fn msg(m: &Msg) -> String {
    match m {
        Msg::It => "it".into(),
        Msg::Named { kind, path: p, ord } => format!("{} {} #{ord}", pattern(kind), path(p)),
        Msg::Next { kind, path } => format!("next {}{}", pattern(kind), maybe_path(path)),
        Msg::Every { kind, path, span } => {
            let span = span.map_or(String::new(), |t| format!(" for {}", time(t)));
            format!("every {}{}{span}", pattern(kind), maybe_path(path))
        }
    }
}

/// `AppendEntries n1 -> n2 #7`: the message an act is about, where it names one.
pub fn sought(act: &Act) -> Option<String> {
    let (Act::Drop(m) | Act::Hold(m) | Act::Delay { msg: m, .. } | Act::Duplicate { msg: m, .. }) =
        act
    else {
        return None;
    };
    match m {
        Msg::It => None,
        Msg::Named { .. } => Some(msg(m)),
        Msg::Next { kind, path } | Msg::Every { kind, path, .. } => {
            Some(format!("{}{}", pattern(kind), maybe_path(path)))
        }
    }
}

// Expectations.

fn expect(e: &Expect) -> String {
    let within = e.within.as_ref().map_or(String::new(), |n| format!("in {n} "));
    format!("expect {within}{}", what(&e.what))
}

/// An expectation as its line says it, without `expect`.
pub fn what(w: &What) -> String {
    match w {
        What::Always(claim) => format!("always {claim}"),
        What::Broken { claim, by } => format!("broken {claim}{}", by_words(*by)),
        What::Never(f) => format!("never {}", fact(f)),
        What::Sometimes { fact: f, by, times } => {
            let times = times.map_or(String::new(), |n| format!(" times {n}"));
            format!("sometimes {}{}{times}", fact(f), by_words(*by))
        }
        What::Count { fate, kind, path, window, cmp, n } => {
            let (kind, path) = (pattern(kind), maybe_path(path));
            let window = window_words(*window);
            format!("count {} {kind}{path}{window} {} {n}", fate_word(*fate), cmp_word(*cmp))
        }
        What::Measure { agg, name, args, window, cmp, want, tol } => {
            let agg = agg.map_or(String::new(), |a| format!("{} ", agg_word(a)));
            let args: String = args.iter().map(|a| format!(" {}", print_value(a))).collect();
            let tol = tol.as_ref().map_or(String::new(), |t| format!(" tol {}", t.print()));
            let (window, cmp) = (window_words(*window), cmp_word(*cmp));
            format!("measure {agg}{name}{args}{window} {cmp} {}{tol}", want.print())
        }
        What::State { node, field, at, cmp, want } => {
            let at = at.map_or(String::new(), |at| format!(" at {}", instant(at)));
            format!("state {node}.{field}{at} {} {}", cmp_word(*cmp), print_value(want))
        }
        What::Answer { node, ord, out, value } => {
            let value = value.as_ref().map_or(String::new(), |v| format!(" {}", print_value(v)));
            format!("answer {node} #{ord} {}{value}", out_word(*out))
        }
        What::History { not, model } => {
            format!("history {}{model}", if *not { "not " } else { "" })
        }
    }
}

fn by_words(by: Option<Instant>) -> String {
    by.map_or(String::new(), |by| format!(" by {}", instant(by)))
}

fn window_words(w: Window) -> String {
    match w {
        Window::Whole => String::new(),
        Window::FromTo(a, b) => format!(" from {} to {}", time(a), time(b)),
        Window::At(i) => format!(" at {}", instant(i)),
    }
}

fn cmp_word(c: Cmp) -> &'static str {
    CMPS.get(c as usize).map_or("=", |t| t.word)
}

fn agg_word(a: Agg) -> &'static str {
    AGGS.get(a as usize).map_or("mean", |t| t.word)
}
