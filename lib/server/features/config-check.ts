// Checks the configuration of tools, prompts, resources and templates, and the options of servers.
import type { Icon } from '@modelcontextprotocol/sdk/types.js'
import { findMeant } from '../../did-you-mean.ts'
import { MCP_ERR_INVALID_DEFINITION } from '../../errors.ts'
import { kindOf, THAT } from '../../options/checks.ts'
import { findProblem, type Table } from '../../options/table.ts'
import { isPlainObject } from '../schema/json-schema.ts'

// Maps the names of other frameworks to the keys of this package.
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['parameters', 'inputSchema'], ['returns', 'outputSchema'], ['arguments', 'argsSchema']
])

/** The kind of the key `icons` of a configuration. */
export const icons = kindOf<readonly Icon[]>(
  "must be an array of icons, such as [{ src: 'https://example.com/icon.png' }]",
  (value) => Array.isArray(value) && value.every((icon) => typeof Object(icon).src === 'string'))

/**
 * Refuses a configuration with an unknown key or a wrong value. A misspelt `scopes` would leave a tool unrestricted.
 * @throws MCP_ERR_INVALID_DEFINITION
 */
export function checkConfig (label: string, config: unknown, table: Table): void {
  if (!isPlainObject(config)) {
    const problem = 'needs a configuration before its handler: an object, which may be empty ({})'
    throw new MCP_ERR_INVALID_DEFINITION(label, problem)
  }
  const known = Object.keys(table)
  const unknown = Object.keys(config).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    const problem = `has an unknown key '${unknown}' in its configuration; ${advise(unknown, known)}`
    throw new MCP_ERR_INVALID_DEFINITION(label, problem)
  }
  checkValues(label, config, table)
}

/** Refuses wrong values. @throws MCP_ERR_INVALID_DEFINITION */
export function checkValues (label: string, values: object, table: Table): void {
  const wrong = findProblem(table, values)
  if (wrong !== undefined) throw new MCP_ERR_INVALID_DEFINITION(label, THAT.describe(wrong))
}

function advise (unknown: string, known: readonly string[]): string {
  const synonym = SYNONYMS.get(unknown)
  const meant = synonym !== undefined && known.includes(synonym) ? synonym : findMeant(unknown, known)
  return meant === undefined ? `the keys are ${known.join(', ')}` : `write '${meant}'`
}
