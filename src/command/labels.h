/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names for steps, to go to. */
#ifndef ELBOW_COMMAND_LABELS_H
#define ELBOW_COMMAND_LABELS_H

#include "base/buf.h"
#include "command/branches.h"

enum { LABEL_NAME = 48 };

struct labels {
	struct label {
		char branch[BRANCH_NAME], text[LABEL_NAME];
		size_t step;
	} *all; /* [count], as they were given */
	size_t count, room;
};

void labels_free(struct labels *x);
/* One that the branch has already moves there. EM_USAGE: empty, too long, or a number. */
enum em_status labels_put(struct labels *x, const char *branch, size_t step, const char *text, struct em_err *err);
/* EM_USAGE names those there are. */
enum em_status labels_find(const struct labels *x, const char *branch, const char *text, size_t *step, struct em_err *err);
/* Those of steps from `from` on are no more. */
void labels_cut(struct labels *x, const char *branch, size_t from);
/* A fork has what its origin has up to a step. */
enum em_status labels_fork(struct labels *x, const char *from, const char *to, size_t step, struct em_err *err);
/* Of one branch, a line each, safe for a terminal. */
void labels_list(const struct labels *x, const char *branch, struct buf *out);
/* Label i as a line "STEP BRANCH<tab>TEXT", and back. False: there is none. */
bool labels_save(const struct labels *x, size_t i, struct buf *line);
enum em_status labels_load(struct labels *x, const char *line, struct em_err *err);

#endif
