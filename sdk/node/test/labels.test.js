/** What is a label, and what is none. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from '../src/index.js'

const SIXTY_FOUR = 'a'.repeat(64)
const withLabels = (labels) => new Worker('tcp://127.0.0.1:1', { labels })

test('labels are said as texts, sorted', () => {
    assert.deepEqual(withLabels({ tier: 'fast', 'a/b.c_d-e': SIXTY_FOUR }).labels, [
        `a/b.c_d-e=${SIXTY_FOUR}`, 'tier=fast',
    ])
    assert.deepEqual(withLabels(undefined).labels, [])
})

test('what is no label is refused', () => {
    const none = [
        { '': 'eu' }, { region: '' }, { 're gion': 'eu' }, { region: 'e=u' }, { region: 'eu\n' },
        { [`${SIXTY_FOUR}a`]: 'eu' }, { region: 1 },
        Object.fromEntries([...Array(17).keys()].map((number) => [number, 'x'])),
    ]
    for (const labels of none) assert.throws(() => withLabels(labels), RangeError)
})
