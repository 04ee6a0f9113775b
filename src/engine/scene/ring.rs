//! A hash ring: tokens as ticks, owners as arcs, keys as dots; what is moving grows out of its token.

use super::pen::{Pen, around, number};
use super::{Anchor, Hue, Pick, Shape, text};
use crate::few;
use crate::ids::NodeId;
use crate::run::Run;
use crate::show::Ring;

const TURN: f32 = 4_294_967_296.0;

/// Draw a ring. `grown` is how far what is moving has come, from 0 to 1.
pub fn ring(run: &Run, shown: &Ring, w: f32, h: f32, grown: f32, selected: Pick) -> Vec<Shape> {
    let big = w.min(h) >= 140.0;
    let margin = if big { 44.0 } else { 8.0 };
    let r = (w.min(h) / 2.0 - margin).max(8.0);
    let view = View { run, shown, x: w / 2.0, y: h / 2.0, r, big, grown, selected };
    let mut out = vec![];
    view.arcs(&mut out);
    view.moving(&mut out);
    view.ticks(&mut out);
    view.keys(&mut out);
    if big {
        view.owners(&mut out);
        view.names(&mut out);
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
    grown: f32,
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
            let name = [self.run.name(owner), ", ", &percent(share), " of the ring"].concat();
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
            pen.turn(self.x, self.y, self.r - 12.0, to - (to - from) * self.grown, to);
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

    /// Keys on the inner side, by holder; those on the move between their holders' tracks.
    fn keys(&self, out: &mut Vec<Shape>) {
        let mut pens: Vec<(NodeId, Pen)> = vec![];
        for (at, _, holder) in &self.shown.keys {
            let (x, y) = self.at(*at as f32 / TURN, self.r - 20.0);
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

    /// Names in the middle, with their shares; beside the ring where there are more than fit into it.
    fn owners(&self, out: &mut Vec<Shape>) {
        let shares = self.shares();
        let (inside, room) = (self.r * 1.3, 2.0 * (self.r + 30.0));
        let within = shares.len() as f32 * 20.0 <= inside;
        let beside = !within && self.x - self.r >= 160.0;
        let (x, height) = match beside {
            true => (self.x + self.r + 90.0, room),
            false => (self.x, inside),
        };
        let pitch = (height / shares.len().max(1) as f32).clamp(14.0, 20.0);
        let shown = shares.len().min((height / pitch) as usize);
        let top = self.y - pitch * (shown as f32 - 1.0) / 2.0 + 4.5;
        for (i, (n, share)) in shares.iter().take(shown).enumerate() {
            let y = top + pitch * i as f32;
            let name = text::fit(self.run.name(*n), text::LABEL, self.r * 0.9);
            let hue = Hue::owner(self.run, *n);
            out.push(Shape::text("owner", x - 6.0, y, Anchor::End, name).hue(hue));
            out.push(Shape::text("value", x + 6.0, y, Anchor::Start, percent(*share)));
        }
    }

    /// Whose an arc is, outside it: where there are few, hues repeat and arcs are what the run is about.
    fn names(&self, out: &mut Vec<Shape>) {
        if self.shown.tokens.len() > 24 {
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

/// `24.6 %`
fn percent(share: f32) -> String {
    let mut out = String::new();
    number(&mut out, share * 100.0);
    out.push_str(" %");
    out
}
