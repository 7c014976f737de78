//! What each call of PyTorch is as a layer. Arguments that a program leaves out have PyTorch's default.

mod arithmetic;
mod conv;
mod norm;
mod pool;
mod shape;

use super::reader::{Call, Known, Reader};
use crate::import::draft::Drawn;
use crate::model::ModelError;

/// What came of a call: its results, or `None` where it is something that is not read.
pub type Found = Result<Option<Vec<Known>>, ModelError>;

/// Makes layers of a call.
pub type Rule = for<'a> fn(&mut Reader<'a>, &Call<'_>) -> Found;

/// The rule for a call, by its name without the mark of a call in place.
pub fn rule(base: &str) -> Option<Rule> {
    let families = [arithmetic::RULES, conv::RULES, norm::RULES, pool::RULES, shape::RULES];
    let all = families.into_iter().flatten();
    all.into_iter().find(|(name, _)| *name == base).map(|(_, rule)| *rule)
}

/// The names of all calls that are read.
pub fn calls() -> Vec<&'static str> {
    let families = [arithmetic::RULES, conv::RULES, norm::RULES, pool::RULES, shape::RULES];
    let mut names: Vec<_> = families.into_iter().flatten().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}

/// One result.
fn one(drawn: Drawn) -> Found {
    Ok(Some(vec![Known::Drawn(drawn)]))
}

/// An axis that may be counted from the end.
fn axis(number: i64, rank: usize) -> Option<usize> {
    let axis = if number < 0 { number + rank as i64 } else { number };
    usize::try_from(axis).ok().filter(|axis| *axis < rank)
}

/// Two numbers, of which one stands for both.
fn pair(numbers: &[i64]) -> Option<[usize; 2]> {
    let number = |at: usize| usize::try_from(*numbers.get(at)?).ok();
    match numbers.len() {
        1 => Some([number(0)?; 2]),
        2 => Some([number(0)?, number(1)?]),
        _ => None,
    }
}
