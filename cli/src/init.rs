//! `init`: what deploys the drill of a source, written for that source, with what is wrong with it said first.
//!
//! Reads AWS, asks a person for what no flag says, writes three files. Everything is judged and worded in the library.

use std::path::Path;

use anyhow::{Result, bail};
use drill::{
    configuration::BackupPolicy,
    ids::SourceId,
    setup::{
        Finding, Looked, Section, files,
        source::{self, Facts, KeyManager},
    },
};
use restore_drill_aws::{Rds, Survey};
use serde_json::json;

use crate::{
    arguments::{Format, Init, Place},
    clock, deployment, doctor,
    exit::Exit,
    init::asked::Questions,
    output::{self, Output},
};

mod asked;
mod checkout;
mod written;
pub(crate) mod zones;

/// Looks, asks, writes, and says what to do next.
pub(crate) async fn init(arguments: &Init, place: &Place, output: Output) -> Result<Exit> {
    // Before anybody is asked anything for nothing.
    written::refuse_to_overwrite(&arguments.directory)?;
    let configuration = deployment::load(place).await?;
    let survey = Survey::new(&configuration);
    let questions = Questions::of(arguments, output);
    let source = match &arguments.source {
        Some(source) => source.clone(),
        None => ask_for_source(&survey, &questions).await?,
    };
    let facts = find(&survey, &source).await?;
    source::refuse(&facts)?;
    let key = doctor::key(&survey, &facts).await;
    let section = look(&survey, &Rds::new(&configuration), &facts, &key, arguments).await;
    let told = doctor::told::sections(std::slice::from_ref(&section), output);
    if output.format() == Format::Table {
        output::result(&format!("{told}\n"))?;
    }
    let key = facts.kms_key.clone().filter(|_| key != Looked::Found(KeyManager::Aws));
    let choice = questions.choose(arguments, place, &facts, key)?;
    let written = written::write(&arguments.directory, &choice, &facts)?;
    conclude(&arguments.directory, &section, &choice, &facts, &written, output)
}

async fn ask_for_source(survey: &Survey, questions: &Questions) -> Result<SourceId> {
    let instances = survey.instances().await;
    let mut names: Vec<&str> = instances
        .found()
        .into_iter()
        .flatten()
        .filter(|(name, engine)| engine == "postgres" && !name.starts_with("drill-"))
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    let there =
        if names.is_empty() { "no RDS for PostgreSQL is seen here".to_owned() } else { names.join(", ") };
    if !questions.asks() {
        bail!("which instance is the source isn't said\nHINT: name one with --source; there are: {there}");
    }
    output::progress(&format!("RDS for PostgreSQL here: {there}"));
    let default = if let [one] = names[..] { Some(one.to_owned()) } else { None };
    questions.ask("Source", default, |text| SourceId::parse(text).map_err(|error| error.to_string()))
}

async fn find(survey: &Survey, source: &SourceId) -> Result<Facts> {
    match survey.source(source.as_str()).await {
        Looked::Found(facts) => Ok(facts),
        Looked::Absent => {
            let others = survey.instances().await.found().cloned().unwrap_or_default();
            bail!(source::missing(source, &others))
        }
        Looked::Denied { right } => {
            bail!("looking at {source}: {right} is denied\nHINT: see infra/iam/operator-init.json")
        }
        Looked::Failed { problem } => bail!("looking at {source}: {problem}"),
    }
}

async fn look(
    survey: &Survey,
    rds: &Rds,
    facts: &Facts,
    key: &Looked<KeyManager>,
    arguments: &Init,
) -> Section {
    let snapshots = doctor::snapshots(rds, facts).await;
    let quotas = survey.quotas().await;
    let policy = BackupPolicy::default();
    let mut findings = source::judge(facts, &snapshots, key, &quotas, &policy, clock::now());
    if !arguments.subnet.is_empty() {
        findings.retain(|finding| finding.subject != source::SUBNETS);
        findings.push(Finding::ok(source::SUBNETS, format!("{}, as you say", arguments.subnet.join(", "))));
    }
    Section { about: format!("source {}", facts.id), findings }
}

fn conclude(
    directory: &Path,
    section: &Section,
    choice: &files::Choice,
    facts: &Facts,
    written: &[String],
    output: Output,
) -> Result<Exit> {
    let sql = files::role(choice);
    let next = files::next(choice, facts, &directory.display().to_string());
    if output.format() == Format::Json {
        let steps: Vec<_> =
            next.iter().map(|(words, lines)| json!({ "step": words, "commands": lines })).collect();
        let result = json!({ "sections": [section], "files": written, "sql": sql, "next": steps });
        output::result(&serde_json::to_string_pretty(&result)?)?;
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "Written, for {} {} in {} at level {}:\n",
        choice.source,
        choice.at,
        choice.zone,
        files::level(choice.level)
    );
    text.extend(written.iter().map(|file| format!("  {file}\n")));
    text.push_str("\nThe read-only role:\n\n");
    text.extend(sql.lines().map(|line| format!("  {line}\n")));
    text.push_str("\nWhat is left to do:\n");
    for (number, (words, lines)) in next.iter().enumerate() {
        text.extend([format!("\n{}. {words}\n", number + 1)]);
        let lines = lines.iter().flat_map(|line| line.lines());
        text.extend(lines.map(|line| format!("     {line}\n")));
    }
    output::result(&text)?;
    Ok(Exit::Done)
}
