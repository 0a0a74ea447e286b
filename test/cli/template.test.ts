import t from 'tap'
import { addPackages, choose, fillIn, isWanted } from '../../lib/cli/template.ts'

const TEXT = `a
// #with auth
b
  # #with redis
c
  # #end
// #end
<!-- #without auth -->
d
<!-- #end -->
e
`

t.test('parts of a file belong to features', async (t) => {
  t.equal(choose(TEXT, new Set()), 'a\nd\ne\n')
  t.equal(choose(TEXT, new Set(['redis'])), 'a\nd\ne\n')
  t.equal(choose(TEXT, new Set(['auth'])), 'a\nb\ne\n')
  t.equal(choose(TEXT, new Set(['auth', 'redis'])), 'a\nb\nc\ne\n')
  t.equal(choose('{\n  a,\n  // #with auth\n  b\n  // #end\n}\n', new Set()), '{\n  a\n}\n')
})

t.test('files and packages belong to features', async (t) => {
  t.ok(isWanted('src/app.ts', new Set()))
  t.notOk(isWanted('Dockerfile', new Set(['auth', 'redis'] as const)))
  t.ok(isWanted('Dockerfile', new Set(['docker'] as const)))
  t.equal(addPackages('{"dependencies":{"z":"1"}}', new Set(['redis'] as const)), `{
  "dependencies": {
    "ioredis": "{{ioredis}}",
    "z": "1"
  }
}
`)
})

t.test('blanks are filled in', async (t) => {
  // eslint-disable-next-line no-template-curly-in-string
  t.equal(fillIn('{{name}} {{ioredis}} ${{ matrix.node }}', { name: 'a', ioredis: '^6' }), 'a ^6 ${{ matrix.node }}')
})
