/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A second run from the same start that differs in one setting only, e_step: what mean field costs, in nats of log p. */
#ifndef ELBOW_COMMAND_BESIDE_H
#define ELBOW_COMMAND_BESIDE_H

#include "command/session.h"
#include "command/world.h"

/* The run beside, and what it has come to: touched only by the thread that performs jobs. */
struct beside;

/* From the start of the run that `settings` (all of the session's) and init made; e_step is "exact" or "variational". EM_USAGE
 * where the run has that already, the model has no e_step, or the exact one cannot be afforded. Owned: beside_free. */
enum em_status beside_new(const struct world *w, const struct em_settings *settings, const char *init, const char *e_step,
                          const struct em_hooks *h, struct beside **out, struct em_err *err);
/* Another run as far as it has come, under a name; it stays as it is. */
enum em_status beside_still(const struct em_snapshot *s, const char *name, struct beside **out, struct em_err *err);
/* Below, NULL is nothing that goes beside: then nothing happens. */
void beside_free(struct beside *b);
/* Goes on to the last whole iteration of the run. A step without a result ends it there. EM_CANCELLED: it keeps the iterations
 * made. */
enum em_status beside_follow(struct beside *b, const struct em_run *run, const struct em_hooks *h, struct em_err *err);
/* A setting changed on the way is changed there too, where it knows it. */
void beside_set(struct beside *b, const char *name, const char *value);
/* A copy of what it has come to. Owned: free. NULL: out of memory, or nothing. */
struct beside_path *beside_path(const struct beside *b);
/* The two as a table, and in words where they part and by how many nats. Owned: free. NULL as above. */
char *beside_report(const struct beside *b, struct em_run *run);

#endif
