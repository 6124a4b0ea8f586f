/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A grid of values as a picture of shaded cells, the same with and without colour. */
#ifndef ELBOW_PLOT_PIXELS_H
#define ELBOW_PLOT_PIXELS_H

#include "plot/canvas.h"

/* values[row * columns + column] from 0 to full at the top left of r, a pixel two cells wide where r has the room, else one;
 * what does not fit is cut. NAN is drawn blank. Returns the columns used. */
int pixels_draw(struct canvas *c, struct rect r, const double *values, size_t columns, size_t rows, double full,
                enum color color);
/* The columns and rows it would like. */
struct rect pixels_size(size_t columns, size_t rows);

#endif
