//! What kind of network some tensors look like, for the sentence that refuses them.

use std::collections::BTreeMap;

use super::parts::Part;
use super::short;
use crate::base::{EXPORT, count};

/// Kinds of networks by parts of names that are found together in them, whatever stands before; `*` is any number. The
/// first row that fits counts.
const KINDS: [(&str, &[&str]); 50] = [
    ("LoRA weights, which modify a network but are not one", &["lora_A.weight"]),
    ("LoRA weights, which modify a network but are not one", &["lora_down.weight"]),
    ("a Detectron2 ResNet", &["stem.conv1.weight", "res2.*.conv1.weight"]),
    ("a CLIP model", &["visual.conv1.weight", "token_embedding.weight"]),
    ("a CLIP model", &["vision_model.embeddings.patch_embedding.weight"]),
    ("a diffusion model", &["time_embed.*.weight"]),
    ("a diffusion model", &["time_embedding.linear_1.weight"]),
    ("a DETR", &["class_embed.weight", "query_embed.weight"]),
    ("a Segment Anything model", &["image_encoder.patch_embed.proj.weight"]),
    ("a Swin Transformer", &["relative_position_bias_table"]),
    ("a vision transformer", &["encoder_layer_0.ln_1.weight"]),
    ("a vision transformer", &["blocks.*.attn.qkv.weight"]),
    ("a vision transformer", &["encoder.layer.*.attention.attention.query.weight"]),
    ("a language model", &["embed_tokens.weight"]),
    ("a language model", &["wte.weight"]),
    ("a language model", &["word_embeddings.weight"]),
    ("a language model", &["tok_embeddings.weight"]),
    ("an AlexNet", &["features.*.weight", "classifier.1.weight", "classifier.4.weight"]),
    ("a VGG", &["features.*.weight", "classifier.0.weight", "classifier.3.weight"]),
    ("a VGG", &["features.0.weight", "features.2.weight", "features.5.weight"]),
    (
        "a VGG with batch norm",
        &["features.0.weight", "features.1.running_mean", "features.3.weight"],
    ),
    ("a SqueezeNet", &["features.*.squeeze.weight"]),
    ("a DenseNet", &["denseblock1.denselayer1.norm1.weight"]),
    ("an Inception v3", &["Mixed_5b.branch1x1.conv.weight"]),
    ("a GoogLeNet", &["inception3a.branch1.conv.weight"]),
    ("a MobileNet v2", &["features.0.0.weight", "features.1.conv.0.0.weight"]),
    ("a MobileNet v3", &["features.0.0.weight", "features.1.block.0.0.weight"]),
    ("an EfficientNet", &["features.0.0.weight", "features.1.0.block.0.0.weight"]),
    ("an EfficientNet", &["_conv_stem.weight", "_blocks.0._depthwise_conv.weight"]),
    ("a MobileNet or an EfficientNet", &["conv_stem.weight", "blocks.0.0.conv_dw.weight"]),
    ("a ConvNeXt", &["features.1.0.block.0.weight"]),
    ("a ConvNeXt", &["stages.0.blocks.0.conv_dw.weight"]),
    ("a ConvNeXt", &["stages.0.layers.0.dwconv.weight"]),
    ("a ConvNeXt", &["stages.0.0.dwconv.weight"]),
    ("a RegNet", &["trunk_output.block1.block1-0.f.a.0.weight"]),
    ("a RegNet", &["s1.b1.conv1.conv.weight"]),
    ("a ShuffleNet v2", &["stage2.0.branch2.0.weight"]),
    ("an MNASNet", &["layers.8.0.layers.0.weight"]),
    ("an HRNet", &["stage2.0.branches.0.0.conv1.weight"]),
    ("a ResNet v2", &["stem.conv.weight", "stages.0.blocks.0.norm1.weight"]),
    ("a ResNet v2", &["root.conv.weight", "block1.unit01.conv1.weight"]),
    ("an Xception", &["block1.rep.0.conv1.weight"]),
    ("a YOLO", &["model.0.conv.weight", "model.1.conv.weight"]),
    ("a YOLO", &["module_list.0.Conv2d.weight"]),
    ("a U-Net", &["inc.double_conv.0.weight"]),
    ("a U-Net", &["encoder1.enc1conv1.weight"]),
    ("a U-Net", &["down1.maxpool_conv.1.double_conv.0.weight"]),
    ("a speech model", &["feature_extractor.conv_layers.0.conv.weight"]),
    ("an SSD or a Faster R-CNN", &["rpn.head.cls_logits.weight"]),
    ("a whole training state: the optimizer's tensors without a network", &["exp_avg_sq"]),
];

/// What the tensors of a file look like, continuing a sentence about the file.
pub fn sentence(tensors: &BTreeMap<String, Part>) -> String {
    let number = count(tensors.len(), "tensor");
    let Some(first) = tensors.keys().next() else {
        return "holds no network weights".into();
    };
    let only = format!("without its program only a ResNet opens; {EXPORT} writes a file that does");
    let deep = |part: &&Part| part.info.dims.len() == 5;
    let flat = |part: &&Part| part.info.dims.len() == 4;
    let volumes = tensors.values().filter(deep).count();
    if volumes > tensors.values().filter(flat).count() {
        let (name, part) = tensors.iter().find(|(_, part)| deep(part)).unzip();
        let (name, dims) = (name.map(|n| short(n)), part.map(|p| p.info.dims.clone()));
        return format!(
            "is a network of 3-D convolutions ({} is {:?}), which are not supported yet; {only}",
            name.unwrap_or_default(),
            dims.unwrap_or_default()
        );
    }
    let found = KINDS.iter().find_map(|(kind, patterns)| {
        let mut shown = None;
        let all = patterns.iter().all(|pattern| {
            let name = tensors.keys().find(|name| has(name, pattern));
            shown = shown.or(name);
            name.is_some()
        });
        all.then_some((*kind, shown?))
    });
    match found {
        Some((kind, name)) => format!("looks like {kind} ({}, {number}); {only}", short(name)),
        None => {
            format!("holds {number} ({}, …), not a known network; {only}", short(first))
        }
    }
}

/// Whether a name has the parts of a pattern one after the other.
fn has(name: &str, pattern: &str) -> bool {
    let name: Vec<&str> = name.split('.').collect();
    let pattern: Vec<&str> = pattern.split('.').collect();
    let fits = |(part, wanted): (&&str, &&str)| match *wanted {
        "*" => part.parse::<u32>().is_ok(),
        wanted => *part == wanted,
    };
    name.windows(pattern.len()).any(|window| window.iter().zip(&pattern).all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TensorInfo;
    use crate::import::find::parts;

    fn said(names: &[(&str, usize)]) -> String {
        let info =
            |(name, rank): &(&str, usize)| ((*name).to_string(), TensorInfo::float(vec![3; *rank]));
        sentence(&parts::all(&names.iter().map(info).collect()))
    }

    #[test]
    fn networks_are_named_by_their_tensors() {
        let vgg = [
            ("m.features.0.weight", 4),
            ("m.classifier.0.weight", 2),
            ("m.classifier.3.weight", 2),
        ];
        assert_eq!(
            said(&vgg),
            "looks like a VGG (m.features.0.weight, 3 tensors); without its program only a ResNet opens; \
             torch.export.save(torch.export.export(net.eval(), (x,)), \"net.pt2\") writes a file that does"
        );
        assert!(
            said(&[("features.denseblock1.denselayer1.norm1.weight", 1)]).contains("a DenseNet")
        );
        assert!(said(&[("a.weight", 5), ("b.weight", 5), ("c.weight", 4)]).contains("3-D"));
        assert!(
            said(&[("x.weight", 2)])
                .starts_with("holds 1 tensor (x.weight, …), not a known network")
        );
        assert!(said(&[]).contains("no network weights"));
    }
}
