//! Real pictures over the cells of the explorer.
//!
//! Pictures are encoded on a thread of their own, the newest demand only, each in at most
//! 200 kB. A frame takes one of them, and more as long as they are small (48 kB); what
//! does not fit follows in the next one. Keys are taken in between: what the screen no longer wants
//! by then is never sent.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use crossterm::cursor::MoveTo;
use crossterm::queue;

use super::graphics::{Encoded, Encoder, GraphicsError, Protocol};
use crate::base::Rect;
use crate::picture::Picture;
use crate::screen::{Cover, Pictures, Spot};

/// Most bytes of a picture, and of pictures in a frame.
const FRAME_BYTES: usize = 200_000;
/// Most bytes of several pictures in a frame: on a slow line a key waits behind no more than these.
const TURN_BYTES: usize = 48_000;
/// How many encoded pictures are kept for when they are wanted again.
const KEPT: usize = 256;

/// A picture to be encoded.
struct Job {
    spot: Spot,
    id: u32,
    picture: Arc<Picture>,
}

/// What waits to be encoded; the newest demand replaces the one before.
#[derive(Default)]
struct Queue {
    jobs: Mutex<(Vec<Job>, bool)>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, (Vec<Job>, bool)> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Job> {
        let mut jobs = self.lock();
        loop {
            if jobs.1 {
                return None;
            }
            if let Some(job) = jobs.0.pop() {
                return Some(job);
            }
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A picture that was encoded.
pub struct Ready {
    spot: Spot,
    id: u32,
    encoded: Result<Encoded, GraphicsError>,
}

struct Known {
    id: u32,
    bytes: Option<Vec<u8>>,
    /// kitty has it, and it can be shown again by its number.
    sent: bool,
    used: u64,
}

/// The pictures on the screen, and those that were there before.
pub struct RealPictures {
    encoder: Encoder,
    queue: Arc<Queue>,
    ready: Receiver<Ready>,
    known: HashMap<Spot, Known>,
    shown: HashMap<Spot, u32>,
    /// Where pictures stood until this frame that the terminal cannot be told to take off.
    wiped: Vec<Rect>,
    clock: u64,
    next_id: u32,
}

impl RealPictures {
    /// Starts the encoder's thread.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(encoder: Encoder) -> io::Result<Self> {
        let (tell, ready) = unbounded();
        let queue = Arc::new(Queue::default());
        let theirs = queue.clone();
        thread::Builder::new()
            .name("convscope pictures".into())
            .spawn(move || encode(encoder, &theirs, &tell))?;
        let known = HashMap::new();
        let shown = HashMap::new();
        Ok(Self { encoder, queue, ready, known, shown, wiped: Vec::new(), clock: 0, next_id: 1 })
    }

    /// Where encoded pictures come in.
    pub const fn ready(&self) -> &Receiver<Ready> {
        &self.ready
    }

    /// Keeps an encoded picture.
    pub fn take(&mut self, ready: Ready) {
        match ready.encoded {
            Ok(encoded) => {
                if let Some(known) = self.known.get_mut(&ready.spot).filter(|k| k.id == ready.id) {
                    known.bytes = Some(encoded.bytes);
                }
            }
            Err(error) => tracing::warn!("a picture stays in blocks: {error}"),
        }
    }

    /// Has those encoded that are wanted and not known yet. `wanted` are all the spots on the screen
    /// whose pixels are there.
    pub fn demand(&mut self, wanted: Vec<(Spot, Arc<Picture>)>) {
        let mut jobs = Vec::new();
        for (spot, picture) in wanted {
            self.clock += 1;
            let next = self.next_id;
            let known = self.known.entry(spot.clone()).or_insert_with(|| Known {
                id: next,
                bytes: None,
                sent: false,
                used: 0,
            });
            known.used = self.clock;
            if known.id == next {
                self.next_id = self.following(next);
            }
            if let Some(known) = self.known.get(&spot).filter(|known| known.bytes.is_none()) {
                jobs.push(Job { spot, id: known.id, picture });
            }
        }
        // The last one is taken first.
        jobs.reverse();
        self.queue.lock().0 = jobs;
        self.queue.changed.notify_one();
    }

    /// Inside tmux the number is the color of text, one of 255.
    fn following(&self, id: u32) -> u32 {
        let tmux = self.encoder.tmux && self.encoder.protocol == Protocol::Kitty;
        if tmux && id >= 255 { 1 } else { id.wrapping_add(1).max(1) }
    }

    /// Decides which pictures stand on the screen from this frame on, and makes the bytes for it: written
    /// after the cells. The flag says that more has to follow in another frame.
    pub fn frame(&mut self, wanted: &[Spot]) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let gone: Vec<Spot> = self.shown.keys().filter(|s| !wanted.contains(s)).cloned().collect();
        self.wiped.clear();
        for spot in gone {
            if let Some(id) = self.shown.remove(&spot) {
                out.extend(self.encoder.hide(id));
            }
            if self.encoder.protocol != Protocol::Kitty {
                self.wiped.push(spot.rect);
            }
        }
        let mut more = false;
        let mut sent = 0;
        for spot in wanted {
            if self.shown.contains_key(spot) {
                continue;
            }
            let Some(known) = self.known.get_mut(spot) else { continue };
            let Some(bytes) = &known.bytes else { continue };
            // Cells that wipe are written in this frame and in the next.
            if self.wiped.iter().any(|rect| rect.overlaps(spot.rect)) {
                more = true;
                continue;
            }
            let cells = (spot.rect.width, spot.rect.height);
            let again = known.sent.then(|| self.encoder.place_again(known.id, cells));
            let bytes = again.filter(|bytes| !bytes.is_empty()).unwrap_or_else(|| bytes.clone());
            if sent > 0 && sent + bytes.len() > TURN_BYTES {
                more = true;
                break;
            }
            sent += bytes.len();
            // Writing to memory does not fail.
            let _ = queue!(out, MoveTo(spot.rect.x, spot.rect.y));
            out.extend(bytes);
            known.sent = true;
            self.shown.insert(spot.clone(), known.id);
        }
        self.forget(&mut out);
        (out, more)
    }

    /// Lets go of what was not wanted for long.
    fn forget(&mut self, out: &mut Vec<u8>) {
        // Numbers come around inside tmux: none may be in use twice.
        let most = if self.encoder.tmux { KEPT / 2 } else { KEPT };
        while self.known.len() > most {
            let idle = self.known.iter().filter(|(spot, _)| !self.shown.contains_key(*spot));
            let oldest = idle.min_by_key(|(_, known)| known.used).map(|(spot, _)| spot.clone());
            let Some(known) = oldest.and_then(|spot| self.known.remove(&spot)) else { return };
            if known.sent {
                out.extend(self.encoder.forget(known.id));
            }
        }
    }

    /// The screen was cleared: nothing stands on it any more, and the terminal may have forgotten all.
    pub fn cleared(&mut self) -> Vec<u8> {
        let bytes = self.leave();
        self.shown.clear();
        for known in self.known.values_mut() {
            known.sent = false;
        }
        bytes
    }

    /// The encoder for pictures on the normal screen, which must hold without text that is kept on the
    /// screen: inside tmux, kitty's pictures do not.
    ///
    /// The number is one that no picture has: kitty takes a picture away when its number is used again.
    pub fn normal_screen(&mut self) -> Option<(Encoder, u32)> {
        let text = self.encoder.tmux && self.encoder.protocol == Protocol::Kitty;
        let number = self.next_id;
        self.next_id = self.following(number);
        (!text).then_some((self.encoder, number))
    }

    /// What has to be written before the screen is given back: the terminal forgets the pictures that are shown, and
    /// those that it keeps for later.
    pub fn leave(&self) -> Vec<u8> {
        let hidden = |spot: &Spot, known: &Known| known.sent && !self.shown.contains_key(spot);
        let hidden = self.known.iter().filter(|(spot, known)| hidden(spot, known));
        let mut bytes: Vec<u8> =
            hidden.flat_map(|(_, known)| self.encoder.forget(known.id)).collect();
        bytes.extend(self.encoder.leave());
        bytes
    }

    /// The same, straight to the terminal.
    ///
    /// # Errors
    /// When it is gone.
    pub fn clear_from(&mut self, out: &mut impl Write) -> io::Result<()> {
        let bytes = self.cleared();
        out.write_all(&bytes)?;
        out.flush()
    }
}

impl Pictures for RealPictures {
    fn wiped(&self) -> &[Rect] {
        &self.wiped
    }

    fn cover(&self, spot: &Spot) -> Option<Cover> {
        let id = *self.shown.get(spot)?;
        let cells = (spot.rect.width, spot.rect.height);
        Some(match self.encoder.placeholders(id, cells) {
            Some(rows) => Cover::Text(rows, id as u8),
            None => Cover::Blank,
        })
    }
}

impl Drop for RealPictures {
    fn drop(&mut self) {
        self.queue.lock().1 = true;
        self.queue.changed.notify_one();
    }
}

fn encode(encoder: Encoder, queue: &Queue, tell: &Sender<Ready>) {
    while let Some(Job { spot, id, picture }) = queue.take() {
        let cells = (spot.rect.width, spot.rect.height);
        let encoded = encoder.encode(id, &picture, cells, FRAME_BYTES);
        if tell.send(Ready { spot, id, encoded }).is_err() {
            return;
        }
    }
}
