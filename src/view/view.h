/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A view: one way of looking at a picture of the session, drawn on a canvas, as one constant record. */
#ifndef ELBOW_VIEW_VIEW_H
#define ELBOW_VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "command/session.h"
#include "plot/canvas.h"

struct ui;

/* A command of the screen after parsing; name is the full command name. */
struct view_call {
	const char *name;
	int argc; /* words after the name */
	char *const *argv;
};

struct view {
	const char *name;   /* "bound": command `view bound`, keymap context */
	const char *alias;  /* another name it is found by; may be NULL */
	const char *title;  /* "Bound" */
	/* The title for what is open, NULL: title; brief where there is little room. */
	const char *(*titled)(const struct picture *pic, bool brief);
	char key;           /* '1' */
	bool aside;         /* its tab is there only while it is shown */
	const char *about;  /* two sentences for the help */
	/* Draws into rect of the canvas; any size down to 1x1; pic->run is never NULL here. */
	void (*draw)(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r);
	/* up down left right page-up page-down home end enter sort zoom select find find-next click ...; false: not mine. */
	bool (*command)(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err);
	/* False for a command line of its keys that does nothing in what was drawn last: the bottom line leaves it out. NULL: all do
	 * something. */
	bool (*offers)(const struct ui *ui, const char *line);
	/* True when what is to be drawn needs a job of the session first, once for each picture. NULL: never. */
	bool (*wants)(struct ui *ui, const struct picture *pic, struct job *out);
};

extern const struct view view_bound, view_trace, view_terms, view_topics, view_documents, view_reader, view_landscape, view_data, view_jensen,
    view_lab, view_help;

#endif
