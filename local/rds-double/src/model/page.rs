//! Decides how a long answer is cut into pages.
//!
//! A marker names the last item that was given, so that items that come or go between two pages
//! neither repeat nor hide others.

use super::error::ApiError;

/// The fewest records that may be asked for.
const RECORDS_MIN: u32 = 20;

/// The most records in a page, and the number unless asked.
const RECORDS_MAX: u32 = 100;

/// Which page of an answer is asked for.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// How many records.
    pub max_records: Option<u32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}

/// One page of an answer.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// What to ask the next page with, if there is one.
    pub marker: Option<String>,
}

impl<T> Page<T> {
    /// A page with nothing in it.
    pub fn empty() -> Self {
        Self { items: Vec::new(), marker: None }
    }
}

/// Cuts the page out of all items, ordered by `key`.
pub(crate) fn paginate<'a, T: Clone + 'a>(
    items: impl Iterator<Item = &'a T>,
    request: &PageRequest,
    key: impl Fn(&T) -> String,
) -> Result<Page<T>, ApiError> {
    let most = request.max_records.unwrap_or(RECORDS_MAX);
    if !(RECORDS_MIN..=RECORDS_MAX).contains(&most) {
        return Err(ApiError::value(format!(
            "Invalid value {most} for MaxRecords. Must be between {RECORDS_MIN} and {RECORDS_MAX}"
        )));
    }
    let after = match &request.marker {
        None => None,
        Some(marker) => {
            Some(marker.strip_prefix("after/").ok_or_else(|| ApiError::value("The Marker is not valid."))?)
        }
    };
    let mut all: Vec<(String, &T)> = items.map(|item| (key(item), item)).collect();
    all.sort_by(|left, right| left.0.cmp(&right.0));
    let mut rest = all.into_iter().filter(|(at, _)| after.is_none_or(|after| at.as_str() > after)).peekable();
    let mut page = Page::empty();
    let mut last = String::new();
    while page.items.len() < most as usize
        && let Some((at, item)) = rest.next()
    {
        page.items.push(item.clone());
        last = at;
    }
    if rest.peek().is_some() {
        page.marker = Some(format!("after/{last}"));
    }
    Ok(page)
}
