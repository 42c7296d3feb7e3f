"""One process of the generation bench in PyTorch: the pictures of generation.ts, float32, eager, without gradients.
Settings are JSON in the first argument."""

import json
import resource
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

try:
    import torch

    from diffusers_pipeline import DiffusersPipeline
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit()

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
memory_format = torch.channels_last if settings["channelsLast"] else torch.contiguous_format
pipeline = DiffusersPipeline(settings["model"], memory_format)


def draw(count: int) -> None:
    pipeline.decode(pipeline.draw("a red apple", seed=7, count=count, steps=20, guidance=3.0))


seconds = {}
for count in settings["counts"]:
    draw(count)
    seconds[count] = []
    for _ in range(settings["repeats"]):
        begun = time.perf_counter()
        draw(count)
        seconds[count].append(time.perf_counter() - begun)

kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # on Linux; bytes on macOS
peak = kilobytes * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "peakBytes": peak}))
