//! The clipboard of the terminal, which is that of the user's own machine even over SSH.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The bytes that put text on the clipboard (OSC 52). tmux takes them itself, where its
/// `set-clipboard` lets it; terminals that do not know them ignore them.
pub fn copy(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_goes_in_base64() {
        assert_eq!(super::copy("convscope maps"), b"\x1b]52;c;Y29udnNjb3BlIG1hcHM=\x07");
    }
}
