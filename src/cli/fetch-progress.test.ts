import { afterEach, expect, test, vi } from "vitest";
import { fetchProgress } from "./fetch-progress.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("fetching is told of after a second, and then every ten", () => {
  vi.useFakeTimers();
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  const onFetch = fetchProgress();
  for (let second = 0; second < 21; second++) {
    onFetch({ file: "unet/x", received: second * 1e6, size: 50e6 });
    vi.advanceTimersByTime(1000);
  }
  expect(told.mock.calls.flat()).toEqual([
    "frabbit: fetching unet/x: 1.0 of 50.0 MB",
    "frabbit: fetching unet/x: 11.0 of 50.0 MB",
  ]);
});
