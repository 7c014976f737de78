//! What every command needs: the settings in force, a session, a network, inputs and runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use super::args::Flags;
use super::failure::{self, Usage};
use super::notes::Notes;
use super::output::shown;
use super::photos::{Photos, photo_at};
use super::progress::Bar;
use super::user_files::wishes;
pub(super) use super::user_files::{catalogue, overlaid, read_if_there, settings};
use crate::base::{Cancel, LayerId, Progress};
use crate::config::{Catalogue, Settings};
use crate::engine::device::Machine;
use crate::session::ask::*;
use crate::session::{Options, Session, cached_files};

/// What is kept between runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The newest run only: commands never look back, however many photos there are.
    Newest,
    /// As much as the settings allow.
    Settings,
}

/// A session with the settings that it was made from.
pub(super) struct Context {
    /// Where everything is asked.
    pub session: Arc<Session>,
    /// The settings in force.
    pub settings: Settings,
    /// The network.
    pub model: ModelRef,
    /// The networks with a name.
    pub catalogue: Arc<Catalogue>,
    /// What the command must say besides its result.
    pub notes: Notes,
    /// What the command line knocks out, as it was given.
    knock_outs: Vec<String>,
}

/// The files in the hub's cache that the network of `--model` is read from.
pub(super) fn cached_inputs(flags: &Flags) -> Vec<PathBuf> {
    let (Some(model), Ok(catalogue)) = (&flags.network.model, catalogue()) else {
        return Vec::new();
    };
    // What is wrong with the name is said when the network is opened.
    let Ok(model) = ModelRef::at(model, &catalogue) else { return Vec::new() };
    cached_files(&model, &Options { offline: true, ..Options::default() })
}

impl Context {
    /// Reads the settings, starts the threads and an empty session.
    ///
    /// # Errors
    /// When the settings file is wrong or the system gives no threads.
    pub fn open(flags: &Flags, keep: Keep) -> Result<Self> {
        let model = flags.network.model.as_deref().unwrap_or(Path::new("builtin"));
        Self::with_model(flags, keep, model)
    }

    /// The same for a network that is not named by `--model`.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub fn with_model(flags: &Flags, keep: Keep, model: &Path) -> Result<Self> {
        let settings = settings(flags)?;
        if settings.run.threads > 0 {
            rayon::ThreadPoolBuilder::new()
                .num_threads(settings.run.threads)
                .build_global()
                .context("no threads to compute with")?;
        }
        let catalogue = Arc::new(catalogue()?);
        let options = Options {
            device: settings.run.device,
            dtype: settings.run.dtype,
            wishes: wishes(&flags.network, &flags.input)?,
            catalogue: catalogue.clone(),
            offline: flags.offline,
            memory: usize::try_from(settings.memory.capture_mib.saturating_mul(1 << 20))
                .unwrap_or(usize::MAX),
            history: keep == Keep::Settings,
            devices: Arc::new(Machine::new(settings.run.threads)),
        };
        let model = ModelRef::at(model, &catalogue)?;
        tracing::info!(?model, "session");
        let (session, knock_outs) =
            (Arc::new(Session::new(options)), flags.edits.knock_out.clone());
        Ok(Self { session, settings, model, catalogue, notes: Notes::default(), knock_outs })
    }

    /// Asks the session.
    ///
    /// # Errors
    /// The session's.
    pub fn ask<A: Ask>(&self, request: &A) -> Result<A::Answer> {
        self.follow(request, &mut Progress::none())
    }

    /// Asks the session for what takes time.
    ///
    /// # Errors
    /// The session's.
    pub fn follow<A: Ask>(&self, request: &A, progress: &mut Progress) -> Result<A::Answer> {
        Ok(self.session.ask(request, &Cancel::new(), progress)?)
    }

    /// Asks for what may have to come from the hub, with a bar over its bytes. Ctrl-C ends the program;
    /// what has come is kept.
    ///
    /// # Errors
    /// The session's.
    pub fn transfer<A: Ask>(&self, request: &A) -> Result<A::Answer> {
        let bar = Bar::bytes();
        self.follow(request, &mut bar.progress())
    }

    /// Loads the network and says what is odd about it.
    ///
    /// # Errors
    /// When the file is not a network that is supported, or the command line does not fit it.
    pub fn network(&self) -> Result<Arc<NetworkInfo>> {
        let network = self.transfer(&request::Network(self.model.clone()))?;
        network.warnings.iter().for_each(|text| self.notes.warn(text));
        network.notes.iter().for_each(|text| self.notes.keep(text));
        self.notes.say();
        Ok(network)
    }

    /// The layer of that name.
    ///
    /// # Errors
    /// When there is none, with similar names.
    pub fn layer(&self, network: &NetworkInfo, name: &str) -> Result<LayerId> {
        Ok(self.session.find_layer(network.id, name)?)
    }

    /// What the command line knocks out.
    ///
    /// # Errors
    /// When it is not understood, or a layer or channel does not exist.
    pub fn knock_outs(&self, network: &NetworkInfo) -> Result<Vec<KnockOut>> {
        let mut all = Vec::new();
        for text in &self.knock_outs {
            let knock_out =
                KnockOut::parse(text, |name| self.session.find_layer(network.id, name))?;
            if let Some(info) = network.layers.get(knock_out.layer.0) {
                known_channels(info, &knock_out.channels)?;
            }
            all.push(knock_out);
        }
        Ok(all)
    }

    /// Makes a photo ready and runs the network on it, with what the command line knocks out. Takes notes, and leaves
    /// it to the caller to say them when no bar is in the way.
    ///
    /// # Errors
    /// When the photo cannot be read or the network does not take it.
    pub fn run(
        &self,
        network: &NetworkInfo,
        photo: &PhotoRef,
        progress: &mut Progress,
    ) -> Result<Arc<Outcome>> {
        let knock_outs = self.knock_outs(network)?;
        let input = self.ask(&request::Input { network: network.id, photo: photo.clone() })?;
        input.notes.iter().for_each(|text| self.notes.warn_of(&input.name, text));
        self.forward(
            &request::Forward { network: network.id, input: input.id, knock_outs },
            progress,
        )
    }

    /// Runs a network on an input that is ready.
    ///
    /// # Errors
    /// When the network does not take it.
    pub fn forward(
        &self,
        request: &request::Forward,
        progress: &mut Progress,
    ) -> Result<Arc<Outcome>> {
        let outcome = self.follow(request, progress)?;
        outcome.note.iter().for_each(|text| self.notes.warn(text));
        Ok(outcome)
    }

    /// Does work that takes time, with a bar over its steps.
    ///
    /// # Errors
    /// The session's.
    pub fn work<A: Ask>(&self, work: &A) -> Result<A::Answer> {
        let bar = Bar::new(0, "steps");
        self.follow(work, &mut bar.progress())
    }

    /// The same for the one photo of a command, with a bar over the layers.
    ///
    /// # Errors
    /// As [`Context::run`].
    pub fn run_one(&self, network: &NetworkInfo, photo: &Path) -> Result<Arc<Outcome>> {
        self.run_ref(network, &photo_at(photo)?)
    }

    /// The same for a photo that is not a file.
    ///
    /// # Errors
    /// As [`Context::run`].
    pub fn run_ref(&self, network: &NetworkInfo, photo: &PhotoRef) -> Result<Arc<Outcome>> {
        let bar = Bar::new(network.layers.len(), "layers");
        let outcome = self.run(network, photo, &mut bar.progress());
        drop(bar);
        self.notes.say();
        outcome
    }

    /// Runs the network on photos, works on each result, and hands it on with the place of its photo. When there are
    /// several photos, there is a bar over them, and one that fails is reported and counted without ending the command.
    ///
    /// # Errors
    /// When `each` fails; when `work` finds that the command line names what does not exist; when the only photo fails.
    pub fn run_each<T>(
        &self,
        network: &NetworkInfo,
        photos: &Photos,
        work: impl Fn(&Outcome) -> Result<T>,
        mut each: impl FnMut(usize, &Outcome, &T, &Bar) -> Result<()>,
    ) -> Result<Batch> {
        let several = photos.all.len() > 1;
        let bar = Bar::new(if several { photos.all.len() } else { 0 }, "photos");
        let mut batch = Batch { photos: photos.all.len(), failed: 0 };
        for (place, path) in photos.paths().enumerate() {
            let ran = if several {
                photo_at(path).and_then(|photo| self.run(network, &photo, &mut Progress::none()))
            } else {
                self.run_one(network, path)
            };
            let worked = ran.and_then(|outcome| {
                let found = work(&outcome);
                let found = if several { found.with_context(|| shown(path)) } else { found };
                Ok((found?, outcome))
            });
            match worked {
                Ok((found, outcome)) => each(place, &outcome, &found, &bar)?,
                Err(error) if !several || failure::is_usage(&error) => return Err(error),
                Err(error) => {
                    batch.failed += 1;
                    bar.aside(|| failure::say(&format!("{error:#}")));
                }
            }
            bar.step();
        }
        drop(bar);
        self.notes.say();
        if let Err(some) = batch.finish() {
            self.notes.keep(&some.to_string());
        }
        Ok(batch)
    }
}

/// How many photos were tried, and how many could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// All.
    pub photos: usize,
    /// Those that failed.
    pub failed: usize,
}

impl Batch {
    /// The error at the end of a command that left photos out.
    ///
    /// # Errors
    /// When one failed.
    pub fn finish(&self) -> Result<()> {
        if self.failed > 0 {
            bail!("{} of {} photos could not be used", self.failed, self.photos);
        }
        Ok(())
    }
}

/// Refuses a run whose result is not made of numbers: neither a class nor a reason can be read from it.
///
/// # Errors
/// With the first layer that has NaN or infinity.
pub(super) fn finite(outcome: &Outcome) -> Result<()> {
    let ranked = outcome.ranked.iter().all(|(_, probability)| probability.is_finite());
    let last_is_finite = outcome.summaries.last().is_none_or(|last| last.invalid == 0);
    if ranked && last_is_finite {
        return Ok(());
    }
    let invalid = |(_, summary): &(&LayerInfo, &LayerSummary)| summary.invalid > 0;
    let first = outcome.layers.iter().zip(&outcome.summaries).find(invalid);
    let place = first.map_or_else(String::new, |(layer, _)| format!(", first in {}", layer.name));
    bail!("the result has NaN or infinity{place}: `convscope stats` counts them in every layer")
}

/// Refuses channels that a layer does not have.
///
/// # Errors
/// With the first of them.
pub(super) fn known_channels(layer: &LayerInfo, channels: &[usize]) -> Result<()> {
    let (name, count) = (&layer.name, layer.shape.c);
    if let Some(wrong) = channels.iter().find(|channel| **channel >= count) {
        let last = count.saturating_sub(1);
        bail!(Usage(format!("{name} has no channel {wrong}; its channels are 0 to {last}")));
    }
    Ok(())
}
