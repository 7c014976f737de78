//! A heatmap and a photo on the normal screen, in the ways that are named or that the terminal can.
//!
//!     cargo run --example graphics -- [kitty|iterm2|sixel|halfblocks|quadrants|sextants]...
//!
//! Without a name the terminal is asked. For looking at real terminals; the bytes are tested in
//! `tests/terminal/pictures.rs`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{self, Write};
use std::time::{Duration, Instant};

use convscope::base::{Choice, Colormap, Graphics};
use convscope::picture::{Cells, Grid, Picture, Range};
use convscope::source::{Photo, SAMPLES};
use convscope::terminal::graphics::Encoder;
use convscope::terminal::probe::{Capabilities, choose, probe_on_normal_screen};

/// Values of the map, a side.
const SIDE: usize = 14;
const RANGE: Range = Range { low: -1.0, high: 1.0 };
/// Columns and rows of each picture.
const CELLS: (u16, u16) = (28, 14);
/// Bytes of each picture.
const LIMIT: usize = 200_000;

fn values() -> Vec<f32> {
    let wave = |i: usize| ((i % SIDE) as f32 * 0.9).sin() * ((i / SIDE) as f32 * 0.5).cos();
    let mut values: Vec<f32> = (0..SIDE * SIDE).map(wave).collect();
    // One value stands out, and one is none.
    values[SIDE + 1] = 1.0;
    values[SIDE * SIDE - 2] = f32::NAN;
    values
}

fn photo() -> Picture {
    let photo = Photo::decode(SAMPLES[0].bytes, SAMPLES[0].name).unwrap();
    Picture { width: photo.width, height: photo.height, rgb: photo.rgb.as_chunks().0.to_vec() }
}

fn main() -> io::Result<()> {
    let started = Instant::now();
    let terminal = probe_on_normal_screen(Duration::from_secs(1));
    let mut out = io::stdout().lock();
    writeln!(out, "{terminal:?} in {:?}", started.elapsed())?;
    let named: Vec<Graphics> =
        std::env::args().skip(1).map(|name| Graphics::parse(&name).unwrap()).collect();
    let ways = if named.is_empty() { vec![choose(Graphics::Auto, &terminal)] } else { named };
    for graphics in ways {
        writeln!(out, "{graphics}")?;
        // Room below, so that nothing scrolls while pictures are drawn.
        write!(out, "{}\x1b[{}A", "\n".repeat(usize::from(CELLS.1) + 1), CELLS.1 + 1)?;
        show(&mut out, graphics, &terminal)?;
        write!(out, "\x1b[{}B\r", CELLS.1)?;
        out.flush()?;
    }
    writeln!(out, "end")
}

/// Draws both pictures side by side from the cursor's row, and leaves the cursor in that row.
fn show(out: &mut impl Write, graphics: Graphics, terminal: &Capabilities) -> io::Result<()> {
    let Some(encoder) = Encoder::new(graphics, terminal) else {
        return show_blocks(out, graphics);
    };
    let heat = Picture::heatmap(&values(), SIDE, SIDE, Colormap::RdBu, RANGE, 1);
    for (i, picture) in [heat, photo()].iter().enumerate() {
        let id = i as u32 + 1;
        let encoded = encoder.encode(id, picture, CELLS, LIMIT).unwrap();
        let column = usize::from(CELLS.0 + 4) * i + 3;
        write!(out, "\r\x1b[{column}C")?;
        out.write_all(&encoded.bytes)?;
        if let Some(rows) = encoder.placeholders(id, CELLS) {
            for row in &rows {
                write!(out, "\r\x1b[{column}C\x1b[38;5;{id}m{}\x1b[39m\x1b[B", row.concat())?;
            }
            write!(out, "\x1b[{}A", rows.len())?;
        }
        eprintln!("{} bytes, {:?} pixels", encoded.bytes.len(), encoded.pixels);
    }
    Ok(())
}

fn show_blocks(out: &mut impl Write, graphics: Graphics) -> io::Result<()> {
    let grid = Grid { columns: CELLS.0, rows: CELLS.1, blocks: graphics.into() };
    let shape = (SIDE, SIDE);
    let heat = Cells::heatmap(&grid.drawn(&values(), shape), grid, Colormap::RdBu, RANGE, None);
    for (i, cells) in [heat, Cells::photo(&photo(), grid)].iter().enumerate() {
        for row in cells.cells.chunks(usize::from(cells.columns)) {
            write!(out, "\r\x1b[{}C", usize::from(CELLS.0 + 4) * i + 3)?;
            for cell in row {
                let ([r, g, b], [x, y, z]) = (cell.fg, cell.bg);
                write!(out, "\x1b[38;2;{r};{g};{b};48;2;{x};{y};{z}m{}", cell.symbol)?;
            }
            write!(out, "\x1b[0m\x1b[B")?;
        }
        write!(out, "\x1b[{}A", cells.rows)?;
    }
    Ok(())
}
