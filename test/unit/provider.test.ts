import { describe, expect, it } from 'vitest'
import { verifyRequest } from '../../src/ingest/verify.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { vectorFiles } from '../case/provider.case.ts'

describe.each([...vectorFiles('golden'), ...vectorFiles('derived')])('$provider ($file)', ({ vectors }) => {
  it.each(vectors)('$name is $expected', async ({ source, request, now, expected }) => {
    const verification = await verifyRequest({ source, request, now, keys: noKeys })
    expect(verification.verdict === 'failed' ? 'invalid' : 'valid', JSON.stringify(verification)).toBe(
      expected,
    )
  })
})
