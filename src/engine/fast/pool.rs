//! Memory for values that is used again.
//!
//! A network's activations take tens of megabytes, and touching so much fresh memory costs as much time as computing
//! what goes there. So what is no longer needed waits for the next run, under the layout that it had: its border is
//! zero already.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::kernels::Buffer;
use super::layout::Layout;

/// Memory that waits, and how much is out.
#[derive(Default)]
pub struct Pool(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    /// The longest unused first.
    spare: Vec<(Layout, Buffer)>,
    spare_bytes: usize,
    out_bytes: usize,
    most_out: usize,
}

/// A value in memory of a pool, which gets it back.
pub struct Blocked {
    layout: Layout,
    buffer: Option<Buffer>,
    pool: Arc<Pool>,
}

impl Pool {
    /// Memory for a value. The border is zero; what lies inside is whatever was there.
    pub fn take(self: &Arc<Self>, layout: Layout) -> Blocked {
        let spare = {
            let mut shelf = self.lock();
            shelf.out_bytes += layout.bytes();
            shelf.most_out = shelf.most_out.max(shelf.out_bytes);
            let found = shelf.spare.iter().rposition(|(other, _)| *other == layout);
            found.map(|at| {
                shelf.spare_bytes -= layout.bytes();
                shelf.spare.remove(at).1
            })
        };
        let buffer = spare.unwrap_or_else(|| Buffer::zeroed(layout.len()));
        Blocked { layout, buffer: Some(buffer), pool: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that wait.
    #[cfg(test)]
    pub fn spare_bytes(&self) -> usize {
        self.lock().spare_bytes
    }

    /// Lets go of all that waits.
    pub fn clear(&self) {
        let mut shelf = self.lock();
        shelf.spare.clear();
        (shelf.spare_bytes, shelf.most_out) = (0, shelf.out_bytes);
    }
}

impl Blocked {
    /// How it lies in memory.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All of it, with its border.
    pub fn data(&self) -> &[f32] {
        self.buffer.as_ref().map_or(&[], Buffer::as_slice)
    }

    /// All of it, with its border, which must stay zero.
    pub fn data_mut(&mut self) -> &mut [f32] {
        self.buffer.as_mut().map_or(&mut [], Buffer::as_mut_slice)
    }

    /// Memory for a value of another layout, of the same pool.
    pub fn another(&self, layout: Layout) -> Self {
        self.pool.take(layout)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let Some(buffer) = self.buffer.take() else { return };
        let mut dropped = Vec::new();
        let mut shelf = self.pool.lock();
        shelf.out_bytes -= self.layout.bytes();
        shelf.spare_bytes += self.layout.bytes();
        shelf.spare.push((self.layout, buffer));
        // Values of different layouts need not be out at the same time, so more may wait than was ever out; but when
        // inputs get another size, what waits for the old one has to go.
        while shelf.spare_bytes + shelf.out_bytes > 2 * shelf.most_out && !shelf.spare.is_empty() {
            let (layout, buffer) = shelf.spare.remove(0);
            shelf.spare_bytes -= layout.bytes();
            dropped.push(buffer);
        }
        drop(shelf);
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Shape;

    #[test]
    fn memory_comes_back_to_values_of_its_layout() {
        let pool = Arc::new(Pool::default());
        let layout = Layout::blocked(Shape::new(1, 20, 5, 7), 1);
        let mut value = pool.take(layout);
        let address = value.data().as_ptr();
        value.data_mut()[0] = 3.0;
        drop(value);
        let again = pool.take(layout);
        assert_eq!((again.data().as_ptr(), again.data()[0]), (address, 3.0));
        drop(again);
        let other = pool.take(Layout::blocked(Shape::new(1, 20, 5, 8), 1));
        assert!(other.data().iter().all(|v| *v == 0.0));
        // Both were never out at once: one of them is enough to wait.
        drop(other);
        assert!(pool.spare_bytes() <= layout.bytes() * 2);
        pool.clear();
        assert_eq!(pool.spare_bytes(), 0);
    }
}
