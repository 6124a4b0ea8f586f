/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers for people: grouped by thousands, with a true minus; files take %.17g instead. */
#ifndef ELBOW_BASE_NUMBER_H
#define ELBOW_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* A buffer that holds any number_* result. */
struct number {
	char s[64];
};

/* "−37 118.4" with `decimals` after the point; "unknown" for NAN, "∞" for infinity. */
struct number number_fixed(double x, int decimals);
/* The same with the sign always there: "+85.4". */
struct number number_signed(double x, int decimals);
/* About `digits` significant digits: "0.00312", "4.2e-05", "12 340". */
struct number number_short(double x, int digits);
/* Of an estimate: "~12.3"; of one that doubts itself, "~12.3?". */
struct number number_about(struct number x, bool doubtful);
/* "12 340" */
struct number number_count(size_t n);

#endif
