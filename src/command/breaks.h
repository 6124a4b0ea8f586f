/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a session stops on its own: conditions that begin to hold, expressions that change, built-in mishaps. */
#ifndef ELBOW_COMMAND_BREAKS_H
#define ELBOW_COMMAND_BREAKS_H

#include "base/buf.h"
#include "command/expr.h"

struct point;
struct breaks {
	struct point *all; /* [count], by number */
	size_t count, room, last;
};

void breaks_free(struct breaks *b);
/* One more. what: "break", "watch" or "catch"; s: the run, NULL while there is none; said: one line. EM_USAGE: it does not parse, or
 * does not fit the run. */
enum em_status breaks_add(struct breaks *b, const char *what, const char *text, const struct em_snapshot *s, struct buf *said, struct em_err *err);
/* what: "delete", "enable" or "disable"; number 0: all of them. */
enum em_status breaks_change(struct breaks *b, const char *what, size_t number, struct buf *said, struct em_err *err);
/* The table of them, safe for a terminal. */
void breaks_list(const struct breaks *b, struct buf *out);
/* Point i (from 0) as a line, and back. False: there is none. */
bool breaks_save(const struct breaks *b, size_t i, struct buf *line);
enum em_status breaks_load(struct breaks *b, const char *line, struct em_err *err);
/* The run stands elsewhere now (opened, gone back): nothing holds yet, watched values are those there. said: which came to be idle. */
void breaks_renew(struct breaks *b, const struct em_snapshot *s, struct buf *said);
/* After an entry. True: stop; said: a line for each that made it. */
bool breaks_check(struct breaks *b, const struct em_snapshot *s, struct buf *said);

/* "after E 7", "after e 7 (document 12)" */
void breaks_when(const struct em_snapshot *s, struct buf *out);

#endif
