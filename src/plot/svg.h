/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A canvas as SVG: text stays text, lines, blocks and braille become shapes so that every font shows the same. */
#ifndef ELBOW_PLOT_SVG_H
#define ELBOW_PLOT_SVG_H

#include "base/buf.h"
#include "plot/canvas.h"

/* A whole document. title and desc may be NULL; desc is for readers who cannot see the picture. The same canvas gives the same
 * bytes, in any locale. */
void canvas_svg(const struct canvas *c, struct buf *out, enum theme theme, const char *title, const char *desc);

/* Appends text escaped for element content and attributes; what XML cannot hold becomes U+FFFD. */
void svg_escape(struct buf *out, const char *utf8);
/* Appends a number with at most two decimals, '.' whatever the locale, no "-0". */
void svg_number(struct buf *out, double x);

#endif
