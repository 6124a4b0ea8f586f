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

/* Reads documents from a table whose first row names the columns; settings text, title and id say which to use.
 * Takes over f. path is for messages. */
enum em_status csv_read(struct source *s, struct file_bytes *f, const char *path, char delimiter,
                        const struct em_settings *settings, struct em_err *err);

#endif
