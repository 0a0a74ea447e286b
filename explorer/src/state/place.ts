// The place in the page: the mount, the item and its arguments, written in the fragment of the URL. The fragment never
// reaches a server, and holds no secrets.
import { signal } from '@preact/signals'
import { decodeComponent } from '../schema/uri-component.ts'

/** The kinds of items that a server offers. */
export type Kind = 'tool' | 'resource' | 'template' | 'prompt'

/** The era that the user has chosen; undefined for the newest era of the server. */
export type ChosenEra = 'modern' | 'legacy' | undefined

/** A place in the page. */
export interface Place {
  readonly mount?: string | undefined
  readonly kind?: Kind | undefined
  /** The name of the item, or its URI. */
  readonly name?: string | undefined
  /** The arguments of a call, as JSON. */
  readonly args?: string | undefined
  readonly era?: ChosenEra
  /** Whether the calls of all clients are shown instead of the item. */
  readonly isLive?: boolean
}

const KINDS: readonly string[] = ['tool', 'resource', 'template', 'prompt']

function isKind (text: string | undefined): text is Kind {
  return text !== undefined && KINDS.includes(text)
}

/** Reads a place from the fragment of a URL. */
export function parsePlace (hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [mount, kind, name] = path.split('/').map(decodeComponent)
  const params = new URLSearchParams(query)
  const era = params.get('era')
  return {
    ...(mount !== undefined && mount !== '' && { mount }),
    ...(isKind(kind) && name !== undefined && { kind, name }),
    ...(params.has('args') && { args: params.get('args') ?? '' }),
    ...((era === 'modern' || era === 'legacy') && { era }),
    ...(params.get('view') === 'live' && { isLive: true })
  }
}

/** Writes a place as the fragment of a URL. */
export function formatPlace ({ mount, kind, name, args, era, isLive = false }: Place): string {
  const path = [mount, kind, name].filter((part) => part !== undefined).map(encodeURIComponent).join('/')
  const params = new URLSearchParams({
    ...(args !== undefined && { args }), ...(era !== undefined && { era }), ...(isLive && { view: 'live' })
  })
  return `#/${path}${params.size === 0 ? '' : `?${params}`}`
}

/** Where the user is. */
export const place = signal<Place>(parsePlace(location.hash))

window.addEventListener('hashchange', () => { place.value = parsePlace(location.hash) })

/** Goes to another place, which the Back button of the browser leaves again. */
export function go (to: Place): void {
  const hash = formatPlace(to)
  if (hash !== location.hash) history.pushState(null, '', hash)
  place.value = to
}

/** Changes the place without a step of the Back button. */
export function amend (change: Partial<Place>): void {
  place.value = { ...place.peek(), ...change }
  history.replaceState(null, '', formatPlace(place.value))
}

window.addEventListener('popstate', () => { place.value = parsePlace(location.hash) })

/** The URL that restores a place. */
export function urlOf (to: Place): string {
  return new URL(formatPlace(to), location.href).href
}
