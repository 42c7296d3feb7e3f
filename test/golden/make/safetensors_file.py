"""Writes test/golden/safetensors.safetensors and the float32 values it holds, test/golden/safetensors.json.

Run: python test/golden/make/safetensors_file.py
Made with safetensors 0.8.0, torch 2.13.0.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

golden = pathlib.Path(__file__).resolve().parent.parent
values = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
tensors = {
    "unet.float32": values,
    "unet.float16": values.half(),
    "unet.bfloat16": values.bfloat16(),
    "unet.float64": values.double(),
    "text.position_ids": torch.arange(-2, 5).reshape(1, 7),
    "text.int32": torch.tensor([-(2**31), 7], dtype=torch.int32),
    "scalar": torch.tensor(1.5),
    "empty": torch.zeros(0, 4),
    "größe 🐸": torch.ones(1),
}
save_file(tensors, golden / "safetensors.safetensors", metadata={"format": "pt", "note": "größe"})
rows = {
    name: {"shape": list(tensor.shape), "data": tensor.float().flatten().tolist()}
    for name, tensor in tensors.items()
}
(golden / "safetensors.json").write_text(json.dumps(rows, indent=1) + "\n")
