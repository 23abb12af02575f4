import type { Bytes } from '../../model/bytes.ts'

/** CRC-32 of ISO 3309, as zip and PayPal use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, start) => {
  let crc = start
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const

const SINES = Uint32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32))

/**
 * MD5 (RFC 1321), which WebCrypto lacks. Only as a checksum: inside a text that an HMAC-SHA256 covers, as Sinch
 * builds it, or to tell long ids apart; broken as a hash against whoever wants a collision.
 */
export function md5(bytes: Uint8Array): Bytes {
  const blocks = paddedBlocks(bytes)
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  for (let offset = 0; offset < blocks.byteLength; offset += 64) addBlock(state, blocks, offset)
  const digest = new Uint8Array(16)
  const view = new DataView(digest.buffer)
  state.forEach((word, index) => view.setUint32(index * 4, word, true))
  return digest
}

function paddedBlocks(bytes: Uint8Array): DataView {
  const padded = new Uint8Array(Math.ceil((bytes.byteLength + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.byteLength] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.byteLength - 8, BigInt(bytes.byteLength) * 8n, true)
  return view
}

function addBlock(state: Uint32Array, blocks: DataView, offset: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state
  for (let step = 0; step < 64; step++) {
    const round = step >> 4
    const [mixed, word] = mix(round, { b, c, d, step })
    const sum = (a + mixed + (SINES[step] ?? 0) + blocks.getUint32(offset + word * 4, true)) | 0
    const shift = SHIFTS[round]?.[step & 3] ?? 0
    a = d
    d = c
    c = b
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
  }
  state[0] = ((state[0] ?? 0) + a) | 0
  state[1] = ((state[1] ?? 0) + b) | 0
  state[2] = ((state[2] ?? 0) + c) | 0
  state[3] = ((state[3] ?? 0) + d) | 0
}

function mix(
  round: number,
  { b, c, d, step }: { b: number; c: number; d: number; step: number },
): [mixed: number, word: number] {
  switch (round) {
    case 0:
      return [(b & c) | (~b & d), step]
    case 1:
      return [(d & b) | (~d & c), (5 * step + 1) & 15]
    case 2:
      return [b ^ c ^ d, (3 * step + 5) & 15]
    default:
      return [c ^ (b | ~d), (7 * step) & 15]
  }
}
