/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dots finer than cells: 2 x 4 to a braille cell, 1 x 2 in ASCII; each cell belongs to the last that drew in it. */
#ifndef ELBOW_PLOT_RASTER_H
#define ELBOW_PLOT_RASTER_H

#include "plot/canvas.h"

struct raster {
	struct rect at;  /* cells of the canvas */
	int dx, dy;      /* dots to a cell */
	int w, h;        /* dots */
	uint8_t *dots;   /* per cell a bit a dot */
	uint8_t *owner;  /* per cell 0: nobody, else the number of who drew */
};

/* False when out of memory or empty. */
bool raster_open(struct raster *r, const struct canvas *c, struct rect at);
void raster_close(struct raster *r);

/* In dots from the upper left; outside is clipped. */
void raster_dot(struct raster *r, int x, int y, uint8_t owner);
void raster_line(struct raster *r, double x0, double y0, double x1, double y1, uint8_t owner);

/* The character for a cell's dots, a blank for none. */
uint32_t raster_code(const struct raster *r, int column, int row);
uint8_t raster_owner(const struct raster *r, int column, int row);

#endif
