#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire/peers.h"

static void
a_peer_keeps_its_number (void **state)
{
    (void)state;
    peers_t *peers = peers_new (10);
    assert_int_equal (peers_number (peers, "\0abcd", 5), 0);
    assert_int_equal (peers_add (peers, "\0abcd", 5, 0), 1);
    assert_int_equal (peers_add (peers, "\0abce", 5, 0), 2);
    assert_int_equal (peers_number (peers, "\0abcd", 5), 1);
    assert_int_equal (peers_number (peers, "\0abc", 4), 0);

    identity_t identity;
    assert_true (peers_identity (peers, 2, &identity));
    assert_int_equal (identity.size, 5);
    assert_memory_equal (identity.bytes, "\0abce", 5);
    peers_destroy (&peers);
    peers_destroy (&peers);
}

static void
a_number_is_never_given_twice (void **state)
{
    (void)state;
    peers_t *peers = peers_new (10);
    identity_t identity;
    assert_int_equal (peers_add (peers, "a", 1, 0), 1);
    peers_forget (peers, 1);
    peers_forget (peers, 1);
    assert_false (peers_identity (peers, 1, &identity));
    assert_int_equal (peers_number (peers, "a", 1), 0);
    assert_int_equal (peers_add (peers, "a", 1, 0), 2);
    assert_false (peers_identity (peers, 1, &identity));
    peers_destroy (&peers);
}

static void
there_is_room_for_so_many_and_again_after_one_is_forgotten (void **state)
{
    (void)state;
    peers_t *peers = peers_new (2);
    peers_add (peers, "a", 1, 0);
    assert_false (peers_is_full (peers));
    peers_add (peers, "b", 1, 0);
    assert_true (peers_is_full (peers));
    peers_forget (peers, 1);
    assert_false (peers_is_full (peers));
    peers_destroy (&peers);
}

static void
the_longest_identity_is_taken (void **state)
{
    (void)state;
    peers_t *peers = peers_new (1);
    uint8_t longest [IDENTITY_MOST];
    memset (longest, 0xff, sizeof (longest));
    identity_t identity;
    assert_int_equal (peers_add (peers, longest, sizeof (longest), 0), 1);
    assert_true (peers_identity (peers, 1, &identity));
    assert_int_equal (identity.size, sizeof (longest));
    assert_memory_equal (identity.bytes, longest, sizeof (longest));
    peers_destroy (&peers);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_peer_keeps_its_number),
        cmocka_unit_test (a_number_is_never_given_twice),
        cmocka_unit_test (there_is_room_for_so_many_and_again_after_one_is_forgotten),
        cmocka_unit_test (the_longest_identity_is_taken),
    };
    return cmocka_run_group_tests_name ("peers", tests, NULL, NULL);
}
