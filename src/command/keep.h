/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A session in a file: saved at once, journalled step by step, opened again. */
#ifndef ELBOW_COMMAND_KEEP_H
#define ELBOW_COMMAND_KEEP_H

#include <sys/types.h>

#include "command/session.h"
#include "elbow/session_file.h"

/* Where the session goes as it comes about. */
struct keep {
	struct em_file *file; /* NULL: nowhere */
	char path[1024];
	size_t lines;         /* of the script that are in it */
	dev_t device;         /* which file the path was */
	ino_t inode;
};

/* All of the session as it stands into a file, whole or not at all. */
enum em_status keep_save(struct session *s, const char *path, bool replace, struct em_err *err);
/* From now on every step goes into this file. One that is there is opened first, if it is a session: then that goes on. "": no longer. */
enum em_status keep_journal(struct session *s, const char *path, const struct em_hooks *h, struct em_err *err);
/* A session from its file in the place of this one; all or nothing. */
enum em_status keep_open(struct session *s, const char *path, const struct em_hooks *h, struct em_err *err);
/* After an entry of the ledger, and after a job. Where the journal cannot be written it ends, and the message says so. */
enum em_status keep_entry(struct session *s, struct em_err *err);
enum em_status keep_job(struct session *s, struct em_err *err);
/* The last state, and the file's end. */
void keep_close(struct session *s);

#endif
