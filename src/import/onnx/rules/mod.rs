//! What each operation of ONNX is as layers: most are a call of PyTorch under another name, which says the rest.

mod activation;
mod axes;
mod norm;
mod told;
mod window;

pub use axes::stepped;
pub use told::{Rule, ints, number, slices};

/// The rule for an operation.
pub fn rule(operation: &str) -> Option<Rule> {
    let families = [activation::RULES, axes::RULES, norm::RULES, window::RULES];
    let all = families.into_iter().flatten();
    all.into_iter().find(|(name, _)| *name == operation).map(|(_, rule)| *rule)
}

/// Whether what an operation gives is repeated as its input is, or it repeats its inputs itself.
pub fn keeps_repeated(operation: &str) -> bool {
    matches!(operation, "Identity" | "Dropout" | "Cast" | "Expand")
}
