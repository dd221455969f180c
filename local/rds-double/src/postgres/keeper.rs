//! Keeps one server and ends it when the double ends, however the double ends.
//!
//! The double runs itself again as a keeper, in a process group of its own, with a pipe that
//! nobody writes to. When the double is gone, even killed, the system closes the pipe, and the
//! keeper stops the server. A parent-death signal would not do: it is lost when the user changes
//! and it watches a thread, not a process.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What the double writes to have the server stopped in good order.
pub(super) const STOP: u8 = b's';

/// How long a server may take to stop before it is killed.
const STOP_MAX: Duration = Duration::from_secs(50);

/// How long a server may take to stop once the double is gone.
const ABANDONED_MAX: Duration = Duration::from_secs(8);

/// How often the server is looked at.
const LOOK: Duration = Duration::from_millis(20);

enum Word {
    Stop,
    Gone,
}

/// Runs `program` as the given user until it ends or the double is gone. The body of the
/// keeper's process.
///
/// # Errors
/// If the program can't be started.
pub fn keep(user: Option<(u32, u32)>, program: &[String]) -> io::Result<ExitCode> {
    let (name, arguments) = program.split_first().ok_or_else(|| io::Error::other("no program to keep"))?;
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).process_group(0);
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    let mut child = command.spawn()?;
    let (sender, words) = mpsc::channel();
    let listener = sender.clone();
    std::thread::spawn(move || {
        let mut pipe = io::stdin().lock();
        let mut byte = [0];
        while let Ok(1) = pipe.read(&mut byte) {
            if byte[0] == STOP && listener.send(Word::Stop).is_err() {
                return;
            }
        }
        // The receiver is gone only if the server is.
        let _ = listener.send(Word::Gone);
    });
    let mut deadline = None;
    loop {
        if let Some(status) = child.try_wait()? {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(ExitCode::from(code.unwrap_or(1)));
        }
        match words.recv_timeout(LOOK) {
            Ok(Word::Stop) => deadline = Some(end(&child, Signal::INT, STOP_MAX)),
            Ok(Word::Gone) => deadline = Some(end(&child, Signal::QUIT, ABANDONED_MAX)),
            // Nothing was said. The sender here keeps the channel open, so it is always that.
            Err(_) => {}
        }
        if deadline.is_some_and(|deadline| Instant::now() > deadline) {
            child.kill()?;
        }
    }
}

/// Signals the server and says by when it must have ended.
fn end(child: &Child, signal: Signal, at_most: Duration) -> Instant {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // A server that has ended by itself can't be signalled; the loop sees that it has.
        let _ = kill_process(pid, signal);
    }
    Instant::now() + at_most
}
