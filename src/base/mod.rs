//! Words that every part of the house shares: plain types, no behavior of their own.

mod array;
pub mod bounds;
mod choice;
mod control;
mod device;
mod exact;
mod file;
mod key;
mod listing;
mod mouse;
mod random;
mod ranges;
mod rect;
pub mod room;
mod text;

pub use array::{Array, LayerId, Part, Shape};
pub use choice::{
    Blending, Choice, ColorDepth, Colormap, Combine, Dtype, Graphics, OutputFunction, RangeMode,
    SortOrder, StrideIn, Theme, Timed,
};
pub use control::{Cancel, Progress};
pub use device::DeviceChoice;
pub use exact::Exact;
pub use file::{open_regular, open_to_append, read_small, read_small_text};
pub use key::{Key, KeyCode, KeyError};
pub use listing::{Listing, TensorInfo};
pub use mouse::{Mouse, MouseKind};
pub use random::Random;
pub use ranges::{numbers, ranges};
pub use rect::Rect;
pub use text::{
    EXPORT, bar, clean, columns, count, file_name, first_line, fit, nearest, pad_end, pad_start,
    percent, same_name, short_bytes, short_count, signed, significant, wrapped,
};
