//! The rules by which a device is taken.

use candle_core::Device;

use super::{Chosen, DeviceInfo, DeviceKind, Machine, cuda, metal};
use crate::base::{DeviceChoice, Dtype, clean};
use crate::engine::EngineError;

const GIB: usize = 1 << 30;

/// Below this a GPU is somebody else's: `auto` leaves it alone.
const WORTH: usize = 2 * GIB;

/// The CPU and every GPU that this build can see, or one sentence why one cannot be used.
pub fn list() -> Vec<Result<DeviceInfo, String>> {
    let mut all = vec![Ok(Machine::new(0).cpu())];
    match cuda::gpus() {
        Ok(gpus) if gpus.is_empty() => all.push(Err("cuda: the driver shows no GPU".into())),
        Ok(gpus) => all.extend(gpus),
        Err(why) => all.push(Err(format!("cuda: {why}"))),
    }
    all.push(metal::open().map(|(_, info)| info).map_err(|why| format!("metal: {why}")));
    all
}

/// Takes a device. `cpu` is what the CPU is called.
pub(super) fn choose(
    choice: DeviceChoice,
    dtype: Dtype,
    cpu: DeviceInfo,
) -> Result<Chosen, EngineError> {
    let refused = |why: String| {
        let hint = if built(choice) { "" } else { "; docs/gpus.md says how to build with it" };
        EngineError::NoDevice(format!("{choice}: {why}{hint}"))
    };
    let (device, what, why) = match choice {
        DeviceChoice::Cpu => (Device::Cpu, cpu, "requested".to_string()),
        DeviceChoice::Auto => auto(cpu),
        DeviceChoice::Metal => {
            let (device, info) = metal::open().map_err(refused)?;
            (device, info, "requested".into())
        }
        DeviceChoice::Cuda(None) => {
            let gpus = usable(cuda::gpus().map_err(refused)?);
            let best = roomiest(&gpus).ok_or_else(|| refused("no GPU can be used".into()))?;
            (cuda::open(best.index).map_err(refused)?, best.clone(), most_free(best))
        }
        DeviceChoice::Cuda(Some(index)) => {
            let gpus = cuda::gpus().map_err(refused)?;
            let seen = gpus.len();
            let missing = || refused(format!("there is no such GPU; visible: {seen}"));
            let gpu = gpus.into_iter().nth(index).ok_or_else(missing)?.map_err(refused)?;
            (cuda::open(index).map_err(refused)?, gpu, "requested".into())
        }
    };
    check(dtype, &what)?;
    Ok(Chosen { device, what, dtype, why })
}

const fn built(choice: DeviceChoice) -> bool {
    match choice {
        DeviceChoice::Auto | DeviceChoice::Cpu => true,
        DeviceChoice::Cuda(_) => cfg!(feature = "cuda"),
        DeviceChoice::Metal => metal::BUILT,
    }
}

/// Never fails: the CPU is always there, and `why` says what kept a GPU from being taken.
fn auto(cpu: DeviceInfo) -> (Device, DeviceInfo, String) {
    let on_cpu = |why: String| (Device::Cpu, cpu.clone(), format!("cpu: {why}"));
    if metal::BUILT {
        return match metal::open() {
            Ok((device, info)) => (device, info, "metal: the GPU of this machine".into()),
            Err(why) => on_cpu(why),
        };
    }
    let gpus = match cuda::gpus() {
        Ok(gpus) => usable(gpus),
        Err(why) => return on_cpu(why),
    };
    match worthwhile(&gpus) {
        None => on_cpu("no GPU with 2 GiB free".into()),
        Some(best) => match cuda::open(best.index) {
            Ok(device) => (device, best.clone(), most_free(best)),
            Err(why) => on_cpu(format!("{best}: {why}")),
        },
    }
}

fn usable(gpus: Vec<Result<DeviceInfo, String>>) -> Vec<DeviceInfo> {
    gpus.into_iter().filter_map(Result::ok).collect()
}

/// The one with the most free memory; the first of equals.
fn roomiest(gpus: &[DeviceInfo]) -> Option<&DeviceInfo> {
    gpus.iter().rev().max_by_key(|gpu| gpu.free_bytes)
}

/// The roomiest one, if it has room for a network.
fn worthwhile(gpus: &[DeviceInfo]) -> Option<&DeviceInfo> {
    roomiest(gpus).filter(|gpu| gpu.free_bytes.unwrap_or(0) >= WORTH)
}

fn most_free(gpu: &DeviceInfo) -> String {
    let gib = |bytes: Option<usize>| bytes.unwrap_or(0) / GIB;
    let (free, total) = (gib(gpu.free_bytes), gib(gpu.total_bytes));
    format!("{gpu}, most free memory ({free} of {total} GiB)")
}

fn check(dtype: Dtype, what: &DeviceInfo) -> Result<(), EngineError> {
    let refused = match (what.kind, dtype) {
        (DeviceKind::Cpu, Dtype::F16 | Dtype::BF16) => {
            format!("the CPU does not support {dtype}: use --dtype f32, or a GPU with --device")
        }
        (DeviceKind::Metal, Dtype::F64) => {
            "metal does not support f64: use --dtype f32, or --device cpu".to_string()
        }
        _ => return Ok(()),
    };
    Err(EngineError::NoDevice(clean(&refused)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn gpu(index: usize, free: usize) -> DeviceInfo {
        let total = Some(80 * GIB);
        let name = "A100".to_string();
        DeviceInfo {
            kind: DeviceKind::Cuda,
            index,
            name,
            free_bytes: Some(free),
            total_bytes: total,
        }
    }

    #[test]
    fn the_gpu_with_the_most_free_memory_is_taken_if_it_is_worth_it() {
        let gpus = [gpu(0, 5 * GIB), gpu(1, 31 * GIB), gpu(2, 31 * GIB), gpu(3, 0)];
        let best = worthwhile(&gpus).unwrap();
        assert_eq!(best.index, 1);
        assert_eq!(most_free(best), "cuda:1, most free memory (31 of 80 GiB)");
        assert_eq!(worthwhile(&[gpu(0, WORTH - 1)]), None);
        assert_eq!(worthwhile(&[gpu(0, WORTH)]).unwrap().index, 0);
        assert_eq!(worthwhile(&[]), None);
    }

    #[test]
    fn precisions_that_a_device_lacks_are_refused_in_one_sentence() {
        let machine = Machine::new(2);
        let refused = |dtype| choose(DeviceChoice::Cpu, dtype, machine.cpu()).unwrap_err();
        assert_eq!(
            refused(Dtype::F16).to_string(),
            "the CPU does not support f16: use --dtype f32, or a GPU with --device"
        );
        let metal = DeviceInfo { kind: DeviceKind::Metal, ..gpu(0, 0) };
        assert!(check(Dtype::F64, &metal).is_err() && check(Dtype::BF16, &metal).is_ok());
        assert!(check(Dtype::F64, &gpu(0, 0)).is_ok());
    }

    #[test]
    fn the_cpu_has_a_name_and_a_reason() {
        let chosen = choose(DeviceChoice::Cpu, Dtype::F32, Machine::new(2).cpu()).unwrap();
        assert_eq!(
            (chosen.label().as_str(), chosen.why.as_str()),
            ("cpu 2 threads f32", "requested")
        );
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn a_build_without_gpus_says_so_and_never_pretends() {
        let cpu = || Machine::new(1).cpu();
        let auto = choose(DeviceChoice::Auto, Dtype::F32, cpu()).unwrap();
        assert_eq!(
            (auto.what.kind, auto.why.as_str()),
            (DeviceKind::Cpu, "cpu: built without cuda")
        );
        for (choice, message) in [
            (
                DeviceChoice::Cuda(None),
                "cuda: built without cuda; docs/gpus.md says how to build with it",
            ),
            (
                DeviceChoice::Cuda(Some(3)),
                "cuda:3: built without cuda; docs/gpus.md says how to build with it",
            ),
            (
                DeviceChoice::Metal,
                "metal: built without metal; docs/gpus.md says how to build with it",
            ),
        ] {
            let refused = choose(choice, Dtype::F32, cpu()).unwrap_err().to_string();
            assert_eq!(refused, message);
        }
        let all = list();
        assert_eq!((all.len(), all.iter().filter(|d| d.is_ok()).count()), (3, 1));
    }
}
