//! The examples beside the definition are what the steps take and give: one night of them, run through
//! the definition itself. `SNAPSHOTS=overwrite cargo test -p drill --test state_machine` writes them anew.

use std::collections::{BTreeMap, BTreeSet};

use drill::ids::{Deployment, DrillId, ReplicaId};
use drill::plan::{DrillRequest, Plan};
use drill::steps;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use snapbox::data::DataFormat;
use snapbox::{Data, assert_data_eq};

use crate::definition::{project, tasks};
use crate::machine::{Exchange, Ran};
use crate::night::NIGHTS;

const FOLDER: &str = "statemachine/examples";
const EXECUTION: &str = "execution.json";

#[derive(Serialize, Deserialize)]
struct Example<I, O> {
    input: I,
    output: O,
}

type Write = fn(&Value) -> String;

/// An example in the order of the types' fields; fails when it isn't what the types hold.
fn written<I, O>(example: &Value) -> String
where
    I: Serialize + DeserializeOwned,
    O: Serialize + DeserializeOwned,
{
    let read: Example<I, O> = serde_json::from_value(example.clone()).expect("the types read the example");
    assert_eq!(serde_json::to_value(&read).expect("it serializes"), *example, "a field was lost on the way");
    serde_json::to_string_pretty(&read).expect("it serializes") + "\n"
}

fn writer(state: &str) -> Write {
    use steps::{
        abandon_drill, judge_drill, observe_replica, plan_checks, plan_drill, publish_report,
        record_measurements, restore_replica, retire_previous, run_check, stop_replica,
    };
    match state {
        "PlanDrill" => written::<plan_drill::Input, Plan>,
        "RestoreReplica" => written::<restore_replica::Input, restore_replica::Output>,
        "ObserveReplica" => written::<observe_replica::Input, observe_replica::Output>,
        "PlanChecks" => written::<plan_checks::Input, plan_checks::Output>,
        "RunCheck" => written::<run_check::Input, run_check::Output>,
        "RecordMeasurements" => written::<record_measurements::Input, record_measurements::Output>,
        "JudgeDrill" => written::<judge_drill::Input, judge_drill::Output>,
        "StopReplica" => written::<stop_replica::Input, stop_replica::Output>,
        "RetirePrevious" => written::<retire_previous::Input, retire_previous::Output>,
        "PublishReport" => written::<publish_report::Input, publish_report::Output>,
        "AbandonDrill" => written::<abandon_drill::Input, abandon_drill::Output>,
        other => panic!("the state {other} has no types here"),
    }
}

/// The examples by the names of their files.
fn examples() -> BTreeMap<String, (String, Value)> {
    let mut found = BTreeMap::new();
    let mut add = |exchange: &Exchange| {
        let variant = match (&exchange.output["reached"], exchange.output["goal"].as_str()) {
            (Value::Bool(false), _) => ".waiting",
            (Value::Bool(true), Some("stopped")) => ".stopped",
            (Value::Bool(true), Some("gone")) => ".gone",
            _ => "",
        };
        let example = json!({"input": exchange.input, "output": exchange.output});
        let name = format!("{}{variant}.json", exchange.state);
        found.entry(name).or_insert_with(|| (exchange.state.clone(), example));
    };
    NIGHTS.usual.exchanges.iter().for_each(&mut add);
    NIGHTS.broken.exchanges.iter().filter(|e| e.state == "AbandonDrill").for_each(add);
    found
}

fn assert_is_file(text: String, name: &str) {
    let expected = Data::read_from(&project(FOLDER).join(name), Some(DataFormat::Text)).raw();
    assert_data_eq!(Data::text(text), expected);
}

#[test]
fn every_example_is_what_the_steps_take_and_give() {
    for (name, (state, example)) in examples() {
        assert_is_file(writer(&state)(&example), &name);
    }
    let request: DrillRequest = serde_json::from_value(NIGHTS.input.clone()).unwrap();
    assert_eq!(request.source.as_str(), "courses-prod");
    assert_is_file(serde_json::to_string_pretty(&NIGHTS.input).unwrap() + "\n", EXECUTION);
}

#[test]
fn every_example_reads_and_writes_back_as_it_stands() {
    for (name, (state, _)) in examples() {
        let text = std::fs::read_to_string(project(FOLDER).join(&name)).unwrap();
        let example: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(writer(&state)(&example), text, "{name}");
    }
}

#[test]
fn every_task_has_an_example_and_nothing_else_does() {
    let mut expected: BTreeSet<String> = examples().into_keys().collect();
    for task in tasks() {
        assert!(expected.contains(&format!("{}.json", task.name)), "{} has no example", task.name);
    }
    expected.insert(EXECUTION.to_owned());
    let names = std::fs::read_dir(project(FOLDER)).unwrap();
    let found: BTreeSet<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_examples_are_of_one_drill_whose_ids_follow_from_it() {
    let drill = DrillId::parse("courses-prod-20261121t030000z").unwrap();
    let replica = ReplicaId::of(&Deployment::parse("main").unwrap(), &drill);
    let all = examples();
    let plan: Plan = serde_json::from_value(all["PlanDrill.json"].1["output"].clone()).unwrap();
    assert_eq!((&plan.drill, &plan.replica), (&drill, &replica));
    for (name, (state, example)) in all {
        if state != "PlanDrill" && state != "AbandonDrill" {
            assert_eq!(example["input"]["plan"], serde_json::to_value(&plan).unwrap(), "{name}");
        }
    }
}

fn ends(ran: &Ran) -> (&str, usize) {
    (ran.end.as_str(), ran.exchanges.iter().filter(|e| e.state == "AbandonDrill").count())
}

#[test]
fn the_nights_end_as_the_documents_say() {
    assert_eq!(ends(&NIGHTS.first), ("DrillVerified", 0));
    assert_eq!(ends(&NIGHTS.usual), ("DrillVerified", 0));
    assert_eq!(ends(&NIGHTS.broken), ("DrillBroken", 1));
}
