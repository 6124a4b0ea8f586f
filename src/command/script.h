/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was done, as commands: a script that does the same again, to the bit. */
#ifndef ELBOW_COMMAND_SCRIPT_H
#define ELBOW_COMMAND_SCRIPT_H

#include "base/buf.h"
#include "command/session.h"

struct script {
	char **line; /* [count], owned */
	size_t count, room;
};

void script_free(struct script *x);
enum em_status script_add(struct script *x, const char *line, struct em_err *err);
/* A word as it has to be typed. */
void script_word(struct buf *b, const char *word);
/* After a job: the line for it, if it changed anything. before: the ledger's step when it began; st: how it ended (what an interrupted one
 * made is what counts). */
enum em_status script_note(struct session *s, const struct job *job, enum em_status st, size_t before, struct em_err *err);
/* With a head that says what it is. Owned: free; NULL: out of memory. */
char *script_text(const struct script *x);

#endif
