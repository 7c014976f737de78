//! The strings of the program that a user can see, and words that do not occur in them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::checker::{Source, Violation};

/// A string of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The text, as it stands between the quotes.
    pub text: String,
}

/// What no visible string says, and what it says instead.
const AVOIDED: &[(&str, &str)] = &[
    ("behind", "after, below"),
    ("goes on", "is running, continues"),
    ("lies", "is"),
    ("so many", "the number of"),
    ("is no", "is not a"),
    ("whoever", "who"),
    ("strewn", "in random order"),
    ("let go", "freed, dropped"),
    ("looked at", "shown, requested"),
    ("of its own", "its own"),
    ("colour", "color"),
    ("grey", "gray"),
    ("maximise", "maximize"),
];

/// Strings of two words or more outside tests, and the help of the command line, which stands in doc comments.
pub fn visible(source: &Source) -> Vec<Visible> {
    let mut found = Vec::new();
    if source.path.ends_with("tests.rs") {
        return found;
    }
    if let Ok(tokens) = source.text.parse() {
        let documented = source.path.starts_with("src/cli/args");
        walk(tokens, documented, &source.path, &mut found);
    }
    found
}

fn walk(tokens: TokenStream, documented: bool, file: &str, found: &mut Vec<Visible>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match (token, tokens.get(at + 1)) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(attribute)))
                if hash.as_char() == '#' && attribute.delimiter() == Delimiter::Bracket =>
            {
                let text = attribute.stream().to_string();
                let is_doc = text.starts_with("doc =");
                if !is_doc || documented {
                    walk(attribute.stream(), documented, file, found);
                }
                at += 2;
                // What only tests see, to the end of its item.
                if text.replace(' ', "") == "cfg(test)" {
                    let ends = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    };
                    at += tokens[at..].iter().position(ends).map_or(tokens.len(), |end| end + 1);
                }
                continue;
            }
            // The documentation of a module: `#![doc = ...]`.
            (TokenTree::Punct(bang), Some(TokenTree::Group(attribute)))
                if bang.as_char() == '!' && attribute.stream().to_string().starts_with("doc =") =>
            {
                at += 1;
            }
            (TokenTree::Group(group), _) => walk(group.stream(), documented, file, found),
            (TokenTree::Literal(literal), _) => {
                let text = literal.to_string();
                if text.starts_with(['"', 'r']) && text.trim().contains(' ') {
                    let line = literal.span().start().line;
                    found.push(Visible { file: file.to_string(), line, text });
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The strings that say what is avoided.
pub fn avoided(sources: &[Source]) -> Vec<Violation> {
    let strings = sources.iter().flat_map(visible);
    let said = |Visible { file, line, text }: Visible| {
        let words = text.to_lowercase();
        let found = AVOIDED.iter().find(|(avoided, _)| says(&words, avoided))?;
        let rule = format!("says \"{}\": say {} ({text})", found.0, found.1);
        Some(Violation { file, line, rule })
    };
    strings.filter_map(said).collect()
}

/// Whether a text has these words, whole. "There is no" and the like are plain English.
fn says(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + words.len()..]);
        let whole =
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        whole && !(words == "is no" && before.ends_with("there "))
    })
}

#[test]
fn words_are_found_where_a_user_sees_them() {
    let text = r#"
        //! What goes on.
        /// What lies behind.
        fn say() { println!("the file lies in {folder}"); }
        #[cfg(test)]
        mod tests { const TEXT: &str = "it goes on"; }
        const THERE: &str = "there is no file, is north";
        const NO: &str = "it is no file";
    "#;
    let source = |path: &str| Source { path: path.into(), text: text.into() };
    let lines = |path: &str| -> Vec<usize> {
        avoided(&[source(path)]).iter().map(|violation| violation.line).collect()
    };
    assert_eq!(lines("src/cli/maps.rs"), [4, 8]);
    assert_eq!(lines("src/cli/args/mod.rs"), [3, 4, 8]);
}
