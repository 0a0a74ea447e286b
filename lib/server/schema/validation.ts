// What a JSON Schema is to the code, and what a validator returns.

/** A JSON Schema document (object form). */
export type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * What a validator returns: the value to go on with, with its defaults and as a Standard Schema transforms it, or what
 * is wrong in one sentence.
 */
export type Validation<T = unknown> =
  | { readonly valid: true, readonly value: T }
  | { readonly valid: false, readonly problem: string }
