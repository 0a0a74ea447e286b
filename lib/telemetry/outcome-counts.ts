// Counts how the requests of one mount end.
import { requests } from './channels.ts'
import type { MountIdentity, RequestEvent, RequestOutcome } from './events.ts'
import { ofMount } from './read-event.ts'

/** How many requests ended how. */
export type Outcomes = Readonly<Record<RequestOutcome, number>>

const NONE: Outcomes = Object.freeze({
  ok: 0, input_required: 0, tool_error: 0, invalid_arguments: 0, refused: 0, cancelled: 0, timeout: 0, crash: 0
})

/** Counts from its first reading on, so that a mount whose counts are never read pays nothing. */
export class OutcomeCounts {
  readonly #isOwn: (event: MountIdentity) => boolean
  #counts: Record<RequestOutcome, number> | undefined
  #hasStopped = false
  // Subscribers get unknown messages; those of this channel are events of requests.
  readonly #count = (message: unknown): void => {
    const event = message as RequestEvent
    const { outcome } = event
    if (this.#isOwn(event) && outcome !== undefined && this.#counts !== undefined) this.#counts[outcome]++
  }

  constructor (identity: MountIdentity) {
    this.#isOwn = ofMount(identity)
  }

  /** Returns the counts. */
  read (): Outcomes {
    if (this.#counts === undefined && !this.#hasStopped) {
      this.#counts = { ...NONE }
      requests.asyncEnd.subscribe(this.#count)
    }
    return { ...NONE, ...this.#counts }
  }

  /** Counts no more. */
  stop (): void {
    this.#hasStopped = true
    requests.asyncEnd.unsubscribe(this.#count)
  }
}
