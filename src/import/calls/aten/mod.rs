//! What each call of PyTorch is as a layer. Arguments that a program leaves out have PyTorch's default.

pub mod arithmetic;
pub mod conv;
pub mod lrn;
pub mod norm;
pub mod parts;
pub mod pool;
pub mod rule;
pub mod shape;
pub mod softplus;

pub use rule::{BOOLEAN, Found, Rule, WHOLES, one};

fn rules() -> impl Iterator<Item = &'static (&'static str, Rule)> {
    let families = [
        arithmetic::RULES,
        conv::RULES,
        lrn::RULES,
        norm::RULES,
        parts::RULES,
        pool::RULES,
        shape::RULES,
        softplus::RULES,
    ];
    families.into_iter().flatten()
}

/// The rule for a call, by its name without the mark of a call in place.
pub fn rule(base: &str) -> Option<Rule> {
    rules().find(|(name, _)| *name == base).map(|(_, rule)| *rule)
}

/// Whether a call gives the numbers of its input under another name, and no copy of them.
pub fn shares(base: &str) -> bool {
    shape::SHARING.contains(&base)
}

/// Whether a call repeats the smaller of its inputs along the axes where it has one value.
pub fn broadcasts(base: &str) -> bool {
    arithmetic::BROADCASTING.contains(&base)
}

/// Whether what a call gives is repeated as its input is.
pub fn keeps_repeated(base: &str) -> bool {
    shape::KEEPING_REPEATED.contains(&base)
}

/// The names of all calls that are read.
pub fn calls() -> Vec<&'static str> {
    let mut names: Vec<_> = rules().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}
