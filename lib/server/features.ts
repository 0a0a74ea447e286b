// The features that a server has, and how it tells clients of them.
import type { ServerParts } from './parts.ts'

export const hasTools = ({ tools }: ServerParts): boolean => tools.used
export const hasPrompts = ({ prompts }: ServerParts): boolean => prompts.used
export const hasResources = ({ resources }: ServerParts): boolean => resources.statics.used || resources.templates.used
export const hasCompleters = ({ prompts, resources }: ServerParts): boolean =>
  prompts.enabled.some(({ completers }) => completers.size > 0) ||
  resources.templates.enabled.some(({ template }) => template.completers.size > 0)

/** The capabilities of a server. @param canListen Whether the client can be told of changes. */
export function listCapabilities (parts: ServerParts, canListen: boolean): object {
  const list = canListen ? { listChanged: true } : {}
  return {
    ...(hasTools(parts) && { tools: list }),
    ...(hasPrompts(parts) && { prompts: list }),
    ...(hasResources(parts) && { resources: canListen ? { subscribe: true, ...list } : list }),
    ...(hasCompleters(parts) && { completions: {} }),
    logging: {}
  }
}
