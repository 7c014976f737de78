//! Arguments, log file, exit code: everything else is in the library.

use std::fs::{self, File};
use std::process::ExitCode;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;

/// A log that grew past this starts anew.
const LOG_LIMIT: u64 = 1 << 20;

fn main() -> ExitCode {
    if let Some(file) = log_file() {
        let level = std::env::var("CONVSCOPE_LOG").ok().and_then(|level| level.parse().ok());
        let _ = tracing_subscriber::fmt()
            .with_writer(Mutex::new(file))
            .with_ansi(false)
            .with_max_level(level.unwrap_or(LevelFilter::INFO))
            .try_init();
    }
    convscope::cli::run(std::env::args_os())
}

/// The log file, never the terminal, a link or a pipe. A program that cannot log still does its work.
fn log_file() -> Option<File> {
    let folder = convscope::config::state_dir()?;
    fs::create_dir_all(&folder).ok()?;
    let file = convscope::base::open_to_append(&folder.join("convscope.log")).ok()?;
    if file.metadata().is_ok_and(|data| data.len() > LOG_LIMIT) {
        file.set_len(0).ok()?;
    }
    Some(file)
}
