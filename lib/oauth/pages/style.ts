// The style of the pages. Sides are written as start and end, for languages that are written from right to left.
import { describeScheme, type Colors } from './look.ts'

/** Returns the style sheet of the pages. */
export function createStyle ({ dark, ...light }: Colors): string {
  const accent = dark.accent ?? light.accent
  return `
:root { color-scheme: light dark; ${describeScheme(light, 'light')}
  --line: #d5dae1; --warn: #fff6dc; --warn-line: #b7860b; }
@media (prefers-color-scheme: dark) { :root { ${describeScheme({ ...dark, accent }, 'dark')}
  --line: #3a424d; --warn: #2f2710; --warn-line: #c79a2a; } }
${RULES}`
}

const RULES = `* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main {
  width: 100%; max-width: 30rem; padding: clamp(1.25rem, 5vw, 2rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / .06), 0 8px 24px rgb(0 0 0 / .06);
}
.brand { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.25rem; color: var(--soft); font-weight: 600; }
.brand img { width: 2.25rem; height: 2.25rem; object-fit: contain; border-radius: .4rem; }
.brand span { overflow-wrap: anywhere; min-width: 0; }
h1 { font-size: 1.375rem; line-height: 1.3; margin: 0 0 1rem; overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
ul { margin: 0; padding-inline-start: 1.25rem; }
li { margin: .2rem 0; overflow-wrap: anywhere; }
li::marker { color: var(--edge); }
dl { margin: 1.25rem 0; border-top: 1px solid var(--line); font-size: .9375rem; }
dl div {
  display: flex; flex-wrap: wrap; gap: .1rem 1rem; justify-content: space-between;
  padding: .6rem 0; border-bottom: 1px solid var(--line);
}
dt { color: var(--soft); }
dd { margin: 0; max-width: 100%; font-weight: 600; overflow-wrap: anywhere; }
dd.link { flex-basis: 100%; font-weight: 400; }
.note {
  margin: 1rem 0 0; padding: .65rem .85rem;
  background: var(--warn); border-inline-start: .25rem solid var(--warn-line); border-radius: .35rem;
}
.detail { color: var(--soft); font-size: .9375rem; }
form, .links { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button, .links a {
  flex: 1 1 9rem; min-height: 2.875rem; padding: .6rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--ink); background: transparent; border: 1px solid var(--soft); border-radius: .6rem;
  text-align: center; text-decoration: none;
}
button.main { color: var(--on); background: var(--accent); border-color: var(--edge); }
a { color: var(--link); text-underline-offset: .15em; }
dd a { display: inline-block; min-height: 1.5rem; }
button:hover, .links a:hover { box-shadow: 0 0 0 2px var(--edge); }
label { flex: 1 1 100%; font-weight: 600; }
input:not([type=hidden]) {
  flex: 1 1 12rem; min-width: 0; min-height: 2.875rem; padding: .6rem .8rem; font: inherit;
  color: var(--ink); background: var(--card); border: 1px solid var(--soft); border-radius: .6rem;
}
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
`
