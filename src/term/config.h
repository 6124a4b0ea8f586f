/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The user's file of commands, run at the start of the screen and of the prompt. */
#ifndef ELBOW_TERM_CONFIG_H
#define ELBOW_TERM_CONFIG_H

#include "base/buf.h"
#include "elbow/status.h"

/* Gives each line of the file to run; one that fails is told in *wrong as "elbow: FILE:LINE: why", lines between, and the next goes on.
 * EM_CANCELLED ends it. No file: nothing. */
void config_run(void *self, enum em_status (*run)(void *self, const char *line, struct em_err *err), struct buf *wrong);

#endif
