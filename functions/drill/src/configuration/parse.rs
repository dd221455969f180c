//! From text to a configuration, or to all of its mistakes.

use super::{
    Configuration,
    document::{self, Node, SyntaxError},
    limits,
    mistake::Mistake,
    read::{MISSING, Read, Reader},
};

/// Reads a configuration in TOML.
///
/// # Errors
/// Every [`Mistake`] there is, of syntax and of meaning, in the order of the lines.
pub fn parse_toml(text: &str) -> Result<Configuration, Vec<Mistake>> {
    refuse_oversize(text)?;
    let (root, errors) = document::from_toml(text);
    read(&root, text, &errors)
}

/// Reads a configuration in JSON, with the same fields as in TOML.
///
/// # Errors
/// The first mistake of syntax, or else every [`Mistake`] of meaning.
pub fn parse_json(text: &str) -> Result<Configuration, Vec<Mistake>> {
    refuse_oversize(text)?;
    match document::from_json(text) {
        Ok(root) => read(&root, text, &[]),
        Err(error) => Err(vec![syntax_mistake(&error, "JSON")]),
    }
}

fn refuse_oversize(text: &str) -> Result<(), Vec<Mistake>> {
    if text.len() <= limits::FILE_MAX_BYTES {
        return Ok(());
    }
    Err(vec![Mistake {
        line: None,
        field: String::new(),
        value: None,
        problem: format!("the configuration is {} bytes long", text.len()),
        hint: format!(
            "{} bytes are the most; rules in defaults hold for every table without a line for each",
            limits::FILE_MAX_BYTES
        ),
    }])
}

fn read(root: &Node, text: &str, errors: &[SyntaxError]) -> Result<Configuration, Vec<Mistake>> {
    let mut reader = Reader::default();
    let configuration = Configuration::read(root, &mut reader);
    let mut mistakes = believable(reader.mistakes, text, errors);
    mistakes.extend(errors.iter().map(|error| syntax_mistake(error, "TOML")));
    mistakes.sort_by_key(|mistake| mistake.line.unwrap_or(usize::MAX));
    mistakes.dedup();
    match configuration {
        Ok(configuration) if mistakes.is_empty() => Ok(configuration),
        _ => Err(mistakes),
    }
}

/// The mistakes of meaning without those that only follow from one of syntax: on the same line,
/// about a field that stands on such a line, or all of them when a broken header has put the
/// lines after it into the wrong table.
fn believable(mistakes: Vec<Mistake>, text: &str, errors: &[SyntaxError]) -> Vec<Mistake> {
    let lines: Vec<&str> = text.lines().collect();
    let broken: Vec<(usize, &str)> = errors
        .iter()
        .filter_map(|error| error.line)
        .map(|line| (line, lines.get(line - 1).copied().unwrap_or_default()))
        .collect();
    let header_broken = broken.iter().any(|(_, text)| text.trim_start().starts_with('['));
    if header_broken || broken.len() < errors.len() {
        return Vec::new();
    }
    let follows = |mistake: &Mistake| {
        let name = mistake.field.rsplit('.').next().unwrap_or_default();
        broken.iter().any(|(line, text)| {
            mistake.line == Some(*line) || (mistake.problem == MISSING && text.contains(name))
        })
    };
    mistakes.into_iter().filter(|mistake| !follows(mistake)).collect()
}

fn syntax_mistake(error: &SyntaxError, language: &str) -> Mistake {
    let hint = if language == "JSON" {
        "mend this first: JSON shows one mistake of syntax at a time"
    } else {
        "a field is NAME = VALUE, with text in quotes; a header is [name] or [[queries]]"
    };
    Mistake {
        line: error.line,
        field: String::new(),
        value: None,
        problem: format!("not {language}: {}", error.message),
        hint: hint.to_owned(),
    }
}
