//! The GPU of a Mac.

use candle_core::Device;

use super::DeviceInfo;

/// Whether this build can use it.
pub const BUILT: bool = cfg!(feature = "metal");

/// Opens it.
///
/// # Errors
/// When there is none, or the build cannot use it.
#[cfg(feature = "metal")]
pub fn open() -> Result<(Device, DeviceInfo), String> {
    use crate::base::{clean, first_line};

    // candle panics where there is no GPU at all, as in some virtual machines; only a thread of its own
    // turns that into an answer without the terminal's panic hook taking it for the end.
    let thread = std::thread::Builder::new().name("convscope probe".into());
    let opened = thread.spawn(|| Device::new_metal(0)).map_err(|e| e.to_string())?.join();
    let device = match opened {
        Ok(opened) => opened.map_err(|e| clean(&first_line(&e)))?,
        Err(_) => return Err("this machine has no GPU that Metal knows".into()),
    };
    let info = DeviceInfo {
        kind: super::DeviceKind::Metal,
        index: 0,
        name: "GPU".into(),
        free_bytes: None,
        total_bytes: None,
    };
    Ok((device, info))
}

/// None.
///
/// # Errors
/// Always.
#[cfg(not(feature = "metal"))]
pub fn open() -> Result<(Device, DeviceInfo), String> {
    Err("built without metal".into())
}
