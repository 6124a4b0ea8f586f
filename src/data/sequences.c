/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/sequences.h"

#include <stddef.h>

static const char *const choices[] = {"words", "letters", NULL};

static const struct em_setting rows[] = {
	{"symbols", EM_CHOICE, "words", 0, 0, choices, EM_EFFECT_REOPEN, "what a sequence is made of: words, or letters"},
};

const struct em_setting_table em_sequences_settings = {"sequences", rows, sizeof rows / sizeof rows[0]};

enum em_status em_sequences_open(const char *path, const struct em_settings *s, struct em_sequences **out,
                                 struct em_err *err)
{
	(void)s;
	(void)out;
	return em_fail(err, EM_INPUT, "%s: sequences are not read yet", path);
}

void em_sequences_free(struct em_sequences *q)
{
	(void)q;
}
