// What tools, prompts, resources and templates are configured by: nothing but what is known.
import { findMeant } from '../did-you-mean.ts'
import { MCP_ERR_INVALID_DEFINITION } from '../errors.ts'
import { isPlainObject } from './json-schema.ts'

// What other frameworks call it.
const SYNONYMS: ReadonlyMap<string, string> = new Map([['parameters', 'inputSchema'], ['returns', 'outputSchema'], ['arguments', 'argsSchema']])

/**
 * Refuses a configuration with an unknown key: a misspelt `scopes` would leave a tool open to everybody.
 * @throws MCP_ERR_INVALID_DEFINITION
 */
export function checkConfig (label: string, config: unknown, known: readonly string[]): void {
  if (!isPlainObject(config)) {
    throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a configuration before its handler: an object, which may be empty ({})')
  }
  const unknown = Object.keys(config).find((key) => !known.includes(key))
  if (unknown === undefined) return

  const synonym = SYNONYMS.get(unknown)
  const meant = synonym !== undefined && known.includes(synonym) ? synonym : findMeant(unknown, known)
  const advice = meant === undefined ? `there may be ${known.join(', ')}` : `write '${meant}'`
  throw new MCP_ERR_INVALID_DEFINITION(label, `has an unknown key '${unknown}' in its configuration; ${advice}`)
}
