//! Files of pictures or values: one, or one per photo in a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::args::{FileFlags, Flags, Format};
use super::failure::{self, Usage};
use super::output::{Spared, Target, shown};
use super::photos::{Photos, refuse_folder};
use crate::base::count;

/// Where the pictures or values of a command go.
pub(super) enum Files {
    /// The command line names no file.
    None,
    /// One file, or stdout.
    One(Target, Format),
    /// A file per photo.
    Each(Folder),
}

/// A folder with a file per photo.
pub(super) struct Folder {
    path: PathBuf,
    format: Format,
    /// The file of each photo, in the order of the photos.
    files: Vec<PathBuf>,
    spared: Spared,
}

impl Files {
    /// Finds out before any work is done whether the file can be written. `noun` is for messages: `maps`.
    ///
    /// # Errors
    /// When it cannot be written, or neither its ending nor `--format` says what it holds.
    pub fn one(args: &FileFlags, flags: &Flags, photo: Option<&Path>, noun: &str) -> Result<Self> {
        photo.map_or(Ok(()), refuse_folder)?;
        let Some(path) = &args.output else { return Ok(Self::None) };
        let spared = Spared::new(flags, args.write.no_clobber, photo);
        let target = Target::check(path, &spared)?;
        let format = format(args, &target, path, noun)?;
        Ok(Self::One(target, format))
    }

    /// The same for a command that takes several photos: for more than one, or a folder of photos, the output is a
    /// folder, which is created where its name ends with a slash.
    ///
    /// # Errors
    /// As [`Files::one`]; when several photos would go into one file, or the folder cannot be created.
    pub fn several(args: &FileFlags, flags: &Flags, photos: &Photos, noun: &str) -> Result<Self> {
        let Some(path) = &args.output else { return Ok(Self::None) };
        let is_new = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        if !path.is_dir() && !is_new {
            let Some(photo) = photos.all.first().filter(|_| photos.is_one) else {
                let path = shown(path);
                bail!(Usage(format!(
                    "{path}: several photos are written into a folder: name one that exists, or {path}/ for a new one"
                )));
            };
            return Self::one(args, flags, Some(&photo.path), noun);
        }
        let format = args.format.unwrap_or(Format::Png);
        let files: Vec<PathBuf> =
            file_names(photos, format)?.into_iter().map(|name| path.join(name)).collect();
        let mut spared = Spared::new(flags, args.write.no_clobber, None);
        photos.paths().for_each(|photo| spared.input(photo));
        for file in &files {
            spared.check(file)?;
        }
        std::fs::create_dir_all(path)
            .with_context(|| format!("{}: the folder cannot be created", shown(path)))?;
        Ok(Self::Each(Folder { path: path.clone(), format, files, spared }))
    }

    /// What they hold; `None` where there are none.
    pub const fn format(&self) -> Option<Format> {
        match self {
            Self::None => None,
            Self::One(_, format) => Some(*format),
            Self::Each(folder) => Some(folder.format),
        }
    }

    /// Whether the bytes go to stdout.
    pub const fn is_stdout(&self) -> bool {
        matches!(self, Self::One(target, _) if target.is_stdout())
    }

    /// Writes the file of a photo, by its place among the photos.
    ///
    /// # Errors
    /// Those of `encode`, and of the disk or the pipe.
    pub fn write(
        &self,
        photo: usize,
        encode: impl FnOnce(Format) -> Result<Vec<u8>>,
    ) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::One(target, format) => target.write(&encode(*format)?),
            Self::Each(folder) => {
                let file =
                    folder.files.get(photo).context("an internal error: a photo without a file")?;
                let parent = file.parent().unwrap_or(&folder.path);
                std::fs::create_dir_all(parent)
                    .with_context(|| format!("{}: the folder cannot be created", shown(parent)))?;
                let target = Target::check(file, &folder.spared)?;
                target.fill(&encode(folder.format)?)
            }
        }
    }

    /// Says on stderr how many files are in the folder now.
    pub fn tell(&self, written: usize) {
        if let Self::Each(folder) = self {
            failure::tell(&format!(
                "wrote {} into {}",
                count(written, "file"),
                shown(&folder.path)
            ));
        }
    }
}

fn format(args: &FileFlags, target: &Target, path: &Path, noun: &str) -> Result<Format> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let by_ending = match ending.as_deref() {
        Some("npy") => Some(Format::Npy),
        Some("png") => Some(Format::Png),
        _ => None,
    };
    match (args.format, by_ending) {
        (Some(format), _) if target.is_stdout() => Ok(format),
        (None, _) if target.is_stdout() => Ok(Format::Npy),
        (Some(format), Some(other)) if format != other => {
            let (file, format) = (shown(path), format.ending());
            bail!(Usage(format!(
                "{file}: --format {format} does not match the file extension: change one of them"
            )))
        }
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => bail!(Usage(format!(
            "{}: {noun} are written as .png (a picture) or .npy (the values)",
            shown(path)
        ))),
    }
}

/// A name for each photo, without the photo's own ending where that leaves the names different.
fn file_names(photos: &Photos, format: Format) -> Result<Vec<PathBuf>> {
    let ending = format.ending();
    let plain: Vec<PathBuf> =
        photos.all.iter().map(|photo| photo.name.with_extension(ending)).collect();
    let mut uses: HashMap<&Path, usize> = HashMap::new();
    plain.iter().for_each(|name| *uses.entry(name).or_default() += 1);
    let mut taken: HashMap<PathBuf, &Path> = HashMap::new();
    let mut names = Vec::with_capacity(plain.len());
    for (photo, plain) in photos.all.iter().zip(&plain) {
        let name = if uses.get(plain.as_path()) == Some(&1) {
            plain.clone()
        } else {
            let mut whole = photo.name.clone().into_os_string();
            whole.push(format!(".{ending}"));
            whole.into()
        };
        if let Some(other) = taken.insert(name.clone(), &photo.path) {
            bail!(Usage(format!(
                "{} and {} would both be written to {}: run the command once for each",
                shown(other),
                shown(&photo.path),
                shown(&name)
            )));
        }
        names.push(name);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::photos::PhotoPath;
    use super::*;

    #[test]
    fn files_are_named_after_their_photos() {
        let photos = |names: &[&str]| Photos {
            all: names
                .iter()
                .map(|name| PhotoPath { path: name.into(), name: name.into() })
                .collect(),
            is_one: false,
        };
        let names = |all: &[&str]| file_names(&photos(all), Format::Png);
        let named = names(&["a.jpg", "cats/a.jpg", "b.jpg", "b.jxl"]).unwrap();
        let expected = ["a.png", "cats/a.png", "b.jpg.png", "b.jxl.png"].map(PathBuf::from);
        assert_eq!(named, expected);
        assert!(names(&["a.jpg", "a.jpg"]).is_err());
    }
}
