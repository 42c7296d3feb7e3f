import { totalmem } from "node:os";

/**
 * Bytes of memory that this process may have: the machine's, or the limit of its control group if that is less.
 *
 * @param limit 0 where none is known, and more than the machine has where there is none.
 */
export function machineMemory(
  total: number = totalmem(),
  limit: number = process.constrainedMemory(),
): number {
  return limit > 0 ? Math.min(total, limit) : total;
}
