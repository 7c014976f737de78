//! `convscope man`: the manual page, made from the definition of the command line.

use std::io;

use anyhow::Result;
use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Line;
use super::output;

/// Runs the command.
pub(super) fn run() -> Result<()> {
    Ok(output::print(&page()?)?)
}

/// One page in roff: the program, then a section for each command.
fn page() -> io::Result<String> {
    let line = Line::command();
    // Commands as they are written, before clap hands them the flags that stand everywhere: those are
    // said once.
    let commands: Vec<clap::Command> = line.get_subcommands().cloned().collect();
    let mut page = Vec::new();
    let whole = Man::new(line);
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    for command in commands {
        page.extend_from_slice(section(command)?.as_bytes());
    }
    whole.render_version_section(&mut page)?;
    String::from_utf8(page).map_err(io::Error::other)
}

/// A command's own page without its title, its sections one level down.
fn section(command: clap::Command) -> io::Result<String> {
    let name = format!("convscope {}", command.get_name());
    let heading = format!(".SH \"{}\"\n", name.to_uppercase());
    let man = Man::new(command.display_name(&name).bin_name(&name).disable_help_flag(true));
    let mut text = Vec::new();
    man.render_description_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok(heading + &text.replace(".SH ", ".SS "))
}
