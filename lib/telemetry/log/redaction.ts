// Removes what must not be logged from the arguments of calls.
import fastRedact from '@pinojs/redact'
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'

/**
 * Creates a function that returns a copy of arguments in which the values at some paths are redacted.
 * @param paths As in the `redact` option of pino.
 * @throws MCP_ERR_INVALID_OPTION if a path is not well-formed.
 */
export function createRedaction (paths: readonly string[]): (value: unknown) => unknown {
  const redact = compile(paths)
  // Handlers and other subscribers have the same arguments.
  return (value) => typeof value === 'object' && value !== null ? redact(structuredClone(value)) : value
}

function compile (paths: readonly string[]): fastRedact.redactFnNoSerialize {
  try {
    return fastRedact({ paths: [...paths], censor: '[Redacted]', serialize: false })
  } catch (error) {
    throw new MCP_ERR_INVALID_OPTION('log', `has a path in 'redact' that is wrong: ${String(error)}`)
  }
}
