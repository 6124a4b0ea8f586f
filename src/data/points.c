/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/points.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct em_setting rows[] = {
	{"columns", EM_TEXT, "", 0, 0, NULL, EM_EFFECT_REOPEN, "columns of the table that are the data, by name or number, as a,b; all without"},
};

const struct em_setting_table em_points_settings = {"points", rows, sizeof rows / sizeof rows[0]};

struct held {
	struct em_points pub; /* first, so that one pointer serves both */
	char **column;
	double *x, *mean, *sd;
};

/* Two passes, so that nothing cancels. */
static void summarize(struct held *h, size_t rows_count, size_t columns)
{
	for (size_t j = 0; j < columns; j++) {
		double sum = 0, squares = 0, n = (double)rows_count;
		for (size_t i = 0; i < rows_count; i++)
			sum += h->x[i * columns + j] / n;
		for (size_t i = 0; i < rows_count; i++)
			squares += (h->x[i * columns + j] - sum) * (h->x[i * columns + j] - sum) / n;
		h->mean[j] = sum;
		h->sd[j] = sqrt(squares);
	}
}

enum em_status points_take(size_t count, size_t columns, const char *const *column, double *x, struct em_points **out,
                           struct em_err *err)
{
	struct held *h = calloc(1, sizeof *h);
	if (!h) {
		free(x);
		return em_no_memory(err);
	}
	h->pub = (struct em_points){.rows = count, .columns = columns};
	h->x = x;
	h->column = calloc(columns + 1, sizeof *h->column);
	h->mean = calloc(columns + 1, sizeof *h->mean);
	h->sd = calloc(columns + 1, sizeof *h->sd);
	bool ok = h->column && h->mean && h->sd;
	for (size_t j = 0; ok && j < columns; j++)
		ok = (h->column[j] = strdup(column[j])) != NULL;
	if (!ok) {
		em_points_free(&h->pub);
		return em_no_memory(err);
	}
	summarize(h, count, columns);
	h->pub.column = (const char *const *)h->column;
	h->pub.x = h->x;
	h->pub.mean = h->mean;
	h->pub.sd = h->sd;
	*out = &h->pub;
	return EM_OK;
}

enum em_status em_points_from(size_t count, size_t columns, const char *const *column, const double *x,
                              struct em_points **out, struct em_err *err)
{
	double *copy = calloc(count * columns + 1, sizeof *copy);
	if (!copy)
		return em_no_memory(err);
	memcpy(copy, x, count * columns * sizeof *x);
	return points_take(count, columns, column, copy, out, err);
}

void em_points_free(struct em_points *p)
{
	struct held *h = (struct held *)(void *)p;
	if (!h)
		return;
	for (size_t j = 0; h->column && j < h->pub.columns; j++)
		free(h->column[j]);
	free(h->column);
	free(h->x);
	free(h->mean);
	free(h->sd);
	free(h);
}

size_t em_points_column(const struct em_points *p, const char *name)
{
	for (size_t j = 0; j < p->columns; j++)
		if (strcmp(p->column[j], name) == 0)
			return j;
	return SIZE_MAX;
}
