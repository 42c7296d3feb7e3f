/**
 * A guidance scale as a latent consistency model takes it, the U-Net's `timestep_cond`: sinusoids of 1000 * (scale - 1),
 * in float32 as diffusers computes them (LatentConsistencyModelPipeline.get_guidance_scale_embedding).
 *
 * @param features the U-Net's time_cond_proj_dim
 */
export function guidanceScaleEmbedding(guidanceScale: number, features: number): Float32Array {
  const half = Math.floor(features / 2);
  const { fround } = Math;
  const decay = fround(fround(Math.log(10000)) / (half - 1));
  const weight = fround(fround(guidanceScale - 1) * 1000);
  const embedding = new Float32Array(features);
  for (let i = 0; i < half; i++) {
    const angle = fround(weight * fround(Math.exp(fround(-i * decay))));
    embedding[i] = Math.sin(angle);
    embedding[half + i] = Math.cos(angle);
  }
  return embedding;
}
