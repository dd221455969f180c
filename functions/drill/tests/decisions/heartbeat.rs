//! The heartbeat: which address is asked, what it is told, and that it never fails or hides a drill.

use drill::evidence::Verdict;
use drill::heartbeat::{Address, Plain, Pulse};
use drill::ports::StoreErrorKind;
use proptest::prelude::*;

use crate::support::*;

const SECRET: &str = "restore-drill/main/courses-prod-heartbeat";

/// A world whose configuration names a switch.
fn with_switch() -> World {
    let world = World::new();
    world.write(
        &drill::evidence::keys::configuration(&SOURCE),
        &format!("{CONFIGURATION}\n[heartbeat]\nsecret = \"{SECRET}\"\n"),
    );
    world
}

fn pulses(world: &World) -> Vec<Pulse> {
    world.change(|s| s.beats.iter().map(|(pulse, _)| *pulse).collect())
}

#[test]
fn a_verified_night_tells_start_and_success() {
    let world = with_switch();
    let mut night = world.begin();
    let output = night.make_standby(&Database::new()).retire().expect("it is retired");
    night.publish(output).expect("it is published");
    assert_eq!(pulses(&world), [Pulse::Start, Pulse::Success]);
}

#[test]
fn success_is_not_told_before_everybody_was_told() {
    let world = with_switch();
    let mut night = world.begin();
    let output = night.make_standby(&Database::new()).retire().expect("it is retired");
    world.fault(Fault::store("Publish", StoreErrorKind::Denied));
    night.publish(output).expect_err("nobody was told");
    assert_eq!(pulses(&world), [Pulse::Start]);
}

#[test]
fn a_night_without_a_switch_reaches_none() {
    let world = World::new();
    let mut night = world.begin();
    let output = night.make_standby(&Database::new()).retire().expect("it is retired");
    night.publish(output).expect("it is published");
    assert_eq!(pulses(&world), []);
}

/// Tonight's drill ends before it has a plan, for want of a backup.
fn without_a_plan(world: &World, execution: &str) {
    world.change(|s| s.snapshots.clear());
    world.plan_in(execution, request(&night_of(21))).expect_err("there is no backup");
    let request = serde_json::to_value(request(&night_of(21))).expect("a request serializes");
    world.abandon_unplanned(execution, request).expect("it is abandoned");
}

#[test]
fn a_drill_that_ends_before_its_plan_tells_that_it_failed() {
    let world = with_switch();
    without_a_plan(&world, "tonight");
    assert_eq!(pulses(&world), [Pulse::Fail]);
    assert_eq!(world.evidence(&night_of(21)).expect("evidence").warnings, [""; 0]);
}

#[test]
fn an_execution_that_carries_no_drill_out_tells_nothing() {
    let world = with_switch();
    let mut night = world.begin();
    night.restore().expect("it is restored");
    without_a_plan(&world, "again");
    assert_eq!(pulses(&world), [Pulse::Start]);
}

#[test]
fn a_configuration_that_is_gone_or_wrong_about_the_switch_names_none() {
    let key = drill::evidence::keys::configuration(&SOURCE);
    let wrong =
        |world: &World| world.write(&key, &format!("{CONFIGURATION}\n[heartbeat]\nsecrets = \"{SECRET}\"\n"));
    let gone = |world: &World| world.forget(&key);
    for change in [&wrong as &dyn Fn(&World), &gone] {
        let world = with_switch();
        change(&world);
        without_a_plan(&world, "tonight");
        assert_eq!(pulses(&world), []);
        assert_eq!(world.evidence(&night_of(21)).expect("evidence").warnings, [""; 0]);
    }
}

#[test]
fn the_configuration_that_kept_the_plan_from_being_made_still_names_the_switch() {
    let world = with_switch();
    let key = drill::evidence::keys::configuration(&SOURCE);
    let refused = "[[queries]]\nname = \"gone\"\nsql = \"DELETE FROM orders\"\n";
    world.write(&key, &format!("{CONFIGURATION}\n[heartbeat]\nsecret = \"{SECRET}\"\n{refused}"));
    let error = world.plan_in("tonight", request(&night_of(21))).expect_err("it would delete");
    assert_eq!(error.name, drill::error::WireName::ConfigInvalid);
    let request = serde_json::to_value(request(&night_of(21))).expect("a request serializes");
    world.abandon_unplanned("tonight", request).expect("it is abandoned");
    assert_eq!(pulses(&world), [Pulse::Fail]);
}

#[test]
fn a_configuration_that_cannot_be_read_fails_nothing_and_is_warned_of() {
    for kind in [StoreErrorKind::Denied, StoreErrorKind::Unavailable] {
        let world = with_switch();
        // PlanDrill's own look is one, the abandoning step's the other.
        for _ in 0..2 {
            world.fault(Fault::store("GetObject", kind).of("config/"));
        }
        without_a_plan(&world, "tonight");
        assert_eq!(pulses(&world), []);
        let evidence = world.evidence(&night_of(21)).expect("evidence");
        assert!(evidence.warnings.iter().any(|w| w.starts_with("heartbeat Fail was not sent")));
    }
}

#[test]
fn a_switch_that_is_not_reached_fails_nothing_and_is_warned_of() {
    let world = with_switch();
    let mut night = world.begin();
    let output = night.make_standby(&Database::new()).retire().expect("it is retired");
    world.fault(Fault::store("Ping", StoreErrorKind::Unavailable));
    assert_eq!(night.publish(output).expect("it is published").verdict, Verdict::Verified);
    let evidence = world.evidence(night.drill()).expect("evidence");
    assert_eq!(evidence.verdict, Verdict::Verified);
    assert!(evidence.warnings.iter().any(|w| w.starts_with("heartbeat Success was not taken")));
}

#[test]
fn a_start_that_is_not_taken_is_warned_of_in_the_evidence() {
    let world = with_switch();
    world.fault(Fault::store("Ping", StoreErrorKind::Denied));
    let mut night = world.begin();
    night.make_standby(&Database::new());
    let verdict = world.verdict(night.drill()).expect("a verdict");
    assert!(verdict.warnings.iter().any(|w| w.starts_with("heartbeat Start was not taken")));
}

#[test]
fn a_pulse_goes_behind_the_path_and_before_the_query() {
    let of = |text| Address::parse(text, Plain::Never).unwrap();
    let plain = of(" https://hc-ping.com/0f7-uuid/\n");
    assert_eq!(plain.of(Pulse::Success), "https://hc-ping.com/0f7-uuid");
    assert_eq!(plain.of(Pulse::Start), "https://hc-ping.com/0f7-uuid/start");
    assert_eq!(
        of("https://a.example:8443/k/slug?create=1").of(Pulse::Fail),
        "https://a.example:8443/k/slug/fail?create=1"
    );
}

#[test]
fn only_https_is_asked_and_on_one_machine_its_own_http() {
    for text in [
        "",
        "hc-ping.com/uuid",
        "ftp://a/b",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://:443/x",
        "https://user:password@host/x",
        "https://host/x#y",
        "https://host/a b",
        "https://höst/x",
        "http://host/x",
        "http://127.0.0.1:9001/2018-06-01/runtime/init/error",
        "https://good@evil/",
        "https://a\\@b/",
    ] {
        assert!(Address::parse(text, Plain::Never).is_err(), "{text}");
    }
    assert!(Address::parse("http://127.0.0.1:8000/x", Plain::OnThisMachine).is_ok());
    for text in [
        "http://127.0.0.1.evil.example/x",
        "http://localhost.example/",
        "http://10.0.0.1/",
        "http://x@127.0.0.1/",
    ] {
        assert!(Address::parse(text, Plain::OnThisMachine).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_address_is_quoted_where_it_is_refused(text in "[a-z]{3,6}://[A-Za-z0-9]{12,40}@?.{0,9}") {
        if let Err(error) = Address::parse(&text, Plain::Never) {
            let secret = &text[text.find("://").unwrap() + 3..][..12];
            prop_assert!(!error.to_string().contains(secret), "{error}");
        }
    }
}
