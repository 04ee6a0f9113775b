//! What is seen: pure geometry from a run, a moment, a selection and a size to shapes.
//!
//! ```text
//!            ┌─ Index ─┐  folded once from the trace, kept up as it grows: `index.catch_up(&run)`
//!   run ────▶│ lanes   │──▶ topology   Layout, furniture, Flights (floats: no string per frame)
//!            │ flights │──▶ spacetime  Viewport, frame, tiles (cached), overlay, hit
//!   peek ───▶│ tales   │──▶ ring, logs, exhibit, history
//!            └─────────┘──▶ caption, list, timeline, thumbnail
//! ```
//!
//! A [`Shape`] has a form in CSS pixels, a `role` (what it is: a class of `style/scene.css`), a [`Hue`]
//! (which epoch it belongs to: another class) and, where it can be chosen, an accessible name and what
//! choosing it means ([`Pick`]). No shape names a colour and no view names a protocol. Views are drawn
//! from facts of the trace; only what stands inside a node comes from a [`Peek`](crate::run::Peek).
//!
//! What moves is not made of shapes: [`topology::Flights`] and [`topology::Ring`] fill one array of
//! numbers a frame, and the page moves a pool of elements by it. [`topology::still`] draws the same as
//! shapes, for pictures that stand.

pub mod caption;
pub mod clocks;
pub mod exhibit;
pub mod history;
pub mod index;
pub mod kin;
pub mod list;
pub mod logs;
pub mod measures;
pub mod pen;
pub mod place;
pub mod ring;
pub mod spacetime;
pub mod spans;
pub mod svg;
pub mod text;
pub mod thumbnail;
pub mod timeline;
pub mod topology;

pub use index::Index;
pub use kin::{Beside, Kin};
pub use svg::{print, svg};

use crate::ids::{EventId, MsgId, NodeId, OpId, Us};
use crate::run::Run;
use crate::scenario::ast::NetValue;
use crate::show::{Cell, Colour};

/// What a mark stands for: choosing it selects that, everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pick {
    #[default]
    None,
    Node(NodeId),
    Message(MsgId),
    Event(EventId),
    Op(OpId),
    /// A step of the scenario, from 0.
    Fault(u32),
}

/// The colour and dash of an epoch, an owner or a version: 0 is ink, then six colours times three dashes.
/// Neighbours never share a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hue(pub u8);

impl Hue {
    pub const INK: Hue = Hue(0);
    pub const COUNT: usize = 19;

    /// A term, ballot or view; 0 is none.
    pub fn epoch(e: u64) -> Hue {
        match e {
            0 => Hue::INK,
            e => Hue(1 + ((e - 1) % 18) as u8),
        }
    }
    /// An owner: by its place among those of its role.
    pub fn owner(run: &Run, n: NodeId) -> Hue {
        Hue::epoch(run.cast().members.get(n.index()).map_or(0, |m| m.place as u64 + 1))
    }
    /// A cell of a log.
    pub fn cell(run: &Run, c: &Cell) -> Hue {
        match c.colour {
            Colour::Ink => Hue::INK,
            Colour::Epoch(e) => Hue::epoch(e),
            Colour::Owner(n) => Hue::owner(run, n),
        }
    }
    /// Its classes.
    pub fn class(self) -> &'static str {
        const CLASSES: [&str; Hue::COUNT] = [
            "",
            "run-1",
            "run-2",
            "run-3",
            "run-4",
            "run-5",
            "run-6",
            "run-1 dash-2",
            "run-2 dash-2",
            "run-3 dash-2",
            "run-4 dash-2",
            "run-5 dash-2",
            "run-6 dash-2",
            "run-1 dash-3",
            "run-2 dash-3",
            "run-3 dash-3",
            "run-4 dash-3",
            "run-5 dash-3",
            "run-6 dash-3",
        ];
        CLASSES[self.0 as usize % Hue::COUNT]
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

impl Anchor {
    /// The value of `text-anchor`.
    pub fn word(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// A drawn form. `y` of a text is its baseline.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    Line {
        x1: f32,
        y1: f32,
        x2: f32,
        y2: f32,
    },
    Path(String),
    Circle {
        x: f32,
        y: f32,
        r: f32,
    },
    Rect {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        r: f32,
    },
    Text {
        x: f32,
        y: f32,
        anchor: Anchor,
        text: String,
    },
    /// Drawn in order, moved by (x, y).
    Group {
        x: f32,
        y: f32,
        kids: Vec<Shape>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub form: Form,
    /// Classes of the style: what it is.
    pub role: &'static str,
    pub hue: Hue,
    /// Its accessible name; empty for what is only drawn.
    pub name: String,
    pub pick: Pick,
}

impl Shape {
    pub fn new(role: &'static str, form: Form) -> Shape {
        Shape { form, role, hue: Hue::INK, name: String::new(), pick: Pick::None }
    }
    pub fn line(role: &'static str, x1: f32, y1: f32, x2: f32, y2: f32) -> Shape {
        Shape::new(role, Form::Line { x1, y1, x2, y2 })
    }
    pub fn path(role: &'static str, d: impl Into<String>) -> Shape {
        Shape::new(role, Form::Path(d.into()))
    }
    pub fn circle(role: &'static str, x: f32, y: f32, r: f32) -> Shape {
        Shape::new(role, Form::Circle { x, y, r })
    }
    pub fn rect(role: &'static str, x: f32, y: f32, w: f32, h: f32) -> Shape {
        Shape::new(role, Form::Rect { x, y, w, h, r: 0.0 })
    }
    /// A rectangle with round corners.
    pub fn round(role: &'static str, x: f32, y: f32, w: f32, h: f32, r: f32) -> Shape {
        Shape::new(role, Form::Rect { x, y, w, h, r })
    }
    pub fn text(
        role: &'static str,
        x: f32,
        y: f32,
        anchor: Anchor,
        text: impl Into<String>,
    ) -> Shape {
        Shape::new(role, Form::Text { x, y, anchor, text: text.into() })
    }
    pub fn group(role: &'static str, kids: Vec<Shape>) -> Shape {
        Shape::new(role, Form::Group { x: 0.0, y: 0.0, kids })
    }
    pub fn hue(mut self, hue: Hue) -> Shape {
        self.hue = hue;
        self
    }
    pub fn pick(mut self, pick: Pick, name: impl Into<String>) -> Shape {
        self.pick = pick;
        self.name = name.into();
        self
    }
    /// The value of its `class`.
    pub fn class(&self) -> String {
        let hue = self.hue.class();
        let gap = if hue.is_empty() || self.role.is_empty() { "" } else { " " };
        [self.role, gap, hue].concat()
    }
    /// How many forms it draws, groups opened.
    pub fn count(&self) -> usize {
        match &self.form {
            Form::Group { kids, .. } => kids.iter().map(Shape::count).sum(),
            _ => 1,
        }
    }
}

/// Virtual time that one second on the screen takes: the scenario's own pace, or ten median latencies.
pub fn pace(run: &Run) -> Us {
    let latency = |(k, v): &(String, NetValue)| match v {
        NetValue::Law(l) if k == "latency" => Some(l.median()),
        _ => None,
    };
    let scenario = run.scenario();
    let median = scenario.net.iter().rev().find_map(latency).unwrap_or(10_000);
    scenario.pace.unwrap_or(median.max(1_000) * 10)
}
