//! What the Amazon States Language says of variables, errors and Maps, on small definitions, and what the
//! runner refuses.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "definitions are made for the call")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use asl_runner::{Definition, Ended, Engine, Execution, Failure, Iteration, Outcome, Seen, Task};
use serde_json::{Value, json};

/// Functions that answer in this order; none any more never answers.
#[derive(Default)]
struct Answers {
    left: RefCell<VecDeque<Result<Value, &'static str>>>,
    asked: RefCell<Vec<Value>>,
    waits: RefCell<Vec<u64>>,
}

impl Engine for Answers {
    async fn invoke(&self, task: Task) -> Result<Value, Failure> {
        self.asked.borrow_mut().push(task.payload);
        let answer = self.left.borrow_mut().pop_front();
        match answer {
            Some(answer) => answer.map_err(|error| Failure::new(error, "so it failed")),
            None => pending().await,
        }
    }
    async fn wait(&self, span: Duration) {
        self.waits.borrow_mut().push(span.as_secs());
    }
    fn jitter(&self, longest: Duration) -> Duration {
        longest
    }
    fn saw(&self, _: &Seen<'_>) {}
}

fn answering(answers: impl IntoIterator<Item = Result<Value, &'static str>>) -> Answers {
    Answers { left: RefCell::new(answers.into_iter().collect()), ..Answers::default() }
}

fn task(more: Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 9,
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}", "End": true
    });
    let Value::Object(more) = more else { panic!("fields") };
    task.as_object_mut().unwrap().extend(more);
    task
}

fn machine(states: Value) -> Value {
    let first = if states.get("First").is_some() { "First" } else { "Only" };
    json!({"QueryLanguage": "JSONata", "StartAt": first, "TimeoutSeconds": 60, "States": states})
}

fn read(definition: &Value) -> Definition {
    Definition::read(&definition.to_string()).unwrap()
}

fn poll(execution: &Execution, definition: &Definition, answers: &Answers) -> Poll<Ended> {
    pin!(execution.run(definition, answers)).poll(&mut Context::from_waker(Waker::noop()))
}

fn ended(definition: &Value, answers: &Answers) -> Ended {
    let definition = read(definition);
    let execution = Execution::start(&definition, json!({"Execution": {}}), json!({"n": 1}));
    match poll(&execution, &definition, answers) {
        Poll::Ready(ended) => ended,
        Poll::Pending => panic!("a function has no answer"),
    }
}

fn succeeded(definition: &Value, answers: &Answers) -> Value {
    match ended(definition, answers).outcome {
        Outcome::Succeeded(output) => output,
        Outcome::Failed(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn an_assignment_sees_the_values_from_before() {
    let answers = answering([Ok(json!(0))]);
    succeeded(
        &machine(json!({
            "First": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Second"},
            "Second": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "Third"},
            "Third": task(json!({"Arguments": {"FunctionName": "f", "Payload": ["{% $a %}", "{% $b %}"]}}))
        })),
        &answers,
    );
    assert_eq!(*answers.asked.borrow(), [json!([2, 1])]);
}

fn retrier(errors: Value, times: u32) -> Value {
    json!({
        "ErrorEquals": errors, "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": times,
        "MaxDelaySeconds": 15, "JitterStrategy": "FULL"
    })
}

#[test]
fn a_task_is_tried_again_and_waits_longer_each_time() {
    let answers = answering([Err("A"), Err("A"), Err("A"), Err("A"), Ok(json!("at last"))]);
    let only = task(json!({"Retry": [retrier(json!(["A"]), 4)]}));
    assert_eq!(succeeded(&machine(json!({ "Only": only })), &answers), "at last");
    assert_eq!(*answers.waits.borrow(), [5, 10, 15, 15]);
}

#[test]
fn what_is_caught_is_the_input_of_where_it_leads() {
    let states = json!({
        "First": task(json!({
            "Retry": [retrier(json!(["A"]), 1)],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"e": "{% $states.errorOutput %}"}, "Next": "Red"}]
        })),
        "Red": {"Type": "Fail", "Error": "{% $e.Error %}", "Cause": "{% $states.input.Cause %}"}
    });
    let ended = ended(&machine(states), &answering([Err("A"), Err("A")]));
    assert_eq!(ended.outcome, Outcome::Failed(Failure::new("A", "so it failed")));
}

#[test]
fn all_catches_all_but_two() {
    for (error, is_caught) in [("Any", true), ("States.Timeout", true), ("States.Runtime", false)] {
        let states = json!({
            "First": task(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Red"}]})),
            "Red": {"Type": "Fail", "Error": "Caught", "Cause": "c"}
        });
        let ended = ended(&machine(states), &answering([Err(error)]));
        assert_eq!(ended.state == "Red", is_caught, "{error}");
    }
}

#[test]
fn a_path_that_is_not_there_is_an_error_that_can_be_caught() {
    let states = json!({
        "First": task(json!({
            "Output": "{% $states.result.Payload.x %}",
            "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Green"}]
        })),
        "Green": {"Type": "Succeed"}
    });
    assert_eq!(ended(&machine(states), &answering([Ok(json!({}))])).state, "Green");
}

fn map(at_once: Value) -> Value {
    let mut inside = json!({
        "Inner": task(json!({"Assign": {"own": "{% $states.result.Payload %}"}, "Next": "Again"})),
        "Again": {
            "Type": "Choice", "Choices": [{"Condition": "{% $own = 7 %}", "Next": "Inner"}], "Default": "Out"
        },
        "Out": {"Type": "Succeed"}
    });
    inside["Inner"].as_object_mut().unwrap().remove("End");
    machine(json!({
        "First": {"Type": "Pass", "Assign": {"own": "outer", "items": [10, 20, 30]}, "Next": "Map"},
        "Map": {
            "Type": "Map", "Items": "{% $items %}", "MaxConcurrency": at_once,
            "ItemSelector": {"item": "{% $states.context.Map.Item.Value %}"},
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Inner", "States": inside},
            "Next": "Last"
        },
        "Last": task(json!({"Arguments": {"FunctionName": "f", "Payload": "{% $own %}"}}))
    }))
}

#[test]
fn a_map_gives_its_results_in_the_order_of_items_and_keeps_its_variables_inside() {
    let answers = answering([Ok(json!(1)), Ok(json!(7)), Ok(json!(3)), Ok(json!(2)), Ok(json!("end"))]);
    assert_eq!(succeeded(&map(json!(2)), &answers), "end");
    let asked = answers.asked.borrow();
    assert_eq!(asked.len(), 5, "the second item went round twice");
    assert_eq!(asked[4], "outer");
}

#[test]
fn a_map_begins_no_more_items_than_may_run_at_once() {
    for (at_once, begun) in [(1, 1), (2, 2), (0, 3)] {
        let definition = read(&map(json!(at_once)));
        let answers = answering([]);
        let execution = Execution::start(&definition, json!({}), json!({}));
        assert!(poll(&execution, &definition, &answers).is_pending());
        assert_eq!(answers.asked.borrow().len(), begun);
    }
}

#[test]
fn a_redriven_map_runs_only_what_had_not_ended() {
    let definition = read(&map(json!(1)));
    let cut_off = Execution::start(&definition, json!({}), json!({}));
    assert!(poll(&cut_off, &definition, &answering([Ok(json!(1))])).is_pending());
    let position = cut_off.position();
    assert_eq!(position.state, "Map");
    assert_eq!(position.iterations[0], Iteration::Done(json!(1)));
    assert!(matches!(&position.iterations[1], Iteration::At(inside) if inside.state == "Inner"));

    let answers = answering([Ok(json!(2)), Ok(json!(3)), Ok(json!("end"))]);
    let redriven = Execution::resume(json!({}), position);
    assert!(poll(&redriven, &definition, &answers).is_ready());
    assert_eq!(answers.asked.borrow()[0], json!({"item": 20}));
}

#[test]
fn an_error_of_one_item_ends_the_map() {
    let ended = ended(&map(json!(3)), &answering([Ok(json!(1)), Err("A")]));
    assert_eq!(ended.outcome, Outcome::Failed(Failure::new("A", "so it failed")));
}

#[test]
fn what_is_not_in_the_subset_is_refused() {
    let pass = |more: Value| {
        let mut pass = json!({"Type": "Pass", "Next": "End"});
        pass.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        machine(json!({"First": pass, "End": {"Type": "Succeed"}}))
    };
    for (what, definition) in [
        ("a field", pass(json!({"Output": {}}))),
        ("an expression", pass(json!({"Assign": {"a": "{% $count($x) %}"}}))),
        ("half an expression", pass(json!({"Assign": {"a": "{% $x"}}))),
        ("a type", machine(json!({"Only": {"Type": "Parallel", "End": true}}))),
        ("a target", machine(json!({"Only": {"Type": "Pass", "Next": "Nowhere"}}))),
        ("a Catch", pass(json!({"Catch": [{"ErrorEquals": ["A"], "Next": "End"}]}))),
        ("a retrier", machine(json!({"Only": task(json!({"Retry": [{"ErrorEquals": ["A"]}]}))}))),
    ] {
        assert!(Definition::read(&definition.to_string()).is_err(), "{what} wasn't refused");
    }
}
