//! The tables of `docs/drift.md`, from what was found.

use std::fmt::Write;

use crate::families::FAMILIES;
use crate::rules::RULES;
use crate::trial::{LOSSES, SLOW_LOSSES, SLOW_NIGHTS, SLOW_TABLES, Score, Slow, TABLES};

/// The scores of each rule, for each family.
pub(crate) type Scores = Vec<[Score; RULES.len()]>;

pub(crate) const BEGIN: &str = "<!-- figures: written by the test -->";
pub(crate) const END: &str = "<!-- end of figures -->";

/// The document with the figures in their place.
pub(crate) fn with_figures(document: &str, scores: &Scores) -> String {
    let (head, rest) = document.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    format!("{head}{BEGIN}\n{}{END}{tail}", figures(scores))
}

fn figures(scores: &Scores) -> String {
    let mut text = String::new();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.name()).collect();
    writeln!(
        text,
        "\nFalse alarms in 1,000 nights of undamaged tables ({},{:03} tables of each kind):\n",
        TABLES / 1_000,
        TABLES % 1_000
    )
    .unwrap();
    writeln!(text, "| Table | {} | warnings of this rule |", rules.join(" | ")).unwrap();
    writeln!(text, "|---|{}---:|", "---:|".repeat(rules.len())).unwrap();
    for (family, scores) in FAMILIES.iter().zip(scores) {
        let alarms: Vec<String> =
            scores.iter().map(|score| per_thousand(score.alarms, score.nights)).collect();
        let warnings = per_thousand(scores[0].warnings, scores[0].nights);
        writeln!(text, "| {} | {} | {warnings} |", family.name, alarms.join(" | ")).unwrap();
    }
    let losses: Vec<&str> = LOSSES.iter().map(|(name, _)| *name).collect();
    let slow: Vec<String> =
        SLOW_LOSSES.iter().map(|share| format!("{:.1} % a night", share * 100.0)).collect();
    let header = format!("{} | {}", losses.join(" | "), slow.join(" | "));
    let columns = "---:|".repeat(losses.len() + slow.len());
    writeln!(
        text,
        "\nTables of which this rule sees the loss: at once, in one night; or each night for {SLOW_NIGHTS} nights, \
         with the night by which half of the tables are caught ({SLOW_TABLES} tables of each kind):\n"
    )
    .unwrap();
    writeln!(text, "| Table | {header} |\n|---|{columns}").unwrap();
    for (family, scores) in FAMILIES.iter().zip(scores) {
        writeln!(text, "| {} | {} |", family.name, seen(&scores[0])).unwrap();
    }
    writeln!(text, "\nThe same of all rules, over all these tables:\n").unwrap();
    writeln!(text, "| Rule | false alarms in 1,000 nights | {header} |\n|---|---:|{columns}").unwrap();
    for (at, name) in rules.iter().enumerate() {
        let all = scores.iter().fold(Score::default(), |all, scores| sum(all, &scores[at]));
        writeln!(text, "| {name} | {} | {} |", per_thousand(all.alarms, all.nights), seen(&all)).unwrap();
    }
    text.push('\n');
    text
}

fn seen(score: &Score) -> String {
    let losses = score.losses.iter().map(|(tables, seen)| percent(*seen, *tables));
    let slow = score.slow.iter().map(|slow| match slow.median_night {
        Some(night) => format!("{}, night {night}", percent(slow.caught, slow.tables)),
        None => percent(slow.caught, slow.tables),
    });
    losses.chain(slow).collect::<Vec<_>>().join(" | ")
}

/// The sum of what was found; a median has none.
fn sum(all: Score, one: &Score) -> Score {
    let mut all = Score { nights: all.nights + one.nights, alarms: all.alarms + one.alarms, ..all };
    for (all, one) in all.losses.iter_mut().zip(one.losses) {
        *all = (all.0 + one.0, all.1 + one.1);
    }
    for (all, one) in all.slow.iter_mut().zip(one.slow) {
        *all = Slow { tables: all.tables + one.tables, caught: all.caught + one.caught, median_night: None };
    }
    all
}

pub(crate) fn per_thousand(some: u32, all: u32) -> String {
    format!("{:.1}", f64::from(some) * 1_000.0 / f64::from(all))
}

fn percent(some: u32, all: u32) -> String {
    if all == 0 {
        return "–".to_owned();
    }
    // Neither all nor nothing by rounding.
    match f64::from(some) * 100.0 / f64::from(all) {
        share if some > 0 && share < 0.5 => "< 1 %".to_owned(),
        share if some < all && share >= 99.5 => "> 99 %".to_owned(),
        share => format!("{share:.0} %"),
    }
}
