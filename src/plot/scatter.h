/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points that belong to classes more or less surely, and the ellipses of the classes, in the plot area of a figure. */
#ifndef ELBOW_PLOT_SCATTER_H
#define ELBOW_PLOT_SCATTER_H

#include "plot/fig.h"

struct scatter_point {
	double x, y;     /* NAN: not drawn */
	unsigned series; /* its colour and mark */
	double sure;     /* 0..1: from .9 in full colour, from .6 faint, below grey */
};

/* The points (x, y) = mean + radius (a cos t, b cos t + c sin t). */
struct scatter_ring {
	double x, y, a, b, c, radius;
	unsigned series;
	bool faint;      /* dotted and grey, below everything */
};

struct scatter {
	const struct scatter_point *points;
	size_t points_n;
	const struct scatter_ring *rings;
	size_t rings_n;
};

/* Draws into the plot of f, which fig_canvas drew into r before. Marks over the rings, one a cell, where there is room for
 * them and always without colour or braille; else dots that share a cell, below the rings. */
void scatter_draw(const struct scatter *s, const struct fig *f, struct canvas *c, struct rect r);

/* Whether marks are drawn in a plot of that size, the mark of a series, and that of points that are not sure. */
bool scatter_marked(const struct scatter *s, const struct canvas *c, struct rect plot);
uint32_t scatter_mark(const struct canvas *c, unsigned series);
uint32_t scatter_unsure(const struct canvas *c);

/* The ring of a covariance: from its elements xx, xy, yy, which need not be quite positive definite. */
struct scatter_ring scatter_ring_of(double x, double y, double xx, double xy, double yy, double radius);

#endif
