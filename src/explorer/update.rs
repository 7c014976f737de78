//! Messages in, effects out.

use std::collections::HashSet;
use std::time::Duration;

use super::{State, Work, command, mouse, picker, tree};
use crate::base::{Key, LayerId, Mouse};
use crate::session::ask::{
    Answer, LaneName, NetworkInfo, Outcome, Plane, PlaneKind, Request, RunKey, SessionError,
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
    state.progress = Some(working(LaneName::Transfer));
    vec![Effect::Transfer(Request::Network(state.model.clone()))]
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
        Msg::Answered(request, Ok(answer)) => answered(state, request, answer),
        Msg::Answered(request, Err(error)) => failed(state, &request, &error),
        Msg::Progress(work) => {
            if state.progress.is_some_and(|p| p.lane == work.lane) {
                state.progress = Some(work);
            }
            Vec::new()
        }
    };
    let wanted: HashSet<Request> = wants(state).into_iter().collect();
    state.known.retain(|request, _| wanted.contains(request));
    effects
}

/// What the View lane has to answer, nearest the cursor first: all that the screen wants and that is
/// not known.
pub fn demand(state: &State) -> Vec<Request> {
    let mut wanted = wants(state);
    wanted.retain(|r| !state.known.contains_key(r) && !state.refused.contains(&refusal(r)));
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
    if state.overlay.is_some() {
        return picker::key(state, key);
    }
    let keys = state.keys.clone();
    match keys.command(key) {
        Some(name) => command::run(state, name, ""),
        None => {
            state.say(format!("{key} is bound to nothing; ? shows all keys"));
            Vec::new()
        }
    }
}

fn answered(state: &mut State, request: Request, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Network(network) => {
            open_network(state, &network);
            state.network = Some(network);
            state.reveal();
            read_photo(state)
        }
        Answer::Input(input) => {
            let wanted = state.photos.get(state.photo);
            let (Request::Input { photo, network }, Some(wanted)) = (request, wanted) else {
                return Vec::new();
            };
            if photo != *wanted {
                return Vec::new();
            }
            let run = RunKey { network, input: input.id };
            state.input = Some(input);
            state.progress = Some(working(LaneName::Run));
            vec![Effect::Run(Request::Forward(run))]
        }
        Answer::Outcome(outcome) => {
            ran(state, outcome);
            Vec::new()
        }
        answer => {
            state.known.insert(request, answer);
            Vec::new()
        }
    }
}

fn ran(state: &mut State, outcome: std::sync::Arc<Outcome>) {
    if state.input.as_ref().is_some_and(|i| i.id == outcome.run.input) {
        let invalid: usize = outcome.summaries.iter().map(|s| s.invalid).sum();
        let first = outcome.summaries.iter().position(|s| s.invalid > 0);
        if let Some(layer) = first.and_then(|i| outcome.layers.get(i)) {
            state
                .complain(format!("{invalid} values are NaN or infinite, first in {}", layer.name));
        }
        state.outcome = Some(outcome);
        state.progress = None;
        state.refused.clear();
        state.stay_inside();
    }
}

/// Chooses the layer asked for, or one worth looking at first.
fn open_network(state: &mut State, network: &NetworkInfo) {
    state.folded = tree::blocks(&network.layers);
    let named = |name: &str| network.layers.iter().rposition(|l| l.name == name);
    let inside = |name: &str| {
        let prefix = format!("{name}.");
        network.layers.iter().rposition(|l| l.name.starts_with(&prefix))
    };
    let wanted = state.wanted_layer.take();
    let found = wanted.as_deref().and_then(|w| named(w).or_else(|| inside(w)));
    let first = found.or_else(|| named("relu")).unwrap_or(0);
    state.layer = LayerId(first);
    if let Some(warning) = network.warnings.first() {
        state.complain(warning.clone());
    }
}

pub(super) fn read_photo(state: &mut State) -> Vec<Effect> {
    let (Some(network), Some(photo)) = (&state.network, state.photos.get(state.photo)) else {
        return Vec::new();
    };
    let request = Request::Input { network: network.id, photo: photo.clone() };
    state.progress = Some(working(LaneName::Transfer));
    vec![Effect::Transfer(request)]
}

const fn working(lane: LaneName) -> Work {
    Work { lane, done: 0, total: 0, elapsed: Duration::ZERO }
}

fn failed(state: &mut State, request: &Request, error: &SessionError) -> Vec<Effect> {
    match (error, request) {
        (SessionError::Cancelled, _) => Vec::new(),
        // The capture was dropped to make room: compute it again.
        (SessionError::NotReady, _) if state.progress.is_none() => read_photo(state),
        (SessionError::NotReady, _) => Vec::new(),
        (_, Request::Network(_) | Request::Input { .. } | Request::Forward(_)) => {
            state.progress = None;
            state.complain(error.to_string());
            Vec::new()
        }
        _ => {
            state.refused.insert(refusal(request));
            state.complain(error.to_string());
            Vec::new()
        }
    }
}

fn refusal(request: &Request) -> String {
    format!("{request:?}")
}
