//! Shapes of all values, for any batch and any size.

use super::{AveragePool, Graph, ModelError, Node, Op, PadShortcut, Value, Window};
use crate::base::Shape;

/// The output shape of every layer for an input `[N, C, H, W]`.
///
/// # Errors
/// When a layer cannot take what reaches it, with the layer's name.
pub fn infer(graph: &Graph, input: Shape) -> Result<Vec<Shape>, ModelError> {
    let mut shapes: Vec<Shape> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs: Vec<Shape> = node
            .inputs
            .iter()
            .map(|value| match value {
                Value::Input => Some(input),
                Value::Output { layer, .. } => shapes.get(layer.0).copied(),
            })
            .collect::<Option<_>>()
            .ok_or_else(|| refuse(node, &[], "it comes before its input"))?;
        shapes.push(output_shape(node, &inputs)?);
    }
    Ok(shapes)
}

fn refuse(node: &Node, inputs: &[Shape], why: &str) -> ModelError {
    let input: Vec<_> = inputs.iter().map(Shape::to_string).collect();
    ModelError::Shape { layer: node.name.clone(), input: input.join(" and "), why: why.to_string() }
}

fn output_shape(node: &Node, inputs: &[Shape]) -> Result<Shape, ModelError> {
    let no = |why: &str| refuse(node, inputs, why);
    let first = *inputs.first().ok_or_else(|| no("it has no input"))?;
    if first.is_empty() {
        return Err(no("it is empty"));
    }
    let slide = |window: &Window, c: usize| match (
        window_steps(window, 0, first.h),
        window_steps(window, 1, first.w),
    ) {
        (Some(h), Some(w)) => Ok(Shape::new(first.n, c, h, w)),
        _ => Err(no("it is smaller than the window; use a larger --size")),
    };
    match &node.op {
        Op::Conv(conv) => {
            let dims = conv.weight.dims();
            if dims[1] * conv.groups != first.c {
                return Err(no(&format!("expected {} channels", dims[1] * conv.groups)));
            }
            slide(&conv.window, dims[0])
        }
        Op::BatchNorm(norm) if norm.weight.elem_count() != first.c => {
            Err(no(&format!("expected {} channels", norm.weight.elem_count())))
        }
        Op::BatchNorm(_) | Op::Standardize { .. } | Op::Relu => Ok(first),
        Op::MaxPool(window) | Op::AveragePool(AveragePool::Windowed { window, .. }) => {
            slide(window, first.c)
        }
        Op::AveragePool(AveragePool::Global) => Ok(Shape::new(first.n, first.c, 1, 1)),
        Op::Add if inputs.get(1) != Some(&first) => Err(no("both sides of a sum must agree")),
        Op::Add => Ok(first),
        Op::PadShortcut(PadShortcut { stride, before, after }) => Ok(Shape::new(
            first.n,
            first.c + before + after,
            first.h.div_ceil(stride[0]),
            first.w.div_ceil(stride[1]),
        )),
        Op::Flatten => Ok(Shape::flat(first.n, first.c * first.h * first.w)),
        Op::Linear(linear) => match *linear.weight.dims() {
            [out, inside] if first.flat && inside == first.c => Ok(Shape::flat(first.n, out)),
            [_, inside] => Err(no(&format!("expected {inside} values"))),
            _ => Err(no("its weight is not a matrix")),
        },
    }
}

/// How many windows fit along an axis; `None` when not even one does.
pub(crate) fn window_steps(window: &Window, axis: usize, size: usize) -> Option<usize> {
    let (before, after) = window.pads_of(axis);
    let (span, stride) = (window.span(axis), window.stride[axis]);
    let room = (size + before + after).checked_sub(span)?;
    if !window.ceil_mode {
        return Some(room / stride + 1);
    }
    // PyTorch's rule: the last window must start inside the input or its first border.
    let last = room.div_ceil(stride);
    Some(if last * stride < size + before { last + 1 } else { last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_as_pytorch_does() {
        let stem = Window::square(7, 2, 3);
        assert_eq!(window_steps(&stem, 0, 224), Some(112));
        assert_eq!(window_steps(&Window::square(3, 2, 1), 0, 112), Some(56));
        assert_eq!(window_steps(&Window::square(3, 1, 0), 0, 2), None);
        let ceil = Window { ceil_mode: true, ..Window::square(3, 2, 0) };
        assert_eq!(
            [5, 6, 7, 8].map(|n| window_steps(&ceil, 0, n)),
            [Some(2), Some(3), Some(3), Some(4)]
        );
        let padded = Window { ceil_mode: true, ..Window::square(2, 2, 1) };
        assert_eq!([1, 2, 3].map(|n| window_steps(&padded, 0, n)), [Some(1), Some(2), Some(2)]);
    }
}
