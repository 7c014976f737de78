//! Weights.

use convscope::base::{Colormap, RangeMode};
use convscope::picture::{Cell, color};
use convscope::session::ask::{KernelRef, Look, Seen, Slice, request};

use crate::{BUILTIN, Desk, LOOK, flat, pixel, tensors};

fn sheet(desk: &Desk, layer: &str, kernels: Vec<(usize, Slice)>, look: Look) -> request::Sheet {
    let (network, layer) = (desk.network.id, desk.layer(layer));
    request::Sheet { seen: Seen::Kernels { network, layer, kernels, look }, scale: Some(1) }
}

#[test]
fn what_is_known_about_kernels_is_what_the_checkpoint_holds() {
    let (desk, tensors) = (Desk::builtin(), tensors(BUILTIN));
    for (layer, convolution, color) in [
        ("conv1", "conv1", true),
        ("relu", "conv1", true),
        ("maxpool", "conv1", true),
        ("layer2.0.downsample.1", "layer2.0.downsample.0", false),
        ("layer4.1", "layer4.1.conv2", false),
        ("avgpool", "layer4.1.conv2", false),
    ] {
        let request = request::Kernels { network: desk.network.id, layer: desk.layer(layer) };
        let info = desk.know(&request);
        let weight = &tensors[&format!("{convolution}.weight")];
        assert_eq!((info.layer, info.color), (desk.layer(convolution), color), "{layer}");
        assert_eq!(info.shape.as_slice(), weight.dims(), "{layer}");
        let weights = flat(weight);
        let (low, high) =
            weights.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        assert_eq!((info.range.low, info.range.high), (low, high), "{layer}");
        let kernels = weights.chunks(weights.len() / info.shape[0]);
        assert_eq!(info.norms.len(), info.shape[0]);
        for (norm, kernel) in info.norms.iter().zip(kernels) {
            let expected = kernel.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            assert!((f64::from(*norm) - expected).abs() <= 1e-6 * expected, "{layer}");
        }
    }
}

#[test]
fn numbers_of_kernels_are_the_checkpoints() {
    let (desk, tensors) = (Desk::builtin(), tensors(BUILTIN));
    let (network, layer) = (desk.network.id, desk.layer("layer1.0.relu"));
    let ask = |kernels| desk.know(&request::KernelValues { network, layer, kernels });
    let weight = &tensors["layer1.0.conv1.weight"];
    let all = ask(None);
    assert_eq!(all.shape.dims(), weight.dims());
    assert_eq!(all.data, flat(weight));
    let some = ask(Some(vec![31, 0]));
    assert_eq!(some.shape.dims(), [2, 32, 3, 3]);
    let kernel = |i: usize| flat(&weight.get(i).unwrap());
    assert_eq!(some.data, [kernel(31), kernel(0)].concat());
    let beyond = request::KernelValues { network, layer, kernels: Some(vec![32]) };
    assert!(desk.refusal(&beyond).contains("no kernel 32 of 32"));
}

#[test]
fn what_has_no_kernels_is_refused_with_its_name() {
    let desk = Desk::builtin();
    let network = desk.network.id;
    for layer in ["flatten", "fc"] {
        let request = request::Kernels { network, layer: desk.layer(layer) };
        assert!(desk.refusal(&request).starts_with(layer));
    }
    let of = |layer: &str, kernel, slice| {
        let kernel = KernelRef { network, layer: desk.layer(layer), kernel, slice };
        desk.refusal(&request::Kernel { kernel, size: (7, 4), look: LOOK })
    };
    assert!(of("conv1", 32, Slice::Color).contains("no kernel 32"));
    assert!(of("conv1", 0, Slice::Input(3)).contains("inputs 0 to 2"));
    assert!(of("layer1.0.conv1", 0, Slice::Color).contains("inputs 0 to 31"));
}

/// Weights are signed: 0 is the middle color, and both ends are as far from it.
#[test]
fn a_slice_has_zero_in_the_middle_of_its_colors() {
    let (desk, tensors) = (Desk::builtin(), tensors(BUILTIN));
    let weight = &tensors["layer1.0.conv1.weight"];
    let weights = flat(&weight.get(3).unwrap().get(5).unwrap());
    let of_layer = flat(weight).iter().fold(0f32, |most, v| most.max(v.abs()));
    for (range, most) in [
        (RangeMode::Map, weights.iter().fold(0f32, |most, v| most.max(v.abs()))),
        (RangeMode::Layer, of_layer),
    ] {
        let look = Look { range, ..LOOK };
        let kernels = vec![(3, Slice::Input(5))];
        let picture = desk.know(&sheet(&desk, "layer1.0.conv1", kernels, look));
        assert_eq!((picture.width, picture.height), (3, 3));
        let expected = weights.iter().map(|v| color(Colormap::RdBu, (v / most + 1.0) / 2.0));
        for (found, expected) in picture.rgb.iter().zip(expected) {
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3);
            assert!(near, "{found:?} for {expected:?}");
        }
        let kernel = KernelRef {
            network: desk.network.id,
            layer: desk.layer("layer1.0.bn1"),
            kernel: 3,
            slice: Slice::Input(5),
        };
        let map = desk.know(&request::Kernel { kernel, size: (3, 2), look });
        assert_eq!((map.colormap, map.signed), (Colormap::RdBu, true));
        assert_eq!((map.range.low, map.range.high), (-most, most));
        assert_eq!((map.cells.columns, map.cells.rows), (3, 2));
    }
}

/// Red, green and blue are the three inputs; each is gray where it is 0.
#[test]
fn kernels_in_colors_are_gray_where_they_are_zero() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zero.safetensors");
    let mut changed = tensors("tests/fixtures/net_basic.safetensors");
    let stem = changed["conv1.weight"].clone();
    let mut weights = flat(&stem);
    let size = 3 * 7 * 7;
    weights[..size].fill(0.0);
    // The second: red as strong as can be at one place, blue the other way at another.
    weights[size..2 * size].fill(0.0);
    weights[size + 10] = 0.5;
    weights[size + 2 * 49 + 20] = -0.5;
    let stem = candle_core::Tensor::from_vec(weights, stem.dims(), stem.device()).unwrap();
    changed.insert("conv1.weight".into(), stem);
    candle_core::safetensors::save(&changed, &path).unwrap();

    let desk = Desk::new(convscope::session::ask::ModelRef::File(path));
    let kernels = vec![(0, Slice::Color)];
    let picture = desk.know(&sheet(&desk, "conv1", kernels, LOOK));
    assert_eq!(picture.rgb, vec![[128; 3]; 49]);
    let kernels = vec![(1, Slice::Color)];
    let picture = desk.know(&sheet(&desk, "conv1", kernels, LOOK));
    for (at, found) in picture.rgb.iter().enumerate() {
        let expected = match at {
            10 => [255, 128, 128],
            20 => [128, 128, 0],
            _ => [128; 3],
        };
        assert_eq!(*found, expected, "pixel {at}");
    }
    let (network, layer) = (desk.network.id, desk.layer("conv1"));
    let kernel = KernelRef { network, layer, kernel: 0, slice: Slice::Color };
    let map = desk.know(&request::Kernel { kernel, size: (7, 4), look: LOOK });
    let gray = |cell: &Cell| cell.fg == [128; 3] || cell.bg == [128; 3];
    assert!(map.scale.is_empty() && map.cells.cells.iter().all(gray));
}

#[test]
fn colors_of_a_kernel_are_its_weights() {
    let (desk, tensors) = (Desk::builtin(), tensors(BUILTIN));
    for kernel in [0, 17, 31] {
        let weights = flat(&tensors["conv1.weight"].get(kernel).unwrap());
        let most = weights.iter().fold(0f32, |most, v| most.max(v.abs()));
        let request = sheet(&desk, "relu", vec![(kernel, Slice::Color)], LOOK);
        let picture = desk.know(&request);
        for y in 0..7 {
            for x in 0..7 {
                let byte = |c: usize| 255.0 * (weights[c * 49 + y * 7 + x] / most + 1.0) / 2.0;
                let found = pixel(&picture, x, y);
                for (c, found) in found.into_iter().enumerate() {
                    assert!((f32::from(found) - byte(c)).abs() <= 0.51, "{kernel} {x} {y}");
                }
            }
        }
    }
}

#[test]
fn one_weight_alone_is_colored_against_the_others() {
    let (desk, tensors) = (Desk::builtin(), tensors(BUILTIN));
    let weight = &tensors["layer2.0.downsample.0.weight"];
    let all = flat(weight);
    let most = all.iter().fold(0f32, |most, v| most.max(v.abs()));
    let kernels = (0..6).map(|input| (4, Slice::Input(input))).collect();
    let picture = desk.know(&sheet(&desk, "layer2.0.downsample.0", kernels, LOOK));
    let colors: std::collections::HashSet<_> = (0..3).map(|i| pixel(&picture, 3 * i, 0)).collect();
    assert!(colors.len() > 1, "{colors:?}");
    let first = flat(&weight.get(4).unwrap())[0];
    let expected = color(Colormap::RdBu, (first / most + 1.0) / 2.0);
    let found = pixel(&picture, 0, 0);
    assert!(found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3), "{found:?} {expected:?}");
}
