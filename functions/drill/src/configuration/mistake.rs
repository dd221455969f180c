//! A mistake in the configuration, told so that it can be mended without looking anything up.

use std::fmt;

/// The longest piece of a value that a mistake repeats, in characters.
const VALUE_SHOWN_MAX: usize = 60;

/// One mistake in a configuration. All mistakes of a file are reported at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line in the file; JSON tells it for syntax only.
    pub line: Option<usize>,
    /// Dotted path of the field, such as `tables."public.courses_answer".max_drop`; empty when
    /// the mistake is one of syntax or of the whole file.
    pub field: String,
    /// What was written there, shortened; `None` when nothing was, or when it could be a secret.
    pub value: Option<String>,
    /// What is wrong, as the rest of a sentence that begins with the field.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl Mistake {
    /// The mistake as a person reads it in a terminal: `drill.toml:12: field = value: problem`.
    pub fn in_file<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        InFile { mistake: self, file }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        self.fmt_fact(f)
    }
}

impl Mistake {
    fn fmt_fact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field.as_str(), &self.value) {
            ("", None) => {}
            ("", Some(value)) => write!(f, "{value}: ")?,
            (field, None) => write!(f, "{field}: ")?,
            (field, Some(value)) => write!(f, "{field} = {value}: ")?,
        }
        write!(f, "{}\nHINT: {}", self.problem, self.hint)
    }
}

struct InFile<'a> {
    mistake: &'a Mistake,
    file: &'a str,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistake.line {
            Some(line) => write!(f, "{}:{line}: ", self.file)?,
            None => write!(f, "{}: ", self.file)?,
        }
        self.mistake.fmt_fact(f)
    }
}

/// A value as a mistake repeats it: one line, and not too long of it.
pub(super) fn shown(value: &dyn fmt::Display) -> String {
    let text = value.to_string();
    if text.chars().count() <= VALUE_SHOWN_MAX {
        return text;
    }
    let start: String = text.chars().take(VALUE_SHOWN_MAX).collect();
    format!("{start}…")
}

/// The one of `known` that `written` is probably meant to be: one with a third of its letters
/// wrong at most.
pub(super) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    // A name far longer than any of ours can't be near one; this keeps the comparison small.
    if written.len() > 64 {
        return None;
    }
    let written = written.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|name| (edits(&written, name), *name))
        .filter(|(edits, name)| *edits <= name.chars().count().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be added, dropped, replaced or swapped with the next to get from one
/// text to the other: the optimal string alignment distance.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(edits("maxdrop", "max_drop"), 1);
        assert_eq!(edits("soucre", "source"), 1);
        assert_eq!(edits("", "source"), 6);
    }

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("instance-clas", &["instance_class", "subnet_group"]), Some("instance_class"));
        assert_eq!(nearest("colour", &["instance_class", "subnet_group"]), None);
    }

    #[test]
    fn a_long_value_is_shortened() {
        assert_eq!(shown(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
    }
}
