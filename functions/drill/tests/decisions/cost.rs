//! What a night costs: quantities times prices, and what isn't known said as unknown.

use std::time::Duration;

use drill::cost::*;

const PRICES: &str = r#"
[test-1]
as_of = "2026-01"
source = "a test"
instance_hour = { "db.one" = 1.0 }
storage_gib_month = { gp3 = 0.73 }
iops_month = { io1 = 0.1 }
thousand_transitions = 1.0
"#;

fn night() -> Night {
    Night { storage_type: Some("gp3".to_owned()), ..Night::of_phases("db.one", 100, Phases::default()) }
}

fn bill(night: &Night) -> Bill {
    Bill::of(night, "test-1", &PriceList::parse(PRICES).unwrap())
}

fn usd(bill: &Bill, item: &str) -> Option<f64> {
    bill.lines.iter().find(|line| line.item.starts_with(item)).expect(item).night_usd()
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn an_instance_is_billed_by_the_second_from_available_to_stopped() {
    // 5 minutes of checks and 6 of stopping; creating from a snapshot is free.
    assert!(is_near(usd(&bill(&night()), "instance").unwrap(), 11.0 / 60.0));
}

#[test]
fn a_short_night_is_billed_ten_minutes_of_instance() {
    let phases = Phases { checks: Duration::from_secs(3), stop: Duration::from_secs(3), ..Phases::default() };
    assert_eq!(Night::of_phases("db.one", 100, phases).instance_s, 600);
}

#[test]
fn a_restore_to_a_point_in_time_is_billed_while_it_is_created() {
    let phases = Phases { is_restore_billed: true, ..Phases::default() };
    assert_eq!(Night::of_phases("db.one", 100, phases).instance_s, 33 * 60);
}

#[test]
fn storage_is_billed_for_a_day_and_for_the_time_that_two_replicas_exist() {
    // 100 GiB at a thousandth of a dollar the GiB and hour, 24 hours and the night's 33 minutes.
    assert!(is_near(usd(&bill(&night()), "storage").unwrap(), 0.1 * (24.0 + 33.0 / 60.0)));
}

#[test]
fn transitions_are_those_that_the_state_machine_takes() {
    let night = night();
    assert_eq!(night.transitions, transitions(Duration::from_mins(22), Duration::from_mins(6), 4));
    assert!((60..=130).contains(&night.transitions), "{}", night.transitions);
}

#[test]
fn what_has_no_price_is_unknown_and_never_free() {
    let bill = bill(&Night { instance_class: "db.other".to_owned(), ..night() });
    assert_eq!(usd(&bill, "instance"), None);
    assert!(bill.unknown().any(|line| line.item == "instance db.other"));
    assert!(bill.unknown().any(|line| line.item == "CloudWatch metrics"));
    assert!(bill.night_usd() > 0.0);
}

#[test]
fn storage_of_a_type_that_nobody_said_is_unknown() {
    assert_eq!(usd(&bill(&Night { storage_type: None, ..night() }), "storage"), None);
}

#[test]
fn provisioned_iops_that_nobody_said_are_unknown() {
    let io1 = Night { storage_type: Some("io1".to_owned()), ..night() };
    assert_eq!(usd(&bill(&io1), "IOPS"), None);
    let said = Night { iops: Some(1000), ..io1 };
    assert!(usd(&bill(&said), "IOPS").unwrap() > 3.0);
}

#[test]
fn a_region_without_prices_makes_everything_unknown() {
    let bill = Bill::of(&night(), "mars-1", &PriceList::built_in());
    assert_eq!(bill.unknown().count(), bill.lines.len());
    assert_eq!(bill.prices_as_of, None);
}

#[test]
fn the_prices_of_this_release_name_their_date_and_source() {
    let list = PriceList::built_in();
    for region in ["us-east-1", "eu-central-1"] {
        let prices = list.of(region).expect(region);
        assert!(prices.as_of.starts_with("20") && !prices.source.is_empty());
        assert!(prices.storage_gib_month.contains_key("gp3"));
    }
}

#[test]
fn the_example_of_the_readme_costs_what_it_says() {
    let night = Night {
        storage_type: Some("gp3".to_owned()),
        ..Night::of_phases("db.t4g.medium", 100, Phases::default())
    };
    let bill = Bill::of(&night, "us-east-1", &PriceList::built_in());
    assert_eq!(bill.unknown().count(), 0);
    let readme = include_str!("../../../../README.md");
    let said = format!("{:.2} USD a night", bill.night_usd());
    assert!(readme.contains(&said) || !readme.contains("USD a night"), "README.md doesn't say {said}");
}

#[test]
fn negative_prices_and_unknown_fields_are_refused() {
    for (field, problem) in [("metric_month = -1.0", "not a price"), ("metrics = 1.0", "metrics")] {
        let text = format!("[a]\nas_of = \"1\"\nsource = \"s\"\n{field}\n");
        let error = PriceList::parse(&text).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
