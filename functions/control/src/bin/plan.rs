//! The artifact `plan`: the step that reads what people wrote, and freezes the plan.

use std::process::ExitCode;

fn main() -> ExitCode {
    control::plan()
}
