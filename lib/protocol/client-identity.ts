// What a client says about itself, reduced to the members that the protocol defines and to a bounded size.
import type { ClientCapabilities, Implementation } from '@modelcontextprotocol/sdk/types.js'
import { MAX_TEXT_LENGTH, shorten, takeFitting } from './bounds.ts'
import { isWireObject, type WireObject } from './message.ts'

/** Which client sent a request, and what it can do. It takes a few kilobytes at most, whatever the client sent. */
export interface ClientIdentity {
  /**
   * Self-reported name and version, for display and logs only; absent if the client does not give them. Texts are cut
   * to 1,024 characters, and icons that do not fit are left out.
   */
  readonly info?: Implementation
  /**
   * What the client can do for a server. Members that do not fit are left out, as if the client had not declared them.
   */
  readonly capabilities: ClientCapabilities
}

// Bytes as held in memory.
const MAX_ICONS_BYTES = 8192
const MAX_CAPABILITIES_BYTES = 8192

// All revisions, from 2024-11-05 to 2026-07-28.
const CAPABILITIES: ReadonlyArray<readonly [name: string, members?: readonly string[]]> = [
  ['roots', ['listChanged']],
  ['sampling', ['context', 'tools']],
  ['elicitation', ['form', 'url']],
  ['tasks', ['list', 'cancel', 'requests']],
  // The protocol does not define the members of these two.
  ['extensions'],
  ['experimental']
]

export function isImplementation (value: unknown): value is Implementation {
  return isWireObject(value) && typeof value.name === 'string' && typeof value.version === 'string'
}

/** Reduces what a client says about itself. @param info Must have passed {@link isImplementation}, if there is one. */
export function readIdentity (info: Implementation | undefined, capabilities: WireObject): ClientIdentity {
  const reduced = reduceCapabilities(capabilities)
  return info === undefined ? { capabilities: reduced } : { info: reduceInfo(info), capabilities: reduced }
}

function reduceInfo ({ name, version, title, description, websiteUrl, icons }: Implementation): Implementation {
  const reduced: Implementation = { name: shorten(name, MAX_TEXT_LENGTH), version: shorten(version, MAX_TEXT_LENGTH) }
  if (typeof title === 'string') reduced.title = shorten(title, MAX_TEXT_LENGTH)
  if (typeof description === 'string') reduced.description = shorten(description, MAX_TEXT_LENGTH)
  // A URL that was cut would lead elsewhere.
  if (typeof websiteUrl === 'string' && websiteUrl.length <= MAX_TEXT_LENGTH) reduced.websiteUrl = websiteUrl
  if (Array.isArray(icons)) reduced.icons = takeFitting(icons.entries(), MAX_ICONS_BYTES).kept.map(([, icon]) => icon)
  return reduced
}

// The members of each capability are not checked.
function reduceCapabilities (capabilities: WireObject): ClientCapabilities {
  const reduced: Record<string, unknown> = {}
  let left = MAX_CAPABILITIES_BYTES
  for (const [name, members] of CAPABILITIES) {
    const declared = capabilities[name]
    if (declared === undefined || !isWireObject(declared)) continue
    const entries = members?.map((member) => [member, declared[member]] as const) ?? Object.entries(declared)
    const { kept, bytes } = takeFitting(entries, left)
    reduced[name] = Object.fromEntries(kept)
    left -= bytes
  }
  return reduced
}
