"""Writes test/golden/image-bytes.json: pictures in [-1, 1] and the bytes that diffusers makes of them, and back.

Run: python test/golden/make/image_bytes.py
Made with diffusers 0.42.1, torch 2.13.0.
"""

import json
import pathlib

import numpy
import torch
from diffusers.image_processor import VaeImageProcessor

golden = pathlib.Path(__file__).resolve().parent.parent
processor = VaeImageProcessor(vae_scale_factor=1)

middles = (torch.arange(0, 255) + 0.5) / 255 * 2 - 1
spread = torch.randn(3 * 12 * 40 - 2 * 255, generator=torch.Generator().manual_seed(0))
steps = torch.arange(0, 255) / 255 * 2 - 1
picture = torch.cat([middles, steps, spread]).reshape(3, 12, 40)
[image] = processor.postprocess(picture[None], output_type="pil")
pixels = numpy.asarray(image)
back = processor.preprocess(image)[0]
rows = {
    "shape": list(picture.shape),
    "picture": picture.flatten().tolist(),
    "bytes": pixels.flatten().tolist(),
    "back": back.flatten().tolist(),
}
(golden / "image-bytes.json").write_text(json.dumps(rows) + "\n")
