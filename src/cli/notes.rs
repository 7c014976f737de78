//! What a command must say besides its result: one line each on stderr, and all of it in `--json`.

use std::cell::RefCell;

use super::failure;
use crate::base::count;

/// How many different sentences about photos are kept; of any more only the number.
const KEPT: usize = 32;

/// The notes of one command, in the order in which they came. Each is said once.
#[derive(Default)]
pub(super) struct Notes(RefCell<Inside>);

#[derive(Default)]
struct Inside {
    notes: Vec<Note>,
    /// Sentences about photos that were not kept.
    more: usize,
}

struct Note {
    text: String,
    /// The first photo that it is about, and how many there are.
    photos: Option<(String, usize)>,
    /// Whether it has been said, or needs not to be.
    said: bool,
}

impl Note {
    /// `TEXT`, `PHOTO: TEXT`, `PHOTO and 2 other photos: TEXT`.
    fn sentence(&self) -> String {
        let text = &self.text;
        match &self.photos {
            None => text.clone(),
            Some((first, 1)) => format!("{first}: {text}"),
            Some((first, photos)) => {
                format!("{first} and {}: {text}", count(photos - 1, "other photo"))
            }
        }
    }
}

impl Notes {
    /// Adds what is for `--json` alone: it is said elsewhere.
    pub fn keep(&self, text: &str) {
        self.add(text, true);
    }

    /// Adds what [`Notes::say`] will say.
    pub fn warn(&self, text: &str) {
        self.add(text, false);
    }

    fn add(&self, text: &str, said: bool) {
        let notes = &mut self.0.borrow_mut().notes;
        if notes.iter().all(|note| note.photos.is_some() || note.text != text) {
            notes.push(Note { text: text.to_string(), photos: None, said });
        }
    }

    /// Adds a sentence about a photo. The same one about several photos is one note.
    pub fn warn_of(&self, photo: &str, text: &str) {
        let inside = &mut *self.0.borrow_mut();
        let of_photos = inside
            .notes
            .iter_mut()
            .filter_map(|note| note.photos.as_mut().map(|photos| (&note.text, photos)));
        let mut known = 0;
        for (same, photos) in of_photos {
            if same == text {
                photos.1 += 1;
                return;
            }
            known += 1;
        }
        if known < KEPT {
            let photos = Some((photo.to_string(), 1));
            inside.notes.push(Note { text: text.to_string(), photos, said: false });
        } else {
            inside.more += 1;
        }
    }

    /// Says on stderr what has not been said yet.
    pub fn say(&self) {
        let inside = &mut *self.0.borrow_mut();
        for note in inside.notes.iter_mut().filter(|note| !note.said) {
            failure::note(&note.sentence());
            note.said = true;
        }
    }

    /// Every sentence.
    pub fn sentences(&self) -> Vec<String> {
        let inside = self.0.borrow();
        let mut all: Vec<String> = inside.notes.iter().map(Note::sentence).collect();
        if inside.more > 0 {
            all.push(format!("{} about photos left out", count(inside.more, "other note")));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_stands_once_with_the_number_of_its_photos() {
        let notes = Notes::default();
        notes.keep("assumed: nothing");
        notes.warn("the hub does not answer");
        notes.warn("the hub does not answer");
        for (photo, text) in [("a.jpg", "is torn"), ("b.jpg", "is torn"), ("c.jpg", "is odd")] {
            notes.warn_of(photo, text);
        }
        notes.say();
        notes.warn_of("d.jpg", "is torn");
        assert_eq!(
            notes.sentences(),
            [
                "assumed: nothing",
                "the hub does not answer",
                "a.jpg and 2 other photos: is torn",
                "c.jpg: is odd",
            ]
        );
    }

    #[test]
    fn a_folder_of_odd_photos_does_not_fill_the_memory() {
        let notes = Notes::default();
        for i in 0..1000 {
            notes.warn_of("a.jpg", &format!("{i} bytes too many"));
        }
        let all = notes.sentences();
        assert_eq!(all.len(), KEPT + 1);
        assert_eq!(all.last().map(String::as_str), Some("968 other notes about photos left out"));
    }
}
