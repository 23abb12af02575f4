import { describe, expect, it } from 'vitest'
import { playSeeds } from './seeds.ts'
import { simulate } from './simulate.ts'

describe('the relay under accidents', () => {
  it('goes the same way twice with the same seed', async () => {
    const [first, again, other] = [7, 7, 8].map((seed) => simulate({ seed, steps: 100 }))
    expect(await first).toEqual(await again)
    expect((await first)?.hash).not.toBe((await other)?.hash)
  })

  playSeeds({ first: 1, of: 2 })
})
