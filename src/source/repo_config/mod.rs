//! What the files beside the weights say: `config.json` and `preprocessor_config.json` of a hub
//! repository, or of any folder that is laid out like one.
//!
//! Every field is looked up in a table ([`fields`]): it is followed, compared with the tensors, refused by name, or
//! without effect; what no table has is named. timm writes its preprocessing at the top of `config.json` or under
//! `pretrained_cfg`; transformers writes it to `preprocessor_config.json` and the strides and labels to `config.json`.

mod architectures;
mod fields;
mod labels;
mod network;
mod object;
mod processors;
mod sift;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod timm;
mod transformers;

use std::path::Path;

use serde_json::{Map, Value};

use self::fields::{CONFIG, PRETRAINED};
use self::object::{Object, short, show};
use self::sift::{Sifted, sift, unknown_fields};
use super::{SourceError, Stated};
use crate::base::{clean, read_small_text};
use crate::config::Label;

/// Largest of these files: labels of a few thousand classes take less.
const LIMIT: u64 = 16 << 20;
const CONFIG_FILE: &str = "config.json";
const PROCESSOR_FILE: &str = "preprocessor_config.json";

/// What the files say; all of it may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepoConfig {
    /// The classes in the order of the logits.
    pub labels: Option<Vec<Label>>,
    /// `problem_type`, as it is written.
    pub problem_type: Option<String>,
    /// `downsample_in_bottleneck` and `downsample_in_first_stage`.
    pub strides: Option<(bool, bool)>,
    /// `output_stride`: 8, 16 or 32.
    pub output_stride: Option<usize>,
    /// Epsilon of every batch norm.
    pub eps: Option<f64>,
    /// What the tensors say as well.
    pub claims: Vec<Claim>,
    /// The preprocessing.
    pub recipe: Option<Stated>,
    /// Why the network cannot run, in a sentence: a field asks for something that is not supported.
    pub refused: Option<String>,
    /// What the files say that is not followed, in words.
    pub notes: Vec<String>,
    /// Fields of `config.json` that no table has; a note names them.
    pub unknown: Vec<String>,
}

/// Something that `config.json` says and the tensors say too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The field.
    pub field: String,
    /// What it is about.
    pub about: Trait,
    /// What it says, as [`Trait`] writes it.
    pub value: String,
}

/// Properties of a ResNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// Blocks of each stage: `3-4-6-3`.
    Blocks,
    /// `basic` or `bottleneck`.
    Block,
    /// Groups of the 3x3 convolutions.
    Groups,
    /// Channels of the stem.
    StemWidth,
    /// Output channels of each stage: `256-512-1024-2048`.
    Widths,
    /// Channels of the input.
    InputChannels,
    /// Classes.
    Classes,
}

impl RepoConfig {
    /// Reads the files of a folder; those that are not there say nothing.
    ///
    /// # Errors
    /// When one is there and cannot be read or is not JSON.
    pub fn read(folder: &Path) -> Result<Self, SourceError> {
        let text = |name: &str| {
            let path = folder.join(name);
            read_small_text(&path, LIMIT).map_err(|error| SourceError::at(&path, error.to_string()))
        };
        let (config, processor) = (text(CONFIG_FILE)?, text(PROCESSOR_FILE)?);
        Self::parse(config.as_deref(), processor.as_deref())
            .map_err(|error| SourceError::at(&folder.join(error.file), error.why))
    }

    /// What the texts of `config.json` and `preprocessor_config.json` say.
    ///
    /// # Errors
    /// When one of them is not JSON; the error names the file.
    pub fn parse(config: Option<&str>, preprocessor: Option<&str>) -> Result<Self, SourceError> {
        let mut says = Self::default();
        let config = says.fields(CONFIG_FILE, config)?;
        let processor = says.fields(PROCESSOR_FILE, preprocessor)?;
        let config = config.as_ref().map(|fields| Object { place: CONFIG_FILE, fields });
        let processor = processor.as_ref().map(|fields| Object { place: PROCESSOR_FILE, fields });
        if let Some(config) = config {
            says.refused = says.config(config).err();
        }
        match (&says.recipe, processor) {
            (Some(_), Some(_)) => says.notes.push(format!(
                "{PROCESSOR_FILE} is not used: {CONFIG_FILE} has timm's preprocessing"
            )),
            (None, Some(processor)) => says.processor(processor, config),
            (_, None) => {}
        }
        says.notes.extend(unknown_fields(CONFIG_FILE, &says.unknown));
        Ok(says)
    }

    /// The fields of a file; a note when it holds no object.
    fn fields(
        &mut self,
        file: &str,
        text: Option<&str>,
    ) -> Result<Option<Map<String, Value>>, SourceError> {
        let Some(text) = text else { return Ok(None) };
        let broken = |error| {
            SourceError::named(
                file,
                format!("is broken JSON ({error}): copy it again or remove it"),
            )
        };
        match serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(broken)? {
            Value::Object(fields) => Ok(Some(fields)),
            other => {
                self.notes.push(format!("{file} is {}, not an object: not used", show(&other)));
                Ok(None)
            }
        }
    }

    /// What `config.json` says.
    ///
    /// # Errors
    /// A sentence, when a field asks for something that does not run.
    fn config(&mut self, config: Object<'_>) -> Result<(), String> {
        self.labels = labels::labels(config, &mut self.notes);
        self.problem_type = match config.text("problem_type") {
            Ok(problem) => problem.map(clean),
            Err(why) => {
                self.notes.push(format!("{why}: not used"));
                None
            }
        };
        let model_type = config.text("model_type")?;
        if let Some(other) = model_type.filter(|known| !["resnet", "timm_wrapper"].contains(known))
        {
            self.notes.push(format!(
                "config.json says {}, not resnet: only its labels and problem_type are used",
                short(other)
            ));
            return Ok(());
        }
        let pretrained = config.object("pretrained_cfg")?;
        let pretrained =
            pretrained.map(|fields| Object { place: "config.json, pretrained_cfg", fields });
        self.sift(sift(config, &[&CONFIG, &PRETRAINED]), "")?;
        if let Some(pretrained) = pretrained {
            self.sift(sift(pretrained, &[&PRETRAINED]), "pretrained_cfg.")?;
        }
        network::read(config, self)?;
        let top = timm::FIELDS.iter().find(|field| config.get(field).is_some());
        if let (Some(field), Some(_)) = (top, pretrained) {
            self.notes.push(format!(
                "config.json: {field} at the top level is not used: pretrained_cfg takes precedence, as in timm"
            ));
        }
        if top.is_some() || pretrained.is_some() || config.get("architecture").is_some() {
            let recipe = timm::recipe(pretrained.unwrap_or(config));
            let refused =
                |why: String| Stated::refused(CONFIG_FILE, without_place(why, CONFIG_FILE));
            self.recipe = Some(recipe.unwrap_or_else(refused));
        }
        Ok(())
    }

    /// Takes over what an object of `config.json` says beyond the fields that are followed.
    fn sift(&mut self, found: Sifted, prefix: &str) -> Result<(), String> {
        self.unknown.extend(found.unknown.iter().map(|name| format!("{prefix}{name}")));
        self.notes.extend(found.notes);
        found.refused.map_or(Ok(()), Err)
    }

    /// What `preprocessor_config.json` says.
    fn processor(&mut self, processor: Object<'_>, config: Option<Object<'_>>) {
        let model_type = config.and_then(|config| config.text("model_type").ok()?);
        let mut found = Sifted::default();
        let recipe = transformers::recipe(processor, model_type == Some("resnet"), &mut found);
        let refused =
            |why: String| Stated::refused(PROCESSOR_FILE, without_place(why, PROCESSOR_FILE));
        self.recipe = Some(recipe.unwrap_or_else(refused));
        self.notes.extend(found.notes);
        self.notes.extend(unknown_fields(PROCESSOR_FILE, &found.unknown));
    }

    /// Remembers what a field says about the architecture; what it cannot say is noted.
    fn claim(&mut self, field: &str, about: Trait, value: Result<Option<String>, String>) {
        match value {
            Ok(value) => {
                let field = field.to_string();
                let claim = |value: String| Claim { field, about, value: short(&value) };
                self.claims.extend(value.map(claim));
            }
            Err(why) => self.notes.push(format!("{why}: not compared")),
        }
    }
}

/// A sentence without the file in front, which is the origin of the recipe.
fn without_place(why: String, place: &str) -> String {
    match why.strip_prefix(place) {
        Some(rest) => rest.trim_start_matches([':', ',', ' ']).to_string(),
        None => why,
    }
}
