// The connection that the page shows: it follows the mount and the era of the place.
import { computed, effect, signal, untracked } from '@preact/signals'
import { Connection } from './connection.ts'
import { currentMount, type DescribedMount } from './mounts.ts'
import { place, type ChosenEra } from './place.ts'

/** The values that the user has given to the parameters of paths, such as `/:tenant/mcp`. */
export const pathValues = signal<Readonly<Record<string, string>>>({})

/** The connection that is shown; undefined until there is a mount whose URL is known. */
export const connection = signal<Connection | undefined>(undefined)

/** The URL of a mount; undefined while a parameter of its path has no value. */
export function urlOfMount (mount: DescribedMount, values: Readonly<Record<string, string>>): URL | undefined {
  if (mount.params.some((name) => (values[name] ?? '') === '')) return undefined
  const path = mount.params.reduce((url, name) => {
    return url.replace(new RegExp(`:${name}(?=/|$)`), encodeURIComponent(values[name] ?? ''))
  }, mount.url)
  return new URL(path, new URL('.', location.href))
}

const chosenEra = computed<ChosenEra>(() => {
  const { era } = place.value
  const eras = currentMount.value?.eras ?? []
  return era !== undefined && eras.includes(era) ? era : undefined
})

const target = computed(() => {
  const mount = currentMount.value
  const url = mount && urlOfMount(mount, pathValues.value)
  return mount === undefined || url === undefined ? undefined : { mount, url, era: chosenEra.value }
})

// Objects are compared by what they say, because the list of mounts may be loaded again.
const key = computed(() => JSON.stringify([target.value?.mount, target.value?.url.href, target.value?.era]))

/** Follows the place from now on. */
export function followPlace (): void {
  effect(() => {
    key.value // eslint-disable-line @typescript-eslint/no-unused-expressions -- the effect depends on it alone
    untracked(() => {
      connection.value?.close()
      const now = target.value
      connection.value = now && new Connection(now.mount, now.url, now.era)
      connection.value?.open()
    })
  })
}
