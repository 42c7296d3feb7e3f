"""Shows that a Stable Diffusion 1, 2 or XL of full size gives the same in Python as in frabbit: the text's embedding, and
the U-Net's output for a picture of 512 x 512 at three time steps, and a picture of 256 x 256 by four steps with
guidance, from the seed alone. Exits 1 where they differ. random_model.py makes such a
folder, single_file.py one file of it; of a file, the folder is named for Python to take configurations from, which
frabbit does not read. The two run one after the other, because each holds gigabytes.

    python scripts/compare-full-size.py FOLDER [FILE]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[1]
PROMPT, SEED, SIDE, TIMESTEPS = "a red apple", 7, 64, [0, 500, 999]
LIMIT = 1e-3  # of the largest value


@torch.inference_mode()
def theirs(folder: Path, file: Path | None) -> dict[str, torch.Tensor]:
    pipeline = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    if file:
        pipeline = type(pipeline).from_single_file(file, config=str(folder), torch_dtype=torch.float32, local_files_only=True)
    states, *others = pipeline.encode_prompt(PROMPT, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)
    told, results = {}, {"states": states}
    if pipeline.unet.config.addition_embed_type == "text_time":
        results["pooled"] = others[1]
        sizes = [8.0 * SIDE, 8.0 * SIDE, 0.0, 0.0, 8.0 * SIDE, 8.0 * SIDE]
        told["added_cond_kwargs"] = {"text_embeds": others[1], "time_ids": torch.tensor([sizes])}
    shape = (1, pipeline.unet.config.in_channels, SIDE, SIDE)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(SEED))
    for t in TIMESTEPS:
        results[f"output {t}"] = pipeline.unet(noise, t, states, **told).sample
    picture = pipeline(
        PROMPT, generator=torch.Generator().manual_seed(SEED), num_inference_steps=4, guidance_scale=7.5, height=256, width=256
    ).images[0]
    return results | {"picture": torch.from_numpy(np.array(picture)).float()}


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: compare-full-size.py FOLDER [FILE]")
    folder, *files = (Path(arg).resolve() for arg in sys.argv[1:])
    file = files[0] if files else None
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "frabbit.safetensors"
        asked = [file or folder, out, PROMPT, str(SEED), str(SIDE), *map(str, TIMESTEPS)]
        subprocess.run(["npx", "tsx", "scripts/compare-full-size.ts", *asked], cwd=ROOT, check=True)
        ours = load_file(out)
    alike = True
    for name, tensor in theirs(folder, file).items():
        difference = (ours[name] - tensor).abs().max().item()
        if name == "picture":
            print(f"{name:12} {difference:.0f} of 255, over {tensor.unique().numel()} values")
            alike = alike and difference <= 1
        else:
            relative = difference / tensor.abs().max().item()
            print(f"{name:12} {relative:.1e} of the largest value")
            alike = alike and relative <= LIMIT
    sys.exit(0 if alike else 1)


if __name__ == "__main__":
    main()
