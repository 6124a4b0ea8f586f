/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run of any model on a corpus, for tests, and the tests that every exact model on a corpus has to pass. */
#ifndef ELBOW_TESTS_FIT_H
#define ELBOW_TESTS_FIT_H

#include "elbow/run.h"
#include "small.h"

struct fit {
	struct em_corpus *corpus; /* of small_corpus; NULL where data are owned */
	struct em_data of_corpus, *owned;
	const struct em_data *data;
	struct em_settings *settings;
	struct em_run *run;
	struct em_err err;
};

/* Everywhere: model is "NAME" or "NAME SETTING=VALUE" ("lda e_step=exact"). */

/* Takes over the corpus, or (corpus NULL) the data. theta: at step 0, in the layout of the model, or NULL. Then NAME, VALUE
 * pairs of settings, ended by NULL. Fails the test when the run cannot begin. */
void fit_open(struct fit *f, const char *model, struct em_corpus *corpus, struct em_data *data, const double *theta, ...)
    __attribute__((sentinel));
void fit_close(struct fit *f);
/* The settings of a model, a run and a corpus. */
struct em_settings *fit_settings(const char *model);

void fit_step(struct fit *f, enum em_size size);
const struct em_entry *fit_entry(const struct fit *f);
const struct em_snapshot *fit_look(struct fit *f);
/* An element of a named array of theta or q. */
double fit_theta(const struct em_snapshot *s, const char *name, size_t i, size_t j);
double fit_q(const struct em_snapshot *s, const char *name, size_t i, size_t j);
void fit_near(double a, double b, double room);

/* Identity, sums, signs, order and shares at every half-step from random corpora, with empty documents among them. */
void fit_check_random(const char *model);
void fit_check_threads(const char *model);
void fit_check_units(const char *model);
void fit_check_back(const char *model);

/* Under valgrind a part of the cases is enough. */
bool fit_brief(void);

#endif
