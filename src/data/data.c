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

static uint64_t sum_bytes(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	for (; n >= sizeof h; n -= sizeof h, b += sizeof h) {
		uint64_t w;
		memcpy(&w, b, sizeof w);
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	while (n--)
		h = (h ^ *b++) * 0x100000001b3u;
	return h ^ h >> 29;
}

static uint64_t sum_names(uint64_t h, const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = sum_bytes(h, name[i], strlen(name[i]) + 1);
	return h;
}

uint64_t em_data_sum(const struct em_data *d)
{
	uint64_t h = 0xcbf29ce484222325u;
	if (d->corpus) {
		const struct em_corpus *c = d->corpus;
		h = sum_bytes(h, c->row, (c->docs + 1) * sizeof *c->row);
		h = sum_bytes(h, c->term, c->pairs * sizeof *c->term);
		h = sum_bytes(h, c->count, c->pairs * sizeof *c->count);
		h = sum_names(sum_names(h, c->vocabulary, c->terms), c->name, c->docs);
		for (size_t i = 0; c->has_text && i < c->docs; i++)
			h = sum_bytes(h, c->text[i].bytes, c->text[i].length);
	} else if (d->points) {
		const struct em_points *p = d->points;
		h = sum_bytes(sum_names(h, p->column, p->columns), p->x, p->rows * p->columns * sizeof *p->x);
	} else {
		const struct em_sequences *q = d->sequences;
		h = sum_bytes(h, q->row, (q->count + 1) * sizeof *q->row);
		h = sum_names(sum_bytes(h, q->symbol, q->total * sizeof *q->symbol), q->alphabet, q->symbols);
	}
	return h;
}
