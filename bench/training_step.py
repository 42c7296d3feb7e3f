"""One process of the training bench in PyTorch: the step of training-step.ts with diffusers' and transformers' classes,
float32, eager, with the fastest of PyTorch's optimisers. Settings are JSON in the first argument."""

import json
import resource
import sys
import time

try:
    import diffusers
    import torch
    import transformers
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit()

settings = json.loads(sys.argv[1])
recipe, batch = settings["recipe"], settings["recipe"]["batchSize"]
memory_format = torch.channels_last if settings["channelsLast"] else torch.contiguous_format
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)

unet = diffusers.UNet2DConditionModel.from_config(recipe["unet"]).train().to(memory_format=memory_format)
encoder = transformers.CLIPTextModel(transformers.CLIPTextConfig(**settings["textEncoder"])).train()
parameters = [*unet.parameters(), *encoder.parameters()]
ema = [parameter.detach().clone() for parameter in parameters]
optimizer = torch.optim.AdamW(
    parameters,
    lr=recipe["learningRate"],
    betas=recipe["betas"],
    weight_decay=recipe["weightDecay"],
    fused=True,
)

size, channels = recipe["unet"]["sample_size"], recipe["unet"]["in_channels"]
clean = torch.rand(batch, channels, size, size) * 2 - 1
timesteps = torch.linspace(0, 999, batch).floor()
angle = (timesteps / 1000 * torch.pi / 2).reshape(batch, 1, 1, 1)
alpha, sigma = angle.cos(), angle.sin()
weights = torch.ones(batch, 1, 1, 1)
ids = torch.randint(512, recipe["vocabularySize"] - 2, (batch, recipe["promptTokens"]))


def step() -> None:
    noisy = alpha * clean + sigma * torch.randn(clean.shape)
    text = encoder(ids).last_hidden_state
    output = unet(noisy.contiguous(memory_format=memory_format), timesteps, text).sample
    loss = ((output - clean).square() * weights).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, recipe["clipNorm"], foreach=True)
    optimizer.step()
    optimizer.zero_grad()
    with torch.no_grad():
        torch._foreach_lerp_(ema, parameters, 1 - recipe["emaDecay"])
    loss.item()


milliseconds = []
for _ in range(settings["warmUp"] + settings["steps"]):
    begun = time.perf_counter()
    step()
    milliseconds.append(1000 * (time.perf_counter() - begun))

kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # on Linux; bytes on macOS
print(
    json.dumps(
        {
            "milliseconds": milliseconds[settings["warmUp"] :],
            "peakBytes": kilobytes * (1 if sys.platform == "darwin" else 1024),
            "parameters": sum(parameter.numel() for parameter in parameters),
            "versions": f"torch {torch.__version__}, diffusers {diffusers.__version__}, "
            f"transformers {transformers.__version__}",
        }
    )
)
