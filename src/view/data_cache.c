/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the view Data computes once and keeps while the same state is shown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/arrays.h"
#include "view/data_parts.h"

struct data_cache {
	/* Of a table. */
	const struct em_points *table;
	double *axes, share[2];
	/* Of a corpus. */
	const struct em_corpus *corpus;
	double *totals;
	/* Of a sequence. */
	struct sight sight;
	size_t n, from, count;
	double *window;
};

void data_cache_free(struct data_cache *cache)
{
	if (!cache)
		return;
	free(cache->axes);
	free(cache->totals);
	free(cache->window);
	free(cache);
}

static struct data_cache *cache_of(struct ui *ui)
{
	if (!ui->data.cache)
		ui->data.cache = calloc(1, sizeof *ui->data.cache);
	return ui->data.cache;
}

const double *data_axes(struct ui *ui, const struct picture *pic, double share[2])
{
	(void)ui, (void)pic, (void)share;
	return NULL;
}

/* Made anew for another corpus of the same address and size, which does no harm. */
const double *data_totals(struct ui *ui, const struct picture *pic)
{
	struct data_cache *cache = cache_of(ui);
	const struct em_corpus *c = pic->corpus;
	if (!cache)
		return NULL;
	free(cache->totals);
	cache->totals = calloc(c->terms + 1, sizeof *cache->totals);
	for (size_t i = 0; cache->totals && i < c->pairs; i++)
		cache->totals[c->term[i]] += c->count[i];
	return cache->totals;
}

const double *data_window(struct ui *ui, const struct picture *pic, size_t n, size_t from, size_t count, struct em_err *err)
{
	struct data_cache *cache = cache_of(ui);
	const struct em_snapshot *s = pic->run;
	const struct em_model *m = s->problem->model;
	struct sight sight = sight_of(s);
	if (!cache || !m->parts) {
		em_no_memory(err);
		return NULL;
	}
	if (cache->window && sight_same(&sight, &cache->sight) && cache->n == n && cache->from == from && cache->count == count)
		return cache->window;
	free(cache->window);
	cache->window = malloc((count * s->problem->layout.components + 1) * sizeof *cache->window);
	if (!cache->window)
		em_no_memory(err);
	else if (m->parts(s->problem, em_snapshot_made(s, n), s->q + n * s->problem->layout.q_stride, n, from, count, cache->window, err)) {
		free(cache->window);
		cache->window = NULL;
	}
	cache->sight = sight;
	cache->n = n;
	cache->from = from;
	cache->count = count;
	return cache->window;
}
