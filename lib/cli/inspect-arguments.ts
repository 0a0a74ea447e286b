// Parses the arguments of a tool or a prompt as they are written in a shell.
import { UsageError } from './command.ts'
import type { Result } from './lists.ts'

/**
 * Parses arguments from JSON and from pairs `name=value`, which take precedence.
 *
 * @param properties The JSON Schema of each argument, or 'strings' if all are strings. A value that need not be a
 *   string is parsed as JSON if possible.
 * @throws UsageError
 */
export function parseArguments (
  json: string | undefined, pairs: readonly string[], properties: Result | 'strings'
): Result {
  const named = pairs.map((pair): [string, unknown] => {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
    if (name === undefined) throw new UsageError(`--arg '${pair}' must be name=value`)
    return [name, properties === 'strings' || isString(properties[name]) ? value : parseValue(value)]
  })
  return Object.fromEntries([...Object.entries(json === undefined ? {} : parseObject(json)), ...named])
}

function isString (schema: unknown): boolean {
  return (Object(schema) as { readonly type?: unknown }).type === 'string'
}

function parseValue (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function parseObject (json: string): object {
  const value = parseValue(json)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(`the arguments '${json}' must be a JSON object, such as '{"a":1}'`)
}
