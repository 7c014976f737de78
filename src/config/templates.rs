//! Files of the user to begin with: the defaults, every one after a `#`.

/// What stands above the settings and the keys, in place of the words about where the file lies.
const HEAD: &str = "\
# To change a setting, remove the # before it and keep the line with its [section].
# Every value here is the default; `convscope config show` prints what is in force.
";
/// An example below the words about the catalogue.
const NETWORK: &str = "
#[mine]
#title = \"My ResNet-50\"
#repo = \"owner/name\"
";

/// The name and the text of each file.
pub fn templates() -> [(&'static str, String); 3] {
    let models = include_str!("../../config/models.toml");
    // The words about the fields; where the shipped values are from is another matter.
    let fields = models.split("\n#\n# Sources.").next().unwrap_or_default();
    [
        ("config.toml", commented(include_str!("../../config/default.toml"))),
        ("keys.toml", commented(include_str!("../../config/keys.toml"))),
        ("models.toml", format!("{fields}\n{NETWORK}")),
    ]
}

/// The defaults in comments, sections left as they are.
fn commented(text: &str) -> String {
    let body = text.split_once("\n\n").map_or(text, |(_, body)| body);
    let mut out = format!("{HEAD}\n");
    for line in body.lines() {
        if !line.is_empty() && !line.starts_with(['#', '[']) {
            out.push('#');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;
    use crate::config::{Catalogue, Settings};

    /// The text without the `#` before values; words have a space after theirs.
    fn uncommented(text: &str) -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(value) if !value.is_empty() && !value.starts_with(' ') => value.to_string(),
            _ => line.to_string(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn templates_change_nothing_and_hold_every_default() {
        let [(_, settings), (_, keys), (_, models)] = templates();
        let load = |text: &str| Settings::load(Some((Path::new("c.toml"), text))).unwrap();
        let default = Settings::load(None).unwrap();
        assert_eq!(load(&settings), default);
        assert_eq!(load(&uncommented(&settings)), default);
        let shown = default.show();
        for line in shown.lines().filter(|line| line.contains(" = ")) {
            assert!(settings.lines().any(|l| l.strip_prefix('#') == Some(line)), "{line}");
        }
        assert!(settings.lines().all(|line| line.is_empty() || line.starts_with(['#', '['])));

        assert!(keys.contains("\n[keys]\n#left = [") && keys.contains("\n#quit = ["), "{keys}");
        assert!(!keys.lines().any(|line| line.contains(" = ") && !line.starts_with('#')));

        let catalogue = |text: &str| Catalogue::load(Some((Path::new("m.toml"), text))).unwrap();
        assert_eq!(catalogue(&models), Catalogue::load(None).unwrap());
        let mine = catalogue(&uncommented(&models));
        assert_eq!(mine.find("mine").unwrap().title, "My ResNet-50");
        assert!(models.contains("\n#   crop_pct "), "{models}");
    }
}
