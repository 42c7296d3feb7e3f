const mostSweeps = 50;

/**
 * The eigenvalues of a symmetric matrix [n, n] in row-major order, by Jacobi's rotations (Golub & Van Loan 2013,
 * algorithm 8.5.2, row by row). The matrix is used up.
 */
export function eigenvalues(matrix: Float64Array, n: number): Float64Array {
  const limit = 1e-24 * matrix.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < mostSweeps && offDiagonal(matrix, n) > limit; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(matrix, n, p, q);
  return Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!);
}

/** The sum of squares above the diagonal. */
function offDiagonal(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) sum += matrix[p * n + q]! ** 2;
  return sum;
}

/** Turns the plane of axes p and q so that the element of both becomes 0. */
function rotate(matrix: Float64Array, n: number, p: number, q: number): void {
  const both = matrix[p * n + q]!;
  if (both === 0) return;
  const ratio = (matrix[q * n + q]! - matrix[p * n + p]!) / (2 * both);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let k = 0; k < n; k++) turn(matrix, k * n + p, k * n + q, cosine, sine);
  for (let k = 0; k < n; k++) turn(matrix, p * n + k, q * n + k, cosine, sine);
}

function turn(matrix: Float64Array, i: number, j: number, cosine: number, sine: number): void {
  const [x, y] = [matrix[i]!, matrix[j]!];
  matrix[i] = cosine * x - sine * y;
  matrix[j] = sine * x + cosine * y;
}
