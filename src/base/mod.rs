//! Words that every part of the house shares: plain types, no behaviour of their own.

mod array;
mod choice;
mod control;
mod key;
mod mouse;
mod rect;
mod text;

pub use array::{Array, LayerId, Shape};
pub use choice::{Choice, ColorDepth, Colormap, Combine, Graphics, RangeMode, SortOrder, Theme};
pub use control::{Cancel, Progress};
pub use key::{Key, KeyCode, KeyError};
pub use mouse::{Mouse, MouseKind};
pub use rect::Rect;
pub use text::{bar, clean, count, first_line, nearest, percent, short_count, significant};
