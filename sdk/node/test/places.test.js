/** How far broadcasts have come, over a restart. */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from '../src/index.js'
import { Places } from '../src/places.js'

function inDirectory(play) {
    return () => {
        const directory = mkdtempSync(join(tmpdir(), 'tocsin-places-'))
        try {
            play(join(directory, 'places.json'))
        } finally {
            rmSync(directory, { recursive: true })
        }
    }
}

test('a worker goes on from the place it has kept', inDirectory((path) => {
    const places = new Places(path)
    assert.equal(places.find('s 5', 0), undefined)
    places.note('s 5', 0, 12)
    places.note('s 5', 1, 0)
    places.save(1000)
    const again = new Places(path)
    assert.deepEqual([again.find('s 5', 0), again.find('s 5', 1)], [12, 0])
    assert.equal(again.find('s 6', 0), undefined)
}))

test('the file is written when something has changed, twice a second at most', inDirectory((path) => {
    const places = new Places(path)
    places.save(1000)
    assert.deepEqual([places.due(), existsSync(path)], [Infinity, false])
    places.note('s 5', 0, 1)
    places.save(1000)
    places.note('s 5', 0, 1)
    assert.equal(places.due(), Infinity)
    places.note('s 5', 0, 2)
    assert.equal(places.due(), 1500)
    places.save(1400)
    assert.equal(readFileSync(path, 'utf8'), '{"s 5 0":1}')
    places.save(1400, true)
    assert.equal(readFileSync(path, 'utf8'), '{"s 5 0":2}')
}))

test('a file that cannot be written is told, and tried again', inDirectory((path) => {
    const words = []
    const places = new Places(join(path, 'nowhere'), (each) => words.push(each))
    places.note('s 5', 0, 1)
    places.save(1000)
    assert.match(words[0], /cannot be kept: ENOENT/)
    assert.equal(places.due(), 1500)
}))

test('what is no file of places is refused before anything is missed', inDirectory((path) => {
    for (const words of ['', '[]', 'null', '{"s 5 0": "1"}', '{"s 5 0": -1}', '{"s 5 0": 1.5}']) {
        writeFileSync(path, words)
        assert.throws(() => new Worker('tcp://127.0.0.1:1', { places: path }), /no places of broadcasts/)
    }
}))

test('without a file nothing is kept', () => {
    const places = new Places()
    places.note('s 5', 0, 1)
    places.save(1000, true)
    assert.deepEqual([places.find('s 5', 0), places.due()], [1, Infinity])
})
