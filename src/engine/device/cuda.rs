//! What CUDA's driver knows. It honors CUDA_VISIBLE_DEVICES by itself.

#[cfg(feature = "cuda")]
pub use real::{gpus, open};
#[cfg(not(feature = "cuda"))]
pub use without::{gpus, open};

#[cfg(feature = "cuda")]
mod real {
    use candle_core::Device;
    use candle_core::cuda_backend::cudarc::driver::{CudaContext, DriverError, result};

    use crate::base::{clean, first_line};
    use crate::engine::device::{DeviceInfo, DeviceKind};

    /// Every visible GPU in the driver's order, or why one of them cannot be used.
    ///
    /// # Errors
    /// When the driver cannot be used at all.
    pub fn gpus() -> Result<Vec<Result<DeviceInfo, String>>, String> {
        result::init().map_err(|e| said(&e))?;
        let count = result::device::get_count().map_err(|e| said(&e))?;
        Ok((0..usize::try_from(count).unwrap_or(0)).map(gpu).collect())
    }

    fn gpu(index: usize) -> Result<DeviceInfo, String> {
        // Free memory is known inside a context only. It is the one that candle would use, and it is
        // given back when this returns.
        let known = || {
            let context = CudaContext::new(index)?;
            let (free, total) = context.mem_get_info()?;
            let name = clean(&context.name()?);
            Ok(DeviceInfo {
                kind: DeviceKind::Cuda,
                index,
                name,
                free_bytes: Some(free),
                total_bytes: Some(total),
            })
        };
        known().map_err(|e: DriverError| format!("cuda:{index}: {}", said(&e)))
    }

    /// candle's handle of a GPU, with a stream of its own: the lanes' threads read and run on the same
    /// one, so that what one of them enqueued is done before another reads it.
    ///
    /// # Errors
    /// When the driver or its libraries refuse.
    pub fn open(index: usize) -> Result<Device, String> {
        Device::new_cuda_with_stream(index).map_err(|e| clean(&first_line(&e)))
    }

    fn said(error: &DriverError) -> String {
        let words = error.error_string().ok().and_then(|text| text.to_str().ok());
        format!("the driver says: {}", clean(words.unwrap_or("an unknown error")))
    }
}

#[cfg(not(feature = "cuda"))]
mod without {
    use candle_core::Device;

    use crate::engine::device::DeviceInfo;

    const WHY: &str = "built without cuda";

    /// None.
    ///
    /// # Errors
    /// Always.
    pub fn gpus() -> Result<Vec<Result<DeviceInfo, String>>, String> {
        Err(WHY.into())
    }

    /// None.
    ///
    /// # Errors
    /// Always.
    pub fn open(_: usize) -> Result<Device, String> {
        Err(WHY.into())
    }
}
