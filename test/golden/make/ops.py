"""Reference values and gradients of single operators: test/golden/ops.safetensors."""

import torch
import torch.nn.functional as F

from unet import GOLDEN, draw, save_reference

CONV3X3 = dict(weight=(5, 3, 3, 3), bias=(5,))
NORM = dict(weight=(6,), bias=(6,))
ATTENTION = dict(q=(2, 3, 5, 4), k=(2, 3, 7, 4), v=(2, 3, 7, 4))  # [batch, heads, tokens, head dim]
ATTENTION_CAUSAL = dict(q=(2, 3, 6, 4), k=(2, 3, 6, 4), v=(2, 3, 6, 4))

# operator: (function of its inputs, shapes of its inputs)
OPERATORS = {
    "conv3x3": (lambda x, weight, bias: F.conv2d(x, weight, bias, padding=1), dict(x=(2, 3, 5, 6), **CONV3X3)),
    "conv3x3_stride2": (
        lambda x, weight, bias: F.conv2d(x, weight, bias, stride=2, padding=1),
        dict(x=(2, 3, 6, 7), **CONV3X3),
    ),
    "conv1x1": (F.conv2d, dict(x=(2, 3, 5, 6), weight=(5, 3, 1, 1), bias=(5,))),
    "group_norm": (
        lambda x, weight, bias: F.group_norm(x, 3, weight, bias, eps=1e-5),
        dict(x=(2, 6, 3, 4), **NORM),
    ),
    "layer_norm": (
        lambda x, weight, bias: F.layer_norm(x, (6,), weight, bias, eps=1e-5),
        dict(x=(2, 5, 6), **NORM),
    ),
    "softmax": (lambda x: F.softmax(x, dim=-1), dict(x=(2, 3, 5))),
    "silu": (F.silu, dict(x=(4, 9))),
    "gelu": (F.gelu, dict(x=(4, 9))),
    "quick_gelu": (lambda x: x * torch.sigmoid(1.702 * x), dict(x=(4, 9))),
    "upsample_nearest": (lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), dict(x=(2, 3, 2, 3))),
    "attention": (F.scaled_dot_product_attention, ATTENTION),
    "attention_causal": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        ATTENTION_CAUSAL,
    ),
}

INDICES = torch.tensor([[3, 0, 3], [6, 3, 1]])  # repeated, so that gradients add up; rows 2, 4, 5 get none


def record(name, function, inputs, generator):
    leaves = {key: value.double().requires_grad_() for key, value in inputs.items()}
    y = function(**leaves)
    dy = draw(generator, *y.shape)
    y.backward(dy.double())
    values = {**inputs, "dy": dy, "y": y, **{f"grad.{key}": leaf.grad for key, leaf in leaves.items()}}
    return {f"{name}.{key}": value for key, value in values.items()}


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(200)
    tensors = {}
    for name, (function, shapes) in OPERATORS.items():
        positional = lambda function=function, **inputs: function(*inputs.values())
        inputs = {key: 1.5 * draw(generator, *shape) for key, shape in shapes.items()}
        tensors |= record(name, positional, inputs, generator)
    embedding = lambda weight: F.embedding(INDICES, weight)
    tensors |= record("embedding", embedding, {"weight": draw(generator, 7, 4)}, generator)
    tensors["embedding.indices"] = INDICES
    save_reference(GOLDEN / "ops.safetensors", tensors)


if __name__ == "__main__":
    main()
