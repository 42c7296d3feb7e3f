"""Writes test/golden/schedulers.json: schedules, timesteps and runs of diffusers' schedulers with a made-up network.

Run with torch 2.13 and diffusers 0.42: python test/golden/make/schedulers.py
"""
import inspect
import itertools
import json
import pathlib

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, EulerDiscreteScheduler

SHAPE = (1, 2, 3, 4)
SEED = 11
SCHEDULES = {
    "linear": dict(beta_schedule="linear", beta_start=0.0001, beta_end=0.02, steps_offset=0, set_alpha_to_one=True),
    "scaled_linear": dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1, set_alpha_to_one=False),
    "squaredcos_cap_v2": dict(beta_schedule="squaredcos_cap_v2", steps_offset=0, set_alpha_to_one=True),
}
SAMPLERS = {"ddpm": (DDPMScheduler, {}), "ddim": (DDIMScheduler, {"eta": 0.0}), "ddim-half": (DDIMScheduler, {"eta": 0.5}), "euler": (EulerDiscreteScheduler, {})}
SPACINGS = ["leading", "linspace", "trailing"]
TYPES = ["epsilon", "v_prediction", "sample"]


def network(latent, t):
    """Any smooth function will do; the test has the same."""
    position = torch.arange(latent.numel(), dtype=torch.float32).reshape(latent.shape) / latent.numel()
    return 0.7 * torch.sin(latent) + 0.2 * latent * (float(t) / 1000) + 0.1 * position


def digits(values, count):
    return [float(f"{value:.{count}g}") for value in values]


def accepted(cls, config):
    return {key: value for key, value in config.items() if key in inspect.signature(cls.__init__).parameters}


def run(cls, config, steps, step_options):
    scheduler = cls(**accepted(cls, config))
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(SEED)
    latent = torch.randn(SHAPE, generator=generator) * scheduler.init_noise_sigma
    draws = {} if cls is EulerDiscreteScheduler else {"generator": generator}
    for t in scheduler.timesteps:
        output = network(scheduler.scale_model_input(latent, t), t)
        latent = scheduler.step(output, t, latent, **draws, **step_options).prev_sample
    return {"timesteps": digits(scheduler.timesteps.tolist(), 9), "final": digits(latent.flatten().tolist(), 7)}


def runs():
    for sampler, schedule, spacing, kind, steps in itertools.product(SAMPLERS, SCHEDULES, SPACINGS, TYPES, [1, 2, 7, 20, 50]):
        if steps == 50 and schedule == "linear":
            continue
        cls, options = SAMPLERS[sampler]
        config = dict(SCHEDULES[schedule], timestep_spacing=spacing, prediction_type=kind, clip_sample=False)
        yield case(sampler, cls, config, steps, options)
    clip = dict(SCHEDULES["linear"], timestep_spacing="trailing", prediction_type="epsilon", clip_sample=True)
    yield case("ddpm", DDPMScheduler, clip, 20, {})
    yield case("ddim", DDIMScheduler, clip, 20, {"eta": 0.0, "use_clipped_model_output": True})
    zero = dict(SCHEDULES["scaled_linear"], timestep_spacing="trailing", prediction_type="v_prediction", clip_sample=False, rescale_betas_zero_snr=True)
    for steps in [1, 20, 50]:
        yield case("ddim", DDIMScheduler, zero, steps, {"eta": 0.0})


def case(sampler, cls, config, steps, options):
    result = run(cls, config, steps, options)
    if config["timestep_spacing"] != "linspace" or cls is not EulerDiscreteScheduler:
        del result["timesteps"]  # the checksums below cover them
    return {"sampler": sampler, "class": cls.__name__, "config": config, "steps": steps, **result}


def checksums(spacing):
    """For each number of steps from 1 to 1000: sum over i of timestep i times (i + 1), the first `steps` of them."""
    result = []
    for steps in range(1, 1001):
        scheduler = DDIMScheduler(timestep_spacing=spacing)
        scheduler.set_timesteps(steps)
        timesteps = scheduler.timesteps.numpy()[:steps]
        result.append(int((timesteps * np.arange(1, steps + 1)).sum()))
    return result


def schedule_table():
    for name, config in SCHEDULES.items():
        yield name, digits(DDIMScheduler(**config).alphas_cumprod.tolist(), 9)
    zero = DDIMScheduler(**SCHEDULES["scaled_linear"], rescale_betas_zero_snr=True).alphas_cumprod.tolist()
    yield "zero_terminal_snr", digits(zero, 9)
    short = DDIMScheduler(beta_schedule="linear", num_train_timesteps=37, beta_start=0.01, beta_end=0.3)
    yield "short", digits(short.alphas_cumprod.tolist(), 9)


def main():
    compact, configs = [], []
    for entry in runs():
        if entry["config"] not in configs:
            configs.append(entry["config"])
        compact.append(dict(entry, config=configs.index(entry["config"])))
    golden = {
        "diffusers": diffusers.__version__,
        "seed": SEED,
        "shape": SHAPE,
        "alphasCumprod": dict(schedule_table()),
        "timestepChecksums": {spacing: checksums(spacing) for spacing in SPACINGS},
        "configs": configs,
        "runs": compact,
    }
    path = pathlib.Path(__file__).parent.parent / "schedulers.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
