// How long the body of a call may be, where a tool says so.
import { MCP_ERR_INVALID_DEFINITION } from '../errors.ts'
import type { BodyLimitOf } from './definition.ts'
import type { Tool } from './features/tool.ts'

/** Knows whether any tool has a limit, so that a mount of a server without any looks for none. */
export class BodyLimits {
  #isUsed = false
  #isIgnored = false

  /** Notes the limit of a tool. @throws MCP_ERR_INVALID_DEFINITION if a mount would not apply it. */
  note (tool: Tool): Tool {
    if (tool.bodyLimit === undefined) return tool
    if (this.#isIgnored) {
      throw new MCP_ERR_INVALID_DEFINITION(tool.label, "has a 'bodyLimit', but no tool had one when the server was " +
        'mounted, so its mounts look for none; register one such tool before you mount the server')
    }
    this.#isUsed = true
    return tool
  }

  /** Returns the limits for one mount; undefined if no tool has any. @param tools The enabled tools. */
  of (tools: ReadonlyMap<string, Tool>): BodyLimitOf | undefined {
    if (this.#isUsed) return (name) => tools.get(name)?.bodyLimit
    this.#isIgnored = true
  }
}
