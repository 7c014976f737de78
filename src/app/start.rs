//! How the explorer starts: its keys, its state, and what the terminal says about itself.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use crossbeam_channel::unbounded;

use super::{App, Ended};
use crate::base::{Graphics, LayerId, clean, read_small_text};
use crate::config::{Catalogue, Display, KeyTable, Settings, config_dir};
use crate::explorer::views::ViewId;
use crate::explorer::{Effect, Given, Message, Opening, State, load_keys, start};
use crate::session::ask::{KnockOut, Look, ModelRef, PhotoRef};
use crate::session::{Lanes, Session};
use crate::terminal::graphics::Encoder;
use crate::terminal::probe::{self, Capabilities};
use crate::terminal::window::Window;
use crate::terminal::{colors, guard, signals};

/// How long the terminal may think about what it can do.
const PROBE: Duration = Duration::from_millis(150);
/// Most bytes of the user's keys.
const KEYS: u64 = 1 << 20;

/// What the explorer starts with.
pub struct Start {
    /// What answers.
    pub session: Arc<Session>,
    /// How it looks.
    pub settings: Settings,
    /// The network.
    pub model: ModelRef,
    /// The photos; at least one.
    pub photos: Vec<PhotoRef>,
    /// The view.
    pub view: Option<ViewId>,
    /// A layer.
    pub layer: Option<LayerId>,
    /// A channel.
    pub channel: Option<usize>,
    /// What is knocked out from the start.
    pub knock_outs: Vec<KnockOut>,
    /// The networks with a name.
    pub catalogue: Arc<Catalogue>,
    /// The flags that change what is computed, as they were given.
    pub flags: Given,
    /// Colors and range as the settings have them, without the command line.
    pub usual_look: Look,
}

/// Runs the explorer until the user leaves.
///
/// # Errors
/// When the terminal cannot be taken or written, or the user's keys are wrong.
pub fn run(start_with: Start) -> Result<()> {
    let keys = Arc::new(user_keys()?);
    let depth = colors::depth(start_with.settings.display.colors);
    let session = start_with.session.clone();
    let display = start_with.settings.display.clone();
    let size = Window::new(None).size();
    let mut state = State::new(opening(start_with), keys.clone(), (size.columns, size.rows));
    state.terminal.cell_aspect = size.aspect;
    if !keys.notes().is_empty() {
        state.message = Some(Message { text: keys.notes().join("; "), error: false });
    }
    // Before the screen is taken: a signal must find somebody who gives it back.
    let (tell_signals, signals) = unbounded();
    signals::listen(tell_signals)?;
    let guard = guard::Guard::take().context("the terminal cannot be put into raw mode")?;
    // The weights are read meanwhile.
    let (tell_events, events) = unbounded();
    let lanes = Lanes::start(&session, &tell_events)?;
    let first = start(&mut state);
    send(&lanes, &first);
    let terminal = ask(&display);
    let graphics = probe::choose(display.graphics, &terminal);
    let encoder = Encoder::new(graphics, &terminal);
    if let Some(encoder) = &encoder {
        guard::expect_pictures(encoder);
    }
    state.terminal.cell_pixels = encoder.map(|encoder| encoder.cell);
    state.terminal.theme = colors::theme(display.theme, terminal.background);
    let mut app = App::new(state, depth, lanes, events, signals, encoder, &terminal)?;
    app.typed(terminal.typed)?;
    let ended = app.run();
    drop(guard);
    match ended? {
        Ended::Quit => {}
        Ended::Signal(number) => signals::end(number),
    }
    Ok(())
}

/// What the terminal says about itself. It is not asked where the settings say how pictures are shown.
fn ask(display: &Display) -> Capabilities {
    if display.graphics == Graphics::Auto { probe::probe(PROBE) } else { probe::unasked() }
}

/// Hands the first requests to the lanes.
fn send(lanes: &Lanes, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Transfer(request) => lanes.transfer(request.clone()),
            Effect::Run(request) => lanes.run(request.clone()),
            _ => {}
        }
    }
}

fn opening(start: Start) -> Opening {
    let display = &start.settings.display;
    Opening {
        model: start.model,
        photos: start.photos,
        view: start.view.unwrap_or(ViewId::Maps),
        layer: start.layer,
        channel: start.channel,
        look: Look::on_screen(display),
        sort: display.sort_on_screen(),
        tile: display.tile,
        device: start.settings.run.device,
        catalogue: start.catalogue,
        flags: start.flags,
        usual_look: start.usual_look,
        real: None,
        theme: display.theme,
        knock_outs: start.knock_outs,
    }
}

/// The keys with the user's file over them.
fn user_keys() -> Result<KeyTable> {
    let path = config_dir().map(|dir| dir.join("keys.toml"));
    let read = |path: &std::path::PathBuf| {
        let name = || clean(&path.display().to_string());
        read_small_text(path, KEYS).map_err(|error| anyhow!("{}: {error}", name()))
    };
    let text = path.as_ref().map(read).transpose()?.flatten();
    Ok(load_keys(path.as_deref().zip(text.as_deref()))?)
}
