// Finds ids that tell apart the requests that run at the same time in one session.
import type { RequestId } from '../protocol/message.ts'

/**
 * Returns the id under which a server gets a request: the client's own id, or one derived from it while another request
 * has the same id. Some clients give all their requests the same id, and the SDK would mix up their answers.
 */
export function findFreeId (id: RequestId, used: { has (id: RequestId): boolean }): RequestId {
  let free = id
  for (let count = 2; used.has(free); count++) free = `${id} (${count})`
  return free
}
