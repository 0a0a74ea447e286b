import { spawnSync } from 'node:child_process'

// Which sources a test file covers: all of lib/, as many rules show only where files work together. Tests that run the whole
// cover nothing, so that each source is covered by tests that are closer to it.
const COUNTS_FOR_NOTHING = /^test\/(?:(?:benchmarks|docs|e2e|examples)\/|(?:exit|imports)\.)/

// Without a Redis of their own its tests are skipped, and so is what they cover.
const hasRedis = process.env.CI === 'true' || ['redis-server', 'valkey-server'].some((program) => spawnSync(program, ['--version']).error === undefined)
const SOURCES = hasRedis ? 'lib/**/*.ts' : ['lib/*.ts', 'lib/!(redis)/**/*.ts']

export default (testFile) => COUNTS_FOR_NOTHING.test(testFile) ? null : SOURCES
