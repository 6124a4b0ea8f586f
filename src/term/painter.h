/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal: a canvas painted with curses, keys, mouse and paste read from it. One painter at a time. */
#ifndef ELBOW_TERM_PAINTER_H
#define ELBOW_TERM_PAINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "plot/canvas.h"
#include "term/keys.h"

enum event { EVENT_NONE, EVENT_KEY, EVENT_PASTE, EVENT_CLOSED };

enum painter_fault {
	PAINTER_OK,
	PAINTER_NO_TTY,     /* no terminal to read keys from */
	PAINTER_NO_SCREEN   /* the terminal cannot place the cursor, or nobody knows it */
};

/* Takes the terminal on standard output; keys from standard input when it is one, else from /dev/tty. Signals first. */
enum painter_fault painter_open(const char *term);
/* Everything as it was. May be called twice, or without painter_open. */
void painter_close(void);

/* The terminal lent to a shell, and taken back with everything drawn anew at its present size. */
void painter_suspend(void);
void painter_resume(void);
/* Everything is drawn anew by the next painter_paint. */
void painter_redraw(void);

/* The descriptor to poll for keys. */
int painter_fd(void);
void painter_size(int *w, int *h);
/* The bytes that set the terminal right from anywhere, for a crash; how many. */
size_t painter_farewell(char *out, size_t size);
/* The terminal's mode before painter_open, NULL when unknown. */
const struct termios *painter_mode(void);
/* Asks the terminal for its size and takes it. */
void painter_resize(void);
bool painter_has_color(void);
void painter_mouse(bool on);

/* Shows the canvas; the cursor at (x, y), hidden when x < 0. */
void painter_paint(const struct canvas *c, enum theme theme, int x, int y);

/* The next event without waiting. paste: the pasted bytes, good until the next call. */
enum event painter_event(struct key *key, const char **paste, size_t *n);
/* In the middle of a paste: wait no longer than a second for the rest, then call painter_paste_over. */
bool painter_pasting(void);
void painter_paste_over(void);

#endif
