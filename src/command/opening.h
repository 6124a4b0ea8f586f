/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jobs that open data or begin a run anew; all or nothing. */
#ifndef ELBOW_COMMAND_OPENING_H
#define ELBOW_COMMAND_OPENING_H

#include "command/session.h"

/* JOB_OPEN of an example, JOB_EXAMPLE, JOB_PRESET. */
enum em_status opening_example(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err);
/* JOB_OPEN of a path. */
enum em_status opening_path(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err);
/* JOB_SET: at once where the run can take it, anew where it cannot. */
enum em_status opening_set(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err);
/* JOB_RESTART */
enum em_status opening_restart(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err);

#endif
