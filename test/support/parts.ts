// Gives tests the internal parts of a mount, which are hidden from its app.
import type { MountParts } from '../../lib/http/parts.ts'
import type { Mount } from '../../lib/index.ts'
import { findMounted } from '../../lib/registry.ts'

/** Returns the parts of a mount. */
export function partsOf (mount: Mount): MountParts {
  return findMounted(mount).parts
}
