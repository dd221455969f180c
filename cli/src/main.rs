//! restore-drill: runs restore drills from a terminal and shows what they found.
//!
//! Parses, calls the same code as the deployed functions, prints. It starts executions of the
//! state machine and reads evidence. Two commands change instances, with the rights of who runs them:
//! `promote`, and `sweep --delete`.

mod arguments;
mod checks;
mod clock;
mod conclude;
mod cost;
mod deployment;
mod doctor;
mod executions;
mod exit;
mod follow;
mod history;
mod init;
mod operator;
mod output;
mod progress;
mod promote;
mod report;
mod run;
mod status;
mod sweep;
mod table;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use arguments::{Arguments, ChecksCommand, Command};
use clap::Parser;
use exit::Exit;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::of_process(arguments.output);
    match run(&arguments, output) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // The chain, one cause a line: a hint is a line of its own.
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            output.problem(&causes.join("\n"));
            Exit::Other.into()
        }
    }
}

fn run(arguments: &Arguments, output: Output) -> Result<Exit> {
    let place = &arguments.place;
    let command = async {
        match &arguments.command {
            Command::Init(init) => init::init(init, place, output).await,
            Command::Doctor(doctor) => doctor::doctor(doctor, place, output).await,
            Command::Run(run) => run::run(run, place, output).await,
            Command::Status(status) => status::status(status, place, output).await,
            Command::History(history) => history::history(history, place, output).await,
            Command::Cost(cost) => cost::cost(cost, place, output).await,
            Command::Promote(promote) => promote::promote(promote, place, output).await,
            Command::Sweep { delete } => sweep::sweep(*delete, place, output).await,
            Command::Report { drill } => report::report(drill, place, output).await,
            Command::Checks { command: ChecksCommand::Schema } => checks::schema(),
            Command::Checks { command: ChecksCommand::Validate { file } } => checks::validate(file, output),
        }
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting to listen for answers")?
        .block_on(command)
}
