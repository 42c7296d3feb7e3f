"""Writes test/golden/randn.json: torch's CPU random numbers. Run with torch 2.13: python test/golden/make/randn.py"""
import json
import pathlib

import torch


def shortened(values):
    if len(values) <= 20:
        return {"count": len(values), "values": values}
    return {"count": len(values), "first": values[:8], "last": values[-8:], "sum": sum(values)}


def main():
    cases = []
    for seed in [0, 42, 2**31, 2**32 - 1, 2**32 + 7, 2**53]:
        for count in [*range(1, 18), 20, 31, 32, 33, 100, 4096, 49152]:
            generator = torch.Generator().manual_seed(seed)
            cases.append({"seed": seed, **shortened(torch.randn(count, generator=generator).tolist())})
    generator = torch.Generator().manual_seed(3)
    sequence = [shortened(torch.randn(count, generator=generator).tolist()) for count in [5, 20, 4, 3, 16, 1]]
    generator = torch.Generator().manual_seed(5)
    integers = {below: torch.randint(below, (6,), generator=generator).tolist() for below in [2, 1000, 2**28 - 1]}
    uniforms = torch.rand(6, dtype=torch.float64, generator=generator).tolist()
    negative = []  # torch takes a negative seed modulo 2^64, and counts its low 32 bits
    for seed in [-1, -7, -2**31, -2**40 - 5]:
        generator = torch.Generator().manual_seed(seed)
        negative.append({"seed": seed, **shortened(torch.randn(20, generator=generator).tolist())})
    golden = {
        "torch": torch.__version__,
        "normal": cases,
        "sequence": {"seed": 3, "parts": sequence},
        "negative": negative,
        "mixed": {"seed": 5, "integers": list(integers.items()), "uniforms": uniforms},
    }
    path = pathlib.Path(__file__).parent.parent / "randn.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
