#include "jq/evaluate.h"

#include <jq.h>
#include <jv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAMS = 32, SENTENCE = 2048 };

//  Compiling takes some 20 ms: the definitions of jq's own functions are compiled with each.
typedef struct {
    jq_state *jq;  //  NULL: the place is free
    char *program;
    unsigned long used;  //  when last
} compiled_t;

static compiled_t kept [PROGRAMS];
static unsigned long now;
static char sentence [SENTENCE];
static size_t sentence_size;
static jv value;  //  that of the last answer

static void
run_out_of_memory (void *context)
{
    (void)context;
    _exit (TRANSFORM_NO_MEMORY);
}

//  ---- sentences

static void
say_piece (const char *words, size_t size)
{
    size_t room = SENTENCE - sentence_size;
    size = size < room ? size : room;
    memcpy (sentence + sentence_size, words, size);
    sentence_size += size;
}

//  What jq says of itself, as a program of a command line, is left out.
static void
say (const char *words)
{
    static const char before [] = "jq: error: ", guess [] = " (Unix shell quoting issues?)";
    if (strncmp (words, before, sizeof before - 1) == 0)
        words += sizeof before - 1;
    const char *guessed = strstr (words, guess);
    if (guessed) {
        say_piece (words, (size_t)(guessed - words));
        words = guessed + sizeof guess - 1;
    }
    say_piece (words, strlen (words));
}

//  Of the compiler: one call for each thing that it finds, and one with how many there were.
static void
hear_error (void *context, jv message)
{
    (void)context;
    if (jv_get_kind (message) == JV_KIND_STRING && sentence_size == 0)
        say (jv_string_value (message));
    jv_free (message);
}

//  What `debug` says; without anybody who hears it libjq crashes.
static void
hear_debug (void *context, jv message)
{
    (void)context;
    jv_free (message);
}

static evaluated_t
answer_sentence (transform_verdict_t verdict)
{
    return (evaluated_t){verdict, sentence, sentence_size};
}

//  ---- programs

static compiled_t *
find_place (const char *program)
{
    compiled_t *oldest = kept;
    for (size_t i = 0; i < PROGRAMS; i++) {
        if (kept [i].jq && strcmp (kept [i].program, program) == 0)
            return &kept [i];
        if (kept [i].used < oldest->used)
            oldest = &kept [i];
    }
    if (oldest->jq)
        jq_teardown (&oldest->jq);
    free (oldest->program);
    *oldest = (compiled_t){0};
    return oldest;
}

//  NULL, and a sentence: it is no program.
static jq_state *
compile (const char *program)
{
    compiled_t *place = find_place (program);
    place->used = ++now;
    if (place->jq)
        return place->jq;
    jq_state *jq = jq_init ();
    char *copy = strdup (program);
    if (!jq || !copy)
        run_out_of_memory (NULL);
    jq_set_nomem_handler (jq, run_out_of_memory, NULL);
    jq_set_error_cb (jq, hear_error, NULL);
    jq_set_debug_cb (jq, hear_debug, NULL);
    //  Nothing is found anywhere, so there is nothing to include.
    jq_set_attr (jq, jv_string ("JQ_LIBRARY_PATH"), jv_array ());
    if (!jq_compile (jq, program)) {
        jq_teardown (&jq);
        free (copy);
        return NULL;
    }
    place->jq = jq;
    place->program = copy;
    return jq;
}

//  ---- values

//  What stopped it: an error, or its end. False: the latter.
static bool
has_failed (jq_state *jq, jv last)
{
    if (jq_halted (jq)) {
        jv_free (last);
        say ("halt has no meaning here");
        return true;
    }
    if (!jv_invalid_has_msg (jv_copy (last))) {
        jv_free (last);
        return false;
    }
    jv message = jv_invalid_get_msg (last);
    if (jv_get_kind (message) != JV_KIND_STRING)
        message = jv_dump_string (message, 0);
    say (jv_string_value (message));
    jv_free (message);
    return true;
}

static evaluated_t
run (jq_state *jq, jv input, size_t most)
{
    jq_start (jq, input, 0);
    jv first = jq_next (jq);
    if (!jv_is_valid (first))
        return answer_sentence (has_failed (jq, first) ? TRANSFORM_FAILED : TRANSFORM_NOTHING);
    jv second = jq_next (jq);
    bool is_second = jv_is_valid (second);
    if (is_second || has_failed (jq, second)) {
        if (is_second)
            jv_free (second);
        jv_free (first);
        return answer_sentence (is_second ? TRANSFORM_MANY : TRANSFORM_FAILED);
    }
    value = jv_dump_string (first, 0);
    size_t size = (size_t)jv_string_length_bytes (jv_copy (value));
    if (size > most)
        return answer_sentence (TRANSFORM_LARGE);
    return (evaluated_t){TRANSFORM_VALUE, jv_string_value (value), size};
}

evaluated_t
evaluate (const transform_request_t *request, const char *program, const char *input)
{
    jv_free (value);
    value = jv_null ();
    sentence_size = 0;
    jq_state *jq = compile (program);
    if (!jq)
        return answer_sentence (TRANSFORM_NO_PROGRAM);
    if (request->only_compiles)
        return answer_sentence (TRANSFORM_VALUE);
    jv parsed = jv_parse_sized (input, (int)request->input_size);
    if (!jv_is_valid (parsed)) {
        has_failed (jq, parsed);
        return answer_sentence (TRANSFORM_NO_INPUT);
    }
    return run (jq, parsed, request->output_most);
}
