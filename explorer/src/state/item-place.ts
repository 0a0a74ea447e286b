// Places within the mount that is shown.
import { currentMount } from './mounts.ts'
import { place, type Place } from './place.ts'

/** The place of an item of the mount that is shown, in the same era. Without an item, it is the place of the mount. */
export function placeOf (item: Pick<Place, 'kind' | 'name'> = {}): Place {
  return { mount: currentMount.value?.name, era: place.value.era, ...item }
}
