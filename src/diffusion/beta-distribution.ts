/** The beta distribution's quantile function for two equal shape parameters: the x in [0, 1] below which a share `p` lies. */
export function betaQuantile(p: number, shape: number): number {
  if (p > 0.5) return 1 - betaQuantile(1 - p, shape);
  const share = p * 2 * incompleteBeta(0.5, shape);
  let [low, high] = [0, 0.5];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, shape) < share) low = middle;
    else high = middle;
  }
  return high;
}

/** Integral of (y (1 - y))^(shape - 1) from 0 to x, x at most 1/2: the binomial series, integrated term by term. */
function incompleteBeta(x: number, shape: number): number {
  let sum = 0;
  let term = x ** shape;
  for (let n = 0; n < 60; n++) {
    sum += term / (shape + n);
    term *= ((n + 1 - shape) * x) / (n + 1);
  }
  return sum;
}
