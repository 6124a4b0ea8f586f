/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Documents as they come in: names, texts, the memory they lie in, and what was wrong with the bytes. */
#ifndef ELBOW_DATA_SOURCE_H
#define ELBOW_DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/file.h"
#include "data/table.h"
#include "elbow/corpus.h"

#define BAD_SHOWN 5

/* Bytes that were not UTF-8, on one line. */
struct bad_line {
	const char *file;
	size_t line, count;
};

struct source {
	size_t docs, room;
	const char **name;       /* [docs], in the arena; NULL stands for "document N" until source_finish() */
	struct em_text *text;    /* [docs], in a file, in the arena or in a cleaned copy */
	struct file_bytes *file; /* [files] */
	size_t files;
	struct arena arena;
	struct bad_line bad[BAD_SHOWN];
	size_t bad_lines;        /* in bad[] */
	uint64_t bad_bytes;      /* in all */
	struct buf notes;        /* lines for the report: what was read, what was left out */
};

void source_free(struct source *s);

/* Adds a document whose text stays where it is; name (copied) may be NULL. */
enum em_status source_add(struct source *s, const char *name, size_t name_length, struct em_text text,
                          struct em_err *err);
/* Takes over the file's memory (also on failure) and gives its text as valid UTF-8 without a byte order mark.
 * UTF-16 and zero bytes are errors; other bad bytes become U+FFFD in a copy and are noted. */
enum em_status source_take(struct source *s, struct file_bytes *f, const char *path, struct em_text *out,
                           struct em_err *err);
/* Gives every document a name and checks that there is at least one. */
enum em_status source_finish(struct source *s, const char *path, struct em_err *err);

/* A line of text without its end ("\n", "\r\n" or "\r"); *at moves past it. False at the end. */
bool source_line(struct em_text text, size_t *at, struct em_text *line);

/* Readers. */
enum em_status folder_read(struct source *s, const char *path, struct em_err *err);
enum em_status lines_read(struct source *s, int fd, const char *name, struct em_err *err);

#endif
