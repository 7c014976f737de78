//! Checkpoints: named tensors and metadata out of a safetensors file.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use xxhash_rust::xxh3::xxh3_64;

use super::SourceError;
use super::error::read_file;

/// Largest checkpoint: well above every ResNet, well below what would fill a server.
const LIMIT: u64 = 8 << 30;

/// The contents of a checkpoint.
pub struct Checkpoint {
    /// Every floating-point tensor, on the CPU, in float32 or (where the file has it) float64.
    pub tensors: HashMap<String, Tensor>,
    /// The file's own metadata.
    pub metadata: HashMap<String, String>,
    /// A hash of the file's bytes.
    pub hash: u64,
    /// Tensors that hold NaN or infinity, sorted.
    pub not_finite: Vec<String>,
}

impl Checkpoint {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is no safetensors file.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let bytes = read_file(path, LIMIT, "a checkpoint")?;
        Self::parse(&bytes, &path.to_string_lossy())
    }

    /// Reads the bytes of a safetensors file; `name` is for messages.
    ///
    /// # Errors
    /// When the bytes are no safetensors file or hold a type that is not understood.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, SourceError> {
        let fail = |why: String| SourceError::named(name, why);
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x80\x02") {
            return Err(fail(
                "is a PyTorch pickle, and only .safetensors is read: convert it with \
                 safetensors.torch.save_file(torch.load(f, weights_only=True), \"F.safetensors\")"
                    .into(),
            ));
        }
        let no_file =
            |e| fail(format!("is no whole safetensors file ({e}): copy or download it again"));
        let file = SafeTensors::deserialize(bytes).map_err(no_file)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(no_file)?;
        let mut tensors = HashMap::new();
        for (key, view) in file.tensors() {
            // `num_batches_tracked` counts training steps: no part of the computation.
            if key.ends_with("num_batches_tracked") {
                continue;
            }
            let dtype = DType::try_from(view.dtype()).map_err(|e| {
                fail(format!("tensor {key} has a type that is not understood ({e})"))
            })?;
            let wide = if dtype == DType::F64 { DType::F64 } else { DType::F32 };
            let tensor = Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)
                .and_then(|t| t.to_dtype(wide))
                .map_err(|e| fail(format!("tensor {key} cannot be read ({e})")))?;
            tensors.insert(key, tensor);
        }
        let mut not_finite: Vec<String> =
            tensors.iter().filter(|(_, t)| !is_finite(t)).map(|(name, _)| name.clone()).collect();
        not_finite.sort();
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(Self { tensors, metadata, hash: xxh3_64(bytes), not_finite })
    }
}

/// In float64 a sum of float32 values is finite exactly when every term is.
fn is_finite(tensor: &Tensor) -> bool {
    let sum =
        tensor.to_dtype(DType::F64).and_then(|t| t.sum_all()).and_then(|t| t.to_scalar::<f64>());
    sum.is_ok_and(f64::is_finite)
}
