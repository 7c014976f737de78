//! A number that is compared by its bits, so that it can be a part of a key.

use std::hash::{Hash, Hasher};

/// A float32 that equals itself bit for bit and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Exact(pub f32);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Exact {}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}
