/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counts as bars, and how often the mixture expects each: by component and in all; with the table of the numbers. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plot/hist.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/list.h"
#include "view/pane.h"
#include "view/topics.h"

enum { SHOWN = 12, VALUES = 400, TABLE = 44 };

struct counts {
	const struct em_snapshot *s;
	const struct em_points *x;
	size_t count, frequency; /* columns; SIZE_MAX: every row counts once */
	const struct em_array *weights, *rates;
	size_t k;                /* components that are drawn */
	double from, width;      /* values of bar i: from + i width .. less than from + (i + 1) width */
	size_t bars;
	double total;            /* of the frequencies */
};

struct drawing {
	struct hist hist;
	struct fig fig;
	double *height, *room;
	struct hist_curve *curves;
};

static double count_of(const struct counts *t, size_t n)
{
	return t->x->x[n * t->x->columns + t->count];
}

static double times_of(const struct counts *t, size_t n)
{
	return t->frequency == SIZE_MAX ? 1 : t->x->x[n * t->x->columns + t->frequency];
}

static bool counts_of(struct counts *t, const struct picture *pic)
{
	double lo = INFINITY, hi = 0;
	*t = (struct counts){.s = pic->run, .x = pic->data->points};
	t->count = em_points_column(t->x, "count");
	t->frequency = em_points_column(t->x, "frequency");
	if (t->count == SIZE_MAX)
		t->count = 0;
	t->weights = array_theta(t->s->problem, "weights", 1);
	t->rates = array_theta(t->s->problem, "rates", 1);
	if (!t->weights || !t->rates)
		return false;
	t->k = t->rates->dim[0] < SHOWN ? t->rates->dim[0] : SHOWN;
	for (size_t n = 0; n < t->x->rows; n++) {
		if (times_of(t, n) > 0) {
			lo = fmin(lo, count_of(t, n));
			hi = fmax(hi, count_of(t, n));
		}
		t->total += times_of(t, n);
	}
	if (!(lo <= hi))
		lo = hi = 0;
	t->from = lo <= 20 ? 0 : lo;
	double values = hi - t->from + 1;
	t->width = values > VALUES ? ceil(values / VALUES) : 1;
	t->bars = (size_t)ceil(values / t->width);
	return true;
}

/* Expected observations of component k in bar i: of its middle value, times its width. */
static double expected(const struct counts *t, const double *theta, size_t k, size_t i)
{
	double x = t->from + (double)i * t->width + floor((t->width - 1) / 2), rate = array_at(theta, t->rates, k, 0);
	double log_p = (x > 0 ? x * log(rate) : 0) - rate - lgamma(x + 1);
	double p = rate > 0 ? exp(log_p) : x > 0 ? 0 : 1;
	return t->total * t->width * array_at(theta, t->weights, k, 0) * p;
}

/* ---- the figure ---- */

static bool set_bars(struct drawing *d, const struct counts *t)
{
	d->hist = (struct hist){.from = t->from - 0.5, .width = t->width, .bins = t->bars, .apart = true};
	d->height = calloc(t->bars + 1, sizeof *d->height);
	for (size_t n = 0; d->height && n < t->x->rows; n++) {
		double i = floor((count_of(t, n) - t->from) / t->width);
		if (i >= 0 && i < (double)t->bars)
			d->height[(size_t)i] += times_of(t, n);
	}
	d->hist.height = d->height;
	return d->height != NULL;
}

static bool set_curves(struct drawing *d, const struct counts *t)
{
	bool before = data_moved(t->s), few = t->bars <= 40;
	size_t n = t->bars;
	double *at = d->room = calloc((1 + (before ? 2 : 1) * (t->k + 1)) * n + 1, sizeof *d->room), *x = at;
	d->curves = calloc(2 * (t->k + 1), sizeof *d->curves);
	if (!at || !d->curves)
		return false;
	for (size_t i = 0; i < n; i++)
		x[i] = t->from + ((double)i + 0.5) * t->width - 0.5;
	at += n;
	for (int faint = before ? 1 : 0; faint >= 0; faint--) {
		const double *theta = faint ? t->s->theta_before : t->s->theta;
		double *sum = at;
		at += n;
		for (size_t k = 0; k < t->k; k++, at += n) {
			for (size_t i = 0; i < n; i++)
				sum[i] += at[i] = expected(t, theta, k, i);
			if (!faint)
				d->curves[d->hist.curves_n++] =
				    (struct hist_curve){.x = x, .y = at, .n = n, .color = color_series((unsigned)k), .marks = few,
				                        .mark = (enum fig_mark)(MARK_DOT + (int)(k % 6)), .number = (int)k + 1};
		}
		if (faint || t->k > 1)
			d->curves[d->hist.curves_n++] = (struct hist_curve){
			    .x = x, .y = sum, .n = n, .color = faint ? COLOR_DIM : COLOR_DEFAULT, .faint = faint == 1 && !few};
	}
	d->hist.curves = d->curves;
	return true;
}

static bool compose(struct drawing *d, const struct counts *t)
{
	double most = 1;
	*d = (struct drawing){0};
	if (!set_bars(d, t) || !set_curves(d, t))
		return false;
	for (size_t i = 0; i < t->bars; i++)
		most = fmax(most, d->height[i]);
	for (size_t i = 0; i < d->hist.curves_n; i++)
		for (size_t j = 0; j < d->curves[i].n; j++)
			if (d->curves[i].y[j] < 3 * most)
				most = fmax(most, d->curves[i].y[j]);
	double end = t->from + (double)t->bars * t->width - 0.5;
	d->fig = (struct fig){.x_title = "count", .y_title = "observations", .x = {t->from - 0.5, end}, .y = {0, 1.06 * most},
	                      .x_integer = true, .whole_labels = true};
	return true;
}

static void drawing_close(struct drawing *d)
{
	free(d->height);
	free(d->room);
	free(d->curves);
}

/* ---- the table ---- */

/* "count  observed  expected  q": of each row of the data; the bar is the split of its responsibilities. */
/* A count with its digits grouped, from `large` on in brief. */
static struct number whole(double x, double large)
{
	struct number brief;
	if (x < large)
		return number_count((size_t)(x > 0 ? x : 0));
	snprintf(brief.s, sizeof brief.s, "%.3g", x);
	return brief;
}

static void draw_table(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, const struct counts *t)
{
	struct style dim = style_of(COLOR_DIM);
	double *room = NULL;
	if (r.h > 2) {
		struct rect head = rect_cut_top(&r, 1);
		canvas_put_right(c, head.x, head.y, 8, dim, "count");
		canvas_put_right(c, head.x + 8, head.y, 10, dim, "observed");
		canvas_put_right(c, head.x + 18, head.y, 10, dim, "expected");
		canvas_put_clipped(c, head.x + 30, head.y, head.w - 30, dim, "q");
	}
	size_t n = t->x->rows, from = data_items(ui, pic, r, 1, r.w, 1);
	for (int y = 0; y < r.h && from + (size_t)y < n; y++) {
		size_t i = from + (size_t)y;
		struct rect row = {r.x, r.y + y, r.w, 1};
		double x = count_of(t, i), sum = 0;
		const double *share = data_shares(t->s, i, &room);
		struct counts one = *t;
		one.from = x;
		one.width = 1;
		for (size_t k = 0; k < t->rates->dim[0]; k++)
			sum += expected(&one, t->s->theta, k, 0);
		canvas_put_right(c, row.x, row.y, 8, style_of(COLOR_DEFAULT), whole(x, 1e6).s);
		canvas_put_right(c, row.x + 8, row.y, 10, style_of(COLOR_DEFAULT), whole(times_of(t, i), 1e7).s);
		canvas_put_right(c, row.x + 18, row.y, 10, style_of(COLOR_DEFAULT), number_fixed(sum, 1).s);
		if (share && row.w > 34)
			share_bar(c, (struct rect){row.x + 30, row.y, row.w - 31, 1}, share, t->s->problem->layout.components);
		if (i == ui->document)
			list_highlight(c, row, true);
	}
	free(room);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct counts t;
	struct drawing d = {0};
	if (!counts_of(&t, pic)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "this model has no rates to draw");
		return;
	}
	data_head(c, &r, pic, data_moved(t.s) ? "bars: observed; marks: N w p(x|k); line: their sum, grey: before"
	                                      : "bars: observed; marks: N w p(x|k); line: their sum");
	data_foot(ui, c, &r, pic);
	if (r.w >= 2 * TABLE - 14 && r.h >= 5) {
		draw_table(ui, pic, c, rect_cut_right(&r, r.w >= 130 ? TABLE + 20 : TABLE), &t);
		rect_cut_right(&r, 2);
	}
	if (compose(&d, &t)) {
		fig_canvas(&d.fig, c, r);
		hist_draw(&d.hist, &d.fig, c, r);
		ui->plot = fig_plot_rect(&d.fig, c, r);
	} else {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
	}
	drawing_close(&d);
}

const struct data_picture data_rates = {draw, NULL};
