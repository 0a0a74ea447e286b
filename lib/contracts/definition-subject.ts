// The definition under test, and the checks of it.
import type { ServerDefinition } from '../server/definition.ts'
import type { Subject } from './contract.ts'
import type { Stage } from './definition-stage.ts'

/** A definition under test. It has three tools, none of which takes arguments. */
export interface DefinitionSubject extends Subject {
  /** The definition. */
  readonly definition: ServerDefinition
  /** The name of a tool that answers with the `clientId` of its caller's `auth`, as a text. */
  readonly whoami: string
  /** The name of a tool that sends its client a progress of 1, and then answers. */
  readonly report: string
  /** The name of a tool that answers only after its call was aborted. */
  readonly wait: string
  /** Returns the number of calls of the `wait` tool that are running. */
  waiting (): number
  /** Changes the list of tools for all clients; absent where each client has a server of its own. */
  change? (): void
}

/** @internal Checks of definitions, by the sentence that each of them proves. */
export type DefinitionChecks = Readonly<Record<string, (subject: DefinitionSubject, stage: Stage) => Promise<void>>>
