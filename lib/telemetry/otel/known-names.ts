// The names of tools and prompts that may be labels of metrics. Clients can send any text as a name.
import type { RequestEvent } from '../events.ts'
import { OTHER } from './names.ts'

// A server has far fewer tools, and each name is a label of several metrics.
const MAX_NAMES = 1000

/** The names that a request has shown to exist: it was served by a tool or prompt of that name. */
export class KnownNames {
  readonly #names = new Set<string>()

  /** Returns the label of a name. */
  labelOf (name: string, { outcome }: RequestEvent): string {
    if (this.#names.has(name)) return name
    // A server of the SDK answers a call of an unknown tool with `isError`, and others refuse it.
    const isProved = outcome !== 'refused' && outcome !== 'tool_error' && outcome !== 'cancelled'
    if (!isProved || this.#names.size >= MAX_NAMES) return OTHER
    this.#names.add(name)
    return name
  }
}
