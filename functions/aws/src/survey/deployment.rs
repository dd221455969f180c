//! State machine, functions, roles and schedules.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use aws_sdk_scheduler::types::{ScheduleState, Target};
use aws_sdk_sfn::types::LoggingConfiguration;
use drill::setup::Looked;
use drill::setup::deployment::{Function, Machine};
use drill::setup::rights::{Answer, Decision, Question};
use drill::setup::schedule::Schedule;

use super::{PAGES_MAX, Survey, looked, present};
use crate::time;

/// Variables of a function that are told on: no other is ours to know.
const OURS: &str = "RESTORE_DRILL_";

impl Survey {
    /// The state machine of that ARN.
    pub async fn machine(&self, arn: &str) -> Looked<Machine> {
        let answer = self.sfn.describe_state_machine().state_machine_arn(arn).send().await;
        looked(answer, "states:DescribeStateMachine", &["StateMachineDoesNotExist"]).map(|answer| {
            let log = answer.logging_configuration();
            Machine {
                definition: answer.definition().to_owned(),
                log_level: log.and_then(|log| log.level()).map_or("OFF", |level| level.as_str()).to_owned(),
                logs_data: log.is_some_and(LoggingConfiguration::include_execution_data),
            }
        })
    }

    /// The function of that ARN or name; with a version where the ARN has one.
    pub async fn function(&self, arn: &str) -> Looked<Function> {
        let answer = self.lambda.get_function_configuration().function_name(arn).send().await;
        looked(answer, "lambda:GetFunctionConfiguration", &["ResourceNotFoundException"]).map(|answer| {
            let vpc = answer.vpc_config();
            let own = |value: Option<&str>| value.unwrap_or_default().to_owned();
            let variables = answer.environment().and_then(|environment| environment.variables());
            let variables = variables.into_iter().flatten().filter(|(name, _)| name.starts_with(OURS));
            Function {
                arn: answer.function_arn().unwrap_or(arn).to_owned(),
                handler: own(answer.handler()),
                // A function from before Lambda knew states has none, and can be called.
                state: answer.state().map_or("Active", |state| state.as_str()).to_owned(),
                last_update: answer
                    .last_update_status()
                    .map_or("Successful", |status| status.as_str())
                    .to_owned(),
                role: own(answer.role()),
                is_in_vpc: vpc.is_some_and(|vpc| !vpc.subnet_ids().is_empty()),
                vpc: vpc.and_then(|vpc| vpc.vpc_id()).filter(|id| !id.is_empty()).map(str::to_owned),
                security_groups: vpc.map(|vpc| vpc.security_group_ids().to_vec()).unwrap_or_default(),
                environment: variables.map(|(k, v)| (k.clone(), v.clone())).collect::<BTreeMap<_, _>>(),
            }
        })
    }

    /// The names of the schedules of a group.
    pub async fn schedules(&self, group: &str) -> Looked<Vec<String>> {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let call = self.scheduler.list_schedules().group_name(group).set_next_token(token);
            let page = looked(call.send().await, "scheduler:ListSchedules", &["ResourceNotFoundException"]);
            let page = match page {
                Looked::Found(page) => page,
                other => return other.map(|_| Vec::new()),
            };
            found.extend(page.schedules().iter().filter_map(|schedule| schedule.name().map(str::to_owned)));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        Looked::Found(found)
    }

    /// A schedule of a group.
    pub async fn schedule(&self, group: &str, name: &str) -> Looked<Schedule> {
        let answer = self.scheduler.get_schedule().group_name(group).name(name).send().await;
        looked(answer, "scheduler:GetSchedule", &["ResourceNotFoundException"]).map(|answer| {
            let target = answer.target();
            let own = |value: Option<&str>| value.unwrap_or_default().to_owned();
            let queue = target.and_then(|target| target.dead_letter_config()).and_then(|queue| queue.arn());
            Schedule {
                name: name.to_owned(),
                is_enabled: answer.state() == Some(&ScheduleState::Enabled),
                expression: own(answer.schedule_expression()),
                zone: answer.schedule_expression_timezone().unwrap_or("UTC").to_owned(),
                target: own(target.map(Target::arn)),
                input: own(target.and_then(|target| target.input())),
                dead_letter_queue: queue.map(str::to_owned),
                ends_at: answer.end_date().and_then(time::from_sdk),
            }
        })
    }

    /// What IAM's simulator says that a role may do.
    pub async fn simulate(&self, role: &str, question: &Question) -> Looked<Answer> {
        let tags = question.tags.iter().filter_map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(format!("aws:ResourceTag/{key}"))
                .context_key_type(ContextKeyTypeEnum::String)
                .context_key_values(value)
                .build()
                .into()
        });
        let answer = self
            .iam
            .simulate_principal_policy()
            .policy_source_arn(role)
            .action_names(question.action)
            .resource_arns(&question.resource)
            .set_context_entries(Some(tags.collect()))
            .send()
            .await;
        let answer =
            looked(answer, "iam:SimulatePrincipalPolicy", &["NoSuchEntity", "NoSuchEntityException"]);
        present(answer, |answer| {
            let result = answer.evaluation_results().first()?;
            let decision = match result.eval_decision() {
                PolicyEvaluationDecisionType::Allowed => Decision::Allowed,
                PolicyEvaluationDecisionType::ExplicitDeny => Decision::Denied,
                _ => Decision::NotAllowed,
            };
            Some(Answer { decision, is_reasoned: !result.matched_statements().is_empty() })
        })
    }
}
