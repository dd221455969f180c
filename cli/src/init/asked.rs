//! The questions, each with what holds when nothing is answered; and the choice that comes of flags and answers.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, anyhow, bail};
use drill::setup::{
    files::{self, Choice},
    hour::{self, TimeOfDay, Window, Zone},
    source::{self, Facts},
};

use crate::{
    arguments::{self, Format, Init, Place},
    clock,
    init::{checkout::Checkout, zones},
    output::{self, Output},
};

/// How often one question is asked before it is given up.
const TRIES: usize = 5;
/// When a drill begins where RDS tells no backup window.
const USUAL: &str = "03:00";

/// Whether there is somebody to ask.
pub(crate) struct Questions {
    asks: bool,
}

impl Questions {
    /// A program that wants JSON, a pipe, and somebody who says `--yes` aren't asked.
    pub(crate) fn of(arguments: &Init, output: Output) -> Self {
        let asks = !arguments.yes && output.format() == Format::Table && io::stdin().is_terminal();
        Self { asks }
    }

    pub(crate) fn asks(&self) -> bool {
        self.asks
    }

    /// Asks until the answer can be read. An empty one is the default, where there is one.
    pub(crate) fn ask<T>(
        &self,
        words: &str,
        default: Option<String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        if !self.asks {
            let default =
                default.with_context(|| format!("{words} isn't said\nHINT: restore-drill init --help"))?;
            return read(&default).map_err(|problem| anyhow!("{words} {default:?}: {problem}"));
        }
        let shown = default.as_deref().map(|default| format!(" [{default}]")).unwrap_or_default();
        for _ in 0..TRIES {
            let _ = write!(io::stderr().lock(), "{words}{shown}: ");
            let mut answer = String::new();
            if io::stdin().lock().read_line(&mut answer).context("reading the answer")? == 0 {
                bail!("nobody answers\nHINT: say it with flags, see restore-drill init --help");
            }
            let answer = match (answer.trim(), &default) {
                ("", Some(default)) => default.clone(),
                (answer, _) => answer.to_owned(),
            };
            match read(&answer) {
                Ok(value) => return Ok(value),
                Err(problem) => output::progress(&format!("  {problem}")),
            }
        }
        bail!("{words}: no answer that can be used after {TRIES} tries")
    }

    /// Everything that is to be written.
    pub(crate) fn choose(
        &self,
        arguments: &Init,
        place: &Place,
        facts: &Facts,
        kms_key: Option<String>,
    ) -> Result<Choice> {
        let checkout = Checkout::of(arguments)?;
        let text = |text: &str| {
            if text.is_empty() { Err("it can't be empty".to_owned()) } else { Ok(text.to_owned()) }
        };
        let database = if let Some(database) = &arguments.database {
            database.clone()
        } else {
            self.ask("Database", facts.database.clone(), text).context("--database names it")?
        };
        let level = match arguments.level {
            Some(level) => level,
            None => {
                self.ask("Level (quick, standard, deep)", Some("standard".to_owned()), arguments::level)?
            }
        };
        let instance_class = match &arguments.instance_class {
            Some(class) => class.clone(),
            None => self.ask("Class of the replicas", Some(files::default_class(facts).to_owned()), text)?,
        };
        let (at, zone) = self.hour(arguments, facts)?;
        let emails = if arguments.email.is_empty() && self.asks {
            let read = |text: &str| match text {
                "" => Ok(Vec::new()),
                text => {
                    text.split([',', ' ']).filter(|one| !one.is_empty()).map(arguments::address).collect()
                }
            };
            self.ask("Who is told (e-mail, empty for nobody)", Some(String::new()), read)?
        } else {
            arguments.email.clone()
        };
        if emails.is_empty() {
            output::progress(
                "Nobody is told of drills and alarms: see notify_emails in main.tf, or --email.",
            );
        }
        let subnets = if arguments.subnet.is_empty() {
            facts.subnets.iter().map(|(subnet, _)| subnet.clone()).collect()
        } else {
            arguments.subnet.clone()
        };
        Ok(Choice {
            deployment: place.deployment.clone(),
            source: drill::ids::SourceId::parse(&facts.id)?,
            database,
            level,
            instance_class,
            at,
            zone,
            emails,
            subnets,
            kms_key,
            module: checkout.module,
            artifacts: checkout.artifacts,
            architecture: checkout.architecture,
            state_bucket: arguments
                .state_bucket
                .clone()
                .unwrap_or_else(|| files::default_state_bucket(facts)),
            since: clock::now(),
        })
    }

    /// An hour that exists on every night of the year and comes after the backup window.
    fn hour(&self, arguments: &Init, facts: &Facts) -> Result<(TimeOfDay, String)> {
        let now = clock::now();
        let read = |name: &str| {
            zones::zone(name, now).ok_or_else(|| {
                format!(
                    "{name:?} is no time zone; write UTC or a name of the IANA database, like Europe/Berlin"
                )
            })
        };
        let zone = match &arguments.zone {
            Some(name) => read(name).map_err(anyhow::Error::msg)?,
            None => self.ask("Time zone", Some("UTC".to_owned()), read)?,
        };
        let window = facts.backup_window.as_deref().and_then(|window| Window::parse(window).ok());
        let judge = |at: TimeOfDay| fits(at, &zone, window);
        let at = if let Some(at) = arguments.time {
            judge(at).map_err(|problem| anyhow!("{problem}"))?
        } else {
            let good = window.and_then(|window| hour::first_good(&zone, window)).map(|at| at.to_string());
            let default = good.unwrap_or_else(|| USUAL.to_owned());
            self.ask("Time of the drill", Some(default), |text| TimeOfDay::parse(text).and_then(judge))?
        };
        Ok((at, zone.name))
    }
}

/// The time, or why it can't be that one.
fn fits(at: TimeOfDay, zone: &Zone, window: Option<Window>) -> Result<TimeOfDay, String> {
    let Some(window) = window else {
        if hour::hours_left_out(&zone.name).contains(&at.hour()) {
            return Err(format!("{at} in {} doesn't exist on the night its clocks go forward", zone.name));
        }
        return Ok(at);
    };
    match hour::judge(at, zone, window) {
        Ok(_) => Ok(at),
        Err(bad) => {
            let way_out = source::way_out(&bad, zone, hour::first_good(zone, window));
            Err(format!("{bad}\nHINT: {way_out}"))
        }
    }
}
