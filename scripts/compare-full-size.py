"""Shows that a Stable Diffusion 1 or 2 of full size gives the same in Python as in frabbit: the text's embedding and the
U-Net's output at three time steps. Exits 1 where they differ. random_model.py makes such a folder; the two run one after
the other, because each holds gigabytes.

    python scripts/compare-full-size.py MODEL_FOLDER
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

from diffusers_pipeline import DiffusersPipeline

ROOT = Path(__file__).resolve().parents[1]
PROMPT, SEED, TIMESTEPS = "a red apple", 7, [0, 500, 999]
LIMIT = 1e-3  # of the largest value


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: compare-full-size.py MODEL_FOLDER")
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "frabbit.safetensors"
        asked = [folder, out, PROMPT, str(SEED), *map(str, TIMESTEPS)]
        subprocess.run(["npx", "tsx", "scripts/compare-full-size.ts", *asked], cwd=ROOT, check=True)
        ours = load_file(out)
    pipeline = DiffusersPipeline(folder)
    text, noise = pipeline.embed([PROMPT]), pipeline.noise(SEED)
    theirs = {"text": text, **{f"output {t}": pipeline.predict(noise, t, text) for t in TIMESTEPS}}
    worst = 0.0
    for name, tensor in theirs.items():
        relative = ((ours[name] - tensor).abs().max() / tensor.abs().max()).item()
        worst = max(worst, relative)
        print(f"{name:12} {relative:.1e} of the largest value")
    sys.exit(0 if worst <= LIMIT else 1)


if __name__ == "__main__":
    main()
