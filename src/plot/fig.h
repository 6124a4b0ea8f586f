/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A figure as data: drawn on cells (braille, eighth blocks, ASCII) or written as SVG from the same description. */
#ifndef ELBOW_PLOT_FIG_H
#define ELBOW_PLOT_FIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "plot/axis.h"
#include "plot/canvas.h"

/* Everything is borrowed while a call runs. All-zero members mean: none, automatic. */

enum fig_kind { FIG_LINE, FIG_STEP, FIG_POINTS };

/* ● ▲ ◆ ■ × +, in ASCII o ^ * # x +. MARK_AUTO: by the place of the series. */
enum fig_mark { MARK_AUTO, MARK_NONE, MARK_DOT, MARK_TRIANGLE, MARK_DIAMOND, MARK_SQUARE, MARK_CROSS, MARK_PLUS };

struct fig_series {
	const char *label;  /* in the legend and at the right end */
	const double *x;    /* NULL: 0, 1, 2, ... */
	const double *y;    /* NAN breaks the line */
	size_t n;
	enum fig_kind kind;
	enum fig_mark mark;
	enum color color;   /* COLOR_DEFAULT: by place */
	bool focus;         /* drawn last, the others dimmed */
};

/* From lo to hi, filled behind the series. */
struct fig_band {
	const char *label;
	const double *x;    /* NULL: 0, 1, 2, ... */
	const double *lo, *hi;
	size_t n;
	enum color color;   /* COLOR_DEFAULT: COLOR_BAND */
};

/* A straight reference line at a value of y, or of x when vertical. */
struct fig_line {
	const char *label;
	double at;
	bool vertical;
	enum color color;   /* COLOR_DEFAULT: COLOR_DIM */
};

struct fig_note {
	double x, y;
	const char *text;   /* written from the cell of (x, y) to the right */
	enum color color;
};

/* How the height of a whole bar (its log evidence) is known; a bound is one from below. */
enum fig_known { FIG_EXACT, FIG_ESTIMATE, FIG_BOUND, FIG_UNKNOWN };

/* The ELBO and, on top of it, the KL up to log p(X|theta). */
struct fig_bar {
	const char *label;  /* below the bar: "after M 6" */
	double elbo;
	double kl;          /* NAN: unknown, drawn open at the top */
	enum fig_known known;
	double error;       /* of an estimate: half the height of its band; 0 or NAN: none */
	bool doubtful;      /* an estimate that is not to be trusted */
	bool mark;          /* this is the current one */
};

struct fig_range {
	double lo, hi;      /* automatic unless lo < hi */
};

struct fig {
	const char *title;
	const char *x_title, *y_title;
	struct fig_range x, y;
	enum axis_scale y_scale;
	bool x_integer;      /* whole numbers on the x axis: iterations, ranks */
	const struct fig_series *series;
	size_t series_n;
	const struct fig_band *bands;
	size_t bands_n;
	const struct fig_line *lines;
	size_t lines_n;
	const struct fig_note *notes;
	size_t notes_n;
	const struct fig_bar *bars; /* bars take the place of the x axis; series and bands are then left out */
	size_t bars_n;
	bool legend;         /* a line above the plot */
	bool whole_labels;   /* no offset is taken off the y labels: there is no room to say it */
	bool no_end_labels;  /* series are not labelled at their right ends */
	bool cursor_on;
	double cursor;       /* a crosshair at this x */
};

/* Draws into r. Too small a rect leaves out titles, labels and axes in that order; never writes outside r. */
void fig_canvas(const struct fig *f, struct canvas *c, struct rect r);

/* The same figure as a whole SVG document of w x h pixels. */
void fig_svg(const struct fig *f, struct buf *out, enum theme theme, int w, int h);

/* Where fig_canvas would put x: a column of the canvas, or -1 when outside the plot; and back, NAN when outside.
 * For bars x is the index of the bar. */
int fig_x_to_column(const struct fig *f, const struct canvas *c, struct rect r, double x);
double fig_column_to_x(const struct fig *f, const struct canvas *c, struct rect r, int column);
/* The same for rows and y; -1 and NAN when outside. */
int fig_y_to_row(const struct fig *f, const struct canvas *c, struct rect r, double y);
double fig_row_to_y(const struct fig *f, const struct canvas *c, struct rect r, int row);
/* The plot area inside axes and labels. */
struct rect fig_plot_rect(const struct fig *f, const struct canvas *c, struct rect r);

#endif
