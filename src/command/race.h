/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plain EM against SQUAREM, from one start, counted in E-steps. */
#ifndef ELBOW_COMMAND_RACE_H
#define ELBOW_COMMAND_RACE_H

#include "base/buf.h"
#include "elbow/run.h"

/* Both from theta (of a snapshot of any run of that model and data) with q anew, until a whole step gains no more than rounding or
 * `most` E-steps are made; *out, unless an error: the table, owned by the caller (free). The run of the snapshot is left alone. */
enum em_status race_run(const struct em_snapshot *s, size_t most, const struct em_hooks *h, char **out, struct em_err *err);

#endif
