// What a mount is made of, which its app does not see.
import type { MountParts } from '../../lib/http/parts.ts'
import type { Mount } from '../../lib/index.ts'
import { findMounted } from '../../lib/registry.ts'

/** Returns the parts of a mount. */
export function partsOf (mount: Mount): MountParts {
  return findMounted(mount).parts
}
