/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state of the interactive screen, shared by its loop (loop.c) and what commands see of it (front.c). */
#ifndef ELBOW_TERM_SCREEN_H
#define ELBOW_TERM_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"
#include "term/overlay.h"
#include "term/worker.h"
#include "view/ui.h"

enum { LINES_MOST = 64 };

/* Lines run one after the other from the outermost loop. A line that submits a job waits inside screen_wait(), which keeps the
 * screen alive; lines that only look run there at once, all others wait their turn. So `finish 10; export trace t.csv`
 * means the same here as in batch mode, and a script stops where it fails. */
struct screen {
	struct session *session;
	struct worker *worker;
	struct cmd_front front;
	struct ui ui;
	struct canvas *canvas;
	struct overlay overlay;
	struct buf said;          /* what commands printed since the last key */
	char message[512];
	bool is_error;
	char *line[LINES_MOST];   /* waiting, owned */
	size_t lines;
	unsigned long ticket;     /* of the job that screen_wait() waits for, 0: none */
	struct outcome outcome;   /* how it ended */
	unsigned running;         /* lines that are being run, one inside the other */
	bool dirty;               /* something to draw */
	bool keyed;               /* by a key */
	bool more;                /* keys were left for the next turn */
	bool ready_to_quit;       /* was asked; the next Q goes */
	bool quit;
	int status;
	char key[16];             /* the key that is being answered */
	long drawn, interrupted;  /* milliseconds */
	int sync_fd;
	bool utf8, no_color;
};

/* front.c */

void front_init(struct screen *s);
/* Runs a line now, or queues it when it would have to wait for the worker. */
void screen_line(struct screen *s, const char *line);
/* Runs a line to its end and says what went wrong. */
enum em_status screen_run(struct screen *s, const char *line);
void screen_say(struct screen *s, bool is_error, const char *text);
/* An error on the bottom line, or where it would be cut there, over the screen. */
void screen_complain(struct screen *s, const char *text);
/* Lines for the person: one as a message, more over the screen until a key is pressed. self: the screen. */
void screen_print(void *self, const char *text);
/* Leaves, or asks first when a job runs. */
void screen_quit(struct screen *s);
void screen_forget_lines(struct screen *s);
/* Draws view and frame with nothing over it. */
void screen_compose(struct screen *s, const struct ui_status *status, const struct picture *pic);

/* loop.c */

/* One turn: waits for something to happen, answers it, draws. */
void screen_turn(struct screen *s);
/* Hands the job to the worker and turns until it is done. */
enum em_status screen_wait(struct screen *s, const struct job *job, struct em_err *err);

#endif
