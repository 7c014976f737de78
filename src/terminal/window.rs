//! How large the terminal is, within what a screen can be: sizes that a terminal states are not believed blindly.

use rustix::termios::{Winsize, isatty, tcgetwinsize};

use super::tty;

/// Columns and rows of a terminal that says nothing.
const USUAL: (u16, u16) = (80, 24);
/// Most columns and rows that are drawn, more than an 8K screen has in a small font. What is beyond stays blank.
pub const MOST: (u16, u16) = (1280, 400);
/// Least and most pixels of a cell, width and height.
const CELLS: [(u16, u16); 2] = [(2, 2), (256, 512)];
/// Most pixels of all columns, and of all rows: twice those of an 8K screen.
const PIXELS: u32 = 1 << 14;

/// Columns, rows and the shape of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Columns, at least 1.
    pub columns: u16,
    /// Rows, at least 1.
    pub rows: u16,
    /// How much higher than wide a cell is: 2 where the terminal does not say.
    pub aspect: f32,
}

/// The terminal's window. Terminals without a size exist: serial lines, `docker exec`, `script` in a pipe.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// For a terminal whose system states 0.
    otherwise: (u16, u16),
}

impl Window {
    /// `answered` is what the terminal said when it was asked. It counts where the system states no size and `LINES`
    /// and `COLUMNS` do not either.
    pub fn new(answered: Option<(u16, u16)>) -> Self {
        let get = |name: &str| std::env::var(name).ok();
        Self { otherwise: otherwise(answered, get) }
    }

    /// How large it is now.
    pub fn size(&self) -> Size {
        size_of(stated(), self.otherwise)
    }
}

/// Whether nobody states the size, so that the terminal has to be asked.
pub(super) fn is_unknown() -> bool {
    let get = |name: &str| std::env::var(name).ok();
    let sized = stated().is_some_and(|size| size.ws_col > 0 && size.ws_row > 0);
    let named = |name: &str| variable(name, get).is_some();
    let named = named("COLUMNS") && named("LINES");
    !(sized || named)
}

/// The size of a cell as the system knows it, or out of the text area's, in pixels.
pub(super) fn cell(area: Option<(u16, u16)>) -> Option<(u16, u16)> {
    let size = stated()?;
    let known = Some((size.ws_xpixel, size.ws_ypixel)).filter(|(w, h)| *w > 0 && *h > 0);
    let (width, height) = known.or(area)?;
    believed((width / size.ws_col.max(1), height / size.ws_row.max(1)))
}

/// The size of a cell in pixels, unless no screen has such cells: pictures of that many pixels would take gigabytes.
pub(super) fn believed(cell: (u16, u16)) -> Option<(u16, u16)> {
    believed_on(cell, Window::new(None).size())
}

fn believed_on(cell: (u16, u16), on: Size) -> Option<(u16, u16)> {
    let [least, most] = CELLS;
    let within = (least.0..=most.0).contains(&cell.0) && (least.1..=most.1).contains(&cell.1);
    let fits = |cells: u16, pixels: u16| u32::from(cells) * u32::from(pixels) <= PIXELS;
    (within && fits(on.columns, cell.0) && fits(on.rows, cell.1)).then_some(cell)
}

/// What the system states of the terminal that stdout writes to, else of the one that keys come from.
fn stated() -> Option<Winsize> {
    let stdout = Some(rustix::stdio::stdout()).filter(|out| isatty(out));
    tcgetwinsize(stdout.or_else(tty::keyboard)?).ok()
}

fn otherwise(answered: Option<(u16, u16)>, get: impl Fn(&str) -> Option<String>) -> (u16, u16) {
    let answered = answered.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL);
    (variable("COLUMNS", &get).unwrap_or(answered.0), variable("LINES", &get).unwrap_or(answered.1))
}

/// A number of cells out of the environment.
fn variable(name: &str, get: impl Fn(&str) -> Option<String>) -> Option<u16> {
    get(name)?.trim().parse().ok().filter(|cells| *cells > 0)
}

fn size_of(stated: Option<Winsize>, otherwise: (u16, u16)) -> Size {
    let (columns, rows) = stated.map_or((0, 0), |size| (size.ws_col, size.ws_row));
    let pick = |stated: u16, otherwise: u16, most: u16| match stated {
        0 => otherwise.clamp(1, most),
        cells => cells.min(most),
    };
    Size {
        columns: pick(columns, otherwise.0, MOST.0),
        rows: pick(rows, otherwise.1, MOST.1),
        aspect: stated.map_or(2.0, aspect),
    }
}

fn aspect(size: Winsize) -> f32 {
    let cell = |pixels: u16, cells: u16| f32::from(pixels) / f32::from(cells.max(1));
    let aspect = cell(size.ws_ypixel, size.ws_row) / cell(size.ws_xpixel, size.ws_col);
    let sane = aspect.is_finite() && (1.0..=4.0).contains(&aspect);
    if sane { aspect } else { 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(columns: u16, rows: u16, pixels: (u16, u16)) -> Option<Winsize> {
        Some(Winsize { ws_col: columns, ws_row: rows, ws_xpixel: pixels.0, ws_ypixel: pixels.1 })
    }

    #[test]
    fn a_terminal_without_a_size_has_one_all_the_same() {
        let known = otherwise(Some((132, 50)), |_| None);
        assert_eq!(known, (132, 50));
        assert_eq!(otherwise(Some((0, 9)), |_| None), USUAL);
        let variables = |name: &str| Some(if name == "LINES" { "30" } else { "wide" }.to_string());
        assert_eq!(otherwise(None, variables), (80, 30));
        let size = |stated| size_of(stated, known);
        assert_eq!(size(window(0, 0, (0, 0))), Size { columns: 132, rows: 50, aspect: 2.0 });
        assert_eq!(size(window(0, 7, (0, 0))), Size { columns: 132, rows: 7, aspect: 2.0 });
        assert_eq!(size(None), Size { columns: 132, rows: 50, aspect: 2.0 });
        assert_eq!(size_of(None, (0, 65535)), Size { columns: 1, rows: 400, aspect: 2.0 });
    }

    #[test]
    fn sizes_that_no_screen_has_are_not_believed() {
        let size = size_of(window(65535, 65535, (65535, 65535)), USUAL);
        assert_eq!((size.columns, size.rows), MOST);
        assert_eq!(size_of(window(80, 24, (800, 480)), USUAL).aspect, 2.0);
        assert_eq!(size_of(window(80, 24, (80, 65535)), USUAL).aspect, 2.0);
        let on = |columns, rows| Size { columns, rows, aspect: 2.0 };
        assert_eq!(believed_on((9, 18), on(200, 60)), Some((9, 18)));
        assert_eq!(believed_on((38, 80), on(100, 27)), Some((38, 80)));
        for cell in [(500, 1000), (0, 18), (9, 1), (65535, 65535), (200, 400)] {
            assert_eq!(believed_on(cell, on(120, 40)), None, "{cell:?}");
        }
    }
}
