//! Lamport's diagram: time to the right, one lane a node, messages as arrows between them.
//!
//! ```text
//!        ┊ partition n1 n2 │ n3 n4 n5      front     faults, marks to choose, the selection's clocks
//!   n1 ━━━━━━━━╲━━━━━━━━━━━┿━━━━━━━        focus     the selected event, its clock and its neighbours'
//!   n2 ─────────▸──────────┿───────        tiles     lanes, arrows, names: cached, 512 px of time each
//!   n3 ──────────╳─────────┿───────
//!      0.9 s     1.0 s     │ 1.1 s         backdrop  grid, cones
//! ```
//!
//! The page stacks [`backdrop`], the [`Tiles`] in sight (each moved to [`Viewport::tile_x`]), [`front`],
//! [`veil`] (moved to `view.x(now)`: what has not happened yet lies under it), [`words`] with what of the tiles' is
//! [`Tile::reaching`] over the veil, [`focus`], and [`gutter`] on the left. Panning moves tiles; only one that comes into sight is drawn. Inside a tile messages are merged into one path an
//! epoch and fate, and where there is less than a pixel and a half an event, into bands of density: the
//! number of elements follows the pixels, not the run.
//!
//! A filter ([`Index::sift`]) takes lanes, messages and steps away; what they carried stays as faint threads.
//! The view must be told which lanes are left: [`Viewport::sifted`]. [`chain`] and [`cut`] go between the
//! tiles and the focus.

mod cones;
mod front;
mod inquiry;
mod points;
mod round;
mod slab;
mod view;

use std::rc::Rc;

pub use front::{BEHIND, clock_text, focus, front, hit, parting, parting_word, ticks, veil, words};
pub use inquiry::{chain, cut};
pub use round::Round;
pub use view::{TILE, Viewport};

use super::index::Index;
use super::text;
use super::{Anchor, Pick, Shape};
use crate::card::View;
use crate::ids::{NodeId, Us};
use crate::run::Run;
use crate::seq::Map;
use crate::trace::inquiry::Filter;

/// The grid, the axis and the cones of the selected event.
pub fn backdrop(run: &Run, index: &Index, view: &Viewport, selected: Pick) -> Vec<Shape> {
    let mut out = vec![];
    cones::cones(run, index, view, selected, &mut out);
    front::grid(view, &mut out);
    if run.entry().view == View::Rounds {
        round::rounds(run, index, view, &mut out);
    }
    out
}

/// Names of the lanes, on the left.
pub fn gutter(run: &Run, view: &Viewport, selected: Pick) -> Vec<Shape> {
    let every = (15.0 / view.pitch()).ceil().max(1.0) as usize;
    let name = |n: NodeId| {
        let label = text::fit(run.name(n), text::LABEL, view.gutter - 10.0);
        let role = if selected == Pick::Node(n) { "lane-name selected" } else { "lane-name" };
        let y = view.y(n);
        let text = Shape::text("", 2.0, y + 4.5, Anchor::Start, label);
        let hit = Shape::rect("hit", 0.0, y - view.pitch() / 2.0, view.gutter, view.pitch());
        Shape::group(role, vec![text, hit]).pick(Pick::Node(n), run.name(n))
    };
    view.shown().step_by(every).map(name).collect()
}

/// A stretch of the diagram, 512 pixels wide, drawn from 0.
#[derive(Clone, Debug)]
pub struct Tile {
    pub shapes: Vec<Shape>,
    words: Vec<slab::Word>,
    /// How much was known when it was drawn, if more may come.
    open: Option<usize>,
}

impl Tile {
    /// All of it that is seen right of an edge: a word that begins left of it would be cut.
    pub fn seen_from(&self, left: f32) -> Vec<Shape> {
        let words = self.words.iter().filter(|w| w.x >= left).map(|w| &w.shape);
        self.shapes.iter().chain(words).cloned().collect()
    }
    /// How many words that leaves out.
    pub fn cut_at(&self, left: f32) -> usize {
        self.words.iter().filter(|w| w.x < left).count()
    }

    /// How many of its words tell of what has begun by now.
    pub fn begun(&self, now: Us) -> usize {
        self.words.iter().filter(|w| w.at <= now).count()
    }
    /// Those of them that reach beyond `x`: over the veil they are as dark as what they tell.
    pub fn reaching(&self, now: Us, x: f32) -> Vec<Shape> {
        slab::reaching(&self.words, now, x)
    }
}

/// Tiles drawn so far.
#[derive(Clone, Debug, Default)]
pub struct Tiles {
    of: Map<(i32, i64), Rc<Tile>>,
    /// What all of them were drawn for: height, lanes, and what was left out.
    size: (u32, u16, u128),
    filter: Filter,
    keepers: Keepers,
}

/// Who keeps a clock, by how much was known when it was asked: an answer costs as much as all that the nodes hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Keepers(Option<(usize, Vec<NodeId>)>);

impl Keepers {
    fn of(&mut self, run: &Run) -> &[NodeId] {
        let known = run.trace().len();
        if self.0.as_ref().is_none_or(|k| k.0 != known) {
            self.0 = Some((known, front::keep_clocks(run)));
        }
        self.0.as_ref().map_or(&[], |k| &k.1)
    }
}

/// Tiles kept before the cache is emptied.
const KEEP: usize = 96;

impl Tiles {
    pub fn new() -> Tiles {
        Tiles::default()
    }

    /// A tile of the view; drawn only if it was not, or if more has become known of it.
    pub fn get(&mut self, run: &Run, index: &Index, view: &Viewport, k: i64) -> Rc<Tile> {
        let size = (view.h.to_bits(), view.lanes, view.hidden);
        if (self.size, self.filter) != (size, index.filter()) || self.of.len() > KEEP {
            self.of = Map::default();
            (self.size, self.filter) = (size, index.filter());
        }
        let key = (view.level, k);
        if let Some(tile) = self.of.get(&key)
            && tile.open.is_none_or(|known| known == index.len())
        {
            return tile.clone();
        }
        let tile = Rc::new(draw(run, index, view, k, &mut self.keepers));
        self.of.insert(key, tile.clone());
        tile
    }
}

/// Draw one tile.
pub fn tile(run: &Run, index: &Index, view: &Viewport, k: i64) -> Tile {
    draw(run, index, view, k, &mut Keepers::default())
}

fn draw(run: &Run, index: &Index, view: &Viewport, k: i64, keepers: &mut Keepers) -> Tile {
    let slab = slab::Slab::of_tile(view, k);
    let (shapes, words, open) = slab.draw(run, index, view, keepers);
    Tile { shapes, words, open: open.then_some(index.len()) }
}

/// The whole diagram in one piece, for pictures that stand.
pub fn still(run: &Run, index: &Index, view: &Viewport, now: Us, selected: Pick) -> Vec<Shape> {
    let mut out = backdrop(run, index, view, selected);
    let slab = slab::Slab::of_view(view);
    let (shapes, told, _) = slab.draw(run, index, view, &mut Keepers::default());
    out.extend(shapes);
    out.extend(told.iter().map(|w| w.shape.clone()));
    out.extend(front(run, index, view, selected));
    let x = view.x(now);
    if x >= view.gutter && x <= view.w {
        let form = super::Form::Group { x, y: 0.0, kids: veil(view, true) };
        out.push(Shape::new("now-at", form));
        out.extend(slab::reaching(&told, now, x));
    }
    out.extend(words(run, index, view, now));
    out.extend(focus(run, index, view, (view.gutter, view.w), selected));
    out.extend(gutter(run, view, selected));
    out
}
