// `npm run docs:pictures`: draws the pictures of the guide anew.
import { writeFileSync } from 'node:fs'
import { drawDev, PICTURE } from './dev.ts'

writeFileSync(PICTURE, await drawDev())
