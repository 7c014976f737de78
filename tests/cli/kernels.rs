//! `kernels`: the weights of the file, whole and in pictures.

use crate::bench::{Bench, network_path};

/// A tensor of a network of the fixtures.
fn weights(network: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
    let bytes = std::fs::read(network_path(network)).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor(name).unwrap();
    let values = view.data().chunks_exact(4);
    let values = values.map(|v| f32::from_le_bytes(v.try_into().unwrap())).collect();
    (view.shape().to_vec(), values)
}

fn norm(kernel: &[f32]) -> f64 {
    kernel.iter().map(|v| f64::from(*v).powi(2)).sum()
}

#[test]
fn values_are_those_of_the_file() {
    let bench = Bench::new();
    let kernels = |network: &str, more: &[&str]| {
        bench.on(network, &[&["kernels", "-o", "-"], more].concat()).npy()
    };
    for (network, layer) in [("basic", "layer2.0.conv1"), ("grouped", "layer1.0.conv2")] {
        let (shape, values) = weights(network, &format!("{layer}.weight"));
        let found = kernels(network, &["--layer", layer]);
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        assert_eq!(found, (format!("({})", shape.join(", ")), values), "{network}");
    }
    // The file's name for it, and kernels in the order in which they are named.
    let (_, all) = weights("basic", "conv1.weight");
    let kernel = |k: usize| &all[k * 147..(k + 1) * 147];
    let (shape, some) = kernels("basic", &["--layer", "conv1.weight", "--channels", "4,0-1,4"]);
    assert_eq!(shape, "(4, 3, 7, 7)");
    assert_eq!(some, [kernel(4), kernel(0), kernel(1), kernel(4)].concat());

    let mut by_norm: Vec<usize> = (0..6).collect();
    by_norm.sort_by(|a, b| norm(kernel(*b)).total_cmp(&norm(kernel(*a))));
    let top = kernels("basic", &["--layer", "conv1", "--channels", "top:2"]).1;
    assert_eq!(top, [kernel(by_norm[0]), kernel(by_norm[1])].concat());
    let sorted = kernels("basic", &["--layer", "conv1", "--sort", "norm"]).1;
    assert_eq!(sorted, by_norm.iter().flat_map(|k| kernel(*k).to_vec()).collect::<Vec<_>>());
}

#[test]
fn three_inputs_are_colors_unless_one_is_named() {
    let bench = Bench::new();
    let draw = |more: &[&str]| {
        let line = ["kernels", "--layer", "conv1", "--scale", "4", "--channels", "0,3"];
        bench.on("basic", &[&line, more, &["-o", "k.png"]].concat()).ok();
        image::open(bench.path("k.png")).unwrap().to_rgb8()
    };
    let color = draw(&[]);
    // Two kernels of 7 x 7 with two pixels between them.
    assert_eq!(color.dimensions(), (2 * 28 + 2, 28));
    let (_, all) = weights("basic", "conv1.weight");
    let of = |kernel: usize, channel: usize| all[kernel * 147 + channel * 49];
    let most = all[3 * 147..4 * 147].iter().fold(0.0f32, |most, v| most.max(v.abs()));
    let expected = [0, 1, 2].map(|c| ((of(3, c) / most / 2.0 + 0.5) * 255.0).round());
    let found = color.get_pixel(30, 0).0.map(f32::from);
    let near = found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= 1.0);
    assert!(near, "{found:?} is not {expected:?}");

    let first = draw(&["--slice", "0"]);
    let second = draw(&["--slice", "1"]);
    assert!(first != color && first != second && first.dimensions() == color.dimensions());
    let gray = draw(&["--slice", "0", "--colormap", "gray"]);
    assert!(gray.get_pixel(0, 0).0.windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn printing_says_what_is_seen() {
    let bench = Bench::new();
    let caption = |network: &str, more: &[&str]| {
        let printed = bench.on(network, &[&["kernels", "--print"], more].concat()).ok().out;
        assert!(printed.contains('▄') && !printed.contains("\u{1b}_G"));
        printed.lines().last().unwrap().to_string()
    };
    let color = caption("basic", &["--layer", "conv1", "--channels", "2"]);
    assert!(color.starts_with("conv1 · kernel 2 of 6 · 7x7 · red, green, blue · -"), "{color}");
    let slice = caption("basic", &["--layer", "layer1.0.conv1", "--slice", "4"]);
    let start = "layer1.0.conv1 · 6 of 6 kernels · 3x3 · input 4 of 6 · rdbu · ";
    assert!(slice.starts_with(start), "{slice}");
    let first = caption("basic", &["--layer", "layer1.0.conv1", "--channels", "0"]);
    assert!(first.contains("kernel 0 of 6 · 3x3 · input 0 of 6"), "{first}");
}

#[test]
fn finer_blocks_and_fewer_colors_are_text() {
    let bench = Bench::new();
    let line = ["kernels", "--layer", "conv1", "--channels", "0", "--print", "--width", "20"];
    let print = |term: &str, graphics: &str| {
        let model = network_path("basic");
        let more = ["--graphics", graphics, "--model", model.to_str().unwrap()];
        bench.run_with(&[&line[..], &more].concat(), &[("TERM", term)])
    };
    let quadrants = print("xterm-256color", "quadrants").ok().out;
    assert!(quadrants.contains(['▘', '▝', '▖', '▗', '▚', '▞']), "{quadrants}");
    assert!(quadrants.contains("\u{1b}[38;5;"), "{quadrants:?}");
    let sextants = print("xterm-256color", "sextants").ok().out;
    assert!(sextants.contains(|c| ('\u{1FB00}'..='\u{1FB3B}').contains(&c)), "{sextants}");
    let few = print("xterm", "auto").ok().out;
    assert!(!few.contains("[38;") && !few.contains("[48;"), "{few:?}");
    assert!(few.contains("\u{1b}[4") && few.contains(['▀', '▄']), "{few:?}");
    // Pictures are for terminals, and leaving them out is said.
    let piped = print("xterm-256color", "sixel");
    assert!(piped.code == 0 && piped.out.contains('▄') && !piped.out.contains("\u{1b}P"));
    let said = "convscope: stdout is not a terminal: half blocks are printed, not sixel pictures\n";
    assert_eq!(piped.err, said);
}
