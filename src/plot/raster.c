/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/raster.h"

#include <math.h>
#include <stdlib.h>

bool raster_open(struct raster *r, const struct canvas *c, struct rect at)
{
	bool ascii = c->glyphs == GLYPHS_ASCII;
	*r = (struct raster){.at = at, .dx = ascii ? 1 : 2, .dy = ascii ? 2 : 4};
	if (at.w <= 0 || at.h <= 0 || at.w > 4096 || at.h > 4096)
		return false;
	r->w = at.w * r->dx;
	r->h = at.h * r->dy;
	size_t cells = (size_t)at.w * (size_t)at.h;
	r->dots = calloc(cells, 1);
	r->owner = calloc(cells, 1);
	if (r->dots && r->owner)
		return true;
	raster_close(r);
	return false;
}

void raster_close(struct raster *r)
{
	free(r->dots);
	free(r->owner);
	r->dots = r->owner = NULL;
}

void raster_dot(struct raster *r, int x, int y, uint8_t owner)
{
	if (x < 0 || y < 0 || x >= r->w || y >= r->h)
		return;
	/* Bits of braille: the left column 1 2 3 7, the right one 4 5 6 8, from above. */
	static const uint8_t bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	size_t cell = (size_t)(y / r->dy) * (size_t)r->at.w + (size_t)(x / r->dx);
	if (r->owner[cell] != owner)
		r->dots[cell] = 0;
	r->owner[cell] = owner;
	r->dots[cell] |= bits[y % r->dy][x % r->dx];
}

/* Cuts the part t0..t1 of a segment to where p + t d lies in lo..hi; false when nothing is left. */
static bool cut(double p, double d, double lo, double hi, double *t0, double *t1)
{
	if (d == 0)
		return p >= lo && p <= hi;
	double a = (lo - p) / d, b = (hi - p) / d;
	*t0 = fmax(*t0, fmin(a, b));
	*t1 = fmin(*t1, fmax(a, b));
	return *t0 <= *t1;
}

void raster_line(struct raster *r, double x0, double y0, double x1, double y1, uint8_t owner)
{
	double dx = x1 - x0, dy = y1 - y0, t0 = 0, t1 = 1;
	if (!isfinite(dx) || !isfinite(dy) || !cut(x0, dx, -0.5, r->w - 0.51, &t0, &t1) ||
	    !cut(y0, dy, -0.5, r->h - 0.51, &t0, &t1))
		return;
	double ax = x0 + t0 * dx, ay = y0 + t0 * dy, bx = x0 + t1 * dx, by = y0 + t1 * dy;
	int steps = (int)ceil(fmax(fabs(bx - ax), fabs(by - ay)));
	for (int i = 0; i <= steps; i++) {
		double t = steps ? (double)i / steps : 0;
		raster_dot(r, (int)floor(ax + t * (bx - ax) + 0.5), (int)floor(ay + t * (by - ay) + 0.5), owner);
	}
}

uint32_t raster_code(const struct raster *r, int column, int row)
{
	uint8_t dots = r->dots[(size_t)row * (size_t)r->at.w + (size_t)column];
	if (dots == 0)
		return ' ';
	if (r->dy == 4)
		return 0x2800u + dots;
	return (dots & 3) == 3 ? ':' : dots & 1 ? '\'' : '.';
}

uint8_t raster_owner(const struct raster *r, int column, int row)
{
	return r->owner[(size_t)row * (size_t)r->at.w + (size_t)column];
}
