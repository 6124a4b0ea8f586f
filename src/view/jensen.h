/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state of the view Jensen, and its command, which works from every view. */
#ifndef ELBOW_VIEW_JENSEN_H
#define ELBOW_VIEW_JENSEN_H

#include "base/jensen.h"
#include "elbow/status.h"

enum ui_jensen_row { JENSEN_V1, JENSEN_V2, JENSEN_ALPHA, JENSEN_ROWS };

struct ui_jensen {
	struct jensen_case now;
	enum ui_jensen_row row; /* what left and right move */
	char said[256];         /* why the last change was another than asked for, "" */
};

void ui_jensen_init(struct ui_jensen *j);
/* v1 X, v2 X, alpha X, function NAME|next, reset; argv[0] is the first word. Nothing: nothing to do. */
enum em_status ui_jensen_set(struct ui_jensen *j, int argc, char *const argv[], struct em_err *err);

#endif
