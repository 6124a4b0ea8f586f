/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a number comes from: its formula with the numbers of this snapshot in it, in lines of text. */
#ifndef ELBOW_COMMAND_FORMULA_H
#define ELBOW_COMMAND_FORMULA_H

#include "base/buf.h"
#include "elbow/run.h"

/* text: a name with its indices, as for print, or phi[DOCUMENT][TERM]. Safe for a terminal. EM_USAGE: no single number, or unknown name. */
enum em_status formula_explain(const struct em_snapshot *s, const char *text, struct buf *out, struct em_err *err);

#endif
