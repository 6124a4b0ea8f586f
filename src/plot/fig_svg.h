/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plot area of a figure in pixels, and what its parts draw with. */
#ifndef ELBOW_PLOT_FIG_SVG_H
#define ELBOW_PLOT_FIG_SVG_H

#include "plot/fig_parts.h"
#include "plot/svg_parts.h"

#define CHAR_W 7.2 /* of the font at its size here */

struct chart {
	const struct fig *f;
	struct buf *out;
	enum theme theme;
	double x, y, w, h; /* the plot */
	struct fig_axes axes;
};

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

uint32_t chart_ink(const struct chart *c, enum color color);
void chart_text(const struct chart *c, double x, double y, enum anchor anchor, enum color color, bool bold, const char *text);
void chart_line(const struct chart *c, double x0, double y0, double x1, double y1, enum color color, const char *dashes);
/* Pixels of a value; NAN without place, never farther out than a few screens. */
double chart_x(const struct chart *c, double x);
double chart_y(const struct chart *c, double y);

void chart_bands(const struct chart *c);
void chart_series(const struct chart *c);
void chart_bars(const struct chart *c);

#endif
