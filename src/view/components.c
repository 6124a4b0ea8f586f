/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/components.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "plot/bars.h"
#include "plot/pixels.h"
#include "view/arrays.h"
#include "view/pane.h"
#include "view/topics.h"

/* The columns or terms form a picture of `grid` a row. */
static bool is_grid(const struct ui *ui, const struct em_array *a)
{
	return ui->grid > 1 && a && a->dim[1] > ui->grid && a->dim[1] % ui->grid == 0;
}

bool component_pictured(const struct ui *ui, const struct em_snapshot *s)
{
	const struct em_problem *p = s->problem;
	return p->model->picture != EM_PICTURE_TERMS || is_grid(ui, array_weights(p));
}

static bool next_row(struct rect *left, struct rect *row)
{
	*row = rect_cut_top(left, left->h > 0 ? 1 : 0);
	return row->h > 0;
}

static int put_name(struct canvas *c, struct rect r, const char *name)
{
	int w = r.w * 2 / 5 < 16 ? r.w * 2 / 5 : 16;
	canvas_put_clipped(c, r.x + 1, r.y, w - 1, style_of(COLOR_DEFAULT), name);
	return w;
}

enum { VALUE = 10, CHANGE = 9 };

static void put_change(struct canvas *c, int x, int y, double now, double before)
{
	double change = now - before;
	char text[80];
	if (!(fabs(change) > 1e-12 * (1 + fabs(now))))
		return;
	snprintf(text, sizeof text, "%s%.60s", change > 0 ? "+" : "", number_short(change, 1).s);
	canvas_put_right(c, x, y, CHANGE - 1, style_of(change > 0 ? COLOR_UP : COLOR_DOWN),
	                 fabs(change) < 5e-5 ? text : pane_change_at(change, 4).s);
}

/* "heads  0.7130 +0.1130 ████": a value from 0 to full. */
static void value_row(struct canvas *c, struct rect r, const char *name, double now, double before, double full, size_t k)
{
	int x = r.x + put_name(c, r, name);
	canvas_put_right(c, x, r.y, VALUE - 1, style_with(COLOR_DEFAULT, ATTR_BOLD), number_short(now, 5).s);
	x += VALUE;
	if (r.x + r.w - x >= CHANGE) {
		put_change(c, x, r.y, now, before);
		x += CHANGE;
	}
	if (r.x + r.w - x >= 3 && full > 0)
		thin_bar(c, (struct rect){x, r.y, r.x + r.w - x, 1}, color_series((unsigned)k), now, full);
}

static void note(struct canvas *c, struct rect r, const char *text)
{
	canvas_put_clipped(c, r.x + 1, r.y, r.w - 1, style_of(COLOR_DIM), text);
}

/* ---- coins and rates ---- */

static const struct em_array *stats_named(const struct em_problem *p, const char *name)
{
	for (unsigned i = 0; i < p->layout.stats_arrays; i++)
		if (strcmp(p->layout.stats[i].name, name) == 0)
			return p->layout.stats + i;
	return NULL;
}

static void draw_weight(const struct em_snapshot *s, struct canvas *c, struct rect *left, size_t k)
{
	const struct em_array *a = array_theta(s->problem, "weights", 1);
	struct rect r;
	if (a && next_row(left, &r))
		value_row(c, r, "weight", array_at(s->theta, a, k, 0), array_at(s->theta_before, a, k, 0), 1, k);
}

static void draw_coin(const struct em_snapshot *s, struct canvas *c, struct rect left, size_t k)
{
	const struct em_array *bias = array_theta(s->problem, "bias", 1);
	const struct em_array *heads = stats_named(s->problem, "heads"), *tails = stats_named(s->problem, "tails");
	struct rect r;
	char text[160];
	if (bias && next_row(&left, &r))
		value_row(c, r, "heads", array_at(s->theta, bias, k, 0), array_at(s->theta_before, bias, k, 0), 1, k);
	draw_weight(s, c, &left, k);
	if (s->stats && heads && tails && next_row(&left, &r)) {
		double h = array_at(s->stats, heads, k, 0), t = array_at(s->stats, tails, k, 0);
		snprintf(text, sizeof text, "q: %.20s heads, %.20s tails: %.20s", number_fixed(h, 2).s, number_fixed(t, 2).s,
		         number_fixed(h / (h + t), 4).s);
		note(c, r, text);
	}
}

static void draw_rate(const struct em_snapshot *s, struct canvas *c, struct rect left, size_t k)
{
	const struct em_array *rates = array_theta(s->problem, "rates", 1);
	double full = 0;
	struct rect r;
	for (size_t i = 0; rates && i < rates->dim[0]; i++)
		full = fmax(full, array_at(s->theta, rates, i, 0));
	if (rates && next_row(&left, &r))
		value_row(c, r, "rate", array_at(s->theta, rates, k, 0), array_at(s->theta_before, rates, k, 0), full, k);
	draw_weight(s, c, &left, k);
}

/* ---- Gaussians ---- */

enum { SPREAD = 10 };

/* "waiting  79.968 ± 5.998 +0.1895": mean, standard deviation, what the mean moved by. */
static void draw_gaussian(const struct em_snapshot *s, struct canvas *c, struct rect left, size_t k)
{
	const struct em_array *means = array_theta(s->problem, "means", 2), *cov = array_theta(s->problem, "covariances", 3);
	struct rect r;
	char text[200];
	if (!means || !cov)
		return;
	draw_weight(s, c, &left, k);
	for (size_t d = 0; d < means->dim[1] && next_row(&left, &r); d++) {
		double now = array_at(s->theta, means, k, d), before = array_at(s->theta_before, means, k, d);
		double variance = s->theta[cov->offset + k * cov->stride[0] + d * (cov->stride[1] + cov->stride[2])];
		int x = r.x + put_name(c, r, item_label(s->problem, d));
		canvas_put_right(c, x, r.y, VALUE - 1, style_with(COLOR_DEFAULT, ATTR_BOLD), number_short(now, 5).s);
		x += VALUE;
		snprintf(text, sizeof text, "± %.20s", number_short(sqrt(variance), 4).s);
		if (x + SPREAD <= r.x + r.w)
			canvas_put(c, x, r.y, style_of(COLOR_DEFAULT), text);
		if (x + SPREAD + CHANGE <= r.x + r.w)
			put_change(c, x + SPREAD, r.y, now, before);
	}
	if (means->dim[1] == 2 && next_row(&left, &r)) {
		const double *v = s->theta + cov->offset + k * cov->stride[0];
		snprintf(text, sizeof text, "correlation %.20s",
		         number_fixed(v[cov->stride[2]] / sqrt(v[0] * v[cov->stride[1] + cov->stride[2]]), 3).s);
		note(c, r, text);
	}
}

/* ---- probabilities by item ---- */

static void draw_items(const struct em_snapshot *s, struct canvas *c, struct rect left, const struct em_array *a, size_t k)
{
	struct em_item item[64];
	size_t n = s->problem->model->describe(s->problem, s->theta, k, item, left.h > 64 ? 64 : (size_t)(left.h > 0 ? left.h : 0));
	struct rect r;
	for (size_t i = 0; i < n && next_row(&left, &r); i++) {
		double before = a && item[i].id < a->dim[1] ? array_at(s->theta_before, a, k, item[i].id) : item[i].weight;
		value_row(c, r, strcmp(item[i].label, " ") == 0 ? "(blank)" : item[i].label, item[i].weight, before, 1, k);
	}
}

static void draw_image(const struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect left,
                       const struct em_array *a, size_t k)
{
	size_t n = a->dim[1];
	double *v = malloc(n * sizeof *v), full = 0;
	for (size_t d = 0; v && d < n; d++) {
		v[d] = array_at(s->theta, a, k, d);
		full = fmax(full, v[d]);
	}
	if (v)
		pixels_draw(c, (struct rect){left.x + 1, left.y, left.w - 1, left.h}, v, ui->grid, n / ui->grid,
		            a->constraint == EM_SIMPLEX_ROWS ? full : 1, color_series((unsigned)k));
	free(v);
}

/* ---- chains ---- */

/* "next  1 93% ▉▉ 2 7%": a row of the transitions as a stacked bar, then the symbols. */
static void draw_chain(const struct em_snapshot *s, struct canvas *c, struct rect left, size_t k)
{
	const struct em_problem *p = s->problem;
	const struct em_array *start = array_theta(p, "initial", 1), *next = array_theta(p, "transitions", 2);
	size_t states = p->layout.components;
	struct rect r;
	double *share = malloc((states + 1) * sizeof *share);
	if (start && next_row(&left, &r))
		value_row(c, r, "begins", array_at(s->theta, start, k, 0), array_at(s->theta_before, start, k, 0), 1, k);
	if (next && next_row(&left, &r))
		value_row(c, r, "stays", array_at(s->theta, next, k, k), array_at(s->theta_before, next, k, k), 1, k);
	if (next && states > 2 && share && next_row(&left, &r)) {
		for (size_t j = 0; j < states; j++)
			share[j] = array_at(s->theta, next, k, j);
		int x = put_name(c, r, "goes to");
		share_bar(c, (struct rect){r.x + x, r.y, r.w - x, 1}, share, states);
	}
	free(share);
	if (next && next->dim[1] > states && next_row(&left, &r))
		value_row(c, r, "stops", array_at(s->theta, next, k, states), array_at(s->theta_before, next, k, states), 1, k);
	draw_items(s, c, left, array_theta(p, "emissions", 2), k);
}

/* ---- linkage and factors ---- */

static void draw_cells(const struct em_snapshot *s, struct canvas *c, struct rect left, size_t k)
{
	const struct em_array *pi = array_theta(s->problem, "pi", 1);
	struct rect r;
	if (!pi)
		return;
	double now = array_at(s->theta, pi, 0, 0), before = array_at(s->theta_before, pi, 0, 0);
	if (k == 0 && next_row(&left, &r))
		note(c, r, "the part of cell 1 with probability 1/2");
	if (k == 1 && next_row(&left, &r))
		note(c, r, "the part of cell 1 with probability π/4");
	if (k == 1 && next_row(&left, &r))
		value_row(c, r, "π", now, before, 1, k);
	if (next_row(&left, &r))
		value_row(c, r, "probability", k == 0 ? 0.5 : now / 4, k == 0 ? 0.5 : before / 4, 1, k);
}

static void draw_factor(const struct em_snapshot *s, struct canvas *c, struct rect left, size_t k)
{
	const struct em_array *w = array_theta(s->problem, "loadings", 2);
	double full = 0;
	struct rect r;
	for (size_t i = 0; w && i < w->dim[0]; i++)
		for (size_t d = 0; d < w->dim[1]; d++)
			full = fmax(full, fabs(array_at(s->theta, w, i, d)));
	for (size_t d = 0; w && d < w->dim[1] && next_row(&left, &r); d++) {
		double now = array_at(s->theta, w, k, d);
		value_row(c, (struct rect){r.x, r.y, r.w, 1}, item_label(s->problem, d), now, array_at(s->theta_before, w, k, d), 0, k);
		int x = r.x + put_name(c, r, "") + 20, half = (r.x + r.w - x) / 2;
		if (half < 3)
			continue;
		canvas_set(c, x + half, r.y, style_of(COLOR_DIM), c->glyphs == GLYPHS_ASCII ? '|' : 0x2502);
		int cells = (int)lround(fabs(now) / full * (half - 1));
		thin_bar(c, (struct rect){now < 0 ? x + half - cells : x + half + 1, r.y, cells, 1}, color_series((unsigned)k), 1, 1);
	}
}

void component_draw(const struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r, size_t k)
{
	const struct em_problem *p = s->problem;
	const struct em_array *a = p->model->picture == EM_PICTURE_PIXELS ? array_theta(p, "probabilities", 2) : array_weights(p);
	char text[240];
	if (p->model->health && p->model->health(p, s->theta, k, text, sizeof text) && r.h > 1) {
		int rows = pane_rows(c, r.w - 1, text);
		struct rect foot = rect_cut_bottom(&r, rows < r.h - 1 ? rows : r.h - 1);
		pane_text(c, (struct rect){foot.x + 1, foot.y, foot.w - 1, foot.h}, style_of(COLOR_WARN), text);
	}
	switch (p->model->picture) {
	case EM_PICTURE_COIN: draw_coin(s, c, r, k); return;
	case EM_PICTURE_RATE: draw_rate(s, c, r, k); return;
	case EM_PICTURE_GAUSSIAN: draw_gaussian(s, c, r, k); return;
	case EM_PICTURE_CHAIN: draw_chain(s, c, r, k); return;
	case EM_PICTURE_CELLS: draw_cells(s, c, r, k); return;
	case EM_PICTURE_FACTORS: draw_factor(s, c, r, k); return;
	case EM_PICTURE_PIXELS:
	case EM_PICTURE_TERMS: break;
	}
	if (is_grid(ui, a))
		draw_image(ui, s, c, r, a, k);
	else
		draw_items(s, c, r, a, k);
}
