//! `convscope completions`: what makes a shell complete the command line, and the answers to it.
//!
//! The script that a shell reads asks the program itself, through a variable of the environment, what
//! may come next ([`answer`]). Names of networks are those of the catalogue and files; names of layers
//! are those of the network on the line. Nothing here asks the hub: a network of it must be in the cache.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::CompleteEnv;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::Shells;

use super::args::{CompletionsArgs, Line, has_command};
use super::{context, help, output};
use crate::base::Choice;
use crate::base::{Cancel, DeviceChoice, Progress, clean};
use crate::explorer::views::ViewId;
use crate::session::ask::{LayerInfo, Method, ModelRef, NetworkInfo, request};
use crate::session::{Options, Session};
use crate::source::is_checkpoint;

/// Set by the script, to the name of the shell.
const VARIABLE: &str = "CONVSCOPE_COMPLETE";

/// The shells that there are scripts for.
pub(super) fn shells() -> PossibleValuesParser {
    PossibleValuesParser::new(Shells::builtins().names().collect::<Vec<_>>())
}

/// Runs the command.
pub(super) fn run(args: &CompletionsArgs) -> Result<()> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell)
        .ok_or_else(|| anyhow!("an internal error: there is no script for {}", args.shell))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "convscope", "convscope", &program(), &mut script)?;
    Ok(output::print(&String::from_utf8_lossy(&script))?)
}

/// How the script calls this program: as it was called, from every folder.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_else(|| "convscope".into());
    let path = Path::new(&called);
    let whole = if path.components().count() > 1 { path.canonicalize().ok() } else { None };
    whole.as_deref().unwrap_or(path).to_string_lossy().into_owned()
}

/// Answers a shell's question, if the program was called for that.
///
/// # Errors
/// When the shell is none of those that there are scripts for.
pub(super) fn answer(arguments: &[OsString]) -> clap::error::Result<bool> {
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(move || line_for(std::env::args_os()))
        .var(VARIABLE)
        .try_complete(arguments.iter().cloned(), folder.as_deref())
}

/// The grammar of a line: where a command's name is only a flag's value (`--view explain`), without commands, or it would
/// be taken for one.
fn line_for(words: impl Iterator<Item = OsString>) -> clap::Command {
    let line = Line::command();
    let mut words: Vec<OsString> = words.skip_while(|word| word != "--").skip(1).collect();
    let last = words.pop();
    let names_command =
        |word: &OsString| word.to_str().is_some_and(|word| line.find_subcommand(word).is_some());
    let is_explorer = words.iter().any(names_command) && !has_command(&words) && last.is_some();
    if is_explorer { without_commands(&line) } else { line }
}

/// The explorer's flags alone.
fn without_commands(line: &clap::Command) -> clap::Command {
    let bare = clap::Command::new("convscope");
    bare.args(line.get_arguments().cloned()).groups(line.get_groups().cloned())
}

/// Names of views.
pub(super) fn views() -> Vec<CompletionCandidate> {
    ViewId::ALL.iter().map(|view| CompletionCandidate::new(view.name())).collect()
}

/// Topics of `help`.
pub(super) fn topics() -> Vec<CompletionCandidate> {
    let line = Line::command();
    let commands = line.get_subcommands().map(|command| {
        CompletionCandidate::new(command.get_name()).help(command.get_about().cloned())
    });
    let topics =
        help::TOPICS.map(|(name, about)| CompletionCandidate::new(name).help(Some(about.into())));
    commands.chain(topics).collect()
}

/// Names of methods that explain.
pub(super) fn methods() -> Vec<CompletionCandidate> {
    let candidate = |m: Method| CompletionCandidate::new(m.name()).help(Some(m.doc().into()));
    Method::all().map(candidate).collect()
}

/// Networks that have a name, and checkpoints and folders.
pub(super) fn models(current: &OsStr) -> Vec<CompletionCandidate> {
    let text = current.to_string_lossy();
    let mut found = Vec::new();
    if "builtin".starts_with(&*text) {
        found.push(CompletionCandidate::new("builtin").help(Some("part of the program".into())));
    }
    // A catalogue that is wrong is said when a command needs it.
    let catalogue = context::catalogue().unwrap_or_default();
    let named = catalogue.models().iter().filter(|model| model.name.starts_with(&*text));
    found.extend(
        named.map(|model| {
            CompletionCandidate::new(&model.name).help(Some(clean(&model.title).into()))
        }),
    );
    found.extend(PathCompleter::any().filter(is_checkpoint).complete(current));
    found
}

/// Layers of the network on the line, and the stages and blocks that they are in.
pub(super) fn layers(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(network) = network_on_the_line() else { return Vec::new() };
    let mut groups: Vec<String> = Vec::new();
    for layer in network.layers.iter() {
        for (dot, _) in layer.name.match_indices('.') {
            let group = layer.name.get(..dot).unwrap_or_default();
            let is_layer = network.layers.iter().any(|layer| layer.name == group);
            if !is_layer && !groups.iter().any(|known| known == group) {
                groups.push(group.to_string());
            }
        }
    }
    let text = current.to_string_lossy();
    let matching = groups.into_iter().filter(|group| group.starts_with(&*text));
    let words = |group| CompletionCandidate::new(group).help(Some("its last layer".into()));
    let groups = matching.map(words);
    groups.chain(names(&network, &text, |layer| Some(layer.op.clone()))).collect()
}

/// Convolutions of the network on the line.
pub(super) fn convolutions(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(network) = network_on_the_line() else { return Vec::new() };
    let op = |layer: &LayerInfo| layer.is_convolution().then(|| layer.op.clone());
    names(&network, &current.to_string_lossy(), op)
}

/// The layers whose names begin so and that have words about them.
fn names(
    network: &NetworkInfo,
    text: &str,
    about: impl Fn(&LayerInfo) -> Option<String>,
) -> Vec<CompletionCandidate> {
    let matching = network.layers.iter().filter(|layer| layer.name.starts_with(text));
    let candidate = |layer: &LayerInfo| {
        let about = about(layer)?;
        Some(CompletionCandidate::new(&layer.name).help(Some(about.into())))
    };
    matching.filter_map(candidate).collect()
}

/// The network that `--model` names, if it is on this machine.
fn network_on_the_line() -> Option<Arc<NetworkInfo>> {
    let named = model_in(std::env::args_os().skip_while(|word| word != "--"));
    let named = named.unwrap_or_else(|| "builtin".into());
    let catalogue = Arc::new(context::catalogue().ok()?);
    let model = ModelRef::at(Path::new(&named), &catalogue).ok()?;
    let device = DeviceChoice::Cpu;
    let session = Session::new(Options { device, catalogue, offline: true, ..Options::default() });
    // What keeps it from loading is said when a command needs it.
    session.ask(&request::Network(model), &Cancel::new(), &mut Progress::none()).ok()
}

/// The value of the last `--model` among words.
fn model_in(words: impl Iterator<Item = OsString>) -> Option<OsString> {
    let mut words = words.peekable();
    let mut found = None;
    while let Some(word) = words.next() {
        if word == "--model" {
            found = words.peek().cloned();
        } else if let Some(value) = word.to_str().and_then(|word| word.strip_prefix("--model=")) {
            found = Some(value.into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commands_name_as_a_value_is_not_the_command() {
        let commands = |line: &str| line_for(line.split(' ').map(OsString::from)).has_subcommands();
        assert!(!commands("-- convscope --view explain --th"));
        assert!(!commands("-- convscope a.png --layer layers --th"));
        assert!(commands("-- convscope --view explain maps --th"));
        assert!(commands("-- convscope maps --th") && commands("-- convscope --view e"));
        assert!(commands("-- convscope ma"));
    }

    #[test]
    fn the_last_model_counts() {
        let found = |line: &str| model_in(line.split(' ').map(OsString::from));
        assert_eq!(found("-- convscope layers"), None);
        assert_eq!(found("-- convscope --model a layers --model=b"), Some("b".into()));
        assert_eq!(found("-- convscope --model=a maps --model c --layer"), Some("c".into()));
        assert_eq!(found("-- convscope maps --model"), None);
    }
}
