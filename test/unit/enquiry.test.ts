import { expect, it } from 'vitest'
import { makeTargetCheck } from '../../src/model/resolver.ts'
import { makeEnquirer } from '../../src/route/enquiry.ts'

function world(answer: () => Response | Promise<Response>) {
  const asked: string[] = []
  const time = { now: 0 }
  const enquire = makeEnquirer({
    fetch: async (url, { signal }) => {
      asked.push(url)
      return await new Promise<Response>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
        void Promise.resolve(answer()).then(resolve, reject)
      })
    },
    checkTarget: makeTargetCheck({ allow: [], resolve: async () => ['93.184.216.34'] }),
    now: () => time.now,
  })
  const ask = (url: string, tenantId = 'ten_a') =>
    enquire({ tenantId, url, headers: {}, cacheSeconds: 60, timeoutMs: 100 })
  return { ask, asked, time }
}

it.each(['http://169.254.169.254/', 'https://10.0.0.1/', 'https://localhost/', 'file:///etc/passwd'])(
  'never asks %s',
  async (url) => {
    const { ask, asked } = world(() => Response.json(1))
    await expect(ask(url)).rejects.toThrow()
    expect(asked).toEqual([])
  },
)

it('asks once in a while, and each tenant for itself', async () => {
  let n = 0
  const { ask, asked, time } = world(() => Response.json(++n))
  const url = 'https://api.example/a'
  expect([await ask(url), await ask(url), await ask(url, 'ten_b')]).toEqual([1, 1, 2])
  time.now = 60_000
  expect(await ask(url)).toBe(3)
  expect(asked).toHaveLength(3)
})

it.each([
  ['a failure', () => new Response('', { status: 500 }), 'the answer was 500'],
  [
    'a redirect',
    () => new Response('', { status: 302, headers: { location: 'http://10.0.0.1/' } }),
    'the answer was 302',
  ],
  ['what is no JSON', () => new Response('<html>'), 'JSON'],
  ['an endless answer', () => new Response('x'.repeat(70_000)), 'more than'],
  ['silence', () => new Promise<Response>(() => undefined), 'no answer within 100 ms'],
])('rejects %s', async (_, answer, said) => {
  await expect(world(answer).ask('https://api.example/')).rejects.toThrow(said)
})
