// requestState: what a server remembers between the rounds of one call. The client keeps it, sealed by the server.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { fitsBytes } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import { RefusedError, type RpcError } from '../../errors.ts'
import { duration, kind, kindOf, nested, THAT } from '../../options/checks.ts'
import { complete, type ResolvedOf, type TableOf } from '../../options/table.ts'

/** How the state of calls that ask the client is sealed. */
export interface RequestStateOptions {
  /**
   * Secrets of 32 bytes or more. The first one seals, and each of them opens. Give the same secrets to all processes
   * that serve the same clients. To replace a secret, put the new one first.
   * @default a random secret of the process
   */
  readonly keys?: ReadonlyArray<string | Uint8Array>
  /** Milliseconds that a client has for its answers. @default 600000 (10 minutes) */
  readonly ttl?: number
}

const SHORTEST_KEY = 32

const keys = kindOf<ReadonlyArray<string | Uint8Array>>(
  `secrets of ${SHORTEST_KEY} bytes or more, the one that seals first`,
  (value) => Array.isArray(value) && value.length > 0 && value.every(isLongEnough))
const ttl = kind<number>((value) => value === 0 ? 'must be above 0' : duration().check(value))

const REQUEST_STATE = { keys: keys(), ttl: ttl(600_000) } satisfies TableOf<RequestStateOptions>

/** The `requestState` option, checked and completed. */
export type ResolvedRequestState = ResolvedOf<typeof REQUEST_STATE>

const EXPECTED = 'must be an object, such as { keys: [process.env.MCP_STATE_KEY] }'

/** The `requestState` option of a server. */
export const requestStateOption = nested(REQUEST_STATE, EXPECTED, {
  describe: (found) => found.name === 'keys' ? `needs 'keys': ${found.problem}` : THAT.describe(found)
})

/** The call that a state belongs to. It can be opened for no other call. */
export interface StateBinding {
  readonly principal: string | undefined
  readonly method: string
  /** The tool, the prompt or the resource. */
  readonly target: string
  readonly args: unknown
}

/** The longest state of a call, in bytes of its JSON. The client sends it back in each round. */
export const MAX_STATE_BYTES = 1024 * 1024

const IV_BYTES = 12
const TAG_BYTES = 16
const PURPOSE = 'fastify-mcp-mount requestState'
const FINGERPRINT_BYTES = 6

/** Seals and opens the states of one server with AES-256-GCM. */
export class StateSealer {
  readonly #keys: readonly Buffer[]
  readonly #ttl: number
  readonly #server: string
  readonly #now: () => number

  /** @param options Checked options. @param now The clock, in milliseconds. */
  constructor (
    server: string, options: RequestStateOptions | ResolvedRequestState = {}, now: () => number = Date.now
  ) {
    const { keys, ttl } = complete(REQUEST_STATE, options)
    this.#keys = (keys ?? [randomBytes(SHORTEST_KEY)]).map(deriveKey)
    this.#ttl = ttl
    this.#server = server
    this.#now = now
  }

  /**
   * Seals a state for one call.
   * @throws RangeError if the JSON of the state has more than {@link MAX_STATE_BYTES} bytes.
   */
  seal (state: WireObject, binding: StateBinding): string {
    const text = JSON.stringify({ expires: this.#now() + this.#ttl, state })
    if (!fitsBytes(text, MAX_STATE_BYTES)) {
      throw new RangeError(`the requestState, with the answers so far, has more than ${MAX_STATE_BYTES} bytes; ` +
        'keep what is large, and put a key to it into the state')
    }
    const iv = randomBytes(IV_BYTES)
    // The cast holds, because the constructor makes sure that there is a key.
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0] as Buffer, iv).setAAD(this.#bind(binding))
    const sealed = cipher.update(text, 'utf8')
    return Buffer.concat([iv, sealed, cipher.final(), cipher.getAuthTag()]).toString('base64url')
  }

  /**
   * Opens a state that {@link seal} sealed for the same call. The log says why a state cannot be opened; the client is
   * not told.
   * @throws RpcError -32602
   */
  open (text: unknown, binding: StateBinding, log: FastifyBaseLogger): WireObject {
    const opened = typeof text === 'string' ? this.#decrypt(text, this.#bind(binding)) : undefined
    if (opened === undefined) throw refuse(log, 'it was changed, sealed by another key, or belongs to another call')
    if (!isWireObject(opened.state) || Number(opened.expires) <= this.#now()) throw refuse(log, 'it has expired')
    return opened.state
  }

  /**
   * Identifies each key to other processes, and gives away nothing of it. The name of the server is in it, because a
   * state is bound to that, too.
   */
  get fingerprints (): readonly string[] {
    return this.#keys.map((key) => createHmac('sha256', key).update(`fingerprint of a key for ${this.#server}`)
      .digest().subarray(0, FINGERPRINT_BYTES).toString('base64url'))
  }

  #decrypt (text: string, aad: Buffer): WireObject | undefined {
    const bytes = Buffer.from(text, 'base64url')
    // Node.js decodes leniently, so a changed text may decode to the same bytes. Such a text is refused.
    if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined

    for (const key of this.#keys) {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
      decipher.setAAD(aad).setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
        return JSON.parse(plain.toString('utf8'))
      } catch {
        // Another key may have sealed it.
      }
    }
    return undefined
  }

  // The call is authenticated with the state, but is not part of it. So a state cannot be opened for another call.
  #bind ({ principal, method, target, args }: StateBinding): Buffer {
    const digest = createHash('sha256').update(toCanonicalJson(args)).digest('base64url')
    return Buffer.from(JSON.stringify([this.#server, principal ?? null, method, target, digest]))
  }
}

function refuse (log: FastifyBaseLogger, reason: string): RpcError {
  log.warn({ reason }, 'a requestState was refused')
  return new RefusedError(ErrorCode.InvalidParams, 'Invalid or expired requestState')
}

function deriveKey (secret: string | Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, SHORTEST_KEY))
}

function isLongEnough (key: unknown): boolean {
  if (typeof key === 'string') return Buffer.byteLength(key) >= SHORTEST_KEY
  return key instanceof Uint8Array && key.length >= SHORTEST_KEY
}

/** Returns the JSON of a value with the keys of every object in order, so that equal values have equal texts. */
export function toCanonicalJson (value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => isWireObject(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1))
    : inner) ?? 'null'
}
