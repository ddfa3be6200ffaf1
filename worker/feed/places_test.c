#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/feed/places_file.h"

enum { PATH_SIZE = 256 };

static int
setup (void **state)
{
    char *path = malloc (PATH_SIZE);
    strcpy (path, "/tmp/places-XXXXXX");
    assert_non_null (mkdtemp (path));
    *state = path;
    return 0;
}

static int
teardown (void **state)
{
    char command [PATH_SIZE + 16];
    snprintf (command, sizeof command, "rm -r %s", (char *)*state);
    int code = system (command);
    free (*state);
    return code;
}

static void
expect (const places_t *places, const char *subscription, int64_t created, int32_t partition,
        int64_t seq)
{
    int64_t found = -1;
    places_find (places, subscription, created, partition, &found);
    assert_int_equal (found, seq);
}

static void
a_place_is_one_subscriptions_in_one_partition (void **state)
{
    (void)state;
    places_t *places = places_new ();
    places_put (places, "a", 100, 0, 7);
    places_put (places, "a", 100, 3, 9);
    places_put (places, "b", 200, 1, 0);
    expect (places, "a", 100, 0, 7);
    expect (places, "a", 100, 1, -1);
    expect (places, "a", 100, 3, 9);
    expect (places, "b", 200, 1, 0);
    expect (places, "c", 1, 0, -1);
    places_forget (places, "a");
    expect (places, "a", 100, 0, -1);
    places_destroy (&places);
}

//  It was deleted, and made anew: what was before is not what it begins with.
static void
another_subscription_of_the_name_has_no_place (void **state)
{
    (void)state;
    places_t *places = places_new ();
    places_put (places, "a", 100, 0, 7);
    expect (places, "a", 101, 0, -1);
    places_put (places, "a", 101, 0, 20);
    expect (places, "a", 100, 0, -1);
    places_destroy (&places);
}

static void
only_what_is_new_is_a_change (void **state)
{
    (void)state;
    places_t *places = places_new ();
    places_put (places, "a", 100, 0, 7);
    uint64_t changes = places_changes (places);
    places_put (places, "a", 100, 0, 7);
    places_forget (places, "b");
    assert_int_equal (places_changes (places), changes);
    places_put (places, "a", 100, 0, 8);
    assert_int_not_equal (places_changes (places), changes);
    places_destroy (&places);
}

static void
what_was_kept_is_there_after_a_restart (void **state)
{
    problem_t problem;
    for (int64_t start = 0; start < 3; start++) {
        places_t *places = places_new ();
        places_file_t *file = places_file_open (*state, places, &problem);
        assert_non_null (file);
        expect (places, "a", 100, 0, start - 1);
        places_put (places, "a", 100, 0, start);
        assert_int_equal (places_file_deadline (file), 0);
        places_file_tick (file, 1000);
        assert_int_equal (places_file_deadline (file), INT64_MAX);
        places_file_close (&file);
        places_destroy (&places);
    }
}

static void
a_directory_is_one_workers (void **state)
{
    problem_t problem;
    places_t *places = places_new ();
    places_file_t *file = places_file_open (*state, places, &problem);
    assert_null (places_file_open (*state, places, &problem));
    assert_non_null (strstr (problem.text, "another worker"));
    places_file_close (&file);
    file = places_file_open (*state, places, &problem);
    assert_non_null (file);
    places_file_close (&file);
    places_destroy (&places);
}

static void
write_text (const char *directory, const char *text)
{
    char path [PATH_SIZE + 16];
    snprintf (path, sizeof path, "%s/feeds.json", directory);
    FILE *file = fopen (path, "w");
    fputs (text, file);
    fclose (file);
}

static void
what_is_no_such_file_is_refused_with_a_sentence (void **state)
{
    static const char *const texts [] = {
        "",
        "{}",
        "[]",
        "{\"version\": 2}",
        "{\"version\": 1}",
        "{\"version\": 1, \"feeds\": [{}]}",
        "{\"version\": 1, \"feeds\": [{\"subscription\": \"a\", \"created\": 1, \"seqs\": [\"x\"]}]}"};
    problem_t problem;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        places_t *places = places_new ();
        write_text (*state, texts [i]);
        assert_null (places_file_open (*state, places, &problem));
        assert_non_null (strstr (problem.text, "feeds.json"));
        assert_non_null (strstr (problem.text, "Move it away"));
        places_destroy (&places);
    }
}

static void
a_directory_that_cannot_be_is_named (void **state)
{
    (void)state;
    problem_t problem;
    places_t *places = places_new ();
    assert_null (places_file_open ("/proc/nowhere/at/all", places, &problem));
    assert_non_null (strstr (problem.text, "/proc/nowhere/at/all"));
    places_destroy (&places);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_place_is_one_subscriptions_in_one_partition),
        cmocka_unit_test (another_subscription_of_the_name_has_no_place),
        cmocka_unit_test (only_what_is_new_is_a_change),
        cmocka_unit_test_setup_teardown (what_was_kept_is_there_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown (a_directory_is_one_workers, setup, teardown),
        cmocka_unit_test_setup_teardown (what_is_no_such_file_is_refused_with_a_sentence, setup,
                                         teardown),
        cmocka_unit_test (a_directory_that_cannot_be_is_named),
    };
    return cmocka_run_group_tests_name ("places", tests, NULL, NULL);
}
