//! What each call of PyTorch is as a layer. Arguments that a program leaves out have PyTorch's default.

mod arithmetic;
mod conv;
mod norm;
mod pool;
mod rule;
mod shape;

pub use rule::Rule;

/// The rule for a call, by its name without the mark of a call in place.
pub fn rule(base: &str) -> Option<Rule> {
    let families = [arithmetic::RULES, conv::RULES, norm::RULES, pool::RULES, shape::RULES];
    let all = families.into_iter().flatten();
    all.into_iter().find(|(name, _)| *name == base).map(|(_, rule)| *rule)
}

/// Whether a call gives the numbers of its input under another name, and no copy of them.
pub fn shares(base: &str) -> bool {
    shape::SHARING.contains(&base)
}

/// The names of all calls that are read.
pub fn calls() -> Vec<&'static str> {
    let families = [arithmetic::RULES, conv::RULES, norm::RULES, pool::RULES, shape::RULES];
    let mut names: Vec<_> = families.into_iter().flatten().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}
