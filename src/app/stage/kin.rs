//! The selected event in the topology: what comes before it, what after, and what is concurrent with it. A ring and a
//! sign a node, a shade a message; in words for those who do not see it.

use engine::ids::*;
use engine::run::Run;
use engine::scene::topology::{FLIGHT, Layout, kinship};
use engine::scene::{Beside, Form, Index, Kin, Pick, Shape};
use web_sys::Element;

use super::painter::Painter;

pub struct Kinship {
    painter: Painter,
    /// Whether messages were told how they stand, and for which.
    told: Option<(EventId, Vec<f32>)>,
}

impl Kinship {
    pub fn new(layer: Element) -> Kinship {
        Kinship { painter: Painter::new(layer), told: None }
    }

    /// The rings round the nodes.
    pub fn stand(&mut self, run: &Run, index: &Index, layout: &Layout, pick: Pick, count: usize) {
        let shapes =
            event_of(run, pick).map(|e| kinship(run, index, layout, e, count)).unwrap_or_default();
        self.painter.paint(shapes.into_iter().map(shaded).collect());
    }

    /// A class for each message on its way; None where nothing has changed.
    pub fn flights(
        &mut self,
        run: &Run,
        index: &Index,
        pick: Pick,
        flights: &[f32],
    ) -> Option<(Vec<f32>, Vec<&'static str>)> {
        let selected = event_of(run, pick);
        if selected.is_none() && self.told.is_none() {
            return None;
        }
        let ids: Vec<f32> = flights.chunks_exact(FLIGHT).map(|f| f[0]).collect();
        let new = selected.map(|e| (e, ids.clone()));
        if new == self.told {
            return None;
        }
        self.told = new;
        let class = |id: &f32| match of_message(run, index, pick, MsgId(*id as u32)) {
            Some(Kin::Past) => "kin-past",
            Some(Kin::Future) => "kin-future",
            Some(Kin::Concurrent) => "kin-concurrent",
            _ => "",
        };
        let classes = ids.iter().map(class).collect();
        Some((ids, classes))
    }
}

/// The event a selection is about: that of its cones.
pub fn event_of(run: &Run, pick: Pick) -> Option<EventId> {
    match pick {
        Pick::Event(e) => Some(e),
        Pick::Message(m) => run.trace().msg(m).map(|r| r.sent),
        Pick::Op(op) => run.trace().op(op).map(|o| o.invoke),
        _ => None,
    }
}

/// How a message stands to what is selected; nothing to itself.
fn of_message(run: &Run, index: &Index, pick: Pick, m: MsgId) -> Option<Kin> {
    let e = event_of(run, pick).filter(|_| pick != Pick::Message(m))?;
    Some(Kin::of_message(run, index, e, m))
}

/// `, after the selected event`
pub fn words(run: &Run, index: &Index, pick: Pick, m: MsgId) -> String {
    of_message(run, index, pick, m).map_or_else(String::new, |k| format!(", {}", k.words()))
}

/// The class of a message that is drawn as its whole arrow.
pub fn role(run: &Run, index: &Index, pick: Pick, m: MsgId) -> &'static str {
    match of_message(run, index, pick, m) {
        Some(Kin::Past) => "flight kin-past",
        Some(Kin::Future) => "flight kin-future",
        Some(Kin::Concurrent) => "flight kin-concurrent",
        _ => "flight",
    }
}

/// The mark of a node with a shade under its ring. It is only seen: choosing the node is the node's own affair.
fn shaded(mark: Shape) -> Shape {
    let Form::Group { x, y, mut kids } = mark.form else { return mark };
    if let Some(ring) = kids.first().cloned() {
        kids.insert(0, Shape { role: "kin-band", ..ring });
    }
    Shape { form: Form::Group { x, y, kids }, pick: Pick::None, name: String::new(), ..mark }
}

/// The nodes as the first so many events have left them, by how they stand to one: `before it: A, B; after it: C`.
pub fn told(run: &Run, index: &Index, e: EventId, count: usize) -> Vec<(Kin, Vec<NodeId>)> {
    let beside = Beside::new(run, index, e);
    let all: Vec<(NodeId, Kin)> = run
        .cast()
        .all()
        .filter(|n| index.shows_node(*n))
        .map(|n| (n, beside.node(n, count)))
        .collect();
    let kind = |k: Kin| (k, all.iter().filter(|a| a.1 == k).map(|a| a.0).collect::<Vec<_>>());
    [Kin::Past, Kin::Concurrent, Kin::Future]
        .map(kind)
        .into_iter()
        .filter(|k| !k.1.is_empty())
        .collect()
}
