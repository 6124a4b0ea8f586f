/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/hist.h"

#include <math.h>

#include "plot/bars.h"
#include "plot/fig_layout.h"
#include "plot/raster.h"

enum { OWNERS = 250 };

/* A bar of `share` of the plot's height, exact to an eighth of a cell where there are such glyphs. */
static void draw_bar(const struct fig_layout *l, struct canvas *c, int x, double share)
{
	bool plain = c->mono || c->glyphs == GLYPHS_ASCII;
	double eighths = 8.0 * l->plot.h * share;
	int left = !(eighths > 0) ? 0 : eighths > 8.0 * l->plot.h ? 8 * l->plot.h : (int)lround(eighths);
	if (left < 1 && share > 0)
		left = 1;
	for (int i = 0; i < l->plot.h && left > 0; i++, left -= 8) {
		uint32_t glyph = bar_glyph_below(left);
		if (plain && left < 4 && i > 0)
			break;
		if (plain)
			glyph = c->glyphs == GLYPHS_ASCII ? '#' : 0x2591;
		canvas_set(c, x, l->plot.y + l->plot.h - 1 - i, style_of(COLOR_BAND), glyph);
	}
}

static size_t bin_at(const struct hist *h, const struct fig_layout *l, int column, bool *gap)
{
	double at[2];
	size_t bin[2];
	*gap = false;
	for (int i = 0; i < 2; i++) { /* this column's middle and the next one's */
		at[i] = axis_value(&l->axes.x, (column - l->plot.x + i + 0.5) / l->plot.w);
		double k = floor((at[i] - h->from) / h->width);
		bin[i] = k >= 0 && k < (double)h->bins ? (size_t)k : h->bins;
	}
	double columns = h->width / (l->axes.x.hi - l->axes.x.lo) * l->plot.w;
	*gap = h->apart && columns >= 3 && bin[1] != bin[0];
	return bin[0];
}

size_t hist_bin(const struct hist *h, const struct fig *f, const struct canvas *c, struct rect r, int column, bool *gap)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	*gap = false;
	if (l.plot.w <= 0 || column < l.plot.x || column >= l.plot.x + l.plot.w)
		return h->bins;
	return bin_at(h, &l, column, gap);
}

static void draw_curve(const struct hist_curve *v, const struct fig_layout *l, struct raster *r, uint8_t owner)
{
	double px = NAN, py = NAN;
	for (size_t i = 0; i < v->n; i++) {
		double x = fig_dot_x(l, v->x[i]), y = fig_dot_y(l, v->y[i]);
		bool line = !v->faint && isfinite(px) && isfinite(py);
		if (isfinite(x) && isfinite(y) && (line || i % 3 == 0))
			raster_line(r, line ? px : x, line ? py : y, x, y, owner);
		px = x;
		py = y;
	}
}

/* Over a whole cell of a bar a curve keeps the bar behind it. */
static struct style over(const struct canvas *c, int x, int y, enum color color)
{
	struct style style = style_of(color);
	if (canvas_at(c, x, y).code == 0x2588)
		style.bg = COLOR_BAND;
	else
		style.bg = canvas_at(c, x, y).style.bg;
	return style;
}

static void draw_curves(const struct hist *h, const struct fig_layout *l, struct canvas *c)
{
	struct raster r;
	if (!raster_open(&r, c, l->plot))
		return;
	for (size_t i = 0; i < h->curves_n && i < OWNERS; i++)
		draw_curve(&h->curves[i], l, &r, (uint8_t)(i + 1));
	for (int y = 0; y < l->plot.h; y++)
		for (int x = 0; x < l->plot.w; x++) {
			uint8_t owner = raster_owner(&r, x, y);
			int cx = l->plot.x + x, cy = l->plot.y + y;
			if (owner)
				canvas_set(c, cx, cy, over(c, cx, cy, h->curves[owner - 1].color), raster_code(&r, x, y));
		}
	raster_close(&r);
}

static void draw_marks(const struct hist_curve *v, const struct fig_layout *l, struct canvas *c)
{
	size_t top = v->n;
	for (size_t i = 0; i < v->n; i++) {
		int x = fig_column(l, v->x[i]), y = fig_row(l, v->y[i]);
		if (v->marks && x >= 0 && y >= 0)
			canvas_set(c, x, y, over(c, x, y, v->color), fig_mark_code(v->mark, c->glyphs == GLYPHS_ASCII));
		if (isfinite(v->y[i]) && x >= 0 && (top == v->n || v->y[i] > v->y[top]))
			top = i;
	}
	if (v->number <= 0 || top == v->n)
		return;
	int x = fig_column(l, v->x[top]), y = fig_row(l, v->y[top]);
	y = y < 0 ? l->plot.y : y > l->plot.y ? y - 1 : y;
	canvas_printf(c, x, y, style_with(v->color, ATTR_BOLD | ATTR_REVERSE), "%d", v->number);
}

void hist_draw(const struct hist *h, const struct fig *f, struct canvas *c, struct rect r)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	if (l.plot.w <= 0 || l.plot.h <= 0 || !(h->width > 0))
		return;
	for (int x = l.plot.x; x < l.plot.x + l.plot.w; x++) {
		bool gap;
		size_t bin = bin_at(h, &l, x, &gap);
		if (bin < h->bins && !gap)
			draw_bar(&l, c, x, axis_place(&l.axes.y, h->height[bin]));
	}
	draw_curves(h, &l, c);
	for (size_t i = 0; i < h->curves_n; i++)
		draw_marks(&h->curves[i], &l, c);
}
