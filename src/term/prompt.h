/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line editing by readline, in two ways: inside the screen, where it neither reads nor writes the terminal itself, and
 * on the bare terminal. One at a time. */
#ifndef ELBOW_TERM_PROMPT_H
#define ELBOW_TERM_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/settings.h"
#include "plot/canvas.h"

enum prompt_kind { PROMPT_COMMAND, PROMPT_SEARCH };
enum prompt_end { PROMPT_GOES_ON, PROMPT_CANCELLED, PROMPT_DONE };

/* Before the screen is opened. directory: where the histories are kept, or NULL. False when the system refuses. */
bool prompt_setup(bool on_screen, const char *directory);
/* Writes the histories. */
void prompt_teardown(void);

/* ---- inside the screen ---- */

void prompt_open(enum prompt_kind kind, const char *text);
void prompt_close(void);
bool prompt_is_open(void);
/* Feeds the bytes of one key. On PROMPT_DONE *line is what was typed (free it) and the prompt is closed.
 * Completion asks the settings. */
enum prompt_end prompt_key(const struct em_settings *s, const char *bytes, size_t n, char **line,
                           enum prompt_kind *kind);
/* Inserts text literally; line ends become blanks, other control characters go. */
void prompt_paste(const char *bytes, size_t n);

struct prompt_look {
	const char *text;         /* safe, cut on the left so that the cursor is seen */
	int cursor;               /* its column */
	const char *const *menu;  /* completions, NULL-terminated, or NULL */
};
/* What to draw on a canvas; good until the next call of anything here. text is NULL when out of memory. */
struct prompt_look prompt_look(const struct canvas *c);

/* ---- on the bare terminal ---- */

/* Shows the prompt; prompt_bare_read is to be called when standard input is readable. */
void prompt_bare_begin(const char *prompt);
/* True when a line is whole: *line (free it), NULL at the end of input. The terminal is in its usual mode then. */
bool prompt_bare_read(const struct em_settings *s, char **line);
/* Ctrl-C: the line is given up, a new one begun. */
void prompt_bare_interrupt(void);
/* The terminal in its usual mode, and back. */
void prompt_bare_suspend(void);
void prompt_bare_resume(void);
void prompt_bare_end(void);

#endif
