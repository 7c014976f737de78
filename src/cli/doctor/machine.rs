//! What computes: the devices and the CPU's instructions.

use super::{Finding, Known, no, yes};
use crate::engine::device::{DeviceInfo, Devices, Machine, isa, list};

const GIB: f64 = (1u64 << 30) as f64;

/// Every device that this build can see, the one that is taken, and what runs networks there.
pub(super) fn devices(known: &Known) -> Vec<Finding> {
    let mut found: Vec<Finding> = list()
        .into_iter()
        .map(|device| match device {
            Ok(device) => yes(described(&device)),
            Err(why) => {
                let advice = without(&why);
                no(why, advice)
            }
        })
        .collect();
    let run = &known.settings.run;
    found.push(match Machine::new(run.threads).choose(run.device, run.dtype) {
        Ok(chosen) => yes(format!("networks run on {} ({})", chosen.label(), chosen.why)),
        Err(error) => no(error.to_string(), "--device auto uses what is available"),
    });
    found.push(match isa() {
        Ok(isa) => yes(format!(
            "float32 on the CPU uses the fast backend with {isa}; everything else uses the portable backend"
        )),
        Err(error) => no(error.to_string(), "unset the variable to use the best"),
    });
    found
}

fn described(device: &DeviceInfo) -> String {
    let memory = match (device.free_bytes, device.total_bytes) {
        (Some(free), Some(total)) => {
            format!(", {:.1} of {:.1} GiB free", free as f64 / GIB, total as f64 / GIB)
        }
        _ => String::new(),
    };
    format!("{device}: {}{memory}", device.name)
}

/// What to do about a device that cannot be used.
fn without(why: &str) -> &'static str {
    if why.starts_with("metal") {
        if cfg!(target_os = "macos") { "build with --features metal" } else { "only Macs have it" }
    } else if cfg!(feature = "cuda") {
        "check that `nvidia-smi` lists it, and CUDA_VISIBLE_DEVICES; see docs/gpus.md"
    } else {
        "for an NVIDIA GPU, build with --features cuda; see docs/gpus.md"
    }
}

/// The widest instructions that it has, and its threads.
pub(super) fn cpu(known: &Known) -> Vec<Finding> {
    let threads = match known.settings.run.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let mut found = instructions();
    found.push(yes(format!("compute threads: {threads}")));
    found
}

#[cfg(target_arch = "x86_64")]
fn instructions() -> Vec<Finding> {
    let (wide, usual) = (
        std::is_x86_feature_detected!("avx512f"),
        std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma"),
    );
    let faster = "networks run without them; a CPU that has them is faster";
    let line =
        |there: bool, name: &str| if there { yes(name) } else { no(format!("no {name}"), faster) };
    vec![line(wide, "AVX-512"), line(usual, "AVX2 and FMA")]
}

#[cfg(target_arch = "aarch64")]
fn instructions() -> Vec<Finding> {
    vec![yes("NEON")]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn instructions() -> Vec<Finding> {
    vec![no(
        format!("{}: no wide instructions are known", std::env::consts::ARCH),
        "networks run without them; x86-64 and aarch64 are faster",
    )]
}
