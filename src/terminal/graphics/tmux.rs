//! tmux's envelope: what is inside goes to the terminal around it as it is, if `allow-passthrough` is on.

/// Puts sequences into an envelope: every ESC is doubled.
pub fn envelope(sequences: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequences.replace('\x1b', "\x1b\x1b"))
}

/// The same for a picture that is drawn at the cursor. tmux does not bring the terminal's cursor to the
/// pane's before it passes something on. It does so for text, so a space goes before, and the envelope
/// begins with a step back.
pub fn at_cursor(sequences: &str) -> String {
    format!("\x1b7 {}\x1b8", envelope(&format!("\x1b[D{sequences}")))
}
