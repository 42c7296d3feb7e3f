"""One file in the layout of CompVis' latent-diffusion, of a folder that random_model.py made: by the pairs of keys that
diffusers' own converters give (test/golden/keys-*.json.gz).

    python scripts/single_file.py sd15|sd21|sdxl FOLDER FILE
"""

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).resolve().parents[1] / "test" / "golden"


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for path in folder.glob("*.safetensors"):
        tensors |= load_file(path)
    return tensors


def as_stored(parts: list[torch.Tensor], shape: list[int]) -> torch.Tensor:
    whole = torch.cat(parts)
    if list(whole.shape) == shape[::-1] and whole.ndim == 2 and shape[0] != shape[1]:
        whole = whole.T
    return whole.reshape(shape).contiguous()


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit("usage: single_file.py sd15|sd21|sdxl FOLDER FILE")
    family, folder, out = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    keys = json.loads(gzip.decompress((GOLDEN / f"keys-{family}.json.gz").read_bytes()))
    stored = defaultdict(dict)
    for part, pairs in keys["parts"].items():
        tensors = tensors_of(folder / part)
        for key, (_, name) in pairs.items():
            # transformers 5 leaves out the first part of a text encoder's keys
            stored[name][key] = tensors[key] if key in tensors else tensors[key.removeprefix("text_model.")]
    order = ["q_proj", "k_proj", "v_proj"]
    whole = {}
    for name, parts in stored.items():
        in_order = sorted(parts, key=lambda key: next((i for i, part in enumerate(order) if part in key), 0))
        whole[name] = as_stored([parts[key] for key in in_order], keys["checkpoint"][name])
    save_file(whole, out)


if __name__ == "__main__":
    main()
