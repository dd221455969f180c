//! Each fault and each act of somebody, at each call and each invocation of the first night and of the second.

#![expect(clippy::print_stdout, reason = "how many there were is worth a line")]

mod support;

use simulation::{Act, Counts, Fault, InvocationFault, Orders, Planned, run};
use support::side_by_side;

/// Once, and so often that every retry meets it too.
const TIMES: [usize; 2] = [1, 50];

fn quiet(nights: u64) -> Orders {
    Orders { nights, calm_nights: 1, ..Orders::default() }
}

fn counts(nights: u64) -> Counts {
    let course = run(Orders { nights, ..Orders::default() });
    assert_eq!(course.violation, None);
    course.counts
}

/// Plans for each number from the end of the night before to the end of the last.
fn courses(
    nights: u64,
    of: impl Fn(&Counts) -> usize,
    plans: impl Fn(usize) -> Vec<Planned>,
) -> Vec<(String, Orders)> {
    let before = if nights == 1 { 0 } else { of(&counts(nights - 1)) };
    let numbers = before + 1..=of(&counts(nights));
    numbers
        .flat_map(plans)
        .map(|plan| {
            let name = format!("{nights} nights, {plan:?}");
            (name, Orders { planned: vec![plan], ..quiet(nights) })
        })
        .collect()
}

fn assert_survived(courses: &[(String, Orders)]) {
    let ended = side_by_side(courses, |(_, orders)| run(orders.clone()));
    let mut counts = Counts::default();
    let mut violations = Vec::new();
    for ((name, _), course) in courses.iter().zip(ended) {
        counts += course.counts;
        violations.extend(course.violation.map(|v| format!("{name}: {v}")));
    }
    println!("{} courses: {counts:?}", courses.len());
    let shown = &violations[..violations.len().min(20)];
    assert!(violations.is_empty(), "{} violations, such as {shown:#?}", violations.len());
}

fn faults(number: usize) -> Vec<Planned> {
    let of = |times| Fault::ALL.iter().map(move |&fault| Planned::Call { number, fault, times });
    TIMES.into_iter().flat_map(of).collect()
}

#[test]
fn each_fault_at_each_call_of_the_first_night() {
    assert_survived(&courses(1, |c| c.calls, faults));
}

#[test]
fn each_fault_at_each_call_of_the_second_night() {
    assert_survived(&courses(2, |c| c.calls, faults));
}

#[test]
fn each_fault_of_each_invocation_of_two_nights() {
    let plans = |number| {
        let of = |times| {
            InvocationFault::ALL.iter().map(move |&fault| Planned::Invocation { number, fault, times })
        };
        TIMES.into_iter().flat_map(of).collect()
    };
    let mut all = courses(1, |c| c.invocations, plans);
    all.extend(courses(2, |c| c.invocations, plans));
    assert_survived(&all);
}

#[test]
fn each_act_of_somebody_before_each_call_of_the_second_night() {
    let plans = |number| Act::ALL.iter().map(|&act| Planned::Act { number, act }).collect();
    assert_survived(&courses(2, |c| c.calls, plans));
}

#[test]
fn an_execution_stopped_or_timed_out_at_any_call_and_redriven_days_later() {
    let after = counts(4).calls;
    let plans = |number| [Act::Abort, Act::TimeOut].map(|act| Planned::Act { number, act }).into();
    let mut all = courses(2, |c| c.calls, plans);
    for (_, orders) in &mut all {
        orders.nights = 5;
        orders.planned.push(Planned::Act { number: after - 20, act: Act::RedriveOldest });
    }
    assert_survived(&all);
}
