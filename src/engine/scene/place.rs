//! Labels, placed greedily with a budget: what does not fit is dropped, nothing overlaps.

/// An upright box in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Box2 {
    pub x0: f32,
    pub y0: f32,
    pub x1: f32,
    pub y1: f32,
}

impl Box2 {
    pub fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Box2 {
        Box2 { x0, y0, x1, y1 }
    }
    pub fn around(x: f32, y: f32, r: f32) -> Box2 {
        Box2::new(x - r, y - r, x + r, y + r)
    }
    /// The box of a text whose baseline begins at (x, y).
    pub fn of_text(x: f32, y: f32, width: f32, size: f32) -> Box2 {
        Box2::new(x, y - size * 0.82, x + width, y + size * 0.26)
    }
    pub fn meets(&self, o: &Box2) -> bool {
        self.x0 < o.x1 && o.x0 < self.x1 && self.y0 < o.y1 && o.y0 < self.y1
    }
    pub fn inside(&self, o: &Box2) -> bool {
        self.x0 >= o.x0 && self.x1 <= o.x1 && self.y0 >= o.y0 && self.y1 <= o.y1
    }
    /// Whether a straight line passes through it.
    pub fn crossed(&self, a: (f32, f32), b: (f32, f32)) -> bool {
        let (mut from, mut to) = (0.0f32, 1.0f32);
        for (p, d, lo, hi) in
            [(a.0, b.0 - a.0, self.x0, self.x1), (a.1, b.1 - a.1, self.y0, self.y1)]
        {
            if d.abs() < 1e-6 {
                if p < lo || p > hi {
                    return false;
                }
                continue;
            }
            let (t0, t1) = ((lo - p) / d, (hi - p) / d);
            from = from.max(t0.min(t1));
            to = to.min(t0.max(t1));
        }
        from < to
    }
}

/// Room that is taken.
#[derive(Clone, Debug)]
pub struct Placer {
    bounds: Box2,
    taken: Vec<Box2>,
    left: usize,
}

impl Placer {
    pub fn new(bounds: Box2, budget: usize) -> Placer {
        Placer { bounds, taken: vec![], left: budget }
    }
    /// Nothing may stand here.
    pub fn block(&mut self, b: Box2) {
        self.taken.push(b);
    }
    /// So many more may stand.
    pub fn allow(&mut self, more: usize) {
        self.left += more;
    }
    pub fn is_full(&self) -> bool {
        self.left == 0
    }
    pub fn is_free(&self, b: &Box2) -> bool {
        self.left > 0 && b.inside(&self.bounds) && !self.taken.iter().any(|t| t.meets(b))
    }
    /// Take the place if it is free.
    pub fn take(&mut self, b: Box2) -> bool {
        let free = self.is_free(&b);
        if free {
            self.taken.push(b);
            self.left -= 1;
        }
        free
    }
}
