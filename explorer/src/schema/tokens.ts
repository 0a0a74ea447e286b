// Estimates what a list costs a model.
import { writeJsonLine } from './json-text.ts'

/** A token is about four characters of JSON in English; models differ by a fifth. */
const CHARACTERS = 4

interface Item {
  readonly name?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly arguments?: unknown
  readonly uri?: unknown
  readonly uriTemplate?: unknown
}

/** Estimates the tokens of an item as a model reads it: its name, its description and its schema. */
export function estimateTokens (item: Item): number {
  const { name, title, description, inputSchema, arguments: args, uri, uriTemplate } = item
  const text = writeJsonLine({ name: name ?? uri ?? uriTemplate, title, description, inputSchema, arguments: args })
  return Math.ceil(text.length / CHARACTERS)
}

/** Writes a number of tokens, such as `≈ 1.3k`. */
export function formatTokens (tokens: number): string {
  return tokens < 1000 ? `≈ ${tokens}` : `≈ ${(tokens / 1000).toFixed(1)}k`
}
