/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text of several lines laid over the screen: scrolled by the usual keys, gone with any other. */
#ifndef ELBOW_TERM_OVERLAY_H
#define ELBOW_TERM_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "plot/canvas.h"

struct overlay {
	struct buf text; /* empty: not shown */
	size_t top;      /* first line shown */
	size_t lines, page; /* as drawn last */
};

static inline bool overlay_shown(const struct overlay *o)
{
	return o->text.len > 0;
}

void overlay_set(struct overlay *o, const char *text);
void overlay_hide(struct overlay *o);
void overlay_free(struct overlay *o);
void overlay_draw(struct overlay *o, struct canvas *c);
/* True when the key scrolled; another key hides it. */
bool overlay_key(struct overlay *o, const char *key);

#endif
