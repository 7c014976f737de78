//! Colors of a dark terminal.

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// Default text color.
pub const FOREGROUND: Rgb = [0xd4, 0xd7, 0xdd];
/// Default background color.
pub const BACKGROUND: Rgb = [0x14, 0x16, 0x1a];

/// The sixteen named colors.
const NAMED: [Rgb; 16] = [
    [0x23, 0x26, 0x2d],
    [0xe0, 0x5f, 0x65],
    [0x78, 0xb8, 0x6c],
    [0xd9, 0xa8, 0x4e],
    [0x5c, 0x9c, 0xe6],
    [0xb8, 0x7f, 0xd9],
    [0x4f, 0xb3, 0xbf],
    [0xb9, 0xbe, 0xc7],
    [0x63, 0x6a, 0x77],
    [0xf2, 0x7c, 0x82],
    [0x97, 0xd6, 0x8a],
    [0xf0, 0xc6, 0x74],
    [0x82, 0xb8, 0xf5],
    [0xd0, 0x9e, 0xf0],
    [0x72, 0xd1, 0xdc],
    [0xf2, 0xf4, 0xf7],
];

/// A terminal color as pixels. `default` stands for "no color set".
pub fn rgb(color: vt100::Color, default: Rgb) -> Rgb {
    match color {
        vt100::Color::Default => default,
        vt100::Color::Rgb(r, g, b) => [r, g, b],
        vt100::Color::Idx(index) => indexed(index),
    }
}

/// xterm's 256 colors: 16 named, a cube of 6x6x6, 24 grays.
fn indexed(index: u8) -> Rgb {
    match index {
        0..16 => NAMED[usize::from(index)],
        16..232 => {
            let level = |digit: u8| if digit == 0 { 0 } else { 55 + 40 * digit };
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

/// `a` with `amount` (0 to 1) of `b` in it.
pub fn mix(a: Rgb, b: Rgb, amount: f32) -> Rgb {
    let blend =
        |a: u8, b: u8| f32::from(a) + (f32::from(b) - f32::from(a)) * amount.clamp(0.0, 1.0);
    std::array::from_fn(|i| blend(a[i], b[i]).round() as u8)
}
