//! The numbers of a tensor.

use bytes::Bytes;
use prost::encoding::decode_varint;

use super::schema::Tensor;

/// A type of numbers, as `TensorProto.DataType` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Single precision.
    Float32,
    /// Double precision.
    Float64,
    /// Half precision.
    Float16,
    /// Half precision with the exponent of single.
    BFloat16,
    /// Whole numbers of n bytes, and whether they have a sign.
    Whole(usize, bool),
    /// Yes and no, a byte each.
    Boolean,
}

/// Where numbers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Little-endian in these bytes of the file.
    Here(Bytes),
    /// In another file, from a byte on.
    Beside {
        /// Its name, relative to the folder of this one.
        file: String,
        /// The first byte.
        offset: usize,
        /// How many, if it says so.
        length: Option<usize>,
    },
    /// One by one in this file.
    Listed,
}

impl Element {
    /// Bytes of a number.
    pub const fn size(self) -> usize {
        match self {
            Self::Float64 => 8,
            Self::Float32 => 4,
            Self::Float16 | Self::BFloat16 => 2,
            Self::Whole(size, _) => size,
            Self::Boolean => 1,
        }
    }

    /// Whether they are computed with.
    pub const fn is_float(self) -> bool {
        !matches!(self, Self::Whole(..) | Self::Boolean)
    }
}

impl Tensor {
    /// The type of its numbers.
    pub const fn element(&self) -> Option<Element> {
        Some(match self.data_type {
            1 => Element::Float32,
            2 => Element::Whole(1, false),
            3 => Element::Whole(1, true),
            4 => Element::Whole(2, false),
            5 => Element::Whole(2, true),
            6 => Element::Whole(4, true),
            7 => Element::Whole(8, true),
            9 => Element::Boolean,
            10 => Element::Float16,
            11 => Element::Float64,
            12 => Element::Whole(4, false),
            13 => Element::Whole(8, false),
            16 => Element::BFloat16,
            _ => return None,
        })
    }

    /// Its extents; `None` of such as no tensor has.
    pub fn extents(&self) -> Option<Vec<usize>> {
        let extents = self.dims.iter().map(|extent| usize::try_from(*extent).ok());
        let extents: Vec<usize> = extents.collect::<Option<_>>()?;
        extents.iter().try_fold(1usize, |all, extent| all.checked_mul(*extent))?;
        Some(extents)
    }

    /// Where its numbers are.
    pub fn kept(&self) -> Kept {
        if self.location == 1 {
            let of = |key: &str| self.external.iter().find(|pair| pair.key == key);
            let number = |key: &str| of(key)?.value.parse().ok();
            let file = of("location").map(|pair| pair.value.clone()).unwrap_or_default();
            let (offset, length) = (number("offset").unwrap_or(0), number("length"));
            return Kept::Beside { file, offset, length };
        }
        let packed = match self.element() {
            Some(Element::Float32) if self.raw.is_empty() => &self.floats,
            Some(Element::Float64) if self.raw.is_empty() => &self.doubles,
            _ => &self.raw,
        };
        if packed.is_empty() { Kept::Listed } else { Kept::Here(packed.clone()) }
    }

    /// Its numbers, at most `most`; `None` where they are more, beside the file, or do not fit its extents.
    pub fn numbers(&self, most: usize) -> Option<Vec<f64>> {
        let (element, extents) = (self.element()?, self.extents()?);
        let count: usize = extents.iter().product();
        if count > most {
            return None;
        }
        let found: Vec<f64> = match self.kept() {
            Kept::Beside { .. } => return None,
            Kept::Here(bytes) if bytes.len() == count * element.size() => {
                bytes.chunks_exact(element.size()).map(|number| decoded(element, number)).collect()
            }
            Kept::Here(_) => return None,
            Kept::Listed => {
                let of = if self.int64s.is_empty() { &self.int32s } else { &self.int64s };
                let mut rest = of.clone();
                let mut numbers = Vec::new();
                while !rest.is_empty() && numbers.len() <= count {
                    let number = decode_varint(&mut rest).ok()?;
                    numbers.push(match element {
                        // Halves are written as the whole numbers of their bits.
                        Element::Float16 | Element::BFloat16 => {
                            decoded(element, &(number as u16).to_le_bytes())
                        }
                        Element::Whole(_, false) | Element::Boolean => number as f64,
                        _ => number.cast_signed() as f64,
                    });
                }
                numbers
            }
        };
        (found.len() == count).then_some(found)
    }
}

fn decoded(element: Element, bytes: &[u8]) -> f64 {
    let mut wide = [0; 8];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u64::from_le_bytes(wide);
    match element {
        Element::Float64 => f64::from_bits(bits),
        Element::Float32 => f64::from(f32::from_bits(bits as u32)),
        Element::Float16 => f64::from(half::f16::from_bits(bits as u16)),
        Element::BFloat16 => f64::from(half::bf16::from_bits(bits as u16)),
        Element::Whole(size, true) => {
            let shift = 64 - 8 * size as u32;
            ((bits << shift).cast_signed() >> shift) as f64
        }
        Element::Whole(..) | Element::Boolean => bits as f64,
    }
}
