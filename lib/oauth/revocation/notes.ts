// The notes by which the nodes of an app tell each other whose access was withdrawn: a numbered list in the store.
import { parseJson, isWireObject } from '../../protocol/message.ts'
import type { OAuthStore } from '../store.ts'

/** What was withdrawn: one grant, or all access of a user or a client outside of an epoch. */
export type Note =
  | { readonly kind: 'grantId', readonly name: string }
  | {
    readonly kind: 'subject' | 'clientId'
    readonly name: string
    readonly epoch: string
    /** Calls and sessions go on, but further requests are refused, and streams bring nothing more. */
    readonly sparesSessions?: boolean
  }

/** The notes in a store. */
export interface Notes {
  append (note: Note): Promise<void>
  /** Returns the notes since the last call, or at first all. It may return some of them again. */
  read (): Promise<readonly Note[]>
}

const HEAD = 'revocation-head:'

/** Creates the notes in a store. @param ttl How long each is kept, in milliseconds. */
export function createNotes (store: OAuthStore, ttl: number): Notes {
  const keyOf = (number: number): string => `revocation:${number}`
  const readHead = async (): Promise<number> => Number(await store.get(HEAD) ?? 0)
  // The number of the last note that was read.
  let last = 0

  // Notes expire in their order, so the first gap ends those that are left.
  async function readDownFrom (head: number): Promise<string[]> {
    const texts: string[] = []
    for (let number = head; number > last; number--) {
      const text = await store.get(keyOf(number))
      if (text === undefined) break
      texts.unshift(text)
    }
    return texts
  }

  return {
    async append (note) {
      let number = Math.max(last, await readHead())
      do number++
      while (!await store.add(keyOf(number), JSON.stringify(note), ttl))
      await store.set(HEAD, String(number), 2 * ttl)
    },
    async read () {
      const head = await readHead()
      // The store was emptied, or two nodes wrote at once.
      if (head < last) last = 0
      const texts = await readDownFrom(head)
      last = Math.max(last, head)
      // A note is there before the head counts it.
      for (;;) {
        const text = await store.get(keyOf(last + 1))
        if (text === undefined) return texts.map(parseNote).filter((note) => note !== undefined)
        texts.push(text)
        last++
      }
    }
  }
}

// Another version may have written other kinds.
function parseNote (text: string): Note | undefined {
  const note = parseJson(text)
  if (!isWireObject(note) || typeof note.name !== 'string') return undefined
  const { kind, name, epoch, sparesSessions } = note
  if (kind === 'grantId') return { kind, name }
  if ((kind === 'subject' || kind === 'clientId') && typeof epoch === 'string') {
    return { kind, name, epoch, ...(sparesSessions === true && { sparesSessions }) }
  }
  return undefined
}
