/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys of the user's own: each is short for a command line, in every view, before what the keymap has. */
#ifndef ELBOW_COMMAND_BINDS_H
#define ELBOW_COMMAND_BINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/status.h"

enum { BINDS = 64 };

struct bind {
	char key[16];   /* as key_name() gives it */
	char line[256]; /* ":" or "/" at its start opens the prompt with the rest */
};

struct binds {
	struct bind all[BINDS]; /* [count], as they were given */
	size_t count;
};

/* "Ctrl-A", "^a" and "C-a" are one key. EM_USAGE: no key, or one that has to stay what it is. */
enum em_status bind_key(const char *text, char out[16], struct em_err *err);
/* line "": no longer bound. */
enum em_status binds_put(struct binds *x, const char *key, const char *line, struct em_err *err);

#endif
