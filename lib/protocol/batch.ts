// JSON-RPC batches, which revision 2025-03-26 has and no other.
import { classify, type Classified } from './classify.ts'
import { invalidRequest, readId, type Refusal } from './message.ts'
import { hasBatches } from './revisions.ts'

/** Checks the messages of a batch one by one; the whole batch is refused where the revision has none, or it is too long. */
export function readBatch (
  batch: readonly unknown[], revision: string, maxBatch: number
): ReadonlyArray<Classified | Refusal> | Refusal {
  if (!hasBatches(revision)) return invalidRequest(null, `revision ${revision} has no batches; send each message by itself`)
  if (batch.length === 0) return invalidRequest(null, 'the batch is empty')
  if (batch.length > maxBatch) return invalidRequest(null, `the batch has more than ${maxBatch} messages, which is 'maxBatch'`)
  return batch.map((item) => readItem(item, revision))
}

function readItem (item: unknown, revision: string): Classified | Refusal {
  const message = classify(item, revision, true)
  if (message.kind === 'refusal') return message
  if (message.era === 'modern') return invalidRequest(readId(item), `a batch is of revision ${revision}`)
  // MCP 2025-03-26 lifecycle, Initialization.
  if (message.kind === 'request' && message.request.method === 'initialize') return invalidRequest(readId(item), "'initialize' must not be part of a batch")
  return message
}
