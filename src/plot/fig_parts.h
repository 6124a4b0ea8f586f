/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the two painters of a figure, cells and SVG, share: ranges, axes, colours, marks, words of the legend. */
#ifndef ELBOW_PLOT_FIG_PARTS_H
#define ELBOW_PLOT_FIG_PARTS_H

#include "plot/fig.h"

struct fig_axes {
	struct axis x, y;
	size_t below; /* points that have no place on a logarithmic axis */
};

/* Axes for a plot with room for `columns` characters below and `rows` lines of labels beside it. */
void fig_axes(const struct fig *f, int columns, int rows, struct fig_axes *a);

double fig_x_of(const double *x, size_t i);
enum color fig_series_color(const struct fig *f, size_t i);
enum fig_mark fig_series_mark(const struct fig *f, size_t i);
uint32_t fig_mark_code(enum fig_mark m, bool ascii);
/* No place on this figure's y axis though a number. */
bool fig_is_below(const struct fig *f, double y);
/* Some series has the focus, and it is not this one. */
bool fig_is_dimmed(const struct fig *f, size_t i);
/* Index of the last point of a series that is seen, n when there is none. */
size_t fig_last_seen(const struct fig *f, const struct fig_axes *a, const struct fig_series *s);

/* A bar whose KL can be drawn. */
bool fig_kl_known(const struct fig_bar *b);
/* Some bar has a KL known in this way. */
bool fig_has_known(const struct fig *f, enum fig_known known);
/* "exact", "estimate", "bound", "unknown". */
const char *fig_known_word(enum fig_known known);
/* The KL of a bar in a few letters: "88.1", "~88.1" for an estimate, "≥88.1" for a bound, "?" when unknown. */
void fig_kl_text(const struct fig_bar *b, char *out, size_t size);
/* The y title with the offset, and the word that the axis does not start at 0. */
void fig_y_title(const struct fig *f, const struct fig_axes *a, char *out, size_t size);

#endif
