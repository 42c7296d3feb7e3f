import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Ends a run with the line "N passed, N failed"; a file that cannot be loaded and an error outside tests count as failed. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: "passed" | "failed") =>
      tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = count("failed") + broken + unhandledErrors.length;
    console.log(`${count("passed")} passed, ${failed} failed`);
  }
}
