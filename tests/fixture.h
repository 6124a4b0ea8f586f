/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small corpus and a run on it as views see them, and pictures of the screen kept in tests/golden. */
#ifndef ELBOW_TESTS_FIXTURE_H
#define ELBOW_TESTS_FIXTURE_H

#include "command/session.h"
#include "plot/canvas.h"
#include "view/ui.h"

struct fixture {
	struct picture pic;          /* what a view gets */
	struct em_snapshot snapshot; /* pic.run: the run's own, but with made-up seconds, so that pictures never change */
	struct em_entry *ledger;
	struct ui ui;
	/* What stands behind it. */
	struct em_corpus *corpus;
	struct em_data data;
	struct em_settings *settings;
	struct em_run *run;
	const struct em_snapshot *owned;
};

/* Fifteen short documents (one empty, one with a hostile title, some not English) and LDA with K = 3 at step 0. Then NAME, VALUE
 * pairs of settings, ended by NULL. Fails the test when something does not work. */
void fixture_open(struct fixture *f, const char *name, ...) __attribute__((sentinel));
void fixture_close(struct fixture *f);
/* Makes n steps of a size, or goes to a step; then takes the picture anew. */
void fixture_step(struct fixture *f, enum em_size size, size_t n);
void fixture_goto(struct fixture *f, size_t step);

/* A command of the screen that must succeed; returns the line it wants run, or NULL. */
const char *fixture_command(struct fixture *f, const char *words);
/* The whole screen without message or prompt. Owned: canvas_free. */
struct canvas *fixture_screen(struct fixture *f, int w, int h, enum glyphs glyphs);
/* True when a line of the canvas holds the text. */
bool fixture_shows(const struct canvas *c, const char *text);

/* Compares a canvas with tests/golden/NAME.txt: its text and, with styles, the layer of styles below it. A difference
 * fails the test and is printed; with GOLDEN_UPDATE in the environment the file is written. */
void golden_check(const struct canvas *c, const char *name, bool styles);

#endif
