"""One process of the GAN's training bench in PyTorch: the step of gan-step.ts, float32, eager. The networks are those of
src/models/gan in torch's words, modulated by scaling the map, R1 every so many steps, the same changes of the pictures, and
the fastest of PyTorch's optimisers. Settings are JSON in the first argument."""

import json
import math
import resource
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit()

settings = json.loads(sys.argv[1])
recipe, batch = settings["recipe"], settings["recipe"]["batchSize"]
memory_format = torch.channels_last if settings["channelsLast"] else torch.contiguous_format
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
made_by, judged_by = recipe["generator"], recipe["discriminator"]
size, latent, width = made_by["sample_size"], made_by["latent_size"], made_by["style_size"]

ROOT = math.sqrt(2)
leaky = lambda x: F.leaky_relu(x, 0.2)


class Linear(nn.Module):
    def __init__(self, inputs, features, gain=1.0, bias=0.0, rate=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, inputs) / rate)
        self.bias = nn.Parameter(torch.full((features,), bias / rate))
        self.scale, self.rate = gain * rate / math.sqrt(inputs), rate

    def forward(self, x):
        return F.linear(x, self.weight * self.scale, self.bias * self.rate)


class Conv(nn.Module):
    def __init__(self, inputs, channels, kernel=3, gain=ROOT, stride=1):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale, self.stride, self.padding = gain / math.sqrt(inputs * kernel**2), stride, kernel // 2

    def forward(self, x):
        return F.conv2d(x, self.weight * self.scale, self.bias, stride=self.stride, padding=self.padding)


class Styled(nn.Module):
    def __init__(self, inputs, channels):
        super().__init__()
        self.affine = Linear(width, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.noise_strength = nn.Parameter(torch.zeros(1))

    def forward(self, x, style):
        scale = self.affine(style)
        taken_off = ROOT * (scale.square() @ self.weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        y = F.conv2d(x * scale[:, :, None, None], self.weight, padding=1) * taken_off[:, :, None, None]
        noise = torch.randn(len(y), 1, *y.shape[2:])
        return leaky(y + self.noise_strength * noise + self.bias[:, None, None])


class ToRgb(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.affine = Linear(width, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x, style):
        scale = self.affine(style) / math.sqrt(x.shape[1])
        return F.conv2d(x * scale[:, :, None, None], self.weight, self.bias)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        widths, layers = made_by["block_out_channels"], made_by["mapping_layers"]
        ins = [latent] + [width] * (layers - 1)
        self.mapping = nn.ModuleList(Linear(inputs, width, gain=ROOT, rate=0.01) for inputs in ins)
        self.const = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.first = Styled(widths[0], widths[0])
        pairs = list(zip(widths, widths[1:]))
        self.blocks = nn.ModuleList(nn.ModuleList([Styled(a, b), Styled(b, b)]) for a, b in pairs)
        self.colours = nn.ModuleList(ToRgb(channels) for channels in widths)

    def style(self, noise):
        x = noise * (noise.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            x = leaky(layer(x))
        return x

    def forward(self, noise, other, mix):
        a, b = self.style(noise)[:, None], self.style(other)[:, None]
        codes = b + (a - b) * mix
        start = self.const.expand(len(noise), -1, -1, -1).contiguous(memory_format=memory_format)
        x = self.first(start, codes[:, 0])
        rgb, i = self.colours[0](x, codes[:, 1]), 1
        for (one, two), colours in zip(self.blocks, self.colours[1:]):
            x = two(one(F.interpolate(x, scale_factor=2), codes[:, i]), codes[:, i + 1])
            i += 2
            rgb = F.interpolate(rgb, scale_factor=2) + colours(x, codes[:, i])
        return rgb


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        widths = judged_by["block_out_channels"]
        self.from_rgb = Conv(3, widths[0], 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList([Conv(a, a), Conv(a, b, stride=2), Conv(a, b, 1, gain=1.0)])
            for a, b in zip(widths, widths[1:])
        )
        self.group = judged_by["minibatch_std_group"]
        last = widths[-1]
        self.conv = Conv(last + (self.group > 1), last)
        self.fc, self.out = Linear(16 * last, last, gain=ROOT), Linear(last, 1)

    def forward(self, x):
        x = leaky(self.from_rgb(x))
        for one, two, beside in self.blocks:
            x = (leaky(two(leaky(one(x)))) + beside(F.avg_pool2d(x, 2))) / ROOT
        if self.group > 1:
            groups = x.reshape(self.group, -1, *x.shape[1:])
            deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).repeat(self.group)
            x = torch.cat([x, deviation[:, None, None, None].expand(-1, 1, 4, 4)], 1)
        return self.out(leaky(self.fc(leaky(self.conv(x)).flatten(1))))


def changed(x):
    n, uniform = len(x), lambda: torch.rand(len(x), 1, 1, 1)
    x = x + uniform() - 0.5
    mean = x.mean(1, keepdim=True)
    x = (x - mean) * 2 * uniform() + mean
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (uniform() + 0.5) + mean
    most, places = round(size / 8), torch.arange(size)
    shift = lambda: places[None] - torch.randint(-most, most + 1, (n, 1))
    inside = lambda at: (at >= 0) & (at < size)
    ys, xs = shift(), shift()
    kept = (inside(ys)[:, :, None] & inside(xs)[:, None, :])[:, None]
    rows = torch.arange(n)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[rows, ys.clamp(0, size - 1)[:, :, None], xs.clamp(0, size - 1)[:, None, :]]
    side = size // 2
    tops, lefts = (torch.randint(0, size + 1, (n, 1)) - side // 2 for _ in range(2))
    within = lambda first: (places[None] >= first) & (places[None] < first + side)
    hole = (within(tops)[:, :, None] & within(lefts)[:, None, :])[:, None]
    return (moved.permute(0, 3, 1, 2) * (kept & ~hole)).contiguous(memory_format=memory_format)


generator = Generator().to(memory_format=memory_format)
discriminator = Discriminator().to(memory_format=memory_format)
networks = [generator, discriminator]
averages = [[parameter.detach().clone() for parameter in network.parameters()] for network in networks]
betas = tuple(float(beta) for beta in recipe["betas"])
optimizers = [
    torch.optim.AdamW(network.parameters(), lr=recipe["learningRate"], betas=betas, weight_decay=0, fused=True)
    for network in networks
]
pictures = torch.rand(batch, 3, size, size) * 2 - 1
styles = 2 * len(made_by["block_out_channels"])


def make():
    cut = torch.randint(1, styles, (batch, 1, 1))
    mix = (torch.arange(styles)[None, :, None] < cut).float()
    return generator(torch.randn(batch, latent), torch.randn(batch, latent), mix)


def learn(which, loss):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(networks[which].parameters(), recipe["clipNorm"], foreach=True)
    optimizers[which].step()
    for network in networks:
        network.zero_grad()
    with torch.no_grad():
        torch._foreach_lerp_(averages[which], list(networks[which].parameters()), 1 - recipe["emaDecay"])


def step(index: int) -> None:
    with torch.no_grad():
        fake = make()
    penalised = index % recipe["r1Interval"] == 0
    real = pictures.clone().requires_grad_(penalised)
    logits = discriminator(changed(real))
    loss = F.softplus(discriminator(changed(fake))).mean() + F.softplus(-logits).mean()
    if penalised:
        (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
        weight = recipe["r1Gamma"] / 2 * recipe["r1Interval"]
        loss = loss + weight * slope.square().sum((1, 2, 3)).mean()
    learn(1, loss)
    learn(0, F.softplus(-discriminator(changed(make()))).mean())


milliseconds = []
for i in range(settings["warmUp"] + settings["steps"]):
    begun = time.perf_counter()
    step(i)
    milliseconds.append(1000 * (time.perf_counter() - begun))

kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # on Linux; bytes on macOS
print(
    json.dumps(
        {
            "milliseconds": milliseconds[settings["warmUp"] :],
            "peakBytes": kilobytes * (1 if sys.platform == "darwin" else 1024),
            "parameters": sum(p.numel() for network in networks for p in network.parameters()),
            "versions": f"torch {torch.__version__}",
        }
    )
)
