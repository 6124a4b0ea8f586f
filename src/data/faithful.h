/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The eruptions of Old Faithful, for examples. */
#ifndef ELBOW_DATA_FAITHFUL_H
#define ELBOW_DATA_FAITHFUL_H

enum { FAITHFUL = 272 };

extern const double faithful[FAITHFUL][2]; /* length of the eruption, wait for the next; minutes */

#endif
