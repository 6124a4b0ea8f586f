/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bars over a number line and the curves that should explain them, in the plot area of a figure. */
#ifndef ELBOW_PLOT_HIST_H
#define ELBOW_PLOT_HIST_H

#include "plot/fig.h"

struct hist_curve {
	const double *x, *y;
	size_t n;
	enum color color;
	bool faint;    /* every other dot only */
	bool marks;    /* a mark at every point */
	enum fig_mark mark;
	int number;    /* written at its highest point; 0: none */
};

struct hist {
	double from, width;   /* bin i covers from + i width .. from + (i + 1) width */
	const double *height; /* [bins] */
	size_t bins;
	bool apart;           /* a blank column between bars where they are wide */
	const struct hist_curve *curves; /* later ones over earlier ones */
	size_t curves_n;
};

/* Draws into the plot of f, which fig_canvas drew into r before. */
void hist_draw(const struct hist *h, const struct fig *f, struct canvas *c, struct rect r);
/* The bin under a column of the canvas, and whether the column is the gap behind it; bins when there is none. */
size_t hist_bin(const struct hist *h, const struct fig *f, const struct canvas *c, struct rect r, int column, bool *gap);

#endif
