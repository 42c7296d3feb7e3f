"""Writes what diffusers' schedulers do with a made-up network, for the tests of src/diffusion.

Run with torch 2.13, diffusers 0.42 and scipy 1.17: python test/golden/make/schedulers.py [tables|base|dpm ...]
test/golden/schedulers.json has tables, schedulers-base.json and schedulers-dpm.json the runs of ROWS.
"""
import inspect
import itertools
import json
import pathlib
import sys
import types
from typing import Callable, NamedTuple

import diffusers
import numpy as np
import torch
from diffusers import *

sys.modules["torchsde"] = types.ModuleType("torchsde")  # its Brownian tree, which is replaced by recorded noise
from diffusers.schedulers.scheduling_dpmsolver_sde import DPMSolverSDEScheduler

SHAPE = (1, 2, 3, 4)
SEED = 11
KEPT = slice(None, None, 3)  # every third value of the last latent is written
STEPS = (1, 2, 7, 20, 50)
SCHEDULES = {
    "linear": dict(beta_schedule="linear", beta_start=0.0001, beta_end=0.02, steps_offset=0, set_alpha_to_one=True),
    "scaled_linear": dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1, set_alpha_to_one=False),
    "squaredcos_cap_v2": dict(beta_schedule="squaredcos_cap_v2", steps_offset=0, set_alpha_to_one=True),
}
SPACINGS = ("leading", "linspace", "trailing")
EPSILON_V = ("epsilon", "v_prediction")
ALL_TYPES = (*EPSILON_V, "sample")
TABLES = (DDPMScheduler, DDIMScheduler, PNDMScheduler)  # the others lose their digits in float32 where sigma begins at 2e4
SIGMAS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")


class BrownianPath:
    """The run's generator in place of DPMSolverSDEScheduler's tree: the second half of a step goes on from the first."""

    def __init__(self, scheduler, latent, generator):
        self.shape, self.generator, self.half = latent.shape, generator, None
        scheduler.noise_sampler = self

    def __call__(self, sigma, sigma_next):
        noise = torch.randn(self.shape, generator=self.generator)
        if self.half is None:
            self.half = (sigma_next, noise)
            return noise
        (middle, first), self.half = self.half, None
        share = (sigma - middle) / (sigma - sigma_next)
        return share.sqrt() * first + (1 - share).sqrt() * noise


class Row(NamedTuple):
    """One scheduler with options: every spacing, prediction type and schedule that it offers is run."""

    cls: type
    config: dict = {}
    step: dict = {}  # what is given to scheduler.step
    types: tuple = ALL_TYPES
    steps: tuple = STEPS
    brief: bool = False  # only the schedule of Stable Diffusion with even sigmas, 7 and 20 steps
    set: dict = {}  # what is given to scheduler.set_timesteps
    prepare: Callable = lambda scheduler, latent, generator: None  # before the first step


ROWS = {
    "base": [
        Row(DDPMScheduler),
        Row(DDPMScheduler, {"variance_type": "fixed_large"}, brief=True),
        Row(DDIMScheduler),
        Row(DDIMScheduler, step={"eta": 0.5}, brief=True),
        Row(PNDMScheduler, {"skip_prk_steps": True}, types=EPSILON_V),
        Row(PNDMScheduler, {"skip_prk_steps": False}, types=EPSILON_V, brief=True),
        Row(EulerDiscreteScheduler),
        Row(EulerDiscreteScheduler, {"final_sigmas_type": "sigma_min"}, brief=True),
        Row(EulerDiscreteScheduler, {"use_karras_sigmas": True, "sigma_min": 0.1, "sigma_max": 9.0}, brief=True),
        Row(EulerAncestralDiscreteScheduler, types=EPSILON_V),
        Row(HeunDiscreteScheduler),
        Row(HeunDiscreteScheduler, {"clip_sample": True}, brief=True),
        Row(HeunDiscreteScheduler, {"final_sigmas_type": "sigma_min"}, brief=True),  # which it does not know
        Row(KDPM2DiscreteScheduler, types=EPSILON_V),
        Row(KDPM2AncestralDiscreteScheduler, types=EPSILON_V),
        Row(LMSDiscreteScheduler),
        *(
            Row(cls, {"shift": shift})
            for cls in (FlowMatchEulerDiscreteScheduler, FlowMatchHeunDiscreteScheduler)
            for shift in (1.0, 3.0)
        ),
        Row(FlowMatchEulerDiscreteScheduler, {"shift": 2.0, "shift_terminal": 0.1}),
        Row(FlowMatchEulerDiscreteScheduler, {"use_dynamic_shifting": True}, set={"mu": 0.63}),  # 1024 tokens
        Row(FlowMatchEulerDiscreteScheduler, {"use_dynamic_shifting": True, "time_shift_type": "linear"}, set={"mu": 0.63}),
    ],
    "dpm": [
        Row(DPMSolverMultistepScheduler),
        *(Row(DPMSolverMultistepScheduler, {"solver_order": order}, brief=True) for order in (1, 3)),
        Row(DPMSolverMultistepScheduler, {"solver_type": "heun"}, brief=True),
        Row(DPMSolverMultistepScheduler, {"solver_order": 3, "euler_at_final": True, "final_sigmas_type": "sigma_min"}, brief=True),
        Row(DPMSolverMultistepScheduler, {"solver_order": 3, "lower_order_final": False, "final_sigmas_type": "sigma_min"}, brief=True),
        Row(DPMSolverMultistepScheduler, {"lambda_min_clipped": -2.0}, brief=True),
        Row(DPMSolverMultistepScheduler, {"algorithm_type": "sde-dpmsolver++"}),
        Row(DPMSolverMultistepScheduler, {"algorithm_type": "sde-dpmsolver++", "solver_type": "heun"}, brief=True),
        Row(DPMSolverMultistepScheduler, {"algorithm_type": "sde-dpmsolver++", "final_sigmas_type": "sigma_min"}, brief=True),
        Row(UniPCMultistepScheduler),
        Row(UniPCMultistepScheduler, {"disable_corrector": [0, 2]}, brief=True),
        *(Row(UniPCMultistepScheduler, {"solver_order": order}, brief=True) for order in (1, 3)),
        # to a clean level, diffusers' bh1 and noise prediction divide by 0
        *(
            Row(UniPCMultistepScheduler, {"solver_order": order, "final_sigmas_type": "sigma_min", **options}, brief=True)
            for order in (2, 3)
            for options in ({"solver_type": "bh1"}, {"predict_x0": False}, {"lower_order_final": False})
        ),
        Row(DEISMultistepScheduler),
        *(Row(DEISMultistepScheduler, {"solver_order": order}, brief=True) for order in (1, 3)),
        Row(DEISMultistepScheduler, {"solver_order": 3, "lower_order_final": False}, brief=True),
        Row(DPMSolverSDEScheduler, types=EPSILON_V, prepare=BrownianPath),
        Row(LCMScheduler),
        Row(LCMScheduler, {"timestep_scaling": 0.01}, brief=True),
        Row(TCDScheduler),
        *(Row(TCDScheduler, step={"eta": gamma}, brief=True) for gamma in (0.0, 1.0)),
    ],
}


def network(latent, t):
    """Any smooth function will do; the test has the same."""
    position = torch.arange(latent.numel(), dtype=torch.float32).reshape(latent.shape) / latent.numel()
    return 0.7 * torch.sin(latent) + 0.2 * latent * (float(t) / 1000) + 0.1 * position


def digits(values, count):
    return [float(f"{value:.{count}g}") for value in values]


def knows(function, name):
    return name in inspect.signature(function).parameters


def scheduler_of(row, config):
    return row.cls(**{key: value for key, value in config.items() if knows(row.cls.__init__, key)})


def final(row, scheduler, steps):
    scheduler.set_timesteps(steps, **row.set)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)  # else a first timestep that occurs twice is skipped
    generator = torch.Generator().manual_seed(SEED)
    latent = torch.randn(SHAPE, generator=generator) * getattr(scheduler, "init_noise_sigma", 1.0)
    row.prepare(scheduler, latent, generator)
    draws = {"generator": generator} if knows(scheduler.step, "generator") else {}
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latent, t) if hasattr(scheduler, "scale_model_input") else latent
        latent = scheduler.step(network(scaled, t), t, latent, **draws, **row.step).prev_sample
    if not torch.isfinite(latent).all():
        return None  # KDPM2Ancestral's root of a rounded difference, where sigma begins at 2e4
    return digits(latent.flatten()[KEPT].tolist(), 6)


def configs(row):
    """What a row is run with: configs, each with the numbers of steps."""
    sigmas = [key for key in SIGMAS if knows(row.cls.__init__, key)]
    if row.cls.__name__.startswith("FlowMatch"):
        for extra in [{}, *({key: True} for key in sigmas)]:
            yield extra, row.steps
        return
    few = tuple(steps for steps in row.steps if steps in (7, 20))
    spacings = SPACINGS if knows(row.cls.__init__, "timestep_spacing") else SPACINGS[:1]
    for spacing, kind in itertools.product(spacings, row.types):
        common = dict(timestep_spacing=spacing, prediction_type=kind, clip_sample=False)
        latent = dict(SCHEDULES["scaled_linear"], **common)
        if row.brief:
            yield latent, few
            continue
        yield latent, row.steps
        if kind == "sample":
            continue
        yield dict(SCHEDULES["linear"], **common), few
        if spacing == "leading" or row.cls in TABLES:
            yield dict(SCHEDULES["squaredcos_cap_v2"], **common), few
        for key in sigmas:
            yield dict(latent, **{key: True}), row.steps
    yield from special(row)


def special(row):
    if row.brief or not knows(row.cls.__init__, "timestep_spacing"):
        return
    trailing = dict(SCHEDULES["scaled_linear"], timestep_spacing="trailing", clip_sample=False)
    if 50 in row.steps and not knows(row.cls.__init__, "original_inference_steps"):
        yield dict(trailing, prediction_type="epsilon"), (61,)  # numpy's arange makes 62 of them
    if row.cls is EulerDiscreteScheduler:
        yield dict(trailing, timestep_spacing="leading", prediction_type="epsilon"), (1000,)  # begins beyond the schedule
    if knows(row.cls.__init__, "rescale_betas_zero_snr"):
        zero = dict(trailing, prediction_type="v_prediction", rescale_betas_zero_snr=True)
        yield zero, row.steps
        yield from ((dict(zero, **{key: True}), row.steps) for key in SIGMAS if knows(row.cls.__init__, key))
    if row.cls in (DDPMScheduler, DDIMScheduler):
        yield dict(trailing, prediction_type="epsilon", clip_sample=True), (20,)
    if row.cls is DDPMScheduler:
        yield dict(trailing, prediction_type="epsilon", beta_schedule="sigmoid", beta_start=0.0001, beta_end=0.02), (7, 20)


def runs(row):
    for config, counts in configs(row):
        config = dict(config, **row.config)
        step = dict(row.step, use_clipped_model_output=True) if config.get("clip_sample") and row.cls is DDIMScheduler else row.step
        scheduler = scheduler_of(row, config)
        run = row._replace(step=step)
        finals = {str(steps): last for steps in counts if (last := final(run, scheduler, steps)) is not None}
        yield {"class": row.cls.__name__, "config": config, "step": step, "set": row.set, "finals": finals}


def checksums(spacing):
    """For each number of steps from 1 to 1000: sum over i of timestep i times (i + 1), the first `steps` of them."""
    result = []
    for steps in range(1, 1001):
        scheduler = DDIMScheduler(timestep_spacing=spacing)
        scheduler.set_timesteps(steps)
        timesteps = scheduler.timesteps.numpy()[:steps]
        result.append(int((timesteps * np.arange(1, steps + 1)).sum()))
    return result


def alphas_cumprod():
    for name, config in SCHEDULES.items():
        yield name, digits(DDIMScheduler(**config).alphas_cumprod.tolist(), 9)
    yield "sigmoid", digits(DDPMScheduler(beta_schedule="sigmoid").alphas_cumprod.tolist(), 9)
    zero = DDIMScheduler(**SCHEDULES["scaled_linear"], rescale_betas_zero_snr=True).alphas_cumprod.tolist()
    yield "zero_terminal_snr", digits(zero, 9)
    short = DDIMScheduler(beta_schedule="linear", num_train_timesteps=37, beta_start=0.01, beta_end=0.3)
    yield "short", digits(short.alphas_cumprod.tolist(), 9)


def write(name, content):
    path = pathlib.Path(__file__).parent.parent / name
    path.write_text(json.dumps({"diffusers": diffusers.__version__, **content}, separators=(",", ":")) + "\n")


def main(parts):
    if "tables" in parts:
        spacings = {spacing: checksums(spacing) for spacing in SPACINGS}
        write("schedulers.json", {"alphasCumprod": dict(alphas_cumprod()), "timestepChecksums": spacings})
    for name, rows in ROWS.items():
        if name in parts:
            done = [run for row in rows for run in runs(row)]
            write(f"schedulers-{name}.json", {"seed": SEED, "shape": SHAPE, "runs": done})


torch.set_num_threads(1)
main(sys.argv[1:] or ["tables", *ROWS])
