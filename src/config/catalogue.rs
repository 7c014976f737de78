//! The catalogue: networks of the hub that have a name of their own. `config/models.toml` is embedded,
//! the user's file is laid over it.

use std::collections::HashMap;
use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer as Reader, Error};

use super::document::Document;
use super::{ConfigError, RepoRef};
use crate::base::{bounds, nearest};

const DEFAULT: &str = include_str!("../../config/models.toml");
/// What a network may state.
const FIELDS: [&str; 14] = [
    "title",
    "repo",
    "file",
    "size_bytes",
    "parameters",
    "top1",
    "input_size",
    "crop_pct",
    "interpolation",
    "mean",
    "std",
    "labels",
    "license",
    "note",
];

/// All networks, in the order of the file, the user's own at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    models: Vec<Model>,
}

/// A network of the catalogue. What is `None` nobody has stated.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Model {
    /// The name by which it is asked for: `resnet50`.
    #[serde(skip)]
    pub name: String,
    /// Its name for people: `ResNet-50`.
    pub title: String,
    /// The repository on the hub: `owner/name[@revision][:file]`.
    #[serde(deserialize_with = "repo")]
    pub repo: String,
    /// The file of weights; `None` when the usual names are to be tried.
    pub file: Option<String>,
    /// The size of that file in bytes, rounded to three digits.
    pub size_bytes: Option<u64>,
    /// How many parameters it has.
    pub parameters: Option<u64>,
    /// Published accuracy on ImageNet's validation set, in %.
    pub top1: Option<f32>,
    /// Height and width of the input in pixels.
    #[serde(default, deserialize_with = "side")]
    pub input_size: Option<usize>,
    /// The input's side over the side to which a photo is scaled before the crop.
    #[serde(default, deserialize_with = "fraction")]
    pub crop_pct: Option<f64>,
    /// How a photo is scaled.
    pub interpolation: Option<Filter>,
    /// Channel means of pixels in 0..1.
    #[serde(default, deserialize_with = "means")]
    pub mean: Option<Vec<f32>>,
    /// Channel standard deviations of pixels in 0..1.
    #[serde(default, deserialize_with = "deviations")]
    pub std: Option<Vec<f32>>,
    /// What its classes are called.
    pub labels: Option<LabelSet>,
    /// The license of the weights, as the model card names it.
    pub license: Option<String>,
    /// Anything else, for people.
    pub note: Option<String>,
}

/// A resampling filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// Triangle.
    Bilinear,
    /// Catmull-Rom.
    Bicubic,
}

/// Names of classes that ship with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelSet {
    /// [`super::imagenet`].
    Imagenet,
}

impl Catalogue {
    /// The networks that ship with the program, overlaid by the user's file (its path, for messages, and
    /// its text).
    ///
    /// # Errors
    /// With the line: no TOML, an unknown field, a value that makes no sense, a new network without title
    /// or repo.
    pub fn load(user: Option<(&Path, &str)>) -> Result<Self, ConfigError> {
        let default = Document::parse(Path::new("config/models.toml"), DEFAULT)?;
        let mut catalogue = Self { models: Vec::new() };
        catalogue.lay_over(&default, &DeTable::new())?;
        if let Some((path, text)) = user {
            catalogue.lay_over(&Document::parse(path, text)?, default.root())?;
        }
        Ok(catalogue)
    }

    /// All networks.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The network of that name.
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Up to three names that `name` may have meant, the likeliest first.
    pub fn nearest(&self, name: &str) -> Vec<&str> {
        nearest(name, self.models.iter().map(|model| model.name.as_str()))
    }

    /// Adds the networks of a file; what one of them does not state is taken from `below`.
    fn lay_over(&mut self, file: &Document<'_>, below: &DeTable<'_>) -> Result<(), ConfigError> {
        let known = self.models.iter().enumerate().map(|(at, model)| (model.name.clone(), at));
        let known: HashMap<String, usize> = known.collect();
        for (section, entries) in file.sections()? {
            let name = section.get_ref();
            let mut table = match below.get(name.as_ref()).map(Spanned::get_ref) {
                Some(DeValue::Table(table)) => table.clone(),
                _ => DeTable::new(),
            };
            for (field, value) in &entries {
                if !FIELDS.contains(&field.get_ref().as_ref()) {
                    let what = |field: &str| format!("unknown field \"{field}\" of \"{name}\"");
                    return Err(file.unknown(field, what, FIELDS.into_iter()));
                }
                table.insert((*field).clone(), (*value).clone());
            }
            let mut model = read(table).map_err(|error| {
                // A field that is missing has no place of its own.
                let span = error.span().filter(|span| !span.is_empty());
                let field = span.as_ref().and_then(|span| {
                    entries.iter().find(|(_, value)| value.span().contains(&span.start))
                });
                let field = field.map_or_else(String::new, |(f, _)| format!(".{}", f.get_ref()));
                file.error(
                    span.unwrap_or_else(|| section.span()),
                    format!("{name}{field}: {}", error.message()),
                )
            })?;
            model.name = name.to_string();
            // A file has each section once.
            match known.get(&model.name).and_then(|at| self.models.get_mut(*at)) {
                Some(known) => *known = model,
                None => self.models.push(model),
            }
        }
        Ok(())
    }
}

fn read(table: DeTable<'_>) -> Result<Model, Error> {
    Model::deserialize(Reader::from(Spanned::new(0..0, table)))
}

/// Any of the forms of a name, written back in the short one.
fn repo<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let repo: RepoRef = String::deserialize(from)?.parse().map_err(D::Error::custom)?;
    Ok(repo.to_string())
}

fn side<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let side = usize::try_from(i64::deserialize(from)?).ok().filter(|n| bounds::SIDE.contains(*n));
    side.map(Some).ok_or_else(|| D::Error::custom(format!("must be {}", bounds::SIDE)))
}

fn fraction<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let fraction = f64::deserialize(from)?;
    let fits = fraction > 0.0 && fraction <= 2.0;
    if fits { Ok(Some(fraction)) } else { Err(D::Error::custom("must be above 0, at most 2")) }
}

fn means<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<f32>>, D::Error> {
    let values = Vec::<f32>::deserialize(from)?;
    let fits = !values.is_empty() && values.iter().all(|value| bounds::MEAN.contains(*value));
    let wrong = || D::Error::custom(format!("must be numbers from {}", bounds::MEAN));
    if fits { Ok(Some(values)) } else { Err(wrong()) }
}

fn deviations<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<f32>>, D::Error> {
    let values = Vec::<f32>::deserialize(from)?;
    let fits = !values.is_empty() && values.iter().all(|value| bounds::STD.contains(*value));
    let wrong = || D::Error::custom(format!("must be numbers from {}", bounds::STD));
    if fits { Ok(Some(values)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn load(text: &str) -> Result<Catalogue, String> {
        Catalogue::load(Some((Path::new("m.toml"), text))).map_err(|e| e.to_string())
    }

    #[test]
    fn the_networks_that_ship_are_complete() {
        let catalogue = Catalogue::load(None).unwrap();
        assert_eq!(catalogue.models()[0].name, "resnet18");
        for name in [
            "resnet18",
            "resnet34",
            "resnet50",
            "resnet101",
            "resnet152",
            "wide_resnet50_2",
            "resnext50_32x4d",
        ] {
            let model = catalogue.find(name).unwrap();
            assert_eq!(model.repo, format!("timm/{name}.tv_in1k"));
            assert!(model.top1.is_some() && model.license.is_some(), "{name}");
        }
        for model in catalogue.models() {
            // Four bytes a parameter, the rounding, and little more.
            let (size, parameters) = (model.size_bytes.unwrap(), model.parameters.unwrap());
            let ratio = size as f64 / (4 * parameters) as f64;
            assert!((0.99..1.01).contains(&ratio), "{}: {ratio}", model.name);
            assert_eq!(model.labels, Some(LabelSet::Imagenet));
            assert!(model.top1.is_none_or(|top1| (69.0..84.0).contains(&top1)));
        }
        assert_eq!(catalogue.nearest("resnet5o")[0], "resnet50");
    }

    #[test]
    fn the_users_file_changes_and_adds() {
        let text = "[resnet50]\nrepo = \"my/copy@v1\"\ncrop_pct = 0.95\n[mine]\ntitle = \"Mine\"\nrepo = \"hf-hub:a/b\"\n";
        let (user, default) = (load(text).unwrap(), Catalogue::load(None).unwrap());
        let (own, old) = (user.find("resnet50").unwrap(), default.find("resnet50").unwrap());
        assert_eq!((own.repo.as_str(), own.crop_pct), ("my/copy@v1", Some(0.95)));
        assert_eq!((&own.title, own.top1, &own.mean), (&old.title, old.top1, &old.mean));
        let mine = user.models().last().unwrap();
        assert_eq!((mine.name.as_str(), mine.repo.as_str()), ("mine", "a/b"));
        assert_eq!(user.models().len(), default.models().len() + 1);
        assert_eq!(load("").unwrap(), default);
    }

    #[test]
    fn mistakes_are_refused_with_their_line() {
        for (text, message) in [
            ("[a]\nrepo = \"x/y\"", "m.toml:1: a: missing field `title`"),
            ("# \n[a]\ntitle = \"A\"", "m.toml:2: a: missing field `repo`"),
            (
                "[resnet50]\n\nreop = \"x/y\"",
                "m.toml:3: unknown field \"reop\" of \"resnet50\"; did you mean \"repo\"?",
            ),
            ("[resnet50]\nname = \"x\"", "m.toml:2: unknown field \"name\" of \"resnet50\""),
            (
                "[resnet50]\nrepo = \"resnet50\"",
                "m.toml:2: resnet50.repo: \"resnet50\" is not the name of a network on the hub (no owner/name): write owner/name, owner/name@revision or owner/name:file",
            ),
            ("[resnet50]\ninput_size = 0", "m.toml:2: resnet50.input_size: must be 1 to 8192"),
            (
                "[resnet50]\nstd = [0.2, 0]",
                "m.toml:2: resnet50.std: must be numbers from 0.00001 to 1000",
            ),
            (
                "[resnet50]\nmean = []",
                "m.toml:2: resnet50.mean: must be numbers from -1000 to 1000",
            ),
            (
                "[resnet50]\ncrop_pct = 0.0",
                "m.toml:2: resnet50.crop_pct: must be above 0, at most 2",
            ),
            (
                "[resnet50]\ninterpolation = \"lanczos\"",
                "m.toml:2: resnet50.interpolation: unknown variant `lanczos`, expected `bilinear` or `bicubic`",
            ),
            (
                "title = \"x\"",
                "m.toml:1: \"title\" is outside a section: put it below a line with its [section]",
            ),
        ] {
            assert_eq!(load(text), Err(message.to_string()), "{text}");
        }
    }
}
