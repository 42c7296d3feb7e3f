"""Draws with diffusers' whole StableDiffusionPipeline from the folder of a model of latents that frabbit wrote
(pipeline-folder.ts FOLDER), and reads a picture back by its autoencoder: python vae_pipeline.py FOLDER"""

import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

pipeline = StableDiffusionPipeline.from_pretrained(Path(sys.argv[1]) / "latents")
settings = dict(
    prompt="a red apple", negative_prompt="rain", num_inference_steps=5, guidance_scale=3.0, height=16, width=24
)


def draw(output_type):
    return pipeline(**settings, generator=torch.Generator().manual_seed(7), output_type=output_type).images


latent = draw("latent")
picture = torch.from_numpy(np.array(draw("pil")[0])).float()
shown = pipeline.image_processor.preprocess(draw("pil")[0])
with torch.no_grad():
    encoded = pipeline.vae.encode(shown).latent_dist.mode() * pipeline.vae.config.scaling_factor
save_file(
    {"latent": latent, "picture": picture, "encoded": encoded.contiguous()},
    Path(__file__).parent.parent / "vae-pipeline.safetensors",
)
