//! Shapes into elements: keyed, patched where they changed, so that focus stays where it was.

use engine::ids::*;
use engine::scene::{Form, Pick, Shape};
use leptos::prelude::document;
use web_sys::Element;

const SVG: &str = "http://www.w3.org/2000/svg";

/// A group of an SVG and what is drawn in it.
pub struct Painter {
    root: Element,
    items: Vec<Item>,
    /// What can be chosen is a button; in a picture nothing is.
    live: bool,
}

struct Item {
    shape: Shape,
    el: Element,
    kids: Vec<Item>,
}

impl Painter {
    pub fn new(root: Element) -> Painter {
        Painter { root, items: vec![], live: true }
    }

    pub fn paint(&mut self, shapes: Vec<Shape>) {
        reconcile(&self.root, &mut self.items, shapes, self.live);
    }
}

/// How the document names what a mark stands for.
pub fn pick_word(pick: Pick) -> String {
    match pick {
        Pick::None => String::new(),
        Pick::Node(n) => format!("n{}", n.0),
        Pick::Message(m) => format!("m{}", m.0),
        Pick::Event(e) => format!("e{}", e.0),
        Pick::Op(o) => format!("o{}", o.0),
        Pick::Fault(f) => format!("f{f}"),
    }
}

pub fn pick_of(word: &str) -> Pick {
    let Some((kind, n)) = word.split_at_checked(1) else { return Pick::None };
    let Ok(n) = n.parse::<u32>() else { return Pick::None };
    match kind {
        "n" => Pick::Node(NodeId(n as u16)),
        "m" => Pick::Message(MsgId(n)),
        "e" => Pick::Event(EventId(n)),
        "o" => Pick::Op(OpId(n)),
        "f" => Pick::Fault(n),
        _ => Pick::None,
    }
}

fn tag(form: &Form) -> &'static str {
    match form {
        Form::Line { .. } => "line",
        Form::Path(_) => "path",
        Form::Circle { .. } => "circle",
        Form::Rect { .. } => "rect",
        Form::Text { .. } => "text",
        Form::Group { .. } => "g",
    }
}

fn fits(item: &Item, shape: &Shape) -> bool {
    item.shape.pick == shape.pick && tag(&item.shape.form) == tag(&shape.form)
}

fn reconcile(parent: &Element, items: &mut Vec<Item>, shapes: Vec<Shape>, live: bool) {
    let mut old: Vec<Option<Item>> = items.drain(..).map(Some).collect();
    let mut out_of_order = false;
    for (i, shape) in shapes.into_iter().enumerate() {
        let found = match old.get(i) {
            Some(Some(item)) if fits(item, &shape) => Some(i),
            _ => old.iter().position(|o| {
                o.as_ref().is_some_and(|o| shape.pick != Pick::None && fits(o, &shape))
            }),
        };
        out_of_order |= found != Some(i);
        let item = match found.and_then(|at| old[at].take()) {
            Some(mut item) => {
                patch(&mut item, shape, live);
                item
            }
            None => create(shape, live),
        };
        items.push(item);
    }
    old.into_iter().flatten().for_each(|o| o.el.remove());
    if out_of_order {
        let mut next = parent.first_child();
        for item in items.iter() {
            if next.as_ref().is_some_and(|n| n.is_same_node(Some(&item.el))) {
                next = item.el.next_sibling();
            } else {
                let _ = parent.insert_before(&item.el, next.as_ref());
            }
        }
    }
}

fn create(shape: Shape, live: bool) -> Item {
    let tag = tag(&shape.form);
    let el = document()
        .create_element_ns(Some(SVG), tag)
        .unwrap_or_else(|_| unreachable!("SVG has this element"));
    let mut item = Item {
        shape: Shape::new("", Form::Group { x: 0.0, y: 0.0, kids: vec![] }),
        el,
        kids: vec![],
    };
    write_all(&mut item, shape, live);
    item
}

fn write_all(item: &mut Item, shape: Shape, live: bool) {
    let class = shape.class();
    if !class.is_empty() {
        set(&item.el, "class", &class);
    }
    write_form(item, &shape.form, live);
    write_pick(&item.el, &shape, live);
    item.shape = bare(shape);
}

/// A group's children are kept as items of their own.
fn bare(shape: Shape) -> Shape {
    match shape.form {
        Form::Group { x, y, .. } => Shape { form: Form::Group { x, y, kids: vec![] }, ..shape },
        _ => shape,
    }
}

fn patch(item: &mut Item, shape: Shape, live: bool) {
    if (shape.role, shape.hue) != (item.shape.role, item.shape.hue) {
        set(&item.el, "class", &shape.class());
    }
    // Of a group the children are not kept here: one that has none any more must still lose those it had.
    if shape.form != item.shape.form || !item.kids.is_empty() {
        write_form(item, &shape.form, live);
    }
    if (shape.pick, &shape.name) != (item.shape.pick, &item.shape.name) {
        write_pick(&item.el, &shape, live);
    }
    item.shape = bare(shape);
}

fn write_pick(el: &Element, shape: &Shape, live: bool) {
    if shape.pick == Pick::None || !live {
        return;
    }
    set(el, "data-pick", &pick_word(shape.pick));
    if shape.name.is_empty() {
        return;
    }
    set(el, "role", "button");
    set(el, "aria-label", &shape.name);
    if !el.has_attribute("tabindex") {
        set(el, "tabindex", "-1");
    }
}

fn write_form(item: &mut Item, form: &Form, live: bool) {
    let el = &item.el;
    match form {
        Form::Line { x1, y1, x2, y2 } => {
            numbers(el, &[("x1", *x1), ("y1", *y1), ("x2", *x2), ("y2", *y2)])
        }
        Form::Path(d) => set(el, "d", d),
        Form::Circle { x, y, r } => numbers(el, &[("cx", *x), ("cy", *y), ("r", *r)]),
        Form::Rect { x, y, w, h, r } => {
            numbers(
                el,
                &[("x", *x), ("y", *y), ("width", w.max(0.0)), ("height", h.max(0.0)), ("rx", *r)],
            );
        }
        Form::Text { x, y, anchor, text } => {
            numbers(el, &[("x", *x), ("y", *y)]);
            set(el, "text-anchor", anchor.word());
            el.set_text_content(Some(text));
        }
        Form::Group { x, y, kids } => {
            if (*x, *y) != (0.0, 0.0) || el.has_attribute("transform") {
                let mut to = String::from("translate(");
                engine::scene::pen::number(&mut to, *x);
                to.push(' ');
                engine::scene::pen::number(&mut to, *y);
                to.push(')');
                set(el, "transform", &to);
            }
            reconcile(el, &mut item.kids, kids.clone(), live);
        }
    }
}

fn numbers(el: &Element, pairs: &[(&str, f32)]) {
    for (name, value) in pairs {
        let mut text = String::new();
        engine::scene::pen::number(&mut text, *value);
        set(el, name, &text);
    }
}

fn set(el: &Element, name: &str, value: &str) {
    let _ = el.set_attribute(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_have_words() {
        for pick in [
            Pick::Node(NodeId(3)),
            Pick::Message(MsgId(70_000)),
            Pick::Event(EventId(9)),
            Pick::Op(OpId(1)),
            Pick::Fault(2),
        ] {
            assert_eq!(pick_of(&pick_word(pick)), pick);
        }
        assert_eq!(pick_of("x3"), Pick::None);
        assert_eq!(pick_of(""), Pick::None);
        assert_eq!(pick_of("nope"), Pick::None);
    }
}
