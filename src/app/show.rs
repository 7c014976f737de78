//! What the loop writes: frames, the normal screen for a while, and the screen given back.

use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use crossbeam_channel::Select;
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::layout::Rect;
use signal_hook::consts::SIGHUP;

use super::{App, Ended};
use crate::base::clean;
use crate::config::LEAVE;
use crate::explorer::{Message, Msg, Printed, Spot};
use crate::fault;
use crate::screen::{self, NoPictures, Pictures};
use crate::terminal::pictures::RealPictures;
use crate::terminal::window::Size;
use crate::terminal::{colors, guard, inline, input, signals};

impl App {
    pub(super) fn draw(&mut self) -> Result<()> {
        self.dirty = false;
        self.urgent = false;
        self.drawn = Instant::now();
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let size = self.window.size();
        if (size.columns, size.rows) != self.state.terminal.size {
            self.resize(size)?;
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
            fault::end_if_asked();
            screen::draw(state, pictures, frame.buffer_mut());
            colors::reduce(frame.buffer_mut(), depth);
        })?;
        // After the cells: what is written into a cell wipes the picture that lies on it.
        self.terminal.backend_mut().write_all(&bytes)?;
        self.dirty |= more;
        if self.moves != self.state.view.follows_the_mouse() {
            self.moves = !self.moves;
            guard::report_moves(self.terminal.backend_mut(), self.moves)?;
        }
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()?;
        Ok(())
    }

    pub(super) fn redraw(&mut self) -> Result<()> {
        if let Some(pictures) = &mut self.pictures {
            let bytes = pictures.cleared();
            self.terminal.backend_mut().write_all(&bytes)?;
        }
        // It clears the screen: nobody should see that.
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.resize(self.window.size())
    }

    /// Has the whole screen drawn anew, at this size.
    fn resize(&mut self, Size { columns, rows, aspect }: Size) -> Result<()> {
        // Not `clear`: that asks the terminal for its cursor, and waits for an answer.
        self.terminal.resize(Rect::new(0, 0, columns, rows))?;
        self.take(Msg::Resize(columns, rows, aspect))
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
    pub(super) fn print(&mut self, printed: &Printed) -> Result<()> {
        self.put_pictures_away()?;
        guard::restore();
        let encoder = self.pictures.as_mut().and_then(RealPictures::normal_screen);
        if let Some(picture) = &printed.picture {
            inline::print(picture, encoder, self.depth, self.window.size())?;
        }
        let mut out = std::io::stdout().lock();
        for line in &printed.words {
            writeln!(out, "{}", clean(line))?;
        }
        write!(out, "press any key to return to convscope ")?;
        out.flush()?;
        drop(out);
        self.ended = guard::raw(|| self.any_key())?;
        writeln!(std::io::stdout())?;
        if self.ended.is_some() {
            return Ok(());
        }
        self.take_screen()?;
        self.redraw()
    }

    fn take_screen(&mut self) -> Result<()> {
        self.moves = false;
        Ok(guard::take_screen()?)
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
                Ok(input::Input::Key(LEAVE)) => return Some(Ended::Quit),
                Ok(input::Input::Key(_)) => return None,
                Ok(input::Input::Closed) => return Some(Ended::Signal(SIGHUP)),
                _ => {}
            }
        }
    }

    pub(super) fn suspend(&mut self) -> Result<()> {
        if !signals::can_stop() {
            let text = "cannot suspend: there is no shell to resume from".to_string();
            self.state.message = Some(Message { text, error: true });
            self.dirty = true;
            return Ok(());
        }
        self.put_pictures_away()?;
        guard::restore();
        signals::stop();
        self.take_screen()?;
        self.redraw()
    }
}
