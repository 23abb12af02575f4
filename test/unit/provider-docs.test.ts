import { describe, expect, it } from 'vitest'
import { findProvider, providers } from '../../src/providers/registry.ts'
import { vectorFiles } from '../case/provider.case.ts'
import { providerDocs } from '../support/provider-docs.ts'

it('the list of providers in the documentation is current', async () => {
  await expect(providerDocs(providers)).toMatchFileSnapshot('../../docs/providers.md')
})

describe('the registry', () => {
  it('has each slug once, in kebab case, and finds it', () => {
    const slugs = providers.map(({ slug }) => slug)
    expect(new Set(slugs).size).toBe(slugs.length)
    expect(slugs.filter((slug) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))).toEqual([])
    for (const provider of providers) expect(findProvider(provider.slug)).toBe(provider)
  })

  it('links the documentation of every verified provider', () => {
    const verified = providers.filter(({ evidence }) => evidence !== 'unverified')
    expect(verified.filter(({ docs }) => !docs?.startsWith('https://')).map(({ slug }) => slug)).toEqual([])
  })

  it('has a provider for every file of vectors', () => {
    const files = [...vectorFiles('golden'), ...vectorFiles('derived')]
    expect(files.filter(({ provider }) => findProvider(provider) === undefined)).toEqual([])
  })

  it('lists verified providers by slug', () => {
    const slugs = providers.filter(({ evidence }) => evidence !== 'unverified').map(({ slug }) => slug)
    expect(slugs).toEqual(slugs.toSorted())
  })
})
