//! `keys.toml`, mutated with fixed seeds: no panic, and a sentence with file and line for what is refused.

use std::path::Path;

use convscope::base::Random;
use convscope::config::{KeyTable, LEAVE};

const DEFAULT: &str = include_str!("../../config/keys.toml");

/// The commands that the default file binds.
fn commands() -> Vec<&'static str> {
    let names = DEFAULT.lines().filter_map(|line| line.split_once(" = "));
    names.map(|(name, _)| name.trim()).filter(|name| !name.starts_with('#')).collect()
}

/// Loads a user's file: whether it was taken.
fn load(text: &str, commands: &[&str]) -> bool {
    match KeyTable::load(DEFAULT, Some((Path::new("k.toml"), text)), commands) {
        Ok(table) => {
            assert_eq!(table.command(LEAVE), Some("quit"), "{text}");
            true
        }
        Err(error) => {
            let said = error.to_string();
            let line = said.strip_prefix("k.toml:").and_then(|rest| rest.split_once(": "));
            let number = line.and_then(|(number, _)| number.parse::<usize>().ok());
            let lines = text.lines().count() + 1;
            assert!(number.is_some_and(|number| (1..=lines).contains(&number)), "{said}: {text:?}");
            assert!(!said.contains(char::is_control), "{said:?}");
            false
        }
    }
}

#[test]
fn mutated_keys_give_a_sentence_with_its_line() {
    const PIECES: [&str; 14] = [
        "\"",
        "[",
        "]",
        "=",
        "\n",
        "#",
        "[keys]\n",
        "C-",
        "\u{1b}",
        "\u{202e}",
        "'''",
        "quit = []\n",
        "\"C-c\"",
        "\\u0000",
    ];
    let commands = commands();
    assert!(commands.len() > 30 && load(DEFAULT, &commands));
    let mut random = Random::new(12);
    let (mut taken, rounds) = (0, 3000);
    for _ in 0..rounds {
        let mut letters: Vec<char> = DEFAULT.chars().collect();
        for _ in 0..=random.below(3) {
            let at = random.below(letters.len());
            match random.below(5) {
                0 => letters[at] = char::from(random.below(128) as u8),
                1 => drop(letters.remove(at)),
                2 => letters.truncate(at.max(1)),
                3 => {
                    let end = (at + random.below(60)).min(letters.len());
                    let part = letters[at..end].to_vec();
                    letters.splice(at..at, part);
                }
                _ => {
                    let piece = PIECES[random.below(PIECES.len())].chars();
                    letters.splice(at..at, piece);
                }
            }
        }
        let text: String = letters.into_iter().collect();
        taken += usize::from(load(&text, &commands));
    }
    // Both ways out were tried.
    assert!((rounds / 20..rounds - rounds / 20).contains(&taken), "{taken} of {rounds}");
}
