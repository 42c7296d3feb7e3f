"""Draws with diffusers' whole StableDiffusionPipeline from folders that frabbit wrote (pipeline-folder.ts FOLDER), seeds
and prompts as in src/pipelines/golden.test.ts, and keeps the finished latents: python pipeline.py FOLDER"""

import sys
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

latents = {}
for prediction_type in ["epsilon", "v_prediction"]:
    pipeline = StableDiffusionPipeline.from_pretrained(Path(sys.argv[1]) / prediction_type, vae=None)
    for guidance in [1.0, 3.0]:
        latents[f"{prediction_type} {guidance:g}"] = pipeline(
            "a red apple",
            negative_prompt="rain",
            num_inference_steps=10,
            guidance_scale=guidance,
            generator=torch.Generator().manual_seed(7),
            output_type="latent",
        ).images
save_file(latents, Path(__file__).parent.parent / "pipeline.safetensors")
