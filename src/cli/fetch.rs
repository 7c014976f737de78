//! `convscope fetch`: a network from the hub to this machine.

use std::io::{IsTerminal, stdout};

use anyhow::{Result, bail};

use super::args::{FetchArgs, Flags};
use super::context::{Context, Keep};
use super::failure;
use super::output::{self, Target, shown};
use crate::session::ask::{ModelRef, request};

/// Runs the command. stdout gets the path and nothing else, so that it can be handed on.
pub(super) fn run(flags: &Flags, args: &FetchArgs) -> Result<()> {
    let context = Context::with_model(flags, Keep::Newest, &args.network)?;
    if let ModelRef::File(path) = &context.model
        && !path.exists()
    {
        bail!("{}: no such file", shown(path));
    }
    let fetched = context.transfer(&request::Fetch(context.model.clone()))?;
    for note in &fetched.notes {
        failure::note(note);
    }
    match &fetched.path {
        // A program gets the bytes of the name, a person what is harmless to the terminal.
        Some(path) if stdout().is_terminal() => output::print(&format!("{}\n", shown(path)))?,
        Some(path) => {
            Target::Stdout.write(&[path.as_os_str().as_encoded_bytes(), b"\n"].concat())?;
        }
        None => {
            failure::say("the built-in network is part of the program; there is nothing to fetch")
        }
    }
    Ok(())
}
