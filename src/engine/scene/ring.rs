//! A hash ring: tokens as ticks, owners as arcs, keys as dots; what is moving grows out of its token.

use super::pen::Pen;
use super::{Anchor, Hue, Pick, Shape, text};
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
        let a = turn * std::f32::consts::TAU;
        (self.x + r * a.sin(), self.y - r * a.cos())
    }

    /// One path an owner: the arcs that end at its tokens.
    fn arcs(&self, out: &mut Vec<Shape>) {
        let tokens = &self.shown.tokens;
        let mut pens: Vec<(NodeId, Pen, f32)> = vec![];
        for (i, &(token, owner)) in tokens.iter().enumerate() {
            let before = if i == 0 { tokens.last().map_or(0, |t| t.0) } else { tokens[i - 1].0 };
            let (from, mut to) = (before as f32 / TURN, token as f32 / TURN);
            if to <= from {
                to += 1.0;
            }
            let at = pens.iter().position(|p| p.0 == owner).unwrap_or_else(|| {
                pens.push((owner, Pen::new(), 0.0));
                pens.len() - 1
            });
            pens[at].1.turn(self.x, self.y, self.r, from, to);
            pens[at].2 += to - from;
        }
        for (owner, pen, share) in pens {
            let role = if self.selected == Pick::Node(owner) { "arc selected" } else { "arc" };
            let percent = ((share * 1000.0).round() / 10.0).to_string();
            let name = [self.run.name(owner), ", ", &percent, " % of the ring"].concat();
            out.push(
                Shape::path(role, pen.d()).hue(Hue::node(owner)).pick(Pick::Node(owner), name),
            );
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
            out.push(Shape::path("arc moving", pen.d()).hue(Hue::node(taker)));
        }
    }

    fn ticks(&self, out: &mut Vec<Shape>) {
        let mut pen = Pen::new();
        let reach = if self.shown.tokens.len() > 200 { 3.0 } else { 7.0 };
        for &(token, _) in &self.shown.tokens {
            let turn = token as f32 / TURN;
            let (a, b) = (self.at(turn, self.r - reach), self.at(turn, self.r + reach));
            pen.to(a.0, a.1).line(b.0, b.1);
        }
        out.push(Shape::path("tick", pen.d()));
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
            out.push(Shape::path(role, pen.d()).hue(Hue::node(holder)));
        }
    }

    /// Names in the middle, with their shares.
    fn owners(&self, out: &mut Vec<Shape>) {
        let mut owners: Vec<NodeId> = self.shown.tokens.iter().map(|t| t.1).collect();
        owners.sort_unstable();
        owners.dedup();
        let pitch = 18.0;
        let top = self.y - pitch * (owners.len() as f32 - 1.0) / 2.0 + 4.5;
        for (i, n) in owners.iter().enumerate().take(((self.r * 1.2) / pitch) as usize) {
            let y = top + pitch * i as f32;
            out.push(
                Shape::text(
                    "owner",
                    self.x,
                    y,
                    Anchor::Middle,
                    text::fit(self.run.name(*n), text::LABEL, self.r),
                )
                .hue(Hue::node(*n)),
            );
        }
    }
}
