import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  add,
  conv,
  gather,
  input,
  matmul,
  parameter,
  softmax,
  topological,
} from "../../src/graph/index.ts";
import { type Backend, compile, type Executable } from "../../src/runtime/index.ts";
import { Random } from "../../src/tensor/index.ts";
import { feedsFor, relativeError } from "../oracle/calculus.ts";
import { cases } from "../oracle/cases.ts";
import { evaluate } from "../oracle/oracle.ts";

const float32 = 2e-6;

/** What every backend must do, whatever it runs on. */
export function backendContract(backend: Backend): void {
  const options = { backend, threads: 1 };
  const x = input("x", [2, 2]);

  // A worker lives as long as a session in it: with this one, it need not be started anew for every test.
  let kept: Executable;
  beforeAll(async () => {
    kept = await compile({ sum: add(x, x) }, options);
  });
  afterAll(() => kept.dispose());

  describe.each(Object.entries(cases))("%s agrees with the oracle", (op, ofOp) => {
    test.each(ofOp)("$name", async ({ y, feeds: given }) => {
      expect(topological([y]).some((tensor) => tensor.op === op)).toBe(true);
      const feeds = feedsFor([y], given);
      await using executable = await compile({ y }, options);
      const { y: actual } = await executable.run(feeds);
      const expected = evaluate({ y }, feeds).y;
      expect(y.shape).toEqual(expected.shape);
      expect(relativeError(actual!, expected.data, 1)).toBeLessThan(float32);
    });
  });

  const product = matmul(x, parameter("weight", [2, 2]));
  const feeds = { x: Float32Array.of(1, 2, 3, 4) };

  test("fixed weights are read where they lie", async () => {
    const values = Float32Array.of(9, 9, 9, 0, 1, 1, 0, 10, 20, 9);
    const weights = { weight: values.subarray(3, 7), bias: values.subarray(7, 9) };
    const y = add(product, parameter("bias", [2]));
    await using executable = await compile({ y }, { ...options, weights });
    expect((await executable.run(feeds)).y).toEqual(Float32Array.of(12, 21, 14, 23));
  });

  test("results go into the arrays that are given, at every run; feeds stay as they are", async () => {
    const flat = new Float32Array(6).fill(7);
    const doubled = { sum: add(x, x), same: add(x, input("zero", [2, 2])) };
    const into = { sum: flat.subarray(1, 5) };
    await using executable = await compile(doubled, options, into);
    const numbers = Float32Array.of(0, 0, 1, 2, 3, 4, 0);
    const given = { x: numbers.subarray(2, 6), zero: new Float32Array(4) };
    const results = await executable.run(given);
    expect([...flat]).toEqual([7, 2, 4, 6, 8, 7]);
    expect([...results.same!]).toEqual([1, 2, 3, 4]);
    numbers.fill(-1);
    await executable.run(given);
    expect([...flat]).toEqual([7, -2, -2, -2, -2, 7]);
    expect([...results.same!]).toEqual([-1, -1, -1, -1]);
    expect(given.x.length).toBe(4);
  });

  test("a run again, and on two threads, gives the same bytes", async () => {
    const picture = input("x", [2, 8, 16, 16]);
    const y = softmax(conv(picture, parameter("weight", [8, 8, 3, 3]), { stride: 1, padding: 1 }));
    const random = new Random(3);
    const noise = { x: random.normal(2 * 8 * 256), weight: random.normal(8 * 8 * 9) };
    const runs: Float32Array[] = [];
    for (const threads of [1, 1, 2]) {
      await using executable = await compile({ y }, { backend, threads });
      runs.push((await executable.run(noise)).y!.slice(), (await executable.run(noise)).y!);
    }
    for (const run of runs) expect(run).toEqual(runs[0]);
  });

  test("sessions at the same time do not disturb each other", async () => {
    const other = gather(input("table", [3, 1]), input("rows", [2], "int32"));
    const [first, second] = await Promise.all([
      compile({ y: product }, options),
      compile({ y: other }, options),
    ]);
    const weight = Float32Array.of(2, 0, 0, 2);
    const rows = { table: Float32Array.of(5, 6, 7), rows: Int32Array.of(2, 0) };
    const [one, two] = await Promise.all([first.run({ ...feeds, weight }), second.run(rows)]);
    expect([...one.y!]).toEqual([2, 4, 6, 8]);
    expect([...two.y!]).toEqual([7, 5]);
    await first.dispose();
    expect([...(await second.run({ ...rows, rows: Int32Array.of(1, 1) })).y!]).toEqual([6, 6]);
    await second.dispose();
  });

  test("sessions built at the same time have each their own weights", async () => {
    const factors = [2, 3, 5];
    const threads = 2; // for which a worker has yet to start
    const built = await Promise.all(
      factors.map((factor) => {
        const weights = { weight: Float32Array.of(factor, 0, 0, factor) };
        return compile({ y: product }, { backend, threads, weights });
      }),
    );
    const results = await Promise.all(built.map((executable) => executable.run(feeds)));
    expect(results.map(({ y }) => [...y!])).toEqual(
      factors.map((factor) => [1, 2, 3, 4].map((value) => factor * value)),
    );
    await Promise.all(built.map((executable) => executable.dispose()));
  });

  test("values that do not fit are refused by name, and the session goes on", async () => {
    await using executable = await compile({ y: add(x, x) }, options);
    const fault = (values: Record<string, Float32Array | Int32Array>) =>
      expect(executable.run(values)).rejects;
    await fault({}).toThrow("session: x: expected float32 [2, 2], got nothing");
    await fault({ x: new Float32Array(3) }).toThrow(
      "session: x: expected float32 [2, 2], got 3 values",
    );
    await fault({ x: new Int32Array(4) }).toThrow("session: x: expected float32 [2, 2], got int32");
    expect([...(await executable.run(feeds)).y!]).toEqual([2, 4, 6, 8]);
  });

  test("a model that is none is refused, and the backend goes on", async () => {
    const request = { files: {}, inputs: [], outputs: [], threads: 1, frugal: false };
    const model = new TextEncoder().encode("no model");
    await expect(backend.createSession({ ...request, model })).rejects.toThrow(/protobuf/i);
    await using executable = await compile({ y: add(x, x) }, options);
    expect([...(await executable.run(feeds)).y!]).toEqual([2, 4, 6, 8]);
  });

  test("a disposed session runs no more, and may be disposed again", async () => {
    const executable = await compile({ y: add(x, x) }, options);
    await executable.dispose();
    await executable.dispose();
    await expect(executable.run(feeds)).rejects.toThrow(
      "session: expected one that is not disposed",
    );
  });
}
