/*  capacity – how many deliveries a worker works on at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/named.h"
#include "cli/number.h"
#include "proto/model/allocate.h"
#include "proto/model/owned.h"

enum { OPTION_OWN = 620, CAPACITY_MOST = 4096 };

typedef struct {
    named_t named;
    bool is_own;    //  as it is set up
    long capacity;  //  otherwise
} capacity_t;

static const struct argp_option capacity_options [] = {
    {.name = "own", .key = OPTION_OWN, .doc = "as many as it is set up for"}, {0}};

static error_t
capacity_take_option (int key, char *argument, struct argp_state *state)
{
    (void)argument;
    capacity_t *self = (capacity_t *)state->input;
    switch (key) {
        case ARGP_KEY_INIT: state->child_inputs [0] = &self->named; return 0;
        case OPTION_OWN: self->is_own = true; return 0;
        case ARGP_KEY_END:
            if (self->is_own == (self->named.count == 2))
                argp_error (state, "how many at a time? a number, or --own");
            if (!self->is_own)
                self->capacity = number_read (state, self->named.ids [1], 1, CAPACITY_MOST);
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

static json_t *
capacity_ask (const capacity_t *self, client_t *client, problem_t *problem)
{
    OWNED (text) char *path = client_path (client, "/v1/workers", self->named.ids [0]);
    json_t *capacity = self->is_own ? json_null () : json_integer (self->capacity);
    OWNED (json) json_t *body = json_pack ("{s:{s:o}}", "data", "capacity", capacity);
    return named_ask (client, "PATCH", path, body, problem);
}

int
command_capacity (int argc, char **argv)
{
    static const struct argp_child children [] = {{.argp = &named_argp}, {0}};
    static const struct argp argp = {
        .options = capacity_options,
        .parser = capacity_take_option,
        .children = children,
        .args_doc = "WORKER N\nWORKER --own",
        .doc = "Say how many deliveries a worker works on at a time, while it runs. It holds for "
               "the name until it is taken back, or the broker restarts."};
    capacity_t self = {
        .named = {.least = 1, .most = 2, .what = "which worker? `tocsin workers` lists them"}};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    OWNED (client) client_t *client = login_open (&self.named.login, &problem);
    OWNED (json) json_t *answer = client ? capacity_ask (&self, client, &problem) : NULL;
    if (!answer)
        return command_fail (&problem);
    if (self.named.is_json)
        named_print_json (answer);
    else if (self.is_own)
        printf ("%s works on as many at a time as it is set up for\n", self.named.ids [0]);
    else
        printf ("%s is told to work on %ld at a time\n", self.named.ids [0], self.capacity);
    return EXIT_SUCCESS;
}
