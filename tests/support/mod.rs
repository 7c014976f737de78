//! A session without threads: effects and demands are answered at once, in order.

use std::sync::Arc;

use convscope::base::{Cancel, DeviceChoice, Key, LayerId, Progress, SortOrder, Theme};
use convscope::config::{Catalogue, Settings};
use convscope::engine::device::Machine;
use convscope::explorer::views::ViewId;
use convscope::explorer::{
    Effect, Given, Msg, Opening, Printed, State, demand, load_keys, start, update,
};
use convscope::session::ask::{Look, ModelRef, PhotoRef, Request};
use convscope::session::{Options, Session};

pub struct Explorer {
    pub state: State,
    pub session: Session,
    /// Where exports go: not into the working folder.
    exports: tempfile::TempDir,
    pub ended: bool,
    pub suspended: bool,
    /// What went to the clipboard.
    pub copied: Vec<String>,
    /// What went to the normal screen.
    pub printed: Vec<Printed>,
}

/// The ReLU of the stem.
const STEM_RELU: LayerId = LayerId(2);

/// The stem's ReLU with its channels in the network's order and each map in its own range: what keys and commands do is
/// easier to tell there.
fn opening(model: ModelRef, photos: Vec<PhotoRef>) -> Opening {
    let display = Settings::load(None).unwrap().display;
    Opening {
        model,
        photos,
        view: ViewId::Maps,
        layer: Some(STEM_RELU),
        channel: Some(0),
        look: Look::in_files(&display),
        sort: SortOrder::Index,
        tile: display.tile,
        device: DeviceChoice::Cpu,
        catalogue: Arc::new(Catalogue::load(None).unwrap()),
        flags: Given::default(),
        usual_look: Look::in_files(&display),
        real: None,
        theme: Theme::Dark,
        knock_outs: Vec::new(),
    }
}

impl Explorer {
    /// The built-in network on the shipped photos, ready, at the stem's ReLU.
    pub fn open(screen: (u16, u16)) -> Self {
        Self::with(ModelRef::Builtin, (0..3).map(PhotoRef::Sample).collect(), screen)
    }

    pub fn with(model: ModelRef, photos: Vec<PhotoRef>, screen: (u16, u16)) -> Self {
        let (mut explorer, effects) = Self::starting(model, photos, screen);
        explorer.perform(effects);
        explorer.look();
        explorer
    }

    /// Before anything is known, and what has to be done first.
    pub fn starting(
        model: ModelRef,
        photos: Vec<PhotoRef>,
        screen: (u16, u16),
    ) -> (Self, Vec<Effect>) {
        Self::started(opening(model, photos), screen)
    }

    /// The built-in network on the shipped photos as the program opens it.
    pub fn shipped(screen: (u16, u16)) -> Self {
        let display = Settings::load(None).unwrap().display;
        let photos = (0..3).map(PhotoRef::Sample).collect();
        let (mut explorer, effects) = Self::started(
            Opening {
                layer: None,
                channel: None,
                look: Look::on_screen(&display),
                sort: display.sort_on_screen(),
                ..opening(ModelRef::Builtin, photos)
            },
            screen,
        );
        explorer.perform(effects);
        explorer.look();
        explorer
    }

    fn started(opening: Opening, screen: (u16, u16)) -> (Self, Vec<Effect>) {
        // Two threads, so that the title is the same on every machine.
        let devices = Arc::new(Machine::new(2));
        let options = Options { memory: 1 << 28, devices, ..Options::default() };
        let state = State::new(opening, Arc::new(load_keys(None).unwrap()), screen);
        let session = Session::new(options);
        let mut explorer = Self {
            state,
            session,
            exports: tempfile::tempdir().unwrap(),
            ended: false,
            suspended: false,
            copied: Vec::new(),
            printed: Vec::new(),
        };
        let effects = start(&mut explorer.state);
        (explorer, effects)
    }

    /// Presses keys, written as in `keys.toml`, with blanks between them.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.send(Msg::Key(key.parse::<Key>().unwrap()));
        }
        self
    }

    /// Types text into an open list.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(c.to_string().parse::<Key>().unwrap()));
        }
        self
    }

    pub fn send(&mut self, msg: Msg) -> &mut Self {
        let effects = update(&mut self.state, msg);
        self.perform(effects);
        self.look();
        self
    }

    pub fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Transfer(request) | Effect::Run(request) | Effect::Job(request) => {
                    self.answer(request);
                }
                Effect::Cancel | Effect::CancelJob | Effect::PauseJob(_) => {}
                Effect::Copy(text) => self.copied.push(text),
                Effect::Print(printed) => self.printed.push(printed),
                Effect::Suspend => self.suspended = true,
                Effect::Quit => self.ended = true,
            }
        }
    }

    pub fn answer(&mut self, request: Request) {
        let mut asked = request.clone();
        if let Request::Export(export) = &mut asked {
            export.stem = self.exports.path().join(&export.stem);
        }
        let answer = self.session.answer(&asked, &Cancel::new(), &mut Progress::none());
        let effects = update(&mut self.state, Msg::Answered(request, answer));
        self.perform(effects);
    }

    /// Answers what the screen wants.
    fn look(&mut self) {
        for _ in 0..8 {
            let wanted = demand(&self.state);
            if wanted.is_empty() {
                return;
            }
            for request in wanted {
                self.answer(request);
            }
        }
        panic!("the screen never has what it wants");
    }
}
