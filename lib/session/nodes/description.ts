// What a node serves, as it tells the other nodes, and how two of them differ.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { shorten } from '../../protocol/bounds.ts'
import { isWireObject } from '../../protocol/message.ts'
import type { Contents } from '../../server/contents.ts'
import type { ClusterPeer, KeyPurpose, PeerDifference } from '../../telemetry/events.ts'

/** What a mount serves on this node. */
export interface Served {
  /** What the definition offers; undefined if that is unknown before there is a client. */
  readonly contents: Contents | undefined
  /** The version of the definition. */
  readonly version: string | undefined
  /** The fingerprints of the keys of access tokens; the first one signs. */
  readonly tokenKeys: readonly string[] | undefined
}

/** What a node tells the others of itself. */
export interface Description extends Omit<ClusterPeer, 'node'> {
  /** A hash of `entries`; absent if they are unknown. */
  readonly digest?: string
  /** The hash of each tool, prompt and resource, by its label; absent if they are unknown or too many. */
  readonly entries?: Readonly<Record<string, string>>
  /** The fingerprints of keys, in groups; the first one of each seals. No key can be found by its fingerprint. */
  readonly keys: { readonly [purpose in KeyPurpose]: ReadonlyArray<readonly string[]> }
}

// The characters that the entries may have in a message.
const MAX_ENTRIES_LENGTH = 100_000
// The names of each kind of difference in one event.
const MAX_NAMES = 20

const PURPOSES: readonly KeyPurpose[] = ['requestState', 'tokens']

/** Describes this node. */
export function describeNode ({ contents, version, tokenKeys = [] }: Served): Description {
  const entries = contents && [...contents.entries].sort(([a], [b]) => a < b ? -1 : 1)
  const text = entries && JSON.stringify(entries)
  const digest = text && createHash('sha256').update(text).digest('base64url')
  return {
    host: hostname(),
    pid: process.pid,
    ...(version !== undefined && { version }),
    ...(digest !== undefined && { digest }),
    ...(entries && text && text.length <= MAX_ENTRIES_LENGTH && { entries: Object.fromEntries(entries) }),
    keys: { requestState: contents?.keys ?? [], tokens: [tokenKeys] }
  }
}

/** Whether a message of another node has a description. */
export function isDescription (value: unknown): value is Description {
  if (!isWireObject(value)) return false
  const { host, pid, version, digest, entries, keys } = value
  return isText(host) && Number.isSafeInteger(pid) && isTextOrNothing(version) && isTextOrNothing(digest) &&
    (entries === undefined || (isWireObject(entries) && Object.values(entries).every(isText))) &&
    isWireObject(keys) && PURPOSES.every((purpose) => isGroups(keys[purpose]))
}

/** Returns how a peer differs from this node; undefined if it serves the same. */
export function findDifference (own: Description, peer: Description): PeerDifference | undefined {
  const keys = PURPOSES.filter((purpose) => cannotOpen(own.keys[purpose], peer.keys[purpose]))
  const isSame = own.digest === peer.digest || own.digest === undefined || peer.digest === undefined
  if (isSame && keys.length === 0) return undefined
  if (isSame || own.entries === undefined || peer.entries === undefined) {
    return { missing: [], additional: [], changed: [], keys }
  }
  const [mine, theirs] = [own.entries, peer.entries]
  const isHere = (label: string): boolean => Object.hasOwn(mine, label)
  return {
    missing: name(Object.keys(theirs).filter((label) => !isHere(label))),
    additional: name(Object.keys(mine).filter((label) => !Object.hasOwn(theirs, label))),
    changed: name(Object.keys(theirs).filter((label) => isHere(label) && mine[label] !== theirs[label])),
    keys
  }
}

// The first key of a group seals, and a process opens with any of its keys.
function cannotOpen (mine: ReadonlyArray<readonly string[]>, theirs: ReadonlyArray<readonly string[]>): boolean {
  const [opens, opensThere] = [mine.flat(), theirs.flat()]
  if (opens.length === 0 || opensThere.length === 0) return false
  const lacks = (known: readonly string[]) => ([first]: readonly string[]): boolean =>
    first !== undefined && !known.includes(first)
  return theirs.some(lacks(opens)) || mine.some(lacks(opensThere))
}

function name (labels: readonly string[]): readonly string[] {
  return labels.slice(0, MAX_NAMES).map((label) => shorten(label))
}

function isGroups (value: unknown): boolean {
  return Array.isArray(value) && value.every((group) => Array.isArray(group) && group.every(isText))
}

function isText (value: unknown): value is string {
  return typeof value === 'string'
}

function isTextOrNothing (value: unknown): boolean {
  return value === undefined || isText(value)
}
