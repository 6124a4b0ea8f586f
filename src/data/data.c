/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/data.h"

#include <stdlib.h>
#include <string.h>

struct held {
	struct em_data pub; /* first, so that one pointer serves both */
	char *name;
	struct em_corpus *corpus;
	struct em_points *points;
	struct em_sequences *sequences;
};

const struct em_setting_table *em_data_settings(enum em_data_kind kind)
{
	return kind == EM_DATA_CORPUS ? &em_corpus_settings : kind == EM_DATA_POINTS ? &em_points_settings : &em_sequences_settings;
}

enum em_status em_data_of(const char *name, struct em_corpus *corpus, struct em_points *points,
                          struct em_sequences *sequences, struct em_data **out, struct em_err *err)
{
	struct held *h = calloc(1, sizeof *h);
	char *copy = strdup(name);
	if (!h || !copy) {
		free(h);
		free(copy);
		em_corpus_free(corpus);
		em_points_free(points);
		em_sequences_free(sequences);
		return em_no_memory(err);
	}
	*h = (struct held){.name = copy, .corpus = corpus, .points = points, .sequences = sequences};
	h->pub = (struct em_data){.kind = corpus ? EM_DATA_CORPUS : points ? EM_DATA_POINTS : EM_DATA_SEQUENCES,
	                          .name = copy,
	                          .observations = corpus ? corpus->docs : points ? points->rows : sequences->count,
	                          .corpus = corpus,
	                          .points = points,
	                          .sequences = sequences};
	*out = &h->pub;
	return EM_OK;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return strcmp(path, "-") == 0 ? "standard input" : slash && slash[1] ? slash + 1 : path;
}

enum em_status em_data_open(enum em_data_kind kind, const char *path, const struct em_settings *s,
                            struct em_data **out, struct em_err *err)
{
	struct em_corpus *corpus = NULL;
	struct em_points *points = NULL;
	struct em_sequences *sequences = NULL;
	enum em_status st;
	if (!path && kind != EM_DATA_CORPUS)
		return em_fail(err, EM_USAGE, "no data are open; give a file, or one of the examples (--example NAME)");
	if (kind == EM_DATA_CORPUS)
		st = em_corpus_open(path, s, &corpus, err);
	else if (kind == EM_DATA_POINTS)
		st = em_points_open(path, s, &points, err);
	else
		st = em_sequences_open(path, s, &sequences, err);
	if (st)
		return st;
	return em_data_of(corpus ? em_corpus_name(corpus) : last_part(path), corpus, points, sequences, out, err);
}

void em_data_free(struct em_data *d)
{
	struct held *h = (struct held *)(void *)d;
	if (!h)
		return;
	em_corpus_free(h->corpus);
	em_points_free(h->points);
	em_sequences_free(h->sequences);
	free(h->name);
	free(h);
}
