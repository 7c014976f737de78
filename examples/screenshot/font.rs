//! Fonts, and glyphs drawn into a cell.

use std::fs;
use std::path::{Path, PathBuf};

use ab_glyph::{Font, FontVec, PxScale, ScaleFont, point};
use anyhow::{Context, Result, bail};

use crate::canvas::Canvas;

/// Where monospace fonts usually lie. Those that exist also serve as fallbacks, in this order.
const USUAL: [&str; 12] = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/TTF/DejaVuSansMono.ttf",
    "/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansMono-Regular.ttf",
    "/usr/share/fonts/noto/NotoSansMono-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
    "/Library/Fonts/DejaVuSansMono.ttf",
    "/System/Library/Fonts/SFNSMono.ttf",
    "/System/Library/Fonts/Menlo.ttc",
    "/System/Library/Fonts/Monaco.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
];

/// The fonts of a picture.
pub struct Fonts {
    /// Asked for each character in turn. Never empty.
    regular: Vec<FontVec>,
    /// The bold sibling of the first. Without it, bold is drawn twice, one pixel apart.
    bold: Option<FontVec>,
}

impl Fonts {
    /// Loads `chosen`, or else the first usual font that exists, and the others as fallbacks.
    pub fn load(chosen: Option<&Path>) -> Result<Self> {
        let usual = USUAL.iter().map(PathBuf::from).filter(|path| path.exists());
        let paths: Vec<PathBuf> = chosen.map(Path::to_owned).into_iter().chain(usual).collect();
        let Some(first) = paths.first() else {
            bail!("no monospace font found: give one with --font FILE");
        };
        let mut regular = vec![read(first)?];
        // A broken fallback is no reason to stop.
        regular.extend(paths[1..].iter().filter_map(|path| read(path).ok()));
        let bold = bold_sibling(first).and_then(|path| read(&path).ok());
        Ok(Self { regular, bold })
    }

    /// Draws a character. One that no font has becomes a hollow box.
    pub fn draw(&self, canvas: &mut Canvas<'_>, character: char, bold: bool) {
        let has = |font: &&FontVec| font.glyph_id(character).0 != 0;
        let heavy = self.bold.as_ref().filter(|_| bold).filter(has);
        let Some(font) = heavy.or_else(|| self.regular.iter().find(has)) else {
            return hollow(canvas);
        };
        // Every font is sized by the first one, so that lines of text stand on one baseline.
        let (scale, baseline) = self.size(canvas);
        let glyph = font.glyph_id(character);
        let scaled = font.as_scaled(scale);
        let spare = canvas.width as f32 - scaled.h_advance(glyph);
        let glyph = glyph.with_scale_and_position(scale, point(spare / 2.0, baseline));
        let Some(outline) = font.outline_glyph(glyph) else {
            return;
        };
        let corner = outline.px_bounds().min;
        let smear = i32::from(bold && heavy.is_none());
        outline.draw(|x, y, coverage| {
            let (x, y) = (corner.x as i32 + x as i32, corner.y as i32 + y as i32);
            for shift in 0..=smear {
                canvas.dot(x + shift, y, coverage);
            }
        });
    }

    /// The scale at which a letter of the first font fills a cell, and the baseline in pixels.
    fn size(&self, canvas: &Canvas<'_>) -> (PxScale, f32) {
        let font = &self.regular[0];
        let height = canvas.height as f32;
        // Two cells wide or one: the letters are the same.
        let cell = height / 2.0;
        let wanted = cell * font.height_unscaled() / font.h_advance_unscaled(font.glyph_id('M'));
        let scale = PxScale::from(wanted.min(height));
        let scaled = font.as_scaled(scale);
        (scale, ((height - scaled.height()) / 2.0 + scaled.ascent()).round())
    }
}

/// A box where a glyph is missing.
fn hollow(canvas: &mut Canvas<'_>) {
    let (w, h) = (canvas.width, canvas.height);
    let [x0, y0, x1, y1] = [w / 6, h / 5, w - w / 6, h - h / 5];
    for side in
        [[x0, y0, x1, y0 + 1], [x0, y1 - 1, x1, y1], [x0, y0, x0 + 1, y1], [x1 - 1, y0, x1, y1]]
    {
        canvas.fill(side, 0.6);
    }
}

/// `X-Regular.ttf` or `X.ttf` -> `X-Bold.ttf`, if that exists.
fn bold_sibling(path: &Path) -> Option<PathBuf> {
    let stem = path.file_stem()?.to_str()?;
    let family = stem.strip_suffix("-Regular").unwrap_or(stem);
    let sibling = path.with_file_name(format!("{family}-Bold.{}", path.extension()?.to_str()?));
    sibling.exists().then_some(sibling)
}

/// Reads a font file, or the first font of a collection.
fn read(path: &Path) -> Result<FontVec> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    FontVec::try_from_vec_and_index(bytes, 0)
        .with_context(|| format!("{} is not a font", path.display()))
}
