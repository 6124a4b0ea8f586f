/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the parts of a figure lie on a canvas. */
#ifndef ELBOW_PLOT_FIG_LAYOUT_H
#define ELBOW_PLOT_FIG_LAYOUT_H

#include "plot/fig_parts.h"

struct fig_layout {
	struct rect title, head; /* one row each or empty */
	struct rect plot;
	struct rect y_labels;    /* left of the axis, empty without labels */
	struct rect x_axis, x_labels;
	struct rect ends;        /* labels of the series */
	int axis_column;         /* of the upright axis, -1: none */
	struct fig_axes axes;
	int dx, dy;              /* dots to a cell */
};

void fig_lay_out(const struct fig *f, const struct canvas *c, struct rect r, struct fig_layout *l);

/* In dots of the plot, from the upper left; NAN where there is no place. */
double fig_dot_x(const struct fig_layout *l, double x);
double fig_dot_y(const struct fig_layout *l, double y);
/* In cells of the canvas; -1 when outside the plot. */
int fig_column(const struct fig_layout *l, double x);
int fig_row(const struct fig_layout *l, double y);

/* Draws the bars of a figure that has some. */
void fig_draw_bars(const struct fig *f, const struct fig_layout *l, struct canvas *c);

#endif
