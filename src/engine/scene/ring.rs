//! A hash ring: tokens as ticks, owners as arcs, keys as dots; what is moving grows out of its token.
//!
//! A key that several nodes hold has a dot for each, behind one another. Few keys have their names and their holders
//! beside the ring. How the newest key found its holders is told on its left, token by token.

use super::pen::{Pen, around, number};
use super::place::{Box2, Placer};
use super::{Anchor, Hue, Pick, Shape, text};
use crate::few;
use crate::ids::NodeId;
use crate::run::Run;
use crate::show::{Ring, Walk};

const TURN: f32 = 4_294_967_296.0;

/// Keys that are called by name, at most.
const NAMED: usize = 16;

/// Tokens whose arcs are named, at most.
const FEW: usize = 24;

/// Draw a ring. An arc that gets a new owner is drawn from its token back: the page lets it grow out of there.
pub fn ring(run: &Run, shown: &Ring, w: f32, h: f32, selected: Pick) -> Vec<Shape> {
    let big = w.min(h) >= 140.0;
    let margin = match big {
        // Whose the arcs are stands outside of few of them.
        true if shown.tokens.len() <= FEW => 34.0,
        true => 22.0,
        false => 8.0,
    };
    let r = (w.min(h) / 2.0 - margin).max(8.0);
    let view = View { run, shown, x: w / 2.0, y: h / 2.0, r, big, selected };
    let mut out = vec![];
    view.arcs(&mut out);
    view.moving(&mut out);
    view.ticks(&mut out);
    view.keys(&mut out);
    if big {
        view.owners(&mut out);
        // Either what lies on the ring is named, or, where that is too much, whose the arcs are.
        if !view.key_names(w, h, &mut out) {
            view.names(&mut out);
        }
        if let Some((_, walk)) = &shown.walk {
            view.walk(walk, h, &mut out);
        }
    }
    out
}

struct View<'a> {
    run: &'a Run,
    shown: &'a Ring,
    x: f32,
    y: f32,
    r: f32,
    big: bool,
    selected: Pick,
}

impl View<'_> {
    fn at(&self, turn: f32, r: f32) -> (f32, f32) {
        around(self.x, self.y, r, r, turn)
    }

    /// What each owner's arcs are of the whole, in the order of the cast.
    fn shares(&self) -> Vec<(NodeId, f32)> {
        let mut shares: Vec<(NodeId, f32)> = vec![];
        for (from, to, owner) in self.owned() {
            match shares.iter_mut().find(|s| s.0 == owner) {
                Some(s) => s.1 += to - from,
                None => shares.push((owner, to - from)),
            }
        }
        few::sort_by_key(&mut shares, |s| s.0);
        shares
    }

    /// The arc that ends at each token, in turns.
    fn owned(&self) -> impl Iterator<Item = (f32, f32, NodeId)> + '_ {
        let tokens = &self.shown.tokens;
        let arc = move |i: usize| {
            let before = tokens[i.checked_sub(1).unwrap_or(tokens.len() - 1)].0;
            let (from, to) = (before as f32 / TURN, tokens[i].0 as f32 / TURN);
            (from, if to <= from { to + 1.0 } else { to }, tokens[i].1)
        };
        (0..tokens.len()).map(arc)
    }

    /// One path an owner.
    fn arcs(&self, out: &mut Vec<Shape>) {
        for (owner, share) in self.shares() {
            let mut pen = Pen::new();
            for (from, to, _) in self.owned().filter(|a| a.2 == owner) {
                pen.turn(self.x, self.y, self.r, from, to);
            }
            let role = if self.selected == Pick::Node(owner) { "arc selected" } else { "arc" };
            let ring = [self.run.name(owner), ", ", &percent(share), " of the ring"].concat();
            let name = [ring, self.holds(owner)].concat();
            let hue = Hue::owner(self.run, owner);
            out.push(Shape::path(role, pen.d()).hue(hue).pick(Pick::Node(owner), name));
        }
    }

    fn moving(&self, out: &mut Vec<Shape>) {
        for &(from, to, _, taker) in &self.shown.moving {
            let (from, mut to) = (from as f32 / TURN, to as f32 / TURN);
            if to <= from {
                to += 1.0;
            }
            let mut pen = Pen::new();
            pen.turn(self.x, self.y, self.r - 12.0, to, from);
            out.push(Shape::path("arc moving", pen.d()).hue(Hue::owner(self.run, taker)));
        }
    }

    /// Tokens: across the ring while they can be told apart, else a fringe on its outside.
    fn ticks(&self, out: &mut Vec<Shape>) {
        let mut pen = Pen::new();
        let few = self.shown.tokens.len() <= 96;
        let (inner, outer) = if few { (-8.0, 8.0) } else { (6.5, 9.0) };
        for &(token, _) in &self.shown.tokens {
            let turn = token as f32 / TURN;
            let (a, b) = (self.at(turn, self.r + inner), self.at(turn, self.r + outer));
            pen.to(a.0, a.1).line(b.0, b.1);
        }
        out.push(Shape::path(if few { "tick" } else { "tick fine" }, pen.d()));
    }

    /// `, 3 keys: a, b, c`; of many how many are drawn.
    fn holds(&self, owner: NodeId) -> String {
        let mine = || self.shown.keys.iter().filter(|k| k.2 == owner).map(|k| k.1.as_str());
        match mine().count() {
            0 => String::new(),
            1 => [", one key: ", &mine().collect::<String>()].concat(),
            n if n <= NAMED => {
                [", ", &n.to_string(), " keys: ", &mine().collect::<Vec<_>>().join(", ")].concat()
            }
            n => [", ", &n.to_string(), " of the keys drawn"].concat(),
        }
    }

    /// Keys on the inner side, by holder: the further holders of a key further in.
    fn keys(&self, out: &mut Vec<Shape>) {
        let mut pens: Vec<(NodeId, Pen)> = vec![];
        let (mut last, mut rank) = (None, 0.0);
        for (at, name, holder) in &self.shown.keys {
            rank = if last == Some((at, name)) { rank + 1.0 } else { 0.0 };
            last = Some((at, name));
            let r = (self.r - 20.0 - 9.0 * rank).max(4.0);
            let (x, y) = self.at(*at as f32 / TURN, r);
            let i = pens.iter().position(|p| p.0 == *holder).unwrap_or_else(|| {
                pens.push((*holder, Pen::new()));
                pens.len() - 1
            });
            pens[i].1.to(x, y).across(x + 0.1);
        }
        let role = if self.big { "dots keys" } else { "dots keys small" };
        for (holder, pen) in pens {
            out.push(Shape::path(role, pen.d()).hue(Hue::owner(self.run, holder)));
        }
    }

    /// Few keys by name, each with its holders, beside the ring where it stands on it.
    fn key_names(&self, w: f32, h: f32, out: &mut Vec<Shape>) -> bool {
        let mut keys: Vec<(u32, &str, Vec<NodeId>)> = vec![];
        for (at, name, holder) in &self.shown.keys {
            match keys.last_mut().filter(|k| (k.0, k.1) == (*at, name.as_str())) {
                Some(k) => k.2.push(*holder),
                None => keys.push((*at, name, vec![*holder])),
            }
        }
        if keys.is_empty() || keys.len() > NAMED {
            return false;
        }
        let mut placer = Placer::new(Box2::new(2.0, 2.0, w - 2.0, h - 2.0), NAMED);
        for (at, name, holders) in keys {
            let turn = at as f32 / TURN;
            let (x, y) = self.at(turn, self.r + 14.0);
            let names: Vec<&str> = holders.iter().map(|n| self.run.name(*n)).collect();
            let words = [name, ": ", &names.join(", ")].concat();
            let wide = text::width(&words, text::LABEL);
            let left = x < self.x;
            // Beside the place, or a little up or down along the side.
            let dys = [0.0, 16.0, -16.0, 32.0, -32.0, 48.0, -48.0];
            let place = dys.iter().find_map(|dy| {
                let y = (y + 4.5 + dy).clamp(14.0, h - 6.0);
                let begin = if left { x - wide } else { x };
                placer.take(Box2::of_text(begin, y, wide, text::LABEL)).then_some(y)
            });
            let Some(to) = place else { continue };
            let anchor = if left { Anchor::End } else { Anchor::Start };
            out.push(Shape::text("value", x, to, anchor, words));
        }
        true
    }

    /// Names in the middle, with their shares; beside the ring where there are more than fit into it.
    fn owners(&self, out: &mut Vec<Shape>) {
        let shares = self.shares();
        let (inside, room) = (self.r * 1.3, 2.0 * (self.r + 30.0));
        let within = shares.len() as f32 * 20.0 <= inside;
        let beside = !within && self.x - self.r >= 160.0;
        // In the middle a pair is: a short name leaves its share the more room.
        let wide = |words: &str| text::width(words, text::LABEL);
        let name = shares.iter().map(|s| wide(self.run.name(s.0))).fold(0.0, f32::max);
        let aside = (name - wide("99.9 %")).min(0.0) / 2.0;
        let (x, height) = match beside {
            true => (self.x + self.r + 90.0, room),
            false => (self.x + aside, inside),
        };
        let gap = if self.r < 100.0 { 3.0 } else { 6.0 };
        let pitch = (height / shares.len().max(1) as f32).clamp(14.0, 20.0);
        let shown = shares.len().min((height / pitch) as usize);
        let top = self.y - pitch * (shown as f32 - 1.0) / 2.0 + 4.5;
        for (i, (n, share)) in shares.iter().take(shown).enumerate() {
            let y = top + pitch * i as f32;
            let name = text::fit(self.run.name(*n), text::LABEL, self.r * 0.9);
            let hue = Hue::owner(self.run, *n);
            out.push(Shape::text("owner", x - gap, y, Anchor::End, name).hue(hue));
            out.push(Shape::text("value", x + gap, y, Anchor::Start, percent(*share)));
        }
    }

    /// From the key downwards the tokens that are met: who gets it, first to last, and who is passed over.
    fn walk(&self, walk: &Walk, h: f32, out: &mut Vec<Shape>) {
        const STEP: f32 = 20.0;
        let room = self.x - self.r - 40.0;
        if room < 180.0 || walk.met.is_empty() {
            return;
        }
        let fits = ((h - 40.0) / STEP) as usize;
        let mut rows = self.rows(walk);
        rows.truncate(fits.max(2) - 1);
        let x = (room / 2.0 - 40.0).max(24.0);
        let top = self.y - STEP * rows.len() as f32 / 2.0;
        let key = text::fit(&walk.key, text::LABEL, room - x);
        let mut line = Pen::new();
        line.to(x, top).line(x, top + STEP * rows.len() as f32 - STEP / 2.0);
        out.push(Shape::path("walk", line.d()));
        out.push(Shape::path("dots keys", dot(x, top)));
        out.push(Shape::text("value", x + 14.0, top + 4.5, Anchor::Start, key));
        let mut taken = 0;
        for (i, row) in rows.iter().enumerate() {
            let y = top + STEP * (i as f32 + 1.0);
            match row {
                Met::Taken(n) => {
                    taken += 1;
                    let hue = Hue::owner(self.run, *n);
                    let words = [self.run.name(*n), ", ", nth(taken)].concat();
                    out.push(Shape::path("dots walked", dot(x, y)).hue(hue));
                    out.push(
                        Shape::text("owner", x + 14.0, y + 4.5, Anchor::Start, words).hue(hue),
                    );
                }
                Met::Passed(words) => {
                    let mut pen = Pen::new();
                    pen.cross(x, y, 3.0);
                    out.push(Shape::path("passed", pen.d()));
                    out.push(Shape::text("soft", x + 14.0, y + 4.5, Anchor::Start, words.clone()));
                }
            }
        }
    }

    /// The lines of a walk: tokens passed over one after the other are one.
    fn rows(&self, walk: &Walk) -> Vec<Met> {
        let mut rows = vec![];
        let mut passed: Vec<&str> = vec![];
        for (n, taken) in &walk.met {
            if !taken {
                passed.push(self.run.name(*n));
                continue;
            }
            if !passed.is_empty() {
                rows.push(Met::Passed(over(&passed)));
                passed.clear();
            }
            rows.push(Met::Taken(*n));
        }
        rows
    }

    /// Whose an arc is, outside it: where there are few, hues repeat and arcs are what the run is about.
    fn names(&self, out: &mut Vec<Shape>) {
        if self.shown.tokens.len() > FEW {
            return;
        }
        for (from, to, owner) in self.owned().filter(|(from, to, _)| to - from >= 0.03) {
            let (x, y) = self.at((from + to) / 2.0, self.r + 24.0);
            let name = text::fit(self.run.name(owner), text::SMALL, 60.0);
            let hue = Hue::owner(self.run, owner);
            out.push(Shape::text("owner", x, y + 4.0, Anchor::Middle, name).hue(hue));
        }
    }
}

/// A line of a walk.
enum Met {
    Taken(NodeId),
    Passed(String),
}

fn dot(x: f32, y: f32) -> String {
    let mut pen = Pen::new();
    pen.to(x, y).across(x + 0.1);
    pen.d()
}

/// `n2, n2: passed over`
fn over(names: &[&str]) -> String {
    match names.len() {
        0..=3 => [&names.join(", "), ": passed over"].concat(),
        n => [&n.to_string(), " tokens passed over"].concat(),
    }
}

fn nth(n: usize) -> &'static str {
    ["first", "second", "third", "fourth", "fifth"].get(n - 1).copied().unwrap_or("next")
}

/// `24.6 %`
fn percent(share: f32) -> String {
    let mut out = String::new();
    number(&mut out, share * 100.0);
    out.push_str(" %");
    out
}
