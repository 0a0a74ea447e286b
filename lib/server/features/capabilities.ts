// The features that a server offers, and the capabilities that announce them to clients.
import type { Collection } from '../lists/collection.ts'
import type { ResourceSet } from './find-resource.ts'
import type { Prompt } from './prompt.ts'
import type { Tool } from './tool.ts'

/** The entries that are registered on a server. */
export interface Features {
  readonly tools: Collection<Tool>
  readonly prompts: Collection<Prompt>
  readonly resources: ResourceSet
}

export const hasTools = ({ tools }: Features): boolean => tools.used
export const hasPrompts = ({ prompts }: Features): boolean => prompts.used
export const hasResources = ({ resources }: Features): boolean => resources.statics.used || resources.templates.used
export const hasCompleters = ({ prompts, resources }: Features): boolean =>
  prompts.enabled.some(({ completers }) => completers.size > 0) ||
  resources.templates.enabled.some(({ template }) => template.completers.size > 0)

/** Returns the capabilities of a server. @param canListen Whether the client can be notified of changes. */
export function listCapabilities (features: Features, canListen: boolean): object {
  const list = canListen ? { listChanged: true } : {}
  return {
    ...(hasTools(features) && { tools: list }),
    ...(hasPrompts(features) && { prompts: list }),
    ...(hasResources(features) && { resources: canListen ? { subscribe: true, ...list } : list }),
    ...(hasCompleters(features) && { completions: {} }),
    logging: {}
  }
}
