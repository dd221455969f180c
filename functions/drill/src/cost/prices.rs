//! List prices: of which region, of when, from where.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The prices that come with this release.
const BUILT_IN: &str = include_str!("prices.toml");

/// Prices by region, in US dollars.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct PriceList(BTreeMap<String, Prices>);

/// The prices of one region, in US dollars; what is absent is unknown.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The month or year that they are of.
    pub as_of: String,
    /// Where they were read.
    pub source: String,
    /// RDS for PostgreSQL in one zone, by class and hour.
    #[serde(default)]
    pub instance_hour: BTreeMap<String, f64>,
    /// RDS storage, by type, GiB and month.
    #[serde(default)]
    pub storage_gib_month: BTreeMap<String, f64>,
    /// Provisioned IOPS, by storage type, IOPS and month.
    #[serde(default)]
    pub iops_month: BTreeMap<String, f64>,
    /// Lambda, by architecture and GB-second.
    #[serde(default)]
    pub lambda_gb_s: BTreeMap<String, f64>,
    /// Lambda, by million requests.
    pub lambda_million_requests: Option<f64>,
    /// Step Functions, Standard, by thousand transitions.
    pub thousand_transitions: Option<f64>,
    /// CloudWatch, by custom metric and month.
    pub metric_month: Option<f64>,
    /// CloudWatch, by alarm and month.
    pub alarm_month: Option<f64>,
    /// CloudWatch, by dashboard and month.
    pub dashboard_month: Option<f64>,
    /// CloudWatch logs, by GB taken in.
    pub log_gb: Option<f64>,
    /// S3 Standard, by thousand writes and lists.
    pub s3_thousand_puts: Option<f64>,
    /// S3 Standard, by GB and month.
    pub s3_gb_month: Option<f64>,
    /// SNS, by thousand mails.
    pub sns_thousand_mails: Option<f64>,
    /// `EventBridge`, by million custom events.
    pub million_events: Option<f64>,
    /// Secrets Manager, by secret and month.
    pub secret_month: Option<f64>,
}

/// A file of prices that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricesError {
    /// It isn't TOML of the expected form.
    #[error("reading prices: {0}")]
    Malformed(String),
    /// A price is negative or no number.
    #[error("reading prices: {field} of {region} is not a price")]
    NotAPrice {
        /// The region.
        region: String,
        /// The field.
        field: String,
    },
}

impl PriceList {
    /// The prices that come with this release.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("a test reads it")
    }

    /// Reads prices of the form of the built-in ones.
    ///
    /// # Errors
    /// [`PricesError`]
    pub fn parse(text: &str) -> Result<Self, PricesError> {
        let list: Self = toml::from_str(text).map_err(|e| PricesError::Malformed(e.message().to_owned()))?;
        for (region, prices) in &list.0 {
            if let Some(field) = prices.named().into_iter().find_map(|(f, p)| (!is_price(p)).then_some(f)) {
                return Err(PricesError::NotAPrice { region: region.clone(), field });
            }
        }
        Ok(list)
    }

    /// The prices of a region; `None` when nothing is known of it.
    pub fn of(&self, region: &str) -> Option<&Prices> {
        self.0.get(region)
    }

    /// The regions that it has.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn is_price(price: f64) -> bool {
    price.is_finite() && price >= 0.0
}

impl Prices {
    /// Every price with the name of its field.
    fn named(&self) -> Vec<(String, f64)> {
        let maps = [
            ("instance_hour", &self.instance_hour),
            ("storage_gib_month", &self.storage_gib_month),
            ("iops_month", &self.iops_month),
            ("lambda_gb_s", &self.lambda_gb_s),
        ];
        let single = [
            ("lambda_million_requests", self.lambda_million_requests),
            ("thousand_transitions", self.thousand_transitions),
            ("metric_month", self.metric_month),
            ("alarm_month", self.alarm_month),
            ("dashboard_month", self.dashboard_month),
            ("log_gb", self.log_gb),
            ("s3_thousand_puts", self.s3_thousand_puts),
            ("s3_gb_month", self.s3_gb_month),
            ("sns_thousand_mails", self.sns_thousand_mails),
            ("million_events", self.million_events),
            ("secret_month", self.secret_month),
        ];
        let of_maps = maps
            .into_iter()
            .flat_map(|(name, map)| map.iter().map(move |(key, price)| (format!("{name}.{key}"), *price)));
        let of_single = single.into_iter().filter_map(|(name, price)| Some((name.to_owned(), price?)));
        of_maps.chain(of_single).collect()
    }
}
