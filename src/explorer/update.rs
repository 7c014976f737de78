//! Messages in, effects out.

use std::collections::HashSet;

use super::effect::{Effect, Msg, Printed};
use super::{Overlay, PickerKind, State, mouse, printing, typing};
use crate::base::{Mouse, MouseKind, SortOrder, short_bytes};
use crate::session::ask::{
    Answer, Job, LaneName, Plane, PlaneKind, Request, SessionError, request,
};

/// What to do first.
pub fn start(state: &mut State) -> Vec<Effect> {
    let request = Request::from(request::Network(state.wanted.model.clone()));
    state.wait_for(LaneName::Transfer, request.clone());
    vec![Effect::Transfer(request), Effect::Run(request::Device(state.device.choice).into())]
}

/// Takes a message.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Mouse(Mouse { kind: MouseKind::Move, .. }) => {}
        Msg::Key(_) | Msg::Mouse(_) | Msg::Paste(_) | Msg::Resize(..) => {
            state.terminal.settled = false;
            state.cursor.pointed = None;
        }
        _ => {}
    }
    let mut effects = match msg {
        Msg::Paste(text) => typing::paste(state, &text),
        Msg::Settled => {
            state.terminal.settled = true;
            return Vec::new();
        }
        Msg::Key(key) => typing::key(state, key),
        Msg::Mouse(mouse) => mouse::mouse(state, mouse),
        Msg::Resize(columns, rows, aspect) => {
            state.terminal.size = (columns, rows);
            state.terminal.cell_aspect = aspect;
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
            if state.waiting.progress.is_some_and(|p| p.lane == work.lane) {
                state.waiting.progress = Some(work);
            }
            return Vec::new();
        }
    };
    state.follow_the_order();
    state.follow_the_maximum();
    state.scroll_list();
    let wanted: HashSet<Request> = wants(state).into_iter().collect();
    state.answers.keep(&wanted);
    effects.extend(state.ask_quick());
    effects
}

/// What the View lane has to answer, nearest the cursor first: all that the screen wants and that is
/// not known.
pub fn demand(state: &State) -> Vec<Request> {
    let mut wanted = wants(state);
    wanted.retain(|request| state.answers.lacks(request));
    if !state.terminal.settled {
        wanted.retain(|r| !matches!(r, Request::Raster(_)));
    }
    wanted
}

/// All that the screen shows.
fn wants(state: &State) -> Vec<Request> {
    let mut wanted = state.list_wants();
    wanted.extend(state.waiting.export.iter().chain(&state.waiting.print).cloned());
    let Some(run) = state.run() else { return wanted };
    let layer = state.cursor.layer;
    let plain = state.plain_run();
    wanted.extend(plain.map(|run| request::Statistics { run, layer }.into()));
    wanted.push(request::Statistics { run, layer }.into());
    if state.display.sort == SortOrder::Norm {
        wanted.extend(state.kernels_requests());
    }
    if state.display.sort == SortOrder::Effect {
        let ranked = state.rank().map(Job::Rank).filter(|job| state.is_there(job));
        wanted.extend(ranked.map(|job| request::Found(job).into()));
    }
    wanted.extend(state.view().wants(state));
    let plane = Plane { run, layer, what: PlaneKind::Channel(state.cursor.channel) };
    wanted.extend(state.inspector_wants(plane));
    wanted.extend(state.spots().into_iter().map(|spot| spot.request));
    wanted
}

/// Takes an answer; `None` when it changed nothing but what is known of the screen.
fn answered(state: &mut State, request: Request, answer: Answer) -> Option<Vec<Effect>> {
    let awaited = state.waiting.request.as_ref() == Some(&request);
    match (answer, request) {
        (answer @ Answer::Found(_), Request::Job(job)) => Some(state.job_done(job, answer)),
        (Answer::Network(network), Request::Network(request::Network(model))) if awaited => {
            if matches!(&state.overlay, Some(Overlay::Picker(l)) if l.kind == PickerKind::Model) {
                state.overlay = None;
            }
            state.network_is_ready(model, network);
            Some(state.read_again())
        }
        (Answer::Device(device), Request::Device(request::Device(choice))) => {
            if awaited {
                state.say(device.why.clone());
            }
            state.device.choice = choice;
            state.device.label.clone_from(&device.label);
            state.device.why.clone_from(&device.why);
            Some(if awaited { state.read_again() } else { Vec::new() })
        }
        (Answer::Exported(file), request) => {
            if state.waiting.export.as_ref() == Some(&request) {
                state.waiting.export = None;
                let path = file.path.display();
                state.say(format!("wrote {path}, {}", short_bytes(file.bytes as u64)));
            }
            Some(Vec::new())
        }
        (Answer::Picture(picture), request @ Request::Sheet(_)) => {
            if state.waiting.print.as_ref() != Some(&request) {
                return None;
            }
            state.waiting.print = None;
            let words = printing::words(state);
            Some(vec![Effect::Print(Printed { picture: Some(picture), words })])
        }
        (Answer::Input(info), Request::Input(of)) if awaited => {
            let knock_outs = state.wanted.knock_outs.clone();
            let (network, input) = (of.network, info.id);
            state.waiting.input = Some(info);
            let request = Request::from(request::Forward { network, input, knock_outs });
            state.wait_for(LaneName::Run, request.clone());
            Some(vec![Effect::Run(request)])
        }
        (Answer::Outcome(outcome), _) if awaited => {
            let ahead = std::mem::take(&mut state.waiting.early_keys);
            state.show_outcome(outcome);
            Some(ahead.into_iter().flat_map(|key| typing::key(state, key)).collect())
        }
        // Canceled, or another photo was asked for since.
        (Answer::Network(_) | Answer::Input(_) | Answer::Outcome(_), _) => None,
        (
            answer @ (Answer::Statistics(_)
            | Answer::Values(_)
            | Answer::Kernels(_)
            | Answer::Found(_)
            | Answer::Models(_)
            | Answer::Folder(_)),
            request,
        ) => {
            state.answers.put(request, answer);
            Some(Vec::new())
        }
        (answer, request) => {
            state.answers.put(request, answer);
            None
        }
    }
}

fn failed(state: &mut State, request: Request, error: &SessionError) -> Vec<Effect> {
    let awaited = state.waiting.request.as_ref() == Some(&request);
    match (error, &request) {
        (_, Request::Job(job)) => {
            let again = state.job_failed(job, error);
            return match error {
                _ if again && state.waiting.request.is_none() => state.read_again(),
                SessionError::Canceled | SessionError::NotReady => Vec::new(),
                _ => state.begin_next(job),
            };
        }
        // Nothing was found yet, or it was let go.
        (SessionError::NotReady, Request::Found(of)) => {
            state.answers.miss(of.0.clone());
        }
        (SessionError::NotReady, Request::Sight(of)) => {
            state.answers.miss(of.sight.job.clone());
        }
        (SessionError::NotReady, Request::Agreement(_)) => {}
        // What was found has been evicted: running the network again does not bring it back.
        (SessionError::NotReady, Request::Export(_) | Request::Sheet(_))
            if state.explains() || state.rebuilds() =>
        {
            (state.waiting.export, state.waiting.print) = (None, None);
            state.complain("nothing to save yet: press Enter to run it");
        }
        // The run without the knock-outs was evicted: channels are sorted by what is there.
        (SessionError::NotReady, Request::Statistics(of)) if Some(of.run) == state.plain_run() => {
            state.answers.refuse(request);
        }
        (SessionError::Canceled, _) => {}
        // The capture was dropped to make room: compute it again.
        (SessionError::NotReady, _) if awaited => return state.read_photo(),
        (SessionError::NotReady, _) if state.waiting.request.is_none() => {
            return state.read_again();
        }
        (SessionError::NotReady, _) => {}
        (_, Request::Device(_)) if !awaited => {
            state.shown.failure = Some(error.to_string());
            state.complain(error.to_string());
        }
        (_, Request::Network(_) | Request::Input(_) | Request::Forward(_) | Request::Device(_)) => {
            if awaited {
                let others = state.waiting.photos.is_some();
                let ahead = std::mem::take(&mut state.waiting.early_keys);
                state.stop_waiting();
                state.complain(error.to_string());
                if matches!(request, Request::Network(_)) {
                    state.shown.failure = Some(error.to_string());
                } else if others && state.shown.outcome.is_none() {
                    // The first run gave way to a photo that cannot be read. The keys still wait for it.
                    state.waiting.early_keys = ahead;
                    return state.read_photo();
                }
            }
        }
        (_, Request::Export(_)) => {
            state.waiting.export = None;
            state.complain(error.to_string());
        }
        (_, Request::Sheet(_)) => {
            state.waiting.print = None;
            state.complain(error.to_string());
        }
        _ => {
            state.complain(error.to_string());
            state.answers.refuse(request);
        }
    }
    Vec::new()
}
