//! `convscope doctor`: what the terminal, the devices, the CPU, the cache and the hub can do, and what to
//! do about what they cannot.
//!
//! Whatever it finds is said and is no failure. Every part is looked at on a thread of its own and has
//! only so much time: drivers, disks and networks may hang.

mod hub;
mod machine;
mod terminal;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use super::args::{DoctorArgs, Flags};
use super::report::Head;
use super::{context, output};
use crate::base::clean;
use crate::config::{Settings, config_dir};
use crate::explorer::load_keys;

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(8);

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Finding {
    ok: bool,
    what: String,
    /// What to do about it, where it is not ok.
    advice: Option<String>,
}

fn yes(what: impl Into<String>) -> Finding {
    Finding { ok: true, what: what.into(), advice: None }
}

fn no(what: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { ok: false, what: what.into(), advice: Some(advice.into()) }
}

/// What every part may need.
struct Known {
    settings: Settings,
    offline: bool,
}

/// Something that can be looked at.
struct Part {
    name: &'static str,
    look: fn(&Known) -> Vec<Finding>,
    /// What to do when that takes too long.
    advice: &'static str,
}

const PARTS: [Part; 5] = [
    Part {
        name: "terminal",
        look: terminal::look,
        advice: "set what it supports with --graphics and --theme",
    },
    Part { name: "devices", look: machine::devices, advice: "a driver hangs: use --device cpu" },
    Part { name: "cpu", look: machine::cpu, advice: "try again when the machine is less busy" },
    Part {
        name: "cache",
        look: hub::cache,
        advice: "its disk hangs: set HF_HUB_CACHE to a folder elsewhere",
    },
    Part {
        name: "hub",
        look: hub::hub,
        advice: "the connection hangs: --offline uses what is on this machine",
    },
];

#[derive(Serialize)]
struct Report<'a> {
    findings: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    part: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &DoctorArgs) -> Result<()> {
    let (settings, found) = settings(flags)?;
    let known = Arc::new(Known { settings, offline: flags.offline });
    let end = Instant::now() + LIMIT;
    let answers = PARTS.map(|part| (part.name, part.advice, start(&known, part.look)));
    let mut all = vec![("settings", found)];
    for (name, advice, answer) in answers {
        all.push((name, wait(&answer, end, name, advice)));
    }
    let rows = all
        .iter()
        .flat_map(|(part, findings)| findings.iter().map(|finding| Row { part, finding }));
    let text = if args.report.json {
        Head::alone().with(Report { findings: rows.collect() })?
    } else {
        human(&all)
    };
    Ok(output::print(&text)?)
}

fn start(known: &Arc<Known>, look: fn(&Known) -> Vec<Finding>) -> Receiver<Vec<Finding>> {
    let (sender, receiver) = channel();
    let known = known.clone();
    // Without a thread there is no answer, which is said; without a listener nobody wants it.
    let _ = thread::Builder::new().spawn(move || sender.send(look(&known)));
    receiver
}

fn wait(answer: &Receiver<Vec<Finding>>, end: Instant, name: &str, advice: &str) -> Vec<Finding> {
    match answer.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(findings) => findings,
        Err(RecvTimeoutError::Timeout) => {
            vec![no(format!("no answer within {} seconds", LIMIT.as_secs()), advice)]
        }
        Err(RecvTimeoutError::Disconnected) => {
            vec![no(format!("looking at the {name} failed"), "please report it with the log")]
        }
    }
}

/// What to do about a key that cannot be bound.
const KEPT: &str = "in keys.toml, give C-c to quit and to nothing else";

/// The settings in force, the defaults where the file is wrong, and what there is to say about the files.
fn settings(flags: &Flags) -> Result<(Settings, Vec<Finding>)> {
    let advice = "correct the file, or move it away: `convscope config init` writes a new one";
    let wrong = |error: &anyhow::Error| no(format!("{error:#}"), advice);
    let mut found = Vec::new();
    let settings = match context::settings(flags) {
        Ok(settings) => settings,
        Err(error) => {
            found.push(wrong(&error));
            context::overlaid(Settings::load(None)?, flags)
        }
    };
    let keys = || {
        let path = config_dir().map(|folder| folder.join("keys.toml"));
        let text = path.as_deref().map(context::read_if_there).transpose()?.flatten();
        anyhow::Ok(load_keys(path.as_deref().zip(text.as_deref()))?)
    };
    match keys() {
        Ok(keys) => found.extend(keys.notes().iter().map(|note| no(note, KEPT))),
        Err(error) => found.push(wrong(&error)),
    }
    found.extend(context::catalogue().err().as_ref().map(wrong));
    if found.is_empty() {
        found.push(match config_dir() {
            Some(folder) => yes(format!("the files in {} are understood", output::shown(&folder))),
            None => no(
                "there is no home folder: the defaults apply",
                "set CONVSCOPE_CONFIG_DIR to the folder of the settings",
            ),
        });
    }
    Ok((settings, found))
}

fn human(all: &[(&str, Vec<Finding>)]) -> String {
    let mut text = String::new();
    for (part, findings) in all {
        text.push_str(part);
        text.push('\n');
        for Finding { ok, what, advice } in findings {
            let word = if *ok { "ok" } else { "– " };
            text.push_str(&format!("  {word}  {}\n", clean(what)));
            if let Some(advice) = advice {
                text.push_str(&format!("      {}\n", clean(advice)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_part_that_hangs_or_fails_is_a_finding() {
        let settings = Settings::load(None).unwrap();
        let known = Arc::new(Known { settings, offline: true });
        let soon = Instant::now() + Duration::from_millis(50);
        let hanging = start(&known, |_| {
            thread::sleep(Duration::from_secs(60));
            Vec::new()
        });
        let found = wait(&hanging, soon, "disk", "wait");
        assert_eq!(found, [no("no answer within 8 seconds", "wait")]);
        let (sender, failing) = channel();
        drop(sender);
        let found = wait(&failing, soon, "disk", "wait");
        assert!(!found[0].ok && found[0].what.contains("disk"));
        let quick = start(&known, |_| vec![yes("fine")]);
        assert_eq!(wait(&quick, Instant::now() + Duration::from_secs(60), "", ""), [yes("fine")]);
    }
}
