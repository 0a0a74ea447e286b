// The ids of requests that run at the same time in one session.
import type { RequestId } from '../protocol/message.ts'

/**
 * Returns the id by which a server knows a request: the client's own, or one derived from it while another request has
 * that one. Some clients give all their requests the same id, and the SDK would mix up their answers.
 */
export function findFreeId (id: RequestId, taken: { has (id: RequestId): boolean }): RequestId {
  let free = id
  for (let count = 2; taken.has(free); count++) free = `${id} (${count})`
  return free
}
