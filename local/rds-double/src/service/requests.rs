//! Answers one request of the API: faults first, then the control plane, then the log of calls.

use std::time::Duration;

use super::calls::Call;
use super::faults::Fault;
use super::state::Double;
use crate::api::{Answer, Params, error_answer, has_effect, perform, render};
use crate::clock::{now, pause};
use crate::model::{ApiError, Page, View};

/// The longest delay of an answer.
const DELAY_MAX_S: f64 = 600.0;

/// What the client gets.
pub(super) enum Response {
    /// An HTTP status and a body.
    Xml(u16, Vec<u8>, String),
    /// Nothing: the connection is closed.
    Cut,
}

/// Answers one request.
pub(super) async fn answer(double: &Double, body: &[u8]) -> Response {
    let params = Params::parse(body);
    let action = params.text("Action").unwrap_or_default();
    let fault = double.faults().take(&action, &instances_in(&params));
    if let Some(Fault::Delay { seconds }) = &fault {
        wait(*seconds).await;
    }
    let result = match &fault {
        Some(Fault::LostRequest {}) => Err(ApiError::new("LostRequest", 0, "")),
        Some(Fault::Throttle {}) => Err(ApiError::new("Throttling", 400, "Rate exceeded")),
        Some(Fault::Error { code, status, message }) => {
            Err(ApiError::new(code.clone(), *status, message.clone()))
        }
        Some(Fault::Empty {}) => {
            nothing(&action).map_or_else(|| done(double, &action, &params, View::Current), Ok)
        }
        Some(Fault::Stale {}) => done(double, &action, &params, View::Stale),
        _ => done(double, &action, &params, View::Current),
    };
    note(double, &action, &params, fault.as_ref(), &result);
    if matches!(fault, Some(Fault::LostAnswer {} | Fault::LostRequest {})) {
        return Response::Cut;
    }
    if let Some(Fault::LateAnswer { seconds }) = &fault {
        wait(*seconds).await;
    }
    let id = double.new_request_id();
    match result {
        Ok(answer) => Response::Xml(200, render(&action, &answer, &id), id),
        Err(error) => Response::Xml(error.status, error_answer(&error, &id), id),
    }
}

async fn wait(seconds: f64) {
    pause(Duration::from_secs_f64(seconds.clamp(0.0, DELAY_MAX_S))).await;
}

fn done(double: &Double, action: &str, params: &Params, view: View) -> Result<Answer, ApiError> {
    let mut fleet = double.fleet.clone();
    let mut plane = double.plane();
    let now = now();
    plane.advance(now, &mut fleet);
    perform(&mut plane, &mut fleet, now, action, params, view)
}

/// What a Describe shows when it shows nothing.
fn nothing(action: &str) -> Option<Answer> {
    match action {
        "DescribeDBInstances" => Some(Answer::Instances(Page::empty())),
        "DescribeDBSnapshots" => Some(Answer::Snapshots(Page::empty())),
        "DescribeDBInstanceAutomatedBackups" => Some(Answer::AutomatedBackups(Page::empty())),
        "DescribeEvents" => Some(Answer::Events(Page::empty())),
        "ListTagsForResource" => Some(Answer::Tags(Vec::new())),
        _ => None,
    }
}

fn note(
    double: &Double,
    action: &str,
    params: &Params,
    fault: Option<&Fault>,
    result: &Result<Answer, ApiError>,
) {
    double.calls().note(Call {
        at: now(),
        action: action.to_owned(),
        parameters: params.shown(),
        outcome: match result {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.code.clone().into_owned(),
        },
        effect: result.is_ok() && has_effect(action),
        fault: fault.map(Fault::kind),
    });
}

/// The instances that a request names, in lower case.
fn instances_in(params: &Params) -> Vec<String> {
    let named = [
        "DBInstanceIdentifier",
        "TargetDBInstanceIdentifier",
        "SourceDBInstanceIdentifier",
        "ResourceName",
        "Filters.Filter.1.Values.Value.1",
    ];
    let bare = |text: String| {
        let name = text.rsplit(":db:").next().unwrap_or(&text);
        name.to_ascii_lowercase()
    };
    named.iter().filter_map(|name| params.text(name)).map(bare).collect()
}
