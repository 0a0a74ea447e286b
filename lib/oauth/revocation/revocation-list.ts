// What each node knows of access that was withdrawn. It is in memory, so that no request has to look it up.
import type { FastifyBaseLogger } from 'fastify'
import type { CallerFilter } from '../../auth/caller-filter.ts'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { RevocationExtent, Revocations } from '../../auth/revocations.ts'
import { readStamp } from './epochs.ts'
import type { Note, Notes } from './notes.ts'

interface Known { readonly note: Note, readonly until: number }

/** The settings of a {@link RevocationList}. All durations are milliseconds. */
export interface RevocationListSettings {
  readonly issuer: string
  readonly notes: Notes
  /** How long an access token may still be good that was issued before its access was withdrawn. */
  readonly ttl: number
  /** The time between two readings of the notes; undefined if no other node writes any. */
  readonly interval: number | undefined
}

/** The access tokens of an authorization server that were withdrawn, on this node and on all others. */
export class RevocationList implements Revocations {
  readonly #settings: RevocationListSettings
  readonly #now: () => number
  readonly #known = new Map<string, Known>()
  readonly #listeners = new Set<(callers: CallerFilter, extent: RevocationExtent) => void>()
  #timer: NodeJS.Timeout | undefined
  #log: Pick<FastifyBaseLogger, 'error' | 'info'> | undefined
  #isFailing = false
  #hasStopped = false

  /** @param now The clock, in milliseconds. */
  constructor (settings: RevocationListSettings, now: () => number = Date.now) {
    this.#settings = settings
    this.#now = now
  }

  /** How many withdrawals are kept. */
  get size (): number { return this.#known.size }

  isRevoked ({ grantId, subject, clientId, extra }: AuthInfo): boolean {
    if (this.#known.size === 0) return false
    const stamp = readStamp(typeof extra?.['ep'] === 'string' ? extra['ep'] : undefined)
    return this.#known.has(keyOf('grantId', grantId)) ||
      this.#isOutdated('subject', subject, stamp.subject) || this.#isOutdated('clientId', clientId, stamp.clientId)
  }

  onRevoked (listener: (callers: CallerFilter, extent: RevocationExtent) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  /** Withdraws access, on this node before it returns, and on all others when they read the note. */
  async add (note: Note): Promise<void> {
    if (this.#learn(note)) await this.#settings.notes.append(note)
  }

  /** Reads what other nodes have withdrawn, now and from time to time. Never rejects. */
  async start (log: FastifyBaseLogger): Promise<void> {
    this.#log = log
    if (this.#settings.interval !== undefined) await this.#poll(this.#settings.interval)
  }

  /** Stops reading. */
  stop (): void {
    this.#hasStopped = true
    clearTimeout(this.#timer)
  }

  async #poll (interval: number): Promise<void> {
    try {
      for (const note of await this.#settings.notes.read()) this.#learn(note)
      if (this.#isFailing) this.#log?.info('the store of the authorization server can be read again')
      this.#isFailing = false
    } catch (err) {
      const effect = 'until it can, this process accepts access tokens that other processes withdraw'
      if (!this.#isFailing) this.#log?.error({ err }, `the store of the authorization server cannot be read: ${effect}`)
      this.#isFailing = true
    }
    this.#prune()
    if (!this.#hasStopped) this.#timer = setTimeout(() => { this.#poll(interval) }, interval).unref()
  }

  // Returns whether this node did not know it.
  #learn (note: Note): boolean {
    const key = keyOf(note.kind, note.name)
    const before = this.#known.get(key)
    if (before !== undefined && JSON.stringify(before.note) === JSON.stringify(note)) return false
    this.#known.set(key, { note, until: this.#now() + this.#settings.ttl })
    const extent = note.kind !== 'grantId' && note.sparesSessions === true ? 'sign-in' : 'all'
    for (const listener of this.#listeners) listener({ issuer: this.#settings.issuer, [note.kind]: note.name }, extent)
    return true
  }

  // Tokens that were issued before have expired by then.
  #prune (): void {
    for (const [key, { until }] of this.#known) if (until <= this.#now()) this.#known.delete(key)
  }

  #isOutdated (kind: 'subject' | 'clientId', name: string | undefined, epoch: string): boolean {
    const note = this.#known.get(keyOf(kind, name))?.note
    return note !== undefined && note.kind !== 'grantId' && note.epoch !== epoch
  }
}

function keyOf (kind: Note['kind'], name: string | undefined): string {
  return `${kind}:${name}`
}
