//! Arguments, log file, exit code: everything else is in the library.

use std::fs::{self, File, OpenOptions};
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

/// The log file, never the terminal. A program that cannot log still does its work.
fn log_file() -> Option<File> {
    let folder = convscope::config::state_dir()?;
    fs::create_dir_all(&folder).ok()?;
    let path = folder.join("convscope.log");
    let long = fs::metadata(&path).is_ok_and(|data| data.len() > LOG_LIMIT);
    let mut options = OpenOptions::new();
    if long {
        options.write(true).truncate(true)
    } else {
        options.append(true)
    };
    options.create(true).open(path).ok()
}
