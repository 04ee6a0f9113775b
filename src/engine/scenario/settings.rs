//! Lines that set the stage: what runs, on which network, from which state, for how long.

use super::ast::{
    GivenLine, LinkLine, LoadLine, NetValue, NodeLine, NodeSet, Place, RunLine, Shows, Until,
};
use super::facts;
use super::fault::{Bad, suggest};
use super::known::Known;
use super::lex::unquote;
use super::num;
use super::read::{Catalogue, LineWord, Pair, Reader};
use super::steps::{CallPlace, call};
use super::terms::{
    ABOUT_MAX, LABEL_MAX, LATENCY, LOAD_KEYS, NET_KEYS, NODE_KEYS, NODES_MAX, NetKey, NetKind,
    PROFILES, SHOWS, TIME_MAX, Term, term,
};
use crate::card::{Entry, ParamCard, Unit};
use crate::few;
use crate::ids::Us;
use crate::value::{Value, cut, print_time};

const fn setting(term: Term, read: fn(&mut Reader<'_>) -> Option<()>) -> LineWord {
    LineWord { term, read }
}

#[rustfmt::skip]
pub(super) static SETTINGS: &[LineWord] = &[
    setting(term("title", "TEXT", "the scenario's name", "title A leader is cut off"), title),
    setting(term("about", "TEXT", "what to look at; may be said on several lines", "about Watch the old leader."), about),
    setting(term("row", "ROW …", "rows of the subject it keeps", "row 3.2"), row),
    setting(term("shows", "happy | survived | fails", "how it ends", "shows survived"), shows),
    setting(term("run", "ENTRY [as NAME] [PARAM=VALUE …] [seed=N]", "the protocol that runs, its parameters, and the seed of all chance", "run raft nodes=5 seed=7"), run_again),
    setting(term("beside", "ENTRY [as NAME] [PARAM=VALUE …]", "another run of this text, for comparison: same seed, same clock, same steps; called by its protocol where no name is given", "beside 3pc participants=3"), beside_again),
    setting(term("net", "KEY=VALUE …", "all links and disks", "net latency=10ms..15ms loss=1%"), net),
    setting(term("link", "NODE ARROW NODE KEY=VALUE …", "one link", "link n1 -> n2 latency=80ms"), link),
    setting(term("node", "NODE [as LABEL] [absent] [KEY=VALUE …]", "one node: a label to show, its clock, its disk; `absent` until `start`", "node n4 as Newcomer absent"), node),
    setting(term("given", "NODE FIELD=VALUE …", "what a node has when the run begins", "given n1 log=1,2 term=2"), given),
    setting(term("bug", "BUG", "a deliberate mistake in the protocol", "bug no-votedfor"), bug),
    setting(term("load", "NODE OP [VALUE …] rate=RATE [KEY=VALUE …]", "operations that keep coming", "load c1 put x rate=10/s from=0s to=5s"), load),
    setting(term("sweep", "PARAM=RANGE by NUMBER", "the whole text once for each value of a parameter: a table of what came of it", "sweep nodes=3..9 by 2"), super::sweep::again),
    setting(term("pace", "TIME", "simulated time shown in one second", "pace 200ms"), pace),
    setting(term("until", "TIME | quiet by TIME | FACT [+TIME] by TIME", "when the verdicts are settled; 10s where nothing is said", "until quiet by 1s"), until),
];

/// A setting that may stand once.
pub(super) fn only_once(r: &mut Reader<'_>) -> Option<()> {
    let known = SETTINGS.iter().find(|s| s.term.word == r.head.raw)?;
    if r.once.contains(&known.term.word) {
        r.twice(&format!("`{}` stands twice in this text.", known.term.word));
        return None;
    }
    r.once.push(known.term.word);
    Some(())
}

fn title(r: &mut Reader<'_>) -> Option<()> {
    only_once(r)?;
    let word = r.need("a title")?;
    r.out.title = r.keep(super::print::read_sentence(word.raw), r.place(word))?;
    short(r, LABEL_MAX, r.out.title.chars().count(), word)
}

fn about(r: &mut Reader<'_>) -> Option<()> {
    let word = r.need("a sentence")?;
    let text = r.keep(super::print::read_sentence(word.raw), r.place(word))?;
    if !r.out.about.is_empty() {
        r.out.about.push('\n');
    }
    r.out.about.push_str(&text);
    short(r, ABOUT_MAX, r.out.about.chars().count(), word)
}

fn short(r: &mut Reader<'_>, max: usize, long: usize, at: super::lex::Word<'_>) -> Option<()> {
    if long > max {
        let hint = Some(format!("At most {max}."));
        r.note("too-large", format!("This is {long} characters long."), hint, at);
    }
    Some(())
}

fn row(r: &mut Reader<'_>) -> Option<()> {
    let mut word = r.need("a row of the subject")?;
    loop {
        let row = r.keep(row_number(word.raw), r.place(word))?;
        r.out.rows.push(row);
        match r.take() {
            Some(next) => word = next,
            None => return Some(()),
        }
    }
}

fn row_number(raw: &str) -> Result<String, Bad> {
    let digits = |s: &str| (1..=3).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    let fits = raw.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b));
    let bad = || Bad::new("bad-value", format!("`{}` is not a row.", num::clip(raw)));
    if fits { Ok(raw.to_string()) } else { Err(bad().hint("Write it as `3.2`.")) }
}

fn shows(r: &mut Reader<'_>) -> Option<()> {
    only_once(r)?;
    let word = r.need("`happy`, `survived` or `fails`")?;
    r.out.shows = Some(match word.raw {
        "happy" => Shows::Happy,
        "survived" => Shows::Survived,
        "fails" => Shows::Fails,
        _ => return choice(r, word, SHOWS),
    });
    Some(())
}

/// Note that a word is none of a table's.
fn choice<T>(r: &mut Reader<'_>, word: super::lex::Word<'_>, among: &[Term]) -> Option<T> {
    let words: Vec<&str> = among.iter().map(|t| t.word).collect();
    let one_of = format!("one of {}", words.join(", "));
    r.unknown("bad-value", &one_of, word.raw, &words, r.place(word));
    None
}

// The run.

/// A line `run` or `beside`, and what words mean in its run. Read ahead of everything else; [`run_again`]
/// meets the line in its place.
pub(super) fn run(r: &mut Reader<'_>, catalogue: Catalogue<'_>) -> (RunLine, Known) {
    // The first run's seed is that of all.
    let seed = if r.sides.is_empty() { 1 } else { r.out.run.seed };
    let mut run = RunLine { seed, place: r.whole(), ..RunLine::default() };
    let mut known = Known::default();
    run_words(r, catalogue, &mut run, &mut known);
    (run, known)
}

fn run_words(
    r: &mut Reader<'_>,
    catalogue: Catalogue<'_>,
    run: &mut RunLine,
    known: &mut Known,
) -> Option<()> {
    let word = r.need("a protocol")?;
    let entry = entry(r, word, catalogue);
    run.entry = word.raw.to_string();
    if r.eat("as") {
        run.name = Some(name(r)?);
    }
    let pairs = r.pairs();
    if let Some(p) = pairs.iter().find(|p| p.key == "seed") {
        seed(r, run, p);
    }
    match entry {
        Some(entry) => *known = parameters(r, run, entry, &pairs),
        None => believed(r, run, &pairs),
    }
    Some(())
}

fn entry(
    r: &mut Reader<'_>,
    word: super::lex::Word<'_>,
    catalogue: Catalogue<'_>,
) -> Option<&'static Entry> {
    let shelf = catalogue?;
    let found = shelf.find(word.raw);
    if found.is_none() {
        let ids = shelf.ids();
        r.unknown("unknown-entry", "a protocol of the catalogue", word.raw, &ids, r.place(word));
    }
    found
}

fn name(r: &mut Reader<'_>) -> Option<String> {
    let word = r.need("a name")?;
    if !super::known::is_word(word.raw) {
        let message = format!("`{}` is not a name for a run.", num::clip(word.raw));
        r.note("bad-value", message, Some("Lower-case letters and digits.".into()), word);
    }
    Some(word.raw.to_string())
}

fn seed(r: &mut Reader<'_>, run: &mut RunLine, p: &Pair<'_>) {
    let Some(seed) = r.keep(num::seed(p.value), p.value_at) else { return };
    if r.sides.is_empty() {
        run.seed = seed;
    } else if seed != run.seed {
        let message = format!("Runs side by side have one seed, and it is {}.", run.seed);
        r.push(Bad::new("bad-value", message).hint("Leave it out here.").at(p.value_at));
    }
}

/// Every parameter of the card: as given, or its default. And the cast they make.
fn parameters(
    r: &mut Reader<'_>,
    run: &mut RunLine,
    entry: &'static Entry,
    pairs: &[Pair<'_>],
) -> Known {
    for p in pairs {
        if p.key != "seed" && entry.param(p.key).is_none() {
            no_parameter(r, entry, p);
        }
    }
    for card in entry.params {
        let given = pairs.iter().find(|p| p.key == card.name);
        run.places.extend(given.map(|p| (card.name, p.value_at)));
        let standard = standard(card);
        let value = given.and_then(|p| r.keep(of_unit(p.value, card.unit), p.value_at));
        let value = value.unwrap_or_else(|| standard.clone());
        if value != standard {
            run.given.push(card.name.to_string());
        }
        run.params.push((card.name.to_string(), value));
    }
    let (known, size) = Known::cast(entry, &run.params);
    crowd(r, size, run.place);
    known
}

/// A parameter's default; the registry's test sees to it that it can be read.
pub(super) fn standard(card: &ParamCard) -> Value {
    of_unit(card.default, card.unit).unwrap_or_else(|_| Value::word(card.default))
}

pub(super) fn crowd(r: &mut Reader<'_>, size: usize, place: Place) {
    if size > NODES_MAX {
        let bad = Bad::new("too-large", format!("This run has {size} nodes."));
        r.push(bad.hint(format!("At most {NODES_MAX}.")).at(place));
    }
}

fn no_parameter(r: &mut Reader<'_>, entry: &Entry, p: &Pair<'_>) {
    let mut words: Vec<&str> = entry.params.iter().map(|c| c.name).collect();
    words.push("seed");
    r.unknown("unknown-key", &format!("a parameter of {}", entry.id), p.key, &words, p.key_at);
}

/// Parameters of an entry nobody knows.
fn believed(r: &mut Reader<'_>, run: &mut RunLine, pairs: &[Pair<'_>]) {
    for p in pairs.iter().filter(|p| p.key != "seed") {
        if let Some(value) = r.keep(num::value(p.value), p.value_at) {
            run.given.push(p.key.to_string());
            run.params.push((p.key.to_string(), value));
        }
    }
}

fn run_again(r: &mut Reader<'_>) -> Option<()> {
    only_once(r)?;
    beside_again(r)
}

fn beside_again(r: &mut Reader<'_>) -> Option<()> {
    r.take(); // the entry, read before as all the rest
    if r.eat("as") {
        r.take();
    }
    while r.peek().is_some_and(|w| w.pair().is_some()) {
        r.take();
    }
    Some(())
}

/// A parameter's value, by its unit.
pub(super) fn of_unit(raw: &str, unit: Unit) -> Result<Value, Bad> {
    match unit {
        Unit::Count { min, max } => number_between(raw, min, max),
        Unit::Time { min, max } => time_between(raw, min, max),
        Unit::TimeRange => time_range(raw),
        Unit::Share => num::share(raw).map(|p| Value::Ppm(p.into())),
        Unit::Rate => num::rate(raw).map(Value::Rate),
        Unit::Choice(words) => one_of(raw, words),
        Unit::Flag => one_of(raw, &["on", "off"]),
        Unit::Text => free_text(raw),
    }
}

fn number_between(raw: &str, min: i64, max: i64) -> Result<Value, Bad> {
    let n = num::integer(raw)?;
    let outside = || num::out_of_range(raw, &min.to_string(), &max.to_string());
    if (min..=max).contains(&n) { Ok(Value::Int(n)) } else { Err(outside()) }
}

fn time_between(raw: &str, min: Us, max: Us) -> Result<Value, Bad> {
    let t = num::time(raw)?;
    let print = |us: Us| print_time(us.min(TIME_MAX) as i64);
    let outside = || num::out_of_range(raw, &print(min), &print(max));
    if (min..=max).contains(&t) { Ok(Value::Time(t as i64)) } else { Err(outside()) }
}

fn time_range(raw: &str) -> Result<Value, Bad> {
    let (a, b) = cut(raw, "..").unwrap_or((raw, raw));
    let (a, b) = (num::time(a)?, num::time(b)?);
    let backwards = || Bad::new("bad-value", format!("`{}` runs backwards.", num::clip(raw)));
    if a > b { Err(backwards()) } else { Ok(Value::TimeRange(a as i64, b as i64)) }
}

fn one_of(raw: &str, words: &[&str]) -> Result<Value, Bad> {
    let said = unquote(raw)?;
    if words.contains(&said.as_str()) {
        return Ok(Value::Word(said));
    }
    let message = format!("`{}` is not one of {}.", num::clip(raw), words.join(", "));
    Err(Bad { code: "bad-value", message, hint: suggest(&said, words) })
}

fn free_text(raw: &str) -> Result<Value, Bad> {
    let text = unquote(raw)?;
    let long = || Bad::new("too-large", format!("At most {LABEL_MAX} characters."));
    let empty = || Bad::new("bad-value", "A value is missing here.".into());
    match text.chars().count() {
        0 if raw.is_empty() => Err(empty()),
        n if n > LABEL_MAX => Err(long()),
        _ => Ok(Value::Word(text)),
    }
}

// The network.

fn net(r: &mut Reader<'_>) -> Option<()> {
    let set = net_values(r, true)?;
    for (key, value) in set {
        if r.out.net.iter().any(|(k, _)| *k == key) {
            r.twice(&format!("`{key}` of the net is given twice."));
        } else {
            r.out.net.push((key, value));
        }
    }
    Some(())
}

/// Keys of `net` (or of a link), in the order of their table.
pub(super) fn net_values(r: &mut Reader<'_>, whole: bool) -> Option<Vec<(String, NetValue)>> {
    let pairs = r.some_pairs()?;
    let mut set = vec![];
    for p in &pairs {
        let key = NET_KEYS.iter().find(|k| k.term.word == p.key && (whole || k.link));
        match key {
            Some(key) if key.kind == NetKind::Profile => profile(r, p, &pairs, &mut set),
            Some(key) => net_value(r, key, p, &mut set),
            None => no_net_key(r, p, whole),
        }
    }
    few::sort_by_key(&mut set, |(k, _)| place_in_table(k));
    Some(set)
}

fn place_in_table(key: &str) -> usize {
    NET_KEYS.iter().position(|k| k.term.word == key).unwrap_or(usize::MAX)
}

fn no_net_key(r: &mut Reader<'_>, p: &Pair<'_>, whole: bool) {
    let of = if whole { "a key of the net" } else { "a key of a link" };
    let keys = NET_KEYS.iter().filter(|k| whole || k.link).map(|k| k.term.word);
    r.unknown("unknown-key", of, p.key, &keys.collect::<Vec<_>>(), p.key_at);
}

type NetSet = Vec<(String, NetValue)>;

fn net_value(r: &mut Reader<'_>, key: &NetKey, p: &Pair<'_>, set: &mut NetSet) {
    let value = match key.kind {
        NetKind::Law | NetKind::Profile => num::law(p.value).map(NetValue::Law),
        NetKind::Share => num::share(p.value).map(NetValue::Share),
        NetKind::Flag => either(p.value, "off", "on").map(NetValue::Flag),
        NetKind::Inflight => either(p.value, "drop", "deliver").map(NetValue::Deliver),
        NetKind::Bandwidth => num::bandwidth(p.value).map(NetValue::Bandwidth),
    };
    if let Some(value) = r.keep(value, p.value_at) {
        set.push((p.key.to_string(), value));
    }
}

fn either(raw: &str, no: &str, yes: &str) -> Result<bool, Bad> {
    one_of(raw, &[no, yes]).map(|v| v.as_word() == Some(yes))
}

/// A profile stands for the keys that are not given beside it.
fn profile(r: &mut Reader<'_>, p: &Pair<'_>, pairs: &[Pair<'_>], set: &mut NetSet) {
    let Some((_, latency, disk)) = PROFILES.iter().find(|(t, ..)| t.word == p.value) else {
        let words: Vec<&str> = PROFILES.iter().map(|(t, ..)| t.word).collect();
        return r.unknown("bad-value", "a profile", p.value, &words, p.value_at);
    };
    let own = r.disk.map(super::ast::Law::Constant);
    let disk = disk.map_or(own, |disk| num::law(disk).ok());
    for (key, law) in [("latency", num::law(latency).ok()), ("disk", disk)] {
        if !pairs.iter().any(|p| p.key == key)
            && let Some(law) = law
        {
            set.push((key.to_string(), NetValue::Law(law)));
        }
    }
}

/// What was not said. Latency and disk are always there (the disk of runs whose cards differ is each its
/// own, and left to them); other keys only where they say something.
pub(super) fn fill(r: &mut Reader<'_>) {
    for (key, us) in [("latency", Some(LATENCY)), ("disk", r.disk)] {
        if !r.out.net.iter().any(|(k, _)| k == key)
            && let Some(us) = us
        {
            let law = super::ast::Law::Constant(us);
            r.out.net.push((key.to_string(), NetValue::Law(law)));
        }
    }
    r.out.net.retain(|(_, value)| !idle(value));
    few::sort_by_key(&mut r.out.net, |(k, _)| place_in_table(k));
    few::sort(&mut r.out.bugs);
}

/// What a net does anyway.
fn idle(value: &NetValue) -> bool {
    matches!(
        value,
        NetValue::Share(0)
            | NetValue::Flag(false)
            | NetValue::Deliver(false)
            | NetValue::Bandwidth(0)
    )
}

fn link(r: &mut Reader<'_>) -> Option<()> {
    let place = r.whole();
    let from = r.node()?;
    let both = facts::arrow(r)?;
    let to = r.node()?;
    let set = net_values(r, false)?;
    r.out.links.push(LinkLine { from, to, both, set, place });
    Some(())
}

// Nodes.

fn node(r: &mut Reader<'_>) -> Option<()> {
    let place = r.whole();
    let node = r.node()?;
    let label = if r.eat("as") { Some(label(r, &node)?) } else { None };
    let absent = r.eat("absent");
    let bare = label.is_some() || absent;
    let set = if bare && r.peek().is_none() { NodeSet::default() } else { node_set(r)? };
    if r.out.nodes.iter().any(|n| n.node == node) {
        r.twice(&format!("`{node}` has a line of its own already."));
    }
    r.out.nodes.push(NodeLine { node, label, absent, set, place });
    Some(())
}

/// A label is for display; nodes may be called by it, so it must be one node's alone.
fn label(r: &mut Reader<'_>, node: &str) -> Option<String> {
    let word = r.peek();
    let label = r.label("a label")?;
    let others = r.out.nodes.iter().any(|n| n.label.as_ref() == Some(&label));
    let name = r.known.nodes.iter().any(|(n, _)| *n == label && n != node)
        || r.known.role_words().contains(&label.as_str());
    if let Some(word) = word.filter(|_| others || name) {
        let message = format!("`{}` names something else already.", num::clip(&label));
        r.note("twice", message, Some("Choose another label.".into()), word);
    }
    Some(label)
}

pub(super) fn node_set(r: &mut Reader<'_>) -> Option<NodeSet> {
    let mut set = NodeSet::default();
    for p in r.some_pairs()? {
        match p.key {
            "offset" => set.offset = r.keep(num::signed_time(p.value), p.value_at),
            "drift" => set.drift = r.keep(num::ppm(p.value), p.value_at),
            "disk" => set.disk = r.keep(num::time(p.value), p.value_at),
            _ => unknown_key(r, &p, "a key of a node", NODE_KEYS),
        }
    }
    Some(set)
}

fn unknown_key(r: &mut Reader<'_>, p: &Pair<'_>, of: &str, keys: &[Term]) {
    let words: Vec<&str> = keys.iter().map(|t| t.word).collect();
    r.unknown("unknown-key", of, p.key, &words, p.key_at);
}

fn given(r: &mut Reader<'_>) -> Option<()> {
    let place = r.whole();
    let node = r.node()?;
    let known = r.known.entry.map(|e| e.givens.iter().map(|(f, _)| *f).collect::<Vec<_>>());
    let pairs = r.some_pairs()?;
    let mut line = GivenLine { node, fields: vec![], places: vec![], place };
    for p in pairs {
        let at = p.value_at;
        if let Some(field) = r.field(p, known.as_deref(), "what may be given") {
            line.fields.push(field);
            line.places.push(at);
        }
    }
    r.out.givens.push(line);
    Some(())
}

fn bug(r: &mut Reader<'_>) -> Option<()> {
    let bugs = |e: &Entry| e.bugs.iter().map(|b| b.slug).collect();
    let slug = r.listed("a bug of this protocol", "unknown-bug", bugs)?;
    if r.out.bugs.contains(&slug) {
        r.twice(&format!("The bug `{slug}` is switched on already."));
    } else {
        r.out.bugs.push(slug);
    }
    Some(())
}

// Load, pace, end.

fn load(r: &mut Reader<'_>) -> Option<()> {
    let place = r.whole();
    let node = r.node()?;
    let call = call(r, Some(&node), CallPlace::Load)?;
    let mut load = LoadLine { node, call, rate_milli: 0, even: false, from: 0, to: None, place };
    for p in r.some_pairs()? {
        load_key(r, &mut load, &p);
    }
    if load.rate_milli == 0 {
        let bad = Bad::new("missing", "A load has a rate above nothing.".into());
        r.push(bad.hint("Write it as `rate=10/s`.").at(place));
    }
    if load.to.is_some_and(|to| to <= load.from) {
        let bad = Bad::new("bad-value", "This load ends before it begins.".into());
        r.push(bad.hint("`from` comes before `to`.").at(place));
    }
    r.out.loads.push(load);
    Some(())
}

fn load_key(r: &mut Reader<'_>, load: &mut LoadLine, p: &Pair<'_>) {
    match p.key {
        "rate" => load.rate_milli = r.keep(num::rate(p.value), p.value_at).unwrap_or(1) as u64,
        "arrivals" => {
            load.even = r.keep(either(p.value, "poisson", "even"), p.value_at).unwrap_or(false);
        }
        "from" => load.from = r.keep(num::time(p.value), p.value_at).unwrap_or(0),
        "to" => load.to = r.keep(num::time(p.value), p.value_at),
        _ => unknown_key(r, p, "a key of a load", LOAD_KEYS),
    }
}

fn pace(r: &mut Reader<'_>) -> Option<()> {
    only_once(r)?;
    let word = r.peek();
    let pace = r.read("a time", num::time)?;
    r.out.pace = Some(pace);
    if let Some(word) = word.filter(|_| pace == 0) {
        let message = "At this pace nothing would ever move.".to_string();
        r.note("out-of-range", message, Some("More than 0ms.".into()), word);
    }
    Some(())
}

fn until(r: &mut Reader<'_>) -> Option<()> {
    only_once(r)?;
    let clock =
        r.peek().is_none_or(|w| w.raw.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
    r.out.until =
        if clock { Until::Time(r.read("a time or a fact", num::time)?) } else { event(r)? };
    Some(())
}

fn event(r: &mut Reader<'_>) -> Option<Until> {
    let fact = facts::fact(r)?;
    let delay = facts::delay(r)?;
    r.must("by")?;
    let by = r.read("a time", num::time)?;
    let quiet = delay == 0 && fact.0.as_slice() == [super::ast::Basic::Quiet];
    Some(if quiet { Until::Quiet { by } } else { Until::Fact { fact, delay, by } })
}
