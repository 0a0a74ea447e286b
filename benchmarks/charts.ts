// `npm run bench:charts`: draws the charts and writes the tables anew, from the results that there are.
import { publish } from './publish.ts'

publish()
