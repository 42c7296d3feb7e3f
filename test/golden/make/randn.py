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
    for seed in [0, 1, 42, 2**31, 2**32 + 7, 2**53]:
        for count in [1, 5, 9, 15, 16, 17, 20, 100, 4096]:
            generator = torch.Generator().manual_seed(seed)
            cases.append({"seed": seed, **shortened(torch.randn(count, generator=generator).tolist())})
    generator = torch.Generator().manual_seed(3)
    sequence = [shortened(torch.randn(count, generator=generator).tolist()) for count in [5, 20, 4, 3, 16, 1]]
    generator = torch.Generator().manual_seed(5)
    integers = {below: torch.randint(below, (6,), generator=generator).tolist() for below in [2, 1000, 2**28 - 1]}
    uniforms = torch.rand(6, dtype=torch.float64, generator=generator).tolist()
    golden = {
        "torch": torch.__version__,
        "normal": cases,
        "sequence": {"seed": 3, "parts": sequence},
        "mixed": {"seed": 5, "integers": list(integers.items()), "uniforms": uniforms},
    }
    path = pathlib.Path(__file__).parent.parent / "randn.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
