//! A picture of its own height below the caption: shapes painted when something changes, walked through by key. Over it
//! lies a veil on what comes after the playhead, which alone moves with time, and over that what is already said.

use engine::scene::exhibit::Picture;
use engine::scene::{Form, Shape};
use leptos::prelude::*;

use super::painter::Painter;
use super::{Sight, diagram, measure};
use crate::app::lay::Kept;
use crate::app::page::{Mode, Page};

/// Width that is kept free at the sides.
const MARGIN: f32 = 32.0;

/// As narrow as a picture may be laid out for, on a wall.
const LEAST: f32 = 640.0;

#[derive(Clone, Copy)]
pub struct Plate {
    frame: NodeRef<leptos::html::Div>,
    /// The room there is, and the room a picture is laid out for.
    sight: RwSignal<Sight>,
    laid: Kept<Sight>,
    root: NodeRef<leptos::svg::Svg>,
    layer: Layer,
    veil: Layer,
    over: Layer,
    height: RwSignal<f32>,
}

/// A group, and who paints it once it is there.
#[derive(Clone, Copy)]
struct Layer {
    group: NodeRef<leptos::svg::G>,
    painter: StoredValue<Option<Painter>, LocalStorage>,
}

impl Layer {
    fn new() -> Layer {
        Layer { group: NodeRef::new(), painter: StoredValue::new_local(None) }
    }
    fn paint(&self, shapes: Vec<Shape>) {
        let Some(group) = self.group.get_untracked() else { return };
        self.painter
            .update_value(|p| p.get_or_insert_with(|| Painter::new(group.into())).paint(shapes));
    }
}

impl Plate {
    /// `least` is as low as its pictures may be laid out for, on a wall.
    pub fn new(least: f32) -> Plate {
        let page = expect_context::<Page>();
        let (frame, sight) = measure();
        let on_wall = move || page.mode.get() == Mode::Project;
        Plate {
            frame,
            sight,
            laid: Kept::new(move || sight.get().projected(on_wall(), Sight { w: LEAST, h: least })),
            root: NodeRef::new(),
            layer: Layer::new(),
            veil: Layer::new(),
            over: Layer::new(),
            height: RwSignal::new(40.0),
        }
    }

    /// The room for a picture, once it is there and wide enough to draw in. Tracked.
    pub fn room(&self) -> Option<(f32, f32)> {
        let room = self.laid.get();
        (self.layer.group.get().is_some() && room.w >= 40.0)
            .then_some((room.w - MARGIN, room.h - 8.0))
    }

    pub fn paint(&self, picture: Picture) {
        if self.layer.group.get_untracked().is_none() {
            return;
        }
        self.height.set(picture.h.max(40.0));
        self.layer.paint(picture.shapes);
        if let Some(root) = self.root.get_untracked() {
            diagram::keep_one_stop(&root);
        }
    }

    /// A line at the playhead, and a veil from there to where the picture's time ends: two marks are moved, and nothing
    /// is drawn anew.
    pub fn veil(&self, x: f32, end: f32) {
        let h = self.height.get();
        self.veil
            .paint(vec![Shape::rect("veil", x, 0.0, end - x, h), Shape::line("now", x, 0.0, x, h)]);
    }

    /// What is over the veil, as low as the picture's own shapes.
    pub fn over(&self, shapes: Vec<Shape>, y: f32) {
        let all = Form::Group { x: 0.0, y, kids: shapes };
        self.over.paint(vec![Shape::new("", all)]);
    }

    /// How wide a picture is laid out, and how much of it is a pixel.
    pub fn width(&self) -> (f32, f32) {
        let (laid, seen) = (self.laid.get_untracked().w - MARGIN, self.sight.get_untracked().w);
        (laid, laid / (seen - MARGIN).max(1.0))
    }

    /// The drawing itself, for whoever listens to the pointer over it.
    pub fn root(&self) -> Option<web_sys::SvgElement> {
        self.root.get_untracked()
    }

    pub fn view(
        self,
        page: Page,
        name: String,
        nothing: Option<(Signal<bool>, String)>,
    ) -> AnyView {
        let Plate { frame, sight, laid, root, layer, veil, over, height } = self;
        let key = move |ev: web_sys::KeyboardEvent| {
            if let Some(root) = root.get_untracked() {
                diagram::on_key(&ev, &root, page);
            }
        };
        let focus = move |ev: web_sys::FocusEvent| {
            if let Some(root) = root.get_untracked() {
                diagram::on_focus(&ev, &root);
            }
        };
        // Where it may be empty, and the words for it.
        let (nothing, none) = nothing.unzip();
        let none = StoredValue::new(none);
        let empty = move || nothing.is_some_and(|n| n.get());
        view! {
            <div class="view spacetime exhibits" node_ref=frame tabindex="-1">
                {crate::app::lay::when(empty, move || view! { <p class="soft nothing">{none.get_value()}</p> }.into_any())}
                <svg class="scene" role="graphics-document document" aria-roledescription="diagram" aria-label=name node_ref=root
                    height=move || ((height.get() * (sight.get().w - MARGIN).max(0.0) / (laid.get().w - MARGIN).max(1.0)) as i32).to_string()
                    viewBox=move || Sight { w: laid.get().w - MARGIN, h: height.get() }.view_box()
                    on:click=move |ev| diagram::on_click(&ev, page) on:keydown=key on:focusin=focus>
                    <g node_ref=layer.group></g>
                    <g class="veil-at" node_ref=veil.group></g>
                    <g class="over" node_ref=over.group></g>
                </svg>
            </div>
        }
        .into_any()
    }
}
