/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was typed before: a list of lines without doubles, kept in a file of its owner's alone. */
#ifndef ELBOW_TERM_PAST_H
#define ELBOW_TERM_PAST_H

#include <stdbool.h>
#include <stddef.h>

enum { PAST_MOST = 500 };

struct past_list {
	char **line; /* oldest first */
	size_t n;
};

struct past {
	char *path;             /* NULL: nowhere to keep it */
	struct past_list all;   /* what can be called up */
	struct past_list fresh; /* of this program's run, for past_save */
};

/* Reads directory/name; a file that is not there is empty. directory NULL: nothing is kept. */
void past_open(struct past *p, const char *directory, const char *name);
/* Blank lines and lines with control characters are left out; an older equal line goes. */
void past_add(struct past *p, const char *line);
/* Adds this run's lines to what the file holds by now, whole or not at all. False, and errno: it could not be written. */
bool past_save(const struct past *p);
void past_close(struct past *p);

#endif
