#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/due_queue.h"
#include "proto/model/random.h"

enum { NODES = 200, TURNS = 20000 };

//  The earliest of those that are in, and of equals the one put first: by looking at all.
static due_node_t *
earliest (due_node_t *nodes)
{
    due_node_t *first = NULL;
    for (int i = 0; i < NODES; i++) {
        due_node_t *node = &nodes [i];
        if (due_node_is_in (node) &&
            (!first || node->due_ms < first->due_ms ||
             (node->due_ms == first->due_ms && node->order < first->order)))
            first = node;
    }
    return first;
}

static void
it_agrees_with_a_plain_search_whatever_is_put_moved_and_removed (void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        random_t random = {.state = seed};
        due_queue_t queue = {0};
        due_node_t nodes [NODES] = {0};
        for (int turn = 0; turn < TURNS; turn++) {
            due_node_t *node = &nodes [random_next (&random) % NODES];
            if (random_next (&random) % 3 == 0)
                due_queue_remove (&queue, node);
            else
                due_queue_put (&queue, node, (int64_t)(random_next (&random) % 50));
            assert_ptr_equal (due_queue_first (&queue), earliest (nodes));
        }
        due_queue_clear (&queue);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (it_agrees_with_a_plain_search_whatever_is_put_moved_and_removed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
