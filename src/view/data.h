/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state of the view Data. */
#ifndef ELBOW_VIEW_DATA_H
#define ELBOW_VIEW_DATA_H

#include <stdbool.h>
#include <stddef.h>

enum ui_plane { UI_PLANE_AUTO, UI_PLANE_PAIR, UI_PLANE_AXES };

struct data_cache;

struct ui_data {
	enum ui_plane plane;      /* two variables, or the first two principal axes */
	size_t x, y;              /* the variables; equal: the first two */
	size_t variables;         /* to choose from in what was drawn last, 0: none */
	size_t top;               /* first row of the pictures or lines that are seen */
	size_t first;             /* first component in a table that has no room for all */
	size_t line, line_of;     /* first line seen of a sequence, and which sequence that is */
	size_t lines;             /* of it, as drawn last */
	/* As it was drawn last: rows of `columns` items, each w x h cells; for moving and clicks. */
	size_t columns, rows_seen;
	int body_x, body_y, item_w, item_h;
	struct data_cache *cache; /* private, see data_parts.h */
};

#endif
