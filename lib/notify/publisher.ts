// Publishes changes: those of one turn of the event loop together, and each topic once.
import { topicOf, type ChangeEvent } from '../protocol/change.ts'

/** Notifies clients of changes. Changes in one turn of the event loop are sent together, and equal ones once. */
export interface Notifier {
  /** The list of tools has changed. */
  toolsChanged (): void
  /** The list of prompts has changed. */
  promptsChanged (): void
  /** The list of resources, or of resource templates, has changed. */
  resourcesChanged (): void
  /** The contents of a resource have changed. @param uri The URI by which clients know the resource. */
  resourceUpdated (uri: string): void
}

/**
 * Creates a function that collects changes and publishes those of one turn of the event loop together.
 * @param onFailure Called with the error if they cannot be published.
 */
export function createPublisher (
  publishAll: (events: readonly ChangeEvent[]) => void | Promise<void>, onFailure: (error: unknown) => void
): (event: ChangeEvent) => void {
  let waiting = new Map<string, ChangeEvent>()

  return function publish (event) {
    if (waiting.size === 0) setImmediate(flush)
    waiting.set(topicOf(event), event)
  }

  function flush (): void {
    const events = [...waiting.values()]
    waiting = new Map()
    // An async function, so that an exception becomes a rejection.
    const published = async (): Promise<void> => publishAll(events)
    published().catch(onFailure)
  }
}

/** Creates a notifier that calls `publish` for each change. */
export function createNotifier (publish: (event: ChangeEvent) => void): Notifier {
  return Object.freeze({
    toolsChanged: () => publish({ kind: 'tools' }),
    promptsChanged: () => publish({ kind: 'prompts' }),
    resourcesChanged: () => publish({ kind: 'resources' }),
    resourceUpdated: (uri: string) => publish({ kind: 'resource', uri })
  })
}
