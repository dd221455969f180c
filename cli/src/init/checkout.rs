//! Where the Terraform module and the zips are, as `main.tf` in its own folder names them.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::arguments::{ARCHITECTURES, Init};

/// The two addresses, and what the zips are built for.
pub(crate) struct Checkout {
    pub(crate) module: String,
    pub(crate) artifacts: String,
    pub(crate) architecture: &'static str,
}

impl Checkout {
    /// What the flags say; else the checkout that the working directory is in.
    pub(crate) fn of(arguments: &Init) -> Result<Self> {
        let here = std::env::current_dir().context("asking where we are")?;
        let directory = lexically(&here.join(&arguments.directory));
        let found = here.ancestors().find(|place| is_checkout(place));
        let within = |folder: &str| found.map(|place| relative(&directory, &place.join(folder)));
        let Some(module) = arguments.module.clone().or_else(|| within("infra")) else {
            bail!(
                "the Terraform module isn't found from here\nHINT: run it inside a checkout of restore-drill, or name \
                 the module with --module, such as --module ../restore-drill/infra"
            )
        };
        let beside = format!("{module}/../target/lambda");
        let artifacts = arguments.artifacts.clone().or_else(|| within("target/lambda")).unwrap_or(beside);
        let asked = arguments.architecture.as_deref();
        Ok(Self { module, architecture: architecture(asked, &artifacts), artifacts })
    }
}

/// What the zips are built for: what was said, else what their folder is called after, else this machine's.
fn architecture(asked: Option<&str>, artifacts: &str) -> &'static str {
    let own = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" };
    let last = Path::new(artifacts).file_name().map(|name| name.to_string_lossy().into_owned());
    let is = |name: &&str| match asked {
        Some(asked) => asked == *name,
        None => last.as_ref().is_some_and(|last| last.contains(name)),
    };
    ARCHITECTURES.into_iter().find(is).unwrap_or(own)
}

fn is_checkout(place: &Path) -> bool {
    place.join("infra/versions.tf").is_file() && place.join("statemachine/drill.asl.json").is_file()
}

/// The path without `.` and `..`, which needs no folder to be there.
fn lexically(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
        path
    })
}

/// How to go from one folder to another, as Terraform wants it: beginning with `./` or `../`.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts = vec!["..".to_owned(); from.len() - shared];
    if parts.is_empty() {
        parts.push(".".to_owned());
    }
    parts.extend(to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned()));
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zips_are_for_what_was_said_or_what_their_folder_is_called_after() {
        assert_eq!(architecture(None, "../target/package/arm64"), "arm64");
        assert_eq!(architecture(None, "../restore-drill-lambdas-x86_64"), "x86_64");
        assert_eq!(architecture(Some("x86_64"), "../target/package/arm64"), "x86_64");
        let own = architecture(None, "../arm64/target/lambda");
        assert_eq!(own == "arm64", cfg!(target_arch = "aarch64"));
    }

    #[test]
    fn the_way_to_the_module_is_relative() {
        let way = |from: &str, to: &str| relative(&lexically(Path::new(from)), Path::new(to));
        assert_eq!(way("/home/anna/restore-drill", "/home/anna/infra"), "../infra");
        assert_eq!(way("/home/anna/a/../b/./c", "/home/anna/infra"), "../../infra");
        assert_eq!(way("/home/anna", "/home/anna/infra"), "./infra");
        assert_eq!(way("/elsewhere", "/home/anna/target/lambda"), "../home/anna/target/lambda");
    }
}
