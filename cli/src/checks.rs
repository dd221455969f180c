//! `checks`: work on a configuration file, without AWS.

use std::{io::Read as _, path::Path};

use anyhow::{Context as _, Result};
use drill::{
    configuration::{self, Configuration, Mistake, limits},
    setup::files,
};
use serde_json::json;

use crate::{
    arguments::Format,
    exit::Exit,
    output::{self, Output},
};

/// The most mistakes that are printed for people; a program gets all.
const PRINTED_MAX: usize = 50;

/// Prints the JSON Schema of the configuration.
pub(crate) fn schema() -> Result<Exit> {
    let text = serde_json::to_string_pretty(&configuration::schema()).context("writing the schema")?;
    output::result(&text)?;
    Ok(Exit::Done)
}

/// Reads a configuration and tells every mistake in it.
pub(crate) fn validate(file: &Path, output: Output) -> Result<Exit> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let text = read(file).with_context(|| format!("reading {name}"))?;
    // The file that the Terraform module fills in is checked as it will be, but for what its groups are called.
    let filled_in = files::filled_in(&text);
    let text = filled_in.as_ref().unwrap_or(&text);
    let is_json = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let result = if is_json { configuration::parse_json(text) } else { configuration::parse_toml(text) };
    match (result, output.format()) {
        (Ok(configuration), Format::Table) => {
            output::result(&summary(&name, &configuration))?;
            if filled_in.is_some() {
                output::progress("Terraform fills in its groups; the hash is of a sample.");
            }
            Ok(Exit::Done)
        }
        (Ok(configuration), Format::Json) => {
            let hash = configuration::hash(&configuration);
            output::result(
                &json!({ "valid": true, "configuration_hash": hash, "mistakes": [] }).to_string(),
            )?;
            Ok(Exit::Done)
        }
        (Err(mistakes), Format::Table) => {
            output::progress(&told(&name, &mistakes));
            Ok(Exit::Other)
        }
        (Err(mistakes), Format::Json) => {
            let mistakes: Vec<_> = mistakes.iter().map(as_json).collect();
            output::result(&json!({ "valid": false, "mistakes": mistakes }).to_string())?;
            Ok(Exit::Other)
        }
    }
}

/// Reads a little more than is allowed, so that the parser sees that it's too much.
pub(crate) fn read(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let most = limits::FILE_MAX_BYTES as u64 + 1;
    if file == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    if bytes.len() > limits::FILE_MAX_BYTES {
        // The cut may have gone through a character; the length is all that matters now.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).context("it isn't UTF-8 text")
}

fn summary(name: &str, configuration: &Configuration) -> String {
    format!(
        "{name} is valid: source {}, database {}, {} tables with rules of their own, {} queries\nhash {}",
        configuration.source,
        configuration.database.name,
        configuration.tables.len(),
        configuration.queries.len(),
        configuration::hash(configuration)
    )
}

pub(crate) fn told(name: &str, mistakes: &[Mistake]) -> String {
    let mut blocks: Vec<String> =
        mistakes.iter().take(PRINTED_MAX).map(|mistake| mistake.in_file(name).to_string()).collect();
    let more = mistakes.len().saturating_sub(PRINTED_MAX);
    let count =
        if mistakes.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", mistakes.len()) };
    blocks.push(match more {
        0 => format!("{count} in {name}"),
        more => format!("{count} in {name}, of which {more} are not shown"),
    });
    blocks.join("\n\n")
}

fn as_json(mistake: &Mistake) -> serde_json::Value {
    json!({
        "line": mistake.line,
        "field": mistake.field,
        "value": mistake.value,
        "problem": mistake.problem,
        "hint": mistake.hint,
    })
}
