//! The files: never over another one.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use drill::setup::{
    files::{self, BACKEND, CONFIGURATION, Choice, ROOT},
    source::Facts,
};

/// Refuses while one of the files is there already.
pub(crate) fn refuse_to_overwrite(directory: &Path) -> Result<()> {
    for name in [CONFIGURATION, ROOT, BACKEND] {
        let path = directory.join(name);
        if path.symlink_metadata().is_ok() {
            bail!(in_the_way(&path));
        }
    }
    Ok(())
}

fn in_the_way(path: &Path) -> String {
    format!(
        "{} is there already, and init overwrites nothing\nHINT: name another folder with --directory; a second source \
         of the same deployment is added to sources in its {ROOT}, with a configuration of its own",
        path.display()
    )
}

/// Writes the files; gives their paths.
pub(crate) fn write(directory: &Path, choice: &Choice, facts: &Facts) -> Result<Vec<String>> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("making the folder {}", directory.display()))?;
    let texts = [
        (CONFIGURATION, files::configuration(choice)),
        (ROOT, files::root(choice, facts)),
        (BACKEND, files::backend(choice, facts)),
    ];
    let mut written = Vec::new();
    for (name, text) in texts {
        let path = directory.join(name);
        // Made anew or not at all: somebody may have made it since we looked.
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(in_the_way(&path)),
            Err(error) => return Err(error).with_context(|| format!("making {}", path.display())),
        };
        file.write_all(text.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}
