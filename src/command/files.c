/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands that write files: exports, the session, its script. */
#include <stdio.h>
#include <string.h>

#include "command/verbs.h"

static void say(const struct cmd_call *c, const char *what, const char *path)
{
	char said[1200];
	snprintf(said, sizeof said, "%s %s", what, path);
	c->front->print(c->front->self, said);
}

static enum em_status file_job(const struct cmd_call *c, enum job_kind kind, const char *path, const char *said, struct em_err *err)
{
	struct job job = {.kind = kind, .m = c->bang};
	if (!c->picture->run && kind != JOB_JOURNAL)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	if (strlen(path) >= sizeof job.text)
		return em_fail(err, EM_USAGE, "a path of %zu bytes; %zu is the most", strlen(path), sizeof job.text - 1);
	memcpy(job.text, path, strlen(path) + 1);
	enum em_status st = c->front->submit(c->front->self, &job, err);
	if (st)
		return st;
	const struct picture *after = session_picture(c->front->session);
	if (after->said)
		c->front->print(c->front->self, after->said);
	picture_release(after);
	say(c, said, path);
	return EM_OK;
}

enum em_status verb_save(const struct cmd_call *c, struct em_err *err)
{
	return file_job(c, JOB_SAVE, c->argv[0], "wrote", err);
}

enum em_status verb_journal(const struct cmd_call *c, struct em_err *err)
{
	if (strcmp(c->argv[0], "off") == 0)
		return file_job(c, JOB_JOURNAL, "", "the journal is closed", err);
	return file_job(c, JOB_JOURNAL, c->argv[0], "every step goes into", err);
}

enum em_status verb_export(const struct cmd_call *c, struct em_err *err)
{
	static const struct {
		const char *name;
		enum em_status (*write)(const struct em_snapshot *, const char *, bool, struct em_err *);
	} kinds[] = {{"trace", em_export_trace}, {"state", em_export_state}, {"components", em_export_topics},
	             {"observations", em_export_documents}, {"topics", em_export_topics},
	             {"documents", em_export_documents}};
	if (!c->picture->run)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	if (strcmp(c->argv[0], "script") == 0)
		return file_job(c, JOB_SCRIPT, c->argv[1], "wrote", err);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(c->argv[0], kinds[i].name) == 0) {
			enum em_status st = kinds[i].write(c->picture->run, c->argv[1], c->bang, err);
			if (!st)
				say(c, "wrote", c->argv[1]);
			return st;
		}
	return em_fail(err, EM_USAGE, "export what? trace, state, components, observations or script, not \"%s\"", c->argv[0]);
}
