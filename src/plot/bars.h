/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bars exact to an eighth of a cell, alone or stacked, and sparklines. */
#ifndef ELBOW_PLOT_BARS_H
#define ELBOW_PLOT_BARS_H

#include <stddef.h>

#include "plot/canvas.h"

/* One part of a stacked bar. Values below 0, NAN and infinite count as 0. */
struct bar_part {
	double value;
	enum color color;
	char letter;    /* what tells it apart in ASCII or without colour; 0: '#', '.', '=', '+' by place */
	uint32_t glyph; /* whole cells are drawn with it; 0: solid in colour, else a shade by place */
};

/* A bar in the cells of r from its left edge, value / full of its width; every row alike. */
void bar_horizontal(struct canvas *c, struct rect r, enum color color, double value, double full);
/* The same from the bottom edge up. */
void bar_vertical(struct canvas *c, struct rect r, enum color color, double value, double full);
/* Parts side by side (one above the other, the first at the bottom). In colour a boundary is exact to an eighth;
 * without colour parts are drawn in different shades, rounded to cells that keep the right total. */
void bar_stack_horizontal(struct canvas *c, struct rect r, const struct bar_part *parts, size_t n, double full);
void bar_stack_vertical(struct canvas *c, struct rect r, const struct bar_part *parts, size_t n, double full);

/* n values in width columns, one row, from lo to hi (lo >= hi: the range of the values); more values than columns
 * are averaged, fewer take a column each. NAN leaves a gap. Returns the columns used. */
int bar_sparkline(struct canvas *c, int x, int y, int width, struct style style, const double *values, size_t n,
                  double lo, double hi);

/* The eighth-block glyphs, 0..8 eighths filled from the left (from below); a blank for 0. */
uint32_t bar_glyph_left(int eighths);
uint32_t bar_glyph_below(int eighths);

#endif
