"""Writes test/golden/k-diffusion.json: runs of k-diffusion's samplers that diffusers lacks, with a made-up network.

Run with torch 2.13 and k-diffusion 0.1.1.post1 (`pip install --no-deps`): python test/golden/make/k_diffusion_runs.py
"""
import importlib.util
import json
import pathlib
import sys
import types

import numpy as np
import torch

SHAPE = (1, 2, 3, 4)
SEED = 11
BETAS = dict(beta_start=0.00085, beta_end=0.012)


def load_sampling():
    """k_diffusion/sampling.py alone: what it imports for other samplers is left out."""
    for name in ["torchdiffeq", "torchsde"]:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["torchdiffeq"].odeint = None
    folder = pathlib.Path(importlib.util.find_spec("k_diffusion").submodule_search_locations[0])
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(folder)]
    package.utils = types.ModuleType("k_diffusion.utils")
    package.utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    sys.modules.update({"k_diffusion": package, "k_diffusion.utils": package.utils})
    return importlib.import_module("k_diffusion.sampling")


def network(latent, t):
    """Any smooth function will do; the test has the same."""
    position = torch.arange(latent.numel(), dtype=torch.float64).reshape(latent.shape) / latent.numel()
    return 0.7 * torch.sin(latent) + 0.2 * latent * (t / 1000) + 0.1 * position


class Denoiser:
    """A network for epsilon in the frame of sigma, as k-diffusion's external.py makes one (not quantized)."""

    def __init__(self):
        betas = torch.linspace(BETAS["beta_start"] ** 0.5, BETAS["beta_end"] ** 0.5, 1000, dtype=torch.float32) ** 2
        alphas_cumprod = torch.cumprod(1 - betas, dim=0).double().numpy()
        self.sigmas = ((1 - alphas_cumprod) / alphas_cumprod) ** 0.5

    def __call__(self, latent, sigma):
        t = np.interp(np.log(sigma.item()), np.log(self.sigmas), np.arange(1000))
        return latent - sigma * network(latent / (sigma**2 + 1) ** 0.5, t)


class Path:
    """Draws of a run's generator in place of a Brownian tree: a call whose interval begins like the last one's goes on."""

    def __init__(self, generator):
        self.generator = generator
        self.last = None

    def __call__(self, sigma, sigma_next):
        noise = torch.randn(SHAPE, generator=self.generator).double()
        if self.last is not None and self.last[0] == sigma:
            share = (sigma - self.last[1]) / (sigma - sigma_next)
            noise = share**0.5 * self.last[2] + (1 - share) ** 0.5 * noise
        self.last = (sigma, sigma_next, noise)
        return noise


CASES = {
    "dpmpp-2s-a": [("sample_dpmpp_2s_ancestral", {"eta": 1.0}), ("sample_dpmpp_2s_ancestral", {"eta": 0.4}), ("sample_dpmpp_2s_ancestral", {"eta": 0.0})],
    "dpmpp-sde": [("sample_dpmpp_sde", {})],
    "dpmpp-2m-sde": [("sample_dpmpp_2m_sde", {"eta": eta, "solver_type": solver}) for eta in [1.0, 0.4] for solver in ["midpoint", "heun"]],
}


def main():
    sampling = load_sampling()
    model = Denoiser()
    runs = []
    for sampler, functions in CASES.items():
        for (name, options), steps in [(case, steps) for case in functions for steps in [1, 2, 7, 20, 50]]:
            if steps == 1 and name == "sample_dpmpp_2m_sde":
                continue  # fails: it uses a step size that it does not have
            timesteps = np.arange(1000, 0, -1000 / steps).round().astype(int) - 1
            sigmas = np.append(model.sigmas[timesteps], 0)
            generator = torch.Generator().manual_seed(SEED)
            latent = torch.randn(SHAPE, generator=generator).double() * sigmas[0]
            noise = Path(generator)
            final = getattr(sampling, name)(model, latent, torch.from_numpy(sigmas), noise_sampler=noise, disable=True, **options)
            values = [float(f"{value:.7g}") for value in final.flatten().tolist()]
            runs.append({"sampler": sampler, "options": options, "steps": steps, "final": values})
    path = pathlib.Path(__file__).parent.parent / "k-diffusion.json"
    path.write_text(json.dumps({"seed": SEED, "shape": SHAPE, "runs": runs}, separators=(",", ":")) + "\n")


main()
