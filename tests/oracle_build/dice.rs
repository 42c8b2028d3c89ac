//! A seeded source of choices. Owns reproducibility: one seed, one sequence, on every machine.

/// SplitMix64: small, even, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
    /// Is what both sides refuse mostly left out?
    tame: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, tame: !seed.is_multiple_of(8) }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides.max(1)).expect("a number of sides fits");
        usize::try_from(self.next() % sides).expect("it is below a usize")
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    /// The same for what mostly ends a build with an error: in most trees hardly ever.
    pub(crate) fn risk(&mut self, percent: usize) -> bool {
        self.chance(percent) && (!self.tame || self.chance(6))
    }

    /// One of the items.
    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len())].clone()
    }

    /// Between one and `most` items made by `make`, which gets their index.
    pub(crate) fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self, usize) -> T) -> Vec<T> {
        let count = 1 + self.roll(most);
        (0..count).map(|index| make(self, index)).collect()
    }

    /// The items in another order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.roll(last + 1));
        }
    }
}
