//! What is read from a configuration without mistakes.

use drill::configuration::{
    Configuration, Disposal, Effect, ExpectedValue, Freshness, Purge, Span, TableRules, hash, parse_json,
    parse_toml,
};

use crate::{COMPLETE, MINIMAL, minimal_and};

#[test]
fn the_minimal_example_is_complete_with_defaults() {
    let configuration = parse_toml(MINIMAL).unwrap();
    assert_eq!(configuration.source.as_str(), "courses-prod");
    assert_eq!(configuration.backup.max_age, Span::hours(26));
    assert_eq!(configuration.replica.on_rejected, Disposal::Stop);
    assert_eq!(configuration.replica.abandoned_max_age, Span::hours(72));
    assert_eq!(configuration.database.user, "restore_drill");
    assert_eq!(configuration.database.statement_timeout, Span::minutes(10));
    assert!(configuration.queries.is_empty() && configuration.tables.is_empty());
}

#[test]
fn the_complete_example_shows_every_field() {
    let configuration = parse_toml(COMPLETE).unwrap();
    let answers = configuration.rules_for("public.courses_answer");
    let fresh = Freshness { column: "created_at".to_owned(), within: Span::hours(24) };
    let expected = TableRules {
        min_rows: Some(1_900_000),
        max_drop: Some(0.0),
        max_growth: Some(2.0),
        drift: Some(Effect::Fail),
        may_shrink: Some(false),
        purges: vec![Purge {
            from: "2026-12-01".parse().unwrap(),
            to: "2026-12-02".parse().unwrap(),
            max_drop: 0.3,
        }],
        fresh: Some(fresh),
        frozen: None,
        history: Some("created_at".to_owned()),
    };
    assert_eq!(answers, expected);
    assert_eq!(configuration.rules_for("public.Audit Log 2026").max_drop, Some(1.0));
    assert_eq!(configuration.queries[0].equals, Some(ExpectedValue::Integer(0)));
    assert_eq!(configuration.queries[2].max, Some(48.0));
    assert_eq!(left_out(&configuration), Vec::<String>::new());
}

/// The fields whose value in the example is that of a field that was left out.
fn left_out(configuration: &Configuration) -> Vec<String> {
    let schema = serde_json::to_value(drill::configuration::schema()).unwrap();
    let written: toml::Table = toml::from_str(COMPLETE).unwrap();
    let mut missing = Vec::new();
    for (name, section) in schema["properties"].as_object().unwrap() {
        let Some(value) = written.get(name) else {
            missing.push(name.clone());
            continue;
        };
        let reference = section["$ref"].as_str().or(section["allOf"][0]["$ref"].as_str());
        let Some(definition) = reference.and_then(|reference| reference.rsplit('/').next()) else { continue };
        for field in
            schema["definitions"][definition]["properties"].as_object().into_iter().flatten().map(|f| f.0)
        {
            let shown_elsewhere = name == "defaults" && configuration.tables.len() > 1;
            if value.get(field).is_none() && !shown_elsewhere {
                missing.push(format!("{name}.{field}"));
            }
        }
    }
    missing
}

#[test]
fn a_table_without_a_rule_of_its_own_takes_the_default() {
    let text = minimal_and("[defaults]\nmax_drop = 0.1\n[tables.\"public.a\"]\nmin_rows = 5\n");
    let configuration = parse_toml(&text).unwrap();
    let own = configuration.rules_for("public.a");
    assert_eq!((own.min_rows, own.max_drop), (Some(5), Some(0.1)));
    assert_eq!(configuration.rules_for("public.b").max_drop, Some(0.1));
}

#[test]
fn json_and_toml_read_to_the_same() {
    let from_toml = parse_toml(COMPLETE).unwrap();
    let json = serde_json::to_string(&from_toml).unwrap();
    let from_json = parse_json(&json).unwrap();
    assert_eq!(from_toml, from_json);
    assert_eq!(hash(&from_toml), hash(&from_json));
}

#[test]
fn reading_agrees_with_serde() {
    assert_eq!(parse_toml(COMPLETE).unwrap(), toml::from_str(COMPLETE).unwrap());
    assert_eq!(parse_toml(MINIMAL).unwrap(), toml::from_str(MINIMAL).unwrap());
}

#[test]
fn null_in_json_is_a_field_that_is_left_out() {
    let mut value = serde_json::to_value(parse_toml(MINIMAL).unwrap()).unwrap();
    assert!(value["replica"]["parameter_group"].is_null());
    value["backup"] = serde_json::Value::Null;
    assert_eq!(parse_json(&value.to_string()).unwrap(), parse_toml(MINIMAL).unwrap());
}

#[test]
fn the_hash_does_not_depend_on_order_comments_or_spelled_out_defaults() {
    let other = "# another order\n\
        [database]\nname = \"courses\"\nuser = \"restore_drill\"\n\
        [replica]\nsecurity_groups = [\"sg-0a1b2c3d4e5f60718\"]\nsubnet_group = \"restore-drill\"\n\
        instance_class = \"db.t4g.medium\"\non_broken = \"stop\"\n\
        [backup]\nmax_age = \"1day 2h\"\n";
    let other = format!("source = \"courses-prod\"\n{other}");
    assert_eq!(hash(&parse_toml(MINIMAL).unwrap()), hash(&parse_toml(&other).unwrap()));
}

#[test]
fn the_hash_changes_with_every_meaning() {
    let one = parse_toml(MINIMAL).unwrap();
    let two = parse_toml(&minimal_and("[defaults]\nmax_drop = 0.1\n")).unwrap();
    assert_ne!(hash(&one), hash(&two));
    assert_eq!(hash(&one).len(), 64);
}

#[test]
fn the_hash_of_the_minimal_example_stays() {
    // Evidence of earlier drills names it: a change here shows every source as reconfigured.
    assert_eq!(
        hash(&parse_toml(MINIMAL).unwrap()),
        "1664cd0ad610aec23060be859b2e2afb79f7c19a4cb111a7e409905fd39a31dc"
    );
}

#[test]
fn a_span_is_written_in_hours_at_most() {
    assert_eq!(Span::hours(26).to_string(), "26h");
    assert_eq!(Span::seconds(5400).to_string(), "1h 30m");
    assert_eq!(Span::seconds(0).to_string(), "0s");
    assert_eq!(Span::seconds(3601).to_string(), "1h 1s");
}
