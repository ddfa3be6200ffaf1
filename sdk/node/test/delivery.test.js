/** How an outcome is told. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cut, Fail, Retry, settlementOf } from '../src/delivery.js'
import { TEXT_BYTES } from '../src/wire.js'

const said = (ended) => {
    const { outcome, error, result, disables, retry_after_ms: after } = settlementOf(7, 0, ended)
    return { outcome, error, result, disables, after }
}
const nothing = { error: undefined, result: undefined, disables: undefined, after: undefined }

test('what is returned is the result', () => {
    assert.deepEqual(said({ result: undefined }), { ...nothing, outcome: 'ok' })
    assert.deepEqual(said({ result: { a: 1 } }), { ...nothing, outcome: 'ok', result: '{"a":1}' })
    const large = said({ result: 'x'.repeat(TEXT_BYTES) })
    assert.deepEqual(JSON.parse(large.result), { left_out: `${TEXT_BYTES + 2} bytes` })
})

test('what is thrown says what is to be done', () => {
    const later = new Retry('later', { afterSeconds: 2 })
    assert.deepEqual(said({ problem: later }), {
        ...nothing, outcome: 'retry', error: 'later', after: 2000,
    })
    const gone = new Fail('gone', { disables: true })
    assert.deepEqual(said({ problem: gone }), {
        ...nothing, outcome: 'fail', error: 'gone', disables: true,
    })
    assert.equal(said({ problem: new TypeError('odd') }).error, 'TypeError: odd')
    assert.equal(said({ problem: undefined }).outcome, 'retry')
})

test('what cannot be told is a reason to try again', () => {
    const round = {}
    round.round = round
    assert.equal(said({ result: round }).outcome, 'retry')
    assert.equal(said({ problem: Object.create(null) }).outcome, 'retry')
})

test('words are cut at a character and have no NUL', () => {
    assert.equal(cut('a\0b'), 'a\ufffdb')
    const long = cut('ü'.repeat(TEXT_BYTES))
    assert.equal(long, 'ü'.repeat(TEXT_BYTES / 2))
    assert.equal(Buffer.byteLength(cut('x' + 'ü'.repeat(TEXT_BYTES))), TEXT_BYTES - 1)
})
