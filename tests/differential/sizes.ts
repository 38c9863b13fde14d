/** How much of a proof runs, and from which seed. */
export const sizes = {
  /** Operations for each graph. */
  operations: Number(process.env.PROOF_OPERATIONS ?? 30),
  /** Off where it only counts whether something fails. */
  shrinks: process.env.PROOF_SHRINKS !== "0",
  seed: Number(process.env.PROOF_SEED ?? 20_261_019),
};
