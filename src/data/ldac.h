/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * LDA-C files: one document a line, "N id:count id:count ...", ids from 0. */
#ifndef ELBOW_DATA_LDAC_H
#define ELBOW_DATA_LDAC_H

#include "data/source.h"
#include "elbow/corpus.h"

/* Counts as they are gathered; every array is owned. */
struct counts {
	size_t docs, docs_room, pairs, pairs_room;
	size_t *row;      /* [docs+1] */
	uint32_t *term, *count, *length;
	size_t terms;
	uint64_t tokens;
};

void counts_free(struct counts *c);
/* Begins the next document, adds a pair to it. */
enum em_status counts_document(struct counts *c, struct em_err *err);
enum em_status counts_pair(struct counts *c, uint32_t term, uint32_t count, struct em_err *err);

/* Reads the file, its vocabulary and titles. Terms are named in vocabulary (owned array, [terms], strings in the
 * arena of s). Takes over f. */
enum em_status ldac_read(struct source *s, struct file_bytes *f, const char *path, const struct em_settings *settings,
                         struct counts *out, const char ***vocabulary, struct em_err *err);

#endif
