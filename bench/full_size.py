"""One process of the bench of full size in diffusers, eager, without gradients. Settings are JSON in the first argument."""

import json
import resource
import sys
import time

try:
    import torch
    from diffusers import StableDiffusionPipeline
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit()

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
torch.set_grad_enabled(False)
dtype = getattr(torch, settings["dtype"])
loading = 0.0


def timed(act):
    begun = time.perf_counter()
    result = act()
    return time.perf_counter() - begun, result


def several(act):
    """Times after the first; what the first took more, as files are mapped and first used, is loading."""
    global loading
    first, _ = timed(act)
    times = [timed(act)[0] for _ in range(settings["passes"])]
    loading += max(0.0, first - min(times))
    return times


def peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes on Linux


opening, pipeline = timed(lambda: StableDiffusionPipeline.from_pretrained(settings["model"], torch_dtype=dtype))
loading += opening
texts = several(lambda: pipeline.encode_prompt("a red apple", "cpu", 1, True))
with_text, without = pipeline.encode_prompt("a red apple", "cpu", 1, True)
states = torch.cat([without, with_text])
size = pipeline.unet.config.sample_size
latents = torch.randn(2, pipeline.unet.config.in_channels, size, size).to(dtype)
passes = several(lambda: pipeline.unet(latents, 500, states).sample)
decodes = several(lambda: pipeline.vae.decode(latents[:1] / pipeline.vae.config.scaling_factor).sample)
print(json.dumps({"loading": loading, "texts": texts, "passes": passes, "decodes": decodes, "peakBytes": peak()}))
