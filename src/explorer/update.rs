//! Messages in, effects out.

use std::collections::HashSet;
use std::time::Duration;

use super::{State, Work, command, mouse, picker, tree};
use crate::base::{Key, LayerId, Mouse};
use crate::session::ask::{
    Answer, LaneName, LayerInfo, NetworkInfo, Outcome, Plane, PlaneKind, Request, RunKey,
    SessionError,
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
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read a file.
    Transfer(Request),
    /// Run a network.
    Run(Request),
    /// Stop reading and running.
    Cancel,
    /// Leave the screen until the shell says `fg`.
    Suspend,
    /// Leave.
    Quit,
}

/// What to do first.
pub fn start(state: &mut State) -> Vec<Effect> {
    let request = Request::Network(state.model.clone());
    wait_for(state, LaneName::Transfer, request.clone());
    vec![Effect::Transfer(request)]
}

/// Takes a message.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let effects = match msg {
        Msg::Key(key) => on_key(state, key),
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
    effects
}

/// What the View lane has to answer, nearest the cursor first: all that the screen wants and that is
/// not known.
pub fn demand(state: &State) -> Vec<Request> {
    let mut wanted = wants(state);
    wanted.retain(|r| !state.known.contains_key(r) && !state.refused.contains(r));
    wanted
}

/// All that the screen shows.
fn wants(state: &State) -> Vec<Request> {
    let Some(run) = state.run() else { return Vec::new() };
    let layer = state.layer;
    let mut wanted = vec![Request::Statistics { run, layer }];
    wanted.extend(state.view().wants(state));
    let plane = Plane { run, layer, what: PlaneKind::Channel(state.channel) };
    wanted.extend(state.inspector_wants(plane));
    wanted
}

fn on_key(state: &mut State, key: Key) -> Vec<Effect> {
    state.message = None;
    let keys = state.keys.clone();
    match keys.command(key) {
        // It works everywhere, as in every program.
        Some("suspend") => command::run(state, "suspend", ""),
        _ if state.overlay.is_some() => picker::key(state, key),
        Some(name) => command::run(state, name, ""),
        None => {
            state.say(format!("{key} is bound to nothing; ? shows all keys"));
            Vec::new()
        }
    }
}

/// Takes an answer; `None` when it changed nothing but what is known of the screen.
fn answered(state: &mut State, request: Request, answer: Answer) -> Option<Vec<Effect>> {
    let awaited = state.pending.as_ref() == Some(&request);
    match (answer, request) {
        (Answer::Network(network), _) if awaited => {
            open_network(state, &network);
            state.network = Some(network);
            state.reveal();
            Some(read_photo(state))
        }
        (Answer::Input(input), Request::Input { network, .. }) if awaited => {
            let run = RunKey { network, input: input.id };
            state.next_input = Some(input);
            wait_for(state, LaneName::Run, Request::Forward(run));
            Some(vec![Effect::Run(Request::Forward(run))])
        }
        (Answer::Outcome(outcome), _) if awaited => {
            ran(state, outcome);
            Some(Vec::new())
        }
        // Cancelled, or another photo was asked for since.
        (Answer::Network(_) | Answer::Input(_) | Answer::Outcome(_), _) => None,
        (answer @ Answer::Statistics(_), request) => {
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
fn ran(state: &mut State, outcome: std::sync::Arc<Outcome>) {
    let invalid: usize = outcome.summaries.iter().map(|s| s.invalid).sum();
    let first = outcome.summaries.iter().position(|s| s.invalid > 0);
    if let Some(layer) = first.and_then(|i| outcome.layers.get(i)) {
        state.complain(format!("{invalid} values are NaN or infinite, first in {}", layer.name));
    }
    state.outcome = Some(outcome);
    state.input = state.next_input.take();
    state.shown = state.photo;
    state.stop_waiting();
    state.refused.clear();
    state.stay_inside();
}

/// The layer that is shown first when none is asked for: the ReLU of the stem.
pub fn first_layer(layers: &[LayerInfo]) -> LayerId {
    LayerId(layers.iter().position(|l| l.name == "relu").unwrap_or(0))
}

fn open_network(state: &mut State, network: &NetworkInfo) {
    state.folded = tree::blocks(&network.layers);
    state.failure = None;
    state.layer = state.wanted_layer.take().unwrap_or_else(|| first_layer(&network.layers));
    if let Some(warning) = network.warnings.first() {
        state.complain(warning.clone());
    }
}

pub(super) fn read_photo(state: &mut State) -> Vec<Effect> {
    let (Some(network), Some(photo)) = (&state.network, state.photos.get(state.photo)) else {
        return Vec::new();
    };
    let request = Request::Input { network: network.id, photo: photo.clone() };
    wait_for(state, LaneName::Transfer, request.clone());
    vec![Effect::Cancel, Effect::Transfer(request)]
}

fn wait_for(state: &mut State, lane: LaneName, request: Request) {
    state.pending = Some(request);
    state.progress = Some(Work { lane, done: 0, total: 0, elapsed: Duration::ZERO });
}

fn failed(state: &mut State, request: Request, error: &SessionError) -> Vec<Effect> {
    let awaited = state.pending.as_ref() == Some(&request);
    match (error, &request) {
        (SessionError::Cancelled, _) => {}
        // The capture was dropped to make room: compute it again.
        (SessionError::NotReady, _) if awaited || state.pending.is_none() => {
            return read_photo(state);
        }
        (SessionError::NotReady, _) => {}
        (_, Request::Network(_) | Request::Input { .. } | Request::Forward(_)) => {
            if awaited {
                state.stop_waiting();
                state.complain(error.to_string());
                if matches!(request, Request::Network(_)) {
                    state.failure = Some(error.to_string());
                }
            }
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
        self.next_input = None;
        self.progress = None;
    }
}
