"""Writes test/golden/guidance.json: what diffusers makes of two predictions, and of values beyond -1 and 1.

Run with torch 2.13 and diffusers 0.42: python test/golden/make/guidance.py
"""
import json
import pathlib

import diffusers
import torch
from diffusers import DDIMScheduler
from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer, normalized_guidance
from diffusers.guiders.guider_utils import rescale_noise_cfg

SHAPE = (2, 3, 2, 3)
generator = torch.Generator().manual_seed(5)


def draw(spread=1.0):
    return torch.randn(SHAPE, generator=generator) * spread


def digits(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


def rescale(scale, amount):
    text, without = draw(), draw()
    guided = without + scale * (text - without)
    result = rescale_noise_cfg(guided, text, amount)
    return {"scale": scale, "amount": amount, "withText": digits(text), "withoutText": digits(without), "result": digits(result)}


def projected(scale, eta, threshold, momentum):
    """Three calls of one run; a threshold of 0 is none; the scale counted from 1 is diffusers' counted from 0."""
    buffer = MomentumBuffer(momentum)
    calls = []
    for _ in range(3):
        text, without = draw(), draw()
        result = normalized_guidance(text, without, scale - 1, buffer, eta, threshold, use_original_formulation=True)
        calls.append({"withText": digits(text), "withoutText": digits(without), "result": digits(result)})
    return {"scale": scale, "eta": eta, "normThreshold": threshold, "momentum": momentum, "calls": calls}


def threshold(spread, ratio, most):
    scheduler = DDIMScheduler(thresholding=True, dynamic_thresholding_ratio=ratio, sample_max_value=most)
    denoised = draw(spread)
    return {"ratio": ratio, "max": most, "denoised": digits(denoised), "result": digits(scheduler._threshold_sample(denoised))}


golden = {
    "diffusers": diffusers.__version__,
    "shape": SHAPE,
    "rescale": [rescale(7.5, 0.7), rescale(-2.0, 1.0), rescale(3.0, 0.25)],
    "adaptiveProjected": [
        projected(7.5, 0.0, 2.5, -0.5),
        projected(12.0, 0.3, 1.0, 0.75),
        projected(4.0, 1.0, 0, 0.0),
        projected(-1.0, 0.0, 0, -0.5),
    ],
    "dynamicThreshold": [threshold(1.0, 0.995, 1.5), threshold(2.0, 0.8, 100.0), threshold(0.2, 0.9, 2.0), threshold(3.0, 0.5, 1.0)],
}
path = pathlib.Path(__file__).parent.parent / "guidance.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
