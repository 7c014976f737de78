"""Networks that `make_exported.py` exports: small ones that hold every operation in every variant that is read."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def vector(values: list[Tensor]) -> Tensor:
    """All values behind each other, [1, N]. Maps of one size are joined first, to be fewer layers."""
    groups = {}
    for value in values:
        groups.setdefault(value.shape[2:], []).append(value)
    joined = [torch.cat(group, 1) if len(group) > 1 else group[0] for group in groups.values()]
    return torch.cat([value.flatten(1) for value in joined], 1)


class Blocks(nn.Module):
    """Parts of known families: ShuffleNet, MobileNet, ConvNeXt, Res2Net, ResNet with standardized weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(12)
        self.expand = nn.Conv2d(6, 6, 1, groups=2)
        self.dw = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.reduce = nn.Conv2d(12, 4, 1)
        self.widen = nn.Conv2d(4, 12, 1)
        self.conv7 = nn.Conv2d(12, 12, 7, padding=3, groups=12)
        self.norm = nn.LayerNorm(12, eps=1e-6)
        self.fc1 = nn.Linear(12, 24)
        self.fc2 = nn.Linear(24, 12)
        self.gamma = nn.Parameter(torch.rand(12) + 0.5)
        self.standard = nn.Parameter(torch.randn(8, 12, 3, 3))
        self.gain = nn.Parameter(torch.rand(8, 1, 1, 1) + 0.5)
        self.eca = nn.Conv1d(1, 1, 3, padding=1, bias=False)
        self.up = nn.PixelShuffle(2)
        self.head = nn.Conv2d(4, 5, 1)

    def forward(self, x):
        x = F.relu6(self.bn(self.stem(x)))
        a, b = x.chunk(2, 1)
        b = F.leaky_relu(self.dw(self.expand(b)), 0.2)
        x = torch.cat([a, b], 1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)
        gate = self.widen(F.silu(self.reduce(x.mean((2, 3), keepdim=True)))).sigmoid()
        x = x * gate
        y = self.norm(self.conv7(x).permute(0, 2, 3, 1))
        y = self.gamma * self.fc2(F.gelu(self.fc1(y)))
        x = x + y.permute(0, 3, 1, 2)
        parts = torch.split(x, [3, 4, 5], 1)
        x = torch.cat([parts[0], parts[1] * 2 - 1, parts[2].clamp(-0.5, 0.5)], 1)
        weight = F.batch_norm(self.standard.reshape(1, 8, -1), None, None, training=True, momentum=0.0)
        x = F.conv2d(x, weight.reshape_as(self.standard) * self.gain, padding=1)
        line = self.eca(x.mean((2, 3)).view(n, 1, -1)).sigmoid().view(n, -1, 1, 1)
        x = x * line.expand_as(x)
        x = self.up(torch.cat([x, x.square()], 1))
        x = F.interpolate(x, scale_factor=0.5, mode="bicubic")
        x = torch.stack([x, x.abs().sqrt()], 1).amax(1)
        return self.head(x[:, :, 1:, ::2]).mean((2, 3))


class Heads(nn.Module):
    """In place, shared weights, a transposed convolution, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.shared = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2, groups=2)
        self.mask = nn.Conv2d(16, 3, 1)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = self.relu(self.conv(x))
        low = self.relu(self.shared(self.shared(self.down(x))))
        low += self.down(x)
        low.mul_(0.5)
        mask = self.mask(torch.cat([x, self.up(low)], 1))
        return self.fc(F.adaptive_avg_pool2d(low, 1).flatten(1)), mask


class Activations(nn.Module):
    """Functions of each value, and softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layers = nn.ModuleList([
            nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(), nn.LeakyReLU(0.3), nn.PReLU(), nn.PReLU(4), nn.ELU(), nn.ELU(0.5),
            nn.CELU(), nn.CELU(0.5), nn.SELU(), nn.SiLU(), nn.GELU(), nn.GELU(approximate="tanh"), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(),
            nn.Hardtanh(), nn.Hardtanh(-0.2, 0.9), nn.Sigmoid(), nn.Tanh(), nn.Softplus(),
            nn.Softplus(beta=2, threshold=3), nn.Softmax(1), nn.LogSoftmax(1), nn.Softmax(-1), nn.LogSoftmax(2),
            nn.LogSigmoid(), nn.GLU(1), nn.GLU(),
        ])

    def forward(self, x):
        x = self.stem(x)
        positive = x.square() + 0.2
        values = [layer(x) for layer in self.layers]
        values += [
            F.relu((x - 0.1).neg(), inplace=True),
            F.relu6((x * 3).abs(), inplace=True),
            F.leaky_relu(x - 0.5, 0.2, inplace=True),
            F.elu(x - 0.6, inplace=True),
            F.selu(x - 0.7, inplace=True),
            F.silu(x - 0.4, inplace=True),
            F.mish(x - 0.3, inplace=True),
            F.hardswish(x * 2, inplace=True),
            F.hardsigmoid(x * 4, inplace=True),
            F.hardtanh(x * 1.5, -0.7, 1.3, inplace=True),
            (x * 0.8).clamp_(-0.1, 0.6),
            (x * 0.7).sigmoid_(),
            (x * 0.6).tanh_(),
            x.clamp(min=0.1),
            x.clamp(max=0.4),
            x.clamp(-0.3, 0.8),
            x.clamp(min=0),
            x.clamp(0, 6),
            x.clamp_min(-0.1),
            x.clamp_max(0.7),
            x.exp(),
            x.abs(),
            x.neg(),
            positive.sqrt(),
            positive.rsqrt(),
            positive.reciprocal(),
            x**2,
            x**3,
            positive**0.5,
            positive**-1.3,
        ]
        return vector([*values, x.mean((2, 3)).softmax(-1)])


class Pools(nn.Module):
    """Pools and borders."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.max = nn.ModuleList([
            nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2, 1, ceil_mode=True),
            nn.MaxPool2d(3, 1, dilation=2), nn.MaxPool2d((2, 3), (1, 2), (1, 0)),
            nn.MaxPool2d((3, 2), (2, 3), (1, 1), (2, 1), ceil_mode=True),
        ])
        self.average = nn.ModuleList([
            nn.AvgPool2d(2), nn.AvgPool2d(3, 2), nn.AvgPool2d(3, 2, ceil_mode=True),
            nn.AvgPool2d((2, 3), (1, 2), (1, 0)),
        ])
        for ceil in (False, True):
            for counted in (False, True):
                self.average.append(nn.AvgPool2d(3, 2, 1, ceil, counted))
                self.average.append(nn.AvgPool2d((3, 2), (2, 3), 1, ceil, counted))
        self.adaptive = nn.ModuleList(
            pool(size) for pool in (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d) for size in (1, 3, (2, 5), (None, 7))
        )
        self.borders = nn.ModuleList([
            nn.ZeroPad2d((1, 2, 4, 3)), nn.ConstantPad2d((2, 4, 1, 3), 0.5), nn.ReflectionPad2d((3, 1, 2, 4)),
            nn.ReplicationPad2d((4, 2, 1, 3)), nn.CircularPad2d((2, 1, 0, 3)), nn.ReflectionPad2d((0, 2, 0, 0)), nn.ReplicationPad2d((0, 0, 1, 0)),
        ])

    def forward(self, x):
        x = self.stem(x)
        every = [*self.max, *self.average, *self.adaptive, *self.borders]
        values = [layer(x) for layer in every]
        values += [
            F.pad(x, (1, 2)),
            F.pad(x, (0, 0, 0, 0, 1, 2)),
            F.pad(x, (-1, -2)),
            F.pad(x, (-2, -1, -3, -1)),
            F.pad(x, (2, -1, -3, 1), value=0.25),
            F.pad(x.mean((2, 3)), (2, 3)),
        ]
        return vector(values)


class Resizes(nn.Module):
    """Maps at another size, and transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        smooth = [
            nn.Upsample(size, scale, mode, align_corners)
            for mode in ("bilinear", "bicubic")
            for align_corners in (False, True)
            for size, scale in ((None, 2), ((17, 7), None), ((4, 19), None), (None, (0.6, 1.5)))
        ]
        nearest = [
            nn.Upsample(size, scale, mode)
            for mode in ("nearest", "nearest-exact")
            for size, scale in ((None, 2), ((17, 7), None), ((4, 19), None), (None, (0.6, 1.5)))
        ]
        self.resizes = nn.ModuleList([*nearest, *smooth])
        self.shuffles = nn.ModuleList([nn.PixelShuffle(2), nn.PixelUnshuffle(2)])
        self.transposed = nn.ModuleList([
            nn.ConvTranspose2d(4, 3, 3),
            nn.ConvTranspose2d(4, 3, 2, stride=2, bias=False),
            nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
            nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1, groups=4),
            nn.ConvTranspose2d(4, 2, 3, padding=2, dilation=2),
            nn.ConvTranspose2d(4, 2, (2, 3), stride=(3, 1), padding=(0, 2)),
            nn.ConvTranspose2d(4, 2, (3, 2), stride=(3, 2), padding=(1, 0), output_padding=(2, 1), dilation=(1, 2)),
        ])

    def forward(self, x):
        x = self.stem(x)
        values = [layer(x) for layer in [*self.resizes, *self.shuffles, *self.transposed]]
        return vector([*values, F.interpolate(x, (4, 5), mode="area")])


class Norms(nn.Module):
    """Values less their mean, divided by their deviation or norm."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.maps = nn.ModuleList([
            nn.BatchNorm2d(8), nn.BatchNorm2d(8, affine=False), nn.BatchNorm2d(8, eps=0.01),
            nn.InstanceNorm2d(8), nn.InstanceNorm2d(8, affine=True), nn.InstanceNorm2d(8, track_running_stats=True),
            nn.GroupNorm(2, 8), nn.GroupNorm(1, 8), nn.GroupNorm(4, 8, affine=False, eps=0.01),
            nn.LayerNorm((8, 10, 12)), nn.LayerNorm((8, 10, 12), elementwise_affine=False), nn.LayerNorm((10, 12)),
            nn.LayerNorm(12, bias=False), nn.RMSNorm(12), nn.RMSNorm((10, 12), 0.01, False), nn.LocalResponseNorm(3), nn.LocalResponseNorm(4, 0.3, 0.6, 2.0),
        ])
        self.positions = nn.ModuleList([
            nn.LayerNorm(8), nn.LayerNorm(8, elementwise_affine=False, eps=0.01), nn.LayerNorm((12, 8)),
        ])
        self.vectors = nn.ModuleList([
            nn.BatchNorm1d(8), nn.BatchNorm1d(8, affine=False), nn.LayerNorm(8), nn.GroupNorm(2, 8),
        ])
        self.standard = nn.Parameter(torch.randn(4, 8, 3, 3))
        self.gain = nn.Parameter(torch.rand(4, 1, 1, 1) + 0.5)

    def forward(self, x):
        x = self.stem(x)
        behind, means = x.permute(0, 2, 3, 1), x.mean((2, 3))
        values = [layer(x) for layer in self.maps]
        values += [layer(behind) for layer in self.positions]
        values += [layer(behind).permute(0, 3, 1, 2) for layer in self.positions]
        values += [layer(means) for layer in self.vectors]
        weight = F.batch_norm(self.standard.reshape(1, 4, -1), None, None, training=True, momentum=0.0)
        values += [
            F.conv2d(x, weight.reshape_as(self.standard) * self.gain),
            F.normalize(x),
            F.normalize(x, dim=(2, 3)),
            F.normalize(means, eps=1e-6),
        ]
        return vector(values)


class Convolutions(nn.Module):
    """Convolutions and linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.maps = nn.ModuleList([
            nn.Conv2d(6, 4, 1), nn.Conv2d(6, 4, 1, stride=2, bias=False), nn.Conv2d(6, 4, 3, stride=2, padding=1),
            nn.Conv2d(6, 4, 3, groups=2), nn.Conv2d(6, 6, 3, padding=1, groups=3, bias=False),
            nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.Conv2d(6, 12, 3, stride=2, groups=6, bias=False),
            nn.Conv2d(6, 3, 3, padding=2, dilation=2), nn.Conv2d(6, 3, 3, padding=(1, 0), dilation=(1, 3)),
            nn.Conv2d(6, 3, (1, 5), stride=(2, 1)), nn.Conv2d(6, 3, (4, 1), stride=(1, 3), padding=(2, 0), bias=False),
            nn.Conv2d(6, 2, (2, 3), stride=(3, 2), padding=(0, 1), dilation=(2, 1), groups=2),
            nn.Conv2d(6, 3, 3, padding="same"), nn.Conv2d(6, 3, 4, padding="same"),
            nn.Conv2d(6, 3, (2, 4), padding="same", dilation=(1, 3)), nn.Conv2d(6, 3, 3, padding="valid"),
            nn.Conv2d(6, 3, 3, padding=1, padding_mode="reflect"),
            nn.Conv2d(6, 3, 3, padding=(2, 1), padding_mode="replicate"),
        ])
        self.behind = nn.Conv2d(6, 3, 3, stride=2)
        self.lines = nn.ModuleList([
            nn.Conv1d(1, 2, 3, padding=1), nn.Conv1d(1, 2, 3, stride=2, bias=False), nn.Conv1d(1, 1, 2, dilation=3),
            nn.Conv1d(1, 1, 4, padding="same"),
        ])
        self.rows = nn.ModuleList([nn.Conv1d(6, 4, 3, padding=1, groups=2), nn.Conv1d(6, 6, 5, stride=3, groups=6)])
        self.vectors = nn.ModuleList([nn.Linear(6, 5), nn.Linear(6, 4, bias=False)])
        self.positions = nn.ModuleList([nn.Linear(6, 5), nn.Linear(6, 4, bias=False)])
        self.tokens = nn.Linear(6, 3)
        self.columns = nn.Linear(12, 3)

    def forward(self, x):
        x = self.stem(x)
        means, turned = x.mean((2, 3)), x.permute(0, 2, 3, 1)
        values = [layer(x) for layer in self.maps]
        values += [layer(means.unsqueeze(1)) for layer in self.lines]
        values += [layer(x.mean(2)) for layer in self.rows]
        values += [layer(means) for layer in self.vectors]
        values += [layer(turned) for layer in self.positions]
        values += [
            self.behind(F.pad(x, (1, 2, 4, 3))),
            self.positions[0](turned).permute(0, 3, 1, 2),
            self.tokens(x.flatten(2).transpose(1, 2)),
            self.columns(x),
        ]
        return vector(values)


class Arithmetic(nn.Module):
    """Functions of two values, sums and means over axes, the same values in other places."""

    KINDS = (torch.add, torch.sub, torch.mul, torch.div, torch.maximum, torch.minimum)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.other = nn.Conv2d(3, 4, 3, padding=1)
        self.each = nn.Parameter(torch.rand(4, 1, 1) + 0.5)
        self.all = nn.Parameter(torch.rand(1, 4, 10, 12) + 0.5)
        self.one = nn.Parameter(torch.rand(()) + 0.5)
        self.row = nn.Parameter(torch.rand(12) + 0.5)
        self.last = nn.Parameter(torch.rand(4) + 0.5)
        self.matrix = nn.Parameter(torch.randn(12, 3))
        self.shuffle = nn.ChannelShuffle(2)

    def pairs(self, a: Tensor, b: Tensor) -> list[Tensor]:
        """`b` is positive."""
        gate, mask = b.mean((2, 3), keepdim=True), b.mean(1, keepdim=True)
        turned = a.permute(0, 2, 3, 1)
        values = []
        for kind in self.KINDS:
            values += [kind(a, other) for other in (b, gate, mask, self.each, self.all, self.one)]
            values += [kind(other, b) for other in (gate, mask, self.each)]
        return [
            *values,
            gate * mask,
            turned * self.last,
            turned / b.permute(0, 2, 3, 1),
            turned + gate.permute(0, 2, 3, 1),
            a * self.row,
            a + 0.7,
            0.7 + a,
            a - 0.7,
            a * 1.5,
            2 * a,
            a / 1.5,
            1.5 / b,
            1 - a,
            torch.add(a, b, alpha=2),
            torch.sub(a, gate, alpha=0.5),
            (a * 1).add_(b).mul_(gate).sub_(0.3).div_(b),
            torch.addcmul(a, b, gate),
            torch.addcmul(self.each, a, b),
            torch.addcmul(a, self.each, b),
            gate.expand(-1, -1, 10, 12) * a,
            mask.expand_as(a) - a,
            a @ b.transpose(2, 3),
            a.flatten(2) @ b.flatten(2).transpose(1, 2),
            torch.bmm(a.mean(3).transpose(1, 2), b.mean(2)),
            a @ self.matrix,
        ]

    def over(self, a: Tensor) -> list[Tensor]:
        kinds = (torch.mean, torch.sum, torch.amax, torch.linalg.vector_norm)
        axes = [(dim, keepdim) for dim in (1, (2, 3), -1) for keepdim in (False, True)]
        values = [kind(a, dim=dim, keepdim=keepdim) for kind in kinds for dim, keepdim in axes]
        return [*values, a.mean((1, 2, 3), keepdim=True), a.permute(0, 2, 3, 1).mean(-1, keepdim=True), a.norm(dim=1)]

    def places(self, a: Tensor, b: Tensor) -> list[Tensor]:
        n, c, h, w = a.shape
        both = torch.cat([a, b], 1)
        means = b.mean((2, 3))
        one, two = both.split([3, 5], 1)
        three = both.split(3, 1)
        top, bottom = a.chunk(2, 2)
        left, middle, right = a.permute(0, 2, 3, 1).split((5, 3, 4), 2)
        channels, columns = a.unbind(1), a[..., 4:7].unbind(-1)
        return [
            torch.cat([a, b], 2),
            torch.cat([a, b, a], 3),
            torch.cat([means, a.mean((2, 3))], 1),
            torch.cat([a.permute(0, 2, 3, 1), b.permute(0, 2, 3, 1)], -1),
            one * 2,
            two,
            three[1] - three[0],
            three[2],
            top * bottom,
            left,
            middle - right[:, :, 1:],
            torch.cat(both.chunk(3, 1)[::-1], 1),
            channels[2] * channels[0] + channels[3] - channels[1],
            columns[0] - columns[2] * columns[1],
            a.select(1, 2),
            a[:, :, -1],
            a[:, 1:3],
            a[:, ::2, 1:],
            a[:, :, 1::3, :-2],
            a[..., 2:9:4],
            a.flip(3),
            a.flip(1, 2),
            a.permute(0, 2, 3, 1).flip(-1),
            a.index_select(3, torch.arange(1, 12, 3)),
            a[:, :, torch.arange(0, 10, 4)],
            torch.stack([a, b], 1),
            torch.stack([a, b], 2).amax(1),
            torch.stack([a, b], -1),
            torch.stack([means, means * 2], 1),
            a.permute(0, 2, 3, 1),
            a.permute(0, 2, 1, 3),
            a.permute(0, 3, 1, 2),
            a.transpose(2, 3),
            a.transpose(1, -1),
            a.mT,
            a.movedim(1, -1),
            a.narrow(2, 3, 4),
            a.unflatten(1, (2, -1)),
            a.repeat(1, 2, 1, 1),
            a.repeat_interleave(2, 3),
            a.max(1).values,
            a.reshape(1, 2, -1),
            a.reshape(n, c * 2, h // 2, w),
            a.view(n, 2, c // 2, h, w).mean(2),
            a.permute(0, 2, 3, 1).reshape(n, h * w, c),
            a.flatten(1, 2),
            both.view(n, 2, c, h, w).transpose(1, 2).contiguous().view(n, 2 * c, h, w),
            self.shuffle(both),
            means.unsqueeze(-1).unsqueeze(-1) * a,
            a.unsqueeze(2),
            b.mean(1, keepdim=True).squeeze(1),
            b.mean((2, 3), keepdim=True).squeeze((2, 3)),
            b.mean((2, 3), keepdim=True).squeeze(3).squeeze(-1),
        ]

    def forward(self, x):
        a, b = self.stem(x), self.other(x).square() + 0.3
        return vector([*self.pairs(a, b), *self.over(a), *self.places(a, b)])


class Tables(nn.Module):
    """What is written with tables of indices in the core operations of PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layers = nn.ModuleList([
            nn.Upsample((9, 4), mode="bilinear", align_corners=True), nn.Upsample((9, 4)), nn.Upsample(scale_factor=2, mode="bilinear"), nn.ReflectionPad2d((3, 1, 2, 4)),
            nn.ReplicationPad2d((2, 0, 1, 3)), nn.AdaptiveAvgPool2d(4), nn.AdaptiveMaxPool2d(3), nn.PixelShuffle(2),
            nn.LocalResponseNorm(3), nn.GroupNorm(2, 4), nn.GELU(), nn.Hardswish(), nn.LeakyReLU(), nn.ELU(),
            nn.Softplus(), nn.Mish(),
        ])

    def forward(self, x):
        x = self.stem(x)
        return vector([layer(x) for layer in self.layers])


class Segmenter(nn.Module):
    """Sizes that follow the input's."""

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.lower = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.head = nn.Conv2d(12, 3, 1)

    def forward(self, x):
        low = F.relu(self.low(x))
        n, _, h, w = low.shape
        lower = F.relu(self.lower(low))
        lower = lower.view(n, 2, 4, *lower.shape[2:]).transpose(1, 2).reshape(n, 8, *lower.shape[2:])
        lower = lower * lower.flatten(2).mean(-1).view(n, 8, 1, 1)
        both = torch.cat([low, F.interpolate(lower, (h, w), mode="bilinear")], 1)
        return F.interpolate(self.head(both), x.shape[2:], mode="bilinear")


class Attention(nn.Module):
    """Heads that are taken for pictures, relative positions (BoTNet), queries before the pictures (XCiT), a table of
    positions that depends on nothing (EdgeNeXt)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Conv2d(3, 24, 1)
        self.rows = nn.Parameter(torch.randn(7, 4))
        self.columns = nn.Parameter(torch.randn(9, 4))
        self.norm = nn.BatchNorm2d(8)
        self.tokens = nn.Linear(8, 24)
        self.temperature = nn.Parameter(torch.rand(2, 1, 1) + 0.5)
        self.place = nn.Conv2d(8, 8, 1)
        self.out = nn.Linear(8, 5)

    def relative(self, q: Tensor, table: Tensor, h: int, w: int) -> Tensor:
        """Products of each query with every position that is so far away along the columns: [N, h, w, h, w]."""
        x = (q @ table.transpose(-1, -2)).reshape(-1, w, 2 * w - 1)
        x = F.pad(F.pad(x, (0, 1)).flatten(1), (0, w - 1)).reshape(-1, w + 1, 2 * w - 1)
        x = x[:, :w, w - 1:].reshape(q.shape[0], h, 1, w, w)
        return x.expand(-1, -1, h, -1, -1)

    def positions(self, h: int, w: int) -> Tensor:
        seen = ~torch.zeros(1, h, w).to(torch.bool)
        dtype = self.place.weight.dtype
        rows, columns = seen.cumsum(1, dtype=dtype), seen.cumsum(2, dtype=dtype)
        scale = 16 ** (2 * torch.div(torch.arange(4), 2, rounding_mode="floor") / 4)
        rows, columns = rows[..., None] / (rows[:, -1:, :, None] * scale), columns[..., None] / scale
        both = [torch.stack((x[..., 0::2].sin(), x[..., 1::2].cos()), 4).flatten(3) for x in (rows, columns)]
        return self.place(torch.cat(both, 3).permute(0, 3, 1, 2))

    def forward(self, x):
        n, _, h, w = x.shape
        q, k, v = (part.reshape(n * 2, 4, -1) for part in self.qkv(x).split(8, 1))
        q, v = q.transpose(-1, -2), v.transpose(-1, -2)
        grid = q.reshape(n * 2, h, w, -1)
        along = self.relative(grid, self.columns, h, w).permute(0, 1, 3, 2, 4)
        down = self.relative(grid.transpose(1, 2), self.rows, w, h).permute(0, 3, 1, 4, 2)
        weights = (q @ k * 0.5 + (along + down).reshape(n * 2, h * w, h * w)).softmax(-1)
        x = self.norm((weights @ v).transpose(-1, -2).reshape(n, 8, h, w)) + self.positions(h, w)
        y = self.tokens(x.reshape(n, 8, -1).permute(0, 2, 1)).reshape(n, h * w, 3, 2, 4).permute(2, 0, 3, 4, 1)
        q, k, v = y.unbind(0)
        weights = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * self.temperature
        y = (weights.softmax(-1) @ v).permute(0, 3, 1, 2).reshape(n, h * w, 8)
        return self.out(y).mean(1)
