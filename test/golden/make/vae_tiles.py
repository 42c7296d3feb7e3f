"""Reads and writes a picture in tiles with diffusers' AutoencoderKL, from a folder that frabbit wrote (pipeline-folder.ts
FOLDER), of the seeds in src/pipelines/tiles.test.ts: python vae_tiles.py FOLDER"""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

vae = AutoencoderKL.from_pretrained(Path(sys.argv[1]) / "sd1-4" / "vae")
vae.enable_tiling()
assert vae.tile_sample_min_size == 16 and vae.tile_latent_min_size == 8
# The last tiles are lower than what tiles share, and as wide.
latent = torch.randn(1, 4, 19, 14, generator=torch.Generator().manual_seed(1))
picture = torch.randn(1, 3, 38, 28, generator=torch.Generator().manual_seed(2))
with torch.no_grad():
    kept = {"decoded": vae.decode(latent).sample, "moments": vae.encode(picture).latent_dist.parameters}
save_file(
    {name: tensor.contiguous() for name, tensor in kept.items()},
    Path(__file__).parent.parent / "vae-tiles.safetensors",
)
