//! kitty's graphics protocol, <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.
//!
//! Pictures are PNGs and bear a number: the terminal keeps them until they are deleted, so the same one
//! can be hidden and shown again without sending it. `q=2`: no answers, they would come as keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most of base64 in one sequence.
const CHUNK: usize = 4096;

/// Sends a picture and shows it; `virtually` only where placeholder characters stand.
///
/// One sequence for each chunk, so that each fits in an envelope of its own.
pub(super) fn show(id: u32, png: &[u8], cells: (u16, u16), virtually: bool) -> Vec<String> {
    let data = STANDARD.encode(png);
    let place = place_keys(cells, virtually);
    let count = data.len().div_ceil(CHUNK);
    let mut rest = data.as_str();
    (0..count)
        .map(|i| {
            let (chunk, after) = rest.split_at_checked(CHUNK).unwrap_or((rest, ""));
            rest = after;
            let keys = match i {
                0 => format!("a=T,f=100,t=d,i={id},{place},"),
                _ => String::new(),
            };
            let more = u8::from(i + 1 < count);
            format!("\x1b_G{keys}q=2,m={more};{chunk}\x1b\\")
        })
        .collect()
}

/// Shows a picture that was sent before.
pub(super) fn place(id: u32, cells: (u16, u16), virtually: bool) -> String {
    format!("\x1b_Ga=p,i={id},{},q=2\x1b\\", place_keys(cells, virtually))
}

/// Placement 1 takes the place of an earlier one of the same picture. `C=1` leaves the cursor alone.
fn place_keys((columns, rows): (u16, u16), virtually: bool) -> String {
    if virtually {
        format!("U=1,c={columns},r={rows}")
    } else {
        format!("p=1,c={columns},r={rows},C=1")
    }
}

/// Takes a picture off the screen; the terminal keeps it.
pub(super) fn hide(id: u32) -> String {
    format!("\x1b_Ga=d,d=i,i={id},q=2\x1b\\")
}

/// Takes a picture off the screen and out of the terminal's memory.
pub(super) fn forget(id: u32) -> String {
    format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\")
}

/// The same for all that are shown.
pub(super) fn forget_all() -> String {
    "\x1b_Ga=d,d=A,q=2\x1b\\".into()
}
