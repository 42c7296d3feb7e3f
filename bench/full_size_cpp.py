"""One process of the bench of full size in stable-diffusion.cpp. Settings are JSON in the first argument."""

import contextlib
import io
import json
import re
import resource
import sys
import time

try:
    from stable_diffusion_cpp import StableDiffusion
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit()

settings = json.loads(sys.argv[1])
steps = []


def told(log: str, what: str) -> float:
    """Seconds by its own log."""
    return float(re.search(what + r".* taking ([\d.]+)s", log)[1])


begun = time.perf_counter()
system = StableDiffusion(model_path=settings["model"], n_threads=settings["threads"], verbose=True)
loading = time.perf_counter() - begun
log = io.StringIO()
with contextlib.redirect_stderr(log):
    system.generate_image(
        prompt="a red apple", negative_prompt="", width=512, height=512, cfg_scale=7.5, seed=7, sample_method="euler",
        sample_steps=settings["passes"], progress_callback=lambda step, _, seconds: steps.append((step, seconds)),
    )
texts = [told(log.getvalue(), "get_learned_condition completed,")]
decodes = [told(log.getvalue(), "decode_first_stage completed,")]
passes = [seconds for step, seconds in steps if step > 0]
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes on Linux
print(json.dumps({"loading": loading, "texts": texts, "passes": passes, "decodes": decodes, "peakBytes": peak}))
