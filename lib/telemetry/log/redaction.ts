// Removes what must not be seen from arguments and messages.
import fastRedact from '@pinojs/redact'
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'
import { isWireObject, parseJson } from '../../protocol/message.ts'

const CENSOR = '[Redacted]'

/** Removes values from what is logged, or shown. */
export interface Redaction {
  /** Returns a copy of arguments in which the values at the paths are redacted. */
  ofArguments (value: unknown): unknown
  /**
   * Redacts a message, which must be a copy: the paths hold at every depth, and in texts that are JSON. The state of a
   * request and the URLs of sign-ins are always redacted.
   */
  ofMessage (value: unknown): unknown
}

/**
 * Creates what redacts the values at some paths.
 * @param option The option that has the paths, for errors.
 * @param paths As in the `redact` option of pino.
 * @throws MCP_ERR_INVALID_OPTION if a path is not well-formed.
 */
export function createRedaction (option: string, paths: readonly string[]): Redaction {
  const redact = compile(option, paths)

  function ofMessage (value: unknown): unknown {
    if (typeof value === 'string') return ofText(value)
    if (typeof value !== 'object' || value === null) return value
    const members = value as Record<string, unknown>
    for (const [name, member] of Object.entries(members)) {
      members[name] = isSecret(members, name) ? CENSOR : ofMessage(member)
    }
    return redact(members)
  }

  // A result has its structured content as a text, too.
  function ofText (text: string): string {
    const value = paths.length > 0 && /^\s*[{[]/.test(text) ? parseJson(text) : undefined
    return value === undefined ? text : JSON.stringify(ofMessage(value))
  }

  return { ofMessage, ofArguments: (value) => isWireObject(value) ? redact(value) : value }
}

// A client that sends the state, or a person who opens the URL of a question, goes on with what a user has begun.
function isSecret ({ mode }: Record<string, unknown>, name: string): boolean {
  return name === 'requestState' || (name === 'url' && mode === 'url')
}

function compile (option: string, paths: readonly string[]): (value: object) => unknown {
  try {
    // Given a function, it leaves nothing of its own in the copy.
    const redact = fastRedact({ paths: [...paths], censor: CENSOR, serialize: (value: unknown) => value })
    return (value) => redact(value)
  } catch (error) {
    throw new MCP_ERR_INVALID_OPTION(option, `has a path in 'redact' that is wrong: ${String(error)}`)
  }
}
