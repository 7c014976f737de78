//! The one loop that joins terminal, explorer, session and screen.

use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Select, unbounded};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use signal_hook::consts::SIGHUP;

use crate::base::{ColorDepth, Graphics, Key, LayerId, Theme, clean};
use crate::config::{Catalogue, Display, KeyTable, Settings, config_dir};
use crate::explorer::{
    Effect, Message, Msg, Opening, Printed, Spot, State, Work, demand, load_keys, start, update,
    views,
};
use crate::fault;
use crate::screen::{self, NoPictures, Pictures};
use crate::session::ask::{Answer, Look, ModelRef, PhotoRef, Request, SessionError};
use crate::session::{Event, Lanes, Session};
use crate::terminal::graphics::Encoder;
use crate::terminal::pictures::RealPictures;
use crate::terminal::probe::{self, Capabilities};
use crate::terminal::{clipboard, colors, guard, inline, input, signals};

/// A frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);
/// After a key, tiles that come within this time are drawn with it instead of a frame later.
const SETTLE: Duration = Duration::from_millis(8);

/// While something runs, its clock goes on at this pace.
const SPIN: Duration = Duration::from_millis(100);
/// Real pictures follow when no key was pressed for so long.
const REST: Duration = Duration::from_millis(80);
/// How long the terminal may think about what it can do.
const PROBE: Duration = Duration::from_millis(150);

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
    /// A view's name.
    pub view: Option<String>,
    /// A layer.
    pub layer: Option<LayerId>,
    /// A channel.
    pub channel: Option<usize>,
    /// The networks with a name.
    pub catalogue: Arc<Catalogue>,
    /// The flags that change what is computed, as they were given.
    pub flags: Vec<String>,
    /// Colours and range as the settings have them, without the command line.
    pub usual_look: Look,
}

/// Runs the explorer until the user leaves.
///
/// # Errors
/// When the terminal cannot be taken or written, or the user's keys are wrong.
pub fn run(start_with: Start) -> Result<()> {
    let keys = Arc::new(user_keys()?);
    let (columns, rows, aspect) = input::size().context("the terminal has no size")?;
    let depth = colors::depth(start_with.settings.display.colors);
    let session = start_with.session.clone();
    let display = start_with.settings.display.clone();
    let mut state = State::new(opening(start_with), keys, (columns, rows));
    state.cell_aspect = aspect;
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
    state.real = encoder.map(|encoder| encoder.cell);
    state.theme = colors::theme(display.theme, terminal.background);
    let mut app = App::new(state, depth, lanes, events, signals, encoder)?;
    let ended = match app.typed(terminal.typed)? {
        Some(ended) => Ok(ended),
        None => app.run(),
    };
    drop(guard);
    match ended? {
        Ended::Quit => {}
        Ended::Signal(number) => signals::end(number),
    }
    Ok(())
}

/// What the terminal says about itself. It is not asked where the settings say all of it.
fn ask(display: &Display) -> Capabilities {
    let known = !matches!(display.graphics, Graphics::Auto | Graphics::Sixel);
    if known && display.theme != Theme::Auto {
        return Capabilities::default();
    }
    probe::probe(PROBE, display.graphics == Graphics::Auto)
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
        view: start.view.as_deref().and_then(views::find).unwrap_or(0),
        layer: start.layer,
        channel: start.channel.unwrap_or(0),
        look: Look::from(display),
        sort: display.sort,
        tile: display.tile,
        device: start.settings.run.device,
        catalogue: start.catalogue,
        flags: start.flags,
        usual_look: start.usual_look,
        real: None,
        theme: display.theme,
    }
}

/// The keys with the user's file over them.
fn user_keys() -> Result<KeyTable> {
    let path: Option<PathBuf> = config_dir().map(|dir| dir.join("keys.toml"));
    let Some(path) = path.filter(|p| p.exists()) else { return Ok(load_keys(None)?) };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(load_keys(Some((&path, &text)))?)
}

enum Ended {
    Quit,
    Signal(i32),
}

struct App {
    state: State,
    lanes: Lanes,
    events: Receiver<Event>,
    inputs: Receiver<input::Input>,
    signals: Receiver<signals::Signal>,
    terminal: Terminal<CrosstermBackend<BufWriter<guard::Screen>>>,
    depth: ColorDepth,
    /// Real pictures, on terminals that show them.
    pictures: Option<RealPictures>,
    /// When the last key came.
    touched: Instant,
    /// What the View lane was asked for and has not answered.
    asked: HashSet<Request>,
    working_since: Instant,
    /// When the last frame was drawn.
    drawn: Instant,
    /// Something changed since.
    dirty: bool,
    /// A key or the mouse changed it.
    urgent: bool,
}

impl App {
    fn new(
        state: State,
        depth: ColorDepth,
        lanes: Lanes,
        events: Receiver<Event>,
        signals: Receiver<signals::Signal>,
        encoder: Option<Encoder>,
    ) -> Result<Self> {
        // crossterm drops all colours under NO_COLOR; the theme has taken care of it.
        crossterm::style::force_color_output(true);
        let (tell_inputs, inputs) = unbounded();
        input::listen(tell_inputs)?;
        let out = BufWriter::with_capacity(1 << 18, guard::Screen::new());
        let terminal = Terminal::new(CrosstermBackend::new(out))?;
        let now = Instant::now();
        Ok(Self {
            state,
            lanes,
            events,
            inputs,
            signals,
            terminal,
            depth,
            pictures: encoder.map(RealPictures::start).transpose()?,
            touched: now,
            asked: HashSet::new(),
            working_since: now,
            drawn: now - FRAME,
            dirty: true,
            urgent: false,
        })
    }

    /// The keys that were pressed while the terminal was asked.
    fn typed(&mut self, keys: Vec<Key>) -> Result<Option<Ended>> {
        for key in keys {
            if let Some(ended) = self.take(Msg::Key(key))? {
                return Ok(Some(ended));
            }
        }
        Ok(None)
    }

    fn run(&mut self) -> Result<Ended> {
        let ended = self.turn();
        if let Some(pictures) = &self.pictures {
            let bytes = pictures.leave();
            self.terminal.backend_mut().write_all(&bytes)?;
            self.terminal.backend_mut().flush()?;
        }
        ended
    }

    fn turn(&mut self) -> Result<Ended> {
        loop {
            if self.dirty && self.until_next_frame().is_zero() {
                self.settle()?;
                self.draw()?;
            }
            self.wait();
            if let Some(ended) = self.drain()? {
                return Ok(ended);
            }
        }
    }

    /// A key waits half a frame at most behind a frame that a progress bar took.
    fn until_next_frame(&self) -> Duration {
        let apart = if self.urgent { FRAME / 2 } else { FRAME };
        apart.saturating_sub(self.drawn.elapsed())
    }

    /// Waits until something comes in or the next frame is due. While something runs, that is at
    /// least every [`SPIN`], so that the clock beside it goes on.
    fn wait(&mut self) {
        let mut time = match self.state.progress {
            _ if self.dirty => self.until_next_frame(),
            Some(_) => SPIN,
            None => Duration::MAX,
        };
        if self.rests_soon() {
            time = time.min(REST.saturating_sub(self.touched.elapsed()));
        }
        let mut select = Select::new();
        select.recv(&self.events);
        select.recv(&self.inputs);
        select.recv(&self.signals);
        if let Some(pictures) = &self.pictures {
            select.recv(pictures.ready());
        }
        if time == Duration::MAX {
            select.ready();
        } else if select.ready_timeout(time).is_err()
            && let Some(work) = &mut self.state.progress
        {
            work.elapsed = self.working_since.elapsed();
            self.dirty = true;
        }
    }

    /// Whether real pictures are still to be asked for once the keys rest.
    fn rests_soon(&self) -> bool {
        self.pictures.is_some() && !self.state.settled && self.state.outcome.is_some()
    }

    /// Takes all that is pending.
    fn drain(&mut self) -> Result<Option<Ended>> {
        while let Ok(signal) = self.signals.try_recv() {
            match signal {
                signals::Signal::End(number) => return Ok(Some(Ended::Signal(number))),
                signals::Signal::Suspend => self.suspend()?,
                signals::Signal::Continue => self.redraw()?,
            }
        }
        while let Ok(input) = self.inputs.try_recv() {
            let msgs = match input {
                input::Input::Key(key) => vec![Msg::Key(key)],
                input::Input::Mouse(mouse) => vec![Msg::Mouse(mouse)],
                input::Input::Paste(text) => vec![Msg::Paste(text)],
                input::Input::Closed => return Ok(Some(Ended::Signal(SIGHUP))),
                input::Input::Redraw => {
                    self.redraw()?;
                    continue;
                }
            };
            self.urgent = true;
            self.touched = Instant::now();
            for msg in msgs {
                if let Some(ended) = self.take(msg)? {
                    return Ok(Some(ended));
                }
            }
        }
        if let Some(pictures) = &mut self.pictures {
            while let Ok(ready) = pictures.ready().try_recv() {
                pictures.take(ready);
                self.dirty = true;
            }
        }
        if self.rests_soon() && self.touched.elapsed() >= REST {
            self.take(Msg::Settled)?;
        }
        self.drain_events()
    }

    /// Takes answers, but lets a key that comes in meanwhile go first.
    fn drain_events(&mut self) -> Result<Option<Ended>> {
        while self.inputs.is_empty()
            && self.signals.is_empty()
            && let Ok(event) = self.events.try_recv()
        {
            let msg = self.message(event);
            if let Some(ended) = self.take(msg)? {
                return Ok(Some(ended));
            }
        }
        Ok(None)
    }

    fn message(&self, event: Event) -> Msg {
        match event {
            Event::Answered(request, answer) => Msg::Answered(request, answer),
            Event::Progress(lane, done, total) => {
                Msg::Progress(Work { lane, done, total, elapsed: self.working_since.elapsed() })
            }
        }
    }

    fn take(&mut self, msg: Msg) -> Result<Option<Ended>> {
        self.dirty = true;
        // A picture that came in changes nothing that is wanted; a page of them must stay cheap.
        let light = match &msg {
            Msg::Progress(_) => true,
            Msg::Answered(request, answer) => {
                self.asked.remove(request);
                // What was asked of a run that is gone, or is new, has to be asked again.
                if matches!(answer, Ok(Answer::Outcome(_)) | Err(SessionError::NotReady)) {
                    self.asked.clear();
                }
                let raster = matches!(request, Request::Raster { .. });
                raster
                    || matches!(
                        answer,
                        Ok(Answer::Heatmap(_) | Answer::Values(_) | Answer::Photo(_))
                    )
            }
            _ => false,
        };
        let effects = update(&mut self.state, msg);
        let ended = self.perform(effects)?;
        if !light {
            let wanted = demand(&self.state);
            if wanted.iter().any(|request| !self.asked.contains(request)) {
                self.asked = wanted.iter().cloned().collect();
                self.lanes.view(wanted);
            }
        }
        Ok(ended)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<Option<Ended>> {
        for effect in effects {
            match effect {
                Effect::Transfer(request) => {
                    self.working_since = Instant::now();
                    self.lanes.transfer(request);
                }
                Effect::Run(request) => {
                    self.working_since = Instant::now();
                    self.lanes.run(request);
                }
                Effect::Cancel => self.lanes.cancel(),
                Effect::Copy(text) => {
                    let bytes = clipboard::copy(&text);
                    self.terminal.backend_mut().write_all(&bytes)?;
                    self.terminal.backend_mut().flush()?;
                }
                Effect::Print(printed) => {
                    if let Some(ended) = self.print(&printed)? {
                        return Ok(Some(ended));
                    }
                }
                Effect::Suspend => self.suspend()?,
                Effect::Quit => return Ok(Some(Ended::Quit)),
            }
        }
        Ok(None)
    }

    /// Gives what was just asked for a moment to come in, so that it is in this frame already.
    fn settle(&mut self) -> Result<()> {
        let end = Instant::now() + SETTLE;
        // While a network runs the cores are taken: the frame goes out with what is there.
        while !self.asked.is_empty() && self.state.progress.is_none() {
            let Ok(event) = self.events.recv_deadline(end) else { return Ok(()) };
            let msg = self.message(event);
            self.take(msg)?;
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<()> {
        self.dirty = false;
        self.urgent = false;
        self.drawn = Instant::now();
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.autoresize()?;
        let area = self.terminal.get_frame().area();
        if (area.width, area.height) != self.state.screen {
            let aspect = self.state.cell_aspect;
            self.take(Msg::Resize(area.width, area.height, aspect))?;
        }
        let spots = self.state.spots();
        let (bytes, more) = match &mut self.pictures {
            Some(pictures) => {
                let there = |spot: &Spot| Some((spot.clone(), self.state.pixels(spot)?.clone()));
                pictures.demand(spots.iter().filter_map(there).collect());
                pictures.frame(&spots)
            }
            None => (Vec::new(), false),
        };
        let (state, depth) = (&self.state, self.depth);
        let pictures: &dyn Pictures = match &self.pictures {
            Some(pictures) => pictures,
            None => &NoPictures,
        };
        self.terminal.draw(|frame| {
            fault::panic_if_asked("main");
            screen::draw(state, pictures, frame.buffer_mut());
            colors::reduce(frame.buffer_mut(), depth);
        })?;
        // After the cells: what is written into a cell wipes the picture that lies on it.
        self.terminal.backend_mut().write_all(&bytes)?;
        self.dirty |= more;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()?;
        Ok(())
    }

    fn redraw(&mut self) -> Result<()> {
        let (columns, rows, aspect) = input::size()?;
        if let Some(pictures) = &mut self.pictures {
            let bytes = pictures.cleared();
            self.terminal.backend_mut().write_all(&bytes)?;
        }
        // It clears the screen: nobody should see that.
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        // Not `clear`: that asks the terminal for its cursor, and waits for an answer.
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, columns, rows))?;
        self.take(Msg::Resize(columns, rows, aspect))?;
        Ok(())
    }

    /// Takes the pictures off the screen before it is given back.
    fn put_pictures_away(&mut self) -> Result<()> {
        if let Some(pictures) = &mut self.pictures {
            pictures.clear_from(self.terminal.backend_mut())?;
        }
        Ok(())
    }

    /// Prints into the scrollback and comes back after a key. The input thread goes on reading meanwhile:
    /// nobody else does.
    fn print(&mut self, printed: &Printed) -> Result<Option<Ended>> {
        self.put_pictures_away()?;
        guard::restore();
        let encoder = self.pictures.as_ref().and_then(|p| p.normal_screen());
        if let Some(picture) = &printed.picture {
            inline::print(picture, encoder, self.depth)?;
        }
        let mut out = std::io::stdout().lock();
        for line in &printed.words {
            writeln!(out, "{}", clean(line))?;
        }
        write!(out, "any key goes back to convscope ")?;
        out.flush()?;
        drop(out);
        let ended = guard::raw(|| self.any_key())?;
        writeln!(std::io::stdout())?;
        guard::take_screen()?;
        self.redraw()?;
        Ok(ended)
    }

    /// Waits for a key, or for the end.
    fn any_key(&self) -> Option<Ended> {
        loop {
            let mut select = Select::new();
            select.recv(&self.inputs);
            select.recv(&self.signals);
            select.ready();
            if let Ok(signals::Signal::End(number)) = self.signals.try_recv() {
                return Some(Ended::Signal(number));
            }
            match self.inputs.try_recv() {
                Ok(input::Input::Key(_)) => return None,
                Ok(input::Input::Closed) => return Some(Ended::Signal(SIGHUP)),
                _ => {}
            }
        }
    }

    fn suspend(&mut self) -> Result<()> {
        if !signals::can_stop() {
            let text = "there is no shell that could come back from here".to_string();
            self.state.message = Some(Message { text, error: true });
            self.dirty = true;
            return Ok(());
        }
        self.put_pictures_away()?;
        guard::restore();
        signals::stop();
        guard::take_screen()?;
        self.redraw()
    }
}
