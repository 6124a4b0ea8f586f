/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Observations as pictures, `grid` columns or terms a row, each over the bar of its shares; without a grid a line each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/pixels.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/list.h"

enum { NUMBER = 6, BAR = 24, GAP = 2, CAPTION_LEAST = 12 };

struct gallery {
	const struct em_snapshot *s;
	const struct em_data *data;
	size_t items, columns, rows; /* of one picture */
	bool line;                   /* a picture is one line, its bar stands beside it */
	bool halves;                 /* two pixels to a cell, one above the other */
	int wide;                    /* columns of a pixel */
	int w, h;                    /* of a picture */
	double *value, *room;        /* [items] */
};

static bool binary(const struct em_points *x)
{
	for (size_t i = 0; i < x->rows * x->columns && i < 4096; i++)
		if (x->x[i] != 0 && x->x[i] != 1)
			return false;
	return true;
}

static bool gallery_of(struct gallery *g, const struct ui *ui, const struct picture *pic, const struct canvas *c,
                       struct rect r)
{
	*g = (struct gallery){.s = pic->run, .data = pic->data, .wide = 1};
	g->items = pic->corpus ? pic->corpus->terms : pic->data->points->columns;
	g->columns = ui->grid > 0 && ui->grid < g->items ? ui->grid : g->items;
	g->rows = g->columns > 0 ? (g->items + g->columns - 1) / g->columns : 0;
	g->line = g->rows <= 1;
	bool two = pic->data->points && binary(pic->data->points);
	g->halves = !g->line && two && c->glyphs == GLYPHS_UTF8;
	if (!g->line && !g->halves && 2 * g->columns + 2 <= (size_t)(r.w > 0 ? r.w : 0))
		g->wide = 2;
	size_t most = r.w > 0 ? (size_t)r.w : 0;
	g->w = (int)(g->columns * (size_t)g->wide < most ? g->columns * (size_t)g->wide : most);
	size_t high = g->halves ? (g->rows + 1) / 2 : g->rows;
	g->h = high < 1000 ? (int)high : 1000;
	g->value = calloc(g->items + 1, sizeof *g->value);
	return g->value != NULL;
}

/* The values of observation n; the largest. */
static double fetch(struct gallery *g, size_t n)
{
	double full = 0;
	for (size_t i = 0; i < g->items; i++)
		g->value[i] = g->data->points ? g->data->points->x[n * g->items + i] : 0;
	if (g->data->corpus)
		for (size_t i = g->data->corpus->row[n]; i < g->data->corpus->row[n + 1]; i++)
			g->value[g->data->corpus->term[i]] = g->data->corpus->count[i];
	for (size_t i = 0; i < g->items; i++)
		full = fmax(full, g->value[i]);
	return full;
}

static double pixel(const struct gallery *g, size_t x, size_t y)
{
	size_t i = y * g->columns + x;
	return x < g->columns && i < g->items ? g->value[i] : 0;
}

static void draw_halves(const struct gallery *g, struct canvas *c, struct rect r, enum color color)
{
	struct style style = style_on(color, COLOR_BAR);
	for (int y = 0; y < g->h && y < r.h; y++)
		for (int x = 0; x < g->w && x < r.w; x++) {
			bool above = pixel(g, (size_t)x, 2 * (size_t)y) >= 0.5, below = pixel(g, (size_t)x, 2 * (size_t)y + 1) >= 0.5;
			uint32_t off = c->mono ? 0xb7 : ' '; /* without a background the picture would have no edge */
			canvas_set(c, r.x + x, r.y + y, style, above && below ? 0x2588 : above ? 0x2580 : below ? 0x2584 : off);
		}
}

static void draw_picture(const struct gallery *g, struct canvas *c, struct rect r, double full, enum color color)
{
	if (g->halves)
		draw_halves(g, c, r, color);
	else
		pixels_draw(c, (struct rect){r.x, r.y, g->w < r.w ? g->w : r.w, r.h}, g->value, g->columns, g->rows, full > 0 ? full : 1,
		            color);
}

/* The number, and the shares beside it; marked when it is the selected one. */
static void draw_caption(struct gallery *g, struct canvas *c, struct rect r, size_t n, bool selected, const double *share)
{
	char text[24];
	snprintf(text, sizeof text, "%zu", n + 1);
	int w = canvas_width(c, text);
	canvas_put_clipped(c, r.x, r.y, r.w, style_with(selected ? COLOR_ACCENT : COLOR_DIM, selected ? ATTR_BOLD : 0), text);
	if (em_data_length(g->data, n) == 0)
		canvas_put_clipped(c, r.x + w + 1, r.y, r.w - w - 1, style_of(COLOR_WARN), "empty");
	else if (share && r.w - w - 1 > 1)
		share_bar(c, (struct rect){r.x + w + 1, r.y, r.w - w - 1, 1}, share, g->s->problem->layout.components);
	if (selected)
		list_highlight(c, (struct rect){r.x, r.y, w, 1}, false);
}

static enum color color_of(const struct gallery *g, const double *share)
{
	return share ? color_series((unsigned)data_leader(share, g->s->problem->layout.components)) : COLOR_DEFAULT;
}

static void draw_tiles(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, struct gallery *g)
{
	int w = (g->w > CAPTION_LEAST ? g->w : CAPTION_LEAST), h = g->h + 1;
	size_t across = r.w + GAP >= w + GAP ? (size_t)((r.w + GAP) / (w + GAP)) : 1, n = g->s->problem->layout.observations;
	int down = h + 1 <= r.h ? (r.h + 1) / (h + 1) : 1;
	size_t from = data_items(ui, pic, (struct rect){r.x, r.y, r.w, r.h + 1}, across, w + GAP, h + 1);
	for (size_t i = 0; i < across * (size_t)down && from + i < n; i++) {
		struct rect tile = {r.x + (int)(i % across) * (w + GAP), r.y + (int)(i / across) * (h + 1), w, h};
		tile = rect_clip(tile, r);
		double full = fetch(g, from + i);
		const double *share = data_shares(g->s, from + i, &g->room);
		struct rect caption = rect_cut_bottom(&tile, tile.h > 1 ? 1 : 0);
		draw_picture(g, c, tile, full, color_of(g, share));
		draw_caption(g, c, caption, from + i, from + i == ui->document, share);
	}
}

static void draw_lines(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, struct gallery *g)
{
	size_t n = g->s->problem->layout.observations, from = data_items(ui, pic, r, 1, r.w, 1);
	int bar = r.w >= NUMBER + BAR + 8 ? BAR : 0, room = r.w - NUMBER - bar - 2;
	int w = (int)(g->items < (size_t)(room > 0 ? room : 0) ? (int)g->items : room);
	for (int y = 0; y < r.h && from + (size_t)y < n; y++) {
		size_t i = from + (size_t)y;
		struct rect row = {r.x, r.y + y, r.w - 1, 1};
		double full = fetch(g, i);
		const double *share = data_shares(g->s, i, &g->room);
		char text[24];
		snprintf(text, sizeof text, "%zu", i + 1);
		canvas_put_right(c, row.x, row.y, NUMBER - 1, style_of(COLOR_DIM), text);
		if (w > 0)
			pixels_draw(c, (struct rect){row.x + NUMBER, row.y, w, 1}, g->value, g->items, 1, full > 0 ? full : 1,
			            color_of(g, share));
		if (share && bar)
			share_bar(c, (struct rect){row.x + NUMBER + w + 2, row.y, bar, 1}, share, g->s->problem->layout.components);
		if (i == ui->document)
			list_highlight(c, row, true);
	}
	canvas_scrollbar(c, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, style_of(COLOR_DIM), from, (size_t)(r.h > 0 ? r.h : 0), n);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct gallery g;
	char text[160];
	const char *one = pic->run->problem->model->observation;
	if (!gallery_of(&g, ui, pic, c, r)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
		return;
	}
	if (g.line)
		snprintf(text, sizeof text, "%s columns a %s; set grid N draws N a row as a picture", number_count(g.items).s, one);
	else
		snprintf(text, sizeof text, "each %s as a picture of %zu x %zu over the bar of its shares", one, g.columns, g.rows);
	data_head(c, &r, pic, text);
	data_foot(ui, c, &r, pic);
	if (g.line)
		draw_lines(ui, pic, c, r, &g);
	else
		draw_tiles(ui, pic, c, r, &g);
	free(g.value);
	free(g.room);
}

const struct data_picture data_gallery = {draw, NULL};
