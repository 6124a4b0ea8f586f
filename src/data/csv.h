/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Comma- and tab-separated tables, read and written. */
#ifndef ELBOW_DATA_CSV_H
#define ELBOW_DATA_CSV_H

#include "base/buf.h"
#include "data/source.h"
#include "elbow/settings.h"

/* Appends one field, in quotes where it needs them. */
void csv_field(struct buf *out, const char *text);

/* Who takes the cells of a table as they come; anything but EM_OK ends the walk with it. */
struct csv_sink {
	/* Cell `at` of the row, a NUL behind it; blanks around it are gone unless they were in quotes. */
	enum em_status (*cell)(void *to, size_t at, struct em_text cell);
	/* The end of a row that began on this line. Lines with nothing but blanks are no rows. */
	enum em_status (*row)(void *to, size_t cells, size_t line);
	void *to;
};
/* Goes through a table. path is for messages. */
enum em_status csv_walk(struct em_text all, const char *path, char delimiter, const struct csv_sink *sink,
                        struct em_err *err);
/* The first of the candidates that occurs outside quotes in the first line with anything on it; else candidates[0]. */
char csv_delimiter(struct em_text all, const char *candidates);

/* Reads documents from a table whose first row names the columns; settings text, title and id say which to use.
 * Takes over f. path is for messages. */
enum em_status csv_read(struct source *s, struct file_bytes *f, const char *path, char delimiter,
                        const struct em_settings *settings, struct em_err *err);

#endif
