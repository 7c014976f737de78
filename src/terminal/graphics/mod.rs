//! Real pictures: from pixels to the bytes that a terminal draws them from.
//!
//! Everything here is pure. Pictures keep their blocks crisp: they are brought to the size in which they
//! are shown, because terminals smooth what they stretch; where the bytes do not allow it they get
//! smaller. What the bytes do is the same for all protocols: they draw at the cursor, over so many
//! columns and rows, and leave the cursor where it was. A picture must not reach into the last row of
//! the screen: some terminals scroll after it.

mod diacritics;
mod encoder;
mod iterm2;
mod kitty;
mod palette;
mod placeholder;
mod sixel;
mod tmux;

pub use encoder::{Encoded, Encoder, GraphicsError, Protocol};
pub(super) use tmux::envelope;
