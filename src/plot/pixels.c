/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/pixels.h"

#include <math.h>

static uint32_t shade(const struct canvas *c, double x)
{
	static const uint32_t blocks[] = {0xb7, 0x2591, 0x2592, 0x2593, 0x2588}; /* a dot: the picture has an edge */
	static const char ascii[] = ".:+x#";
	int level = x >= 0.875 ? 4 : x >= 0.625 ? 3 : x >= 0.375 ? 2 : x >= 0.125 ? 1 : 0;
	return c->glyphs == GLYPHS_ASCII ? (uint32_t)ascii[level] : blocks[level];
}

struct rect pixels_size(size_t columns, size_t rows)
{
	return (struct rect){0, 0, columns > 2000 ? 4000 : (int)(2 * columns), rows > 2000 ? 2000 : (int)rows};
}

int pixels_draw(struct canvas *c, struct rect r, const double *values, size_t columns, size_t rows, double full,
                enum color color)
{
	int wide = (size_t)(r.w > 0 ? r.w : 0) >= 2 * columns ? 2 : 1, used = 0;
	for (int y = 0; y < r.h && (size_t)y < rows; y++)
		for (int x = 0; (x + 1) * wide <= r.w && (size_t)x < columns; x++) {
			double v = values[(size_t)y * columns + (size_t)x];
			uint32_t glyph = isnan(v) ? ' ' : shade(c, full > 0 ? v / full : 0);
			bool faint = isnan(v) || !(full > 0) || v / full < 0.125;
			for (int i = 0; i < wide; i++)
				canvas_set(c, r.x + x * wide + i, r.y + y, style_of(faint ? COLOR_DIM : color), glyph);
			used = (x + 1) * wide > used ? (x + 1) * wide : used;
		}
	return used;
}
