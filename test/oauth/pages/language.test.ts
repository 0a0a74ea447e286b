import t from 'tap'
import { directionOf, findLanguage } from '../../../lib/oauth/pages/language.ts'

t.test('a browser gets the language that it wants most, of those that there are', async (t) => {
  const available = ['en', 'de', 'pt-BR', 'zh-Hant']
  for (const [header, language] of [
    ['de', 'de'], ['de-AT, en;q=0.8', 'de'], ['en;q=0.5, DE;q=0.9', 'de'], ['pt-br', 'pt-BR'],
    ['pt', undefined], ['fr, de;q=0', undefined], ['fr;q=0.9, *;q=0.1', undefined], ['zh-Hant-TW', 'zh-Hant'],
    [undefined, undefined], ['', undefined], [';;;q=,,', undefined], ['de;q=x, en', 'en'], ['-', undefined]
  ] as const) {
    t.equal(findLanguage(header, available), language, String(header))
  }
  t.equal(findLanguage(`${'xx,'.repeat(50)}de`, available), undefined, 'of a long header, the first are read')
})

t.test('languages are written in one of two directions', async (t) => {
  t.same(['en', 'ar', 'he', 'fa', 'ur-PK', 'dv', 'yi', 'pa', 'pa-Arab', 'zh-Hant', 'xx'].map(directionOf),
    ['ltr', 'rtl', 'rtl', 'rtl', 'rtl', 'rtl', 'rtl', 'ltr', 'rtl', 'ltr', 'ltr'])
})
