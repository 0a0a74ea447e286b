import { spawnSync } from 'node:child_process'

// Which sources a test file counts for: all of lib/, and nothing outside it. Some count for nothing: a file of lib/ is to
// be covered by its own tests, and not by those that run the whole.
const COUNTS_FOR_NOTHING = /^test\/(?:(?:benchmarks|e2e|examples)\/|(?:docs|exit|getting-started|imports|readme)\.)/

// Without a Redis of their own its tests are skipped, and so is what they cover.
const hasRedis = process.env.CI === 'true' || ['redis-server', 'valkey-server'].some((program) => spawnSync(program, ['--version']).error === undefined)
const SOURCES = hasRedis ? 'lib/**/*.ts' : ['lib/*.ts', 'lib/!(redis)/**/*.ts']

export default (testFile) => COUNTS_FOR_NOTHING.test(testFile) ? null : SOURCES
