/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points: a table of numbers, one observation a row, immutable. */
#ifndef ELBOW_POINTS_H
#define ELBOW_POINTS_H

#include <stddef.h>

#include "elbow/settings.h"
#include "elbow/status.h"

struct em_points {
	size_t rows, columns;        /* both at least 1 */
	const char *const *column;   /* [columns] names; printable only after text_safe() */
	const double *x;             /* [rows][columns], all finite */
	const double *mean, *sd;     /* [columns] of the column; sd divides by rows */
};

/* The setting of this module: columns. */
extern const struct em_setting_table em_points_settings;

/* Reads a .csv or .tsv (anything else: as its first line looks; "-" standard input) with a header line: the columns named
 * by the setting `columns`, separated by commas, in that order, or all. Every cell of theirs is a finite number: a
 * missing or other one is EM_INPUT with FILE:LINE and the column. Owned: em_points_free. */
enum em_status em_points_open(const char *path, const struct em_settings *s, struct em_points **out, struct em_err *err);
/* A copy of a table from elsewhere. Owned likewise. */
enum em_status em_points_from(size_t rows, size_t columns, const char *const *column, const double *x,
                              struct em_points **out, struct em_err *err);
void em_points_free(struct em_points *p);

/* The index of a column by name, SIZE_MAX when there is none. */
size_t em_points_column(const struct em_points *p, const char *name);

/* The first two principal axes of the columns in standard units (each less its mean, by its sd: else the column with the
 * smallest unit would be the axis). axes, [2][columns], are directions on the raw columns: axes[a] . (x - mean) is the
 * coordinate of x, axes[a] . C axes[b] the covariance of coordinates where that of the columns is C. share: of the variance
 * of all columns. The largest element of an axis in standard units is positive; a column that does not vary has 0; an axis
 * without variance (one column, say) is all 0. */
enum em_status em_points_axes(const struct em_points *p, double *axes, double share[2], struct em_err *err);
/* The coordinates of every row on the axes, [rows][2]. */
void em_points_project(const struct em_points *p, const double *axes, double *out);

#endif
