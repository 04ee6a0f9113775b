//! What lies over the lanes: faults and their words, marks to choose, the selection with its clocks; and
//! finding by geometry what is under a point.

use super::Keepers;
use super::cones::event_of;
use super::points::points;
use super::slab::{Line, Slab, arrow};
use super::view::Viewport;
use crate::card::{View, Weight};
use crate::ids::{EventId, MsgId, NodeId, SEC, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scene::index::{Act, Fate, Index, Tale};
use crate::scene::list;
use crate::scene::place::{Box2, Placer};
use crate::scene::{Anchor, Form, Hue, Pick, Shape, text};
use crate::show::{Exhibit, Showcase};
use crate::trace::causality::opens;
use crate::trace::{Event, Trace, What};

/// Marks one may reach by key in one view, at most.
const MARKS: usize = 200;

pub(super) fn grid(view: &Viewport, out: &mut Vec<Shape>) {
    let (from, to) = view.span();
    let mut last = f32::MIN;
    for (t, label) in ticks(from, to, view.us_per_px()) {
        let x = view.x(t);
        out.push(Shape::line("grid", x, view.top() - 6.0, x, view.foot()));
        let half = text::width(&label, text::SMALL) / 2.0;
        if x - half >= view.gutter - 8.0 && x + half <= view.w && x - half > last {
            out.push(Shape::text("axis", x, view.h - 7.0, Anchor::Middle, label));
            last = x + half + 8.0;
        }
    }
}

/// The times an axis names, none nearer than 84 px to the next.
pub fn ticks(from: Us, to: Us, us_per_px: f64) -> impl Iterator<Item = (Us, String)> {
    let step = step((84.0 * us_per_px) as Us);
    let all = (from.div_ceil(step)..).map(move |i| i * step);
    all.take_while(move |t| *t <= to).map(move |t| (t, tick(t, step)))
}

/// 1, 2 or 5 times a power of ten, no less.
fn nice(at_least: Us) -> Us {
    let mut size: Us = 1;
    loop {
        for k in [1, 2, 5] {
            if k * size >= at_least || size > 1 << 50 {
                return k * size;
            }
        }
        size *= 10;
    }
}

/// The same for the axis: from minutes on what divides an hour, then whole hours.
fn step(at_least: Us) -> Us {
    const MIN: Us = 60 * SEC;
    let long = [1, 2, 5, 10, 20, 30, 60].map(|n| n * MIN).into_iter().find(|s| *s >= at_least);
    match at_least {
        0..=20_000_000 => nice(at_least),
        _ => long.unwrap_or_else(|| nice(at_least.div_ceil(60 * MIN)) * 60 * MIN),
    }
}

/// A time on the axis, all in the unit their step asks for.
fn tick(t: Us, step: Us) -> String {
    let (unit, word) = match step {
        0..100 => (1, " µs"),
        100..100_000 => (1_000, " ms"),
        100_000..60_000_000 => (SEC, " s"),
        _ => (60 * SEC, " min"),
    };
    let mut decimals = 0;
    let mut s = step;
    while s < unit {
        (s, decimals) = (s * 10, decimals + 1);
    }
    let mut out = (t / unit).to_string();
    if decimals > 0 {
        let digits = (1_000_000 + t % unit * (1_000_000 / unit)).to_string();
        out.push('.');
        out.push_str(&digits[1..1 + decimals]);
    }
    out.push_str(word);
    out
}

/// How high the words of the axis stand above the lower edge.
const AXIS: f32 = 17.0;

/// Pixels between what has just happened and a now-line that stands: it covers no mark that it is behind.
pub const BEHIND: f32 = 9.0;

/// The now-line, drawn at 0 and moved by the page; to its right, if anything is still to come, what has not happened
/// yet.
pub fn veil(view: &Viewport, more: bool) -> Vec<Shape> {
    let (top, foot) = (view.top() - 6.0, view.foot());
    // Down to the axis: names stand below the last lane, too.
    let low = (view.h - AXIS).max(foot);
    let veil = more.then(|| Shape::rect("veil", 0.0, 0.0, view.w, low));
    let line = [
        Shape::rect("now-glow", -18.0, top, 18.0, foot - top),
        Shape::rect("now-glow", -11.0, top, 11.0, foot - top),
        Shape::rect("now-glow", -5.0, top, 5.0, foot - top),
        Shape::line("now", 0.0, top, 0.0, foot),
    ];
    veil.into_iter().chain(line).collect()
}

/// Faults, and the marks one steps through by key. What of it is still to come lies under the veil.
pub fn front(run: &Run, index: &Index, view: &Viewport, selected: Pick) -> Vec<Shape> {
    let mut out = vec![];
    faults(run, index, view, selected, &mut out);
    if let View::Points { told, of } = run.entry().view {
        points(run, index, view, (told, of), &mut out);
    }
    marks(run, index, view, selected, &mut out);
    folds(run, index, view, &mut out);
    out
}

/// Where two runs side by side part: a line through all lanes.
pub fn parting(view: &Viewport, at: Us) -> Option<Shape> {
    let x = view.x(at);
    (view.gutter..=view.w)
        .contains(&x)
        .then(|| Shape::line("parting", x, view.top() - 6.0, x, view.foot()))
}

/// Its word, over the veil.
pub fn parting_word(view: &Viewport, at: Us, now: Us) -> Option<Shape> {
    let Form::Line { x1, y2, .. } = parting(view, at)?.form else { return None };
    let role = if at <= now { "parting-word" } else { "parting-word yet" };
    Some(Shape::text(role, x1 + 5.0, y2 - 4.0, Anchor::Start, "they part here"))
}

/// The selected event with its clock and its neighbours': over everything, its words between these two edges, which are
/// what a reader sees of the view.
pub fn focus(
    run: &Run,
    index: &Index,
    view: &Viewport,
    (left, right): (f32, f32),
    selected: Pick,
) -> Vec<Shape> {
    let mut out = vec![];
    let mut placer = Placer::new(Box2::new(left, 0.0, right, view.h), 64);
    selection(run, index, view, (left, right), selected, &mut placer, &mut out);
    clocks(run, index, view, selected, &mut placer, &mut out);
    // The sheet lies over the clocks' lines.
    out.reverse();
    out
}

fn inside<T>(list: &[T], (from, to): (Us, Us), at: impl Fn(&T) -> Us) -> &[T] {
    let (a, b) = (list.partition_point(|x| at(x) < from), list.partition_point(|x| at(x) <= to));
    &list[a..b.max(a)]
}

/// A fault on the diagram, and where its words stand if there is room for them.
struct Told {
    act: Act,
    x: f32,
    words: String,
    place: Option<(f32, f32, String)>,
}

/// What is said of an act that was not done, or not all of it.
fn note(act: &Act) -> &'static str {
    match act.fate() {
        Fate::Done => "",
        Fate::Part => ": done in part",
        Fate::Nothing => ": did nothing",
    }
}

/// The faults in sight. What is done to nodes and to the network is told before rules about messages, and is rather
/// cut short than left out.
fn told(run: &Run, index: &Index, view: &Viewport) -> Vec<Told> {
    let mut placer = Placer::new(Box2::new(view.gutter, 0.0, view.w, view.h), 64);
    let one = |act: &Act| {
        let words = run.act(act.line).replace("<->", "↔").replace("->", "→");
        Told { act: *act, x: view.x(act.at), words, place: None }
    };
    let acts = inside(&index.faults, view.span(), |a| a.at);
    let mut all: Vec<Told> = acts.iter().take(MARKS).map(one).collect();
    let is_rule =
        |t: &Told| run.scenario().steps.get(t.act.line as usize).is_some_and(|s| s.act.is_rule());
    for rules in [false, true] {
        for told in all.iter_mut().filter(|t| is_rule(t) == rules) {
            let rooms: &[f32] = if rules { &[260.0] } else { &[260.0, 120.0, 60.0] };
            told.place = rooms.iter().find_map(|room| {
                let said = text::fit(&told.words, text::SMALL, *room);
                let label = [&said, note(&told.act)].concat();
                let width = text::width(&label, text::SMALL);
                let places = [(5.0, 11.0), (5.0, 25.0), (-5.0 - width, 11.0), (-5.0 - width, 25.0)];
                let mut free = |(dx, y): &&(f32, f32)| {
                    placer.take(Box2::of_text(told.x + dx, *y, width, text::SMALL))
                };
                let (dx, y) = places.iter().find(&mut free)?;
                Some((told.x + dx, *y, label))
            });
        }
    }
    all
}

/// A line through all lanes each; what did nothing ends above them, in a hollow mark.
fn faults(run: &Run, index: &Index, view: &Viewport, selected: Pick, out: &mut Vec<Shape>) {
    for Told { act, x, words, place } in told(run, index, view) {
        let pick = Pick::Fault(act.line);
        let role = if selected == pick { "fault-mark selected" } else { "fault-mark" };
        let top = place.as_ref().map_or(view.top() - 6.0, |p| p.1 - 9.0);
        let mut kids = vec![];
        if act.fate() == Fate::Nothing {
            let foot = view.top() - 12.0;
            kids.push(Shape::line("fault void", x, top, x, foot - 3.5));
            kids.push(Shape::circle("fault void", x, foot, 3.5));
        } else {
            kids.push(Shape::line("fault", x, top, x, view.foot()));
        }
        kids.push(Shape::rect("hit", x - 12.0, 0.0, 24.0, view.top()));
        out.push(Shape::group(role, kids).pick(pick, [&words, note(&act)].concat()));
    }
}

/// The words of the faults, over the veil: each is as dark, all of it, as what it tells, wherever it stands.
pub fn words(run: &Run, index: &Index, view: &Viewport, now: Us) -> Vec<Shape> {
    let word = |t: Told| {
        let (x, y, label) = t.place?;
        let role = match (t.act.fate() == Fate::Nothing, t.act.at <= now) {
            (false, true) => "fault-word",
            (false, false) => "fault-word yet",
            (true, true) => "fault-word void",
            (true, false) => "fault-word void yet",
        };
        let pick = Pick::Fault(t.act.line);
        Some(Shape::text(role, x, y, Anchor::Start, label).pick(pick, ""))
    };
    told(run, index, view).into_iter().filter_map(word).collect()
}

/// Key reasons and broken claims: what one steps through by key.
fn marks(run: &Run, index: &Index, view: &Viewport, selected: Pick, out: &mut Vec<Shape>) {
    let mut last: Vec<f32> = vec![f32::MIN; run.cast().len()];
    let mut mark = |e: EventId, role: &'static str, out: &mut Vec<Shape>| {
        let Some((event, n)) = run.trace().event(e).and_then(|e| Some((e, e.node?))) else {
            return;
        };
        let (x, y) = (view.x(event.at), view.y(n));
        if !view.shows(n) || !index.shows(e) {
            return;
        }
        if x - last[n.index()] < 6.0 && selected != Pick::Event(e) {
            return;
        }
        last[n.index()] = x;
        let name = list::name(run, e);
        let hue = Hue::epoch(index.epoch_at(n, e));
        let kids = vec![Shape::circle(role, x, y, 4.5), Shape::circle("hit", x, y, 12.0)];
        out.push(Shape::group("mark", kids).hue(hue).pick(Pick::Event(e), name));
    };
    let tales = inside(&index.tales, view.span(), |t| t.at);
    // Of very many only some are looked at: most would fall together. Those that are left stand all over the view.
    let is_key = |t: &&Tale| t.weight == Weight::Key;
    let looked = tales.iter().step_by(tales.len() / 8_000 + 1).filter(is_key);
    let every = looked.clone().count().div_ceil(MARKS * 2).max(1);
    for tale in looked.step_by(every) {
        mark(tale.event, "dot", out);
    }
    for (_, e) in inside(&index.broken, view.span(), |b| b.0).iter().take(MARKS) {
        mark(*e, "dot broken", out);
    }
}

/// Local steps folded together: how many, where there is room to say so.
fn folds(run: &Run, index: &Index, view: &Viewport, out: &mut Vec<Shape>) {
    let Some(sieve) = index.sieve() else { return };
    let (trace, (from, to)) = (run.trace(), view.span());
    for n in view.shown() {
        let mut last = f32::MIN;
        for f in sieve.folds_in(trace, n, from, to) {
            let (a, b) = (trace.at(f.first.index()), trace.at(f.last.index()));
            let (x, y) = ((view.x(a).max(view.gutter) + view.x(b).min(view.w)) / 2.0, view.y(n));
            if x - last < 24.0 || out.len() >= MARKS * 2 {
                continue;
            }
            last = x;
            let many = f.steps.to_string();
            let local = if f.steps == 1 { " local step on " } else { " local steps on " };
            let mut name = [&many, local, run.name(n), " at ", &prose_time(a)].concat();
            let mut kids = vec![Shape::circle("hit", x, y, 12.0)];
            if f.steps > 1 {
                name = [&name, " to ", &prose_time(b)].concat();
                kids.push(Shape::text("fold-count", x, y - 7.0, Anchor::Middle, many));
            }
            out.push(Shape::group("mark fold", kids).pick(Pick::Event(f.first), name));
        }
    }
}

/// The clock of an event as text: what its node's wall clock reads where round trips are measured by it; the vector
/// the node keeps, where the protocol keeps one, with the number beside it; else how many events of each node the trace itself knows to lie in
/// its past.
pub fn clock_text(run: &Run, index: &Index, e: EventId) -> String {
    if let (View::Rounds, Some(event)) = (run.entry().view, run.trace().event(e)) {
        let reads = |n: NodeId| reading(index.clocks.reading(n, event.at));
        return event.node.map_or_else(String::new, reads);
    }
    let kept = run.trace().event(e).and_then(|ev| kept_clock(run, e, ev.node?));
    let (counts, beside): (Vec<String>, _) = match kept {
        Some((entries, beside)) => {
            (entries.into_iter().map(|(_, n)| n.to_string()).collect(), beside)
        }
        None => (index.causality.clock(run.trace(), e).iter().map(u32::to_string).collect(), None),
    };
    let beside = beside.map_or_else(String::new, |n| [" · ", &n.to_string()].concat());
    // One number is written as it is.
    if let [one] = &counts[..] {
        return [one.as_str(), &beside].concat();
    }
    ["[", &counts.join(","), "]", &beside].concat()
}

/// The entries of a node's clock, and the number it keeps beside them.
type Clock = (Vec<(NodeId, u64)>, Option<u64>);

/// A wall clock, all digits in one unit: times of one exchange are compared.
fn reading(us: Us) -> String {
    if us < 1_000_000 {
        return crate::value::print_time(us as i64);
    }
    let digits = (1_000_000 + us % 1_000_000).to_string();
    let rest = digits[1..].trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    [&(us / 1_000_000).to_string(), point, rest, "s"].concat()
}

/// Those whose clocks the run is about: they keep one, or are measured by it.
pub(super) fn keep_clocks(run: &Run) -> Vec<NodeId> {
    let rounds = matches!(run.entry().view, View::Rounds);
    let keeps = |n: &NodeId| rounds || clock_of(run, *n).is_some_and(|c| !c.0.is_empty());
    run.cast().all().filter(keeps).collect()
}

/// A node's clock at the end of what is known.
fn clock_of(run: &Run, n: NodeId) -> Option<Clock> {
    clock_among(run.world().stage().exhibit(n, run.world().senses(n)))
}

fn clock_among(shown: Showcase) -> Option<Clock> {
    shown.items.into_iter().find_map(|(_, x)| match x {
        Exhibit::Clock { entries, beside } => Some((entries, beside.map(|b| b.1))),
        _ => None,
    })
}

/// What the protocol itself shows as a node's clock, right after a step.
fn kept_clock(run: &Run, e: EventId, n: NodeId) -> Option<Clock> {
    // A look into the past costs steps: only where there is something to see.
    clock_of(run, n)?;
    clock_among(run.peek(e).exhibits(n))
}

/// Beside the selected event's neighbours, where the tiles do not write them; its own stands on the sheet.
fn clocks(
    run: &Run,
    index: &Index,
    view: &Viewport,
    selected: Pick,
    placer: &mut Placer,
    out: &mut Vec<Shape>,
) {
    let Some(chosen) = event_of(run, selected) else { return };
    for e in neighbours(run.trace(), index, chosen).into_iter().filter(|e| index.shows(*e)) {
        let Some(event) = run.trace().event(e) else { continue };
        let Some(n) = event.node.filter(|_| !is_clocked(run, index, view, &event)) else {
            continue;
        };
        let clock = clock(run, index, e, (view.x(event.at), view.y(n)), None, placer);
        out.extend(clock.map(|c| c.0));
    }
}

/// Whether the tile under it writes the clock of an event's step.
fn is_clocked(run: &Run, index: &Index, view: &Viewport, event: &Event) -> bool {
    let tile = Slab::of_tile(view, view.tile_at(event.at));
    let same = |e: &Event| (e.node, e.at) == (event.node, event.at);
    tile.clocked(run, index, &mut Keepers::default()).iter().any(same)
}

/// The clock of a step under its dot, if there is room. Among these arrows, as part of a tile, it begins at its dot, under
/// or above it, where none of them passes if it can be: a word to the left of what it tells would be dark too early.
pub(super) fn clock(
    run: &Run,
    index: &Index,
    e: EventId,
    (x, y): (f32, f32),
    among: Option<&[Line]>,
    placer: &mut Placer,
) -> Option<(Shape, f32)> {
    let words = clock_text(run, index, e);
    let width = text::mono(&words, text::SMALL);
    let (under, over) = (y + 17.0, y - 9.0);
    let left = x - width - 2.0;
    let places = [
        (x - width / 2.0, under),
        (x, under),
        (x, over),
        (x + 8.0, under),
        (x + 8.0, over),
        (left, under),
        (left, over),
    ];
    // The readings of a round trip are what its view is for: rather a hair too early than not at all.
    let rounds = matches!(run.entry().view, View::Rounds);
    let all = if rounds { places.len() } else { 5 };
    let (lines, places) = among.map_or((&[][..], &places[..1]), |lines| (lines, &places[1..all]));
    let own = rounds.then(|| outside(run, e, (x, y), width)).flatten();
    // At the side of a stay's other reading it would be taken for that one.
    let side = |at: f32| i8::from(at >= x) - i8::from(at + width <= x);
    let stays = |p: &&(f32, f32)| own.is_none_or(|o| side(o.0) == 0 || side(o.0) == side(p.0));
    let rest = places.iter().filter(stays).copied();
    let places: Vec<(f32, f32)> = own.into_iter().chain(rest).collect();
    let room = |p: &(f32, f32)| Box2::of_text(p.0, p.1, width, text::SMALL);
    let clear = |p: &&(f32, f32)| !lines.iter().any(|l| room(p).crossed(l.0, l.1));
    let free = |p: &&(f32, f32)| placer.is_free(&room(p));
    let best = places.iter().filter(free).find(clear).or(places.iter().find(free));
    let (x, y) = *best?;
    placer.take(room(&(x, y)));
    Some((Shape::text("value clock", x, y, Anchor::Start, words), width))
}

/// Where the reading of a step of a round trip stands best: over the first lane and under the others, where no arrow goes;
/// of the two of one stay, the arrival's to the left and the answer's to the right.
fn outside(run: &Run, e: EventId, (x, y): (f32, f32), width: f32) -> Option<(f32, f32)> {
    let event = run.trace().event(e)?;
    Some(match (event.node?.index(), event.what) {
        // Clear of the head of the arrow that brings the answer, and so that of the question beside it.
        (0, _) => (x - width / 2.0, y - 10.5),
        (_, What::Deliver { .. }) => (x - width - 2.0, y + 17.0),
        _ => (x + 2.0, y + 17.0),
    })
}

/// The steps next to an event: before and after it on its lane, and at the other end of its messages.
fn neighbours(trace: &Trace, index: &Index, e: EventId) -> Vec<EventId> {
    let c = &index.causality;
    let mut out: Vec<EventId> = c.sender(trace, e).into_iter().collect();
    let Some((lane, at)) = c.place_of(e) else { return out };
    let is_step = |e: &EventId| index.shows(*e) && trace.event(*e).is_some_and(|e| opens(e.what));
    out.extend((0..at).rev().take(64).filter_map(|p| c.at(lane, p)).find(is_step));
    out.extend((at + 1..at + 64).filter_map(|p| c.at(lane, p)).find(is_step));
    if let Some(What::Send { m }) = trace.event(e).map(|e| e.what)
        && let Some(rec) = trace.msg(m)
    {
        out.extend(rec.end.some());
    }
    out
}

fn selection(
    run: &Run,
    index: &Index,
    view: &Viewport,
    (left, right): (f32, f32),
    selected: Pick,
    placer: &mut Placer,
    out: &mut Vec<Shape>,
) {
    if let Pick::Message(m) = selected
        && let Some(rec) = run.trace().msg(m)
        && index.shows_message(rec)
    {
        let a = arrow(run, view, rec, &|t| view.x(t));
        out.push(Shape::line("chosen", a.a.0, a.a.1, a.b.0, a.b.1));
    }
    let Some(e) = event_of(run, selected) else { return };
    let Some(event) = run.trace().event(e) else { return };
    let Some(n) = event.node.filter(|n| view.shows(*n)) else { return };
    let (x, y) = (view.x(event.at), view.y(n));
    if x < view.gutter - 8.0 || x > view.w + 8.0 {
        return;
    }
    out.push(Shape::circle("dot selected", x, y, 6.5));
    let (words, clock) = (list::words(run, e), clock_text(run, index, e));
    let words = text::fit(&words, text::LABEL, 300.0);
    let w = text::width(&words, text::LABEL).max(text::mono(&clock, text::LABEL)) + 20.0;
    let h = 42.0;
    let places = [
        (x + 12.0, y - h - 8.0),
        (x - w - 12.0, y - h - 8.0),
        (x + 12.0, y + 10.0),
        (x - w - 12.0, y + 10.0),
    ];
    let fits = |(x, y): &&(f32, f32)| placer.is_free(&Box2::new(*x, *y, x + w, y + h));
    let (sx, sy) = places
        .iter()
        .find(fits)
        .copied()
        .unwrap_or(((x + 12.0).min(right - w).max(left), (y - h - 8.0).max(2.0)));
    out.push(Shape::group(
        "sheet-at",
        vec![
            Shape::round("sheet", sx, sy, w, h, 5.0),
            Shape::text("on-sheet", sx + 10.0, sy + 17.0, Anchor::Start, words),
            Shape::text("on-sheet value soft", sx + 10.0, sy + 33.0, Anchor::Start, clock),
        ],
    ));
}

// ---------------------------------------------------------------- finding

/// What is under a point of the drawing.
pub fn hit(run: &Run, index: &Index, view: &Viewport, x: f32, y: f32) -> Pick {
    if x < view.gutter {
        return lane_at(view, y).map_or(Pick::None, Pick::Node);
    }
    if y < view.top()
        && let Some(fault) = fault_at(index, view, x)
    {
        return fault;
    }
    if let Some((e, d)) = event_at(run, index, view, x, y)
        && d <= 7.0
    {
        return Pick::Event(e);
    }
    match message_at(run, index, view, x, y) {
        Some((m, d)) if d <= 6.0 => Pick::Message(m),
        _ => event_at(run, index, view, x, y)
            .filter(|(_, d)| *d <= 12.0)
            .map_or(Pick::None, |(e, _)| Pick::Event(e)),
    }
}

fn lane_at(view: &Viewport, y: f32) -> Option<NodeId> {
    let lane = ((y - view.top()) / view.pitch()).floor();
    if lane >= 0.0 { view.shown().nth(lane as usize) } else { None }
}

fn fault_at(index: &Index, view: &Viewport, x: f32) -> Option<Pick> {
    let span = (view.time(x - 12.0), view.time(x + 12.0));
    let near = |a: &&super::super::index::Act| (view.x(a.at) - x).abs() as i32;
    inside(&index.faults, span, |a| a.at).iter().min_by_key(near).map(|a| Pick::Fault(a.line))
}

/// The step nearest on the lane under the point: what it was told for, if it was told, else what began it.
fn event_at(run: &Run, index: &Index, view: &Viewport, x: f32, y: f32) -> Option<(EventId, f32)> {
    let n = lane_at(view, y)?;
    let (trace, lane) = (run.trace(), index.causality.lane(n));
    let (from, to) = (view.time(x - 12.0), view.time(x + 12.0));
    let a = lane.partition_point(|e| trace.at(*e as usize) < from);
    let b = lane.partition_point(|e| trace.at(*e as usize) <= to);
    let gap = |e: u32| (view.x(trace.at(e as usize)) - x).abs();
    let seen = || lane[a..b.max(a)].iter().copied().filter(|e| index.shows(EventId(*e)));
    let nearest = seen().min_by(|p, q| gap(*p).total_cmp(&gap(*q)))?;
    let at = trace.at(nearest as usize);
    let same = || seen().filter(|e| trace.at(*e as usize) == at);
    let rank = |e: &u32| match trace.what(*e as usize) {
        What::Why { .. } => 3 + run.weight(EventId(*e)) as u8,
        what if opens(what) => 3,
        What::Crash | What::Pause | What::Resume => 6,
        _ => 0,
    };
    let told = same().rev_max(rank);
    Some((EventId(told.unwrap_or(nearest)), gap(nearest).hypot((view.y(n) - y).abs())))
}

/// The first of the greatest.
trait FirstMax: Iterator<Item = u32> + Sized {
    fn rev_max(self, rank: impl Fn(&u32) -> u8) -> Option<u32> {
        self.fold(None, |best: Option<u32>, e| match best {
            Some(b) if rank(&b) >= rank(&e) => Some(b),
            _ => Some(e),
        })
    }
}
impl<I: Iterator<Item = u32>> FirstMax for I {}

fn message_at(run: &Run, index: &Index, view: &Viewport, x: f32, y: f32) -> Option<(MsgId, f32)> {
    let mut best: Option<(MsgId, f32)> = None;
    let (from, to) = (view.time(x - 6.0), view.time(x + 6.0));
    index.in_sight(run.trace(), from, to, &mut |m, rec| {
        if !index.shows_message(rec) {
            return;
        }
        let a = arrow(run, view, rec, &|t| view.x(t));
        let d = distance(a.a, a.b, (x, y));
        if best.is_none_or(|b| d < b.1) {
            best = Some((m, d));
        }
    });
    best
}

fn distance(a: (f32, f32), b: (f32, f32), p: (f32, f32)) -> f32 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let len = (dx * dx + dy * dy).max(1e-6);
    let t = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / len).clamp(0.0, 1.0);
    (a.0 + dx * t - p.0).hypot(a.1 + dy * t - p.1)
}
