//! iTerm2's inline pictures, <https://iterm2.com/documentation-images.html>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Draws a PNG. The cursor is also put back, for terminals that know no `doNotMoveCursor`.
pub(super) fn show(png: &[u8], (columns, rows): (u16, u16)) -> String {
    let (size, data) = (png.len(), STANDARD.encode(png));
    format!(
        "\x1b7\x1b]1337;File=inline=1;size={size};width={columns};height={rows};\
         preserveAspectRatio=0;doNotMoveCursor=1:{data}\x07\x1b8"
    )
}
