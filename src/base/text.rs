//! Text for people: names without control bytes, numbers with few digits, near matches.

/// `text` without anything that a terminal could obey: control characters (C0, C1, delete),
/// line separators and marks that turn the direction of writing become `\u{fffd}`.
pub fn clean(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if hostile(c) { '\u{fffd}' } else { c }).collect()
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
    fn hostile_names_lose_their_teeth() {
        assert_eq!(
            clean("a\u{1b}[2Jb\u{9b}c\nd\u{202e}"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}"
        );
        assert_eq!(clean("Größe 漢"), "Größe 漢");
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
