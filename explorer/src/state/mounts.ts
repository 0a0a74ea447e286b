// The mounts of the app.
import { computed, signal } from '@preact/signals'
import type { DescribedApp, DescribedMount } from '../../../lib/explorer/description.ts'
import { place } from './place.ts'

export type { DescribedMount }

/** The mounts; undefined until they are known. */
export const mounts = signal<readonly DescribedMount[] | undefined>(undefined)

/** Whether the app lets the page watch the calls of all clients. */
export const canWatch = signal(false)

/** Whether the calls of all clients are shown instead of a mount. */
export const isLiveShown = computed(() => canWatch.value && place.value.isLive === true)

/** Why the mounts could not be loaded. */
export const mountsProblem = signal<string | undefined>(undefined)

/** The mount that the user looks at. */
export const currentMount = computed<DescribedMount | undefined>(() => {
  const all = mounts.value ?? []
  return all.find(({ name }) => name === place.value.mount) ?? all[0]
})

/** Loads the mounts. */
export async function loadMounts (): Promise<void> {
  try {
    const response = await fetch('./mounts.json')
    if (!response.ok) throw new Error(`the app answered ${response.status}`)
    // The explorer's own plugin has sent it.
    const app = await response.json() as DescribedApp
    mounts.value = app.mounts
    canWatch.value = app.canWatch
    mountsProblem.value = undefined
  } catch (error) {
    mountsProblem.value = `The mounts of the app could not be loaded: ${(error as Error).message}.`
  }
}
