/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data in words: single observations, and what was read. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/text.h"
#include "elbow/data.h"

void em_data_label(const struct em_data *d, size_t n, char *out, size_t size)
{
	struct buf b = {0};
	if (d->corpus)
		buf_puts(&b, d->corpus->name[n]);
	else if (d->sequences)
		buf_puts(&b, d->sequences->name[n]);
	else
		for (size_t j = 0; j < d->points->columns && j < 32; j++)
			buf_printf(&b, "%s%.6g", j ? ", " : "", d->points->x[n * d->points->columns + j]);
	buf_copy(&b, out, size);
	buf_free(&b);
}

double em_data_length(const struct em_data *d, size_t n)
{
	if (d->corpus)
		return d->corpus->length[n];
	return d->sequences ? (double)(d->sequences->row[n + 1] - d->sequences->row[n]) : NAN;
}

enum { COLUMNS = 40, NAME = 24 }; /* columns that are described, and how much of their names */

static void say_points(struct buf *b, const struct em_points *x)
{
	buf_printf(b, "  %s row%s, %s column%s\n", number_count(x->rows).s, x->rows == 1 ? "" : "s", number_count(x->columns).s, x->columns == 1 ? "" : "s");
	int wide = 0;
	size_t shown = x->columns > COLUMNS + 1 ? COLUMNS : x->columns;
	for (size_t j = 0; j < shown; j++) {
		int w = (int)text_width(x->column[j]);
		wide = w > wide ? w : wide;
	}
	wide = wide > NAME ? NAME : wide;
	for (size_t j = 0; j < shown; j++) {
		double least = INFINITY, most = -INFINITY;
		for (size_t i = 0; i < x->rows; i++) {
			least = fmin(least, x->x[i * x->columns + j]);
			most = fmax(most, x->x[i * x->columns + j]);
		}
		buf_puts(b, "  ");
		size_t before = b->len;
		text_clip(b, x->column[j], NAME, false);
		int w = b->s ? (int)text_width(b->s + before) : 0;
		buf_printf(b, "%*s", wide > w ? wide - w : 0, "");
		buf_printf(b, "  from %.6g to %.6g, mean %.6g, standard deviation %.6g\n", least, most, x->mean[j], x->sd[j]);
	}
	if (shown < x->columns)
		buf_printf(b, "  ... and %s more columns\n", number_count(x->columns - shown).s);
}

static void say_sequences(struct buf *b, const struct em_sequences *q)
{
	size_t empty = 0;
	for (size_t n = 0; n < q->count; n++)
		empty += q->row[n + 1] == q->row[n];
	buf_printf(b, "  %s sequence%s, %s symbols in all, the longest %s; %s different\n", number_count(q->count).s,
	           q->count == 1 ? "" : "s", number_count(q->total).s, number_count(q->longest).s, number_count(q->symbols).s);
	if (empty)
		buf_printf(b, "  %s empty: they count zero\n", number_count(empty).s);
	buf_puts(b, "  symbols:");
	for (size_t v = 0; v < q->symbols && v < 40; v++) {
		buf_putc(b, ' ');
		text_clip(b, strcmp(q->alphabet[v], " ") == 0 ? "(blank)" : q->alphabet[v], 20, false);
	}
	buf_puts(b, q->symbols > 40 ? " ...\n" : "\n");
}

char *em_data_report(const struct em_data *d)
{
	struct buf b = {0};
	if (d->corpus)
		return em_corpus_report(d->corpus);
	text_clip(&b, d->name, 60, false);
	buf_putc(&b, '\n');
	if (d->points)
		say_points(&b, d->points);
	else
		say_sequences(&b, d->sequences);
	return buf_take(&b);
}
