//! Decides how trees of files are copied, given away and removed.
//!
//! A copy shares no file with its original, at most its blocks, where the file system has reflinks.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::ioctl_ficlone;

use super::{Doing, JobError, Owner};
use crate::clock;

/// Directories whose contents a base backup leaves out; the server makes them anew.
const EMPTIED: [&str; 7] =
    ["pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"];

/// Files that belong to a running server only.
const LEFT_OUT: [&str; 3] = ["postmaster.pid", "postmaster.opts", "pg_internal.init"];

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// What is done with the write-ahead log when a data directory is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteAheadLog {
    /// It is copied like all else.
    Copied,
    /// Its directory is made and left empty.
    LeftOut,
}

/// Makes a directory that only the owner can enter.
pub(super) fn make_directory(path: &Path, owner: Owner) -> Result<(), JobError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .doing(|| format!("making {}", path.display()))?;
    owner.give(path)
}

/// Writes a file that only the owner can read.
pub(super) fn write(path: &Path, text: &str, owner: Owner) -> Result<(), JobError> {
    fs::write(path, text).doing(|| format!("writing {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .doing(|| format!("protecting {}", path.display()))?;
    owner.give(path)
}

/// Copies a data directory, running or not. A file that vanishes meanwhile is left out.
pub(super) fn copy_data(from: &Path, to: &Path, log: WriteAheadLog, owner: Owner) -> Result<(), JobError> {
    make_directory(to, owner)?;
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.doing(|| format!("reading {}", from.display()))?,
    };
    for entry in entries {
        let entry = entry.doing(|| format!("reading {}", from.display()))?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if LEFT_OUT.contains(&text.as_ref()) || text.starts_with("pgsql_tmp") {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        let kind = match entry.file_type() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.doing(|| format!("looking at {}", source.display()))?,
        };
        if !kind.is_dir() {
            copy_file(&source, &target, owner)?;
        } else if EMPTIED.contains(&text.as_ref()) {
            make_directory(&target, owner)?;
        } else if text == "pg_wal" && log == WriteAheadLog::LeftOut {
            make_directory(&target.join("archive_status"), owner)?;
            owner.give(&target)?;
        } else {
            copy_data(&source, &target, log, owner)?;
        }
    }
    Ok(())
}

/// Copies one file; one that isn't there any more is no error.
pub(super) fn copy_file(from: &Path, to: &Path, owner: Owner) -> Result<(), JobError> {
    let source = match File::open(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.doing(|| format!("opening {}", from.display()))?,
    };
    let target = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .doing(|| format!("making {}", to.display()))?;
    if ioctl_ficlone(&target, &source).is_err() {
        copy_bytes(source, target).doing(|| format!("copying {}", from.display()))?;
    }
    owner.give(to)
}

/// Reads and writes: where there are no reflinks, this took half the time of `copy_file_range`,
/// which is what the standard library uses.
fn copy_bytes(mut from: File, mut to: File) -> std::io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => to.write_all(&buffer[..read])?,
        }
    }
}

/// Removes a tree whose name nobody finds from the first moment on.
pub(super) fn retire(path: &Path) -> Result<(), JobError> {
    let gone = path.with_extension("gone");
    match fs::rename(path, &gone) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => {
            other.doing(|| format!("moving {} away", path.display()))?;
            remove(&gone)
        }
    }
}

/// Removes a tree; one that isn't there is no error. Tries again while a server that ends still
/// writes.
pub(super) fn remove(path: &Path) -> Result<(), JobError> {
    const TRIES: u32 = 20;
    for attempt in 1..=TRIES {
        match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound && !path.exists() => return Ok(()),
            Err(source) if attempt == TRIES => {
                let doing = format!("removing {}", path.display());
                return Err(JobError::Io { doing, source });
            }
            Err(_) => clock::pause_thread(Duration::from_millis(100)),
        }
    }
    Ok(())
}
