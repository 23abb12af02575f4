import { describe } from 'vitest'
import { playSeeds } from './seeds.ts'

describe('the relay under more accidents', () => playSeeds({ first: 2, of: 2 }))
