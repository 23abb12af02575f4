import type { Provider } from './provider.ts'

export const unverified: readonly Provider[] = []
