/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Paragraphs, labelled numbers and key names as several views show them. */
#ifndef ELBOW_VIEW_PANE_H
#define ELBOW_VIEW_PANE_H

#include <stdbool.h>

#include "base/number.h"
#include "elbow/run.h"
#include "plot/canvas.h"
#include "view/view.h"

/* Wraps text into r, words and groups of digits whole; a line end in the text is kept. Returns the rows used, at most
 * r.h; what is left over is cut with an ellipsis in the last row. */
int pane_text(struct canvas *c, struct rect r, struct style style, const char *utf8);
/* What pane_text does, line by line: *at begins at text; false at the end. Lines longer than PANE_LINE are cut. */
enum { PANE_LINE = 1024 };
bool pane_next_line(const struct canvas *c, const char *text, const char **at, int width, char line[PANE_LINE]);
/* The rows pane_text would need in `width` columns. */
int pane_rows(const struct canvas *c, int width, const char *utf8);

/* A change in nats: "+85.4", "−0.012", "0", and "+3e-07" where the decimals would hide it. "unknown" for NAN. */
struct number pane_change(double x);
struct number pane_change_at(double x, int decimals);
/* Decimals for the totals of a run and the shares of its observations: few for thousands of nats, four below a hundred. */
int pane_places(const struct em_snapshot *s);
/* Decimals for a value whose interesting part is as large as x: 1 for tens, more below. */
int pane_decimals(double x);

/* "E 7", "M 7", "part of E 7", "start"; the short one writes a part as the ledger does, "e 7". */
struct number pane_step(const struct em_entry *e);
struct number pane_short_step(const struct em_entry *e);
/* How log p is known: "exact", "estimate ± 0.3", "estimate ± 0.3, 2 doubtful", "unknown". */
struct number pane_known(const struct em_entry *e);
/* log p or KL of an entry, never a plain number where it is estimated: "−1.3", "~−1.3", "~−1.3?". */
struct number pane_about(const struct em_entry *e, double x, int decimals);

/* How log p changed in the M-step that ended at an entry of the ledger: exactly, or estimated by the same draws on both sides. False:
 * it is no M-step, or nobody knows. */
struct pane_moved {
	double change, se; /* se: 0 when exact */
	bool fell;         /* beyond rounding, or beyond three standard errors */
};
bool pane_log_p_moved(const struct em_snapshot *s, size_t step, struct pane_moved *out);

/* The key that runs a command line in a view, "" when there is none. */
const char *pane_key(const char *context, const char *line);

/* The cell of "click X Y"; false when it is not one. */
bool pane_cell(const struct view_call *call, int *x, int *y);
/* The number behind a movement, "down 3"; 1 without one. */
size_t pane_count(const struct view_call *call);

/* Why log p(X|theta) is unknown at this snapshot, a sentence; "" when it is known. */
void pane_unknown(const struct em_snapshot *s, char *out, size_t size);

#endif
