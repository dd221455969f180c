//! What can be typed: subcommands, flags, and the environment variables that stand in for them.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use drill::{
    backup::BackupRequest,
    configuration::{Level, Span},
    ids::{Deployment, DrillId, ReplicaId, SnapshotId, SourceId},
    plan::Keep,
    setup::hour::TimeOfDay,
};

const EXIT_CODES: &str = "\
Exit codes, of run, report, and status of one drill:
  0   verified, or a drill that is still going on
  10  rejected: a check failed on the restored backup
  20  broken: the drill could not be completed
  2   the command was typed wrong
  1   anything else; also when following a drill is ended, which goes on by itself
Other commands end with 0 or 1.

Results go to standard output, progress and problems to standard error. There is no colour and no
progress bar where the output isn't a terminal or NO_COLOR is set.";

/// Restores a backup, checks it, and says whether it can be relied on.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) place: Place,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
}

/// Where the deployment is, and as whom to talk to it.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The deployment of restore-drill; its state machine is restore-drill-NAME.
    #[arg(long, global = true, env = "RESTORE_DRILL_DEPLOYMENT", default_value = "main", value_name = "NAME",
          value_parser = Deployment::parse, help_heading = "AWS")]
    pub(crate) deployment: Deployment,
    /// The bucket of evidence; else the tag restore-drill:bucket of the state machine says.
    #[arg(long, global = true, env = "RESTORE_DRILL_BUCKET", value_name = "BUCKET",
          value_parser = NonEmptyStringValueParser::new(), help_heading = "AWS")]
    pub(crate) bucket: Option<String>,
    /// The profile of the AWS configuration files.
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub(crate) profile: Option<String>,
    /// The AWS region.
    #[arg(long, global = true, value_name = "REGION", help_heading = "AWS")]
    pub(crate) region: Option<String>,
    /// Talk to AWS, or to a local one, at this URL.
    #[arg(long, global = true, value_name = "URL", help_heading = "AWS")]
    pub(crate) endpoint_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at a source, say what is wrong with it, and write what deploys its drill.
    ///
    /// Asks for what isn't said by a flag, if it can. Writes drill.toml, main.tf and backend.tf, none of them over
    /// another, and prints the SQL of the read-only role. Changes nothing in AWS (infra/iam/operator-init.json).
    Init(Init),
    /// Check a deployment from end to end without restoring anything, and say how each problem is mended.
    ///
    /// Changes nothing (infra/iam/operator-doctor.json). What you may not see is unknown, never ok. Ends with 1
    /// where there is a problem.
    Doctor(Doctor),
    /// Run a drill now and follow it to its report. Starts a billed instance.
    Run(Run),
    /// Show the drills that are going on and the last ones, or how far one drill is.
    Status(Status),
    /// List the drills of a source, or of all, newest first.
    History(History),
    /// Print the report of a drill.
    Report {
        /// The drill, such as courses-prod-20261121t030000z.
        #[arg(value_parser = DrillId::parse)]
        drill: DrillId,
    },
    /// Say what the nights of a source cost by list prices, line by line.
    ///
    /// From the last drill of a source, or from flags alone, which needs no AWS. Ends with 1 where a price is unknown.
    Cost(Cost),
    /// Make the standby production, on purpose. Starts a billed instance for good.
    ///
    /// Takes the newest verified replica of the source, puts the tags restore-drill:hold and
    /// restore-drill:promoted on it, starts it, gives it what the section promotion of the configuration says, and takes
    /// the tags off by which it is restore-drill's. Then nothing of restore-drill touches it. Run it again if
    /// it ends early: it goes on where it stopped.
    ///
    /// It works with your own rights (infra/iam/operator-promote.json), not with those of the functions.
    Promote(Promote),
    /// Show what the sweep would do with what drills left, and why; with --delete, do it.
    ///
    /// The same decisions as the scheduled sweep, with your own rights (infra/iam/operator-sweep.json). Each
    /// deletion is decided anew at its moment.
    Sweep {
        /// Stop and delete what the sweep finds.
        #[arg(long)]
        delete: bool,
    },
    /// Work on a configuration file without AWS.
    Checks {
        #[command(subcommand)]
        command: ChecksCommand,
    },
}

/// What functions can be built for, by Lambda's names.
pub(crate) const ARCHITECTURES: [&str; 2] = ["arm64", "x86_64"];

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The source: the DB instance identifier of the instance whose backups are to be drilled.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
    /// The database in it; else the one that it was made with.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) database: Option<String>,
    /// How much is checked: quick, standard or deep. Else standard.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) level: Option<Level>,
    /// The class of the replicas, such as db.t4g.medium; else the source's.
    #[arg(long, value_name = "CLASS", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) instance_class: Option<String>,
    /// When the drill begins, such as 03:00; else soon after the backup window.
    #[arg(long, value_name = "HH:MM", value_parser = TimeOfDay::parse)]
    pub(crate) time: Option<TimeOfDay>,
    /// The zone that the time is meant in, such as Europe/Berlin; else UTC.
    #[arg(long, value_name = "ZONE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) zone: Option<String>,
    /// An address that is told of every drill; may be given several times.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) email: Vec<String>,
    /// A subnet for the replicas; may be given several times. Else those of the source.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) subnet: Vec<String>,
    /// Where the files are written.
    #[arg(long, default_value = "restore-drill", value_name = "FOLDER")]
    pub(crate) directory: PathBuf,
    /// Where main.tf finds the Terraform module; else the folder infra of the checkout that you are in.
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) module: Option<String>,
    /// Where main.tf finds the zips of the functions, such as target/package/arm64; else target/lambda of the
    /// checkout, which is for this machine's architecture.
    #[arg(long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) artifacts: Option<String>,
    /// What they are built for; else what the folder of --artifacts is called after, else this machine's.
    #[arg(long, value_name = "NAME", value_parser = ARCHITECTURES)]
    pub(crate) architecture: Option<String>,
    /// The bucket of Terraform's state; else restore-drill-state-ACCOUNT-REGION.
    #[arg(long, value_name = "BUCKET", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) state_bucket: Option<String>,
    /// Don't ask; take what is found for what isn't said.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Only this source; else every one that a schedule names.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The source: the DB instance identifier of the instance whose backup is drilled.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: SourceId,
    /// Which backup: latest, the id of a snapshot, or an instant such as 2026-11-21T02:15:00Z.
    #[arg(long, default_value = "latest", value_name = "latest|SNAPSHOT|TIME", value_parser = backup_request)]
    pub(crate) backup: BackupRequest,
    /// What becomes of the replica when it's verified: the new standby, or deleted. The default is
    /// standby for the latest backup and discard for any other. The source's only verified replica
    /// is kept in any case.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) keep: Option<KeepChoice>,
    /// Start the drill and don't follow it.
    #[arg(long)]
    pub(crate) detach: bool,
    /// Who asks, for the evidence; else the user and the host.
    #[arg(long, env = "RESTORE_DRILL_REQUESTED_BY", value_name = "TEXT")]
    pub(crate) requested_by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Cost {
    /// The source whose last drill is taken.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
    /// The class of the replica, such as db.t4g.medium.
    #[arg(long, value_name = "CLASS", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) class: Option<String>,
    /// Its storage in GiB.
    #[arg(long, value_name = "GIB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) storage: Option<u32>,
    /// The type of its storage: gp2, gp3, io1, io2. Else the recorded one, or gp3.
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) storage_type: Option<String>,
    /// Provisioned IOPS of io1 or io2, which no record says.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) iops: Option<u32>,
    /// How long a restore takes, such as 22m; without a source.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) restore: Option<Span>,
    /// How long the checks take, such as 5m; without a source.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) checks: Option<Span>,
    /// A switch outside AWS is reached, whose address is a secret.
    #[arg(long)]
    pub(crate) heartbeat: bool,
    /// What the functions are built for; else arm64.
    #[arg(long, value_name = "NAME", value_parser = ARCHITECTURES)]
    pub(crate) architecture: Option<String>,
    /// Prices of your own, in the form of functions/drill/src/cost/prices.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// The source that is gone: its DB instance identifier.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: SourceId,
    /// A replica by its DB instance identifier; else the newest verified one.
    #[arg(long, value_name = "ID", value_parser = ReplicaId::parse)]
    pub(crate) replica: Option<ReplicaId>,
    /// Don't ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The source is still there, and the replica is to become production all the same.
    #[arg(long)]
    pub(crate) source_is_alive: bool,
    /// A configuration file with a section promotion, instead of the stored one.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// How long to go on, such as 90m; run it again to go on longer.
    #[arg(long, default_value = "3h", value_name = "SPAN", value_parser = span)]
    pub(crate) max_wait: Span,
    /// Who promotes, for the tag; else the user and the host.
    #[arg(long, env = "RESTORE_DRILL_REQUESTED_BY", value_name = "TEXT")]
    pub(crate) requested_by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The drill, such as courses-prod-20261121t030000z; else the last ones are listed.
    #[arg(value_parser = DrillId::parse)]
    pub(crate) drill: Option<DrillId>,
    /// Follow the drill to its report.
    #[arg(long, requires = "drill")]
    pub(crate) follow: bool,
    /// Only drills of this source.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only drills of this source.
    #[arg(long, env = "RESTORE_DRILL_SOURCE", value_name = "ID", value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
    /// How many drills at most.
    #[arg(long, default_value_t = 20, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChecksCommand {
    /// Read a configuration (TOML, or JSON by its name's end) and tell every mistake in it.
    Validate {
        /// The file, or - for standard input.
        file: PathBuf,
    },
    /// Print the JSON Schema of the configuration, for editors.
    Schema,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// What becomes of a verified replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeepChoice {
    /// It is stopped and becomes the standby; older ones are retired.
    Standby,
    /// It is deleted; older ones stay.
    Discard,
}

impl Run {
    /// What becomes of the replica, said outright, so that the evidence shows what was asked for.
    pub(crate) fn keep(&self) -> Keep {
        match (self.keep, &self.backup) {
            (Some(KeepChoice::Standby), _) | (None, BackupRequest::Latest) => Keep::Standby,
            (Some(KeepChoice::Discard) | None, _) => Keep::Discard,
        }
    }
}

/// Reads a level by the name that the configuration has for it.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    match text {
        "quick" => Ok(Level::Quick),
        "standard" => Ok(Level::Standard),
        "deep" => Ok(Level::Deep),
        _ => Err("it is quick, standard or deep".to_owned()),
    }
}

/// Reads an address, by the rule of the Terraform module.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let is_word = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@')
    };
    let fits = text.split_once('@').is_some_and(|(name, host)| {
        is_word(name) && host.rsplit_once('.').is_some_and(|(host, end)| is_word(host) && is_word(end))
    });
    if fits { Ok(text.to_owned()) } else { Err("an address has a name, an @ and a domain".to_owned()) }
}

fn span(text: &str) -> Result<Span, String> {
    Span::try_from(text.to_owned())
}

/// Reads which backup is meant. A time has a `T` or a space between date and clock and an offset,
/// which no snapshot's id can have.
fn backup_request(text: &str) -> Result<BackupRequest, String> {
    if text == "latest" {
        return Ok(BackupRequest::Latest);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(BackupRequest::PointInTime(at.with_timezone(&Utc)));
    }
    let looks_like_time = text.len() > 4 && text.bytes().take(4).all(|b| b.is_ascii_digit());
    if looks_like_time {
        return Err("a time is written with its date and offset, like 2026-11-21T02:15:00Z".to_owned());
    }
    SnapshotId::parse(text).map(BackupRequest::Snapshot).map_err(|error| error.problem.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn run(arguments: &[&str]) -> Run {
        let arguments = [&["restore-drill", "run", "--source", "courses-prod"], arguments].concat();
        match Arguments::try_parse_from(arguments).unwrap().command {
            Command::Run(run) => run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_the_latest_backup_becomes_the_standby_by_itself() {
        assert_eq!(run(&[]).keep(), Keep::Standby);
        assert_eq!(run(&["--backup", "rds:courses-prod-2026-11-21-02-03"]).keep(), Keep::Discard);
        assert_eq!(run(&["--backup", "2026-11-21T02:15:00Z"]).keep(), Keep::Discard);
        assert_eq!(run(&["--backup", "before-migration", "--keep", "standby"]).keep(), Keep::Standby);
        assert_eq!(run(&["--keep", "discard"]).keep(), Keep::Discard);
    }

    #[test]
    fn a_time_with_an_offset_is_read_as_utc() {
        let BackupRequest::PointInTime(at) = run(&["--backup", "2026-11-21T04:15:00+02:00"]).backup else {
            panic!("not a time")
        };
        assert_eq!(drill::ids::rfc3339(at), "2026-11-21T02:15:00Z");
    }

    #[test]
    fn a_time_without_an_offset_is_refused_instead_of_guessed() {
        assert!(backup_request("2026-11-21T02:15:00").is_err());
        assert!(backup_request("2026-11-21").is_err());
    }
}
