import { ddim } from "./ddim.ts";
import { ddpm } from "./ddpm.ts";
import { deis } from "./deis.ts";
import { dpm2 } from "./dpm2.ts";
import { dpm2Ancestral } from "./dpm2-a.ts";
import { dpmpp2m } from "./dpmpp-2m.ts";
import { dpmpp2mSde } from "./dpmpp-2m-sde.ts";
import { dpmpp2sAncestral } from "./dpmpp-2s-a.ts";
import { dpmppSde } from "./dpmpp-sde.ts";
import { euler } from "./euler.ts";
import { eulerAncestral } from "./euler-a.ts";
import { heun } from "./heun.ts";
import { lcm } from "./lcm.ts";
import { lms } from "./lms.ts";
import { pndm } from "./pndm.ts";
import { tcd } from "./tcd.ts";
import { unipc } from "./unipc.ts";

/** Every sampler by name. Each entry makes one: `samplers.ddim({ eta: 0.5 })`. */
export const samplers: {
  readonly ddpm: typeof ddpm;
  readonly ddim: typeof ddim;
  readonly pndm: typeof pndm;
  readonly euler: typeof euler;
  readonly "euler-a": typeof eulerAncestral;
  readonly heun: typeof heun;
  readonly dpm2: typeof dpm2;
  readonly "dpm2-a": typeof dpm2Ancestral;
  readonly lms: typeof lms;
  readonly "dpmpp-2m": typeof dpmpp2m;
  readonly "dpmpp-2s-a": typeof dpmpp2sAncestral;
  readonly "dpmpp-sde": typeof dpmppSde;
  readonly "dpmpp-2m-sde": typeof dpmpp2mSde;
  readonly unipc: typeof unipc;
  readonly deis: typeof deis;
  readonly lcm: typeof lcm;
  readonly tcd: typeof tcd;
} = {
  ddpm,
  ddim,
  pndm,
  euler,
  "euler-a": eulerAncestral,
  heun,
  dpm2,
  "dpm2-a": dpm2Ancestral,
  lms,
  "dpmpp-2m": dpmpp2m,
  "dpmpp-2s-a": dpmpp2sAncestral,
  "dpmpp-sde": dpmppSde,
  "dpmpp-2m-sde": dpmpp2mSde,
  unipc,
  deis,
  lcm,
  tcd,
};

/** The samplers' names. */
export type SamplerName = keyof typeof samplers;
