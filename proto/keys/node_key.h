/*  node_key – the pair of keys of one node, and the two files it is kept in.
 *
 *  NAME.secret stays on the node and is for its user alone (mode 0600); NAME.public is copied to the
 *  brokers that are to let it in, and of a broker to the nodes that connect to it. Keys are texts
 *  of 40 characters (Z85, as ZeroMQ prints them). Name and role in a secret file are for people:
 *  what counts is the public file that the broker has.
 */
#ifndef NODE_KEY_H
#define NODE_KEY_H

#include "proto/model/status.h"

enum { KEY_TEXT_SIZE = 41, NODE_NAME_SIZE = 65 };  //  with the final zero

typedef enum {
#define NODE_ROLE(name, word, front, back, feed, text) NODE_##name,
#include "proto/keys/node_role.tbl"
    NODE_ROLES
} node_role_t;

//  A socket of the broker's, as its ZAP domain names it.
typedef enum { DOOR_FRONT, DOOR_BACK, DOOR_FEED, DOORS } door_t;

typedef struct {
    char name [NODE_NAME_SIZE];
    node_role_t role;
    char public_key [KEY_TEXT_SIZE];
    char secret_key [KEY_TEXT_SIZE];  //  "" when it was read from a public file
} node_key_t;

const char *node_role_word (node_role_t role);  //  "gateway"
bool node_role_from_word (const char *word, node_role_t *role);
bool node_role_opens (node_role_t role, door_t door);
const char *door_word (door_t door);  //  "front"
bool door_from_word (const char *word, size_t size, door_t *door);

//  A new pair. BAD_PARAMETER: the name is not 1 to 64 of A-Za-z0-9._- that start with no dot.
status_t node_key_make (const char *name, node_role_t role, node_key_t *key, problem_t *problem);

/*  Into NAME.secret and NAME.public of a directory, on disk when it returns. Neither is ever
 *  overwritten. SYSTEM and a sentence otherwise; then neither is left.
 */
status_t node_key_write (const node_key_t *key, const char *directory, problem_t *problem);

/*  From a file. BAD_SETTING and a sentence: it is none, or a secret that others may read too;
 *  SYSTEM: it cannot be read.
 */
status_t node_key_read_secret (const char *path, node_key_t *key, problem_t *problem);
status_t node_key_read_public (const char *path, node_key_t *key, problem_t *problem);

#endif
