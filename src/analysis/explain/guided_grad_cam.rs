//! Guided Grad-CAM: guided backpropagation where Grad-CAM looks (Selvaraju et al. 2017).

use super::finish::resized;
use super::grad_cam::weights;
use super::weighted::{Pair, weighted};
use super::{Attribution, Kind, Method, Passes, Question, no_relu};
use crate::analysis::{AnalysisError, Subject, Work};
use crate::base::Array;
use crate::model::Value;
use crate::ops::ReluRule;

/// Guided backpropagation times `max(sum_c w_c A_c, 0)` of a layer, grown bilinearly to the input;
/// `GuidedGradCam` of captum with `interpolate_mode="bilinear"`.
pub const METHOD: Method = Method {
    name: "guided-grad-cam",
    doc: "the edges of guided backpropagation where Grad-CAM finds the class",
    kind: Kind::Gradient,
    takes_layer: true,
    reads: &[],
    passes: |_| Passes { forward: 0, backward: 2 },
    explain,
};

fn explain(
    subject: &Subject<'_>,
    question: &Question,
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    let pair = Pair::of(subject, question, work.cancel)?;
    let mut map = weighted(&pair.values, &weights(&pair));
    map.data.iter_mut().for_each(|v| *v = v.max(0.0));
    let input = subject.input().shape;
    let map = resized(&map, input.h, input.w);
    let guided = subject.gradient(question.target, Value::Input, ReluRule::Guided, work.cancel)?;
    let product =
        |plane: &[f32]| plane.iter().zip(&map.data).map(|(g, m)| g * m).collect::<Vec<_>>();
    let data = guided.data.chunks(input.area().max(1)).flat_map(product).collect();
    let mut found = Attribution::plain(Kind::Gradient, Array { shape: input, data });
    found.warnings.extend(no_relu(subject));
    Ok(found)
}
