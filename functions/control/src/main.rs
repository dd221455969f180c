//! The artifact `control`: every step outside the VPC but the plan.

use std::process::ExitCode;

fn main() -> ExitCode {
    control::control()
}
