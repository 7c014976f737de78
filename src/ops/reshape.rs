//! The same values under other extents.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::dims::{Dims, Unfit};
use super::field::{Field, Seen};
use super::operation::{Channels, Operation, Reads, without_weights};
use super::record::{Record, ReluRule};
use super::sample::{Drawing, Sample};

/// The values of each picture, in their order, under other extents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshape {
    /// The extents after the pictures; at most one is `None`, which is what is left.
    pub to: Vec<Option<usize>>,
    /// Whether the last two axes, rows and columns, stay as they are after those.
    pub sides: bool,
}

impl Reshape {
    fn dims(&self, from: &Dims) -> Option<Dims> {
        let kept = match from.as_slice() {
            [_, .., h, w] if self.sides && from.rank() > 2 => vec![*h, *w],
            _ if self.sides => return None,
            _ => Vec::new(),
        };
        let all: usize =
            from.as_slice().iter().skip(1).take(from.rank() - 1 - kept.len()).product();
        let known: usize = self.to.iter().flatten().product();
        let open = self.to.iter().filter(|extent| extent.is_none()).count();
        let rest = all.checked_div(known)?;
        let fits = known * rest == all && open <= 1 && (open == 1 || rest == 1);
        let extents = self.to.iter().map(|extent| extent.unwrap_or(rest));
        let extents: Vec<usize> = [from.at(0)].into_iter().chain(extents).chain(kept).collect();
        Dims::new(&extents).filter(|_| fits)
    }
}

impl Operation for Reshape {
    fn word(&self) -> Cow<'static, str> {
        let extent = |to: &Option<usize>| to.map_or("?".to_string(), |extent| extent.to_string());
        let mut to: Vec<String> = self.to.iter().map(extent).collect();
        if self.sides {
            to.push("HxW".into());
        }
        format!("reshape {}", to.join("x")).into()
    }

    fn infer(&self, inputs: &[Dims]) -> std::result::Result<Dims, Unfit> {
        let [x] = inputs else { return Err("it takes one input".into()) };
        self.dims(x).ok_or_else(|| {
            Unfit("the file fixes its extents: use the size that it was exported with".into())
        })
    }

    fn field(&self, inputs: &[Seen], out: &Dims) -> Field {
        // Rows and columns that stay where they are keep what they see.
        let same = |input: &Seen| {
            let sides = |dims: &Dims| [0, 1].map(|i| dims.at((dims.rank() + i).wrapping_sub(2)));
            input.dims.rank() > 2 && out.rank() > 2 && sides(&input.dims) == sides(out)
        };
        if inputs.iter().all(same) { Seen::union(inputs) } else { Field::ALL }
    }

    fn multiply_adds(&self, _: &[Dims], _: &Dims) -> u64 {
        0
    }

    fn channels(&self) -> Channels {
        Channels::Moved
    }

    without_weights!();

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x] = inputs else { candle_core::bail!("it takes one input") };
        let from = Dims::new(x.dims());
        let Some(to) = from.and_then(|from| self.dims(&from)) else {
            candle_core::bail!("the file fixes other extents")
        };
        x.contiguous()?.reshape(to.as_slice())
    }

    fn reads(&self, _: ReluRule) -> Reads {
        Reads::Nothing
    }

    fn backward(&self, _: usize, g: &Tensor, run: &Record<'_>) -> Result<Tensor> {
        g.contiguous()?.reshape(run.dims(0)?.as_slice())
    }
}

/// To other maps, to a vector and back.
pub fn samples(_: &mut Drawing) -> Result<Vec<Sample>> {
    let of = |to: &[Option<usize>]| Reshape { to: to.to_vec(), sides: false };
    Ok(vec![
        Sample::on(of(&[Some(2), None, Some(5)]), 2, 4, 3, 5),
        Sample::on(of(&[None]), 2, 4, 3, 5),
        Sample::on(Reshape { to: vec![Some(2), None], sides: true }, 2, 4, 3, 5),
        Sample::on_vector(of(&[Some(3), Some(1), Some(2)]), 2, 6),
    ])
}
