//! Shapes as text: a line each for tests, and SVG for files and thumbnails.

use super::pen::number;
use super::{Form, Pick, Shape};

/// One line a shape, indented by group.
pub fn print(shapes: &[Shape]) -> String {
    let mut out = String::new();
    shapes.iter().for_each(|s| print_one(s, 0, &mut out));
    out
}

fn print_one(s: &Shape, depth: usize, out: &mut String) {
    (0..depth).for_each(|_| out.push_str("  "));
    out.push_str(&s.class());
    let mut put = |word: &str, ns: &[f32]| {
        out.push(' ');
        out.push_str(word);
        for n in ns {
            out.push(' ');
            number(out, *n);
        }
    };
    match &s.form {
        Form::Line { x1, y1, x2, y2 } => put("line", &[*x1, *y1, *x2, *y2]),
        Form::Path(d) => put(d, &[]),
        Form::Circle { x, y, r } => put("circle", &[*x, *y, *r]),
        Form::Rect { x, y, w, h, .. } => put("rect", &[*x, *y, *w, *h]),
        Form::Text { x, y, text, .. } => {
            put("text", &[*x, *y]);
            out.push_str(" \"");
            out.push_str(text);
            out.push('"');
        }
        Form::Group { x, y, .. } => put("group", &[*x, *y]),
    }
    if s.pick != Pick::None {
        out.push_str(" ← ");
        out.push_str(&s.name);
    }
    out.push('\n');
    if let Form::Group { kids, .. } = &s.form {
        kids.iter().for_each(|k| print_one(k, depth + 1, out));
    }
}

/// A drawing that stands alone, given the style it is to be read with.
pub fn svg(shapes: &[Shape], w: f32, h: f32, name: &str) -> String {
    let mut out =
        String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"scene\" role=\"img\"");
    attr(&mut out, "aria-label", name);
    out.push_str(" viewBox=\"0 0 ");
    number(&mut out, w);
    out.push(' ');
    number(&mut out, h);
    out.push_str("\">");
    shapes.iter().for_each(|s| write(s, &mut out));
    out.push_str("</svg>");
    out
}

fn write(s: &Shape, out: &mut String) {
    let tag = match &s.form {
        Form::Line { .. } => "line",
        Form::Path(_) => "path",
        Form::Circle { .. } => "circle",
        Form::Rect { .. } => "rect",
        Form::Text { .. } => "text",
        Form::Group { .. } => "g",
    };
    out.push('<');
    out.push_str(tag);
    attr(out, "class", &s.class());
    match &s.form {
        Form::Line { x1, y1, x2, y2 } => {
            attrs(out, &[("x1", *x1), ("y1", *y1), ("x2", *x2), ("y2", *y2)]);
        }
        Form::Path(d) => attr(out, "d", d),
        Form::Circle { x, y, r } => attrs(out, &[("cx", *x), ("cy", *y), ("r", *r)]),
        Form::Rect { x, y, w, h, r } => {
            attrs(out, &[("x", *x), ("y", *y), ("width", *w), ("height", *h), ("rx", *r)]);
        }
        Form::Text { x, y, anchor, .. } => {
            attrs(out, &[("x", *x), ("y", *y)]);
            attr(out, "text-anchor", anchor.word());
        }
        Form::Group { x, y, .. } => {
            let mut to = String::from("translate(");
            number(&mut to, *x);
            to.push(' ');
            number(&mut to, *y);
            to.push(')');
            if (*x, *y) != (0.0, 0.0) {
                attr(out, "transform", &to);
            }
        }
    }
    if !s.name.is_empty() {
        attr(out, "aria-label", &s.name);
    }
    out.push('>');
    match &s.form {
        Form::Text { text, .. } => escape(out, text),
        Form::Group { kids, .. } => kids.iter().for_each(|k| write(k, out)),
        _ => {}
    }
    out.push_str("</");
    out.push_str(tag);
    out.push('>');
}

fn attrs(out: &mut String, pairs: &[(&str, f32)]) {
    for (name, value) in pairs {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        number(out, *value);
        out.push('"');
    }
}

fn attr(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

/// Text as markup takes it.
pub fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
