/** What a worker may bring along. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from '../src/index.js'

const GOOD = { id: 's', revision: 3, keep: true, match: {} }
const bringing = (subscriptions) => new Worker('tcp://127.0.0.1:1', { subscriptions })

test('what is brought is said as JSON', () => {
    assert.deepEqual(bringing([GOOD]).subscriptions.map((each) => JSON.parse(each)), [GOOD])
})

test('what the broker would refuse is refused here', () => {
    const none = [
        [{ revision: 1 }], [{ id: 7, revision: 1 }], [{ id: 's' }], [{ id: 's', revision: -1 }],
        [{ id: 's', revision: '1' }], [{ id: 's', revision: 1.5 }],
        [{ id: 's', revision: 1, keep: 'yes' }], Array(65).fill(GOOD),
    ]
    for (const subscriptions of none) assert.throws(() => bringing(subscriptions), RangeError)
})
