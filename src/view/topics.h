/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the overview of components and the long list of one share. */
#ifndef ELBOW_VIEW_TOPICS_H
#define ELBOW_VIEW_TOPICS_H

#include "base/number.h"
#include "elbow/run.h"
#include "plot/canvas.h"
#include "view/ui.h"
#include "view/view.h"

/* "24.9%", "<0.1%" */
struct number percent(double x, int decimals);

/* How many tokens a component is expected to have, and its share of all; false when not known yet. */
bool topic_size(const struct em_snapshot *s, size_t k, double *tokens, double *share);
/* " 7 " on the component's colour; on ASCII canvases and without colour "[7]". Returns the columns. */
int topic_badge(struct canvas *c, int x, int y, size_t k);
/* The move in the ranking from `was` to `now` (from 1; 0: from outside) as ▲ or ▼ and, given three columns or more, how far. */
void topic_move(struct canvas *c, int x, int y, int width, size_t was, size_t now);
/* What the marks compare, "" when the last step left theta alone. */
void topic_compared(const struct em_snapshot *s, char *out, size_t size);

/* The long list of the selected component. */
void topic_list_draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r);
bool topic_list_command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err);

#endif
