"""A tiny GAN's losses and gradients, R1's of second order among them: test/golden/gan.safetensors.

The networks are written here from the papers, with torch's operators: Karras et al. 2018 (plain generator), Karras et al.
2020 (style-based generator, its weights modulated; discriminator), and the changes of Zhao et al. 2020.
"""

import math

import torch
import torch.nn.functional as F

from unet import GOLDEN, draw, save_reference

BATCH, SIZE, LATENT, STYLE, GROUP, GAMMA = 4, 8, 3, 4, 2, 10.0
WIDE, NARROW = 4, 3  # channels at 4 x 4, at 8 x 8


def shapes():
    conv = lambda name, out, inner, kernel=3: {f"{name}.weight": (out, inner, kernel, kernel), f"{name}.bias": (out,)}
    linear = lambda name, out, inner: {f"{name}.weight": (out, inner), f"{name}.bias": (out,)}
    styled = lambda name, out, inner, kernel=3: conv(name, out, inner, kernel) | linear(f"{name}.affine", inner, STYLE)
    noisy = lambda name, out, inner: styled(name, out, inner) | {f"{name}.noise_strength": (1,)}
    style = (
        linear("mapping.0", STYLE, LATENT)
        | linear("mapping.1", STYLE, STYLE)
        | {"synthesis.const": (WIDE, 4, 4)}
        | noisy("synthesis.b4.conv1", WIDE, WIDE)
        | styled("synthesis.b4.to_rgb", 3, WIDE, 1)
        | noisy("synthesis.b8.conv0", NARROW, WIDE)
        | noisy("synthesis.b8.conv1", NARROW, NARROW)
        | styled("synthesis.b8.to_rgb", 3, NARROW, 1)
    )
    plain = (
        linear("synthesis.input", 16 * WIDE, LATENT)
        | conv("synthesis.b4", WIDE, WIDE)
        | conv("synthesis.b8.conv0", NARROW, WIDE)
        | conv("synthesis.b8.conv1", NARROW, NARROW)
        | conv("synthesis.to_rgb", 3, NARROW, 1)
    )
    discriminator = (
        conv("from_rgb", NARROW, 3, 1)
        | conv("b8.conv0", NARROW, NARROW)
        | conv("b8.conv1", WIDE, NARROW)
        | conv("b8.skip", WIDE, NARROW, 1)
        | conv("b4.conv", WIDE, WIDE + 1)
        | linear("b4.fc", WIDE, 16 * WIDE)
        | linear("b4.out", 1, WIDE)
    )
    return {"style": style, "plain": plain, "discriminator": discriminator}


ROOT = math.sqrt(2)
leaky = lambda x: F.leaky_relu(x, 0.2)
unit = lambda x, dim: x * (x.square().mean(dim, keepdim=True) + 1e-8).rsqrt()


def linear(p, name, x, gain=1.0, rate=1.0):
    weight = p[f"{name}.weight"]
    return F.linear(x, weight * (gain * rate / math.sqrt(weight.shape[1])), p[f"{name}.bias"] * rate)


def conv(p, name, x, gain=1.0, stride=1):
    weight = p[f"{name}.weight"]
    scaled = weight * (gain / math.sqrt(weight[0].numel()))
    return F.conv2d(x, scaled, p[f"{name}.bias"], stride=stride, padding=weight.shape[2] // 2)


def modulated(p, name, x, style, demodulate):
    """The weights of each picture by themselves, in one grouped convolution."""
    weight = p[f"{name}.weight"]
    out, inner, kernel, _ = weight.shape
    scale = linear(p, f"{name}.affine", style)
    if not demodulate:
        scale = scale / math.sqrt(inner)
    weights = weight[None] * scale[:, None, :, None, None]
    if demodulate:
        weights = weights * (weights.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    grouped = F.conv2d(
        x.reshape(1, -1, *x.shape[2:]), weights.reshape(-1, inner, kernel, kernel), padding=kernel // 2, groups=len(x)
    )
    return grouped.reshape(len(x), out, *x.shape[2:])


def style_generator(p, noise, noise_b, mix, noises):
    def mapping(z):
        w = unit(z, 1)
        for i in range(2):
            w = leaky(linear(p, f"mapping.{i}", w, gain=ROOT, rate=0.01))
        return w

    styles = torch.where(mix.bool(), mapping(noise)[:, None], mapping(noise_b)[:, None])

    def layer(name, x, i):
        y = modulated(p, name, x, styles[:, i], True) * ROOT  # leaky(√2 y) = √2 leaky(y)
        return leaky(y + p[f"{name}.noise_strength"] * noises[i] + p[f"{name}.bias"].reshape(1, -1, 1, 1))

    def colours(name, x, i):
        return modulated(p, name, x, styles[:, i], False) + p[f"{name}.bias"].reshape(1, -1, 1, 1)

    x = layer("synthesis.b4.conv1", p["synthesis.const"][None].repeat(BATCH, 1, 1, 1), 0)
    rgb = colours("synthesis.b4.to_rgb", x, 1)
    x = layer("synthesis.b8.conv0", F.interpolate(x, scale_factor=2), 1)
    x = layer("synthesis.b8.conv1", x, 2)
    return F.interpolate(rgb, scale_factor=2) + colours("synthesis.b8.to_rgb", x, 3)


def plain_generator(p, noise):
    x = leaky(linear(p, "synthesis.input", unit(noise, 1), gain=ROOT / 4)).reshape(BATCH, WIDE, 4, 4)
    x = unit(leaky(conv(p, "synthesis.b4", unit(x, 1), gain=ROOT)), 1)
    x = F.interpolate(x, scale_factor=2)
    for name in ("conv0", "conv1"):
        x = unit(leaky(conv(p, f"synthesis.b8.{name}", x, gain=ROOT)), 1)
    return conv(p, "synthesis.to_rgb", x)


def discriminator(p, x):
    x = leaky(conv(p, "from_rgb", x, gain=ROOT))
    y = leaky(conv(p, "b8.conv0", x, gain=ROOT))
    y = leaky(conv(p, "b8.conv1", y, gain=ROOT, stride=2))
    x = (y + conv(p, "b8.skip", F.avg_pool2d(x, 2))) / ROOT
    groups = x.reshape(GROUP, -1, *x.shape[1:])
    deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    told = deviation.repeat(GROUP).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    x = leaky(conv(p, "b4.conv", torch.cat([x, told], 1), gain=ROOT))
    return linear(p, "b4.out", leaky(linear(p, "b4.fc", x.flatten(1), gain=ROOT)))


def changed(x, c):
    column = lambda name: c[name].reshape(-1, 1, 1, 1)
    x = x + column("brightness")
    mean = x.mean(1, keepdim=True)
    x = (x - mean) * column("saturation") + mean
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * column("contrast") + mean
    moved = [
        F.pad(one, (1, 1, 1, 1))[:, 1 - dy : 1 - dy + SIZE, 1 - dx : 1 - dx + SIZE]
        for one, (dy, dx) in zip(x, c["shifts"])
    ]
    return torch.stack(moved) * c["kept"]


def matrices(shifts):
    """[BATCH, 1, SIZE, SIZE], by which columns of pixels are moved."""
    return torch.stack([torch.diag(torch.ones(SIZE - abs(by)), -by) for by in shifts])[:, None]


def draw_changes(generator, shifts, hole):
    kept = torch.ones(BATCH, 1, SIZE, SIZE)
    kept[:, :, hole : hole + 4, hole + 1 : hole + 5] = 0
    return {
        "brightness": draw(generator, BATCH) / 4,
        "saturation": 1 + draw(generator, BATCH) / 4,
        "contrast": 1 + draw(generator, BATCH) / 4,
        "shifts": shifts,
        "kept": kept,
    }


def inputs_of(of, c):
    down, across = (matrices([pair[i] for pair in c["shifts"]]) for i in (0, 1))
    values = {"color " + name: c[name] for name in ("brightness", "saturation", "contrast")}
    values |= {"translation down": down, "translation across": across, "cutout kept": c["kept"]}
    return {f"{of} {name}": value for name, value in values.items()}


def main() -> None:
    torch.set_num_threads(1)
    g = torch.Generator().manual_seed(300)
    weights = {net: {key: draw(g, *shape) for key, shape in ofs.items()} for net, ofs in shapes().items()}
    for key in [key for key in weights["style"] if "affine.bias" in key]:
        weights["style"][key] = 1 + weights["style"][key] / 4
    inputs = {"noise": draw(g, BATCH, LATENT), "noise_b": draw(g, BATCH, LATENT), "pictures": draw(g, BATCH, 3, SIZE, SIZE)}
    inputs["mix"] = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]).float()[..., None]
    inputs |= {f"noise_{i}": draw(g, BATCH, 1, side, side) for i, side in enumerate((4, 8, 8))}
    real = draw_changes(g, [(0, 1), (-1, 0), (1, 1), (0, 0)], 2)
    made = draw_changes(g, [(1, -1), (0, 0), (-1, 1), (0, 1)], 1)

    tensors = {**inputs, **inputs_of("real", real), **inputs_of("made", made)}
    for net, values in weights.items():
        tensors |= {f"{net}.{key}": value for key, value in values.items()}
    double = lambda values: {key: value.double() if torch.is_tensor(value) else value for key, value in values.items()}
    leaves = {net: {k: v.double().requires_grad_() for k, v in values.items()} for net, values in weights.items()}
    real, made, x = double(real), double(made), double(inputs)
    fakes = {
        "style": style_generator(leaves["style"], x["noise"], x["noise_b"], x["mix"], [x[f"noise_{i}"] for i in range(3)]),
        "plain": plain_generator(leaves["plain"], x["noise"]),
    }
    judge = leaves["discriminator"]
    for name, fake in fakes.items():
        loss = F.softplus(-discriminator(judge, changed(fake, made))).mean()
        grads = torch.autograd.grad(loss, list(leaves[name].values()))
        tensors |= {f"{name}.made": fake, f"{name}.loss": loss}
        tensors |= {f"{name}.grad.{key}": grad for key, grad in zip(leaves[name], grads)}
    pictures = x["pictures"].requires_grad_()
    logits = discriminator(judge, changed(pictures, real))
    (slope,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    penalty = slope.square().sum((1, 2, 3)).mean()
    told = F.softplus(discriminator(judge, changed(fakes["style"], made))).mean() + F.softplus(-logits).mean()
    for name, loss in {"discriminator": told, "penalised": told + GAMMA / 2 * penalty}.items():
        # The last bias is not in the penalty.
        grads = torch.autograd.grad(loss, list(judge.values()), retain_graph=True)
        tensors |= {f"{name}.loss": loss} | {f"{name}.grad.{key}": grad for key, grad in zip(judge, grads)}
    tensors["penalty"] = penalty
    save_reference(GOLDEN / "gan.safetensors", tensors)


if __name__ == "__main__":
    main()
