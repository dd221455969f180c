//! Chance that is the same on every machine: whole numbers, products and square roots only.

/// A generator of random numbers with a seed (`SplitMix64`; Steele, Lea and Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `least` to `most`, every number as likely.
    #[expect(clippy::cast_precision_loss, reason = "53 bits remain")]
    pub(crate) fn between(&mut self, least: f64, most: f64) -> f64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        least + (most - least) * unit
    }

    /// True with a probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// A whole number below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// A number of rows, every order of magnitude as likely: `1 * 10^least` to `10 * 10^(most - 1)`.
    pub(crate) fn rows(&mut self, least: u64, most: u64) -> f64 {
        let magnitude = (0..least + self.below(most - least)).fold(1.0, |all, _| all * 10.0);
        (magnitude * self.between(1.0, 10.0)).round()
    }

    /// Noise with a standard deviation of about 1.3: normal (twelve uniform numbers), but one night in twenty is three
    /// times as far off. Real tables have such nights.
    pub(crate) fn noise(&mut self) -> f64 {
        let normal: f64 = (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0;
        if self.chance(0.05) { 3.0 * normal } else { normal }
    }

    /// A factor around 1, as often half as twice.
    pub(crate) fn factor(&mut self, sigma: f64) -> f64 {
        let off = sigma * self.noise();
        if off >= 0.0 { 1.0 + off } else { 1.0 / (1.0 - off) }
    }

    /// A number of independent events (Poisson; beyond 40 by its normal limit).
    pub(crate) fn events(&mut self, mean: f64) -> f64 {
        if mean > 40.0 {
            let normal: f64 = (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0;
            return (mean + mean.sqrt() * normal).round().max(0.0);
        }
        let slots = 400;
        f64::from((0..slots).map(|_| u32::from(self.chance(mean / f64::from(slots)))).sum::<u32>())
    }
}
