//! timm's names of ResNets: which are plain ones, which compute something else. `tools/check_config_fields.py` builds each
//! of them with timm and compares.

/// What a name of an architecture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// A network that runs.
    Plain(&'static Plain),
    /// A network that computes something else: its parts.
    Other(&'static str),
    /// A name that timm does not know.
    Unknown,
}

/// A plain ResNet.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain {
    /// timm's name.
    pub name: &'static str,
    /// Blocks of each stage.
    pub blocks: [usize; 4],
    /// Whether its blocks are bottlenecks.
    pub bottleneck: bool,
    /// Groups of its 3x3 convolutions.
    pub groups: usize,
}

const fn plain(name: &'static str, blocks: [usize; 4], bottleneck: bool, groups: usize) -> Plain {
    Plain { name, blocks, bottleneck, groups }
}

/// The plain ResNets of timm.
pub const PLAIN: [Plain; 15] = [
    plain("resnet18", [2, 2, 2, 2], false, 1),
    plain("resnet26", [2, 2, 2, 2], true, 1),
    plain("resnet34", [3, 4, 6, 3], false, 1),
    plain("resnet50", [3, 4, 6, 3], true, 1),
    plain("resnet101", [3, 4, 23, 3], true, 1),
    plain("resnet152", [3, 8, 36, 3], true, 1),
    plain("resnet200", [3, 24, 36, 3], true, 1),
    plain("wide_resnet50_2", [3, 4, 6, 3], true, 1),
    plain("wide_resnet101_2", [3, 4, 23, 3], true, 1),
    plain("resnext50_32x4d", [3, 4, 6, 3], true, 32),
    plain("resnext101_32x4d", [3, 4, 23, 3], true, 32),
    plain("resnext101_32x8d", [3, 4, 23, 3], true, 32),
    plain("resnext101_32x16d", [3, 4, 23, 3], true, 32),
    plain("resnext101_32x32d", [3, 4, 23, 3], true, 32),
    plain("resnext101_64x4d", [3, 4, 23, 3], true, 64),
];

/// The other networks of timm's `resnet.py`, by what is different in them.
pub const VARIANTS: [(&str, &[&str]); 9] = [
    ("anti-aliased pooling", &["resnetaa50"]),
    ("anti-aliased pooling and a deep stem", &["resnetaa34d", "resnetaa50d", "resnetaa101d"]),
    ("anti-aliased (blurred) pooling", &["resnetblur18", "resnetblur50"]),
    ("anti-aliased (blurred) pooling and a deep stem", &["resnetblur50d", "resnetblur101d"]),
    (
        "a deep stem",
        &["resnet50c", "resnet101c", "resnet152c", "resnet50s", "resnet101s", "resnet152s"],
    ),
    (
        "a deep stem and shortcuts with average pooling",
        &[
            "resnet18d",
            "resnet26d",
            "resnet34d",
            "resnet50d",
            "resnet101d",
            "resnet152d",
            "resnet200d",
            "resnext50d_32x4d",
            "resnet10t",
            "resnet14t",
            "resnet26t",
            "resnet50t",
            "test_resnet",
        ],
    ),
    ("group norm", &["resnet50_gn"]),
    (
        "squeeze-and-excitation",
        &[
            "seresnet18",
            "seresnet34",
            "seresnet50",
            "seresnet101",
            "seresnet152",
            "seresnext50_32x4d",
            "seresnext101_32x4d",
            "seresnext101_32x8d",
            "seresnext101_64x4d",
            "seresnet50t",
            "seresnet152d",
            "seresnet200d",
            "seresnet269d",
            "seresnext26d_32x4d",
            "seresnext26t_32x4d",
            "seresnext26tn_32x4d",
            "seresnext101d_32x8d",
            "seresnetaa50d",
            "seresnextaa101d_32x8d",
            "seresnextaa201d_32x8d",
            "senet154",
            "resnetrs50",
            "resnetrs101",
            "resnetrs152",
            "resnetrs200",
            "resnetrs270",
            "resnetrs350",
            "resnetrs420",
        ],
    ),
    (
        "channel attention",
        &[
            "ecaresnet26t",
            "ecaresnet50d",
            "ecaresnet50d_pruned",
            "ecaresnet50t",
            "ecaresnetlight",
            "ecaresnet101d",
            "ecaresnet101d_pruned",
            "ecaresnet200d",
            "ecaresnet269d",
            "ecaresnext26t_32x4d",
            "ecaresnext50t_32x4d",
        ],
    ),
];

/// Beginnings of the names of timm's other networks that are kin of the ResNet.
const KIN: [&str; 22] = [
    "resnetv2_",
    "resnest",
    "gcresn",
    "skresn",
    "cspresn",
    "legacy_",
    "nf_",
    "lambda_resn",
    "bat_resn",
    "eca_resn",
    "tresnet",
    "inception_",
    "ens_adv_",
    "vit_",
    "resnet32ts",
    "resnet33ts",
    "resnext26ts",
    "seresnet33ts",
    "seresnext26ts",
    "resnet51q",
    "resnet61q",
    "res2net",
];

/// Prefixes of the names that weights of the same networks had before timm 0.9.
const SOURCES: [&str; 5] = ["tv_", "ig_", "ssl_", "swsl_", "gluon_"];

/// What a name says; the tag after a point (`resnet50.a1_in1k`) tells weights apart, not networks.
pub fn named(name: &str) -> Architecture {
    let lower = name.to_lowercase();
    let base = lower.split('.').next().unwrap_or_default();
    let base = SOURCES.iter().find_map(|source| base.strip_prefix(source)).unwrap_or(base);
    // gluon's `resnet50_v1b` is `resnet50`, its `resnet50_v1d` is `resnet50d`.
    let base = base.strip_suffix("_v1b").map_or_else(|| base.replace("_v1", ""), str::to_string);
    // `ResNet-50` is `resnet50`.
    let squash = |name: &str| name.replace(['_', '-', ' '], "");
    let wanted = squash(&base);
    if let Some(plain) = PLAIN.iter().find(|plain| squash(plain.name) == wanted) {
        return Architecture::Plain(plain);
    }
    let variant = |(_, names): &&(&str, &[&str])| names.iter().any(|known| squash(known) == wanted);
    if let Some((parts, _)) = VARIANTS.iter().find(variant) {
        return Architecture::Other(parts);
    }
    let clip = base.starts_with("resnet") && (base.contains("_clip") || base.contains("_mlp"));
    if clip || KIN.iter().any(|start| base.starts_with(start)) {
        return Architecture::Other("another kind of network");
    }
    Architecture::Unknown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn names_of_timm_are_told_apart() {
        for (name, plain) in [
            ("resnet50", "resnet50"),
            ("ResNet-50", "resnet50"),
            ("resnet50.a1_in1k", "resnet50"),
            ("tv_resnext50_32x4d", "resnext50_32x4d"),
            ("gluon_resnet101_v1b", "resnet101"),
            ("ig_resnext101_32x8d", "resnext101_32x8d"),
        ] {
            let Architecture::Plain(found) = named(name) else { panic!("{name}") };
            assert_eq!(found.name, plain);
        }
        for name in [
            "resnetaa50",
            "gluon_resnet50_v1d",
            "resnet50_clip.openai",
            "resnetv2_50",
            "gluon_senet154",
        ] {
            assert!(matches!(named(name), Architecture::Other(_)), "{name}");
        }
        for name in ["my_net", "", "resnet50_of_mine"] {
            assert_eq!(named(name), Architecture::Unknown);
        }
    }
}
