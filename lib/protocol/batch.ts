// JSON-RPC batches, which only revision 2025-03-26 has.
import { classify, type Classified } from './classify.ts'
import { readId } from './message.ts'
import { Method } from './methods.ts'
import { refuse, type Refusal } from './refusals.ts'
import { hasBatches } from './revisions.ts'

/** Checks each message of a batch. Refuses the whole batch if it is empty, too long, or not allowed by the revision. */
export function readBatch (
  batch: readonly unknown[], revision: string, maxBatch: number
): ReadonlyArray<Classified | Refusal> | Refusal {
  const problem = findBatchProblem(batch, revision, maxBatch)
  return problem === undefined ? batch.map((item) => readItem(item, revision)) : refuse('invalidRequest', null, problem)
}

function findBatchProblem (batch: readonly unknown[], revision: string, maxBatch: number): string | undefined {
  if (!hasBatches(revision)) return `revision ${revision} has no batches; send each message on its own`
  if (batch.length === 0) return 'the batch is empty'
  return batch.length > maxBatch ? `the batch has more than ${maxBatch} messages, which is 'maxBatch'` : undefined
}

function readItem (item: unknown, revision: string): Classified | Refusal {
  const message = classify(item, revision, { legacy: true })
  if (message.kind === 'refusal') return message
  if (message.era === 'modern') return refuse('invalidRequest', readId(item), `a batch is of revision ${revision}`)
  // MCP 2025-03-26 lifecycle, Initialization.
  if (message.kind === 'request' && message.request.method === Method.Initialize) {
    return refuse('invalidRequest', readId(item), "'initialize' must not be part of a batch")
  }
  return message
}
