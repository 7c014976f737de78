//! Text for people: names without control bytes, numbers with few digits, near matches.

/// How a network of any kind becomes a file that says what it computes, in PyTorch.
pub const EXPORT: &str = "torch.export.save(torch.export.export(net.eval(), (x,)), \"net.pt2\")";

use std::borrow::Cow;
use std::path::Path;

use unicode_width::UnicodeWidthStr;

/// Characters that show nothing, or that change where others are shown, by Unicode's properties (version 17). Variation
/// selectors stay: they choose among forms of the character before them.
const HIDDEN: [(char, char); 26] = [
    // Line and paragraph separators.
    ('\u{2028}', '\u{2029}'),
    // Bidi_Control, as far as the rows below do not have it.
    ('\u{61c}', '\u{61c}'),
    ('\u{202a}', '\u{202e}'),
    // Default_Ignorable_Code_Point: soft hyphen, joiners, fillers, tags, and what is reserved for more of them.
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e00ff}'),
    ('\u{e01f0}', '\u{e0fff}'),
    // General category Cf without a glyph: interlinear annotation, controls of hieroglyphs.
    ('\u{fff9}', '\u{fffb}'),
    ('\u{13430}', '\u{1343f}'),
    // Noncharacters.
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{1fffe}', '\u{1ffff}'),
    ('\u{2fffe}', '\u{2ffff}'),
    ('\u{efffe}', '\u{effff}'),
    ('\u{10fffe}', '\u{10ffff}'),
];

/// `text` without anything that a terminal could obey or a reader could miss: control characters (C0, C1, delete),
/// separators of lines, and characters that are invisible or reorder others become `\u{fffd}`.
pub fn clean(text: &str) -> String {
    let hidden =
        |c: char| !c.is_ascii() && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c));
    text.chars().map(|c| if c.is_control() || hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// The last part of a path, harmless to print.
pub fn file_name(path: &Path) -> String {
    clean(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// Columns that a text takes on a terminal.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// `text` in at most `most` columns; one that is longer ends with an ellipsis.
pub fn fit(text: &str, most: usize) -> Cow<'_, str> {
    // Each character takes two columns at most, so that the end of a long text need not be read.
    let end = text.char_indices().nth(4 * most + 8).map_or(text.len(), |(at, _)| at);
    if end == text.len() && text.width() <= most {
        return Cow::Borrowed(text);
    }
    let ends = text[..end].char_indices().map(|(at, c)| at + c.len_utf8());
    let last = ends.take_while(|end| text[..*end].width() < most).last().unwrap_or(0);
    Cow::Owned(if most == 0 { String::new() } else { format!("{}…", &text[..last]) })
}

/// `text` padded with spaces after it to `columns` columns.
pub fn pad_end(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// `text` padded with spaces before it to `columns` columns.
pub fn pad_start(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Whether two names are the same but for case, hyphens, underscores, spaces, and `plus` for `+`: `grad-cam++`,
/// `GradCAM++` and `grad_cam_plus_plus`.
pub fn same_name(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let kept = |c: &char| !matches!(c, '-' | '_' | ' ');
        let name = name.to_lowercase().replace('+', "plus");
        // British spellings are understood.
        let name = name.replace("grey", "gray").replace("colour", "color").replace("ise", "ize");
        name.chars().filter(kept).collect::<String>()
    };
    letters(one) == letters(other)
}

/// Text in lines of at most `width` columns, broken at spaces; a longer word has a line to itself.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |l| l.width());
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + word.width() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// The first line of an error's message: candle adds a backtrace when `RUST_BACKTRACE` is set, and
/// parsers draw the place.
pub fn first_line(message: &impl std::fmt::Display) -> String {
    message.to_string().lines().next().unwrap_or_default().to_string()
}

/// Three significant digits, without an exponent where that stays short: `4.87`, `0.031`, `1.2e-5`.
pub fn significant(value: f32) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_string()
    } else if !value.is_finite() {
        format!("{value}")
    } else if (1e5..).contains(&magnitude) || magnitude < 1e-3 {
        format!("{value:.1e}")
    } else if magnitude >= 100.0 {
        format!("{value:.0}")
    } else if magnitude >= 10.0 {
        format!("{value:.1}")
    } else if magnitude >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// A change with its sign and three significant digits: `+0.031`, `-4.87`.
pub fn signed(change: f32) -> String {
    let text = significant(change.abs());
    if change < 0.0 { format!("-{text}") } else { format!("+{text}") }
}

/// A fraction as whole per cent; `<1 %` and `>99 %` where rounding would lie.
pub fn percent(fraction: f32) -> String {
    let whole = (fraction * 100.0).round();
    if whole == 0.0 && fraction > 0.0 {
        "<1 %".to_string()
    } else if whole == 100.0 && fraction < 1.0 {
        ">99 %".to_string()
    } else {
        format!("{whole:.0} %")
    }
}

/// A count with a unit letter: `147 k`, `4.09 G`.
pub fn short_count(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["", " k", " M", " G", " T"] {
        if value < 999.5 || unit == " T" {
            return match unit {
                "" => format!("{count}"),
                _ if value < 9.995 => format!("{value:.2}{unit}"),
                _ if value < 99.95 => format!("{value:.1}{unit}"),
                _ => format!("{value:.0}{unit}"),
            };
        }
        value /= 1000.0;
    }
    count.to_string()
}

/// A bar of at most `width` columns, filled to `fraction` in eighths of a column; what is above 0 shows.
pub fn bar(fraction: f32, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    let rounded = (fraction * (8 * width) as f32).round() as usize;
    let eighths = rounded.max(usize::from(fraction > 0.0));
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// `1 photo`, `2 photos`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `97.8 MB`.
pub fn short_bytes(n: u64) -> String {
    let units = ["B", "kB", "MB", "GB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value >= 99.95 || unit == 0 { 0 } else { 1 };
    format!("{value:.digits$} {}", units[unit])
}

/// Up to three of `names` that `wanted` may have meant, the likeliest first.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<_> = names
        .map(|name| {
            let lower = name.to_lowercase();
            let inside = !wanted.is_empty() && lower.contains(&wanted);
            // Jaro-Winkler likes a common start; edits decide between names that share it.
            let score = strsim::jaro_winkler(&wanted, &lower)
                + 0.1 * strsim::normalized_levenshtein(&wanted, &lower)
                + if inside { 0.3 } else { 0.0 };
            (score, name)
        })
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_however_they_are_spelled() {
        for name in ["grad-cam++", "GradCAM++", "grad_cam_plus_plus", "GRAD CAM ++"] {
            assert!(same_name("grad-cam++", name), "{name}");
        }
        for name in ["grad-cam", "gradcam+", "", "grad.cam++"] {
            assert!(!same_name("grad-cam++", name), "{name}");
        }
    }

    #[test]
    fn hostile_names_lose_their_teeth() {
        assert_eq!(
            clean("a\u{1b}[2Jb\u{9b}c\nd\u{202e}"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}"
        );
        assert_eq!(clean("Größe 漢"), "Größe 漢");
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        let hidden = [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2069}',
            '\u{206a}',
            '\u{3164}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{1d173}',
            '\u{e0000}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{10ffff}',
        ];
        for c in hidden {
            assert_eq!(clean(&format!("a{c}b")), "a\u{fffd}b", "{:x}", u32::from(c));
        }
        // Variation selectors, marks, private use, prefixes of Arabic numbers: they show, or change what shows.
        for c in [
            '\u{fe0f}',
            '\u{180b}',
            '\u{e0100}',
            '\u{301}',
            '\u{e000}',
            '\u{600}',
            '\u{a0}',
            '\u{fffd}',
        ] {
            assert_eq!(clean(&c.to_string()), c.to_string(), "{:x}", u32::from(c));
        }
        let ordered = HIDDEN.iter().all(|(first, last)| first <= last);
        assert!(ordered);
    }

    #[test]
    fn texts_are_cut_by_their_columns() {
        assert_eq!([fit("cat", 3), fit("cats", 3), fit("", 3)], ["cat", "ca…", ""]);
        assert_eq!([fit("漢字漢", 6), fit("漢字漢", 5), fit("漢字", 1)], ["漢字漢", "漢字…", "…"]);
        assert_eq!(
            (fit("e\u{301}e\u{301}", 2), fit("cat", 0)),
            ("e\u{301}e\u{301}".into(), "".into())
        );
        let long = "a".repeat(100_000);
        assert_eq!(columns(&fit(&long, 40)), 40);
        assert_eq!(columns(&fit(&"\u{301}".repeat(100_000), 40)), 1);
        assert_eq!(
            [pad_end("漢", 4), pad_start("漢", 4), pad_end("cat", 2)],
            ["漢  ", "  漢", "cat"]
        );
    }

    #[test]
    fn numbers_stay_short() {
        let shown: Vec<_> =
            [0.0, 4.868, 12.34, 431.9, 0.0312, 1.2e-5, 2.5e7].map(significant).into();
        assert_eq!(shown, ["0", "4.87", "12.3", "432", "0.0312", "1.2e-5", "2.5e7"]);
        let counts: Vec<_> = [999, 1_000, 147_456, 4_089_184_256].map(short_count).into();
        assert_eq!(counts, ["999", "1.00 k", "147 k", "4.09 G"]);
        assert_eq!([percent(0.0), percent(0.001), percent(0.9999)], ["0 %", "<1 %", ">99 %"]);
    }

    #[test]
    fn bars_fill() {
        assert_eq!([bar(0.0, 2), bar(0.5, 2), bar(0.75, 2), bar(9.0, 2)], ["", "█", "█▌", "██"]);
        assert_eq!([bar(f32::NAN, 2), bar(1e-6, 2)], ["", "▏"]);
    }

    #[test]
    fn near_names_come_first() {
        let names = ["layer1.0.relu", "layer1.0.relu_1", "layer2.0.relu", "fc"];
        assert_eq!(nearest("layer1.0.relu_2", names.into_iter())[0], "layer1.0.relu_1");
        assert!(nearest("zzz", names.into_iter()).is_empty());
    }

    #[test]
    fn bytes_are_read_at_a_glance() {
        assert_eq!(
            [0, 999, 46_800_000, 102_000_000, 2_500_000_000].map(short_bytes),
            ["0 B", "999 B", "46.8 MB", "102 MB", "2.5 GB"]
        );
    }
}
