// The rule for tool names. MCP 2026-07-28 server/tools, Tool Names.

const MAX_LENGTH = 128
const ALLOWED = /^[A-Za-z0-9_.-]+$/

/**
 * Says what is wrong with the name of a tool, as the predicate of a sentence about the tool. Returns `undefined` for a
 * valid name: 1 to 128 ASCII letters, digits, `_`, `-` and `.`.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/tools#tool-names
 */
export function findToolNameProblem (name: unknown): string | undefined {
  if (typeof name !== 'string') return 'must have a string as its name'
  if (name === '') return 'must have a name that is not empty'
  if (name.length > MAX_LENGTH) return `has a name of ${name.length} characters; at most ${MAX_LENGTH} are allowed`
  if (!ALLOWED.test(name)) return "has a name with other characters than the allowed A-Z, a-z, 0-9, '_', '-' and '.'"
  return undefined
}
