/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Axes: round ticks, labels as short as they can be, a large common part moved into the title. */
#ifndef ELBOW_PLOT_AXIS_H
#define ELBOW_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { AXIS_TICKS = 32, AXIS_LABEL = 24 };

enum axis_scale { AXIS_LINEAR, AXIS_LOG10 };

struct axis_tick {
	double value;           /* in data */
	bool minor;             /* a small mark without label (logarithmic axes) */
	char label[AXIS_LABEL]; /* UTF-8, of value - offset */
};

struct axis {
	enum axis_scale scale;
	double lo, hi;          /* what the axis covers; lo < hi, both finite, always */
	double offset;          /* 0, or taken off every label */
	double step;            /* between ticks (linear) */
	int decimals;
	size_t n;               /* ticks, in rising order, all within lo..hi */
	struct axis_tick ticks[AXIS_TICKS];
};

/* An axis over lo..hi with about `wanted` ticks, at most. Any input is safe: lo > hi are swapped, equal or not finite ones
 * are widened to something that can be drawn. Labels are unique; a linear axis of large close values gets an offset
 * unless offset_allowed is false. integer: no ticks between whole numbers. */
void axis_linear(struct axis *a, double lo, double hi, int wanted, bool integer, bool offset_allowed);
/* lo and hi widened to ticks, so that they lie at the ends. */
void axis_linear_nice(struct axis *a, double lo, double hi, int wanted, bool integer, bool offset_allowed);
/* Decades; those at or below 0 are replaced by what can be drawn. */
void axis_log10(struct axis *a, double lo, double hi, int wanted);

/* Where a value lies: 0 at lo, 1 at hi, beyond for what is outside; NAN stays NAN, as does what has no logarithm. */
double axis_place(const struct axis *a, double value);
double axis_value(const struct axis *a, double place);

/* "ELBO" with the offset -37000 is "ELBO + 37 000"; just the name without offset. Truncated to size. */
void axis_title(const struct axis *a, const char *name, char *out, size_t size);
/* A value the way the ticks show values, in full (without the offset taken off), with `extra` more decimals. */
void axis_format(const struct axis *a, double value, int extra, char *out, size_t size);

/* Between which d3-style round steps: the step of {1,2,5}x10^k that gives about `wanted` ticks over span > 0. */
double axis_step(double span, int wanted);

/* Time for people: "0.8 ms", "4.2 s", "3:07", "2:03:07". Other numbers: base/number.h. */
void axis_duration(double seconds, char *out, size_t size);

#endif
