"""Steps of torch's Muon, with a learning rate that changes: test/golden/muon.safetensors.

torch makes the momentum orthogonal in bfloat16; here in float32, so that the steps can be compared closely.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parents[1]
SHAPES = {"wide": (6, 10), "tall": (9, 5), "kernel": (5, 3, 3, 3), "square": (7, 7)}
RATES = [0.02, 0.05, 0.03, 0.01]

torch.Tensor.bfloat16 = torch.Tensor.float
generator = torch.Generator().manual_seed(11)
tensors = {}
for name, shape in SHAPES.items():
    draw = lambda: torch.randn(shape, generator=generator, dtype=torch.float64).float()
    tensors[f"{name}.0"] = draw()
    matrix = torch.nn.Parameter(tensors[f"{name}.0"].flatten(1).clone())
    optimizer = torch.optim.Muon([matrix], momentum=0.95, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for step, rate in enumerate(RATES, 1):
        tensors[f"{name}.gradient.{step}"] = draw()
        matrix.grad = tensors[f"{name}.gradient.{step}"].flatten(1).clone()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        tensors[f"{name}.{step}"] = matrix.detach().reshape(shape).clone()
save_file(tensors, GOLDEN / "muon.safetensors")
