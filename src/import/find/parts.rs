//! Weights that a file keeps in parts, because training parametrized them, and how the parts become the weight again:
//! exactly as PyTorch computes it in evaluation.

use std::collections::{BTreeMap, HashMap, HashSet};

use candle_core::{DType, Tensor};

use crate::base::{Listing, TensorInfo};
use crate::model::ModelError;

/// A tensor of a network: as it stands in the file, or made of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Extents of the whole weight, and where it is kept.
    pub info: TensorInfo,
    made: Made,
}

/// Tensors by the names of their parts in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Made {
    AsItIs(String),
    /// `torch.nn.utils.prune`: the product of both.
    Masked {
        weight: String,
        mask: String,
    },
    /// `torch.nn.utils.weight_norm` and its parametrization: `g v / |v|`.
    WeightNorm {
        g: String,
        v: String,
    },
    /// `torch.nn.utils.spectral_norm` and its parametrization: `W / (u W v)`.
    SpectralNorm {
        weight: String,
        u: String,
        v: String,
    },
}

/// How parts are called, after the name of the module: the weight (or its direction), then the others.
const KINDS: [(Kind, [&str; 3]); 5] = [
    (Kind::Masked, ["weight_orig", "weight_mask", ""]),
    (Kind::WeightNorm, ["weight_v", "weight_g", ""]),
    (
        Kind::WeightNorm,
        ["parametrizations.weight.original1", "parametrizations.weight.original0", ""],
    ),
    (Kind::SpectralNorm, ["weight_orig", "weight_u", "weight_v"]),
    (
        Kind::SpectralNorm,
        [
            "parametrizations.weight.original",
            "parametrizations.weight.0._u",
            "parametrizations.weight.0._v",
        ],
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Masked,
    WeightNorm,
    SpectralNorm,
}

/// Every tensor of a file, with parts put together under the name of the weight. Counters of training steps, which
/// compute nothing, are left out.
pub fn all(listing: &Listing) -> BTreeMap<String, Part> {
    let mut parts = BTreeMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    for name in listing.keys() {
        for (kind, [weight, second, third]) in KINDS {
            let Some(module) = name.strip_suffix(weight) else { continue };
            let whole = || module.is_empty() || module.ends_with('.');
            let part = |ending: &str| format!("{module}{ending}");
            let has = |ending: &str| ending.is_empty() || listing.contains_key(&part(ending));
            if !whole() || !has(second) || !has(third) || taken.contains(name) {
                continue;
            }
            let (w, second, third) = (part(weight), part(second), part(third));
            let made = match kind {
                Kind::Masked => Made::Masked { weight: w, mask: second },
                Kind::WeightNorm => Made::WeightNorm { v: w, g: second },
                Kind::SpectralNorm => Made::SpectralNorm { weight: w, u: second, v: third },
            };
            taken.extend(made.files().map(str::to_string));
            parts.insert(part("weight"), Part { info: listing[name].clone(), made });
        }
    }
    for (name, info) in listing {
        if !taken.contains(name) && !name.ends_with("num_batches_tracked") {
            let part = Part { info: info.clone(), made: Made::AsItIs(name.clone()) };
            parts.insert(name.clone(), part);
        }
    }
    parts
}

impl Made {
    fn files(&self) -> impl Iterator<Item = &str> {
        let [first, second, third] = match self {
            Self::AsItIs(name) => [Some(name), None, None],
            Self::Masked { weight, mask } => [Some(weight), Some(mask), None],
            Self::WeightNorm { g, v } => [Some(g), Some(v), None],
            Self::SpectralNorm { weight, u, v } => [Some(weight), Some(u), Some(v)],
        };
        [first, second, third].into_iter().flatten().map(String::as_str)
    }
}

impl Part {
    /// The names of the tensors that it is made of.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.made.files()
    }

    /// How it is put together, for people; `None` where it stands in the file as it is.
    pub const fn word(&self) -> Option<&'static str> {
        match self.made {
            Made::AsItIs(_) => None,
            Made::Masked { .. } => Some("pruning masks"),
            Made::WeightNorm { .. } => Some("weight norm"),
            Made::SpectralNorm { .. } => Some("spectral norm"),
        }
    }

    /// The weight, from tensors by their names in the file; `None` when one is not there.
    ///
    /// # Errors
    /// When the parts do not fit together.
    pub fn assemble(
        &self,
        tensors: &HashMap<String, Tensor>,
    ) -> Result<Option<Tensor>, ModelError> {
        let all: Option<Vec<&Tensor>> = self.files().map(|name| tensors.get(name)).collect();
        let Some(all) = all else { return Ok(None) };
        let wide = |tensor: &Tensor| tensor.to_dtype(DType::F64);
        let made = match (&self.made, all.as_slice()) {
            (Made::Masked { .. }, [weight, mask]) => (wide(weight)? * wide(mask)?)?,
            (Made::WeightNorm { .. }, [g, v]) => {
                let (g, v) = (wide(g)?, wide(v)?);
                let mut squares = v.sqr()?;
                if g.rank() == v.rank() {
                    for axis in (0..v.rank()).filter(|axis| g.dims()[*axis] == 1) {
                        squares = squares.sum_keepdim(axis)?;
                    }
                } else {
                    squares = squares.sum_all()?;
                }
                v.broadcast_mul(&g.broadcast_div(&squares.sqrt()?)?)?
            }
            (Made::SpectralNorm { .. }, [weight, u, v]) => {
                let weight = wide(weight)?;
                let matrix = weight.flatten_from(1)?;
                let image = matrix.matmul(&wide(v)?.flatten_all()?.unsqueeze(1)?)?;
                let sigma = (image.squeeze(1)? * wide(u)?.flatten_all()?)?.sum_all()?;
                weight.broadcast_div(&sigma)?
            }
            (Made::AsItIs(_), [tensor]) => return Ok(Some((*tensor).clone())),
            _ => return Ok(None),
        };
        // float64 stays for a file that is in it.
        Ok(Some(made.to_dtype(all[0].dtype())?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    fn file(tensors: &[(&str, &[f64], &[usize])]) -> (Listing, HashMap<String, Tensor>) {
        let mut listing = Listing::new();
        let mut all = HashMap::new();
        for (name, values, dims) in tensors {
            listing.insert((*name).into(), TensorInfo::float(dims.to_vec()));
            let tensor = Tensor::from_vec(values.to_vec(), *dims, &Device::Cpu).unwrap();
            all.insert((*name).into(), tensor);
        }
        (listing, all)
    }

    fn weight(tensors: &[(&str, &[f64], &[usize])]) -> Vec<f64> {
        let (listing, all) = file(tensors);
        let parts = self::all(&listing);
        assert_eq!(parts.keys().collect::<Vec<_>>(), ["a.weight"]);
        let made = parts["a.weight"].assemble(&all).unwrap().unwrap();
        made.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn parts_become_the_weight() {
        let (v, g) = (&[3.0, 4.0, 0.0, 2.0][..], &[10.0, 1.0][..]);
        for [first, second] in [
            ["a.weight_v", "a.weight_g"],
            ["a.parametrizations.weight.original1", "a.parametrizations.weight.original0"],
        ] {
            assert_eq!(weight(&[(first, v, &[2, 2]), (second, g, &[2, 1])]), [6.0, 8.0, 0.0, 1.0]);
        }
        let masked =
            [("a.weight_orig", v, &[2, 2][..]), ("a.weight_mask", &[1.0, 0.0, 1.0, 1.0], &[2, 2])];
        assert_eq!(weight(&masked), [3.0, 0.0, 0.0, 2.0]);
        let (u, right) = (&[0.6, 0.8][..], &[1.0, 0.0][..]);
        // u W v = 0.6 * 3
        let expected = v.iter().map(|v| v / (0.6 * 3.0)).collect::<Vec<_>>();
        for names in [
            ["a.weight_orig", "a.weight_u", "a.weight_v"],
            [
                "a.parametrizations.weight.original",
                "a.parametrizations.weight.0._u",
                "a.parametrizations.weight.0._v",
            ],
        ] {
            let found =
                weight(&[(names[0], v, &[2, 2]), (names[1], u, &[2]), (names[2], right, &[2])]);
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        }
    }

    #[test]
    fn all_else_stays_as_it_is() {
        let names = ["a.weight", "b.weight_g", "c.parametrizations.weight.original", "queue"];
        let info = |name: &&str| ((*name).to_string(), TensorInfo::float(vec![1]));
        let mut listing: Listing = names.iter().map(info).collect();
        listing.insert("bn.num_batches_tracked".into(), TensorInfo::float(vec![]));
        assert_eq!(all(&listing).keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    }
}
