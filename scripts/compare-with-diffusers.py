"""Shows that a model folder gives the same in Python as in frabbit: token ids, text embeddings, the U-Net's output,
noise, and a picture drawn in 20 steps with guidance. Exits 1 where they differ.

    pip install -r test/golden/make/requirements.txt
    python scripts/compare-with-diffusers.py MODEL_FOLDER
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

from diffusers_pipeline import DiffusersPipeline

ROOT = Path(__file__).resolve().parents[1]
PROMPTS = ["", "A RED  apple, isn't it?", "naïve 🐸 on stilts", "one two three " * 40, "a red apple"]
TIMESTEPS = [0, 250, 500, 750, 999]
SEED, STEPS, GUIDANCE = 7, 20, 3.0
RELATIVE_LIMIT = 1e-4  # of the largest value
BYTE_LIMIT = 1


def frabbit(folder: Path) -> dict[str, torch.Tensor]:
    """What frabbit computes, in a process of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "frabbit.safetensors"
        asked = {
            "model": str(folder),
            "out": str(out),
            "prompts": PROMPTS,
            "timesteps": TIMESTEPS,
            "seed": SEED,
            "steps": STEPS,
            "guidance": GUIDANCE,
        }
        script = ROOT / "scripts" / "compare-with-diffusers.ts"
        subprocess.run(["npx", "tsx", script, json.dumps(asked)], cwd=ROOT, check=True)
        return load_file(out)


def diffusers(folder: Path) -> dict[str, torch.Tensor]:
    pipeline = DiffusersPipeline(folder)
    results = {}
    for i, prompt in enumerate(PROMPTS):
        results[f"ids {i}"] = pipeline.tokenize([prompt])
        results[f"text {i}"] = pipeline.embed([prompt])
    results["noise"] = pipeline.noise(SEED)
    for t in TIMESTEPS:
        results[f"output {t}"] = pipeline.predict(results["noise"], t, results[f"text {len(PROMPTS) - 1}"])
    if (folder / "vae").exists():
        return results | whole_pipeline(folder)
    results["latent"] = pipeline.draw(PROMPTS[-1], SEED, 1, STEPS, GUIDANCE)
    results["picture"] = pipeline.decode(results["latent"])
    return results


def whole_pipeline(folder: Path) -> dict[str, torch.Tensor]:
    """What StableDiffusionPipeline makes of the last prompt: a finished latent, and the picture in bytes."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)

    def draw(output_type: str):
        return pipeline(
            PROMPTS[-1],
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(SEED),
            output_type=output_type,
        ).images

    picture = torch.from_numpy(draw("np"))
    return {"latent": draw("latent"), "picture": (picture * 255).round()}


def difference(name: str, ours: torch.Tensor, theirs: torch.Tensor) -> tuple[str, bool]:
    """What is to be told about two results, and whether they count as equal."""
    if ours.shape != theirs.shape:
        return f"shapes {list(ours.shape)} and {list(theirs.shape)}", False
    largest = (ours - theirs).abs().max().item()
    if name.startswith("ids"):
        return f"{int((ours != theirs).sum())} of {ours.numel()} differ", largest == 0
    if name == "picture":
        return f"at most {largest:.0f} of 255", largest <= BYTE_LIMIT
    relative = largest / theirs.abs().max().item()
    return f"{relative:.1e} of the largest value", relative <= RELATIVE_LIMIT


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: compare-with-diffusers.py MODEL_FOLDER")
    folder = Path(sys.argv[1]).resolve()
    ours, theirs = frabbit(folder), diffusers(folder)
    equal = True
    for name, tensor in theirs.items():
        told, same = difference(name, ours[name], tensor.float())
        equal = equal and same
        print(f"{name:12} {told}{'' if same else '   DIFFERENT'}")
    print("equal" if equal else "not equal")
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
