//! restore-drill: runs restore drills from a terminal and shows what they found.
//!
//! Parses, calls the same code as the deployed functions, prints. It starts executions of the
//! state machine and reads evidence; it has no call that creates, stops or deletes an instance.

mod arguments;
mod checks;
mod exit;
mod output;

use std::process::ExitCode;

use anyhow::Result;
use arguments::{Arguments, ChecksCommand, Command};
use clap::Parser;
use exit::Exit;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::of_process(arguments.output);
    match run(&arguments, &output) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.problem(&format!("{error:#}"));
            Exit::Other.into()
        }
    }
}

fn run(arguments: &Arguments, output: &Output) -> Result<Exit> {
    match &arguments.command {
        Command::Checks { command: ChecksCommand::Schema } => checks::schema(output),
        Command::Checks { command: ChecksCommand::Validate { file } } => checks::validate(file, output),
        _ => anyhow::bail!("not yet"),
    }
}
