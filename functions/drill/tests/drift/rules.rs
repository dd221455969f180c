//! The rules that are compared: the one of this product, and what others use.

use chrono::{DateTime, Utc};
use drill::judge::drift::{Allowances, Band, Drift, Point, band};

/// A way to judge a count by earlier ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rule {
    /// This product's.
    Drift,
    /// At most this share below the last count.
    Fixed(f64),
    /// At most three standard deviations below the mean of the last 14 counts.
    SigmasOfCounts,
    /// A change at most three standard deviations below the mean of the changes known.
    SigmasOfChanges,
}

pub(crate) const RULES: [Rule; 5] =
    [Rule::Drift, Rule::Fixed(0.05), Rule::Fixed(0.10), Rule::SigmasOfCounts, Rule::SigmasOfChanges];

/// What a rule says of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Nothing,
    Warning,
    Alarm,
    /// An alarm for a loss over many nights.
    Declines,
}

impl Says {
    pub(crate) fn is_alarm(self) -> bool {
        matches!(self, Self::Alarm | Self::Declines)
    }
}

impl Rule {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Drift => "this rule",
            Self::Fixed(share) if share < 0.06 => "−5 %",
            Self::Fixed(_) => "−10 %",
            Self::SigmasOfCounts => "3σ of counts",
            Self::SigmasOfChanges => "3σ of changes",
        }
    }

    /// What it expects of a night, from those before.
    pub(crate) fn expect(
        self,
        earlier: &[Point],
        allowances: &Allowances,
        data_at: DateTime<Utc>,
    ) -> Expectation {
        let counts: Vec<f64> = earlier.iter().map(|point| float(point.rows)).collect();
        let last = *counts.last().unwrap();
        Expectation::AtLeast(match self {
            Self::Drift => return Expectation::Band(band(earlier, data_at, allowances).unwrap()),
            Self::Fixed(share) => last * (1.0 - share),
            Self::SigmasOfCounts => least(&counts[counts.len().saturating_sub(14)..]),
            Self::SigmasOfChanges => {
                let changes: Vec<f64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
                last + least(&changes)
            }
        })
    }
}

/// What a rule expects.
pub(crate) enum Expectation {
    Band(Band),
    AtLeast(f64),
}

impl Expectation {
    pub(crate) fn judge(&self, rows: u64) -> Says {
        match self {
            Self::Band(band) => match band.judge(rows) {
                Drift::Usual => Says::Nothing,
                Drift::PurgedAgain { .. } | Drift::Grew { .. } => Says::Warning,
                Drift::Fell { .. } => Says::Alarm,
                Drift::Declining { .. } => Says::Declines,
            },
            Self::AtLeast(least) if float(rows) < *least => Says::Alarm,
            Self::AtLeast(_) => Says::Nothing,
        }
    }
}

/// Three standard deviations below the mean; of fewer than seven numbers nothing is said.
fn least(numbers: &[f64]) -> f64 {
    if numbers.len() < 7 {
        return f64::NEG_INFINITY;
    }
    let n = float(numbers.len() as u64);
    let mean = numbers.iter().sum::<f64>() / n;
    let variance = numbers.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / (n - 1.0);
    mean - 3.0 * variance.sqrt()
}

#[expect(clippy::cast_precision_loss, reason = "rows are few enough")]
pub(crate) fn float(rows: u64) -> f64 {
    rows as f64
}
