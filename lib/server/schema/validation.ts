// The types of a JSON Schema and of the result of a validation.

/** A JSON Schema document that is an object. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * The result of a validation: the value, with its defaults and as a Standard Schema transforms it, or a sentence that
 * says what is wrong.
 */
export type Validation<T = unknown> =
  | { readonly valid: true, readonly value: T }
  | { readonly valid: false, readonly problem: string }
