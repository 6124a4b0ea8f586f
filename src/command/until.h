/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether the condition of `continue` holds. */
#ifndef ELBOW_COMMAND_UNTIL_H
#define ELBOW_COMMAND_UNTIL_H

#include "command/session.h"

/* At the end of an iteration, e its last entry. True also when memory is short: a good time to stop. */
bool until_reached(struct em_run *run, const struct condition *c, const struct em_entry *e);

#endif
