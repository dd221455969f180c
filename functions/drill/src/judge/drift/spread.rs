//! Robust statistics: what the changes of a table usually are, and how far from that they usually go.

/// A normal distribution's standard deviation over its median absolute deviation
/// (Rousseeuw and Croux 1993, *Alternatives to the Median Absolute Deviation*).
const MAD_TO_SIGMA: f64 = 1.4826;
/// How many standard deviations are nothing unusual. Three, as is customary, would be an alarm a night in 740
/// tables even if all were normal, and real ones aren't: some nights are far off.
const SIGMAS: f64 = 6.0;
/// What the deviation of a few numbers is short of: with 7 nights it counts for twice as much.
const FEW: f64 = 7.0;
/// What came up in one night of so many is usual, however far it went.
const USUAL_IN: usize = 12;
/// And half as far again isn't out of the question.
const BEYOND_USUAL: f64 = 1.5;

/// Centre and reach of changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    /// The median.
    pub(super) center: f64,
    /// Robust standard deviation: from the median absolute deviation.
    pub(super) sigma: f64,
    /// How far below the centre a change may be and still be usual.
    pub(super) down: f64,
    /// How far above.
    pub(super) up: f64,
}

impl Spread {
    /// Of changes; `None` of none.
    #[expect(clippy::cast_precision_loss, reason = "there are a few dozen changes")]
    pub(super) fn of(mut changes: Vec<f64>) -> Option<Self> {
        if changes.is_empty() {
            return None;
        }
        changes.sort_unstable_by(f64::total_cmp);
        let center = median_of_sorted(&changes);
        let mut deviations: Vec<f64> = changes.iter().map(|change| (change - center).abs()).collect();
        deviations.sort_unstable_by(f64::total_cmp);
        let sigma = MAD_TO_SIGMA * median_of_sorted(&deviations);
        let usual = changes.len() / USUAL_IN;
        let reach = SIGMAS * (1.0 + FEW / changes.len() as f64) * sigma;
        let down = BEYOND_USUAL * (center - changes[usual]);
        let up = BEYOND_USUAL * (changes[changes.len() - 1 - usual] - center);
        Some(Self { center, sigma, down: reach.max(down), up: reach.max(up) })
    }
}

fn median_of_sorted(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}
