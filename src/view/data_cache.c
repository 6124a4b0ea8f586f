/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the view Data computes once and keeps while the same state is shown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/arrays.h"
#include "view/data_parts.h"

struct data_cache {
	/* Of a table: its axes, then its means and sds, which tell it from another one at the same address. */
	size_t rows, columns;
	double *axes, share[2];
	double *totals; /* of a corpus */
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

static bool same_table(const struct data_cache *cache, const struct em_points *x)
{
	size_t size = x->columns * sizeof(double);
	const double *mean = cache->axes + 2 * cache->columns;
	return cache->axes && cache->rows == x->rows && cache->columns == x->columns && memcmp(mean, x->mean, size) == 0 &&
	       memcmp(mean + x->columns, x->sd, size) == 0;
}

const double *data_axes(struct ui *ui, const struct picture *pic, double share[2])
{
	struct data_cache *cache = cache_of(ui);
	const struct em_points *x = pic->data->points;
	if (!cache)
		return NULL;
	if (!same_table(cache, x)) {
		size_t d = cache->columns = x->columns;
		free(cache->axes);
		cache->rows = x->rows;
		cache->axes = calloc(4 * d, sizeof *cache->axes);
		if (cache->axes && em_points_axes(x, cache->axes, cache->share, NULL)) {
			free(cache->axes);
			cache->axes = NULL;
		}
		if (cache->axes) {
			memcpy(cache->axes + 2 * d, x->mean, d * sizeof(double));
			memcpy(cache->axes + 3 * d, x->sd, d * sizeof(double));
		}
	}
	memcpy(share, cache->share, sizeof cache->share);
	return cache->axes;
}

/* Counted anew for each frame: that is quick, and another corpus may stand at the same address. */
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
