/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Classic mistakes, planted on purpose (setting bug): a model with one of its functions gone wrong. The checks of a step have to catch each. */
#ifndef ELBOW_ENGINE_BUGS_H
#define ELBOW_ENGINE_BUGS_H

#include "engine/state.h"

extern const char *const bug_choices[];

/* p->real is set: p->p.model becomes that, or with the bug of the settings. EM_USAGE when that model cannot have it. */
enum em_status bug_plant(struct problem *p, const struct em_settings *s, struct em_err *err);

#endif
