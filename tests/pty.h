/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The real program on a pseudo-terminal, its output on a screen in memory (libvterm), below a small shell that sees it stop,
 * go on and end. Nothing here sleeps: a wait ends when the screen says so, or fails after a generous time with a picture. */
#ifndef ELBOW_TESTS_PTY_H
#define ELBOW_TESTS_PTY_H

#include <stdbool.h>
#include <stddef.h>

struct pty;

struct pty_options {
	const char *term;          /* NULL: xterm-256color; "": unset */
	const char *locale;        /* NULL: C.UTF-8 */
	int w, h;                  /* 0: 100 x 30 */
	const char *const *env;    /* further NAME=VALUE, NULL-terminated */
	const char *const *args;   /* NULL-terminated */
	const char *input;         /* a file as standard input, NULL: the terminal */
	const char *home;          /* HOME, must be there */
	bool no_fence;             /* the program will not show the screen */
};

/* $ELBOW on a new terminal with a scrubbed environment. Fails the test when that does not work. */
struct pty *pty_start(const struct pty_options *o);
/* Ends the program if it still runs. NULL is allowed. */
void pty_free(struct pty *p);

void pty_send(struct pty *p, const char *keys);
/* "Up", "PgDn", "F1" and the like by the terminal's own sequences. */
void pty_key(struct pty *p, const char *name);
void pty_click(struct pty *p, int x, int y);
/* Button 4 turns up, 5 down; nothing is sent unless the program asked for the mouse. */
void pty_wheel(struct pty *p, int button);
/* Between the marks of a paste, which are sent only if the program asked for them. */
void pty_paste(struct pty *p, const char *text);
void pty_resize(struct pty *p, int w, int h);
void pty_signal(struct pty *p, int sig);
/* Takes the terminal away. */
void pty_hang_up(struct pty *p);

/* A predicate on the screen. */
typedef bool pty_test(struct pty *p, const void *arg);
/* Until it holds on a frame that answers everything that came in (live: at any moment). */
void pty_wait_for(struct pty *p, pty_test *test, const void *arg, bool live, const char *what);
void pty_wait(struct pty *p, const char *text);
void pty_wait_gone(struct pty *p, const char *text);
void pty_wait_live(struct pty *p, const char *text);

/* Until the terminal is in the usual mode, or in that of editing. */
void pty_wait_mode(struct pty *p, bool usual);

bool pty_shows(struct pty *p, const char *text);
/* A row without the blanks at its end; good until the next call. */
const char *pty_row(struct pty *p, int y);
void pty_size(const struct pty *p, int *w, int *h);

/* How the terminal was left or is now. */
bool pty_alternate(const struct pty *p);
bool pty_cursor(const struct pty *p, int *x, int *y); /* is it shown, and where */
bool pty_mouse(const struct pty *p);
bool pty_paste_mode(struct pty *p);
/* Some cell has a colour of its own; some cell is bold, underlined or reversed. */
bool pty_colored(struct pty *p);
bool pty_marked(struct pty *p);
/* Everything that came out so far contains the bytes. */
bool pty_said(const struct pty *p, const char *bytes);

/* Waits for the end; 128 + n when signal n ended it. */
int pty_exit(struct pty *p);
/* Waits until it is stopped; then lets it go on in the foreground. */
void pty_stopped(struct pty *p);
void pty_continue(struct pty *p);
/* The terminal's mode when it ended or stopped last is the one before the start. */
bool pty_mode_restored(const struct pty *p);

/* Writes rubbish over the screen that the program knows nothing of. */
void pty_spoil(struct pty *p);
/* Prints screen, cursor and the last bytes. */
void pty_dump(struct pty *p);

#endif
