//! XGrad-CAM: gradients weighted by their share of the activations (Fu et al. 2020).

use super::weighted::{Pair, answer, weighted};
use super::{Attribution, Kind, Method, Passes, Question};
use crate::analysis::{AnalysisError, Subject, Work};

/// `sum_c w_c A_c`, `w_c = sum(G_c A_c) / (sum(A_c) + 1e-7)`; `XGradCAM` of pytorch-grad-cam.
pub const METHOD: Method = Method {
    name: "xgrad-cam",
    doc: "as Grad-CAM, but each gradient counts as much as the activation it meets",
    kind: Kind::Map,
    takes_layer: true,
    passes: Passes::one_backward,
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    let pair = Pair::of(subject, question, work.cancel)?;
    let weight = |(values, gradients): (&[f32], &[f32])| {
        let (mut products, mut sum) = (0.0, 0.0);
        for (a, g) in values.iter().zip(gradients) {
            products += f64::from(*a) * f64::from(*g);
            sum += f64::from(*a);
        }
        products / (sum + 1e-7)
    };
    let weights: Vec<f64> = pair.channels().map(weight).collect();
    Ok(answer(weighted(&pair.values, &weights)))
}
