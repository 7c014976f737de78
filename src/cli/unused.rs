//! Flags that would change nothing are refused: a picture that ignores what was asked for is worse than none.

use anyhow::{Result, bail};

use super::args::{DrawFlags, EffortArgs, Flags, Format};
use super::failure::Usage;
use crate::session::ask::{Method, Parameter};

/// What a command line asks for besides words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The file, if there is one.
    pub file: Option<Format>,
    /// Whether something is drawn where stdout is a terminal.
    pub drawn: bool,
}

/// What a flag is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Pictures in files.
    Png,
    /// Values in files.
    Npy,
    /// What is drawn on the terminal.
    Drawing,
    /// Pictures in files and on the terminal.
    Pictures,
}

impl Wanted {
    /// What a command line asks for, from its file and its other output.
    pub const fn of(file: Option<Format>, draw: &DrawFlags, json: bool) -> Self {
        Self { file, drawn: draw.print || (file.is_none() && !json) }
    }

    /// Refuses the flags that were given and are for something else. `own` has those of the command; those of
    /// drawing and of colors are known.
    ///
    /// # Errors
    /// With the first of them.
    pub fn check(&self, flags: &Flags, draw: &DrawFlags, own: &[(&str, bool, For)]) -> Result<()> {
        let shared = [
            ("--width", draw.width.is_some(), For::Drawing),
            ("--graphics", flags.graphics.graphics.is_some(), For::Drawing),
            ("--colormap", flags.look.colormap.is_some(), For::Pictures),
            ("--range", flags.look.range.is_some(), For::Pictures),
        ];
        for (flag, given, of) in own.iter().copied().chain(shared) {
            if !given || self.has(of) {
                continue;
            }
            let (what, add) = match of {
                For::Png => ("a picture in a file", "write one with -o FILE.png"),
                For::Npy => ("values in a file", "write them with -o FILE.npy"),
                For::Drawing => ("drawing on the terminal", "add --print"),
                For::Pictures => ("pictures", "add --print or -o FILE.png"),
            };
            bail!(Usage(format!("{flag} is for {what}: {add}, or leave it out")));
        }
        Ok(())
    }

    const fn has(&self, of: For) -> bool {
        let (png, npy) =
            (matches!(self.file, Some(Format::Png)), matches!(self.file, Some(Format::Npy)));
        match of {
            For::Png => png,
            For::Npy => npy,
            For::Drawing => self.drawn,
            For::Pictures => png || self.drawn,
        }
    }
}

/// Refuses numbers that a method does not read.
///
/// # Errors
/// With the first of them, and the methods that read it.
pub(super) fn check_method(method: Method, effort: &EffortArgs) -> Result<()> {
    let given = [
        ("--steps", effort.steps.is_some(), Parameter::Steps),
        ("--samples", effort.samples.is_some(), Parameter::Samples),
        ("--seed", effort.seed.is_some(), Parameter::Seed),
    ];
    for (flag, given, parameter) in given {
        if given && !method.reads(parameter) {
            let readers: Vec<&str> =
                Method::all().filter(|m| m.reads(parameter)).map(Method::name).collect();
            let (name, readers) = (method.name(), readers.join(", "));
            bail!(Usage(format!("{flag} is for {readers}: {name} does not use it")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_flag_is_refused_where_nothing_uses_it() {
        let draw = DrawFlags::default();
        let printed = DrawFlags { print: true, width: Some(20) };
        let refused = |wanted: Wanted, draw: &DrawFlags, of: For| {
            wanted.check(&Flags::default(), draw, &[("--x", true, of)]).is_err()
        };
        let png = Wanted::of(Some(Format::Png), &draw, false);
        assert!(!refused(png, &draw, For::Png) && !refused(png, &draw, For::Pictures));
        assert!(refused(png, &draw, For::Npy) && refused(png, &draw, For::Drawing));
        assert!(refused(png, &printed, For::Png), "--width without --print");
        let json = Wanted::of(None, &draw, true);
        assert!(refused(json, &draw, For::Pictures) && refused(json, &draw, For::Drawing));
        let all = Wanted::of(None, &printed, true);
        assert!(!refused(all, &printed, For::Pictures) && !refused(all, &printed, For::Drawing));
    }

    #[test]
    fn every_number_has_a_method_and_the_others_refuse_it() {
        for method in Method::all() {
            let effort = |flag: usize| EffortArgs {
                steps: (flag == 0).then_some(1),
                samples: (flag == 1).then_some(1),
                seed: (flag == 2).then_some(1),
            };
            let taken: Vec<bool> =
                (0..3).map(|flag| check_method(method, &effort(flag)).is_ok()).collect();
            let expected = match method.name() {
                "integrated-gradients" => [true, false, false],
                "smoothgrad" => [false, true, true],
                _ => [false; 3],
            };
            assert_eq!(taken, expected, "{}", method.name());
            assert!(check_method(method, &effort(3)).is_ok());
        }
    }
}
