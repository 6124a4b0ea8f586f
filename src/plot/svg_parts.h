/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The elements of which both SVG writers build their documents. */
#ifndef ELBOW_PLOT_SVG_PARTS_H
#define ELBOW_PLOT_SVG_PARTS_H

#include "plot/svg.h"

#define SVG_FONT "ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"

/* The root with its name, description and page. */
void svg_open(struct buf *out, double w, double h, double font_size, uint32_t page, const char *title, const char *desc);
void svg_close(struct buf *out);

/* ` name="1.25"` */
void svg_attribute(struct buf *out, const char *name, double value);
/* ` fill="#56b4e9"` */
void svg_paint(struct buf *out, const char *name, uint32_t rgb);
void svg_rect(struct buf *out, double x, double y, double w, double h, uint32_t rgb, double opacity);
/* "M1 2" and the like: a letter and two numbers of a path. */
void svg_to(struct buf *out, char letter, double x, double y);
/* A sign of a figure (plot/fig.h) around a centre; code is its character. False when it is none. */
bool svg_mark(struct buf *out, uint32_t code, double x, double y, double size, uint32_t rgb);

#endif
