import { expect, test } from "vitest";
import { SessionWorker } from "./session-worker.browser.ts";

/** A worker that runs a script of its own in place of ONNX Runtime. */
function workerOf(script: string): SessionWorker {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new SessionWorker(new Worker(address));
}

const call = { method: "dispose", session: 0 } as const;

test("answers reach the calls that they belong to, in whatever order they come", async () => {
  const worker = workerOf(`
    const numbers = [];
    self.onmessage = ({ data: { number } }) => {
      numbers.push(number);
      if (numbers.length < 3) return;
      postMessage({ number: numbers[2], results: { y: new Float32Array([3]) } });
      postMessage({ number: numbers[1], error: "no such session" });
      postMessage({ number: numbers[0], results: { y: new Float32Array([1]) } });
    };
  `);
  const [first, second, third] = [worker.call(call), worker.call(call), worker.call(call)];
  await expect(second).rejects.toThrow(/^no such session$/);
  expect([[...(await first).y!], [...(await third).y!]]).toEqual([[1], [3]]);
  worker.terminate();
});

test("a worker that fails ends the calls that wait, and those that follow", async () => {
  const worker = workerOf("self.onmessage = () => { throw new Error('out of luck'); };");
  const fault = /^worker: expected it to start and to stay, it failed: .*out of luck/;
  await expect(worker.call(call)).rejects.toThrow(fault);
  await expect(worker.call(call)).rejects.toThrow(fault);
});

test("a worker that is ended answers no more", async () => {
  const worker = workerOf("");
  const waiting = worker.call(call);
  worker.terminate();
  await expect(waiting).rejects.toThrow("worker: expected it to stay, it was ended");
  await expect(worker.call(call)).rejects.toThrow("worker: expected it to stay, it was ended");
});
