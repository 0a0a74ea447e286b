import { spawnSync } from 'node:child_process'

// Says which sources a test file covers: all of lib/, as many rules only show where files work together. Tests of the
// whole package cover nothing, so that tests closer to a source have to cover it.
const COUNTS_FOR_NOTHING = /^test\/(?:(?:docs|e2e|examples|together\/(?:benchmarks|e2e))\b|(?:exit|imports)\.)/

// Where Redis is not installed, its tests are skipped, and its sources do not count.
const isInstalled = (program) => spawnSync(program, ['--version']).error === undefined
const hasRedis = process.env.CI === 'true' || ['redis-server', 'valkey-server'].some(isInstalled)
const SOURCES = hasRedis ? 'lib/**/*.ts' : ['lib/*.ts', 'lib/!(redis)/**/*.ts']

export default (testFile) => COUNTS_FOR_NOTHING.test(testFile) ? null : SOURCES
