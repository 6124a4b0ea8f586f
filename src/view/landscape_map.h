/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p over two parameters as shades, with the path of EM on it. */
#ifndef ELBOW_VIEW_LANDSCAPE_MAP_H
#define ELBOW_VIEW_LANDSCAPE_MAP_H

#include "elbow/landscape.h"
#include "view/view.h"

enum { LANDSCAPE_NAME = 96 };
/* "means[1][2]" */
const char *landscape_name(const struct em_problem *p, const struct em_coordinate *c, char out[LANDSCAPE_NAME]);

void landscape_map(struct ui *ui, const struct em_snapshot *s, const struct em_landscape *l, struct canvas *c, struct rect r);

#endif
