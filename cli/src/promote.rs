//! `promote`: makes the standby production.
//!
//! Shows the plan and asks, then takes one turn after the other until RDS says that it is done. What each turn does
//! is decided in the library, from what RDS says then.

use std::{io::BufRead as _, path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use drill::{
    configuration::{self, Configuration, PromotionSettings},
    evidence::keys,
    ids::rfc3339,
    ports::ReadObjects as _,
    promotion::{self, Choice, Outcome, Promotion, Step, Turn, Wish},
};
use serde_json::json;

use crate::{
    arguments::{Format, Place, Promote},
    checks, clock,
    exit::Exit,
    follow::since,
    operator::Operator,
    output::{self, Output},
    promote::told::Told,
    run::somebody,
};

mod told;

/// The longest wait after a step: a look that follows at once may show what was before it.
const AFTER_A_STEP: Duration = Duration::from_secs(2);

/// A step with the time at which RDS took it.
type Taken = (DateTime<Utc>, Step);

/// Promotes the standby of a source.
pub(crate) async fn promote(arguments: &Promote, place: &Place, output: Output) -> Result<Exit> {
    let began_at = clock::now();
    let operator = Operator::of(place).await?;
    let configuration = read_configuration(arguments, &operator).await?;
    let wanted = wanted(arguments, &configuration)?;
    let wish = Wish {
        source: arguments.source.clone(),
        replica: arguments.replica.clone(),
        even_if_source_is_alive: arguments.source_is_alive,
    };
    let choice = promotion::choose(&operator.rds, &operator.bucket, &operator.settings, &wish).await?;
    let told = Told { source: &arguments.source, choice: &choice, wanted: &wanted, now: began_at };
    if !promotion::is_promoted(&choice.observed.instance) {
        output::progress(&told.plan());
        if !arguments.yes && output.format() == Format::Json {
            output::result(&serde_json::to_string_pretty(&told.plan_as_json())?)?;
            output::progress("Nothing was done: a program says --yes.");
            return Ok(Exit::Done);
        }
        if !arguments.yes && !is_confirmed(&choice)? {
            output::progress("Nothing was done.");
            return Ok(Exit::Other);
        }
    }
    let by = arguments.requested_by.clone().unwrap_or_else(somebody);
    let promotion = Promotion {
        settings: operator.settings.clone(),
        replica: choice.replica.id().clone(),
        resource_id: choice.replica.resource_id().clone(),
        wanted: wanted.clone(),
        by,
    };
    let polled = configuration.polling.min.duration();
    let (outcome, taken) = carry_out(&promotion, &operator, arguments, polled).await?;
    conclude(&told, &outcome, &taken, output)
}

/// The configuration of the source: the stored one, or the file that was named.
async fn read_configuration(arguments: &Promote, operator: &Operator) -> Result<Configuration> {
    let (name, text) = if let Some(file) = &arguments.file {
        let name = file.display().to_string();
        (name.clone(), checks::read(file).with_context(|| format!("reading {name}"))?)
    } else {
        let key = keys::configuration(&arguments.source);
        let stored = operator.bucket.get(&key).await?;
        let Some(stored) = stored else {
            bail!("there is no configuration {key}\nHINT: see --source, or name a file of it with --file");
        };
        (key, stored)
    };
    let end = Path::new(&name).extension();
    let is_json = end.is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let parsed = if is_json { configuration::parse_json(&text) } else { configuration::parse_toml(&text) };
    let configuration = parsed.map_err(|mistakes| anyhow::anyhow!(checks::told(&name, &mistakes)))?;
    if configuration.source != arguments.source {
        bail!("{name} is the configuration of {}, not of {}", configuration.source, arguments.source);
    }
    Ok(configuration)
}

fn wanted(arguments: &Promote, configuration: &Configuration) -> Result<PromotionSettings> {
    configuration.promotion.clone().with_context(|| {
        format!(
            "the configuration of {} has no [promotion], so that it isn't known who may reach production\nHINT: write \
             it into a copy of the configuration, security_groups at least, and name that with --file",
            arguments.source
        )
    })
}

/// Asks the person; anything but a clear yes is a no.
fn is_confirmed(choice: &Choice) -> Result<bool> {
    output::progress(&format!("Promote {}? Type yes:", choice.replica.id()));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("reading the answer")?;
    Ok(answer.trim() == "yes")
}

/// Takes turns until it is done, or the time is up.
async fn carry_out(
    promotion: &Promotion,
    operator: &Operator,
    arguments: &Promote,
    polled: Duration,
) -> Result<(Outcome, Vec<Taken>)> {
    let began_at = clock::now();
    let mut taken = Vec::new();
    let mut last = String::new();
    loop {
        let now = clock::now();
        let (said, wait) = match promotion.turn(&operator.rds, &operator.bucket, now).await? {
            Turn::Done(outcome) => return Ok((*outcome, taken)),
            Turn::Did(step) => {
                let words = step.words();
                taken.push((clock::now(), step));
                (words, polled.min(AFTER_A_STEP))
            }
            Turn::Waits(status) => (format!("it is {status}"), polled),
            Turn::Again(reason) => (format!("RDS doesn't take it yet: {reason}"), polled),
        };
        if said != last {
            output::progress(&format!("+{}  {said}", since(began_at, now)));
        }
        last = said;
        if now - began_at > arguments.max_wait.delta() {
            bail!(
                "the promotion of {} isn't done after {}: {last}\nHINT: what was done stays; the same command goes on \
                 where it stopped",
                promotion.replica,
                arguments.max_wait
            );
        }
        clock::wait(wait).await;
    }
}

fn conclude(told: &Told<'_>, outcome: &Outcome, taken: &[Taken], output: Output) -> Result<Exit> {
    let ended_at = clock::now();
    match output.format() {
        Format::Json => {
            let timeline: Vec<_> =
                taken.iter().map(|(at, step)| json!({ "step": step.name(), "at": rfc3339(*at) })).collect();
            let mut result = told.outcome_as_json(outcome, ended_at);
            result["timeline"] = timeline.into();
            output::result(&serde_json::to_string_pretty(&result)?)?;
        }
        Format::Table => output::result(&told.outcome(outcome, ended_at, !taken.is_empty(), output))?,
    }
    Ok(Exit::Done)
}
