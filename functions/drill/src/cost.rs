//! What a night costs by list prices: quantities times prices, line by line.
//!
//! Knows what is billed and how it is counted. A price that isn't known makes its line, and the sum,
//! incomplete; it never counts as nothing. Free tiers and discounts are left out.

use serde::Serialize;

use crate::evidence::Evidence;

mod night;
mod prices;

pub use night::{Night, Phases, transitions};
pub use prices::{PriceList, Prices, PricesError};

/// Nights of a month, on average.
pub const NIGHTS_PER_MONTH: f64 = 365.0 / 12.0;
/// RDS bills by the second, at least ten minutes (RDS User Guide, "On-Demand DB instances").
pub const INSTANCE_MIN_S: u64 = 600;
/// Hours of a month, as AWS's own calculator counts them.
const HOURS_PER_MONTH: f64 = 730.0;

/// Metrics of a source: seven of the drill, three of the watchdog.
const METRICS_PER_SOURCE: f64 = 10.0;
/// Alarms on a source (infra/alarms.json, and the one on rejected drills).
const ALARMS_PER_SOURCE: usize = 4;
/// Alarms on executions that end badly and on events that weren't delivered (infra/alarms.tf).
const ALARMS_OF_DEPLOYMENT: usize = 4;
/// Alarms on each function: its errors, its throttles.
const ALARMS_PER_FUNCTION: usize = 2;
/// How often the watchdog looks in a day, for a quarter of a GB-second each.
const WATCHES: f64 = 96.0;
const WATCH_GB_S: f64 = 0.25;

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What is billed.
    pub item: String,
    /// How much of it in a night.
    pub quantity: f64,
    /// What the quantity counts.
    pub unit: &'static str,
    /// US dollars for one unit; absent when unknown.
    pub price_usd: Option<f64>,
}

impl Line {
    /// US dollars of a night; `None` when the price is unknown.
    pub fn night_usd(&self) -> Option<f64> {
        self.price_usd.map(|price| price * self.quantity)
    }

    /// The price as people write it, to a ten-thousandth of a millionth.
    pub fn price_text(&self) -> Option<String> {
        let text = self.price_usd.map(|price| format!("{price:.10}"))?;
        Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }

    /// US dollars of a month of such nights.
    pub fn month_usd(&self) -> Option<f64> {
        self.night_usd().map(|usd| usd * NIGHTS_PER_MONTH)
    }
}

/// What a night of one source costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// The region whose prices they are.
    pub region: String,
    /// The month or year of the prices; absent when none are known of the region.
    pub prices_as_of: Option<String>,
    /// Where the prices were read.
    pub prices_source: Option<String>,
    /// What is billed, the largest first; unknown ones before.
    pub lines: Vec<Line>,
}

impl Bill {
    /// What a night costs in a region.
    pub fn of(night: &Night, region: &str, list: &PriceList) -> Self {
        let known = list.of(region);
        let nothing = Prices::default();
        let mut lines = lines(night, known.unwrap_or(&nothing));
        // Descending, and what is unknown could be the largest.
        let rank = |line: &Line| line.night_usd().unwrap_or(f64::INFINITY);
        lines.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        Self {
            region: region.to_owned(),
            prices_as_of: known.map(|p| p.as_of.clone()),
            prices_source: known.map(|p| p.source.clone()),
            lines,
        }
    }

    /// What a night like the recorded one costs in its region; `None` when it made no replica.
    pub fn of_evidence(evidence: &Evidence, list: &PriceList) -> Option<Self> {
        let night = Night::of_evidence(evidence)?;
        // arn:aws:states:REGION:...
        let region = evidence.execution.split(':').nth(3).unwrap_or_default();
        Some(Self::of(&night, region, list))
    }

    /// US dollars of a night; `None` when any price is unknown, as part of a sum looks like a cheap night.
    pub fn whole_night_usd(&self) -> Option<f64> {
        self.unknown().next().is_none().then(|| self.night_usd())
    }

    /// The lines without a price.
    pub fn unknown(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.price_usd.is_none())
    }

    /// US dollars of a night, of the lines whose price is known.
    pub fn night_usd(&self) -> f64 {
        self.lines.iter().filter_map(Line::night_usd).sum()
    }

    /// US dollars of a month, of the lines whose price is known.
    pub fn month_usd(&self) -> f64 {
        self.night_usd() * NIGHTS_PER_MONTH
    }
}

/// The alarms of a deployment with one source.
fn alarms() -> usize {
    let functions = crate::steps::handlers().count();
    ALARMS_PER_SOURCE + ALARMS_OF_DEPLOYMENT + ALARMS_PER_FUNCTION * functions
}

#[expect(clippy::cast_precision_loss, reason = "no quantity of a night comes near 2^52")]
fn lines(night: &Night, prices: &Prices) -> Vec<Line> {
    let line = |item: &str, quantity: f64, unit: &'static str, price: Option<f64>| Line {
        item: item.to_owned(),
        quantity,
        unit,
        price_usd: price,
    };
    let of_month = |quantity: f64| quantity / NIGHTS_PER_MONTH;
    let type_word = night.storage_type.as_deref().unwrap_or("of the source's type");
    let storage_type = night.storage_type.as_deref().unwrap_or_default();
    let gib_months = f64::from(night.storage_gib) * night.storage_hours / HOURS_PER_MONTH;
    let instance_h = night.instance_s as f64 / 3600.0;
    let architecture = night.architecture.as_str();
    let thousands = |price: Option<f64>| price.map(|p| p / 1e3);
    let millions = |price: Option<f64>| price.map(|p| p / 1e6);
    let mut lines = vec![
        line(
            &format!("instance {}", night.instance_class),
            instance_h,
            "hours",
            prices.instance_hour.get(&night.instance_class).copied(),
        ),
        line(
            &format!("storage {type_word}, {} GiB", night.storage_gib),
            gib_months,
            "GiB-months",
            prices.storage_gib_month.get(storage_type).copied(),
        ),
        line(
            "Lambda, computing",
            night.lambda_gb_s + WATCHES * WATCH_GB_S,
            "GB-seconds",
            prices.lambda_gb_s.get(architecture).copied(),
        ),
        line(
            "Lambda, requests",
            night.invocations as f64 + WATCHES,
            "requests",
            millions(prices.lambda_million_requests),
        ),
        line(
            "Step Functions",
            night.transitions as f64,
            "transitions",
            thousands(prices.thousand_transitions),
        ),
        line("CloudWatch metrics", of_month(METRICS_PER_SOURCE), "metric-months", prices.metric_month),
        line("CloudWatch alarms", of_month(alarms() as f64), "alarm-months", prices.alarm_month),
        line("CloudWatch dashboard", of_month(1.0), "dashboard-months", prices.dashboard_month),
        line("CloudWatch logs", night.log_gb, "GB", prices.log_gb),
        line("S3, writing", night.puts as f64, "requests", thousands(prices.s3_thousand_puts)),
        // A year of nights lies there once one is over.
        line("S3, a year of evidence", of_month(365.0 * night.evidence_gb), "GB-months", prices.s3_gb_month),
        line("SNS mail", 1.0, "mails", thousands(prices.sns_thousand_mails)),
        line("EventBridge", 1.0, "events", millions(prices.million_events)),
    ];
    if matches!(storage_type, "io1" | "io2") {
        // Not known is not none: RDS gives a restore the IOPS of its backup.
        let (quantity, price) = night.iops.map_or((1.0, None), |iops| {
            let share = f64::from(iops) * night.storage_hours / HOURS_PER_MONTH;
            (share, prices.iops_month.get(storage_type).copied())
        });
        lines.push(line(&format!("IOPS of {storage_type}"), quantity, "IOPS-months", price));
    }
    if night.has_heartbeat {
        lines.push(line("Secrets Manager", of_month(1.0), "secret-months", prices.secret_month));
    }
    lines
}
