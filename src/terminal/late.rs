//! Answers of the terminal that come after nobody waits for them any more: they must not become keys.
//!
//! crossterm knows no such answers. It drops those that begin with CSI, and hands the others over as
//! the keys Alt-], Alt-P or Alt-_, their text, and Alt-\ or Ctrl-G. This is where they are put together
//! again and dropped. The same keys pressed by a person are handed on.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// How long keys that could be the beginning of an answer are held back. An answer comes in one piece,
/// or nearly so; nobody notices so short a delay of a key.
const HOLD: Duration = Duration::from_millis(20);

/// An answer whose end does not come for so long has none.
const SILENCE: Duration = Duration::from_millis(500);

/// No answer to our questions is longer.
const LONGEST: usize = 256;

/// The beginnings of the answers to our questions, after the key that ESC makes: the background
/// color, the name, and whether kitty's pictures can be shown.
const BEGINNINGS: [(char, &str); 3] = [(']', "11;rgb"), ('P', ">|"), ('_', "Gi=31;")];

/// What has come of an answer.
#[derive(Debug, Default)]
enum Progress {
    /// Nothing.
    #[default]
    Outside,
    /// A part of a beginning, as the text of its keys; they are held back.
    Beginning { text: String, held: Vec<Event>, since: Instant },
    /// All of a beginning: everything is dropped up to its end.
    Inside { dropped: usize, since: Instant },
}

/// Takes events as crossterm reads them, and gives back those that no answer is made of.
#[derive(Debug, Default)]
pub struct Late(Progress);

impl Late {
    /// How long the next event may be waited for before [`Late::expire`] has to be called; `None`
    /// where nothing is held back.
    pub fn patience(&self, now: Instant) -> Option<Duration> {
        match &self.0 {
            Progress::Beginning { since, .. } => {
                Some((*since + HOLD).saturating_duration_since(now))
            }
            Progress::Outside | Progress::Inside { .. } => None,
        }
    }

    /// Time has passed without an event: what was held back is handed on.
    pub fn expire(&mut self, now: Instant) -> Vec<Event> {
        match &self.0 {
            Progress::Beginning { since, .. } if now >= *since + HOLD => self.release(),
            _ => Vec::new(),
        }
    }

    /// The events to hand on now that this one has come.
    pub fn filter(&mut self, event: Event, now: Instant) -> Vec<Event> {
        let mut out = self.expire(now);
        if let Progress::Inside { since, .. } = &self.0
            && now >= *since + SILENCE
        {
            self.0 = Progress::Outside;
        }
        match (&mut self.0, &event) {
            // Sizes, the mouse and pastes are whole events: they stand between the pieces of no answer.
            (_, Event::Key(key)) if key.kind == KeyEventKind::Release => out.push(event),
            (Progress::Outside, Event::Key(key)) => match introducer(key) {
                Some(c) => {
                    self.0 = Progress::Beginning { text: c.into(), held: vec![event], since: now };
                }
                None => out.push(event),
            },
            (Progress::Beginning { text, held, since }, Event::Key(key)) => {
                let next = character(key).filter(|next| continues(text, *next));
                let Some(next) = next else {
                    out.extend(self.release());
                    // It may be a beginning itself.
                    out.extend(self.filter(event, now));
                    return out;
                };
                text.push(next);
                held.push(event);
                *since = now;
                if is_whole(text) {
                    self.0 = Progress::Inside { dropped: 0, since: now };
                }
            }
            (Progress::Inside { dropped, since }, Event::Key(key)) => {
                *dropped += 1;
                *since = now;
                if is_end(key) || *dropped > LONGEST {
                    self.0 = Progress::Outside;
                }
            }
            _ => out.push(event),
        }
        out
    }

    fn release(&mut self) -> Vec<Event> {
        match std::mem::take(&mut self.0) {
            Progress::Beginning { held, .. } => held,
            Progress::Outside | Progress::Inside { .. } => Vec::new(),
        }
    }
}

/// The character of a key that only Alt and Shift are held with, as after ESC.
fn introducer(key: &KeyEvent) -> Option<char> {
    let KeyCode::Char(c) = key.code else { return None };
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let other = key.modifiers.contains(KeyModifiers::CONTROL);
    BEGINNINGS.iter().map(|(known, _)| *known).find(|known| *known == c && alt && !other)
}

/// The character of a key that neither Alt nor Control is held with.
fn character(key: &KeyEvent) -> Option<char> {
    let plain = !key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char(c) if plain => Some(c),
        _ => None,
    }
}

/// Alt-\ is ESC \, Ctrl-G is BEL.
fn is_end(key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('\\') => key.modifiers.contains(KeyModifiers::ALT),
        KeyCode::Char('g') => key.modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

fn continues(text: &str, next: char) -> bool {
    let longer = |(first, rest): &(char, &str)| {
        text.strip_prefix(*first)
            .and_then(|known| rest.strip_prefix(known))
            .is_some_and(|rest| rest.starts_with(next))
    };
    BEGINNINGS.iter().any(longer)
}

fn is_whole(text: &str) -> bool {
    BEGINNINGS.iter().any(|(first, rest)| text.strip_prefix(*first) == Some(*rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events that crossterm makes of bytes: ESC is Alt for the next key, capitals have Shift.
    fn events(text: &str) -> Vec<Event> {
        let mut alt = KeyModifiers::empty();
        let mut out = Vec::new();
        for c in text.chars() {
            let (code, modifiers) = match c {
                '\u{1b}' => {
                    alt = KeyModifiers::ALT;
                    continue;
                }
                '\u{7}' => ('g', KeyModifiers::CONTROL),
                c if c.is_uppercase() => (c, KeyModifiers::SHIFT),
                c => (c, KeyModifiers::empty()),
            };
            out.push(Event::Key(KeyEvent::new(KeyCode::Char(code), modifiers | alt)));
            alt = KeyModifiers::empty();
        }
        out
    }

    const STEP: Duration = Duration::from_micros(100);

    /// What is handed on of bytes that come at once, and of the wait after them.
    fn handed_on(late: &mut Late, text: &str, now: &mut Instant) -> Vec<Event> {
        let mut out = Vec::new();
        for event in events(text) {
            *now += STEP;
            out.extend(late.filter(event, *now));
        }
        *now += HOLD;
        out.extend(late.expire(*now));
        out
    }

    fn all_of(text: &str) -> Vec<Event> {
        handed_on(&mut Late::default(), text, &mut Instant::now())
    }

    #[test]
    fn answers_are_dropped_and_keys_around_them_are_not() {
        for answer in [
            "\u{1b}_Gi=31;OK\u{1b}\\",
            "\u{1b}_Gi=31;EINVAL:bad data\u{1b}\\",
            "\u{1b}]11;rgb:1e1e/1e1e/1e1e\u{1b}\\",
            "\u{1b}]11;rgb:ffff/ffff/ffff\u{7}",
            "\u{1b}]11;rgba:ffff/ffff/ffff/ffff\u{7}",
            "\u{1b}P>|XTerm(379)\u{1b}\\",
        ] {
            assert_eq!(all_of(&format!("j{answer}{answer}G")), events("jG"), "{answer:?}");
        }
    }

    #[test]
    fn the_keys_themselves_are_handed_on() {
        for keys in ["\u{1b}_", "\u{1b}]", "\u{1b}P", "\u{1b}_j", "\u{1b}]\u{1b}]1", "\u{1b}_Gi=3x"]
        {
            assert_eq!(all_of(keys), events(keys), "{keys:?}");
        }
        // Slowly, one after the other, they are no answer even where they spell one.
        let (mut late, mut now) = (Late::default(), Instant::now());
        for key in ["\u{1b}_", "G", "i", "="] {
            assert_eq!(handed_on(&mut late, key, &mut now), events(key));
        }
    }

    #[test]
    fn a_lone_key_is_held_for_a_moment_only() {
        let (mut late, now) = (Late::default(), Instant::now());
        assert_eq!(late.patience(now), None);
        let key = events("\u{1b}_");
        assert!(late.filter(key[0].clone(), now).is_empty());
        assert_eq!(late.patience(now), Some(HOLD));
        assert!(late.expire(now + HOLD / 2).is_empty());
        assert_eq!(late.expire(now + HOLD), key);
        assert_eq!(late.patience(now + HOLD), None);
    }

    #[test]
    fn what_is_no_key_passes_at_any_time() {
        let (mut late, now) = (Late::default(), Instant::now());
        late.filter(events("\u{1b}_")[0].clone(), now);
        assert_eq!(late.filter(Event::Resize(3, 4), now), [Event::Resize(3, 4)]);
        assert_eq!(late.filter(events("x")[0].clone(), now), events("\u{1b}_x"));
    }

    #[test]
    fn an_answer_without_an_end_ends() {
        let (mut late, mut now) = (Late::default(), Instant::now());
        assert!(handed_on(&mut late, "\u{1b}P>|kit", &mut now).is_empty());
        now += SILENCE;
        assert_eq!(handed_on(&mut late, "j", &mut now), events("j"));
        let endless = format!("\u{1b}P>|{}", "x".repeat(LONGEST + 5));
        assert_eq!(all_of(&endless), events("xxxx"));
    }
}
