/** A fault that a person can mend: its message is one sentence saying what, where, and what was expected. */
export class UserError extends Error {
  override readonly name = "UserError";
}
