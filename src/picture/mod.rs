//! Numbers become pictures: ranges, color maps, tiles, overlays, cells of block characters and files' bytes.
//!
//! Everything here is pure: arrays of `f32` (rows innermost) go in, RGB pixels or bytes come out.
//! NaN and infinity never vanish: they are skipped when ranges are taken, and marked where drawn.

mod blocks;
mod caption;
mod cells;
mod colormap;
mod gradient;
mod input;
mod look;
mod normalize;
mod npy;
mod overlay;
mod raster;
mod resample;
mod stops;
mod tiles;

pub use blocks::Blocks;
pub use caption::{Bar, captioned};
pub use cells::{Cell, Cells, Grid};
pub use colormap::color;
pub use gradient::gradient_picture;
pub use input::input_picture;
pub use look::Look;
pub use normalize::{Range, invalid};
pub use npy::npy;
pub use overlay::Overlay;
pub use raster::{MARK, Picture};
pub use resample::{Fit, fit};
pub use tiles::{columns, sheet};
