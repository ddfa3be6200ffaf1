/** What comes over the wire is understood to the letter, or refused with a place and a reason. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pack, unpack } from '../src/msgpack.js'
import { decode, decodeFeed, encode } from '../src/wire.js'

const hex = (text) => Buffer.from(text, 'hex')

test('the examples of the document are what is sent and understood', () => {
    const [head, body] = encode('HELLO', { name: 'w', actions: ['webhook'], capacity: 256 })
    assert.equal(head.toString('hex'), '0121')
    assert.equal(
        body.toString('hex'),
        '83a46e616d65a177a7616374696f6e7391a7776562686f6f6ba86361706163697479cd0100',
    )
    const settled = hex('82a773657373696f6e07a66c65617365739201cd012c')
    assert.deepEqual(decode([hex('0133'), settled]), ['SETTLED', { session: 7, leases: [1, 300] }])
})

test('a message of the feed has three frames, and what is told is checked', () => {
    const event = { id: 'e', type: 'a.b', subject: '/s', time: '2026-11-24T03:00:00Z', seq: 9 }
    const topic = Buffer.from('s/a.b')
    const told = { subscription: 's', prev: 7, event }
    assert.deepEqual(decodeFeed([topic, ...encode('FEED', told)]), told)
    assert.throws(() => decodeFeed(encode('FEED', told)), /has a topic/)
    assert.throws(() => decodeFeed([topic, ...encode('PAGE', told)]), /has a topic/)
    const beyond = { ...told, prev: 1n << 60n } // no log is so long
    assert.throws(() => decodeFeed([topic, ...encode('FEED', beyond)]), { status: 'TOO_LARGE' })
    assert.throws(() => decode(encode('FEED', told)), /FEED is not for a worker/)
})

test('numbers beyond a double stay what they are', () => {
    const session = (1n << 63n) - 1n
    assert.deepEqual(decode(encode('BYE', { session })), ['BYE', { session }])
    assert.equal(unpack(pack(2 ** 53 - 1)), 2 ** 53 - 1)
})

test('unknown members are passed over whatever they are', () => {
    const strange = Buffer.concat([hex('9101d40500c0'), Buffer.alloc(3000, 0x91), hex('c0')])
    const body = Buffer.concat([hex('83'), pack('session'), hex('07'), strange])
    assert.deepEqual(decode([hex('0125'), body]), ['BYE', { session: 7 }])
})

test('a million lists in each other harm nobody', () => {
    const deep = Buffer.concat([hex('81a1'), Buffer.from('x'), Buffer.alloc(1e6, 0x91), hex('c0')])
    assert.deepEqual(decode([hex('0125'), deep]), ['BYE', {}])
})

for (const [frames, said] of [
    [['0133'], /1 frames/],
    [['0233', '80'], /version 2/],
    [['0199', '80'], /unknown command 0x99/],
    [['0121', '80'], /HELLO is not for a worker/],
    [['0133', '8000'], /1 bytes after/],
    [['0133', '81a773657373696f6e'], /ends early/],
    [['0133', 'dfffffffff'], /ends early/],
    [['0133', 'c1'], /no MessagePack/],
    [['0133', '82a773657373696f6e01a773657373696f6e01'], /session: it is there twice/],
    [['0133', '81a773657373696f6e01'], /leases: it is missing/],
    [['0133', '81a773657373696f6eff'], /session: a number below 0/],
]) {
    test(`${frames.join(' ')} is refused`, () => {
        assert.throws(() => decode(frames.map(hex)), { status: 'BAD_MESSAGE', message: said })
    })
}

test('an error is never refused', () => {
    for (const frames of [['0942'], ['0142', 'c1'], ['014200', '']])
        assert.deepEqual(decode(frames.map(hex)), ['ERROR', {}])
})
