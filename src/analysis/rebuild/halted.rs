//! What a stopped rebuilding needs to be taken up again.

use super::dream::Dreaming;
use super::inversion::Descending;
use super::maximization::Ascending;

/// A rebuilding that was stopped between two iterations. Taken up again with the same subject and wish, it ends with the
/// picture that it would have made without the stop.
pub enum Halted {
    /// Of [`super::invert`].
    Inversion(Descending),
    /// Of [`super::maximize`].
    Maximization(Ascending),
    /// Of [`super::dream`].
    Dream(Dreaming),
}

impl Halted {
    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Inversion(of) => of.bytes(),
            Self::Maximization(of) => of.bytes(),
            Self::Dream(of) => of.bytes(),
        }
    }
}
