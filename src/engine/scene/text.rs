//! How wide a text is, well enough to keep it from lying on another: no font is asked.

/// Sizes of the style: labels, a node's name, and the smallest that is still read.
pub const LABEL: f32 = 13.0;
pub const NAME: f32 = 16.0;
pub const SMALL: f32 = 11.0;

/// Width in pixels in the page's sans face, a little generous.
pub fn width(text: &str, size: f32) -> f32 {
    text.chars().map(em).sum::<f32>() * size
}

/// Width in the mono face.
pub fn mono(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.605
}

fn em(c: char) -> f32 {
    match c {
        'i' | 'j' | 'l' | '\'' | '.' | ',' | ':' | ';' | '|' | '!' | 'I' => 0.31,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | ' ' | '-' | '/' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' => 0.69,
        _ => 0.61,
    }
}

/// The text, or as much of it as fits, ending in an ellipsis.
pub fn fit(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = em('…') * size;
    for c in text.chars() {
        used += em(c) * size;
        if used > room {
            break;
        }
        out.push(c);
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    if !out.is_empty() {
        out.push('…');
    }
    out
}
