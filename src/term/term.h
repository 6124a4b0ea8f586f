/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two interactive front ends: the screen, and a readline prompt without one. */
#ifndef ELBOW_TERM_TERM_H
#define ELBOW_TERM_TERM_H

#include <stddef.h>

#include "command/session.h"

/* Runs the screen on s until the person quits; returns the exit status of the program (128+n after signal n).
 * `open` is performed first, then the command lines in order, each once the one before is done; the first that fails
 * stops the rest. When `open` fails the screen is left, the error goes to standard error and 2 (1 for memory) is returned.
 * Keys come from standard input, or from /dev/tty when that is data. Where TERM can carry no screen, term_prompt takes over.
 * Call setlocale(LC_CTYPE, "") before; one call at a time in a process. */
int term_screen(struct session *s, const struct job *open, char *const *lines, size_t n);

/* The same commands read by readline, or line by line from standard input when that is no terminal; jobs run to their end,
 * SIGINT stops them. Returns 0, or what the first failed command deserves: 1 for a breach or memory, else 2. */
int term_prompt(struct session *s, const struct job *open, char *const *lines, size_t n);

#endif
