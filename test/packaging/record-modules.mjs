// A module hook: writes the URL of every ES module that is loaded to the file named by RECORD_MODULES_TO.
import { appendFileSync } from 'node:fs'

export async function load (url, context, nextLoad) {
  appendFileSync(process.env.RECORD_MODULES_TO, `${url}\n`)
  return nextLoad(url, context)
}
