// The mounts of the app.
import { computed, signal } from '@preact/signals'
import { WRITTEN_ID } from '../../../lib/explorer/description.ts'
import type { DescribedApp, DescribedMount } from '../../../lib/explorer/description.ts'
import { place } from './place.ts'

export type { DescribedMount }

// The app writes them into the page, which saves a request before the first one to a mount.
const written = JSON.parse(document.getElementById(WRITTEN_ID)?.textContent ?? '') as DescribedApp

/** The mounts. */
export const mounts = signal(written.mounts)

/** Whether the app lets the page watch the calls of all clients. */
export const canWatch = signal(written.canWatch)

/** Whether the calls of all clients are shown instead of a mount. */
export const isLiveShown = computed(() => canWatch.value && place.value.isLive === true)

/** The mount that the user looks at; undefined if nothing is mounted. */
export const currentMount = computed<DescribedMount | undefined>(() => {
  return mounts.value.find(({ name }) => name === place.value.mount) ?? mounts.value[0]
})

/** Loads the mounts again. They stay as they are if the app does not answer. */
export async function reloadMounts (): Promise<void> {
  const response = await fetch('./mounts.json').catch(() => undefined)
  if (response?.ok !== true) return
  // The explorer's own plugin has sent it.
  const app = await response.json() as DescribedApp
  mounts.value = app.mounts
  canWatch.value = app.canWatch
}
