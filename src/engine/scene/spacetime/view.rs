//! Which stretch of time is in sight, and at what scale.

use crate::ids::{NodeId, Us};
use crate::run::Run;
use crate::scene::text;
use crate::trace::inquiry::Filter;

/// Width of a tile in pixels.
pub const TILE: f32 = 512.0;

/// Scales go in quarter octaves, so that tiles drawn once serve again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// Time at the left edge of the plot, in microseconds.
    pub t0: f64,
    /// Microseconds a pixel are 2 to the power of a quarter of this.
    pub level: i32,
    pub w: f32,
    pub h: f32,
    /// Width of the lanes' names.
    pub gutter: f32,
    /// Lanes that are there.
    pub lanes: u16,
    /// Nodes without one, a bit a place.
    pub hidden: u128,
}

/// For the words of faults above, and for the axis below.
const TOP: f32 = 34.0;
const FOOT: f32 = 24.0;
const LEVELS: std::ops::RangeInclusive<i32> = -16..=120;

/// A bit for every place before this one.
fn below(n: u16) -> u128 {
    1u128.checked_shl(n.into()).map_or(u128::MAX, |bit| bit - 1)
}

impl Viewport {
    /// A stretch of time, fitted into the width.
    pub fn new(run: &Run, from: Us, to: Us, w: f32, h: f32) -> Viewport {
        let widest = run.cast().all().map(|n| text::width(run.name(n), text::LABEL));
        let gutter = (widest.fold(16.0, f32::max) + 14.0).min(w * 0.3);
        let lanes = run.cast().len() as u16;
        let view = Viewport { t0: from as f64, level: 0, w, h, gutter, lanes, hidden: 0 };
        view.fit(from, to)
    }

    /// The same size, another stretch.
    pub fn fit(self, from: Us, to: Us) -> Viewport {
        let room = (self.w - self.gutter - 12.0).max(16.0) as f64;
        let scale = (to.saturating_sub(from).max(1) as f64 / room).max(1e-9);
        let level = (scale.log2() * 4.0).ceil() as i32;
        Viewport { t0: from as f64, level: level.clamp(*LEVELS.start(), *LEVELS.end()), ..self }
    }

    /// The same with the lanes a filter leaves.
    pub fn sifted(self, filter: &Filter) -> Viewport {
        let all = self.lanes + self.hidden.count_ones() as u16;
        let hidden = filter.nodes & below(all);
        Viewport { hidden, lanes: all - hidden.count_ones() as u16, ..self }
    }

    pub fn us_per_px(&self) -> f64 {
        (self.level as f64 / 4.0).exp2()
    }
    pub fn x(&self, t: Us) -> f32 {
        self.gutter + ((t as f64 - self.t0) / self.us_per_px()) as f32
    }
    pub fn time(&self, x: f32) -> Us {
        (self.t0 + (x - self.gutter) as f64 * self.us_per_px()).max(0.0) as Us
    }
    /// The stretch of time in sight.
    pub fn span(&self) -> (Us, Us) {
        (self.time(self.gutter), self.time(self.w))
    }

    pub fn pitch(&self) -> f32 {
        (self.h - TOP - FOOT).max(1.0) / self.lanes.max(1) as f32
    }
    /// The line of a node's lane.
    pub fn y(&self, n: NodeId) -> f32 {
        TOP + self.pitch() * (self.row(n) as f32 + 0.5)
    }
    /// A node's lane, counted from the top.
    pub fn row(&self, n: NodeId) -> u16 {
        n.0 - (self.hidden & below(n.0)).count_ones() as u16
    }
    /// Whether a node has a lane.
    pub fn shows(&self, n: NodeId) -> bool {
        self.hidden & !below(n.0) & below(n.0 + 1) == 0
    }
    /// The nodes that have one, from the top.
    pub fn shown(&self) -> impl Iterator<Item = NodeId> + '_ {
        let all = self.lanes + self.hidden.count_ones() as u16;
        (0..all).map(NodeId).filter(|n| self.shows(*n))
    }
    pub fn top(&self) -> f32 {
        TOP
    }
    pub fn foot(&self) -> f32 {
        (self.h - FOOT).max(TOP)
    }

    /// Move by pixels: to later times where positive.
    pub fn pan(self, px: f32) -> Viewport {
        Viewport { t0: self.t0 + px as f64 * self.us_per_px(), ..self }
    }
    /// Closer by quarter octaves, what is at `x` staying there.
    pub fn zoom(self, closer: i32, x: f32) -> Viewport {
        let level = (self.level - closer).clamp(*LEVELS.start(), *LEVELS.end());
        let there = self.t0 + (x - self.gutter) as f64 * self.us_per_px();
        let view = Viewport { level, ..self };
        Viewport { t0: there - (x - self.gutter) as f64 * view.us_per_px(), ..view }
    }

    /// The tiles in sight.
    pub fn tiles(&self) -> std::ops::RangeInclusive<i64> {
        let wide = TILE as f64 * self.us_per_px();
        let end = self.t0 + (self.w - self.gutter) as f64 * self.us_per_px();
        ((self.t0 / wide).floor() as i64).max(0)..=(end / wide).floor() as i64
    }
    /// The tile a moment lies in.
    pub fn tile_at(&self, t: Us) -> i64 {
        (t as f64 / (TILE as f64 * self.us_per_px())).floor() as i64
    }
    /// Where a tile stands.
    pub fn tile_x(&self, k: i64) -> f32 {
        let wide = TILE as f64 * self.us_per_px();
        self.gutter + ((k as f64 * wide - self.t0) / self.us_per_px()) as f32
    }
}
