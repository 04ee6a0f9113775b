//! "Comes before" among numbered things, kept transitively closed: one row of bits per thing.

#[derive(Clone, Debug)]
pub struct Relation {
    n: usize,
    width: usize,
    /// Row a holds everything that comes after a.
    rows: Vec<u64>,
}

impl Relation {
    pub fn new(n: usize) -> Relation {
        let width = n.div_ceil(64);
        Relation { n, width, rows: vec![0; n * width] }
    }

    pub fn has(&self, a: usize, b: usize) -> bool {
        self.rows[a * self.width + b / 64] >> (b % 64) & 1 == 1
    }

    /// Puts a before b, and whatever came before a before whatever comes after b. Says whether that was
    /// new. A cycle shows as something before itself.
    pub fn add(&mut self, a: usize, b: usize) -> bool {
        if self.has(a, b) {
            return false;
        }
        let mut after = self.row(b).to_vec();
        after[b / 64] |= 1 << (b % 64);
        for x in (0..self.n).filter(|x| *x == a || self.has(*x, a)).collect::<Vec<_>>() {
            let row = &mut self.rows[x * self.width..(x + 1) * self.width];
            row.iter_mut().zip(&after).for_each(|(have, more)| *have |= more);
        }
        true
    }

    /// The first thing that comes before itself.
    pub fn cycle(&self) -> Option<usize> {
        (0..self.n).find(|a| self.has(*a, *a))
    }

    fn row(&self, a: usize) -> &[u64] {
        &self.rows[a * self.width..(a + 1) * self.width]
    }
}
