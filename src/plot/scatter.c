/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/scatter.h"

#include <math.h>
#include <stdlib.h>

#include "plot/fig_layout.h"
#include "plot/raster.h"

enum { MARKS = 6, OWNERS = 250 };

#define SURE 0.9
#define UNSURE 0.6
#define TURN 6.283185307179586

uint32_t scatter_mark(const struct canvas *c, unsigned series)
{
	return fig_mark_code((enum fig_mark)(MARK_DOT + (int)(series % MARKS)), c->glyphs == GLYPHS_ASCII);
}

uint32_t scatter_unsure(const struct canvas *c)
{
	return c->glyphs == GLYPHS_ASCII ? '?' : 0x25e6;
}

bool scatter_marked(const struct scatter *s, const struct canvas *c, struct rect plot)
{
	return c->mono || c->glyphs == GLYPHS_ASCII || s->points_n <= (size_t)plot.w * (size_t)plot.h / 3;
}

struct scatter_ring scatter_ring_of(double x, double y, double xx, double xy, double yy, double radius)
{
	double a = xx > 0 ? sqrt(xx) : 0, b = a > 0 ? xy / a : 0, rest = yy - b * b;
	return (struct scatter_ring){.x = x, .y = y, .a = a, .b = b, .c = rest > 0 ? sqrt(rest) : 0, .radius = radius};
}

static struct style style_at(double sure, unsigned series)
{
	return sure >= SURE ? style_of(color_series(series)) : sure >= UNSURE ? style_with(color_series(series), ATTR_DIM)
	                                                                      : style_of(COLOR_DIM);
}

/* ---- rings ---- */

static bool place(const struct fig_layout *l, const struct scatter_ring *g, double t, double *x, double *y)
{
	*x = fig_dot_x(l, g->x + g->radius * g->a * cos(t));
	*y = fig_dot_y(l, g->y + g->radius * (g->b * cos(t) + g->c * sin(t)));
	return isfinite(*x) && isfinite(*y);
}

static void draw_ring(const struct fig_layout *l, const struct scatter_ring *g, struct raster *r, uint8_t owner)
{
	enum { PIECES = 120 };
	double x0, y0, x1, y1, length = 0;
	if (!place(l, g, 0, &x0, &y0))
		return;
	for (int i = 1; i <= PIECES; i++) {
		if (!place(l, g, TURN * i / PIECES, &x1, &y1))
			return;
		if (!g->faint)
			raster_line(r, x0, y0, x1, y1, owner);
		length += hypot(x1 - x0, y1 - y0);
		x0 = x1;
		y0 = y1;
	}
	int dots = length > 3000 ? 1000 : (int)(length / 3) + 1;
	for (int i = 0; g->faint && i < dots; i++)
		if (place(l, g, TURN * i / dots, &x1, &y1))
			raster_line(r, x1, y1, x1, y1, owner);
}

/* `over` points that are dots: a line of their colour would drown in them. */
static void draw_rings(const struct scatter *s, const struct fig_layout *l, struct canvas *c, bool faint, bool over)
{
	struct raster r;
	if (!raster_open(&r, c, l->plot))
		return;
	for (size_t i = 0; i < s->rings_n; i++)
		if (s->rings[i].faint == faint)
			draw_ring(l, &s->rings[i], &r, (uint8_t)(1 + s->rings[i].series % OWNERS));
	for (int y = 0; y < l->plot.h; y++)
		for (int x = 0; x < l->plot.w; x++)
			if (raster_owner(&r, x, y)) {
				int cx = l->plot.x + x, cy = l->plot.y + y;
				uint32_t code = canvas_at(c, cx, cy).code;
				bool crowded = over && code != ' ' && code != 0 && canvas_at(c, cx, cy).style.fg != COLOR_DIM;
				enum color color = faint ? COLOR_DIM : crowded ? COLOR_TITLE
				                                               : color_series((unsigned)(raster_owner(&r, x, y) - 1));
				canvas_set(c, cx, cy, style_with(color, crowded ? ATTR_BOLD : 0), raster_code(&r, x, y));
			}
	raster_close(&r);
}

/* ---- points ---- */

/* The surest point of each cell decides how it looks. */
struct spot {
	float sure; /* below 0: no point here */
	unsigned series;
};

static void paint(const struct fig_layout *l, struct canvas *c, const struct spot *spots, const struct raster *r, bool marked)
{
	for (int y = 0; y < l->plot.h; y++)
		for (int x = 0; x < l->plot.w; x++) {
			const struct spot *spot = &spots[(size_t)y * (size_t)l->plot.w + (size_t)x];
			if (spot->sure < 0)
				continue;
			int cx = l->plot.x + x, cy = l->plot.y + y;
			struct style style = style_at((double)spot->sure, spot->series);
			uint32_t code = spot->sure >= (float)UNSURE ? scatter_mark(c, spot->series) : scatter_unsure(c);
			if (!marked)
				code = raster_code(r, x, y);
			canvas_set(c, cx, cy, style, code);
		}
}

static void draw_points(const struct scatter *s, const struct fig_layout *l, struct canvas *c)
{
	struct raster r;
	if (!raster_open(&r, c, l->plot))
		return;
	size_t cells = (size_t)l->plot.w * (size_t)l->plot.h;
	struct spot *spots = malloc(cells * sizeof *spots);
	for (size_t i = 0; spots && i < cells; i++)
		spots[i] = (struct spot){-1, 0};
	for (size_t i = 0; spots && i < s->points_n; i++) {
		const struct scatter_point *p = &s->points[i];
		double x = floor(fig_dot_x(l, p->x) + 0.5), y = floor(fig_dot_y(l, p->y) + 0.5);
		if (!(x >= 0 && y >= 0 && x < r.w && y < r.h))
			continue;
		struct spot *spot = &spots[(size_t)((int)y / r.dy) * (size_t)l->plot.w + (size_t)((int)x / r.dx)];
		raster_dot(&r, (int)x, (int)y, 1);
		if ((float)p->sure > spot->sure)
			*spot = (struct spot){(float)p->sure, p->series};
	}
	if (spots)
		paint(l, c, spots, &r, scatter_marked(s, c, l->plot));
	free(spots);
	raster_close(&r);
}

void scatter_draw(const struct scatter *s, const struct fig *f, struct canvas *c, struct rect r)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	if (l.plot.w <= 0 || l.plot.h <= 0)
		return;
	bool marked = scatter_marked(s, c, l.plot);
	draw_rings(s, &l, c, true, false);
	if (marked)
		draw_rings(s, &l, c, false, false);
	draw_points(s, &l, c);
	if (!marked)
		draw_rings(s, &l, c, false, true);
}
