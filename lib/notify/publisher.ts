// What the owner of a server calls when something has changed; bursts become one message each.
import { topicOf, type ChangeEvent } from '../protocol/change.ts'

/** Tells clients that something has changed. What one turn of the event loop brings is joined, and each change is told once. */
export interface Notifier {
  /** The list of tools has changed. */
  toolsChanged (): void
  /** The list of prompts has changed. */
  promptsChanged (): void
  /** The list of resources, or of resource templates, has changed. */
  resourcesChanged (): void
  /** The contents of a resource have changed. @param uri As clients name it. */
  resourceUpdated (uri: string): void
}

/** Publishes changes, what one turn of the event loop brings together. @param onFailure Told when they cannot be. */
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
    // In a function of its own, so that what throws fails as what rejects.
    const published = async (): Promise<void> => publishAll(events)
    published().catch(onFailure)
  }
}

/** A notifier that publishes. */
export function createNotifier (publish: (event: ChangeEvent) => void): Notifier {
  return Object.freeze({
    toolsChanged: () => publish({ kind: 'tools' }),
    promptsChanged: () => publish({ kind: 'prompts' }),
    resourcesChanged: () => publish({ kind: 'resources' }),
    resourceUpdated: (uri: string) => publish({ kind: 'resource', uri })
  })
}
