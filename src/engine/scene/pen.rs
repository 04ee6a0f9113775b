//! Path data, written without the weight of `format!`: one decimal is finer than any screen.

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pen(String);

impl Pen {
    pub fn new() -> Pen {
        Pen::default()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn d(self) -> String {
        self.0
    }

    /// A command letter with its numbers.
    fn go(&mut self, letter: char, numbers: &[f32]) -> &mut Pen {
        self.0.push(letter);
        for (i, n) in numbers.iter().enumerate() {
            if i > 0 {
                self.0.push(' ');
            }
            number(&mut self.0, *n);
        }
        self
    }

    pub fn to(&mut self, x: f32, y: f32) -> &mut Pen {
        self.go('M', &[x, y])
    }
    pub fn line(&mut self, x: f32, y: f32) -> &mut Pen {
        self.go('L', &[x, y])
    }
    pub fn across(&mut self, x: f32) -> &mut Pen {
        self.go('H', &[x])
    }
    pub fn down(&mut self, y: f32) -> &mut Pen {
        self.go('V', &[y])
    }
    pub fn bend(&mut self, cx: f32, cy: f32, x: f32, y: f32) -> &mut Pen {
        self.go('Q', &[cx, cy, x, y])
    }
    pub fn arc(&mut self, r: f32, large: bool, clockwise: bool, x: f32, y: f32) -> &mut Pen {
        let flag = |b: bool| if b { 1.0 } else { 0.0 };
        self.go('A', &[r, r, 0.0, flag(large), flag(clockwise), x, y])
    }
    pub fn close(&mut self) -> &mut Pen {
        self.0.push('Z');
        self
    }

    /// A stretch of a circle, in turns from the top, clockwise.
    pub fn turn(&mut self, x: f32, y: f32, r: f32, from: f32, to: f32) -> &mut Pen {
        let span = (to - from).clamp(-1.0, 1.0);
        let at = |share: f32| around(x, y, r, r, from + span * share);
        let ((ax, ay), (bx, by)) = (at(0.0), at(1.0));
        self.to(ax, ay);
        // The ends of a long one may be so near to each other that, rounded, they leave its centre open.
        if span.abs() > 0.75 {
            let (mx, my) = at(0.5);
            self.arc(r, false, span > 0.0, mx, my);
            return self.arc(r, false, span > 0.0, bx, by);
        }
        self.arc(r, span.abs() > 0.5, span > 0.0, bx, by)
    }
    pub fn circle(&mut self, x: f32, y: f32, r: f32) -> &mut Pen {
        self.to(x - r, y).arc(r, true, true, x + r, y).arc(r, true, true, x - r, y).close()
    }
    /// An arrowhead of this length with its tip at (x, y), pointing along (dx, dy), a unit vector.
    pub fn head(&mut self, x: f32, y: f32, dx: f32, dy: f32, len: f32) -> &mut Pen {
        let (bx, by, half) = (x - dx * len, y - dy * len, len * 0.42);
        // A notch in the back: it reads as a point even at four pixels.
        let (nx, ny) = (x - dx * len * 0.75, y - dy * len * 0.75);
        self.to(x, y)
            .line(bx - dy * half, by + dx * half)
            .line(nx, ny)
            .line(bx + dy * half, by - dx * half)
            .close()
    }
    pub fn cross(&mut self, x: f32, y: f32, r: f32) -> &mut Pen {
        self.to(x - r, y - r).line(x + r, y + r).to(x - r, y + r).line(x + r, y - r)
    }
    pub fn rect(&mut self, x: f32, y: f32, w: f32, h: f32) -> &mut Pen {
        self.to(x, y).across(x + w).down(y + h).across(x).close()
    }
}

/// A number with at most one decimal.
pub fn number(out: &mut String, n: f32) {
    let tenths = (n * 10.0).round().clamp(-1e9, 1e9) as i64;
    if tenths < 0 {
        out.push('-');
    }
    let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut left = whole;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    digits[at..].iter().for_each(|d| out.push(*d as char));
    if rest > 0 {
        out.push('.');
        out.push((b'0' + rest as u8) as char);
    }
}

/// A place on an ellipse, in turns from the top, clockwise.
pub fn around(x: f32, y: f32, rx: f32, ry: f32, turn: f32) -> (f32, f32) {
    (x + rx * sine(turn), y - ry * sine(turn + 0.25))
}

/// The sine of some turns, to a millionth. A picture needs no more, and the exact ones, that of the sine and that of the
/// cosine, are three kilobytes of every first load.
fn sine(turn: f32) -> f32 {
    // In quarters, from -1 to 3; what is beyond the first quarter mirrors what is before it.
    let quarters = (turn + 0.25 - (turn + 0.25).floor()) * 4.0 - 1.0;
    let q = if quarters > 1.0 { 2.0 - quarters } else { quarters };
    let s = q * q;
    // Hastings, Approximations for Digital Computers (1955): the sine of a part of a quarter.
    q * (std::f32::consts::FRAC_PI_2
        - s * (0.645_963_7 - s * (0.079_689_68 - s * (0.004_673_766 - s * 0.000_151_484_2))))
}

#[cfg(test)]
mod tests {
    use super::sine;

    #[test]
    fn sines_are_sines_to_a_millionth() {
        for i in -2_000..=2_000 {
            let turn = i as f32 / 800.0;
            let exact = (f64::from(turn) * std::f64::consts::TAU).sin();
            assert!((f64::from(sine(turn)) - exact).abs() < 2e-6, "{turn}: {} {exact}", sine(turn));
        }
    }
}
