//! The one loop that joins terminal, explorer, session and screen.

mod show;
mod start;

use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use anyhow::Result;
use crossbeam_channel::{Receiver, Select, unbounded};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use signal_hook::consts::SIGHUP;

pub use start::{Start, run};

use crate::base::{ColorDepth, Mouse, MouseKind};
use crate::explorer::{Effect, Msg, State, Work, demand, update};
use crate::session::ask::{Answer, Request, SessionError};
use crate::session::{Event, LaneName, Lanes};
use crate::terminal::graphics::Encoder;
use crate::terminal::pictures::RealPictures;
use crate::terminal::probe::Capabilities;
use crate::terminal::window::Window;
use crate::terminal::{clipboard, guard, input, signals};

/// A frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);
/// After a key, tiles that come within this time are drawn with it instead of a frame later.
const SETTLE: Duration = Duration::from_millis(8);

/// While something runs, its clock goes on at this pace.
const SPIN: Duration = Duration::from_millis(100);
/// Real pictures follow when no key was pressed for so long.
const REST: Duration = Duration::from_millis(80);

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
    window: Window,
    terminal: Terminal<CrosstermBackend<BufWriter<guard::Screen>>>,
    depth: ColorDepth,
    /// Real pictures, on terminals that show them.
    pictures: Option<RealPictures>,
    /// Whether the terminal reports every move of the mouse.
    moves: bool,
    /// When the last key came.
    touched: Instant,
    /// What the View lane was asked for and has not answered.
    asked: HashSet<Request>,
    working_since: Instant,
    job_since: Instant,
    /// When the last frame was drawn.
    drawn: Instant,
    /// Something changed since.
    dirty: bool,
    /// A key or the mouse changed it.
    urgent: bool,
    /// Why the program ends, as soon as it does.
    ended: Option<Ended>,
}

impl App {
    fn new(
        state: State,
        depth: ColorDepth,
        lanes: Lanes,
        events: Receiver<Event>,
        signals: Receiver<signals::Signal>,
        encoder: Option<Encoder>,
        asked: &Capabilities,
    ) -> Result<Self> {
        // crossterm drops all colors under NO_COLOR; the theme has taken care of it.
        crossterm::style::force_color_output(true);
        let (tell_inputs, inputs) = unbounded();
        input::listen(tell_inputs, asked.noisy)?;
        let out = BufWriter::with_capacity(1 << 18, guard::Screen::new());
        let window = Window::new(asked.cells);
        // ratatui would ask the system for the size, which may be 0 or anything.
        let size = window.size();
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.columns, size.rows));
        let backend = CrosstermBackend::new(out);
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        let now = Instant::now();
        Ok(Self {
            state,
            lanes,
            events,
            inputs,
            signals,
            window,
            terminal,
            depth,
            pictures: encoder.map(RealPictures::start).transpose()?,
            moves: false,
            touched: now,
            asked: HashSet::new(),
            working_since: now,
            job_since: now,
            drawn: now - FRAME,
            dirty: true,
            urgent: false,
            ended: None,
        })
    }

    /// What was typed and pasted while the terminal was asked, before anything that comes in later.
    fn typed(&mut self, typed: Vec<input::Input>) -> Result<()> {
        typed.into_iter().try_for_each(|input| self.take_input(input))
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
            if let Some(ended) = self.ended.take() {
                return Ok(ended);
            }
            if self.dirty && self.until_next_frame().is_zero() {
                self.settle()?;
                self.draw()?;
            }
            if self.ended.is_none() {
                self.wait();
                self.drain()?;
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
        let working = self.state.waiting.progress.is_some() || self.state.jobs.running.is_some();
        let mut time = match working {
            _ if self.dirty => self.until_next_frame(),
            true => SPIN,
            false => Duration::MAX,
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
        } else if select.ready_timeout(time).is_err() {
            if let Some(work) = &mut self.state.waiting.progress {
                work.elapsed = self.working_since.elapsed();
                self.dirty = true;
            } else if let Some(doing) = &mut self.state.jobs.running {
                doing.work.elapsed = self.job_since.elapsed();
                self.dirty = true;
            }
        }
    }

    /// Whether real pictures are still to be asked for once the keys rest.
    fn rests_soon(&self) -> bool {
        self.pictures.is_some()
            && !self.state.terminal.settled
            && self.state.shown.outcome.is_some()
    }

    /// Takes what is pending, for as long as a frame at most: what comes faster than it is taken must not keep the
    /// screen from being drawn.
    fn drain(&mut self) -> Result<()> {
        let began = Instant::now();
        let goes_on = |app: &Self| app.ended.is_none() && began.elapsed() < FRAME;
        while goes_on(self)
            && let Ok(signal) = self.signals.try_recv()
        {
            match signal {
                signals::Signal::End(number) => self.ended = Some(Ended::Signal(number)),
                signals::Signal::Suspend => self.suspend()?,
                signals::Signal::Continue => self.redraw()?,
            }
        }
        while goes_on(self)
            && let Ok(input) = self.inputs.try_recv()
        {
            self.take_input(input)?;
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
        // A key that comes in meanwhile goes first.
        while goes_on(self)
            && self.inputs.is_empty()
            && self.signals.is_empty()
            && let Ok(event) = self.events.try_recv()
        {
            let msg = self.message(event);
            self.take(msg)?;
        }
        Ok(())
    }

    fn take_input(&mut self, input: input::Input) -> Result<()> {
        let msg = match input {
            input::Input::Key(key) => Msg::Key(key),
            input::Input::Mouse(mouse) => Msg::Mouse(mouse),
            input::Input::Paste(text) => Msg::Paste(text),
            input::Input::Closed => {
                self.ended = Some(Ended::Signal(SIGHUP));
                return Ok(());
            }
            input::Input::Redraw => return self.redraw(),
        };
        if matches!(msg, Msg::Mouse(Mouse { kind: MouseKind::Move, .. })) {
            // Most moves stay inside of what is pointed to.
            let (dirty, pointed) = (self.dirty, self.state.cursor.pointed);
            self.take(msg)?;
            self.dirty = dirty || pointed != self.state.cursor.pointed;
            return Ok(());
        }
        self.touched = Instant::now();
        self.urgent = true;
        self.take(msg)
    }

    fn message(&self, event: Event) -> Msg {
        match event {
            Event::Answered(request, answer) => Msg::Answered(*request, answer),
            Event::Progress(lane, done, total) => {
                let since = if lane == LaneName::Job { self.job_since } else { self.working_since };
                Msg::Progress(Work { lane, done, total, elapsed: since.elapsed() })
            }
        }
    }

    fn take(&mut self, msg: Msg) -> Result<()> {
        self.dirty = true;
        // A picture that came in changes nothing that is wanted; a page of them must stay cheap.
        let light = match &msg {
            // What long work has found so far is looked at while it goes on.
            Msg::Progress(work) => work.lane != LaneName::Job,
            Msg::Answered(request, answer) => {
                self.asked.remove(request);
                // What was asked of a run that is gone, or is new, has to be asked again; so has what was asked of
                // work before its end: an answer that is on its way may be older.
                let ended = matches!(request, Request::Job(_));
                if ended || matches!(answer, Ok(Answer::Outcome(_)) | Err(SessionError::NotReady)) {
                    self.asked.clear();
                }
                let raster = matches!(request, Request::Raster(_));
                raster
                    || matches!(
                        answer,
                        Ok(Answer::Heatmap(_) | Answer::Values(_) | Answer::Photo(_))
                    )
            }
            _ => false,
        };
        let effects = update(&mut self.state, msg);
        self.perform(effects)?;
        if !light {
            let wanted = demand(&self.state);
            if wanted.iter().any(|request| !self.asked.contains(request)) {
                self.asked = wanted.iter().cloned().collect();
                self.lanes.view(wanted);
            }
        }
        Ok(())
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<()> {
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
                Effect::Job(request) => {
                    self.job_since = Instant::now();
                    self.lanes.job(request);
                }
                Effect::CancelJob => self.lanes.cancel_job(),
                Effect::PauseJob(paused) => self.lanes.pause_job(paused),
                Effect::Cancel => self.lanes.cancel(),
                Effect::Copy(text) => {
                    let bytes = clipboard::copy(&text);
                    self.terminal.backend_mut().write_all(&bytes)?;
                    self.terminal.backend_mut().flush()?;
                }
                Effect::Print(printed) => self.print(&printed)?,
                Effect::Suspend => self.suspend()?,
                Effect::Quit => self.ended = Some(Ended::Quit),
            }
        }
        Ok(())
    }

    /// Gives what was just asked for a moment to come in, so that it is in this frame already.
    fn settle(&mut self) -> Result<()> {
        let end = Instant::now() + SETTLE;
        // While a network runs the cores are taken: the frame goes out with what is there.
        let idle = |state: &State| state.waiting.progress.is_none() && state.jobs.running.is_none();
        while self.ended.is_none() && !self.asked.is_empty() && idle(&self.state) {
            let Ok(event) = self.events.recv_deadline(end) else { return Ok(()) };
            let msg = self.message(event);
            self.take(msg)?;
        }
        Ok(())
    }
}
