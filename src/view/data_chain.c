/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sequence with the posterior of its states: symbols in lines, and under each either a bar for every state or the
 * leading state alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/bars.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/topics.h"

enum { MARGIN = 4, STATES_MOST = 8, TALL_MOST = 4 };

struct chain {
	const struct em_snapshot *s;
	const struct em_sequences *x;
	size_t n, length, k;
	const uint32_t *symbol;
	int margin, width; /* columns left of the lines, and of a line */
	int every;         /* columns of each symbol, 0: as many as it has, and a blank */
	bool states;       /* a bar for each state */
	int tall;          /* rows of a bar */
	int block;         /* rows of a line and what is under it, and a blank */
	size_t lines, top; /* of the sequence; the first one seen */
};

static int columns_of(const struct chain *h, const struct canvas *c, size_t t)
{
	if (h->every)
		return h->every;
	int w = canvas_width(c, h->x->alphabet[h->symbol[t]]) + 1;
	return w > h->width ? h->width : w < 2 ? 2 : w;
}

/* The time behind the last on the line that begins at `from`. */
static size_t line_end(const struct chain *h, const struct canvas *c, size_t from)
{
	int used = 0;
	if (h->every)
		return from + (size_t)(h->width / h->every) < h->length ? from + (size_t)(h->width / h->every) : h->length;
	size_t t = from;
	for (; t < h->length; t++) {
		used += columns_of(h, c, t);
		if (used - 1 > h->width && t > from)
			break;
	}
	return t;
}

static bool single_columns(const struct chain *h, const struct canvas *c)
{
	for (size_t v = 0; v < h->x->symbols; v++)
		if (canvas_width(c, h->x->alphabet[v]) != 1)
			return false;
	return true;
}

static size_t count_lines(const struct chain *h, const struct canvas *c)
{
	size_t lines = 0;
	for (size_t t = 0; t < h->length; t = line_end(h, c, t))
		lines++;
	return lines;
}

static void chain_of(struct chain *h, struct ui *ui, const struct picture *pic, const struct canvas *c, struct rect r)
{
	*h = (struct chain){.s = pic->run, .x = pic->data->sequences, .n = ui->document, .k = pic->run->problem->layout.components};
	h->symbol = h->x->symbol + h->x->row[h->n];
	h->length = h->x->row[h->n + 1] - h->x->row[h->n];
	h->margin = r.w >= 20 ? MARGIN : 0;
	h->width = r.w - h->margin - (r.w >= 20 ? 2 : 0);
	h->width = h->width < 1 ? 1 : h->width;
	if (single_columns(h, c)) {
		size_t wide = h->length ? (size_t)h->width / h->length : 1;
		h->every = wide >= 3 ? 3 : wide < 1 ? 1 : (int)wide;
		h->every = h->every > h->width ? h->width : h->every;
	}
	h->lines = count_lines(h, c);
	size_t most = h->lines < 3 ? h->lines : 3, rows = r.h > 0 ? (size_t)r.h : 0;
	h->states = h->k <= STATES_MOST && most * (h->k + 2) <= rows + 1;
	h->tall = 1;
	while (h->states && h->tall < TALL_MOST && h->lines * (h->k * ((size_t)h->tall + 1) + 2) <= rows + 1)
		h->tall++;
	h->block = h->states ? (int)h->k * h->tall + 2 : 3;
	if (!h->states && rows < 3)
		h->block = rows < 2 ? 1 : 2;
	if (ui->data.line_of != h->n)
		ui->data.line = 0;
	ui->data.line_of = h->n;
	size_t seen = rows + 1 >= (size_t)h->block ? (rows + 1) / (size_t)h->block : 1;
	if (ui->data.line + seen > h->lines)
		ui->data.line = h->lines > seen ? h->lines - seen : 0;
	h->top = ui->data.line;
	ui->data.rows_seen = seen;
	ui->data.lines = h->lines;
}

/* ---- drawing ---- */

/* A bar of height p in the rows of r; without colour only the height speaks, beside the state's number. */
static void put_bar(struct canvas *c, struct rect r, double p, size_t k)
{
	int left = p >= 1 ? 8 * r.h : p > 0 ? (int)(p * 8 * r.h + 0.5) : 0;
	for (int y = r.y + r.h - 1; y >= r.y && left > 0; y--, left -= 8) {
		int level = left < 8 ? left : 8;
		uint32_t glyph = c->glyphs == GLYPHS_ASCII ? (uint32_t)" _.--==##"[level] : bar_glyph_below(level);
		for (int i = 0; i < r.w; i++)
			canvas_set(c, r.x + i, y, style_of(color_series((unsigned)k)), glyph);
	}
}

static void put_leader(struct canvas *c, int x, int y, int w, const double *p, size_t states)
{
	size_t k = data_leader(p, states);
	bool sure = p[k] >= 0.9;
	if (c->mono || c->glyphs == GLYPHS_ASCII)
		canvas_set(c, x, y, style_with(color_series((unsigned)k), sure ? ATTR_BOLD : 0),
		           sure || p[k] >= 0.6 ? (uint32_t)component_letter(k) : '?');
	else
		put_bar(c, (struct rect){x, y, w, 1}, p[k], k);
}

static void draw_line(const struct chain *h, struct canvas *c, struct rect r, size_t from, size_t to, const double *p)
{
	int x = r.x + h->margin;
	for (size_t t = from; t < to; t++, p += h->k) {
		int w = columns_of(h, c, t), wide = h->every ? (h->every > 1 ? h->every - (h->every > 2) : 1) : w - 1;
		size_t leader = data_leader(p, h->k);
		struct style style = p[leader] >= 0.6 ? style_with(color_series((unsigned)leader), p[leader] >= 0.9 ? ATTR_BOLD : 0)
		                                      : style_of(COLOR_DEFAULT);
		canvas_put_clipped(c, x, r.y, wide, style, h->x->alphabet[h->symbol[t]]);
		for (size_t k = 0; h->states && k < h->k; k++)
			put_bar(c, rect_clip((struct rect){x, r.y + 1 + (int)k * h->tall, wide, h->tall}, r), p[k], k);
		if (!h->states && r.h > 1)
			put_leader(c, x, r.y + 1, wide, p, h->k);
		x += w;
	}
	for (size_t k = 0; h->states && h->margin && k < h->k; k++) {
		int y = r.y + 1 + (int)k * h->tall + (h->tall - 1) / 2;
		if (y < r.y + r.h)
			topic_badge(c, r.x, y, k);
	}
}

static void draw_lines(struct ui *ui, const struct picture *pic, const struct chain *h, struct canvas *c, struct rect r)
{
	struct em_err err = {0};
	size_t from = 0, to;
	for (size_t line = 0; line < h->top; line++)
		from = line_end(h, c, from);
	size_t first = from;
	to = from;
	for (size_t i = 0; i < ui->data.rows_seen && to < h->length; i++)
		to = line_end(h, c, to);
	const double *p = data_window(ui, pic, h->n, first, to - first, &err);
	if (!p) {
		pane_text(c, r, style_of(COLOR_BAD), err.msg[0] ? err.msg : "this model has no states to draw");
		return;
	}
	for (int y = 0; from < to && y < r.h; y += h->block) {
		size_t end = line_end(h, c, from);
		struct rect row = {r.x, r.y + y, r.w, h->block - 1 < r.h - y ? h->block - 1 : r.h - y};
		row.h = row.h < 1 ? 1 : row.h;
		draw_line(h, c, row, from, end, p + (from - first) * h->k);
		from = end;
	}
	canvas_scrollbar(c, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, style_of(COLOR_DIM), h->top, ui->data.rows_seen, h->lines);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct chain h;
	char text[200], name[96];
	size_t n = ui->document, length = pic->data->sequences->row[n + 1] - pic->data->sequences->row[n];
	em_data_label(pic->data, n, name, sizeof name);
	snprintf(text, sizeof text, "%s %s of %s: %s symbol%s, with q(state) under each", pic->run->problem->model->observation,
	         number_count(n + 1).s, number_count(pic->data->sequences->count).s, number_count(length).s, plural(length));
	data_head(c, &r, pic, text);
	data_foot(ui, c, &r, pic);
	chain_of(&h, ui, pic, c, r);
	if (length == 0)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_WARN), "empty: it counts zero");
	else if (!h.s->problem->model->parts)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "this model has no states to draw");
	else
		draw_lines(ui, pic, &h, c, r);
}

/* Up and down scroll through a sequence that is longer than the view; a short one leaves them to choose another. */
static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	struct ui_data *d = &ui->data;
	const char *name = call->name;
	size_t by = pane_count(call), page = d->rows_seen > 1 ? d->rows_seen - 1 : 1;
	size_t last = d->lines > d->rows_seen ? d->lines - d->rows_seen : 0;
	(void)pic, (void)err;
	if (last == 0 || d->line_of != ui->document)
		return false;
	if (strncmp(name, "page", 4) == 0)
		by = page;
	if (strcmp(name, "up") == 0 || strcmp(name, "page-up") == 0 || strcmp(name, "wheel-up") == 0)
		d->line = d->line > by ? d->line - by : 0;
	else if (strcmp(name, "down") == 0 || strcmp(name, "page-down") == 0 || strcmp(name, "wheel-down") == 0)
		d->line = by > last - d->line ? last : d->line + by;
	else if (strcmp(name, "home") == 0 || strcmp(name, "end") == 0)
		d->line = name[0] == 'h' ? 0 : last;
	else
		return false;
	return true;
}

const struct data_picture data_chain = {draw, command};
