//! The fields that timm and transformers know, and what becomes of each. `docs/models.md` shows this table (a test holds
//! the two together); `tools/check_config_fields.py` holds it to the classes of both libraries.

/// What becomes of a field.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "docs/models.md shows the remarks"))]
pub enum Does {
    /// It is followed, in this way.
    Obeyed(&'static str),
    /// It is compared with the tensors, which count: a difference is noted.
    Compared(&'static str),
    /// It may have these values (JSON) or be `null`; any other asks for something that does not run.
    Only(&'static [&'static str], &'static str),
    /// Any other value than these (JSON) and `null` is noted, with this remark.
    Noted(&'static [&'static str], &'static str),
    /// It does not change the numbers.
    NoEffect,
}

use Does::{Compared, NoEffect, Noted, Obeyed, Only};

/// The fields of one object.
#[cfg_attr(not(test), expect(dead_code, reason = "docs/models.md shows the title"))]
pub struct Table {
    /// Where the object stands.
    pub title: &'static str,
    /// Names of fields and what becomes of them.
    pub fields: &'static [(&'static str, Does)],
}

impl Table {
    /// What becomes of a field.
    pub fn find(&self, name: &str) -> Option<Does> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, does)| *does)
    }
}

/// Every table, as the page of documentation lists them.
#[cfg(test)]
pub const ALL: [&Table; 4] = [&CONFIG, &PRETRAINED, &ARGUMENTS, &PROCESSOR];

/// Names for a deviation of batch norm from PyTorch's 1e-5; no library writes one for a ResNet.
pub const EPS: [&str; 2] = ["batch_norm_eps", "bn_eps"];

/// `config.json`, at the top: timm's own fields and those of transformers' `ResNetConfig` and `TimmWrapperConfig`.
pub const CONFIG: Table = Table {
    title: "`config.json`",
    fields: &[
        (
            "model_type",
            Obeyed(
                "`resnet` and `timm_wrapper` are read; of a file with any other, only the labels and `problem_type` are, with a note",
            ),
        ),
        (
            "architecture",
            Obeyed(
                "the name of a timm model: it runs if it is a plain ResNet, else it is refused; see below",
            ),
        ),
        ("model_args", Obeyed("arguments of timm's model: see below")),
        (
            "pretrained_cfg",
            Obeyed(
                "timm's preprocessing: see below; without it, its fields count where they stand at the top, as in timm",
            ),
        ),
        ("id2label", Obeyed("names of the classes")),
        ("label_names", Obeyed("names of the classes")),
        ("label_descriptions", Obeyed("longer names of the classes")),
        ("problem_type", Obeyed("whether probabilities are softmax, sigmoid, or no probabilities")),
        (
            "downsample_in_bottleneck",
            Obeyed("`true`: the first 1x1 convolution has the stride, as `--stride-in 1x1`"),
        ),
        ("downsample_in_first_stage", Obeyed("`true`: the first stage has a stride")),
        ("batch_norm_eps", Obeyed("epsilon of every batch norm")),
        ("bn_eps", Obeyed("epsilon of every batch norm")),
        ("hidden_act", Only(&["\"relu\""], "an activation other than ReLU")),
        ("quantization_config", Only(&[], "a quantized network")),
        ("depths", Compared("blocks of each stage")),
        ("layer_type", Compared("`basic` or `bottleneck`")),
        ("embedding_size", Compared("channels of the stem")),
        ("hidden_sizes", Compared("channels of each stage")),
        ("num_channels", Compared("channels of the input")),
        ("num_labels", Compared("number of classes")),
        ("num_classes", Compared("number of classes")),
        (
            "global_pool",
            Noted(&["\"avg\""], "timm does not read it here, only in model_args: average pooling"),
        ),
        ("auto_map", Noted(&[], "code of the repository is not run")),
        ("architectures", NoEffect),
        ("chunk_size_feed_forward", NoEffect),
        ("do_pooling", NoEffect),
        ("dtype", NoEffect),
        ("finetuning_task", NoEffect),
        ("initializer_range", NoEffect),
        ("is_encoder_decoder", NoEffect),
        ("label2id", NoEffect),
        ("name_or_path", NoEffect),
        ("_name_or_path", NoEffect),
        ("_commit_hash", NoEffect),
        ("num_features", NoEffect),
        ("out_features", NoEffect),
        ("out_indices", NoEffect),
        ("output_attentions", NoEffect),
        ("output_hidden_states", NoEffect),
        ("return_dict", NoEffect),
        ("stage_names", NoEffect),
        ("task_specific_params", NoEffect),
        ("torch_dtype", NoEffect),
        ("torchscript", NoEffect),
        ("transformers_version", NoEffect),
        ("use_return_dict", NoEffect),
    ],
};

/// timm's `PretrainedCfg`.
pub const PRETRAINED: Table = Table {
    title: "`pretrained_cfg` of timm",
    fields: &[
        ("architecture", Obeyed("as at the top, where there is none")),
        (
            "input_size",
            Obeyed("channels (compared), height and width of the input; default 3, 224, 224"),
        ),
        ("crop_pct", Obeyed("the photo is scaled to `floor(size / crop_pct)`; default 0.875")),
        (
            "crop_mode",
            Obeyed(
                "`center`: the shorter side is scaled, the center cut out; `squash`: both sides are scaled, the center cut out; `border`: the longer side is scaled, a border of the mean added; any other is `center`, as in timm",
            ),
        ),
        (
            "interpolation",
            Obeyed(
                "`nearest`, `box`, `bilinear`, `hamming`, `bicubic` or `lanczos`, as in Pillow; default `bicubic`; `random` is refused",
            ),
        ),
        ("mean", Obeyed("mean of each channel of pixels in 0..1; default ImageNet's")),
        ("std", Obeyed("standard deviation, likewise")),
        ("label_names", Obeyed("names of the classes, where the top has none")),
        ("label_descriptions", Obeyed("longer names of the classes, where the top has none")),
        ("label_offset", Only(&["0"], "a classifier whose first outputs are left out")),
        ("num_classes", Compared("number of classes, where the top has none")),
        (
            "global_pool",
            Noted(&["\"avg\""], "timm does not read it here, only in model_args: average pooling"),
        ),
        ("classifier", NoEffect),
        ("custom_load", NoEffect),
        ("description", NoEffect),
        ("file", NoEffect),
        ("first_conv", NoEffect),
        ("fixed_input_size", NoEffect),
        ("hf_hub_filename", NoEffect),
        ("hf_hub_id", NoEffect),
        ("license", NoEffect),
        ("min_input_size", NoEffect),
        ("notes", NoEffect),
        ("origin_url", NoEffect),
        ("paper_ids", NoEffect),
        ("paper_name", NoEffect),
        ("pool_size", NoEffect),
        ("source", NoEffect),
        ("state_dict", NoEffect),
        ("tag", NoEffect),
        ("test_crop_pct", NoEffect),
        ("test_input_size", NoEffect),
        ("test_pool_size", NoEffect),
        ("url", NoEffect),
    ],
};

/// Keyword arguments of timm's `ResNet` and of `create_model`.
pub const ARGUMENTS: Table = Table {
    title: "`model_args` of timm",
    fields: &[
        ("output_stride", Obeyed("8, 16 or 32: the last stages are dilated instead of strided")),
        (
            "global_pool",
            Only(
                &["\"avg\"", "\"fast\"", "\"fastavg\"", "\"\""],
                "a pooling other than the average",
            ),
        ),
        ("act_layer", Only(&["\"relu\""], "an activation other than ReLU")),
        (
            "norm_layer",
            Only(
                &["\"batchnorm\"", "\"batchnorm2d\"", "\"batch_norm\"", "\"frozenbatchnorm2d\""],
                "a norm other than batch norm",
            ),
        ),
        ("aa_layer", Only(&[], "anti-aliased downsampling")),
        ("stem_type", Only(&["\"\""], "a deep stem")),
        ("replace_stem_pool", Only(&["false"], "a convolution in place of the max pool")),
        ("avg_down", Only(&["false"], "a shortcut with average pooling (a ResNet-D)")),
        ("down_kernel_size", Only(&["1"], "a shortcut of another kernel than 1x1")),
        ("block", Only(&[], "a block of another kind")),
        ("block_args", Only(&["{}"], "a block with more parts (attention)")),
        ("pruned", Only(&["false"], "a pruned network")),
        ("layers", Compared("blocks of each stage")),
        ("cardinality", Compared("groups")),
        ("in_chans", Compared("channels of the input")),
        ("num_classes", Compared("number of classes")),
        ("base_width", Compared("the tensors say it")),
        ("block_reduce_first", Compared("the tensors say it")),
        ("channels", Compared("the tensors say it")),
        ("stem_width", Compared("the tensors say it; only a deep stem has one")),
        ("cache_dir", NoEffect),
        ("checkpoint_path", NoEffect),
        ("device", NoEffect),
        ("drop_block_rate", NoEffect),
        ("drop_path_rate", NoEffect),
        ("drop_rate", NoEffect),
        ("dtype", NoEffect),
        ("exportable", NoEffect),
        ("feature_cls", NoEffect),
        ("features_only", NoEffect),
        ("no_jit", NoEffect),
        ("out_indices", NoEffect),
        ("pretrained", NoEffect),
        ("pretrained_cfg", NoEffect),
        ("pretrained_cfg_overlay", NoEffect),
        ("scriptable", NoEffect),
        ("zero_init_last", NoEffect),
    ],
};

/// Image processors of transformers.
pub const PROCESSOR: Table = Table {
    title: "`preprocessor_config.json`",
    fields: &[
        (
            "image_processor_type",
            Obeyed(
                "the class, which says how the fields below are read and what they are by default; see below",
            ),
        ),
        ("feature_extractor_type", Obeyed("the class, where there is no `image_processor_type`")),
        ("do_resize", Obeyed("`false`: the photo keeps its size")),
        (
            "size",
            Obeyed(
                "a number, `[height, width]`, `shortest_edge` (with `longest_edge`), `height` and `width`, `max_height` and `max_width`",
            ),
        ),
        (
            "default_to_square",
            Obeyed("whether a single number in `size` means a square or the shorter side"),
        ),
        (
            "resample",
            Obeyed(
                "Pillow's number of a filter: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box, 5 hamming",
            ),
        ),
        (
            "do_center_crop",
            Obeyed(
                "`true`: the center is cut out; `false`: the whole of the scaled photo is the input",
            ),
        ),
        (
            "crop_size",
            Obeyed(
                "a number, `[height, width]`, or `height` and `width`; a smaller photo gets a black border",
            ),
        ),
        (
            "crop_pct",
            Obeyed(
                "of ConvNextImageProcessor and PoolFormerImageProcessor: the photo is scaled to `size / crop_pct`",
            ),
        ),
        ("do_rescale", Obeyed("`false`: pixels stay in 0..255")),
        ("rescale_factor", Obeyed("pixels are multiplied by it")),
        ("rescale_offset", Obeyed("of EfficientNetImageProcessor: `true` subtracts 1 after that")),
        ("do_normalize", Obeyed("`false`: no mean and deviation")),
        ("image_mean", Obeyed("subtracted")),
        ("image_std", Obeyed("divided by")),
        (
            "include_top",
            Obeyed("of EfficientNetImageProcessor: `true` divides by the deviation twice"),
        ),
        (
            "do_flip_channel_order",
            Obeyed("of MobileViTImageProcessor: `true` means blue, green, red"),
        ),
        ("do_pad", Obeyed("nothing for one photo, unless there is a `pad_size`, which is refused")),
        ("pad_size", Obeyed("refused with `do_pad`")),
        ("do_grayscale", Only(&["false"], "a gray photo in all channels")),
        (
            "data_format",
            Only(&["\"channels_first\"", "\"FIRST\""], "an input with the channels last"),
        ),
        ("auto_map", Noted(&[], "code of the repository is not run")),
        ("_processor_class", NoEffect),
        ("_valid_processor_keys", NoEffect),
        ("backend", NoEffect),
        ("device", NoEffect),
        ("disable_grouping", NoEffect),
        ("do_convert_rgb", NoEffect),
        ("do_reduce_labels", NoEffect),
        ("image_seq_length", NoEffect),
        ("input_data_format", NoEffect),
        ("model_input_names", NoEffect),
        ("processor_class", NoEffect),
        ("reduce_labels", NoEffect),
        ("return_tensors", NoEffect),
        ("transformers_version", NoEffect),
        ("use_fast", NoEffect),
    ],
};
