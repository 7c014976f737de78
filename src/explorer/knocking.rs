//! Switching channels off, changing them, and taking it back.

use super::{Effect, State};
use crate::base::{Colormap, Exact, Theme};
use crate::session::ask::{Change, EditsId, KnockOut, LaneName, PlaneKind, Request, request};

impl State {
    /// How many channels are changed in the run on the screen.
    pub fn knocked_out(&self) -> usize {
        self.shown.knock_outs.iter().map(|knock| knock.channels.len()).sum()
    }

    /// What a channel of the chosen layer has become; `None` where it is as the network has it.
    pub fn instead(&self, channel: usize) -> Option<Change> {
        let here = |knock: &&KnockOut| {
            knock.layer == self.cursor.layer && knock.channels.contains(&channel)
        };
        self.wanted.knock_outs.iter().rfind(here).map(|knock| knock.to)
    }

    /// Switches the chosen channel off or changes it as `how` says; with nothing said, on again if it is off.
    pub(super) fn knock_out(&mut self, how: &str) -> Vec<Effect> {
        let known = self.layer_info().map(|info| (info.id, info.name.clone()));
        let (Some((layer, name)), None) = (known, self.display.combine) else {
            self.complain("choose one channel first: \":combine off\" shows each");
            return Vec::new();
        };
        let Some(to) = instead(how) else {
            self.complain(
                "\":knock-out\" takes nothing, a factor such as 0.5, =1.5 for a value, or mean",
            );
            return Vec::new();
        };
        let (channel, before) = (self.cursor.channel, self.instead(self.cursor.channel));
        // The change moves the channel in the order: the next command is about the same one.
        self.choose_channel(channel);
        let mut wanted = self.wanted.knock_outs.clone();
        for knock in wanted.iter_mut().filter(|knock| knock.layer == layer) {
            knock.channels.retain(|c| *c != channel);
        }
        wanted.retain(|knock| !knock.channels.is_empty());
        let mut became = "restored".to_string();
        if before.is_none() || !how.is_empty() {
            became = became_words(to);
            match wanted.iter_mut().find(|knock| knock.layer == layer && knock.to == to) {
                Some(same) => {
                    same.channels.push(channel);
                    same.channels.sort_unstable();
                }
                None => wanted.push(KnockOut { layer, channels: vec![channel], to }),
            }
        }
        self.say(format!("channel {channel} of {name} {became}"));
        self.change_knock_outs(wanted)
    }

    /// All channels as the network has them.
    pub(super) fn clear_knock_outs(&mut self) -> Vec<Effect> {
        if self.wanted.knock_outs.is_empty() {
            self.say("no channel is knocked out");
            return Vec::new();
        }
        self.say("all channels restored");
        self.change_knock_outs(Vec::new())
    }

    /// As it was before the last change.
    pub(super) fn undo(&mut self) -> Vec<Effect> {
        let Some(before) = self.wanted.undo.pop() else {
            self.say("there is nothing to undo");
            return Vec::new();
        };
        self.wanted.knock_outs = before;
        let count: usize = self.wanted.knock_outs.iter().map(|knock| knock.channels.len()).sum();
        self.say(match count {
            0 => "undone: all channels restored".to_string(),
            n => format!("undone: {} still knocked out", crate::base::count(n, "channel")),
        });
        self.run_again()
    }

    fn change_knock_outs(&mut self, wanted: Vec<KnockOut>) -> Vec<Effect> {
        self.wanted.undo.push(std::mem::replace(&mut self.wanted.knock_outs, wanted));
        self.run_again()
    }

    /// Runs the network from the changed layers on.
    fn run_again(&mut self) -> Vec<Effect> {
        let Some(run) = self.values_run() else { return Vec::new() };
        let (next, next_input) = (self.waiting.network.is_some(), self.waiting.input.is_some());
        if next || next_input {
            // A new network or photo is on its way, and takes the changes along.
            return Vec::new();
        }
        let (network, input, knock_outs) = (run.network, run.input, self.wanted.knock_outs.clone());
        let request = Request::from(request::Forward { network, input, knock_outs });
        self.waiting.input.clone_from(&self.shown.input);
        self.wait_for(LaneName::Run, request.clone());
        vec![Effect::Run(request)]
    }

    /// Whether maps show what the knock-outs changed.
    pub fn shows_difference(&self) -> bool {
        self.display.difference
            && self.shown.outcome.as_ref().is_some_and(|outcome| outcome.run.edits != EditsId::NONE)
    }

    /// Values, or what the knock-outs changed of them.
    pub(super) fn toggle_difference(&mut self) {
        self.display.difference = !self.display.difference;
        if self.wanted.knock_outs.is_empty() {
            self.display.difference = false;
            self.complain("nothing is knocked out: x knocks the chosen channel out");
        }
        // Most of a difference is 0: a white middle would fill a dark screen.
        let look = &mut self.display.look;
        if self.display.difference
            && self.terminal.theme != Theme::Light
            && look.signed_colormap == Colormap::RdBu
        {
            look.signed_colormap = Colormap::Berlin;
        }
    }

    /// Whether a map of the chosen layer is changed by hand.
    pub fn is_changed(&self, what: PlaneKind) -> bool {
        matches!(what, PlaneKind::Channel(channel) if self.instead(channel).is_some())
    }
}

fn instead(how: &str) -> Option<Change> {
    let number = |text: &str| text.trim().parse().ok().filter(|v: &f32| v.is_finite()).map(Exact);
    match how.trim() {
        "" => Some(Change::OFF),
        "mean" => Some(Change::Mean),
        text => match text.strip_prefix('=') {
            Some(value) => number(value).map(Change::Set),
            None => number(text.trim_start_matches('*')).map(Change::Scale),
        },
    }
}

fn became_words(to: Change) -> String {
    match to {
        Change::Scale(Exact(0.0)) => "knocked out".to_string(),
        Change::Scale(Exact(factor)) => format!("scaled by {factor}"),
        Change::Set(Exact(value)) => format!("set to {value}"),
        Change::Mean => "set to its mean".to_string(),
    }
}

/// What became of a channel, for a caption: `off`, `x0.5`, `=1.5`, `mean`.
pub fn instead_words(to: Change) -> String {
    match to {
        Change::Scale(Exact(0.0)) => "off".to_string(),
        Change::Scale(Exact(factor)) => format!("x{factor}"),
        Change::Set(Exact(value)) => format!("={value}"),
        Change::Mean => "mean".to_string(),
    }
}
