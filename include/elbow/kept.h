/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run as something to keep: its ledger with what made each entry, states as bytes, and the run made of them again. */
#ifndef ELBOW_KEPT_H
#define ELBOW_KEPT_H

#include "elbow/run.h"

/* One entry of the ledger and how it came about. */
struct em_kept {
	struct em_entry entry;
	enum em_size size;                  /* the action that made it; nothing to entry 0 and to EM_EDIT */
	bool m;
	const struct em_settings *settings; /* it was made under; borrowed */
	const void *state;                  /* [bytes] of em_run_pack; NULL: it is made again from the one before */
	size_t bytes;
};

size_t em_run_entries(const struct em_run *r);
/* Entry `step`, without its state. The pointer to the settings is the same for entries made under the same problem. */
void em_run_kept(const struct em_run *r, size_t step, struct em_kept *out);
/* The state after an entry as bytes with a checksum of their own, in words of 8 bytes as the machine has them. Owned: free. *out NULL: it is not at
 * hand (let go for memory). */
enum em_status em_run_pack(const struct em_run *r, size_t step, void **out, size_t *bytes, struct em_err *err);
/* Whether an entry has a state that is as it was packed. */
bool em_kept_whole(const struct em_kept *k);
/* What the next step is made under; borrowed until then. */
const struct em_problem *em_run_problem(const struct em_run *r);

/* A run of `count` entries that stands at `position`, for next steps under `settings`; everything is copied but the data. Entry 0 and each EM_EDIT
 * need their states: EM_INPUT without, and where a state is damaged or does not fit. Of any other entry a damaged state is as good as none; *lost counts
 * them. States are made again from the one before; where the ELBO is then not the kept one, bit by bit, EM_BREACH says where. Owned: em_run_free. */
enum em_status em_run_revive(const struct em_model *model, const struct em_data *data, const struct em_settings *settings,
                             const struct em_evidence *evidence, const struct em_kept *kept, size_t count, size_t position,
                             const struct em_hooks *h, struct em_run **out, size_t *lost, struct em_err *err);

#endif
