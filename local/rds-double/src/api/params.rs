//! Decides how the parameters of a request are read from its form: texts, flags, numbers, times,
//! lists and tags.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::model::{ApiError, Filter, PageRequest, Tag};

/// Parameters that are never shown or kept.
const SECRETS: [&str; 2] = ["MasterUserPassword", "TdeCredentialPassword"];

/// The parameters of one request.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a form-encoded body.
    pub fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The parameters as they may be logged: without secrets.
    pub fn shown(&self) -> BTreeMap<String, String> {
        let redact = |(name, value): (&String, &String)| {
            let value = if SECRETS.contains(&name.as_str()) { "redacted".to_owned() } else { value.clone() };
            (name.clone(), value)
        };
        self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "Action" | "Version")).map(redact).collect()
    }

    /// A parameter, if it is there and not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|text| !text.is_empty()).cloned()
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<String, ApiError> {
        self.text(name).ok_or_else(|| ApiError::missing(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(malformed(name, other)),
        }
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parse = |text: String| text.parse().map_err(|_| malformed(name, &text));
        self.text(name).map(parse).transpose()
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, ApiError> {
        let parse = |text: String| {
            DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(|_| malformed(name, &text))
        };
        self.text(name).map(parse).transpose()
    }

    /// The items of `name.<member>.1`, `name.<member>.2`, …, whatever the member is called.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.numbered(name).into_values().filter_map(|prefix| self.text(&prefix)).collect()
    }

    /// The list, or nothing if it isn't there.
    pub(super) fn some_list(&self, name: &str) -> Option<Vec<String>> {
        Some(self.list(name)).filter(|list| !list.is_empty())
    }

    pub(super) fn tags(&self) -> Vec<Tag> {
        self.numbered("Tags")
            .into_values()
            .map(|prefix| Tag {
                key: self.text(&format!("{prefix}.Key")).unwrap_or_default(),
                value: self.text(&format!("{prefix}.Value")).unwrap_or_default(),
            })
            .collect()
    }

    pub(super) fn filters(&self) -> Vec<Filter> {
        self.numbered("Filters")
            .into_values()
            .map(|prefix| Filter {
                name: self.text(&format!("{prefix}.Name")).unwrap_or_default(),
                values: self.list(&format!("{prefix}.Values")),
            })
            .collect()
    }

    pub(super) fn page(&self) -> Result<PageRequest, ApiError> {
        Ok(PageRequest { max_records: self.number("MaxRecords")?, marker: self.text("Marker") })
    }

    /// The distinct prefixes `name.<member>.<n>`, in the order of their numbers.
    fn numbered(&self, name: &str) -> BTreeMap<u32, String> {
        let mut found = BTreeMap::new();
        let start = format!("{name}.");
        for key in self.0.keys() {
            let Some((member, rest)) = key.strip_prefix(&start).and_then(|rest| rest.split_once('.')) else {
                continue;
            };
            let digits = rest.split('.').next().unwrap_or(rest);
            if let Ok(number) = digits.parse() {
                found.insert(number, format!("{start}{member}.{digits}"));
            }
        }
        found
    }
}

fn malformed(name: &str, value: &str) -> ApiError {
    ApiError::new("MalformedInput", 400, format!("The value `{value}` of {name} can't be read."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_tags_come_in_the_order_of_their_numbers() {
        let params = Params::parse(
            b"VpcSecurityGroupIds.VpcSecurityGroupId.10=sg-b&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-a\
              &Tags.Tag.1.Key=a&Tags.Tag.1.Value=1&Tags.Tag.2.Key=b",
        );
        assert_eq!(params.list("VpcSecurityGroupIds"), ["sg-a", "sg-b"]);
        let tags = params.tags();
        assert_eq!(tags[0].value, "1");
        assert_eq!((tags[1].key.as_str(), tags[1].value.as_str()), ("b", ""));
    }

    #[test]
    fn a_filter_has_a_name_and_values() {
        let params = Params::parse(
            b"Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=postgres&Filters.Filter.1.Values.Value.2=x",
        );
        assert_eq!(params.filters()[0].name, "engine");
        assert_eq!(params.filters()[0].values, ["postgres", "x"]);
    }

    #[test]
    fn passwords_are_not_shown() {
        let shown = Params::parse(b"Action=X&MasterUserPassword=hunter22").shown();
        assert_eq!(shown["MasterUserPassword"], "redacted");
        assert!(!shown.contains_key("Action"));
    }
}
