//! Messages in, effects out.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::picker::{Overlay, PickerKind};
use super::views::depth;
use super::{State, Work, mouse, say, tree, typing, warnings};
use crate::base::{Key, LayerId, Mouse, SortOrder, short_bytes};
use crate::session::ask::{
    Answer, EditsId, Job, LaneName, LayerInfo, ModelRef, NetworkInfo, Outcome, Picture, Plane,
    PlaneKind, Request, RunKey, SessionError, last_map,
};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has this many columns and rows, and cells this much higher than wide.
    Resize(u16, u16, f32),
    /// A request was answered or failed.
    Answered(Request, Result<Answer, SessionError>),
    /// Work goes on.
    Progress(Work),
    /// Text was pasted.
    Paste(String),
    /// No key was pressed for a while.
    Settled,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read a file.
    Transfer(Request),
    /// Run a network.
    Run(Request),
    /// Do long work.
    Job(Request),
    /// Stop the long work.
    CancelJob,
    /// Let the long work rest, or go on.
    PauseJob(bool),
    /// Stop reading and running.
    Cancel,
    /// Put text on the clipboard.
    Copy(String),
    /// Leave the screen, print a picture and words below it, and come back after a key.
    Print(Printed),
    /// Leave the screen until the shell says `fg`.
    Suspend,
    /// Leave.
    Quit,
}

/// What is printed on the normal screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The picture, where there is one.
    pub picture: Option<Arc<Picture>>,
    /// The words.
    pub words: Vec<String>,
}

/// What to do first.
pub fn start(state: &mut State) -> Vec<Effect> {
    let request = Request::Network(state.model.clone());
    wait_for(state, LaneName::Transfer, request.clone());
    vec![Effect::Transfer(request), Effect::Run(Request::Device(state.device_choice))]
}

/// Takes a message.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    if matches!(msg, Msg::Key(_) | Msg::Mouse(_) | Msg::Paste(_) | Msg::Resize(..)) {
        state.settled = false;
    }
    let mut effects = match msg {
        Msg::Paste(text) => typing::paste(state, &text),
        Msg::Settled => {
            state.settled = true;
            return Vec::new();
        }
        Msg::Key(key) => typing::key(state, key),
        Msg::Mouse(mouse) => mouse::mouse(state, mouse),
        Msg::Resize(columns, rows, aspect) => {
            state.screen = (columns, rows);
            state.cell_aspect = aspect;
            Vec::new()
        }
        Msg::Answered(request, Ok(answer)) => match answered(state, request, answer) {
            Some(effects) => effects,
            // One more of the things on the screen: nothing else changes, however many come.
            None => return Vec::new(),
        },
        Msg::Answered(request, Err(error)) => failed(state, request, &error),
        Msg::Progress(work) if work.lane == LaneName::Job => {
            state.job_progress(work);
            return Vec::new();
        }
        Msg::Progress(work) => {
            if state.progress.is_some_and(|p| p.lane == work.lane) {
                state.progress = Some(work);
            }
            return Vec::new();
        }
    };
    state.scroll_list();
    let wanted: HashSet<Request> = wants(state).into_iter().collect();
    state.known.retain(|request, _| wanted.contains(request));
    state.stale.retain(|request| wanted.contains(request));
    effects.extend(state.ask_quick());
    effects
}

/// What the View lane has to answer, nearest the cursor first: all that the screen wants and that is
/// not known.
pub fn demand(state: &State) -> Vec<Request> {
    let mut wanted = wants(state);
    let missing = |r: &Request| !state.known.contains_key(r) || state.stale.contains(r);
    wanted.retain(|r| missing(r) && !state.refused.contains(r));
    if !state.settled {
        wanted.retain(|r| !matches!(r, Request::Raster { .. }));
    }
    wanted
}

/// All that the screen shows.
fn wants(state: &State) -> Vec<Request> {
    let mut wanted = state.list_wants();
    wanted.extend(state.export.iter().chain(&state.print).cloned());
    let Some(run) = state.run() else { return wanted };
    let layer = state.layer;
    wanted.push(Request::Statistics { run, layer });
    if state.sort == SortOrder::Norm {
        wanted.extend(state.kernels_request());
    }
    if state.sort == SortOrder::Effect {
        let ranked = state.rank().map(Job::Rank).filter(|job| state.is_there(job));
        wanted.extend(ranked.map(Request::Found));
    }
    wanted.extend(state.view().wants(state));
    let plane = Plane { run, layer, what: PlaneKind::Channel(state.channel) };
    wanted.extend(state.inspector_wants(plane));
    wanted.extend(state.spots().into_iter().map(|spot| spot.request));
    wanted
}

/// Takes an answer; `None` when it changed nothing but what is known of the screen.
fn answered(state: &mut State, request: Request, answer: Answer) -> Option<Vec<Effect>> {
    let awaited = state.pending.as_ref() == Some(&request);
    state.stale.remove(&request);
    match (answer, request) {
        (answer @ Answer::Found(_), Request::Job(job)) => {
            state.job_done(job, answer);
            Some(Vec::new())
        }
        (Answer::Network(network), Request::Network(model)) if awaited => {
            if matches!(&state.overlay, Some(Overlay::Picker(l)) if l.kind == PickerKind::Model) {
                state.overlay = None;
            }
            state.failure = None;
            if state.outcome.is_none() {
                open_network(state, model, network);
            } else {
                state.next_network = Some((model, network));
            }
            Some(read_again(state))
        }
        (Answer::Device(device), Request::Device(choice)) => {
            if awaited {
                state.say(device.why.clone());
            }
            state.device_choice = choice;
            state.device.clone_from(&device.label);
            state.device_why.clone_from(&device.why);
            Some(if awaited { read_again(state) } else { Vec::new() })
        }
        (Answer::Exported(file), request) => {
            if state.export.as_ref() == Some(&request) {
                state.export = None;
                let path = file.path.display();
                state.say(format!("wrote {path}, {}", short_bytes(file.bytes as u64)));
            }
            Some(Vec::new())
        }
        (Answer::Picture(picture), request @ Request::Sheet { .. }) => {
            if state.print.as_ref() != Some(&request) {
                return None;
            }
            state.print = None;
            let words = print_words(state);
            Some(vec![Effect::Print(Printed { picture: Some(picture), words })])
        }
        (Answer::Input(input), Request::Input { network, .. }) if awaited => {
            let knock_outs = state.knock_outs.clone();
            let edits = EditsId::of(&knock_outs);
            let run = RunKey { edits, ..RunKey::plain(network, input.id) };
            state.next_input = Some(input);
            let request = Request::Forward { run, knock_outs };
            wait_for(state, LaneName::Run, request.clone());
            Some(vec![Effect::Run(request)])
        }
        (Answer::Outcome(outcome), _) if awaited => {
            let ahead = std::mem::take(&mut state.ahead);
            ran(state, outcome);
            Some(ahead.into_iter().flat_map(|key| typing::key(state, key)).collect())
        }
        // Cancelled, or another photo was asked for since.
        (Answer::Network(_) | Answer::Input(_) | Answer::Outcome(_), _) => None,
        (
            answer @ (Answer::Statistics(_)
            | Answer::Kernels(_)
            | Answer::Found(_)
            | Answer::Models(_)
            | Answer::Folder(_)),
            request,
        ) => {
            state.known.insert(request, answer);
            Some(Vec::new())
        }
        (answer, request) => {
            state.known.insert(request, answer);
            None
        }
    }
}

/// Photo, maps, classes and statistics change together: the screen never mixes two photos.
fn ran(state: &mut State, outcome: Arc<Outcome>) {
    warnings::say_new(state, &outcome);
    let next = state.next_network.take();
    let shown = state.layer_info().map(|layer| layer.name.clone());
    state.outcome = Some(outcome);
    if let Some((model, network)) = next {
        // The layer is kept where the new network has it.
        let same = network.layers.iter().find(|layer| Some(&layer.name) == shown.as_ref());
        state.wanted_layer = same.map(|layer| layer.id);
        open_network(state, model, network);
    }
    state.input = state.next_input.take();
    state.quick = None;
    if let Some(photos) = state.next_photos.take() {
        state.photos = photos;
    }
    state.shown = state.photo;
    state.shown_knock_outs.clone_from(&state.knock_outs);
    state.stop_waiting();
    state.refused.clear();
    state.stay_inside();
}

/// The layer that is shown first when none is asked for: the ReLU of the stem.
pub fn first_layer(layers: &[LayerInfo]) -> LayerId {
    LayerId(layers.iter().position(|l| l.name == "relu").unwrap_or(0))
}

fn open_network(state: &mut State, model: ModelRef, network: Arc<NetworkInfo>) {
    state.model = model;
    state.folded = tree::blocks(&network.layers);
    let first = first_layer(&network.layers);
    state.layer = state.wanted_layer.take().unwrap_or_else(|| {
        let last = last_map(&network.layers).filter(|_| state.explains());
        last.unwrap_or(first)
    });
    if state.network.as_ref().is_some_and(|before| before.id != network.id) {
        (state.class, state.explain.target, state.explain.other_layer) = (None, None, None);
        state.explain.from = None;
        (state.knock_outs, state.undo) = (Vec::new(), Vec::new());
    }
    state.network = Some(network);
    state.reveal();
}

/// Words for the picture on the normal screen.
fn print_words(state: &State) -> Vec<String> {
    let mut words = say::caption(state);
    words.push(say::command_line(state));
    words
}

/// Prints what is seen; a picture has to be made first.
pub(super) fn print(state: &mut State) -> Vec<Effect> {
    match state.view().seen(state) {
        Some(seen) => {
            state.print = Some(Request::Sheet { seen, scale: None });
            Vec::new()
        }
        None if state.outcome.is_some() => {
            let table = depth::table(state);
            let mut words: Vec<String> = table.lines().map(str::to_string).collect();
            words.extend(print_words(state));
            vec![Effect::Print(Printed { picture: None, words })]
        }
        None => Vec::new(),
    }
}

/// Reads the photo on the screen once more, for another network or another device; the one that was
/// asked for last while nothing is there.
fn read_again(state: &mut State) -> Vec<Effect> {
    if state.outcome.is_some() {
        state.next_photos = None;
        state.photo = state.shown;
    }
    read_photo(state)
}

pub(super) fn read_photo(state: &mut State) -> Vec<Effect> {
    let next = state.next_network.as_ref().map(|(_, network)| network);
    let network = next.or(state.network.as_ref());
    let (Some(network), Some(photo)) = (network, state.wanted_photos().get(state.photo)) else {
        return Vec::new();
    };
    let request = Request::Input { network: network.id, photo: photo.clone() };
    wait_for(state, LaneName::Transfer, request.clone());
    vec![Effect::Cancel, Effect::Transfer(request)]
}

pub(super) fn wait_for(state: &mut State, lane: LaneName, request: Request) {
    state.pending = Some(request);
    state.progress = Some(Work { lane, done: 0, total: 0, elapsed: Duration::ZERO });
}

fn failed(state: &mut State, request: Request, error: &SessionError) -> Vec<Effect> {
    let awaited = state.pending.as_ref() == Some(&request);
    match (error, &request) {
        (_, Request::Job(job)) => {
            let again = state.job_failed(job, error);
            return if again && state.pending.is_none() { read_again(state) } else { Vec::new() };
        }
        // Nothing was found yet, or it was let go.
        (SessionError::NotReady, Request::Found(job)) => {
            state.absent.insert(job.clone());
        }
        (SessionError::NotReady, Request::Sight { sight, .. }) => {
            state.absent.insert(sight.job.clone());
        }
        (SessionError::NotReady, Request::Agreement(_)) => {}
        (SessionError::Cancelled, _) => {}
        // The capture was dropped to make room: compute it again.
        (SessionError::NotReady, _) if awaited => return read_photo(state),
        (SessionError::NotReady, _) if state.pending.is_none() => return read_again(state),
        (SessionError::NotReady, _) => {}
        (_, Request::Device(_)) if !awaited => {
            state.failure = Some(error.to_string());
            state.complain(error.to_string());
        }
        (
            _,
            Request::Network(_)
            | Request::Input { .. }
            | Request::Forward { .. }
            | Request::Device(_),
        ) => {
            if awaited {
                let others = state.next_photos.is_some();
                let ahead = std::mem::take(&mut state.ahead);
                state.stop_waiting();
                state.complain(error.to_string());
                if matches!(request, Request::Network(_)) {
                    state.failure = Some(error.to_string());
                } else if others && state.outcome.is_none() {
                    // The first run gave way to a photo that cannot be read. The keys still wait for it.
                    state.ahead = ahead;
                    return read_photo(state);
                }
            }
        }
        (_, Request::Export(_)) => {
            state.export = None;
            state.complain(error.to_string());
        }
        (_, Request::Sheet { .. }) => {
            state.print = None;
            state.complain(error.to_string());
        }
        _ => {
            state.complain(error.to_string());
            state.refused.insert(request);
        }
    }
    Vec::new()
}

impl State {
    /// Nothing is waited for any more.
    pub(super) fn stop_waiting(&mut self) {
        self.pending = None;
        self.ahead.clear();
        self.next_input = None;
        self.next_network = None;
        if self.next_photos.take().is_some() {
            self.photo = self.shown;
        }
        self.progress = None;
    }
}
