/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state of the view Landscape: what to look along. */
#ifndef ELBOW_VIEW_LANDSCAPE_H
#define ELBOW_VIEW_LANDSCAPE_H

#include "elbow/landscape.h"

struct ui;
struct picture;

struct ui_landscape {
	struct em_landscape_ask ask;  /* zoom 0: not chosen yet, the move */
	/* What was asked for last, so that a stopped job is not asked for over and over. */
	struct em_landscape_ask asked;
	size_t asked_of; /* the version of the picture and 1; 0: nothing was */
	bool stopped;    /* so it was, and is not asked for again until something moves or a command says so */
};

/* Words after the command `landscape`: move, map, next, previous, or one parameter or two, as ARRAY I [J [L]]. */
enum em_status ui_landscape_set(struct ui *ui, const struct picture *pic, int argc, char *const argv[], struct em_err *err);

#endif
