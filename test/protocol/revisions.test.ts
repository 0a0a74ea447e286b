import t from 'tap'
import {
  ASSUMED_LEGACY_REVISION,
  hasBatches,
  LEGACY_REVISIONS,
  MODERN_REVISION,
  MODERN_REVISIONS,
  negotiateRevision,
  NEWEST_LEGACY_REVISION
} from '../../lib/protocol/revisions.ts'

t.test('every revision is served by one era', async (t) => {
  t.strictSame(MODERN_REVISIONS, ['2026-07-28'])
  t.equal(MODERN_REVISION, '2026-07-28')
  t.strictSame(LEGACY_REVISIONS, ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])
  t.equal(NEWEST_LEGACY_REVISION, '2025-11-25')
  t.equal(ASSUMED_LEGACY_REVISION, '2025-03-26')
})

t.test(
  'initialize is answered with the requested revision if it is served, else with the newest legacy one',
  async (t) => {
    for (const revision of LEGACY_REVISIONS) t.equal(negotiateRevision(revision), revision)
    for (const revision of ['2026-07-28', '1900-01-01', '', '2025-11-25 ']) {
      t.equal(negotiateRevision(revision), '2025-11-25')
    }
  }
)

t.test('only the revision 2025-03-26 has batches', async (t) => {
  t.strictSame([...MODERN_REVISIONS, ...LEGACY_REVISIONS].filter(hasBatches), ['2025-03-26'])
})
