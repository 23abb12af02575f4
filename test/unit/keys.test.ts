import { expect, it } from 'vitest'
import { isPinned, makeKeyStore } from '../../src/providers/scheme/keys.ts'

const HOSTS = ['keys.example.com']
const url = 'https://keys.example.com/jwks'

function storeWith(answers: (Response | Error)[]) {
  const asked: string[] = []
  const clock = { at: 0 }
  const store = makeKeyStore({
    now: () => clock.at,
    fetch: (at) => {
      asked.push(at)
      const answer = answers.shift() ?? new Response('', { status: 500 })
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  })
  return { store, asked, clock }
}

it.each([
  'http://keys.example.com/a',
  'https://keys.example.com.evil.test/a',
  'https://user@keys.example.com/a',
  'https://keys.example.com:8443/a',
  'https://evil.test/?https://keys.example.com/',
  'not a url',
])('fetches nothing from %s', async (at) => {
  const { store, asked } = storeWith([])
  expect(await store.text({ url: at, hosts: HOSTS })).toBeUndefined()
  expect(asked).toEqual([])
  expect(isPinned({ url: at, hosts: HOSTS })).toBe(false)
})

it('keeps an answer for an hour, and asks again for an unknown key at most once a minute', async () => {
  const { store, asked, clock } = storeWith([new Response('one'), new Response('two'), new Response('three')])
  const ask = (again = false) => store.text({ url, hosts: HOSTS, again })
  expect([await ask(), await ask(), await ask(true)]).toEqual(['one', 'one', 'one'])
  clock.at = 61_000
  expect([await ask(true), await ask(true)]).toEqual(['two', 'two'])
  clock.at = 61_000 + 3_600_000
  expect(await ask()).toBe('three')
  expect(asked).toHaveLength(3)
})

it('keeps the old keys while their host is down', async () => {
  const { store, clock } = storeWith([
    new Response('one'),
    new Error('unreachable'),
    new Response('', { status: 503 }),
  ])
  await store.text({ url, hosts: HOSTS })
  clock.at = 3_600_001
  expect(await store.text({ url, hosts: HOSTS })).toBe('one')
})

it('follows no redirect and takes no endless answer', async () => {
  const headers = { location: 'https://evil.test/' }
  const { store } = storeWith([new Response('', { status: 302, headers }), new Response('x'.repeat(300_000))])
  expect(await store.text({ url, hosts: HOSTS })).toBeUndefined()
  expect(await store.text({ url: `${url}2`, hosts: HOSTS })).toBeUndefined()
})

it('asks a bounded number of times a minute, however many URLs senders name', async () => {
  const { store, asked, clock } = storeWith([])
  for (let n = 0; n < 100; n++) await store.text({ url: `${url}/${n}`, hosts: HOSTS })
  expect(asked).toHaveLength(30)
  clock.at = 60_000
  await store.text({ url: `${url}/more`, hosts: HOSTS })
  expect(asked).toHaveLength(31)
})
