import t from 'tap'
import { createProofCheck, PROOF_ALGORITHMS, readThumbprint } from '../../lib/auth/dpop.ts'
import { createProofKey, type ProofOptions } from '../support/dpop.ts'
import { NOW, NOW_SECONDS } from '../support/issuer.ts'

const URL_OF_MOUNT = 'https://api.example.com/notes/mcp'
const FOR_MOUNT = { url: URL_OF_MOUNT, token: 'token' }
const now = (): number => NOW
const key = await createProofKey('ES256', now)
const request = { token: 'token', method: 'POST', url: URL_OF_MOUNT }

async function findProblem (options: Partial<ProofOptions>, changed: Partial<typeof request> = {}): Promise<unknown> {
  const jwt = await key.prove({ ...FOR_MOUNT, ...options })
  return await createProofCheck(now)({ jwt, ...request, ...changed }, key.thumbprint).catch((error: unknown) => {
    const { name, message } = Object(error)
    return `${name}: ${message}`
  })
}

t.test('a proof that is made for the request is accepted, by any asymmetric key', async (t) => {
  for (const algorithm of PROOF_ALGORITHMS) {
    const other = await createProofKey(algorithm, now)
    const jwt = await other.prove(FOR_MOUNT)
    await createProofCheck(now)({ jwt, ...request }, other.thumbprint)
    t.pass(algorithm)
  }
})

t.test('a proof whose parts do not fit the request is refused with the reason', async (t) => {
  const stranger = await createProofKey('ES256', now)
  const unsigned = [{ typ: 'dpop+jwt', alg: 'none', jwk: key.jwk }, { jti: '1', htm: 'POST', htu: URL_OF_MOUNT }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const invalid = 'InvalidProofError: The proof is not valid'

  for (const [options, problem] of [
    [{ header: { typ: 'JWT' } }, invalid],
    [{ header: { typ: undefined } }, invalid],
    [{ header: { jwk: undefined } }, invalid],
    [{ header: { jwk: stranger.jwk } }, invalid],
    [{ header: { jwk: key.privateJwk } }, invalid],
    [{ header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } }, invalid],
    [{ claims: { exp: NOW_SECONDS - 1 } }, invalid],
    [{ claims: { htm: 'GET' } }, 'InvalidProofError: The proof is for another method'],
    [{ claims: { htm: 'post' } }, 'InvalidProofError: The proof is for another method'],
    [{ claims: { htu: undefined } }, 'InvalidProofError: The proof is for another URL'],
    [{ claims: { htu: 'notes' } }, 'InvalidProofError: The proof is for another URL'],
    [{ url: 'https://api.example.com/tasks/mcp' }, 'InvalidProofError: The proof is for another URL'],
    [{ url: 'https://evil.example/notes/mcp' }, 'InvalidProofError: The proof is for another URL'],
    [{ url: 'http://api.example.com/notes/mcp' }, 'InvalidProofError: The proof is for another URL'],
    [{ url: 'https://user@api.example.com/notes/mcp' }, 'InvalidProofError: The proof is for another URL'],
    [{ token: 'other' }, 'InvalidProofError: The proof is for another token'],
    [{ token: undefined }, 'InvalidProofError: The proof is for another token'],
    [{ claims: { jti: undefined } }, "InvalidProofError: The proof has no 'jti'"],
    [{ claims: { jti: '' } }, "InvalidProofError: The proof has no 'jti'"],
    [{ claims: { jti: 7 } }, "InvalidProofError: The proof has no 'jti'"]
  ] as const) t.equal(await findProblem(options), problem, JSON.stringify(options))

  for (const [jwt, problem] of [
    [undefined, 'The DPoP header is missing'],
    ['', 'The proof is not valid'],
    [`${unsigned}.`, 'The proof is not valid'],
    [`${await key.prove(FOR_MOUNT)}, ${await key.prove(FOR_MOUNT)}`, 'The proof is not valid'],
    [await stranger.prove(FOR_MOUNT), 'The proof is signed by another key than that of the token']
  ] as const) await t.rejects(createProofCheck(now)({ jwt, ...request }, key.thumbprint), { message: problem })
})

t.test('query, fragment, default port and the case of the host make no difference to the URL of a proof', async (t) => {
  for (const url of [`${URL_OF_MOUNT}?x=1`, `${URL_OF_MOUNT}#x`, 'HTTPS://API.example.com:443/notes/mcp']) {
    t.equal(await findProblem({ url }), undefined, url)
  }
  t.equal(await findProblem({}, { url: `${URL_OF_MOUNT}?x=1` }), undefined)
  t.equal(await findProblem({}, { url: 'https://[' }), 'InvalidProofError: The proof is for another URL')
})

t.test('a proof is good for five minutes before and after its time', async (t) => {
  const late = "InvalidProofError: The proof has no 'iat' within five minutes of now"
  for (const [iat, problem] of [
    [NOW_SECONDS - 300, undefined],
    [NOW_SECONDS + 300, undefined],
    [NOW_SECONDS - 301, late],
    [NOW_SECONDS + 301, late],
    [undefined, late],
    [String(NOW_SECONDS), 'InvalidProofError: The proof is not valid']
  ]) t.equal(await findProblem({ claims: { iat } }), problem, String(iat))
})

t.test('a proof is accepted once; another client may use the same jti', async (t) => {
  const check = createProofCheck(now)
  const other = await createProofKey('ES256', now)
  const claims = { jti: 'the same' }
  const jwt = await key.prove({ ...FOR_MOUNT, claims })

  const again = await key.prove({ ...FOR_MOUNT, claims })

  await check({ jwt, ...request }, key.thumbprint)
  await t.rejects(check({ jwt, ...request }, key.thumbprint), { message: 'The proof has been used before' })
  await t.rejects(check({ jwt: again, ...request }, key.thumbprint), { message: 'The proof has been used before' })
  await check({ jwt: await other.prove({ ...FOR_MOUNT, claims }), ...request }, other.thumbprint)
})

t.test('a proof that is refused is not used up', async (t) => {
  const check = createProofCheck(now)
  const jwt = await key.prove(FOR_MOUNT)

  await t.rejects(check({ jwt, ...request, method: 'GET' }, key.thumbprint))
  await check({ jwt, ...request }, key.thumbprint)
})

t.test('the key of a token is that of its confirmation claim', async (t) => {
  t.equal(readThumbprint({ extra: { cnf: { jkt: 'x' } } }), 'x')
  for (const info of [undefined, null, {}, { extra: {} }, { extra: { cnf: 'x' } }, { extra: { cnf: { jkt: 7 } } }]) {
    t.equal(readThumbprint(info), undefined)
  }
})
