// Which sources a test file counts for: all of lib/, and nothing outside it. Some count for nothing: a file of lib/ is to
// be covered by its own tests, and those that run the library in other processes, under another loader, give its lines
// other places.
const COUNTS_FOR_NOTHING = /^test\/(?:(?:benchmarks|e2e|examples)\/|(?:docs|exit|imports|readme)\.)/

export default (testFile) => COUNTS_FOR_NOTHING.test(testFile) ? null : 'lib/**/*.ts'
