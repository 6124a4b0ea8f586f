/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One column: how many observations lie where, and how many the mixture expects there, by component and in all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "plot/hist.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/order.h"
#include "view/pane.h"

enum { SAMPLES = 401, SHOWN = 20, FEW = 8 };

#define ROOT_TURN 2.5066282746310002 /* sqrt(2 pi) */

struct line {
	const struct em_snapshot *s;
	const struct em_points *table;
	const struct em_array *weights, *means, *covariances;
	size_t k, all; /* components with a curve of their own, and all that the sum is of */
};

struct drawing {
	struct hist hist;
	struct fig fig;
	double *height, *room; /* bins; the curves' points */
	struct hist_curve *curves;
	char title[96];
};

static bool line_of(const struct picture *pic, struct line *l)
{
	const struct em_problem *p = pic->run->problem;
	*l = (struct line){.s = pic->run, .table = pic->data->points};
	l->weights = array_theta(p, "weights", 1);
	l->means = array_theta(p, "means", 2);
	l->covariances = array_theta(p, "covariances", 3);
	if (!l->weights || !l->means || !l->covariances)
		return false;
	l->all = l->means->dim[0];
	l->k = l->all < SHOWN ? l->all : SHOWN;
	return true;
}

static double deviation(const struct line *l, const double *theta, size_t k)
{
	double v = data_at3(theta, l->covariances, k, 0, 0);
	return v > 0 ? sqrt(v) : 0;
}

/* w_k p(x|k) */
static double density(const struct line *l, const double *theta, size_t k, double x)
{
	double sd = deviation(l, theta, k), z = (x - array_at(theta, l->means, k, 0)) / sd;
	return sd > 0 ? array_at(theta, l->weights, k, 0) * exp(-0.5 * z * z) / (sd * ROOT_TURN) : 0;
}

/* ---- the figure ---- */

/* The data, and the components' 2 sigma as far as they do not squeeze them. */
static struct fig_range range_of(const struct line *l)
{
	double lo = INFINITY, hi = -INFINITY;
	for (size_t n = 0; n < l->table->rows; n++) {
		lo = fmin(lo, l->table->x[n]);
		hi = fmax(hi, l->table->x[n]);
	}
	double wide = hi > lo ? hi - lo : fmax(1, 0.1 * fabs(lo)), least = lo - 0.06 * wide, most = hi + 0.06 * wide;
	for (size_t k = 0; k < l->k; k++) {
		double mean = array_at(l->s->theta, l->means, k, 0), sd = deviation(l, l->s->theta, k);
		least = fmin(least, fmax(mean - 2 * sd, lo - 0.5 * wide));
		most = fmax(most, fmin(mean + 2 * sd, hi + 0.5 * wide));
	}
	return (struct fig_range){least, most};
}

static bool set_bins(struct drawing *d, const struct line *l, struct fig_range x, int width)
{
	double n = (double)l->table->rows, bins = ceil(2 * cbrt(n)) + 4, most = width > 8 ? width / 2 : 4;
	d->hist.bins = (size_t)(bins < most ? bins : most);
	d->hist.from = x.lo;
	d->hist.width = (x.hi - x.lo) / (double)d->hist.bins;
	d->height = calloc(d->hist.bins, sizeof *d->height);
	for (size_t i = 0; d->height && i < l->table->rows; i++) {
		double bin = floor((l->table->x[i] - x.lo) / d->hist.width);
		if (bin >= 0 && bin < (double)d->hist.bins)
			d->height[(size_t)bin] += 1;
	}
	d->hist.height = d->height;
	return d->height != NULL;
}

/* Sample points with each mean among them, so that no narrow peak is missed. */
static void set_samples(const struct line *l, const double *theta, struct fig_range range, double *x)
{
	double step = (range.hi - range.lo) / (SAMPLES - 1);
	for (int i = 0; i < SAMPLES; i++)
		x[i] = range.lo + step * i;
	for (size_t k = 0; k < l->k; k++) {
		double mean = array_at(theta, l->means, k, 0), i = round((mean - range.lo) / step);
		if (i >= 0 && i < SAMPLES)
			x[(size_t)i] = mean;
	}
}

static void add_curve(struct drawing *d, const double *x, const double *y, enum color color, bool faint, int number)
{
	d->curves[d->hist.curves_n++] =
	    (struct hist_curve){.x = x, .y = y, .n = SAMPLES, .color = color, .faint = faint, .number = number};
}

/* Expected observations a bin: the components before, then now, then their sum. */
static bool set_curves(struct drawing *d, const struct line *l, struct fig_range range)
{
	bool before = data_moved(l->s);
	double scale = (double)l->table->rows * d->hist.width;
	double *at = d->room = calloc((before ? 2 : 1) * (l->k + 2) * SAMPLES, sizeof *d->room);
	d->curves = calloc(2 * (l->k + 1), sizeof *d->curves);
	if (!at || !d->curves)
		return false;
	for (int faint = before ? 1 : 0; faint >= 0; faint--) {
		const double *theta = faint ? l->s->theta_before : l->s->theta;
		double *x = at, *sum = at + SAMPLES;
		if (!faint && l->k > 1 && l->k <= FEW) /* below its parts, which shows whose it is where they are apart */
			add_curve(d, x, sum, COLOR_DEFAULT, false, 0);
		set_samples(l, theta, range, x);
		at += 2 * SAMPLES;
		for (size_t k = 0; k < l->all; k++) {
			for (int i = 0; i < SAMPLES; i++) {
				double y = scale * density(l, theta, k, x[i]);
				sum[i] += y;
				if (k < l->k)
					at[i] = y;
			}
			if (k >= l->k)
				continue;
			add_curve(d, x, at, faint ? COLOR_DIM : color_series((unsigned)k), faint == 1, faint ? 0 : (int)k + 1);
			at += SAMPLES;
		}
		if (!faint && l->k > FEW) /* many parts would hide it */
			add_curve(d, x, sum, COLOR_DEFAULT, false, 0);
	}
	d->hist.curves = d->curves;
	return true;
}

/* A component that collapses on a point must not flatten all bars. */
static double highest(const struct drawing *d)
{
	double bars = 1, curve = 0;
	for (size_t i = 0; i < d->hist.bins; i++)
		bars = fmax(bars, d->height[i]);
	for (size_t i = 0; i < d->hist.curves_n; i++)
		for (size_t j = 0; !d->curves[i].faint && j < d->curves[i].n; j++)
			curve = fmax(curve, d->curves[i].y[j]);
	return 1.08 * fmax(bars, fmin(curve, 2.5 * bars));
}

static bool compose(struct drawing *d, const struct line *l, int width)
{
	struct fig_range x = range_of(l);
	struct buf name = {0};
	*d = (struct drawing){0};
	text_clip(&name, l->table->column[0], 40, false);
	buf_copy(&name, d->title, sizeof d->title);
	buf_free(&name);
	if (!set_bins(d, l, x, width) || !set_curves(d, l, x))
		return false;
	d->fig = (struct fig){.x_title = d->title, .y_title = "observations a bin", .x = x, .y = {0, highest(d)},
	                      .whole_labels = true};
	return true;
}

/* ---- drawing ---- */

/* Under each bin the component that its observations lean to. */
static void draw_rug(const struct drawing *d, const struct line *l, struct canvas *c, struct rect r, struct rect rug)
{
	size_t k = l->s->problem->layout.components;
	double *sums = calloc(d->hist.bins * k + 1, sizeof *sums), *room = NULL;
	struct rect plot = fig_plot_rect(&d->fig, c, r);
	bool plain = c->mono || c->glyphs == GLYPHS_ASCII;
	for (size_t n = 0; sums && n < l->table->rows; n++) {
		const double *share = data_shares(l->s, n, &room);
		double bin = floor((l->table->x[n] - d->hist.from) / d->hist.width);
		for (size_t i = 0; share && bin >= 0 && bin < (double)d->hist.bins && i < k; i++)
			sums[(size_t)bin * k + i] += share[i];
	}
	for (int x = plot.x; sums && x < plot.x + plot.w; x++) {
		bool gap;
		size_t bin = hist_bin(&d->hist, &d->fig, c, r, x, &gap);
		if (bin >= d->hist.bins || !(d->height[bin] > 0))
			continue;
		size_t best = data_leader(sums + bin * k, k);
		double sure = sums[bin * k + best] / d->height[bin];
		struct style style = sure >= 0.9 ? style_of(color_series((unsigned)best))
		                     : sure >= 0.6 ? style_with(color_series((unsigned)best), ATTR_DIM) : style_of(COLOR_DIM);
		uint32_t mark = sure >= 0.6 ? (uint32_t)component_letter(best) : '?';
		canvas_set(c, x, rug.y, style, plain ? mark : 0x2580);
	}
	if (plot.x - rug.x >= 2)
		canvas_put(c, plot.x - 2, rug.y, style_of(COLOR_DIM), "q");
	free(sums);
	free(room);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct line l;
	struct drawing d = {0};
	if (!line_of(pic, &l)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "this model has no densities to draw");
		return;
	}
	data_head(c, &r, pic, data_moved(l.s) ? "bars: observed; curves: N w p(x|k) and sum; dotted: before"
	                                      : "bars: observed; curves: N w p(x|k) and sum");
	data_foot(ui, c, &r, pic);
	struct rect rug = rect_cut_bottom(&r, r.h >= 10 && r.w >= 20 ? 1 : 0);
	if (compose(&d, &l, r.w)) {
		fig_canvas(&d.fig, c, r);
		hist_draw(&d.hist, &d.fig, c, r);
		ui->plot = fig_plot_rect(&d.fig, c, r);
		ui->plot_from = d.fig.x.lo;
		ui->plot_to = d.fig.x.hi;
		if (rug.h > 0)
			draw_rug(&d, &l, c, r, rug);
		if (ui->document < l.table->rows) {
			int x = fig_x_to_column(&d.fig, c, r, l.table->x[ui->document]);
			if (x >= 0)
				canvas_set(c, x, ui->plot.y + ui->plot.h - 1, style_with(COLOR_ACCENT, ATTR_BOLD), 0x25b2);
		}
	} else {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
	}
	free(d.height);
	free(d.room);
	free(d.curves);
}

/* A click selects the observation nearest to its column. */
static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const struct em_points *t = pic->data->points;
	size_t best = 0;
	int x, y;
	(void)err;
	if (strcmp(call->name, "click") != 0 || !pane_cell(call, &x, &y))
		return false;
	double at = ui->plot_from + (x - ui->plot.x + 0.5) / ui->plot.w * (ui->plot_to - ui->plot_from);
	for (size_t n = 1; n < t->rows; n++)
		if (fabs(t->x[n] - at) < fabs(t->x[best] - at))
			best = n;
	if (rect_has(ui->plot, x, y))
		order_select(ui, best);
	return true;
}

const struct data_picture data_histogram = {draw, command};
