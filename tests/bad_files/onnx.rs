//! ONNX files that lie, are cut off, or name weights that are not theirs.

use convscope::base::Random;
use convscope::import::onnx;
use convscope::onnx::Model;
use convscope::source::Checkpoint;

fn folder() -> std::path::PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/onnx").into()
}

/// Reads and builds, if that can be done; else the sentence.
fn opened(bytes: Vec<u8>) -> Result<usize, String> {
    let checkpoint = Checkpoint::parse(bytes, "net.onnx").map_err(|why| why.to_string())?;
    let model = checkpoint.onnx.as_deref().ok_or("is no ONNX model")?;
    let names = onnx::tensors(model);
    let loaded =
        checkpoint.load(names.iter().map(String::as_str)).map_err(|why| why.to_string())?;
    let graph = onnx::build(model, &loaded.tensors).map_err(|why| why.to_string())?;
    Ok(graph.nodes.len())
}

#[test]
fn changed_and_cut_off_files_are_refused_and_never_a_panic() {
    for name in ["activations", "attention.script", "norms"] {
        let whole = std::fs::read(folder().join(format!("{name}.onnx"))).unwrap();
        assert!(opened(whole.clone()).unwrap() > 10);
        let mut random = Random::new(8);
        for _ in 0..300 {
            let mut bytes = whole.clone();
            match random.below(4) {
                0 => bytes.truncate(random.below(whole.len())),
                _ => {
                    for _ in 0..=random.below(3) {
                        let at = random.below(bytes.len());
                        bytes[at] = random.below(256) as u8;
                    }
                }
            }
            if let Err(why) = opened(bytes) {
                assert!(!why.contains('\n') && why.len() < 500, "{why}");
            }
        }
    }
}

/// A field of a message: its number, and bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(length as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    [field, bytes.to_vec()].concat()
}

/// A model of opset 17 with a graph of these fields.
fn model(graph: &[u8]) -> Vec<u8> {
    [&[0x08, 0x08][..], &field(7, graph), &field(8, &[0x10, 17])].concat()
}

/// `[1, 3, 8, 8]` called `x`.
fn input() -> Vec<u8> {
    let dims: Vec<u8> = [1, 3, 8, 8].into_iter().flat_map(|size| field(1, &[0x08, size])).collect();
    let kind = field(1, &[&[0x08, 1][..], &field(2, &dims)].concat());
    field(11, &[field(1, b"x"), field(2, &kind)].concat())
}

fn node(operation: &[u8], inputs: &[&[u8]], output: &[u8]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|input| field(1, input)).collect();
    field(1, &[inputs, field(2, output), field(4, operation)].concat())
}

fn output(name: &[u8]) -> Vec<u8> {
    field(12, &field(1, name))
}

#[test]
fn what_a_graph_lacks_or_claims_is_one_sentence() {
    let graph = |nodes: Vec<u8>| model(&[nodes, input(), output(b"y")].concat());
    assert_eq!(opened(graph(node(b"Relu", &[b"x"], b"y"))), Ok(1));
    let says = |bytes: Vec<u8>, words: &str| {
        let why = opened(bytes).unwrap_err();
        assert!(why.contains(words) && !why.contains('\n') && why.len() < 400, "{why}");
    };
    // Of each other, of nothing, of another domain, without an end.
    says(
        graph([node(b"Relu", &[b"b"], b"a"), node(b"Relu", &[b"a"], b"b")].concat()),
        "b is missing",
    );
    says(graph(node(b"Conv", &[b"x", b"w"], b"y")), "w is missing");
    says(graph(node(b"NonMaxSuppression", &[b"x"], b"y")), "the operation NonMaxSuppression");
    says(graph(node(b"Relu", &[b"x"], b"z")), "computes nothing of its input");
    says(graph([0x0a, 0].repeat(100_001)), "more than 100000 nodes");
    says(graph(field(1, &field(1, b"").repeat(10_001))), "a node of more than 10000 parts");
    says(model(&[]), "does not take one tensor");
    says(vec![0x08, 0x08, 0x3a, 0x7f, 0x0a], "cannot be read");
    says([&[0x08, 0x08][..], &field(7, &input()), &field(8, &[0x10, 3])].concat(), "opset 3");
    says([&[0x08, 0x02][..], &field(7, &input()), &field(8, &[0x10, 17])].concat(), "format 2");
    // Extents whose product is more than any number.
    let huge = [&[0x08][..], &[0xff; 8], &[0x7f]].concat().repeat(3);
    let weight = field(5, &[&huge[..], &[0x10, 1], &field(8, b"w")].concat());
    says(graph([node(b"Conv", &[b"x", b"w"], b"y"), weight].concat()), "extents");
}

#[test]
fn weights_beside_are_files_of_the_folder() {
    let place = tempfile::tempdir().unwrap();
    let inside = place.path().join("net");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(place.path().join("secret.data"), [0; 64]).unwrap();
    std::os::unix::fs::symlink("../secret.data", inside.join("link.data")).unwrap();
    std::fs::write(inside.join("short.data"), [0; 8]).unwrap();
    let with = |location: &[u8]| {
        let pair = |key: &[u8], value: &[u8]| field(13, &[field(1, key), field(2, value)].concat());
        let kept = [pair(b"location", location), vec![0x70, 1]].concat();
        let dims = [0x08, 16];
        let weight = [&dims[..], &[0x10, 1], &field(8, b"w"), &kept].concat();
        let graph = [node(b"Add", &[b"x", b"w"], b"y"), field(5, &weight), input(), output(b"y")];
        let file = inside.join("net.onnx");
        std::fs::write(&file, model(&graph.concat())).unwrap();
        Checkpoint::read(&file).map(|checkpoint| checkpoint.listing().len())
    };
    for (location, words) in [
        (&b"../secret.data"[..], "is outside its folder"),
        (b"/etc/passwd", "is outside its folder"),
        (b"link.data", "is a link"),
        (b"nothing.data", "is missing"),
        (b"short.data", "reaches outside"),
        (b"", "is outside its folder"),
    ] {
        let why = with(location).unwrap_err().to_string();
        assert!(why.contains(words) && !why.contains('\n'), "{why}");
    }
    // Without a folder none is looked for.
    let bytes = std::fs::read(folder().join("norms_beside.onnx")).unwrap();
    assert!(
        Checkpoint::parse(bytes, "net").err().unwrap().to_string().contains("open it by its path")
    );
}

/// What a file may claim is checked before anything is made of it.
#[test]
fn limits_come_first() {
    let nodes = [0x0a, 0].repeat(3_000_000);
    assert!(Model::read(&model(&nodes).into()).unwrap_err().contains("more than 100000"));
}

/// What is computed in another way than the file says is said.
#[test]
fn a_quantized_graph_says_what_is_lost() {
    let scale = field(5, &[&[0x10, 1][..], &field(8, b"s"), &field(9, &[0, 0, 0, 0x3f])].concat());
    let graph = [
        node(b"QuantizeLinear", &[b"x", b"s"], b"q"),
        node(b"DequantizeLinear", &[b"q", b"s"], b"d"),
        node(b"Relu", &[b"d"], b"y"),
        scale,
        input(),
        output(b"y"),
    ];
    let checkpoint = Checkpoint::parse(model(&graph.concat()), "net.onnx").unwrap();
    let model = checkpoint.onnx.as_deref().unwrap();
    let names = onnx::tensors(model);
    let loaded = checkpoint.load(names.iter().map(String::as_str)).unwrap();
    let graph = onnx::build(model, &loaded.tensors).unwrap();
    assert!(graph.notes.iter().any(|note| note.contains("activations are not rounded")));
}
