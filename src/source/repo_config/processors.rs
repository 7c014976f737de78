//! transformers' image processors that prepare a photo for a network of pictures: what each does by default.
//! `tools/check_config_fields.py` compares the defaults with the classes.

/// How a class scales a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// To `size`.
    Size,
    /// `shortest_edge` below 384 px: to `shortest_edge / crop_pct`, then the center of `shortest_edge`; from there on
    /// warped.
    ConvNext,
    /// The shorter side to `256 / 224` of `shortest_edge`.
    Levit,
    /// To `size / crop_pct`.
    PoolFormer,
}

/// A size, as transformers' dictionaries state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// `shortest_edge`.
    Shortest(usize),
    /// `shortest_edge` and `longest_edge`.
    Within(usize, usize),
    /// `height` and `width`.
    Exact([usize; 2]),
    /// `max_height` and `max_width`.
    Inside([usize; 2]),
}

/// A class and its defaults; all of them resize and rescale.
#[derive(Clone, Copy, Debug)]
pub struct Processor {
    /// Its name, without `ImageProcessor`.
    pub name: &'static str,
    /// How it scales.
    pub scaling: Scaling,
    /// Pillow's number of its filter.
    pub resample: usize,
    /// `size`.
    pub size: Size,
    /// `default_to_square`.
    pub square: bool,
    /// `crop_size`, and whether it crops.
    pub crop: (Option<usize>, bool),
    /// Whether it normalizes.
    pub normalizes: bool,
    /// Mean and deviation.
    pub mean_std: ([f64; 3], [f64; 3]),
    /// `crop_pct`.
    pub fraction: f64,
}

const HALF: ([f64; 3], [f64; 3]) = ([0.5; 3], [0.5; 3]);
const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
const CLIP: ([f64; 3], [f64; 3]) =
    ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]);

/// A class that warps to a square, bicubic.
const WARPS: Processor = Processor {
    name: "",
    scaling: Scaling::Size,
    resample: 3,
    size: Size::Exact([224; 2]),
    square: true,
    crop: (None, false),
    normalizes: true,
    mean_std: HALF,
    fraction: 1.0,
};

/// A class that scales the shorter side and crops, bicubic.
const CROPS: Processor = Processor {
    size: Size::Shortest(224),
    square: false,
    crop: (Some(224), true),
    mean_std: CLIP,
    ..WARPS
};

/// The classes that are understood.
pub const ALL: [Processor; 18] = [
    Processor { name: "Beit", crop: (Some(224), false), ..WARPS },
    Processor { name: "Bit", ..CROPS },
    Processor { name: "Blip", size: Size::Exact([384; 2]), mean_std: CLIP, ..WARPS },
    Processor { name: "CLIP", ..CROPS },
    Processor { name: "ChineseCLIP", ..CROPS },
    Processor {
        name: "ConvNext",
        scaling: Scaling::ConvNext,
        size: Size::Shortest(384),
        square: false,
        fraction: 224.0 / 256.0,
        ..WARPS
    },
    Processor { name: "DeiT", size: Size::Exact([256; 2]), crop: (Some(224), true), ..WARPS },
    Processor {
        name: "EfficientNet",
        size: Size::Exact([346; 2]),
        crop: (Some(289), false),
        ..WARPS
    },
    Processor { name: "Levit", scaling: Scaling::Levit, mean_std: IMAGENET, ..CROPS },
    Processor {
        name: "MobileNetV1",
        resample: 2,
        size: Size::Shortest(256),
        mean_std: HALF,
        ..CROPS
    },
    Processor {
        name: "MobileNetV2",
        resample: 2,
        size: Size::Shortest(256),
        mean_std: HALF,
        ..CROPS
    },
    Processor {
        name: "MobileViT",
        crop: (Some(256), true),
        normalizes: false,
        mean_std: HALF,
        ..CROPS
    },
    Processor {
        name: "PoolFormer",
        scaling: Scaling::PoolFormer,
        mean_std: IMAGENET,
        fraction: 0.9,
        ..CROPS
    },
    Processor { name: "Pvt", mean_std: IMAGENET, ..WARPS },
    Processor {
        name: "Segformer",
        resample: 2,
        size: Size::Exact([512; 2]),
        mean_std: IMAGENET,
        ..WARPS
    },
    Processor { name: "Siglip", square: false, ..WARPS },
    Processor { name: "ViT", resample: 2, ..WARPS },
    Processor { name: "VideoMAE", resample: 2, mean_std: HALF, ..CROPS },
];

/// The class of that name: `BitImageProcessor`, also with `Fast` or `Pil`, or as `BitFeatureExtractor`.
pub fn named(class: &str) -> Option<&'static Processor> {
    let class = class.strip_suffix("Fast").or_else(|| class.strip_suffix("Pil")).unwrap_or(class);
    let name =
        class.strip_suffix("ImageProcessor").or_else(|| class.strip_suffix("FeatureExtractor"))?;
    ALL.iter().find(|known| known.name == name)
}
