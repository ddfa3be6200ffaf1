/*  keygen – a pair of keys for a node, as two files. It asks nobody, and needs no gateway. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "proto/keys/node_key.h"

enum { OPTION_ROLE = 256 };

typedef struct {
    const char *name, *directory;  //  argv's
    node_role_t role;
} keygen_t;

static const struct argp_option keygen_options [] = {
    {.name = "role",
     .key = OPTION_ROLE,
     .arg = "ROLE",
     .doc = "what the node is: broker, gateway, worker (the default), or client: a program that "
            "hands over events and asks, and changes nothing"},
    {.name = "directory", .key = 'd', .arg = "DIR", .doc = "write there; default: here"},
    {0}};

static error_t
keygen_take_option (int key, char *argument, struct argp_state *state)
{
    keygen_t *self = (keygen_t *)state->input;
    switch (key) {
        case OPTION_ROLE:
            if (!node_role_from_word (argument, &self->role))
                argp_error (state, "\"%s\" is no role: broker, gateway, worker or client",
                            argument);
            return 0;
        case 'd': self->directory = argument; return 0;
        case ARGP_KEY_ARG:
            if (self->name)
                argp_error (state, "one name, please: a node has a key of its own");
            self->name = argument;
            return 0;
        case ARGP_KEY_END:
            if (!self->name)
                argp_error (state, "whose key? tocsin keygen worker-1");
            return 0;
        default: return ARGP_ERR_UNKNOWN;
    }
}

int
command_keygen (int argc, char **argv)
{
    static const struct argp argp = {
        .options = keygen_options,
        .parser = keygen_take_option,
        .args_doc = "NAME",
        .doc = "Make the keys of a node: NAME.secret, which stays there (keys/own), and "
               "NAME.public, which is copied to those it speaks with.\v"
               "Of a gateway, worker or client it goes into the directory keys/allowed of the "
               "broker; of a broker to all that connect to it (keys/brokers). A key is never "
               "overwritten. docs/keys.md is a path of ten minutes."};
    keygen_t self = {.directory = ".", .role = NODE_WORKER};
    command_parse (&argp, argc, argv, &self);

    problem_t problem = {0};
    node_key_t key;
    if (node_key_make (self.name, self.role, &key, &problem) ||
        node_key_write (&key, self.directory, &problem))
        return command_fail (&problem);
    printf ("%s/%s.secret   keys/own of %s; it leaves that machine in no other way\n",
            self.directory, key.name, key.name);
    printf ("%s/%s.public   copy it %s\n", self.directory, key.name,
            key.role == NODE_BROKER ? "to all that connect to this broker: keys/brokers"
                                    : "into the directory keys/allowed of the broker");
    return EXIT_SUCCESS;
}
