import t from 'tap'
import { englishTexts, type PageTexts } from '../../../lib/oauth/index.ts'
import { findTextsProblem } from '../../../lib/oauth/pages/texts.ts'
import { arabic, german } from './translations.ts'

t.test('texts in any language are accepted, if they are complete', async (t) => {
  t.equal(findTextsProblem({ de: german, 'ar-EG': arabic, en: { ...englishTexts, allow: 'Approve' } }), undefined)
})

t.test('what is wrong with texts is said', async (t) => {
  const { allow: _allow, ...incomplete } = german
  for (const [texts, problem] of [
    [null, /^must be an object of languages/],
    [{ 'not a language': german }, /'not a language', which is no language tag/],
    [{ de: 'Deutsch' }, /'de', which must be an object of texts/],
    [{ de: { ...german, alow: 'Erlauben' } }, /'alow', which does not exist; the texts are consentTitle, /],
    [{ de: incomplete }, /needs 'allow', a text such as 'Allow'/],
    [{ de: { ...german, allow: '' } }, /needs 'allow'/],
    [{ de: { ...german, consentHeading: 'Erlauben?' } }, /'consentHeading', which must have \{app\} and \{client\}/],
    [{ de: { ...german, allow: '{app} erlauben' } }, /'allow', which must have no placeholder/],
    [{ de: { ...german, scopes: { 'a b': 'x' } } }, /'scopes', which must be scopes and their words/],
    [{ de: { ...german, scopes: { a: '' } } }, /'scopes'/]
  ] as ReadonlyArray<[unknown, RegExp]>) {
    t.match(findTextsProblem(texts), problem, String(problem))
  }
})

t.test('no English text is the same as a German one', async (t) => {
  const same = (Object.keys(englishTexts) as Array<keyof PageTexts>).filter((key) => englishTexts[key] === german[key])
  t.same(same, [])
})
