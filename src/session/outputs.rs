//! What the numbers at the end of a network are.

use super::describe::Told;
use crate::base::{OutputFunction, clean};

/// What becomes of a network's outputs: the command line's word, else `problem_type` of `config.json`, else the sigmoid of
/// a single output, else the softmax of several. As transformers' pipelines do it, which take the sigmoid of a single
/// output also where it is called a class. What was assumed is told.
pub fn output_function(
    wish: Option<OutputFunction>,
    problem_type: Option<&str>,
    outputs: usize,
    told: &mut Told,
) -> OutputFunction {
    if let Some(wish) = wish {
        if (wish, outputs) == (OutputFunction::Softmax, 1) {
            told.warnings.push("the softmax of a single output is always 100 %".into());
        }
        return wish;
    }
    match problem_type {
        Some("single_label_classification") if outputs > 1 => return OutputFunction::Softmax,
        Some("multi_label_classification") => {
            told.notes.push(
                "independent labels (sigmoid), as config.json says: probabilities do not sum to 1"
                    .into(),
            );
            return OutputFunction::Sigmoid;
        }
        Some("regression") => {
            told.notes.push("the outputs are numbers (regression), as config.json says".into());
            return OutputFunction::None;
        }
        Some("single_label_classification") | None => {}
        Some(other) => told.warnings.push(format!(
            "the problem_type \"{}\" of config.json is not known: not used; --answer says what the outputs are",
            clean(other)
        )),
    }
    match outputs {
        0 => OutputFunction::Softmax,
        1 => {
            told.warnings.push(
                "assumed: the single output is a yes or no (sigmoid); --answer none shows the number itself"
                    .into(),
            );
            OutputFunction::Sigmoid
        }
        _ => {
            told.notes.push(
                "assumed: one class of several (softmax); --answer sigmoid is for independent labels"
                    .into(),
            );
            OutputFunction::Softmax
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OutputFunction::{None as Number, Sigmoid, Softmax};

    /// The function, and how many notes and warnings there are.
    fn of(
        wish: Option<OutputFunction>,
        problem: Option<&str>,
        outputs: usize,
    ) -> (OutputFunction, [usize; 2]) {
        let mut told = Told::default();
        let function = output_function(wish, problem, outputs, &mut told);
        (function, [told.notes.len(), told.warnings.len()])
    }

    #[test]
    fn the_first_that_says_what_the_outputs_are_counts() {
        let (single, multi) =
            (Some("single_label_classification"), Some("multi_label_classification"));
        assert_eq!(of(Some(Number), multi, 1), (Number, [0, 0]));
        assert_eq!(of(Some(Softmax), multi, 3), (Softmax, [0, 0]));
        assert_eq!(of(None, multi, 3), (Sigmoid, [1, 0]));
        assert_eq!(of(None, multi, 1), (Sigmoid, [1, 0]));
        assert_eq!(of(None, Some("regression"), 1), (Number, [1, 0]));
        assert_eq!(of(None, single, 3), (Softmax, [0, 0]));
        assert_eq!(of(None, None, 1), (Sigmoid, [0, 1]));
        assert_eq!(of(None, None, 1000), (Softmax, [1, 0]));
        assert_eq!(of(None, None, 0), (Softmax, [0, 0]));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        assert_eq!(of(Some(Softmax), None, 1), (Softmax, [0, 1]));
        // transformers takes the sigmoid of a single output whatever it is called.
        assert_eq!(of(None, Some("single_label_classification"), 1), (Sigmoid, [0, 1]));
        assert_eq!(of(None, Some("ranking"), 5), (Softmax, [1, 1]));
        assert_eq!(of(None, Some("ranking"), 1), (Sigmoid, [0, 2]));
    }
}
