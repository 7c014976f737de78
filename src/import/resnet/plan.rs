//! What the tensors say about the architecture.

use super::builder::Builder;
use super::{Options, Strides};
use crate::import::find::{Dialect, Found};
use crate::model::ModelError;

/// Batch norm's epsilon in every torchvision ResNet; it is not in the tensors.
const EPS: f64 = 1e-5;

/// Stride and dilation of a block.
pub(super) struct Step {
    /// Stride of the block and of its shortcut.
    pub stride: usize,
    /// Dilation of its first 3x3 convolution and of its second.
    pub dilation: [usize; 2],
}

/// What the tensors say about the architecture.
pub(super) struct Plan {
    /// Channels of the input.
    pub input_channels: usize,
    stem_width: usize,
    /// Blocks in each stage.
    pub blocks: Vec<usize>,
    /// Blocks of 1x1, 3x3, 1x1 convolutions.
    pub bottleneck: bool,
    /// Groups of the 3x3 convolutions.
    pub groups: usize,
    /// Channels of the 3x3 convolution of the first block, over all groups.
    inner_width: usize,
    /// A network for small pictures: a 3x3 stem of stride 1 without max pool.
    pub small: bool,
    /// Shortcuts without weights (He et al. 2015, option A).
    pub option_a: bool,
    /// Where the strides are.
    pub strides: Strides,
    /// Epsilon of batch norm.
    pub eps: f64,
    /// What was said.
    options: Options,
}

impl Plan {
    /// Reads it off.
    ///
    /// # Errors
    /// When the stem, a stage or the first block is missing or of no known kind.
    pub fn read(builder: &Builder<'_>, options: &Options) -> Result<Self, ModelError> {
        let stem = builder.dims("conv1.weight", 4)?;
        let small = match stem[2..] {
            [7, 7] => false,
            [3, 3] => true,
            _ => {
                return Err(ModelError::Unsupported {
                    name: "conv1.weight".into(),
                    what: format!("a stem of {}x{}", stem[2], stem[3]),
                });
            }
        };
        let blocks = builder.blocks();
        let third = ["layer1.0.conv3.weight", "layer1.0.bn3.weight"];
        let bottleneck = third.iter().any(|name| builder.has(name));
        let inner = builder.dims("layer1.0.conv2.weight", 4)?;
        let before = builder.dims("layer1.0.conv1.weight", 4)?[0];
        if inner[1] == 0 || !before.is_multiple_of(inner[1]) {
            return Err(ModelError::WrongShape {
                name: "layer1.0.conv2.weight".into(),
                found: inner,
                expected: format!("a second dimension that divides {before}"),
            });
        }
        Ok(Self {
            input_channels: stem[1],
            stem_width: stem[0],
            blocks,
            bottleneck,
            groups: before / inner[1],
            inner_width: inner[0],
            small,
            option_a: small && !builder.has_some(".downsample."),
            strides: options.strides.unwrap_or_default(),
            eps: options.eps.unwrap_or(EPS),
            options: *options,
        })
    }

    /// Stride and dilation of a block. A stage whose stride would pass the output stride is dilated by it instead; its
    /// first convolution still has the dilation of the stage before (timm's `make_blocks`).
    pub fn step(&self, stage: usize, block: usize) -> Step {
        let most = self.options.output_stride.unwrap_or(usize::MAX);
        let (mut so_far, mut stride) = (if self.small { 1 } else { 4 }, 1);
        let (mut before, mut dilation) = (1, 1);
        for at in 0..=stage {
            before = dilation;
            stride = if at == 0 && !self.strides.in_first_stage { 1 } else { 2 };
            if so_far >= most {
                dilation *= stride;
                stride = 1;
            } else {
                so_far *= stride;
            }
        }
        match block {
            0 => Step { stride, dilation: [before, dilation] },
            _ => Step { stride: 1, dilation: [dilation; 2] },
        }
    }

    /// `ResNet-50`, `ResNeXt-50 32x4d`, `Wide ResNet-50-2`.
    pub fn name(&self) -> String {
        let per_block = if self.bottleneck { 3 } else { 2 };
        let depth = self.blocks.iter().sum::<usize>() * per_block + 2;
        let usual = if self.small && self.blocks.len() == 3 { 16 } else { 64 };
        let narrow = if self.stem_width == usual {
            String::new()
        } else {
            format!(", width {}", self.stem_width)
        };
        if self.groups > 1 {
            let each = self.inner_width / self.groups;
            return format!("ResNeXt-{depth} {}x{each}d{narrow}", self.groups);
        }
        match self.inner_width / self.stem_width.max(1) {
            factor if self.bottleneck && factor > 1 => {
                format!("Wide ResNet-{depth}-{factor}{narrow}")
            }
            _ => format!("ResNet-{depth}{narrow}"),
        }
    }

    /// What the tensors do not say, in words.
    pub fn assumptions(&self, found: &Found) -> Vec<String> {
        let carrier = match (self.bottleneck, self.strides.in_first) {
            (true, true) => "first 1x1",
            (true, false) => "3x3",
            (false, _) => "first 3x3",
        };
        let mut said = Vec::new();
        if self.options.strides.is_none() {
            let version = if self.small { "" } else { " (v1.5)" };
            let block = "convolution of a stage's first block";
            said.push(format!("stride in the {carrier} {block}{version}"));
        }
        if self.small {
            said.push("stem of stride 1 without max pool".into());
        }
        if self.option_a {
            said.push(
                "shortcuts without weights: every second pixel, zeros around (option A)".into(),
            );
        }
        if self.blocks.len() < if self.small { 3 } else { 4 } {
            said.push(format!(
                "the network ends with layer{}, the last in the file",
                self.blocks.len()
            ));
        }
        if self.options.output_stride.is_none() {
            said.push("no dilation".into());
        }
        if self.options.eps.is_none() {
            said.push(format!("batch norm eps {EPS:e}"));
        }
        said.extend(found.head.iter().flat_map(|head| head.assumed.iter().cloned()));
        if found.dialect != Dialect::Torchvision {
            said.push(format!("{} read as torchvision's", found.dialect));
        }
        if !found.prefix.is_empty() {
            let prefix = crate::base::clean(&found.prefix);
            said.push(format!("\"{prefix}\" in front of the names dropped"));
        }
        said
    }
}
