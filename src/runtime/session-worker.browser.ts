import type { Answer, Call, Results } from "./answer-calls.browser.ts";

/** The page's end of a worker that runs sessions. */
export class SessionWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer | Error) => void>();
  #calls = 0;
  #fault: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      this.#waiting.get(data.number)?.(data);
    });
    worker.addEventListener("error", ({ message }) => {
      this.#fail(new Error(`worker: expected it to start and to stay, it failed: ${message}`));
    });
  }

  /** Has the worker do something. What is transferred is no longer the page's. */
  call(call: Call, transfer: Transferable[] = []): Promise<Results> {
    const number = this.#calls++;
    return new Promise((resolve, reject) => {
      if (this.#fault) throw this.#fault;
      this.#waiting.set(number, (answer) => {
        this.#waiting.delete(number);
        if (answer instanceof Error) reject(answer);
        else if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer.results);
      });
      this.#worker.postMessage({ ...call, number }, { transfer });
    });
  }

  /** Ends the worker and frees its memory. Calls that it has not answered fail. */
  terminate(): void {
    this.#worker.terminate();
    this.#fail(new Error("worker: expected it to stay, it was ended"));
  }

  #fail(fault: Error): void {
    this.#fault = fault;
    for (const end of this.#waiting.values()) end(fault);
  }
}
