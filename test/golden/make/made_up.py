"""Made-up numbers that any language makes exactly, so that golden files need not hold weights.

test/made-up.ts makes the same: element i of a name is a hash of both, as a number in [-1, 1), times a scale.
"""

import numpy as np
import torch


def fnv1a(text: str) -> int:
    """The 32-bit FNV-1a hash of the text's bytes."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def made_up(name: str, shape: tuple[int, ...], scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    """float32 in [shift - scale, shift + scale): murmur3's finaliser of element number + hash of the name."""
    x = np.arange(int(np.prod(shape)), dtype=np.uint64) * 0x9E3779B9 + fnv1a(name)
    mask = np.uint64(0xFFFFFFFF)
    x &= mask
    for shift_bits, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x ^= x >> np.uint64(shift_bits)
        x = (x * np.uint64(factor)) & mask
    x ^= x >> np.uint64(16)
    values = (x.astype(np.float64) / 2**31 - 1) * scale + shift
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


@torch.no_grad()
def fill(model: torch.nn.Module) -> dict[str, list[int]]:
    """Gives every parameter made-up values that keep activations near 1; returns the shapes by state-dict key."""
    shapes = {}
    for name, parameter in model.named_parameters():
        shapes[name] = list(parameter.shape)
        if name.endswith("bias"):
            value = made_up(name, parameter.shape, 0.25)
        elif parameter.ndim == 1:  # the scale of a norm
            value = made_up(name, parameter.shape, 0.25, 1)
        elif "embedding.weight" in name:
            value = made_up(name, parameter.shape, 1)
        else:
            value = made_up(name, parameter.shape, (3 / parameter[0].numel()) ** 0.5)
        parameter.copy_(value)
    assert shapes.keys() == model.state_dict().keys() - {"text_model.embeddings.position_ids"}
    return shapes
