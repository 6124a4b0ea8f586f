/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a component that is no list of terms looks like on its card: a bar, a table of means, an image, a row of a chain. */
#ifndef ELBOW_VIEW_COMPONENTS_H
#define ELBOW_VIEW_COMPONENTS_H

#include "elbow/run.h"
#include "plot/canvas.h"
#include "view/ui.h"

/* True when component cards have a picture of their own instead of ranked terms. */
bool component_pictured(const struct ui *ui, const struct em_snapshot *s);
/* The body of the card of component k; a warning of its health in the last row. */
void component_draw(const struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r, size_t k);

#endif
