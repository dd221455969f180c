//! The only module that writes: results to standard output, all else to standard error.
//!
//! Colour and movement are for terminals. A pipe gets plain lines.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};

use crate::arguments::Format;

/// Where and how things are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    colour_of_results: bool,
    colour_of_progress: bool,
    moving: bool,
}

/// A colour that says something; never the only thing that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// It holds.
    Green,
    /// It doesn't.
    Red,
    /// Nobody knows.
    Yellow,
    /// It matters less.
    Dim,
}

impl Output {
    /// How this process prints, from its streams and `NO_COLOR`.
    pub(crate) fn of_process(format: Format) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place where the terminal's settings are read"
        )]
        let (no_colour, term) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
        // https://no-color.org: present and not empty, whatever its value.
        let colour =
            no_colour.is_none_or(|value| value.is_empty()) && term.as_deref() != Some("dumb".as_ref());
        let moving = io::stderr().is_terminal();
        Self {
            format,
            colour_of_results: colour && io::stdout().is_terminal(),
            colour_of_progress: colour && moving,
            moving: moving && colour,
        }
    }

    /// How results are printed.
    pub(crate) fn format(self) -> Format {
        self.format
    }

    /// Whether a progress bar may move on standard error.
    pub(crate) fn is_moving(self) -> bool {
        self.moving
    }

    /// Prints a problem.
    pub(crate) fn problem(self, text: &str) {
        let mark = if self.colour_of_progress { "\u{1b}[31merror:\u{1b}[0m" } else { "error:" };
        progress(&format!("{mark} {text}"));
    }

    /// A piece of a result in a colour, where results have colours.
    pub(crate) fn paint(self, text: &str, paint: Paint) -> String {
        if !self.colour_of_results {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Green => "32",
            Paint::Red => "1;31",
            Paint::Yellow => "33",
            Paint::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Prints a result. A reader that has gone away (`| head`) is no failure of ours.
pub(crate) fn result(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints a line of progress. That nobody can read it doesn't stop the work.
pub(crate) fn progress(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
