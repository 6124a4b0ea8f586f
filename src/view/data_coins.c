/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sets of tosses, each a bar of heads and tails split by whose they are expected to be, beside the table of expected
 * heads and tails and the biases that follow from its sums (Do and Batzoglou 2008, figure 1b). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/bars.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/list.h"
#include "view/pane.h"
#include "view/reader.h"
#include "view/topics.h"

enum { NUMBER = 5, TOSSES = 8, Q = 6, COUNT = 9, COIN = 2 + Q + 2 * COUNT, BAR_LEAST = 12 };

struct sheet {
	const struct em_snapshot *s;
	const struct em_points *x;
	size_t heads, tosses, k;
	size_t first, shown; /* coins that have columns */
	int bar;             /* columns of the bars, 0: none */
	double most;         /* tosses of the largest set */
	double *sum;         /* [k][2] expected heads and tails of all sets */
	double all[2];
};

static double heads_of(const struct sheet *t, size_t n)
{
	return t->x->x[n * t->x->columns + t->heads];
}

static double tails_of(const struct sheet *t, size_t n)
{
	return t->x->x[n * t->x->columns + t->tosses] - heads_of(t, n);
}

static void find_columns(struct sheet *t)
{
	t->heads = em_points_column(t->x, "heads");
	t->tosses = em_points_column(t->x, "tosses");
	if (t->heads == SIZE_MAX || t->tosses == SIZE_MAX) {
		t->heads = 0;
		t->tosses = t->x->columns > 1 ? 1 : 0;
	}
}

static bool sheet_of(struct sheet *t, const struct ui *ui, const struct picture *pic, int width)
{
	*t = (struct sheet){.s = pic->run, .x = pic->data->points, .k = pic->run->problem->layout.components};
	find_columns(t);
	int left = width - NUMBER - TOSSES - (width >= 60 ? BAR_LEAST : 0);
	t->shown = left >= COIN ? (size_t)(left / COIN) : 0;
	if (t->shown > t->k)
		t->shown = t->k;
	t->first = ui->data.first + t->shown > t->k ? t->k - t->shown : ui->data.first;
	t->bar = width - NUMBER - TOSSES - (int)t->shown * COIN;
	if (t->bar > 60)
		t->bar = 60;
	double *room = NULL;
	t->sum = calloc(2 * t->k + 1, sizeof *t->sum);
	for (size_t n = 0; t->sum && n < t->x->rows; n++) {
		const double *q = data_shares(t->s, n, &room);
		double h = heads_of(t, n), tails = tails_of(t, n);
		t->most = fmax(t->most, h + tails);
		t->all[0] += h;
		t->all[1] += tails;
		for (size_t k = 0; q && k < t->k; k++) {
			t->sum[2 * k] += q[k] * h;
			t->sum[2 * k + 1] += q[k] * tails;
		}
	}
	free(room);
	return t->sum != NULL;
}

/* ---- drawing ---- */

/* Where the columns of coin i of those shown begin. */
static int column_of(const struct sheet *t, struct rect r, size_t i)
{
	return r.x + NUMBER + TOSSES + t->bar + (int)i * COIN;
}

static void draw_titles(struct canvas *c, struct rect r, const struct sheet *t)
{
	struct style dim = style_of(COLOR_DIM);
	canvas_put_right(c, r.x, r.y, NUMBER - 1, dim, "set");
	canvas_put_right(c, r.x + NUMBER, r.y, TOSSES - 2, dim, "heads");
	if (t->bar >= 13)
		canvas_put_clipped(c, r.x + NUMBER + TOSSES, r.y, t->bar - 1, dim,
		                   c->mono || c->glyphs == GLYPHS_ASCII ? "heads, . tails" : "heads, tails");
	for (size_t i = 0; i < t->shown; i++) {
		int x = column_of(t, r, i);
		topic_badge(c, x + 2, r.y, t->first + i);
		canvas_put_right(c, x + 2, r.y, Q, dim, "q");
		canvas_put_right(c, x + 2 + Q, r.y, COUNT, dim, "heads");
		canvas_put_right(c, x + 2 + Q + COUNT, r.y, COUNT, dim, "tails");
	}
}

static void draw_counts(struct canvas *c, struct rect r, const struct sheet *t, size_t i, double q, double h, double tails,
                        int attr)
{
	int x = column_of(t, r, i), places = t->most < 1000 ? 2 : 0;
	struct style style = style_with(color_series((unsigned)(t->first + i)), attr);
	if (!isnan(q))
		canvas_put_right(c, x + 2, r.y, Q, style_of(COLOR_DEFAULT), number_fixed(q, 3).s);
	canvas_put_right(c, x + 2 + Q, r.y, COUNT, style, number_fixed(h, places).s);
	canvas_put_right(c, x + 2 + Q + COUNT, r.y, COUNT, style, number_fixed(tails, places).s);
}

/* The heads, split by whose they are expected to be; behind them the tails. */
static void draw_bar(struct canvas *c, struct rect r, const struct sheet *t, const double *q, double h, double tails)
{
	struct bar_part few[33] = {{0}}, *parts = t->k <= 32 ? few : calloc(t->k + 1, sizeof *parts);
	for (size_t k = 0; parts && k < t->k; k++) {
		char letter = component_letter(k);
		parts[k] = (struct bar_part){.value = q[k] * h, .color = color_series((unsigned)k), .letter = letter,
		                             .glyph = c->mono ? (uint32_t)letter : 0};
	}
	if (parts) {
		parts[t->k] = (struct bar_part){.value = tails, .color = COLOR_BAND, .letter = '.', .glyph = c->mono ? '.' : 0};
		bar_stack_horizontal(c, r, parts, t->k + 1, t->most);
	}
	if (parts != few)
		free(parts);
}

static void draw_set(struct canvas *c, struct rect r, const struct sheet *t, size_t n, double **room)
{
	char text[64];
	double h = heads_of(t, n), tails = tails_of(t, n);
	const double *q = data_shares(t->s, n, room);
	canvas_put_right(c, r.x, r.y, NUMBER - 1, style_of(COLOR_DIM), number_count(n + 1).s);
	snprintf(text, sizeof text, "%.0f/%.0f", h, h + tails);
	canvas_put_right(c, r.x + NUMBER, r.y, TOSSES - 2, style_of(COLOR_DEFAULT), text);
	if (q && t->bar > 3)
		draw_bar(c, (struct rect){r.x + NUMBER + TOSSES, r.y, t->bar - 1, 1}, t, q, h, tails);
	for (size_t i = 0; q && i < t->shown; i++)
		draw_counts(c, r, t, i, q[t->first + i], q[t->first + i] * h, q[t->first + i] * tails, 0);
}

static void draw_sums(struct canvas *c, struct rect r, const struct sheet *t)
{
	char text[64];
	canvas_put_right(c, r.x, r.y, NUMBER - 1, style_with(COLOR_TITLE, ATTR_BOLD), "sum");
	snprintf(text, sizeof text, "%.0f/%.0f", t->all[0], t->all[0] + t->all[1]);
	canvas_put_right(c, r.x + NUMBER, r.y, TOSSES - 2, style_with(COLOR_DEFAULT, ATTR_BOLD), text);
	for (size_t i = 0; i < t->shown; i++)
		draw_counts(c, r, t, i, NAN, t->sum[2 * (t->first + i)], t->sum[2 * (t->first + i) + 1], ATTR_BOLD);
}

/* What an M-step makes of the sums, under each coin. */
static void draw_biases(struct canvas *c, struct rect r, const struct sheet *t, bool next)
{
	const struct em_array *bias = array_theta(t->s->problem, "bias", 1);
	canvas_put_clipped(c, r.x + 1, r.y, r.w - 1, style_with(next ? COLOR_TITLE : COLOR_DIM, next ? ATTR_BOLD : 0),
	                   next ? "bias from these sums" : "bias now");
	for (size_t i = 0; i < t->shown; i++) {
		size_t k = t->first + i;
		double sum = t->sum[2 * k] + t->sum[2 * k + 1], value = bias ? array_at(t->s->theta, bias, k, 0) : NAN;
		int x = column_of(t, r, i), attr = next ? ATTR_BOLD : 0;
		char text[160];
		if (next && sum > 0)
			value = t->sum[2 * k] / sum;
		if (next && sum > 0)
			snprintf(text, sizeof text, "%s/%s=%s", number_fixed(t->sum[2 * k], 2).s, number_fixed(sum, 2).s,
			         number_fixed(value, 4).s);
		else
			snprintf(text, sizeof text, "%s", number_fixed(value, 4).s);
		if (canvas_width(c, text) > COIN - 1)
			snprintf(text, sizeof text, "%s", number_fixed(value, 4).s);
		canvas_put_right(c, x + 1, r.y, COIN - 1, style_with(next ? color_series((unsigned)k) : COLOR_DIM, attr), text);
	}
}

static void draw_table(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, const struct sheet *t)
{
	size_t n = t->x->rows;
	double *room = NULL;
	if (r.h >= 3)
		draw_titles(c, rect_cut_top(&r, 1), t);
	struct rect foot = rect_cut_bottom(&r, r.h >= 8 && t->shown ? 3 : r.h >= 4 && t->shown ? 1 : 0);
	int below = 0;
	if (foot.h >= 3 && (size_t)r.h > n) { /* close below a short table; below that the arithmetic of the selected set */
		below = r.h - (int)n;
		foot.y = r.y + (int)n;
	}
	size_t from = data_items(ui, pic, r, 1, r.w, 1);
	for (int i = 0; i < r.h && from + (size_t)i < n; i++) {
		struct rect row = {r.x, r.y + i, r.w, 1};
		draw_set(c, row, t, from + (size_t)i, &room);
		if (from + (size_t)i == ui->document)
			list_highlight(c, row, true);
	}
	if (foot.h > 0)
		draw_sums(c, foot, t);
	if (foot.h >= 3) {
		canvas_attr(c, (struct rect){foot.x, foot.y, foot.w, 1}, ATTR_BOLD);
		draw_biases(c, (struct rect){foot.x, foot.y + 1, foot.w, 1}, t, true);
		draw_biases(c, (struct rect){foot.x, foot.y + 2, foot.w, 1}, t, false);
	}
	if (below >= 5 + (int)(t->k < 6 ? t->k : 6))
		reader_card(t->s, c, (struct rect){r.x + 1, foot.y + foot.h + 1, r.w - 1, below - 1}, ui->document);
	canvas_scrollbar(c, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, style_of(COLOR_DIM), from, (size_t)(r.h > 0 ? r.h : 0), n);
	free(room);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct sheet t;
	char text[160];
	if (!sheet_of(&t, ui, pic, r.w - 1)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
		return;
	}
	int n = snprintf(text, sizeof text, "whose tosses: q of each set, expected heads and tails");
	if (t.shown < t.k && t.shown > 0)
		snprintf(text + n, sizeof text - (size_t)n, "; coins %zu to %zu of %zu", t.first + 1, t.first + t.shown, t.k);
	ui->data.first = t.first;
	data_head(c, &r, pic, text);
	data_foot(ui, c, &r, pic);
	draw_table(ui, pic, c, r, &t);
	free(t.sum);
}

/* Left and right scroll through the coins where there is no room for all. */
static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	size_t k = pic->run->problem->layout.components;
	(void)err;
	if (strcmp(call->name, "left") == 0)
		ui->data.first = ui->data.first > 0 ? ui->data.first - 1 : 0;
	else if (strcmp(call->name, "right") == 0)
		ui->data.first = ui->data.first + 1 < k ? ui->data.first + 1 : ui->data.first;
	else
		return false;
	return true;
}

const struct data_picture data_coins = {draw, command};
