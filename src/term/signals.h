/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signals as things that happened, read from a pipe in the poll loop; and the terminal put right when the program crashes. */
#ifndef ELBOW_TERM_SIGNALS_H
#define ELBOW_TERM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* Takes over INT, TERM, HUP, WINCH, TSTP, CONT, ignores PIPE, catches the fatal ones. Before curses, which leaves alone what
 * somebody has taken over. False when the system refuses. */
bool signals_open(void);
/* Everything as it was. */
void signals_close(void);

/* Readable when a signal came. */
int signals_fd(void);

struct signals {
	bool interrupt, stop, cont, resize;
	int end; /* TERM or HUP: leave with 128 + this; 0: stay */
};
/* What came since the last call. */
struct signals signals_take(void);
/* INT, TERM or HUP came and was not taken yet; any thread may ask. */
bool signals_want_cancel(void);
/* Stops the process as Ctrl-Z does by default; returns when it is continued. */
void signals_stop_self(void);

/* All signals but those that a thread gets for its own faults. */
void signals_maskable(sigset_t *set);
/* A stack for the fatal handler on the calling thread, so that it runs after an overflow too; NULL when out of memory. */
void *signals_stack(void);
void signals_stack_free(void *stack);

/* What a crash does first: writes bytes (at most 256 are kept) to the terminal and sets its mode; and puts standard error
 * back on `err` after copying what `log` holds. Descriptors of -1, mode NULL: nothing. armed false: none of it any more. */
struct rescue {
	int tty, log, err;
	const struct termios *mode;
	const char *bytes;
	size_t n;
};
void signals_rescue(const struct rescue *r);
void signals_rescue_arm(bool armed);

#endif
