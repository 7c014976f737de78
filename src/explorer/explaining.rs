//! What is explained, by which method, and what is known about it.

use super::views::ViewId;
use super::{Aim, State};
use crate::base::LayerId;
use crate::session::ask::{
    Agreement, Answer, Explain, Finding, Found, Job, Judge, Judgement, Kind, Method, Parameters,
    Passes, Question, Request, RunKey, Show, Sight, Size, Target, last_map, request,
};

/// A method of so many passes runs by itself; one of more waits for Enter.
const QUICK: usize = 2;

impl State {
    /// Whether the Explain view is on the screen.
    pub fn explains(&self) -> bool {
        self.view == ViewId::Explain
    }

    /// Shows another view; outside of Explain a class is explained next.
    pub(super) fn show_view(&mut self, view: ViewId) {
        let aim = self.explain.aim.filter(|_| view == ViewId::Explain);
        self.show(view, aim);
    }

    /// Shows a view and what it explains. Explanations of classes have a layer of their own, at first the last one
    /// with maps; a channel is explained where it is.
    fn show(&mut self, view: ViewId, aim: Option<Aim>) {
        let own = |state: &Self| state.explains() && state.explain.aim.is_none();
        let before = own(self);
        (self.view, self.explain.aim) = (view, aim);
        if own(self) != before {
            let other = self.explain.other_layer.or_else(|| last_map(self.layers()));
            self.explain.other_layer = Some(self.cursor.layer);
            self.go_to_layer(other.unwrap_or(self.cursor.layer));
            self.reveal();
        }
    }

    /// The run on the screen: its values, not their difference.
    pub fn values_run(&self) -> Option<RunKey> {
        self.shown.outcome.as_ref().map(|outcome| RunKey { difference: false, ..outcome.run })
    }

    /// The chosen class, or the top one.
    pub fn class(&self) -> Option<usize> {
        let top = || self.shown.outcome.as_ref()?.ranked.first().map(|(class, _)| *class);
        self.cursor.class.or_else(top)
    }

    /// The place of the chosen class among all, the likeliest first.
    pub fn class_place(&self) -> Option<usize> {
        let class = self.class()?;
        self.shown.outcome.as_ref()?.ranked.iter().position(|(c, _)| *c == class)
    }

    /// Goes so many classes down the list, the likeliest first.
    pub(super) fn step_class(&mut self, step: isize) {
        let Some(place) = self.class_place() else {
            return self.complain("this network has no classes");
        };
        let ranked = self.shown.outcome.as_ref().map_or(&[][..], |outcome| &outcome.ranked);
        let wanted = place.saturating_add_signed(step).min(ranked.len().saturating_sub(1));
        if let Some((class, _)) = ranked.get(wanted) {
            self.choose_class(*class);
        }
    }

    /// Chooses a class, and explains it where a channel was explained.
    pub(super) fn choose_class(&mut self, class: usize) {
        self.cursor.class = Some(class);
        self.show(self.view, None);
    }

    /// What is explained.
    pub fn target(&self) -> Option<Target> {
        let (layer, channel) = (self.cursor.layer, self.cursor.channel);
        let (row, column) = self.cursor.unit;
        match self.explain.aim {
            Some(Aim::Channel) => Some(Target::Channel { layer, channel }),
            Some(Aim::Unit) => Some(Target::Unit { layer, channel, row, column }),
            None => self.class().map(Target::Class),
        }
    }

    /// The question that is asked of a method.
    pub fn explain_with(&self, method: Method) -> Option<Explain> {
        // One key for all layers where the method reads none.
        let layer = if method.takes_layer() { self.cursor.layer } else { last_map(self.layers())? };
        let question =
            Question { layer, target: self.target()?, parameters: Parameters::default() };
        Some(Explain { run: self.values_run()?, method, question })
    }

    /// The explanation in view.
    pub fn explain_now(&self) -> Option<Explain> {
        self.explain_with(self.explain.method)
    }

    /// How often a question runs the network.
    pub fn passes(&self, explain: &Explain) -> Passes {
        let channels = self.layers().get(explain.question.layer.0).map_or(0, |layer| layer.shape.c);
        let input =
            self.shown.input.as_ref().or(self.waiting.input.as_ref()).map(|input| input.shape);
        let Some(input) = input else { return Passes::default() };
        explain.method.passes(&Size { channels, input, parameters: explain.question.parameters })
    }

    /// Whether a question is answered without being started.
    pub fn is_quick(&self, explain: &Explain) -> bool {
        let passes = self.passes(explain);
        passes.forward + passes.backward <= QUICK
    }

    /// The explanations that the view shows.
    pub(super) fn explanations(&self) -> Vec<Explain> {
        let compared = self.explain.compare.filter(|method| *method != self.explain.method);
        [Some(self.explain.method), compared]
            .into_iter()
            .flatten()
            .filter_map(|method| self.explain_with(method))
            .collect()
    }

    /// Whether there may be something to be seen of some work: what it has found stays for a while, for other
    /// photos and knock-outs as well.
    pub fn is_there(&self, job: &Job) -> bool {
        self.answers.may_have(job)
    }

    /// Whether some work failed.
    pub fn is_refused(&self, job: &Job) -> bool {
        self.answers.is_refused(&Request::Job(job.clone()))
            || self.answers.is_refused(&request::Found(job.clone()).into())
    }

    /// What some work has found, so far or at its end, where it is known.
    pub fn found(&self, job: &Job) -> Option<&Found> {
        match self.answers.get(&request::Found(job.clone()).into())? {
            Answer::Found(found) => Some(found),
            _ => None,
        }
    }

    /// The judgement of the explanation in view.
    pub fn judgement(&self) -> Option<(&Found, &Judgement)> {
        let found = self.found(&Job::Judge(Judge(self.explain_now()?)))?;
        match &found.what {
            Finding::Judgement(of) => Some((found, of)),
            _ => None,
        }
    }

    /// The picture of an explanation.
    pub(super) fn sight(&self, explain: Explain, show: Show) -> Sight {
        let colormap = match explain.method.kind() {
            Kind::Share => self.display.look.signed_colormap,
            Kind::Map | Kind::Gradient => self.display.look.colormap,
        };
        let (job, opacity) = (Job::Explain(explain), self.explain.opacity);
        // Of a map alone the share of an overlay is no part.
        let opacity = if show == Show::Overlay { opacity } else { 100 };
        let (range, blocks) = (self.display.look.range, self.display.look.blocks);
        Sight { job, show, colormap, blending: self.explain.blending, opacity, range, blocks }
    }

    /// How much the two explanations in view agree.
    pub fn agreement(&self) -> Option<Agreement> {
        match self.answers.get(&self.agreement_request()?)? {
            Answer::Agreement(agreement) => Some(*agreement),
            _ => None,
        }
    }

    pub(super) fn agreement_request(&self) -> Option<Request> {
        match self.explanations().as_slice() {
            [a, b] if self.is_there(&Job::Explain(*a)) && self.is_there(&Job::Explain(*b)) => {
                Some(request::Agreement(Box::new([*a, *b])).into())
            }
            _ => None,
        }
    }

    /// What is explained, in words.
    pub fn target_words(&self) -> String {
        let name = |layer: LayerId| self.layers().get(layer.0).map_or("", |info| &info.name);
        match self.target() {
            Some(Target::Class(class)) => {
                let label = self.shown.network.as_ref().and_then(|n| n.classes.get(class));
                format!("{} ({class})", label.map_or("class", |label| &label.name))
            }
            Some(Target::Channel { layer, channel }) => {
                format!("channel {channel} of {}", name(layer))
            }
            Some(Target::Unit { layer, channel, row, column }) => {
                format!("unit ({channel}, {row}, {column}) of {}", name(layer))
            }
            None => "nothing".to_string(),
        }
    }

    /// Explains the chosen channel or unit, by a method that can.
    pub(super) fn explain_place(&mut self, aim: Aim) {
        self.explain.from = Some(self.view);
        if !explains_places(self.explain.method) {
            self.explain.method = Method::named("guided-backprop").unwrap_or(self.explain.method);
        }
        self.show(ViewId::Explain, Some(aim));
    }

    /// The first explanation in view that waits to be started.
    pub(super) fn slow_explanation(&self) -> Option<Explain> {
        let missing = |explain: &Explain| {
            let complete = self.found(&Job::Explain(*explain)).is_some_and(|found| found.complete);
            !complete && !self.is_quick(explain)
        };
        self.explanations().into_iter().find(missing)
    }

    /// The next method that can explain the target.
    pub(super) fn step_method(&mut self, step: isize) {
        let fits = |method: Method| self.explain.aim.is_none() || explains_places(method);
        let mut method = self.explain.method.step(step);
        while !fits(method) && method != self.explain.method {
            method = method.step(step);
        }
        self.explain.method = method;
    }

    /// Chooses a method by its name.
    pub(super) fn choose_method(&mut self, name: &str) {
        match Method::named(name) {
            Ok(method) => {
                self.explain.method = method;
                if !explains_places(method) {
                    self.show(self.view, None);
                }
            }
            Err(error) => self.complain(error),
        }
    }

    /// Compares with a method; with none when it is the same again.
    pub(super) fn choose_comparison(&mut self, name: &str) {
        match Method::named(name) {
            Ok(method) if self.explain.compare == Some(method) => self.explain.compare = None,
            Ok(method) => self.explain.compare = Some(method),
            Err(error) => self.complain(error),
        }
    }

    /// A color map of the explanation in view that a key changes is the signed one.
    pub(super) fn explains_shares(&self) -> bool {
        self.explain.method.kind() == Kind::Share
    }
}

/// Whether a method explains channels and units: those that read a layer explain classes.
fn explains_places(method: Method) -> bool {
    !method.takes_layer() && method.kind() != Kind::Map
}
